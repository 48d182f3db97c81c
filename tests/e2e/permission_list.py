"""lambda/deploy/permissions.csv, and what policies would follow from it."""
import csv
import dataclasses
import re

from conftest import ROOT

LIST = ROOT / "lambda/deploy/permissions.csv"
FUNCTIONS = ("planner", "scanner", "merger", "reporter", "runner")


@dataclasses.dataclass(frozen=True)
class Row:
    roles: tuple
    action: str
    resource: str
    when: str
    by: str
    effect: str
    lost: str
    reason: str


def read_rows():
    with open(LIST, encoding="utf-8", newline="") as file:
        return [Row(**(row | {"roles": tuple(row["roles"].split())}))
                for row in csv.DictReader(file)]


def is_in(row, stack):
    """Does this stack need the row?"""
    given = stack.parameters
    return {"always": True, "regions": True, "full": given["Variant"] == "full",
            "small": given["Variant"] == "small", "key": given["KmsKeyArn"] != "",
            "mail": given["MailFrom"] != ""}[row.when]


def resolve(text, stack, role):
    """The resource of a row in that stack: its variables are parameters, resources and these."""
    own = {"Partition": "aws", "Region": stack.pseudo["AWS::Region"], "AccountId": stack.account_id,
           "Bucket": f"platform-compliance-reports-{stack.account_id}",
           "Prefix": stack.parameters["ReportPrefix"], "Role": role}

    def replace(match):
        name = match.group(1)
        if name in own:
            return own[name]
        attribute = "Arn" if name == "DeadLetters" else None
        return stack.resolve({"Fn::GetAtt": [name, attribute]} if attribute else {"Ref": name})
    return re.sub(r"\$\{(\w+)\}", replace, text)


def wanted(stack, role):
    """(action, resource) -> rows: what the list gives a role of that stack."""
    found = {}
    for row in read_rows():
        if role in row.roles and is_in(row, stack):
            found.setdefault((row.action, resolve(row.resource, stack, role)), []).append(row)
    return found
