"""The command line without a network: help, flags, settings, output that nobody takes."""
import json
import os
import re
import subprocess

import pytest

from cli_tool import BIN, clean_environment


@pytest.fixture
def cli(tmp_path):
    """Runs confhouse in an empty folder, with no settings but those given."""
    def run(*words, env=None, **options):
        return subprocess.run([BIN, *words], cwd=tmp_path, env=clean_environment(env), text=True,
                              stdin=subprocess.DEVNULL, timeout=60,
                              **({"capture_output": True} | options))
    return run


def refused(done, *texts, status=2):
    """One line on stderr that says it all, nothing on stdout."""
    assert done.returncode == status, done.stderr
    assert done.stdout == ""
    assert done.stderr.startswith("confhouse: error: ") and done.stderr.count("\n") == 1
    for text in texts:
        assert text in done.stderr


COMMANDS = ["run", "plan", "scan", "merge", "report", "diff", "query", "export", "pull", "history",
            "invoke", "trend", "whoami", "help"]


def test_help_lists_every_command_and_exit_status(cli):
    done = cli("--help")
    assert done.returncode == 0 and done.stderr == ""
    for command in COMMANDS:
        assert re.search(rf"^  {command} ", done.stdout, re.M), command
    for status in range(5):
        assert re.search(rf"^  {status}  ", done.stdout, re.M), status
    assert cli("help").stdout == done.stdout


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_has_help(cli, command):
    done = cli("help", command)
    assert done.returncode == 0 and done.stderr == ""
    assert f"Usage: confhouse {command}" in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 100
    assert cli(command, "--help").stdout == done.stdout


def test_help_of_settings_and_queries(cli):
    assert "CONFHOUSE_ROLE_NAME" in cli("help", "settings").stdout
    done = cli("help", "query", "trend")
    assert done.returncode == 0 and "open_findings" in done.stdout
    refused(cli("help", "query", "nosuch"), "nosuch")
    refused(cli("help", "nosuch"), "nosuch")


def test_version(cli):
    done = cli("--version")
    assert done.returncode == 0 and re.fullmatch(r"confhouse \d+\.\d+\.\d+\n", done.stdout)


def test_wrong_words_are_answered_with_the_right_ones(cli):
    refused(cli(), "no command")
    refused(cli("scna"), "'scna'", "did you mean 'scan'?")
    refused(cli("scan", "--regoins", "eu-west-1"), "--regoins", "did you mean --regions?")
    refused(cli("run", "--conc", "5"), "--conc", "did you mean --concurrency?")
    refused(cli("diff", "--regions", "eu-west-1"), "--regions", "it belongs to", "scan")
    refused(cli("run", "--concurrency"), "--concurrency needs a value")
    refused(cli("query", "-z"), "-z")
    refused(cli("query", "trends"), "'trends'", "did you mean 'trend'?")
    refused(cli("run", "now"), "'now'")
    refused(cli("invoke"), "EVENT.json")
    refused(cli("diff", "a", "b", "c"), "'c'")
    refused(cli("query", "trend", "--sql", "SELECT 1"), "not both")


@pytest.mark.parametrize("flags", [["--concurrency", "0"], ["--concurrency=0"]])
def test_a_flag_takes_its_value_either_way(cli, flags):
    refused(cli("run", *flags), "--concurrency='0' is not a number from 1 to 1000")


def test_an_error_says_which_setting_it_came_from(cli, tmp_path):
    refused(cli("run", env={"CONFHOUSE_CONCURRENCY": "x"}),
            "CONFHOUSE_CONCURRENCY='x' is not a number from 1 to 1000")
    (tmp_path / "my.conf").write_text("# settings\nstore = here\nregoins = eu-west-1\n")
    refused(cli("run", "--config", "my.conf"), "my.conf:3: 'regoins'", "'regions'")
    refused(cli("run", env={"CONFHOUSE_CONFIG": "none.conf"}), "none.conf")
    refused(cli("run", "--group-id", "../x"), "--group-id='../x'")


def test_a_misspelt_variable_is_warned_of(cli):
    done = cli("query", env={"CONFHOUSE_CONCURENCY": "5"})
    assert done.returncode == 0
    assert "CONFHOUSE_CONCURENCY" in done.stderr and "CONFHOUSE_CONCURRENCY" in done.stderr


def test_log_format_json(cli):
    done = cli("pull", "--log-format", "json")
    assert done.returncode == 4
    line = json.loads(done.stderr)
    assert line["level"] == "error" and line["kind"] == "nothing" and line["hint"]


def test_queries_are_listed_in_every_format(cli):
    names = {row["name"] for row in json.loads(cli("query", "--format", "json").stdout)}
    assert {"trend", "gaps", "findings", "evaluations", "diff"} <= names
    assert cli("query", "--format", "csv").stdout.startswith("name,summary\n")
    assert cli("query", "--format", "markdown").stdout.startswith("| name")
    assert cli("query").stdout.startswith("name")


def test_reading_makes_no_store(cli, tmp_path):
    for words in (["pull"], ["history"], ["query", "trend"], ["diff"], ["export"], ["report"],
                  ["merge", "--group-id", "g"]):
        refused(cli(*words, "--store", "nowhere"), "nowhere", status=4)
    assert list(tmp_path.iterdir()) == []


def test_output_that_cannot_be_written_is_a_failure(cli):
    with open("/dev/full", "w", encoding="ascii") as full:
        done = cli("help", stdout=full, stderr=subprocess.PIPE, capture_output=False)
    assert done.returncode == 1 and "No space left" in done.stderr
    closed = subprocess.run(["sh", "-c", '"$0" help >&-', BIN], capture_output=True, text=True,
                            check=False, timeout=60)
    assert closed.returncode == 1 and "cannot write" in closed.stderr


def test_a_reader_that_has_seen_enough_is_no_failure(cli):
    read_end, write_end = os.pipe()
    os.close(read_end)
    done = cli("man", stdout=write_end, stderr=subprocess.PIPE, capture_output=False)
    os.close(write_end)
    assert done.returncode == 0 and done.stderr == ""


def test_the_manual_page_is_well_formed(cli, tmp_path):
    page = cli("man").stdout
    for command in COMMANDS:
        assert f".Ss {command}" in page
    assert ".It Fl -role-name Ar NAME" in page
    (tmp_path / "confhouse.1").write_text(page)
    lint = subprocess.run(["mandoc", "-T", "lint", "confhouse.1"], cwd=tmp_path,
                          capture_output=True, text=True, check=False)
    assert lint.returncode == 0 and lint.stdout == "" and lint.stderr == ""


def test_no_core_file_can_be_made(cli, tmp_path):
    """Keys are in memory: a crash must not write them down."""
    (tmp_path / "event").unlink(missing_ok=True)
    os.mkfifo(tmp_path / "event")
    with subprocess.Popen([BIN, "invoke", "event"], cwd=tmp_path, env=clean_environment(),
                          stderr=subprocess.PIPE) as process:
        with open(tmp_path / "event", "w", encoding="ascii") as event:
            limits = open(f"/proc/{process.pid}/limits", encoding="ascii").read()
            event.write("{")
        process.wait(timeout=60)
    assert re.search(r"^Max core file size +0 +0 ", limits, re.M)
