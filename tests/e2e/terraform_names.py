"""What a Terraform resource is in CloudFormation: the same names in another spelling, but for those listed
here. So one can be held against the other, and both against one list of names."""
import json
import re

# Type -> type, the property that names it, and what is not the attribute's own name in PascalCase.
# None = there is no such property.
TYPES = {
    "aws_sns_topic": ("AWS::SNS::Topic", "TopicName", {"name": "TopicName"}),
    "aws_sns_topic_policy": ("AWS::SNS::TopicPolicy", "Topics", {
        "arn": "Topics", "policy": "PolicyDocument"}),
    "aws_sns_topic_subscription": ("AWS::SNS::Subscription", "TopicArn", {}),
    "aws_sqs_queue": ("AWS::SQS::Queue", "QueueName", {
        "name": "QueueName", "message_retention_seconds": "MessageRetentionPeriod"}),
    "aws_sqs_queue_policy": ("AWS::SQS::QueuePolicy", "Queues", {
        "queue_url": "Queues", "policy": "PolicyDocument"}),
    "aws_cloudwatch_log_group": ("AWS::Logs::LogGroup", "LogGroupName", {"name": "LogGroupName"}),
    "aws_iam_role": ("AWS::IAM::Role", "RoleName", {
        "name": "RoleName", "assume_role_policy": "AssumeRolePolicyDocument"}),
    "aws_lambda_function": ("AWS::Lambda::Function", "FunctionName", {
        "s3_bucket": "Code.S3Bucket", "s3_key": "Code.S3Key", "publish": None,
        "s3_object_version": "Code.S3ObjectVersion"}),
    "aws_lambda_alias": ("AWS::Lambda::Alias", "FunctionName", {}),
    "aws_lambda_permission": ("AWS::Lambda::Permission", "FunctionName", {"qualifier": None}),
    "aws_scheduler_schedule": ("AWS::Scheduler::Schedule", "Name", {}),
    "aws_sfn_state_machine": ("AWS::StepFunctions::StateMachine", "StateMachineName", {
        "name": "StateMachineName", "type": "StateMachineType", "definition": "DefinitionString",
        "logging_configuration.log_destination":
            "LoggingConfiguration.Destinations.0.CloudWatchLogsLogGroup.LogGroupArn"}),
    "aws_cloudwatch_metric_alarm": ("AWS::CloudWatch::Alarm", "AlarmName", {
        "metric_query": "Metrics", "metric_query.metric": "MetricStat"}),
    "aws_cloudwatch_dashboard": ("AWS::CloudWatch::Dashboard", "DashboardName", {}),
    "aws_cloudwatch_event_rule": ("AWS::Events::Rule", "Name", {}),
}
# Blocks of which there may be several; of all others there is one.
LISTS = {"metric_query", "rule", "transition", "statement"}


def pascal(name):
    return "".join(part.capitalize() for part in name.split("_"))


def document(body):
    """An aws_iam_policy_document as the JSON that it makes."""
    statements = []
    for block in body["statement"]:
        statement = {"Effect": block.get("effect", "Allow"), "Action": block["actions"]}
        if "sid" in block:
            statement["Sid"] = block["sid"]
        if "resources" in block:
            statement["Resource"] = block["resources"]
        for principal in block.get("principals", []):
            statement["Principal"] = "*" if principal["type"] == "*" else {
                principal["type"]: principal["identifiers"]}
        for condition in block.get("condition", []):
            statement.setdefault("Condition", {}).setdefault(condition["test"], {})[
                condition["variable"]] = condition["values"]
        statements.append(statement)
    return {"Version": "2012-10-17", "Statement": statements}


def put(properties, path, value):
    *way, last = path.split(".")
    for step, following in zip(way, way[1:] + [last]):
        if isinstance(properties, list):
            properties.append({})
            properties = properties[-1]
        else:
            properties = properties.setdefault(step, [] if following == "0" else {})
    properties[last] = value


def properties_of(kind, body):
    """The CloudFormation properties of a resource."""
    found = {}
    renames = TYPES[kind][2]
    for name, value in body.items():
        target = renames.get(name, pascal(name))
        if target is not None:
            put_inside(found, kind, name, target, value)
    if kind == "aws_lambda_function" and found.get("ReservedConcurrentExecutions") == -1:
        del found["ReservedConcurrentExecutions"]
    if kind == "aws_lambda_permission":
        found["FunctionName"] = f"{body['function_name']}:{body['qualifier']}"
    return found


def put_inside(found, kind, name, target, value):
    renames = TYPES[kind][2]
    if isinstance(value, dict) and "statement" in value:
        found[target] = document(value)
    elif name == "dimensions":
        found[target] = dimensions(value)
    elif name == "event_pattern":
        found[target] = json.loads(value)
    elif target in ("Topics", "Queues"):
        found[target] = [value]
    elif name in LISTS:
        found[target] = [query(each) for each in value]
    elif isinstance(value, list) and value and isinstance(value[0], dict):
        for inner, item in value[0].items():
            inner_target = renames.get(f"{name}.{inner}", f"{target}.{pascal(inner)}")
            item = item[0] if isinstance(item, list) and item and isinstance(item[0], dict) else item
            put(found, inner_target, {pascal(key): each for key, each in item.items()}
                if isinstance(item, dict) and inner != "variables" else item)
    else:
        put(found, target, value)


def dimensions(values):
    return [{"Name": name, "Value": value} for name, value in values.items()]


def query(block):
    """A metric_query: what is measured stands one level deeper there."""
    found = {pascal(name): value for name, value in block.items() if name != "metric"}
    for metric in block.get("metric", []):
        found["ReturnData"] = False
        found["MetricStat"] = {
            "Stat": metric["stat"], "Period": metric["period"],
            "Metric": {"Namespace": metric["namespace"], "MetricName": metric["metric_name"],
                       "Dimensions": dimensions(metric["dimensions"])}}
    return found


def snake(name):
    return re.sub(r"(?<=[a-z0-9])([A-Z])", r"_\1", name).lower()


def comparable(value, key=""):
    """Without what the two may write differently: one or a list of one, the order of statements
    and actions, numbers as texts, JSON as text, the release in a description (Terraform publishes
    versions by itself)."""
    if isinstance(value, dict):
        return {name: comparable(each, name) for name, each in value.items()}
    if isinstance(value, list):
        items = [comparable(each) for each in value]
        if key in ("Action", "Resource", "Statement"):
            items.sort(key=json.dumps)
        return items[0] if len(items) == 1 else items
    if isinstance(value, str) and value.startswith("{"):
        return comparable(json.loads(value))
    if key == "Description" and isinstance(value, str):
        return re.sub(r"^confhouse \S+:", "confhouse:", value)
    return str(value).lower() if isinstance(value, bool) else str(value)
