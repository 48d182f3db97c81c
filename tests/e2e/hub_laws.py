"""What must hold of the hub's template, whatever else changes in it. Each law takes a Stack and asserts;
test_template_hub.py breaks each on purpose."""
import json
import re

from conftest import ROOT
from hub_template import NO_VALUE, load, permissions, statements

STEPS = {"platform-compliance-planner": "plan", "platform-compliance-scanner": "scan",
         "platform-compliance-merger": "merge", "platform-compliance-reporter": "report",
         "platform-compliance-runner": "run"}
OF_VARIANT = {"full": {"planner", "scanner", "merger", "reporter"}, "small": {"runner", "reporter"}}
EVENT_LIMIT_SECONDS = 900
LIVE = ":live"


def source(path):
    return (ROOT / path).read_text(encoding="utf-8")


def known_handlers():
    table = re.search(r"handlers\[\] = \{(.*?)\n    \};", source("lambda/function.c"), re.S).group(1)
    return set(re.findall(r'\{"([a-z]+)"', table))


def known_modes():
    return set(re.findall(r'"([a-z]+)"', re.search(
        r"mode_names\[\] = \{(.*?)\};", source("src/app/event.c"), re.S).group(1)))


def known_metrics():
    text = source("lambda/metrics.c")
    return set(re.findall(r'\{"([A-Za-z]+)", +"[a-z_]+"\}', text)) | \
        set(re.findall(r'add\(&list, "([A-Za-z]+)"', text))


def known_variables():
    names = re.findall(r'\.name = "([a-z-]+)"', source("src/app/settings_table.h"))
    return {"REPORT_BUCKET", "REPORT_PREFIX"} | {
        "CONFHOUSE_" + name.replace("-", "_").upper() for name in names}


def functions(stack):
    """By function name."""
    return {properties["FunctionName"]: properties
            for properties in stack.resources("AWS::Lambda::Function").values()}


def bucket_name(stack):
    return f"platform-compliance-reports-{stack.account_id}"


def each_step_has_its_function(stack):
    assert set(functions(stack)) == {
        "platform-compliance-" + name for name in OF_VARIANT[stack.parameters["Variant"]]}
    for name, function in functions(stack).items():
        assert function["Handler"] == STEPS[name]
        assert function["Handler"] in known_handlers()
        assert function["Runtime"] == "provided.al2023"
        assert function["Timeout"] == EVENT_LIMIT_SECONDS
        assert function["Architectures"] == [stack.parameters["Architecture"]]


def all_functions_are_one_zip(stack):
    codes = [function["Code"] for function in functions(stack).values()]
    assert all(code == codes[0] for code in codes)
    assert codes[0]["S3Bucket"] == stack.parameters["CodeBucket"]
    assert codes[0]["S3Key"] == stack.parameters["CodeKey"]


def variables_are_settings(stack):
    for function in functions(stack).values():
        variables = function["Environment"]["Variables"]
        assert set(variables) <= known_variables(), set(variables) - known_variables()
        assert variables["REPORT_BUCKET"] == bucket_name(stack)
        assert variables["REPORT_PREFIX"] == stack.parameters["ReportPrefix"]


def planner_and_scanner_agree(stack):
    """Regions, role and external id: what one plans, the other reads."""
    shared = ("CONFHOUSE_ROLE_NAME", "CONFHOUSE_EXTERNAL_ID", "CONFHOUSE_REGIONS")
    of_parameters = {"CONFHOUSE_ROLE_NAME": "RoleName", "CONFHOUSE_EXTERNAL_ID": "ExternalId",
                     "CONFHOUSE_REGIONS": "Regions"}
    for name, function in functions(stack).items():
        if STEPS[name] in ("plan", "scan", "run"):
            for variable in shared:
                assert function["Environment"]["Variables"][variable] == \
                    stack.parameters[of_parameters[variable]]


def logs_are_kept_for_a_while(stack):
    groups = {group["LogGroupName"]: group["RetentionInDays"]
              for group in stack.resources("AWS::Logs::LogGroup").values()}
    for name, function in functions(stack).items():
        assert function["LoggingConfig"]["LogGroup"] == "/aws/lambda/" + name
        assert function["LoggingConfig"]["LogFormat"] == "JSON"
        assert groups["/aws/lambda/" + name] == stack.parameters["LogRetentionDays"]


def each_function_has_a_role_of_its_own(stack):
    for name, function in functions(stack).items():
        assert function["Role"] == f"arn:aws:iam::{stack.account_id}:role/{name}"
    roles = stack.resources("AWS::IAM::Role")
    boundary = stack.parameters["PermissionsBoundary"]
    for role in roles.values():
        assert role.get("PermissionsBoundary", "") == boundary


def a_roll_back_is_one_parameter(stack):
    aliases = stack.resources("AWS::Lambda::Alias")
    assert {alias["FunctionName"] for alias in aliases.values()} == set(functions(stack))
    versions = {version["FunctionName"] for version in stack.resources("AWS::Lambda::Version").values()}
    assert versions == set(functions(stack))
    for alias in aliases.values():
        assert alias["Name"] == "live"
        assert alias["FunctionVersion"] == (stack.parameters["LiveVersion"] or "1")
    for version in stack.resources("AWS::Lambda::Version").values():
        assert version["Description"] == stack.parameters["Release"]
    for resource in stack.template["Resources"].values():
        if resource["Type"] == "AWS::Lambda::Version":
            assert resource["UpdateReplacePolicy"] == "Retain"


def each_release_changes_each_function(stack):
    """Lambda publishes no version of what did not change, and AWS::Lambda::Version fails then."""
    for properties in functions(stack).values():
        assert stack.parameters["Release"] in properties["Description"], properties["FunctionName"]


def nothing_is_reserved_unasked(stack):
    asked = int(stack.parameters["ScannerReservedConcurrency"])
    for name, function in functions(stack).items():
        expected = asked if asked and name.endswith("-scanner") else None
        assert function.get("ReservedConcurrentExecutions") == expected


def bucket_is_closed(stack):
    bucket = stack.properties("Bucket")
    assert bucket["BucketName"] == bucket_name(stack)
    assert bucket["VersioningConfiguration"] == {"Status": "Enabled"}
    assert bucket["PublicAccessBlockConfiguration"] == dict.fromkeys(
        ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"), True)
    assert bucket["OwnershipControls"]["Rules"] == [{"ObjectOwnership": "BucketOwnerEnforced"}]
    rule, = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    key = stack.parameters["KmsKeyArn"]
    assert rule["ServerSideEncryptionByDefault"] == (
        {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key} if key else {"SSEAlgorithm": "AES256"})
    assert stack.template["Resources"]["Bucket"]["DeletionPolicy"] == "Retain"
    arn = "arn:aws:s3:::" + bucket_name(stack)
    statement, = stack.properties("BucketPolicy")["PolicyDocument"]["Statement"]
    assert statement == {"Sid": "TlsOnly", "Effect": "Deny", "Principal": "*", "Action": "s3:*",
                         "Resource": [arn, arn + "/*"],
                         "Condition": {"Bool": {"aws:SecureTransport": "false"}}}


def history_is_kept(stack):
    """No rule moves or ends what is current below history/."""
    prefix = stack.parameters["ReportPrefix"]
    moves = {}
    for rule in stack.properties("Bucket")["LifecycleConfiguration"]["Rules"]:
        assert rule["Status"] == "Enabled"
        touched = {name: rule[name] for name in ("Transitions", "ExpirationInDays") if name in rule}
        if touched:
            moves[rule["Prefix"]] = touched
    glacier = {"Transitions": [{"StorageClass": stack.parameters["ArchiveClass"],
                                "TransitionInDays": stack.parameters["ArchiveAfterDays"]}]}
    assert moves == {prefix + "raw/": glacier, prefix + "reports/": glacier,
                     prefix + "batches/": {"ExpirationInDays": stack.parameters["BatchDays"]}}


def topics_and_queue_take_tls_only(stack):
    policies = stack.resources("AWS::SNS::TopicPolicy") | stack.resources("AWS::SQS::QueuePolicy")
    closed = set()
    for policy in policies.values():
        for statement in policy["PolicyDocument"]["Statement"]:
            if statement["Effect"] == "Deny" and \
                    statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}:
                closed.add(statement["Resource"])
    assert closed == {stack.resolve({"Ref": "ReportTopic"}), stack.resolve({"Ref": "AlarmTopic"}),
                      stack.resolve({"Fn::GetAtt": ["DeadLetters", "Arn"]})}


def alarms_may_publish(stack):
    topic = stack.resolve({"Ref": "AlarmTopic"})
    statement, = [each for each in stack.properties("AlarmTopicPolicy")["PolicyDocument"]["Statement"]
                  if each["Effect"] == "Allow"]
    assert statement["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
    assert (statement["Action"], statement["Resource"]) == ("sns:Publish", topic)
    pattern = statement["Condition"]["ArnLike"]["aws:SourceArn"]
    for alarm in stack.resources("AWS::CloudWatch::Alarm").values():
        assert alarm["AlarmActions"] == [topic]
        arn = stack.arn("cloudwatch", "alarm:" + alarm["AlarmName"])
        assert re.fullmatch(re.escape(pattern).replace(r"\*", ".*"), arn)
    assert "alias/aws/sns" not in json.dumps(stack.properties("AlarmTopic"))


def metrics_of(stack):
    """(namespace, name, dimensions) of each alarm and of the dashboard, by where they stand."""
    for alarm in stack.resources("AWS::CloudWatch::Alarm").values():
        found = [alarm] if "MetricName" in alarm else [
            query["MetricStat"]["Metric"] for query in alarm["Metrics"] if "MetricStat" in query]
        for metric in found:
            yield alarm["AlarmName"], metric["Namespace"], metric["MetricName"], {
                each["Name"]: each["Value"] for each in metric["Dimensions"]}
    body = json.loads(stack.properties("Dashboard")["DashboardBody"])
    for widget in body["widgets"]:
        for namespace, name, *dimensions in widget["properties"]["metrics"]:
            yield "dashboard", namespace, name, dict(zip(dimensions[::2], dimensions[1::2]))


def metrics_are_printed_by_the_program(stack):
    own = [(name, dimensions) for _, namespace, name, dimensions in metrics_of(stack)
           if namespace == "confhouse"]
    assert len(own) > 10
    for name, dimensions in own:
        assert name in known_metrics(), name
        assert set(dimensions) == {"Mode"} and dimensions["Mode"] in known_modes(), dimensions
    namespace, = re.findall(r'"Namespace", "([a-z]+)"', source("lambda/metrics.c"))
    assert namespace == "confhouse"


def every_failure_has_an_alarm(stack):
    watched = {(metric, value) for _, _, metric, dimensions in metrics_of(stack)
               for value in dimensions.values()}
    for name in functions(stack):
        assert {("Errors", name), ("Throttles", name)} <= watched
        assert name.endswith("-scanner") or ("Duration", name) in watched
    if stack.conditions["IsFull"]:
        machine = stack.resolve({"Ref": "StateMachine"})
        for metric in ("ExecutionsFailed", "ExecutionsTimedOut", "ExecutionsAborted"):
            assert (metric, machine) in watched
    assert ("ApproximateNumberOfMessagesVisible", "platform-compliance-dead-letters") in watched
    missed = stack.properties("MissedRun")
    assert missed["TreatMissingData"] == "breaching"
    assert (missed["MetricName"], missed["Threshold"]) == (
        "RunAgeDays", stack.parameters["MaxRunAgeDays"])
    assert stack.properties("LowCoverage")["Threshold"] == stack.parameters["MinCoveragePercent"]


def targets_of_schedules(stack):
    return {schedule["Name"]: schedule["Target"]
            for schedule in stack.resources("AWS::Scheduler::Schedule").values()}


def schedules_say_when_they_fired(stack):
    targets = targets_of_schedules(stack)
    assert set(targets) == {"platform-compliance-run", "platform-compliance-check"}
    granted = permissions(stack, "SchedulerRole")
    for target in targets.values():
        event = json.loads(target["Input"])
        assert event["time"] == "<aws.scheduler.scheduled-time>" and event["mode"] in known_modes()
        action = "states:StartExecution" if ":stateMachine:" in target["Arn"] else "lambda:InvokeFunction"
        assert (action, target["Arn"]) in granted
        dead_letters = target["DeadLetterConfig"]["Arn"]
        assert ("sqs:SendMessage", dead_letters) in granted
        assert target["RetryPolicy"]["MaximumRetryAttempts"] > 0
    run = stack.properties("RunSchedule")
    assert run["ScheduleExpression"] == stack.parameters["ScheduleExpression"]
    assert run["ScheduleExpressionTimezone"] == stack.parameters["ScheduleTimezone"]
    modes = {name: json.loads(target["Input"])["mode"] for name, target in targets.items()}
    assert modes == {"platform-compliance-run": "run" if stack.conditions["IsSmall"] else "plan",
                     "platform-compliance-check": "check"}


def callers_of(stack, function_name):
    """Who calls the function: a schedule, a rule, the state machine."""
    arn = stack.arn("lambda", f"function:{function_name}{LIVE}")
    callers = [name for name, target in targets_of_schedules(stack).items() if target["Arn"] == arn]
    for rule in stack.resources("AWS::Events::Rule").values():
        callers += [rule["Name"] for target in rule["Targets"] if target["Arn"] == arn]
    for machine in stack.resources("AWS::StepFunctions::StateMachine").values():
        callers += [machine["StateMachineName"]
                    for value in machine["DefinitionSubstitutions"].values() if value == arn]
    return callers


def the_reporter_has_one_caller(stack):
    expected = "platform-compliance-merged" if stack.conditions["IsSmall"] else "platform-compliance"
    assert callers_of(stack, "platform-compliance-reporter") == [expected]
    for name in functions(stack):
        assert callers_of(stack, name), f"nobody calls {name}"
    runner = functions(stack).get("platform-compliance-runner")
    if runner is not None:
        assert runner["Environment"]["Variables"]["CONFHOUSE_NO_REPORT"] == "true"


def a_merge_wakes_the_reporter_of_the_small_variant(stack):
    notified = stack.properties("Bucket")["NotificationConfiguration"]["EventBridgeConfiguration"]
    assert notified["EventBridgeEnabled"] is stack.conditions["IsSmall"]
    if not stack.conditions["IsSmall"]:
        return
    rule = stack.properties("MergedRule")
    assert rule["EventPattern"] == {
        "source": ["aws.s3"], "detail-type": ["Object Created"],
        "detail": {"bucket": {"name": [bucket_name(stack)]},
                   "object": {"key": [{"prefix": stack.parameters["ReportPrefix"] +
                                       "raw/config-rules-"}]}}}
    permission = stack.properties("MergedRulePermission")
    assert permission == {
        "FunctionName": rule["Targets"][0]["Arn"], "Action": "lambda:InvokeFunction",
        "Principal": "events.amazonaws.com", "SourceAccount": stack.account_id,
        "SourceArn": stack.arn("events", "rule/platform-compliance-merged")}


def the_state_machine_calls_each_step(stack):
    if not stack.conditions["IsFull"]:
        return
    machine = stack.properties("StateMachine")
    values = machine["DefinitionSubstitutions"]
    definition = source("lambda/statemachine.asl.json")
    assert set(re.findall(r"\$\{([A-Za-z]+)\}", definition)) == set(values)
    assert values == {
        "PlanFunction": stack.arn("lambda", "function:platform-compliance-planner:live"),
        "ScanFunction": stack.arn("lambda", "function:platform-compliance-scanner:live"),
        "MergeFunction": stack.arn("lambda", "function:platform-compliance-merger:live"),
        "ReportFunction": stack.arn("lambda", "function:platform-compliance-reporter:live"),
        "Topic": stack.resolve({"Ref": "AlarmTopic"})}
    granted = permissions(stack, "StateMachineRole")
    for name, value in values.items():
        action = "sns:Publish" if name == "Topic" else "lambda:InvokeFunction"
        assert (action, value) in granted
    assert ("states:StartExecution", stack.resolve({"Ref": "StateMachine"})) in granted
    assert machine["StateMachineType"] == "STANDARD"


def policies_reach_only_their_own(stack):
    """Objects of this bucket, this account's logs, this stack's topics and functions: a star alone
    stands only where a call knows no resources."""
    open_services = {"organizations", "tag", "ec2", "config", "logs", "xray"}
    for role_id in stack.resources("AWS::IAM::Role"):
        for action, resource in permissions(stack, role_id):
            assert "*" not in action
            if resource == "*":
                assert action.split(":")[0] in open_services, action
            elif action.startswith("s3:"):
                assert resource.startswith("arn:aws:s3:::" + bucket_name(stack))
            elif action == "sts:AssumeRole":
                assert resource == f"arn:aws:iam::*:role/{stack.parameters['RoleName']}"
            elif not action.startswith(("kms:", "ses:")):
                assert f":{stack.account_id}:" in resource, (action, resource)


def keys_and_mail_are_allowed_only_where_they_are(stack):
    key, identity = stack.parameters["KmsKeyArn"], stack.parameters["MailIdentityArn"]
    for role_id in stack.resources("AWS::IAM::Role"):
        used = {resource for action, resource in permissions(stack, role_id)
                if action.startswith("kms:")}
        touches_bucket = any(action.startswith("s3:") for action, _ in permissions(stack, role_id))
        assert used == ({key} if key and touches_bucket else set())
        mails = {resource for action, resource in permissions(stack, role_id)
                 if action.startswith("ses:")}
        assert mails == ({identity} if identity and role_id == "ReporterRole" else set())


def policies_hold_no_empty_statement(stack):
    for role_id in stack.resources("AWS::IAM::Role"):
        for statement in statements(stack, role_id):
            assert statement is not NO_VALUE and statement["Effect"] == "Allow"
            assert statement["Action"] and statement["Resource"]


def trust_is_for_one_service(stack):
    services = {"StateMachineRole": "states.amazonaws.com", "SchedulerRole": "scheduler.amazonaws.com"}
    for role_id, role in stack.resources("AWS::IAM::Role").items():
        statement, = role["AssumeRolePolicyDocument"]["Statement"]
        assert statement["Principal"] == {"Service": services.get(role_id, "lambda.amazonaws.com")}
        if role_id in services:
            assert statement["Condition"] == {"StringEquals": {"aws:SourceAccount": stack.account_id}}


LAWS = [
    each_step_has_its_function, all_functions_are_one_zip, variables_are_settings,
    planner_and_scanner_agree, logs_are_kept_for_a_while, each_function_has_a_role_of_its_own,
    a_roll_back_is_one_parameter, each_release_changes_each_function, nothing_is_reserved_unasked,
    bucket_is_closed, history_is_kept,
    topics_and_queue_take_tls_only, alarms_may_publish, metrics_are_printed_by_the_program,
    every_failure_has_an_alarm, schedules_say_when_they_fired, the_reporter_has_one_caller,
    a_merge_wakes_the_reporter_of_the_small_variant, the_state_machine_calls_each_step,
    policies_reach_only_their_own, keys_and_mail_are_allowed_only_where_they_are,
    policies_hold_no_empty_statement, trust_is_for_one_service,
]


def load_hub():
    return load(ROOT / "lambda/deploy/hub.yaml")
