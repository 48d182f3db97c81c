"""The events of docs/events.md, as 'confhouse invoke' takes them."""
import json
import pathlib
import re
import subprocess

import pytest

from cli_tool import BIN, Cli, clean_environment

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUCKET, PREFIX = "confhouse", "weekly"


class Function:
    """confhouse invoke with a function's variables, on a bucket of the simulator."""

    def __init__(self, folder, organization):
        self.cli = Cli(folder, organization.env | {
            "REPORT_BUCKET": BUCKET, "REPORT_PREFIX": PREFIX,
            "CONFHOUSE_REGIONS": "eu-west-1,us-east-1"})
        self.folder = folder
        self.s3 = organization.client("s3")
        self.organization = organization
        self.stderr = ""

    def run(self, event, expect=0):
        text = event if isinstance(event, (str, bytes)) else json.dumps(event)
        (self.folder / "event.json").write_bytes(
            text if isinstance(text, bytes) else text.encode())
        done = subprocess.run([BIN, "invoke", "event.json"], cwd=self.folder, text=True,
                              env=clean_environment(self.cli.env), timeout=120, check=False,
                              stdin=subprocess.DEVNULL, capture_output=True)
        assert done.returncode == expect, done.stdout + done.stderr
        self.stderr = done.stderr
        return done

    def __call__(self, event, expect=0):
        return json.loads(self.run(event, expect).stdout)

    def refused(self, event, *names):
        before = self.keys()
        done = self.run(event, expect=2)
        assert done.stdout == ""
        for name in names:
            assert name in done.stderr
        assert self.keys() == before

    def keys(self):
        listed = self.s3.list_objects_v2(Bucket=BUCKET)
        return {one["Key"]: one["LastModified"] for one in listed.get("Contents", [])}


@pytest.fixture
def function(tmp_path, sim):
    organization = sim("--accounts", "4", "--regions", "eu-west-1,us-east-1")
    return Function(tmp_path, organization)


def rule_event(**more):
    return {"version": "0", "id": "89d1a02d", "detail-type": "Scheduled Event",
            "source": "aws.events", "account": "123456789012", "time": "2026-11-22T23:59:59Z",
            "region": "eu-west-1", "resources": ["arn:aws:events:eu-west-1:123456789012:rule/w"],
            "detail": {}} | more


def record(key, name="ObjectCreated:Put", bucket=BUCKET):
    return {"eventVersion": "2.1", "eventSource": "aws:s3", "awsRegion": "eu-west-1",
            "eventTime": "2026-11-22T06:00:00.000Z", "eventName": name,
            "s3": {"s3SchemaVersion": "1.0", "configurationId": "c", "bucket": {"name": bucket},
                   "object": {"key": key, "size": 1, "eTag": "e", "sequencer": "0"}}}


def created(key, bucket=BUCKET, kind="Object Created"):
    return {"version": "0", "id": "x", "detail-type": kind, "source": "aws.s3",
            "account": "123456789012", "time": "2026-11-22T06:00:00Z", "region": "eu-west-1",
            "resources": [f"arn:aws:s3:::{bucket}"],
            "detail": {"version": "0", "bucket": {"name": bucket}, "object": {"key": key},
                       "reason": "PutObject"}}


def test_the_owners_events_are_a_run_without_a_plan(function):
    accounts = [{"account_id": a["Id"], "account_name": a["Name"]}
                for a in function.organization.accounts()]
    for number, some in enumerate((accounts[:1], accounts[1:3], accounts[3:]), start=1):
        answer = function({"accounts": some, "group_id": "2023-10-27", "mode": "batch",
                           "role_name": "OrganizationAccountAccessRole",
                           "shard_id": f"{number:02}"})
        assert answer["scopes_scanned"] == 2 * len(some) and answer["scopes_left"] == 0
    final = function({"group_id": "2023-10-27", "mode": "final"})
    assert (final["scopes_scanned"], final["date"], final["status"]) == (8, "2023-10-27", "ok")
    assert f"{PREFIX}/reports/ConfigRule_2023-10-27.xlsx" in function.keys()


@pytest.mark.parametrize("event", [
    rule_event(),
    rule_event(source="aws.scheduler", detail="{}"),
    {"mode": "run", "time": "2026-11-22T23:59:59Z"},
], ids=["rule", "scheduler", "scheduler with input"])
def test_a_scheduled_run_is_of_the_schedules_day(function, event):
    answer = function(event)
    assert (answer["mode"], answer["group_id"], answer["date"]) == ("run", "2026-11-22", "2026-11-22")
    assert "means nothing here" not in function.stderr


def test_merge_merges_and_does_not_report(function):
    function({"mode": "plan", "time": "2026-11-22T06:00:00Z"})
    function({"mode": "batch", "group_id": "2026-11-22"})
    answer = function({"mode": "merge", "group_id": "2026-11-22"})
    assert answer["mode"] == "merge" and answer["history"] == "history/compliance-2026-11-22.db"
    assert "report" not in answer
    assert not [key for key in function.keys() if "/reports/" in key]


def test_an_empty_event_scans_the_whole_organization(function):
    answer = function("{}")
    assert (answer["mode"], answer["scopes_scanned"]) == ("batch", 8)
    assert function.stderr.count("warning") == 0


def test_an_object_of_a_run_reports_that_run(function):
    function({"mode": "run", "group_id": "2026-11-15"})
    function({"mode": "run", "group_id": "g", "date": "2026-11-22"})
    for event in (
            {"Records": [record("weekly/raw/config-rules-2026-11-15.csv"),
                         record("weekly/history/compliance-2026%2D11-15.db")]},
            created(f"{PREFIX}/raw/config-rules-2026-11-15.csv")):
        answer = function(event)
        assert answer["mode"] == "report" and answer["ignored"] == []
        assert [one["group_id"] for one in answer["reports"]] == ["2026-11-15"]
        assert answer["reports"][0]["report"].endswith("/reports/ConfigRule_2026-11-15.xlsx")
        assert "means nothing here" not in function.stderr
    both = function({"Records": [record("weekly/raw/config-rules-2026-11-22_g.csv"),
                                 record("weekly/history/compliance-2026-11-15.2.db")]})
    assert [one["group_id"] for one in both["reports"]] == ["g", "2026-11-15"]
    function.run(created(f"{PREFIX}/history/compliance-none.db"), expect=4)


def test_other_objects_of_ours_are_ignored_and_named(function):
    function({"mode": "run", "group_id": "2026-11-15"})
    before = function.keys()
    answer = function({"Records": [record("weekly/history/latest.json"),
                                   record("raw/config+rules-2026-11-15.csv"),
                                   record("weekly/raw/config-rules-2026-11-15.csv",
                                          "ObjectRemoved:Delete")]})
    assert answer["reports"] == [] and answer["status"] == "ok"
    assert [one["key"] for one in answer["ignored"]] == [
        f"{PREFIX}/history/latest.json", "raw/config rules-2026-11-15.csv",
        f"{PREFIX}/raw/config-rules-2026-11-15.csv"]
    answer = function({"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": BUCKET,
                       "Time": "2026-11-22T06:00:00.000Z", "RequestId": "x", "HostId": "y"})
    assert answer["reports"] == answer["ignored"] == []
    assert "means nothing here" not in function.stderr
    assert function.keys() == before


BAD = [
    ("[1, 2", "event"),
    (b"\xff\xfe{}", "event"),
    ("[" * 100000, "event"),
    ('{"mode": "' + "x" * (9 << 20) + '"}', "event"),
    ({"mode": 3}, "mode"),
    ({"group_id": "../x"}, "group_id"),
    ({"shard_id": ".x"}, "shard_id"),
    ({"time": "yesterday"}, "time"),
    ({"accounts": [{"account_id": f"{n:012}"} for n in range(100001)]}, "accounts"),
    (rule_event(time=None), "time"),
    ({"detail-type": "Scheduled Events"}, "detail-type"),
    ({"Records": [record("x"), record("a/%2E%2E/raw/config-rules-2026-11-22.csv")]},
     "Records[1].s3.object.key"),
    ({"Records": [record("x", bucket="another")]}, "Records[0].s3.bucket.name"),
    (created("../x"), "detail.object.key"),
    (created("x", bucket="another"), "detail.bucket.name"),
]


def test_a_bad_event_is_refused_by_name_and_nothing_is_written(function):
    for event, name in BAD:
        function.refused(event, name)
    assert function.keys() == {}


def test_unknown_members_are_warned_of(function):
    function({"Event": "s3:TestEvent", "colour": "red"})
    assert "the event's colour means nothing here" in function.stderr


def examples():
    text = (ROOT / "docs" / "events.md").read_text()
    return re.findall(r"```json\n(.*?)```", text, re.DOTALL)


def test_the_examples_of_the_manual_are_taken(function):
    accounts = function.organization.accounts()
    seen = {}
    for text in examples():
        text = text.replace("my-bucket", BUCKET).replace("123456789012", accounts[0]["Id"])
        answer = function(text)
        assert "means nothing here" not in function.stderr
        seen.setdefault(answer["mode"], []).append(answer.get("group_id"))
    assert seen["batch"][0] == seen["final"][0] == "2023-10-27"
    assert seen["run"] == ["2026-11-22", "2026-11-22"] and seen["plan"] == ["2026-11-22"]
    assert len(seen["report"]) == 3
