"""What confhouse stored is what the organization has, evaluation by evaluation: with and without
faults on the way, and over twelve weeks that change."""
import json
import os
import sqlite3
import subprocess
import urllib.request

import pytest

from shard_files import open_history

BIN = os.environ.get("CONFHOUSE_BIN", "confhouse")
FAULTS = ["--throttle", "0.05", "--error-5xx", "0.03", "--drop", "0.02", "--truncate", "0.02",
          "--short-pages", "0.2", "--empty-pages", "0.1"]
SMALL = ["--accounts", "5", "--rules", "12", "--evaluations", "0..250"]


def run(sim, store, group_id, *flags, expect=0):
    done = subprocess.run(
        [BIN, "run", "--store", str(store), "--group-id", group_id,
         "--regions", "eu-west-1,us-east-1", *flags],
        env={**os.environ, **sim.env}, capture_output=True, text=True, timeout=300)
    assert done.returncode == expect, done.stdout + done.stderr
    return done


def lines(sim, path):
    with urllib.request.urlopen(sim.url + path, timeout=60) as answer:
        return [json.loads(line) for line in answer.read().decode().splitlines()]


def control(sim, **knobs):
    request = urllib.request.Request(sim.url + "/_sim/control", json.dumps(knobs).encode(),
                                     method="POST")
    urllib.request.urlopen(request, timeout=60).close()


def expected(sim):
    return sorted((e["account_id"], e["region"], e["rule_name"], e["resource_type"],
                   e["resource_id"], e["mode"], e["compliance"], e["annotation"] or None)
                  for e in lines(sim, "/_sim/expected"))


def stored(store, group_id):
    with open_history(store) as db:
        return sorted(tuple(row) for row in db.execute(
            "SELECT account_id, region, rule_name, resource_type, resource_id, mode, compliance,"
            " annotation FROM evaluations WHERE group_id = ?", (group_id,)))


def check_coverage(sim, store, group_id):
    with open_history(store) as db:
        found = {(row["account_id"], row["region"]): row for row in db.execute(
            "SELECT * FROM coverage WHERE group_id = ?", (group_id,))}
    scopes = lines(sim, "/_sim/expected/scopes")
    assert {(s["account_id"], s["region"]) for s in scopes} == set(found)
    for scope in scopes:
        row = found[scope["account_id"], scope["region"]]
        assert row["outcome"] == scope["outcome"]
        if scope["outcome"] == "scanned":
            assert (row["recorder"], row["rules"], row["evaluations"]) == \
                (scope["recorder"], scope["rules"], scope["evaluations"])


def test_without_faults(sim, tmp_path):
    organization = sim(*SMALL, "--proactive", "0.05")
    run(organization, tmp_path, "2026-11-22")
    truth = expected(organization)
    assert len(truth) > 5000
    assert stored(tmp_path, "2026-11-22") == truth
    check_coverage(organization, tmp_path, "2026-11-22")


def test_calls_are_the_fewest(sim, tmp_path):
    organization = sim(*SMALL)
    run(organization, tmp_path, "2026-11-22", "--tag-prefix", "mox.")
    with urllib.request.urlopen(organization.url + "/_sim/stats?minimum=1", timeout=60) as answer:
        stats = json.load(answer)
    counts = {name: operation["calls"] for name, operation in stats["operations"].items()}
    fewest = stats["minimum"]
    for operation in ("sts:AssumeRole", "config:DescribeConfigRules",
                      "config:DescribeComplianceByConfigRule",
                      "config:GetComplianceDetailsByConfigRule"):
        assert counts[operation] <= 1.02 * fewest[operation], operation


@pytest.mark.parametrize("seed", [1, 2])
def test_with_faults(sim, tmp_path, seed):
    organization = sim(*SMALL, *FAULTS, "--seed", str(seed), "--hostile-text",
                       "--exponent-floats", "--chunked")
    run(organization, tmp_path, "2026-11-22")
    assert stored(tmp_path, "2026-11-22") == expected(organization)
    check_coverage(organization, tmp_path, "2026-11-22")


def test_weeks_that_change(sim, tmp_path):
    organization = sim("--accounts", "4", "--rules", "10", "--churn", "0.05")
    truth = {}
    for week in range(6):
        control(organization, week=week)
        group_id = f"2026-10-{week * 5 + 1:02}"
        run(organization, tmp_path, group_id)
        truth[group_id] = expected(organization)
    assert len({str(week) for week in truth.values()}) == 6
    assert stored(tmp_path, group_id) == truth[group_id]
    for group_id, evaluations in truth.items():  # of all runs, from the newest history
        # An annotation that alone changed is updated in place, so older runs show newer ones.
        assert [row[:7] for row in stored(tmp_path, group_id)] == [row[:7] for row in evaluations]


def test_a_denied_account_is_neither_compliant_nor_resolved(sim, tmp_path):
    organization = sim("--accounts", "4", "--rules", "10")
    run(organization, tmp_path, "2026-11-15")
    control(organization, week=1, deny="2")
    done = run(organization, tmp_path, "2026-11-22", expect=3)
    denied = [s for s in lines(organization, "/_sim/expected/scopes") if s["outcome"] == "denied"]
    account = denied[0]["account_id"]
    assert account in done.stderr
    with open_history(tmp_path) as db:
        one = lambda sql: db.execute(sql, {"account": account}).fetchone()
        assert tuple(one("SELECT outcome, error_code, last_scanned FROM coverage WHERE"
                         " group_id = '2026-11-22' AND account_id = :account")) == \
            ("denied", "AccessDenied", "2026-11-15")
        assert one("SELECT count(*) FROM current_evaluations WHERE account_id = :account")[0] == 0
        assert one("SELECT count(*) FROM changes WHERE account_id = :account")[0] == 0
        assert tuple(one("SELECT compliant, non_compliant, ratio FROM compliance_by_account WHERE"
                         " group_id = '2026-11-22' AND account_id = :account")) == (0, 0, None)
        assert one("SELECT count(*) FROM last_known_evaluations"
                   " WHERE account_id = :account")[0] > 0
        assert one("SELECT complete FROM runs WHERE group_id = '2026-11-22'")[0] == 0


def test_over_s3(sim, tmp_path):
    organization = sim(*SMALL, *FAULTS)
    run(organization, "s3://confhouse/warehouse", "2026-11-22")
    copy = tmp_path / "history.db"
    subprocess.run([BIN, "pull", "--store", "s3://confhouse/warehouse", "--output", str(copy)],
                   env={**os.environ, **organization.env}, check=True, timeout=120)
    with sqlite3.connect(copy) as db:
        found = db.execute("SELECT count(*) FROM current_evaluations").fetchone()[0]
    assert found == len(expected(organization))


def test_a_plain_sqlite_shell_answers_each_view(sim, tmp_path):
    organization = sim("--accounts", "3", "--rules", "8")
    run(organization, tmp_path, "2026-11-22")
    latest = json.loads((tmp_path / "history/latest.json").read_text())
    for view in ("runs", "evaluations", "current_evaluations", "findings",
                 "compliance_by_environment", "compliance_by_rule", "compliance_by_account",
                 "compliance_by_owner", "trend", "changes", "coverage"):
        done = subprocess.run(["sqlite3", "-readonly", str(tmp_path / latest["key"]),
                               f"SELECT count(*) FROM {view}"],
                              capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, view + done.stderr
        assert int(done.stdout) > 0 or view == "changes"
