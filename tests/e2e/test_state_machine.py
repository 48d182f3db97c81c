"""The whole weekly run as AWS executes it: the state machine's own definition, confhouse's functions
behind a Runtime API, the simulator as AWS. The history then holds what could be read, and names what
could not."""
import json
import sqlite3

import pytest

from packaged import LAMBDA_ROOT, make_package, zip_path
from state_machine import TOPIC, bootstrap, execute, invoke_functions, make_function

GROUP = "2026-11-22"
EVENT = {"mode": "plan", "time": "2026-11-22T08:00:00Z"}
ACCOUNTS = 200
SHARDS = 10
TELL = "arn:aws:sns:eu-west-1:111122223333:reports"


def built(name, env):
    """A function that is the program as it was built."""
    return make_function(name, [bootstrap()], env)


def packaged(name, env):
    """A function that is the package, in a root file system of its own."""
    return make_function(name, [LAMBDA_ROOT, "--zip", zip_path()],
                         env | {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"})


@pytest.fixture(scope="session")
def package():
    make_package()


@pytest.fixture(params=["built", "packaged"])
def each_form(request):
    if request.param == "packaged":
        request.getfixturevalue("package")
        return packaged
    return built


class Organization:
    """A simulated organization, and the four functions over it."""

    def __init__(self, simulator, folder, form, **settings):
        self.simulator = simulator
        self.folder = folder
        self.s3 = simulator.client("s3")
        env = simulator.env | {"REPORT_BUCKET": "confhouse", "REPORT_PREFIX": "warehouse",
                               "CONFHOUSE_REGIONS": "eu-west-1", "CONFHOUSE_SNS_TOPIC": TELL}
        env |= {f"CONFHOUSE_{name}": str(value) for name, value in settings.items()}
        self.functions = [form(name, env) for name in ("plan", "scan", "merge", "report")]

    def run(self, *faults, event=None):
        return execute(self.folder, self.simulator, self.functions, event or EVENT, faults)

    def invoke(self, *steps):
        return invoke_functions(self.folder, self.simulator, self.functions, *steps)

    def read(self, key):
        return self.s3.get_object(Bucket="confhouse", Key="warehouse/" + key)["Body"].read()

    def keys(self, prefix=""):
        pages = self.s3.get_paginator("list_objects_v2").paginate(
            Bucket="confhouse", Prefix="warehouse/" + prefix)
        return [row["Key"].removeprefix("warehouse/") for page in pages
                for row in page.get("Contents", [])]

    def accounts_of(self, shard_id):
        (found,) = [event for event in json.loads(self.read(f"batches/{GROUP}/shards.json"))
                    if event["shard_id"] == shard_id]
        return {account["account_id"] for account in found["accounts"]}

    def history(self):
        path = self.folder / "history.db"
        path.write_bytes(self.read(json.loads(self.read("history/latest.json"))["key"]))
        db = sqlite3.connect(path)
        db.row_factory = sqlite3.Row
        return db

    def stored(self):
        with self.history() as db:
            return sorted(tuple(row) for row in db.execute(
                "SELECT account_id, region, rule_name, resource_type, resource_id, mode,"
                " compliance, annotation FROM current_evaluations"))

    def coverage(self):
        """The accounts of each outcome."""
        found = {}
        with self.history() as db:
            for row in db.execute("SELECT account_id, outcome FROM coverage WHERE group_id = ?",
                                  (GROUP,)):
                found.setdefault(row["outcome"], set()).add(row["account_id"])
        return found

    def inactive(self):
        return {account["Id"] for account in self.simulator.accounts()
                if account["Status"] != "ACTIVE"}

    def truth(self, without=()):
        """What a scan can read, these accounts left out."""
        return sorted((e["account_id"], e["region"], e["rule_name"], e["resource_type"],
                       e["resource_id"], e["mode"], e["compliance"], e["annotation"] or None)
                      for e in self.simulator.expected() if e["account_id"] not in without)

    def told(self):
        return [(message["topic_arn"], message["message"])
                for message in self.simulator.messages()]


def start(sim, folder, *flags, form=built, accounts=ACCOUNTS, **settings):
    simulator = sim("--accounts", accounts, "--rules", 3, "--evaluations", "0..4",
                    "--regions", "eu-west-1", "--threads", 2, *flags)
    return Organization(simulator, folder, form, **settings)


def fault(do, shard_id, attempts, **more):
    return {"function": "scan", "member": "shard_id", "value": shard_id, "do": do,
            "attempts": attempts} | more


def calls_of(execution, shard_id):
    return [call for call in execution.invocations("scan")
            if call["event"]["shard_id"] == shard_id]


def test_a_run_of_200_accounts_through_what_goes_wrong(sim, tmp_path, each_form):
    # With one call at a time a shard takes some seconds: longer than two of the short deadlines.
    organization = start(sim, tmp_path, "--deny", "7,103", "--latency-ms", 20, form=each_form,
                         SHARDS=SHARDS, CONCURRENCY=1)
    execution = organization.run(
        {"function": "plan", "do": "lose-answer", "attempts": [1]},
        fault("kill", "03", [1], after_ms=600),
        fault("deadline", "05", [1, 2], ms=2000),
        fault("kill", "08", "all", after_ms=0))
    assert execution.status == "SUCCEEDED", (execution.end, execution.log[-3000:])
    assert execution.map_run() == (SHARDS, 1)

    plans = execution.invocations("plan")
    assert [plan["error"] for plan in plans] == ["Lambda.ServiceException", None]
    assert [call["error"] for call in calls_of(execution, "03")] == ["Runtime.ExitError", None]
    assert [call["error"] for call in calls_of(execution, "08")] == ["Runtime.ExitError"] * 3
    rounds = [json.loads(call["payload"]) for call in calls_of(execution, "05")]
    assert len(rounds) == 3
    left = [answer["scopes_left"] for answer in rounds]
    assert left[0] > left[1] > left[2] == 0
    assert rounds[2]["scopes_kept"] > 0  # It went on where it had stopped.

    lost = organization.accounts_of("08")
    denied = {scope["account_id"] for scope in organization.simulator.expected("scopes")
              if scope["outcome"] == "denied"} - lost
    assert len(denied) == 2 and len(lost) > 10
    coverage = organization.coverage()
    scanned = coverage.pop("scanned")
    missing = lost - organization.inactive()
    assert coverage == {"denied": denied, "missing": missing, "skipped": organization.inactive()}
    assert len(scanned) == ACCOUNTS - len(set.union(*coverage.values()))
    assert organization.stored() == organization.truth(without=lost | denied)

    summary = execution.end["output"]["merge"]
    assert (summary["scopes_denied"], summary["scopes_missing"]) == (2, len(missing))
    assert summary["status"] == "partial"
    ((topic, text),) = organization.told()
    assert topic == TELL and f"- {len(missing)} scopes told nothing" in text
    assert f"reports/ConfigRule_{GROUP}.xlsx" in organization.keys("reports/")
    results = organization.keys(f"batches/{GROUP}/results/")
    assert {key.rsplit("/", 1)[1] for key in results} == {
        "manifest.json", "SUCCEEDED_0.json", "FAILED_0.json"}


def test_a_run_through_the_state_machine_twice_is_told_of_once(sim, tmp_path):
    organization = start(sim, tmp_path, accounts=6, SHARDS=2)
    for _ in range(2):
        execution = organization.run()
        assert execution.status == "SUCCEEDED", (execution.end, execution.log[-3000:])
        assert organization.stored() == organization.truth()
    assert len(organization.told()) == 1


def test_a_failure_of_a_function_itself_is_told_of(sim, tmp_path):
    organization = start(sim, tmp_path, accounts=3)
    organization.functions[0]["env"]["AWS_SECRET_ACCESS_KEY"] = "wrong"
    execution = organization.run()
    assert execution.status == "FAILED"
    assert execution.states()[-3:] == ["Join Error", "Tell of Failure", "Run Failed"]
    ((topic, text),) = organization.told()
    assert topic == TOPIC
    assert f"Error: {execution.end['error']}\n" in text and "failed at: plan" in text
    assert json.loads(execution.end["cause"])["errorType"] == execution.end["error"]


def batch(accounts, shard_id):
    """An event as the system's owners send it."""
    return {"accounts": [{"account_id": account["Id"], "account_name": account["Name"]}
                         for account in accounts],
            "group_id": GROUP, "mode": "batch", "role_name": "configreport-read-role",
            "shard_id": shard_id}


def test_the_owners_own_events_need_no_plan(sim, tmp_path, each_form):
    organization = start(sim, tmp_path, accounts=12, form=each_form)
    accounts = [account for account in organization.simulator.accounts()
                if account["Status"] == "ACTIVE"]
    batches = [("scan", batch(accounts[at::3], f"{at + 1:02}")) for at in range(3)]
    final = ("report", {"group_id": GROUP, "mode": "final"})
    execution = organization.invoke(batches, [final])
    assert [call["error"] for call in execution.events] == [None] * 4, execution.log[-3000:]
    assert all(call["cold"] for call in execution.invocations("scan"))  # side by side
    assert execution.invocations("plan") == []
    assert organization.stored() == organization.truth()
    assert set(organization.coverage()) == {"scanned"}
    assert f"reports/ConfigRule_{GROUP}.xlsx" in organization.keys("reports/")
    assert len(organization.told()) == 1
