"""The package for AWS Lambda: what is in the zip and in the image, that both come out the same
wherever they are made, and that the zip serves every kind of event in a root of its own."""
import gzip
import hashlib
import io
import json
import os
import pathlib
import shutil
import socket
import stat
import struct
import subprocess
import tarfile
import threading
import zipfile

import pytest

import packaged
from cli_tool import KEYS
from conftest import ROLE, ROOT
from packaged import Packaged
from tls import Authority, TlsFront

ARCHITECTURES = {"x86_64": "Advanced Micro Devices X86-64", "arm64": "AArch64"}
LINKED = ("confhouse", "curl", "cjson", "libxlsxwriter", "libc6-dev", "libssl-dev", "libsqlite3-dev",
          "libexpat1-dev", "zlib1g-dev", "libminizip-dev", "libgcc")
LIMIT_BYTES = 6 * 1024 * 1024
BUCKET = "confhouse"
DATE = "2026-11-27"


def make(*flags, cwd=ROOT, **environment):
    done = subprocess.run([cwd / "scripts/package-lambda", *map(str, flags)], cwd=cwd, check=False,
                          env=os.environ | environment, capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def package(tmp_path_factory):
    """A function: the zip of an architecture, and the image beside it; of the sources as they are."""
    made = {}

    def get(arch="x86_64"):
        if arch not in made:
            folder = tmp_path_factory.mktemp(arch)
            make("--arch", arch, "--image", folder / "image")
            made[arch] = (packaged.zip_path(arch), folder / "image")
        return made[arch]

    return get


@pytest.fixture(scope="module")
def isolated():
    why = packaged.why_not_isolated()
    if why:
        pytest.skip(why)


# --- What is in it ---

@pytest.mark.parametrize("arch", ARCHITECTURES)
def test_the_zip_holds_the_program_the_sql_and_the_licences(package, arch):
    path, _ = package(arch)
    assert path.stat().st_size <= LIMIT_BYTES
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        names = archive.namelist()
        texts = {name: archive.read(name) for name in names if name != "bootstrap"}
    sql = {str(file.relative_to(ROOT)): file.read_bytes()
           for folder in ("sql", "queries") for file in (ROOT / folder).rglob("*.sql")}
    assert {name: text for name, text in texts.items() if name.endswith(".sql")} == sql
    assert names == sorted(names)
    assert set(names) == {"bootstrap", "versions.json", *sql} | {f"LICENSES/{n}.txt" for n in LINKED}
    assert all(len(texts[f"LICENSES/{name}.txt"]) > 500 for name in LINKED)
    versions = json.loads(texts["versions.json"])
    assert versions["architecture"] == arch
    assert set(versions["libraries"]) - {"ca-certificates"} == \
        {name for name in LINKED if name not in ("confhouse", "libgcc")} | {"gcc"}
    assert all(version[0].isdigit() for version in versions["libraries"].values())


@pytest.mark.parametrize("arch", ARCHITECTURES)
def test_its_entries_bear_nothing_of_the_machine(package, arch):
    with zipfile.ZipFile(package(arch)[0]) as archive:
        entries = archive.infolist()
        raw = archive.read("bootstrap")
    assert len({entry.date_time for entry in entries}) == 1
    assert all(entry.extra == b"" and entry.comment == b"" for entry in entries)
    for entry in entries:
        mode = entry.external_attr >> 16
        assert stat.S_ISREG(mode), entry.filename
        assert stat.S_IMODE(mode) == (0o755 if entry.filename == "bootstrap" else 0o644)
    for path in (str(ROOT), str(pathlib.Path.home())):
        assert path == "/" or path == "/root" or path.encode() not in raw


@pytest.mark.parametrize("arch", ARCHITECTURES)
def test_the_program_needs_nothing(package, tmp_path, arch):
    with zipfile.ZipFile(package(arch)[0]) as archive:
        bootstrap = archive.extract("bootstrap", tmp_path)

    def readelf(*flags):
        return subprocess.run(["readelf", *flags, bootstrap], check=True, text=True, timeout=60,
                              capture_output=True, env=os.environ | {"LC_ALL": "C"}).stdout

    assert ARCHITECTURES[arch] in readelf("--file-header")
    assert "INTERP" not in readelf("--wide", "--program-headers")
    assert "no dynamic section" in readelf("--dynamic")
    assert ".symtab" not in readelf("--wide", "--section-headers")


# --- The same, wherever it is made ---

def test_another_folder_time_zone_and_mask_make_the_same_bytes(package, tmp_path):
    path, image = package()
    copy = tmp_path / "another folder"
    listed = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
                            cwd=ROOT, capture_output=True, check=False, timeout=60)
    if listed.returncode != 0:
        pytest.skip("these sources are not in git, so what belongs to them is not known")
    for name in filter(None, listed.stdout.decode().split("\0")):
        if (ROOT / name).exists():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, copy / name)
    if (ROOT / ".git").is_dir():
        (copy / ".git").symlink_to(ROOT / ".git")
    else:
        shutil.copy(ROOT / ".git", copy / ".git")
    before = os.umask(0o077)
    try:
        make("--output", tmp_path / "other.zip", "--image", tmp_path / "image", cwd=copy,
             TZ="Asia/Tokyo", LC_ALL="C.UTF-8",
             CONFHOUSE_LAMBDA_DEPS=str(ROOT / "build/lambda-deps"))
    finally:
        os.umask(before)
    assert (tmp_path / "other.zip").read_bytes() == path.read_bytes()
    assert (tmp_path / "image/index.json").read_bytes() == (image / "index.json").read_bytes()
    assert {file.name for file in (tmp_path / "image/blobs/sha256").iterdir()} == \
        {file.name for file in (image / "blobs/sha256").iterdir()}


def test_wrong_words_are_refused(tmp_path):
    there = tmp_path / "there"
    there.mkdir()
    (there / "file").write_text("mine")
    for flags, text in ((("--arch", "riscv64"), "x86_64 or arm64"), (("--zip", "x"), "--zip"),
                        (("--output",), "needs a value"), (("--image", there), "not an image layout")):
        done = subprocess.run([ROOT / "scripts/package-lambda", *flags], check=False, timeout=600,
                              capture_output=True, text=True)
        assert done.returncode == 1 and text in done.stderr, done.stderr
    assert (there / "file").read_text() == "mine"


# --- In a root of its own ---

def simulator_environment(simulator, **more):
    return simulator.env | {"REPORT_BUCKET": BUCKET, "CONFHOUSE_REGIONS": "eu-west-1"} | more


def expected_evaluations(simulator):
    return len([row for row in simulator.expected() if row["region"] == "eu-west-1"])


def answer(function, event):
    outcome = function.invoke(event)
    assert outcome.kind == "response", f"{event}: {outcome.text}\n{function.process.text()}"
    return outcome.body


@pytest.fixture
def organization(sim):
    return sim("--accounts", "6", "--rules", "4", "--evaluations", "0..20")


def keys_of(simulator, prefix):
    listed = simulator.client("s3").list_objects_v2(Bucket=BUCKET, Prefix=prefix)
    return {entry["Key"] for entry in listed.get("Contents", [])}


def test_the_root_is_empty_and_the_user_nobody(package, isolated, organization, tmp_path):
    package()
    with Packaged(tmp_path, simulator_environment(organization)) as function:
        assert answer(function, {"mode": "plan", "group_id": DATE})["accounts"] == 6
        root = function.file("/")
        found = {str(path.relative_to(root)) for path in root.rglob("*")}
        assert {name for name in found if not name.startswith("var/task/")} == {
            "dev", "etc", "etc/pki", "etc/pki/tls", "etc/pki/tls/certs", "tmp", "var", "var/task",
            "etc/pki/tls/certs/ca-bundle.crt", "etc/resolv.conf"}
        assert "0" not in function.status("Uid") + function.status("Gid")
        limits = pathlib.Path(f"/proc/{function.process.process.pid}/limits").read_text()
        assert limits.split("Max open files")[1].split()[:2] == ["1024", "1024"]
        assert os.statvfs(function.file("/var/task")).f_flag & os.ST_RDONLY
        scratch = os.statvfs(function.file("/tmp"))
        assert scratch.f_blocks * scratch.f_frsize == 512 * 1024 * 1024
    assert function.process.process.returncode == 0


def serve_everything(function, simulator):
    """Plan, batches, final, report, run, a scheduled event and events of S3, in one warm process."""
    plan = answer(function, {"mode": "plan", "group_id": DATE})
    assert plan["accounts"] == 6
    for shard in plan["shards"]:
        scanned = answer(function, {"mode": "batch", "group_id": DATE, "shard_id": shard})
        assert scanned["scopes_left"] == 0
    final = answer(function, {"mode": "final", "group_id": DATE})
    assert final["evaluations"] == expected_evaluations(simulator) > 0
    assert final["scopes_missing"] == 0
    [report] = keys_of(simulator, "reports/")
    simulator.client("s3").delete_object(Bucket=BUCKET, Key=report)
    again = answer(function, {"mode": "report", "group_id": DATE})
    assert again["report_rows"] == final["report_rows"]
    assert keys_of(simulator, "reports/") == {report}

    assert answer(function, {"mode": "run", "time": "2026-12-04T03:00:00Z"})["date"] == "2026-12-04"
    rule = {"version": "0", "id": "1", "detail-type": "Scheduled Event", "source": "aws.events",
            "account": "123456789012", "time": "2026-12-11T03:00:00Z", "region": "eu-west-1",
            "resources": ["arn:aws:events:eu-west-1:123456789012:rule/weekly"], "detail": {}}
    assert answer(function, rule)["date"] == "2026-12-11"
    assert "history/compliance-2026-12-11.db" in keys_of(simulator, "history/")

    simulator.client("s3").delete_object(Bucket=BUCKET, Key=report)
    answer(function, {"Records": [{
        "eventSource": "aws:s3", "eventName": "ObjectCreated:Put", "awsRegion": "eu-west-1",
        "s3": {"bucket": {"name": BUCKET}, "object": {"key": f"history/compliance-{DATE}.db"}}}]})
    assert report in keys_of(simulator, "reports/"), "an event of S3 reports that run"


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_it_serves_every_kind_of_event(package, isolated, organization, tmp_path, scheme):
    package()
    if scheme == "http":
        with Packaged(tmp_path, simulator_environment(organization), "run") as function:
            serve_everything(function, organization)
        return
    authority = Authority(tmp_path)
    front = TlsFront(organization, authority.certify("localhost"))
    environment = simulator_environment(organization,
                                        AWS_ENDPOINT_URL=f"https://localhost:{front.port}")
    try:
        with Packaged(tmp_path, environment, "run", ca=authority.pem) as function:
            serve_everything(function, organization)
        assert front.greeted > 0
        with Packaged(tmp_path, environment, "run") as stranger:
            outcome = stranger.invoke({"mode": "plan", "group_id": DATE})
            assert outcome.kind == "error" and "certificate" in outcome.body["errorMessage"]
    finally:
        front.close()


def test_the_owners_own_events_need_no_plan(package, isolated, organization, tmp_path):
    """Three functions side by side, then one more."""
    package()
    accounts = [{"account_id": account["Id"], "account_name": account["Name"]}
                for account in organization.accounts()]
    folders = [tmp_path / name for name in ("01", "02", "03")]
    functions = []
    try:
        for folder in folders:
            folder.mkdir()
            functions.append(Packaged(folder, simulator_environment(organization)))
        sent = [function.api.put({"accounts": accounts[i::3], "group_id": DATE, "mode": "batch",
                                  "role_name": ROLE, "shard_id": folders[i].name})
                for i, function in enumerate(functions)]
        outcomes = [function.api.wait(sent[i]) for i, function in enumerate(functions)]
        assert [outcome.kind for outcome in outcomes] == ["response"] * 3, outcomes
        final = answer(functions[0], {"group_id": DATE, "mode": "final"})
    finally:
        for function in functions:
            function.close()
    assert final["evaluations"] == expected_evaluations(organization)
    assert keys_of(organization, "reports/")


class NameServer(threading.Thread):
    """Answers each question for an address of `name` with 127.0.0.1, and nothing else."""

    def __init__(self, name, address):
        super().__init__(daemon=True)
        self.name_asked = b"".join(bytes([len(part)]) + part for part in name.encode().split(b"."))
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((address, 53))
        self.asked = 0

    def run(self):
        while True:
            try:
                question, peer = self.socket.recvfrom(512)
            except OSError:
                return
            end = question.index(b"\0", 12) + 5
            name, (kind, _) = question[12:end - 5], struct.unpack(">HH", question[end - 4:end])
            known = name == self.name_asked
            self.asked += known
            has_answer = known and kind == 1
            head = question[:2] + struct.pack(">HHHHH", 0x8180 if known else 0x8183, 1,
                                              has_answer, 0, 0)
            tail = b"\xc0\x0c" + struct.pack(">HHIH", 1, 1, 60, 4) + bytes([127, 0, 0, 1])
            self.socket.sendto(head + question[12:end] + (tail if has_answer else b""), peer)

    def close(self):
        self.socket.close()


def test_names_are_resolved_as_resolv_conf_says(package, isolated, organization, tmp_path):
    package()
    address = "127.0.53.53"
    try:
        server = NameServer("sts.simulated.test", address)
    except OSError as problem:
        pytest.skip(f"port 53 of {address} is not to be had: {problem}")
    server.start()
    resolv = tmp_path / "resolv.conf"
    resolv.write_text(f"nameserver {address}\noptions timeout:2 attempts:2\n")
    port = organization.url.rsplit(":", 1)[1]
    environment = simulator_environment(
        organization, AWS_ENDPOINT_URL=f"http://sts.simulated.test:{port}",
        AWS_ENDPOINT_URL_S3=organization.url)
    try:
        with Packaged(tmp_path, environment, resolv=resolv) as function:
            assert answer(function, {"mode": "plan", "group_id": DATE})["accounts"] == 6
        assert server.asked > 0
        environment["AWS_ENDPOINT_URL"] = f"http://nobody.simulated.test:{port}"
        with Packaged(tmp_path, environment | {"CONFHOUSE_MAX_ATTEMPTS": "1"},
                      resolv=resolv) as function:
            outcome = function.invoke({"mode": "plan", "group_id": DATE}, timeout_s=5)
            assert outcome.kind == "error" and "nobody.simulated.test" in outcome.text
    finally:
        server.close()


@pytest.mark.parametrize("arch", ARCHITECTURES)
def test_the_program_of_each_architecture_answers(package, isolated, tmp_path, arch):
    package(arch)
    emulator = packaged.emulator(arch)
    if emulator and not os.path.exists(emulator):
        pytest.skip(f"there is no {emulator}")
    environment = KEYS | {"REPORT_BUCKET": BUCKET}
    with Packaged(tmp_path, environment, "report", arch=arch) as function:
        outcome = function.invoke({"Service": "Amazon S3", "Event": "s3:TestEvent",
                                   "Time": "2026-11-27T03:00:00.000Z", "Bucket": BUCKET})
        assert outcome.kind == "response" and outcome.body["status"] == "ok"
        refused = function.invoke({"mode": 1})
        assert refused.kind == "error" and refused.body["errorType"] == "InvalidEvent"


def local_lambda(*words, stdin=None, **environment):
    clean = {k: v for k, v in os.environ.items()
             if not k.startswith(("AWS_", "CONFHOUSE_", "REPORT_"))}
    return subprocess.run([ROOT / "scripts/local-lambda", *map(str, words)], check=False, text=True,
                          env=clean | environment, input=stdin, capture_output=True, timeout=120)


def test_local_lambda_prints_answers(package, isolated, organization, tmp_path):
    package()
    plan, bad = tmp_path / "plan.json", tmp_path / "bad.json"
    plan.write_text(json.dumps({"group_id": DATE}))
    bad.write_text("{]")
    environment = simulator_environment(organization)
    done = local_lambda(plan, "-", "--handler", "plan", stdin=plan.read_text(), **environment)
    assert done.returncode == 0, done.stderr
    assert [json.loads(line)["accounts"] for line in done.stdout.splitlines()] == [6, 6]
    assert all(json.loads(line)["timestamp"] for line in done.stderr.splitlines())
    done = local_lambda(bad, plan, "--handler", "plan", **environment)
    assert done.returncode == 1, done.stderr
    failure, after = map(json.loads, done.stdout.splitlines())
    assert failure["errorType"] == "InvalidEvent" and after["accounts"] == 6


def test_local_lambda_says_why_there_is_no_answer(package, isolated, organization, tmp_path):
    package()
    plan = tmp_path / "plan.json"
    plan.write_text("{}")
    environment = simulator_environment(organization)
    del environment["REPORT_BUCKET"]
    done = local_lambda(plan, **environment)
    assert done.returncode == 2 and "REPORT_BUCKET" in json.loads(done.stdout)["errorMessage"]
    done = local_lambda(plan, "--zip", tmp_path / "none.zip")
    assert done.returncode == 2 and "package-lambda" in done.stderr
    done = local_lambda(tmp_path / "none.json")
    assert done.returncode == 2 and "none.json" in done.stderr


# --- The image ---

def layer_of(image):
    index = json.loads((image / "index.json").read_text())

    def blob(digest):
        data = (image / "blobs/sha256" / digest.removeprefix("sha256:")).read_bytes()
        assert hashlib.sha256(data).hexdigest() == digest.removeprefix("sha256:")
        return data

    manifest = json.loads(blob(index["manifests"][0]["digest"]))
    config = json.loads(blob(manifest["config"]["digest"]))
    tar = gzip.decompress(blob(manifest["layers"][0]["digest"]))
    assert config["rootfs"]["diff_ids"] == ["sha256:" + hashlib.sha256(tar).hexdigest()]
    return config, tarfile.open(fileobj=io.BytesIO(tar))


@pytest.mark.parametrize("arch,platform", [("x86_64", "amd64"), ("arm64", "arm64")])
def test_others_can_read_the_image(package, arch, platform):
    if not shutil.which("skopeo"):
        pytest.skip("there is no skopeo")
    path, image = package(arch)

    def inspect(*flags):
        return json.loads(subprocess.run(["skopeo", "inspect", *flags, f"oci:{image}"], check=True,
                                         capture_output=True, timeout=60).stdout)

    told = inspect()
    assert (told["Architecture"], told["Os"], len(told["Layers"])) == (platform, "linux", 1)
    assert inspect("--config")["config"]["Entrypoint"] == ["/usr/bin/confhouse"]
    _, layer = layer_of(image)
    with zipfile.ZipFile(path) as archive, layer:
        for name in archive.namelist():
            assert layer.extractfile(f"./var/task/{name}").read() == archive.read(name)
        modes = {member.name: member.mode for member in layer if not member.name.startswith("./var/")}
        owners = {(member.uid, member.gid) for member in layer}
    assert modes == {".": 0o755, "./etc": 0o755, "./etc/ssl": 0o755, "./etc/ssl/certs": 0o755,
                     "./etc/ssl/certs/ca-certificates.crt": 0o644, "./tmp": 0o1777,
                     "./usr": 0o755, "./usr/bin": 0o755, "./usr/bin/confhouse": 0o755,
                     "./var": 0o755}
    assert owners == {(0, 0)}


def test_its_entry_point_does_a_whole_run(package, isolated, organization, tmp_path):
    config, layer = layer_of(package()[1])
    root = tmp_path / "root"
    with layer:
        layer.extractall(root)
    settings = config["config"]
    environment = dict(line.split("=", 1) for line in settings["Env"]) | simulator_environment(
        organization, CONFHOUSE_GROUP_ID=DATE)
    done = subprocess.run(
        ["/usr/sbin/chroot", f"--userspec={settings['User']}", root,
         *settings["Entrypoint"], *settings["Cmd"]],
        env=environment, check=False, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"history/compliance-{DATE}.db" in keys_of(organization, "history/")
    assert not list((root / "tmp").iterdir())


def test_its_certificates_are_mozillas(package):
    _, layer = layer_of(package()[1])
    with layer:
        bundle = layer.extractfile("./etc/ssl/certs/ca-certificates.crt").read().decode()
    assert bundle.count("BEGIN CERTIFICATE") == bundle.count("END CERTIFICATE") > 100
