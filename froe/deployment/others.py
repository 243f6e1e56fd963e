"""Further input buckets: whether they can be read, and the one entry by which each announces its objects.

Promise: entries of others in a bucket's notifications stay; a bucket that is no longer named loses Froe's entry. They
announce to the split queue, whatever INGEST is. Limits: S3 sends only to queues of its own region, and only the owner of
a bucket may change its notifications: what cannot be done from here is reported, and until then the sweeper finds the objects.
"""

from collections.abc import Iterable, Iterator
from typing import Any, Final, NamedTuple

import botocore.exceptions

from chalicelib.settings import other_inputs
from froe.deployment import notifications
from froe.deployment.cloud import Cloud
from froe.deployment.stages import DIRECT, Stage
from froe.errors import FroeError
from froe.resources import Report

PARAMETER: Final = "OtherInputBuckets"
WAY_IN: Final = "queue"
GUIDE: Final = "docs/deployment.md says how"
_DENIED: Final = {"403", "AccessDenied", "AllAccessDisabled"}
_ABSENT: Final = {"404", "NoSuchBucket"}


class Other(NamedTuple):
    """A bucket as it is seen from here. region: None where it may not be looked at."""

    bucket: str
    region: str | None


def seen(cloud: Cloud, bucket: str) -> Other:
    """FroeError for one that there is not."""
    try:
        reply = cloud.client("s3").head_bucket(Bucket=bucket)
    except botocore.exceptions.ClientError as error:
        code = error.response["Error"]["Code"]
        if code in _ABSENT:
            raise FroeError(
                f"The bucket {bucket} that INPUT_BUCKETS names does not exist: create it, or remove it."
            ) from error
        if code in _DENIED:
            return Other(bucket, None)
        raise
    return Other(bucket, reply.get("BucketRegion", cloud.region))


def check(cloud: Cloud, stage: Stage) -> None:
    """FroeError where one of them does not exist; a local AWS, which nobody else fills, gets it made."""
    for bucket in stage.others.buckets:
        try:
            seen(cloud, bucket)
        except FroeError:
            if not cloud.local:
                raise
            where: dict[str, Any] = (
                {}
                if cloud.region == "us-east-1"
                else {"CreateBucketConfiguration": {"LocationConstraint": cloud.region}}
            )
            cloud.client("s3").create_bucket(Bucket=bucket, **where)
            cloud.client("s3").put_bucket_versioning(
                Bucket=bucket, VersioningConfiguration={"Status": "Enabled"}
            )


def announce(cloud: Cloud, stage: Stage, before: Iterable[str], report: Report) -> None:
    """Bring our entries in the buckets to what the settings say. before: buckets that were named until now."""
    target = queue_of(cloud, stage)
    for bucket, keys in other_inputs(stage.settings).items():
        reason = unreachable(cloud, stage, seen(cloud, bucket))
        if reason:
            report(reason)
            continue
        try:
            if notifications.announce(cloud, bucket, stage.name, WAY_IN, target, report, keys):
                report(f"Brought the notifications of the bucket {bucket} up to date; entries of others stay")
        except botocore.exceptions.ClientError as error:
            if error.response["Error"]["Code"] not in _DENIED:
                raise
            report(_to_be_asked_for(bucket, target))
    for bucket in sorted(set(before) - set(stage.others.buckets)):
        withdraw(cloud, stage, bucket, report)


def withdraw(cloud: Cloud, stage: Stage, bucket: str, report: Report) -> None:
    """Take our entry out of a bucket, as far as it is there and may be changed."""
    try:
        current = notifications.read(cloud, bucket)
        remaining = notifications.merged(current, stage.name, DIRECT, queue_of(cloud, stage))
        if remaining != current:
            cloud.client("s3").put_bucket_notification_configuration(
                Bucket=bucket, NotificationConfiguration=remaining, SkipDestinationValidation=True
            )
            report(f"Removed Froe's entry from the notifications of the bucket {bucket}")
    except botocore.exceptions.ClientError as error:
        code = error.response["Error"]["Code"]
        if code in _ABSENT:
            return
        if code not in _DENIED:
            raise
        report(
            f"Our entry {notifications.entry_id(stage.name)} may not be removed from the bucket {bucket}: ask its owner"
        )


def unreachable(cloud: Cloud, stage: Stage, other: Other) -> str:
    """Why no entry of ours can be in a bucket, where that is so, and no topic is known to stand in for it."""
    if other.region in (None, cloud.region):
        return ""
    topics = stage.parameters.get("InputTopicArns", "").split(",")
    if any(topic.split(":")[3:4] == [other.region] for topic in topics):
        return ""
    return (
        f"The bucket {other.bucket} is in {other.region}, from where S3 cannot send to our queue: let it announce to a "
        f"topic there, and name that in InputTopicArns ({GUIDE}); until then the sweeper finds its objects"
    )


def queue_of(cloud: Cloud, stage: Stage) -> str:
    """The ARN of the split queue."""
    return cloud.arn("sqs", stage.settings["SPLIT_QUEUE"].rsplit("/", 1)[-1])


def ways_in(cloud: Cloud, stage: Stage) -> Iterator[tuple[Other, list[str] | None]]:
    """Each of them with the ways by which its entries reach the stage; None where they may not be seen."""
    for bucket in stage.others.buckets:
        other = seen(cloud, bucket)
        try:
            current = notifications.read(cloud, bucket)
        except botocore.exceptions.ClientError as error:
            if error.response["Error"]["Code"] not in _DENIED:
                raise
            yield other, None
            continue
        yield other, notifications.ways_in(current, {queue_of(cloud, stage): WAY_IN})


def _to_be_asked_for(bucket: str, target: str) -> str:
    return (
        f"The notifications of the bucket {bucket} may not be changed from here: ask its owner to let it send "
        f"s3:ObjectCreated:* to {target} ({GUIDE}); until then the sweeper finds its objects"
    )
