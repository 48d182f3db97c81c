"""Shards that are not what a scanner left: each is refused by name, the others are merged, and the
run says so until a good one takes its place."""
import gzip
import os
import re
import sqlite3

import pytest

from cli_tool import Cli
from shard_files import SHARD_APPLICATION_ID, SHARD_SCHEMA_VERSION, ShardFile, open_history

DATE = "2026-11-22"
GOOD, BAD = "111111111111", "222222222222"


@pytest.fixture
def cli(tmp_path):
    (tmp_path / "store").mkdir()
    return Cli(tmp_path)


def shard(shard_id, account, resources=3, group_id=DATE):
    rules = {"s3-encrypted": {("AWS::S3::Bucket", f"bucket-{i}"): ("NON_COMPLIANT", "not so")
                              for i in range(resources)}}
    return ShardFile(group_id, shard_id, DATE).scope(account, "eu-west-1", rules)


def unpacked(cli, resources=3):
    path = cli.folder / "shard.db"
    path.unlink(missing_ok=True)
    shard("02", BAD, resources).write(path)
    return path


def put(cli, data):
    (cli.store / f"batches/{DATE}/02.db.gz").write_bytes(data)


def put_changed(cli, *statements, **pragmas):
    """A shard that was touched by somebody else's SQL."""
    path = unpacked(cli)
    db = sqlite3.connect(path, isolation_level=None)
    for name, value in pragmas.items():
        db.execute(f"PRAGMA {name} = {value}")
    for statement in statements:
        db.execute(statement)
    db.close()
    put(cli, gzip.compress(path.read_bytes()))


def put_header(cli, at, *values):
    """A shard with other bytes in SQLite's header."""
    data = bytearray(unpacked(cli).read_bytes())
    data[at:at + len(values)] = values
    put(cli, gzip.compress(bytes(data)))


def put_other_encoding(cli):
    """The same tables and rows in UTF-16."""
    path, other = unpacked(cli), cli.folder / "other.db"
    other.unlink(missing_ok=True)
    with sqlite3.connect(path) as db:
        dump = "\n".join(db.iterdump())
    db.close()
    db = sqlite3.connect(other)
    db.executescript(f"PRAGMA encoding = 'UTF-16le'; PRAGMA application_id = {SHARD_APPLICATION_ID};"
                     f"PRAGMA user_version = {SHARD_SCHEMA_VERSION}; {dump}")
    db.close()
    put(cli, gzip.compress(other.read_bytes()))


def refusal(cli, *words):
    """Merges a good shard beside the bad one; what is said of the bad one."""
    merged = cli("merge", "--group-id", DATE, *words, "--format", "json", expect=3)
    assert re.search(rf"warning: batches/{DATE}/02\.db\.gz is refused: ", merged.stderr)
    assert "1 shards and 0 rows were refused" in merged.stderr
    rows = cli.rows("query", "gaps")
    row, = [row for row in rows if row["outcome"] == "refused"]
    assert row["name"] == "02" and str(cli.folder) not in row["message"]
    assert "/tmp" not in row["message"]
    with open_history(cli.store) as db:
        accounts = {r[0] for r in db.execute("SELECT DISTINCT account_id FROM evaluations")}
        assert accounts == {GOOD}
    return row["message"]


def text_of(cli):
    """What is left when the shard is mended, but for when and by what path it came about."""
    with open_history(cli.store) as db:
        return [list(map(tuple, db.execute(f"SELECT * FROM {table} ORDER BY 1, 2, 3")))
                for table in ("evaluations", "coverage", "trend", "run_shard", "runs")]


def make_foreign(cli):
    path = cli.folder / "foreign.db"
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE scope (account_id TEXT)")
    db.close()
    put(cli, gzip.compress(path.read_bytes()))


HIDDEN = "'a' || char(0) || 'hidden'"
TEXTS = {  # what is set, and where it is found
    "scope": ["account_name", "error_code", "message"],
    "rule": ["name", "source_owner", "source_identifier", "error_code", "message"],
    "resource": ["name"], "resource_type": ["name"], "annotation": ["text"],
    "rule_tag": ["tag_key", "value"], "tag_set": ["tags"], "info": ["value"]}
KEYS = ["scope", "rule", "resource", "resource_type", "annotation", "tag_set"]


def odd_texts():
    """what -> (statements, words of the refusal)."""
    odd = {}
    for table, columns in TEXTS.items():
        for column in columns:
            for what, value in {"U+0000": HIDDEN, "no UTF-8": "CAST(x'61ff62' AS TEXT)",
                                "10 MB": "'a' || char(0) || hex(zeroblob(5000000))",
                                "a surrogate": "CAST(x'eda080' AS TEXT)"}.items():
                where = f"WHERE rowid = (SELECT min(rowid) FROM {table})"
                where = {"rule_tag": "", "info": "WHERE name = 'version'"}.get(table, where)
                odd[f"{table}.{column}: {what}"] = (
                    [f"UPDATE {table} SET {column} = {value} {where}"], f"^{table} holds")
    for table in KEYS:
        for key in (0, -7):
            odd[f"{table}'s key {key}"] = (
                [f"UPDATE {child} SET {table}_key = {key} WHERE {table}_key = 1"
                 for child in (table, *CHILDREN[table])], f"^{table} holds")
    for time in ("zzz" * 7, "2026-11-22T06:00:00+01:00", "2026-11-22T06:00:00Z", "9" * 24,
                 "2026-13-22T06:00:00.000Z"):
        odd[f"finished_at {time}"] = (
            [f"UPDATE scope SET finished_at = '{time}'"], r"^scope\.finished_at holds|^info holds")
    odd["a hidden finished_at"] = (
        [f"UPDATE scope SET finished_at = '2026-11-22T06:00:00.000Z' || char(0) || 'z'"],
        r"^scope\.finished_at holds")
    odd["a hidden account"] = (
        ["UPDATE scope SET account_id = '222222222222' || char(0) || 'z'"], "^scope holds")
    return odd


CHILDREN = {"scope": ["rule", "resource"], "rule": ["evaluation", "rule_tag"],
            "resource": ["evaluation"], "resource_type": ["resource"],
            "annotation": ["evaluation"], "tag_set": ["resource"]}
NEXT_VERSION = SHARD_SCHEMA_VERSION + 1
BLANK_INFO = "UPDATE info SET value = '{}' WHERE name = '{}'"
TRIGGER = "CREATE TRIGGER t AFTER INSERT ON info BEGIN DELETE FROM scope; END"
BAD_SHARDS = {
    "an empty file": (lambda cli: put(cli, b""), "cut short"),
    "text": (lambda cli: put(cli, b"<html>no such bucket</html>" * 99), "cannot be unpacked"),
    "text, packed": (lambda cli: put(cli, gzip.compress(b"no database " * 999)), "not a database"),
    "nothing, packed": (lambda cli: put(cli, gzip.compress(b"")), "no shard of confhouse"),
    "a database that is not packed": (lambda cli: put(cli, unpacked(cli).read_bytes()),
                                      "cannot be unpacked"),
    "cut short": (lambda cli: put(cli, gzip.compress(unpacked(cli).read_bytes())[:-100]),
                  "cut short"),
    "cut short before it was packed": (
        lambda cli: put(cli, gzip.compress(unpacked(cli, 999).read_bytes()[:-20000])),
        "malformed|damaged"),
    "followed by something": (
        lambda cli: put(cli, gzip.compress(unpacked(cli).read_bytes()) + b"more"),
        "behind its end"),
    "a bit flipped in the packed file": (
        lambda cli: put(cli, flipped(gzip.compress(unpacked(cli).read_bytes()), 1000)),
        "cannot be unpacked"),
    "a database of somebody else": (make_foreign, "no shard of confhouse"),
    "a trigger": (lambda cli: put_changed(cli, TRIGGER), "tables are not those"),
    "a view": (lambda cli: put_changed(cli, "CREATE VIEW v AS SELECT * FROM info"),
               "tables are not those"),
    "a view in a table's place": (
        lambda cli: put_changed(cli, "ALTER TABLE rule_tag RENAME TO other",
                                "CREATE VIEW rule_tag AS SELECT * FROM other"),
        "tables are not those"),
    "one more table": (lambda cli: put_changed(cli, "CREATE TABLE more (x)"),
                       "tables are not those"),
    "one more index": (lambda cli: put_changed(cli, "CREATE INDEX i ON scope (region)"),
                       "tables are not those"),
    "a virtual table": (
        lambda cli: put_changed(cli, "CREATE VIRTUAL TABLE v USING fts5(x)"),
        "tables are not those"),
    "one table less": (lambda cli: put_changed(cli, "DROP TABLE rule_tag"),
                       "tables are not those"),
    "a newer version": (lambda cli: put_changed(cli, user_version=NEXT_VERSION),
                        "newer confhouse"),
    "an older version": (lambda cli: put_changed(cli, "DROP TABLE tag_set", user_version=1),
                         r"older confhouse \(schema version 1\), and has to be scanned again"),
    "no version": (lambda cli: put_changed(cli, user_version=0), "tables are not those"),
    "another run": (lambda cli: put_changed(cli, BLANK_INFO.format("2026-11-15", "group_id")),
                    "shard 02 of the group 2026-11-15"),
    "another shard": (lambda cli: put_changed(cli, BLANK_INFO.format("01", "shard_id")),
                      f"shard 01 of the group {DATE}"),
    "no date": (lambda cli: put_changed(cli, BLANK_INFO.format("soon", "scan_date")), "no dates"),
    "no name": (lambda cli: put_changed(cli, "DELETE FROM info WHERE name = 'shard_id'"),
                "does not say its shard_id"),
    "a value out of range": (
        lambda cli: put_changed(cli, "UPDATE evaluation SET compliance = 9",
                                ignore_check_constraints=1),
        "CHECK constraint"),
    "a name out of range": (
        lambda cli: put_changed(cli, "UPDATE scope SET account_id = '../../../../etc'",
                                ignore_check_constraints=1),
        "CHECK constraint"),
    "a text without end": (
        lambda cli: put_changed(cli, "UPDATE resource SET name = hex(zeroblob(50000))"
                                " || resource_key", ignore_check_constraints=1),
        "CHECK constraint"),
    "tags that are no JSON": (
        lambda cli: put_changed(cli, "INSERT INTO tag_set (tags) VALUES ('{\"mox.owner\": ')"),
        "NOT NULL constraint failed: told_tag_set.tags"),
    "a tag with U+0000 in an escape": (
        lambda cli: put_changed(cli, r"""INSERT INTO tag_set (tags)
                                         VALUES ('{"mox.owner": "a\u0000b"}')"""), "tag_set"),
    "a row that points to nothing": (lambda cli: put_changed(cli, "DELETE FROM rule"),
                                     "points to nothing"),
    "UTF-16": (lambda cli: put_other_encoding(cli), "not in UTF-8"),
    "a schema format that nobody knows": (lambda cli: put_header(cli, 44, 0, 0, 0, 9),
                                          "schema format is 9"),
    "a write-ahead log": (lambda cli: put_header(cli, 18, 2, 2), "file format is 2 and 2"),
    "a file that may only be read": (lambda cli: put_header(cli, 18, 3, 1),
                                     "file format is 3 and 1"),
    "a cache as large as all memory": (lambda cli: put_header(cli, 48, 127, 255, 255, 255),
                                       "a cache of 2147483647 pages"),
    "a zip bomb": (lambda cli: put(cli, gzip.compress(bytes(64 << 20), 1)), "200 times its size"),
}


def test_text_is_checked_as_text(cli):
    """All odd shards in one run: each is refused, and what the good one says is there."""
    shard("01", GOOD).put(cli.store)
    odd = odd_texts()
    for number, (statements, _) in enumerate(odd.values()):
        path = cli.folder / "odd.db"
        path.unlink(missing_ok=True)
        rules = {"s3-encrypted": {("AWS::S3::Bucket", "bucket"): ("NON_COMPLIANT", "not so")}}
        ShardFile(DATE, f"odd-{number:03}", DATE).scope(
            BAD, "eu-west-1", rules, tags={"s3-encrypted": {"team": "x"}},
            resource_tags={("AWS::S3::Bucket", "bucket"): {"team": "x"}}).write(path)
        db = sqlite3.connect(path, isolation_level=None)
        for statement in statements:
            db.execute(statement)
        assert db.total_changes > 0
        db.close()
        (cli.store / f"batches/{DATE}/odd-{number:03}.db.gz").write_bytes(
            gzip.compress(path.read_bytes(), 1))
    cli("merge", "--group-id", DATE, expect=3)
    rows = {row["name"]: row["message"] for row in cli.rows("query", "gaps")
            if row["outcome"] == "refused"}
    wrong = {what: rows.get(f"odd-{number:03}") for number, (what, (_, why))
             in enumerate(odd.items()) if not re.search(why, rows.get(f"odd-{number:03}", ""))}
    assert not wrong
    with open_history(cli.store) as db:
        assert {r[0] for r in db.execute("SELECT account_id FROM evaluations")} == {GOOD}


def flipped(data, at, bit=4):
    return data[:at] + bytes([data[at] ^ bit]) + data[at + 1:]


@pytest.mark.parametrize("what", BAD_SHARDS)
def test_it_is_refused_by_name_and_the_others_are_merged(cli, what):
    make, why = BAD_SHARDS[what]
    shard("01", GOOD).put(cli.store)
    make(cli)
    message = refusal(cli)
    assert re.search(why, message), message
    latest = (cli.store / "history/latest.json").read_bytes()
    assert refusal(cli) == message  # again: the same
    assert (cli.store / "history/latest.json").read_bytes() == latest
    assert {row["state"] for row in cli.rows("history", "verify")} == {"ok"}

    shard("02", BAD).put(cli.store)
    cli("merge", "--group-id", DATE)
    assert cli.rows("query", "gaps") == []
    mended = text_of(cli)
    clean = Cli(cli.folder / "clean")
    for one in (shard("01", GOOD), shard("02", BAD)):
        one.put(clean.folder / "store")
    clean("merge", "--group-id", DATE)
    assert text_of(clean) == mended


def test_a_bit_flipped_anywhere_is_refused_or_does_no_harm(cli):
    data = unpacked(cli, 200).read_bytes()
    shard("01", GOOD).put(cli.store)
    refused = 0
    for at in range(0, len(data), len(data) // 60):
        put(cli, gzip.compress(flipped(data, at), 1))
        done = cli("merge", "--group-id", DATE, expect=None)
        assert done.returncode in (0, 3), done.stderr
        refused += "is refused" in done.stderr
        with open_history(cli.store) as db:
            assert db.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
    assert refused > 5
    for at in (0, 30, 100):  # the magic, the version's field and the first page's kind
        put(cli, gzip.compress(flipped(data, at), 1))
        assert "is refused" in cli("merge", "--group-id", DATE, expect=3).stderr


def test_no_byte_of_the_header_ends_the_merge(cli):
    shard("01", GOOD).put(cli.store)
    bad = 0
    for at in range(100):
        for value in (2, 9, 127, 255):
            path = cli.folder / "header.db"
            path.unlink(missing_ok=True)
            shard(f"h-{at:02}-{value}", BAD).write(path)
            data = bytearray(path.read_bytes())
            bad += data[at] != value
            data[at] = value
            key = cli.store / f"batches/{DATE}/h-{at:02}-{value}.db.gz"
            key.write_bytes(gzip.compress(bytes(data), 1))
    done = cli("merge", "--group-id", DATE, "--format", "json", expect=3)
    refused = [row for row in cli.rows("query", "gaps") if row["outcome"] == "refused"]
    assert 50 < len(refused) < bad and done.stderr.count("is refused: ") == len(refused)
    assert {row["state"] for row in cli.rows("history", "verify")} == {"ok"}
    with open_history(cli.store) as db:
        assert GOOD in {r[0] for r in db.execute("SELECT account_id FROM evaluations")}


def test_one_that_is_larger_than_is_set(cli):
    shard("01", GOOD).put(cli.store)
    shard("02", BAD, resources=20000).put(cli.store)
    assert unpacked(cli, 20000).stat().st_size > 1 << 20
    assert refusal(cli, "--shard-max-size", "1") == "it unpacks to more than 1048576 bytes"
    merged = cli.rows("merge", "--group-id", DATE, "--shard-max-size", "2")
    assert merged[0]["merged"] == 20000 and cli.rows("query", "gaps") == []
    for bad in ("0", "x", "4GiB"):
        assert "shard-max-size" in cli("merge", "--shard-max-size", bad, expect=2).stderr


def test_one_that_was_good_before_and_is_damaged_since(cli):
    shard("01", GOOD).put(cli.store)
    shard("02", BAD).put(cli.store)
    cli("merge", "--group-id", DATE)
    before = text_of(cli)
    put(cli, b"damaged")
    cli("merge", "--group-id", DATE, expect=3)
    row, = cli.rows("query", "gaps")
    assert (row["outcome"], row["name"]) == ("refused", "02")
    assert text_of(cli)[:3] == before[:3]  # what it told stays told
    shard("02", BAD).put(cli.store)
    cli("merge", "--group-id", DATE)
    assert cli.rows("query", "gaps") == [] and text_of(cli) == before


def test_rows_that_name_a_resource_of_another_scope_are_counted_as_refused(cli):
    two = shard("02", BAD).scope("333333333333", "eu-west-1",
                                 {"iam-mfa": {("AWS::IAM::User", "anna"): "COMPLIANT"}})
    path = cli.folder / "shard.db"
    two.write(path)
    with sqlite3.connect(path) as db:
        db.execute("UPDATE evaluation SET resource_key = (SELECT resource_key FROM resource"
                   " WHERE name = 'bucket-1') WHERE rule_key = (SELECT rule_key FROM rule"
                   " WHERE name = 'iam-mfa')")
    db.close()
    shard("01", GOOD).put(cli.store)
    put(cli, gzip.compress(path.read_bytes()))
    done = cli("merge", "--group-id", DATE, "--format", "json", expect=3)
    assert '"merged":6' in done.stdout and '"refused":1,' in done.stdout
    assert "0 shards and 1 rows were refused" in done.stderr


def test_when_none_is_good_nothing_is_published(cli):
    shard("02", BAD).put(cli.store)
    put(cli, b"damaged")
    done = cli("merge", "--group-id", DATE, expect=1)
    assert "02.db.gz is refused" in done.stderr and "none of the 1 shards" in done.stderr
    assert not os.path.exists(cli.store / "history")
