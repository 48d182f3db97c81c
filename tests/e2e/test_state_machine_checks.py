"""The state machine's definition passes asl-validator and the checks of our own, and each of these
finds its breach."""
import copy
import json

import pytest

from asl_checks import check_definition, read_our_errors
from conftest import ROOT
from state_machine import DEFINITION, TOOLS, execute, node, scripted

ERRORS = read_our_errors(ROOT / "src/base/err.h")


def load():
    return json.loads(DEFINITION.read_text())


def at(definition, path):
    """The object at "Scan.ItemProcessor.States.Scan Shard", below States; "" is the whole."""
    place = definition
    for name in (["States"] + path.split(".")) if path else []:
        place = place[int(name)] if isinstance(place, list) else place[name]
    return place


def test_the_table_of_errors_is_read():
    assert ERRORS["Throttled"] and ERRORS["ServiceFailed"] and ERRORS["BadAnswer"]
    assert ERRORS["AccessDenied"] is False and ERRORS["NothingToDo"] is False
    assert len(ERRORS) >= 20


def test_the_definition_passes():
    assert check_definition(load(), ERRORS) == []


def test_the_definition_passes_asl_validator(tmp_path):
    done = node(TOOLS / "validate.mjs", DEFINITION)
    assert done.returncode == 0, done.stderr


def test_asl_validator_finds_a_state_that_is_not_there(tmp_path):
    definition = load()
    definition["States"]["Merge"]["Next"] = "Reports"
    (tmp_path / "bad.json").write_text(json.dumps(definition))
    done = node(TOOLS / "validate.mjs", tmp_path / "bad.json")
    assert done.returncode == 1 and "Reports" in done.stderr


GONE = object()
SHARD = "Scan.ItemProcessor.States.Scan Shard"
MUTATIONS = [
    # what is changed, to what, and a word of the problem that must be found
    ("", "TimeoutSeconds", GONE, "needs TimeoutSeconds"),
    ("", "TimeoutSeconds", 99999999, "a week at most"),
    ("", "QueryLanguage", "JSONata", "QueryLanguage is not a field"),
    ("Plan", "TimeoutSeconds", GONE, "needs TimeoutSeconds"),
    (SHARD, "TimeoutSeconds", GONE, "needs TimeoutSeconds"),
    (SHARD, "TimeoutSeconds", 600, "own limit of 900 s"),
    ("Tell of Failure", "TimeoutSeconds", GONE, "needs TimeoutSeconds"),
    ("Plan", "TimeoutSecond", 930, "TimeoutSecond is not a field"),
    ("Plan", "Assign", {}, "Assign is not a field"),
    ("Plan", "Resource", "arn:aws:states:::lambda:invoke.sync", "not an integration"),
    ("Plan.Parameters", "FunctionNam", "x", "FunctionNam is not a field"),
    ("Plan.Parameters", "FunctionName", GONE, "needs ['FunctionName']"),
    ("Plan", "ResultSelector", GONE, "needs a ResultSelector"),
    ("Plan", "ResultPath", GONE, "needs a ResultPath"),
    ("Plan.ResultSelector", "date.$", "Payload.date", "a path needs a name"),
    ("Plan.ResultSelector", "day", "$.Payload.date", "a path needs a name"),
    ("Plan", "Retry", GONE, "needs Retry"),
    ("Plan.Retry.0", "JitterStrategy", "HALF", "JitterStrategy must be FULL"),
    ("Plan.Retry.0", "JitterStrategy", "NONE", "JitterStrategy must be FULL"),
    (SHARD + ".Retry.0", "JitterStrategy", GONE, "JitterStrategy must be FULL"),
    ("Plan.Retry.0", "MaxDelaySeconds", GONE, "a greater MaxDelaySeconds"),
    ("Plan.Retry.0", "MaxAttempts", 99999999, "needs MaxAttempts"),
    ("Plan.Retry.0", "BackoffRate", 1, "needs a BackoffRate"),
    ("Plan.Retry.0", "Interval", 1, "Interval is not a field"),
    ("Plan.Retry.0", "ErrorEquals", ["Throttled"], "Lambda.TooManyRequestsException may pass"),
    (SHARD + ".Retry.1", "ErrorEquals", ["BadAnswer"], "ServiceFailed may pass"),
    ("Plan.Retry.0", "ErrorEquals", ["Throttle"], "nothing raises Throttle"),
    ("Plan.Retry.0", "ErrorEquals", ["States.ALL"], "must stand alone, and last"),
    ("Plan.Retry.2", "ErrorEquals", ["States.ALL", "Throttled"], "must stand alone, and last"),
    ("Plan.Retry.2", "ErrorEquals", ["Throttled"], "Throttled is listed twice"),
    ("Plan.Retry.2", "ErrorEquals", [], "ErrorEquals is empty"),
    ("Plan.Retry.2", "ErrorEquals", ["States.Runtime"], "no Catch sees States.Runtime"),
    ("Scan.Catch.0", "ErrorEquals", ["States.DataLimitExceeded"], "no Catch sees"),
    ("Plan", "Catch", GONE, "must catch States.ALL"),
    ("Scan", "Catch", GONE, "must catch States.ALL"),
    ("Plan.Catch.0", "Next", "Run Failed", "must lead to sns:publish"),
    ("Plan.Catch.0", "Next", "Scan", "must lead to sns:publish"),
    ("Plan.Catch.0", "ResultPath", GONE, "needs a ResultPath"),
    ("Run Failed", "ErrorPath", GONE, "must lead to sns:publish and then to a Fail"),
    ("Scan", "Label", "x" * 41, "needs a Label"),
    ("Scan", "Label", "scan shards", "needs a Label"),
    ("Scan", "MaxConcurrency", GONE, "needs a MaxConcurrency"),
    ("Scan", "MaxConcurrency", 0, "needs a MaxConcurrency"),
    ("Scan", "ToleratedFailurePercentage", GONE, "must be 100"),
    ("Scan", "ToleratedFailurePercentage", 99, "must be 100"),
    ("Scan", "ItemReader", GONE, "not an integration"),
    ("Scan", "ItemBatcher", {"MaxItemsPerBatch": 2}, "ItemBatcher is not a field"),
    ("Scan.ItemReader.ReaderConfig", "InputType", "JSONS", "InputType must be JSON"),
    ("Scan.ItemReader.Parameters", "Bucket.$", GONE, "needs ['Bucket']"),
    ("Scan.ItemReader.Parameters", "Keys.$", "$.plan.items_key", "Keys is not a field"),
    ("Scan.ItemProcessor.ProcessorConfig", "ExecutionType", "EXPRESS", "STANDARD"),
    ("Scan.ItemProcessor.ProcessorConfig", "Mode", "INLINE", "DISTRIBUTED"),
    ("Scan", "ResultWriter", GONE, "not an integration"),
    ("Scan.ResultWriter.Parameters", "Key", "x", "Key is not a field"),
    ("Scan.ItemSelector", "event", "$$.Map.Item.Value", "a path needs a name"),
    ("Scan.ItemSelector", "event.$", "$$.Map.Item.Values", "not in the context object"),
    ("Tell of Failure.Parameters", "Topic", "x", "Topic is not a field"),
    ("Tell of Failure.Parameters", "Message.$", "States.Formats('{}', $.x)", "States.Formats"),
    ("Tell of Failure.Parameters", "TopicArn", "${Topics}", "the substitutions are"),
]


@pytest.mark.parametrize("path, name, value, problem", MUTATIONS)
def test_a_breach_is_found(path, name, value, problem):
    definition = load()
    before = copy.deepcopy(definition)
    if value is GONE:
        del at(definition, path)[name]
    else:
        at(definition, path)[name] = value
    assert definition != before
    assert any(problem in found for found in check_definition(definition, ERRORS))


@pytest.mark.parametrize("path, name, value", [
    ("", "QueryLanguage", "JSONata"),
    ("Plan", "Assign", {"x": 1}),
    ("Plan", "Arguments", {}),
    ("Plan", "HeartbeatSeconds", 5),
    ("Plan", "Resource", "arn:aws:states:::sqs:sendMessage"),
    ("Plan", "ResultPath", "$"),
    ("Plan", "TimeoutSeconds", 99999999),
    ("Plan.Parameters", "FunctionName.$", "$$.State.Name"),
    ("Scan", "ItemBatcher", {"MaxItemsPerBatch": 2}),
    ("Scan.ItemReader.ReaderConfig", "InputType", "CSV"),
    ("Scan.ItemReader.ReaderConfig", "MaxItems", 5),
    ("Scan.ItemProcessor.ProcessorConfig", "Mode", "INLINE"),
    ("Scan.ResultWriter", "WriterConfig", {}),
    ("Scan.Retry.0", "ErrorEquals", ["States.TaskFailed"]),
])
def test_what_would_be_ignored_is_refused(sim, tmp_path, path, name, value):
    """The interpreter says nothing of such fields: the adapter must."""
    definition = load()
    at(definition, path)[name] = value
    changed = tmp_path / "changed.json"
    changed.write_text(json.dumps(definition))
    with pytest.raises(AssertionError, match="does not execute this as AWS does"):
        execute(tmp_path, sim("--accounts", "1"), [scripted("plan", {})], definition=changed)
