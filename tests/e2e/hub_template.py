"""CloudFormation templates as the tests read them: YAML with its short tags, and the values that
functions like !Ref, !Sub and !If have for given parameters."""
import copy
import functools
import re

import yaml

from conftest import ROOT

HUB = ROOT / "lambda/deploy/hub.yaml"
SPOKE = ROOT / "lambda/deploy/spoke-role.yaml"
NO_VALUE = object()
ACCOUNT = "111122223333"
PSEUDO = {"AWS::Partition": "aws", "AWS::Region": "eu-west-1",
          "AWS::StackName": "confhouse", "AWS::URLSuffix": "amazonaws.com"}


class _Loader(yaml.SafeLoader):
    """Turns !Name into {"Fn::Name": ...}."""


def _construct(loader, suffix, node):
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = loader.construct_mapping(node, deep=True)
    if suffix == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {suffix if suffix in ("Ref", "Condition") else "Fn::" + suffix: value}


_Loader.add_multi_constructor("!", _construct)


@functools.lru_cache
def _read(path):
    with open(path, encoding="utf-8") as file:
        return yaml.load(file, Loader=_Loader)


def load(path):
    """The template, every function in its long form: a copy that may be changed."""
    return copy.deepcopy(_read(path))


class Stack:
    """A template with parameters: its conditions decided, its values resolved. Resources have the
    ARNs that AWS would make for them."""

    def __init__(self, template, parameters=None, account_id=ACCOUNT):
        self.template = copy.deepcopy(template)
        self.account_id = account_id
        self.pseudo = PSEUDO | {"AWS::AccountId": account_id}
        self.parameters = {name: parameter.get("Default")
                           for name, parameter in template.get("Parameters", {}).items()}
        for name, value in (parameters or {}).items():
            assert name in self.parameters, f"the template has no parameter {name}"
            self.parameters[name] = value
        self._check_parameters()
        self.conditions = {}
        for name, expression in template.get("Conditions", {}).items():
            self.conditions[name] = self._decide(expression)

    def _check_parameters(self):
        for name, value in self.parameters.items():
            declared = self.template["Parameters"][name]
            assert value is not None, f"parameter {name} has no value"
            if "AllowedPattern" in declared:
                assert re.fullmatch(declared["AllowedPattern"], str(value)), f"{name}={value}"
            if "AllowedValues" in declared:
                assert str(value) in map(str, declared["AllowedValues"]), f"{name}={value}"

    def _decide(self, expression):
        (function, value), = expression.items()
        if function == "Fn::Equals":
            left, right = (self.resolve(each) for each in value)
            return str(left) == str(right)
        if function == "Fn::Not":
            return not self._decide(value[0])
        if function == "Fn::And":
            return all(map(self._decide, value))
        if function == "Fn::Or":
            return any(map(self._decide, value))
        assert function == "Condition", function
        return self._decide(self.template["Conditions"][value])

    def exists(self, resource_id):
        condition = self.template["Resources"][resource_id].get("Condition")
        return condition is None or self.conditions[condition]

    def resources(self, of_type):
        """Logical id -> resolved properties, of those that this variant has."""
        return {name: self.resolve(resource.get("Properties", {}))
                for name, resource in self.template["Resources"].items()
                if resource["Type"] == of_type and self.exists(name)}

    def properties(self, resource_id):
        assert self.exists(resource_id), f"{resource_id} is not in this variant"
        return self.resolve(self.template["Resources"][resource_id].get("Properties", {}))

    def resolve(self, value):
        if isinstance(value, list):
            return [each for each in map(self.resolve, value) if each is not NO_VALUE]
        if not isinstance(value, dict):
            return value
        if len(value) == 1:
            (function, argument), = value.items()
            if function == "Ref":
                return self._ref(argument)
            if function == "Fn::If":
                condition, yes, no = argument
                return self.resolve(yes if self.conditions[condition] else no)
            if function == "Fn::GetAtt":
                return self._attribute(*argument)
            if function == "Fn::Sub":
                return self._sub(argument)
            if function == "Fn::Select":
                return self.resolve(argument[1])[int(argument[0])]
            if function == "Fn::Split":
                return self.resolve(argument[1]).split(argument[0])
            assert not function.startswith("Fn::"), f"{function} is not known here"
        pairs = ((key, self.resolve(each)) for key, each in value.items())
        return {key: each for key, each in pairs if each is not NO_VALUE}

    def _sub(self, argument):
        text, values = (argument, {}) if isinstance(argument, str) else argument

        def replace(match):
            name = match.group(1)
            if name in values:
                return str(self.resolve(values[name]))
            if "." in name:
                return str(self._attribute(*name.split(".", 1)))
            return str(self._ref(name))
        return re.sub(r"\$\{([A-Za-z0-9:.]+)\}", replace, text)

    def _ref(self, name):
        if name == "AWS::NoValue":
            return NO_VALUE
        if name in self.pseudo:
            return self.pseudo[name]
        if name in self.parameters:
            return self.parameters[name]
        return self._physical(name, "Ref")

    def _attribute(self, name, attribute):
        return self._physical(name, attribute)

    def _physical(self, name, attribute):
        """What AWS answers for a reference to a resource, or to an attribute of it."""
        assert name in self.template["Resources"], f"{name} is neither parameter nor resource"
        assert self.exists(name), f"{name} is referred to, and is not in this variant"
        kind = self.template["Resources"][name]["Type"]
        properties = self.template["Resources"][name].get("Properties", {})
        known = _PHYSICAL.get((kind, attribute))
        assert known is not None, f"{attribute} of {kind} is not known here"
        return known(self, properties)

    def arn(self, service, rest, regional=True):
        region = self.pseudo["AWS::Region"] if regional else ""
        return f"arn:aws:{service}:{region}:{self.account_id}:{rest}"


def _named(key):
    return lambda stack, properties: stack.resolve(properties[key])


def _arn(service, pattern, key, regional=True):
    return lambda stack, properties: stack.arn(
        service, pattern % stack.resolve(properties[key]), regional)


def _alias(stack, properties):
    return stack.arn("lambda", "function:%s:%s" % (stack.resolve(properties["FunctionName"]),
                                                   stack.resolve(properties["Name"])))


_PHYSICAL = {
    ("AWS::S3::Bucket", "Ref"): _named("BucketName"),
    ("AWS::S3::Bucket", "Arn"): lambda stack, properties:
        "arn:aws:s3:::" + stack.resolve(properties["BucketName"]),
    ("AWS::SNS::Topic", "Ref"): _arn("sns", "%s", "TopicName"),
    ("AWS::SQS::Queue", "Arn"): _arn("sqs", "%s", "QueueName"),
    ("AWS::SQS::Queue", "QueueName"): _named("QueueName"),
    ("AWS::SQS::Queue", "Ref"): lambda stack, properties:
        "https://sqs.%s.amazonaws.com/%s/%s" % (
            stack.pseudo["AWS::Region"], stack.account_id, stack.resolve(properties["QueueName"])),
    ("AWS::IAM::Role", "Ref"): _named("RoleName"),
    ("AWS::IAM::Role", "Arn"): _arn("iam", "role/%s", "RoleName", False),
    ("AWS::Lambda::Function", "Ref"): _named("FunctionName"),
    ("AWS::Lambda::Function", "Arn"): _arn("lambda", "function:%s", "FunctionName"),
    ("AWS::Lambda::Version", "Version"): lambda stack, properties: "1",
    ("AWS::Lambda::Alias", "Ref"): _alias,
    ("AWS::Logs::LogGroup", "Ref"): _named("LogGroupName"),
    ("AWS::Logs::LogGroup", "Arn"): _arn("logs", "log-group:%s:*", "LogGroupName"),
    ("AWS::StepFunctions::StateMachine", "Ref"): _arn("states", "stateMachine:%s", "StateMachineName"),
    ("AWS::Events::Rule", "Arn"): _arn("events", "rule/%s", "Name"),
}


def statements(stack, role_id):
    """Every statement of a role's policies: those in the role, and the policies attached to it."""
    role_name = stack.properties(role_id)["RoleName"]
    documents = [policy["PolicyDocument"]
                 for policy in stack.properties(role_id).get("Policies", [])]
    for policy in stack.resources("AWS::IAM::Policy").values():
        if role_name in policy["Roles"]:
            documents.append(policy["PolicyDocument"])
    return [statement for document in documents for statement in document["Statement"]]


def permissions(stack, role_id):
    """The set of (action, resource) that a role has."""
    def listed(value):
        return value if isinstance(value, list) else [value]
    return {(action, resource) for statement in statements(stack, role_id)
            for action in listed(statement["Action"]) for resource in listed(statement["Resource"])}
