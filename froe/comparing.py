"""Which local files are already in the bucket: the current version of their key has the same content.

The content is compared by its SHA-256, which an upload by Froe stores in the object's metadata, or, for other objects,
by their ETag if that is an MD5. Limits: without permission to read the bucket, none are found.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from botocore.exceptions import ClientError

from chalicelib.core.plan import ObjectVersion
from froe.errors import FroeError

if TYPE_CHECKING:
    from froe.uploading import Client, Source

SHA256: Final = "froe-sha256"
"""The key of the metadata: https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingMetadata.html#UserMetadata"""

_AT_ONCE: Final = 8
_BLOCK_BYTES: Final = 1 << 20
_UNSEEN: Final = frozenset({"403", "404", "AccessDenied", "NoSuchKey"})


class Digests(NamedTuple):
    """In hexadecimal."""

    sha256: str
    md5: str


def digests_of(path: Path) -> Digests:
    """Raises FroeError for a file that cannot be read."""
    sha256, md5 = hashlib.sha256(), hashlib.md5(usedforsecurity=False)
    try:
        with path.open("rb") as stream:
            while block := stream.read(_BLOCK_BYTES):
                sha256.update(block)
                md5.update(block)
    except OSError as error:
        raise FroeError(f"{path} cannot be read: {error.strerror or error}.") from error
    return Digests(sha256.hexdigest(), md5.hexdigest())


def already_there(
    client: Client, bucket: str, sources: Sequence[Source], content_type: str | None = None
) -> dict[str, ObjectVersion]:
    """The version of each source that is there, by its key. content_type: what it must have too; None: any."""

    def look(source: Source) -> ObjectVersion | None:
        try:
            head = client.head_object(Bucket=bucket, Key=source.key)
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") in _UNSEEN:
                return None
            raise
        if head["ContentLength"] != source.size or content_type not in {None, head.get("ContentType")}:
            return None
        try:
            return _version(bucket, source.key, head) if _is_same(head, source.path) else None
        except FroeError:
            return None  # the upload will say that it cannot be read

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        answers = zip(sources, pool.map(look, sources), strict=True)
        return {source.key: version for source, version in answers if version}


def _is_same(head: dict[str, Any], path: Path) -> bool:
    known, etag = head.get("Metadata", {}).get(SHA256), head["ETag"].strip('"')
    digests = digests_of(path)
    return bool(digests.sha256 == known if known else digests.md5 == etag)


def _version(bucket: str, key: str, head: dict[str, Any]) -> ObjectVersion:
    version_id = head.get("VersionId")
    return ObjectVersion(bucket, key, None if version_id == "null" else version_id, head["ETag"].strip('"'))
