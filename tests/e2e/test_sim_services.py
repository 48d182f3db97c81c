"""Organizations, S3, SNS, SES and tags of the simulator, as boto3 sees them."""

import hashlib
import json
import re
import time
import urllib.error
import urllib.request

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from conftest import KEY_ID, SECRET, signed_call


def code_of(call, **arguments):
    with pytest.raises(ClientError) as refused:
        call(**arguments)
    return refused.value.response["Error"]["Code"]


# --- Organizations ---------------------------------------------------------------------------


def test_accounts_are_named_and_filed_like_real_ones(sim):
    simulator = sim()
    accounts = simulator.accounts()
    assert len({account["Id"] for account in accounts}) == len(accounts) == 24
    assert sum(account["Status"] == "SUSPENDED" for account in accounts) == 1
    assert any(account["Id"].startswith("0") for account in accounts)
    names = {account["Name"] for account in accounts}
    assert {"payments-prod", "payments-nonprod", "prod-edge-01", "Sandbox Anna"} <= names


def test_the_tree_of_units_holds_each_account_once(sim):
    simulator = sim("--accounts", 60)
    client = simulator.client("organizations")
    (root,) = client.list_roots()["Roots"]
    found, units = [], {}

    def walk(parent, path):
        for page in client.get_paginator("list_accounts_for_parent").paginate(ParentId=parent):
            found.extend((account["Id"], path) for account in page["Accounts"])
        for page in client.get_paginator("list_organizational_units_for_parent").paginate(
                ParentId=parent):
            for unit in page["OrganizationalUnits"]:
                units[unit["Id"]] = unit["Name"]
                assert client.list_parents(ChildId=unit["Id"])["Parents"][0]["Id"] == parent
                walk(unit["Id"], f"{path}/{unit['Name']}")

    walk(root["Id"], root["Name"])
    assert sorted(account_id for account_id, _ in found) == sorted(
        account["Id"] for account in simulator.accounts())
    paths = {path for _, path in found}
    assert {"Root/Workloads/Prod", "Root/Workloads/NonProd", "Root/Suspended"} <= paths
    account_id, _ = found[0]
    parent = client.list_parents(ChildId=account_id)["Parents"][0]
    assert parent == {"Id": root["Id"], "Type": "ROOT"}
    assert client.describe_organization()["Organization"]["MasterAccountId"] == account_id
    for unit_id, name in units.items():
        unit = client.describe_organizational_unit(OrganizationalUnitId=unit_id)
        assert unit["OrganizationalUnit"]["Name"] == name
    tags = client.list_tags_for_resource(ResourceId=account_id)["Tags"]
    assert any(tag["Key"] == "mox.owner" for tag in tags)


# --- Tags and resources ----------------------------------------------------------------------


def test_tags_of_resources_are_told_by_both_apis(sim):
    simulator = sim("--accounts", 1, "--rules", 12, "--regions", "eu-west-1",
                    "--short-pages", "0.3", "--empty-pages", "0.3")
    truth = {row["resource_id"]: row["mox.owner"] for row in simulator.expected("resources")
             if row["resource_type"] == "AWS::S3::Bucket"}
    assert len(truth) > 20 and "" in truth.values()
    tagging = simulator.client("resourcegroupstaggingapi")
    mappings = [mapping for page in tagging.get_paginator("get_resources").paginate(
        ResourceTypeFilters=["s3"], ResourcesPerPage=20) for mapping in page["ResourceTagMappingList"]]
    owners = {mapping["ResourceARN"].rpartition(":")[2]: tag["Value"] for mapping in mappings
              for tag in mapping["Tags"] if tag["Key"] == "mox.owner"}
    assert owners == {name: owner for name, owner in truth.items() if owner}
    config = simulator.client("config")
    results = [json.loads(text) for page in config.get_paginator("select_resource_config").paginate(
        Expression="SELECT resourceId, resourceType, tags WHERE resourceType = 'AWS::S3::Bucket'")
        for text in page["Results"]]
    assert {result["resourceId"]: next(
        (tag["value"] for tag in result["tags"] if tag["key"] == "mox.owner"), "")
        for result in results} == truth
    filtered = tagging.get_resources(TagFilters=[{"Key": "mox.owner", "Values": ["platform"]}],
                                     ResourceTypeFilters=["s3:bucket"])
    assert all({"Key": "mox.owner", "Value": "platform"} in mapping["Tags"]
               for mapping in filtered["ResourceTagMappingList"])
    evaluated = {row["resource_id"] for row in simulator.expected()
                 if row["resource_type"] == "AWS::S3::Bucket"}
    assert evaluated == set(truth)


# --- S3 --------------------------------------------------------------------------------------


@pytest.fixture(params=["memory", "files"])
def store(sim, request, tmp_path):
    return sim(*(() if request.param == "memory" else ("--s3-dir", tmp_path)))


def test_objects_come_back_as_they_were_put(store):
    s3 = store.client("s3")
    key, data = "reports/a b+c/ü&<>.bin", bytes(range(256)) * 40
    put = s3.put_object(Bucket="confhouse", Key=key, Body=data, ContentType="text/x-test",
                        Metadata={"purpose": "a test"}, CacheControl="no-store")
    assert put["ETag"] == f'"{hashlib.md5(data).hexdigest()}"'
    got = s3.get_object(Bucket="confhouse", Key=key)
    assert got["Body"].read() == data
    assert got["ContentType"] == "text/x-test" and got["CacheControl"] == "no-store"
    assert got["Metadata"] == {"purpose": "a test"}
    head = s3.head_object(Bucket="confhouse", Key=key)
    assert head["ContentLength"] == len(data) and head["ETag"] == put["ETag"]
    for wanted, part in (("bytes=10-19", data[10:20]), ("bytes=10200-", data[10200:]),
                         ("bytes=-7", data[-7:])):
        answer = s3.get_object(Bucket="confhouse", Key=key, Range=wanted)
        assert answer["Body"].read() == part
        assert answer["ResponseMetadata"]["HTTPStatusCode"] == 206
    assert code_of(s3.get_object, Bucket="confhouse", Key=key, Range="bytes=99999-") == (
        "InvalidRange")
    s3.put_object(Bucket="confhouse", Key="empty", Body=b"")
    assert s3.get_object(Bucket="confhouse", Key="empty")["Body"].read() == b""
    s3.delete_object(Bucket="confhouse", Key=key)
    s3.delete_object(Bucket="confhouse", Key=key)
    assert code_of(s3.get_object, Bucket="confhouse", Key=key) == "NoSuchKey"
    assert code_of(s3.head_object, Bucket="confhouse", Key=key) == "404"
    assert code_of(s3.list_objects_v2, Bucket="nobody-has-it") == "NoSuchBucket"
    s3.head_bucket(Bucket="confhouse")
    s3.create_bucket(Bucket="another")
    s3.put_object(Bucket="another", Key="k", Body=b"1")


def test_listing_in_pages_and_folders(store):
    s3 = store.client("s3")
    keys = sorted([f"a/{number:03}" for number in range(25)] + ["a.txt", "b/x/1", "b/x/2", "b/y z",
                                                               "ä/1", "z"],
                  key=lambda key: key.encode())
    for key in keys:
        s3.put_object(Bucket="confhouse", Key=key, Body=key.encode())
    pages = list(s3.get_paginator("list_objects_v2").paginate(
        Bucket="confhouse", PaginationConfig={"PageSize": 7}))
    assert [item["Key"] for page in pages for item in page["Contents"]] == keys
    assert [page["KeyCount"] for page in pages] == [7, 7, 7, 7, 3]
    folders = list(s3.get_paginator("list_objects_v2").paginate(
        Bucket="confhouse", Delimiter="/", PaginationConfig={"PageSize": 2}))
    assert [prefix["Prefix"] for page in folders for prefix in page.get("CommonPrefixes", [])] == [
        "a/", "b/", "ä/"]
    assert [item["Key"] for page in folders for item in page.get("Contents", [])] == ["a.txt", "z"]
    below = s3.list_objects_v2(Bucket="confhouse", Prefix="b/", Delimiter="/")
    assert [prefix["Prefix"] for prefix in below["CommonPrefixes"]] == ["b/x/"]
    assert [item["Key"] for item in below["Contents"]] == ["b/y z"]
    after = s3.list_objects_v2(Bucket="confhouse", StartAfter="b/x/1")
    assert [item["Key"] for item in after["Contents"]] == keys[keys.index("b/x/1") + 1:]
    assert code_of(s3.list_objects_v2, Bucket="confhouse", ContinuationToken="QUJD") == (
        "InvalidArgument")


def put_if(s3, header, value, **arguments):
    """put_object, or another call, with a header that this boto3 has no parameter for."""
    def add(params, **_):
        params["headers"][header] = value
    s3.meta.events.register("before-call.s3", add)
    try:
        return getattr(s3, arguments.pop("name", "put_object"))(**arguments)
    finally:
        s3.meta.events.unregister("before-call.s3", add)


def test_conditional_writes(store):
    s3 = store.client("s3")
    target = {"Bucket": "confhouse", "Key": "history/latest.json"}
    assert code_of(put_if, s3=s3, header="If-Match", value='"x"', Body=b"0", **target) == "NoSuchKey"
    first = put_if(s3, "If-None-Match", "*", Body=b"1", **target)
    assert code_of(put_if, s3=s3, header="If-None-Match", value="*", Body=b"2", **target) == (
        "PreconditionFailed")
    second = put_if(s3, "If-Match", first["ETag"], Body=b"3", **target)
    assert code_of(put_if, s3=s3, header="If-Match", value=first["ETag"], Body=b"4", **target) == (
        "PreconditionFailed")
    assert s3.get_object(**target)["Body"].read() == b"3"
    assert s3.get_object(IfMatch=second["ETag"], **target)["Body"].read() == b"3"
    assert code_of(s3.get_object, IfMatch=first["ETag"], **target) == "PreconditionFailed"
    assert code_of(s3.get_object, IfNoneMatch=second["ETag"], **target) == "304"


def test_multipart_uploads(store):
    s3 = store.client("s3")
    target = {"Bucket": "confhouse", "Key": "big/one two.bin"}
    parts = [b"a" * (5 << 20), b"b" * (5 << 20), b"c" * 17]
    upload_id = s3.create_multipart_upload(ContentType="x/y", **target)["UploadId"]
    etags = [s3.upload_part(UploadId=upload_id, PartNumber=number, Body=part, **target)["ETag"]
             for number, part in enumerate(parts, 1)]
    (listed,) = s3.list_multipart_uploads(Bucket="confhouse", Prefix="big/")["Uploads"]
    assert (listed["Key"], listed["UploadId"]) == (target["Key"], upload_id)

    def complete(numbers, use_etags=etags):
        return s3.complete_multipart_upload(UploadId=upload_id, MultipartUpload={
            "Parts": [{"PartNumber": n, "ETag": use_etags[n - 1]} for n in numbers]}, **target)

    assert code_of(complete, numbers=[2, 1]) == "InvalidPartOrder"
    assert code_of(complete, numbers=[1, 2], use_etags=etags[::-1]) == "InvalidPart"
    assert code_of(complete, numbers=[1, 3, 4], use_etags=etags + ['"x"']) == "EntityTooSmall"
    joined = hashlib.md5(b"".join(hashlib.md5(part).digest() for part in parts)).hexdigest()
    assert complete([1, 2, 3])["ETag"] == f'"{joined}-3"'
    assert code_of(complete, numbers=[1, 2, 3]) == "NoSuchUpload"
    got = s3.get_object(**target)
    assert got["Body"].read() == b"".join(parts) and got["ContentType"] == "x/y"
    other = s3.create_multipart_upload(**target)["UploadId"]
    s3.abort_multipart_upload(UploadId=other, **target)
    assert code_of(s3.abort_multipart_upload, UploadId=other, **target) == "NoSuchUpload"
    third = s3.create_multipart_upload(**target)["UploadId"]
    etag = s3.upload_part(UploadId=third, PartNumber=1, Body=b"z", **target)["ETag"]
    assert code_of(put_if, s3=s3, header="If-None-Match", value="*",
                   name="complete_multipart_upload", UploadId=third,
                   MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": etag}]},
                   **target) == "PreconditionFailed"


def test_copies(store):
    s3 = store.client("s3")
    s3.put_object(Bucket="confhouse", Key="from ä", Body=b"copied", ContentType="a/b")
    s3.copy_object(Bucket="confhouse", Key="to", CopySource={"Bucket": "confhouse", "Key": "from ä"})
    got = s3.get_object(Bucket="confhouse", Key="to")
    assert (got["Body"].read(), got["ContentType"]) == (b"copied", "a/b")
    assert code_of(s3.copy_object, Bucket="confhouse", Key="to",
                   CopySource="confhouse/none") == "NoSuchKey"


def fetch(url):
    try:
        with urllib.request.urlopen(url, timeout=20) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as problem:
        return problem.code, problem.read()


def test_links_that_are_signed(store):
    s3 = store.client("s3", config=Config(signature_version="s3v4"))
    target = {"Bucket": "confhouse", "Key": "reports/a b.xlsx"}
    s3.put_object(Body=b"workbook", **target)
    link = s3.generate_presigned_url("get_object", Params=target, ExpiresIn=60)
    assert fetch(link) == (200, b"workbook")
    assert fetch(link.replace("a%20b", "a%20c"))[0] == 403
    assert b"SignatureDoesNotMatch" in fetch(link.replace("Expires=60", "Expires=61"))[1]
    short = s3.generate_presigned_url("get_object", Params=target, ExpiresIn=1)
    time.sleep(2.1)
    status, body = fetch(short)
    assert status == 403 and b"Request has expired" in body
    too_long = s3.generate_presigned_url("get_object", Params=target, ExpiresIn=604801)
    assert fetch(too_long)[0] == 400
    status, body = fetch(store.url + "/confhouse/reports/a%20b.xlsx")
    assert status == 403 and b"AccessDenied" in body


def test_a_link_dies_with_its_session(sim):
    simulator = sim("--accounts", 2, "--session-seconds", 1)
    keys = simulator.session(simulator.accounts()[0]["Id"])
    config = Config(signature_version="s3v4")
    s3 = simulator.client("s3", keys=keys, config=config)
    simulator.client("s3").put_object(Bucket="confhouse", Key="k", Body=b"1")
    link = s3.generate_presigned_url("get_object", Params={"Bucket": "confhouse", "Key": "k"},
                                     ExpiresIn=600)
    assert fetch(link) == (200, b"1")
    deadline = time.monotonic() + 5
    while (answer := fetch(link))[0] == 200 and time.monotonic() < deadline:
        time.sleep(0.2)
    assert answer[0] == 400 and b"ExpiredToken" in answer[1]


def test_digests_are_compared(store):
    s3 = store.client("s3")
    target = {"Bucket": "confhouse", "Key": "k", "Body": b"data"}
    assert code_of(s3.put_object, ContentMD5="AAAAAAAAAAAAAAAAAAAAAA==", **target) == "BadDigest"
    assert code_of(put_if, s3=s3, header="x-amz-checksum-sha256", value="x", **target) == "BadDigest"
    assert code_of(put_if, s3=s3, header="x-amz-checksum-crc32", value="x", **target) == "BadDigest"
    put_if(s3, "x-amz-checksum-crc32", "rfPzYw==", **target)

    for hash_of, expected in ((b"data", "200"), (b"other", "XAmzContentSHA256Mismatch")):
        status, text = signed_call(
            store, "s3", b"data", path="/confhouse/k", method="PUT",
            headers={"X-Amz-Content-SHA256": hashlib.sha256(hash_of).hexdigest()})
        assert expected in (str(status), *re.findall("<Code>(.*)</Code>", text))


def put_in_chunks(simulator, key, chunks, spoil=None):
    """A PUT as the SDKs stream it: each chunk is signed, with the signature before it."""
    size = sum(map(len, chunks))
    signer = SigV4Auth(Credentials(KEY_ID, SECRET), "s3", "eu-west-1")
    request = AWSRequest("PUT", f"{simulator.url}/confhouse/{key}", headers={
        "X-Amz-Content-SHA256": "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
        "X-Amz-Decoded-Content-Length": str(size), "Content-Encoding": "aws-chunked"})
    signer.add_auth(request)
    previous = request.headers["Authorization"].rpartition("Signature=")[2]
    stamp, body = request.headers["X-Amz-Date"], b""
    for at, chunk in enumerate([*chunks, b""]):
        text = "\n".join(["AWS4-HMAC-SHA256-PAYLOAD", stamp,
                          f"{stamp[:8]}/eu-west-1/s3/aws4_request", previous,
                          hashlib.sha256(b"").hexdigest(), hashlib.sha256(chunk).hexdigest()])
        previous = signer.signature(text, request)
        sent = b"X" * len(chunk) if at == spoil else chunk
        body += f"{len(chunk):x};chunk-signature={previous}\r\n".encode() + sent + b"\r\n"
    outgoing = urllib.request.Request(f"{simulator.url}/confhouse/{key}", data=body, method="PUT",
                                      headers=dict(request.headers.items()))
    return fetch(outgoing)


def test_bodies_in_signed_chunks(store):
    chunks = [b"a" * 8192, b"b" * 70000, b"c"]
    assert put_in_chunks(store, "chunks", chunks)[0] == 200
    got = store.client("s3").get_object(Bucket="confhouse", Key="chunks")
    assert got["Body"].read() == b"".join(chunks)
    assert "ContentEncoding" not in got
    status, body = put_in_chunks(store, "other", chunks, spoil=1)
    assert status == 403 and b"SignatureDoesNotMatch" in body
    assert code_of(store.client("s3").head_object, Bucket="confhouse", Key="other") == "404"


def test_files_are_there_again_after_a_restart(sim, tmp_path):
    first = sim("--s3-dir", tmp_path)
    first.client("s3").put_object(Bucket="confhouse", Key="a/../b", Body=b"kept")
    first.close()
    second = sim("--s3-dir", tmp_path)
    s3 = second.client("s3")
    assert [item["Key"] for item in s3.list_objects_v2(Bucket="confhouse")["Contents"]] == ["a/../b"]
    assert s3.get_object(Bucket="confhouse", Key="a/../b")["Body"].read() == b"kept"
    assert not (tmp_path / "b").exists() and not (tmp_path / "confhouse" / "b").exists()


# --- SNS and SES -----------------------------------------------------------------------------


def test_messages_are_kept(sim):
    simulator = sim()
    sns, ses = simulator.client("sns"), simulator.client("sesv2")
    topic = "arn:aws:sns:eu-west-1:123456789012:reports"
    sns.publish(TopicArn=topic, Subject="Run 2026-11-22", Message="done\n& more")
    ses.send_email(FromEmailAddress="a@example.com", Destination={"ToAddresses": ["b@example.com"]},
                   Content={"Simple": {"Subject": {"Data": "Report"},
                                       "Body": {"Text": {"Data": "see ä"}}}})
    published, mailed = simulator.messages()
    assert (published["service"], published["topic_arn"], published["subject"],
            published["message"]) == ("sns", topic, "Run 2026-11-22", "done\n& more")
    assert (mailed["service"], mailed["from"], mailed["to"], mailed["subject"],
            mailed["text"]) == ("ses", "a@example.com", ["b@example.com"], "Report", "see ä")
    for wrong in ({"Subject": "x" * 100}, {"Subject": "two\nlines"}, {"Subject": "ä"},
                  {"Message": "x" * 262145}, {"Message": ""},
                  {"TopicArn": "arn:aws:sns:us-east-1:123456789012:reports"}):
        assert code_of(sns.publish, **{"TopicArn": topic, "Message": "m", **wrong}) == (
            "InvalidParameter")
    sns.publish(TopicArn=topic, Message="x" * 262144)
    assert code_of(ses.send_email, FromEmailAddress="a@example.com", Destination={},
                   Content={"Simple": {"Subject": {"Data": "s"}, "Body": {"Text": {"Data": "t"}}}}
                   ) == "BadRequestException"
    assert len(simulator.messages()) == 3
