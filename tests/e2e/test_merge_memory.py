"""Law 7, memory is bounded: a history that is larger than all the memory a merge may have. Takes a
build without sanitizers, whose memory is another."""
import os
import pathlib
import subprocess
import sys

import pytest

import faults
from cli_tool import clean_environment

DATE = "2026-01-04"
SHARDS, EVALUATIONS, MOST = 32, 100_000, 112 << 20


# The kernel counts what a process had before exec, too: so it is begun by a small one.
RUN = """
import os, sys
_, status, used = os.wait4(os.spawnv(os.P_NOWAIT, sys.argv[1], sys.argv[1:]), 0)
print(used.ru_maxrss * 1024)
sys.exit(os.waitstatus_to_exitcode(status))
"""


def peak(*words):
    """The most memory that it had, in bytes."""
    done = subprocess.run([sys.executable, "-c", RUN, *map(str, words)], env=clean_environment(),
                          stdout=subprocess.PIPE, text=True, check=True)
    return int(done.stdout.splitlines()[-1])


def test_memory_of_a_merge_does_not_follow_the_rows(tmp_path):
    binary, _ = faults.plain_binary()
    generator = pathlib.Path(binary).resolve().parent.parent / "tests/bench_history"
    if not generator.exists():
        pytest.skip(f"{generator} is not built")
    peak(generator, "generate", tmp_path, DATE, "0", str(SHARDS), str(EVALUATIONS))
    most = peak(binary, "merge", "--quiet", "--store", tmp_path, "--group-id", DATE)
    history, = (tmp_path / "history").glob("*.db")
    assert most < MOST < history.stat().st_size
