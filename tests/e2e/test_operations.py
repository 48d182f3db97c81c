"""docs/operations.md against what it tells of: alarms, commands, tables that scripts make, units."""
import json
import re
import shutil
import subprocess

import pytest

from cli_tool import BIN
from conftest import ROOT
from hub_template import HUB, Stack, load
from permission_list import read_rows
from test_template_hub import GIVEN

PAGE = ROOT / "docs/operations.md"
UNITS = ROOT / "lambda/deploy/systemd"


def page():
    return PAGE.read_text(encoding="utf-8")


def output(*words):
    done = subprocess.run(list(map(str, words)), capture_output=True, text=True, check=False,
                          timeout=60, stdin=subprocess.DEVNULL)
    assert done.returncode == 0, done.stderr
    return done.stdout


def block(name):
    return re.search(f"<!-- {name} -->\n\n(.*?)\n*<!-- end of {name} -->", page(), re.S).group(1)


@pytest.mark.parametrize("name", ["scripts/cost", "scripts/permissions"])
def test_tables_are_those_that_the_scripts_print(name):
    assert block(name) == output(ROOT / name).rstrip("\n")


def test_every_alarm_of_the_templates_is_explained_and_no_other():
    alarms = {properties["AlarmName"] for variant in ("full", "small")
              for properties in Stack(load(HUB), GIVEN | {"Variant": variant}).resources(
                  "AWS::CloudWatch::Alarm").values()}
    section = page().split("\n## Alarms\n")[1].split("\n## ")[0]
    rows = [line for line in section.splitlines() if line.startswith("| `")]
    named = [name for row in rows for name in re.findall(r"`([\w-]+)`", row.split(" | ")[0])]
    assert sorted(named) == sorted(alarms)


def test_names_of_parameters_are_those_of_the_template():
    parameters = load(HUB)["Parameters"]
    for name in re.findall(r"--parameter (\w+)=", page()):
        assert name in parameters
    for name in ("ScannerReservedConcurrency", "MaxRunAgeDays", "MinCoveragePercent", "LiveVersion",
                 "HistoryStorage", "MergerMemory"):
        assert name in parameters and name in page()


def test_options_of_deploy_are_those_that_it_has():
    usage = output(ROOT / "scripts/deploy", "--help")
    for command in re.findall(r"scripts/deploy ((?:[^\n`]|\\\n)*)", page()):
        for option in re.findall(r"(?<!\S)--[a-z-]+", command):
            assert option in usage or option == "--help", command


def test_links_lead_somewhere():
    titles = re.findall(r"^#+ (.+)$", page(), re.M)
    anchors = {re.sub(r"[^a-z0-9 -]", "", title.lower()).replace(" ", "-") for title in titles}
    for target in re.findall(r"\]\(([^)]+)\)", page()):
        path, _, anchor = target.partition("#")
        if path:
            assert (PAGE.parent / path).exists(), target
        else:
            assert anchor in anchors, target


def test_files_that_are_named_are_there():
    for path in re.findall(r"(?<![\w/])(?:lambda|scripts)/[\w./-]*\w", page()):
        assert (ROOT / path).exists() or list(ROOT.glob(path + ".*")), path


def test_commands_of_confhouse_are_those_that_it_has():
    for command, options in re.findall(r"(?<![\w/-])confhouse (run|merge|report|query|export|diff|trend|"
                                       r"history)([^`\n|;,]*)", page()):
        usage = output(BIN, "help", command)
        for option in re.findall(r"(?<!\S)--[a-z-]+", options):
            assert option in usage or option in output(BIN, "help", "settings"), (command, option)


def test_the_policy_of_an_operator_has_each_of_the_operators_permissions():
    document = json.loads(output(ROOT / "scripts/permissions", "--policy", "operator"))
    granted = {(action, statement["Resource"]) for statement in document["Statement"]
               for action in statement["Action"]}
    assert granted == {(row.action, row.resource) for row in read_rows() if "operator" in row.roles}


def test_costs_follow_their_inputs():
    def all_costs(*words):
        lines = output(ROOT / "scripts/cost", "--accounts", "1000", *words).splitlines()
        return float(re.search(r"\*\*([\d,.]+)\*\* \|$", next(
            line for line in lines if line.startswith("| **all**"))).group(1).replace(",", ""))
    usual = all_costs()
    assert all_costs("--price-alarm", "0.2") == pytest.approx(usual + 1.7, abs=0.02)
    assert all_costs("--runs", "30") > all_costs("--evaluations", "100") > usual
    free = [word for name in ("gb-second", "requests", "transitions", "storage", "puts", "gets", "logs",
                              "metric", "alarm") for word in (f"--price-{name}", "0")]
    assert all_costs(*free) == 0
    assert "| alarms | 17 |" in output(ROOT / "scripts/cost")
    assert len(Stack(load(HUB), GIVEN).resources("AWS::CloudWatch::Alarm")) == 17


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd here")
def test_the_units_are_well_formed(tmp_path):
    for unit in UNITS.iterdir():
        text = unit.read_text(encoding="utf-8").replace("/usr/local/bin/confhouse", BIN)
        (tmp_path / unit.name).write_text(text, encoding="utf-8")
    done = subprocess.run(["systemd-analyze", "verify", "--man=no", *sorted(tmp_path.iterdir())], text=True,
                          capture_output=True, check=False, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
