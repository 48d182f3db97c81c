"""The Terraform module, planned here: its variables, locals, data and resources evaluated for given values,
with the ARNs that AWS would make. Knows the expressions that the module uses and refuses any other."""
import functools
import json
import operator
import pathlib
import re
import subprocess

from conftest import ROOT

TOOLS = ROOT / "tests/deploy"
MODULE = ROOT / "lambda/deploy/terraform"
ACCOUNT = "111122223333"
REGION = "eu-west-1"
TOKEN = re.compile(r'\s*(?:(\d+(?:\.\d+)?)|([A-Za-z_][A-Za-z0-9_-]*)|(=>|==|!=|>=|<=|&&|\|\||\.\.\.|[][(){}?:,.=!<>*-]))')


@functools.lru_cache
def parse(folder=MODULE):
    """The module as JSON; fails where it is no Terraform."""
    done = subprocess.run(["node", TOOLS / "parse_terraform.js", folder], capture_output=True,
                          text=True, stdin=subprocess.DEVNULL, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


class Parser:
    """Of one expression: turns it into nested tuples."""

    def __init__(self, text):
        self.text, self.at = text, 0

    def peek(self):
        match = TOKEN.match(self.text, self.at)
        return match.group().strip() if match else self.text[self.at:].lstrip()[:1]

    def take(self, wanted=None):
        match = TOKEN.match(self.text, self.at)
        assert match, f"not understood: {self.text[self.at:]!r}"
        assert wanted is None or match.group().strip() == wanted, f"{wanted}: {self.text!r}"
        self.at = match.end()
        return match

    def accept(self, wanted):
        if self.peek() == wanted:
            self.take()
            return True
        return False

    def whole(self):
        found = self.ternary()
        assert self.text[self.at:].strip() == "", f"left over: {self.text[self.at:]!r}"
        return found

    def ternary(self):
        condition = self.binary(("||",), lambda: self.binary(("&&",), self.comparison))
        if not self.accept("?"):
            return condition
        yes = self.ternary()
        self.take(":")
        return ("if", condition, yes, self.ternary())

    def binary(self, operators, inner):
        left = inner()
        while self.peek() in operators:
            left = (self.take().group().strip(), left, inner())
        return left

    def comparison(self):
        return self.binary(("==", "!=", ">", "<", ">=", "<="), self.postfix)

    def postfix(self):
        found = self.primary()
        while self.peek() in (".", "["):
            if self.accept("."):
                found = ("attribute", found, self.take().group().strip())
            else:
                self.take("[")
                found = ("each", found) if self.accept("*") else ("index", found, self.ternary())
                self.take("]")
        return found

    def primary(self):
        if self.peek() == '"':
            return self.string()
        if self.accept("-"):
            return ("number", -self.primary()[1])
        if self.accept("("):
            found = self.ternary()
            self.take(")")
            return found
        if self.accept("["):
            return ("list", self.until("]", self.ternary))
        if self.accept("{"):
            return self.for_object() if self.peek() == "for" else ("object", self.until("}", self.pair))
        match = self.take()
        if match.group(1):
            return ("number", float(match.group(1)) if "." in match.group(1) else int(match.group(1)))
        name = match.group(2)
        assert name, f"not understood: {self.text!r}"
        if self.accept("("):
            return ("call", name, self.until(")", self.ternary))
        return ("name", name)

    def until(self, end, item):
        found = []
        while not self.accept(end):
            found.append(item())
            self.accept(",")
        return found

    def pair(self):
        key = self.string()[1][0] if self.peek() == '"' else self.take().group(2)
        if not self.accept("="):
            self.take(":")
        return key, self.ternary()

    def for_object(self):
        self.take("for")
        names = [self.take().group(2)]
        self.take(",")
        names.append(self.take().group(2))
        self.take("in")
        source = self.ternary()
        self.take(":")
        key = self.ternary()
        self.take("=>")
        value = self.ternary()
        condition = self.ternary() if self.accept("if") else ("name", "true")
        self.take("}")
        return ("for", names, source, key, value, condition)

    def string(self):
        """A quoted text with what is inserted into it."""
        self.at = self.text.index('"', self.at) + 1
        start, depth = self.at, 0
        while self.text[self.at] != '"' or depth > 0:
            if self.text[self.at] == "\\":
                self.at += 1
            elif self.text.startswith("${", self.at):
                depth += 1
            elif self.text[self.at] == "}" and depth > 0:
                depth -= 1
            self.at += 1
        inside = self.text[start:self.at]
        self.at += 1
        return ("template", split_template(re.sub(r"\\(.)", r"\1", inside)))


def split_template(text):
    """"a${b}c" -> ["a", expression of b, "c"]."""
    parts, at = [], 0
    while (begin := text.find("${", at)) >= 0:
        depth, end = 1, begin + 2
        while depth > 0:
            depth += {"{": 1, "}": -1}.get(text[end], 0)
            end += 1
        parts += [text[at:begin], Parser(text[begin + 2:end - 1]).whole()]
        at = end
    return [part for part in parts + [text[at:]] if part != ""] or [""]


COMPARISONS = {"==": operator.eq, "!=": operator.ne, ">": operator.gt, "<": operator.lt,
               ">=": operator.ge, "<=": operator.le}
COMPUTED = {
    ("aws_s3_bucket", "id"): lambda module, body: body["bucket"],
    ("aws_sns_topic", "arn"): lambda module, body: module.arn("sns", body["name"]),
    ("aws_sqs_queue", "arn"): lambda module, body: module.arn("sqs", body["name"]),
    ("aws_sqs_queue", "id"): lambda module, body: f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/{body['name']}",
    ("aws_iam_role", "arn"): lambda module, body: f"arn:aws:iam::{ACCOUNT}:role/{body['name']}",
    ("aws_iam_role", "id"): lambda module, body: body["name"],
    ("aws_lambda_function", "version"): lambda module, body: "1",
    ("aws_lambda_alias", "arn"): lambda module, body: module.arn(
        "lambda", f"function:{body['function_name']}:{body['name']}"),
    ("aws_cloudwatch_log_group", "arn"): lambda module, body: module.arn("logs", "log-group:" + body["name"]),
    ("aws_sfn_state_machine", "arn"): lambda module, body: module.arn("states", "stateMachine:" + body["name"]),
    ("aws_cloudwatch_event_rule", "arn"): lambda module, body: module.arn("events", "rule/" + body["name"]),
    ("aws_caller_identity", "account_id"): lambda module, body: ACCOUNT,
    ("aws_partition", "partition"): lambda module, body: "aws",
    ("aws_region", "id"): lambda module, body: REGION,
    ("aws_iam_policy_document", "json"): lambda module, body: body,
}


class Instance:
    """One resource or data source; its attributes are evaluated when they are asked for."""

    def __init__(self, module, kind, body, scope):
        self.module, self.kind, self.body, self.scope = module, kind, body, scope

    def attribute(self, name):
        if (self.kind, name) in COMPUTED:
            return COMPUTED[self.kind, name](self.module, self.values())
        assert name in self.body, f"{self.kind} has no {name} here"
        return self.module.value(self.body[name], self.scope)

    def values(self):
        """All that is set: a null is as good as absent."""
        body = {key: value for key, value in self.body.items()
                if key not in ("count", "for_each", "depends_on")}
        return self.module.block(body, self.scope)


class Module:
    def __init__(self, variables=None, folder=MODULE, tree=None):
        self.tree = tree or parse(folder)
        self.folder = pathlib.Path(folder)
        self.variables = {name: declared[0].get("default")
                          for name, declared in self.tree.get("variable", {}).items()}
        for name, value in (variables or {}).items():
            assert name in self.variables, f"there is no variable {name}"
            self.variables[name] = value
        self.locals = {name: value for block in self.tree.get("locals", []) for name, value in block.items()}

    def arn(self, service, rest):
        return f"arn:aws:{service}:{REGION}:{ACCOUNT}:{rest}"

    def instances(self, kind, section="resource"):
        """(name, key, values) of each instance of the kind; the key is None, a number or a text."""
        found = []
        for name in self.tree.get(section, {}).get(kind, {}):
            instances = self.find(section, kind, name)
            keyed = instances.items() if isinstance(instances, dict) else enumerate(instances) \
                if isinstance(instances, list) else [(None, instances)]
            found += [(name, key, instance.values()) for key, instance in keyed]
        return found

    def find(self, section, kind, name):
        bodies = self.tree[section][kind][name]
        assert len(bodies) == 1, f"{kind}.{name} is declared {len(bodies)} times"
        body = bodies[0]
        if "count" in body:
            return [Instance(self, kind, body, {}) for _ in range(self.value(body["count"], {}))]
        if "for_each" in body:
            return {key: Instance(self, kind, body, {"each": {"key": key, "value": value}})
                    for key, value in self.value(body["for_each"], {}).items()}
        return Instance(self, kind, body, {})

    def block(self, value, scope):
        """A block's body, its dynamic blocks written out."""
        found = {}
        for key, inside in value.items():
            if key == "dynamic":
                for name, blocks in inside.items():
                    for each in blocks:
                        for item in self.value(each["for_each"], scope):
                            inner = scope | {name: {"value": item}}
                            found.setdefault(name, []).append(self.block(each["content"][0], inner))
            else:
                evaluated = self.value(inside, scope)
                if isinstance(evaluated, list) and key in found:
                    found[key] += evaluated
                elif evaluated is not None:
                    found[key] = evaluated
        return found

    def value(self, value, scope):
        if isinstance(value, dict):
            return self.block(value, scope)
        if isinstance(value, list):
            return [self.value(each, scope) for each in value]
        if not isinstance(value, str) or "${" not in value:
            return value
        return self.join(split_template(value), scope)

    def join(self, parts, scope):
        values = [part if isinstance(part, str) else self.evaluate(part, scope) for part in parts]
        return values[0] if len(values) == 1 else "".join(map(str, values))

    def evaluate(self, node, scope):
        kind = node[0]
        if kind in COMPARISONS:
            return COMPARISONS[kind](self.evaluate(node[1], scope), self.evaluate(node[2], scope))
        if kind in ("&&", "||"):
            left = self.evaluate(node[1], scope)
            return self.evaluate(node[2], scope) if left == (kind == "&&") else left
        return getattr(self, "on_" + kind)(scope, *node[1:])

    def on_number(self, scope, number):
        return number

    def on_template(self, scope, parts):
        return self.join(parts, scope)

    def on_list(self, scope, items):
        return [self.evaluate(item, scope) for item in items]

    def on_object(self, scope, pairs):
        return {key: self.evaluate(value, scope) for key, value in pairs}

    def on_if(self, scope, condition, yes, no):
        return self.evaluate(yes if self.evaluate(condition, scope) else no, scope)

    def on_for(self, scope, names, source, key, value, condition):
        found = {}
        for name, item in self.evaluate(source, scope).items():
            inner = scope | {names[0]: name, names[1]: item}
            if self.evaluate(condition, inner):
                found[self.evaluate(key, inner)] = self.evaluate(value, inner)
        return found

    def on_name(self, scope, name):
        if name in scope:
            return scope[name]
        known = {"true": True, "false": False, "null": None}
        return known[name] if name in known else ("root", name)

    def on_index(self, scope, source, key):
        return self.evaluate(source, scope)[self.evaluate(key, scope)]

    def on_each(self, scope, source):
        return self.evaluate(source, scope)

    def on_attribute(self, scope, source, name):
        found = self.evaluate(source, scope)
        if isinstance(found, list):
            return [each.attribute(name) for each in found]
        if isinstance(found, Instance):
            return found.attribute(name)
        if isinstance(found, dict):
            return found[name]
        return self.of_root(found[1:], name)

    def of_root(self, way, name):
        if way == ("var",):
            return self.variables[name]
        if way == ("local",):
            return self.value(self.locals[name], {})
        if way == ("path",):
            return str(self.folder)
        if way[0] == "data" and len(way) < 2:
            return ("root", "data", name)
        section, kind = ("data", way[1]) if way[0] == "data" else ("resource", way[0])
        return self.find(section, kind, name)

    def on_call(self, scope, name, arguments):
        values = [self.evaluate(each, scope) for each in arguments]
        if name == "templatefile":
            text = pathlib.Path(values[0]).read_text(encoding="utf-8")
            return re.sub(r"\$\{([A-Za-z]+)\}", lambda match: values[1][match.group(1)], text)
        return {"jsonencode": json.dumps, "tostring": str, "nonsensitive": lambda value: value,
                "compact": lambda items: [item for item in items if item]}[name](*values)

