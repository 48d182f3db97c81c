"""SNS and SES, as the simulator takes what the C tests send."""
import pathlib
import subprocess

import pytest

from cli_tool import BIN, clean_environment

TESTS = pathlib.Path(BIN).resolve().parent.parent / "tests"


@pytest.mark.parametrize("faults", [(), ("--throttle", "0.2", "--error-5xx", "0.2")])
def test_messages_arrive_as_they_were_sent(sim, faults):
    simulator = sim("--accounts", "1", *faults)
    for program in ("aws_test_sns", "aws_test_ses"):
        done = subprocess.run([TESTS / program], capture_output=True, text=True, timeout=120,
                              check=False, stdin=subprocess.DEVNULL,
                              env=clean_environment(simulator.env | {"CONFHOUSE_TEST_NOTIFY": "1"}))
        assert done.returncode == 0, done.stderr[-3000:]
        assert "[  PASSED  ] 1 test(s)." in done.stderr
    sns, ses = simulator.messages()
    assert sns["service"] == "sns" and sns["region"] == "eu-west-1"
    assert sns["topic_arn"] == "arn:aws:sns:eu-west-1:123456789012:weekly"
    assert sns["subject"] == "Report: 3 new" and sns["message"] == "Zeile 1\nä & +%\n€"
    assert ses["service"] == "ses" and ses["region"] == "eu-west-1"
    assert ses["from"] == "Config <config@example.com>"
    assert ses["to"] == ["team@example.com", "Lead <lead@example.com>"]
    assert ses["subject"] == 'Bericht: 3 neue – "ä"'
    assert ses["text"] == "Zeile 1\nZeile 2" and ses["html"] == "<b>x</b>"
    assert ses["attachments"] == [
        {"name": "report.xlsx", "content_type": "x/y", "base64_bytes": 4 << 20}]
