"""Buckets beside the stage's own announce their objects to the split queue, and lose nothing of others by it."""

from __future__ import annotations

from typing import Any

import pytest

pytest.importorskip("chalice.cli", reason="needs chalice: make setup")

import botocore.exceptions

from chalicelib.settings import SettingsError
from froe.deployment import others
from froe.deployment.checks.examined import Examined
from froe.deployment.checks.others import check_others
from froe.deployment.cloud import Cloud
from froe.deployment.findings import Verdict
from froe.deployment.stages import Stage, others_of
from froe.errors import FroeError
from froe.resources import ROOT

REGION = "eu-west-1"
ACCOUNT = "123456789012"
QUEUE = f"arn:aws:sqs:{REGION}:{ACCOUNT}:froe-dev-split"
FOREIGN = {
    "Id": "theirs",
    "QueueArn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:theirs",
    "Events": ["s3:ObjectRemoved:*"],
}


class Buckets:
    """S3 with buckets of which some are denied or elsewhere: of each its notifications, in which somebody has an entry."""

    def __init__(self) -> None:
        self.configurations: dict[str, dict[str, Any]] = {}
        self.denied: set[str] = set()
        self.elsewhere: dict[str, str] = {}
        self.made: list[dict[str, Any]] = []

    def client(self, _: str) -> Any:
        return self

    def make(self, *names: str) -> None:
        self.configurations |= {name: {"QueueConfigurations": [FOREIGN]} for name in names}

    def entries(self, bucket: str) -> dict[str, Any]:
        return {each["Id"]: each for each in self.configurations[bucket]["QueueConfigurations"]}

    def head_bucket(self, *, Bucket: str) -> dict[str, Any]:  # noqa: N803 - as boto3 has it
        self._check("HeadBucket", Bucket, "403", "404")
        return {"BucketRegion": self.elsewhere.get(Bucket, REGION)}

    def create_bucket(self, **asked: Any) -> None:
        self.made.append(asked)

    def put_bucket_versioning(self, **asked: Any) -> None:
        self.made.append(asked)

    def get_bucket_notification_configuration(self, *, Bucket: str) -> dict[str, Any]:  # noqa: N803
        self._check("GetBucketNotificationConfiguration", Bucket, "AccessDenied", "NoSuchBucket")
        return {**self.configurations[Bucket], "ResponseMetadata": {}}

    def put_bucket_notification_configuration(
        self,
        *,
        Bucket: str,  # noqa: N803
        NotificationConfiguration: dict[str, Any],  # noqa: N803
        **_: bool,
    ) -> None:
        self._check("PutBucketNotificationConfiguration", Bucket, "AccessDenied", "NoSuchBucket")
        self.configurations[Bucket] = NotificationConfiguration

    def _check(self, operation: str, bucket: str, denied: str, absent: str) -> None:
        code = denied if bucket in self.denied else absent
        if bucket in self.denied or bucket not in self.configurations:
            error: Any = {"Error": {"Code": code, "Message": "no"}}
            raise botocore.exceptions.ClientError(error, operation)


@pytest.fixture
def buckets() -> Buckets:
    return Buckets()


def cloud_of(buckets: Buckets, *, local: bool = False) -> Cloud:
    return Cloud(buckets.client, ACCOUNT, REGION, local=local)


def stage_of(inputs: str, **parameters: str) -> Stage:
    queue = f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/froe-dev-split"
    settings = {"INPUT_BUCKETS": inputs, "SPLIT_QUEUE": queue}
    return Stage("dev", {"stages": {"dev": {"environment_variables": settings}}}, parameters)


def test_each_bucket_gets_one_entry_with_what_s3_can_say_of_its_keys(buckets: Buckets) -> None:
    buckets.make("eu-logs", "web-logs")
    lines: list[str] = []
    stage = stage_of("eu-logs: logs/*.gz, !*.tmp; web-logs")
    for _ in range(2):
        others.announce(cloud_of(buckets), stage, (), lines.append)
    assert len(lines) == 2, "the second time nothing differs"
    entry = buckets.entries("eu-logs")["froe-dev"]
    rules = entry["Filter"]["Key"]["FilterRules"]
    assert entry["QueueArn"] == QUEUE
    assert {each["Name"]: each["Value"] for each in rules} == {"Prefix": "logs/", "Suffix": ".gz"}
    assert buckets.entries("web-logs").keys() == {"theirs", "froe-dev"}


def test_a_bucket_that_is_named_no_longer_loses_our_entry_alone(buckets: Buckets) -> None:
    buckets.make("eu-logs", "web-logs")
    lines: list[str] = []
    others.announce(cloud_of(buckets), stage_of("eu-logs; web-logs"), (), lines.append)
    others.announce(cloud_of(buckets), stage_of("eu-logs"), ("eu-logs", "web-logs", "gone"), lines.append)
    assert lines[2:] == ["Removed Froe's entry from the notifications of the bucket web-logs"]
    assert buckets.entries("web-logs").keys() == {"theirs"}
    assert "froe-dev" in buckets.entries("eu-logs")


def test_what_cannot_be_done_from_here_is_said_and_keeps_nothing_back(buckets: Buckets) -> None:
    buckets.make("far-logs", "partner-logs", "eu-logs")
    buckets.denied, buckets.elsewhere = {"partner-logs"}, {"far-logs": "us-east-1"}
    stage, lines = stage_of("far-logs; partner-logs; eu-logs"), list[str]()
    others.announce(cloud_of(buckets), stage, ("lost-logs",), lines.append)
    assert "far-logs is in us-east-1, from where S3 cannot send to our queue" in lines[0]
    assert (
        f"partner-logs may not be changed from here: ask its owner to let it send s3:ObjectCreated:* to {QUEUE}"
        in lines[1]
    )
    assert "froe-dev" in buckets.entries("eu-logs")
    verdicts = [each.verdict for each in check_others(Examined(cloud_of(buckets), stage, ROOT))]
    assert verdicts == [Verdict.WARNING, Verdict.WARNING, Verdict.OK]
    topic = f"arn:aws:sns:us-east-1:{ACCOUNT}:logs"
    (finding,) = check_others(Examined(cloud_of(buckets), stage_of("far-logs", InputTopicArns=topic), ROOT))
    assert (finding.verdict, finding.what) == (
        Verdict.OK,
        "far-logs is in us-east-1, and a topic there is named",
    )


def test_the_doctor_names_a_bucket_that_announces_to_nobody_or_is_not_there(buckets: Buckets) -> None:
    buckets.make("eu-logs")
    stage = stage_of("eu-logs; lost-logs")
    nobody, lost = check_others(Examined(cloud_of(buckets), stage, ROOT))
    assert (nobody.verdict, nobody.what) == (
        Verdict.FAULT,
        "eu-logs does not announce its objects to this stage",
    )
    assert (
        lost.what == "The bucket lost-logs that INPUT_BUCKETS names does not exist: create it, or remove it"
    )
    with pytest.raises(FroeError, match="lost-logs that INPUT_BUCKETS names does not exist"):
        others.check(cloud_of(buckets), stage)
    others.check(cloud_of(buckets, local=True), stage)
    made, versioned = buckets.made
    assert made == {"Bucket": "lost-logs", "CreateBucketConfiguration": {"LocationConstraint": REGION}}
    assert versioned["VersioningConfiguration"] == {"Status": "Enabled"}


def test_keys_of_other_buckets_are_named_by_their_arns() -> None:
    key = "arn:aws:kms:us-east-1:111122223333:key/0-a"
    assert others_of({"INPUT_KMS_KEYS": f"{key}, "}).keys == (key,)
    with pytest.raises(SettingsError, match="INPUT_KMS_KEYS is 'alias/mine': give ARNs of KMS keys"):
        others_of({"INPUT_KMS_KEYS": "alias/mine"})
