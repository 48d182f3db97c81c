"""A run of the hub's functions, each with the keys and the very policies of its role."""
import json
import sqlite3

from hub_drive import Deployment
from hub_template import HUB, SPOKE, Stack, load, statements
from permission_list import FUNCTIONS

GIVEN = {"Release": "1", "CodeBucket": "artifacts", "CodeKey": "confhouse.zip",
         "DefinitionKey": "statemachine.asl.json", "Regions": "eu-west-1", "Shards": "1",
         "ExternalId": "weekly-7", "MailFrom": "config@example.com", "MailTo": "boss@example.com",
         "MailAttach": "true"}
MONDAY = "2026-11-23T08:00:00Z"
GROUP = "2026-11-23"
LOGICAL = {name: name.capitalize() + "Role" for name in FUNCTIONS}


def allow(listed):
    """A policy document of (action, resource)."""
    return {"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": action, "Resource": resource} for action, resource in listed]}


class RoleDeployment(Deployment):
    """As Deployment; its simulator holds each role to its policies."""

    def __init__(self, folder, simulator, **parameters):
        account_id = simulator.client("sts").get_caller_identity()["Account"]
        identity = f"arn:aws:ses:eu-west-1:{account_id}:identity/example.com"
        super().__init__(folder, simulator,
                         GIVEN | {"MailIdentityArn": identity} | parameters)
        organization = simulator.client("organizations").describe_organization()["Organization"]
        self.spoke = Stack(load(SPOKE), {"HubAccountId": account_id,
                                         "OrganizationId": organization["Id"],
                                         "ExternalId": self.stack.parameters["ExternalId"]})
        self.sessions = {}
        self.hold_roles()

    def documents(self):
        """Role name -> its policies and trust, as the templates have them."""
        roles = {f"platform-compliance-{role}": {"policies": [
            {"Version": "2012-10-17", "Statement": statements(self.stack, logical_id)}]}
            for role, logical_id in LOGICAL.items() if self.stack.exists(logical_id)}
        spoke = self.spoke.properties("SpokeRole")
        roles[spoke["RoleName"]] = {
            "trust": spoke["AssumeRolePolicyDocument"],
            "policies": [policy["PolicyDocument"] for policy in spoke["Policies"]]}
        return roles

    def hold_roles(self, without=()):
        """Puts the policies into force; `without` are (role, action, resource) that they lack."""
        roles = self.documents()
        for role, action, resource in without:
            name = self.spoke.parameters["RoleName"] if role == "spoke" else (
                f"platform-compliance-{role}")
            before = {(one_action, one_resource) for document in roles[name]["policies"]
                      for statement in document["Statement"]
                      for one_action in listed(statement["Action"])
                      for one_resource in listed(statement["Resource"])}
            assert (action, resource) in before, (role, action, resource)
            roles[name]["policies"] = [allow(sorted(before - {(action, resource)}))]
        self.simulator.get("/_sim/policies", json.dumps({"roles": roles}).encode())

    def functions(self):
        found = super().functions()
        for function in found.values():
            keys = self.session(function["name"])
            function["env"] = function["env"] | {
                "AWS_ACCESS_KEY_ID": keys["AccessKeyId"],
                "AWS_SECRET_ACCESS_KEY": keys["SecretAccessKey"],
                "AWS_SESSION_TOKEN": keys["SessionToken"]}
        return found

    def session(self, role_name):
        if role_name not in self.sessions:
            self.sessions[role_name] = self.simulator.client("sts").assume_role(
                RoleArn=f"arn:aws:iam::{self.account_id}:role/{role_name}",
                RoleSessionName=role_name)["Credentials"]
        return self.sessions[role_name]

    def step(self, name, event):
        return self.invoke(self.stack.resolve({"Ref": name.capitalize() + "Alias"}), event)

    def run(self):
        """The steps one after another, until one fails: name -> its Outcome."""
        if self.stack.parameters["Variant"] == "small":
            outcomes = {"run": self.step("runner", {"mode": "run", "time": MONDAY})}
        else:
            outcomes = {"plan": self.step("planner", {"mode": "plan", "time": MONDAY})}
            if failed(outcomes):
                return outcomes
            shard, = json.loads(self.get(outcomes["plan"].body["items_key"]))
            outcomes["scan"] = self.step("scanner", shard)
            if not failed(outcomes):
                outcomes["merge"] = self.step("merger", {"mode": "merge", "group_id": GROUP})
        if not failed(outcomes):
            outcomes["report"] = self.step("reporter", {"mode": "report", "group_id": GROUP})
        return outcomes

    def get(self, key):
        return self.simulator.client("s3").get_object(
            Bucket=self.bucket, Key=key)["Body"].read()

    def denied_calls(self):
        """Operations that AWS refused, in alphabetical order."""
        return sorted(name for name, counts in self.simulator.stats()["operations"].items()
                      if any(outcome.startswith(("400 A", "403")) for outcome in counts))

    def history(self):
        latest = json.loads(self.get(self.stack.parameters["ReportPrefix"] + "history/latest.json"))
        path = self.folder / "history.db"
        path.write_bytes(self.get(self.stack.parameters["ReportPrefix"] + latest["key"]))
        return sqlite3.connect(path)


def listed(value):
    return value if isinstance(value, list) else [value]


def failed(outcomes):
    return [name for name, outcome in outcomes.items() if outcome.kind != "response"]
