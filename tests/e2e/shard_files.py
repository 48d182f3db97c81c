"""Makes shard files and plans by hand, as a scanner would have left them in a directory store."""
import gzip
import hashlib
import json
import os
import pathlib
import sqlite3

ROOT = pathlib.Path(__file__).resolve().parents[2]
SHARD_APPLICATION_ID = 0x63667368
SHARD_SCHEMA_VERSION = 3
CODES = {"COMPLIANT": 0, "NON_COMPLIANT": 1, "NOT_APPLICABLE": 2}


class ShardFile:
    """One shard under construction. A rule's evaluations are a dict of (type, id) -> state, or
    (state, annotation)."""

    def __init__(self, group_id, shard_id, date, finished_at=None):
        self.group_id, self.shard_id, self.date = group_id, shard_id, date
        self.started_at = f"{date}T05:00:00.000Z"
        self.finished_at = finished_at or f"{date}T06:00:00.000Z"
        self.scopes = []

    def scope(self, account, region, rules=None, outcome="scanned", name=None, finished_at=None,
              error_code=None, recorder="on", tags=None, resource_tags=None):
        """`rules`: name -> evaluations; None as evaluations = the rule is denied; {} = no data.
        `tags`: name -> {key: value}. `resource_tags`: (type, id) -> {key: value}, or None where
        they could not be read; others were not asked for. A text stands as it is."""
        self.scopes.append((account, name or f"account-{account}", region, outcome, rules or {},
                            finished_at or self.finished_at, error_code, recorder, tags or {},
                            resource_tags or {}))
        return self

    def write(self, path):
        """The unpacked file."""
        db = sqlite3.connect(path)
        db.executescript((ROOT / "sql/shard/create.sql").read_text())
        db.execute(f"PRAGMA application_id = {SHARD_APPLICATION_ID}")
        db.execute(f"PRAGMA user_version = {SHARD_SCHEMA_VERSION}")
        info = {"group_id": self.group_id, "shard_id": self.shard_id, "scan_date": self.date,
                "started_at": self.started_at, "finished_at": self.finished_at,
                "version": "test"}
        db.executemany("INSERT INTO info VALUES (?, ?)", info.items())
        for scope in self.scopes:
            self._write_scope(db, scope)
        db.commit()
        db.close()

    @staticmethod
    def _key(db, table, column, value):
        key = f"{table}_key"
        row = db.execute(f"SELECT {key} FROM {table} WHERE {column} = ?", (value,)).fetchone()
        if row:
            return row[0]
        return db.execute(f"INSERT INTO {table} ({column}) VALUES (?)", (value,)).lastrowid

    def _resource(self, db, scope_key, kind, resource):
        type_key = self._key(db, "resource_type", "name", kind)
        db.execute("INSERT OR IGNORE INTO resource (scope_key, resource_type_key, name, wants_tags)"
                   " VALUES (?, ?, ?, 0)", (scope_key, type_key, resource))
        return db.execute(
            "SELECT resource_key FROM resource WHERE scope_key = ? AND resource_type_key = ?"
            " AND name = ?", (scope_key, type_key, resource)).fetchone()[0]

    def _write_scope(self, db, scope):
        (account, name, region, outcome, rules, finished_at, error_code, recorder, tags,
         resource_tags) = scope
        scope_key = db.execute(
            "INSERT INTO scope (account_id, account_name, region, outcome, recorder, error_code,"
            " finished_at, duplicates) VALUES (?, ?, ?, ?, ?, ?, ?, 0)",
            (account, name, region, outcome, recorder, error_code, finished_at)).lastrowid
        for rule, evaluations in rules.items():
            state = ("failed" if evaluations is None else
                     "read" if evaluations else "insufficient_data")
            rule_key = db.execute(
                "INSERT INTO rule (scope_key, name, source_owner, source_identifier, outcome,"
                " error_code) VALUES (?, ?, 'AWS', '', ?, ?)",
                (scope_key, rule, state, "AccessDenied" if state == "failed" else None)).lastrowid
            db.executemany("INSERT INTO rule_tag VALUES (?, ?, ?)",
                           [(rule_key, *tag) for tag in tags.get(rule, {}).items()])
            for (kind, resource), what in (evaluations or {}).items():
                compliance, annotation = what if isinstance(what, tuple) else (what, None)
                resource_key = self._resource(db, scope_key, kind, resource)
                annotation_key = annotation and self._key(db, "annotation", "text", annotation)
                db.execute("INSERT INTO evaluation VALUES (?, ?, 0, ?, ?)",
                           (rule_key, resource_key, CODES[compliance], annotation_key))
        for (kind, resource), told in resource_tags.items():
            resource_key = self._resource(db, scope_key, kind, resource)
            if told is not None and not isinstance(told, str):
                told = json.dumps(told)
            tag_set_key = told and self._key(db, "tag_set", "tags", told)
            db.execute("UPDATE resource SET wants_tags = 1, tag_set_key = ? WHERE resource_key = ?",
                       (tag_set_key, resource_key))

    def put(self, store):
        """Into the store's folder, packed."""
        folder = pathlib.Path(store) / "batches" / self.group_id
        folder.mkdir(parents=True, exist_ok=True)
        plain = folder / f".{self.shard_id}.db"
        self.write(plain)
        packed = gzip.compress(plain.read_bytes(), 1, mtime=0)
        (folder / f"{self.shard_id}.db.gz").write_bytes(packed)
        os.unlink(plain)


def put_plan(store, group_id, accounts, *regions):
    """The plan of a run. `accounts`: id -> name."""
    folder = pathlib.Path(store) / "batches" / group_id
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "plan.json").write_text(json.dumps(
        {"group_id": group_id, "date": group_id, "regions": regions, "shard_count": 1,
         "accounts": [{"account_id": account, "account_name": name, "path": "", "shard_id": "01"}
                      for account, name in sorted(accounts.items())]}))


def open_history(store):
    """The newest history of a directory store, read only."""
    latest = json.loads((pathlib.Path(store) / "history/latest.json").read_text())
    db = sqlite3.connect(f"file:{pathlib.Path(store) / latest['key']}?mode=ro", uri=True)
    db.row_factory = sqlite3.Row
    return db


def put_history(store, path, group_id, schema_version):
    """Publishes a database file as the newest history of a directory store."""
    folder = pathlib.Path(store) / "history"
    folder.mkdir(parents=True)
    data = pathlib.Path(path).read_bytes()
    key = f"history/compliance-{group_id}.db"
    (pathlib.Path(store) / key).write_bytes(data)
    (folder / "latest.json").write_text(json.dumps(
        {"key": key, "bytes": len(data), "sha256": hashlib.sha256(data).hexdigest(),
         "group_id": group_id, "schema_version": schema_version, "previous": None}))
