"""A bucket of the user's own is looked at before anything is touched: there, readable, in the stage's region."""

from __future__ import annotations

from typing import Any

import pytest

pytest.importorskip("boto3", reason="needs boto3: make setup")

import botocore.exceptions

from chalicelib.core.plan.keys import KeyPatterns
from froe.deployment import notifications
from froe.deployment.cloud import Cloud
from froe.deployment.existing_bucket import check_bucket
from froe.errors import FroeError


class Bucket:
    """S3 that answers with this status and region."""

    def __init__(self, status: int, region: str | None = None) -> None:
        self._status = status
        self._region = region

    def head_bucket(self, **_: Any) -> dict[str, Any]:
        if self._status != 200:
            error: Any = {
                "Error": {"Code": str(self._status), "Message": "no"},
                "ResponseMetadata": {"HTTPStatusCode": self._status},
            }
            raise botocore.exceptions.ClientError(error, "HeadBucket")
        return {} if self._region is None else {"BucketRegion": self._region}


def checked(status: int, region: str | None = None) -> None:
    s3 = Bucket(status, region)
    check_bucket(
        Cloud(lambda _: s3, "1", "eu-west-1"), "logs", "ExistingInputBucket", "infra/parameters/dev.json"
    )


@pytest.mark.parametrize(
    ("status", "region", "message"),
    [
        (404, None, "logs that ExistingInputBucket names does not exist: make it, or change"),
        (403, None, "may not be read .* give the credentials s3:ListBucket"),
        (400, None, "does not answer"),
        (200, "us-east-1", "is in us-east-1, and the stage is deployed to eu-west-1: deploy to us-east-1"),
    ],
)
def test_a_bucket_that_cannot_be_used_is_said_with_the_remedy(
    status: int, region: str | None, message: str
) -> None:
    with pytest.raises(FroeError, match=message) as caught:
        checked(status, region)
    assert "infra/parameters/dev.json" in caught.value.message


def test_a_bucket_that_is_there_is_taken() -> None:
    checked(200, "eu-west-1")
    checked(200)


QUEUE = "arn:aws:sqs:eu-west-1:1:froe-dev-split"
GONE, ALIVE = "arn:aws:sqs:eu-west-1:1:long-gone", "arn:aws:lambda:eu-west-1:1:function:theirs"
THEIRS = {
    "QueueConfigurations": [{"Id": "a", "QueueArn": GONE, "Events": ["s3:ObjectRemoved:*"]}],
    "LambdaFunctionConfigurations": [
        {"Id": "b", "LambdaFunctionArn": ALIVE, "Events": ["s3:ObjectRemoved:*"]}
    ],
}
REFUSAL = "Unable to validate the following destination configurations"


class Notified:
    """S3 that looks at the targets of a bucket's notifications, as AWS does; `gone` does not exist.

    details: how it names them: beside the message, in it, or not at all."""

    def __init__(self, *gone: str, details: str = "beside", other: str = "") -> None:
        self.stored: dict[str, Any] = THEIRS
        self._gone = gone
        self._details = details
        self._other = other

    def get_bucket_notification_configuration(self, **_: Any) -> dict[str, Any]:
        return {**self.stored, "ResponseMetadata": {}}

    def put_bucket_notification_configuration(
        self,
        *,
        Bucket: str,  # noqa: N803 - boto3's name
        NotificationConfiguration: dict[str, Any],  # noqa: N803 - as above
        SkipDestinationValidation: bool = False,  # noqa: N803 - as above
    ) -> None:
        if self._other:
            raise self._refused({"Message": self._other})
        if self._gone and not SkipDestinationValidation:
            details = {"Message": REFUSAL}
            if self._details == "in":
                details = {"Message": f"{REFUSAL}: {', '.join(self._gone)}."}
            elif self._details == "beside":
                for number, arn in enumerate(self._gone, 1):
                    details |= {
                        f"ArgumentName{number}": arn,
                        f"ArgumentValue{number}": "The destination queue does not exist",
                    }
            raise self._refused(details)
        self.stored = NotificationConfiguration

    @staticmethod
    def _refused(details: dict[str, str]) -> botocore.exceptions.ClientError:
        error: Any = {"Error": {"Code": "InvalidArgument", **details}}
        return botocore.exceptions.ClientError(error, "PutBucketNotificationConfiguration")


def announced(s3: Notified) -> list[str]:
    lines: list[str] = []
    cloud = Cloud(lambda _: s3, "1", "eu-west-1")
    assert notifications.announce(cloud, "logs", "dev", "queue", QUEUE, lines.append)
    return lines


@pytest.mark.parametrize("details", ["beside", "in"])
def test_a_target_of_others_that_is_gone_does_not_keep_our_notification_out(details: str) -> None:
    s3 = Notified(GONE, details=details)
    (line,) = announced(s3)
    assert f"S3 cannot reach {GONE}, a target of another notification of the bucket logs" in line
    assert {each["QueueArn"] for each in s3.stored["QueueConfigurations"]} == {GONE, QUEUE}
    assert s3.stored["LambdaFunctionConfigurations"] == THEIRS["LambdaFunctionConfigurations"]


def test_targets_that_are_there_are_not_spoken_of() -> None:
    assert announced(Notified()) == []


@pytest.mark.parametrize(
    ("s3", "message"),
    [
        (Notified(QUEUE), f"see that {QUEUE} is there and may be sent to by S3"),
        (Notified(GONE, QUEUE), f"see that {QUEUE}, {GONE} are there"),
        (Notified(GONE, details="not"), f"see that {ALIVE}, {GONE} are there"),
        (Notified(other="Configurations overlap"), "no other entry announces the same objects"),
    ],
    ids=["ours", "ours too", "unnamed", "overlap"],
)
def test_what_s3_refuses_names_the_target_that_has_to_be_looked_at(s3: Notified, message: str) -> None:
    with pytest.raises(FroeError, match="S3 does not take our notification of the bucket logs") as caught:
        announced(s3)
    assert message in caught.value.message
    assert s3.stored == THEIRS


def test_our_entry_is_narrowed_to_the_keys_that_are_logs() -> None:
    keys = KeyPatterns("logs/*.gz, !*.tmp.gz")
    made = notifications.merged(THEIRS, "dev", "queue", QUEUE, keys)
    entry = made["QueueConfigurations"][-1]
    assert entry["QueueArn"] == QUEUE
    assert entry["Filter"]["Key"]["FilterRules"] == [
        {"Name": "Prefix", "Value": "logs/"},
        {"Name": "Suffix", "Value": ".gz"},
    ]
    again = notifications.merged(made, "dev", "queue", QUEUE, keys)
    assert again == made
    assert "Filter" not in notifications.merged(made, "dev", "queue", QUEUE)["QueueConfigurations"][-1]
