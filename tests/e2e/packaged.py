"""The package for AWS Lambda, running in a root file system of its own: see scripts/lambda-root."""
import os
import pathlib
import platform
import subprocess

import pytest

from runtime_api import Bootstrap, RuntimeApi

ROOT = pathlib.Path(__file__).resolve().parents[2]
LAMBDA_ROOT = ROOT / "scripts/lambda-root"
EMULATORS = {"x86_64": "/usr/bin/qemu-x86_64-static", "arm64": "/usr/bin/qemu-aarch64-static"}
MACHINES = {"x86_64": "x86_64", "aarch64": "arm64"}


def zip_path(arch="x86_64"):
    return ROOT / f"build/lambda-{arch}/confhouse-lambda-{arch}.zip"


def emulator(arch):
    """What runs programs of this architecture here: a path, or None where nothing is needed."""
    return None if MACHINES.get(platform.machine()) == arch else EMULATORS[arch]


def why_not_isolated():
    """Why this system does not allow an isolated root; None when it does."""
    if os.geteuid() != 0:
        return "only root can make a root file system of its own"
    tried = subprocess.run(["unshare", "--mount", "mount", "-t", "tmpfs", "none", "/mnt"], check=False,
                           capture_output=True, text=True, timeout=30)
    return None if tried.returncode == 0 else "mounts are not allowed: " + tried.stderr.strip()


def make_package():
    """Makes the package; skips the test where this system allows no root file system of its own."""
    if why_not_isolated():
        pytest.skip(why_not_isolated())
    done = subprocess.run([ROOT / "scripts/package-lambda"], capture_output=True, text=True,
                          stdin=subprocess.DEVNULL, timeout=600, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


class Packaged:
    """A warm function: `invoke` gives it one event after the other.

    `environment` holds its variables; `ca` is the bundle of its root, `resolv` its resolv.conf.
    """

    def __init__(self, folder, environment, handler="scan", arch="x86_64", package=None, **root):
        self.arch = arch
        self.marker = pathlib.Path(folder) / "marker"
        self.api = RuntimeApi()
        command = [LAMBDA_ROOT, "--zip", package or zip_path(arch), "--marker", self.marker]
        for name, value in (root | {"emulator": emulator(arch)}).items():
            command += [f"--{name}", value] if value else []
        self.process = Bootstrap([str(word) for word in command], self.api,
                                 {"TMPDIR": "/tmp", "TZ": ":UTC"} | environment, folder, handler)

    def __enter__(self):
        return self

    def __exit__(self, *problem):
        self.close()

    def close(self):
        """Its exit status."""
        try:
            return self.process.close()
        finally:
            self.api.close()

    def invoke(self, event, limit_s=120, **how):
        """The answer of the function to an event; what went wrong otherwise."""
        outcome = self.api.invoke(event, limit_s, **how)
        assert outcome, f"no answer; its log:\n{self.process.text()}"
        return outcome

    def file(self, path):
        """A path in its root, as we see it."""
        return pathlib.Path(f"/proc/{self.process.process.pid}/root") / path.lstrip("/")

    def status(self, field):
        """A figure of /proc/PID/status."""
        text = pathlib.Path(f"/proc/{self.process.process.pid}/status").read_text(encoding="ascii")
        return text.split(field + ":")[1].split("\n")[0].split()
