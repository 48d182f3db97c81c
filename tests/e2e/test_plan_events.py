"""What a plan leaves for a state machine: shards.json, and where it is."""
import json

import pytest

from cli_tool import Cli

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
