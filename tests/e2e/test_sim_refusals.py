"""The simulator refuses what AWS refuses, with AWS's codes."""

import datetime
import json
import socket
import subprocess
import time
import urllib.error
import urllib.parse

import pytest
from botocore.exceptions import ClientError

from conftest import KEY_ID, SECRET, json_call, signed_call, sim_binary


def code_of(call, **arguments):
    with pytest.raises(ClientError) as refused:
        call(**arguments)
    return refused.value.response["Error"]["Code"]


@pytest.fixture
def small(sim):
    return sim("--accounts", 3, "--rules", 30)


@pytest.mark.parametrize("service, code", [
    ("config", "InvalidSignatureException"), ("organizations", "InvalidSignatureException"),
    ("sts", "SignatureDoesNotMatch"), ("s3", "SignatureDoesNotMatch"),
    ("sns", "SignatureDoesNotMatch"),
])
def test_a_wrong_secret_is_refused(small, service, code):
    calls = {"config": ("describe_config_rules", {}), "organizations": ("list_accounts", {}),
             "sts": ("get_caller_identity", {}), "s3": ("list_objects_v2", {"Bucket": "confhouse"}),
             "sns": ("publish", {"TopicArn": "arn:aws:sns:eu-west-1:1:t", "Message": "m"})}
    name, arguments = calls[service]
    client = small.client(service, keys={"AccessKeyId": KEY_ID, "SecretAccessKey": SECRET + "x"})
    assert code_of(getattr(client, name), **arguments) == code


@pytest.mark.parametrize("service, name, arguments, code", [
    ("config", "describe_config_rules", {}, "UnrecognizedClientException"),
    ("sts", "get_caller_identity", {}, "InvalidClientTokenId"),
    ("s3", "list_objects_v2", {"Bucket": "confhouse"}, "InvalidAccessKeyId"),
])
def test_an_unknown_key_is_refused(small, service, name, arguments, code):
    client = small.client(service, keys={"AccessKeyId": "AKIAUNKNOWN000000000",
                                         "SecretAccessKey": SECRET})
    assert code_of(getattr(client, name), **arguments) == code


def test_an_expired_session_is_refused(small):
    small.control(session_seconds=1)
    account_id = small.accounts()[1]["Id"]
    keys = small.session(account_id)
    config, sts = small.client("config", keys=keys), small.client("sts", keys=keys)
    config.describe_config_rules()
    assert sts.get_caller_identity()["Account"] == account_id
    time.sleep(1.2)
    assert code_of(config.describe_config_rules) == "ExpiredTokenException"
    assert code_of(sts.get_caller_identity) == "ExpiredToken"
    assert code_of(small.client("s3", keys=keys).list_buckets) in ("ExpiredToken",)


def test_a_token_that_was_changed_or_is_of_another_session_is_refused(small):
    ids = [account["Id"] for account in small.accounts()]
    one, other = small.session(ids[1]), small.session(ids[2])
    mixed = dict(one, SessionToken=other["SessionToken"])
    changed = dict(one, SessionToken=one["SessionToken"][:-8] + "AAAAAAA=")
    without = {name: one[name] for name in ("AccessKeyId", "SecretAccessKey")}
    for keys in (mixed, changed, without):
        assert code_of(small.client("config", keys=keys).describe_config_rules) == (
            "UnrecognizedClientException")


def test_sessions_see_their_own_account_alone(small):
    ids = [account["Id"] for account in small.accounts()]
    member = small.session(ids[1])
    rules = small.client("config", keys=member).describe_config_rules()["ConfigRules"]
    assert all(f":{ids[1]}:" in rule["ConfigRuleArn"] for rule in rules)
    assert code_of(small.client("organizations", keys=member).list_accounts) == (
        "AccessDeniedException")
    assert code_of(small.client("sts", keys=member).assume_role, RoleSessionName="xx",
                   RoleArn=f"arn:aws:iam::{ids[2]}:role/OrganizationAccountAccessRole") == (
        "AccessDenied")
    assert code_of(small.client("s3", keys=member).list_objects_v2, Bucket="confhouse") == (
        "AccessDenied")


def test_a_request_changed_on_its_way_is_refused(small):
    def change_body(sent):
        sent["body"] = b'{"NextToken": ""}'

    def change_target(sent):
        sent["headers"]["X-Amz-Target"] = "StarlingDoveService.DescribeConfigurationRecorders"

    def add_header(sent):
        sent["headers"]["X-Amz-Added"] = "1"

    def drop_signature(sent):
        del sent["headers"]["Authorization"]

    def cut_signature(sent):
        sent["headers"]["Authorization"] = sent["headers"]["Authorization"][:-90]

    codes = {change_body: "InvalidSignatureException", change_target: "InvalidSignatureException",
             add_header: "InvalidSignatureException",
             drop_signature: "MissingAuthenticationTokenException",
             cut_signature: "IncompleteSignatureException", None: None}
    for tamper, code in codes.items():
        status, answer = json_call(small, "config:DescribeConfigRules", {}, tamper=tamper)
        assert answer.get("__type") == code
        assert status == (200 if code is None else 400)


def test_a_clock_that_is_off_by_more_than_a_quarter_of_an_hour_is_refused(small):
    now = datetime.datetime.now(datetime.timezone.utc)
    for minutes, code in ((-14, None), (14, None), (-16, "InvalidSignatureException"),
                          (16, "InvalidSignatureException")):
        stamp = (now + datetime.timedelta(minutes=minutes)).strftime("%Y%m%dT%H%M%SZ")
        _, answer = json_call(small, "config:DescribeConfigRules", {}, stamp=stamp)
        assert answer.get("__type") == code, minutes
    stamp = (now - datetime.timedelta(minutes=16)).strftime("%Y%m%dT%H%M%SZ")
    status, text = signed_call(small, "s3", b"", {"X-Amz-Content-SHA256": "UNSIGNED-PAYLOAD"},
                               path="/confhouse/k?uploads", stamp=stamp)
    assert status == 403 and "<Code>RequestTimeTooSkewed</Code>" in text


@pytest.mark.parametrize("target, body, code", [
    ("config:DescribeConfigRules", {"Limit": 5}, "SerializationException"),
    ("config:DescribeConfigRules", {"ConfigRuleNames": "x"}, "SerializationException"),
    ("config:DescribeConfigRules", {"ConfigRuleNames": ["x"] * 26}, "ValidationException"),
    ("config:DescribeConfigRules", {"ConfigRuleNames": ["x"]}, "NoSuchConfigRuleException"),
    ("config:DescribeConfigRules", {"NextToken": "x"}, "InvalidNextTokenException"),
    ("config:DescribeConfigRules", {"Filters": {"X": 1}}, "SerializationException"),
    ("config:DescribeConfigRules", b"{", "SerializationException"),
    ("config:DescribeConfigRules", b"[]", "SerializationException"),
    ("config:GetComplianceDetailsByConfigRule", {}, "ValidationException"),
    ("config:GetComplianceDetailsByConfigRule", {"ConfigRuleName": 7}, "SerializationException"),
    ("config:GetComplianceDetailsByConfigRule", {"ConfigRuleName": ""}, "ValidationException"),
    ("config:GetComplianceDetailsByConfigRule",
     {"ConfigRuleName": "restricted-ssh", "Limit": 101}, "ValidationException"),
    ("config:GetComplianceDetailsByConfigRule",
     {"ConfigRuleName": "restricted-ssh", "Limit": -1}, "ValidationException"),
    ("config:GetComplianceDetailsByConfigRule",
     {"ConfigRuleName": "restricted-ssh", "Limit": "5"}, "SerializationException"),
    ("config:GetComplianceDetailsByConfigRule",
     {"ConfigRuleName": "restricted-ssh", "ComplianceTypes": ["GOOD"]}, "ValidationException"),
    ("config:ListTagsForResource", {"ResourceArn": "arn:aws:config:x"},
     "ResourceNotFoundException"),
    ("config:SelectResourceConfig", {"Expression": "DELETE x"}, "InvalidExpressionException"),
    ("config:DescribeEverything", {}, "UnknownOperationException"),
    ("organizations:ListAccounts", {"MaxResults": 21}, "ValidationException"),
    ("organizations:ListAccounts", {"MaxResults": 0}, "ValidationException"),
    ("organizations:ListAccounts", {"NextToken": "x"}, "InvalidInputException"),
    ("organizations:ListAccounts", {"Unknown": 1}, "SerializationException"),
    ("organizations:ListAccountsForParent", {"ParentId": "r-zzzz"}, "ParentNotFoundException"),
])
def test_wrong_input_is_refused(small, target, body, code):
    status, answer = json_call(small, target, body)
    assert (status, answer["__type"]) == (400, code)


@pytest.mark.parametrize("arguments, code", [
    ({"DurationSeconds": 899}, "ValidationError"), ({"DurationSeconds": 43201}, "ValidationError"),
    ({"RoleSessionName": "x"}, "ValidationError"), ({"RoleSessionName": "a b"}, "ValidationError"),
    ({"ExternalId": "a b"}, "ValidationError"),
    ({"RoleArn": "arn:aws:iam::x:role/OrganizationAccountAccessRole"}, "ValidationError"),
    ({"RoleArn": "arn:aws:iam::999999999999:role/OrganizationAccountAccessRole"}, "AccessDenied"),
    ({"RoleArn": "NoSuchRole"}, "AccessDenied"),
])
def test_assume_role_refuses(small, arguments, code):
    account_id = small.accounts()[1]["Id"]
    wanted = {"RoleArn": f"arn:aws:iam::{account_id}:role/OrganizationAccountAccessRole",
              "RoleSessionName": "tests", **arguments}
    if "/" not in wanted["RoleArn"]:
        wanted["RoleArn"] = f"arn:aws:iam::{account_id}:role/{wanted['RoleArn']}"
    # Not through boto3's method: it would refuse some of these itself.
    form = urllib.parse.urlencode({"Action": "AssumeRole", "Version": "2011-06-15", **wanted})
    status, text = signed_call(small, "sts", form.encode(),
                               {"Content-Type": "application/x-www-form-urlencoded"})
    assert f"<Code>{code}</Code>" in text
    assert status == (403 if code == "AccessDenied" else 400)


def test_external_id_and_role_names(sim):
    simulator = sim("--accounts", 2, "--external-id", "secret-id", "--role-name", "reader")
    account_id = simulator.accounts()[1]["Id"]
    sts = simulator.client("sts")
    arguments = {"RoleArn": f"arn:aws:iam::{account_id}:role/service/reader",
                 "RoleSessionName": "tests"}
    assert code_of(sts.assume_role, **arguments) == "AccessDenied"
    assert code_of(sts.assume_role, ExternalId="other", **arguments) == "AccessDenied"
    answer = sts.assume_role(ExternalId="secret-id", DurationSeconds=900, **arguments)
    lives = answer["Credentials"]["Expiration"] - datetime.datetime.now(datetime.timezone.utc)
    assert 880 < lives.total_seconds() <= 900


def test_page_tokens_are_of_their_call_alone(small):
    config = small.client("config")
    names = [rule["ConfigRuleName"] for rule in config.describe_config_rules()["ConfigRules"]]
    token = config.describe_config_rules()["NextToken"]
    details = {name: config.get_compliance_details_by_config_rule(ConfigRuleName=name)
               for name in names}
    long = [name for name, answer in details.items() if "NextToken" in answer]
    details_token = details[long[0]]["NextToken"]
    use = config.get_compliance_details_by_config_rule
    assert len(use(ConfigRuleName=long[0], NextToken=details_token)["EvaluationResults"]) > 0
    refused = [
        (use, {"ConfigRuleName": long[1], "NextToken": details_token}),
        (use, {"ConfigRuleName": long[0], "NextToken": token}),
        (config.describe_compliance_by_config_rule, {"NextToken": token}),
        (small.client("config", "us-east-1").describe_config_rules, {"NextToken": token}),
        (small.client("config", keys=small.session(small.accounts()[1]["Id"]))
         .describe_config_rules, {"NextToken": token}),
        (config.describe_config_rules, {"NextToken": "A" + token[1:]}),
    ]
    for call, arguments in refused:
        assert code_of(call, **arguments) == "InvalidNextTokenException"
    small.control(week=1)
    assert code_of(config.describe_config_rules, NextToken=token) == "InvalidNextTokenException"


def test_limits_of_pages(small):
    config = small.client("config")
    rule = next(row["rule_name"] for row in small.expected("rules")
                if row["evaluations"] > 20 and row["region"] == "eu-west-1")
    use = config.get_compliance_details_by_config_rule
    assert len(use(ConfigRuleName=rule)["EvaluationResults"]) == 10
    assert len(use(ConfigRuleName=rule, Limit=0)["EvaluationResults"]) == 10
    assert len(use(ConfigRuleName=rule, Limit=17)["EvaluationResults"]) == 17
    assert len(config.describe_config_rules()["ConfigRules"]) == 25


def test_control_refuses_what_it_does_not_know(small):
    for body in (b"{", b'{"weeks": 1}', b'{"week": -1}', b'{"seed": 2}', b'{"throttle": 2}',
                 b'{"deny": ["nobody"]}', b'{"week": 3, "latency_ms": "x"}'):
        with pytest.raises(urllib.error.HTTPError) as refused:
            small.get("/_sim/control", body)
        assert refused.value.code == 400
    assert json.loads(small.get("/_sim/control"))["week"] == 0


@pytest.mark.parametrize("flags", [
    ("--listen", "0.0.0.0"), ("--listen", "192.0.2.1"), ("--nonsense",), ("--accounts", "0"),
    ("--accounts",), ("--evaluations", "5..2"), ("--regions", "Mars"), ("--throttle", "1.5"),
    ("--bucket", "No_Bucket"), ("--service-linked", "50", "--rules", "10"),
])
def test_wrong_flags_are_refused(flags):
    done = subprocess.run([sim_binary(), *flags], capture_output=True, text=True, timeout=20)
    assert done.returncode == 2
    assert done.stdout == "" and len(done.stderr) > 10


def test_nonsense_on_the_wire_is_survived(small):
    host, port = small.url.removeprefix("http://").split(":")
    for nonsense in (b"\x00\xff\x00\r\n\r\n", b"GET\r\n\r\n", b"POST / HTTP/1.1\r\n\r\n",
                     b"POST /%zz?%=%&&=& HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc",
                     b"GET / HTTP/1.1\r\nHost: x\r\n" + b"x: y\r\n" * 100 + b"\r\n",
                     b"GET /" + b"a" * 40000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
                     b"PUT /confhouse/k HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n"):
        with socket.create_connection((host, int(port)), timeout=5) as connection:
            connection.sendall(nonsense)
            connection.shutdown(socket.SHUT_WR)
            while connection.recv(65536):
                pass
    assert json.loads(small.get("/_sim/health")) == {"status": "ok"}
