"""Deletes what contains data: buckets with every version in them, tables despite their protection, keys.

Promise: what is already gone is no error. Limits: irreversible; a key after the shortest time that KMS allows.
"""

from typing import Any, Final

import botocore.exceptions

from froe.deployment.cloud import Cloud
from froe.errors import FroeError

KEY_WAITING_DAYS: Final = 7
"""https://docs.aws.amazon.com/kms/latest/APIReference/API_ScheduleKeyDeletion.html"""
_GONE: Final = ("NoSuchBucket", "404", "ResourceNotFoundException", "NotFoundException")


def delete_bucket(cloud: Cloud, bucket: str) -> None:
    """With all versions, delete markers and unfinished uploads. FroeError if S3 keeps an object."""
    s3 = cloud.client("s3")
    try:
        for page in s3.get_paginator("list_multipart_uploads").paginate(Bucket=bucket):
            for each in page.get("Uploads", ()):
                s3.abort_multipart_upload(Bucket=bucket, Key=each["Key"], UploadId=each["UploadId"])
        for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket):
            _delete_objects(s3, bucket, [*page.get("Versions", ()), *page.get("DeleteMarkers", ())])
        s3.delete_bucket(Bucket=bucket)
    except botocore.exceptions.ClientError as error:
        if error.response["Error"]["Code"] not in _GONE:
            raise


def delete_table(cloud: Cloud, table: str) -> None:
    """Returns when it is gone."""
    dynamodb = cloud.client("dynamodb")
    try:
        if dynamodb.describe_table(TableName=table)["Table"].get("DeletionProtectionEnabled"):
            dynamodb.update_table(TableName=table, DeletionProtectionEnabled=False)
            dynamodb.get_waiter("table_exists").wait(TableName=table)
        dynamodb.delete_table(TableName=table)
    except botocore.exceptions.ClientError as error:
        if error.response["Error"]["Code"] not in _GONE:
            raise
    else:
        seconds = max(1, round(cloud.poll_seconds))
        dynamodb.get_waiter("table_not_exists").wait(
            TableName=table, WaiterConfig={"Delay": seconds, "MaxAttempts": 300}
        )


def schedule_key_deletion(cloud: Cloud, key: str) -> int | None:
    """In how many days KMS deletes the key; None if it does so already or there is none."""
    kms = cloud.client("kms")
    try:
        if kms.describe_key(KeyId=key)["KeyMetadata"]["KeyState"] == "PendingDeletion":
            return None
        kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=KEY_WAITING_DAYS)
    except botocore.exceptions.ClientError as error:
        if error.response["Error"]["Code"] in _GONE:
            return None
        raise
    return KEY_WAITING_DAYS


def _delete_objects(s3: Any, bucket: str, versions: list[Any]) -> None:
    if not versions:
        return
    named = [{"Key": each["Key"], "VersionId": each["VersionId"]} for each in versions]
    reply = s3.delete_objects(Bucket=bucket, Delete={"Objects": named, "Quiet": True})
    for each in reply.get("Errors", ()):
        raise FroeError(
            f"S3 keeps {each['Key']} in {bucket} ({each.get('Message', each.get('Code'))}): "
            "remove its protection and run again."
        )
