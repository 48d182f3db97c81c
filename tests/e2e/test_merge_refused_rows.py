"""An evaluation that names a resource of another scope is refused, by itself, and hides nothing."""
import gzip
import os
import sqlite3
import subprocess

from shard_files import ShardFile, open_history

BIN = os.environ.get("CONFHOUSE_BIN", "confhouse")
HERE, THERE = "111111111111", "222222222222"


def bucket(name):
    return "AWS::S3::Bucket", name


def merge(store, date, rules, misplaced=()):
    """Two scopes, each with its rules; resources of HERE in `misplaced` become those of THERE."""
    shard = ShardFile(date, "01", date)
    for account in (HERE, THERE):
        shard.scope(account, "eu-west-1", rules[account])
    plain = store / "plain.db"
    shard.write(plain)
    with sqlite3.connect(plain) as db:
        for ours, theirs in misplaced:
            changed = db.execute(
                "UPDATE evaluation SET resource_key = (SELECT resource_key FROM resource"
                " WHERE name = ?) WHERE resource_key = (SELECT resource_key FROM resource"
                " WHERE name = ?)", (theirs, ours)).rowcount
            assert changed == 1
    folder = store / "batches" / date
    folder.mkdir(parents=True)
    (folder / "01.db.gz").write_bytes(gzip.compress(plain.read_bytes()))
    plain.unlink()
    for words in (["merge", "--group-id", date], ["history", "verify"]):
        done = subprocess.run([BIN, words[0], "--store", store, *words[1:]], capture_output=True,
                              text=True, timeout=60, check=False)
        assert done.returncode in (0, 3), done.stdout + done.stderr


def known(store, date):
    with open_history(store) as db:
        return ({tuple(row) for row in db.execute(
            "SELECT account_id, rule_name, resource_id, compliance FROM evaluations"
            " WHERE group_id = ?", (date,))},
            tuple(db.execute("SELECT s.evaluations, s.merged, s.refused FROM run_shard s"
                             " JOIN run USING (run_no) WHERE group_id = ?", (date,)).fetchone()))


def test_of_a_new_rule_and_of_a_known_one(tmp_path):
    first = {HERE: {"r": {bucket("a"): "COMPLIANT", bucket("b"): "COMPLIANT"}},
             THERE: {"r": {bucket("c"): "COMPLIANT"}}}
    merge(tmp_path, "2026-11-01", first)
    assert known(tmp_path, "2026-11-01")[1] == (3, 3, 0)
    second = {HERE: {"r": {bucket("a"): "NON_COMPLIANT", bucket("x"): "COMPLIANT"},
                     "new": {bucket("a"): "COMPLIANT", bucket("y"): "COMPLIANT"}},
              THERE: {"r": {bucket("c"): "COMPLIANT"}}}
    merge(tmp_path, "2026-11-08", second, misplaced=[("x", "c"), ("y", "c")])
    assert known(tmp_path, "2026-11-08") == (
        {(HERE, "r", "a", "NON_COMPLIANT"), (HERE, "new", "a", "COMPLIANT"),
         (THERE, "r", "c", "COMPLIANT")}, (5, 3, 2))  # b is gone: x does not stand for it
