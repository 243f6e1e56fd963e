"""The package, unzipped, does the whole work on a local AWS: every handler under the real runtime client, with nothing
to import but what is in it."""

from __future__ import annotations

import base64
import hashlib
import json
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("chalice.cli", reason="needs chalice: make setup")
pytest.importorskip("ministack", reason="needs ministack: make setup")

from froe.resources import read_template
from froe.templates import CAPABILITIES
from tests.integration.support import SCHEDULED
from tests.local_aws import ACCOUNT, BareAws, bare_aws
from tests.packages import build
from tests.runtime_api import REGION, Invocation, imports_by_package, interpreter, invoke

pytestmark = pytest.mark.local_aws
KEY = "uploads/a b.log"
LINES = 40
TEXT = "".join(
    f'127.0.0.1 - - [01/Jan/2026:00:00:{n:02d} +0000] "GET /{n} HTTP/1.1" 200 7\n' for n in range(LINES)
)
TOKEN = "a-token"
HEALTH = {"AWS_ENDPOINT_URL": "http://127.0.0.1:9"}


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("package")
    with zipfile.ZipFile(build()) as archive:
        archive.extractall(folder)
    return folder


class Cloud:
    """The data stack on a local AWS of its own, with no function deployed there."""

    def __init__(self, aws: BareAws) -> None:
        self.client = aws.client
        template = read_template()
        cloudformation = self.client("cloudformation")
        cloudformation.create_stack(
            StackName="froe-local",
            TemplateBody=template.body,
            Capabilities=CAPABILITIES,
            Parameters=[{"ParameterKey": "Stage", "ParameterValue": "local"}],
        )
        cloudformation.get_waiter("stack_create_complete").wait(
            StackName="froe-local", WaiterConfig={"Delay": 1, "MaxAttempts": 60}
        )
        outputs = cloudformation.describe_stacks(StackName="froe-local")["Stacks"][0]["Outputs"]
        self.settings = {
            **{
                template.settings[each["OutputKey"]]: each["OutputValue"]
                for each in outputs
                if each["OutputKey"] in template.settings
            },
            "API_TOKEN_SHA256": hashlib.sha256(TOKEN.encode()).hexdigest(),
            "AWS_ENDPOINT_URL": aws.endpoint,
            "SPLIT_BYTES": "1024",
            "SPLIT_DELAY_SECONDS": "0",
        }

    def receive(self, queue: str) -> dict[str, Any]:
        """All messages of a queue as the event that Lambda makes of them."""
        sqs, records = self.client("sqs"), []
        while received := sqs.receive_message(
            QueueUrl=self.settings[queue],
            MaxNumberOfMessages=10,
            AttributeNames=["All"],
            MessageAttributeNames=["All"],
            WaitTimeSeconds=0 if records else 5,
        ).get("Messages"):
            records += [
                {
                    "messageId": message["MessageId"],
                    "receiptHandle": message["ReceiptHandle"],
                    "body": message["Body"],
                    "attributes": message["Attributes"],
                    "messageAttributes": {},
                    "md5OfBody": message["MD5OfBody"],
                    "eventSource": "aws:sqs",
                    "eventSourceARN": f"arn:aws:sqs:{REGION}:{ACCOUNT}:{self.settings[queue].rsplit('/', 1)[-1]}",
                    "awsRegion": REGION,
                }
                for message in received
            ]
        assert records, f"{queue} is empty"
        return {"Records": records}

    def stream(self) -> dict[str, Any]:
        """What the ledger's stream holds, as the event that Lambda makes of it."""
        streams, arn = self.client("dynamodbstreams"), self.settings["LEDGER_STREAM_ARN"]
        records = []
        for shard in streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]:
            start = streams.get_shard_iterator(
                StreamArn=arn, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
            )
            records += streams.get_records(ShardIterator=start["ShardIterator"])["Records"]
        event = {"Records": [{**each, "eventSourceARN": arn} for each in records]}
        return json.loads(json.dumps(event, default=_as_lambda_has_it))


def _as_lambda_has_it(value: Any) -> Any:
    return base64.b64encode(value).decode() if isinstance(value, bytes) else value.timestamp()


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    with bare_aws(tmp_path_factory.mktemp("emulator")) as aws:
        yield Cloud(aws)


def request(path: str, resource: str, **parameters: str) -> dict[str, Any]:
    """A GET as API Gateway hands it on."""
    return {
        "resource": resource,
        "path": path,
        "httpMethod": "GET",
        "headers": {"Accept": "application/json"},
        "multiValueHeaders": {},
        "queryStringParameters": None,
        "multiValueQueryStringParameters": None,
        "pathParameters": parameters or None,
        "stageVariables": None,
        "requestContext": {
            "resourcePath": resource,
            "httpMethod": "GET",
            "path": path,
            "requestId": "c6af9ac6",
            "identity": {"sourceIp": "127.0.0.1"},
        },
        "body": None,
        "isBase64Encoded": False,
    }


def uploaded(cloud: Cloud) -> dict[str, Any]:
    bucket = cloud.settings["INPUT_BUCKET"]
    done = cloud.client("s3").put_object(Bucket=bucket, Key=KEY, Body=TEXT.encode())
    return {
        "Records": [
            {
                "eventVersion": "2.1",
                "eventSource": "aws:s3",
                "awsRegion": REGION,
                "eventTime": "2026-01-01T00:00:00.000Z",
                "eventName": "ObjectCreated:Put",
                "s3": {
                    "s3SchemaVersion": "1.0",
                    "bucket": {"name": bucket, "arn": f"arn:aws:s3:::{bucket}"},
                    "object": {
                        "key": KEY.replace(" ", "+"),
                        "size": len(TEXT),
                        "eTag": done["ETag"].strip('"'),
                        "versionId": done["VersionId"],
                    },
                },
            }
        ]
    }


def test_the_runtime_has_nothing_to_import_but_its_client() -> None:
    script = "import importlib.metadata as m; print(*sorted(d.name for d in m.distributions()))"
    done = subprocess.run([interpreter(), "-I", "-c", script], capture_output=True, text=True, check=True)
    assert set(done.stdout.split()) <= {
        "awslambdaric",
        "pip",
        "setuptools",
        "simplejson",
        "snapshot-restore-py",
    }


def test_a_file_goes_through_every_handler_of_the_package(
    package: Path, cloud: Cloud, capsys: pytest.CaptureFixture[str]
) -> None:
    seen: dict[str, Invocation] = {}

    def run(function: str, event: Any, *, handler: str | None = None) -> Any:
        seen[function] = invoke(package, function, event, cloud.settings, handler=handler)
        return seen[function].answer

    assert run("splitter", uploaded(cloud)) is None
    splits = cloud.receive("SPLIT_QUEUE")
    assert len(splits["Records"]) > 1
    assert run("queued_splitter", splits) == {"batchItemFailures": []}
    batches = cloud.receive("BATCH_QUEUE")
    assert run("worker", batches) == {"batchItemFailures": []}
    file_id = json.loads(batches["Records"][0]["body"])["file_id"]
    event = request(f"/files/{file_id}", "/files/{file_id}", file_id=file_id)
    answer = run("api_handler", event, handler="app.app")
    assert answer["statusCode"] == 200
    file = json.loads(answer["body"])
    assert (file["state"], file["parsed"]["lines"], file["key"]) == ("COMPLETE", LINES, KEY)
    assert run("notifier", cloud.stream()) == {"batchItemFailures": []}
    cloud.client("sqs").send_message(QueueUrl=cloud.settings["DEAD_LETTER_QUEUE"], MessageBody="not a batch")
    assert run("dead_letter_consumer", cloud.receive("DEAD_LETTER_QUEUE")) == {"batchItemFailures": []}
    assert not any(run("sweeper", SCHEDULED).values())
    kept = cloud.client("s3").list_objects_v2(Bucket=cloud.settings["QUARANTINE_BUCKET"])
    assert kept["KeyCount"] == 1
    with capsys.disabled():
        sys.stdout.write(cold_starts(seen, package))


@pytest.mark.parametrize(("token", "allowed"), [(TOKEN, "Allow"), ("another", "Deny")])
def test_the_authorizer_needs_no_aws(package: Path, token: str, allowed: str) -> None:
    settings = {**HEALTH, "API_TOKEN_SHA256": hashlib.sha256(TOKEN.encode()).hexdigest()}
    arn = f"arn:aws:execute-api:{REGION}:{ACCOUNT}:abc/api/GET/files"
    event = {"type": "TOKEN", "authorizationToken": f"Bearer {token}", "methodArn": arn}
    answer = invoke(package, "authorizer", event, settings).answer
    (statement,) = answer["policyDocument"]["Statement"]
    assert statement["Effect"] == "Allow"
    assert bool(statement["Resource"]) == (allowed == "Allow")


def test_the_api_answers_that_it_is_well_without_any_resources(package: Path) -> None:
    answer = invoke(package, "api_handler", request("/health", "/health"), HEALTH, handler="app.app").answer
    assert (answer["statusCode"], json.loads(answer["body"])) == (200, {"status": "ok"})


def cold_starts(seen: dict[str, Invocation], package: Path) -> str:
    """For whoever reads: what a cold start takes here, where the processor is shared and nothing was loaded before."""
    lines = ["", f"{'function':<22}{'import, ms':>12}{'first event, ms':>17}"]
    for function, invocation in seen.items():
        lines.append(f"{function:<22}{invocation.ready_ms:>12.0f}{invocation.handled_ms:>17.0f}")
    spent = imports_by_package(package, HEALTH)
    lines.append("importing: " + ", ".join(f"{name} {ms:.0f}" for name, ms in spent.most_common(8)) + " ms")
    return "\n".join([*lines, ""])
