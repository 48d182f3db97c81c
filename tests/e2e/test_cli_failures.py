"""What goes wrong, and what is said of it: one line with a hint, the right exit status, nothing
half-written."""
import http.server
import json
import os
import signal
import subprocess
import threading
import time

import pytest

from cli_tool import KEYS, Cli, clean_environment

REGIONS = ("--regions", "eu-west-1,us-east-1")
SMALL = ("--accounts", "5", "--rules", "6", "--evaluations", "0..30")
ACCOUNTS = "id,name\n123456789012,prod-app\n"


@pytest.fixture
def organization(sim):
    return sim(*SMALL)


@pytest.fixture
def cli(organization, tmp_path):
    return Cli(tmp_path, organization.env)


@pytest.fixture
def alone(tmp_path):
    """Keys, and nobody to show them to."""
    return Cli(tmp_path, KEYS | {"AWS_ENDPOINT_URL": "http://127.0.0.1:9"})


def failed(done, *texts):
    """The last line is the error and its hint."""
    assert done.stdout == ""
    last = done.stderr.splitlines()[-1]
    assert last.startswith("confhouse: error: ") and last.endswith(")"), done.stderr
    for text in texts:
        assert text in last


def test_no_credentials(organization, tmp_path):
    env = {k: v for k, v in organization.env.items() if "KEY" not in k}
    cli = Cli(tmp_path, env)
    failed(cli("run", *REGIONS, expect=1), "no AWS credentials", "AWS_ACCESS_KEY_ID")
    assert cli.files() == set()


def test_a_wrong_secret(cli):
    done = cli("run", *REGIONS, env={"AWS_SECRET_ACCESS_KEY": "not/the/one"}, expect=1)
    failed(done, "InvalidSignatureException", "AWS_SECRET_ACCESS_KEY")
    assert "not/the/one" not in done.stderr
    assert cli.files() == set()


def test_a_wrong_secret_with_an_accounts_file(cli):
    """Nothing is asked of Organizations then: the first one to say so is STS."""
    (cli.folder / "accounts.csv").write_text(ACCOUNTS)
    failed(cli("scan", *REGIONS, "--accounts", "accounts.csv", expect=1,
               env={"AWS_SECRET_ACCESS_KEY": "not/the/one"}), "SignatureDoesNotMatch")
    assert not any(key.endswith(".db.gz") for key in cli.files())


def test_what_a_run_with_a_wrong_secret_left_is_in_nobodys_way(cli):
    (cli.folder / "accounts.csv").write_text(ACCOUNTS)
    failed(cli("run", *REGIONS, "--group-id", "g", "--accounts", "accounts.csv", expect=1,
               env={"AWS_SECRET_ACCESS_KEY": "not/the/one"}), "SignatureDoesNotMatch")
    assert cli.files() == {"batches/g/plan.json", "batches/g/shards.json"}
    cli("run", *REGIONS, "--group-id", "g")
    accounts = {row["account_id"] for row in cli.rows("query", "accounts")}
    assert len(accounts) > 1 and accounts.isdisjoint(ACCOUNTS.split())
    assert {row["outcome"] for row in cli.rows("query", "coverage")} <= {"scanned", "skipped"}


def test_a_role_that_nobody_lets_in(cli):
    """But in our own account, which is read with our own keys."""
    done = cli("scan", *REGIONS, "--role-name", "nosuch", expect=3)
    assert "scopes_scanned  2\n" in done.stdout and "scopes_denied   8\n" in done.stdout
    assert done.stderr.count("confhouse: warning: denied: ") == 8
    assert "most accounts denied the role nosuch" in done.stderr
    assert "--role-name" in done.stderr


def test_a_run_of_denials_alone_is_no_news_but_may_be_merged(cli):
    cli("run", *REGIONS)
    latest = (cli.store / "history/latest.json").read_bytes()
    flags = ("--group-id", "2030-01-01")
    done = cli("run", *REGIONS, *flags, "--role-name", "nosuch",
               "--exclude-account", "organization-management", expect=1)
    failed(done, "none of 8 scopes could be read", "sts:AssumeRole", "--role-name")
    assert done.stderr.count("confhouse: warning: denied: ") == 8
    assert (cli.store / "history/latest.json").read_bytes() == latest
    done = cli("merge", *flags, expect=3)
    assert "scopes_denied   8\n" in done.stdout and "--role-name" in done.stderr
    assert [row["outcome"] for row in cli.rows("query", "gaps")].count("denied") == 8
    assert {row["outcome"] for row in cli.rows("query", "coverage")} == {"denied", "skipped"}


def test_denied_accounts_are_listed_and_the_others_kept(sim, tmp_path):
    cli = Cli(tmp_path, sim("--accounts", "30", "--rules", "2", "--deny", "0.5").env)
    done = cli("run", *REGIONS, expect=3)
    listed = [line for line in done.stderr.splitlines() if "warning: denied: " in line]
    assert len(listed) == 20 and "AccessDenied" in listed[0] and "account " in listed[0]
    gaps = cli.rows("query", "gaps")
    denied = sum(gap["outcome"] == "denied" for gap in gaps)
    assert f"… and {denied - 20} more" in done.stderr and "confhouse query gaps" in done.stderr
    counts = cli.rows("query", "runs")[0]
    assert counts["complete"] == 0 and 0 < counts["scopes_scanned"] <= 60 - denied


def test_an_endpoint_that_nobody_listens_at(alone):
    failed(alone("run", *REGIONS, "--deadline", "2s", expect=3), "127.0.0.1:9", "AWS_ENDPOINT_URL")
    assert alone.files() == set()


def test_an_answer_that_is_no_json(tmp_path):
    class Wrong(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            self.rfile.read(int(self.headers["Content-Length"]))
            body = b"<html>Welcome to the hotel's network</html>"
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Wrong)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        cli = Cli(tmp_path, KEYS | {"AWS_ENDPOINT_URL": f"http://127.0.0.1:{server.server_port}"})
        done = cli("run", *REGIONS, expect=1)
        assert "ListAccounts" in done.stderr and "JSON" in done.stderr
        assert "AWS_ENDPOINT_URL" in done.stderr
        assert cli.files() == set()
    finally:
        server.shutdown()
        server.server_close()


def test_pages_that_go_in_circles(sim, tmp_path):
    class Circles(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            calls.append(asked)
            after = {"A": "B", "B": "C", "C": "A"}[asked.get("NextToken", "C")]
            recorders = "Recorder" in self.headers["X-Amz-Target"]
            answer = {"ConfigurationRecordersStatus": []} if recorders else {
                "ConfigRules": [], "NextToken": after}
            body = json.dumps(answer).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    calls = []
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Circles)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}"
    try:
        cli = Cli(tmp_path, sim("--accounts", "1").env | {"AWS_ENDPOINT_URL_CONFIG_SERVICE": url})
        done = cli("scan", "--regions", "eu-west-1", expect=3)
    finally:
        server.shutdown()
        server.server_close()
    assert "the pages of eu-west-1 never end" in done.stderr and len(calls) < 20


@pytest.mark.parametrize("store", ["/proc/confhouse", "file-in-the-way/below"])
def test_a_store_that_cannot_be_written(cli, store):
    (cli.folder / "file-in-the-way").write_text("")
    cli.store = store
    done = cli("run", *REGIONS, expect=1)
    assert done.stdout == "" and done.stderr.count("\n") == 1
    assert store.split("/")[0] in done.stderr


def test_no_region(tmp_path):
    env = {k: v for k, v in KEYS.items() if k != "AWS_REGION"}
    (tmp_path / "accounts.csv").write_text(ACCOUNTS)
    failed(Cli(tmp_path, env)("run", "--accounts", "accounts.csv", expect=2), "region", "--regions")


@pytest.mark.parametrize("text, says", [
    ("id,name\n12345678901,x\n", "line 2"),
    ("id,name\n123456789012,x\n123456789012,y\n", "line 3"),
    ("name\nx\n", "line 1"),
    ("", "empty"),
    ('[{"id": 123456789012}]', "element 1"),
    ('[{"id": "123456789012"', "accounts.csv"),
])
def test_a_malformed_accounts_file(alone, text, says):
    (alone.folder / "accounts.csv").write_text(text)
    done = alone("run", *REGIONS, "--accounts", "accounts.csv", expect=2)
    assert done.stdout == "" and done.stderr.count("\n") == 1
    assert "accounts.csv" in done.stderr and says in done.stderr
    assert alone.files() == set()


@pytest.mark.parametrize("event, says", [
    ("{", "event"),
    ("[]", "object"),
    ('{"mode": "everything"}', "mode"),
    ('{"group_id": "../../etc"}', "group_id"),
    ('{"accounts": [{"account_id": 123456789012}]}', "accounts[0].account_id"),
])
def test_a_malformed_event(alone, event, says):
    (alone.folder / "event.json").write_text(event)
    for words in (("invoke", "event.json"), ("scan", "--event", "event.json")):
        done = alone(*words, *REGIONS, expect=2)
        assert done.stdout == "" and done.stderr.count("\n") == 1 and says in done.stderr
    assert "none.json" in alone("invoke", "none.json", expect=2).stderr


def test_an_event_of_another_mode_is_no_scan(alone):
    (alone.folder / "event.json").write_text('{"mode": "final"}')
    failed(alone("scan", "--event", "event.json", expect=2), "final", "confhouse invoke")


def test_a_shard_that_is_no_database(cli):
    cli("scan", *REGIONS, "--group-id", "g")
    (cli.store / "batches/g/02.db.gz").write_bytes(b"this is no shard")
    done = cli("merge", "--group-id", "g", expect=3)
    assert "shards_refused  1" in done.stdout
    assert "warning: refused: " in done.stderr and "02" in done.stderr
    assert cli.rows("query", "runs")[0]["scopes_scanned"] == 10
    (cli.store / "batches/g/02.db.gz").unlink()
    cli("merge", "--group-id", "g")


def test_nothing_to_merge(cli):
    cli("plan", *REGIONS, "--group-id", "other")
    failed(cli("merge", "--group-id", "g", expect=4), "g", "scan first")
    failed(cli("scan", *REGIONS, "--group-id", "g", "--shard-id", "01", expect=4), "plan")
    failed(cli("scan", *REGIONS, "--group-id", "other", "--shard-id", "77", expect=2), "77", "01")


def test_a_history_that_is_not_one(cli):
    cli("run", *REGIONS, "--group-id", "2026-11-22")
    (cli.folder / "not.db").write_text("this is no database")
    for words in (("query", "trend"), ("diff",), ("export",)):
        done = cli(*words, "--database", "not.db", expect=1)
        assert done.stdout == "" and "not.db" in done.stderr
    assert "none.db" in cli("query", "trend", "--database", "none.db", expect=1).stderr
    # A copy that was tampered with is found out, and what was there stays.
    key = cli.store / "history/compliance-2026-11-22.db"
    (cli.folder / "mine.db").write_text("mine")
    data = bytearray(key.read_bytes())
    data[-1] ^= 1
    key.chmod(0o644)
    key.write_bytes(data)
    done = cli("pull", "--output", "mine.db", expect=1)
    assert "SHA-256" in done.stderr
    assert (cli.folder / "mine.db").read_text() == "mine"
    assert [path.name for path in cli.folder.glob("mine.db*")] == ["mine.db"]


def test_the_deadline_keeps_what_there_is(sim, tmp_path):
    cli = Cli(tmp_path, sim("--accounts", "12", "--rules", "10", "--latency-ms", "25").env)
    done = cli("run", *REGIONS, "--group-id", "g", "--concurrency", "4", "--deadline", "2s",
               expect=3)
    assert "the deadline came: " in done.stderr
    coverage = [row["outcome"] for row in cli.rows("query", "coverage")]
    assert 0 < coverage.count("scanned") and 0 < coverage.count("missing")
    assert coverage.count("failed") == 0
    # The next one takes up what is left.
    cli("run", *REGIONS, "--group-id", "g")
    assert {row["outcome"] for row in cli.rows("query", "coverage")} <= {"scanned", "skipped"}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_keeps_what_there_is(sim, tmp_path, number):
    cli = Cli(tmp_path, sim("--accounts", "12", "--rules", "10", "--latency-ms", "25").env)
    env = clean_environment(cli.env | {"TMPDIR": str(tmp_path)})
    with subprocess.Popen(cli.command("run", *REGIONS, "--group-id", "g", "--concurrency", "4"),
                          cwd=tmp_path, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True) as process:
        time.sleep(1.5)
        process.send_signal(number)
        _, stderr = process.communicate(timeout=60)
    assert process.returncode == 3, stderr
    assert "cancelled: " in stderr and "confhouse merge --group-id g" in stderr
    assert cli.files() == {"batches/g/plan.json", "batches/g/shards.json",
                           "batches/g/01.db.gz"}
    assert list(tmp_path.glob("confhouse-*")) == []  # its scratch folder
    cli("merge", "--group-id", "g", expect=3)
    outcomes = [row["outcome"] for row in cli.rows("query", "coverage")]
    assert 0 < outcomes.count("scanned") and 0 < outcomes.count("missing")


def test_a_signal_before_anything_was_scanned_has_failed(tmp_path, sim):
    cli = Cli(tmp_path, sim("--latency-ms", "1000").env)
    with subprocess.Popen(cli.command("run", *REGIONS), cwd=tmp_path, text=True,
                          env=clean_environment(cli.env | {"TMPDIR": str(tmp_path)}),
                          stderr=subprocess.PIPE) as process:
        time.sleep(1)
        process.send_signal(signal.SIGINT)
        _, stderr = process.communicate(timeout=30)
    assert process.returncode == 1
    assert "cancelled before anything was scanned" in stderr
    assert cli.files() == set() and list(tmp_path.glob("confhouse-*")) == []


@pytest.fixture
def silent():
    """An endpoint that takes each call and never answers: its URL, and whether it was asked."""
    class Silent(http.server.BaseHTTPRequestHandler):
        def handle_one_request(self):
            if self.rfile.readline():
                asked.set()
                done.wait(60)
            self.close_connection = True

        def log_message(self, *_):
            pass

    asked, done = threading.Event(), threading.Event()
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Silent)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", asked
    done.set()
    server.shutdown()
    server.server_close()


def test_the_second_signal_ends_it_at_once(silent, tmp_path):
    url, asked = silent
    cli = Cli(tmp_path, KEYS | {"AWS_ENDPOINT_URL": url})
    with subprocess.Popen(cli.command("run", *REGIONS), cwd=tmp_path, text=True,
                          env=clean_environment(cli.env | {"TMPDIR": str(tmp_path)}),
                          stderr=subprocess.PIPE) as process:
        assert asked.wait(30)
        process.send_signal(signal.SIGINT)
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=5) in (-signal.SIGINT, 1)
    assert list(tmp_path.glob("confhouse-*")) == []  # its scratch folder


def test_the_deadline_waits_for_no_answer(silent, sim, tmp_path):
    cli = Cli(tmp_path, sim("--accounts", "4").env | {"AWS_ENDPOINT_URL_CONFIG_SERVICE": silent[0]})
    begun = time.monotonic()
    done = cli("run", *REGIONS, "--deadline", "3s", expect=3)
    assert silent[1].is_set() and time.monotonic() - begun < 6
    assert "the deadline came before anything was scanned" in done.stderr


@pytest.mark.parametrize("words, service", [
    (("run", *REGIONS), "CONFIG_SERVICE"),
    (("run", *REGIONS), "ORGANIZATIONS"),
    (("query", "runs", "--store", "s3://compliance"), "S3"),
    (("run", *REGIONS, "--store", "s3://compliance"), "S3"),
])
def test_one_signal_waits_for_no_answer(silent, sim, tmp_path, words, service):
    url, asked = silent
    cli = Cli(tmp_path, sim("--accounts", "4").env | {"AWS_ENDPOINT_URL_" + service: url})
    with subprocess.Popen(cli.command(*words), cwd=tmp_path, text=True,
                          env=clean_environment(cli.env), stderr=subprocess.PIPE) as process:
        assert asked.wait(30)
        process.send_signal(signal.SIGINT)
        _, stderr = process.communicate(timeout=3)
    assert process.returncode in (1, 3) and "cancelled" in stderr


def test_a_scan_never_replaces_a_shard_by_nothing(cli, organization):
    cli("scan", *REGIONS, "--group-id", "g")
    before = (cli.store / "batches/g/01.db.gz").read_bytes()
    organization.control(latency_ms=400)
    # The accounts are listed, and then there is no time left.
    done = cli("scan", *REGIONS, "--group-id", "g", "--deadline", "1s", expect=3)
    assert "deadline" in done.stderr
    assert (cli.store / "batches/g/01.db.gz").read_bytes() == before


def test_errors_as_json_have_their_parts(cli):
    done = cli("run", *REGIONS, "--log-format", "json", expect=1,
               env={"AWS_SECRET_ACCESS_KEY": "not/the/one"})
    error = [json.loads(line) for line in done.stderr.splitlines()][-1]
    assert error["level"] == "error" and error["kind"] == "credentials"
    assert error["operation"] == "organizations:ListAccounts" or error["operation"] == "ListAccounts"
    assert error["code"] == "InvalidSignatureException" and error["request_id"] and error["hint"]


def test_scratch_that_has_no_room(cli):
    missing = os.path.join(cli.folder, "nowhere")
    done = cli("scan", *REGIONS, env={"TMPDIR": missing}, expect=1)
    assert "nowhere" in done.stderr
