"""The results bucket: batches, each under the same key every time, and the objects that they are merged into.

A merged object is replaced only by a writer that has read what it replaces (`If-Match`), and a batch is deleted version by
version: whatever was written meanwhile stays. https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import groupby
from typing import Any, Final, TypeVar

from botocore.exceptions import ClientError

from chalicelib.aws.errors import code_of, translated
from chalicelib.aws.objects import listed_versions, read_if_there
from chalicelib.compactor import Waiting
from chalicelib.core.errors import ObjectGoneError

_REPLACED: Final = frozenset(
    {"404", "409", "412", "ConditionalRequestConflict", "NoSuchKey", "PreconditionFailed"}
)
"""Error codes for the loser of a race."""
T = TypeVar("T")


class S3Results:
    """client: a low-level S3 client. threads: how many objects are read or deleted at once."""

    def __init__(self, client: Any, bucket: str, threads: int = 1) -> None:
        self._client = client
        self._bucket = bucket
        self._threads = threads

    def put(self, key: str, data: bytes) -> None:
        """Repeating it changes nothing. Raises TransientError."""
        with translated(f"writing s3://{self._bucket}/{key}"):
            self._put(key, data)

    def get(self, key: str) -> bytes | None:
        """None if there is no such object."""
        return read_if_there(self._client, self._bucket, key, f"reading s3://{self._bucket}/{key}")

    def waiting(self, prefix: str) -> Iterator[Waiting]:
        """Batches with that prefix, in the order of their keys."""
        listed = listed_versions(self._client, self._bucket, prefix)
        for key, versions in groupby(listed, lambda version: str(version["Key"])):
            newest, *older = versions
            if "Size" in newest:  # what has expired has a delete marker, which has none
                ids = [str(version["VersionId"]) for version in (newest, *older)]
                yield Waiting(key, ids, newest["Size"], newest["LastModified"])

    def keys(self, prefix: str) -> Iterator[str]:
        for version in listed_versions(self._client, self._bucket, prefix):
            if version["IsLatest"] and "Size" in version:
                yield version["Key"]

    def get_waiting(self, batches: Sequence[Waiting]) -> dict[str, bytes]:
        """Batch id → its object, without those that were replaced or deleted since they were listed."""
        pairs = zip(batches, self._map(self._get_listed, batches), strict=True)
        return {batch.batch_id: data for batch, data in pairs if data is not None}

    def delete_waiting(self, batches: Sequence[Waiting]) -> None:
        """Delete the versions that were listed."""
        self._map(self._delete_listed, batches)

    def versioned(self, key: str) -> tuple[bytes, str] | None:
        """An object and its ETag; None if there is none."""
        try:
            with translated(f"reading s3://{self._bucket}/{key}"):
                answer = self._client.get_object(Bucket=self._bucket, Key=key)
                return bytes(answer["Body"].read()), str(answer["ETag"])
        except ObjectGoneError:
            return None

    def replace(self, key: str, data: bytes, seen: str | None) -> bool:
        """Write an object if it still has this ETag, or, if that is None, if there is still none. Gives whether it was
        written."""
        condition = {"IfMatch": seen} if seen else {"IfNoneMatch": "*"}
        with translated(f"writing s3://{self._bucket}/{key}"):
            try:
                self._put(key, data, condition)
            except ClientError as error:
                if code_of(error) in _REPLACED:
                    return False
                raise
        return True

    def _put(self, key: str, data: bytes, condition: Mapping[str, str] | None = None) -> None:
        self._client.put_object(
            Bucket=self._bucket,
            Key=key,
            Body=data,
            ContentType="application/vnd.apache.parquet",
            **(condition or {}),
        )

    def _get_listed(self, batch: Waiting) -> bytes | None:
        try:
            with translated(f"reading s3://{self._bucket}/{batch.key}"):
                answer = self._client.get_object(Bucket=self._bucket, Key=batch.key)
                if answer.get("VersionId", "null") != batch.versions[0]:
                    return None
                return bytes(answer["Body"].read())
        except ObjectGoneError:
            return None

    def _delete_listed(self, batch: Waiting) -> None:
        """Oldest version first, so that no version older than the merged one becomes visible."""
        with translated(f"deleting s3://{self._bucket}/{batch.key}"):
            for version_id in reversed(batch.versions):
                self._client.delete_object(Bucket=self._bucket, Key=batch.key, VersionId=version_id)

    def _map(self, act: Callable[[Waiting], T], batches: Sequence[Waiting]) -> list[T]:
        if self._threads == 1:
            return list(map(act, batches))
        with ThreadPoolExecutor(self._threads) as pool:
            return list(pool.map(act, batches))
