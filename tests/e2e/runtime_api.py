"""A small Runtime API of AWS Lambda, for running the function's bootstrap here.

    with RuntimeApi() as api, Bootstrap(binary, api, {"REPORT_BUCKET": "reports"}) as function:
        outcome = api.invoke({"mode": "plan"})
        assert outcome.kind == "response", outcome.body

It serves queued events and records what comes back. `api.knobs` makes it misbehave: see KNOBS.
Needs nothing but Python, so that scripts may use it too. Source of the protocol:
https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html and runtimes-extensions-api.html
"""
import dataclasses
import http.server
import json
import os
import pathlib
import queue
import select
import signal
import socket
import subprocess
import threading
import time
import uuid

RESPONSE_MAX_BYTES = 6291556  # of a synchronous invocation
TRACE = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=0"

# What can be changed while it runs, and what is usual.
KNOBS = {
    "register_status": 200,     # of extension/register; 0 = the connection is closed
    "response_status": 202,     # of invocation/<id>/response
    "error_status": 202,        # of invocation/<id>/error and init/error
    "next_status": 200,         # of invocation/next
    "next_bytes": None,         # sent instead of an answer to invocation/next; b"" closes
    "next_headers": None,       # a function that changes the headers of an event
    "next_delay_s": 0,          # before an event is given
    "response_delay_s": 0,      # before an answer is taken
}


@dataclasses.dataclass
class Outcome:
    """What the function sent for an invocation."""
    kind: str  # "response", "error" or "init"
    text: str
    headers: dict
    request_id: str = ""
    taken: int = 0  # the HTTP status it was answered with
    seconds: float = 0.0  # between the event's going out and the answer's coming in

    @property
    def body(self):
        return json.loads(self.text)


@dataclasses.dataclass
class Queued:
    request_id: str
    text: bytes
    headers: dict
    begun: float = 0.0


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def setup(self):
        super().setup()
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def log_message(self, *arguments):  # the tests look at `requests`
        pass

    def answer(self, status, body=b"{}", headers=None):
        if status == 0:
            self.close_connection = True
            return
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def is_gone(self):
        """Whether the function has closed the connection while it waits for an answer."""
        if not select.select([self.connection], [], [], 0)[0]:
            return False
        return self.connection.recv(1, socket.MSG_PEEK) == b""

    def do_GET(self):
        api = self.server.api
        api.note(self)
        if self.path == "/2018-06-01/runtime/invocation/next":
            self.give_event(api)
        elif self.path == "/2020-01-01/extension/event/next":
            api.extension_waiting.set()
            while not api.closing.wait(0.05) and not self.is_gone():
                pass
            self.close_connection = True
        else:
            self.answer(404)

    def give_event(self, api):
        api.waiting.set()
        event = None
        while event is None and not api.closing.is_set() and not self.is_gone():
            try:
                event = api.events.get(timeout=0.02)
            except queue.Empty:
                pass
        if event is None:
            self.close_connection = True
            return
        api.waiting.clear()
        time.sleep(api.knobs["next_delay_s"])
        if api.knobs["next_bytes"] is not None:
            self.wfile.write(api.knobs["next_bytes"])
            self.close_connection = True
            return
        headers = dict(event.headers)
        if api.knobs["next_headers"]:
            api.knobs["next_headers"](headers)
        event.begun = time.monotonic()
        self.answer(api.knobs["next_status"], event.text, headers)

    def do_POST(self):
        api = self.server.api
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        api.note(self)
        parts = self.path.split("/")
        if self.path == "/2020-01-01/extension/register":
            api.registered.append((dict(self.headers.items()), body))
            self.answer(api.knobs["register_status"],
                        headers={"Lambda-Extension-Identifier": str(uuid.uuid4())})
        elif self.path == "/2018-06-01/runtime/init/error":
            self.take(api, "init", "", body, api.knobs["error_status"])
        elif parts[:4] == ["", "2018-06-01", "runtime", "invocation"] and len(parts) == 6:
            status = api.knobs[parts[5] + "_status"]
            if parts[5] == "response" and len(body) > RESPONSE_MAX_BYTES:
                status = 413
            time.sleep(api.knobs["response_delay_s"] if parts[5] == "response" else 0)
            self.take(api, parts[5], parts[4], body, status)
        else:
            self.answer(404)

    def take(self, api, kind, request_id, body, status):
        begun = api.begun(request_id)
        outcome = Outcome(kind, body.decode(), dict(self.headers.items()), request_id, status,
                          time.monotonic() - begun if begun else 0.0)
        self.answer(status)
        api.record(outcome)


class RuntimeApi:
    def __init__(self):
        self.knobs = dict(KNOBS)
        self.events = queue.Queue()
        self.queued = {}
        self.outcomes = []
        self.requests = []  # (method, path, headers) of all that came
        self.registered = []  # (headers, body)
        self.waiting = threading.Event()  # the function asks for an event
        self.extension_waiting = threading.Event()
        self.closing = threading.Event()
        self.changed = threading.Condition()
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.server.api = self
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True)
        self.thread.start()
        self.address = f"127.0.0.1:{self.server.server_address[1]}"

    def __enter__(self):
        return self

    def __exit__(self, *problem):
        self.close()

    def close(self):
        self.closing.set()
        self.server.shutdown()
        self.server.server_close()
        self.thread.join(timeout=10)

    def note(self, handler):
        self.requests.append((handler.command, handler.path, dict(handler.headers.items())))

    def begun(self, request_id):
        return self.queued[request_id].begun if request_id in self.queued else 0.0

    def record(self, outcome):
        with self.changed:
            self.outcomes.append(outcome)
            self.changed.notify_all()

    def put(self, event, timeout_s=900, trace=TRACE, request_id=None):
        """Queues an event (an object, or bytes as they are); its request id."""
        request_id = request_id or str(uuid.uuid4())
        text = event if isinstance(event, bytes) else json.dumps(event).encode()
        headers = {
            "Lambda-Runtime-Aws-Request-Id": request_id,
            "Lambda-Runtime-Deadline-Ms": str(int((time.time() + timeout_s) * 1000)),
            "Lambda-Runtime-Invoked-Function-Arn":
                "arn:aws:lambda:eu-west-1:123456789012:function:confhouse",
        }
        if trace:
            headers["Lambda-Runtime-Trace-Id"] = trace
        self.queued[request_id] = Queued(request_id, text, headers)
        self.events.put(self.queued[request_id])
        return request_id

    def wait(self, request_id="", limit_s=120, taken=None):
        """What was sent for this invocation ("" = for the init phase); None when nothing came.

        `taken`: the HTTP status that the wanted one was answered with, where several are sent.
        """
        def find():
            return next((o for o in self.outcomes if o.request_id == request_id
                         and taken in (None, o.taken)), None)
        with self.changed:
            self.changed.wait_for(find, timeout=limit_s)
            return find()

    def invoke(self, event, limit_s=120, **how):
        return self.wait(self.put(event, **how), limit_s)


class Bootstrap:
    """The function's process. `environment` is all it gets beside what Lambda itself sets."""

    def __init__(self, command, api, environment, folder, handler="scan"):
        self.folder = pathlib.Path(folder)
        self.scratch = self.folder / "tmp"
        self.scratch.mkdir(exist_ok=True)
        self.output = self.folder / "output.log"
        everything = {
            "AWS_LAMBDA_RUNTIME_API": api.address,
            "AWS_LAMBDA_FUNCTION_NAME": "confhouse-" + handler,
            "AWS_LAMBDA_LOG_FORMAT": "JSON",
            "_HANDLER": handler,
            "TMPDIR": str(self.scratch),
            "PATH": "/usr/bin:/bin",
        } | environment
        command = [command] if isinstance(command, str) else command
        with open(self.output, "ab") as output:
            self.process = subprocess.Popen(
                command, env=everything, cwd=self.folder, stdin=subprocess.DEVNULL, stdout=output,
                stderr=subprocess.STDOUT)

    def __enter__(self):
        return self

    def __exit__(self, *problem):
        self.close()

    def close(self):
        """Ends it as Lambda does; its exit status."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.wait()

    def wait(self, limit_s=20):
        try:
            return self.process.wait(timeout=limit_s)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise

    def text(self):
        return self.output.read_text()

    def lines(self):
        """The lines of its log, as objects."""
        return [json.loads(line) for line in self.text().splitlines()]

    def logs(self):
        return [line for line in self.lines() if "_aws" not in line]

    def metrics(self):
        return [line for line in self.lines() if "_aws" in line]

    def resident_kb(self):
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.split("VmRSS:")[1].split()[0])

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def leftovers(self):
        return sorted(str(path) for path in self.scratch.rglob("*"))
