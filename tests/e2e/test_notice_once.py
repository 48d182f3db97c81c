"""People are told of a run once, by whoever renders its report first."""
import json
import subprocess

import pytest

from cli_tool import Cli, clean_environment

REGIONS = ("--regions", "eu-west-1")
TOPIC = "arn:aws:sns:eu-west-1:123456789012:weekly"
MAIL = ("--mail-from", "config@example.com", "--mail-to", "team@example.com")


@pytest.fixture
def cli(tmp_path, sim):
    simulator = sim("--accounts", "2", "--rules", "4", "--evaluations", "5")
    simulator.client("s3").create_bucket(
        Bucket="confhouse", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    tool = Cli(tmp_path, simulator.env)
    tool.simulator = simulator
    tool.store = "s3://confhouse/reports"
    return tool


def told(cli):
    return ["sns" if "topic_arn" in message else "ses" for message in cli.simulator.messages()]


def test_a_run_is_told_once_unless_it_is_asked_for(cli):
    asked = ("--sns-topic", TOPIC, *MAIL)
    row = cli.rows("run", *REGIONS, "--group-id", "2026-11-22", *asked)[0]
    assert (row["published"], row["mailed"], row["told_before"]) == (1, 1, 0)
    again = cli("report", *asked, "--format", "json")
    row = json.loads(again.stdout)[0]
    assert (row["published"], row["mailed"], row["told_before"]) == (0, 0, 1)
    assert "people were told of the run 2026-11-22: nobody is told again" in again.stderr
    (cli.folder / "event.json").write_text('{"mode": "report", "group_id": "2026-11-22"}')
    answer = json.loads(cli("invoke", *asked, "event.json").stdout)
    assert answer["told_before"] and not answer["published"] and answer["status"] == "ok"
    assert sorted(told(cli)) == ["ses", "sns"]
    cli("report", *asked, "--notify-again")
    assert sorted(told(cli)) == ["ses", "ses", "sns", "sns"]
    cli("run", *REGIONS, "--group-id", "2026-11-29", *asked)
    assert len(told(cli)) == 6


@pytest.mark.parametrize("place", ["bucket", "directory"])
def test_of_reports_at_once_one_tells(cli, tmp_path, place):
    if place == "directory":
        cli.store = tmp_path / "store"
    cli("run", *REGIONS, "--group-id", "2026-11-22")
    words = cli.command("report", "--sns-topic", TOPIC, *MAIL, "--format", "json")
    running = [subprocess.Popen(words, cwd=cli.folder, env=clean_environment(cli.env), text=True,
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE) for _ in range(4)]
    answers = [process.communicate(timeout=120) for process in running]
    assert [process.returncode for process in running] == [0] * 4, answers
    rows = [json.loads(out)[0] for out, _ in answers]
    assert sorted(told(cli)) == ["ses", "sns"]
    assert sorted((row["published"], row["mailed"], row["told_before"]) for row in rows) == \
        [(0, 0, 1)] * 3 + [(1, 1, 0)]


def test_what_could_not_be_sent_is_sent_by_the_next_report_and_alone(cli):
    cli("run", *REGIONS, "--group-id", "2026-11-22")
    failed = cli("report", "--sns-topic", TOPIC, *MAIL, expect=3,
                 env={"AWS_ENDPOINT_URL_SESV2": "http://127.0.0.1:9"})
    assert "not everybody could be told" in failed.stderr and told(cli) == ["sns"]
    row = cli.rows("report", "--sns-topic", TOPIC, *MAIL)[0]
    assert (row["published"], row["mailed"], row["told_before"]) == (0, 1, 0)
    assert told(cli) == ["sns", "ses"]
    assert cli.rows("report", "--sns-topic", TOPIC, *MAIL)[0]["told_before"] == 1


def test_without_its_record_nobody_is_told(cli, tmp_path):
    """Who cannot say that people were told does not tell them: they would be told each time."""
    cli.store = tmp_path / "store"
    cli("run", *REGIONS, "--group-id", "2026-11-22")
    record = cli.store / "reports/notified-2026-11-22.json"
    record.write_text("nonsense")
    failed = cli("report", "--sns-topic", TOPIC, expect=3)
    assert "notified-2026-11-22.json" in failed.stderr and "--notify-again" in failed.stderr
    assert told(cli) == []
