"""HTTPS: certificates that are trusted, those that are not, and the way through a proxy. The servers
stand in front of the simulator; openssl makes the certificates."""
import socket

import pytest

from aws_home import Home
from tls import PAST, Authority, Listener, TlsFront, openssl, pump

@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("ca"))


class Proxy(Listener):
    """An HTTP proxy that leads every CONNECT to one port, whatever name it asks for; and says no to
    everything else."""

    def __init__(self, port):
        self.to = ("127.0.0.1", port)
        self.heard = []
        super().__init__()

    def serve(self, connection):
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            data = connection.recv(1)
            if not data:
                return
            head += data
        self.heard.append(head.decode().splitlines()[0])
        if not head.startswith(b"CONNECT "):
            connection.sendall(b"HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n")
            connection.close()
            return
        connection.sendall(b"HTTP/1.1 200 Connected\r\n\r\n")
        pump(connection, socket.create_connection(self.to))


@pytest.fixture
def organization(sim):
    return sim("--accounts", "3", "--rules", "4", "--evaluations", "0..20")


@pytest.fixture
def front(organization):
    """A function that puts TLS in front of the simulator, with this certificate."""
    opened = []

    def start(pem):
        opened.append(TlsFront(organization, pem))
        return opened[-1]

    yield start
    for server in opened:
        server.close()


@pytest.fixture
def home(tmp_path):
    folder = tmp_path / "home"
    folder.mkdir()
    return Home(folder)


def reach(organization, port, host="localhost", **more):
    env = organization.env | {"AWS_ENDPOINT_URL": f"https://{host}:{port}"}
    return env | {key: str(value) for key, value in more.items()}


def test_a_private_ca_is_trusted_where_it_is_named(organization, front, authority, home):
    server = front(authority.certify("localhost", "127.0.0.1"))
    for host in ("localhost", "127.0.0.1"):
        env = reach(organization, server.port, host, AWS_CA_BUNDLE=authority.pem)
        assert home.whoami(env=env)["endpoint_sts"] == f"https://{host}:{server.port} " \
                                                       "(AWS_ENDPOINT_URL)"
    env = reach(organization, server.port, AWS_CA_BUNDLE=authority.pem)
    done = home.run("scan", "--regions", "eu-west-1", "--format", "json", env=env)
    assert f'"evaluations":{len([e for e in organization.expected() if e["region"] == "eu-west-1"])}' \
        in done.stdout.replace(" ", "")


def test_the_profile_may_name_it(organization, front, authority, home):
    server = front(authority.certify("localhost"))
    home.config(f"[default]\nca_bundle = {authority.pem}\n")
    assert home.whoami(env=reach(organization, server.port))["partition"] == "aws"
    env = reach(organization, server.port, AWS_CA_BUNDLE="/etc/ssl/certs/ca-certificates.crt")
    assert "certificate" in home.refused("whoami", env=env, expect=2)


def refused_for(home, server, env, *texts):
    line = home.refused("whoami", env=env, expect=2)
    for text in ("SSL", *texts):
        assert text in line
    assert server.greeted <= 1, "it is tried once"


def test_without_it_nobody_is_trusted(organization, front, authority, home):
    server = front(authority.certify("localhost"))
    refused_for(home, server, reach(organization, server.port), "certificate", "AWS_CA_BUNDLE")


def test_a_wrong_host_name_is_refused(organization, front, authority, home):
    pem = authority.certify("other.example.com", "*.localhost")
    for host in ("localhost", "127.0.0.1"):
        server = front(pem)
        refused_for(home, server, reach(organization, server.port, host,
                                        AWS_CA_BUNDLE=authority.pem), host)


def test_an_expired_certificate_is_refused(organization, front, authority, home):
    server = front(authority.certify("localhost", dates=PAST))
    refused_for(home, server, reach(organization, server.port, AWS_CA_BUNDLE=authority.pem),
                "expired")


def test_a_self_signed_certificate_is_refused(organization, front, authority, home, tmp_path):
    key, pem = tmp_path / "own.key", tmp_path / "own.pem"
    openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "10", "-subj",
            "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", key, "-out", pem)
    pem.write_bytes(pem.read_bytes() + key.read_bytes())
    server = front(pem)
    refused_for(home, server, reach(organization, server.port, AWS_CA_BUNDLE=authority.pem),
                "self-signed")


def test_a_bundle_that_cannot_be_used_is_named(organization, front, authority, home):
    server = front(authority.certify("localhost"))
    env = reach(organization, server.port, AWS_CA_BUNDLE="/no/such/bundle.pem")
    assert "AWS_CA_BUNDLE: there is no /no/such/bundle.pem" in home.refused("whoami", env=env,
                                                                            expect=2)
    home.config("[default]\nca_bundle = nothing.pem\n")
    env = reach(organization, server.port)
    assert f"{home.config_path}:2: ca_bundle: there is no nothing.pem" in home.refused(
        "whoami", env=env, expect=2)
    home.config("[default]\nca_bundle = .aws/config\n")
    assert ".aws/config" in home.refused("whoami", env=env, expect=2)


# --- The way to AWS's own names, through a proxy that knows them all ---

NAMES = [
    ("eu-west-1", {}, "sts.eu-west-1.amazonaws.com"),
    ("us-east-1", {"AWS_USE_FIPS_ENDPOINT": "true"}, "sts-fips.us-east-1.amazonaws.com"),
    ("us-east-1", {"AWS_USE_DUALSTACK_ENDPOINT": "true"}, "sts.us-east-1.api.aws"),
    ("us-gov-west-1", {"AWS_USE_FIPS_ENDPOINT": "true"}, "sts.us-gov-west-1.amazonaws.com"),
    ("cn-north-1", {}, "sts.cn-north-1.amazonaws.com.cn"),
]


@pytest.fixture(scope="module")
def aws_pem(authority):
    return authority.certify(*dict.fromkeys(host for _, _, host in NAMES))


@pytest.mark.parametrize("region,more,host", NAMES)
def test_awss_own_names_are_asked(organization, front, authority, aws_pem, home, region, more, host):
    proxy = Proxy(front(aws_pem).port)
    env = {k: v for k, v in organization.env.items() if k != "AWS_ENDPOINT_URL"} | more | {
        "AWS_CA_BUNDLE": str(authority.pem), "HTTPS_PROXY": f"http://127.0.0.1:{proxy.port}"}
    told = home.whoami("--region", region, env=env)
    proxy.close()
    assert proxy.heard == [f"CONNECT {host}:443 HTTP/1.1"]
    assert told["endpoint_sts"] == f"https://{host}"
    assert told["arn"].startswith(f"arn:{told['partition']}:iam::")
    assert told["partition"] == {"us-gov-west-1": "aws-us-gov",
                                 "cn-north-1": "aws-cn"}.get(region, "aws")


def test_no_proxy_is_asked_where_none_is_wanted(organization, home):
    """0.0.0.0 is this machine, too, but only NO_PROXY says so."""
    proxy = Proxy(9)
    port = organization.url.rsplit(":", 1)[1]
    env = organization.env | {"http_proxy": f"http://127.0.0.1:{proxy.port}"}
    assert home.whoami(env=env)["region"] == "eu-west-1"
    env["AWS_ENDPOINT_URL"] = f"http://0.0.0.0:{port}"
    line = home.refused("whoami", env=env)
    assert proxy.heard and "403" in line
    proxy.heard.clear()
    assert home.whoami(env=env | {"NO_PROXY": "example.com,0.0.0.0"})["region"] == "eu-west-1"
    proxy.close()
    assert proxy.heard == []
