"""Running confhouse with no settings but those given."""
import json
import os
import subprocess

BIN = os.environ.get("CONFHOUSE_BIN", "confhouse")
OURS = ("CONFHOUSE_", "AWS_", "REPORT_")
KEYS = {"AWS_ACCESS_KEY_ID": "AKIACONFHOUSETEST001", "AWS_SECRET_ACCESS_KEY": "test/secret/0001",
        "AWS_REGION": "eu-west-1"}


# Nor what AWS's own tools have on this machine.
NOTHING = {"AWS_CONFIG_FILE": "/dev/null", "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
           "AWS_EC2_METADATA_DISABLED": "true"}


def clean_environment(more=None):
    clean = {k: v for k, v in os.environ.items() if not k.startswith(OURS)}
    return clean | NOTHING | (more or {})


class Cli:
    """confhouse in a folder of its own, towards one organization (or none)."""

    def __init__(self, folder, env=None):
        self.folder = folder
        self.env = dict(env or {})
        self.store = folder / "store"

    def command(self, *words):
        return [BIN, words[0], "--store", str(self.store), *words[1:]]

    def __call__(self, *words, env=None, expect=0):
        done = subprocess.run(self.command(*words), cwd=self.folder, text=True,
                              env=clean_environment(self.env | (env or {})), timeout=120,
                              stdin=subprocess.DEVNULL, capture_output=True, check=False)
        assert expect in (None, done.returncode), f"{done.returncode}: {done.stdout}{done.stderr}"
        return done

    def rows(self, *words, expect=0):
        return json.loads(self(*words, "--format", "json", expect=expect).stdout)

    def files(self):
        """What the store holds, by key; not what is its own."""
        return {str(path.relative_to(self.store)) for path in self.store.rglob("*")
                if path.is_file() and not path.name.startswith(".")}
