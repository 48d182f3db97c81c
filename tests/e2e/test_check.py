"""How old the newest run is, and a run that leaves its report to somebody else."""
import datetime
import json

import pytest

from cli_tool import Cli

REGIONS = ("--regions", "eu-west-1")


@pytest.fixture
def cli(sim, tmp_path):
    return Cli(tmp_path, sim("--accounts", "2", "--rules", "3", "--evaluations", "0..5").env)


def invoke(cli, event, *flags):
    (cli.folder / "event.json").write_text(json.dumps(event))
    return json.loads(cli("invoke", "event.json", *REGIONS, *flags).stdout)


def days_ago(days):
    return (datetime.datetime.now(datetime.timezone.utc).date() -
            datetime.timedelta(days=days)).isoformat()


def age_since(date):
    """At a moment that may be either side of midnight."""
    today = datetime.datetime.now(datetime.timezone.utc).date()
    return (today - datetime.date.fromisoformat(date)).days


def test_a_store_without_a_run_has_no_age(cli):
    assert invoke(cli, {"mode": "check"}) == {"mode": "check", "status": "ok"}


def test_the_age_is_that_of_the_newest_run(cli):
    newest = days_ago(9)
    for date in (newest, days_ago(16)):
        cli("run", *REGIONS, "--group-id", date)
    before = age_since(newest)
    answer = invoke(cli, {"mode": "check", "time": "2020-01-01T00:00:00Z"})
    assert before <= answer.pop("run_age_days") <= age_since(newest)
    assert answer == {"mode": "check", "group_id": newest, "date": newest, "status": "ok"}


def test_a_run_that_is_not_named_its_date_has_that_of_its_plan(cli):
    date = days_ago(3)
    cli("run", *REGIONS, "--group-id", "weekly", "--date", date)
    before = age_since(date)
    answer = invoke(cli, {"mode": "check"})
    assert (answer["group_id"], answer["date"]) == ("weekly", date)
    assert before <= answer["run_age_days"] <= age_since(date)


def test_the_age_is_not_told_where_the_plan_has_expired(cli):
    cli("run", *REGIONS, "--group-id", "weekly", "--date", days_ago(3))
    (cli.folder / "store/batches/weekly/plan.json").unlink()
    assert invoke(cli, {"mode": "check"}) == {"mode": "check", "group_id": "weekly", "status": "ok"}


def test_a_run_may_leave_its_report_to_somebody_else(cli):
    answer = invoke(cli, {"mode": "run", "group_id": "2026-11-22"}, "--no-report")
    assert answer["history"] == "history/compliance-2026-11-22.db" and "report" not in answer
    assert not [name for name in cli.files() if name.startswith("reports/")]
    row, = cli.rows("run", *REGIONS, "--group-id", "2026-11-29", "--no-report")
    assert "report" not in row
    assert invoke(cli, {"mode": "report"})["group_id"] == "2026-11-29"
