"""Merging against a model that stores every run whole: random weeks with churn, vanished resources,
denied scopes and failed rules; shards late, repeated, in any order; runs in any order. Every
answer about every run must be what the whole runs say."""
import itertools
import os
import random
import re
import subprocess

import pytest

from shard_files import ROOT, ShardFile, open_history
from view_model import Views, differences

BIN = os.environ.get("CONFHOUSE_BIN", "confhouse")
ACCOUNTS = ["111111111111", "222222222222", "333333333333"]
REGIONS = ["eu-west-1", "us-east-1"]
RULES = ["s3-encrypted", "iam-mfa", "OrgConfigRule-ebs-backup-abcdefgh"]
VERIFY = [(ROOT / "sql/verify" / name).read_text() for name in ("lost_rows.sql", "rollups.sql")]
SPLIT = """SELECT 'state', a.* FROM interval a
           JOIN interval b USING (rule_key, resource_key, mode, compliance) WHERE b.began = a.ended
           UNION ALL
           SELECT 'tag', a.rule_key, a.tag_key, a.began, a.ended, a.value, NULL, NULL
           FROM rule_tag a JOIN rule_tag b USING (rule_key, tag_key, value)
           WHERE b.began = a.ended"""
TAGS = [{}, {"mox.owner": "cem"}, {"mox.owner": "ann", "mox.a": "'x\""}, {"mox.other": "y"},
        {"mox.owner": ""}]
STATES = ["COMPLIANT", "COMPLIANT", "NON_COMPLIANT", "NOT_APPLICABLE"]


def merge(store, group_id, expect=(0, 3)):
    done = subprocess.run([BIN, "merge", "--store", str(store), "--group-id", group_id],
                          capture_output=True, text=True, timeout=120)
    assert done.returncode in expect, done.stdout + done.stderr
    return done


def random_world(rng):
    """(scope, rule, resource) -> state"""
    return {(account, region, rule, ("AWS::S3::Bucket", f"r{i}")): rng.choice(STATES)
            for account in ACCOUNTS for region in REGIONS for rule in RULES
            for i in range(rng.randrange(1, 6))}


def evolve(rng, world):
    for key in list(world):
        roll = rng.random()
        if roll < 0.05:
            del world[key]
        elif roll < 0.3:
            world[key] = rng.choice(STATES)
    for _ in range(rng.randrange(4)):
        key = (rng.choice(ACCOUNTS), rng.choice(REGIONS), rng.choice(RULES),
               ("AWS::S3::Bucket", f"r{rng.randrange(8)}"))
        world[key] = rng.choice(STATES)
    if rng.random() < 0.2:  # a rule vanishes from a scope
        account, region, rule = rng.choice(ACCOUNTS), rng.choice(REGIONS), rng.choice(RULES)
        for key in [k for k in world if k[:3] == (account, region, rule)]:
            del world[key]


class Run:
    """What one run read: scope -> None (not scanned) or rule -> None (failed) or evaluations, which
    are resource -> (state, annotation). Some accounts were scanned twice: `earlier` has what the
    first scan read. Some scopes are not part of it.

    Tags are asked for where a resource is not compliant: `tags` has (the scan, scope) -> resource ->
    its tags, or None when they could not be read.

    Annotations are updated in place, and nothing is kept of what they were: one that was told stays,
    even if something else is told of its run or of an earlier one later on. So only runs in order
    change them, and no account that is scanned twice."""

    def __init__(self, rng, date, world, other_world, in_order):
        self.date = date
        self.notes = ["why", "because", None] if in_order else ["why"]
        self.later, self.earlier = {}, {}
        self.owners = {}  # (the scan, scope, rule) -> its tag
        for account in ACCOUNTS:
            twice = account != ACCOUNTS[1] and rng.random() < 0.4
            for region in REGIONS if account == ACCOUNTS[0] or rng.random() < 0.8 else []:
                if rng.random() < 0.1 and (account, region) != (ACCOUNTS[0], REGIONS[0]):
                    continue
                self.later[account, region] = self.read(rng, world, account, region)
                if twice:
                    self.earlier[account, region] = self.read(rng, other_world, account, region)
        self.names = {account: f"account-{account}" + rng.choice(["", "", "-prod", "-dev"])
                      for account in sorted({account for account, _ in self.later})}
        self.scopes = {scope: self.settle(scope) for scope in self.later}
        self.tags = {}
        for scan in (self.later, self.earlier):
            for scope, rules in scan.items():
                self.tags[id(scan), scope] = self.read_tags(rng, rules or {})
                for rule in (rule for rule, told in (rules or {}).items() if told):
                    self.owners[id(scan), scope, rule] = rng.choice(["ann", "bob", None])

    def read(self, rng, world, account, region):
        if rng.random() < 0.15:
            return None
        rules = {}
        for rule in RULES:
            notes = self.notes if account == ACCOUNTS[1] else ["why"]
            evaluations = {k[3]: (v, rng.choice(notes))
                           for k, v in world.items() if k[:3] == (account, region, rule)}
            if evaluations or rng.random() < 0.5:
                rules[rule] = None if rng.random() < 0.1 else evaluations
        return rules

    def read_tags(self, rng, rules):
        asked = sorted({resource for told in rules.values() for resource, (state, _) in
                        (told or {}).items() if state == "NON_COMPLIANT"})
        tags = {resource: rng.choice(TAGS) for resource in asked if rng.random() < 0.9}
        denied = asked and (not tags or rng.random() < 0.2)
        return dict.fromkeys(asked) | ({} if denied else tags)

    def tags_of(self, scope):
        """Of its resources, as the scan that counts has read them; None = it could read none."""
        if self.scopes.get(scope) is None:
            return None
        told = self.tags[id(self.counting(scope)), scope]
        read = {resource: tags for resource, tags in told.items() if tags is not None}
        return read if read or not told else None

    def counting(self, scope):
        """The scan of it that counts: the later one, if it could."""
        if self.later[scope] is None and self.earlier.get(scope) is not None:
            return self.earlier
        return self.later

    def settle(self, scope):
        """What the scan that counts could not read and the earlier could, is kept."""
        rules, earlier = self.counting(scope)[scope], self.earlier.get(scope)
        if rules is None or earlier is None:
            return rules
        return {rule: earlier.get(rule, {}) if evaluations is None else evaluations
                for rule, evaluations in rules.items()}

    def owner(self, scope, rule):
        """None where it was not read."""
        scan = self.counting(scope)
        if scan[scope] is None or scan[scope].get(rule, {}) is None:
            scan = self.earlier
        return self.owners.get((id(scan), scope, rule))

    def listed(self, scope):
        """Rules that any scan told of."""
        return {*(self.later[scope] or {}), *(self.earlier.get(scope) or {})}

    def says_nothing(self, scope, rule):
        """The scan that counts has read it, and there was insufficient data."""
        return self.counting(scope)[scope].get(rule) == {}

    def shards(self):
        """One for each account and scan."""
        for number, account in enumerate(ACCOUNTS, 1):
            for scan, at in ((self.later, "07:00:00.500Z"), (self.earlier, "07:00:00.250Z")):
                scopes = [scope for scope in scan if scope[0] == account]
                shard = ShardFile(self.date, f"{number:02}{at[9]}", self.date, f"{self.date}T{at}")
                for scope in scopes:
                    self.put_scope(shard, scan, scope)
                if scopes:
                    yield shard

    def put_scope(self, shard, scan, scope):
        if scan[scope] is None:
            shard.scope(*scope, outcome="denied", error_code="AccessDenied", recorder=None,
                        name=self.names[scope[0]])
        else:
            owners = {rule: self.owners.get((id(scan), scope, rule)) for rule in scan[scope]}
            tags = {rule: {"mox.owner": owner, "mox.other": "x"}
                    for rule, owner in owners.items() if owner}
            shard.scope(*scope, scan[scope], name=self.names[scope[0]], tags=tags,
                        resource_tags=self.tags[id(scan), scope])


def observed(run, account, region, rule):
    """None = this run did not read the rule; else its evaluations, {} when it is not listed."""
    rules = run.scopes.get((account, region))
    return None if rules is None else rules.get(rule, {})


# What sheet_owners and sheet_noncompliant say in other words, because these are quicker.
OWNERS = """
SELECT owner, count(DISTINCT rule_group) AS rules, count(DISTINCT account_id) AS accounts,
       sum(compliant) AS compliant, sum(non_compliant) AS non_compliant, sum(waived) AS waived,
       sum(not_applicable) AS not_applicable, min(oldest_finding) AS oldest_finding
FROM (SELECT nullif(owner, '') AS owner, rule_group, account_id, compliant, non_compliant, waived,
             not_applicable, oldest_finding FROM tallies WHERE group_id = :run
      UNION ALL
      SELECT nullif(owner, ''), rule_group, account_id, 0, 0, 0, 0, NULL
      FROM compliance_by_rule_in_scope WHERE group_id = :run)
GROUP BY owner"""
FINDINGS = """
SELECT e.account_id, e.region, e.rule_name, e.resource_type, e.resource_id, nullif(e.owner, '')
           AS owner, w.expires AS waiver_expires
FROM evaluations e LEFT JOIN waiver w USING (waiver_key)
WHERE group_id = :run AND compliance = 'NON_COMPLIANT' AND mode = 'DETECTIVE'"""


def check_sheets(db, group_id):
    for name, sql in (("sheet_owners", OWNERS), ("sheet_noncompliant", FINDINGS)):
        cursor = db.execute(sql, {"run": group_id})
        columns = [column[0] for column in cursor.description]
        expected = sorted(map(repr, map(tuple, cursor)))
        query = (ROOT / f"queries/{name}.sql").read_text(encoding="utf-8")
        params = dict.fromkeys(re.findall(r"^-- param (\w+):", query, re.M))
        rows = db.execute(query, {**params, "group_id": group_id}).fetchall()
        if name == "sheet_owners":  # owners of rules of which none could be read have no figures
            rows = [row for row in rows if row["compliant"] is not None]
        found = sorted(repr(tuple(row[column] for column in columns)) for row in rows)
        assert found == expected, name


def check(store, runs, waived=lambda *finding: None):
    views = Views(sorted(runs, key=lambda r: r.date), waived)
    with open_history(store) as db:
        assert db.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
        assert [tuple(row) for row in db.execute(SPLIT)] == []  # what stays is one row
        assert [tuple(row) for query in VERIFY for row in db.execute(query)] == []
        assert differences(db, views) == []
        for run in runs:
            check_sheets(db, run.date)


def kept_of(store, group_id):
    """What is kept of the shards of a run, of the run itself, and its names."""
    queries = ("SELECT s.* FROM run_shard s JOIN run r USING (run_no) WHERE group_id = ?",
               "SELECT started_at, finished_at, evaluations FROM runs WHERE group_id = ?",
               "SELECT account_id, n.name FROM run_account n JOIN account USING (account_key)"
               " JOIN run r USING (run_no) WHERE group_id = ? AND EXISTS (SELECT 1 FROM run_shard s"
               " JOIN run_scope k USING (run_no) JOIN scope USING (scope_key)"
               " WHERE s.run_no = r.run_no AND k.shard_id = s.shard_id"
               " AND scope.account_key = n.account_key)")
    with open_history(store) as db:
        return [sorted(repr({k: row[k] for k in row.keys() if k != "run_no"})
                       for row in db.execute(query, (group_id,))) for query in queries]


def random_runs(seed, count, in_order=False):
    rng = random.Random(seed)
    world, other_world = random_world(rng), random_world(rng)
    runs = []
    for week in range(count):
        date = f"2026-{week // 4 + 1:02}-{week % 4 * 7 + 1:02}"
        runs.append(Run(rng, date, world, other_world, in_order))
        evolve(rng, world)
    return rng, runs


@pytest.mark.parametrize("seed", range(6))
def test_runs_in_order(tmp_path, seed):
    _, runs = random_runs(seed, 6, in_order=True)
    for number, run in enumerate(runs, 1):
        for shard in run.shards():
            shard.put(tmp_path)
        merge(tmp_path, run.date)
        check(tmp_path, runs[:number])


@pytest.mark.parametrize("seed", range(6))
def test_runs_and_shards_in_any_order_and_again(tmp_path, seed):
    rng, runs = random_runs(100 + seed, 6)
    shuffled = runs[:]
    rng.shuffle(shuffled)
    done = []
    for run in shuffled:
        shards = list(run.shards())
        rng.shuffle(shards)
        shards[0].put(tmp_path)  # the others are late
        merge(tmp_path, run.date)
        for shard in shards[1:]:
            shard.put(tmp_path)
        merge(tmp_path, run.date)
        done.append(run)
        check(tmp_path, done)
        at_once = tmp_path / f"at-once-{run.date}"
        for shard in shards:
            shard.put(at_once)
        merge(at_once, run.date)
        assert kept_of(tmp_path, run.date) == kept_of(at_once, run.date)
        merge(tmp_path, rng.choice(done).date)  # again: changes nothing
        check(tmp_path, done)


# ---- the same shards, however they come


def scan(run, shard_id, finished_at, rules, account=ACCOUNTS[0], name="payments", started=None,
         outcome="scanned"):
    """A shard of one scope; `rules` as ShardFile takes them, None for a shard without any scope."""
    shard = ShardFile(run, shard_id, run, f"{run}T{finished_at}.000Z")
    if started:
        shard.started_at = f"{run}T{started}.000Z"
    if rules is not None:
        shard.scope(account, REGIONS[0], rules, name=name, outcome=outcome,
                    error_code=None if outcome == "scanned" else "AccessDenied")
    return shard


def states(**states):
    return {("AWS::S3::Bucket", name): state for name, state in states.items()}


def crowded_run():
    """Scans of one scope that are superseded wholly and in part, one that could not read a rule,
    one that was denied, and a shard without scopes."""
    run = "2026-01-04"
    bad, good = "NON_COMPLIANT", "COMPLIANT"
    return [
        scan(run, "a", "06:00:00", {"s3": states(x=bad, y=good), "iam": states(u=bad)},
             name="old-name", started="01:00:00"),
        scan(run, "b", "07:00:00", {"s3": states(x=good), "iam": None}, name="payments"),
        scan(run, "c", "05:00:00", {"s3": states(x=good, z=bad)}, name="a-third", started="00:30:00"),
        scan(run, "d", "08:00:00", {}, outcome="denied", name="zz-late"),
        scan(run, "e", "09:00:00", None, started="00:10:00"),
    ]


def whole(store):
    """All that the history tells of runs and shards, and what it keeps: not in which keys, or when
    it was written."""
    with open_history(store) as db:
        tables = {view: sorted(map(repr, map(tuple, db.execute(f"SELECT * FROM {view}"))))
                  for view in ("run_shard", "runs", "coverage", "rule_coverage", "evaluations",
                               "compliance_by_account", "changes", "trend")}
        names = sorted(map(tuple, db.execute(
            "SELECT a.account_id, n.name, n.environment FROM run_account n"
            " JOIN account a USING (account_key)")))
        rules = sorted(map(tuple, db.execute(
            "SELECT name, source_owner, source_identifier FROM rule")))
        assert [tuple(row) for query in VERIFY for row in db.execute(query)] == []
        return tables | {"names": names, "rules": rules}


def test_a_shard_that_is_wholly_superseded_is_recorded(tmp_path):
    early, late = crowded_run()[:2]
    late.put(tmp_path)
    merge(tmp_path, early.group_id)
    early.put(tmp_path)
    merge(tmp_path, early.group_id)
    with open_history(tmp_path) as db:
        assert [row["shard_id"] for row in db.execute("SELECT shard_id FROM run_shard")] == ["a", "b"]
        assert db.execute("SELECT started_at FROM runs").fetchone()[0].endswith("T01:00:00.000Z")


def orders():
    """All orders of the scans; the shard without scopes comes in at each place."""
    for number, order in enumerate(itertools.permutations(range(4))):
        yield order[:number % 5] + (4,) + order[number % 5:]


@pytest.mark.parametrize("order", orders())
def test_the_order_of_shards_changes_nothing(tmp_path, order):
    """One after the other in this order, with a merge after each, against all at once."""
    shards = crowded_run()
    for shard in shards:
        shard.put(tmp_path / "at_once")
    merge(tmp_path / "at_once", shards[0].group_id)
    for number in order:
        shards[number].put(tmp_path / "in_order")
        merge(tmp_path / "in_order", shards[0].group_id)
    assert whole(tmp_path / "in_order") == whole(tmp_path / "at_once")
    before = (tmp_path / "in_order/history/latest.json").read_bytes()
    merge(tmp_path / "in_order", shards[0].group_id)  # it says all of this already
    assert (tmp_path / "in_order/history/latest.json").read_bytes() == before
