"""Law 4: the same shards give the same history, row for row, in whatever order and company they are
merged; the list of shards, the run's dates and the names of accounts among it."""
import itertools
import random

import pytest

from cli_tool import Cli
from shard_files import ShardFile, open_history

DATE = "2026-11-22"
ONE, TWO = "111111111111", "222222222222"

SNAPSHOT = {
    "shards": "SELECT * FROM run_shard",
    "runs": "SELECT * FROM runs",
    "accounts": "SELECT a.account_id, k.name, k.environment FROM run_account k"
                " JOIN account a USING (account_key)",
    "scopes": "SELECT a.account_id, s.region, k.outcome, k.rules, k.rules_failed, k.evaluations,"
              " k.finished_at, k.shard_id FROM run_scope k JOIN scope s USING (scope_key)"
              " JOIN account a USING (account_key)",
    "rules": "SELECT a.account_id, s.region, r.name, r.source_identifier, x.outcome, x.read_at,"
             " z.shard_id FROM rule r JOIN scope s USING (scope_key) JOIN account a USING"
             " (account_key) LEFT JOIN run_rule x USING (rule_key) LEFT JOIN rescue z USING (rule_key)",
    "evaluations": "SELECT * FROM evaluations",
    "trend": "SELECT * FROM trend",
    "lost": "SELECT * FROM run_shard"
            " WHERE evaluations <> merged + duplicates + superseded + refused",
}


def snapshot(store):
    with open_history(store) as db:
        told = {name: sorted(map(repr, map(tuple, db.execute(sql))))
                for name, sql in SNAPSHOT.items()}
    assert told["lost"] == []
    return told


def buckets(count, state="COMPLIANT"):
    return {("AWS::S3::Bucket", f"b{i}"): state for i in range(count)}


def shard(shard_id, ended, *scopes):
    """`scopes`: (account, rules or None where it was denied, the account's name)."""
    made = ShardFile(DATE, shard_id, DATE, f"{DATE}T{ended}:00.000Z")
    made.started_at = f"{DATE}T0{int(ended[:2]) - 1}:59:00.000Z"
    for account, rules, name in scopes:
        outcome = {"outcome": "denied", "error_code": "AccessDenied"} if rules is None else {}
        made.scope(account, "eu-west-1", rules, name=name, **outcome)
    return made


def merged(folder, steps):
    """The history after these steps, each some shards that are put, and a merge."""
    folder.mkdir()
    cli = Cli(folder)
    for step in steps:
        for one in step:
            one.put(cli.store)
        cli("merge", "--group-id", DATE, expect=None)
    before = (cli.store / "history/latest.json").read_bytes()
    cli("merge", "--group-id", DATE, expect=None)
    assert (cli.store / "history/latest.json").read_bytes() == before  # again: nothing new
    assert {row["state"] for row in cli.rows("history", "verify")} <= {"ok", "previous"}
    return snapshot(cli.store)


def test_a_shard_that_is_wholly_superseded_is_recorded(tmp_path):
    late = shard("late", "07:00", (ONE, {"r": buckets(3)}, "name-a"))
    early = shard("early", "06:00", (ONE, {"r": buckets(5, "NON_COMPLIANT")}, "name-b"))
    at_once = merged(tmp_path / "once", [[late, early]])
    assert merged(tmp_path / "late", [[late], [early]]) == at_once
    assert merged(tmp_path / "early", [[early], [late]]) == at_once
    assert [row.split("'")[1] for row in at_once["shards"]] == ["early", "late"]
    run, = at_once["runs"]
    assert f"{DATE}T05:59:00.000Z" in run and f"{DATE}T07:00:00.000Z" in run
    assert "'name-b'" in at_once["accounts"][0]


def random_shards(rng):
    """Some scans of two scopes, with rules that fail or vanish, denied scopes, and no scope."""
    shards = [shard("empty", "09:00")]
    for number in range(4):
        scopes = []
        for account in (ONE, TWO):
            rules = {rule: rng.choice([None, {}, buckets(rng.randrange(1, 4)),
                                       buckets(rng.randrange(1, 4), "NON_COMPLIANT")])
                     for rule in ("r", "s", "t") if rng.random() < 0.8}
            if rng.random() < 0.8:
                scopes.append((account, rng.choice([rules, rules, None]), f"name-{number}"))
        shards.append(shard(f"{rng.randrange(10)}-{number}", f"0{rng.randrange(6, 9)}:00",
                            *scopes))
    return shards


@pytest.mark.parametrize("seed", range(8))
def test_every_order_gives_the_same(tmp_path, seed):
    rng = random.Random(seed)
    shards = random_shards(rng)
    at_once = merged(tmp_path / "once", [shards])
    orders = list(itertools.permutations(shards))
    for number, order in enumerate(rng.sample(orders, 12)):
        cut = rng.randrange(1, 5)
        steps = rng.choice([[[one] for one in order], [order[:cut], order[cut:]]])
        assert merged(tmp_path / f"order-{number}", steps) == at_once, \
            [[one.shard_id for one in step] for step in steps]
