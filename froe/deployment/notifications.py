"""How the user's own input bucket announces its objects: one entry of Froe's among the existing ones.

Promise: entries of others in the bucket's notifications stay; Froe's is identified by its id. Limits: with
`direct` Chalice writes the entry; for a bucket that the stack made, the template does.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import botocore.exceptions

from chalicelib.core.plan.keys import EVERY_KEY, KeyPatterns
from froe.deployment.cloud import Cloud
from froe.errors import FroeError
from froe.resources import Report

EVENTS: Final = ("s3:ObjectCreated:*",)
KINDS: Final[Mapping[str, str]] = {
    "queue": "QueueConfigurations",
    "topic": "TopicConfigurations",
    "function": "LambdaFunctionConfigurations",
}
"""Where S3 keeps the entries of each kind of target."""
TARGETS: Final[Mapping[str, str]] = {
    "QueueConfigurations": "QueueArn",
    "TopicConfigurations": "TopicArn",
    "LambdaFunctionConfigurations": "LambdaFunctionArn",
}
EVENTBRIDGE: Final = "EventBridgeConfiguration"


def entry_id(stage: str) -> str:
    """What our entry is called."""
    return f"froe-{stage}"


def merged(
    current: Mapping[str, Any], stage: str, ingest: str, target_arn: str, keys: KeyPatterns = EVERY_KEY
) -> dict[str, Any]:
    """A bucket's notifications with our one entry for this way in, and no other of ours.

    `target_arn` is a queue's or a topic's; keys: which are logs, as far as S3 can say it. EventBridge, which has no entries, is switched on and never off: others
    may listen too.
    """
    ours = entry_id(stage)
    result: dict[str, Any] = {}
    for kind in TARGETS:
        foreign = [each for each in current.get(kind, ()) if each.get("Id") != ours]
        if foreign:
            result[kind] = foreign
    if ingest == "eventbridge" or EVENTBRIDGE in current:
        result[EVENTBRIDGE] = {}
    if ingest in {"queue", "topic"}:
        kind = KINDS[ingest]
        entry = {"Id": ours, TARGETS[kind]: target_arn, "Events": list(EVENTS), **filter_of(keys)}
        result[kind] = [*result.get(kind, ()), entry]
    return result


def filter_of(keys: KeyPatterns) -> dict[str, Any]:
    """The filter of an entry, in S3's form; nothing where S3 can say nothing of the keys."""
    rules = [
        {"Name": name, "Value": value}
        for name, value in (("Prefix", keys.prefix), ("Suffix", keys.suffix))
        if value
    ]
    return {"Filter": {"Key": {"FilterRules": rules}}} if rules else {}


def restored(
    current: Mapping[str, Any], stage: str, ingest: str, target_arn: str, own_targets: Mapping[str, str]
) -> Mapping[str, Any]:
    """The notifications of a bucket that the stack made, as they are if they reach the stage in this way alone, else
    fixed. `own_targets`: as in `ways_in`. In the way `direct` Chalice writes them."""
    expected = [] if ingest == "eventbridge" else [ingest]
    switched_on = ingest != "eventbridge" or EVENTBRIDGE in current
    if ingest == "direct" or (ways_in(current, own_targets) == expected and switched_on):
        return current
    foreign = {
        kind: [each for each in current.get(kind, ()) if each[target] not in own_targets]
        for kind, target in TARGETS.items()
    }
    kept = {EVENTBRIDGE: current[EVENTBRIDGE]} if EVENTBRIDGE in current else {}
    return merged({**foreign, **kept}, stage, ingest, target_arn)


def announce(
    cloud: Cloud,
    bucket: str,
    stage: str,
    ingest: str,
    target_arn: str,
    report: Report = lambda _: None,
    keys: KeyPatterns = EVERY_KEY,
) -> bool:
    """Bring the bucket's notifications to that; False if they were so. FroeError if S3 refuses them."""
    current = read(cloud, bucket)
    expected = merged(current, stage, ingest, target_arn, keys)
    if expected == current:
        return False
    put(cloud, bucket, expected, target_arn, report)
    return True


def put(cloud: Cloud, bucket: str, expected: Mapping[str, Any], target_arn: str, report: Report) -> None:
    """Write the bucket's notifications, where `target_arn` is ours. FroeError if S3 refuses them.

    S3 looks at every target of the bucket: one of somebody else's that is gone would keep ours out. It stays as it is,
    and is reported."""
    try:
        _put(cloud, bucket, expected)
    except botocore.exceptions.ClientError as error:
        others = _targets(expected) - {target_arn}
        refused = {each for each in others | {target_arn} if each in _said_of(error)}
        if not refused or target_arn in refused:
            raise FroeError(_refusal(bucket, error, sorted(refused or others))) from error
        _put(cloud, bucket, expected, SkipDestinationValidation=True)
        report(
            f"S3 cannot reach {', '.join(sorted(refused))}, a target of another notification of the bucket {bucket}: "
            "that stays as it is; remove it if nobody needs it"
        )


def _put(cloud: Cloud, bucket: str, expected: Mapping[str, Any], **options: bool) -> None:
    cloud.client("s3").put_bucket_notification_configuration(
        Bucket=bucket, NotificationConfiguration=expected, **options
    )


def _targets(current: Mapping[str, Any]) -> set[str]:
    return {str(each[target]) for kind, target in TARGETS.items() for each in current.get(kind, ())}


def _said_of(error: botocore.exceptions.ClientError) -> set[str]:
    """All that S3 says: the targets that it cannot reach stand beside the message, as ArgumentName1, ArgumentName2 …"""
    details = [str(value) for value in error.response["Error"].values()]
    return {word.strip("\"',.;()") for text in details for word in text.split()}


def _refusal(bucket: str, error: botocore.exceptions.ClientError, targets: Sequence[str]) -> str:
    reason = error.response["Error"]["Message"].rstrip(".")
    remedy = "see that no other entry announces the same objects"
    if "destination" in reason.lower() and targets:
        remedy = f"see that {', '.join(targets)} {'is' if len(targets) == 1 else 'are'} there and may be sent to by S3"
    return f"S3 does not take our notification of the bucket {bucket} ({reason}): {remedy}, and deploy again."


def read(cloud: Cloud, bucket: str) -> dict[str, Any]:
    """The notifications that the bucket has."""
    current: dict[str, Any] = cloud.client("s3").get_bucket_notification_configuration(Bucket=bucket)
    current.pop("ResponseMetadata", None)
    return current


def ways_in(current: Mapping[str, Any], own_targets: Mapping[str, str]) -> list[str]:
    """By which ways a bucket reaches this stage: `own_targets` is the target's ARN → the way."""
    ways = [
        own_targets[each[target]]
        for kind, target in TARGETS.items()
        for each in current.get(kind, ())
        if each[target] in own_targets
    ]
    return sorted(ways)
