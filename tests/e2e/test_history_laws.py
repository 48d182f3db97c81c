"""Laws of the history that the model test does not show by itself."""
import contextlib
import json
import os
import shutil
import sqlite3
import subprocess

import pytest

from shard_files import ShardFile, open_history, put_history, put_plan

BIN = os.environ.get("CONFHOUSE_BIN", "confhouse")
RULES = {"s3-encrypted": {("AWS::S3::Bucket", f"bucket-{i}"):
                          ("NON_COMPLIANT" if i % 7 == 0 else "COMPLIANT", f"note {i % 3}")
                          for i in range(200)},
         "iam-mfa": {("AWS::IAM::User", f"user-{i}"): "COMPLIANT" for i in range(50)}}


def merge(store, date, rules, expect=0, **scope):
    ShardFile(date, "01", date).scope("111111111111", "eu-west-1", rules, **scope).put(store)
    return merge_group(store, date, expect)


def merge_group(store, group_id, expect=0):
    done = subprocess.run([BIN, "merge", "--store", str(store), "--group-id", group_id],
                          capture_output=True, text=True, timeout=120)
    assert done.returncode == expect, done.stdout + done.stderr
    return done


def table(store, sql, *values):
    with open_history(store) as db:
        return [tuple(row) for row in db.execute(sql, values)]


def test_what_did_not_change_costs_no_new_and_no_rewritten_row(tmp_path):
    merge(tmp_path, "2026-11-01", RULES)
    before = table(tmp_path, "SELECT * FROM interval ORDER BY 1, 2, 3, 4")
    names = table(tmp_path, "SELECT (SELECT count(*) FROM resource), (SELECT count(*) FROM rule),"
                            " (SELECT count(*) FROM annotation), (SELECT count(*) FROM scope)")
    for date in ("2026-11-08", "2026-11-15"):
        merge(tmp_path, date, RULES)
    assert table(tmp_path, "SELECT * FROM interval ORDER BY 1, 2, 3, 4") == before
    assert table(tmp_path, "SELECT (SELECT count(*) FROM resource), (SELECT count(*) FROM rule),"
                           " (SELECT count(*) FROM annotation), (SELECT count(*) FROM scope)"
                 ) == names
    assert table(tmp_path, "SELECT count(*) FROM evaluations") == [(3 * 250,)]


def forbid_writing(store, *names):
    """The newest history refuses to write a row of these tables: even one that says the same."""
    with open_history(store) as db:
        run, = db.execute("SELECT group_id FROM runs ORDER BY ordinal DESC LIMIT 1").fetchone()
        version, = db.execute("PRAGMA user_version").fetchone()
        path = store / f"history/compliance-{run}.db"
    with contextlib.closing(sqlite3.connect(path)) as db:
        for name in names:
            for action in ("INSERT", "UPDATE", "DELETE"):
                db.execute(f"CREATE TRIGGER no_{action}_{name} AFTER {action} ON {name}"
                           f" BEGIN SELECT raise(ABORT, '{action} of {name}'); END")
        db.commit()
    moved = path.rename(store / "moved.db")
    shutil.rmtree(store / "history")
    put_history(store, moved, run, version)


def test_what_did_not_change_is_not_even_written(tmp_path):
    merge(tmp_path, "2026-11-01", RULES)
    forbid_writing(tmp_path, "interval", "resource", "resource_type", "annotation", "rule_tag",
                   "rule_group", "scope", "account")
    merge(tmp_path, "2026-11-08", RULES)
    changed = {**RULES, "iam-mfa": {**RULES["iam-mfa"],
                                    ("AWS::IAM::User", "user-7"): "NON_COMPLIANT"}}
    assert "UPDATE of interval" in merge(tmp_path, "2026-11-15", changed, expect=1).stderr


def test_one_change_costs_one_row(tmp_path):
    merge(tmp_path, "2026-11-01", RULES)
    rows = table(tmp_path, "SELECT count(*) FROM interval")[0][0]
    changed = {**RULES, "iam-mfa": {**RULES["iam-mfa"],
                                    ("AWS::IAM::User", "user-7"): "NON_COMPLIANT"}}
    merge(tmp_path, "2026-11-08", changed)
    assert table(tmp_path, "SELECT count(*) FROM interval")[0][0] == rows + 1
    assert table(tmp_path, "SELECT change, resource_id FROM changes") == [("new", "user-7")]


def tags_of(owner, read=True):
    asked = [key for key, (state, _) in RULES["s3-encrypted"].items() if state == "NON_COMPLIANT"]
    return {key: {"mox.owner": owner, "mox.team": "blue"} if read else None for key in asked}


def owners(store, group_id):
    return {owner for owner, in table(store, "SELECT owner FROM evaluations WHERE group_id = ?"
                                             " AND compliance = 'NON_COMPLIANT'", group_id)}


def test_tags_that_did_not_change_or_were_not_read_cost_no_row(tmp_path):
    merge(tmp_path, "2026-11-01", RULES, resource_tags=tags_of("ann"))
    before = [table(tmp_path, f"SELECT * FROM {name} ORDER BY 1, 2")
              for name in ("resource_tag_set", "tag", "tag_set")]
    assert [len(rows) for rows in before] == [29, 2, 1]
    merge(tmp_path, "2026-11-08", RULES, resource_tags=tags_of("ann"))
    merge(tmp_path, "2026-11-15", RULES, resource_tags=tags_of(None, read=False))
    merge(tmp_path, "2026-11-22", RULES, resource_tags=tags_of("ann"))
    assert [table(tmp_path, f"SELECT * FROM {name} ORDER BY 1, 2")
            for name in ("resource_tag_set", "tag", "tag_set")] == before
    assert table(tmp_path, "SELECT group_id, tags_read FROM coverage ORDER BY 1") == [
        ("2026-11-01", 1), ("2026-11-08", 1), ("2026-11-15", 0), ("2026-11-22", 1)]
    for group_id in ("2026-11-01", "2026-11-08", "2026-11-15", "2026-11-22"):
        assert owners(tmp_path, group_id) == {"ann"}


def test_a_later_owner_is_none_of_an_earlier_run(tmp_path):
    merge(tmp_path, "2026-11-01", RULES, resource_tags=tags_of("ann"),
          tags={"s3-encrypted": {"mox.owner": "rules"}})
    merge(tmp_path, "2026-11-15", RULES, resource_tags=tags_of("bob"))
    merge(tmp_path, "2026-11-08", RULES, resource_tags=tags_of("", read=True))
    assert [owners(tmp_path, f"2026-11-{day}") for day in ("01", "08", "15")] == [
        {"ann"}, {None}, {"bob"}]
    assert table(tmp_path, "SELECT owner, compliant, non_compliant FROM compliance_by_owner"
                           " ORDER BY 1") == [("", 171 + 50, 0), ("bob", 0, 29)]


def test_what_a_resource_says_of_its_owner_counts_before_what_the_rule_says(tmp_path):
    some = dict(list(tags_of("ann").items())[:9])
    merge(tmp_path, "2026-11-01", RULES, resource_tags=some,
          tags={"s3-encrypted": {"mox.owner": "rules"}})
    assert table(tmp_path, "SELECT owner, count(*) FROM findings GROUP BY 1 ORDER BY 1") == [
        ("ann", 9), ("rules", 20)]


@pytest.mark.parametrize(("told", "kept"), [
    ('{"mox.team": "blue", "mox.owner": "ann"}', {"mox.owner": "ann", "mox.team": "blue"}),
    ('{"mox.owner": "ann", "mox.owner": "bob"}', {"mox.owner": "bob"}),
    ('{"mox.owner": {"x": "ann"}, "mox.n": 1, "": "x", "mox.ok": "y"}', {"mox.ok": "y"}),
    (json.dumps({"k" * 129: "v", "k": "v" * 257, "ok": "v" * 256}), {"ok": "v" * 256}),
    ("7", {}),
])
def test_tags_of_a_shard_are_taken_for_what_they_may_be(tmp_path, told, kept):
    merge(tmp_path, "2026-11-01", RULES,
          resource_tags={key: told for key in tags_of("ann")})
    assert table(tmp_path, "SELECT tags FROM tag_set") == [
        (json.dumps(kept, separators=(",", ":")),)]
    assert dict(table(tmp_path, "SELECT tag_key, value FROM tag")) == kept


def test_tags_that_are_written_in_several_ways_are_the_same(tmp_path):
    ways = ('{"mox.owner":"ann"}', '{ "mox.owner": "ann" }')
    merge(tmp_path, "2026-11-01", RULES,
          resource_tags={key: ways[i % 2] for i, key in enumerate(tags_of("ann"))})
    assert table(tmp_path, "SELECT count(*), (SELECT count(*) FROM tag_set) FROM tag") == [(1, 1)]
    assert set(table(tmp_path, "SELECT owner FROM findings")) == {("ann",)}


def test_a_later_run_changes_no_answer_about_an_earlier_one(tmp_path):
    def answers():
        with open_history(tmp_path) as db:
            return [[tuple(row) for row in db.execute(
                f"SELECT * FROM {view} WHERE group_id = '2026-11-01' ORDER BY 1, 2, 3, 4, 5, 6, 7")]
                for view in ("compliance_by_environment", "compliance_by_rule",
                             "compliance_by_account", "trend", "changes", "coverage", "runs")] + \
                [tuple(row) for row in db.execute(
                    "SELECT rule_name, resource_id, compliance, since FROM evaluations"
                    " WHERE group_id = '2026-11-01' ORDER BY 1, 2")]
    merge(tmp_path, "2026-11-01", RULES)
    before = answers()
    merge(tmp_path, "2026-11-08", {"s3-encrypted": {("AWS::S3::Bucket", "other"): "COMPLIANT"}})
    merge(tmp_path, "2026-11-15", None, expect=3, outcome="denied", error_code="AccessDenied")
    assert answers() == before


def test_merging_an_earlier_run_again_with_other_answers_says_so(tmp_path):
    merge(tmp_path, "2026-11-01", RULES)
    merge(tmp_path, "2026-11-08", RULES)
    again = merge_group(tmp_path, "2026-11-01")
    assert "again" not in again.stderr  # the same: nothing to say
    later = {**RULES, "iam-mfa": {("AWS::IAM::User", "user-1"): "NON_COMPLIANT"}}
    done = merge(tmp_path, "2026-11-01", later, finished_at="2026-11-01T09:00:00.000Z")
    assert "merging 2026-11-01 again changed answers about it" in done.stderr
    assert table(tmp_path, "SELECT compliance FROM evaluations WHERE group_id = '2026-11-01'"
                           " AND resource_id = 'user-1'") == [("NON_COMPLIANT",)]
    assert table(tmp_path, "SELECT compliance FROM evaluations WHERE group_id = '2026-11-08'"
                           " AND resource_id = 'user-1'") == [("COMPLIANT",)]


def test_each_merge_leaves_the_older_dated_histories_alone(tmp_path):
    merge(tmp_path, "2026-11-01", RULES)
    first = (tmp_path / "history/compliance-2026-11-01.db").read_bytes()
    merge(tmp_path, "2026-11-08", RULES)
    merge(tmp_path, "2026-11-01", {}, finished_at="2026-11-01T09:00:00.000Z")
    assert (tmp_path / "history/compliance-2026-11-01.db").read_bytes() == first
    assert sorted(p.name for p in (tmp_path / "history").iterdir() if p.suffix == ".db") == [
        "compliance-2026-11-01.db", "compliance-2026-11-08.2.db", "compliance-2026-11-08.db"]


@pytest.mark.parametrize("planned, outcome, status", [
    (True, ("skipped", "NotPlanned", "2026-11-01"), 0),
    (False, ("missing", "NoPlan", "2026-11-01"), 3),
])
def test_a_scope_that_nobody_tells_of_does_not_vanish(tmp_path, planned, outcome, status):
    """A plan leaves it out on purpose. Without one, its shard may have been lost."""
    def shard(date, *regions, expect=0):
        made = ShardFile(date, "01", date)
        for region in regions:
            made.scope("111111111111", region, RULES)
        made.put(tmp_path)
        if planned:
            put_plan(tmp_path, date, {"111111111111": "one"}, *regions)
        merge_group(tmp_path, date, expect=expect)
    shard("2026-11-01", "eu-west-1", "us-east-1")
    shard("2026-11-08", "eu-west-1", expect=status)
    shard("2026-11-15", "eu-west-1", expect=status)
    for date in ("2026-11-08", "2026-11-15"):
        assert table(tmp_path, "SELECT outcome, error_code, last_scanned FROM coverage WHERE"
                               " group_id = ? AND region = 'us-east-1'", date) == [outcome]
        assert table(tmp_path, "SELECT count(*) FROM changes WHERE group_id = ?", date) == [(0,)]
        assert table(tmp_path, "SELECT complete FROM runs WHERE group_id = ?",
                     date) == [(int(planned),)]
    shard("2026-11-22", "eu-west-1", "us-east-1")
    assert table(tmp_path, "SELECT DISTINCT outcome FROM coverage"
                           " WHERE group_id = '2026-11-22'") == [("scanned",)]
    assert table(tmp_path, "SELECT count(*) FROM findings WHERE since <> '2026-11-01'") == [(0,)]


def test_a_name_that_a_shard_and_the_plan_tell_differently_changes_nothing_twice(tmp_path):
    put_plan(tmp_path, "2026-11-01", {"111111111111": "a"}, "eu-west-1")
    ShardFile("2026-11-01", "01", "2026-11-01").scope("111111111111", "eu-west-1", RULES,
                                                      name="z").put(tmp_path)
    for _ in range(3):
        merge_group(tmp_path, "2026-11-01")
    assert table(tmp_path, "SELECT DISTINCT account_name FROM coverage") == [("a",)]
    assert [p.name for p in (tmp_path / "history").glob("*.db")] == ["compliance-2026-11-01.db"]


def test_a_lost_latest_begins_no_new_history_in_silence(tmp_path):
    merge(tmp_path, "2026-11-01", RULES)
    (tmp_path / "history/latest.json").unlink()
    ShardFile("2026-11-08", "01", "2026-11-08").scope("111111111111", "eu-west-1",
                                                      RULES).put(tmp_path)
    done = merge_group(tmp_path, "2026-11-08", expect=1)
    assert "latest.json is missing" in done.stderr and "compliance-2026-11-01.db" in done.stderr
    asked = subprocess.run([BIN, "query", "runs", "--store", str(tmp_path)],
                           capture_output=True, text=True, timeout=60)
    assert asked.returncode == 1 and "latest.json is missing" in asked.stderr
    merge_group(tmp_path, "2026-11-01")  # its own: as after a merge that was killed
    merge_group(tmp_path, "2026-11-08")
    assert table(tmp_path, "SELECT count(*) FROM runs") == [(2,)]
