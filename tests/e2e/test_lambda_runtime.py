"""The custom runtime: what it asks the Runtime API, what it answers, logs and counts, and how it
ends. Events themselves are tested with 'confhouse invoke'."""
import json
import re
import signal
import time

import pytest

from conftest import SECRET
from lambda_tool import BUCKET, Recorder, function
from runtime_api import TRACE, RuntimeApi

ACCOUNTS = ("--accounts", 3, "--rules", 3, "--regions", "eu-west-1", "--seed", 5)
GROUP = "2026-02-01"


def environment(simulator, **more):
    return simulator.env | {"REPORT_BUCKET": BUCKET, "CONFHOUSE_REGIONS": "eu-west-1"} | more


def keys(simulator):
    listed = simulator.client("s3").list_objects_v2(Bucket=BUCKET)
    return [item["Key"] for item in listed.get("Contents", [])]


def wait_until(condition, limit_s=30):
    """True once `condition()` holds; False when it does not within the limit."""
    until = time.monotonic() + limit_s
    while time.monotonic() < until:
        if condition():
            return True
        time.sleep(0.02)
    return False


def answer_of(outcome):
    assert outcome is not None, "the function did not answer"
    assert outcome.kind == "response", outcome.text
    return outcome.body


def error_of(outcome):
    """The type of an error, which stands in the body and in the header."""
    assert outcome is not None, "the function did not answer"
    assert outcome.kind == "error", outcome.text
    body = outcome.body
    assert set(body) == {"errorMessage", "errorType", "stackTrace"}
    assert body["stackTrace"] == [] and body["errorMessage"]
    assert outcome.headers["Lambda-Runtime-Function-Error-Type"] == body["errorType"]
    assert not body["errorType"].startswith("States.")
    return body["errorType"]


# --- Modes ---------------------------------------------------------------------------------------

def test_the_handler_gives_the_mode_of_an_event_that_names_none(sim, tmp_path):
    simulator = sim(*ACCOUNTS)
    steps = [("plan", "plan"), ("scan", "batch"), ("merge", "merge"), ("report", "report"),
             ("run", "run"), ("lambda_function.lambda_handler", "batch")]
    for handler, mode in steps:
        with function(tmp_path / mode, environment(simulator), handler) as (api, process):
            answer = answer_of(api.invoke({"group_id": GROUP}))
            assert (answer["mode"], answer["status"], answer["group_id"]) == (mode, "ok", GROUP)
        assert process.leftovers() == []
    found = keys(simulator)
    for key in (f"batches/{GROUP}/plan.json", f"batches/{GROUP}/01.db.gz",
                f"history/compliance-{GROUP}.db", f"reports/ConfigRule_{GROUP}.xlsx"):
        assert key in found


def test_the_mode_that_an_event_names_wins(sim, tmp_path):
    simulator = sim(*ACCOUNTS)
    with function(tmp_path, environment(simulator), "report") as (api, _):
        for mode in ("plan", "batch", "final", "merge", "report", "run"):
            answer = answer_of(api.invoke({"mode": mode, "group_id": GROUP}))
            assert (answer["mode"], answer["status"]) == (mode, "ok")


def test_a_schedule_means_a_run_or_a_plan_as_the_function_is_configured(sim, tmp_path):
    simulator = sim(*ACCOUNTS)
    event = {"source": "aws.events", "detail-type": "Scheduled Event", "detail": {},
             "time": "2026-02-01T23:59:58Z"}
    for handler, mode in (("plan", "plan"), ("run", "run")):
        with function(tmp_path / mode, environment(simulator), handler) as (api, _):
            answer = answer_of(api.invoke(event))
            assert (answer["mode"], answer["group_id"]) == (mode, "2026-02-01")


def test_a_partial_result_is_a_response(sim, tmp_path):
    simulator = sim(*ACCOUNTS)
    denied = simulator.accounts()[1]["Id"]
    simulator.control(deny=denied)
    with function(tmp_path, environment(simulator)) as (api, process):
        answer = answer_of(api.invoke({"group_id": GROUP}))
        assert (answer["status"], answer["scopes_denied"], answer["scopes_scanned"]) == \
            ("partial", 1, 2)
        answer_of(api.invoke({"mode": "plan", "group_id": GROUP}))
    assert any(line["level"] == "WARN" and "1 were denied" in line["message"]
               for line in process.logs())
    assert all(line["Errors"] == 0 for line in process.metrics())


def test_the_deadline_is_lambdas(sim, tmp_path):
    simulator = sim("--accounts", 20, "--rules", 8, "--regions", "eu-west-1")
    with function(tmp_path, environment(simulator, CONFHOUSE_CONCURRENCY="2")) as (api, _):
        plan = answer_of(api.invoke({"mode": "plan", "group_id": GROUP}))
        scopes = plan["scopes_planned"]
        simulator.control(latency_ms=100)
        batch = {"group_id": GROUP, "shard_id": "01"}
        answer = answer_of(api.invoke(batch, timeout_s=4))
        assert answer["scopes_left"] > 0
        assert answer["scopes_left"] + answer["scopes_scanned"] == scopes
        simulator.control(latency_ms=0)
        answer = answer_of(api.invoke(batch))
        assert (answer["scopes_left"], answer["scopes_scanned"]) == (0, scopes)


# --- Errors --------------------------------------------------------------------------------------

@pytest.mark.parametrize("event, error_type, member", [
    (b"{", "InvalidEvent", "JSON"),
    (b"", "InvalidEvent", "JSON"),
    (b"[1]", "InvalidEvent", "event"),
    (b"\xff\xfe", "InvalidEvent", "JSON"),
    (b"[" * 100000, "InvalidEvent", "JSON"),
    (b"{\"group_id\": \"" + b"a" * (9 << 20) + b"\"}", "InvalidEvent", "bytes"),
    ({"mode": "all"}, "InvalidEvent", "mode"),
    ({"group_id": "../up"}, "InvalidEvent", "group_id"),
    ({"accounts": {}}, "InvalidEvent", "accounts"),
    ({"mode": "merge", "group_id": "never"}, "NothingToDo", "never"),
    ({"mode": "report"}, "NothingToDo", "history"),
], ids=range(11))
def test_what_cannot_be_done_is_an_error_of_its_type(sim, tmp_path, event, error_type, member):
    simulator = sim(*ACCOUNTS)
    with function(tmp_path, environment(simulator)) as (api, process):
        outcome = api.invoke(event)
        assert error_of(outcome) == error_type
        assert member in outcome.body["errorMessage"]
        assert answer_of(api.invoke({"mode": "plan"}))["status"] == "ok"
    assert [line["errorType"] for line in process.metrics() if line["Errors"]] == [error_type]
    assert any(line["level"] == "ERROR" and member in line["message"] for line in process.logs())
    assert process.leftovers() == []


def test_what_aws_refuses_is_told_apart(sim, tmp_path):
    simulator = sim(*ACCOUNTS)
    cases = [("denied", {"deny_operations": "organizations:ListAccounts"}, {}, {"AccessDenied"}),
             ("wrong", {"deny_operations": ""}, {"AWS_SECRET_ACCESS_KEY": "wrong"},
              {"NoCredentials"}),
             # It is asked again until the deadline, which is the reason then.
             ("throttled", {"throttle": 1.0}, {}, {"Throttled", "DeadlineExceeded"})]
    for name, knobs, more, error_types in cases:
        simulator.control(**knobs)
        with function(tmp_path / name, environment(simulator, **more), "plan") as (api, process):
            assert error_of(api.invoke({}, timeout_s=4)) in error_types
        errors = [line for line in process.logs() if line["level"] == "ERROR"]
        assert errors[0]["operation"] and errors[0]["code"] and errors[0]["region"], name
        [line] = process.metrics()
        assert line["Calls"] >= 1 and line["Errors"] == 1
        assert (line["Throttled"] > 0) == (name == "throttled")


@pytest.mark.parametrize("status, error_type", [(413, "LimitExceeded"), (400, "RequestRejected"),
                                                (403, "RequestRejected")])
def test_an_answer_that_lambda_does_not_take_becomes_an_error(sim, tmp_path, status, error_type):
    simulator = sim(*ACCOUNTS)
    with function(tmp_path, environment(simulator)) as (api, process):
        api.knobs["response_status"] = status
        request_id = api.put({"mode": "plan"})
        refused = api.wait(request_id, taken=status)
        assert refused.kind == "response"
        assert error_of(api.wait(request_id, taken=202)) == error_type
        api.knobs["response_status"] = 202
        answer_of(api.invoke({"mode": "plan"}))
    assert [line["Errors"] for line in process.metrics()] == [1, 0]


def test_wrong_settings_are_an_init_error(sim, tmp_path):
    simulator = sim(*ACCOUNTS)
    cases = [("none", {}, "REPORT_BUCKET"),
             ("bad", {"REPORT_BUCKET": BUCKET, "CONFHOUSE_CONCURRENCY": "many"},
              "CONFHOUSE_CONCURRENCY")]
    for name, more, named in cases:
        with function(tmp_path / name, simulator.env | more) as (api, process):
            outcome = api.wait()
            assert outcome.kind == "init"
            assert outcome.body["errorType"] == "InvalidSettings"
            assert outcome.headers["Lambda-Runtime-Function-Error-Type"] == "InvalidSettings"
            assert named in outcome.body["errorMessage"]
            assert process.wait() == 1
            assert not [path for _, path, _ in api.requests if path.endswith("/next")]
        assert process.logs()[-1]["level"] == "FATAL" and named in process.logs()[-1]["message"]


# --- Logs and metrics ----------------------------------------------------------------------------

RFC_3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


def run_once(simulator, folder, **variables):
    variables = {"CONFHOUSE_EXTERNAL_ID": "external/id/of/ours"} | variables
    with function(folder, environment(simulator, **variables), "run") as (api, process):
        outcome = api.invoke({"group_id": GROUP})
    return answer_of(outcome), outcome.request_id, process


def test_logs_are_what_lambda_reads(sim, tmp_path):
    simulator = sim(*ACCOUNTS)
    simulator.control(deny=simulator.accounts()[1]["Id"])
    _, request_id, process = run_once(simulator, tmp_path, AWS_LAMBDA_LOG_LEVEL="DEBUG")
    lines = process.logs()
    assert {"INFO", "WARN"} <= {line["level"] for line in lines}
    assert {line["level"] for line in lines} <= {"DEBUG", "INFO", "WARN", "ERROR"}
    assert all(RFC_3339.fullmatch(line["timestamp"]) and line["message"] for line in lines)
    assert all(line["requestId"] == request_id for line in lines)
    assert SECRET not in process.text() and "external/id/of/ours" not in process.text()


@pytest.mark.parametrize("level, kept", [("WARN", {"WARN", "ERROR"}), ("ERROR", {"ERROR"}),
                                         ("FATAL", set())])
def test_metrics_survive_the_level_of_the_log(sim, tmp_path, level, kept):
    simulator = sim(*ACCOUNTS)
    simulator.control(deny=simulator.accounts()[1]["Id"])
    answer, _, process = run_once(simulator, tmp_path, AWS_LAMBDA_LOG_LEVEL=level)
    assert {line["level"] for line in process.logs()} <= kept
    [line] = process.metrics()
    assert line["level"] == level
    assert RFC_3339.fullmatch(line["timestamp"])
    assert line["ScopesDenied"] == answer["scopes_denied"] == 1


def test_a_log_of_text_is_text(sim, tmp_path):
    simulator = sim(*ACCOUNTS)
    _, _, process = run_once(simulator, tmp_path, AWS_LAMBDA_LOG_FORMAT="Text")
    lines = process.text().splitlines()
    assert any(line.startswith("confhouse: wrote ") for line in lines)
    assert [json.loads(line)["Mode"] for line in lines if line.startswith("{")] == ["run"]


def metric_names(line):
    [declared] = line["_aws"]["CloudWatchMetrics"]
    assert declared["Namespace"] == "confhouse" and declared["Dimensions"] == [["Mode"]]
    return [metric["Name"] for metric in declared["Metrics"]]


def test_metrics_are_what_was_counted(sim, tmp_path):
    simulator = sim(*ACCOUNTS)
    before = simulator.stats()
    answer, request_id, process = run_once(simulator, tmp_path)
    after = simulator.stats()
    [line] = process.metrics()
    names = metric_names(line)
    assert all(isinstance(line[name], int) for name in names)
    assert abs(line["_aws"]["Timestamp"] / 1000 - time.time()) < 600
    expected = simulator.expected()
    findings = sum(1 for one in expected if one["compliance"] == "NON_COMPLIANT"
                   and one.get("mode", "DETECTIVE") == "DETECTIVE")
    assert {name: line[name] for name in names if name not in ("DurationMs", "Calls")} == {
        "ScopesPlanned": 3, "ScopesScanned": 3, "ScopesDenied": 0, "ScopesFailed": 0,
        "ScopesMissing": 0, "Evaluations": answer["evaluations"], "FindingsNew": 0,
        "FindingsOpen": findings, "Throttled": 0, "Errors": 0, "ColdStart": 1}
    assert line["Evaluations"] == len(expected)
    assert line["Mode"] == "run" and line["requestId"] == request_id
    assert line["Calls"] == after["calls"] - before["calls"]


def test_only_the_first_invocation_is_a_cold_start(sim, tmp_path):
    simulator = sim(*ACCOUNTS)
    with function(tmp_path, environment(simulator)) as (api, process):
        for event in ({"mode": "plan"}, {"mode": "batch"}, b"{"):
            api.invoke(event)
    assert [line["ColdStart"] for line in process.metrics()] == [1, 0, 0]
    plan, batch, refused = (set(metric_names(line)) for line in process.metrics())
    always = {"Calls", "Throttled", "Errors", "DurationMs", "ColdStart"}
    assert refused == always
    assert plan == always | {"ScopesPlanned"}
    assert always | {"ScopesScanned", "ScopesLeft", "Evaluations"} <= batch


def test_the_trace_goes_on_to_aws(tmp_path):
    with Recorder(lambda *_: (403, b'{"__type":"AccessDeniedException"}')) as recorder:
        env = {"AWS_ENDPOINT_URL": recorder.url, "AWS_ACCESS_KEY_ID": "AKIATEST",
               "AWS_SECRET_ACCESS_KEY": "secret", "AWS_REGION": "eu-west-1",
               "REPORT_BUCKET": BUCKET, "CONFHOUSE_REGIONS": "eu-west-1"}
        with function(tmp_path, env, "plan") as (api, _):
            for trace in (TRACE, None, "Root=1-2;Sampled=1"):
                recorder.requests.clear()
                assert error_of(api.invoke({}, trace=trace)) == "AccessDenied"
                assert recorder.requests
                for _, _, headers in recorder.requests:
                    assert headers.get("X-Amzn-Trace-Id") == trace
                    assert "trace" not in headers["Authorization"].lower()


# --- The end -------------------------------------------------------------------------------------

def test_it_registers_as_an_extension_without_events(sim, tmp_path):
    simulator = sim(*ACCOUNTS)
    with function(tmp_path, environment(simulator)) as (api, process):
        assert api.waiting.wait(30) and api.extension_waiting.wait(30)
        [(headers, body)] = api.registered
        assert headers["Lambda-Extension-Name"] and json.loads(body) == {"events": []}
        next_events = [headers for _, path, headers in api.requests
                       if path == "/2020-01-01/extension/event/next"]
        assert len(next_events) == 1 and next_events[0]["Lambda-Extension-Identifier"]
        assert process.close() == 0
    assert process.text() == ""


@pytest.mark.parametrize("status", [403, 404, 500])
def test_it_works_without_the_extension(sim, tmp_path, status):
    simulator = sim(*ACCOUNTS)
    with RuntimeApi() as api:
        api.knobs["register_status"] = status
        with function(tmp_path, environment(simulator), "plan", api=api) as (_, process):
            answer_of(api.invoke({}))
            answer_of(api.invoke({}))
            assert process.close() == 0
    warnings = [line for line in process.logs() if line["level"] == "WARN"]
    assert len(warnings) == 1 and f"HTTP {status}" in warnings[0]["message"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_an_invocation_is_cancelled_in_order(sim, tmp_path, number):
    """It answers what it has, and the next event is not asked for."""
    simulator = sim(*ACCOUNTS)
    env = environment(simulator, CONFHOUSE_STORE=str(tmp_path / "store"))
    with function(tmp_path, env) as (api, process):
        answer_of(api.invoke({"mode": "plan", "group_id": GROUP}))
        simulator.control(latency_ms=1000)
        request_id = api.put({"group_id": GROUP, "shard_id": "01"})
        assert wait_until(process.leftovers)  # its scratch folder
        process.process.send_signal(number)
        assert process.wait() == 0
        outcome = api.wait(request_id, limit_s=5)
        assert outcome is not None and "cancelled" in outcome.text, outcome
        asked = [path for _, path, _ in api.requests if path.endswith("/invocation/next")]
        assert len(asked) == 2
    assert process.leftovers() == []


def test_what_does_not_end_in_time_is_left(sim, tmp_path):
    """The shard is being written to a bucket that does not answer."""
    simulator = sim(*ACCOUNTS)

    def answer(method, path):
        if method == "PUT":
            return None
        if "list-type=2" in path:
            return 200, b"<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>"
        return 404, b"<Error><Code>NoSuchKey</Code></Error>"

    with Recorder(answer) as bucket:
        more = {"AWS_ENDPOINT_URL_S3": bucket.url}
        event = {"group_id": GROUP,
                 "accounts": [{"account_id": simulator.accounts()[0]["Id"]}]}
        with function(tmp_path, environment(simulator, **more)) as (api, process):
            api.put(event)
            assert wait_until(lambda: any(m == "PUT" for m, _, _ in bucket.requests))
            assert process.leftovers() != []
            assert process.close() == 0
    assert process.leftovers() == []


# --- A Runtime API that misbehaves ---------------------------------------------------------------

def leave_out(name):
    return lambda headers: headers.pop(name)


def put_in(**more):
    return lambda headers: headers.update(
        {name.replace("_", "-"): value for name, value in more.items()})


REQUEST_ID, DEADLINE = "Lambda-Runtime-Aws-Request-Id", "Lambda-Runtime-Deadline-Ms"


@pytest.mark.parametrize("knobs, told", [
    ({"next_status": 500}, "HTTP 500"),
    ({"next_status": 403}, "HTTP 403"),
    ({"next_status": 204}, "HTTP 204"),
    ({"next_bytes": b""}, "/invocation/next"),
    ({"next_bytes": b"\x00\x01 what?\r\n\r\n"}, "/invocation/next"),
    ({"next_bytes": b"HTTP/1.1 200 OK\r\nContent-Le"}, "/invocation/next"),
    ({"next_bytes": b"HTTP/1.1 200 OK\r\nX: " + b"x" * 100000 + b"\r\n\r\n{}"}, "/invocation/next"),
    ({"next_headers": leave_out(REQUEST_ID)}, REQUEST_ID),
    ({"next_headers": put_in(Lambda_Runtime_Aws_Request_Id="../../x")}, REQUEST_ID),
    ({"next_headers": put_in(Lambda_Runtime_Aws_Request_Id="a" * 5000)}, REQUEST_ID),
    ({"next_headers": leave_out(DEADLINE)}, DEADLINE),
    ({"next_headers": put_in(Lambda_Runtime_Deadline_Ms="soon")}, DEADLINE),
    ({"next_stalls": True}, "in time"),
    ({"response_status": 500}, "HTTP 500"),
    ({"response_status": 200}, "HTTP 200"),
    ({"response_status": 0}, "response"),
    ({"response_status": 413, "error_status": 500}, "HTTP 500"),
    ({"response_delay_s": 15}, "response"),
])
def test_a_runtime_api_that_cannot_be_used_ends_the_process(sim, tmp_path, knobs, told):
    simulator = sim(*ACCOUNTS)
    with function(tmp_path, environment(simulator), "plan") as (api, process):
        assert api.waiting.wait(30)
        api.knobs.update(knobs)
        api.put({})
        assert process.wait(limit_s=60) == 1
        asked = [path for _, path, _ in api.requests if path.endswith("/invocation/next")]
        assert len(asked) <= 2  # a kept connection that was closed is tried once more
        last = process.logs()[-1]
        assert last["level"] == "FATAL" and told in last["message"]
        if told == DEADLINE:
            assert error_of(api.outcomes[-1]) == "BadAnswer"
    assert process.leftovers() == []


def test_a_runtime_api_that_goes_away_ends_the_process(sim, tmp_path):
    simulator = sim(*ACCOUNTS)
    with function(tmp_path, environment(simulator)) as (api, process):
        assert api.waiting.wait(30) and api.extension_waiting.wait(30)
        api.closing.set()
        api.server.socket.close()
        assert process.wait(limit_s=60) == 1


def test_without_a_runtime_api_it_says_who_starts_it(tmp_path):
    for address in ("", "not a host", "127.0.0.1:1"):
        name = "at" + re.sub(r"\W", "", address)
        env = {"AWS_LAMBDA_RUNTIME_API": address, "REPORT_BUCKET": BUCKET}
        with function(tmp_path / name, env) as (_, process):
            assert process.wait() == 1
        assert process.logs()[-1]["level"] == "FATAL"
        assert address in process.logs()[-1]["message"]
