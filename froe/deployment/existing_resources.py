"""The resources of a stage's stacks, and which of them really exist.

Promise: CloudFormation assumes that what it made still exists; this module asks AWS itself. Limits: it asks about the types
below, which people delete by hand, and assumes that all others exist.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

import botocore.exceptions

from froe.deployment.cloud import Cloud

_GONE: Final = "DELETE_COMPLETE"
Look = Callable[[Cloud, str], Any]


def resources(cloud: Cloud, name: str) -> dict[str, tuple[str, str]]:
    """Logical name → type and physical id of what the stack holds; nothing where there is no stack."""
    try:
        pages = cloud.client("cloudformation").get_paginator("list_stack_resources").paginate(StackName=name)
        return {
            each["LogicalResourceId"]: (each["ResourceType"], each["PhysicalResourceId"])
            for page in pages
            for each in page["StackResourceSummaries"]
            if each.get("PhysicalResourceId") and each["ResourceStatus"] != _GONE
        }
    except botocore.exceptions.ClientError as error:
        if "does not exist" in str(error):
            return {}
        raise


def missing(cloud: Cloud, name: str) -> dict[str, dict[str, str]]:
    """What the stack believes to hold and AWS has not: logical name → {"Ref": …, "Arn": …}, as far as can be told."""
    lost = {}
    for logical, (kind, physical) in resources(cloud, name).items():
        look = _LOOKS.get(kind)
        if look is not None and not _there(look, cloud, physical):
            lost[logical] = {"Ref": physical, **attributes(cloud, kind, physical)}
    return lost


def _there(look: Look, cloud: Cloud, physical: str) -> bool:
    try:
        return bool(look(cloud, physical))
    except botocore.exceptions.ClientError as error:
        code = error.response["Error"]["Code"]
        if any(word in code for word in ("NotFound", "NonExistent", "NoSuch", "404")):
            return False
        raise


def attributes(cloud: Cloud, kind: str, physical: str) -> dict[str, str]:
    """What Fn::GetAtt gives of a resource, as far as its name tells."""
    name = physical.rsplit("/", 1)[-1]
    arns = {
        "AWS::SQS::Queue": {"Arn": cloud.arn("sqs", name), "QueueName": name},
        "AWS::KMS::Key": {"Arn": cloud.arn("kms", f"key/{name}"), "KeyId": name},
        "AWS::S3::Bucket": {"Arn": cloud.arn("s3", name, regional=False)},
        "AWS::DynamoDB::Table": {"Arn": cloud.arn("dynamodb", f"table/{name}"), "StreamArn": ""},
        "AWS::SNS::Topic": {"TopicArn": physical, "TopicName": physical.rsplit(":", 1)[-1]},
        "AWS::Logs::LogGroup": {"Arn": cloud.arn("logs", f"log-group:{physical}:*")},
        "AWS::CloudWatch::Alarm": {"Arn": cloud.arn("cloudwatch", f"alarm:{physical}")},
    }
    return arns.get(kind, {})


_LOOKS: Final[Mapping[str, Look]] = {
    "AWS::SQS::Queue": lambda cloud, url: cloud.client("sqs").get_queue_attributes(
        QueueUrl=url, AttributeNames=["QueueArn"]
    ),
    "AWS::S3::Bucket": lambda cloud, name: cloud.client("s3").head_bucket(Bucket=name),
    "AWS::DynamoDB::Table": lambda cloud, name: cloud.client("dynamodb").describe_table(TableName=name),
    "AWS::SNS::Topic": lambda cloud, arn: cloud.client("sns").get_topic_attributes(TopicArn=arn),
    "AWS::Logs::LogGroup": lambda cloud, name: any(
        group["logGroupName"] == name
        for group in cloud.client("logs").describe_log_groups(logGroupNamePrefix=name)["logGroups"]
    ),
    "AWS::CloudWatch::Alarm": lambda cloud, name: (
        cloud.client("cloudwatch").describe_alarms(
            AlarmNames=[name], AlarmTypes=["MetricAlarm", "CompositeAlarm"]
        )["MetricAlarms"]
        or cloud.client("cloudwatch").describe_alarms(AlarmNames=[name], AlarmTypes=["CompositeAlarm"])[
            "CompositeAlarms"
        ]
    ),
}
"""Whether a resource is there; types of which this is not asked are taken to be."""
