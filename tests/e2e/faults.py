"""Merges that are struck in the middle: tests/preload/faults.c before a plain build of confhouse,
and what a store must be whatever happened."""
import concurrent.futures
import contextlib
import hashlib
import json
import os
import pathlib
import shutil
import sqlite3
import subprocess

import pytest

from cli_tool import clean_environment
from shard_files import ShardFile

WRITING = "create,write,resize,sync,name"
FIRST, SECOND = "2026-01-04", "2026-01-11"
VIEWS = ("runs", "evaluations", "changes", "coverage", "rule_coverage", "trend", "findings",
         "compliance_by_environment", "compliance_by_rule", "compliance_by_account")


def plain_binary():
    """confhouse without sanitizers: they and a preloaded library want the same place."""
    path = os.environ.get("CONFHOUSE_PLAIN_BIN") or os.environ.get("CONFHOUSE_BIN", "confhouse")
    binary = pathlib.Path(shutil.which(path) or path)
    library = binary.resolve().parent.parent / "tests/libfaults.so"
    if not library.exists():
        pytest.skip(f"{library} is not built: name a plain build with CONFHOUSE_PLAIN_BIN")
    return str(binary), str(library)


def fault(calls=WRITING, at=0, errno=0, lasts=False, log=None):
    settings = {"FAULTS_CALLS": calls, "FAULTS_AT": str(at), "FAULTS_ERRNO": str(errno),
                "FAULTS_LASTS": str(int(lasts))}
    return settings | ({"FAULTS_LOG": str(log)} if log else {})


def merge(store, group_id, scratch, faults=None, env=None):
    """The finished process. Its scratch folder does not outlive it."""
    binary, library = plain_binary()
    scratch.mkdir(parents=True)
    extra = {"TMPDIR": str(scratch)} | (env or {})
    if faults:
        extra |= faults | {"LD_PRELOAD": library}
    try:
        return subprocess.run([binary, "merge", "--quiet", "--store", str(store),
                               "--group-id", group_id],
                              env=clean_environment(extra), capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, timeout=60, check=False)
    finally:
        shutil.rmtree(scratch)


def count_calls(store, group_id, scratch, calls, env=None):
    """The calls of an undisturbed merge, in order: (kind, name, path, second path)."""
    log = scratch.with_suffix(".log")
    done = merge(store, group_id, scratch, fault(calls, log=log), env)
    assert done.returncode == 0, done.stderr
    lines = log.read_text().splitlines() if log.exists() else []
    log.unlink(missing_ok=True)
    return [tuple(line.split("\t")) for line in lines]


def spread(total, wanted, tail=0):
    """Up to `wanted` of 1 … total, evenly, and each of the last `tail`."""
    step = max(1, total / wanted)
    points = {1 + int(i * step) for i in range(min(wanted, total))}
    return sorted(p for p in points | set(range(total - tail + 1, total + 1)) if 1 <= p <= total)


def side_by_side(check, points):
    """check(point) for each, on as many processors as there are; the first failure is raised."""
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(check, points))


def put_shards(store, group_id, shift, note=""):
    """A small organization: 4 accounts, one a shard. Some evaluations change with `shift`, all
    annotations with `note`."""
    for number in range(1, 5):
        shard = ShardFile(group_id, f"{number:02}", group_id)
        for region in ("eu-west-1", "us-east-1"):
            rules = {}
            for rule in range(4):
                states = {}
                for i in range(12 - (shift and rule == 3)):
                    roll = (i * 7 + rule + number + (shift if i % 5 == 0 else 0)) % 4
                    states["AWS::S3::Bucket", f"bucket-{number}-{i}"] = (
                        ("NON_COMPLIANT", f"because {i} {note}".strip()) if roll == 0
                        else "COMPLIANT")
                rules[f"rule-{rule}"] = states
            shard.scope(f"{number}" * 12, region, rules)
        shard.put(store)


def answers_of(data):
    """What the database says, view by view; it must be sound."""
    with contextlib.closing(sqlite3.connect(":memory:")) as db:
        db.deserialize(data)
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert db.execute("PRAGMA foreign_key_check").fetchall() == []
        return {view: sorted(map(repr, db.execute(f"SELECT * FROM {view}"))) for view in VIEWS}


class Judge:
    """Says of a store whether it holds the old history or the new one: whole, and nothing else.

    `read` gives an object's bytes by key, or None."""

    def __init__(self, read_old, read_new):
        self.known = {}  # SHA-256 of a sound database -> its answers
        self.old, self.new = (self.newest(read) for read in (read_old, read_new))
        assert self.old != self.new

    def answers(self, data):
        sha256 = hashlib.sha256(data).hexdigest()
        if sha256 not in self.known:
            self.known[sha256] = answers_of(data)
        return self.known[sha256]

    def newest(self, read):
        text = read("history/latest.json")
        if text is None:
            return None
        latest = json.loads(text)
        data = read(latest["key"])
        assert len(data) == latest["bytes"]
        assert hashlib.sha256(data).hexdigest() == latest["sha256"]
        before = latest["previous"]
        assert not before or hashlib.sha256(read(before["key"])).hexdigest() == before["sha256"]
        return self.answers(data)

    def __call__(self, read):
        """"old" or "new"."""
        found = self.newest(read)
        assert found in (self.old, self.new)
        return "old" if found == self.old else "new"

    def check_list(self, read, listed):
        """`listed`: the rows of `confhouse history`. What nobody was told of is whole, too."""
        latest = json.loads(read("history/latest.json") or "{}")
        assert [row["key"] for row in listed if row["state"] == "newest"] == (
            [latest["key"]] if latest else [])
        for row in listed:
            assert self.answers(read(row["key"])) in (self.old, self.new)


def in_directory(store):
    """Reads objects of a directory store."""
    def read(key):
        path = pathlib.Path(store) / key
        return path.read_bytes() if path.exists() else None
    return read


def list_history(store, env=None):
    binary, _ = plain_binary()
    done = subprocess.run([binary, "history", "--store", str(store), "--format", "json"],
                          env=clean_environment(env), capture_output=True, text=True,
                          stdin=subprocess.DEVNULL, timeout=60, check=False)
    assert done.returncode in (0, 4), done.stderr
    return json.loads(done.stdout or "[]")
