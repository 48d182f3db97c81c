"""Many invocations in one process: each answers as a new process would."""
import json
import os
import pathlib
import subprocess

import pytest

from cli_tool import BIN, clean_environment

PROGRAM = pathlib.Path(os.environ["CONFHOUSE_BUILD_DIR"]) / "tests" / "invocations"
# A history holds the time; a place in the store has the prefix.
CHANGING = {"sha256", "report", "items_key", "results_prefix"}


class Process:
    """A process that serves invocations, as a function does while it is warm."""

    def __init__(self, organization, folder, prefix, **more):
        self.scratch = folder / f"scratch-{prefix}"
        self.scratch.mkdir()
        self.env = clean_environment(organization.env | {
            "REPORT_BUCKET": "confhouse", "REPORT_PREFIX": prefix, "TMPDIR": str(self.scratch),
            "CONFHOUSE_REGIONS": "eu-west-1"} | more)
        self.process = None

    def __enter__(self):
        self.process = subprocess.Popen([PROGRAM], env=self.env, text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.DEVNULL)
        return self

    def __exit__(self, *problem):
        self.process.stdin.close()
        assert self.process.wait(timeout=60) == 0 or problem[0]
        self.process.stdout.close()

    def __call__(self, event, **more):
        text = event if isinstance(event, str) else json.dumps(event)
        self.process.stdin.write(json.dumps({"text": text} | more) + "\n")
        self.process.stdin.flush()
        told = json.loads(self.process.stdout.readline())
        assert list(self.scratch.iterdir()) == []
        return told

    def alone(self, event, folder):
        """The same event in a process of its own: its answer, or its error."""
        (folder / "event.json").write_text(event if isinstance(event, str) else json.dumps(event))
        done = subprocess.run([BIN, "invoke", "event.json"], env=self.env, cwd=folder, text=True,
                              stdin=subprocess.DEVNULL, capture_output=True, timeout=120,
                              check=False)
        return done.stdout, done.returncode


def steady(text):
    """An answer without what differs between two runs of the same."""
    def drop(node):
        if isinstance(node, dict):
            return {name: drop(value) for name, value in node.items() if name not in CHANGING}
        return [drop(item) for item in node] if isinstance(node, list) else node
    return drop(json.loads(text)) if text.strip() else None


def mixed_events(accounts, prefix, week):
    """Events of all modes, each with members that the next one does not name."""
    ids = [{"account_id": account["Id"]} for account in accounts]
    date = f"2026-11-{week:02}"
    role = "OrganizationAccountAccessRole"
    key = f"{prefix}/raw/config-rules-{date}.csv"
    return [
        {"mode": "plan", "time": f"{date}T06:00:00Z"},
        {"accounts": ids[:2], "group_id": date, "shard_id": "01", "regions": ["us-east-1"]},
        {"accounts": ids[2:], "group_id": date, "shard_id": "02"},
        {"accounts": ids[:1], "group_id": f"x{week}", "role_name": "nobody", "external_id": "x-1",
         "date": "2020-01-01"},
        {"accounts": ids[1:2], "group_id": f"z{week}"},
        {"accounts": ids[:1], "group_id": f"y{week}", "role_name": role},
        "{\"mode\": \"batch\"",
        {"mode": "merge", "group_id": date},
        {"mode": "report", "group_id": date},
        {"mode": "report", "group_id": "none"},
        {"mode": "report"},
        {"Records": [{"eventSource": "aws:s3", "eventName": "ObjectCreated:Put",
                      "s3": {"bucket": {"name": "confhouse"}, "object": {"key": key}}}]},
        {"Event": "s3:TestEvent"},
        {"mode": "final", "group_id": f"x{week}"},
        {"mode": "run", "time": f"{date}T06:00:00Z", "group_id": f"run{week}"},
    ]


def test_each_invocation_answers_as_a_new_process_would(sim, tmp_path):
    organization = sim("--accounts", "4", "--rules", "6", "--regions", "eu-west-1,us-east-1")
    accounts = organization.accounts()
    new = Process(organization, tmp_path, "new")
    seen = []
    with Process(organization, tmp_path, "warm") as warm:
        for week in range(1, 6):
            pairs = zip(mixed_events(accounts, "warm", week), mixed_events(accounts, "new", week))
            for event, same in pairs:
                told = warm(event)
                answer, status = new.alone(same, tmp_path)
                assert steady(told["answer"]) == steady(answer), event
                assert (told["status"] in ("ok", "partial")) == (status in (0, 3)), event
                seen.append(told)
    assert {told["mode"] for told in seen} == {"batch", "plan", "merge", "final", "report", "run"}
    assert {told["error_type"] for told in seen} >= {"", "InvalidEvent", "NothingToDo"}
    last, first = seen[-30:], seen[15:30]
    assert max(told["files"] for told in last) <= max(told["files"] for told in first)


def test_memory_and_descriptors_stay_flat(sim, tmp_path):
    organization = sim("--accounts", "4", "--rules", "6", "--regions", "eu-west-1")
    accounts = [{"account_id": account["Id"]} for account in organization.accounts()]
    with Process(organization, tmp_path, "flat", CONFHOUSE_RESCAN="true",
                 CONFHOUSE_CONCURRENCY="4") as warm:
        told = [warm({"accounts": accounts, "group_id": "g", "shard_id": f"{n % 4}"})
                for n in range(200)]
    assert {one["status"] for one in told} == {"ok"}
    assert max(one["calls"] for one in told) < 2 * told[0]["calls"]  # none is counted for another
    assert max(one["files"] for one in told[100:]) <= max(one["files"] for one in told[:20])
    assert told[-1]["rss_kib"] <= 1.2 * told[20]["rss_kib"]


@pytest.mark.parametrize("ending", [{"cancel_ms": 500}, {"left_ms": 1500}, {"left_ms": -1000}],
                         ids=["cancelled", "deadline", "too late"])
def test_however_one_ends_the_next_one_is_whole(sim, tmp_path, ending):
    organization = sim("--accounts", "4", "--rules", "6", "--regions",
                       "eu-west-1", "--latency-ms", "100")
    accounts = [{"account_id": account["Id"]} for account in organization.accounts()]
    event = {"accounts": accounts, "group_id": "2026-11-22", "shard_id": "01"}
    with Process(organization, tmp_path, "end", CONFHOUSE_CONCURRENCY="1") as warm:
        cut = warm(event, **ending)
        assert cut["status"] in ("partial", "deadline", "cancelled", "stopped"), cut
        whole = warm(event)
        assert (whole["status"], json.loads(whole["answer"])["scopes_left"]) == ("ok", 0), whole
        final = warm({"mode": "merge", "group_id": "2026-11-22"})
        assert json.loads(final["answer"])["scopes_scanned"] == 4
