"""The results bucket: an object a batch, under the same key each time."""

from __future__ import annotations

from typing import Any

from chalicelib.aws.errors import translated
from chalicelib.aws.objects import read_if_there


class S3Results:
    """client: a low-level S3 client."""

    def __init__(self, client: Any, bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def put(self, key: str, data: bytes) -> None:
        """Repeating it changes nothing. Raises TransientError."""
        with translated(f"writing s3://{self._bucket}/{key}"):
            self._client.put_object(
                Bucket=self._bucket, Key=key, Body=data, ContentType="application/vnd.apache.parquet"
            )

    def get(self, key: str) -> bytes | None:
        """None for an object that is not there."""
        return read_if_there(self._client, self._bucket, key, f"reading s3://{self._bucket}/{key}")
