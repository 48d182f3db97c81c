"""What must hold for a state machine's definition beyond what asl-validator looks at. It lets through
what AWS refuses only at deployment, or never: a jitter that is none, a label that is too long, a
misspelt parameter, a task that may wait for three years, an error name that nothing raises.

    check_definition(definition, our_errors) -> ["States/Plan: ...", ...]

Sources: https://docs.aws.amazon.com/step-functions/latest/dg/ (concepts-error-handling,
state-map-distributed, connect-lambda, connect-sns) and https://states-language.net/spec.html
"""
import re

SUBSTITUTIONS = {"PlanFunction", "ScanFunction", "MergeFunction", "ReportFunction", "Topic"}

COMMON = {"Type", "Comment", "Next", "End", "InputPath", "OutputPath"}
RESULT = {"ResultSelector", "ResultPath", "Retry", "Catch"}
FIELDS = {
    "Pass": COMMON | {"Parameters", "Result", "ResultPath"},
    "Task": COMMON | RESULT | {"Resource", "Parameters", "TimeoutSeconds"},
    "Choice": {"Type", "Comment", "Choices", "Default"},
    "Wait": COMMON | {"Seconds"},
    "Succeed": {"Type", "Comment"},
    "Fail": {"Type", "Comment", "Error", "Cause", "ErrorPath", "CausePath"},
    "Map": COMMON | RESULT | {
        "Label", "MaxConcurrency", "ToleratedFailurePercentage", "ItemReader", "ItemSelector",
        "ItemProcessor", "ResultWriter"},
}
MACHINE = {"Comment", "StartAt", "States", "TimeoutSeconds"}

# Parameters of an integration: those that it must have, and those that it may.
PARAMETERS = {
    "arn:aws:states:::lambda:invoke": (
        {"FunctionName", "Payload"}, {"InvocationType", "Qualifier", "ClientContext", "LogType"}),
    "arn:aws:states:::sns:publish": (
        {"TopicArn", "Message"}, {"Subject", "MessageAttributes", "MessageStructure"}),
    "arn:aws:states:::s3:getObject": (
        {"Bucket", "Key"}, {"VersionId", "ExpectedBucketOwner"}),
    "arn:aws:states:::s3:putObject": ({"Bucket", "Prefix"}, {"ExpectedBucketOwner"}),
}
INVOKE = "arn:aws:states:::lambda:invoke"

# What AWS itself raises that a Retry or Catch can see.
LAMBDA_TRANSIENT = {
    "Lambda.ServiceException", "Lambda.AWSLambdaException", "Lambda.SdkClientException",
    "Lambda.ClientExecutionTimeoutException", "Lambda.TooManyRequestsException", "Lambda.Unknown",
    "Sandbox.Timedout", "Runtime.ExitError"}
STATES_ERRORS = {
    "States.ALL", "States.Timeout", "States.TaskFailed", "States.Permissions",
    "States.HeartbeatTimeout", "States.ItemReaderFailed", "States.ResultWriterFailed",
    "States.ExceedToleratedFailureThreshold"}
UNSEEN = {"States.DataLimitExceeded", "States.Runtime"}  # by any Catch

INTRINSICS = {"Format", "JsonMerge", "MathAdd", "ArrayLength", "StringToJson", "JsonToString"}
CONTEXT = {"$$.Execution.Id", "$$.Execution.StartTime", "$$.Map.Item.Value"}
LAMBDA_MAX_SECONDS = 900
MAX_LABEL = 40
MAX_ATTEMPTS = 30


class Checker:
    def __init__(self, our_errors):
        """`our_errors`: name of each error type of the functions -> may it pass by itself."""
        self.our_errors = our_errors
        self.problems = []

    def expect(self, holds, where, what):
        if not holds:
            self.problems.append(f"{where}: {what}")

    def fields(self, where, found, known):
        for name in sorted(set(found) - known):
            self.expect(False, where, f"{name} is not a field here")

    # --- values ---------------------------------------------------------------------------------

    def template(self, where, value):
        """A name ends with ".$" if, and only if, its text is a path or an intrinsic function."""
        if isinstance(value, list):
            for inner in value:
                self.template(where, inner)
        for name, inner in value.items() if isinstance(value, dict) else ():
            inner_where = f"{where}.{name}"
            is_path = isinstance(inner, str) and re.match(r"\$|States\.[A-Z]", inner) is not None
            is_named = isinstance(inner, str) and inner.startswith("${")
            self.expect(name.endswith(".$") == (is_path and not is_named), inner_where,
                        "a path needs a name that ends with .$, and nothing else may have one")
            self.template(inner_where, inner)

    def texts(self, where, value):
        if isinstance(value, str):
            for name in re.findall(r"States\.(\w+)\(", value):
                self.expect(name in INTRINSICS, where, f"States.{name} is not a function we use")
            for path in re.findall(r"\$\$[.\w]*", value):
                self.expect(path in CONTEXT, where, f"{path} is not in the context object")
        elif isinstance(value, (dict, list)):
            inner = value.items() if isinstance(value, dict) else enumerate(value)
            for name, item in inner:
                self.texts(f"{where}.{name}", item)

    def parameters(self, where, resource, found):
        required, optional = PARAMETERS.get(resource, (None, None))
        if required is None:
            self.expect(False, where, f"{resource} is not an integration we use")
            return
        names = {name.removesuffix(".$") for name in found}
        self.expect(required <= names, where, f"needs {sorted(required - names)}")
        self.fields(where, names, required | optional)

    # --- errors ---------------------------------------------------------------------------------

    def error_names(self, where, rules):
        seen = set()
        for at, rule in enumerate(rules):
            names = rule.get("ErrorEquals", [])
            self.expect(len(names) > 0, where, "ErrorEquals is empty")
            for name in names:
                known = (name in LAMBDA_TRANSIENT or name in STATES_ERRORS
                         or name in self.our_errors)
                self.expect(name not in UNSEEN, where, f"no Retry and no Catch sees {name}")
                self.expect(known or name in UNSEEN, where, f"nothing raises {name}")
                self.expect(name not in seen, where, f"{name} is listed twice")
                seen.add(name)
            if "States.ALL" in names:
                self.expect(names == ["States.ALL"] and at == len(rules) - 1, where,
                            "States.ALL must stand alone, and last")

    def retriers(self, where, rules):
        self.error_names(where, rules)
        for rule in rules:
            self.fields(where, rule, {"ErrorEquals", "IntervalSeconds", "BackoffRate",
                                      "MaxDelaySeconds", "MaxAttempts", "JitterStrategy"})
            self.expect(rule.get("JitterStrategy") == "FULL", where, "JitterStrategy must be FULL")
            interval = rule.get("IntervalSeconds", 0)
            self.expect(1 <= interval < rule.get("MaxDelaySeconds", 0) <= 31622400, where,
                        "needs IntervalSeconds, and a greater MaxDelaySeconds")
            self.expect(rule.get("BackoffRate", 0) > 1, where, "needs a BackoffRate above 1")
            self.expect(1 <= rule.get("MaxAttempts", 0) <= MAX_ATTEMPTS, where,
                        f"needs MaxAttempts of 1 to {MAX_ATTEMPTS}")

    def transients(self, where, rules):
        retried = {name for rule in rules for name in rule.get("ErrorEquals", [])}
        ours = {name for name, may_pass in self.our_errors.items() if may_pass}
        for name in sorted((LAMBDA_TRANSIENT | ours) - retried):
            self.expect(False, where, f"{name} may pass by itself and is not tried again")

    def catchers(self, where, rules, states):
        self.error_names(where, rules)
        for rule in rules:
            self.fields(where, rule, {"ErrorEquals", "Next", "ResultPath"})
            self.expect(str(rule.get("ResultPath")).startswith("$."), where,
                        "needs a ResultPath, or the error takes the place of what is known")
        everything = [rule for rule in rules if rule.get("ErrorEquals") == ["States.ALL"]]
        self.expect(len(everything) == 1, where, "must catch States.ALL")
        for rule in everything:
            self.expect(self.tells(rule.get("Next"), states), where,
                        "what it catches must lead to sns:publish and then to a Fail")

    @staticmethod
    def tells(name, states):
        """Do these states, one after the other, publish and then fail?"""
        has_published = False
        for _ in range(len(states)):
            state = states.get(name, {})
            if state.get("Type") == "Fail":
                return has_published and "ErrorPath" in state and "CausePath" in state
            has_published |= state.get("Resource") == "arn:aws:states:::sns:publish"
            name = state.get("Next")
        return False

    # --- states ---------------------------------------------------------------------------------

    def task(self, where, state):
        resource = state.get("Resource")
        self.parameters(where, resource, state.get("Parameters", {}))
        seconds = state.get("TimeoutSeconds")
        self.expect(isinstance(seconds, int), where, "needs TimeoutSeconds")
        if resource == INVOKE:
            self.expect(LAMBDA_MAX_SECONDS < (seconds or 0) <= 2 * LAMBDA_MAX_SECONDS, where,
                        "TimeoutSeconds must let the function's own limit of 900 s come first")
            self.expect("ResultSelector" in state, where,
                        "needs a ResultSelector, or a large answer exceeds 256 KiB")
            self.expect("ResultPath" in state, where, "needs a ResultPath")
            self.transients(where, state.get("Retry", []))
        self.expect("Retry" in state, where, "needs Retry")

    def map(self, where, state):
        label = state.get("Label", "")
        self.expect(re.fullmatch(r"[A-Za-z0-9_-]{1,%d}" % MAX_LABEL, label), where,
                    f"needs a Label of 1 to {MAX_LABEL} letters, digits, _ and -")
        width = state.get("MaxConcurrency")
        self.expect(isinstance(width, int) and 1 <= width <= 1000, where,
                    "needs a MaxConcurrency of 1 to 1000")
        self.expect(state.get("ToleratedFailurePercentage") == 100, where,
                    "ToleratedFailurePercentage must be 100: one bad shard fails nothing")
        processor = state.get("ItemProcessor", {})
        config = processor.get("ProcessorConfig", {})
        self.expect(config == {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}, where,
                    "children must be DISTRIBUTED and STANDARD: an EXPRESS one ends after 5 minutes")
        reader = state.get("ItemReader", {})
        self.fields(f"{where}.ItemReader", reader, {"Resource", "ReaderConfig", "Parameters"})
        self.parameters(f"{where}.ItemReader", reader.get("Resource"), reader.get("Parameters", {}))
        self.expect(reader.get("ReaderConfig") == {"InputType": "JSON"}, where,
                    "the items are a JSON array: InputType must be JSON")
        writer = state.get("ResultWriter", {})
        self.fields(f"{where}.ResultWriter", writer, {"Resource", "Parameters"})
        self.parameters(f"{where}.ResultWriter", writer.get("Resource"),
                        writer.get("Parameters", {}))
        for name in ("ItemReader", "ItemSelector", "ResultWriter"):
            self.template(f"{where}.{name}", state.get(name, {}))
        self.machine(f"{where}.ItemProcessor",
                     {k: v for k, v in processor.items() if k != "ProcessorConfig"}, is_child=True)

    def state(self, where, state, states, is_child):
        kind = state.get("Type")
        self.fields(where, state, FIELDS.get(kind, set()))
        for name in ("Parameters", "ResultSelector"):
            self.template(f"{where}.{name}", state.get(name, {}))
        if "Retry" in state:
            self.retriers(f"{where}.Retry", state["Retry"])
        if kind == "Task":
            self.task(where, state)
        if kind == "Map":
            self.map(where, state)
        if kind in ("Task", "Map") and not is_child:
            if state.get("Resource") == "arn:aws:states:::sns:publish":
                self.error_names(f"{where}.Catch", state.get("Catch", []))
            else:
                self.catchers(f"{where}.Catch", state.get("Catch", []), states)

    def machine(self, where, machine, is_child=False):
        self.fields(where, machine, MACHINE - ({"TimeoutSeconds"} if is_child else set()))
        if not is_child:
            seconds = machine.get("TimeoutSeconds")
            self.expect(isinstance(seconds, int) and 0 < seconds <= 7 * 86400, where,
                        "needs TimeoutSeconds of a week at most")
        states = machine.get("States", {})
        for name, state in states.items():
            self.state(f"{where}/{name}", state, states, is_child)


def check_definition(definition, our_errors):
    """What is wrong, as texts; empty when nothing is."""
    checker = Checker(our_errors)
    checker.machine("States", definition)
    checker.texts("States", definition)
    names = set(re.findall(r"\$\{(\w+)\}", str(definition)))
    checker.expect(names == SUBSTITUTIONS, "States",
                   f"the substitutions are {sorted(names)}, not {sorted(SUBSTITUTIONS)}")
    return checker.problems


def read_our_errors(header):
    """The error types of base/err.h, and whether trying again can help."""
    rows = re.findall(r"X\(ST_\w+,\s*\"[\w-]+\",\s*\w+,\s*RETRY_(\w+),\s*\"(\w*)\"\)",
                      header.read_text())
    return {name: retry != "NO" for retry, name in rows if name}
