#!/usr/bin/python3
"""Ceph's S3 gateway from Debian's packages, on loopback, as nobody's service: a monitor, one OSD that
keeps everything in memory, and radosgw. An S3 that was not made with confhouse in mind.

    tests/e2e/radosgw.py FOLDER      starts it, prints its environment, and waits to be ended
"""
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import uuid

PROGRAMS = ("ceph", "ceph-mon", "ceph-osd", "monmaptool", "radosgw", "radosgw-admin")
KEYS = {"AWS_ACCESS_KEY_ID": "AKIACONFHOUSECEPH001",
        "AWS_SECRET_ACCESS_KEY": "confhouse/ceph/not/a/real/secret/0000001"}
READY_SECONDS = 60

# No authentication inside of the cluster, one copy of everything, no manager, and none of the
# waiting that makes sense among machines.
SETTINGS = """[global]
fsid = {fsid}
mon host = [v2:127.0.0.1:{mon_port}/0]
public addr = 127.0.0.1
cluster addr = 127.0.0.1
auth cluster required = none
auth service required = none
auth client required = none
ms cluster mode = crc
ms service mode = crc
ms client mode = crc
ms mon cluster mode = crc
ms mon service mode = crc
ms mon client mode = crc
admin socket =
run dir = {folder}
log file = {folder}/$name.log
mon cluster log file = {folder}/cluster.log
mon data = {folder}/mon
mon allow pool size one = true
mon tick interval = 1
paxos propose interval = 0.02
paxos min wait = 0.01
osd data = {folder}/osd
osd objectstore = memstore
memstore device bytes = 2147483648
osd tick interval = 0.1
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 4
osd pool default pgp num = 4
osd pool default pg autoscale mode = off
osd crush chooseleaf type = 0
osd class load list = *
osd class default list = *
rgw data = {folder}/rgw
rgw frontends = beast endpoint=127.0.0.1:{rgw_port}
rgw enable apis = s3
rgw enable gc threads = false
rgw enable lc threads = false
rgw enable quota threads = false
rgw run sync thread = false
rgw dynamic resharding = false
rgw thread pool size = 16
"""


def missing():
    """The programs that are not installed."""
    return [program for program in PROGRAMS if not shutil.which(program)]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Radosgw:
    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.env = KEYS | {"AWS_ENDPOINT_URL": self.url, "AWS_REGION": "us-east-1",
                           "AWS_EC2_METADATA_DISABLED": "true"}
        self.processes = []
        try:
            self._start(str(uuid.uuid4()))
        except BaseException:
            self.close()
            raise

    def _start(self, fsid):
        for part in ("mon", "osd", "rgw"):
            (self.folder / part).mkdir(parents=True)
        mon_port = free_port()
        (self.folder / "ceph.conf").write_text(SETTINGS.format(
            fsid=fsid, folder=self.folder, mon_port=mon_port, rgw_port=self.port))
        monmap = str(self.folder / "monmap")
        osd = str(uuid.uuid4())
        self._run("monmaptool", "--create", "--fsid", fsid,
                  "--addv", "a", f"[v2:127.0.0.1:{mon_port}]", monmap)
        self._run("ceph-mon", "--mkfs", "-i", "a", "--monmap", monmap)
        self._keep("ceph-mon", "-f", "-i", "a")
        self._run("ceph", "osd", "new", osd)
        self._run("ceph-osd", "-i", "0", "--mkfs", "--osd-uuid", osd)
        self._keep("ceph-osd", "-f", "-i", "0")
        self._run("radosgw-admin", "user", "create", "--uid=confhouse", "--display-name=confhouse",
                  "--access-key=" + KEYS["AWS_ACCESS_KEY_ID"],
                  "--secret-key=" + KEYS["AWS_SECRET_ACCESS_KEY"])
        self._keep("radosgw", "-f", "-n", "client.rgw")
        self._wait()

    def _command(self, *words):
        return [words[0], "-c", str(self.folder / "ceph.conf"), *words[1:]]

    def _run(self, *words):
        done = subprocess.run(self._command(*words), capture_output=True, text=True,
                              timeout=READY_SECONDS, check=False)
        if done.returncode != 0:
            raise RuntimeError(f"{words[0]} ended with {done.returncode}: {done.stderr[-500:]}")

    def _keep(self, *words):
        with open(self.folder / f"{words[0]}.out", "wb") as output:
            self.processes.append(subprocess.Popen(self._command(*words), stdout=output,
                                                   stderr=output, stdin=subprocess.DEVNULL))

    def _wait(self):
        until = time.monotonic() + READY_SECONDS
        while time.monotonic() < until and all(p.poll() is None for p in self.processes):
            try:
                urllib.request.urlopen(self.url, timeout=5).close()
                return
            except urllib.error.URLError:
                time.sleep(0.05)
        raise RuntimeError("radosgw did not answer")

    def close(self):
        """It keeps nothing, so it need not be asked to end."""
        for process in reversed(self.processes):
            process.kill()
            process.wait(timeout=20)


def main(folder):
    if missing():
        sys.exit("not installed: " + ", ".join(missing()))
    gateway = Radosgw(os.path.abspath(folder))
    try:
        print("\n".join(f"export {name}={value}" for name, value in gateway.env.items()),
              flush=True)
        gateway.processes[-1].wait()
    except KeyboardInterrupt:
        pass
    finally:
        gateway.close()


if __name__ == "__main__":
    main(*sys.argv[1:2])
