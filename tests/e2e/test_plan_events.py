"""What a plan leaves for a state machine: shards.json, and where it is."""
import json

import pytest

from cli_tool import Cli
from shard_files import ShardFile

REGIONS = ("--regions", "eu-west-1,us-east-1")
EVENT_BYTES = 256 * 1024


@pytest.fixture
def cli(tmp_path):
    return Cli(tmp_path)


def accounts(count, name="app"):
    return [{"id": f"{number:012d}", "name": f"{name}-{number}"} for number in range(1, count + 1)]


def plan(cli, count, *words, name="app"):
    (cli.folder / "accounts.json").write_text(json.dumps(accounts(count, name)))
    cli("plan", *REGIONS, "--group-id", "g", "--date", "2026-11-22", "--accounts", "accounts.json",
        *words)
    return json.loads((cli.store / "batches/g/shards.json").read_text())


def test_there_is_an_event_for_each_shard(cli):
    events = plan(cli, 60, "--role-name", "reader", "--external-id", "secret-1")
    assert [event["shard_id"] for event in events] == ["01", "02", "03"]
    for event in events:
        assert event["mode"] == "batch" and event["group_id"] == "g"
        assert event["date"] == "2026-11-22" and event["role_name"] == "reader"
        assert event["external_id"] == "secret-1"
        assert event["regions"] == ["eu-west-1", "us-east-1"]
    named = [account["account_id"] for event in events for account in event["accounts"]]
    assert sorted(named) == [account["id"] for account in accounts(60)]
    assert "external_id" not in plan(cli, 60)[0]


def test_an_event_that_would_be_too_large_names_no_accounts(cli):
    """The scanner then finds them in plan.json, by the shard."""
    events = plan(cli, 5000, "--shards", "2", name="n" * 90)
    assert [("accounts" in event, event["shard_id"]) for event in events] == [(False, "01"),
                                                                            (False, "02")]
    planned = json.loads((cli.store / "batches/g/plan.json").read_text())["accounts"]
    assert sum(account["shard_id"] == "01" for account in planned) == 2500
    for event in plan(cli, 5000, "--shards", "4", name="n" * 40):
        assert 100 * 1024 < len(json.dumps(event)) < EVENT_BYTES and len(event["accounts"]) == 1250


def invoke_plan(cli):
    (cli.folder / "accounts.json").write_text(json.dumps(accounts(30)))
    event = json.dumps({"mode": "plan", "group_id": "g", "date": "2026-11-22"})
    (cli.folder / "event.json").write_text(event)
    return json.loads(cli("invoke", *REGIONS, "--accounts", "accounts.json", "event.json").stdout)


def test_the_answer_says_where_the_events_are(cli, sim):
    answer = invoke_plan(cli)
    assert answer["shards"] == ["01", "02"] and answer["bucket"] == ""
    assert answer["items_key"] == "batches/g/shards.json"
    assert answer["results_prefix"] == "batches/g/results"
    simulator = sim("--accounts", "2")
    simulator.client("s3").create_bucket(
        Bucket="confhouse", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    cli.env, cli.store = simulator.env, "s3://confhouse/compliance/weekly"
    answer = invoke_plan(cli)
    assert answer["bucket"] == "confhouse"
    assert answer["items_key"] == "compliance/weekly/batches/g/shards.json"
    assert answer["results_prefix"] == "compliance/weekly/batches/g/results"
    stored = simulator.client("s3").get_object(Bucket="confhouse", Key=answer["items_key"])
    assert [event["shard_id"] for event in json.load(stored["Body"])] == ["01", "02"]
    cli.store = "s3://confhouse"
    assert invoke_plan(cli)["items_key"] == "batches/g/shards.json"


def shards_of(cli, *words):
    cli("plan", *REGIONS, "--group-id", "g", "--date", "2026-11-29", *words)
    planned = json.loads((cli.store / "batches/g/plan.json").read_text())["accounts"]
    return {account["account_id"]: account.get("shard_id") for account in planned}


def calls_of(cli):
    """What each account is worth, from the history's views."""
    found = {}
    for row in cli.rows("query", "--sql", "SELECT account_id, rules, evaluations FROM coverage"):
        found.setdefault(row["account_id"], 1)
        found[row["account_id"]] += 2 + row["rules"] + (row["evaluations"] + 99) // 100
    return found


def test_shards_weigh_what_the_last_run_counted(cli):
    """One account has as many evaluations as all the others."""
    shard = ShardFile("2026-11-22", "01", "2026-11-22")
    for number in range(1, 31):
        buckets = 30000 if number == 20 else 10 * number
        found = {("AWS::S3::Bucket", f"bucket-{i}"): "COMPLIANT" for i in range(buckets)}
        shard.scope(f"{number:012d}", "eu-west-1", {"rule": found})
    shard.put(cli.store)
    cli("merge", "--group-id", "2026-11-22")
    weights = json.loads((cli.store / "history/weights.json").read_text())
    assert weights == {"group_id": "2026-11-22", "calls": calls_of(cli)}
    assert weights["calls"]["000000000020"] == 1 + 2 + 1 + 300
    (cli.folder / "accounts.json").write_text(json.dumps(accounts(31)))
    placed = shards_of(cli, "--accounts", "accounts.json")
    assert [a for a, shard in placed.items() if shard == "01"] == ["000000000020"]
    assert set(placed.values()) == {"01", "02", "03"}
    loads = [sum(weights["calls"].get(a, 5) for a, s in placed.items() if s == shard)
             for shard in ("02", "03")]
    assert abs(loads[0] - loads[1]) <= 6


def test_an_account_that_was_not_read_keeps_its_weight(cli):
    for day, outcome, count in (("2026-11-15", "scanned", 900), ("2026-11-22", "denied", 0)):
        found = {("AWS::S3::Bucket", f"bucket-{i}"): "COMPLIANT" for i in range(count)}
        shard = ShardFile(day, "01", day)
        shard.scope("111111111111", "eu-west-1", {"rule": found} if found else {}, outcome)
        shard.scope("222222222222", "eu-west-1", {})
        shard.put(cli.store)
        cli("merge", "--group-id", day, expect=None)
    weights = json.loads((cli.store / "history/weights.json").read_text())
    assert weights == {"group_id": "2026-11-22",
                       "calls": {"111111111111": 1 + 2 + 1 + 9, "222222222222": 1 + 2}}


def test_damaged_weights_cost_evenness_alone(cli):
    (cli.folder / "accounts.json").write_text(json.dumps(accounts(60)))
    (cli.store / "history").mkdir(parents=True)
    (cli.store / "history/weights.json").write_text("{")
    done = cli("plan", *REGIONS, "--accounts", "accounts.json", "--group-id", "g")
    assert "less even" in done.stderr and "history/weights.json" in done.stderr


def test_a_plan_that_is_made_twice_moves_no_account(cli):
    """The shards may be in the scanners' hands, and the weights may be other ones by now."""
    (cli.folder / "accounts.json").write_text(json.dumps(accounts(60)))
    asked = ("--accounts", "accounts.json")
    first = shards_of(cli, *asked)
    objects = {key: (cli.store / key).read_text() for key in cli.files()}
    assert shards_of(cli, *asked) == first
    assert objects == {key: (cli.store / key).read_text() for key in cli.files()}
    (cli.store / "history").mkdir()
    (cli.store / "history/weights.json").write_text(
        json.dumps({"calls": {f"{n:012d}": n * n for n in range(1, 61)}}))
    assert shards_of(cli, *asked) == first
    (cli.folder / "accounts.json").write_text(json.dumps(accounts(62)))
    grown = shards_of(cli, *asked)
    assert {a: grown[a] for a in first} == first and len(grown) == 62
    events = json.loads((cli.store / "batches/g/shards.json").read_text())
    named = {a["account_id"]: event["shard_id"] for event in events for a in event["accounts"]}
    assert named == grown
    assert len(set(shards_of(cli, *asked, "--shards", "7").values())) == 7


def test_a_run_goes_on_with_the_shards_of_its_plan(cli, sim):
    cli.env = sim("--accounts", "6", "--rules", "3", "--evaluations", "4").env
    placed = shards_of(cli, "--shards", "3")
    cli("scan", *REGIONS, "--group-id", "g", "--shard-id", "02")
    told = cli.rows("run", *REGIONS, "--group-id", "g", "--date", "2026-11-29")[0]
    assert told["scopes_scanned"] == told["scopes_planned"] == 12 and told["shards"] == 3
    planned = json.loads((cli.store / "batches/g/plan.json").read_text())["accounts"]
    assert {account["account_id"]: account["shard_id"] for account in planned} == placed


def test_an_event_is_sent_again_until_nothing_is_left(cli, sim):
    """As the state machine does: each time it asks only for what is left."""
    simulator = sim("--accounts", "24", "--rules", "6", "--evaluations", "5", "--latency-ms", "60")
    cli.env = simulator.env
    shards_of(cli, "--shards", "1")
    event = json.loads((cli.store / "batches/g/shards.json").read_text())[0]
    (cli.folder / "event.json").write_text(json.dumps(event))
    total = len(event["accounts"]) * len(event["regions"])
    left, kept = [], []
    while not left or (left[-1] > 0 and len(left) < 20):
        answer = json.loads(cli("invoke", "event.json", "--deadline", "4s", "--concurrency", "4",
                                expect=None).stdout)
        assert answer["shard_id"] == "01" and answer["scopes"] + answer["scopes_left"] == total
        left.append(answer["scopes_left"])
        kept.append(answer["scopes_kept"])
    assert len(left) > 1 and left[-1] == 0 and answer["status"] == "ok"
    assert left == sorted(left, reverse=True)
    assert kept == [0] + [total - before for before in left[:-1]]
