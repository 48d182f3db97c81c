"""What could not be read, and why: it is named, counted, and asked again."""
import json

import pytest

from cli_tool import Cli
from proxy import WELCOME, Proxy
from test_collect import evaluations, shard, truth

REGIONS = ("--regions", "eu-west-1,us-east-1")
SMALL = ("--accounts", "4", "--rules", "6", "--evaluations", "0..30")
RUN = ("run", *REGIONS, "--group-id", "2026-11-22")


@pytest.fixture
def behind_proxy(sim, tmp_path):
    """A simulator, the command line behind a proxy to it, and the proxy."""
    proxies = []

    def make(answers, *flags):
        simulator = sim(*(flags or SMALL))
        proxies.append(Proxy(simulator, answers))
        return simulator, Cli(tmp_path, proxies[-1].env), proxies[-1]

    yield make
    for proxy in proxies:
        proxy.close()


def healthy(*_):
    return None


def listed(done, word):
    return [line for line in done.stderr.splitlines() if f"warning: {word}: " in line]


# ---- rules


@pytest.mark.parametrize("status, code", [(200, "protocol"), (502, "server")])
def test_a_rule_that_failed_in_passing_is_a_gap_and_is_asked_again(behind_proxy, status, code):
    asked = []

    def answers(operation, body, region):
        if operation != "GetComplianceDetailsByConfigRule" or region != "us-east-1":
            return None
        name = json.loads(body)["ConfigRuleName"]
        asked.append(name)
        return (status, WELCOME) if name == asked[0] else None

    simulator, cli, proxy = behind_proxy(answers)
    done = cli(*RUN, expect=3)
    with shard(cli, "2026-11-22") as db:
        failed = db.execute("SELECT error_code FROM rule WHERE outcome = 'failed'").fetchall()
    assert failed and {row[0] for row in failed} == {code}
    assert len(listed(done, "failed")) == len(failed) and asked[0] in listed(done, "failed")[0]
    assert f"{len(failed)} rules" in done.stderr.splitlines()[-1]
    assert f"{len(failed)} rules" in cli("scan", *RUN[1:], expect=3).stderr.splitlines()[-1]
    proxy.answers = healthy
    before = simulator.stats()["operations"]["config:DescribeConfigRules"]["calls"]
    cli(*RUN)
    again = simulator.stats()["operations"]["config:DescribeConfigRules"]["calls"] - before
    assert again == len(failed)  # one rule in each of these scopes; the others are kept
    assert evaluations(cli, "2026-11-22") == truth(simulator)
    assert cli.rows("query", "runs")[0]["rules_failed"] == 0


def test_a_rule_that_is_denied_or_gone_is_no_failure_and_is_not_asked_again(sim, tmp_path):
    simulator = sim("--accounts", "4", "--rules", "12", "--service-linked", "3",
                    "--vanish-rules", "0.2")
    cli = Cli(tmp_path, simulator.env)
    cli(*RUN)
    assert cli.rows("query", "runs")[0]["rules_failed"] > 0
    before = simulator.stats()["operations"]["config:DescribeConfigRules"]["calls"]
    cli(*RUN)
    assert simulator.stats()["operations"]["config:DescribeConfigRules"]["calls"] == before

