"""Servers that speak TLS, with certificates that openssl makes."""
import select
import socket
import ssl
import subprocess
import threading

CA_CONFIG = """\
[ca]
default_ca = us
[us]
dir = {folder}
database = $dir/index
unique_subject = no
serial = $dir/serial
new_certs_dir = $dir
certificate = $dir/ca.pem
private_key = $dir/ca.key
default_md = sha256
policy = any
x509_extensions = server
copy_extensions = copy
[any]
commonName = supplied
[server]
basicConstraints = CA:false
[req]
distinguished_name = name
[name]
"""
NOW = ("-startdate", "20200101000000Z", "-enddate", "20951231235959Z")
PAST = ("-startdate", "20200101000000Z", "-enddate", "20200201000000Z")


def openssl(*words):
    subprocess.run(["openssl", *map(str, words)], check=True, capture_output=True, timeout=60)


class Authority:
    """A private CA."""

    def __init__(self, folder):
        self.folder = folder
        self.pem = folder / "ca.pem"
        self.config = folder / "ca.conf"
        self.config.write_text(CA_CONFIG.format(folder=folder))
        (folder / "index").write_text("")
        (folder / "serial").write_text("01\n")
        openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "3650", "-subj",
                "/CN=Private CA", "-keyout", folder / "ca.key", "-out", self.pem)

    def certify(self, *hosts, dates=NOW):
        """A certificate for these names, with its key: one file."""
        name = hosts[0].replace("*", "any")
        key, request, pem = (self.folder / f"{name}.{end}" for end in ("key", "csr", "pem"))
        names = ",".join(("IP:" if host[0].isdigit() else "DNS:") + host for host in hosts)
        openssl("req", "-new", "-newkey", "rsa:2048", "-nodes", "-subj", f"/CN={hosts[0]}",
                "-addext", f"subjectAltName={names}", "-keyout", key, "-out", request)
        openssl("ca", "-batch", "-notext", "-config", self.config, "-in", request, "-out", pem,
                *dates)
        pem.write_bytes(pem.read_bytes() + key.read_bytes())
        return pem


def pump(one, other):
    """Carries bytes both ways until either side ends."""
    ends = {one: other, other: one}
    try:
        while True:
            waiting = [end for end in ends if isinstance(end, ssl.SSLSocket) and end.pending()]
            for end in waiting or select.select(list(ends), [], [], 60)[0]:
                data = end.recv(65536)
                if not data:
                    return
                ends[end].sendall(data)
    except OSError:
        pass
    finally:
        one.close()
        other.close()


class Listener:
    """Takes connections on loopback, each in a thread of its own."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        raise NotImplementedError

    def close(self):
        self.listener.close()


class TlsFront(Listener):
    """The simulator, over TLS."""

    def __init__(self, organization, pem):
        self.back = ("127.0.0.1", int(organization.url.rsplit(":", 1)[1]))
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(pem)
        self.greeted = 0
        super().__init__()

    def serve(self, connection):
        try:
            secured = self.context.wrap_socket(connection, server_side=True)
            self.greeted += 1
            back = socket.create_connection(self.back)
        except OSError:
            return
        pump(secured, back)
