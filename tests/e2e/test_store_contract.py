"""The contract of src/store/store.h on servers that speak like S3.

The tests themselves are C programs (tests/unit/store/test_store*.c) that run on the bucket which the
environment names."""
import pathlib
import random
import subprocess

import boto3
import pytest
from botocore.config import Config

from cli_tool import BIN, Cli, clean_environment

TESTS = pathlib.Path(BIN).resolve().parent.parent / "tests"
FAULTS = ("--throttle", "0.03", "--error-5xx", "0.03", "--drop", "0.02", "--truncate", "0.02")


def simulator(*flags, **told):
    """`told` is what tests/unit/store/store_world.h wants to know of the server."""
    def start(request):
        return request.getfixturevalue("sim")("--accounts", "1", *flags).env | {
            f"CONFHOUSE_TEST_S3_{name}": value for name, value in told.items()}
    return start


def simulator_with_files(request):
    folder = str(request.getfixturevalue("tmp_path"))
    return simulator("--s3-dir", folder, ABILITY="amazon", FILES=folder)(request)


def ceph(request):
    env = request.getfixturevalue("gateway").env
    client = boto3.client(
        "s3", endpoint_url=env["AWS_ENDPOINT_URL"], region_name=env["AWS_REGION"],
        aws_access_key_id=env["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=env["AWS_SECRET_ACCESS_KEY"],
        config=Config(s3={"addressing_style": "path"}))
    client.create_bucket(Bucket="confhouse")
    return env


# Each gives the environment in which a bucket named confhouse can be reached.
SERVERS = {
    "as Amazon": simulator(ABILITY="amazon"),
    "as others": simulator("--chunked"),
    "in files": simulator_with_files,
    "radosgw": ceph,
    "with faults": simulator(*FAULTS, ABILITY="amazon", FAULTS="1"),
}


@pytest.fixture(params=SERVERS)
def server(request):
    return SERVERS[request.param](request)


def run(program, env):
    done = subprocess.run([TESTS / program], capture_output=True, text=True, timeout=240,
                          check=False, stdin=subprocess.DEVNULL,
                          env=clean_environment(env | {"CONFHOUSE_TEST_S3_ONLY": "1"}))
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stderr.count("[  PASSED  ]") == 1, done.stderr[-3000:]


@pytest.mark.parametrize("program", ["store_test_store", "store_test_store_large"])
def test_contract(server, program):
    run(program, server | {
        "CONFHOUSE_TEST_S3_URL": f"s3://confhouse/contract-{random.randrange(1 << 40):x}"})


def test_objects_are_encrypted_as_set(sim, tmp_path):
    simulator_ = sim("--accounts", "2", "--rules", "2")
    cli = Cli(tmp_path, simulator_.env)
    cli.store = "s3://confhouse/encrypted"
    key = "alias/confhouse"
    cli("run", "--group-id", "2026-11-22", "--sse", "aws:kms", "--sse-kms-key", key,
        "--sse-bucket-key")
    s3 = simulator_.client("s3")
    objects = s3.list_objects_v2(Bucket="confhouse", Prefix="encrypted/")["Contents"]
    assert len(objects) >= 4, "plan, shard, history, latest"
    for item in objects:
        head = s3.head_object(Bucket="confhouse", Key=item["Key"])
        assert (head["ServerSideEncryption"], head["SSEKMSKeyId"]) == ("aws:kms", key), item
        assert head["BucketKeyEnabled"], item
    assert "AES256" in cli("plan", "--sse", "rot13", expect=2).stderr
    assert "aws:kms" in cli("plan", "--sse", "AES256", "--sse-kms-key", key, expect=2).stderr


def test_what_a_killed_upload_leaves_is_seen_by_nobody(sim):
    """Its parts stay until they are a day old."""
    started = sim("--accounts", "1")
    run("store_test_store_large", started.env | {"CONFHOUSE_TEST_S3_URL": "s3://confhouse/killed",
                                                 "CONFHOUSE_TEST_S3_ABILITY": "amazon"})
    s3 = started.client("s3")
    assert "Contents" not in s3.list_objects_v2(Bucket="confhouse", Prefix="killed/")
    left = s3.list_multipart_uploads(Bucket="confhouse").get("Uploads", [])
    calls = started.stats()["operations"]
    ended = (calls["s3:CompleteMultipartUpload"]["200"]
             + calls["s3:AbortMultipartUpload"]["204"])
    assert len(left) == calls["s3:CreateMultipartUpload"]["200"] - ended <= 5
