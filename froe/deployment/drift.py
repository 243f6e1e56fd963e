"""Restores what somebody changed by hand: CloudFormation, which compares templates, does not notice it.

Promise: each property below is read, compared with the template, and written only if it differs.
Limits: only the types and properties below, on which the promise of the pipeline depends.
"""

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from froe.deployment import existing_resources
from froe.deployment.cloud import Cloud
from froe.deployment.stack_resolver import resolver_of
from froe.deployment.template_resolver import Resolver
from froe.deployment.templates import StackTemplate
from froe.errors import FroeError
from froe.resources import Report

Values = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Kind:
    """`read(cloud, physical)` gives properties by their names in a template; `write(cloud, physical, drifted)` sets some."""

    properties: tuple[str, ...]
    read: Callable[[Cloud, str], Values]
    write: Callable[[Cloud, str, Values], None]


def fix(cloud: Cloud, stage: str, template: StackTemplate, report: Report, *, key: str = "") -> None:
    """Bring what the stage's stack of this template holds to the values of the template. key: the ARN of the stage's; what a
    template imports is not compared without it."""
    resolver = resolver_of(cloud, stage, template, {}, key=key, topic="")
    for logical, (name, physical) in existing_resources.resources(cloud, template.stack_name(stage)).items():
        kind = KINDS.get(name)
        if kind is None or logical not in template.resources:
            continue
        properties = template.resources[logical].get("Properties", {})
        expected = _expected(
            resolver, {each: properties[each] for each in kind.properties if each in properties}
        )
        actual = kind.read(cloud, physical)
        drifted = {each: value for each, value in expected.items() if not _same(actual.get(each), value)}
        if not drifted:
            continue
        try:
            kind.write(cloud, physical, drifted)
            report(
                f"Set {', '.join(sorted(drifted))} of {physical.rsplit('/', 1)[-1]} to the values of the template"
            )
        except FroeError as error:
            report(error.message)  # the rest of the deploy need not wait for it


def _expected(resolver: Resolver, properties: Values) -> dict[str, Any]:
    """The properties resolved, but for those that name what the stack does not hold."""
    expected: dict[str, Any] = {}
    for name, value in properties.items():
        with suppress(KeyError):
            expected |= resolver.properties({"Properties": {name: value}})
    return expected


def enable_rule(cloud: Cloud, name: str, report: Report) -> None:
    """Switch a rule on that somebody switched off."""
    if cloud.client("events").describe_rule(Name=name).get("State") == "DISABLED":
        cloud.client("events").enable_rule(Name=name)
        report(f"Enabled the schedule {name} again")


def plain(value: Any) -> Any:
    """The value in the one form in which two are compared: numbers and truths as text, lists in order."""
    if isinstance(value, Mapping):
        return {name: plain(each) for name, each in value.items()}
    if isinstance(value, list):
        return sorted(plain(each) for each in value)
    return str(value).lower() if isinstance(value, bool) else str(value)


def _same(actual: Any, expected: Any) -> bool:
    """Whether AWS holds what is wanted; of a mapping, as far as it tells."""
    if isinstance(actual, Mapping) and isinstance(expected, Mapping):
        return bool(actual) and all(
            plain(actual[name]) == plain(value) for name, value in expected.items() if name in actual
        )
    return bool(plain(actual) == plain(expected))


def _read_queue(cloud: Cloud, url: str) -> Values:
    actual = cloud.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    return {name: json.loads(value) if value.startswith("{") else value for name, value in actual.items()}


def _write_queue(cloud: Cloud, url: str, drifted: Values) -> None:
    attributes = {
        name: json.dumps(plain(value)) if isinstance(value, Mapping) else str(value)
        for name, value in drifted.items()
    }
    cloud.client("sqs").set_queue_attributes(QueueUrl=url, Attributes=attributes)


def _read_table(cloud: Cloud, table: str) -> Values:
    dynamodb = cloud.client("dynamodb")
    actual = dynamodb.describe_table(TableName=table)["Table"]
    expiry = dynamodb.describe_time_to_live(TableName=table)["TimeToLiveDescription"]
    backups = dynamodb.describe_continuous_backups(TableName=table)["ContinuousBackupsDescription"]
    recovery = backups.get("PointInTimeRecoveryDescription", {})
    key = actual.get("SSEDescription", {})
    return {
        "TimeToLiveSpecification": {
            "AttributeName": expiry.get("AttributeName"),
            "Enabled": expiry.get("TimeToLiveStatus") in {"ENABLED", "ENABLING"},
        },
        "PointInTimeRecoverySpecification": {
            "PointInTimeRecoveryEnabled": recovery.get("PointInTimeRecoveryStatus") == "ENABLED",
            **{name: recovery[name] for name in ("RecoveryPeriodInDays",) if name in recovery},
        },
        "SSESpecification": {
            "SSEEnabled": key.get("Status") in {"ENABLED", "ENABLING", "UPDATING"},
            "SSEType": key.get("SSEType"),
            "KMSMasterKeyId": key.get("KMSMasterKeyArn"),
        },
        "DeletionProtectionEnabled": actual.get("DeletionProtectionEnabled", False),
    }


def _write_table(cloud: Cloud, table: str, drifted: Values) -> None:
    """One change of a table at a time, as DynamoDB has it."""
    dynamodb = cloud.client("dynamodb")
    for name, value in drifted.items():
        if name == "TimeToLiveSpecification":
            _expire(cloud, table, value)
        elif name == "PointInTimeRecoverySpecification":
            days = value.get("RecoveryPeriodInDays")
            dynamodb.update_continuous_backups(
                TableName=table,
                PointInTimeRecoverySpecification={
                    **value,
                    **({} if days is None else {"RecoveryPeriodInDays": int(days)}),
                },
            )
        elif name == "SSESpecification":
            renamed = {
                "Enabled" if each == "SSEEnabled" else each: setting for each, setting in value.items()
            }
            dynamodb.update_table(TableName=table, SSESpecification=renamed)
        else:
            dynamodb.update_table(TableName=table, **{name: value})
        dynamodb.get_waiter("table_exists").wait(TableName=table)


def _expire(cloud: Cloud, table: str, expected: Values) -> None:
    """https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_UpdateTimeToLive.html: at most one change an hour."""
    dynamodb = cloud.client("dynamodb")
    actual = dynamodb.describe_time_to_live(TableName=table)["TimeToLiveDescription"]
    if actual.get("TimeToLiveStatus") == "DISABLING":
        raise FroeError(
            f"The expiry of the table {table} was switched off less than an hour ago, and DynamoDB takes one change an "
            "hour: deploy again then, it continues."
        )
    if actual.get("TimeToLiveStatus") in {"ENABLED", "ENABLING"}:
        raise FroeError(
            f"The table {table} expires items by {actual.get('AttributeName')}, not by {expected['AttributeName']}: switch "
            f"that off (aws dynamodb update-time-to-live --table-name {table} --time-to-live-specification "
            f"Enabled=false,AttributeName={actual.get('AttributeName')}), and deploy again an hour later."
        )
    dynamodb.update_time_to_live(TableName=table, TimeToLiveSpecification=dict(expected))


def _read_log_group(cloud: Cloud, name: str) -> Values:
    groups = cloud.client("logs").describe_log_groups(logGroupNamePrefix=name)["logGroups"]
    return {
        "RetentionInDays": next((g.get("retentionInDays") for g in groups if g["logGroupName"] == name), None)
    }


def _write_log_group(cloud: Cloud, name: str, drifted: Values) -> None:
    days = int(drifted["RetentionInDays"])
    cloud.client("logs").put_retention_policy(logGroupName=name, retentionInDays=days)


KINDS: Final[Mapping[str, Kind]] = {
    "AWS::SQS::Queue": Kind(
        (
            *("VisibilityTimeout", "MessageRetentionPeriod", "MaximumMessageSize", "KmsMasterKeyId"),
            *("KmsDataKeyReusePeriodSeconds", "RedrivePolicy", "RedriveAllowPolicy"),
        ),
        _read_queue,
        _write_queue,
    ),
    "AWS::DynamoDB::Table": Kind(
        (
            *("TimeToLiveSpecification", "PointInTimeRecoverySpecification"),
            *("SSESpecification", "DeletionProtectionEnabled"),
        ),
        _read_table,
        _write_table,
    ),
    "AWS::Logs::LogGroup": Kind(("RetentionInDays",), _read_log_group, _write_log_group),
    "AWS::Events::Rule": Kind(
        ("State",),
        lambda cloud, name: cloud.client("events").describe_rule(Name=name.rsplit("|", 1)[-1]),
        lambda cloud, name, _: cloud.client("events").enable_rule(Name=name.rsplit("|", 1)[-1]),
    ),
}
"""The types that are looked at."""
