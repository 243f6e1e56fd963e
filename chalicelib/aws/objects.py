"""S3 objects, read with their version pinned: by `VersionId`, or by `If-Match` in a bucket without versioning."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import orjson

from chalicelib.aws.errors import translated
from chalicelib.core.archives.openers import opener_of
from chalicelib.core.decoding.text import OpenObject
from chalicelib.core.errors import ObjectGoneError, TransientError
from chalicelib.core.plan import HeadsPage, ObjectHead, ObjectVersion
from chalicelib.core.wire.notifications import Announced

_PIECE_BYTES: Final = 256 * 1024
_RANGE_BYTES: Final = 128 * 1024 * 1024
"""Of a request. More than a split, which is read with one request."""


def read_if_there(client: Any, bucket: str, key: str, doing: str) -> bytes | None:
    """A whole object in its newest version; None if there is none. doing: for the message of an error."""
    try:
        with translated(doing):
            return bytes(client.get_object(Bucket=bucket, Key=key)["Body"].read())
    except ObjectGoneError:
        return None


def listed_versions(client: Any, bucket: str, prefix: str) -> Iterator[dict[str, Any]]:
    """Versions and delete markers (which have no `Size`) of all objects with that prefix, by key, the newest first."""
    with translated(f"listing s3://{bucket}/{prefix}"):
        for page in client.get_paginator("list_object_versions").paginate(Bucket=bucket, Prefix=prefix):
            versions = [*page.get("Versions", ()), *page.get("DeleteMarkers", ())]
            versions.sort(key=lambda version: version["LastModified"], reverse=True)
            yield from sorted(versions, key=lambda version: (version["Key"], not version["IsLatest"]))


def delete_versions(client: Any, bucket: str, prefix: str, *, but_newest: bool = False) -> int:
    """Delete all versions of the objects with that prefix, or all but the newest of each. Gives how many there were."""
    listed = listed_versions(client, bucket, prefix)
    versions = [version for version in listed if not (but_newest and version["IsLatest"])]
    with translated(f"deleting from s3://{bucket}/{prefix}"):
        for version in versions:
            client.delete_object(Bucket=bucket, Key=version["Key"], VersionId=version["VersionId"])
    return len(versions)


class S3Objects:
    """client: a low-level S3 client."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def head(self, announced: Announced) -> ObjectHead:
        """Read size, type and time of the announced version. Raises ObjectGoneError if there is none,
        ObjectChangedError if the bucket keeps no versions and the key has another upload."""
        pin = _pin(announced.version_id, announced.etag)
        with translated(f"reading s3://{announced.bucket}/{announced.key}"):
            answer = self._client.head_object(Bucket=announced.bucket, Key=announced.key, **pin)
        version_id = answer.get("VersionId")
        return ObjectHead(
            version=ObjectVersion(
                bucket=announced.bucket,
                key=announced.key,
                version_id=version_id if version_id != "null" else None,
                etag=answer["ETag"].strip('"'),
            ),
            size=answer["ContentLength"],
            content_type=answer.get("ContentType", ""),
            last_modified=answer["LastModified"],
        )

    def opener(self, head: ObjectHead) -> OpenObject:
        """A function that reads the bytes of an object, or of a member of an archive, from an offset to its end."""
        return opener_of(head, self._opener)

    def _opener(self, head: ObjectHead) -> OpenObject:
        def open_at(offset: int) -> Iterator[bytes]:
            return self._read(head.version, head.size, offset)

        return open_at

    def versions(self, bucket: str, after: str | None) -> HeadsPage:
        """A page of the versions of the bucket's objects, without those of deleted objects; `after`: where the previous
        page ended. A key's delete marker comes before its versions, perhaps a page before them."""
        markers = orjson.loads(after or "{}")
        deleted = {markers.pop("Deleted", None)}
        with translated(f"listing s3://{bucket}"):
            answer = self._client.list_object_versions(Bucket=bucket, **markers)
        reached = {
            "KeyMarker": answer.get("NextKeyMarker"),
            "VersionIdMarker": answer.get("NextVersionIdMarker"),
        }
        deleted |= {marker["Key"] for marker in answer.get("DeleteMarkers", ()) if marker["IsLatest"]}
        heads = [
            ObjectHead(
                version=ObjectVersion(
                    bucket,
                    version["Key"],
                    version["VersionId"] if version["VersionId"] != "null" else None,
                    version["ETag"].strip('"'),
                ),
                size=version["Size"],
                content_type="",
                last_modified=version["LastModified"],
            )
            for version in answer.get("Versions", ())
            if version["Key"] not in deleted
        ]
        if reached["KeyMarker"] in deleted:
            reached["Deleted"] = reached["KeyMarker"]
        position = {name: value for name, value in reached.items() if value}
        return HeadsPage(heads, orjson.dumps(position).decode() if answer.get("IsTruncated") else None)

    def _read(self, version: ObjectVersion, size: int, offset: int) -> Iterator[bytes]:
        """In requests for ranges: who stops early leaves little behind, and no answer lasts for hours."""
        while offset < size:
            end = min(offset + _RANGE_BYTES, size)
            yield from self._read_range(version, size, offset, end)
            offset = end

    def _read_range(self, version: ObjectVersion, size: int, offset: int, end: int) -> Iterator[bytes]:
        request = {"Bucket": version.bucket, "Key": version.key, **_pin(version.version_id, version.etag)}
        if offset or end < size:
            request["Range"] = f"bytes={offset}-{end - 1}"
        with translated(f"reading {version} from byte {offset:,}"):
            answer = self._client.get_object(**request)
            body = answer["Body"]
            # A server may answer a range with the whole (RFC 9110 section 14.2): what is around it is passed over.
            whole = "ContentRange" not in answer
            position, expected = (0, size) if whole else (offset, end - offset)
            try:
                if answer["ContentLength"] != expected:
                    offered = answer["ContentLength"]
                    raise TransientError(f"reading {version}: S3 offers {offered:,} bytes, not {expected:,}")
                while position < end and (piece := body.read(_PIECE_BYTES)):
                    if part := piece[max(offset - position, 0) : end - position]:
                        yield part
                    position += len(piece)
            finally:
                body.close()
            if position < end:
                raise TransientError(f"reading {version}: the answer ended {end - position:,} bytes early")


def _pin(version_id: str | None, etag: str | None) -> dict[str, str]:
    if version_id:
        return {"VersionId": version_id}
    return {"IfMatch": f'"{etag}"'} if etag else {}
