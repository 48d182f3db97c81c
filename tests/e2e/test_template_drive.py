"""The hub's template, executed: a schedule fires, and a report lies in the bucket that the template
names. What is wrong in the template is missing in the end."""
import pytest

from hub_drive import Deployment
from hub_template import HUB, load
from packaged import make_package

GIVEN = {"Release": "1", "CodeBucket": "artifacts", "CodeKey": "confhouse.zip",
         "DefinitionKey": "statemachine.asl.json", "Regions": "eu-west-1,us-east-1", "Shards": "2"}
SMALL = ("--accounts", "4", "--rules", "4", "--evaluations", "0..10")
MONDAY = "2026-11-23T08:00:00Z"
REPORT = "reports/ConfigRule_2026-11-23.xlsx"


@pytest.fixture
def deploy(sim, tmp_path):
    def start(template=None, is_packaged=False, **parameters):
        account_id = sim(*SMALL).client("sts").get_caller_identity()["Account"]
        simulator = sim(*SMALL, "--bucket", f"platform-compliance-reports-{account_id}")
        return Deployment(tmp_path, simulator, GIVEN | parameters, template,
                          is_packaged)
    return start


def check_full_run(deployment, prefix=""):
    execution = deployment.fire("RunSchedule", MONDAY)
    assert execution.status == "SUCCEEDED", execution.log
    items, failed = execution.map_run()
    assert (items, failed) == (2, 0)
    called = [event["function"] for event in execution.events if event["type"] == "invocation"]
    assert called.count("platform-compliance-scanner") == 2
    assert {name for name in called} == {
        f"platform-compliance-{name}" for name in ("planner", "scanner", "merger", "reporter")}
    keys = deployment.keys()
    assert {prefix + REPORT, prefix + "raw/config-rules-2026-11-23.csv",
            prefix + "history/compliance-2026-11-23.db"} <= keys, keys
    check_told(deployment, prefix)


def check_told(deployment, prefix):
    """Nothing lies outside of the places that the policies allow, and people were told once."""
    places = tuple(prefix + name for name in ("batches/", "history/", "raw/", "reports/"))
    assert [key for key in deployment.keys() if not key.startswith(places)] == []
    message, = deployment.simulator.messages()
    assert message["topic_arn"] == deployment.stack.resolve({"Ref": "ReportTopic"})
    assert "2026-11-23" in message["message"] and "8 of 8 scopes" in message["message"]


def check_small_run(deployment, prefix=""):
    outcome = deployment.fire("RunSchedule", MONDAY)
    assert outcome.kind == "response", outcome.text
    assert (outcome.body["group_id"], outcome.body["status"]) == ("2026-11-23", "ok")
    assert outcome.body["scopes_scanned"] == outcome.body["scopes_planned"] == 8
    assert [name for name, _, _ in deployment.calls] == [
        "platform-compliance-runner", "platform-compliance-reporter"]
    answer = deployment.calls[1][2]
    assert answer.kind == "response", answer.text
    assert "report" not in outcome.body and prefix + REPORT in deployment.keys()
    check_told(deployment, prefix)


CHECKS = {"full": check_full_run, "small": check_small_run}


@pytest.mark.parametrize("prefix", ["", "some/where/"])
@pytest.mark.parametrize("variant", CHECKS)
def test_a_schedule_ends_in_a_report(deploy, variant, prefix):
    CHECKS[variant](deploy(Variant=variant, ReportPrefix=prefix), prefix)


@pytest.mark.parametrize("variant", CHECKS)
def test_the_package_does_it_too(deploy, variant):
    make_package()
    CHECKS[variant](deploy(Variant=variant, is_packaged=True))


@pytest.mark.parametrize("variant", CHECKS)
def test_the_daily_check_measures_the_age_that_the_alarm_looks_at(deploy, variant):
    deployment = deploy(Variant=variant)
    alarm = deployment.stack.properties("MissedRun")

    def measured():
        outcome = deployment.fire("CheckSchedule", "2026-11-24T20:00:00Z")
        assert outcome.kind == "response", outcome.text
        metrics, = outcome.metrics
        declared, = metrics["_aws"]["CloudWatchMetrics"]
        dimensions = {each["Name"]: each["Value"] for each in alarm["Dimensions"]}
        assert declared["Namespace"] == alarm["Namespace"]
        assert declared["Dimensions"] == [list(dimensions)]
        assert {name: metrics[name] for name in dimensions} == dimensions
        return metrics.get(alarm["MetricName"])

    assert measured() is None  # no run yet: the alarm takes that for a breach
    deployment.fire("RunSchedule", MONDAY)
    assert measured() >= 0


@pytest.mark.parametrize("variant", CHECKS)
def test_the_coverage_alarm_looks_at_what_the_run_prints(deploy, variant):
    deployment = deploy(Variant=variant)
    arn = deployment.stack.resolve({"Ref": "RunnerAlias" if variant == "small" else "MergerAlias"})
    if variant == "small":
        printed = deployment.fire("RunSchedule", MONDAY).metrics
    else:
        deployment.fire("RunSchedule", MONDAY)
        printed = deployment.invoke(arn, {"mode": "merge", "group_id": "2026-11-23"}).metrics
    line, = printed
    for query in deployment.stack.properties("LowCoverage")["Metrics"]:
        if "MetricStat" in query:
            metric = query["MetricStat"]["Metric"]
            assert line[metric["MetricName"]] == 8
            assert {each["Name"]: each["Value"] for each in metric["Dimensions"]} == {
                "Mode": line["Mode"]}


WRONG = [
    ("full", "PlannerFunction", ("Environment", "Variables", "REPORT_BUCKET"), "another-bucket"),
    ("full", "ScannerFunction", ("Environment", "Variables", "REPORT_PREFIX"), "elsewhere/"),
    ("full", "PlannerFunction", ("Environment", "Variables", "CONFHOUSE_ROLE_NAME"), "another-role"),
    ("full", "ReporterFunction", ("Environment", "Variables", "CONFHOUSE_SNS_TOPIC"), ""),
    ("full", "StateMachine", ("DefinitionSubstitutions", "MergeFunction"), {"Ref": "ReporterAlias"}),
    ("full", "RunSchedule", ("Target", "Input"), '{"mode":"plan"}'),
    ("small", "RunnerFunction", ("Environment", "Variables", "CONFHOUSE_REGIONS"), "eu-north-7"),
    ("small", "RunnerFunction", ("Environment", "Variables", "CONFHOUSE_NO_REPORT"), ""),
    ("small", "MergedRule", ("EventPattern", "detail", "object", "key"), [{"prefix": "history/"}]),
    ("small", "MergedRule", ("Targets", 0, "Arn"), {"Ref": "RunnerAlias"}),
]


@pytest.mark.parametrize("variant,resource,path,value", WRONG,
                         ids=[f"{row[1]}-{row[2][-1]}" for row in WRONG])
def test_a_template_that_is_wrong_ends_otherwise(deploy, variant, resource, path, value):
    template = load(HUB)
    properties = template["Resources"][resource]["Properties"]
    for step in path[:-1]:
        properties = properties[step]
    properties[path[-1]] = value
    with pytest.raises((AssertionError, ValueError)):
        CHECKS[variant](deploy(template, Variant=variant))
