"""The resources of infra/data.json in Terraform: type → the blocks that a resource becomes.

A property that a builder does not read, at any depth, is not translated, which is an error (watched.py).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from froe.resources import snake_case
from froe.terraform.hcl import Block, Call, Expr, expression
from froe.terraform.statements import optional, policy_of
from froe.terraform.values import address, value

Properties = dict[str, Any]
Built = Iterator[tuple[str, Block]]
Builder = Callable[[str, Properties], Built]


def key(name: str, properties: Properties) -> Built:
    reference, made = policy_of(name, properties.pop("KeyPolicy"))
    yield made
    yield (
        f"aws_kms_key.{name}",
        Block(
            description=value(properties.pop("Description")),
            enable_key_rotation=properties.pop("EnableKeyRotation"),
            policy=reference,
        ),
    )


def alias(name: str, properties: Properties) -> Built:
    yield (
        f"aws_kms_alias.{name}",
        Block(name=value(properties.pop("AliasName")), target_key_id=value(properties.pop("TargetKeyId"))),
    )


def resource_policy(kind: str, member: str, attribute: str) -> Builder:
    def build(name: str, properties: Properties) -> Built:
        reference, made = policy_of(name, properties.pop("PolicyDocument"))
        yield made
        target = properties.pop(member)
        (target,) = target if isinstance(target, list) else [target]
        yield f"{kind}.{name}", Block({attribute: value(target), "policy": reference})

    return build


def role(name: str, properties: Properties) -> Built:
    trusted, trust = policy_of(f"{name}_trust", properties.pop("AssumeRolePolicyDocument"))
    (policy,) = properties.pop("Policies")
    granted, grant = policy_of(name, policy.pop("PolicyDocument"))
    yield trust
    yield grant
    yield (
        f"aws_iam_role.{name}",
        Block(
            name_prefix=f"froe-${{var.stage}}-{name.removesuffix('_role').replace('_', '-')}-",
            description=value(properties.pop("Description")),
            assume_role_policy=trusted,
        ),
    )
    yield (
        f"aws_iam_role_policy.{name}",
        Block(name=policy["PolicyName"], role=Expr(f"aws_iam_role.{name}[0].id"), policy=granted),
    )


def queue(name: str, properties: Properties) -> Built:
    """MaximumMessageSize is in `gaps`: the provider does not take a MiB."""
    assert properties.pop("MaximumMessageSize")
    made = Block(
        name=value(properties.pop("QueueName")),
        message_retention_seconds=value(properties.pop("MessageRetentionPeriod")),
        visibility_timeout_seconds=value(properties.pop("VisibilityTimeout")),
        kms_master_key_id=value(properties.pop("KmsMasterKeyId")),
        kms_data_key_reuse_period_seconds=value(properties.pop("KmsDataKeyReusePeriodSeconds")),
        lifecycle=[Block(ignore_changes=[Expr("max_message_size")])],
    )
    for cloudformation, terraform in (
        ("RedrivePolicy", "redrive_policy"),
        ("RedriveAllowPolicy", "redrive_allow_policy"),
    ):
        if cloudformation in properties:
            made[terraform] = Call("jsonencode", [value(properties.pop(cloudformation))])
    yield f"aws_sqs_queue.{name}", made


def table(name: str, properties: Properties) -> Built:
    """WarmThroughput and the mode of the insights are in `gaps`."""
    assert value(properties.pop("WarmThroughput"))
    insights = properties.pop("ContributorInsightsSpecification")
    assert insights["Enabled"] is True
    assert insights["Mode"]
    expiry = properties.pop("TimeToLiveSpecification")
    recovery = properties.pop("PointInTimeRecoverySpecification")
    encryption = properties.pop("SSESpecification")
    assert encryption.pop("SSEType") == "KMS"
    made = Block(
        name=value(properties.pop("TableName")),
        billing_mode=properties.pop("BillingMode"),
        **_keys(properties.pop("KeySchema")),
        deletion_protection_enabled=value(properties.pop("DeletionProtectionEnabled")),
        attribute=[
            Block(name=each["AttributeName"], type=each["AttributeType"])
            for each in properties.pop("AttributeDefinitions")
        ],
        ttl=[Block(attribute_name=expiry["AttributeName"], enabled=expiry["Enabled"])],
        on_demand_throughput=optional(
            properties.pop("OnDemandThroughput"),
            lambda throughput: Block(max_write_request_units=value(throughput["MaxWriteRequestUnits"])),
        ),
        point_in_time_recovery=[
            Block(
                enabled=recovery["PointInTimeRecoveryEnabled"],
                recovery_period_in_days=value(recovery["RecoveryPeriodInDays"]),
            )
        ],
        server_side_encryption=[
            Block(enabled=encryption["SSEEnabled"], kms_key_arn=value(encryption["KMSMasterKeyId"]))
        ],
    )
    if "StreamSpecification" in properties:
        made |= {
            "stream_enabled": True,
            "stream_view_type": properties.pop("StreamSpecification")["StreamViewType"],
        }
    for each in properties.pop("GlobalSecondaryIndexes", ()):
        made.setdefault("global_secondary_index", []).append(
            Block(
                name=each["IndexName"],
                **_keys(each["KeySchema"]),
                projection_type=each["Projection"]["ProjectionType"],
                **_included(each["Projection"]),
            )
        )
    yield f"aws_dynamodb_table.{name}", made
    yield (
        f"aws_dynamodb_contributor_insights.{name}",
        Block(table_name=Expr(f"aws_dynamodb_table.{name}.name")),
    )


def _included(projection: dict[str, Any]) -> dict[str, Any]:
    names = projection.get("NonKeyAttributes")
    return {"non_key_attributes": names} if names else {}


def _keys(schema: list[dict[str, str]]) -> dict[str, str]:
    partition, sort = schema
    assert (partition["KeyType"], sort["KeyType"]) == ("HASH", "RANGE")
    return {"hash_key": partition["AttributeName"], "range_key": sort["AttributeName"]}


def topic(name: str, properties: Properties) -> Built:
    yield (
        f"aws_sns_topic.{name}",
        Block(
            name=value(properties.pop("TopicName")), kms_master_key_id=value(properties.pop("KmsMasterKeyId"))
        ),
    )


def subscription(name: str, properties: Properties) -> Built:
    given = properties.pop("FilterPolicy", None)
    filtered = {}
    if given:
        condition, policy, _ = given.pop("Fn::If")
        filtered = {
            "filter_policy": Expr(
                f"local.{snake_case(condition)} ? {expression(Call('jsonencode', [value(policy)]), 1)} : null"
            )
        }
    yield (
        f"aws_sns_topic_subscription.{name}",
        Block(
            **filtered,
            topic_arn=value(properties.pop("TopicArn")),
            protocol=properties.pop("Protocol"),
            endpoint=value(properties.pop("Endpoint")),
        ),
    )


def rule(name: str, properties: Properties) -> Built:
    (target,) = properties.pop("Targets")
    yield (
        f"aws_cloudwatch_event_rule.{name}",
        Block(
            name=value(properties.pop("Name")),
            description=properties.pop("Description"),
            state=properties.pop("State"),
            event_pattern=Call("jsonencode", [value(properties.pop("EventPattern"))]),
        ),
    )
    yield (
        f"aws_cloudwatch_event_target.{name}",
        Block(
            rule=Expr(f"aws_cloudwatch_event_rule.{name}[0].name"),
            target_id=value(target["Id"]),
            arn=value(target["Arn"]),
        ),
    )


def trail(name: str, properties: Properties) -> Built:
    yield (
        f"aws_cloudtrail.{name}",
        Block(
            name=value(properties.pop("TrailName")),
            s3_bucket_name=value(properties.pop("S3BucketName")),
            enable_logging=properties.pop("IsLogging"),
            enable_log_file_validation=properties.pop("EnableLogFileValidation"),
            kms_key_id=value(properties.pop("KMSKeyId")),
            include_global_service_events=properties.pop("IncludeGlobalServiceEvents"),
            is_multi_region_trail=properties.pop("IsMultiRegionTrail"),
            advanced_event_selector=[
                Block(
                    name=selector["Name"],
                    field_selector=[
                        Block({snake_case(member): value(setting) for member, setting in each.items()})
                        for each in selector["FieldSelectors"]
                    ],
                )
                for selector in properties.pop("AdvancedEventSelectors")
            ],
            depends_on=[Expr(address("TrailBucketPolicy").removesuffix("[0]"))],
        ),
    )


BUILDERS: dict[str, Builder] = {
    "AWS::KMS::Key": key,
    "AWS::KMS::Alias": alias,
    "AWS::S3::BucketPolicy": resource_policy("aws_s3_bucket_policy", "Bucket", "bucket"),
    "AWS::IAM::Role": role,
    "AWS::SQS::Queue": queue,
    "AWS::SQS::QueuePolicy": resource_policy("aws_sqs_queue_policy", "Queues", "queue_url"),
    "AWS::DynamoDB::Table": table,
    "AWS::SNS::Topic": topic,
    "AWS::SNS::TopicPolicy": resource_policy("aws_sns_topic_policy", "Topics", "arn"),
    "AWS::SNS::Subscription": subscription,
    "AWS::Events::Rule": rule,
    "AWS::CloudTrail::Trail": trail,
}
