"""The Terraform module against the template: what it makes is the same, by the same names."""
import copy
import json

import pytest

import hub_template
from conftest import ROOT
from hub_template import HUB, SPOKE, Stack, load
from terraform_module import MODULE, Module, parse
from terraform_names import TYPES, comparable, document, properties_of, snake
from test_template_hub import GIVEN, STACKS
from test_templates import Checker

# The module publishes versions by itself, and reads the definition from its neighbour.
NOT_IN_TERRAFORM = {"Release", "DefinitionKey", "DefinitionObjectVersion"}
SPOKE_GIVEN = {"HubAccountId": "999988887777", "OrganizationId": "o-abcdef1234"}


def stack_of(name):
    return Stack(load(HUB), GIVEN | STACKS[name])


def module_of(name, tree=None):
    given = {key: value for key, value in (GIVEN | STACKS[name]).items() if key not in NOT_IN_TERRAFORM}
    return Module({snake(key): value for key, value in given.items()}, tree=tree)


@pytest.fixture(scope="module")
def checker():
    tool = Checker()
    yield tool
    tool.close()


def parameters_agree(template, module):
    declared = {snake(name): parameter for name, parameter in template["Parameters"].items()
                if name not in NOT_IN_TERRAFORM}
    variables = {name: blocks[0] for name, blocks in module.tree["variable"].items()}
    assert set(variables) == set(declared)
    for name, parameter in declared.items():
        variable = variables[name]
        assert variable["type"] == "${%s}" % parameter["Type"].lower(), name
        assert variable.get("default") == parameter.get("Default"), name
        if "Description" in parameter:
            assert variable["description"] == parameter["Description"].replace("\n", " "), name
        if "AllowedValues" in parameter:
            condition = variable["validation"][0]["condition"]
            values = condition[condition.index("["):condition.index("]") + 1]
            assert json.loads(values) == parameter["AllowedValues"], name
        if "AllowedPattern" in parameter:
            assert f'"{parameter["AllowedPattern"]}"' in variable["validation"][0]["condition"], name


def test_variables_are_the_parameters():
    parameters_agree(load(HUB), module_of("full"))


def resources(module, kind):
    return [properties_of(kind, body) for _, _, body in module.instances(kind)]


def by_name(items, key):
    found = {}
    for item in items:
        name = json.dumps(item[key])
        assert name not in found, f"two of {name}"
        found[name] = item
    return comparable(found)


def of_stack(stack, kind):
    cfn_type = TYPES[kind][0]
    items = list(stack.resources(cfn_type).values())
    for item in items:
        if kind == "aws_iam_role":
            item.pop("Policies", None)
        if kind == "aws_cloudwatch_event_rule":
            item.pop("Targets")
        if kind == "aws_sfn_state_machine":
            item.pop("DefinitionS3Location")
            values = item.pop("DefinitionSubstitutions")
            text = (ROOT / "lambda/statemachine.asl.json").read_text()
            for name, value in values.items():
                text = text.replace("${%s}" % name, value)
            item["DefinitionString"] = text
        if kind == "aws_lambda_permission":
            item["FunctionName"] = item["FunctionName"].split(":function:")[1]
    return items


def kind_agrees(stack, module, kind):
    key = TYPES[kind][1]
    assert by_name(resources(module, kind), key) == by_name(of_stack(stack, kind), key)


@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize("name", STACKS)
def test_resources_are_those_of_the_template(name, kind):
    kind_agrees(stack_of(name), module_of(name), kind)


def permissions_of(module):
    """Role name -> set of (action, resource)."""
    found = {}
    for _, _, policy in module.instances("aws_iam_role_policy"):
        for statement in document(policy["policy"])["Statement"]:
            assert statement["Effect"] == "Allow"
            found.setdefault(policy["role"], set()).update(
                (action, resource) for action in statement["Action"]
                for resource in statement["Resource"])
    return found


def permissions_agree(stack, module):
    expected = {stack.properties(role)["RoleName"]: hub_template.permissions(stack, role)
                for role in stack.resources("AWS::IAM::Role")}
    assert permissions_of(module) == expected


@pytest.mark.parametrize("name", STACKS)
def test_each_role_may_do_what_the_template_lets_it(name):
    permissions_agree(stack_of(name), module_of(name))


def one(module, kind):
    (_, _, body), = module.instances(kind)
    return body


def bucket_of(module):
    """The nine resources that are one bucket in CloudFormation."""
    encryption = one(module, "aws_s3_bucket_server_side_encryption_configuration")["rule"][0]
    default, = encryption.pop("apply_server_side_encryption_by_default")
    rules = one(module, "aws_s3_bucket_lifecycle_configuration")["rule"]
    public = one(module, "aws_s3_bucket_public_access_block")
    return {
        "BucketName": one(module, "aws_s3_bucket")["bucket"],
        "VersioningConfiguration": {"Status": one(
            module, "aws_s3_bucket_versioning")["versioning_configuration"][0]["status"]},
        "BucketEncryption": {"ServerSideEncryptionConfiguration": [{
            "ServerSideEncryptionByDefault": {
                {"sse_algorithm": "SSEAlgorithm", "kms_master_key_id": "KMSMasterKeyID"}[name]: value
                for name, value in default.items()},
            **({"BucketKeyEnabled": True} if encryption else {})}]},
        "PublicAccessBlockConfiguration": {
            "".join(part.capitalize() for part in name.split("_")): value
            for name, value in public.items() if name != "bucket"},
        "OwnershipControls": {"Rules": [{"ObjectOwnership": rule["object_ownership"]} for rule in one(
            module, "aws_s3_bucket_ownership_controls")["rule"]]},
        "NotificationConfiguration": {"EventBridgeConfiguration": {
            "EventBridgeEnabled": one(module, "aws_s3_bucket_notification")["eventbridge"]}},
        "LifecycleConfiguration": {
            "TransitionDefaultMinimumObjectSize": one(
                module, "aws_s3_bucket_lifecycle_configuration")["transition_default_minimum_object_size"],
            "Rules": [lifecycle_rule(rule) for rule in rules]},
    }


def lifecycle_rule(rule):
    found = {"Id": rule["id"], "Status": rule["status"]}
    for block in rule["filter"]:
        if "prefix" in block:
            found["Prefix"] = block["prefix"]
    if "transition" in rule:
        found["Transitions"] = [{"StorageClass": each["storage_class"], "TransitionInDays": each["days"]}
                                for each in rule["transition"]]
    for block in rule.get("expiration", []):
        names = {"days": "ExpirationInDays", "expired_object_delete_marker": "ExpiredObjectDeleteMarker"}
        found |= {names[name]: value for name, value in block.items()}
    for block in rule.get("noncurrent_version_expiration", []):
        found["NoncurrentVersionExpiration"] = {"NoncurrentDays": block["noncurrent_days"]}
    for block in rule.get("abort_incomplete_multipart_upload", []):
        found["AbortIncompleteMultipartUpload"] = {"DaysAfterInitiation": block["days_after_initiation"]}
    return found


def bucket_agrees(stack, module):
    assert comparable(bucket_of(module)) == comparable(stack.properties("Bucket"))
    assert comparable(document(one(module, "aws_s3_bucket_policy")["policy"])) == comparable(
        stack.properties("BucketPolicy")["PolicyDocument"])


@pytest.mark.parametrize("name", STACKS)
def test_the_bucket_is_that_of_the_template(name):
    bucket_agrees(stack_of(name), module_of(name))


@pytest.mark.parametrize("name", ["small", "small, all options"])
def test_the_rule_has_the_target_of_the_template(name):
    target = one(module_of(name), "aws_cloudwatch_event_target")
    rule = stack_of(name).properties("MergedRule")
    assert target["rule"] == rule["Name"]
    assert comparable(rule["Targets"]) == comparable({
        "Id": target["target_id"], "Arn": target["arn"],
        "RetryPolicy": {"MaximumRetryAttempts": target["retry_policy"][0]["maximum_retry_attempts"],
                        "MaximumEventAgeInSeconds": target["retry_policy"][0][
                            "maximum_event_age_in_seconds"]},
        "DeadLetterConfig": {"Arn": target["dead_letter_config"][0]["arn"]}})


def test_a_bucket_that_is_there_is_left_alone():
    module = Module({"code_bucket": "b", "code_key": "k", "create_bucket": "no"})
    assert [kind for kind in module.tree["resource"]
            if kind.startswith("aws_s3_bucket") and module.instances(kind)] == []


def test_nothing_is_declared_that_is_not_compared():
    compared = set(TYPES) | {"aws_iam_role_policy", "aws_cloudwatch_event_target"}
    for kind in parse()["resource"]:
        assert kind in compared or kind.startswith("aws_s3_bucket"), kind


def as_template(module):
    return {"AWSTemplateFormatVersion": "2010-09-09", "Resources": {
        f"R{number}": {"Type": TYPES[kind][0], "Properties": properties}
        for number, (kind, properties) in enumerate(
            (kind, properties) for kind in TYPES for properties in resources(module, kind))}}


def spec_findings(checker, module):
    return [finding for finding in checker.findings(as_template(module)) if finding["check"] == "spec"]


@pytest.mark.parametrize("name", STACKS)
def test_attributes_have_names_and_values_that_aws_knows(checker, name):
    assert spec_findings(checker, module_of(name)) == []


def test_the_spokes_module_makes_the_role_of_the_template():
    stack = Stack(load(SPOKE), SPOKE_GIVEN | {"ExternalId": "a-secret"})
    module = Module({snake(name): value for name, value in SPOKE_GIVEN.items()} |
                    {"external_id": "a-secret"}, MODULE / "spoke")
    parameters_agree(load(SPOKE), module)
    role = stack.properties("SpokeRole")
    del role["Policies"]
    assert comparable(resources(module, "aws_iam_role")[0]) == comparable(role)
    assert permissions_of(module) == {
        "configreport-read-role": hub_template.permissions(stack, "SpokeRole")}


def change(tree, path, value):
    *way, last = path
    for step in way:
        tree = tree[step]
    if value is None:
        del tree[last]
    else:
        tree[last] = value


POLICY = ("data", "aws_iam_policy_document")
WRONG = [
    ("a permission left out", POLICY + ("merge", 0, "statement", 2, "actions", 1), None,
     permissions_agree),
    ("a permission more", POLICY + ("scan", 0, "statement", 0, "actions", 0), "sts:*",
     permissions_agree),
    ("a wider resource", POLICY + ("report", 0, "statement", 1, "resources", 0), "*",
     permissions_agree),
    ("a wrong handler", ("locals", 1, "functions_of", "full", "scanner", "handler"), "merge",
     lambda stack, module: kind_agrees(stack, module, "aws_lambda_function")),
    ("a wrong variable", ("locals", 1, "functions_of", "full", "scanner", "environment", "REPORT_BUCKET"),
     "other", lambda stack, module: kind_agrees(stack, module, "aws_lambda_function")),
    ("a wrong alarm", ("resource", "aws_cloudwatch_metric_alarm", "missed_run", 0, "treat_missing_data"),
     "missing", lambda stack, module: kind_agrees(stack, module, "aws_cloudwatch_metric_alarm")),
    ("a wrong schedule", ("resource", "aws_scheduler_schedule", "run", 0, "target", 0, "input"), "{}",
     lambda stack, module: kind_agrees(stack, module, "aws_scheduler_schedule")),
    ("a log group more", ("resource", "aws_cloudwatch_log_group", "machine", 0, "name"), "/aws/other",
     lambda stack, module: kind_agrees(stack, module, "aws_cloudwatch_log_group")),
    ("a history that expires", ("resource", "aws_s3_bucket_lifecycle_configuration", "store", 0, "rule",
                                2, "filter", 0, "prefix"), "history/", bucket_agrees),
]


@pytest.mark.parametrize("path,value,law", [row[1:] for row in WRONG], ids=[row[0] for row in WRONG])
def test_a_module_that_differs_is_found(path, value, law):
    tree = copy.deepcopy(parse())
    change(tree, path, value)
    with pytest.raises((AssertionError, KeyError)):
        law(stack_of("full"), module_of("full", tree))


@pytest.mark.parametrize("policy", ["PlanPolicy", "ScanPolicy", "MergePolicy", "ReportPolicy"])
def test_a_permission_that_the_template_lost_is_found(policy):
    template = load(HUB)
    statements = template["Resources"][policy]["Properties"]["PolicyDocument"]["Statement"]
    change(statements, (1, "Action"), "s3:GetBucketLocation")
    with pytest.raises(AssertionError):
        permissions_agree(Stack(template, GIVEN), module_of("full"))


MISSPELT = [
    ("an attribute", ("resource", "aws_lambda_function", "step", 0, "memory_sise"), 512),
    ("an attribute of a block", ("resource", "aws_scheduler_schedule", "run", 0, "target", 0, "role"),
     "arn:aws:iam::111122223333:role/x"),
    ("an enum", ("resource", "aws_scheduler_schedule", "run", 0, "flexible_time_window", 0, "mode"), "NO"),
    ("a type", ("resource", "aws_lambda_function", "step", 0, "timeout"), "long"),
]


@pytest.mark.parametrize("path,value", [row[1:] for row in MISSPELT], ids=[row[0] for row in MISSPELT])
def test_a_misspelt_module_is_found(checker, path, value):
    tree = copy.deepcopy(parse())
    change(tree, path, value)
    assert spec_findings(checker, module_of("full", tree)) != []


def test_what_is_no_terraform_is_refused(tmp_path):
    (tmp_path / "main.tf").write_text('resource "aws_sns_topic" "x" {\n  name = \n}\n')
    with pytest.raises(AssertionError, match="main.tf"):
        parse(tmp_path)
