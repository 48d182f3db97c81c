"""The laws of hub_laws.py, in each variant and with everything that is optional, and each broken once."""
import pytest

import hub_laws
from hub_laws import LAWS, load_hub
from hub_template import Stack
from state_machine import DEFINITION, TOOLS, node

GIVEN = {"Release": "1.0.0", "CodeBucket": "artifacts", "CodeKey": "confhouse/1.0.0/confhouse.zip",
         "DefinitionKey": "confhouse/1.0.0/statemachine.asl.json"}
KEY = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd"
OPTIONAL = {
    "CodeObjectVersion": "v1", "LiveVersion": "7", "ScannerReservedConcurrency": 20,
    "PermissionsBoundary": "arn:aws:iam::111122223333:policy/boundary", "KmsKeyArn": KEY,
    "TopicKmsKeyId": "alias/topics", "MailFrom": "config@example.com",
    "MailIdentityArn": "arn:aws:ses:eu-west-1:111122223333:identity/example.com",
    "ReportPrefix": "some/where/", "AlarmMail": "ops@example.com", "ArchiveClass": "DEEP_ARCHIVE",
    "ExternalId": "a-secret", "Regions": "eu-west-1,us-east-1", "Architecture": "arm64",
}
STACKS = {"full": {}, "small": {"Variant": "small"},
          "full, all options": OPTIONAL, "small, all options": OPTIONAL | {"Variant": "small"}}


def make(name, template=None):
    return Stack(template or load_hub(), GIVEN | STACKS[name])


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.__name__)
@pytest.mark.parametrize("name", STACKS)
def test_law(law, name):
    law(make(name))


# Law, stack, what leads to the broken value, and that value (None = it is left out).
BROKEN = [
    ("each_step_has_its_function", "full", "ScannerFunction.Handler", "merge"),
    ("each_step_has_its_function", "full", "MergerFunction.Timeout", 300),
    ("each_step_has_its_function", "small", "RunnerFunction.Handler", "runner"),
    ("all_functions_are_one_zip", "full", "MergerFunction.Code.S3Key", "other.zip"),
    ("variables_are_settings", "full", "ScannerFunction.Environment.Variables.CONFHOUSE_ROLENAME", "r"),
    ("variables_are_settings", "full", "ReporterFunction.Environment.Variables.REPORT_BUCKET", "other"),
    ("variables_are_settings", "small", "RunnerFunction.Environment.Variables.REPORT_PREFIX", "p/"),
    ("planner_and_scanner_agree", "full, all options",
     "PlannerFunction.Environment.Variables.CONFHOUSE_REGIONS", ""),
    ("logs_are_kept_for_a_while", "full", "PlannerLog.LogGroupName", "/aws/lambda/planner"),
    ("logs_are_kept_for_a_while", "full", "PlannerLog.RetentionInDays", 7),
    ("each_function_has_a_role_of_its_own", "full", "ScannerFunction.Role",
     {"Fn::GetAtt": ["MergerRole", "Arn"]}),
    ("each_function_has_a_role_of_its_own", "full, all options", "ScannerRole.PermissionsBoundary", None),
    ("a_roll_back_is_one_parameter", "full, all options", "MergerAlias.FunctionVersion", "1"),
    ("a_roll_back_is_one_parameter", "full", "MergerVersion.Description", "first"),
    ("each_release_changes_each_function", "small", "RunnerFunction.Description", "runs"),
    ("nothing_is_reserved_unasked", "full", "MergerFunction.ReservedConcurrentExecutions", 1),
    ("bucket_is_closed", "full", "Bucket.PublicAccessBlockConfiguration.BlockPublicPolicy", False),
    ("bucket_is_closed", "full", "Bucket.VersioningConfiguration.Status", "Suspended"),
    ("bucket_is_closed", "full", "BucketPolicy.PolicyDocument.Statement.0.Condition.Bool", {}),
    ("history_is_kept", "full", "Bucket.LifecycleConfiguration.Rules.2.Prefix", "history/"),
    ("history_is_kept", "full", "Bucket.LifecycleConfiguration.Rules.3.ExpirationInDays", 90),
    ("topics_and_queue_take_tls_only", "full", "ReportTopicPolicy.PolicyDocument.Statement.0.Condition",
     {}),
    ("alarms_may_publish", "full", "AlarmTopicPolicy.PolicyDocument.Statement.0.Principal.Service",
     "events.amazonaws.com"),
    ("alarms_may_publish", "full", "MissedRun.AlarmName", "missed-run"),
    ("metrics_are_printed_by_the_program", "full", "MissedRun.MetricName", "RunAge"),
    ("metrics_are_printed_by_the_program", "full", "MissedRun.Dimensions.0.Value", "age"),
    ("every_failure_has_an_alarm", "full", "ScannerThrottles.MetricName", "Errors"),
    ("every_failure_has_an_alarm", "full", "MissedRun.TreatMissingData", "missing"),
    ("schedules_say_when_they_fired", "full", "RunSchedule.Target.Input", '{"mode":"plan","time":"now"}'),
    ("schedules_say_when_they_fired", "small", "RunSchedule.Target.Input",
     '{"mode":"batch","time":"<aws.scheduler.scheduled-time>"}'),
    ("schedules_say_when_they_fired", "full", "RunSchedule.ScheduleExpressionTimezone", None),
    ("the_reporter_has_one_caller", "full", "CheckSchedule.Target.Arn", {"Ref": "ReporterAlias"}),
    ("the_reporter_has_one_caller", "small", "RunnerFunction.Environment.Variables.CONFHOUSE_NO_REPORT",
     "false"),
    ("a_merge_wakes_the_reporter_of_the_small_variant", "small",
     "MergedRule.EventPattern.detail.object.key", [{"prefix": "history/"}]),
    ("a_merge_wakes_the_reporter_of_the_small_variant", "small",
     "Bucket.NotificationConfiguration.EventBridgeConfiguration.EventBridgeEnabled", False),
    ("the_state_machine_calls_each_step", "full", "StateMachine.DefinitionSubstitutions.ScanFunction",
     {"Ref": "PlannerAlias"}),
    ("the_state_machine_calls_each_step", "full", "StateMachine.DefinitionSubstitutions.Topics",
     {"Ref": "AlarmTopic"}),
    ("the_state_machine_calls_each_step", "full",
     "StateMachineRole.Policies.0.PolicyDocument.Statement.1.Action", "states:SendTaskSuccess"),
    ("policies_reach_only_their_own", "full", "MergePolicy.PolicyDocument.Statement.1.Resource", "*"),
    ("policies_reach_only_their_own", "full", "ScanPolicy.PolicyDocument.Statement.0.Resource",
     "arn:aws:iam::*:role/*"),
    ("keys_and_mail_are_allowed_only_where_they_are", "full, all options",
     "ReportPolicy.PolicyDocument.Statement.5", None),
    ("policies_hold_no_empty_statement", "full", "PlanPolicy.PolicyDocument.Statement.0.Action", []),
    ("trust_is_for_one_service", "full",
     "SchedulerRole.AssumeRolePolicyDocument.Statement.0.Condition", {}),
]


def put(properties, path, value):
    *way, last = (int(step) if step.isdigit() else step for step in path.split("."))
    for step in way:
        properties = properties[step]
    if value is None:
        del properties[last]
    else:
        properties[last] = value


@pytest.mark.parametrize("law,name,path,value", BROKEN, ids=[f"{row[0]}-{row[2]}" for row in BROKEN])
def test_a_breach_is_found(law, name, path, value):
    template = load_hub()
    resource, _, inside = path.partition(".")
    put(template["Resources"][resource]["Properties"], inside, value)
    with pytest.raises((AssertionError, KeyError)):
        getattr(hub_laws, law)(make(name, template))


def test_every_law_is_broken_once():
    assert {law.__name__ for law in LAWS} == {row[0] for row in BROKEN}


def test_the_definition_passes_asl_validator_with_the_values_of_the_template(tmp_path):
    text = DEFINITION.read_text(encoding="utf-8")
    for name, value in make("full").properties("StateMachine")["DefinitionSubstitutions"].items():
        text = text.replace("${%s}" % name, value)
    assert "${" not in text
    (tmp_path / "definition.json").write_text(text, encoding="utf-8")
    done = node(TOOLS / "validate.mjs", tmp_path / "definition.json")
    assert done.returncode == 0, done.stderr


def test_the_bucket_may_be_there_already():
    stack = Stack(load_hub(), GIVEN | {"CreateBucket": "no"})
    assert not stack.exists("Bucket") and not stack.exists("BucketPolicy")
    # Nothing else may need the resource: each of the others resolves without it.
    for resource_id in stack.template["Resources"]:
        if stack.exists(resource_id):
            stack.properties(resource_id)


def test_the_full_variant_needs_a_definition():
    rule = load_hub()["Rules"]["DefinitionOfTheStateMachine"]
    assert rule["RuleCondition"] == {"Fn::Equals": [{"Ref": "Variant"}, "full"]}
    assert rule["Assertions"][0]["Assert"] == {"Fn::Not": [{"Fn::Equals": [
        {"Ref": "DefinitionKey"}, ""]}]}
