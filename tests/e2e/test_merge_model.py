"""Merging against a model that stores every run whole: random weeks with churn, vanished resources,
denied scopes and failed rules; shards late, repeated, in any order; runs in any order. Every
answer about every run must be what the whole runs say."""
import os
import random
import subprocess

import pytest

from shard_files import ROOT, ShardFile, open_history

BIN = os.environ.get("CONFHOUSE_BIN", "confhouse")
ACCOUNTS = ["111111111111", "222222222222", "333333333333"]
REGIONS = ["eu-west-1", "us-east-1"]
RULES = ["s3-encrypted", "iam-mfa", "OrgConfigRule-ebs-backup-abcdefgh"]
VERIFY = [(ROOT / "sql/verify" / name).read_text() for name in ("lost_rows.sql", "rollups.sql")]
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
    """What one run read: scope -> None (not scanned) or rule -> None (failed) or evaluations. Some
    accounts were scanned twice: `earlier` has what the first scan read."""

    def __init__(self, rng, date, world, other_world):
        self.date = date
        self.later = {}
        self.earlier = {}
        for account in ACCOUNTS:
            twice = rng.random() < 0.3
            for region in REGIONS:
                self.later[account, region] = self.read(rng, world, account, region)
                if twice:
                    self.earlier[account, region] = self.read(rng, other_world, account, region)
        self.scopes = {scope: self.settle(scope) for scope in self.later}

    @staticmethod
    def read(rng, world, account, region):
        if rng.random() < 0.15:
            return None
        rules = {}
        for rule in RULES:
            evaluations = {k[3]: v for k, v in world.items() if k[:3] == (account, region, rule)}
            if evaluations or rng.random() < 0.5:
                rules[rule] = None if rng.random() < 0.1 else evaluations
        return rules

    def settle(self, scope):
        """The later scan counts, but what it could not read and the earlier could, is kept."""
        later, earlier = self.later[scope], self.earlier.get(scope)
        if later is None or earlier is None:
            return earlier if later is None else later
        return {rule: earlier.get(rule, {}) if evaluations is None else evaluations
                for rule, evaluations in later.items()}

    def shards(self):
        """One for each account and scan."""
        for number, account in enumerate(ACCOUNTS, 1):
            for scan, at in ((self.later, "07:00:00.500Z"), (self.earlier, "07:00:00.250Z")):
                if (account, REGIONS[0]) not in scan:
                    continue
                shard = ShardFile(self.date, f"{number:02}{at[9]}", self.date, f"{self.date}T{at}")
                for region in REGIONS:
                    rules = scan[account, region]
                    if rules is None:
                        shard.scope(account, region, outcome="denied", error_code="AccessDenied",
                                    recorder=None)
                    else:
                        shard.scope(account, region, rules)
                yield shard


def observed(run, account, region, rule):
    """None = this run did not read the rule; else its evaluations, {} when it is not listed."""
    rules = run.scopes[account, region]
    return None if rules is None else rules.get(rule, {})


def expected_evaluations(runs):
    """What the view must say: from whole runs, with `since` looked up in them."""
    rows = set()
    for account in ACCOUNTS:
        for region in REGIONS:
            for rule in RULES:
                since = {}
                for run in runs:
                    now = observed(run, account, region, rule)
                    if now is None:
                        continue
                    since = {k: (v, since[k][1] if k in since and since[k][0] == v else run.date)
                             for k, v in now.items()}
                    rows |= {(run.date, account, region, rule, k[1], v, s)
                             for k, (v, s) in since.items()}
    return rows


def expected_changes(runs):
    rows = set()
    for account in ACCOUNTS:
        for region in REGIONS:
            for rule in RULES:
                before, ever = {}, set()
                for number, run in enumerate(runs):
                    now = observed(run, account, region, rule)
                    if now is None:
                        continue
                    for k in set(before) | set(now):
                        old, new = before.get(k), now.get(k)
                        if old == new or number == 0:
                            continue
                        if new == "NON_COMPLIANT":
                            kind = "reopened" if k in ever else "new"
                        elif old == "NON_COMPLIANT":
                            kind = "gone" if new is None else "resolved"
                        else:
                            continue
                        rows.add((run.date, runs[number - 1].date, kind, account, region, rule,
                                  k[1], old, new))
                    ever |= {k for k, v in now.items() if v == "NON_COMPLIANT"}
                    before = now
    return rows


def expected_counts(runs):
    rows = {}
    for run in runs:
        for (account, region), rules in run.scopes.items():
            for evaluations in (rules or {}).values():
                for state in (evaluations or {}).values():
                    row = rows.setdefault((run.date, account), [0, 0, 0])
                    row[["COMPLIANT", "NON_COMPLIANT", "NOT_APPLICABLE"].index(state)] += 1
    return {(date, account, *rows.get((date, account), [0, 0, 0]))
            for date in [r.date for r in runs] for account in ACCOUNTS}


def answers(db):
    rows = lambda sql: {tuple(row) for row in db.execute(sql)}
    return {
        "evaluations": rows("SELECT group_id, account_id, region, rule_name, resource_id,"
                            " compliance, since FROM evaluations"),
        "changes": rows("SELECT group_id, previous_group_id, change, account_id, region,"
                        " rule_name, resource_id, compliance_before, compliance_after"
                        " FROM changes"),
        "accounts": rows("SELECT group_id, account_id, compliant, non_compliant, not_applicable"
                         " FROM compliance_by_account"),
        "coverage": rows("SELECT group_id, account_id, region, outcome, rules_failed,"
                         " last_scanned FROM coverage"),
    }


def check(store, runs):
    runs = sorted(runs, key=lambda r: r.date)
    with open_history(store) as db:
        found = answers(db)
        assert db.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
        faults = [tuple(row) for query in VERIFY for row in db.execute(query)]
        environments = {tuple(r) for r in db.execute(
            "SELECT e.group_id, e.environment, e.non_compliant, t.open_findings"
            " FROM compliance_by_environment e JOIN trend t USING (group_id, environment)")}
        trend = {tuple(r) for r in db.execute(
            "SELECT group_id, sum(new_findings), sum(resolved_findings) FROM trend"
            " GROUP BY group_id")}
    assert faults == []
    assert found["evaluations"] == expected_evaluations(runs)
    changes = expected_changes(runs)
    assert found["changes"] == changes
    assert found["accounts"] == expected_counts(runs)
    assert all(row[2] == row[3] for row in environments)
    assert trend == {(r.date, sum(c[0] == r.date and c[2] in ("new", "reopened") for c in changes),
                      sum(c[0] == r.date and c[2] == "resolved" for c in changes)) for r in runs}
    last = {}
    for run in runs:
        for scope, rules in run.scopes.items():
            if rules is not None:
                last[scope] = run.date
            failed = sum(v is None for v in (rules or {}).values())
            outcome = "denied" if rules is None else "scanned"
            assert (run.date, *scope, outcome, failed, last.get(scope)) in found["coverage"]


def random_runs(seed, count):
    rng = random.Random(seed)
    world, other_world = random_world(rng), random_world(rng)
    runs = []
    for week in range(count):
        runs.append(Run(rng, f"2026-{week // 4 + 1:02}-{week % 4 * 7 + 1:02}", world, other_world))
        evolve(rng, world)
    return rng, runs


@pytest.mark.parametrize("seed", range(6))
def test_runs_in_order(tmp_path, seed):
    _, runs = random_runs(seed, 6)
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
        merge(tmp_path, rng.choice(done).date)  # again: changes nothing
        check(tmp_path, done)
