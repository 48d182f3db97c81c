"""Which way the state machine takes when something fails, and whom it tells: its own definition, with
functions that answer what the test says."""
import json
import re

import pytest

from state_machine import TOPIC, execute, scripted

GROUP = "2026-11-22"
ITEMS = f"batches/{GROUP}/shards.json"
PLAN = {"mode": "plan", "group_id": GROUP, "date": GROUP, "accounts": 2, "shards": ["01", "02"],
        "bucket": "confhouse", "items_key": ITEMS, "results_prefix": f"batches/{GROUP}/results",
        "status": "ok"}
MERGE = {"mode": "merge", "history": f"history/compliance-{GROUP}.db", "status": "ok",
         "scopes_planned": 2, "scopes_scanned": 2, "scopes_denied": 0, "scopes_failed": 0,
         "scopes_missing": 0, "shards_refused": 0}
REPORT = {"mode": "report", "report": "reports/x.xlsx", "status": "ok"}


def scan(shard_id, left=0):
    return {"mode": "batch", "shard_id": shard_id, "scopes": 1, "scopes_scanned": 1,
            "scopes_denied": 0, "scopes_failed": 0, "scopes_left": left, "status": "ok"}


def item(shard_id, **more):
    return {"mode": "batch", "group_id": GROUP, "shard_id": shard_id} | more


class World:
    """A simulator with items, and four functions."""

    def __init__(self, simulator, folder):
        self.simulator = simulator
        self.folder = folder
        self.s3 = simulator.client("s3")
        self.answers = {"plan": {"*": PLAN}, "scan": {"01": scan("01"), "02": scan("02")},
                        "merge": {"*": MERGE}, "report": {"*": REPORT}}
        self.put_items([item("01"), item("02")])

    def put_items(self, items):
        self.s3.put_object(Bucket="confhouse", Key=ITEMS, Body=json.dumps(items).encode())

    def results(self):
        listed = self.s3.list_objects_v2(Bucket="confhouse", Prefix=PLAN["results_prefix"])
        return {row["Key"].rsplit("/", 1)[1]:
                self.s3.get_object(Bucket="confhouse", Key=row["Key"])["Body"].read()
                for row in listed.get("Contents", [])}

    def __call__(self, *faults, event=None, **arguments):
        functions = [scripted(name, answers) for name, answers in self.answers.items()]
        return execute(self.folder, self.simulator, functions, event, faults, **arguments)

    def told(self):
        return [(message["topic_arn"], message["subject"], message["message"])
                for message in self.simulator.messages()]


@pytest.fixture
def world(sim, tmp_path):
    return World(sim("--accounts", "1"), tmp_path)


def fail(function, error, attempts="all", **more):
    return {"function": function, "do": "fail", "type": error, "message": f"about {error}",
            "attempts": attempts} | more


def check_told(world, execution, error, *words):
    """The execution failed with this error, and the topic was told so, once."""
    assert (execution.status, execution.end["error"]) == ("FAILED", error)
    ((topic, subject, message),) = world.told()
    assert topic == TOPIC
    assert subject == "confhouse: the compliance run failed"
    for word in (error, "What to do: ", "arn:aws:states:", *words):
        assert word in message
    assert execution.states()[-2:] == ["Tell of Failure", "Run Failed"]


def test_a_run_that_goes_well(world):
    execution = world()
    assert execution.status == "SUCCEEDED", execution.end
    assert execution.end["output"]["merge"]["scopes_scanned"] == 2
    assert execution.states() == ["Check Input", "Set Time", "Plan", "Scan", "Merge", "Report",
                                  "Run Done"]
    assert world.told() == []  # The reporter tells people; the state machine only of failures.
    results = world.results()
    assert set(results) == {"manifest.json", "SUCCEEDED_0.json"}
    rows = json.loads(results["SUCCEEDED_0.json"])
    assert {json.loads(row["Output"])["answer"]["shard_id"] for row in rows} == {"01", "02"}


@pytest.mark.parametrize("event, is_set", [
    ({"regions": ["eu-west-1"]}, True), ({"mode": "plan", "date": GROUP}, True),
    ({"mode": "plan", "time": "2026-11-22T08:00:00Z"}, False), ({"group_id": "again"}, False)])
def test_a_run_that_says_nothing_of_when_has_the_time_of_its_execution(world, event, is_set):
    (plan,) = world(event=event).invocations("plan")
    time = plan["event"].pop("time", "")
    assert plan["event"] | ({"time": time} if "time" in event else {}) == event
    assert bool(re.fullmatch(r"20\d\d-\d\d-\d\dT[0-9:.]+Z", time) and "time" not in event) == is_set


@pytest.mark.parametrize("mode", ["final", "", 1, None])
def test_an_input_that_asks_for_another_mode_is_refused(world, mode):
    execution = world(event={"mode": mode})
    check_told(world, execution, "InvalidEvent", "mode must be plan")
    assert execution.invocations("plan") == []


@pytest.mark.parametrize("function, step", [
    ("plan", "plan"), ("merge", "merge"), ("report", "report")])
def test_a_function_that_fails_for_good_is_told_of(world, function, step):
    execution = world(fail(function, "AccessDenied"))
    check_told(world, execution, "AccessDenied", f"failed at: {step}\n", "about AccessDenied")
    assert len(execution.invocations(function)) == 1  # Denied is not tried again.
    assert ("Run: not planned yet" in world.told()[0][2]) == (function == "plan")


TRANSIENT = ["Throttled", "ServiceFailed", "NetworkFailed", "BadAnswer", "CredentialsExpired",
             "Lambda.TooManyRequestsException", "Lambda.ServiceException",
             "Lambda.AWSLambdaException", "Lambda.SdkClientException", "Lambda.Unknown",
             "Lambda.ClientExecutionTimeoutException", "Sandbox.Timedout", "Runtime.ExitError"]


def with_shards(world, shards):
    world.put_items([item(shard_id) for shard_id in shards])
    world.answers["plan"]["*"] = PLAN | {"shards": shards}
    world.answers["scan"] = {"*": scan("01")}


def test_what_may_pass_is_tried_again(world):
    with_shards(world, TRANSIENT)
    faults = [fail("scan", error, [1, 2], member="shard_id", value=error) for error in TRANSIENT]
    faults += [fail(name, "Throttled", [1, 2]) for name in ("plan", "merge", "report")]
    execution = world(*faults)
    assert execution.status == "SUCCEEDED", execution.end
    assert execution.map_run() == (len(TRANSIENT), 0)
    shards = [call["event"]["shard_id"] for call in execution.invocations("scan")]
    assert {error: shards.count(error) for error in TRANSIENT} == dict.fromkeys(TRANSIENT, 3)
    for name in ("plan", "merge", "report"):
        assert len(execution.invocations(name)) == 3


def test_trying_again_ends(world):
    most = {"Throttled": 21, "ServiceFailed": 6, "Runtime.ExitError": 3, "AccessDenied": 1}
    with_shards(world, list(most))
    execution = world(*[fail("scan", error, member="shard_id", value=error) for error in most])
    assert execution.map_run() == (4, 4)
    shards = [call["event"]["shard_id"] for call in execution.invocations("scan")]
    assert {error: shards.count(error) for error in most} == most


@pytest.mark.parametrize("function, error, most", [
    ("plan", "Throttled", 13), ("merge", "ServiceFailed", 6), ("report", "Runtime.ExitError", 3)])
def test_a_function_that_never_recovers_is_told_of(world, function, error, most):
    execution = world(fail(function, error))
    check_told(world, execution, error)
    assert len(execution.invocations(function)) == most


def test_a_shard_that_fails_fails_nothing_else(world):
    execution = world(fail("scan", "AccessDenied", member="shard_id", value="02"))
    assert execution.status == "SUCCEEDED"
    assert execution.map_run() == (2, 1)
    assert len(execution.invocations("report")) == 1
    (row,) = json.loads(world.results()["FAILED_0.json"])
    assert row["Error"] == "AccessDenied"
    assert "about AccessDenied" in row["Cause"]


def test_all_shards_that_fail_fail_the_run_when_nothing_can_be_merged(world):
    execution = world(fail("scan", "AccessDenied"), fail("merge", "NothingToDo"))
    assert execution.map_run() == (2, 2)
    check_told(world, execution, "NothingToDo", "no shard was written", f"Run: group_id {GROUP}, date {GROUP}")


def test_a_shard_that_never_ends_is_given_up(world):
    world.answers["scan"]["02"] = scan("02", left=1)
    execution = world()
    assert execution.status == "SUCCEEDED"
    assert execution.map_run() == (2, 1)
    events = [call["event"] for call in execution.invocations("scan")]
    assert events.count(item("02")) == 8
    assert events.count(item("01")) == 1
    assert json.loads(world.results()["FAILED_0.json"])[0]["Error"] == "ScopesLeft"


def test_a_killed_function_is_a_runtime_that_exited(world):
    kill = {"function": "merge", "do": "kill", "after_ms": 0, "attempts": [1]}
    execution = world(kill)
    assert execution.status == "SUCCEEDED"
    assert [call["error"] for call in execution.invocations("merge")] == ["Runtime.ExitError", None]


@pytest.mark.parametrize("body", [b"", b"{}", b"[", None])
def test_items_that_cannot_be_read_are_told_of(world, body):
    if body is None:
        world.s3.delete_object(Bucket="confhouse", Key=ITEMS)
    else:
        world.s3.put_object(Bucket="confhouse", Key=ITEMS, Body=body)
    check_told(world, world(), "States.ItemReaderFailed", f"Run: group_id {GROUP}, date {GROUP}")


def test_results_that_cannot_be_written_do_not_cost_the_run(world):
    world.answers["plan"]["*"] = PLAN | {"results_prefix": "x" * 1100}
    execution = world()
    assert execution.status == "SUCCEEDED", execution.end
    assert execution.end["output"]["scan"]["Error"] == "States.ResultWriterFailed"
    assert len(execution.invocations("report")) == 1


def test_hundreds_of_shards_stay_small_between_states(world):
    shards = [f"{number:02}" for number in range(1, 301)]
    with_shards(world, shards)
    world.answers["scan"] = {"*": scan("01") | {"first_gaps": ["x" * 2000]}}
    execution = world()
    assert execution.status == "SUCCEEDED", execution.end
    assert execution.map_run() == (300, 0)
    assert len(json.dumps(execution.end["output"])) < 2000


def test_an_item_may_have_nearly_256_kib(world):
    # Beside the event a child holds its counter and the scanner's answer.
    world.put_items([item("01", role_name="x" * (255 * 1024))])
    assert world().status == "SUCCEEDED"


def test_an_item_that_is_too_large_fails_what_no_catch_sees(world):
    world.put_items([item("01", role_name="x" * (256 * 1024))])
    execution = world()
    assert (execution.status, execution.end["error"]) == ("FAILED", "States.DataLimitExceeded")
    assert world.told() == []
