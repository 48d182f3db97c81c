"""lambda/deploy/permissions.csv is the one list of permissions: the calls of the program, the policies
of the templates and the table of the document agree with it."""
import re
import subprocess

import pytest

from conftest import ROOT
from hub_template import HUB, SPOKE, Stack, load, permissions
from permission_list import FUNCTIONS, LIST, read_rows, wanted
from test_template_hub import GIVEN, STACKS

ROLES = {"planner": "PlannerRole", "scanner": "ScannerRole", "merger": "MergerRole",
         "reporter": "ReporterRole", "runner": "RunnerRole", "statemachine": "StateMachineRole",
         "scheduler": "SchedulerRole"}
# Those that policies of resources let in, and the principal that stands there.
SERVICES = {"alarms": "cloudwatch.amazonaws.com", "events": "events.amazonaws.com"}
WORDS = {"when": {"always", "regions", "full", "small", "key", "mail"},
         "by": {"program", "lambda", "s3", "ses", "states", "scheduler", "events", "cloudwatch"}}


def operations():
    """(service, operation) -> the permissions it needs, as src/aws/operations.h lists them."""
    text = (ROOT / "src/aws/operations.h").read_text()
    found = re.findall(r'X\(AWS_(\w+), *"(\w+)", *\\?\s*"([^"]*)"\)', text)
    assert len(found) == text.count("X(AWS_")
    return {(service, operation): set(needs.split()) for service, operation, needs in found}


def calls_in_source():
    """Names of operations as the functions of src/aws pass them on."""
    patterns = (r'\.operation = "(\w+)"', r'{AWS_\w+, "(\w+)"',
                r'request\w*\([^"()]*"(\w+)", *(?:&body|"[A-Z]+")', r'Action=(\w+)&')
    texts = [path.read_text() for path in sorted((ROOT / "src/aws").glob("*.c"))]
    return {name for text in texts for pattern in patterns for name in re.findall(pattern, text)}


def test_each_call_in_the_source_is_an_operation_of_the_list():
    assert calls_in_source() == {operation for _, operation in operations()}


def test_no_permission_without_a_call_and_no_call_without_a_permission():
    needed = set().union(*operations().values())
    assert {row.action for row in read_rows() if row.by == "program"} == needed


def test_each_permission_says_why_and_what_is_lost():
    rows = read_rows()
    for row in rows:
        assert row.reason and row.lost and row.effect and row.roles, row
        assert re.fullmatch(r"[a-z0-9]+:[A-Za-z]+", row.action), row
        for column, words in WORDS.items():
            assert getattr(row, column) in words, row
        assert set(row.roles) <= {*ROLES, *SERVICES, "spoke", "operator"}, row
        assert (row.effect == "service") == (row.by not in ("program", "ses")), row
    keys = [(role, row.action, row.resource, row.reason) for row in rows for role in row.roles]
    assert len(keys) == len(set(keys))


def check_roles(stack):
    for role, logical_id in ROLES.items():
        if stack.exists(logical_id):
            assert permissions(stack, logical_id) == set(wanted(stack, role)), role


def let_in(stack, principal):
    """(action, resource) that policies of resources allow this service."""
    found = set()
    for kind in ("AWS::SNS::TopicPolicy", "AWS::SQS::QueuePolicy"):
        for policy in stack.resources(kind).values():
            for statement in policy["PolicyDocument"]["Statement"]:
                if statement["Principal"] == {"Service": principal}:
                    found.add((statement["Action"], statement["Resource"]))
    for permission in stack.resources("AWS::Lambda::Permission").values():
        if permission["Principal"] == principal:
            found.add((permission["Action"], permission["FunctionName"]))
    return found


@pytest.mark.parametrize("name", STACKS)
def test_roles_of_the_hub_have_what_the_list_gives_them(name):
    check_roles(Stack(load(HUB), GIVEN | STACKS[name]))


@pytest.mark.parametrize("name", STACKS)
def test_policies_of_resources_let_in_what_the_list_says(name):
    stack = Stack(load(HUB), GIVEN | STACKS[name])
    for role, principal in SERVICES.items():
        assert let_in(stack, principal) == set(wanted(stack, role)), role


def test_the_spoke_has_what_the_list_gives_it():
    stack = Stack(load(SPOKE), {"HubAccountId": "111122223333", "OrganizationId": "o-abcdef1234"})
    listed = {(row.action, row.resource) for row in read_rows() if "spoke" in row.roles}
    assert permissions(stack, "SpokeRole") == listed


def test_one_permission_more_or_less_is_noticed():
    template = load(HUB)
    statements = template["Resources"]["MergePolicy"]["Properties"]["PolicyDocument"]["Statement"]
    statements[0]["Action"].append("s3:GetBucketLocation")
    with pytest.raises(AssertionError, match="merger"):
        check_roles(Stack(template, GIVEN))
    del statements[0]["Action"][1:]
    with pytest.raises(AssertionError, match="merger"):
        check_roles(Stack(template, GIVEN))
