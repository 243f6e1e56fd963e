"""Checks whether the user's own input bucket can be used, before anything is changed."""

from typing import Any

import botocore.exceptions

from froe.deployment.cloud import Cloud
from froe.errors import FroeError


def check_bucket(cloud: Cloud, bucket: str, parameter: str, source: str) -> None:
    """FroeError where there is no such bucket, where it is not ours to read, or where it is in another region.

    `parameter` names it in `source`, a file of the checkout.
    """
    change = f"change {parameter} in {source}, or remove it to have a bucket made"
    try:
        reply: dict[str, Any] = cloud.client("s3").head_bucket(Bucket=bucket)
    except botocore.exceptions.ClientError as error:
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode")
        if status == 404 or error.response["Error"]["Code"] in {"404", "NoSuchBucket"}:
            raise FroeError(
                f"The bucket {bucket} that {parameter} names does not exist: make it, or {change}."
            ) from error
        if status == 403:
            raise FroeError(
                f"The bucket {bucket} that {parameter} names may not be read (it may belong to another account): "
                f"give the credentials s3:ListBucket on it, or {change}."
            ) from error
        raise FroeError(
            f"The bucket {bucket} that {parameter} names does not answer "
            f"({error.response['Error'].get('Message', error.response['Error']['Code'])}): {change}."
        ) from error
    region = reply.get("BucketRegion", cloud.region)
    if region != cloud.region:
        raise FroeError(
            f"The bucket {bucket} that {parameter} names is in {region}, and the stage is deployed to {cloud.region}: "
            f"deploy to {region}, or {change}."
        )
