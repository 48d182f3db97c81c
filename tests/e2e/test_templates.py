"""lambda/deploy: the templates against what CloudFormation, cdk-nag and aws-service-spec know, and each
check against a template that is wrong on purpose."""
import csv
import json
import re
import shutil
import subprocess

import pytest

from conftest import ROOT
from hub_template import HUB, SPOKE, Stack, load, permissions

TOOLS = ROOT / "tests/deploy"
TEMPLATES = {"hub.yaml": HUB, "spoke-role.yaml": SPOKE}


class Checker:
    """check_templates.js, which stays until the last test has ended."""

    def __init__(self):
        if shutil.which("node") is None or not (TOOLS / "node_modules").is_dir():
            pytest.fail("Node or its packages are not installed: scripts/install-deps --test")
        # What its libraries print is not read by anybody.
        self.process = subprocess.Popen(  # pylint: disable=consider-using-with
            ["node", TOOLS / "check_templates.js"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, text=True)

    def findings(self, template):
        self.process.stdin.write(json.dumps(template) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        assert line, "check_templates.js ended"
        return json.loads(line)

    def close(self):
        self.process.stdin.close()
        self.process.wait(timeout=60)
        self.process.stdout.close()


@pytest.fixture(scope="module")
def checker():
    tool = Checker()
    yield tool
    tool.close()


def matches(pattern, text):
    return re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), text) is not None


def accepted(template_name):
    with open(TOOLS / "accepted.csv", encoding="utf-8", newline="") as file:
        return [row for row in csv.DictReader(file) if row["template"] == template_name]


def is_accepted(row, finding):
    return matches(row["resource"], finding["resource"]) and matches(row["check"], finding["check"])


def unaccepted(template_name, findings):
    rows = accepted(template_name)
    return [finding for finding in findings
            if not any(is_accepted(row, finding) for row in rows)]


@pytest.fixture(scope="module", name="found")
def found_fixture(checker):
    """Name -> findings of the templates as they are."""
    return {name: checker.findings(load(path)) for name, path in TEMPLATES.items()}


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_template_has_no_finding_that_is_not_accepted(found, name):
    assert unaccepted(name, found[name]) == []


@pytest.mark.parametrize("name", TEMPLATES)
def test_each_accepted_finding_is_still_there_and_has_a_reason(found, name):
    for row in accepted(name):
        assert len(row["reason"]) > 20, row
        assert any(is_accepted(row, finding) for finding in found[name]), row


def put(template, path, value):
    """Sets, or with None removes, what the path leads to."""
    *way, last = path
    for step in way:
        template = template[step]
    if value is None:
        del template[last]
    else:
        template[last] = value


def properties(resource, *path):
    return ("Resources", resource, "Properties", *path)


WRONG = [
    ("an unknown property", properties("ScannerFunction", "MemorySizes"), 512),
    ("an unknown property inside", properties("Bucket", "VersioningConfiguration", "State"), "Enabled"),
    ("a wrong enum", properties("ScannerFunction", "LoggingConfig", "LogFormat"), "Json"),
    ("a wrong storage class", properties("Bucket", "LifecycleConfiguration", "Rules", 0, "Transitions",
                                         0, "StorageClass"), "ICE"),
    ("a wrong type", properties("ScannerFunction", "Timeout"), "fifteen minutes"),
    ("a list that is none", properties("ScannerFunction", "Architectures"), "arm64"),
    ("a required property left out", properties("RunSchedule", "FlexibleTimeWindow"), None),
    ("a wrong runtime", properties("MergerFunction", "Runtime"), "provided.al2024"),
    ("a type that is not there", ("Resources", "RunSchedule", "Type"), "AWS::Scheduler::Plan"),
    ("a reference to nothing", properties("PlannerAlias", "FunctionName"), {"Ref": "PlanerFunction"}),
    ("an attribute that is not there", properties("SchedulerRole", "Policies", 0, "PolicyDocument",
                                                  "Statement", 2, "Resource"),
     {"Fn::GetAtt": ["DeadLetters", "Urn"]}),
    ("a condition that is not there", ("Resources", "ScannerRole", "Condition"), "IsLarge"),
    ("a cycle", ("Resources", "ScannerRole", "DependsOn"), ["ScannerAlias"]),
    ("a bucket that takes any connection", ("Resources", "BucketPolicy"), None),
    ("a wildcard more", properties("ReportPolicy", "PolicyDocument", "Statement", 1, "Resource"), "*"),
    ("an action with a star", properties("MergePolicy", "PolicyDocument", "Statement", 0, "Action"),
     "s3:*"),
]


@pytest.mark.parametrize("path,value", [row[1:] for row in WRONG], ids=[row[0] for row in WRONG])
def test_a_hub_that_is_wrong_is_found(checker, path, value):
    template = load(HUB)
    put(template, path, value)
    assert unaccepted("hub.yaml", checker.findings(template)) != []


def test_the_spokes_trust_names_account_roles_and_organization():
    stack = Stack(load(SPOKE), {"HubAccountId": "999988887777", "OrganizationId": "o-abcdef1234",
                                "ExternalId": "a-secret"})
    statement, = stack.properties("SpokeRole")["AssumeRolePolicyDocument"]["Statement"]
    assert statement == {
        "Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::999988887777:root"},
        "Action": "sts:AssumeRole",
        "Condition": {
            "ArnEquals": {"aws:PrincipalArn": [
                "arn:aws:iam::999988887777:role/platform-compliance-scanner",
                "arn:aws:iam::999988887777:role/platform-compliance-runner"]},
            "StringEquals": {"aws:PrincipalOrgID": "o-abcdef1234", "sts:ExternalId": "a-secret"}}}


def test_the_spoke_asks_for_no_external_id_where_there_is_none():
    stack = Stack(load(SPOKE), {"HubAccountId": "999988887777", "OrganizationId": "o-abcdef1234"})
    statement, = stack.properties("SpokeRole")["AssumeRolePolicyDocument"]["Statement"]
    assert statement["Condition"]["StringEquals"] == {"aws:PrincipalOrgID": "o-abcdef1234"}


def test_the_spoke_only_reads():
    stack = Stack(load(SPOKE), {"HubAccountId": "999988887777", "OrganizationId": "o-abcdef1234"})
    for action, _ in permissions(stack, "SpokeRole"):
        assert re.fullmatch(r"[a-z0-9]+:(Get|List|Describe|Select)[A-Za-z]+", action), action
