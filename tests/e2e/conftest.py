"""Fixtures for tests that run the programs themselves.

`sim` starts confhouse-sim: `simulator = sim("--accounts", "3")`. Its binary is $CONFHOUSE_SIM_BIN, or
the newest one under build/.
"""

import csv
import io
import json
import os
import pathlib
import subprocess
import urllib.error
import urllib.request

import boto3
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials

import radosgw

ROOT = pathlib.Path(__file__).resolve().parents[2]
KEY_ID = "AKIACONFHOUSESIM0001"
SECRET = "confhouse/sim/not/a/real/secret/00000001"
ROLE = "OrganizationAccountAccessRole"
ONE_TRY = Config(retries={"max_attempts": 0}, read_timeout=20)


def sim_binary():
    named = os.environ.get("CONFHOUSE_SIM_BIN")
    found = [pathlib.Path(named)] if named else sorted(
        ROOT.glob("build/*/sim/confhouse-sim"), key=lambda path: path.stat().st_mtime)
    if not found:
        pytest.fail("confhouse-sim is not built: set CONFHOUSE_SIM_BIN")
    return str(found[-1])


def signed_call(simulator, service, body, headers, path="/", method="POST", stamp=None,
                tamper=None):
    """Sends a request signed by botocore; its HTTP status and body.

    `tamper` changes what is sent after signing; `stamp` is the time that it is signed with.
    """
    request = AWSRequest(method, simulator.url + path, data=body, headers=headers)
    signer = SigV4Auth(Credentials(KEY_ID, SECRET), service, "eu-west-1")
    signer.add_auth(request)
    if stamp is not None:
        del request.headers["Authorization"]
        del request.headers["X-Amz-Date"]
        request.context["timestamp"] = stamp
        request.headers["X-Amz-Date"] = stamp
        text = signer.string_to_sign(request, signer.canonical_request(request))
        signer._inject_signature_to_request(request, signer.signature(text, request))
    sent = {"body": body, "headers": dict(request.headers.items())}
    if tamper:
        tamper(sent)
    outgoing = urllib.request.Request(
        simulator.url + path, data=sent["body"], headers=sent["headers"], method=method)
    try:
        with urllib.request.urlopen(outgoing, timeout=20) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as problem:
        return problem.code, problem.read().decode()


def json_call(simulator, target, body, **arguments):
    prefixes = {"config": "StarlingDoveService", "organizations": "AWSOrganizationsV20161128"}
    service, operation = target.split(":")
    status, text = signed_call(
        simulator, service, body if isinstance(body, bytes) else json.dumps(body).encode(),
        {"Content-Type": "application/x-amz-json-1.1",
         "X-Amz-Target": f"{prefixes[service]}.{operation}"}, **arguments)
    return status, json.loads(text)


class Simulator:
    """One running confhouse-sim."""

    def __init__(self, *flags):
        self.process = subprocess.Popen(
            [sim_binary(), "--print-url", *map(str, flags)], stdout=subprocess.PIPE, text=True)
        self.url = self.process.stdout.readline().strip()
        if not self.url:
            pytest.fail(f"confhouse-sim did not start: status {self.process.wait(timeout=10)}")
        self.env = {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": KEY_ID,
            "AWS_SECRET_ACCESS_KEY": SECRET,
            "AWS_REGION": "eu-west-1",
            "AWS_DEFAULT_REGION": "eu-west-1",
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def close(self):
        """Ends it; its exit status."""
        self.process.terminate()
        status = self.process.wait(timeout=20)
        self.process.stdout.close()
        return status

    def get(self, path, data=None):
        with urllib.request.urlopen(self.url + path, data=data, timeout=60) as answer:
            return answer.read()

    def expected(self, kind="", week=None):
        """The ground truth as a list of objects; kind is "", "scopes", "rules" or "resources"."""
        path = "/_sim/expected" + (f"/{kind}" if kind else "")
        lines = self.get(path + (f"?week={week}" if week is not None else ""))
        return [json.loads(line) for line in lines.decode().splitlines()]

    def expected_csv(self, kind="", week=0):
        path = "/_sim/expected" + (f"/{kind}" if kind else "") + f"?format=csv&week={week}"
        return list(csv.DictReader(io.StringIO(self.get(path).decode(), newline="")))

    def stats(self, query=""):
        return json.loads(self.get("/_sim/stats" + query))

    def messages(self):
        return json.loads(self.get("/_sim/messages"))

    def control(self, **knobs):
        return json.loads(self.get("/_sim/control", json.dumps(knobs).encode()))

    def client(self, service, region="eu-west-1", keys=None, config=ONE_TRY):
        """A boto3 client, of the management account unless `keys` (from `session`) are given."""
        keys = keys or {"AccessKeyId": KEY_ID, "SecretAccessKey": SECRET}
        return boto3.client(
            service, endpoint_url=self.url, region_name=region, config=config,
            aws_access_key_id=keys["AccessKeyId"], aws_secret_access_key=keys["SecretAccessKey"],
            aws_session_token=keys.get("SessionToken"))

    def session(self, account_id, **arguments):
        """Credentials of a role's session in the account."""
        return self.client("sts").assume_role(
            RoleArn=f"arn:aws:iam::{account_id}:role/{ROLE}", RoleSessionName="tests",
            **arguments)["Credentials"]

    def accounts(self):
        pages = self.client("organizations").get_paginator("list_accounts").paginate()
        return [account for page in pages for account in page["Accounts"]]


@pytest.fixture
def sim():
    """A function that starts a simulator with flags; all are ended when the test is over."""
    started = []

    def start(*flags):
        started.append(Simulator(*flags))
        return started[-1]

    yield start
    statuses = [simulator.close() for simulator in started if simulator.process.poll() is None]
    assert all(status == 0 for status in statuses)


@pytest.fixture(scope="session")
def gateway(tmp_path_factory):
    """Ceph's gateway: an S3 that others made. One for all tests."""
    if radosgw.missing():
        pytest.skip("not installed: " + ", ".join(radosgw.missing()))
    started = radosgw.Radosgw(tmp_path_factory.mktemp("ceph"))
    yield started
    started.close()
