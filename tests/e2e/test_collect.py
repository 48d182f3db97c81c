"""What a scan asks and stores: who is scanned, what may be denied, and how it goes on where one
ended."""
import gzip
import json
import signal
import sqlite3
import subprocess

import pytest

from cli_tool import Cli, clean_environment

REGIONS = ("--regions", "eu-west-1,us-east-1")
SMALL = ("--accounts", "8", "--rules", "6", "--evaluations", "0..30")


@pytest.fixture
def start(sim, tmp_path):
    def make(*flags):
        simulator = sim(*flags)
        return simulator, Cli(tmp_path, simulator.env)

    return make


def shard(cli, group_id, shard_id="01"):
    """A shard as it is in the store."""
    plain = cli.folder / "shard.db"
    packed = cli.store / "batches" / group_id / f"{shard_id}.db.gz"
    plain.write_bytes(gzip.decompress(packed.read_bytes()))
    db = sqlite3.connect(plain)
    db.row_factory = sqlite3.Row
    return db


def scopes(cli, group_id):
    with shard(cli, group_id) as db:
        return {(row["account_id"], row["region"]): dict(row)
                for row in db.execute("SELECT * FROM scope")}


def evaluations(cli, group_id):
    with shard(cli, group_id) as db:
        return sorted(tuple(row) for row in db.execute(
            "SELECT s.account_id, s.region, r.name, t.name, x.name, e.mode, e.compliance, a.text"
            " FROM evaluation e JOIN rule r USING (rule_key) JOIN scope s USING (scope_key)"
            " JOIN resource x USING (resource_key) JOIN resource_type t USING (resource_type_key)"
            " LEFT JOIN annotation a USING (annotation_key)"))


def truth(simulator):
    modes = {"DETECTIVE": 0, "PROACTIVE": 1}
    states = {"COMPLIANT": 0, "NON_COMPLIANT": 1, "NOT_APPLICABLE": 2}
    return sorted((e["account_id"], e["region"], e["rule_name"], e["resource_type"],
                   e["resource_id"], modes[e["mode"]], states[e["compliance"]],
                   e["annotation"] or None) for e in simulator.expected())


def scanned_names(cli, *flags):
    plan = cli.store / "batches/g/plan.json"
    cli("plan", "--group-id", "g", "--regions", "eu-west-1", *flags)
    return {a["account_name"] for a in json.loads(plan.read_text())["accounts"]
            if "skipped" not in a}


# ---- who is scanned


def test_units_in_and_out(start):
    simulator, cli = start("--accounts", "24", "--rules", "2")
    everyone = scanned_names(cli)
    prod = scanned_names(cli, "--include-ou", "Root/Workloads/Prod")
    workloads = scanned_names(cli, "--include-ou", "Root/Workloads")
    assert {"payments-prod", "prod-edge-01"} <= prod < workloads < everyone
    assert "payments-nonprod" in workloads - prod
    assert scanned_names(cli, "--exclude-ou", "Root/Workloads") == everyone - workloads
    assert scanned_names(cli, "--include-ou", "Root/Workloads", "--exclude-ou",
                         "Root/*/Prod") == workloads - prod
    units = simulator.client("organizations")
    root = units.list_roots()["Roots"][0]["Id"]
    by_name = {u["Name"]: u["Id"] for u in
               units.list_organizational_units_for_parent(ParentId=root)["OrganizationalUnits"]}
    assert scanned_names(cli, "--include-ou", by_name["Workloads"]) == workloads
    assert scanned_names(cli, "--include-ou", root) == everyone
    done = cli("plan", "--regions", "eu-west-1", "--include-ou", "Root/Wrokloads", expect=2)
    assert "Root/Wrokloads" in done.stderr


def test_accounts_by_id_name_and_tag(start):
    simulator, cli = start("--accounts", "24", "--rules", "2")
    everyone = scanned_names(cli)
    ids = {a["Name"]: a["Id"] for a in simulator.accounts()}
    assert scanned_names(cli, "--include-account", f"{ids['log-archive']},*-prod") == \
        {name for name in everyone if name.endswith("-prod")} | {"log-archive"}
    assert scanned_names(cli, "--include-ou", "Root/Security", "--include-account",
                         "payments-*") == \
        {"log-archive", "security-audit", "payments-prod", "payments-nonprod"}
    tagged = scanned_names(cli, "--include-account", "cost-center=CC-41*")
    assert tagged and tagged == everyone - scanned_names(
        cli, "--exclude-account", "cost-center=CC-4100")
    assert len(tagged) < len(everyone)
    done = cli("plan", "--regions", "eu-west-1", "--include-account", "nobody", expect=2)
    assert "not included" in done.stderr


def test_the_plan_tells_paths_and_tags(start):
    _, cli = start("--accounts", "12", "--rules", "2")
    cli("plan", "--group-id", "g", "--regions", "eu-west-1")
    accounts = {a["account_name"]: a for a in json.loads(
        (cli.store / "batches/g/plan.json").read_text())["accounts"]}
    assert accounts["payments-prod"]["path"] == "Root/Workloads/Prod"
    assert accounts["organization-management"]["path"] == "Root"
    assert accounts["payments-prod"]["tags"]["environment"] == "prod"
    assert "mox.owner" in accounts["payments-prod"]["tags"]
    assert "cost-center" not in accounts["payments-prod"]["tags"]


def test_a_tag_tells_the_environment(start):
    """prod-edge-01 is in nobody's list; its tag and its name say prod. R&D's say nothing."""
    _, cli = start("--accounts", "12", "--rules", "3")
    cli("run", *REGIONS, "--group-id", "2026-11-22", "--environment-tag", "mox.owner")
    by_name = {r["account_name"]: r["environment"] for r in cli.rows("query", "coverage")}
    assert by_name["payments-prod"] == "prod"  # the owner's name says nothing of environments
    cli("run", *REGIONS, "--group-id", "2026-11-22", "--environment-name", "*=nonprod")
    by_name = {r["account_name"]: r["environment"] for r in cli.rows("query", "coverage")}
    assert by_name["payments-prod"] == "prod"  # by its tag, which counts more than names
    assert by_name["log-archive"] == "nonprod"  # it has none


@pytest.mark.parametrize("denied, says", [
    ("organizations:ListRoots", "paths of accounts stay unknown"),
    ("tagging:GetResources,organizations:ListTagsForResource", "tags of accounts stay unknown"),
])
def test_what_organizations_may_deny(start, denied, says):
    _, cli = start("--accounts", "6", "--rules", "2", "--deny-operations", denied)
    done = cli("plan", "--group-id", "g", "--regions", "eu-west-1")
    assert done.stderr.count(says) == 1
    if "ListRoots" in denied:
        cli("plan", "--regions", "eu-west-1", "--include-ou", "Root/Workloads", expect=1)


def test_account_tags_are_read_one_by_one_where_they_must_be(start):
    simulator, cli = start("--accounts", "6", "--rules", "2", "--deny-operations",
                           "tagging:GetResources")
    cli("plan", "--group-id", "g", "--regions", "eu-west-1")
    accounts = json.loads((cli.store / "batches/g/plan.json").read_text())["accounts"]
    assert any(a.get("tags", {}).get("environment") == "prod" for a in accounts)
    calls = simulator.stats()["operations"]["organizations:ListTagsForResource"]["calls"]
    assert calls == sum("skipped" not in a for a in accounts)


def test_our_own_account_needs_no_role(start):
    simulator, cli = start(*SMALL, "--deny", "0")
    cli("scan", *REGIONS, "--group-id", "g")
    assert {s["outcome"] for s in scopes(cli, "g").values()} == {"scanned"}
    assert evaluations(cli, "g") == truth(simulator)


# ---- regions


def test_regions_that_are_off_are_skipped(start):
    simulator, cli = start(*SMALL, "--region-off", "2/us-east-1,3/eu-west-1")
    cli("scan", *REGIONS, "--group-id", "g")
    found = scopes(cli, "g")
    expected = {(s["account_id"], s["region"]): s["outcome"] for s in simulator.expected("scopes")}
    assert {key: row["outcome"] for key, row in found.items()} == expected
    off = [row for row in found.values() if row["outcome"] == "skipped"]
    assert len(off) == 2 and all("not turned this region on" in row["message"] for row in off)
    assert evaluations(cli, "g") == truth(simulator)


def test_all_regions_are_those_that_are_on(start):
    simulator, cli = start(*SMALL, "--region-off", "2/us-east-1,eu-central-1", "--regions",
                           "eu-west-1,us-east-1,eu-central-1")
    cli("run", "--regions", "all", "--group-id", "g", "--date", "2026-11-22")
    found = {key: row["outcome"] for key, row in scopes(cli, "g").items()}
    assert found == {(s["account_id"], s["region"]): s["outcome"]
                     for s in simulator.expected("scopes")}
    refused = simulator.stats()["errors"].get("UnrecognizedClientException", 0)
    assert refused == 0  # nobody asked where it is off
    assert evaluations(cli, "g") == truth(simulator)


def test_a_region_that_may_be_off_and_cannot_be_asked_for_has_failed(start):
    _, cli = start(*SMALL, "--region-off", "2/us-east-1", "--deny-operations",
                   "ec2:DescribeRegions")
    cli("scan", *REGIONS, "--group-id", "g", expect=3)
    failed = [row for row in scopes(cli, "g").values() if row["outcome"] == "failed"]
    assert [row["error_code"] for row in failed] == ["UnrecognizedClientException"]


# ---- what may be denied


def test_rules_of_others_and_rules_that_vanish_are_recorded(start):
    simulator, cli = start("--accounts", "5", "--rules", "12", "--service-linked", "3",
                           "--vanish-rules", "0.2")
    cli("scan", *REGIONS, "--group-id", "g")
    assert evaluations(cli, "g") == truth(simulator)
    names = {"ok": "read", "insufficient_data": "insufficient_data", "vanished": "failed",
             "denied": "failed"}
    with shard(cli, "g") as db:
        found = {tuple(row) for row in db.execute(
            "SELECT account_id, region, r.name, r.outcome FROM rule r JOIN scope s"
            " USING (scope_key)")}
        codes = {row[0] for row in db.execute(
            "SELECT DISTINCT error_code FROM rule WHERE outcome = 'failed'")}
    assert found == {(r["account_id"], r["region"], r["rule_name"], names[r["state"]])
                     for r in simulator.expected("rules")}
    assert codes == {"AccessDeniedException", "NoSuchConfigRuleException"}


@pytest.mark.parametrize("denied, says", [
    ("config:DescribeConfigurationRecorderStatus", "whether recorders are on"),
    ("config:DescribeComplianceByConfigRule", "insufficient data"),
    ("tagging:GetResources,config:ListTagsForResource", "tags of rules"),
    ("tagging:GetResources,config:SelectResourceConfig", "tags of resources"),
])
def test_an_optional_permission_costs_its_column_and_is_said_once(start, denied, says):
    simulator, cli = start(*SMALL, "--deny-operations", denied)
    done = cli("scan", *REGIONS, "--group-id", "g", "--accounts", accounts_file(simulator, cli))
    assert done.stderr.count(says) == 1
    assert done.stderr.count("warning") == 1
    assert evaluations(cli, "g") == truth(simulator)


def accounts_file(simulator, cli):
    path = cli.folder / "accounts.csv"
    path.write_text("id\n" + "".join(f"{a['Id']}\n" for a in simulator.accounts()))
    return str(path)


@pytest.mark.parametrize("denied", ["", "tagging:GetResources"])
def test_tags_of_rules(start, denied):
    simulator, cli = start(*SMALL, "--deny-operations", denied)
    cli("scan", *REGIONS, "--group-id", "g")
    with shard(cli, "g") as db:
        found = {(*row[:3], row["tag_key"]): row["value"] for row in db.execute(
            "SELECT s.account_id, s.region, r.name, t.tag_key, t.value FROM rule_tag t"
            " JOIN rule r USING (rule_key) JOIN scope s USING (scope_key)"
            " WHERE r.outcome = 'read'")}
    expected = {(r["account_id"], r["region"], r["rule_name"], key): r[key]
                for r in simulator.expected("rules") if r["state"] == "ok"
                for key in ("mox.owner", "mox.severity", "mox.control") if r[key]}
    assert found == expected


@pytest.mark.parametrize("denied", ["", "config:SelectResourceConfig"])
@pytest.mark.parametrize("flags", [(), ("--hostile-text", "--short-pages", "0.3")])
def test_tags_of_findings(start, denied, flags):
    simulator, cli = start("--accounts", "5", "--rules", "20", "--evaluations", "0..80", *flags,
                           "--deny-operations", denied)
    cli("scan", *REGIONS, "--group-id", "g", "--tag-prefix", "mox.,Mox.")
    bad = {(e["account_id"], e["region"], e["resource_type"], e["resource_id"])
           for e in simulator.expected() if e["compliance"] == "NON_COMPLIANT"}
    expected = {key: r["mox.owner"] for r in simulator.expected("resources")
                if (key := (r["account_id"], r["region"], r["resource_type"],
                            r["resource_id"])) in bad
                and r["mox.owner"] and r["resource_type"] != "AWS::::Account"}
    with shard(cli, "g") as db:
        found = {tuple(row[:4]): row["value"] for row in db.execute(
            "SELECT s.account_id, s.region, t.name, r.name, g.value FROM resource r"
            " JOIN scope s USING (scope_key) JOIN resource_type t USING (resource_type_key)"
            " JOIN tag_set x USING (tag_set_key) JOIN json_each(x.tags) g"
            " WHERE g.key = 'mox.owner'")}
        keys = {row[0] for row in db.execute("SELECT DISTINCT g.key FROM tag_set, json_each(tags) g")}
    assert len(expected) > 50
    assert found == expected
    assert keys == {"mox.owner", "Mox.Owner"}


def test_a_finding_is_its_resources_owners_or_else_its_rules(start):
    simulator, cli = start(*SMALL)
    cli("run", *REGIONS, "--group-id", "2026-11-22")
    of_resource = {(r["account_id"], r["region"], r["resource_type"], r["resource_id"]):
                   r["mox.owner"] for r in simulator.expected("resources")
                   if r["resource_type"] != "AWS::::Account"}
    of_rule = {(r["account_id"], r["region"], r["rule_name"]): r["mox.owner"]
               for r in simulator.expected("rules")}
    findings = cli.rows("query", "findings")
    owners = [(of_resource.get((f["account_id"], f["region"], f["resource_type"],
                                f["resource_id"])),
               of_rule[f["account_id"], f["region"], f["rule_name"]]) for f in findings]
    assert [f["owner"] for f in findings] == [own or rules or None for own, rules in owners]
    assert len({bool(own) for own, _ in owners}) == 2
    assert sum(row["non_compliant"] for row in cli.rows("query", "owners")) == len(findings)


def test_no_prefix_no_tags(start):
    simulator, cli = start(*SMALL)
    cli("scan", *REGIONS, "--group-id", "g", "--tag-prefix", "none", "--environment-tag", "none")
    assert not {name for name in simulator.stats()["operations"]
                if "Tag" in name or "tagging" in name or "Select" in name}
    assert evaluations(cli, "g") == truth(simulator)


# ---- at what pace

@pytest.mark.parametrize("concurrency", [1, 3, 9])
def test_no_more_calls_are_in_flight_than_is_set(start, concurrency):
    simulator, cli = start("--accounts", "8", "--rules", "8", "--latency-ms", "5")
    cli("scan", *REGIONS, "--group-id", "g", "--concurrency", str(concurrency))
    assert concurrency / 2 < simulator.stats()["peak_in_flight"] <= concurrency
    assert evaluations(cli, "g") == truth(simulator)


# ---- going on


def calls(simulator):
    return {name: counts["calls"] for name, counts in simulator.stats()["operations"].items()}


def test_a_scan_that_is_complete_asks_nothing_again(start):
    simulator, cli = start(*SMALL)
    cli("run", *REGIONS, "--group-id", "2026-11-22")
    before = calls(simulator)
    told = cli.rows("scan", *REGIONS, "--group-id", "2026-11-22")[0]
    after = calls(simulator)
    assert told["scopes_kept"] == told["scopes_scanned"] == 16
    assert not {name for name in after if name.startswith("config:")
                and after[name] != before[name]}
    assert after["sts:AssumeRole"] == before["sts:AssumeRole"]
    cli("scan", *REGIONS, "--group-id", "2026-11-22", "--rescan")
    assert calls(simulator)["config:DescribeConfigRules"] == \
        2 * before["config:DescribeConfigRules"]


def test_only_what_failed_is_asked_again(start):
    simulator, cli = start(*SMALL, "--deny", "3", "--deny-region", "us-east-1")
    cli("run", *REGIONS, "--group-id", "2026-11-22", expect=3)
    simulator.control(deny=[], deny_region=[])
    before = calls(simulator)
    cli("run", *REGIONS, "--group-id", "2026-11-22")
    asked = calls(simulator)["config:DescribeConfigRules"] - before["config:DescribeConfigRules"]
    assert asked == 9  # eight in us-east-1, and one in eu-west-1
    assert evaluations(cli, "2026-11-22") == truth(simulator)
    assert {row["outcome"] for row in cli.rows("query", "coverage")} == {"scanned"}


def test_another_region_is_added_to_what_there_is(start):
    simulator, cli = start(*SMALL)
    cli("run", "--regions", "eu-west-1", "--group-id", "2026-11-22")
    first = calls(simulator)["config:DescribeConfigRules"]
    cli("run", *REGIONS, "--group-id", "2026-11-22")
    assert calls(simulator)["config:DescribeConfigRules"] == 2 * first
    assert evaluations(cli, "2026-11-22") == truth(simulator)


def test_the_deadline_names_what_is_left(start):
    simulator, cli = start("--accounts", "60", "--rules", "8", "--latency-ms", "60")
    everything = {(s["account_id"], s["region"]) for s in simulator.expected("scopes")}
    done = cli("scan", *REGIONS, "--group-id", "g", "--deadline", "8s", "--format", "json",
               "--concurrency", "4", expect=3)
    told = json.loads(done.stdout)[0]
    assert told["scopes_left"] > 0
    found = scopes(cli, "g")
    assert "scanned" in {row["outcome"] for row in found.values()}
    assert told["scopes_left"] + len(found) == len(everything)
    left = everything - set(found)
    named = [line for line in done.stderr.splitlines() if "left: the deadline came" in line]
    assert len(named) == min(len(left), 20)
    assert all(any(account in line and region in line for account, region in left)
               for line in named)
    simulator.control(latency_ms=0)
    cli("scan", *REGIONS, "--group-id", "g")
    assert evaluations(cli, "g") == truth(simulator)


def test_a_short_deadline_gets_further_every_time(start):
    """Not all scopes share the connections: the first to begin have come to their end."""
    simulator, cli = start("--accounts", "10", "--rules", "40", "--latency-ms", "80")
    done, status = 0, 3
    for _ in range(20):
        if status != 3:
            break
        status = cli("scan", *REGIONS, "--group-id", "g", "--deadline", "8s", "--concurrency", "6",
                     expect=None).returncode
        now = len(written(cli, "g"))
        assert now > done
        done = now
    assert status == 0 and evaluations(cli, "g") == truth(simulator)


def run_and_kill(cli, seconds, number, *words):
    process = subprocess.Popen(cli.command(*words), cwd=cli.folder,
                               env=clean_environment(cli.env), stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)
    try:
        status = process.wait(timeout=seconds)
    except subprocess.TimeoutExpired:
        process.send_signal(number)
        status = process.wait(timeout=30)
    return status


def written(cli, group_id):
    path = cli.store / "batches" / group_id / "01.db.gz"
    return scopes(cli, group_id) if path.exists() else {}


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_killed_at_any_moment_it_goes_on_and_says_the_same(start, number):
    """Each scope that was written is never asked for again: DescribeConfigRules is called once for
    each scope that is scanned from its beginning."""
    simulator, cli = start("--accounts", "12", "--rules", "8", "--evaluations", "0..120",
                           "--latency-ms", "15")
    flags = (*REGIONS, "--group-id", "g", "--concurrency", "4")
    kills = 0
    for attempt in range(40):
        kept = len(written(cli, "g"))
        before = calls(simulator).get("config:DescribeConfigRules", 0)
        status = run_and_kill(cli, 0.9 + 0.13 * (attempt % 5), number, "scan", *flags)
        asked = calls(simulator).get("config:DescribeConfigRules", 0) - before
        suspended = sum(s["outcome"] == "skipped" for s in simulator.expected("scopes"))
        assert asked <= 24 - suspended - max(kept - suspended, 0)
        assert len(written(cli, "g")) >= kept  # nothing that was written is lost
        if status == 0:
            break
        kills += 1
    assert status == 0 and kills >= 2
    assert evaluations(cli, "g") == truth(simulator)
    cli("merge", "--group-id", "g", "--date", "2026-11-22")
    assert len(cli.rows("query", "coverage", "-p", "group_id=g")) == 24


def test_what_is_saved_meanwhile_is_a_shard_that_merges(start):
    simulator, cli = start("--accounts", "12", "--rules", "8", "--evaluations", "0..120",
                           "--latency-ms", "15")
    flags = (*REGIONS, "--group-id", "2026-11-22", "--concurrency", "4")
    while not written(cli, "2026-11-22"):
        run_and_kill(cli, 0.8, signal.SIGKILL, "scan", *flags)
    part = written(cli, "2026-11-22")
    assert 0 < len(part) < 24 and {s["outcome"] for s in part.values()} <= {"scanned", "skipped"}
    cli("merge", "--group-id", "2026-11-22", expect=3)
    outcomes = [row["outcome"] for row in cli.rows("query", "coverage")]
    assert outcomes.count("missing") == 24 - len(part)
    known = {key for key, row in part.items() if row["outcome"] == "scanned"}
    assert evaluations(cli, "2026-11-22") == [e for e in truth(simulator) if e[:2] in known]


def test_a_broken_shard_is_scanned_anew(start):
    simulator, cli = start(*SMALL)
    path = cli.store / "batches/g/01.db.gz"
    path.parent.mkdir(parents=True)
    path.write_bytes(gzip.compress(b"no database at all" * 1000))
    done = cli("scan", *REGIONS, "--group-id", "g")
    assert "cannot be taken up" in done.stderr
    assert evaluations(cli, "g") == truth(simulator)
    with shard(cli, "g") as db:
        db.execute("PRAGMA user_version = 1")
    path.write_bytes(gzip.compress((cli.folder / "shard.db").read_bytes()))
    done = cli("scan", *REGIONS, "--group-id", "g")
    assert "scanned anew: it was written by an older confhouse" in done.stderr
    assert evaluations(cli, "g") == truth(simulator)


@pytest.mark.parametrize("at, value, says", [
    (59, 2, "its texts are not in UTF-8"), (47, 9, "its schema format is 9")])
def test_a_run_goes_past_a_shard_that_sqlite_would_not_attach(start, at, value, says):
    simulator, cli = start(*SMALL)
    cli("scan", *REGIONS, "--group-id", "2026-11-22")
    path = cli.store / "batches/2026-11-22/01.db.gz"
    data = bytearray(gzip.decompress(path.read_bytes()))
    data[at] = value
    path.write_bytes(gzip.compress(bytes(data)))
    done = cli("run", *REGIONS, "--group-id", "2026-11-22")
    assert f"scanned anew: {says}" in done.stderr and "the shard 01" in done.stderr
    assert evaluations(cli, "2026-11-22") == truth(simulator)


def test_it_goes_on_over_s3(sim, tmp_path):
    simulator = sim("--accounts", "12", "--rules", "8", "--latency-ms", "10")
    cli = Cli(tmp_path, simulator.env)
    cli.store = "s3://confhouse/warehouse"
    flags = (*REGIONS, "--group-id", "2026-11-22", "--concurrency", "4")
    for _ in range(30):
        if run_and_kill(cli, 1.0, signal.SIGKILL, "scan", *flags) == 0:
            break
    cli("run", *flags)
    assert int(cli.rows("query", "--sql", "SELECT count(*) AS n FROM current_evaluations")[0]["n"]) \
        == len(simulator.expected())
    asked = calls(simulator)["config:DescribeConfigRules"]
    assert asked < 24 * 6


# ---- everything goes wrong


def test_with_all_faults_the_truth_is_stored(sim, tmp_path):
    simulator = sim("--accounts", "12", "--rules", "30", "--evaluations", "0..460",
                    "--throttle", "0.05", "--error-5xx", "0.03", "--drop", "0.02", "--truncate",
                    "0.02", "--short-pages", "0.2", "--empty-pages", "0.1", "--session-seconds",
                    "30", "--exponent-floats", "--chunked", "--hostile-text")
    cli = Cli(tmp_path, simulator.env)
    subprocess.run(cli.command("run", *REGIONS, "--group-id", "2026-11-22", "--quiet"),
                   env=clean_environment(cli.env), cwd=tmp_path, check=True, timeout=300,
                   stdout=subprocess.DEVNULL)
    found = evaluations(cli, "2026-11-22")
    assert len(found) > 100000
    assert found == truth(simulator)
    outcomes = {(s["account_id"], s["region"]): s["outcome"]
                for s in simulator.expected("scopes")}
    assert {key: row["outcome"] for key, row in scopes(cli, "2026-11-22").items()} == outcomes


def test_calls_are_the_fewest(sim, tmp_path):
    simulator = sim("--accounts", "12", "--rules", "30", "--evaluations", "0..460")
    cli = Cli(tmp_path, simulator.env)
    cli("scan", *REGIONS, "--group-id", "2026-11-22")
    stats = simulator.stats("?minimum=1")
    assert stats["calls"] <= 1.02 * stats["minimum"]["calls"]


def test_the_organization_is_told_where_it_is_known(start):
    simulator, cli = start(*SMALL)
    known = simulator.client("organizations").describe_organization()["Organization"]
    cli("run", *REGIONS, "--group-id", "2026-11-22")
    row, = cli.rows("query", "sheet_run")
    management = next(a["Name"] for a in simulator.accounts()
                      if a["Id"] == known["MasterAccountId"])
    assert (row["organization_id"], row["management_account"]) == (known["Id"], management)
    run, = cli.rows("query", "runs")
    assert (run["organization_id"], run["management_account_id"]) == \
        (known["Id"], known["MasterAccountId"])


@pytest.mark.parametrize("how", ["file", "denied"])
def test_a_run_of_no_known_organization_says_none(start, how):
    simulator, cli = start(*SMALL, "--deny-operations", "organizations:DescribeOrganization")
    flags = ()
    if how == "file":
        accounts = cli.folder / "accounts.csv"
        accounts.write_text("id,name\n" + "".join(f"{a['Id']},{a['Name']}\n"
                                                  for a in simulator.accounts()[1:3]))
        flags = ("--accounts", str(accounts))
    cli("run", *REGIONS, "--group-id", "2026-11-22", *flags)
    row, = cli.rows("query", "sheet_run")
    assert row["organization_id"] is None and row["management_account"] is None


def test_a_name_of_an_account_is_measured_in_characters(start, tmp_path):
    """AWS allows 50; 45 characters of Japanese have 135 bytes."""
    simulator, cli = start("--accounts", "2", "--rules", "2")
    ids = [account["Id"] for account in simulator.accounts()]
    name, path = "暗号化されたバケットの規則の例" * 3, tmp_path / "accounts.csv"
    path.write_text("id,name\n" + "".join(f"{i},{name}\n" for i in ids), encoding="utf-8")
    cli("scan", *REGIONS, "--group-id", "g", "--accounts", path)
    with shard(cli, "g") as db:
        assert {row[0] for row in db.execute("SELECT account_name FROM scope")} == {name}
    path.write_text(f"id,name\n{ids[0]},{'é' * 129}\n", encoding="utf-8")
    done = cli("plan", *REGIONS, "--group-id", "h", "--accounts", path, expect=2)
    assert "at most 128 characters" in done.stderr
