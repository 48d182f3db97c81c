"""How many pages of 100 results confhouse-sim serves a second, and what processor time each costs.

usage: bench.py [PATH/TO/confhouse-sim] [SECONDS] [FLAGS OF THE SIMULATOR]

Signs one GetComplianceDetailsByConfigRule call and sends it again and again over some connections:
its signature stays valid for 15 minutes. Needs python3-botocore.
"""
import json
import os
import selectors
import socket
import subprocess
import sys
import time

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

CONNECTIONS = 16
KEY_ID, SECRET = "AKIACONFHOUSESIM0001", "confhouse/sim/not/a/real/secret/00000001"


def signed_request(url, body):
    host = url.removeprefix("http://")
    headers = {
        "Content-Type": "application/x-amz-json-1.1",
        "X-Amz-Target": "StarlingDoveService.GetComplianceDetailsByConfigRule",
        "Host": host,
    }
    request = AWSRequest("POST", url + "/", data=body, headers=headers)
    SigV4Auth(Credentials(KEY_ID, SECRET), "config", "eu-west-1").add_auth(request)
    lines = "".join(f"{name}: {value}\r\n" for name, value in request.headers.items())
    return f"POST / HTTP/1.1\r\n{lines}Content-Length: {len(body)}\r\n\r\n".encode() + body


def read_answer(connection, view):
    """Reads one answer whole; its size."""
    got = connection.recv_into(view)
    head = bytes(view[:1024])
    end = head.index(b"\r\n\r\n") + 4
    assert head.startswith(b"HTTP/1.1 200"), head[:500]
    at = head.lower().index(b"content-length:") + 15
    total = end + int(head[at : head.index(b"\r\n", at)])
    while got < total:
        got += connection.recv_into(view[got:])
    return total


def processor_seconds(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def measure(url, pid, seconds):
    body = json.dumps({"ConfigRuleName": "s3-bucket-versioning-enabled", "Limit": 100}).encode()
    message = signed_request(url, body)
    host, port = url.removeprefix("http://").split(":")
    view = memoryview(bytearray(1 << 20))
    selector = selectors.DefaultSelector()
    for _ in range(CONNECTIONS):
        connection = socket.create_connection((host, int(port)))
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.sendall(message)
        selector.register(connection, selectors.EVENT_READ)
    begun, used, pages, size = time.monotonic(), processor_seconds(pid), 0, 0
    while time.monotonic() - begun < seconds:
        for key, _ in selector.select():
            size += read_answer(key.fileobj, view)
            pages += 1
            key.fileobj.sendall(message)
    elapsed, used = time.monotonic() - begun, processor_seconds(pid) - used
    print(
        f"{pages / elapsed:.0f} pages/s, {size / pages / 1024:.1f} KiB each, "
        f"{used / pages * 1e6:.1f} us of the server's processor time each: "
        f"{pages / used:.0f} pages/s on one core"
    )


def main():
    path = sys.argv[1] if len(sys.argv) > 1 else "build/release/sim/confhouse-sim"
    seconds = float(sys.argv[2]) if len(sys.argv) > 2 else 5
    flags = ["--evaluations", "1000", "--print-url", *sys.argv[3:]]
    with subprocess.Popen([path, *flags], stdout=subprocess.PIPE, text=True) as server:
        try:
            measure(server.stdout.readline().strip(), server.pid, seconds)
        finally:
            server.terminate()


main()
