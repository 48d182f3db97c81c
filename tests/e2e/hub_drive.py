"""Does with the hub's template what AWS would: schedules fire, a state machine or a function begins, an
object of the bucket wakes what a rule names. Functions, their handlers, variables, aliases and targets
come from the template alone; the program and the simulator do the rest."""
import json
import pathlib

from hub_template import HUB, Stack, load
from packaged import LAMBDA_ROOT, zip_path
from runtime_api import Bootstrap, RuntimeApi
from state_machine import DEFINITION, bootstrap, run_config

SCHEDULED_TIME = "<aws.scheduler.scheduled-time>"
LIMIT_SECONDS = 300


def pattern_matches(pattern, event):
    """EventBridge's, as far as the template uses it: lists of texts, and of prefixes."""
    for name, wanted in pattern.items():
        value = event.get(name)
        if isinstance(wanted, dict):
            if not isinstance(value, dict) or not pattern_matches(wanted, value):
                return False
        elif not any(value.startswith(each["prefix"]) if isinstance(each, dict) else value == each
                     for each in wanted):
            return False
    return True


class Deployment:
    """The stack of a template, and a simulator to be its AWS."""

    def __init__(self, folder, simulator, parameters, template=None, is_packaged=False):
        self.command = [LAMBDA_ROOT, "--zip", zip_path()] if is_packaged else [bootstrap()]
        self.folder = pathlib.Path(folder)
        self.simulator = simulator
        self.account_id = simulator.client("sts").get_caller_identity()["Account"]
        self.stack = Stack(template or load(HUB), parameters,
                           self.account_id)
        self.bucket = f"platform-compliance-reports-{self.account_id}"
        self.calls = []  # (function name, event, answer)

    def functions(self):
        """As functions.mjs wants them, by the ARN of their alias."""
        by_name = {properties["FunctionName"]: properties
                   for properties in self.stack.resources("AWS::Lambda::Function").values()}
        found = {}
        for alias in self.stack.resources("AWS::Lambda::Alias").values():
            function = by_name[alias["FunctionName"]]
            arn = self.stack.arn("lambda", f"function:{alias['FunctionName']}:{alias['Name']}")
            variables = {name: str(value)
                         for name, value in function["Environment"]["Variables"].items()}
            found[arn] = {
                "name": function["FunctionName"], "arn": arn, "handler": function["Handler"],
                "memory": function["MemorySize"], "timeout_seconds": function["Timeout"],
                "command": list(map(str, self.command)),
                # What Lambda itself sets, and where the simulator is.
                "env": variables | self.simulator.env | {"TMPDIR": "/tmp",
                                                         "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}}
        return found

    def keys(self):
        listed = self.simulator.client("s3").list_objects_v2(Bucket=self.bucket)
        return {row["Key"] for row in listed.get("Contents", [])}

    def fire(self, schedule_id, time):
        """The schedule's time has come. What came of it: an Execution or an Outcome."""
        target = self.stack.properties(schedule_id)["Target"]
        event = json.loads(target["Input"].replace(SCHEDULED_TIME, time))
        return self.start(target["Arn"], event)

    def start(self, arn, event):
        machines = {self.stack.resolve({"Ref": name}): machine for name, machine
                    in self.stack.resources("AWS::StepFunctions::StateMachine").items()}
        if arn in machines:
            return self.execute(machines[arn], event)
        before = self.keys()
        outcome = self.invoke(arn, event)
        for key in sorted(self.keys() - before):
            self.tell_of_object(key)
        return outcome

    def execute(self, machine, event):
        return run_config(self.folder, self.simulator, list(self.functions().values()), (),
                          definition=str(DEFINITION), input=event,
                          substitutions=machine["DefinitionSubstitutions"])

    def invoke(self, arn, event):
        function = self.functions()[arn]
        home = self.folder / f"call-{len(self.calls)}"
        home.mkdir()
        with RuntimeApi() as api, Bootstrap(function["command"], api, function["env"], home,
                                            function["handler"]) as process:
            outcome = api.invoke(event, limit_s=LIMIT_SECONDS)
            assert outcome is not None, process.text()
        outcome.metrics = process.metrics()
        self.calls.append((function["name"], event, outcome))
        return outcome

    def tell_of_object(self, key):
        """A new object of the bucket: EventBridge hears of it where the bucket says so."""
        notified = self.stack.properties("Bucket")["NotificationConfiguration"]
        if not notified["EventBridgeConfiguration"]["EventBridgeEnabled"]:
            return
        event = {"version": "0", "source": "aws.s3", "detail-type": "Object Created",
                 "account": self.account_id, "time": "2026-11-22T06:10:00Z", "region": "eu-west-1",
                 "detail": {"version": "0", "bucket": {"name": self.bucket}, "reason": "PutObject",
                            "object": {"key": key, "size": 1, "etag": "0", "version-id": "1"}}}
        for rule in self.stack.resources("AWS::Events::Rule").values():
            if pattern_matches(rule["EventPattern"], event):
                for target in rule["Targets"]:
                    self.start(target["Arn"], event)
