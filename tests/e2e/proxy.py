"""A proxy before the simulator that answers some calls itself."""
import http.client
import http.server
import threading
import urllib.parse

WELCOME = b"<html>Welcome to the hotel's network</html>"


class Proxy:
    """`answers(operation, body, region)` gives (HTTP status, body), or None for what is passed on.
    `change(operation, text, region)` gives what becomes of an answer that is passed back."""

    def __init__(self, simulator, answers, change=lambda operation, text, region: text):
        self.answers, self.change = answers, change
        self.target = urllib.parse.urlsplit(simulator.url).netloc
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self.handler())
        self.env = simulator.env | {
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{self.server.server_port}"}
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def forward(self, request, body):
        connection = http.client.HTTPConnection(self.target, timeout=30)
        try:
            connection.request(request.command, request.path, body, dict(request.headers))
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read()
        finally:
            connection.close()

    def handler(self):
        proxy = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                operation = self.headers.get("X-Amz-Target", "").rpartition(".")[2]
                scope = self.headers.get("Authorization", "").partition("Credential=")[2]
                region = scope.split("/")[2] if scope else ""
                own = proxy.answers(operation, body, region)
                status, headers, text = (*own[:1], {"Content-Type": "text/html"}, own[1]) \
                    if own else proxy.forward(self, body)
                text = text if own else proxy.change(operation, text, region)
                self.send_response(status)
                for name, value in headers.items():
                    if name.lower() not in ("content-length", "transfer-encoding", "connection"):
                        self.send_header(name, value)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, *_):
                pass

        return Handler
