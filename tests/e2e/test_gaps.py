"""What could not be read, and why: it is named, counted, and asked again."""
import json
import signal
import subprocess
import time

import pytest

from cli_tool import Cli, clean_environment
from proxy import WELCOME, Proxy
from test_collect import evaluations, shard, truth

REGIONS = ("--regions", "eu-west-1,us-east-1")
SMALL = ("--accounts", "4", "--rules", "6", "--evaluations", "0..30")
RUN = ("run", *REGIONS, "--group-id", "2026-11-22")


@pytest.fixture
def behind_proxy(sim, tmp_path):
    """A simulator, the command line behind a proxy to it, and the proxy."""
    proxies = []

    def make(answers, *flags, **more):
        simulator = sim(*(flags or SMALL))
        proxies.append(Proxy(simulator, answers, **more))
        return simulator, Cli(tmp_path, proxies[-1].env), proxies[-1]

    yield make
    for proxy in proxies:
        proxy.close()


def healthy(*_):
    return None


def listed(done, word):
    return [line for line in done.stderr.splitlines() if f"warning: {word}: " in line]


# ---- rules


@pytest.mark.parametrize("status, code", [(200, "NotAws"), (403, "NotAws")])
def test_a_rule_that_failed_in_passing_is_a_gap_and_is_asked_again(behind_proxy, status, code):
    asked = []

    def answers(operation, body, region):
        if operation != "GetComplianceDetailsByConfigRule" or region != "us-east-1":
            return None
        name = json.loads(body)["ConfigRuleName"]
        asked.append(name)
        return (status, WELCOME) if name == asked[0] else None

    simulator, cli, proxy = behind_proxy(answers)
    done = cli(*RUN, expect=3)
    with shard(cli, "2026-11-22") as db:
        failed = db.execute("SELECT error_code FROM rule WHERE outcome = 'failed'").fetchall()
    assert failed and {row[0] for row in failed} == {code}
    assert len(listed(done, "failed")) == len(failed) and asked[0] in listed(done, "failed")[0]
    assert f"{len(failed)} rules" in done.stderr.splitlines()[-1]
    assert f"{len(failed)} rules" in cli("scan", *RUN[1:], expect=3).stderr.splitlines()[-1]
    proxy.answers = healthy
    before = simulator.stats()["operations"]["config:DescribeConfigRules"]["calls"]
    cli(*RUN)
    again = simulator.stats()["operations"]["config:DescribeConfigRules"]["calls"] - before
    assert again == len(failed)  # one rule in each of these scopes; the others are kept
    assert evaluations(cli, "2026-11-22") == truth(simulator)
    assert cli.rows("query", "runs")[0]["rules_failed"] == 0


def test_a_rule_that_is_denied_or_gone_is_no_failure_and_is_not_asked_again(sim, tmp_path):
    simulator = sim("--accounts", "4", "--rules", "12", "--service-linked", "3",
                    "--vanish-rules", "0.2")
    cli = Cli(tmp_path, simulator.env)
    cli(*RUN)
    assert cli.rows("query", "runs")[0]["rules_failed"] > 0
    before = simulator.stats()["operations"]["config:DescribeConfigRules"]["calls"]
    cli(*RUN)
    assert simulator.stats()["operations"]["config:DescribeConfigRules"]["calls"] == before


# ---- what is left


def interrupted(cli, seconds, *words):
    """Ctrl-C after so long: what was said."""
    with subprocess.Popen(cli.command(*words), cwd=cli.folder, env=clean_environment(cli.env),
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        time.sleep(seconds)
        process.send_signal(signal.SIGINT)
        stdout, stderr = process.communicate(timeout=60)
    return subprocess.CompletedProcess(words, process.returncode, stdout, stderr)


def in_shards(cli, group_id):
    """(account, region) of all scopes that were written."""
    folder = cli.store / "batches" / group_id
    return {key for path in folder.glob("*.db.gz")
            for key in scopes_of(cli, group_id, path.name.split(".")[0])}


def scopes_of(cli, group_id, shard_id):
    with shard(cli, group_id, shard_id) as db:
        return [tuple(row) for row in db.execute("SELECT account_id, region FROM scope")]


def planned(cli, group_id):
    plan = json.loads((cli.store / "batches" / group_id / "plan.json").read_text())
    return {(a["account_id"], region) for a in plan["accounts"] if "skipped" not in a
            for region in plan["regions"]}


SLOW = ("--accounts", "40", "--rules", "8", "--evaluations", "0..5", "--latency-ms", "60")
THREE = ("run", *REGIONS, "--group-id", "g", "--shards", "3", "--concurrency", "4")


def test_ctrl_c_names_what_is_left_of_all_shards(sim, tmp_path):
    cli = Cli(tmp_path, sim(*SLOW).env)
    done = interrupted(cli, 2.5, *THREE)
    assert done.returncode == 3, done.stderr
    everything = planned(cli, "g")
    written = in_shards(cli, "g")
    left = everything - written
    assert 0 < len(written) < len(everything) * 2 / 3  # not all shards were begun
    assert f"{len(written)} scopes are done, {len(left)} are left" in done.stderr
    named = listed(done, "left")
    assert len(named) == 20 and all(any(a in line and r in line for a, r in left)
                                    for line in named)
    assert f"… and {len(left) - 20} more" in done.stderr
    again = interrupted(cli, 1.2, *THREE)  # what earlier runs read counts as done
    written = in_shards(cli, "g")
    assert f"{len(written)} scopes are done, {len(everything - written)} are left" in again.stderr


def test_the_deadline_counts_what_is_left_of_all_shards(sim, tmp_path):
    cli = Cli(tmp_path, sim(*SLOW).env)
    done = cli(*THREE, "--deadline", "5s", expect=3)
    missing = [row for row in cli.rows("query", "coverage") if row["outcome"] == "missing"]
    assert len(missing) > len(planned(cli, "g")) / 3
    assert f"the deadline came: {len(missing)} scopes are left" in done.stderr
    assert len(listed(done, "missing")) == min(len(missing), 20)


@pytest.mark.parametrize("words", [("run", "--shards", "3"), ("scan",)])
def test_what_is_left_is_named_when_nothing_was_begun(sim, tmp_path, words):
    simulator = sim(*SMALL, "--latency-ms", "1500")
    cli = Cli(tmp_path, simulator.env)
    (tmp_path / "accounts.csv").write_text(
        "id\n" + "".join(f"{account['Id']}\n" for account in simulator.accounts()))
    flags = (*REGIONS, "--group-id", "g", "--accounts", "accounts.csv")
    done = cli(*words, *flags, "--deadline", "1s", expect=3)
    assert len(listed(done, "left")) == 8 and done.stdout == ""
    done = interrupted(cli, 0.2, *words, *flags)
    assert done.returncode == 1 and len(listed(done, "left")) == 8, done.stderr


# ---- who is scanned


def test_what_names_no_account_is_told(sim, tmp_path):
    cli = Cli(tmp_path, sim("--accounts", "24", "--rules", "1").env)
    plan = ("plan", "--regions", "eu-west-1", "--include-account", "999999999999,*,team=*",
            "--exclude-account", "999999999998,nob?dy,log-archive")
    told = [line for line in cli(*plan).stderr.splitlines() if "warning" in line]
    assert len(told) == 4
    for line, item in zip(told, ("include-account: '999999999999'", "include-account: 'team=*'",
                                 "exclude-account: '999999999998'", "exclude-account: 'nob?dy'")):
        assert item in line


def test_a_unit_may_be_empty(behind_proxy):
    """Nobody is in the unit Sandbox; one that is not in the tree is still refused."""
    empty = {"Id": "ou-abcd-00000000", "Name": "Retired", "Arn": "arn:aws:organizations::1:ou/x"}

    def answers(operation, body, region):
        parent = json.loads(body).get("ParentId", "") if operation.endswith("ForParent") else ""
        if parent == empty["Id"]:
            return 200, json.dumps({"OrganizationalUnits": [], "Accounts": []}).encode()
        if operation == "ListOrganizationalUnitsForParent" and parent.startswith("r-"):
            return 200, json.dumps({"OrganizationalUnits": [empty]}).encode()
        return None

    _, cli, _ = behind_proxy(answers)
    for unit in ("Root/Retired", empty["Id"]):
        cli("plan", "--regions", "eu-west-1", "--exclude-ou", unit)
        done = cli("plan", "--regions", "eu-west-1", "--include-ou", unit, expect=2)
        assert "no account is left" in done.stderr
    for unit in ("Root/Retierd", "ou-abcd-00000001"):
        done = cli("plan", "--regions", "eu-west-1", "--exclude-ou", unit, expect=2)
        assert unit in done.stderr


# ---- permissions, and regions that are off


def test_a_region_that_is_off_is_no_missing_permission(sim, tmp_path):
    simulator = sim(*SMALL, "--region-off", "us-east-1")
    cli = Cli(tmp_path, simulator.env)
    assert "recorders" not in cli("scan", *REGIONS, "--group-id", "healthy").stderr
    simulator.control(deny_operations="config:DescribeConfigurationRecorderStatus")
    done = cli("scan", *REGIONS, "--group-id", "denied")
    assert done.stderr.count("whether recorders are on is not known") == 1
    assert "AccessDenied" in done.stderr


def test_who_may_read_no_rule_is_denied_the_scope(sim, tmp_path):
    """A run without evaluations that ends well would tell that nothing is left to do."""
    simulator = sim(*SMALL, "--service-linked", "2")
    cli = Cli(tmp_path, simulator.env)
    cli("scan", *REGIONS, "--group-id", "healthy")  # the two deny their details: no gap
    simulator.control(deny_operations="config:GetComplianceDetailsByConfigRule")
    cli("scan", *REGIONS, "--group-id", "denied", expect=3)
    with shard(cli, "denied") as db:
        ends = {tuple(row) for row in db.execute("SELECT outcome, error_code FROM scope")}
    assert ends == {("denied", "AccessDeniedException")}


def test_rules_of_services_alone_deny_no_scope(sim, tmp_path):
    simulator = sim("--accounts", "3", "--rules", "2", "--service-linked", "2")
    cli = Cli(tmp_path, simulator.env)
    cli("scan", *REGIONS, "--group-id", "g")
    with shard(cli, "g") as db:
        assert {row["outcome"] for row in db.execute("SELECT outcome FROM scope")} == {"scanned"}


@pytest.mark.parametrize("operation", ["DescribeConfigurationRecorderStatus",
                                       "DescribeComplianceByConfigRule"])
def test_a_listing_that_fails_in_passing_fails_its_scope(behind_proxy, operation):
    def answers(called, body, region):
        return (400, WELCOME) if called == operation and region == "us-east-1" else None

    simulator, cli, proxy = behind_proxy(answers, "--accounts", "1", "--rules", "6")
    cli(*RUN, expect=3)
    gap, = [gap for gap in cli.rows("query", "gaps") if gap["what"] == "scope"]
    assert (gap["region"], gap["outcome"], gap["error_code"]) == ("us-east-1", "failed", "NotAws")
    assert operation in gap["message"]
    proxy.answers = healthy
    cli(*RUN)
    assert evaluations(cli, "2026-11-22") == truth(simulator)


def test_rules_without_evaluations_are_not_read_where_that_is_denied(sim, tmp_path):
    simulator = sim("--accounts", "4", "--rules", "20", "--evaluations", "0..3",
                    "--deny-operations", "config:DescribeComplianceByConfigRule")
    cli = Cli(tmp_path, simulator.env)
    cli("scan", *REGIONS, "--group-id", "g")
    with shard(cli, "g") as db:
        empty = dict(db.execute(
            "SELECT r.outcome, count(*) FROM rule r JOIN scope s USING (scope_key)"
            " WHERE s.account_id <> ? AND NOT EXISTS (SELECT 1 FROM evaluation e"
            "  WHERE e.rule_key = r.rule_key) GROUP BY 1", [simulator.accounts()[0]["Id"]]))
    assert empty.keys() == {"insufficient_data"} and empty["insufficient_data"] > 1
    assert evaluations(cli, "g") == truth(simulator)


@pytest.mark.parametrize("status", [200, 302, 403])
def test_what_is_not_aws_denies_nobody_and_ends_early(sim, tmp_path, status):
    asked = []

    def answer(operation, body, region):
        asked.append(operation)
        return status, WELCOME

    accounts = tmp_path / "accounts.csv"
    accounts.write_text("id,name\n" + "".join(f"{i:012},a{i}\n" for i in range(1, 2001)))
    proxy = Proxy(sim("--accounts", "1"), answer)
    try:
        cli = Cli(tmp_path, proxy.env)
        done = cli("run", *REGIONS, "--accounts", str(accounts), expect=1)
    finally:
        proxy.close()
    assert "not AWS that answers" in done.stderr and "denied" not in done.stderr
    assert len(asked) < 1000
    assert not list((cli.store / "history").glob("*")) if cli.store.exists() else True


@pytest.mark.parametrize("command", ["plan", "scan", "run"])
def test_a_misspelt_region_is_refused_before_anything_is_asked(sim, tmp_path, command):
    simulator = sim("--accounts", "2", "--rules", "1")
    cli = Cli(tmp_path, simulator.env)
    before = simulator.stats()
    for region, meant in [("eu-wset-1", "eu-west-1"), ("us-eats-1", "us-east-1")]:
        done = cli(command, "--regions", f"us-east-1,{region}", "--group-id", command, expect=2)
        assert f"'{region}'" in done.stderr and f"did you mean {meant}?" in done.stderr
    done = cli(command, "--regions", "eu-west-1,cn-north-1", "--group-id", command, expect=2)
    assert "aws-cn" in done.stderr and "cn-north-1" in done.stderr
    assert simulator.stats() == before


def test_a_region_that_nobody_has_on_is_told(sim, tmp_path):
    simulator = sim("--accounts", "4", "--rules", "2", "--region-off", "2/us-east-1")
    cli = Cli(tmp_path, simulator.env)
    for command in ("scan", "run"):
        done = cli(command, "--regions", "eu-west-1,us-east-1,eu-nowhere-9", "--force-region",
                   "--group-id", command)
        told = [line for line in done.stderr.splitlines() if "has turned on" in line]
        assert len(told) == 1 and "eu-nowhere-9" in told[0] and "-1" not in told[0]


# ---- texts that nobody should have


def test_an_odd_text_costs_its_rule_and_no_other(behind_proxy):
    """A name with U+0000, one of 128 characters that are 384 bytes, an annotation and a tag that are
    not UTF-8: what AWS says of all others is stored."""
    long_name = "あ" * 128
    renamed = {}

    def change(operation, text, region):
        if region != "eu-west-1":
            return text
        if operation in ("DescribeConfigRules", "DescribeComplianceByConfigRule"):
            for name, new in renamed.items():
                text = text.replace(f'"{name}"'.encode(), new)
        elif operation == "GetComplianceDetailsByConfigRule":
            text = text.replace(b'"Annotation":"', b'"Annotation":"\xff')
        elif operation == "ListAccounts":
            text = text.replace(b'"Name":"', b'"Name":"\\u0000', 1)
        return text

    def answers(operation, body, region):
        if operation == "GetComplianceDetailsByConfigRule" and long_name in body.decode():
            return 200, b'{"EvaluationResults":[]}'
        return None

    simulator, cli, _ = behind_proxy(answers, change=change)
    names = sorted({e[2] for e in truth(simulator) if e[1] == "eu-west-1"})
    renamed.update({names[0]: b'"odd\\u0000name"',
                    names[-1]: json.dumps(long_name, ensure_ascii=False).encode()})
    done = cli(*RUN, expect=3)
    assert "U+0000" in done.stderr
    rows = cli.rows("query", "gaps")
    odd = {row["name"] for row in rows if row["outcome"] == "failed"}
    assert odd == {"odd\ufffdname"}, rows
    assert all("cannot be asked for: ConfigRuleName holds U+0000" in row["message"] for row in rows
               if row["outcome"] == "failed")
    kept = [e for e in truth(simulator) if e[1] != "eu-west-1" or e[2] not in renamed]
    told = evaluations(cli, "2026-11-22")
    assert [e[:4] for e in told] == [e[:4] for e in kept]
    assert {row["state"] for row in cli.rows("history", "verify")} == {"ok"}
    cli("query", "findings")
