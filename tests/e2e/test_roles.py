"""The roles are tried: a run with the very policies of the templates, and the same with one permission
less. What fails or is missing then is what lambda/deploy/permissions.csv says (column `effect`)."""
import itertools

import pytest

from conftest import Simulator
from permission_list import read_rows, resolve
from role_drive import GROUP, MONDAY, RoleDeployment, failed

WORLD = ("--accounts", "3", "--rules", "3", "--evaluations", "2..6")
STEPS = {"plan": "planner", "scan": "scanner", "merge": "merger", "report": "reporter"}
REPORT = f"reports/ConfigRule_{GROUP}.xlsx"
OFF = "us-east-1"


@pytest.fixture(scope="module")
def simulator():
    first = Simulator(*WORLD)
    account_id = first.client("sts").get_caller_identity()["Account"]
    first.close()
    started = Simulator(*WORLD, "--bucket", f"platform-compliance-reports-{account_id}")
    yield started
    started.close()


class Trial:
    """A run in a part of the bucket of its own."""

    numbers = itertools.count()

    def __init__(self, simulator, folder, **parameters):
        self.simulator = simulator
        simulator.control(deny=[], region_off=[])
        self.prefix = f"trial-{next(self.numbers)}/"
        self.deployment = RoleDeployment(folder, simulator, ReportPrefix=self.prefix, **parameters)
        self.own_account = self.deployment.account_id
        self.outcomes = {}

    def run(self):
        self.deployment.functions()  # sessions are opened before anything is denied
        self.simulator.get("/_sim/stats?reset=1")
        self.outcomes = self.deployment.run()
        return self

    def asks(self, sql):
        connection = self.deployment.history()
        try:
            return connection.execute(sql).fetchall()
        finally:
            connection.close()

    def findings(self):
        return self.asks("SELECT account_id, region, rule_name, resource_id, compliance FROM evaluations "
                         "ORDER BY 1, 2, 3, 4")

    def scopes(self):
        """(account_id, region) -> (outcome, recorder)"""
        return {(account_id, region): (outcome, recorder) for account_id, region, outcome, recorder
                in self.asks("SELECT account_id, region, outcome, recorder FROM coverage")}

    def keys(self):
        return {key.removeprefix(self.prefix) for key in self.deployment.keys()
                if key.startswith(self.prefix)}


@pytest.fixture
def trial(simulator, tmp_path):
    return lambda **parameters: Trial(simulator, tmp_path, **parameters)


@pytest.fixture(scope="module")
def undisturbed(simulator, tmp_path_factory):
    """Facts of a run with every permission that the templates give."""
    whole = Trial(simulator, tmp_path_factory.mktemp("undisturbed")).run()
    return {"findings": whole.findings(), "scopes": whole.scopes(), "outcomes": whole.outcomes,
            "denied": whole.deployment.denied_calls(), "keys": whole.keys(),
            "paths": whole.asks("SELECT org_path FROM run_account"),
            "organization": whole.asks("SELECT organization_id FROM runs")}


def check_whole(trial, undisturbed):
    assert not failed(trial.outcomes), trial.outcomes
    assert {name: outcome.body["status"] for name, outcome in trial.outcomes.items()} == dict.fromkeys(
        trial.outcomes, "ok")
    assert trial.findings() == undisturbed["findings"]
    assert trial.scopes() == undisturbed["scopes"]
    assert trial.keys() == undisturbed["keys"]


def test_the_policies_of_the_full_variant_suffice(undisturbed):
    assert not failed(undisturbed["outcomes"]), undisturbed["outcomes"]
    assert undisturbed["denied"] == []
    assert set(undisturbed["scopes"].values()) == {("scanned", "on")}
    assert len(undisturbed["findings"]) > 20 and REPORT in undisturbed["keys"]
    assert "" not in {path for path, in undisturbed["paths"]}


def test_those_of_the_small_variant_suffice(trial, undisturbed):
    small = trial(Variant="small").run()
    assert small.deployment.denied_calls() == []
    undisturbed = undisturbed | {"keys": small.keys()}  # the plan has its own number of shards
    check_whole(small, undisturbed)
    assert REPORT in small.keys()


def test_those_of_the_state_machine_suffice(trial, undisturbed):
    """The whole machine, with plan, map, merge and report."""
    full = trial()
    full.deployment.functions()
    full.simulator.get("/_sim/stats?reset=1")
    execution = full.deployment.fire("RunSchedule", MONDAY)
    assert execution.status == "SUCCEEDED", execution.log
    assert full.deployment.denied_calls() == []
    assert full.findings() == undisturbed["findings"]


@pytest.mark.parametrize("variant", ["full", "small"])
def test_the_daily_check_has_what_it_needs(trial, variant):
    outcome = trial(Variant=variant).deployment.fire("CheckSchedule", "2026-11-24T20:00:00Z")
    assert outcome.kind == "response", outcome.text


# ---- one permission less ----

def fails(trial, undisturbed, step):
    if step == "again":
        assert not failed(trial.outcomes)
        again = trial.deployment.run()
        outcome = again[failed(again)[0]]
    elif step == "check":
        assert not failed(trial.outcomes)
        outcome = check_of(trial)
    else:
        small = "run" in trial.outcomes
        assert failed(trial.outcomes) == ["run" if small and step != "report" else step]
        outcome = trial.outcomes[failed(trial.outcomes)[0]]
    assert outcome.body["errorType"] == "AccessDenied", outcome.text
    if step != "report":
        assert REPORT not in trial.keys() or step in ("again", "check")


def check_of(trial):
    """The daily check as before the first run and after it: the first that fails, or the last."""
    name = "runner" if "run" in trial.outcomes else "planner"
    stack = trial.deployment.stack
    for prefix in ("empty/", trial.prefix):
        arn = stack.resolve({"Ref": name.capitalize() + "Alias"})
        functions = trial.deployment.functions()
        functions[arn]["env"]["REPORT_PREFIX"] = prefix
        trial.deployment.functions = lambda found=functions: found
        outcome = trial.deployment.invoke(arn, {"mode": "check", "time": MONDAY})
        if outcome.kind != "response":
            break
    return outcome


def denied(trial, undisturbed, whose):
    """`whose`: members, or (of the role that lacks it) all that it reads."""
    scopes = trial.scopes()
    lost = {scope for scope, (outcome, _) in scopes.items() if outcome == "denied"}
    assert set(scopes) == set(undisturbed["scopes"])
    own = {scope for scope in scopes if scope[0] == trial.own_account}
    assert lost == {"members": set(scopes) - own, "own": own, "spoke": set(scopes)}[whose]
    step = "run" if "run" in trial.outcomes else "scan"
    assert trial.outcomes[step].body["status"] == "partial"
    assert {row[:2] for row in trial.findings()} == set(scopes) - lost


def is_empty(trial, undisturbed, what, whose):
    assert trial.findings() == undisturbed["findings"]
    if what == "organization":
        assert trial.asks("SELECT organization_id FROM runs") == [(None,)]
    elif what == "path":
        assert "" in {path for path, in trial.asks("SELECT org_path FROM run_account")}
    else:
        assert what == "recorder"
        assert {scope for scope, (_, recorder) in trial.scopes().items() if recorder is None} == {
            scope for scope in undisturbed["scopes"]
            if whose != "own" or scope[0] == trial.own_account}


def has_no_notice(trial, undisturbed):
    body = trial.outcomes["report"].body
    assert body["status"] == "partial" and body["notice_error"], body
    assert trial.findings() == undisturbed["findings"] and REPORT in trial.keys()


def off_failed(trial, whose):
    """The region is off in all accounts: those that could not say so have it as a failure."""
    outcomes = {account_id: outcome for (account_id, region), (outcome, _) in trial.scopes().items()
                if region == OFF}
    assert outcomes == {account_id: "failed" if whose == "spoke" or account_id == trial.own_account
                        else "skipped" for account_id in outcomes}


def check_effect(row, trial, undisturbed, whose):
    words = row.effect.split()
    denied_calls = trial.deployment.denied_calls()
    if words[0] == "fails":
        fails(trial, undisturbed, words[1])
    elif words[-1] == "denied":
        denied(trial, undisturbed, "members" if words[0] == "members" else whose)
    elif words == ["off", "failed"]:
        off_failed(trial, whose)
    elif words[0] == "empty":
        is_empty(trial, undisturbed, words[1], whose)
    elif words[0] == "notice":
        has_no_notice(trial, undisturbed)
    else:
        assert words[0] in ("nothing", "cleanup", "instead"), row
        check_whole(trial, undisturbed)
        # What is only for cleaning up is not called in a run in which all goes well.
        assert (denied_calls == []) == (words[0] == "cleanup"), denied_calls


ROLES = {"full": ("planner", "scanner", "merger", "reporter", "spoke"), "small": ("runner",)}
CASES = sorted({(variant, role, row.action, row.resource, row.when)
                for variant, roles in ROLES.items() for role in roles for row in read_rows()
                if role in row.roles and row.effect != "service"})


def rows_of(role, action, resource, when):
    """Those that a role has for several reasons: what fails first hides the rest."""
    rows = [row for row in read_rows() if role in row.roles and row.action == action
            and (row.resource, row.when) == (resource, when)]
    order = ["fails plan", "fails scan", "fails merge"]
    first = [row for effect in order for row in rows if row.effect == effect]
    return first[:1] or rows


def disturb(one, role, action, when):
    """What makes the program need the permission: the world's doing."""
    own = one.own_account
    if role in ("scanner", "runner") and (action.startswith("config:") or action.startswith("tag:")):
        one.simulator.control(deny=[own])  # it reads its own account as itself then
    if when == "regions" and role in ("spoke", "scanner", "runner"):
        one.simulator.control(region_off=[OFF], deny=[own] if role != "spoke" else [])


@pytest.mark.parametrize("variant, role, action, resource, when", CASES,
                         ids=["-".join((case[1], case[2], case[3].rpartition("}")[2] or "all"))
                              for case in CASES])
def test_one_permission_less(trial, undisturbed, variant, role, action, resource, when):
    regions = f"eu-west-1,{OFF}" if when == "regions" else "eu-west-1"
    rows = rows_of(role, action, resource, when)
    if any(row.effect == "fails plan" for row in rows) and when == "regions":
        regions = "all"
    one = trial(Variant=variant, Regions=regions)
    one.deployment.functions()  # opens the sessions
    disturb(one, role, action, when)
    without = [(role, action, resolve(resource, one.deployment.stack, role))]
    without += [(role, other, "*") for row in rows for other in [row.effect.partition("instead of ")[2]]
                if other]
    one.deployment.hold_roles(without)
    one.run()
    whose = "spoke" if role == "spoke" else "own"
    for row in rows:
        check_effect(row, one, undisturbed, whose)
