"""A bucket of infra/data.json in Terraform: the bucket, and a resource for each of its settings."""

from __future__ import annotations

from typing import Any

from froe.resources import snake_case
from froe.terraform.data import Built, Properties
from froe.terraform.hcl import WHEN, Block, Expr
from froe.terraform.statements import optional
from froe.terraform.values import NOTHING, index, value


def bucket(name: str, properties: Properties) -> Built:
    reference = Expr(f"aws_s3_bucket.{name}{index(name)}.id")
    yield f"aws_s3_bucket.{name}", Block(bucket=value(properties.pop("BucketName")))
    (encryption,) = properties.pop("BucketEncryption")["ServerSideEncryptionConfiguration"]
    default = encryption["ServerSideEncryptionByDefault"]
    yield (
        f"aws_s3_bucket_server_side_encryption_configuration.{name}",
        Block(
            bucket=reference,
            rule=[
                Block(
                    bucket_key_enabled=encryption["BucketKeyEnabled"],
                    apply_server_side_encryption_by_default=[
                        Block(
                            sse_algorithm=default["SSEAlgorithm"],
                            kms_master_key_id=value(default["KMSMasterKeyID"]),
                        )
                    ],
                )
            ],
        ),
    )
    blocked = properties.pop("PublicAccessBlockConfiguration")
    yield (
        f"aws_s3_bucket_public_access_block.{name}",
        Block(bucket=reference, **{snake_case(each): settings for each, settings in blocked.items()}),
    )
    (owner,) = properties.pop("OwnershipControls")["Rules"]
    yield (
        f"aws_s3_bucket_ownership_controls.{name}",
        Block(bucket=reference, rule=[Block(object_ownership=owner["ObjectOwnership"])]),
    )
    yield (
        f"aws_s3_bucket_versioning.{name}",
        Block(
            bucket=reference,
            versioning_configuration=[Block(status=properties.pop("VersioningConfiguration")["Status"])],
        ),
    )
    yield (
        f"aws_s3_bucket_lifecycle_configuration.{name}",
        Block(
            bucket=reference,
            rule=[
                made
                for each in properties.pop("LifecycleConfiguration")["Rules"]
                for made in optional(each, _lifecycle_rule)
            ],
            depends_on=[Expr(f"aws_s3_bucket_versioning.{name}")],
        ),
    )
    logging = properties.pop("LoggingConfiguration")["Fn::If"]
    yield (
        f"aws_s3_bucket_logging.{name}",
        Block(
            bucket=reference,
            target_bucket=value(logging[1]["DestinationBucketName"]),
            target_prefix=value(logging[1]["LogFilePrefix"]),
            **{WHEN: snake_case(logging[0])},
        ),
    )
    if "CorsConfiguration" in properties:
        rules = properties.pop("CorsConfiguration")["CorsRules"]
        yield (
            f"aws_s3_bucket_cors_configuration.{name}",
            Block(bucket=reference, cors_rule=[_cors_rule(each) for each in rules]),
        )
    if "NotificationConfiguration" in properties:
        yield (
            f"aws_s3_bucket_notification.{name}",
            _notification(reference, properties.pop("NotificationConfiguration")),
        )
    if "ReplicationConfiguration" in properties:
        condition, configuration, _ = properties.pop("ReplicationConfiguration")["Fn::If"]
        yield (
            f"aws_s3_bucket_replication_configuration.{name}",
            Block(
                bucket=reference,
                role=value(configuration["Role"]),
                rule=[_replication_rule(each) for each in configuration["Rules"]],
                depends_on=[Expr(f"aws_s3_bucket_versioning.{name}")],
                **{WHEN: snake_case(condition)},
            ),
        )


def _cors_rule(node: dict[str, Any]) -> Block:
    return Block(
        id=node["Id"],
        allowed_methods=node["AllowedMethods"],
        allowed_origins=[value(origin) for origin in node["AllowedOrigins"]],
        allowed_headers=node["AllowedHeaders"],
        expose_headers=node["ExposedHeaders"],
        max_age_seconds=node["MaxAge"],
    )


def _lifecycle_rule(node: dict[str, Any]) -> Block:
    rest = dict(node)
    prefix = {"prefix": rest.pop("Prefix")} if "Prefix" in rest else {}
    made = Block(id=rest.pop("Id"), status=rest.pop("Status"), filter=[Block(prefix)])
    for transition in rest.pop("Transitions", ()):
        made["transition"] = [
            Block(days=value(transition["TransitionInDays"]), storage_class=value(transition["StorageClass"]))
        ]
    if "ExpirationInDays" in rest:
        made["expiration"] = [Block(days=value(rest.pop("ExpirationInDays")))]
    if "ExpiredObjectDeleteMarker" in rest:
        made["expiration"] = [Block(expired_object_delete_marker=rest.pop("ExpiredObjectDeleteMarker"))]
    if "NoncurrentVersionExpiration" in rest:
        days = rest.pop("NoncurrentVersionExpiration")["NoncurrentDays"]
        made["noncurrent_version_expiration"] = [Block(noncurrent_days=value(days))]
    if "AbortIncompleteMultipartUpload" in rest:
        days = rest.pop("AbortIncompleteMultipartUpload")["DaysAfterInitiation"]
        made["abort_incomplete_multipart_upload"] = [Block(days_after_initiation=value(days))]
    assert not rest, rest
    return made


def _notification(reference: Expr, node: Any) -> Block:
    """The template's chain of conditions: one way in at a time, and none where Chalice owns the notifications."""
    made = Block(
        {WHEN: "owns_notifications"},
        bucket=reference,
        depends_on=[
            Expr("aws_sqs_queue_policy.split_queue_policy"),
            Expr("aws_sns_topic_policy.uploads_topic_policy"),
        ],
    )
    while node != NOTHING:
        condition, choice, node = node["Fn::If"]
        when = snake_case(condition)
        ((kind, settings),) = choice.items()
        if kind == "EventBridgeConfiguration":
            assert settings["EventBridgeEnabled"] is True
            made["eventbridge"] = Expr(f"local.{when}")
            continue
        (each,) = settings
        target = {"QueueConfigurations": "Queue", "TopicConfigurations": "Topic"}[kind]
        made[target.lower()] = [
            Block(
                {
                    WHEN: when,
                    "id": "froe-${var.stage}",
                    f"{target.lower()}_arn": value(each[target]),
                    "events": [each["Event"]],
                }
            )
        ]
    return made


def _replication_rule(node: dict[str, Any]) -> Block:
    rest = dict(node)
    destination, selected = rest.pop("Destination"), rest.pop("SourceSelectionCriteria")
    made = Block(
        id=rest.pop("Id"),
        priority=rest.pop("Priority"),
        status=rest.pop("Status"),
        filter=[Block(prefix=rest.pop("Filter")["Prefix"])],
        delete_marker_replication=[Block(status=rest.pop("DeleteMarkerReplication")["Status"])],
        source_selection_criteria=[
            Block(sse_kms_encrypted_objects=[Block(status=selected["SseKmsEncryptedObjects"]["Status"])])
        ],
        destination=[
            Block(
                bucket=value(destination["Bucket"]),
                encryption_configuration=[
                    Block(replica_kms_key_id=value(destination["EncryptionConfiguration"]["ReplicaKmsKeyID"]))
                ],
            )
        ],
    )
    assert not rest, rest
    return made
