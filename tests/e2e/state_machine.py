"""The state machine, executed here: its own definition by an interpreter from npm, Lambda as a pool of
processes behind a Runtime API, the simulator as AWS. See tests/statemachine/adapter.mjs."""
import json
import os
import pathlib
import shutil
import subprocess

import pytest

from conftest import KEY_ID, ROOT, SECRET

TOOLS = ROOT / "tests/statemachine"
DEFINITION = ROOT / "lambda/statemachine.asl.json"
TOPIC = "arn:aws:sns:eu-west-1:111122223333:compliance"
NAMES = {"PlanFunction": "plan", "ScanFunction": "scan", "MergeFunction": "merge",
         "ReportFunction": "report"}
TIMEOUT_SECONDS = 900


def function_arn(name):
    return f"arn:aws:lambda:eu-west-1:111122223333:function:{name}:live"


SUBSTITUTIONS = {key: function_arn(name) for key, name in NAMES.items()} | {"Topic": TOPIC}


def node(*words, **arguments):
    """Runs Node; fails the test when what npm installs is missing."""
    if shutil.which("node") is None or not (TOOLS / "node_modules").is_dir():
        pytest.fail("Node or its packages are not installed: scripts/install-deps --test")
    return subprocess.run(["node", *map(str, words)], capture_output=True, text=True, check=False,
                          stdin=subprocess.DEVNULL, timeout=600, **arguments)


def make_function(name, command, env):
    return {"name": name, "arn": function_arn(name), "handler": name, "memory": 512,
            "timeout_seconds": TIMEOUT_SECONDS, "command": list(map(str, command)), "env": env}


def scripted(name, answers):
    """A function that answers what is written here: by shard_id, "*" for any other."""
    return make_function(name, ["node", TOOLS / "scripted.mjs"],
                         {"PATH": os.environ["PATH"], "ANSWERS": json.dumps(answers)})


def bootstrap():
    """confhouse's program for Lambda: in $CONFHOUSE_BUILD_DIR, or the newest one under build/."""
    named = os.environ.get("CONFHOUSE_BUILD_DIR")
    found = [pathlib.Path(named) / "lambda/bootstrap"] if named else sorted(
        ROOT.glob("build/*/lambda/bootstrap"), key=lambda path: path.stat().st_mtime)
    if not found or not found[-1].exists():
        pytest.fail("bootstrap is not built: set CONFHOUSE_BUILD_DIR")
    return found[-1].resolve()


class Execution:
    """What came of one execution."""

    def __init__(self, lines, log):
        self.events = [json.loads(line) for line in lines]
        self.end = self.events.pop()
        assert self.end["type"] == "end", log
        self.status = self.end["status"]
        self.log = log

    def states(self):
        """Names of the states that were entered, children's left out."""
        return [event["state"] for event in self.events if event["type"] == "StateEntered"
                and event["execution"].count("/") == 0]

    def invocations(self, name):
        return [event for event in self.events
                if event["type"] == "invocation" and event["function"] == name]

    def map_run(self):
        """Items and failed children of the one Map Run that there was."""
        (found,) = [event for event in self.events if event["type"] == "map"]
        return found["items"], found["failed"]


def run_config(folder, simulator, functions, faults, **more):
    config = {
        "functions": functions, "faults": list(faults),
        "aws": {"endpoint": simulator.url, "region": "eu-west-1", "accessKeyId": KEY_ID,
                "secretAccessKey": SECRET},
        "wait_ms": 1, "retry_ms": 1,
    } | more
    path = pathlib.Path(folder) / "execution.json"
    path.write_text(json.dumps(config))
    done = node(TOOLS / "run.mjs", path)
    assert done.returncode == 0, done.stderr
    return Execution(done.stdout.splitlines(), done.stderr)


def execute(folder, simulator, functions, event=None, faults=(), definition=DEFINITION):
    """One execution of the state machine."""
    return run_config(folder, simulator, functions, faults, definition=str(definition),
                      substitutions=SUBSTITUTIONS, input={} if event is None else event)


def invoke_functions(folder, simulator, functions, *steps):
    """Functions invoked without a state machine: each step is a list of (name, event), invoked side by
    side."""
    calls = [[{"function": function_arn(name), "event": event} for name, event in step]
             for step in steps]
    return run_config(folder, simulator, functions, (), calls=calls)
