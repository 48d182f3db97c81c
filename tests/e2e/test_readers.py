"""Other programs read a published history: SQLite 3.35 (sql.js 1.5.0) opens the file itself, and
DuckDB makes its tables and views. Every view says there what it says here."""
import json
import math
import shutil
import sqlite3
import subprocess

import pytest

from cli_tool import Cli
from shard_files import ROOT, ShardFile, open_history, put_history, put_plan

TOOLS = ROOT / "tests/readers"
TYPES = {"INTEGER": "BIGINT", "TEXT": "VARCHAR", "REAL": "DOUBLE"}
WAIVERS = """account,region,rule,resource,reason,owner,expires
,,s3-encrypted,b1,known,ann,2026-12-01
,,s3-encrypted,b2,known,bob,2026-12-22
,,iam-mfa,nobody,unused,ann,2027-06-30
,,s3-encrypted,b3,was known,ann,2026-11-01
"""


def node(script, *words, text=None):
    assert (TOOLS / "node_modules").is_dir(), "run scripts/install-deps, or `npm ci` in tests/readers"
    done = subprocess.run(["node", TOOLS / script, *map(str, words)], input=text, timeout=120,
                          capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def put_weeks(store):
    """Findings that open, stay, are accepted and end; a denied scope, a failed rule, tags."""
    states = [["NON_COMPLIANT"] * 5, ["NON_COMPLIANT"] * 3 + ["COMPLIANT"] * 2,
              ["COMPLIANT"] + ["NON_COMPLIANT"] * 4]
    (store / "waivers.csv").write_text(WAIVERS)
    dates = ["2026-10-25", "2026-11-22", "2026-11-29"]
    for date, told in zip(dates, states):
        buckets = {("AWS::S3::Bucket", f"b{i}"): (state, "why" if i % 2 else None)
                   for i, state in enumerate(told)}
        one = ShardFile(date, "01", date)
        one.scope("111111111111", "eu-west-1", {"s3-encrypted": buckets, "iam-mfa": {},
                                                "other": None if date == dates[1] else
                                                {("AWS::IAM::User", "ann's"): "NOT_APPLICABLE"}},
                  name="pay-prod", tags={"s3-encrypted": {"mox.owner": "cem"}},
                  resource_tags={("AWS::S3::Bucket", "b1"): {"mox.owner": "ann"}})
        one.scope("222222222222", "eu-west-1", {"s3-encrypted": buckets}, name="lab-dev",
                  **({"outcome": "denied", "error_code": "AccessDenied"} if date == dates[2] else {}))
        one.put(store)
        put_plan(store, date, {"111111111111": "pay-prod", "222222222222": "lab-dev"}, "eu-west-1")
    return dates


@pytest.fixture(scope="module")
def history(tmp_path_factory):
    """A history that was born at the newest version."""
    folder = tmp_path_factory.mktemp("readers")
    cli = Cli(folder)
    cli.store.mkdir()
    for date in put_weeks(cli.store):
        cli("merge", "--group-id", date, expect=None)
    return cli.store / json.loads((cli.store / "history/latest.json").read_text())["key"]


@pytest.fixture(scope="module")
def migrated(tmp_path_factory):
    """One that came up to date from the version before, by a merge that added nothing else new."""
    folder = tmp_path_factory.mktemp("migrated")
    cli = Cli(folder)
    cli.store.mkdir()
    old = folder / "old.db"
    with sqlite3.connect(old) as db:
        db.executescript((ROOT / "tests/fixtures/history_v10.sql").read_text())
    db.close()
    put_history(cli.store, old, "2026-01-18", 10)
    ShardFile("2026-01-25", "01", "2026-01-25").scope(
        "111111111111", "eu-west-1", {"r": {("AWS::S3::Bucket", "site"): "NON_COMPLIANT"}}).put(cli.store)
    cli("merge", "--group-id", "2026-01-25", expect=None)
    return cli.store / json.loads((cli.store / "history/latest.json").read_text())["key"]


@pytest.fixture(params=["history", "migrated"])
def either(request):
    return request.getfixturevalue(request.param)


def schema_of(path, kind):
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as db:
        return dict(db.execute("SELECT name, sql FROM sqlite_schema WHERE type = ? AND name NOT LIKE"
                               " 'sqlite_%' ORDER BY rowid", (kind,)).fetchall())


def plain(value):
    if isinstance(value, bool):
        return f"{value}"  # a number is wanted
    if isinstance(value, (int, float)):
        return float(f"{value:.12g}")
    # whole numbers of 64 bits and sums come as texts from DuckDB
    return float(value) if isinstance(value, str) and value.isdigit() and len(value) < 12 else value


def rows(cursor):
    return sorted(repr(tuple(map(plain, row))) for row in cursor)


def said_here(path, views):
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as db:
        return {view: rows(db.execute(f"SELECT * FROM {view}")) for view in views}


def test_an_older_sqlite_opens_it_and_answers_every_view(either):
    views = list(schema_of(either, "view"))
    queries = ["SELECT sqlite_version()", "PRAGMA integrity_check",
               *(f"SELECT * FROM {view}" for view in views)]
    version, checked, *told = node("sqlite.mjs", either, *queries)
    assert version == [["3.35.0"]] and checked == [["ok"]] and len(views) >= 16
    here = said_here(either, views)
    assert {view: rows(found) for view, found in zip(views, told)} == here
    assert all(here[view] for view in ("findings", "changes", "trend", "coverage"))


def test_duckdb_makes_every_view(either):
    views = schema_of(either, "view")
    with sqlite3.connect(f"file:{either}?mode=ro", uri=True) as db:
        tables, data = [], {}
        for name in schema_of(either, "table"):
            columns = ", ".join(f'"{column[1]}" {TYPES[column[2]]}'
                                for column in db.execute(f"PRAGMA table_info({name})"))
            tables.append(f'CREATE TABLE "{name}" ({columns})')
            data[name] = db.execute(f"SELECT * FROM {name}").fetchall()
    told = node("duckdb.mjs", text=json.dumps({
        "schema": {"tables": tables, "views": list(views.values())}, "tables": data,
        "queries": [f"SELECT * FROM {view}" for view in views]}))
    assert told["failed"] == []
    assert {view: rows(told["answers"][f"SELECT * FROM {view}"]) for view in views} == \
        said_here(either, views)


def test_nothing_in_it_is_newer_than_sqlite_3_34(either):
    for sql in [*schema_of(either, "table").values(), *schema_of(either, "view").values()]:
        words = sql.split(") STRICT")
        assert len(words) == 1 and " -> " not in sql and "->>" not in sql


@pytest.mark.parametrize("table, column, value", [
    ("run", "group_id", b"x"), ("interval", "began", "soon"), ("run_scope", "message", b"x"),
    ("run_shard", "merged", 1.5), ("count_rule", "compliant", None)])
def test_values_of_another_type_are_still_refused(either, tmp_path, table, column, value):
    copy = shutil.copy(either, tmp_path / "copy.db")
    with sqlite3.connect(copy) as db, pytest.raises(sqlite3.IntegrityError):
        db.execute(f"UPDATE {table} SET {column} = ?", (value,))


def test_days_are_counted_as_calendars_do(history):
    """Around leap days and the turns of years and months."""
    pairs = [("2024-02-28", "2024-03-01"), ("2026-01-31", "2026-03-02"), ("1999-12-31", "2000-01-01"),
             ("2026-11-22", "2026-12-22"), ("2000-02-29", "2000-03-30"), ("2096-02-29", "2096-03-01")]
    view = schema_of(history, "view")["waivers"]
    day = view[view.index("367 *"):view.index(" AS day")].replace("scan_date", "?1")
    with sqlite3.connect(":memory:") as db:
        for begin, end in pairs:
            first, last = (db.execute(f"SELECT {day}", (date,)).fetchone()[0] for date in (begin, end))
            days = db.execute("SELECT julianday(?) - julianday(?)", (end, begin)).fetchone()[0]
            assert math.isclose(last - first, days), (begin, end)
    with open_history(history.parents[1]) as db:
        states = {tuple(row) for row in db.execute(
            "SELECT resource, state FROM waivers WHERE group_id = '2026-11-22' AND line IS NOT NULL")}
        assert states == {("b1", "expiring"), ("b2", "expiring"), ("nobody", "unused"),
                          ("b3", "expired")}
