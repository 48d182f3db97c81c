"""confhouse-sim --policies: roles may do what their IAM policies allow, and AWS's refusals for the rest."""
import json
import urllib.error

import pytest
from botocore.exceptions import ClientError

BUCKET = "confhouse"
READ = {"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": f"arn:aws:s3:::{BUCKET}/open/*"}


def document(*statements):
    return {"Version": "2012-10-17", "Statement": list(statements)}


@pytest.fixture
def held(sim, tmp_path):
    """A simulator whose role `worker` has these statements; and a session of it."""
    def start(*statements, **roles):
        path = tmp_path / "policies.json"
        worker = {"policies": [document(*statements)]} if statements else {}
        path.write_text(json.dumps({"roles": {"worker": worker} | roles}))
        simulator = sim("--accounts", "3", "--rules", "2", "--policies", path)
        account_id = simulator.client("sts").get_caller_identity()["Account"]
        keys = simulator.client("sts").assume_role(
            RoleArn=f"arn:aws:iam::{account_id}:role/worker", RoleSessionName="tests")["Credentials"]
        return simulator, keys, account_id
    return start


def refusal(call, **arguments):
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    error = caught.value.response
    return (error["ResponseMetadata"]["HTTPStatusCode"], error["Error"]["Code"],
            error["Error"]["Message"])


def test_each_service_refuses_in_its_own_words(held):
    simulator, keys, account_id = held()
    who = f"User: arn:aws:sts::{account_id}:assumed-role/worker/tests is not authorized to perform: "

    def client(name):
        return simulator.client(name, keys=keys)
    assert refusal(client("config").describe_config_rules) == (
        400, "AccessDeniedException", who + "config:DescribeConfigRules because no identity-based policy "
        "allows the config:DescribeConfigRules action")
    assert refusal(client("organizations").list_accounts)[:2] == (400, "AccessDeniedException")
    assert refusal(client("resourcegroupstaggingapi").get_resources)[2].startswith(who + "tag:GetRes")
    status, code, message = refusal(client("ec2").describe_regions)
    assert (status, code) == (403, "UnauthorizedOperation") and who in message
    topic = "arn:aws:sns:eu-west-1:111122223333:weekly"
    assert refusal(client("sns").publish, TopicArn=topic, Message="x") == (
        403, "AuthorizationError", f"{who}sns:Publish on resource: {topic} because no identity-based "
        "policy allows the sns:Publish action")
    assert refusal(client("s3").put_object, Bucket=BUCKET, Key="a/b c", Body=b"") == (
        403, "AccessDenied", f'{who}s3:PutObject on resource: "arn:aws:s3:::{BUCKET}/a/b c" because no '
        "identity-based policy allows the s3:PutObject action")
    role = "arn:aws:iam::111122223333:role/configreport-read-role"
    assert refusal(client("sts").assume_role, RoleArn=role, RoleSessionName="xx")[:2] == (
        403, "AccessDenied")
    mail = {"Simple": {"Subject": {"Data": "s"}, "Body": {"Text": {"Data": "t"}}}}
    status, code, message = refusal(
        client("sesv2").send_email, FromEmailAddress="Weekly <a@example.com>", Content=mail,
        Destination={"ToAddresses": ["b@example.com"]})
    assert (status, code) == (403, "AccessDeniedException")
    assert f"arn:aws:ses:eu-west-1:{account_id}:identity/example.com" in message
    assert client("sts").get_caller_identity()["Account"] == account_id  # needs no permission


def test_what_is_allowed_is_done_and_a_deny_wins(held):
    simulator, keys, _ = held(READ, {"Effect": "Deny", "Action": "s3:*",
                                     "Resource": f"arn:aws:s3:::{BUCKET}/open/secret"})
    for key in ("open/a", "open/secret", "closed/a"):
        simulator.client("s3").put_object(Bucket=BUCKET, Key=key, Body=b"x")
    client = simulator.client("s3", keys=keys)
    assert client.get_object(Bucket=BUCKET, Key="open/a")["Body"].read() == b"x"
    assert client.head_object(Bucket=BUCKET, Key="open/a")["ContentLength"] == 1
    assert "explicit deny" in refusal(client.get_object, Bucket=BUCKET, Key="open/secret")[2]
    assert refusal(client.get_object, Bucket=BUCKET, Key="closed/a")[0] == 403


def test_only_who_may_list_learns_that_an_object_is_not_there(held):
    simulator, keys, _ = held(READ)
    client = simulator.client("s3", keys=keys)
    assert refusal(client.get_object, Bucket=BUCKET, Key="open/none")[1] == "AccessDenied"
    listing = {"Effect": "Allow", "Action": "s3:ListBucket", "Resource": f"arn:aws:s3:::{BUCKET}"}
    simulator.get("/_sim/policies", json.dumps(
        {"roles": {"worker": {"policies": [document(READ, listing)]}}}).encode())
    assert refusal(client.get_object, Bucket=BUCKET, Key="open/none")[1] == "NoSuchKey"


def test_parts_and_conditions_need_what_aws_says(held):
    put = {"Effect": "Allow", "Action": "s3:PutObject", "Resource": f"arn:aws:s3:::{BUCKET}/*"}
    simulator, keys, _ = held(put)
    client = simulator.client("s3", keys=keys)
    upload = client.create_multipart_upload(Bucket=BUCKET, Key="big")["UploadId"]
    assert client.upload_part(Bucket=BUCKET, Key="big", UploadId=upload, PartNumber=1, Body=b"x")["ETag"]
    assert refusal(client.abort_multipart_upload, Bucket=BUCKET, Key="big", UploadId=upload)[0] == 403
    assert refusal(client.list_multipart_uploads, Bucket=BUCKET)[0] == 403
    assert refusal(client.copy_object, Bucket=BUCKET, Key="b",
                   CopySource={"Bucket": BUCKET, "Key": "a"})[2].count("s3:GetObject") == 2


def test_a_trust_lets_in_only_those_whom_it_names(held):
    def trust(**conditions):
        return {"trust": document({"Effect": "Allow", "Principal": {"AWS": "*"},
                                   "Action": "sts:AssumeRole", "Condition": conditions})}
    may = {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "*"}
    simulator, keys, account_id = held(
        may, open=trust(ArnLike={"aws:PrincipalArn": "arn:aws:iam::*:role/work*"},
                        StringEquals={"sts:ExternalId": "weekly-7"}),
        other=trust(ArnEquals={"aws:PrincipalArn": "arn:aws:iam::111122223333:role/worker"}),
        outside=trust(StringEquals={"aws:PrincipalOrgID": "o-elsewhere0"}))
    client = simulator.client("sts", keys=keys)

    def assume(role, **more):
        return client.assume_role(RoleArn=f"arn:aws:iam::{account_id}:role/{role}",
                                  RoleSessionName="tests", **more)
    assert assume("open", ExternalId="weekly-7")["Credentials"]
    for role, more in (("open", {}), ("open", {"ExternalId": "weekly-8"}), ("other", {}),
                       ("outside", {})):
        assert refusal(assume, role=role, **more)[:2] == (403, "AccessDenied"), role


def test_documents_that_are_not_understood_are_refused(held):
    simulator, _, _ = held(READ)
    for text in ("", "{}", '{"roles": []}', '{"roles": {"a b": {}}}', json.dumps({"roles": {"r": {
            "policies": [document({"Effect": "Allow", "NotAction": "*", "Resource": "*"})]}}})):
        with pytest.raises(urllib.error.HTTPError):
            simulator.get("/_sim/policies", text.encode() or b" ")
