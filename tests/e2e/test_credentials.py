"""Whose keys confhouse uses: profiles against the simulator, and the same choice as botocore's."""
import http.server
import json
import os
import pty
import re
import select
import threading
import time
import urllib.parse

import botocore.session
import pytest
from botocore.exceptions import BotoCoreError

from aws_home import Home
from cli_tool import BIN
from conftest import KEY_ID, ROLE, SECRET

REGIONS = ("--regions", "eu-west-1,us-east-1")


@pytest.fixture
def home(tmp_path):
    folder = tmp_path / "home"
    folder.mkdir()
    return Home(folder)


@pytest.fixture
def organization(sim):
    return sim("--accounts", "4", "--rules", "6", "--evaluations", "0..30")


def base_profile(more=""):
    return f"""\
[profile base]
aws_access_key_id = {KEY_ID}
aws_secret_access_key = {SECRET}
{more}
"""


def role_arn(organization, role=ROLE):
    management = organization.client("sts").get_caller_identity()["Account"]
    return f"arn:aws:iam::{management}:role/{role}"


# --- Who one is ---

def test_whoami_tells_account_keys_and_places(home, organization):
    told = home.whoami(env=organization.env)
    management = organization.client("sts").get_caller_identity()["Account"]
    assert told["account_id"] == management
    assert told["arn"] == f"arn:aws:iam::{management}:user/simulator"
    assert told["source"] == "the environment (AWS_ACCESS_KEY_ID)"
    assert told["access_key_id"] == KEY_ID and told["expires"] == "never"
    assert (told["region"], told["region_source"]) == ("eu-west-1", "AWS_REGION")
    assert told["partition"] == "aws" and told["profile"] == "default"
    assert told["endpoint_config"] == f"{organization.url} (AWS_ENDPOINT_URL)"
    table = home.run("whoami", env=organization.env).stdout
    assert re.search(rf"^account_id +{management}$", table, re.M)
    assert SECRET not in table + json.dumps(told)


def test_a_profile_says_all_that_is_needed(home, organization):
    home.config(f"""\
        [profile work]
        role_arn = {role_arn(organization)}
        source_profile = base
        region = us-east-1
        services = local
        [services local]
        sts =
          endpoint_url = {organization.url}
        """)
    home.credentials(base_profile().replace("profile ", ""))
    told = home.whoami("--profile", "work")
    assert told["arn"].endswith(f"assumed-role/{ROLE}/confhouse")
    assert told["source"].startswith(f"role {role_arn(organization)} of profile 'work', assumed "
                                     f"with keys of profile 'base' ({home.credentials_path}:2)")
    assert told["access_key_id"].startswith("ASIA") and told["expires"].endswith("Z")
    assert told["region"] == "us-east-1"
    assert told["region_source"] == f"{home.config_path}:4: region"
    assert told["endpoint_sts"].endswith(f"({home.config_path}:8: endpoint_url)")
    assert told["endpoint_config"] == "https://config.us-east-1.amazonaws.com"


def test_the_region_comes_from_the_nearest(home, organization):
    home.config("[default]\nregion = us-west-2\n")
    env = {k: v for k, v in organization.env.items() if "REGION" not in k}
    regions = [home.whoami(*words, env=env | more)["region"] for words, more in [
        ((), {}),
        ((), {"AWS_DEFAULT_REGION": "eu-west-3"}),
        ((), {"AWS_DEFAULT_REGION": "eu-west-3", "AWS_REGION": "eu-west-1"}),
        (("--region", "us-east-1"), {"AWS_REGION": "eu-west-1"}),
    ]]
    assert regions == ["us-west-2", "eu-west-3", "eu-west-1", "us-east-1"]
    home.config("[default]\nregion = the moon\n")
    line = home.refused("whoami", env=env, expect=2)
    assert f"{home.config_path}:2: region='the moon' is not a region" in line


def test_a_config_of_thousands_of_profiles(home, organization):
    """Tools that write a profile for each account and role leave such files."""
    home.config("[default]\nregion = us-east-1\n" + "".join(f"""
[profile account-{i:04}-{role}]
sso_session = work
sso_account_id = {i:012}
sso_role_name = {role}
region = eu-west-1
output = json
cli_pager =
retry_mode = adaptive
max_attempts = 10
""" for i in range(1300) for role in ("admin", "audit")) + base_profile("region = eu-west-1"))
    env = {k: v for k, v in organization.env.items() if "REGION" not in k}
    assert home.whoami(env=env)["region"] == "us-east-1"
    assert home.whoami("--profile", "base", env=env)["source"].startswith("keys of profile 'base'")


def test_a_credentials_file_that_is_not_needed_may_be_broken(home, organization):
    home.credentials("[default\naws_access_key_id = X\n")
    done = home.run("whoami", env=organization.env)
    assert "passed over, as the environment has keys: " in done.stderr
    assert f"{home.credentials_path}:1: " in done.stderr
    for words, more in ((("--profile", "default"), {}), ((), {"AWS_PROFILE": "default"}),
                        ((), {"AWS_ACCESS_KEY_ID": ""})):
        home.refused("whoami", *words, env=organization.env | more, expect=2)


# --- The same choice as botocore's ---

PROCESS = """credential_process = echo '{"Version": 1, "AccessKeyId": "PROCESS", \
"SecretAccessKey": "s"}'"""
SHARED = "[default]\naws_access_key_id = SHARED\naws_secret_access_key = s\n" \
         "[other]\naws_access_key_id = OTHER\naws_secret_access_key = s\n"
ENV = {"AWS_ACCESS_KEY_ID": "ENV", "AWS_SECRET_ACCESS_KEY": "s"}

CHOICES = {
    "environment": (ENV, None, "", SHARED),
    "AWS_PROFILE leaves the environment's keys first": (
        ENV | {"AWS_PROFILE": "other"}, None, "", SHARED),
    "a named profile does not": (ENV, "other", "", SHARED),
    "even the default one": (ENV, "default", "", SHARED),
    "AWS_PROFILE": ({"AWS_PROFILE": "other"}, None, "", SHARED),
    "AWS_DEFAULT_PROFILE": ({"AWS_DEFAULT_PROFILE": "other"}, None, "", SHARED),
    "credentials before process": ({}, None, f"[default]\n{PROCESS}\n", SHARED),
    "process before config": (
        {}, None, f"[default]\n{PROCESS}\naws_access_key_id=C\naws_secret_access_key=s\n", ""),
    "process of the credentials file": ({}, "p", "", f"[p]\n{PROCESS}\n"),
    "config": ({}, None, "[default]\naws_access_key_id = C\naws_secret_access_key = s\n", ""),
    "config, named": (
        {}, "a b", "[profile 'a b']\naws_access_key_id: C\naws_secret_access_key: s\n", ""),
    "upper case, indented, commented": (
        {}, None, "# x\n[default]\n  AWS_ACCESS_KEY_ID = C\n  ; y\n  Aws_Secret_Access_Key = s\n",
        ""),
    "values on several lines": (
        {}, None, "[default]\ncredential_process =\n  echo\n", SHARED),
    "nested properties": (
        {}, None, "[default]\ns3 =\n  addressing_style = path\naws_access_key_id = C\n"
                  "aws_secret_access_key = s\n", ""),
    "[profile default] over [default]": (
        {}, None, "[profile default]\naws_access_key_id = P\naws_secret_access_key = s\n", ""),
    "a secret alone in the other file": (
        {}, None, "[default]\nregion = eu-west-1\noutput = json\n", SHARED),
}


@pytest.mark.parametrize("name", CHOICES)
def test_botocore_chooses_the_same_keys(home, sts, monkeypatch, name):
    env, profile, config, credentials = CHOICES[name]
    home.config(config)
    home.credentials(credentials)
    env = home.environment(env | {"AWS_REGION": "eu-west-1", "AWS_ENDPOINT_URL": sts.url})
    words = ("--profile", profile) if profile else ()
    ours = home.run("whoami", *words, "--format", "json", env=env, expect=None)
    for key in [key for key in os.environ if key.startswith("AWS_")]:
        monkeypatch.delenv(key)
    for key, value in env.items():
        monkeypatch.setenv(key, value)
    try:
        theirs = botocore.session.Session(profile=profile).get_credentials().access_key
    except BotoCoreError as problem:
        assert ours.returncode == 2, f"botocore: {problem}; confhouse: {ours.stdout}{ours.stderr}"
        return
    assert ours.returncode == 0, ours.stderr
    assert json.loads(ours.stdout)[0]["access_key_id"] == theirs


class Sts:
    """A service that lets everybody in, and keeps what it was asked."""

    def __init__(self):
        service = self
        self.asked = []
        self.answers = {
            "GetCallerIdentity": "<Arn>arn:aws:iam::123456789012:user/x</Arn><UserId>U</UserId>"
                                 "<Account>123456789012</Account>",
            "AssumeRole": "<Credentials><AccessKeyId>ASIAROLE</AccessKeyId><SecretAccessKey>s"
                          "</SecretAccessKey><SessionToken>t</SessionToken>"
                          "<Expiration>2096-01-01T00:00:00Z</Expiration></Credentials>"}

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                form = self.rfile.read(int(self.headers["Content-Length"])).decode()
                asked = dict(urllib.parse.parse_qsl(form))
                service.asked.append(asked)
                action = asked["Action"]
                body = (f"<{action}Response><{action}Result>{service.answers[action]}"
                        f"</{action}Result></{action}Response>").encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def sts():
    service = Sts()
    yield service
    service.server.shutdown()
    service.server.server_close()


# --- A code from a device ---

MFA = f"""\
{base_profile()}
[profile mfa]
role_arn = arn:aws:iam::123456789012:role/reader
source_profile = base
mfa_serial = arn:aws:iam::123456789012:mfa/me
region = eu-west-1
"""


def in_terminal(home, env, *words, answers):
    """Runs confhouse in a terminal of its own, and types the answers; its status and what was to be
    seen."""
    pid, terminal = pty.fork()
    if pid == 0:
        try:
            os.execvpe(BIN, [BIN, *words], home.environment(env))
        finally:
            os._exit(127)
    seen = b""
    answers = list(answers)
    while select.select([terminal], [], [], 30)[0]:
        try:
            seen += os.read(terminal, 4096)
        except OSError:
            break
        if answers and seen.endswith(b": "):
            os.write(terminal, answers.pop(0).encode() + b"\n")
    os.close(terminal)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), seen.decode()


def test_a_code_is_asked_for_on_the_terminal(home, sts):
    home.config(MFA)
    status, seen = in_terminal(home, {"AWS_ENDPOINT_URL": sts.url}, "whoami", "--profile", "mfa",
                               answers=["12345", "123456"])
    assert status == 0, seen
    assert seen.count("MFA code of arn:aws:iam::123456789012:mfa/me: ") == 2
    assert "ASIAROLE" in seen
    assert sts.asked[0]["TokenCode"] == "123456"
    assert sts.asked[0]["SerialNumber"] == "arn:aws:iam::123456789012:mfa/me"


def test_three_wrong_codes_are_enough(home, sts):
    home.config(MFA)
    status, seen = in_terminal(home, {"AWS_ENDPOINT_URL": sts.url}, "whoami", "--profile", "mfa",
                               answers=["", "x", "1234567"])
    assert status == 1 and "has six digits" in seen
    assert sts.asked == []


def test_without_a_terminal_a_code_cannot_be_asked_for(home, sts):
    home.config(MFA)
    line = home.refused("whoami", "--profile", "mfa", env={"AWS_ENDPOINT_URL": sts.url})
    assert f"profile 'mfa' ({home.config_path}:7): a code of arn:aws:iam::123456789012:mfa/me is " \
           "needed, and there is no terminal to ask for it" in line
    assert sts.asked == []


# --- Keys that end ---

def test_sessions_are_renewed_in_the_middle_of_a_scan(home, sim):
    """The session of the profile's role, and each one of an account, live shorter than the scan."""
    organization = sim("--accounts", "3", "--rules", "12", "--evaluations", "0..30",
                       "--session-seconds", "4", "--latency-ms", "250")
    home.config(f"""\
        [profile work]
        role_arn = {role_arn(organization)}
        source_profile = base
        region = eu-west-1
        endpoint_url = {organization.url}
        {base_profile()}
        """.replace("        ", ""))
    done = home.run("scan", *REGIONS, "--profile", "work", "--concurrency", "4", "--format", "json")
    told = json.loads(done.stdout)[0]
    assert told["evaluations"] == len(organization.expected())
    assert told["scopes_scanned"] == told["scopes"] and told["rules_failed"] == 0
    stats = organization.stats()
    assert stats["operations"]["sts:AssumeRole"]["calls"] > 2 * 3
    # STS is asked with the profile's own keys: never with any that had ended.
    assert "ExpiredToken" not in stats["errors"]


def test_keys_that_aws_calls_expired_are_looked_for_once_more(home, organization):
    """The process does not say when its keys end: only AWS's answer does."""
    keys = {}
    organization.control(session_seconds=1)
    keys["old"] = organization.session(role_arn(organization).split(":")[4])
    organization.control(session_seconds=0)
    keys["new"] = organization.session(role_arn(organization).split(":")[4])
    for name, session in keys.items():
        (home.folder / f"{name}.json").write_text(json.dumps({"Version": 1} | {
            key: session[key] for key in ("AccessKeyId", "SecretAccessKey", "SessionToken")}))
    (home.folder / "keys.sh").write_text(
        f"cd {home.folder}; echo x >> calls; cat old.json; cp new.json old.json; sleep 1.2\n")
    home.config(f"""\
        [default]
        credential_process = sh {home.folder}/keys.sh
        region = eu-west-1
        endpoint_url = {organization.url}
        """)
    assert home.whoami()["access_key_id"] == keys["new"]["AccessKeyId"]
    assert (home.folder / "calls").read_text() == "x\nx\n"


def test_expired_keys_of_the_environment_end_it(home, organization):
    organization.control(session_seconds=1)
    session = organization.session(role_arn(organization).split(":")[4])
    env = organization.env | {"AWS_ACCESS_KEY_ID": session["AccessKeyId"],
                              "AWS_SECRET_ACCESS_KEY": session["SecretAccessKey"],
                              "AWS_SESSION_TOKEN": session["SessionToken"]}
    time.sleep(1.2)
    line = home.refused("whoami", env=env)
    assert "ExpiredToken" in line and "get new credentials" in line
    assert session["SessionToken"] not in line


# --- What is wrong ---

def test_wrong_profiles_end_before_anything_is_asked(home, organization):
    env = {"AWS_ENDPOINT_URL": organization.url, "AWS_REGION": "eu-west-1"}
    home.config(f"""\
        [profile one]
        role_arn = {role_arn(organization)}
        source_profile = two
        [profile two]
        role_arn = {role_arn(organization)}
        source_profile = one
        [profile half]
        aws_access_key_id = AKIA
        """)
    asked = organization.stats()
    line = home.refused("run", *REGIONS, "--profile", "one", env=env, expect=2)
    assert f"{home.config_path}:6: profiles take their keys from each other: one -> two -> one" in line
    line = home.refused("run", *REGIONS, "--profile", "half", env=env, expect=2)
    assert f"{home.config_path}:8: profile 'half' has an aws_access_key_id, but no" in line
    line = home.refused("run", *REGIONS, "--profile", "nosuch", env=env, expect=2)
    assert "there is no profile 'nosuch'" in line
    line = home.refused("run", *REGIONS, env=env)
    for place in ("environment", "role", "web identity", "SSO", "credentials file", "process",
                  "config file", "container", "EC2 instance metadata"):
        assert place in line
    home.config("[default]\nnonsense\n")
    line = home.refused("whoami", env=env, expect=2)
    assert f"{home.config_path}:2: this is neither" in line
    assert organization.stats() == asked
    assert not (home.folder / "confhouse-data" / "batches").exists()


def test_commands_that_ask_nothing_of_aws_read_no_profile(home):
    home.config("nonsense\n")
    assert "trend" in home.run("query").stdout
    assert home.run("history", expect=4).stderr.count("nonsense") == 0


@pytest.mark.parametrize("words", [(), ("--verbose",), ("--log-format", "json", "--verbose")])
def test_secrets_are_in_no_message(home, organization, words):
    home.config(f"""\
        [profile work]
        role_arn = {role_arn(organization)}
        source_profile = base
        external_id = not-to-be-seen
        [profile bad]
        role_arn = {role_arn(organization, 'nosuch')}
        source_profile = base
        """)
    home.credentials(base_profile().replace("profile ", ""))
    env = {"AWS_ENDPOINT_URL": organization.url, "AWS_REGION": "eu-west-1"}
    for profile, status in (("work", 0), ("bad", 1)):
        done = home.run("whoami", "--profile", profile, *words, env=env, expect=status)
        assert SECRET not in done.stdout + done.stderr
        assert "not-to-be-seen" not in done.stdout + done.stderr
