"""Law 7, memory is bounded: a history that is larger than all the memory a merge may have. Takes a
build without sanitizers, whose memory is another."""
import os
import pathlib
import subprocess

import pytest

import faults
from cli_tool import clean_environment

DATE = "2026-01-04"
SHARDS, EVALUATIONS, MOST = 32, 100_000, 112 << 20


def peak(*words):
    """The most memory that it had, in bytes."""
    process = subprocess.Popen(words, env=clean_environment(), stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0
    return used.ru_maxrss * 1024


def test_memory_of_a_merge_does_not_follow_the_rows(tmp_path):
    binary, _ = faults.plain_binary()
    generator = pathlib.Path(binary).resolve().parent.parent / "tests/bench_history"
    if not generator.exists():
        pytest.skip(f"{generator} is not built")
    peak(generator, "generate", tmp_path, DATE, "0", str(SHARDS), str(EVALUATIONS))
    most = peak(binary, "merge", "--quiet", "--store", tmp_path, "--group-id", DATE)
    history, = (tmp_path / "history").glob("*.db")
    assert most < MOST < history.stat().st_size
