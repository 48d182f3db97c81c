"""Law 3, old or new, never half: a merge into a directory store is killed in, or meets a failure at,
each step of its way.

A library that is preloaded (tests/preload/faults.c) sees all calls into the system, SQLite's own
among them: what a failing VFS would do to the scratch database, to its journal, and to the shard
that is attached, happens here one layer further down, together with what gzip, the store and the
publishing do to files."""
import errno
import shutil

import pytest

import faults
from faults import FIRST, SECOND, WRITING


class Scene:
    """A store before a merge, and what it is afterwards."""

    def __init__(self, folder, is_first):
        self.folder = folder
        self.group_id = FIRST if is_first else SECOND
        self.before = folder / "before"
        faults.put_shards(self.before, FIRST, 0)
        if not is_first:
            done = faults.merge(self.before, FIRST, folder / "scratch")
            assert done.returncode == 0, done.stderr
            faults.put_shards(self.before, SECOND, 1, note="now")
        after = self.copy("after")
        assert faults.merge(after, self.group_id, folder / "scratch").returncode == 0
        self.judge = faults.Judge(faults.in_directory(self.before), faults.in_directory(after))

    def copy(self, name):
        return shutil.copytree(self.before, self.folder / name)

    def calls(self, kinds):
        store = self.copy("counting")
        calls = faults.count_calls(store, self.group_id, self.folder / "scratch", kinds)
        shutil.rmtree(store)
        return calls

    def strike(self, name, fault, check_end):
        """Merges under the fault, and again without. Which history the fault left: old or new."""
        store, scratch = self.copy(name), self.folder / f"{name}-scratch"
        check_end(faults.merge(store, self.group_id, scratch, fault))
        found = self.verdict(store)
        again = faults.merge(store, self.group_id, scratch)
        assert again.returncode == 0, again.stderr
        assert self.judge(faults.in_directory(store)) == "new"
        shutil.rmtree(store)
        return found

    def verdict(self, store):
        read = faults.in_directory(store)
        self.judge.check_list(read, faults.list_history(store))
        return self.judge(read)


@pytest.fixture(scope="module")
def second(tmp_path_factory):
    return Scene(tmp_path_factory.mktemp("second"), is_first=False)


@pytest.fixture(scope="module")
def first(tmp_path_factory):
    return Scene(tmp_path_factory.mktemp("first"), is_first=True)


def died(done):
    assert done.returncode == -9, done.stderr


@pytest.mark.parametrize("scene_name, wanted", [("second", 240), ("first", 60)])
def test_killed_anywhere(request, scene_name, wanted):
    """At calls that write, evenly spread, and at each one of the last 25, which publish. A write
    that is killed is done by half."""
    scene = request.getfixturevalue(scene_name)
    total = len(scene.calls(WRITING))
    points = faults.spread(total, wanted, tail=25)
    found = faults.side_by_side(
        lambda at: scene.strike(f"killed-{at}", faults.fault(at=at), died), points)
    assert len(points) >= min(wanted, 200)
    assert found == sorted(found, reverse=True) and set(found) == {"old", "new"}


def ended_with_one_line(done):
    """It failed and said so in one line, with what to do about it; or it got by."""
    assert done.returncode in (0, 1), done.stderr
    lines = done.stderr.splitlines()
    errors = [line for line in lines if not line.startswith(" ")]
    assert len(errors) == done.returncode, done.stderr
    assert all(line.startswith("confhouse: ") for line in errors)


@pytest.mark.parametrize("kinds, number, lasts, wanted", [
    ("create,write,name", errno.ENOSPC, True, 60),
    ("create,write,resize", errno.EIO, False, 60),
    ("read", errno.EIO, False, 60),
    ("sync", errno.EIO, False, 60),
    ("name", errno.EIO, False, 60),
], ids=["disk-full", "write-fails", "read-fails", "sync-fails", "rename-fails"])
def test_failing_anywhere(second, kinds, number, lasts, wanted):
    """Of syncs and renames there are fewer than sixty: each of them fails once."""
    total = len(second.calls(kinds))
    points = faults.spread(total, wanted, tail=8)
    found = faults.side_by_side(
        lambda at: second.strike(f"{number}-{kinds}-{at}",
                                 faults.fault(kinds, at, number, lasts), ended_with_one_line),
        points)
    assert len(points) >= min(wanted, total)
    assert "old" in found


def test_what_is_named_is_on_the_disk_first(second):
    """A crash of the machine loses what was not synced. So each file is synced before it gets a name
    in the store, its folder after that, and latest.json comes after all that it speaks of. What says
    that the history has the run (raw/) comes after latest.json. (A temporary name is none: it may be
    that of a file yet to be synced.)"""
    calls = second.calls("write,sync,name")
    given = {number: call for number, call in enumerate(calls)
             if call[0] == "name" and call[1] in ("link", "rename") and "/counting/" in call[3]}
    source = {to: path for _, _, path, to in given.values() if "/.tmp-" in to}
    named = [number for number, call in given.items() if call[3] not in source]
    assert [calls[number][3].rsplit("/", 2)[1:] for number in named] == [
        ["history", f"compliance-{SECOND}.db"], ["history", "latest.json"],
        ["history", "weights.json"], ["raw", f"config-rules-{SECOND}.csv"]]
    for number in named:
        path = calls[number][2]
        own = [call[0] for call in calls[:number] if call[2] in (path, source.get(path))]
        assert "write" in own and own[-1] == "sync"
        folder = calls[number][3].rsplit("/", 1)[0]
        following = [call for call in calls[number + 1:] if call[1] != "unlink"]
        assert following[0][0] == "sync" and following[0][2] == folder


def ended_well(done):
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("kinds, number", [
    ("folder", errno.EINVAL), ("folder", errno.ENOTSUP), ("turn", errno.ENOLCK),
    ("turn", errno.ENOSYS), ("hard", errno.EPERM), ("folder,turn,hard", errno.ENOTSUP),
])
def test_what_a_file_system_may_lack_is_not_needed(second, kinds, number):
    """FUSE and network mounts may be unable to sync a folder, to lock a file, or to link it."""
    name = f"without-{kinds}-{number}"
    assert second.calls(kinds)
    assert second.strike(name, faults.fault(kinds, 1, number, lasts=True), ended_well) == "new"


def test_writers_take_turns_where_there_are_no_locks(second):
    """Of merges at once, each finds the other's history, as it does with locks."""
    store = second.copy("turns")
    fault = faults.fault("turn", 1, errno.ENOLCK, lasts=True)
    scratch = [second.folder / f"turn-{i}" for i in range(4)]
    done = faults.side_by_side(lambda i: faults.merge(store, SECOND, scratch[i], fault), range(4))
    assert [one.returncode for one in done] == [0] * 4
    assert second.verdict(store) == "new"
    assert not (store / ".lock-held").exists()
