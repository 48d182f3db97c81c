"""A scope that does not answer holds up nobody: told by counting calls, not by the clock."""
import collections
import http.client
import http.server
import re
import subprocess
import threading
import time
import urllib.parse

from cli_tool import Cli, clean_environment

CREDENTIAL = re.compile(r"Credential=(\w+)/\d+/([\w-]+)/config/")


class Gate:
    """Stands before the simulator. All calls of AWS Config in one scope, the first that asks, wait
    there until it is opened."""

    def __init__(self, url):
        self.target = urllib.parse.urlsplit(url).netloc
        self.slow, self.waiting = None, 0
        self.calls = collections.Counter()  # of all other scopes
        self.lock, self.is_open = threading.Lock(), threading.Event()
        gate = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                gate.pass_on(self)

            do_GET = do_POST

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def wait_in_line(self, request):
        scope = CREDENTIAL.search(request.headers.get("Authorization", ""))
        if scope is None:
            return
        with self.lock:
            self.slow = self.slow or scope.groups()
            is_slow = scope.groups() == self.slow
            if is_slow:
                self.waiting += 1
            else:
                self.calls[scope.groups()] += 1
        if is_slow:
            assert self.is_open.wait(60)

    def pass_on(self, request):
        body = request.rfile.read(int(request.headers.get("Content-Length") or 0))
        self.wait_in_line(request)
        behind = http.client.HTTPConnection(self.target, timeout=60)
        behind.putrequest(request.command, request.path, skip_host=True, skip_accept_encoding=True)
        for name, value in request.headers.items():
            behind.putheader(name, value)
        behind.endheaders(body)
        answer = behind.getresponse()
        data = answer.read()
        behind.close()
        request.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in ("content-length", "transfer-encoding", "connection", "date"):
                request.send_header(name, value)
        request.send_header("Content-Length", str(len(data)))
        request.end_headers()
        request.wfile.write(data)

    def settle(self):
        """Until nobody has called for a while; the calls that others have made."""
        before = None
        for _ in range(60):
            with self.lock:
                now = self.calls.copy()
            if now and now == before:
                return now
            before = now
            time.sleep(1)
        raise AssertionError("it never came to rest")

    def close(self):
        self.is_open.set()
        self.server.shutdown()
        self.server.server_close()


def test_a_scope_that_does_not_answer_holds_up_nobody(sim, tmp_path):
    simulator = sim("--accounts", "10", "--rules", "6", "--evaluations", "0..40")
    gate = Gate(simulator.url)
    cli = Cli(tmp_path, simulator.env | {"AWS_ENDPOINT_URL": gate.url})
    # Of so many calls at once, one scope cannot have all.
    words = cli.command("scan", "--regions", "eu-west-1,us-east-1", "--concurrency", "24",
                        "--group-id", "g")
    try:
        with subprocess.Popen(words, cwd=tmp_path, env=clean_environment(cli.env), text=True,
                              stderr=subprocess.PIPE, stdout=subprocess.PIPE) as process:
            others = gate.settle()
            assert process.poll() is None and gate.waiting > 0
            gate.is_open.set()
            _, stderr = process.communicate(timeout=60)
    finally:
        gate.close()
    assert process.returncode == 0, stderr
    scanned = [s for s in simulator.expected("scopes") if s["outcome"] == "scanned"]
    assert len(others) == len(scanned) - 1 and gate.slow not in others
    assert gate.calls == others  # nobody had anything left to ask when the slow one went on
