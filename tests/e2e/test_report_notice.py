"""What people are told after a report: by SNS and by mail, with a link that works for a while."""
import base64
import html.parser
import http.server
import json
import re
import threading
import time
import urllib.error
import urllib.parse
import urllib.request

import botocore.session
import pytest
from botocore.validate import ParamValidator

from cli_tool import Cli
from shard_files import ShardFile

REGIONS = ("--regions", "eu-west-1,us-east-1")
TOPIC = "arn:aws:sns:eu-west-1:123456789012:weekly"
MAIL = ("--mail-from", "Config <config@example.com>", "--mail-to", "team@example.com,lead@example.com")
STORE = "s3://confhouse/reports"


@pytest.fixture
def cli(tmp_path, sim):
    simulator = sim("--accounts", "5", "--rules", "12", "--evaluations", "40")
    simulator.client("s3").create_bucket(
        Bucket="confhouse", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    tool = Cli(tmp_path, simulator.env)
    tool.simulator = simulator
    tool.store = STORE
    return tool


def fetch(link):
    with urllib.request.urlopen(link, timeout=20) as answer:
        return answer.read()


class Links(html.parser.HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.found, self.text = [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.found += [value for name, value in attributes if name == "href"]

    def handle_data(self, data):
        self.text.append(data)


def told_of(text):
    """The link of a text message, and until when it works."""
    link = re.search(r"^  (http://\S+)$", text, re.M).group(1)
    until = re.search(r"It works until (\S+Z)", text).group(1)
    return link, until


def test_sns_and_mail_tell_the_same_and_the_link_gives_the_workbook(cli):
    cli("run", *REGIONS, "--group-id", "2026-11-15")
    assert cli.simulator.messages() == []
    row = cli.rows("run", *REGIONS, "--group-id", "2026-11-22", "--sns-topic", TOPIC, *MAIL,
                   "--mail-attach", "--output", "own.xlsx")[0]
    assert (row["published"], row["mailed"]) == (1, 1)
    workbook = (cli.folder / "own.xlsx").read_bytes()
    sns, ses = cli.simulator.messages()
    assert sns["topic_arn"] == TOPIC
    assert ses["from"] == "Config <config@example.com>"
    assert ses["to"] == ["team@example.com", "lead@example.com"]
    assert sns["subject"] == ses["subject"]
    assert re.fullmatch(r"AWS Config 2026-11-22: Prod \d+\.\d% \(([+-]\d+\.\d pp|unchanged)\), "
                        r"Non-Prod \d+\.\d% \(([+-]\d+\.\d pp|unchanged)\)", sns["subject"])
    for message in (sns["message"], ses["text"]):
        link, until = told_of(message)
        assert fetch(link) == workbook
        left = time.mktime(time.strptime(until, "%Y-%m-%dT%H:%M:%SZ")) - time.mktime(time.gmtime())
        assert 6.9 * 86400 < left <= 7 * 86400
        assert f"{STORE}/reports/ConfigRule_2026-11-22.xlsx" in message
        assert "Compared with the run of 2026-11-15." in message
    assert "It is attached." in ses["text"] and "attached" not in sns["message"]
    assert ses["attachments"] == [{
        "name": "ConfigRule_2026-11-22.xlsx",
        "content_type": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "base64_bytes": len(base64.b64encode(workbook))}]
    page = Links(ses["html"])
    assert len(page.found) == 1 and fetch(page.found[0]) == workbook


def test_every_figure_is_that_of_a_query(cli):
    cli("run", *REGIONS, "--group-id", "2026-11-15")
    cli.simulator.control(week=1)
    cli("run", *REGIONS, "--group-id", "2026-11-22", "--sns-topic", TOPIC, *MAIL)
    sns, ses = cli.simulator.messages()
    page = " ".join(" ".join(Links(ses["html"]).text).split())
    for row in cli.rows("query", "sheet_environments"):
        name = {"prod": "Prod", "nonprod": "Non-Prod", "unclassified": "Unclassified"}[
            row["environment"]]
        if row["accounts"] == 0:
            continue
        change = f"{row['change'] * 100:+.1f} pp" if abs(row["change"]) >= 0.0005 else "unchanged"
        headline = f"{row['ratio'] * 100:.1f}% ({change})"
        findings = (f"{row['non_compliant']} open, {row['new_findings']} new, "
                    f"{row['reopened_findings']} reopened, {row['resolved_findings']} resolved, "
                    f"{row['gone_findings']} no longer reported")
        assert re.search(rf"^  {name} +{re.escape(headline)}$", sns["message"], re.M)
        assert findings in sns["message"] and findings in page and headline in page
        if name != "Unclassified":
            assert f"{name} {headline}" in sns["subject"]
        after = f"{row['ratio_after_waivers'] * 100:.1f}%"
        assert f"{after} after waivers" in sns["message"] and after in page
    for rule in cli.rows("query", "sheet_attention_rules"):
        assert re.search(rf"^ +{rule['non_compliant']}  {re.escape(rule['rule_group'])}",
                         sns["message"], re.M)
        assert f"{rule['non_compliant']} {rule['rule_group']}" in page
    assert "Nothing is missing: 10 of 10 scopes" in sns["message"]


def test_what_was_not_scanned_is_told(cli):
    cli.simulator.control(deny=1)
    cli("run", *REGIONS, "--group-id", "2026-11-22", "--sns-topic", TOPIC, *MAIL, expect=3)
    sns, ses = cli.simulator.messages()
    missing = cli.rows("query", "sheet_missing")
    assert missing and "incomplete" in sns["subject"]
    for row in missing:
        assert f"- {row['in_words']} ({row['example']})" in sns["message"]
        assert row["in_words"] in "".join(Links(ses["html"]).text)
    assert "It is the first run" in sns["message"]


def test_the_link_fails_after_its_time(cli):
    cli("run", *REGIONS, "--group-id", "2026-11-22", "--sns-topic", TOPIC, "--link-life", "2s")
    link, until = told_of(cli.simulator.messages()[0]["message"])
    assert "X-Amz-Expires=2" in link
    ends = time.mktime(time.strptime(until, "%Y-%m-%dT%H:%M:%SZ")) - time.timezone
    time.sleep(max(0.0, min(5.0, ends + 2.5 - time.time())))
    with pytest.raises(urllib.error.HTTPError) as refused:
        fetch(link)
    assert refused.value.code == 403


def test_a_link_says_that_it_dies_with_its_session(cli):
    keys = cli.simulator.session(cli.simulator.accounts()[0]["Id"])
    cli("run", *REGIONS, "--group-id", "2026-11-22")
    env = {"AWS_ACCESS_KEY_ID": keys["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": keys["SecretAccessKey"],
           "AWS_SESSION_TOKEN": keys["SessionToken"]}
    cli("report", "--sns-topic", TOPIC, env=env)
    (sns,) = cli.simulator.messages()
    assert re.search(r"It works until \S+Z, or less long: it ends with the session that signed it\.",
                     sns["message"])


def test_a_large_workbook_is_not_attached_and_the_mail_says_so(cli, tmp_path):
    cli("run", *REGIONS, "--group-id", "2026-11-22")
    many = ShardFile("2026-11-29", "01", "2026-11-29")
    many.scope("111111111111", "eu-west-1", {
        f"rule-{r}": {("AWS::S3::Bucket", f"{r * 7919 % 104729:x}-{i * 104729 % 999983:x}"):
                      ("NON_COMPLIANT", f"{i * 7919 % 99991:x}") for i in range(2500)}
        for r in range(20)})
    local = Cli(tmp_path / "local", cli.env)
    local.folder.mkdir()
    many.put(local.store)
    local("merge", "--group-id", "2026-11-29", expect=None)
    local("report", *MAIL, "--mail-attach", "--mail-attach-max", "1")
    (ses,) = cli.simulator.messages()
    size = (local.store / "reports/ConfigRule_2026-11-29.xlsx").stat().st_size
    assert size > 1000000 and ses["attachments"] == []
    assert f"It is not attached: {size / 1e6:.1f} MB are more than the 1.0 MB allowed." in ses["text"]


def test_a_directory_has_no_link_but_a_path(cli, tmp_path):
    local = Cli(tmp_path / "local", cli.env)
    local.folder.mkdir()
    local("run", *REGIONS, "--group-id", "2026-11-22", "--sns-topic", TOPIC, *MAIL)
    sns, ses = cli.simulator.messages()
    path = str(local.store / "reports/ConfigRule_2026-11-22.xlsx")
    assert path in sns["message"] and path in ses["text"] and path in ses["html"]
    assert "http" not in sns["message"] and Links(ses["html"]).found == []


def test_a_notice_that_fails_is_said_and_the_report_stays(cli):
    cli("run", *REGIONS, "--group-id", "2026-11-22")
    done = cli("report", "--sns-topic", TOPIC, *MAIL, "--format", "json", expect=3,
               env={"AWS_ENDPOINT_URL_SNS": "http://127.0.0.1:9"})
    row = json.loads(done.stdout)[0]
    assert (row["published"], row["mailed"]) == (0, 1)
    assert "the report is there, but not everybody could be told" in done.stderr
    assert row["report"].endswith("ConfigRule_2026-11-22.xlsx")
    (ses,) = cli.simulator.messages()
    assert fetch(told_of(ses["text"])[0])[:2] == b"PK"


def test_nobody_is_told_of_an_old_run_or_of_a_part(cli):
    for week in ("2026-11-15", "2026-11-22"):
        cli("run", *REGIONS, "--group-id", week)
    cli("report", "--run", "2026-11-15", "--sns-topic", TOPIC)
    assert "--output" in cli("report", "--environment", "prod", "--sns-topic", TOPIC, expect=2).stderr
    told = cli("report", "--environment", "prod", "--output", "prod.xlsx", "--sns-topic", TOPIC)
    assert "prod.xlsx" in told.stdout and (cli.folder / "prod.xlsx").read_bytes()[:2] == b"PK"
    assert cli.simulator.messages() == []
    cli("report", "--account", "nosuch", "--output", "none.xlsx", expect=4)
    assert not (cli.folder / "none.xlsx").exists()
    cli("report", "--mail-from", "a@example.com", expect=2)


class Recorder(http.server.ThreadingHTTPServer):
    """Takes what is sent to SNS and SES as it comes over the wire."""

    def __init__(self):
        self.requests = []
        super().__init__(("127.0.0.1", 0), self.Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            self.server.requests.append((self.path, dict(self.headers), body))
            answer = (b'{"MessageId":"m-1"}' if self.path.startswith("/v2") else
                      b"<PublishResponse><PublishResult><MessageId>m-2</MessageId></PublishResult>"
                      b"</PublishResponse>")
            self.send_response(200)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *arguments):
            pass


def check_shape(service, operation, values):
    """Against the service's own model, as boto3 has it."""
    model = botocore.session.get_session().get_service_model(service).operation_model(operation)
    report = ParamValidator().validate(values, model.input_shape)
    assert not report.has_errors(), report.generate_report()
    unknown = set(values) - set(model.input_shape.members)
    assert not unknown
    return model


def test_requests_are_as_the_models_of_the_services_demand(cli):
    cli("run", *REGIONS, "--group-id", "2026-11-22")
    server = Recorder()
    url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        cli("report", "--sns-topic", TOPIC, *MAIL, "--mail-attach", "--output", "own.xlsx",
            env={"AWS_ENDPOINT_URL_SNS": url, "AWS_ENDPOINT_URL_SESV2": url})
    finally:
        server.shutdown()
    (_, headers, form), (path, ses_headers, body) = server.requests
    values = dict(urllib.parse.parse_qsl(form.decode(), strict_parsing=True))
    assert (values.pop("Action"), values.pop("Version")) == ("Publish", "2010-03-31")
    check_shape("sns", "Publish", values)
    assert "/eu-west-1/sns/aws4_request" in headers["Authorization"]
    mail = json.loads(body)
    for attachment in mail["Content"]["Simple"]["Attachments"]:
        attachment["RawContent"] = base64.b64decode(attachment["RawContent"], validate=True)
    simple = mail["Content"]["Simple"]
    attachments = simple.pop("Attachments")  # newer than some models that boto3 has
    model = check_shape("sesv2", "SendEmail", mail)
    assert path == model.http["requestUri"] and model.http["method"] == "POST"
    assert "/eu-west-1/ses/aws4_request" in ses_headers["Authorization"]
    assert attachments[0]["RawContent"] == (cli.folder / "own.xlsx").read_bytes()
