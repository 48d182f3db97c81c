"""What the simulator tells through AWS's APIs is what it says it would tell."""

import collections
import http.client
import json

import pytest

from conftest import json_call


def read_rule(config, name, **arguments):
    pages = config.get_paginator("get_compliance_details_by_config_rule").paginate(
        ConfigRuleName=name, **arguments)
    for page in pages:
        yield from page["EvaluationResults"]


def as_row(account_id, region, result):
    qualifier = result["EvaluationResultIdentifier"]["EvaluationResultQualifier"]
    return (account_id, region, qualifier["ConfigRuleName"], qualifier["ResourceType"],
            qualifier["ResourceId"], result["ComplianceType"], result.get("Annotation", ""),
            qualifier["EvaluationMode"])


def scan(simulator, regions):
    """All evaluations of all active accounts, as rows."""
    rows = []
    for account in simulator.accounts():
        if account["Status"] != "ACTIVE":
            continue
        keys = simulator.session(account["Id"])
        for region in regions:
            client = simulator.client("config", region, keys)
            for page in client.get_paginator("describe_config_rules").paginate():
                for rule in page["ConfigRules"]:
                    rows += [as_row(account["Id"], region, result)
                             for result in read_rule(client, rule["ConfigRuleName"],
                                                     PaginationConfig={"PageSize": 100})]
    return sorted(rows)


def expected_rows(simulator, week=None):
    return sorted(tuple(row.values()) for row in simulator.expected(week=week))


def test_scan_finds_what_is_expected(sim):
    simulator = sim("--accounts", 3, "--rules", 30, "--regions", "eu-west-1,us-east-1", "--week", 3)
    rows = scan(simulator, ["eu-west-1", "us-east-1"])
    assert len(rows) > 3000
    assert len({row[:5] for row in rows}) == len(rows)
    assert rows == expected_rows(simulator)
    assert [tuple(row.values()) for row in simulator.expected_csv(week=3)] == [
        tuple(row.values()) for row in simulator.expected()]


def test_hostile_text_arrives_as_it_is(sim):
    simulator = sim("--accounts", 1, "--rules", 40, "--regions", "eu-west-1", "--hostile-text",
                    "--exponent-floats", "--proactive", "0.1")
    rows = scan(simulator, ["eu-west-1"])
    assert rows == expected_rows(simulator)
    annotations = "".join(row[6] for row in rows)
    assert "=HYPERLINK(" in annotations and "\n" in annotations and '"' in annotations
    assert any(row[4].startswith("=") for row in rows)
    assert {row[7] for row in rows} == {"DETECTIVE", "PROACTIVE"}
    assert 250 < max(len(row[6]) for row in rows) <= 256
    assert [tuple(row.values()) for row in simulator.expected_csv()] == [
        tuple(row.values()) for row in simulator.expected()]


def ask_again(simulator, target, body):
    """Asks until there is an answer: each try is a new draw."""
    for _ in range(60):
        try:
            status, answer = json_call(simulator, target, body)
        except (http.client.HTTPException, OSError, json.JSONDecodeError):
            continue
        if status == 200:
            return answer
    raise AssertionError("60 tries were not enough")


def ask_for_pages(simulator, target, member, **arguments):
    while True:
        answer = ask_again(simulator, target, arguments)
        yield from answer[member]
        if "NextToken" not in answer:
            return
        arguments["NextToken"] = answer["NextToken"]


@pytest.mark.parametrize("flags", [
    ("--short-pages", "0.4", "--empty-pages", "0.4"),
    ("--throttle", "0.2", "--error-5xx", "0.2", "--drop", "0.1", "--truncate", "0.1"),
    ("--chunked", "--truncate", "0.2"),
    ("--latency-ms", "3", "--threads", "2"),
])
def test_faults_lose_nothing_for_one_who_asks_again(sim, flags):
    simulator = sim("--accounts", 1, "--rules", 30, "--regions", "eu-west-1", *flags)
    expected = expected_rows(simulator)
    rows = []
    for rule in ask_for_pages(simulator, "config:DescribeConfigRules", "ConfigRules"):
        rows += [as_row(expected[0][0], "eu-west-1", result) for result in ask_for_pages(
            simulator, "config:GetComplianceDetailsByConfigRule", "EvaluationResults",
            ConfigRuleName=rule["ConfigRuleName"], Limit=20)]
    assert sorted(rows) == expected


def test_a_cut_answer_is_noticed_and_may_be_asked_for_again(sim):
    simulator = sim("--accounts", 1, "--rules", 2, "--truncate", "0.5")
    lost, got = 0, 0
    for _ in range(40):
        try:
            got += len(json_call(simulator, "config:DescribeConfigRules", {})[1]["ConfigRules"]) == 2
        except http.client.IncompleteRead:
            lost += 1
    assert got + lost == 40 and got > 5 and lost > 5


def test_bucket_throttles_each_scope_by_itself(sim):
    simulator = sim("--bucket-rate", "0.5", "--bucket-burst", 3, "--rules", 1)
    one, other = simulator.client("config", "eu-west-1"), simulator.client("config", "us-east-1")
    for _ in range(3):
        one.describe_config_rules()
    with pytest.raises(one.exceptions.ClientError) as refused:
        one.describe_config_rules()
    assert refused.value.response["Error"] == {
        "Code": "ThrottlingException", "Message": "Rate exceeded"}
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
    other.describe_config_rules()


def test_the_same_seed_tells_the_same_and_another_another(sim):
    flags = ("--accounts", 2, "--rules", 5)
    one, same, other = sim(*flags), sim(*flags), sim(*flags, "--seed", 2)
    assert one.get("/_sim/expected?week=9") == same.get("/_sim/expected?week=9")
    assert one.get("/_sim/expected") != other.get("/_sim/expected")


def test_weeks_change_about_as_much_as_churn_says_and_get_better(sim):
    simulator = sim("--accounts", 6, "--rules", 20, "--churn", "0.05")

    def states(week):
        return {tuple(row.values())[:5]: row["compliance"] for row in simulator.expected(week=week)}

    first, second, much_later = states(4), states(5), states(60)
    both = first.keys() & second.keys()
    changed = sum(first[key] != second[key] for key in both) / len(both)
    assert 0.025 < changed < 0.075
    assert len(first) == len(second)
    assert 0 < len(first.keys() - second.keys()) < 0.03 * len(first)

    def ratio(of):
        counts = collections.Counter(of.values())
        return counts["COMPLIANT"] / (counts["COMPLIANT"] + counts["NON_COMPLIANT"])

    assert ratio(first) < ratio(much_later) < 0.99


def test_rules_differ_in_kind_and_their_names_in_scope(sim):
    simulator = sim("--accounts", 2, "--rules", 60, "--service-linked", 2, "--vanish-rules", "0.05")
    rules = simulator.expected("rules")
    names = {rule["rule_name"] for rule in rules}
    assert any(name.startswith("OrgConfigRule-") for name in names)
    assert any("-conformance-pack-" in name for name in names)
    assert len({rule["rule_group"] for rule in rules}) == 60
    states = collections.Counter(rule["state"] for rule in rules)
    assert states["denied"] == 2 * 2 * 2 and states["vanished"] > 0
    assert states["insufficient_data"] > 0
    client = simulator.client("config")
    own = [rule for rule in rules if rule["account_id"] == simulator.accounts()[0]["Id"]
           and rule["region"] == "eu-west-1"]
    summaries = {
        summary["ConfigRuleName"]: summary["Compliance"]["ComplianceType"]
        for page in client.get_paginator("describe_compliance_by_config_rule").paginate()
        for summary in page["ComplianceByConfigRules"]}
    for rule in own:
        if rule["state"] == "denied":
            code = "AccessDeniedException"
        elif rule["state"] == "vanished":
            code = "NoSuchConfigRuleException"
        else:
            assert summaries[rule["rule_name"]] == rule["compliance"]
            assert len(list(read_rule(client, rule["rule_name"]))) == rule["evaluations"]
            continue
        with pytest.raises(client.exceptions.ClientError) as refused:
            client.get_compliance_details_by_config_rule(ConfigRuleName=rule["rule_name"])
        assert refused.value.response["Error"]["Code"] == code


def test_denied_and_switched_off_scopes(sim):
    simulator = sim("--deny", "1", "--deny", "2/us-east-1", "--recorder-off", "3/eu-west-1",
                    "--recorder-stopped", "4")
    accounts = [account["Id"] for account in simulator.accounts()]
    sts = simulator.client("sts")
    with pytest.raises(sts.exceptions.ClientError) as refused:
        simulator.session(accounts[1])
    assert refused.value.response["Error"]["Code"] == "AccessDenied"
    denied = simulator.client("config", "us-east-1", simulator.session(accounts[2]))
    with pytest.raises(denied.exceptions.ClientError) as refused:
        denied.describe_config_rules()
    assert refused.value.response["Error"]["Code"] == "AccessDeniedException"
    off = simulator.client("config", "eu-west-1", simulator.session(accounts[3]))
    assert off.describe_configuration_recorders()["ConfigurationRecorders"] == []
    assert off.describe_configuration_recorder_status()["ConfigurationRecordersStatus"] == []
    stopped = simulator.client("config", "eu-west-1", simulator.session(accounts[4]))
    status = stopped.describe_configuration_recorder_status()["ConfigurationRecordersStatus"]
    assert [recorder["recording"] for recorder in status] == [False]
    scopes = {(scope["account_id"], scope["region"]): scope for scope in simulator.expected("scopes")}
    assert scopes[accounts[1], "eu-west-1"]["outcome"] == "denied"
    assert scopes[accounts[2], "us-east-1"]["error_code"] == "AccessDeniedException"
    assert scopes[accounts[2], "eu-west-1"]["outcome"] == "scanned"
    assert scopes[accounts[3], "eu-west-1"]["recorder"] == "none"
    assert scopes[accounts[4], "us-east-1"]["recorder"] == "stopped"
    assert scopes[accounts[17], "us-east-1"]["outcome"] == "skipped"
    assert simulator.control(deny=[])["deny"] == []
    simulator.session(accounts[1])


def test_stats_count_calls_and_the_fewest_there_could_be(sim):
    simulator = sim("--accounts", 2, "--rules", 30, "--regions", "eu-west-1",
                    "--evaluations", "250..250")
    simulator.accounts()
    client = simulator.client("config")
    with pytest.raises(client.exceptions.NoSuchConfigRuleException):
        client.get_compliance_details_by_config_rule(ConfigRuleName="none-such")
    stats = simulator.stats("?minimum=1&reset=1")
    assert stats["operations"]["organizations:ListAccounts"] == {"200": 1, "calls": 1}
    assert stats["errors"] == {"NoSuchConfigRuleException": 1}
    assert stats["calls"] == 2
    assert stats["minimum"]["config:GetComplianceDetailsByConfigRule"] == 2 * 30 * 3
    assert stats["minimum"]["config:DescribeConfigRules"] == 2 * 2
    assert simulator.stats()["calls"] == 0
