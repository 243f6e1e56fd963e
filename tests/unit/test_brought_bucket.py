"""A bucket of the user's own is looked at before anything is touched: there, readable, in the stage's region."""

from __future__ import annotations

from typing import Any

import pytest

pytest.importorskip("boto3", reason="needs boto3: make setup")

import botocore.exceptions

from froe.deployment.brought import check_bucket
from froe.deployment.cloud import Cloud
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
    ("status", "region", "said"),
    [
        (404, None, "logs that ExistingInputBucket names does not exist: make it, or change"),
        (403, None, "may not be read .* give the credentials s3:ListBucket"),
        (400, None, "does not answer"),
        (200, "us-east-1", "is in us-east-1, and the stage is deployed to eu-west-1: deploy to us-east-1"),
    ],
)
def test_a_bucket_that_cannot_be_used_is_said_with_the_remedy(
    status: int, region: str | None, said: str
) -> None:
    with pytest.raises(FroeError, match=said) as caught:
        checked(status, region)
    assert "infra/parameters/dev.json" in caught.value.message


def test_a_bucket_that_is_there_is_taken() -> None:
    checked(200, "eu-west-1")
    checked(200)
