"""The schema of the history: it says what it is, older versions come up to date, newer ones are
left alone."""
import json
import pathlib
import re
import shutil
import sqlite3
import subprocess

import pytest

from cli_tool import BIN, clean_environment
from shard_files import ROOT, ShardFile, open_history, put_history, put_plan

FIXTURES = ROOT / "tests/fixtures"
VERSIONS = sorted(int(path.stem[len("history_v"):]) for path in FIXTURES.glob("history_v*.sql"))
MIGRATIONS = sorted(int(path.name[:4]) for path in (ROOT / "sql/migrations").glob("*.sql"))
NEWEST = MIGRATIONS[-1]
WEEK = "2026-01-25"


def confhouse(*words, expect=0):
    done = subprocess.run([BIN, *map(str, words)], capture_output=True, text=True, timeout=120,
                          env=clean_environment(), check=False)
    assert done.returncode == expect, done.stdout + done.stderr
    return done


def old_history(path, version):
    with sqlite3.connect(path) as db:
        db.executescript((FIXTURES / f"history_v{version}.sql").read_text())
    db.close()
    return path


def put_week(store):
    shard = ShardFile(WEEK, "01", WEEK)
    shard.scope("111111111111", "eu-west-1", name="payments-prod", rules={
        "OrgConfigRule-s3-versioning-abcd1234": {("AWS::S3::Bucket", "site"): "COMPLIANT",
                                                 ("AWS::S3::Bucket", "logs"): "COMPLIANT"}})
    shard.put(store)
    put_plan(store, WEEK, {"111111111111": "payments-prod"}, "eu-west-1")


@pytest.fixture
def fresh(tmp_path):
    """A history that was born at the newest version."""
    put_week(tmp_path / "fresh")
    confhouse("merge", "--store", tmp_path / "fresh", "--group-id", WEEK)
    with open_history(tmp_path / "fresh") as db:
        yield db


def structure(db):
    """All of the schema but its comments."""
    def bare(sql):
        return sql and re.sub(r"\s+", " ", re.sub(r"--[^\n]*", "", sql))
    return {(row["type"], row["name"]): bare(row["sql"])
            for row in db.execute("SELECT type, name, sql FROM sqlite_schema")}


def told(db, before):
    """Every answer about the runs before that one."""
    views = {"runs": "group_id", "evaluations": "group_id", "changes": "group_id",
             "compliance_by_environment": "group_id", "compliance_by_rule": "group_id",
             "compliance_by_account": "group_id", "trend": "group_id", "coverage": "group_id",
             "rule_coverage": "group_id"}
    answers = {}
    for view, column in views.items():
        rows = db.execute(f"SELECT * FROM {view} WHERE {column} < ?", (before,)).fetchall()
        answers[view] = sorted(json.dumps({k: row[k] for k in row.keys()}, sort_keys=True)
                               for row in rows)
    return answers


def unread_as_null(before):
    """What a run read nothing of was 0 in the trend before version 9, and a change stood there
    whatever had been read."""
    read = {(row["group_id"], row["environment"]) for row in map(json.loads, before["coverage"])
            if row["outcome"] == "scanned"}
    rows = []
    for row in map(json.loads, before["trend"]):
        if (row["group_id"], row["environment"]) not in read:
            row |= dict.fromkeys(("new_findings", "resolved_findings", "open_findings"))
        del row["change"]
        rows.append(json.dumps(row, sort_keys=True))
    return before | {"trend": sorted(rows)}


def only_columns_of(answers, model):
    """More columns may follow those that a view had."""
    kept = {}
    for view, rows in answers.items():
        names = json.loads(model[view][0]).keys()
        kept[view] = sorted(json.dumps({k: v for k, v in json.loads(row).items() if k in names},
                                       sort_keys=True) for row in rows)
    return kept


def test_there_is_a_fixture_of_each_older_version():
    assert VERSIONS == MIGRATIONS[:-1]


@pytest.mark.parametrize("version", VERSIONS)
def test_an_older_history_comes_up_to_date_when_it_is_merged_into(tmp_path, version, fresh):
    old = old_history(tmp_path / "old.db", version)
    with sqlite3.connect(f"file:{old}?mode=ro", uri=True) as db:
        db.row_factory = sqlite3.Row
        before = unread_as_null(told(db, WEEK))
    store = tmp_path / "store"
    put_history(store, old, "2026-01-18", version)
    put_week(store)
    confhouse("merge", "--store", store, "--group-id", WEEK)
    with open_history(store) as db:
        assert db.execute("PRAGMA user_version").fetchone()[0] == NEWEST
        assert db.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
        assert db.execute("PRAGMA foreign_key_check").fetchall() == []
        assert structure(db) == structure(fresh)
        assert all(before.values()) and only_columns_of(told(db, WEEK), before) == before
        assert len(told(db, "9")["runs"]) == len(before["runs"]) + 1


def plans(path):
    with sqlite3.connect(path) as db:
        return db.execute("SELECT * FROM run_plan ORDER BY run_no").fetchall()


def test_plans_and_organizations_of_version_8_are_kept(tmp_path, fresh):
    old = old_history(tmp_path / "old.db", 8)
    with sqlite3.connect(old) as db:
        runs = [run for run, in db.execute("SELECT run_no FROM run ORDER BY 1")]
        told_of = db.execute("SELECT * FROM run_organization").fetchall()
    other = tmp_path / "other.db"  # as version 8 was for a time
    shutil.copy(old, other)
    with sqlite3.connect(other) as db:
        db.executescript((ROOT / "sql/migrations/0009_plans_of_runs.sql").read_text())
        db.execute("DELETE FROM run_plan WHERE run_no = ?", runs[:1])
    assert told_of == [(runs[-1], "o-a1b2c3d4e5", "111111111111")]
    expected = [(run, None, None) for run in runs[:-1]] + told_of
    for path, kept in ((old, expected), (other, expected[1:])):
        store = tmp_path / path.stem
        put_history(store, path, "2026-01-18", 8)
        put_week(store)
        confhouse("merge", "--store", store, "--group-id", WEEK)
        assert plans(store / f"history/compliance-{WEEK}.db")[:-1] == kept
        with open_history(store) as db:
            assert structure(db) == structure(fresh)


@pytest.mark.parametrize("version", VERSIONS)
def test_an_older_history_is_read_and_left_as_it_is(tmp_path, version):
    old = old_history(tmp_path / "old.db", version)
    data = old.read_bytes()
    put_history(tmp_path / "store", old, "2026-01-18", version)
    for where in (["--database", old], ["--store", tmp_path / "store"]):
        done = confhouse("query", "findings", "--format", "json", *where)
        tagged = {"raw", "lost", "otto"} if version >= 7 else set()
        assert {row["resource_id"] for row in json.loads(done.stdout)} == \
            {"site", "tmp", "anna"} | tagged
        confhouse("query", "waivers", *where)
    assert old.read_bytes() == data
    assert (tmp_path / "store/history/compliance-2026-01-18.db").read_bytes() == data
    assert [path.name for path in tmp_path.glob("old.db*")] == ["old.db"]


def test_a_newer_history_is_refused_and_left_as_it_is(tmp_path, fresh):
    del fresh
    store = tmp_path / "fresh"
    latest = json.loads((store / "history/latest.json").read_text())
    newer = tmp_path / "newer.db"
    shutil.copy(store / latest["key"], newer)
    with sqlite3.connect(newer) as db:
        db.execute(f"PRAGMA user_version = {NEWEST + 1}")
    db.close()
    shutil.rmtree(store / "history")
    put_history(store, newer, WEEK, NEWEST + 1)
    before = {path: path.read_bytes() for path in store.rglob("*") if path.is_file()}
    for command in (["merge", "--group-id", WEEK], ["query", "trend"]):
        done = confhouse(*command, "--store", store, expect=1)
        assert f"schema version {NEWEST + 1}" in done.stderr, done.stderr
        assert "newer confhouse" in done.stderr
    assert {path: path.read_bytes() for path in store.rglob("*") if path.is_file()} == before


def undocumented_columns(sql):
    """Those that have no comment on their lines."""
    body = sql[sql.index("(") + 1:sql.rindex(")")]
    column, documented = None, True
    for line in [*body.splitlines(), "    end INTEGER"]:
        begins = re.match(r"    (\w+) (INTEGER|TEXT|REAL|BLOB|ANY)\b", line)
        if begins or re.match(r"    [A-Z]", line):
            if not documented:
                yield column
            column, documented = (begins.group(1), False) if begins else (None, True)
        documented = documented or "-- " in line


def columns_of_view(sql):
    """The text of each, with the comments before and after it; none of SELECT *."""
    texts, comment = [], ""
    for line in sql[sql.index("\nSELECT ") + 1:].splitlines():
        if re.match(r"FROM |SELECT \*", line):
            break
        if re.match(r" {7}-- ", line):
            comment += line
        elif re.match(r" {7}\S|SELECT ", line):
            texts.append(comment + line)
            comment = ""
        else:
            texts[-1] += line
    return texts


def test_every_table_column_and_view_says_what_it_is(fresh):
    schema = fresh.execute("SELECT type, name, sql FROM sqlite_schema WHERE sql IS NOT NULL"
                           " AND type IN ('table', 'view')").fetchall()
    assert {row["type"] for row in schema} == {"table", "view"}
    for row in schema:
        opening = r"[^\n]*\(\n    -- \w" if row["type"] == "table" else r"[^\n]* AS\n-- \w"
        assert re.match(opening, row["sql"]), row["sql"][:200]
        if row["type"] == "table":
            columns = fresh.execute(f"PRAGMA table_info({row['name']})").fetchall()
            assert len(columns) > 0
            assert list(undocumented_columns(row["sql"])) == [], row["name"]
        elif "SELECT *" not in row["sql"]:
            columns = fresh.execute(f"PRAGMA table_info({row['name']})").fetchall()
            texts = columns_of_view(row["sql"])
            assert len(texts) == len(columns), row["name"]
            assert [text for text in texts if "-- " not in text] == [], row["name"]


def test_the_check_of_comments_sees_a_column_without_one():
    sql = ("CREATE TABLE t (\n    -- A thing.\n    a INTEGER, -- one\n    b TEXT,\n"
           "    c TEXT NOT NULL -- three\n        CHECK (c > ''),\n    d REAL,\n"
           "    PRIMARY KEY (a)\n)")
    assert list(undocumented_columns(sql)) == ["b", "d"]


def test_it_opens_without_us(fresh):
    """Nothing in it needs a function, extension or file of ours, and no journal lies beside it."""
    path = pathlib.Path(fresh.execute("PRAGMA database_list").fetchone()["file"])
    views = [row["name"] for row in
             fresh.execute("SELECT name FROM sqlite_schema WHERE type = 'view'")]
    for view in views:
        done = subprocess.run(["sqlite3", path, f"SELECT count(*) FROM {view}"], text=True,
                              capture_output=True, timeout=60, check=True)
        assert re.fullmatch(r"\d+\n", done.stdout)
    assert len(views) >= 14
    assert fresh.execute("PRAGMA journal_mode").fetchone()[0] == "delete"
    assert [p.name for p in path.parent.glob(path.name + "*")] == [path.name]
