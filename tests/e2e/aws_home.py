"""A home folder with AWS's shared files in it, and confhouse run with that and nothing else."""
import json
import os
import subprocess
import textwrap

from cli_tool import BIN, OURS

PROXIES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")


class Home:
    def __init__(self, folder):
        self.folder = folder
        (folder / ".aws").mkdir()
        self.config_path = folder / ".aws" / "config"
        self.credentials_path = folder / ".aws" / "credentials"

    def config(self, text):
        self.config_path.write_text(textwrap.dedent(text))

    def credentials(self, text):
        self.credentials_path.write_text(textwrap.dedent(text))

    def environment(self, env=None):
        clean = {k: v for k, v in os.environ.items()
                 if not k.startswith(OURS) and k.lower() not in PROXIES}
        return clean | {"HOME": str(self.folder), "AWS_EC2_METADATA_DISABLED": "true"} | (env or {})

    def run(self, *words, env=None, expect=0):
        """It has no terminal. `expect` is its exit status; None = any."""
        done = subprocess.run([BIN, *words], cwd=self.folder, env=self.environment(env), text=True,
                              stdin=subprocess.DEVNULL, capture_output=True, timeout=120,
                              start_new_session=True, check=False)
        assert expect in (None, done.returncode), f"{done.returncode}: {done.stdout}{done.stderr}"
        return done

    def whoami(self, *words, env=None):
        return json.loads(self.run("whoami", *words, "--format", "json", env=env).stdout)[0]

    def refused(self, *words, env=None, expect=1):
        """The error's line."""
        done = self.run(*words, env=env, expect=expect)
        assert done.stdout == ""
        return done.stderr.splitlines()[-1]
