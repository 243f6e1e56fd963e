"""The templates on the local AWS: made as they are, each way in announces uploads, wrong values are refused."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("ministack", reason="needs ministack: make setup")

from chalicelib.core.wire.notifications import Announced, announced_in_body
from froe.deployment import stacks
from froe.deployment.cloud import local_cloud
from froe.deployment.deploy import settings_in
from froe.deployment.templates import load
from froe.errors import FroeError
from froe.local import emulator
from froe.resources import ROOT
from froe.templates import CAPABILITIES, read_body
from tests.local_aws import bare_aws
from tests.templates import of_type, read

Client = Callable[[str], Any]
KEY = "uploads/a b.log"
WAYS = ("queue", "topic", "eventbridge")


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """Clients of an emulator without anything in it."""
    with bare_aws(tmp_path_factory.mktemp("emulator")) as aws:
        yield aws.client


def made(client: Client, stage: str, **parameters: str) -> dict[str, str]:
    template = load("data", ROOT, local=True)
    assert template is not None
    cloud = local_cloud(client, emulator.REGION)
    return settings_in(stacks.create_or_update(cloud, stage, template, parameters, print), ROOT)


def announced(client: Client, settings: dict[str, str]) -> set[str]:
    """The keys of which the split queue has heard."""
    client("s3").put_object(Bucket=settings["INPUT_BUCKET"], Key=KEY, Body=b"a line\n")
    sqs, keys = client("sqs"), set()
    for _ in range(5):
        messages = sqs.receive_message(
            QueueUrl=settings["SPLIT_QUEUE"], MaxNumberOfMessages=10, WaitTimeSeconds=1
        )
        keys |= {
            each.key
            for message in messages.get("Messages", ())
            for each in announced_in_body(message["Body"])
            if isinstance(each, Announced)
        }
        if keys:
            break
    return keys


@pytest.mark.parametrize("way", WAYS)
def test_an_upload_reaches_the_split_queue(client: Client, way: str) -> None:
    assert announced(client, made(client, way, Ingest=way)) == {KEY}


def test_where_chalice_announces_the_template_announces_nothing(client: Client) -> None:
    settings = made(client, "direct")
    configuration = client("s3").get_bucket_notification_configuration(Bucket=settings["INPUT_BUCKET"])
    assert not {name for name in configuration if name.endswith(("Configurations", "Configuration"))}


def test_the_way_in_can_be_changed(client: Client) -> None:
    """A value that is not given keeps what the stack has."""
    settings = made(client, "change", Ingest="queue", RecoveryDays="7")
    assert made(client, "change", Ingest="topic") == settings
    assert announced(client, settings) == {KEY}


def test_a_bucket_of_the_users_is_not_touched(client: Client) -> None:
    client("s3").create_bucket(Bucket="company-logs")
    settings = made(client, "brought", Ingest="queue", ExistingInputBucket="company-logs")
    assert settings["INPUT_BUCKET"] == "company-logs"
    configuration = client("s3").get_bucket_notification_configuration(Bucket="company-logs")
    assert not {name for name in configuration if name.endswith(("Configurations", "Configuration"))}
    buckets = {bucket["Name"] for bucket in client("s3").list_buckets()["Buckets"]}
    assert not {name for name in buckets if name.startswith("froe-brought-input")}


def test_observability_is_made_but_for_what_the_local_aws_does_not_know(
    client: Client, tmp_path: Path
) -> None:
    made(client, "seen")
    body = read_body(ROOT / "infra" / "observability.json", local=True)
    cloudformation = client("cloudformation")
    cloudformation.create_stack(
        StackName="froe-seen-observability",
        TemplateBody=body.text,
        Capabilities=CAPABILITIES,
        Parameters=[{"ParameterKey": "Stage", "ParameterValue": "seen"}],
    )
    cloudformation.get_waiter("stack_create_complete").wait(
        StackName="froe-seen-observability", WaiterConfig={"Delay": 0.1, "MaxAttempts": 300}
    )
    template = read("observability")
    there = {alarm["AlarmName"] for alarm in client("cloudwatch").describe_alarms()["MetricAlarms"]}
    assert there == {
        properties["AlarmName"]["Fn::Sub"].replace("${Stage}", "seen")
        for name, properties in of_type(template, "AWS::CloudWatch::Alarm").items()
        if name not in body.left_out
    }
    assert set(body.left_out) > set(of_type(template, "AWS::Logs::QueryDefinition"))
    groups = client("logs").describe_log_groups(logGroupNamePrefix="/aws/lambda/froe-seen")["logGroups"]
    assert {group["retentionInDays"] for group in groups} == {365}
    assert len(groups) == len(of_type(template, "AWS::Logs::LogGroup"))
    assert (
        "froe-seen-worker" in client("cloudwatch").get_dashboard(DashboardName="froe-seen")["DashboardBody"]
    )


@pytest.mark.parametrize(
    ("parameters", "remedy"),
    [
        ({"SplitMaxReceives": "3"}, "SplitMaxReceives must be 5 or more"),
        ({"Ingest": "both"}, "Ingest"),
        ({"AccessLogsBucket": "froe-x-input-1-us-east-1"}, "a bucket other than the input bucket"),
        (
            {"ExistingInputBucket": "mine", "AccessLogsBucket": "mine"},
            "AccessLogsBucket must not be the input bucket",
        ),
        ({"ReplicaBucketArn": "arn:aws:s3:::copy"}, "ReplicaBucketArn needs ReplicaKeyArn"),
        ({"SourceRetentionSeconds": "1209600"}, "at least 4 days less than the dead-letter queue's 14"),
        ({"NoticesEmail": "nobody"}, "an e-mail address, or nothing"),
    ],
    ids=lambda part: ",".join(part) if isinstance(part, dict) else "",
)
def test_a_wrong_value_is_refused_with_its_remedy(
    client: Client, parameters: dict[str, str], remedy: str
) -> None:
    with pytest.raises(FroeError, match=remedy):
        made(client, "wrong", **parameters)
