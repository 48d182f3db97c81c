"""Time, scratch space and memory are checked before a step begins: sizes are known from the store."""
import json
import os
import subprocess

import pytest

from cli_tool import Cli, clean_environment
from shard_files import ShardFile

WEEK = "2026-11-22"
MERGE = ("merge", "--group-id", WEEK)
FUNCTION = {"AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512"}
MB, GB = 1 << 20, 1 << 30


@pytest.fixture
def cli(tmp_path):
    tool = Cli(tmp_path)
    shard = ShardFile(WEEK, "01", WEEK)
    shard.scope("111111111111", "eu-west-1",
                {"rule": {("AWS::S3::Bucket", f"bucket-{i}"): "NON_COMPLIANT" for i in range(9)}})
    shard.put(tool.store)
    return tool


def grow_shard(cli, size):
    """A shard that would be so large: it takes no room, and is refused if anybody reads it."""
    path = cli.store / "batches" / WEEK / "02.db.gz"
    path.touch()
    os.truncate(path, size)


def grow_history(cli, size):
    path = cli.store / "history/latest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"bytes": size}))


def contents(cli):
    return {key: (cli.store / key).stat().st_mtime_ns for key in cli.files()}


def refused(cli, *words, env=None, expect=1):
    """Says so in one line, and has changed nothing."""
    before = contents(cli)
    error = cli(*words, env=env, expect=expect).stderr
    assert "it is not begun, and nothing was changed" in error
    assert contents(cli) == before
    return error


def test_a_merge_that_outgrows_the_disk_is_not_begun(cli):
    grow_shard(cli, 8 << 40)
    error = refused(cli, *MERGE)
    assert f"merging the run {WEEK}" in error and "set TMPDIR to a folder on a disk" in error
    error = refused(cli, *MERGE, env=FUNCTION)
    assert f"Fargate task or by hand: confhouse merge --group-id {WEEK}" in error


def test_what_the_state_machine_writes_needs_no_room(cli):
    results = cli.store / "batches" / WEEK / "results"
    results.mkdir()
    (results / "01.db.gz").touch()
    os.truncate(results / "01.db.gz", 8 << 40)
    cli(*MERGE)


def test_a_report_that_outgrows_the_disk_is_not_begun(cli):
    cli(*MERGE)
    grow_history(cli, 8 << 40)
    assert "the report of the newest run" in refused(cli, "report")
    assert "the report of the run g" in refused(cli, "report", "--run", "g", "--output", "own.xlsx")


def test_a_scan_whose_shard_outgrows_the_disk_is_not_begun(cli):
    grow_shard(cli, 8 << 40)
    event = {"accounts": [{"account_id": "111111111111"}], "group_id": WEEK, "shard_id": "02",
             "regions": ["eu-west-1"]}
    (cli.folder / "event.json").write_text(json.dumps(event))
    assert "scanning the shard 02" in refused(cli, "scan", "--event", "event.json")


def test_a_merge_or_report_that_cannot_end_in_time_is_not_begun(cli):
    cli(*MERGE)
    grow_history(cli, GB)
    error = refused(cli, *MERGE, "--deadline", "20s", expect=3)
    assert "the deadline comes in 19 s" in error and "more time with --deadline" in error
    error = refused(cli, "report", "--deadline", "20s", expect=3)
    assert "the deadline comes in 19 s" in error
    error = refused(cli, *MERGE, "--deadline", "20s", env=FUNCTION, expect=3)
    assert "give the function more MemorySize" in error and "Fargate" in error
    grow_history(cli, MB)
    cli(*MERGE, "--deadline", "60s")


@pytest.mark.parametrize("mode", ["final", "report"])
def test_an_event_is_refused_in_the_same_way(cli, mode):
    cli(*MERGE)
    grow_history(cli, GB)
    (cli.folder / "event.json").write_text(json.dumps({"mode": mode, "group_id": WEEK}))
    refused(cli, "invoke", "event.json", "--deadline", "20s", expect=3)


def test_memory_that_does_not_suffice(cli):
    error = refused(cli, *MERGE, env={"AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "32"})
    assert "the function has 32 MB" in error and "set the function's MemorySize to" in error


def test_the_check_can_be_a_warning_or_off(cli):
    little = {"AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "32"}
    warned = cli(*MERGE, "--budget", "warn", env=little)
    assert f"merging the run {WEEK} may take" in warned.stderr
    cli("report", "--budget", "warn", env=little)
    done = cli(*MERGE, env=little | {"CONFHOUSE_BUDGET": "off"})
    assert "may take" not in done.stderr


def disk_of(megabytes, folder, words, env):
    """Runs it where the scratch folder is a file system of so many MB. None where that is not
    allowed."""
    scratch = folder / "scratch"
    scratch.mkdir(exist_ok=True)
    mount = f'mount -t tmpfs -o size={megabytes}m none "$0" && exec "$@"'
    done = subprocess.run(
        ["unshare", "-r", "-m", "sh", "-c", mount, str(scratch), *words], text=True, timeout=120,
        cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, check=False,
        env=clean_environment(env | {"TMPDIR": str(scratch)}))
    refusals = ("unshare:", "mount:", "No such file")
    return None if done.returncode != 0 and done.stderr.startswith(refusals) else done


def fill_shard(cli):
    """Another scan of the same scope, later."""
    shard = ShardFile(WEEK, "01", WEEK, f"{WEEK}T07:00:00.000Z")
    shard.scope("111111111111", "eu-west-1",
                {"rule": {("AWS::S3::Bucket", f"bucket-{os.urandom(24).hex()}"): "NON_COMPLIANT"
                          for _ in range(60000)}})
    shard.put(cli.store)


def test_a_small_tmp_is_noticed_before_it_is_full(cli):
    fill_shard(cli)
    done = disk_of(16, cli.folder, cli.command(*MERGE), FUNCTION)
    if done is None:
        pytest.skip("no file system of one's own can be mounted here")
    assert done.returncode == 1 and "16 MB are free" in done.stderr
    assert f"in {cli.folder}/scratch" in done.stderr
    assert "EphemeralStorage to" in done.stderr and not (cli.store / "history").exists()


def test_a_tmp_that_fills_up_leaves_the_store_as_it_was(cli):
    cli(*MERGE)
    before = contents(cli)
    fill_shard(cli)
    before |= {f"batches/{WEEK}/01.db.gz": contents(cli)[f"batches/{WEEK}/01.db.gz"]}
    done = disk_of(8, cli.folder, cli.command(*MERGE, "--budget", "off"), {})
    if done is None:
        pytest.skip("no file system of one's own can be mounted here")
    assert done.returncode == 1, done.stderr
    assert "space" in done.stderr or "full" in done.stderr
    assert contents(cli) == before
    cli(*MERGE)
    assert len((cli.store / f"raw/config-rules-{WEEK}.csv").read_text().splitlines()) == 60001
