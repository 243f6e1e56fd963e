"""A stage that is taken down twice leaves nothing, what a run before left behind included; over moto's AWS."""

from __future__ import annotations

from typing import Any

import pytest

pytest.importorskip("moto", reason="needs moto: make setup")

import boto3
import botocore.exceptions
from moto import mock_aws

from froe.deployment import event_sources
from froe.deployment.cloud import Cloud
from froe.deployment.destroy import delete_data_of
from froe.deployment.stages import Stage

ACCOUNT = "123456789012"
REGION = "us-east-1"
RESULTS = f"froe-dev-results-{ACCOUNT}-{REGION}"
TRAIL = f"froe-dev-trail-{ACCOUNT}-{REGION}"
OWN_BUCKET = "froe-dev-logs-of-mine"
STREAM = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/froe-dev-ledger/stream/2"
DEAD_STREAM = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/froe-dev-ledger/stream/1"


def stage(**settings: str) -> Stage:
    return Stage("dev", {"stages": {"dev": {"environment_variables": settings}}}, {})


class NoStacks:
    """A CloudFormation that has deleted them all."""

    def describe_stacks(self, StackName: str) -> None:  # noqa: N803 - AWS's name
        error = {"Error": {"Code": "ValidationError", "Message": f"{StackName} does not exist"}}
        raise botocore.exceptions.ClientError(error, "DescribeStacks")

    def get_paginator(self, _: str) -> Any:
        def paginate(_: Any, StackName: str) -> None:  # noqa: N803 - AWS's name
            self.describe_stacks(StackName)

        return type("Pages", (), {"paginate": paginate})()


@pytest.fixture
def cloud(monkeypatch: pytest.MonkeyPatch) -> Any:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        others: dict[str, Any] = {"cloudformation": NoStacks()}
        yield Cloud(
            lambda service: others.get(service) or boto3.client(service, region_name=REGION), ACCOUNT, REGION
        )


def test_what_a_run_before_left_of_a_deleted_stack_goes_too(cloud: Cloud) -> None:
    s3, kms = cloud.client("s3"), cloud.client("kms")
    for bucket in (RESULTS, TRAIL, OWN_BUCKET):
        s3.create_bucket(Bucket=bucket)
        s3.put_object(Bucket=bucket, Key="a", Body=b"a")
    key = kms.create_key()["KeyMetadata"]
    lines: list[str] = []
    delete_data_of(cloud, stage(KEY_ARN=key["Arn"], INPUT_BUCKET=OWN_BUCKET), lines.append)
    assert kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"]["KeyState"] == "PendingDeletion"
    assert [each["Name"] for each in s3.list_buckets()["Buckets"]] == [OWN_BUCKET], "the user's own stays"
    assert any(f"KMS deletes the key {key['KeyId']} in 7 days" in line for line in lines)
    again: list[str] = []
    delete_data_of(cloud, stage(KEY_ARN=key["Arn"], INPUT_BUCKET=OWN_BUCKET), again.append)
    assert again == []


class Lambda:
    """The mappings of one function, `froe-dev-notifier`; there are no others."""

    def __init__(self, *sources: str) -> None:
        self.sources = list(sources)

    def get_paginator(self, operation: str) -> Any:
        def paginate(_: Any, FunctionName: str) -> Any:  # noqa: N803 - AWS's name
            if FunctionName != "froe-dev-notifier":
                error = {"Error": {"Code": "ResourceNotFoundException", "Message": "no such function"}}
                raise botocore.exceptions.ClientError(error, operation)
            mappings = [{"UUID": each, "EventSourceArn": each, "State": "Enabled"} for each in self.sources]
            return [{"EventSourceMappings": mappings}]

        return type("Pages", (), {"paginate": paginate})()

    def delete_event_source_mapping(self, UUID: str) -> None:  # noqa: N803 - AWS's name
        self.sources.remove(UUID)


def test_the_stream_of_a_table_that_was_deleted_feeds_nobody() -> None:
    functions, lines = Lambda(DEAD_STREAM, STREAM), list[str]()
    event_sources.remove_strays(
        Cloud(lambda _: functions, ACCOUNT, REGION), stage(LEDGER_STREAM_ARN=STREAM), lines.append
    )
    assert functions.sources == [STREAM]
    assert lines == [f"Deleted the mapping of {DEAD_STREAM} to froe-dev-notifier, which is fed from {STREAM}"]
