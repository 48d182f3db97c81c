"""The function's bootstrap against the Runtime API of runtime_api.py, with no settings but those
given."""
import contextlib
import http.server
import os
import pathlib
import threading

from cli_tool import NOTHING
from runtime_api import Bootstrap, RuntimeApi

# A build with sanitizers, and the plain one whose memory can be measured.
BOOTSTRAP = os.path.abspath(os.path.join(os.environ.get("CONFHOUSE_BUILD_DIR", "build/release"),
                                         "lambda", "bootstrap"))
PLAIN = os.environ.get("CONFHOUSE_PLAIN_BIN")
PLAIN_BOOTSTRAP = (str(pathlib.Path(PLAIN).resolve().parents[1] / "lambda" / "bootstrap") if PLAIN
                   else BOOTSTRAP)
BUCKET = "confhouse"


@contextlib.contextmanager
def function(folder, environment, handler="scan", binary=BOOTSTRAP, api=None):
    """(api, process); both are ended afterwards, in order."""
    folder.mkdir(exist_ok=True)
    with contextlib.ExitStack() as stack:
        api = api or stack.enter_context(RuntimeApi())
        yield api, stack.enter_context(
            Bootstrap(binary, api, NOTHING | environment, folder, handler))


class Recorder:
    """An HTTP server that keeps what it is asked and answers with `answer(method, path)`: (status,
    body), or None to keep the caller waiting."""

    def __init__(self, answer):
        self.requests = []  # (method, path, headers)
        self.closing = threading.Event()
        recorder = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_any(self):
                self.rfile.read(int(self.headers.get("Content-Length", 0)))
                recorder.requests.append((self.command, self.path, dict(self.headers.items())))
                found = answer(self.command, self.path)
                if found is None:
                    recorder.closing.wait()
                    self.close_connection = True
                    return
                self.send_response(found[0])
                self.send_header("Content-Length", str(len(found[1])))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(found[1])

            do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = handle_any

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *problem):
        self.closing.set()
        self.server.shutdown()
        self.server.server_close()
