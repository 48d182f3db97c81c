"""What reports say of runs that could not read everything, or that share a day."""
import openpyxl
import pytest

from cli_tool import Cli
from shard_files import ShardFile

BUCKET = "AWS::S3::Bucket"
PROD, OTHER, DEV = ("1" * 12, "a-prod"), ("2" * 12, "b-prod"), ("3" * 12, "c-dev")


@pytest.fixture
def cli(tmp_path):
    return Cli(tmp_path)


def merge(cli, group_id, scopes, date=None):
    """`scopes`: account -> rule -> resource -> one letter; None = denied. Rule None = failed."""
    states = {"C": "COMPLIANT", "N": "NON_COMPLIANT", "X": "NOT_APPLICABLE"}
    shard = ShardFile(group_id, "01", date or group_id)
    for (account, name), rules in scopes.items():
        if rules is None:
            shard.scope(account, "eu-west-1", outcome="denied", name=name, recorder=None)
            continue
        shard.scope(account, "eu-west-1", name=name, rules={
            rule: told and {(BUCKET, resource): states[state] for resource, state in told.items()}
            for rule, told in rules.items()})
    shard.put(cli.store)
    cli("merge", "--group-id", group_id, expect=None)


def test_what_was_not_read_is_no_zero(cli):
    merge(cli, "2026-01-04", {PROD: {"s3": {"a": "N"}}, DEV: {"s3": {"n": "X"}}})
    merge(cli, "2026-01-11", {PROD: None, DEV: {"s3": {"n": "X"}}})
    merge(cli, "2026-01-18", {PROD: {"s3": {"a": "N"}, "iam": None}, OTHER: None,
                              DEV: {"s3": {"n": "X"}}})
    rows = cli.rows("query", "sheet_trend")
    assert [row["prod_open"] for row in rows] == [1, None, 1]
    assert [row["nonprod_open"] for row in rows] == [0, 0, 0]
    assert [row["note"] for row in rows] == [
        None, "Prod not read", "Some scopes not read; some rules not read"]
    rows = [row for row in cli.rows("query", "trend") if row["environment"] == "prod"]
    assert [row["open_findings"] for row in rows] == [1, None, 1]
    assert [row["new_findings"] for row in rows][1:] == [None, 0]
    assert [row["resolved_findings"] for row in rows][1:] == [None, 0]
    alone = cli.rows("query", "sheet_trend", "--param", "environment=prod")
    assert [row["new_findings"] for row in alone] == [None, None, 0]


def changes_of(cli, **params):
    words = [word for param in params.items() for word in ("--param", "=".join(param))]
    return [row["change"] and round(row["change"], 6)
            for row in cli.rows("query", "sheet_environments", *words)
            if row["environment"] == "prod"]


GOOD, BAD = {"a": "C", "b": "C", "c": "C", "d": "N"}, {"a": "N", "b": "N", "c": "N", "d": "C"}


@pytest.mark.parametrize("unread", [
    {OTHER: None, DEV: {"s3": GOOD}},  # the account was denied
    {OTHER: {"s3": None}, DEV: {"s3": GOOD}},  # its rule failed
    {DEV: {"s3": GOOD}},  # it is new
], ids=["denied", "failed", "new"])
def test_what_only_one_run_read_changes_no_ratio(cli, unread):
    whole = {OTHER: {"s3": BAD}, DEV: {"s3": GOOD}}
    better = {"a": "C", "b": "C", "c": "C", "d": "C"}
    merge(cli, "2026-01-04", {PROD: {"s3": GOOD}, **unread})
    merge(cli, "2026-01-11", {PROD: {"s3": GOOD}, **whole})
    assert changes_of(cli) == [0]  # though the ratio fell from 75% to 50%
    merge(cli, "2026-01-18", {PROD: {"s3": better}, **unread})
    assert changes_of(cli) == [0.25]  # and not from 50% to 100%
    assert changes_of(cli, account=PROD[0]) == changes_of(cli, owner="") == [0.25]
    assert changes_of(cli, account=OTHER[0]) in ([None], [])
    merge(cli, "2026-01-25", {PROD: {"s3": better}, **unread})
    assert changes_of(cli) == [0]
    ratios = [row["prod_ratio"] for row in cli.rows("query", "sheet_trend")]
    assert ratios == [0.75, 0.5, 1, 1]  # as each run said


def test_what_both_runs_read_changes_a_ratio(cli):
    merge(cli, "2026-01-04", {PROD: {"s3": GOOD}, OTHER: {"s3": BAD}})
    merge(cli, "2026-01-11", {PROD: {"s3": GOOD}, OTHER: {"s3": {**BAD, "a": "C"}}})
    assert changes_of(cli) == [0.125]


def test_two_runs_of_a_day_stand_side_by_side(cli):
    merge(cli, "2026-01-04", {PROD: {"s3": {"a": "C", "b": "N"}}})
    cli("report")
    merge(cli, "2026-01-11", {PROD: {"s3": {"a": "N", "b": "N"}}})
    cli("report")
    first = cli.store / "reports/ConfigRule_2026-01-11.xlsx"
    kept = first.read_bytes()
    merge(cli, "2026-01-11-b", {PROD: None}, "2026-01-11")
    cli("report")
    merge(cli, "2026-01-11-c", {PROD: {"s3": {"a": "N", "b": "N"}}}, "2026-01-11")
    assert first.read_bytes() == kept
    assert {"reports/ConfigRule_2026-01-11_2026-01-11-b.xlsx",
            "raw/config-rules-2026-01-11_2026-01-11-b.csv"} <= cli.files()
    assert {row["resource_id"]: row["age_runs"] for row in cli.rows("query", "findings")} == {
        "a": 3, "b": 4}
    unread = cli.rows("query", "sheet_coverage", "--param", "group_id=2026-01-11-b")
    assert [row["unread_since"] for row in unread] == ["2026-01-11"]


def test_an_old_run_to_a_file_leaves_the_store_alone(cli):
    for day in ("2026-01-04", "2026-01-11"):
        merge(cli, day, {PROD: {"s3": {"a": "N"}}})
    before = cli.files()
    cli("report", "--run", "2026-01-04", "--output", "old.xlsx")
    assert cli.files() == before
    assert "2026-01-04" in openpyxl.load_workbook(cli.folder / "old.xlsx")["Summary"]["B2"].value


def summary_of(cli, *words):
    cli("report", *words, "--output", "own.xlsx")
    sheet = openpyxl.load_workbook(cli.folder / "own.xlsx")["Summary"]
    return [str(cell) for row in sheet.iter_rows(values_only=True) for cell in row if cell]


def test_an_owner_whose_rule_failed_is_not_told_that_all_is_well(cli):
    for day, told in (("2026-01-04", {"a": "N"}), ("2026-01-11", None)):
        shard = ShardFile(day, "01", day)
        shard.scope(*PROD[:1], "eu-west-1", name=PROD[1], tags={"s3": {"mox.owner": "ann"}}, rules={
            "s3": told and {(BUCKET, "a"): "NON_COMPLIANT"}, "iam": {(BUCKET, "a"): "COMPLIANT"}})
        shard.put(cli.store)
        cli("merge", "--group-id", day, expect=None)
    said = summary_of(cli, "--owner", "ann")
    assert not [line for line in said if line.startswith(("No rule has", "Nothing: all"))]
    assert "1 rule could not be read; 1 finding was open there" in said[2] + said[3]
    other = cli.rows("query", "sheet_run", "--param", "owner=bob")[0]
    assert (other["rules_failed"], other["findings_last_known"]) == (1, 0)
    reading = {row["environment"]: row["reading"]
               for row in cli.rows("query", "sheet_environments")}
    assert reading["prod"] == cli.rows("query", "sheet_accounts")[0]["reading"] == "part"


def test_a_single_scope_is_not_all_of_them(cli):
    merge(cli, "2026-01-04", {PROD: {"s3": {"a": "C"}}})
    said = summary_of(cli, "--run", "2026-01-04")
    assert any("The only scope (an account in a region) was read." in line for line in said)
    assert "No rule has an open finding that is not waived." in said
