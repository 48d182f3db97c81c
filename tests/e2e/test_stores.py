"""The same promises in every store: a directory, S3 as the simulator plays it, and Ceph's gateway,
an S3 that others made (skipped where its Debian packages are not installed).

Eight merges at once, and merges that are killed on their way. What a store promises of itself, see
test_store_contract.py."""
import contextlib
import json
import os
import pathlib
import random
import sqlite3
import subprocess

import boto3
import pytest
from botocore.config import Config

import faults
from cli_tool import BIN, clean_environment

BUCKET = "confhouse"
GROUPS = [f"2026-02-{day:02}" for day in range(1, 9)]
ANY_PORT = Config(s3={"addressing_style": "path"}, retries={"max_attempts": 9})


class Directory:
    env = {}

    def __init__(self, folder):
        self.url = str(folder / "store")
        self.read = faults.in_directory(self.url)

    def take(self, folder):
        os.rename(folder, self.url)

    def keys(self, prefix):
        return sorted(str(path.relative_to(self.url))
                      for path in pathlib.Path(self.url, prefix).iterdir())


class Bucket:
    """A prefix of its own in a bucket of a server."""

    def __init__(self, env, prefix):
        self.env, self.prefix = env, prefix
        self.url = f"s3://{BUCKET}/{prefix}"
        self.client = boto3.client(
            "s3", endpoint_url=env["AWS_ENDPOINT_URL"], region_name=env["AWS_REGION"],
            aws_access_key_id=env["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=env["AWS_SECRET_ACCESS_KEY"], config=ANY_PORT)
        with contextlib.suppress(self.client.exceptions.BucketAlreadyOwnedByYou,
                                 self.client.exceptions.BucketAlreadyExists):
            self.client.create_bucket(Bucket=BUCKET)

    def take(self, folder):
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                self.client.put_object(Bucket=BUCKET, Body=path.read_bytes(),
                                       Key=f"{self.prefix}/{path.relative_to(folder)}")

    def read(self, key):
        try:
            got = self.client.get_object(Bucket=BUCKET, Key=f"{self.prefix}/{key}")
            return got["Body"].read()
        except self.client.exceptions.NoSuchKey:
            return None

    def keys(self, prefix):
        pages = self.client.get_paginator("list_objects_v2").paginate(
            Bucket=BUCKET, Prefix=f"{self.prefix}/{prefix}")
        return [item["Key"][len(self.prefix) + 1:]
                for page in pages for item in page.get("Contents", [])]


@pytest.fixture(params=["directory", "simulator", "radosgw"])
def place(request, tmp_path):
    """An empty store."""
    if request.param == "directory":
        return Directory(tmp_path)
    server = (request.getfixturevalue("sim")("--accounts", "1") if request.param == "simulator"
              else request.getfixturevalue("gateway"))
    return Bucket(server.env, f"races-{random.randrange(1 << 40):x}")


def merge_at_once(place):
    """Eight processes, each merging a group of its own; what they said."""
    processes = [subprocess.Popen([BIN, "merge", "--store", place.url, "--group-id", group],
                                  env=clean_environment(place.env), stdin=subprocess.DEVNULL,
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
                 for group in GROUPS]
    said = [process.communicate(timeout=240)[1] for process in processes]
    assert [process.returncode for process in processes] == [0] * len(GROUPS), said
    return said


def verify(place):
    """The chain of histories, each as it was published, and every count."""
    done = subprocess.run([BIN, "history", "--store", place.url, "verify"], capture_output=True,
                          text=True, env=clean_environment(place.env), timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def groups_in(data):
    with contextlib.closing(sqlite3.connect(":memory:")) as db:
        db.deserialize(data)
        return {row[0] for row in db.execute("SELECT group_id FROM runs")}


@pytest.fixture(scope="module")
def expected(tmp_path_factory):
    """What one merge after the other says."""
    folder = tmp_path_factory.mktemp("alone")
    put_all_shards(folder)
    for group in GROUPS:
        assert faults.merge(folder, group, folder / "scratch").returncode == 0
    read = faults.in_directory(folder)
    return faults.answers_of(read(json.loads(read("history/latest.json"))["key"]))


def put_all_shards(folder):
    for shift, group in enumerate(GROUPS):
        faults.put_shards(folder, group, shift)


def test_eight_merges_at_once(place, tmp_path, expected):
    put_all_shards(tmp_path / "made")
    place.take(tmp_path / "made")
    merge_at_once(place)
    latest = json.loads(place.read("history/latest.json"))
    assert faults.answers_of(place.read(latest["key"])) == expected
    # Each history holds the one before. Those of who came too late may lie beside them.
    copies = [groups_in(place.read(key)) for key in place.keys("history/") if key.endswith(".db")]
    grown = {len(groups) for groups in copies}
    assert grown == set(range(1, len(GROUPS) + 1))
    verify(place)
    before = groups_in(place.read(latest["previous"]["key"]))
    assert len(before) == len(GROUPS) - 1 and before < set(GROUPS)


def test_eight_merges_while_answers_are_lost(sim, tmp_path, expected):
    """An answer that is lost leaves open whether the write was done. Nothing gets lost by it."""
    simulator = sim("--accounts", "1")
    place = Bucket(simulator.env, "lossy")
    put_all_shards(tmp_path / "made")
    place.take(tmp_path / "made")
    simulator.control(drop=0.04, error_5xx=0.04, truncate=0.04, throttle=0.02)
    merge_at_once(place)
    simulator.control(drop=0, error_5xx=0, truncate=0, throttle=0)
    latest = json.loads(place.read("history/latest.json"))
    assert faults.answers_of(place.read(latest["key"])) == expected
    verify(place)


def test_killed_on_the_way_to_s3(sim, tmp_path):
    """Half a request never becomes an object; a database that nobody was told of is in nobody's
    way."""
    simulator = sim("--accounts", "1")
    old = tmp_path / "old"
    faults.put_shards(old, faults.FIRST, 0)
    assert faults.merge(old, faults.FIRST, tmp_path / "scratch").returncode == 0
    faults.put_shards(old, faults.SECOND, 1, note="now")

    def merge(place, fault=None):
        return faults.merge(place.url, faults.SECOND, tmp_path / f"{place.prefix}-scratch", fault,
                            place.env)

    def fresh(prefix):
        place = Bucket(simulator.env, prefix)
        place.take(old)
        return place

    kinds = faults.WRITING + ",send,recv"
    new = fresh("new")
    total = len(faults.count_calls(new.url, faults.SECOND, tmp_path / "count", kinds, new.env))
    judge = faults.Judge(faults.in_directory(old), new.read)

    def strike(at):
        place = fresh(f"killed-{at}")
        killed = merge(place, faults.fault(kinds, at)).returncode == -9
        judge.check_list(place.read, faults.list_history(place.url, place.env))
        found = judge(place.read)
        assert merge(place).returncode == 0
        assert judge(place.read) == "new"
        return killed, found

    # How often it sends and receives differs a little: the last ones may find nothing to kill.
    found = faults.side_by_side(strike, faults.spread(total, 40, tail=12))
    assert sum(killed for killed, _ in found) >= 40
    assert all(killed or state == "new" for killed, state in found)
    assert {state for _, state in found[:30]} == {"old"}
