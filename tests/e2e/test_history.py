"""`confhouse history`: verifying what is stored, and making room."""
import hashlib
import itertools
import json
import re
import shutil
import sqlite3
from datetime import date

import pytest

from cli_tool import Cli
from shard_files import ShardFile, open_history
from test_merge_model import random_runs

WEEKS = [f"2026-01-{day:02}" for day in (4, 11, 18, 25)]
RULE = "s3-encrypted"


@pytest.fixture
def cli(tmp_path):
    (tmp_path / "store").mkdir()
    (tmp_path / "store/waivers.csv").write_text(
        "account,region,rule,resource,reason,owner,expires\n,,,site,known,me,2027-01-01\n"
        "222222222222,,,,lab,me,2027-01-01\n")
    return Cli(tmp_path)


def put_week(cli, number, merge=True):
    """Weeks in which findings come and go; in the third, one account is denied."""
    week = WEEKS[number]
    shard = ShardFile(week, "01", week)
    states = ["COMPLIANT", "NON_COMPLIANT"]
    shard.scope("111111111111", "eu-west-1", name="payments-prod", rules={
        RULE: {("AWS::S3::Bucket", "site"): "NON_COMPLIANT",
               ("AWS::S3::Bucket", "logs"): states[number % 2],
               ("AWS::S3::Bucket", "old"): states[number < 1]}, "iam-mfa": None})
    if number == 2:
        shard.scope("222222222222", "eu-west-1", outcome="denied", error_code="AccessDenied")
    else:
        shard.scope("222222222222", "eu-west-1", name="webshop-dev",
                    rules={RULE: {("AWS::S3::Bucket", "data"): states[number < 3]}})
    shard.put(cli.store)
    if merge:
        cli("merge", "--group-id", week, expect=3 if number == 2 else 0)


@pytest.fixture
def four(cli):
    """A store of four weeks."""
    for number in range(4):
        put_week(cli, number)
    return cli


def key_of(week, number=1):
    return f"history/compliance-{week}{'' if number == 1 else f'.{number}'}.db"


def latest(cli):
    return json.loads((cli.store / "history/latest.json").read_text())


def publish(cli, change):
    """The newest database, changed, under its own name, as if it had been published so."""
    said = latest(cli)
    path = cli.store / said["key"]
    change(path)
    data = path.read_bytes()
    said |= {"sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)}
    (cli.store / "history/latest.json").write_text(json.dumps(said))


def run_sql(*statements):
    def change(path):
        with sqlite3.connect(path) as db:
            for statement in statements:
                assert db.execute(statement).rowcount != 0, statement
        db.close()
    return change


def verify(cli, expect=0):
    return cli.rows("history", "verify", expect=expect)


def failed(rows):
    return [(row["check"], row["subject"]) for row in rows if row["state"] == "failed"]


# ---- verify ----

def test_a_sound_history(four):
    rows = verify(four)
    assert {row["state"] for row in rows} == {"ok"}
    assert {row["check"] for row in rows} == {"sha256", "database", "integrity", "rows of shards",
                                              "rollups", "chain"}
    assert [row["subject"] for row in rows if row["check"] == "sha256"] \
        == [key_of(week) for week in reversed(WEEKS)]


def test_there_is_nothing_to_verify(cli):
    assert "there is no history" in cli("history", "verify", expect=4).stderr
    assert "there is no history" in cli("history", "prune", "--keep-dated", "1", expect=4).stderr


def test_a_copy_that_is_not_what_was_published(four):
    for week, change in itertools.product(
            (WEEKS[3], WEEKS[2], WEEKS[0]),
            (lambda data: data[:-1], lambda data: data + b"\0", lambda data: b"",
             lambda data: data[:5000] + bytes([data[5000] ^ 1]) + data[5001:])):
        path = four.store / key_of(week)
        data = path.read_bytes()
        path.write_bytes(change(data))
        rows = verify(four, expect=1)
        assert failed(rows) == [("sha256", key_of(week))]
        path.write_bytes(data)
    verify(four)


def test_a_copy_that_is_gone(four):
    (four.store / key_of(WEEKS[1])).unlink()
    removed = [row["subject"] for row in verify(four) if row["state"] == "removed"]
    assert removed == [key_of(WEEKS[1])]
    (four.store / key_of(WEEKS[3])).unlink()
    assert failed(verify(four, expect=1)) == [("sha256", key_of(WEEKS[3]))]


def test_a_copy_that_was_never_part_of_it(four):
    shutil.copy(four.store / key_of(WEEKS[0]), four.store / "history/compliance-stray.db")
    rows = verify(four)
    assert [(row["check"], row["subject"]) for row in rows if row["state"] == "note"] \
        == [("chain", "history/compliance-stray.db")]


def test_a_chain_that_does_not_hold(four):
    said = latest(four)
    said["previous"] |= {"sha256": "0" * 64}
    (four.store / "history/latest.json").write_text(json.dumps(said))
    assert failed(verify(four, expect=1)) == [("chain", key_of(WEEKS[2]))]
    publish(four, run_sql("DELETE FROM predecessor"))
    assert failed(verify(four, expect=1)) == [("sha256", key_of(WEEKS[2]))]


@pytest.mark.parametrize("statement", [
    "UPDATE count_rule SET compliant = compliant + 1 WHERE rowid_of_one",
    "UPDATE count_rule SET waived = waived + 1 WHERE rowid_of_one",
    "UPDATE count_account SET non_compliant = non_compliant - 1 WHERE rowid_of_one",
    "UPDATE count_account SET not_applicable = 1 WHERE rowid_of_one",
    "UPDATE count_environment SET new_findings = new_findings + 1 WHERE rowid_of_one",
    "UPDATE count_environment SET resolved_findings = 7 WHERE rowid_of_one",
    "UPDATE count_environment SET waived = 0 WHERE waived > 0",
    "UPDATE run_scope SET evaluations = evaluations + 1 WHERE rowid_of_one",
    "UPDATE run_scope SET rules_failed = 2 WHERE rowid_of_one",
    "UPDATE run_waiver SET findings = findings + 1 WHERE rowid_of_one",
    "UPDATE run_waiver SET findings_unread = 3 WHERE rowid_of_one",
    "DELETE FROM count_rule WHERE rowid_of_one",
    "DELETE FROM count_environment WHERE rowid_of_one",
    "DELETE FROM run_waiver WHERE findings > 0",
    "INSERT INTO count_account SELECT run_no, 2, 0, 1, 0, 0 FROM run WHERE scan_date = '2026-01-18'",
    "DELETE FROM interval WHERE compliance = 1 AND ended IS NULL",
    "DELETE FROM interval WHERE ended IS NOT NULL",
    "UPDATE interval SET compliance = 2 WHERE compliance = 0",
    "UPDATE interval SET ended = (SELECT max(run_no) FROM run) WHERE ended IS NULL",
    "DELETE FROM accepted",
    "UPDATE waiver SET expires = '2026-01-05'",
    "DELETE FROM run_rule",
])
def test_rollups_that_are_not_what_the_intervals_say(four, statement):
    one = "run_no = (SELECT run_no FROM run WHERE scan_date = '2026-01-11')"
    publish(four, run_sql(statement.replace("rowid_of_one", one)))
    rows = verify(four, expect=1)
    assert {check for check, _ in failed(rows)} == {"rollups"}, rows
    details = [row["detail"] for row in rows if row["state"] == "failed"]
    assert "side kept" in details[0] or "side counted" in details[0]
    assert len(details) <= 20 or re.fullmatch(r"and \d+ more", details[20])


def test_a_row_that_was_lost(four):
    publish(four, run_sql("UPDATE run_shard SET merged = merged - 1"
                          " WHERE run_no = (SELECT min(run_no) FROM run)"))
    rows = verify(four, expect=1)
    assert failed(rows) == [("rows of shards", key_of(WEEKS[3]))]
    row, = [row for row in rows if row["state"] == "failed"]
    assert row["detail"] == f"group_id {WEEKS[0]}, shard_id 01, evaluations 4, accounted_for 3"


def test_a_database_that_is_damaged_though_its_sum_is_right(four):
    def blank_a_page(path):
        data = bytearray(path.read_bytes())
        with sqlite3.connect(path) as db:
            page = db.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'interval'"
                              ).fetchone()[0]
        db.close()
        data[(page - 1) * 4096:page * 4096] = bytes(4096)
        path.write_bytes(data)
    publish(four, blank_a_page)
    assert failed(verify(four, expect=1)) == [("integrity", key_of(WEEKS[3]))]


def test_a_row_that_points_to_nothing(four):
    publish(four, run_sql("DELETE FROM resource WHERE name = 'logs'"))
    assert ("integrity", key_of(WEEKS[3])) in failed(verify(four, expect=1))


@pytest.mark.parametrize("pragma,why", [("application_id = 7", "no history of confhouse"),
                                        ("user_version = 99", "schema version 99")])
def test_a_database_of_another_kind(four, pragma, why):
    def change(path):
        with sqlite3.connect(path) as db:
            db.execute(f"PRAGMA {pragma}")
        db.close()
    publish(four, change)
    rows = verify(four, expect=1)
    assert failed(rows) == [("database", key_of(WEEKS[3]))]
    assert why in [row["detail"] for row in rows if row["state"] == "failed"][0]


def test_latest_json_that_makes_no_sense(four):
    (four.store / "history/latest.json").write_text("{}")
    assert "cannot be understood" in four("history", "verify", expect=1).stderr


# ---- prune: dated copies ----

def copies(cli):
    return sorted(path.name for path in (cli.store / "history").glob("*.db"))


def names(*weeks):
    return sorted(key_of(week)[len("history/"):] for week in weeks)


def prune(cli, *words, expect=0):
    return {row["what"]: row for row in cli.rows("history", "prune", *words, expect=expect)}


def test_prune_tells_what_would_go_and_leaves_it(four):
    before = {path: path.read_bytes() for path in four.store.rglob("*") if path.is_file()}
    rows = prune(four, "--keep-dated", "2", "--max-age", "8d")
    assert {key: row["fate"] for key, row in rows.items()} == {
        key_of(WEEKS[3]): "newest", key_of(WEEKS[2]): "previous", key_of(WEEKS[1]): "would go",
        key_of(WEEKS[0]): "would go", "states that had ended": "would go"}
    assert {path: path.read_bytes() for path in four.store.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize("keep,left", [(1, 2), (2, 2), (3, 3), (4, 4), (9, 4)])
def test_so_many_copies_stay_and_always_the_newest_two(four, keep, left):
    rows = prune(four, "--keep-dated", str(keep), "--yes")
    assert copies(four) == names(*WEEKS[-left:])
    assert sum(row["fate"] == "removed" for row in rows.values()) == 4 - left
    checks = verify(four)
    assert sum(row["state"] == "removed" for row in checks) == 4 - left
    assert failed(checks) == []


def test_what_is_not_part_of_the_chain_stays(four):
    stray = four.store / "history/compliance-2026-01-25.2.db"  # as a merge leaves it before latest
    shutil.copy(four.store / key_of(WEEKS[3]), stray)
    prune(four, "--keep-dated", "1", "--yes")
    assert copies(four) == sorted([*names(*WEEKS[2:]), stray.name])


def test_a_name_is_never_used_again(cli):
    put_week(cli, 3)
    for number in (0, 1, 2):  # each is older, so that each history is named after the newest
        put_week(cli, number)
    assert copies(cli) == ["compliance-2026-01-25.2.db", "compliance-2026-01-25.3.db",
                           "compliance-2026-01-25.4.db", "compliance-2026-01-25.db"]
    prune(cli, "--keep-dated", "1", "--yes")
    (cli.store / "waivers.csv").unlink()
    cli("merge", "--group-id", WEEKS[3])
    assert copies(cli) == ["compliance-2026-01-25.3.db", "compliance-2026-01-25.4.db",
                           "compliance-2026-01-25.5.db"]
    assert failed(verify(cli)) == []


def test_prune_wants_to_know_what(four):
    assert "--keep-dated or --max-age" in four("history", "prune", "--yes", expect=2).stderr
    assert "did you mean 'prune'?" in four("history", "purne", expect=2).stderr
    for bad in ("0", "-1", "x"):
        four("history", "prune", "--keep-dated", bad, expect=2)
    for bad in ("10", "10w", "0d", "101y", "d", "-3d", "1.5y"):
        assert "400d" in four("history", "prune", "--max-age", bad, expect=2).stderr
    assert copies(four) == names(*WEEKS)


# ---- prune: states ----

def answers(db, since, until="9"):
    """All that is told of the runs of a span."""
    told = {}
    for view in ("evaluations", "changes", "rule_coverage", "coverage"):
        told[view] = sorted(map(repr, (tuple(row) for row in db.execute(
            f"SELECT * FROM {view} WHERE group_id >= ? AND group_id < ?", (since, until)))))
    for view in ("findings", "current_evaluations", "last_known_evaluations", "compliance_by_owner"):
        told[view] = sorted(map(repr, (tuple(row) for row in db.execute(f"SELECT * FROM {view}"))))
    return told


def counts(db):
    return {view: sorted(map(repr, (tuple(row) for row in db.execute(f"SELECT * FROM {view}"))))
            for view in ("trend", "compliance_by_environment", "compliance_by_rule",
                         "compliance_by_account", "waivers")}


def intervals(db):
    return db.execute("SELECT count(*) FROM interval").fetchone()[0]


@pytest.mark.parametrize("seed", range(4))
def test_pruned_states_change_no_answer_about_later_runs(cli, seed):
    rng, runs = random_runs(900 + seed, 10)
    for run in runs[:8]:
        for shard in run.shards():
            shard.put(cli.store)
        cli("merge", "--group-id", run.date, expect=None)
    whole = runs[4].date
    days = (date.fromisoformat(runs[7].date) - date.fromisoformat(whole)).days
    with open_history(cli.store) as db:
        before, counted, size = answers(db, whole), counts(db), intervals(db)
    told = prune(cli, "--max-age", f"{days}d", "--yes")["states that had ended"]["states"]
    with open_history(cli.store) as db:
        assert answers(db, whole) == before
        assert counts(db) == counted
        assert intervals(db) == size - told < size
        assert answers(db, "0", whole)["evaluations"] == answers(db, "0", whole)["changes"] == []
        assert [row["pruned"] for row in db.execute("SELECT pruned FROM runs")] == [1] * 4 + [0] * 4
        assert db.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
    rows = verify(cli)
    assert failed(rows) == []
    note, = [row for row in rows if row["check"] == "pruned"]
    assert note["state"] == "note" and whole in note["detail"] and str(told) in note["detail"]
    for run in rng.sample(runs[4:], 6):  # what is whole can be merged, again or anew
        for shard in run.shards():
            shard.put(cli.store)
        cli("merge", "--group-id", run.date, expect=None)
    assert failed(verify(cli)) == []
    with open_history(cli.store) as db:
        found = set(answers(db, whole)["evaluations"])
    full = Cli(cli.folder / "full")
    (full.folder / "store").mkdir(parents=True)
    shutil.copy(cli.store / "waivers.csv", full.store)
    for run in runs:
        for shard in run.shards():
            shard.put(full.store)
        full("merge", "--group-id", run.date, expect=None)
    with open_history(full.store) as db:
        keyless = {row.rsplit(",", 1)[0] for row in answers(db, whole)["evaluations"]}
    assert {row.rsplit(",", 1)[0] for row in found} == keyless


def test_a_run_that_was_pruned_is_told_apart(four):
    prune(four, "--max-age", "8d", "--yes")
    published = latest(four)
    assert published["key"] == key_of(WEEKS[3], 2)
    assert published["previous"]["key"] == key_of(WEEKS[3])
    for words in (["diff", WEEKS[0]], ["export", "--run", WEEKS[1]], ["report", "--run", WEEKS[0]]):
        assert "were pruned" in four(*words, expect=4).stderr
    put_week(four, 0, merge=False)
    said = four("merge", "--group-id", WEEKS[0], expect=2).stderr
    assert f"the history before {WEEKS[2]} was pruned" in said
    assert latest(four) == published
    assert prune(four, "--max-age", "8d").keys() == {key_of(w) for w in WEEKS} | {published["key"]}


def test_nothing_is_old_enough(four):
    before = latest(four)
    assert "states that had ended" not in prune(four, "--max-age", "10y", "--yes")
    assert latest(four) == before
