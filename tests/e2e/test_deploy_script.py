"""scripts/deploy against a stand-in of the AWS CLI, which records what it is asked."""
import json
import os
import shlex
import stat
import subprocess

import pytest

from conftest import ROOT
from hub_template import HUB, SPOKE, Stack, load

DEPLOY = ROOT / "scripts/deploy"
ACCOUNT = "111122223333"
STAND_IN = '''#!/usr/bin/python3
import json, os, sys
folder = os.environ["STAND_IN"]
words = sys.argv[1:]
with open(folder + "/calls", "a") as file:
    file.write(json.dumps(words) + "\\n")
with open(folder + "/answers") as file:
    answers = json.load(file)
said = " ".join(words)
for part, (status, text) in answers:
    if part in said:
        sys.stdout.write(text)
        sys.exit(status)
'''
CHANGES = {"create-bucket", "put-public-access-block", "cp", "deploy", "update-stack", "delete-stack",
           "wait"}
NOTHING_THERE = [["head-bucket", [254, ""]], ["describe-stacks", [254, ""]]]
KNOWN = [["get-caller-identity", [0, ACCOUNT + "\n"]],
         ["describe-organization", [0, "o-abcdef1234\t999988887777\n"]],
         ["get-alias", [0, "3\n"]], ["list-versions-by-function", [0, "$LATEST\t1\t2\t10\t3\n"]],
         ["configure get region", [0, "eu-central-1\n"]]]


class Cloud:
    def __init__(self, folder):
        self.folder = folder
        (folder / "bin").mkdir()
        program = folder / "bin/aws"
        program.write_text(STAND_IN)
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
        self.zip = folder / "confhouse.zip"
        self.zip.write_bytes(b"PK")
        self.answers(*NOTHING_THERE)

    def answers(self, *rows):
        (self.folder / "answers").write_text(json.dumps([*rows, *KNOWN]))

    def run(self, *words, expect=0, zip_file=True, region="eu-west-1"):
        (self.folder / "calls").write_text("")
        own = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        words = [*words, *(["--zip", str(self.zip)] if zip_file else []),
                 *(["--region", region] if region else [])]
        done = subprocess.run(
            [DEPLOY, *words], capture_output=True, text=True, check=False, timeout=60,
            stdin=subprocess.DEVNULL, cwd=self.folder,
            env=own | {"STAND_IN": str(self.folder), "PATH": f"{self.folder}/bin:" + own["PATH"]})
        assert done.returncode == expect, done.stdout + done.stderr
        return done

    def calls(self):
        return [json.loads(line) for line in (self.folder / "calls").read_text().splitlines()]

    def changes(self):
        """What would have changed something: words after `aws --region REGION`."""
        assert all(call[0] == "--region" for call in self.calls())
        return [call[2:] for call in self.calls() if call[3] in CHANGES]


@pytest.fixture
def cloud(tmp_path):
    return Cloud(tmp_path)


def after(call, option):
    return call[call.index(option) + 1]


def overrides(call):
    start = call.index("--parameter-overrides") + 1
    return dict(pair.split("=", 1) for pair in call[start:])


def test_a_first_deployment(cloud):
    done = cloud.run("--release", "r1", "--external-id", "weekly-7", "--schedule", "cron(0 6 * * ? *)",
                     "--mail-to", "a@example.com,b@example.com")
    make, close, package, definition, deploy = cloud.changes()
    bucket = f"confhouse-code-{ACCOUNT}-eu-west-1"
    assert make[:4] == ["s3api", "create-bucket", "--bucket", bucket]
    assert make[-1] == "LocationConstraint=eu-west-1"
    assert close[1] == "put-public-access-block"
    assert package[-2:] == [str(cloud.zip), f"s3://{bucket}/confhouse/r1/confhouse.zip"]
    assert definition[-2:] == [str(ROOT / "lambda/statemachine.asl.json"),
                               f"s3://{bucket}/confhouse/r1/statemachine.asl.json"]
    assert after(deploy, "--template-file") == str(HUB)
    assert after(deploy, "--capabilities") == "CAPABILITY_NAMED_IAM"
    given = overrides(deploy)
    assert given == {"Release": "r1", "CodeBucket": bucket, "CodeKey": "confhouse/r1/confhouse.zip",
                     "Architecture": "x86_64", "DefinitionKey": "confhouse/r1/statemachine.asl.json",
                     "LiveVersion": "", "ExternalId": "weekly-7",
                     "ScheduleExpression": "cron(0 6 * * ? *)",
                     "MailTo": "a@example.com,b@example.com"}
    Stack(load(HUB), given)  # the template has these parameters, and takes these values
    assert "management account (999988887777)" in done.stdout


def test_what_it_prints_for_the_spokes_fits_their_template(cloud):
    lines = cloud.run("--external-id", "a,b=c").stdout.splitlines()
    commands = [shlex.split(line) for line in lines if line.startswith("aws ")]
    stack_set, instances, own, start = commands
    listed = {row["ParameterKey"]: row["ParameterValue"]
              for row in json.loads(after(stack_set, "--parameters"))}
    assert listed == overrides(own) == {"HubAccountId": ACCOUNT, "OrganizationId": "o-abcdef1234",
                                        "RoleName": "configreport-read-role", "ExternalId": "a,b=c"}
    Stack(load(SPOKE), listed)
    assert after(stack_set, "--template-body") == f"file://{SPOKE}"
    assert after(instances, "--stack-set-name") == after(stack_set, "--stack-set-name")
    machine = Stack(load(HUB), {"Release": "1", "CodeBucket": "b", "CodeKey": "k",
                                "DefinitionKey": "d"}).resolve({"Ref": "StateMachine"})
    assert after(start, "--state-machine-arn") == machine


def test_the_small_variant_has_no_state_machine(cloud):
    done = cloud.run("--small")
    assert [call[1] for call in cloud.changes()].count("cp") == 1
    given = overrides(cloud.changes()[-1])
    assert given["Variant"] == "small" and "DefinitionKey" not in given
    assert "platform-compliance-runner:live" in done.stdout


def test_an_upgrade_keeps_what_is_not_given(cloud):
    cloud.answers()  # bucket and stack are there
    done = cloud.run("--regions", "all")
    assert [call[1] for call in cloud.changes()] == ["cp", "cp", "deploy"]
    given = overrides(cloud.changes()[-1])
    assert given["Regions"] == "all" and given["LiveVersion"] == ""
    assert not {"RoleName", "CreateBucket", "ScheduleExpression"} & set(given)
    assert "stack-set" not in done.stdout


def test_two_releases_have_two_names(cloud):
    cloud.run()
    first = overrides(cloud.changes()[-1])["Release"]
    assert first.startswith("0.") or first.startswith("1.")
    Stack(load(HUB), {"Release": first, "CodeBucket": "b", "CodeKey": "k", "DefinitionKey": "d"})


def test_the_bucket_of_an_earlier_stack_is_taken_up(cloud):
    cloud.answers(["describe-stacks", [254, ""]])
    assert "is there already" in cloud.run().stdout
    assert overrides(cloud.changes()[-1])["CreateBucket"] == "no"


def test_any_parameter_may_be_given_and_the_last_counts(cloud):
    cloud.run("--parameter", "ScannerMemory=2048", "--parameter", "TagPrefix=")
    assert overrides(cloud.changes()[-1])["ScannerMemory"] == "2048"
    assert overrides(cloud.changes()[-1])["TagPrefix"] == ""


def test_a_failure_in_the_middle_says_what_was_done(cloud):
    cloud.answers(["head-bucket", [254, ""]], ["statemachine.asl.json", [1, ""]], *NOTHING_THERE)
    done = cloud.run("--external-id", "hidden-1", expect=1)
    assert [call[1] for call in cloud.changes()][-1] == "cp"  # and no deploy after it
    assert "this failed: aws --region eu-west-1 s3 cp" in done.stderr
    assert "Uploading the package" in done.stderr and "hidden-1" not in done.stderr
    # Once the cause is gone, the same command goes on: the bucket is there now.
    cloud.answers(["describe-stacks", [254, ""]], ["head-bucket --bucket platform", [254, ""]])
    cloud.run("--external-id", "hidden-1")
    assert [call[1] for call in cloud.changes()] == ["cp", "cp", "deploy"]


def test_who_is_not_logged_in_changes_nothing(cloud):
    cloud.answers(["get-caller-identity", [253, ""]])
    assert "get-caller-identity" in cloud.run(expect=1).stderr
    assert cloud.changes() == []


def test_the_region_is_that_of_the_cli(cloud):
    cloud.run(region=None)
    assert [call[:2] for call in cloud.calls()[1:]] == [["--region", "eu-central-1"]] * (
        len(cloud.calls()) - 1)


@pytest.mark.parametrize("region, has_constraint", [("us-east-1", False), ("eu-west-1", True)])
def test_the_first_region_takes_no_constraint(cloud, region, has_constraint):
    cloud.run(region=region)
    make = cloud.changes()[0]
    assert ("--create-bucket-configuration" in make) == has_constraint


@pytest.mark.parametrize("given, expected", [((), "2"), (("1",), "1")])
def test_a_roll_back_is_one_change(cloud, given, expected):
    cloud.answers(["describe-stacks", [0, "Release\tLiveVersion\tExternalId\n"]])
    cloud.run("--roll-back", *given, zip_file=False)
    update, wait = cloud.changes()
    assert update[:2] == ["cloudformation", "update-stack"] and "--use-previous-template" in update
    assert update[update.index("--parameters") + 1:] == [
        "ParameterKey=Release,UsePreviousValue=true", "ParameterKey=ExternalId,UsePreviousValue=true",
        f"ParameterKey=LiveVersion,ParameterValue={expected}"]
    assert wait[:3] == ["cloudformation", "wait", "stack-update-complete"]


def test_there_may_be_nothing_to_go_back_to(cloud):
    cloud.answers(["get-alias", [0, "1\n"]])
    assert "no version before 1" in cloud.run("--roll-back", zip_file=False, expect=1).stderr
    assert cloud.changes() == []


def test_destroy_deletes_the_stack_and_no_bucket(cloud):
    done = cloud.run("--destroy", zip_file=False)
    assert [call[:2] for call in cloud.changes()] == [["cloudformation", "delete-stack"],
                                                      ["cloudformation", "wait"]]
    assert f"platform-compliance-reports-{ACCOUNT} is still there" in done.stdout


@pytest.mark.parametrize("mode", [(), ("--small",), ("--roll-back",), ("--destroy",)])
def test_a_dry_run_asks_nothing_and_prints_commands_that_parse(cloud, mode):
    printed = cloud.run("--dry-run", *mode, "--parameter", "OwnerTag=it's $(x) `y`", zip_file=False)
    assert cloud.calls() == []
    commands = [line for line in printed.stdout.splitlines() if not line.startswith("#")]
    assert commands and all(command.split()[0] in ("aws", str(ROOT / "scripts/package-lambda"))
                            for command in commands)
    checked = subprocess.run(["bash", "-n"], input=printed.stdout, text=True, check=False,
                             capture_output=True, timeout=20)
    assert (checked.returncode, checked.stderr) == (0, "")
    if mode in ((), ("--small",)):
        deploy, = [command for command in commands if "hub.yaml" in command]
        assert "OwnerTag=it's $(x) `y`" in shlex.split(deploy)


@pytest.mark.parametrize("words, said", [
    (("--nonsense",), "unknown option '--nonsense'"), (("--arch", "mips"), "'mips'"),
    (("--parameter", "Nothing"), "not NAME=VALUE"), (("--roll-back", "x1"), "not the number"),
    (("--external-id", "a b"), "--external-id"), (("--stack-name",), "needs a value"),
    (("--schedule", "a\nb"), "one line")])
def test_wrong_usage_is_refused(cloud, words, said):
    done = cloud.run(*words, zip_file=False, region=None, expect=1)
    assert said in done.stderr and cloud.changes() == []
