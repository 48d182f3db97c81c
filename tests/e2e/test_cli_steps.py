"""The steps of a run as commands, and what the other commands make of their results."""
import csv
import hashlib
import io
import json
import sqlite3
import subprocess

import openpyxl
import pytest

from cli_tool import BIN, Cli, clean_environment

REGIONS = ("--regions", "eu-west-1,us-east-1")
SMALL = ("--accounts", "6", "--rules", "8", "--evaluations", "0..40")


@pytest.fixture
def organization(sim):
    return sim(*SMALL)


@pytest.fixture
def cli(organization, tmp_path):
    return Cli(tmp_path, organization.env)


def evaluations(cli, group_id, folder=None):
    """The rows of a run, in no order, without what tells runs apart."""
    text = cli("export", "--run", group_id).stdout
    return sorted(json.dumps({k: v for k, v in row.items() if k not in ("group_id", "scan_date",
                                                                        "since")})
                  for row in csv.DictReader(io.StringIO(text)))


def test_run_does_it_all(cli):
    done = cli("run", *REGIONS, "--group-id", "2026-11-22", "--output", "mine.xlsx",
               "--format", "json")
    told = json.loads(done.stdout)[0]
    assert told["group_id"] == told["date"] == "2026-11-22"
    assert told["scopes_planned"] == told["scopes_scanned"] == 12
    assert told["evaluations"] == told["merged"] > 500
    assert cli.files() == {
        "batches/2026-11-22/plan.json", "batches/2026-11-22/shards.json",
        "batches/2026-11-22/01.db.gz",
        "history/compliance-2026-11-22.db", "history/latest.json", "history/weights.json",
        "raw/config-rules-2026-11-22.csv", "reports/ConfigRule_2026-11-22.xlsx"}
    mine = (cli.folder / "mine.xlsx").read_bytes()
    assert mine == (cli.store / "reports/ConfigRule_2026-11-22.xlsx").read_bytes()
    assert len(openpyxl.load_workbook(io.BytesIO(mine), read_only=True).sheetnames) > 3
    raw = (cli.store / "raw/config-rules-2026-11-22.csv").read_text()
    assert raw == cli("export").stdout
    assert len(list(csv.reader(io.StringIO(raw)))) == told["evaluations"] + 1


def test_run_in_shards_says_the_same(cli):
    cli("run", *REGIONS, "--group-id", "one", "--date", "2026-11-15")
    cli("run", *REGIONS, "--group-id", "many", "--date", "2026-11-22", "--shards", "4")
    assert {f"batches/many/0{i}.db.gz" for i in range(1, 5)} <= cli.files()
    assert evaluations(cli, "one") == evaluations(cli, "many")


def test_the_steps_one_by_one_are_a_run(cli):
    cli("run", *REGIONS, "--group-id", "whole", "--date", "2026-11-15")
    events = json.loads(cli("plan", *REGIONS, "--group-id", "steps", "--date", "2026-11-22",
                            "--shards", "3", "--format", "json").stdout)
    assert [event["shard_id"] for event in events] == ["01", "02", "03"]
    assert sum(len(event["accounts"]) for event in events) == 6
    assert all(event["regions"] == ["eu-west-1", "us-east-1"] for event in events)
    (cli.folder / "event.json").write_text(json.dumps(events[0]))
    cli("scan", "--event", "event.json")
    cli("scan", "--group-id", "steps", "--shard-id", "02")
    # Merged too early: what is missing is named, and comes later.
    done = cli("merge", "--group-id", "steps", expect=3)
    assert "4 missing" in done.stderr and "missing: " in done.stderr
    (cli.folder / "event.json").write_text(json.dumps(events[2]))
    assert json.loads(cli("invoke", "event.json").stdout)["shard_id"] == "03"
    cli("merge", "--group-id", "steps")
    report = cli.rows("report")[0]
    assert report["group_id"] == "steps"
    assert report["report"].endswith("reports/ConfigRule_2026-11-22_steps.xlsx")
    assert evaluations(cli, "whole") == evaluations(cli, "steps")


def test_plan_shows_its_shards(cli):
    rows = list(csv.DictReader(io.StringIO(
        cli("plan", *REGIONS, "--shards", "2", "--format", "csv").stdout)))
    assert [row["accounts"] for row in rows] == ["3", "3"]
    assert rows[0]["last_account"] < rows[1]["first_account"]


def test_scan_without_an_event_scans_everything(cli):
    told = cli.rows("scan", *REGIONS, "--group-id", "g")[0]
    assert told["scopes_scanned"] == 12 and told["shard_id"] == "01"
    assert cli.files() == {"batches/g/plan.json", "batches/g/shards.json",
                           "batches/g/01.db.gz"}


def test_excluded_accounts_are_skipped_and_no_gap(cli, organization):
    some = json.loads(cli("plan", *REGIONS, "--format", "json").stdout)[0]["accounts"][0]
    told = cli.rows("run", *REGIONS, "--exclude-account", some["account_id"])[0]
    assert (told["scopes_scanned"], told["scopes_skipped"]) == (10, 2)
    gaps = cli.rows("query", "gaps")
    assert {gap["outcome"] for gap in gaps} == {"skipped"}


def test_invoke_goes_through_a_whole_run(cli):
    def invoke(event, expect=0):
        (cli.folder / "event.json").write_text(json.dumps(event))
        return json.loads(cli("invoke", "event.json", *REGIONS, "--shards", "2",
                              expect=expect).stdout)

    plan = invoke({"mode": "plan", "group_id": "2026-11-22"})
    assert plan["shards"] == ["01", "02"] and plan["accounts"] == 6
    for shard_id in plan["shards"]:
        answer = invoke({"group_id": "2026-11-22", "shard_id": shard_id})
        assert answer["mode"] == "batch" and answer["scopes_scanned"] == 6
    final = invoke({"mode": "final", "group_id": "2026-11-22"})
    assert final["scopes_scanned"] == 12 and final["status"] == "ok"
    assert final["report"].endswith("ConfigRule_2026-11-22.xlsx")
    assert invoke({"mode": "report"})["group_id"] == "2026-11-22"
    assert invoke({"mode": "run", "group_id": "2026-11-29"})["scopes_scanned"] == 12
    assert evaluations(cli, "2026-11-22") == evaluations(cli, "2026-11-29")


def test_a_batch_without_a_name_replaces_only_itself(cli):
    accounts = json.loads(cli("plan", *REGIONS, "--format", "json").stdout)[0]["accounts"]
    names = []
    for batch in (accounts[:2], accounts[2:], accounts[:2]):
        (cli.folder / "event.json").write_text(json.dumps({"accounts": batch, "group_id": "g"}))
        names.append(json.loads(cli("invoke", "event.json", *REGIONS).stdout)["shard_id"])
    assert names[0] == names[2] != names[1]


def test_accounts_from_a_file(cli):
    accounts = json.loads(cli("plan", *REGIONS, "--format", "json").stdout)[0]["accounts"]
    (cli.folder / "accounts.csv").write_text(
        "id,name\n" + "".join(f"{a['account_id']},{a['account_name']}\n" for a in accounts[:3]))
    assert cli.rows("run", *REGIONS, "--accounts", "accounts.csv")[0]["scopes_planned"] == 6


def test_pull_history_and_export(cli):
    cli("run", *REGIONS, "--group-id", "2026-11-22")
    told = cli.rows("pull", "--output", "history.db")[0]
    data = (cli.folder / "history.db").read_bytes()
    assert told["sha256"] == hashlib.sha256(data).hexdigest() and told["bytes"] == len(data)
    with sqlite3.connect(cli.folder / "history.db") as db:
        count = db.execute("SELECT count(*) FROM current_evaluations").fetchone()[0]
    cli("pull")
    assert (cli.folder / "compliance-2026-11-22.db").read_bytes() == data
    copies = cli.rows("history")
    assert [(c["key"], c["state"]) for c in copies] == [("history/compliance-2026-11-22.db",
                                                         "newest")]
    lines = cli("export", "--format", "json").stdout.splitlines()
    assert len(lines) == count and json.loads(lines[0])["group_id"] == "2026-11-22"
    cli("export", "--output", "rows.csv")
    assert (cli.folder / "rows.csv").read_text() == cli("export", "--format", "csv").stdout
    # A file instead of the store.
    rows = cli.rows("query", "runs", "--database", "history.db")
    assert [row["group_id"] for row in rows] == ["2026-11-22"]


def test_diff_and_queries_over_two_weeks(cli, organization):
    cli("run", *REGIONS, "--group-id", "2026-11-15")
    assert "no run before 2026-11-15" in cli("diff", expect=4).stderr
    organization.control(week=1, churn=0.2)
    cli("run", *REGIONS, "--group-id", "2026-11-22")
    changes = cli.rows("diff")
    assert changes and changes == cli.rows("diff", "2026-11-15")
    assert changes == cli.rows("diff", "2026-11-15", "2026-11-22")
    assert {c["change"] for c in changes} <= {"new", "resolved", "reopened", "gone"}
    assert len(changes) == len(cli.rows("query", "changes"))
    back = cli.rows("diff", "2026-11-22", "2026-11-15")
    assert len(back) == len(changes)
    trend = cli.rows("query", "trend", "-p", "group_id=2026-11-22", "-p", "environment=prod")
    assert [row["group_id"] for row in trend] == ["2026-11-15", "2026-11-22"]
    for wrong in (("diff", "nosuch"), ("export", "--run", "nosuch"), ("report", "--run", "nosuch")):
        assert "nosuch" in cli(*wrong, expect=4).stderr


def test_sql_of_the_users_own(cli):
    cli("run", *REGIONS, "--group-id", "2026-11-22")
    rows = cli.rows("query", "--sql", "SELECT group_id, scopes_scanned FROM runs")
    assert rows == [{"group_id": "2026-11-22", "scopes_scanned": 12}]
    rows = cli.rows("query", "--sql", "SELECT :a AS a", "-p", "a=x,y")
    assert rows == [{"a": "x,y"}]
    for wrong in ("DELETE FROM run", "SELECT 1; SELECT 2", "SELEC", "ATTACH 'x' AS y",
                  "PRAGMA writable_schema = 1", "VACUUM"):
        assert cli("query", "--sql", wrong, expect=2).stdout == ""
    wrong = cli("query", "--sql", "SELECT json_extract('{', '$')", expect=2).stderr
    assert "malformed JSON" in wrong
    for binary in ("x'00ff'", "'a' || char(0) || 'b'"):
        wrong = cli("query", "--sql", f"SELECT 1 AS a, {binary} AS b", expect=2).stderr
        assert "the column b holds bytes" in wrong and "hex()" in wrong
    wrong = cli("query", "--sql", "SELECT :a", "-p", "a=1", "-p", "a=2", expect=2).stderr
    assert "the parameter a is given twice" in wrong
    assert len(cli.rows("query", "evaluations", "--limit", "3")) == 3
    counting = ("WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c %s) "
                "SELECT n FROM c")
    cut = cli("query", "--sql", counting % "", "--format", "csv", expect=3)
    assert len(cut.stdout.splitlines()) == 100001 and "--limit" in cut.stderr
    endless = f"SELECT count(*) FROM ({counting % ''})"
    assert "deadline" in cli("query", "--sql", endless, "--deadline", "1s", expect=3).stderr


def test_a_bucket_serves_as_well_as_a_directory(cli):
    cli("run", *REGIONS, "--group-id", "2026-11-22")
    copy = (cli.store / "raw/config-rules-2026-11-22.csv").read_text()
    cli.store = "s3://confhouse/reports/weekly"
    told = cli.rows("run", *REGIONS, "--group-id", "2026-11-22")[0]
    assert told["report"] == "s3://confhouse/reports/weekly/reports/ConfigRule_2026-11-22.xlsx"
    assert cli("export").stdout == copy
    told = cli.rows("pull")[0]
    data = (cli.folder / "compliance-2026-11-22.db").read_bytes()
    assert told["sha256"] == hashlib.sha256(data).hexdigest()
    assert [c["state"] for c in cli.rows("history")] == ["newest"]
    assert cli("diff", expect=4).stdout == ""
    # As deployments name it.
    done = subprocess.run([BIN, "history", "--format", "csv"], text=True, timeout=60, check=True,
                          capture_output=True, env=clean_environment(cli.env | {
                              "REPORT_BUCKET": "confhouse", "REPORT_PREFIX": "/reports/weekly/"}))
    assert "history/compliance-2026-11-22.db" in done.stdout
    cli.store = "s3://nosuchbucket/x"
    assert "NoSuchBucket" in cli("run", *REGIONS, expect=1).stderr


def test_quiet_says_nothing_and_verbose_no_secret(cli):
    assert cli("run", *REGIONS, "--quiet").stderr == ""
    done = cli("run", *REGIONS, "--verbose", "--log-format", "json", "--external-id", "x-1")
    for line in done.stderr.splitlines():
        json.loads(line)
    assert cli.env["AWS_SECRET_ACCESS_KEY"] not in done.stderr + done.stdout
