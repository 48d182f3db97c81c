"""The rows of a run as CSV: merge writes them, after the history, and nobody else does."""
import csv
import io
import os

import pytest

from cli_tool import Cli
from shard_files import ShardFile, put_plan

WEEK = "2026-11-22"
RAW = f"raw/config-rules-{WEEK}.csv"
MERGE = ("merge", "--group-id", WEEK)


@pytest.fixture
def cli(tmp_path):
    return Cli(tmp_path)


def put_shard(cli, shard_id, account, state, group_id=WEEK):
    shard = ShardFile(group_id, shard_id, group_id)
    shard.scope(account, "eu-west-1", {"rule": {("AWS::S3::Bucket", "bucket"): state}})
    shard.put(cli.store)


def rows(cli):
    text = (cli.store / RAW).read_text()
    assert text == cli("export", "--run", WEEK).stdout
    return {row["account_id"]: row["compliance"] for row in csv.DictReader(io.StringIO(text))}


def stamp(cli):
    """A file that is put again has another inode."""
    return os.stat(cli.store / RAW).st_ino


def test_merge_writes_the_rows_and_report_does_not(cli):
    put_shard(cli, "01", "111111111111", "COMPLIANT")
    cli(*MERGE)
    assert rows(cli) == {"111111111111": "COMPLIANT"}
    first = stamp(cli)
    cli("report")
    assert stamp(cli) == first
    (cli.store / RAW).unlink()
    cli("report")
    assert not (cli.store / RAW).exists()


def test_a_merge_that_changes_the_run_writes_its_rows_again(cli):
    put_shard(cli, "01", "111111111111", "COMPLIANT")
    cli(*MERGE)
    put_shard(cli, "02", "222222222222", "NON_COMPLIANT")
    cli(*MERGE)
    assert rows(cli) == {"111111111111": "COMPLIANT", "222222222222": "NON_COMPLIANT"}


def test_a_later_run_leaves_the_rows_of_an_earlier_one(cli):
    put_shard(cli, "01", "111111111111", "COMPLIANT")
    cli(*MERGE)
    first = stamp(cli)
    put_shard(cli, "01", "111111111111", "NON_COMPLIANT", "2026-11-29")
    cli("merge", "--group-id", "2026-11-29")
    assert stamp(cli) == first and rows(cli) == {"111111111111": "COMPLIANT"}
    assert "raw/config-rules-2026-11-29.csv" in cli.files()


@pytest.mark.parametrize("harm", ["missing", "other", "shorter"])
def test_a_merge_that_changes_nothing_mends_the_rows_and_only_then(cli, harm):
    """As when an earlier merge ended between the history and the rows."""
    put_shard(cli, "01", "111111111111", "COMPLIANT")
    cli(*MERGE)
    first = stamp(cli)
    assert "written again" not in cli(*MERGE).stderr
    assert stamp(cli) == first
    text = (cli.store / RAW).read_text()
    if harm == "missing":
        (cli.store / RAW).unlink()
    else:
        worse = text[:-3] if harm == "shorter" else text.replace("111111111111", "999999999999")
        (cli.store / RAW).write_text(worse)
    assert f"{RAW} was missing or out of date" in cli(*MERGE).stderr
    assert (cli.store / RAW).read_text() == text
    assert len(list((cli.store / "history").glob("*.db"))) == 1


def test_rows_that_cannot_be_written_fail_the_merge_and_the_next_one_writes_them(cli):
    put_shard(cli, "01", "111111111111", "COMPLIANT")
    cli.store.joinpath("raw").write_text("a file is in the way")
    failed = cli(*MERGE, expect=1)
    assert f"the history has the run {WEEK}" in failed.stderr and "merge it again" in failed.stderr
    cli.store.joinpath("raw").unlink()
    cli(*MERGE)
    assert rows(cli) == {"111111111111": "COMPLIANT"}


def test_merge_passes_over_what_the_state_machine_writes(cli):
    put_plan(cli.store, WEEK, {"111111111111": "one"}, "eu-west-1")
    put_shard(cli, "01", "111111111111", "COMPLIANT")
    batch = cli.store / "batches" / WEEK
    results = batch / "results" / "8a6e"
    results.mkdir(parents=True)
    (batch / "shards.json").write_text("[]")
    (results / "manifest.json").write_text("{}")
    (results / "SUCCEEDED_0.json").write_text("[]")
    (results / "02.db.gz").write_bytes((batch / "01.db.gz").read_bytes())
    (results.parent / "03.db.gz").write_text("not a shard")
    merged = cli.rows(*MERGE)[0]
    assert (merged["shards"], merged["shards_refused"]) == (1, 0)
