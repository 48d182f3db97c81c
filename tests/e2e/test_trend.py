"""`confhouse trend`: bars on a terminal, figures everywhere else."""
import csv
import io
import json
import os
import pty
import re
import subprocess

import pytest

from cli_tool import Cli, clean_environment
from shard_files import ShardFile

BUCKETS = [("AWS::S3::Bucket", f"bucket-{i}") for i in range(20)]
# week: compliant buckets of 20 in (payments-prod, payments-dev); None = not scanned
WEEKS = {"2026-01-04": (10, 5), "2026-01-11": (16, None), "2026-01-18": (20, 8)}


@pytest.fixture
def cli(tmp_path):
    tool = Cli(tmp_path)
    for week, counts in WEEKS.items():
        shard = ShardFile(week, "01", week)
        for account, name, count in zip(("111111111111", "222222222222"),
                                        ("payments-prod", "payments-dev"), counts):
            if count is None:
                shard.scope(account, "eu-west-1", outcome="denied", name=name, recorder=None)
                continue
            shard.scope(account, "eu-west-1", name=name, rules={"versioning": {
                bucket: "COMPLIANT" if i < count else "NON_COMPLIANT"
                for i, bucket in enumerate(BUCKETS)}})
        shard.put(tool.store)
        tool("merge", "--group-id", week, expect=None)
    return tool


def blocks(text):
    """Length of a bar in eighths."""
    return sum(8 - "█▉▊▋▌▍▎▏".index(c) for c in text if c in "█▉▊▋▌▍▎▏")


def test_bars_are_as_long_as_the_ratios(cli):
    lines = cli("trend", env={"COLUMNS": "100"}).stdout.splitlines()
    assert re.fullmatch(r"run +Prod +Non-Prod", lines[0])
    assert all(len(line) <= 100 for line in lines)
    rows = {line.split()[0]: line for line in lines[1:4]}
    assert list(rows) == list(WEEKS)
    assert "\u25bc 50.0% " in rows["2026-01-04"] and "\u25bc 25.0% " in rows["2026-01-04"]
    assert "\u25b2 80.0% " in rows["2026-01-11"] and "- not known" in rows["2026-01-11"]
    assert "\u25cf100.0% " in rows["2026-01-18"]
    whole = blocks(rows["2026-01-18"].split("\u25bc")[0])
    assert blocks(rows["2026-01-11"]) == pytest.approx(0.8 * whole, abs=1)
    assert blocks(rows["2026-01-04"].split("\u25bc")[1]) == pytest.approx(0.5 * whole, abs=1)
    assert "\x1b" not in "".join(lines)
    assert lines[5].split() == ["Prod", "▁▅█", "50.0%", "to", "100.0%"]
    assert re.fullmatch(r"Non-Prod +▁ █  25.0% to 40.0%", lines[6])


def on_terminal(cli, env):
    """What a terminal of 80 columns gets."""
    ours, theirs = pty.openpty()
    subprocess.run(cli.command("trend"), stdout=theirs, stderr=subprocess.DEVNULL, timeout=60,
                   stdin=subprocess.DEVNULL, env=clean_environment({"TERM": "xterm"} | env),
                   cwd=cli.folder, check=True)
    os.close(theirs)
    data = b""
    while True:
        try:
            piece = os.read(ours, 65536)
        except OSError:  # the other end is closed
            break
        if not piece:
            break
        data += piece
    os.close(ours)
    return data.decode()


def test_a_terminal_gets_colours_unless_it_wants_none(cli):
    drawn = on_terminal(cli, {})
    assert "\x1b[32m\u25cf100.0%" in drawn and "\x1b[33m\u25b2 80.0%" in drawn
    assert "\x1b[31m\u25bc 50.0%" in drawn
    assert drawn.count("\x1b[0m") == drawn.count("\x1b[3")
    for env in ({"NO_COLOR": "1"}, {"TERM": "dumb"}):
        plain = on_terminal(cli, env)
        assert "\x1b" not in plain and "\u25cf100.0%" in plain


def test_the_table_is_that_of_the_query(cli):
    rows = json.loads(cli("trend", "--format", "json").stdout)
    assert rows == cli.rows("query", "sheet_trend")
    assert [row["prod_ratio"] for row in rows] == [0.5, 0.8, 1.0]
    assert [row["nonprod_ratio"] for row in rows] == [0.25, None, 0.4]
    table = list(csv.DictReader(io.StringIO(cli("trend", "--format", "csv").stdout)))
    assert [row["group_id"] for row in table] == list(WEEKS)
    assert cli("trend", "--format", "markdown").stdout.startswith("| scan_date")


def test_it_is_narrowed_as_asked(cli):
    drawn = cli("trend", "--since", "2026-01-11", "--environment", "prod").stdout
    assert "2026-01-04" not in drawn and "Non-Prod" not in drawn and "80.0%" in drawn
    drawn = cli("trend", "--account", "payments-dev", "--run", "2026-01-11").stdout
    assert "2026-01-18" not in drawn and "25.0%" in drawn and "Prod " not in drawn.replace(
        "Non-Prod ", "")
    assert "nothing to draw" in cli("trend", "--account", "payments-dve", expect=4).stderr
    assert "nosuch" in cli("trend", "--run", "nosuch", expect=4).stderr
