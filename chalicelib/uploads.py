"""Uploads from a browser: addresses, signed for an hour, to put one object into the input bucket.

One key is signed and, for each piece, its size. Small objects are uploaded whole, others in parts, at most
a thousand, so that one answer has the addresses of all of them. Limits: an existing object is overwritten, and a bucket with
versioning keeps it; the CORS rules of the input bucket must name the origin of the page.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple, Protocol
from urllib.parse import quote

from chalicelib.core.plan.keys import KeyPatterns
from chalicelib.core.wire.fields import NAME_MAX_CHARS, quoted
from chalicelib.core.wire.notifications import is_folder
from chalicelib.pages import PAGE_MAX_BYTES, BadQueryError
from chalicelib.status_json import time_json

HOLDS_FOR: Final = timedelta(hours=1)
WHOLE_MAX_BYTES: Final = 64 * 1024**2
PARTS_MAX: Final = 1000
_PART_MAX_BYTES: Final = 5 * 1024**3
"""https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html"""
SIZE_MAX: Final = PARTS_MAX * _PART_MAX_BYTES
_SIGNED_BYTES: Final = 3000
"""Of the address of a part, beside its key: the id of the upload, the token of a session, the signature."""
_PART_MIN_BYTES: Final = 16 * 1024**2
_MIB: Final = 1024**2
ID_MAX_CHARS: Final = 2000
_CONTROLS: Final = re.compile(r"[\x00-\x1f\x7f\ufffe\uffff]")
"""What no listing of a bucket in XML 1.0 can have, or S3 advises against
(https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html)."""
ETAG_MAX_CHARS: Final = 200


class Part(NamedTuple):
    """A part that was uploaded. number: from 1."""

    number: int
    etag: str


class SignsUploads(Protocol):
    """Signs requests to the input bucket. seconds: how long the address is valid."""

    def sign(self, key: str, size: int, seconds: int) -> str: ...

    def begin(self, key: str) -> str:
        """The id of a new upload in parts."""

    def sign_part(self, key: str, upload_id: str, number: int, size: int, seconds: int) -> str: ...

    def complete(self, key: str, upload_id: str, parts: Sequence[Part]) -> None:
        """Raises ObjectGoneError if there is no such upload, PermanentError if the parts are others."""

    def abort(self, key: str, upload_id: str) -> None: ...


class Uploads:
    def __init__(self, bucket: SignsUploads, keys: KeyPatterns, now: Callable[[], datetime]) -> None:
        self._bucket = bucket
        self._keys = keys
        self._now = now

    def begin(self, key: str, size: int) -> dict[str, Any]:
        """size: in bytes."""
        self._check(key)
        if not 0 <= size <= SIZE_MAX:
            raise BadQueryError(f"size is {size}: give a number of bytes from 0 to {SIZE_MAX}")
        if is_folder(key, size):
            raise BadQueryError(f"key is {quoted(key)}: the key of an empty folder is not a log")
        seconds = int(HOLDS_FOR.total_seconds())
        until = {"key": key, "expires_at": time_json((self._now() + HOLDS_FOR).replace(microsecond=0))}
        if size <= WHOLE_MAX_BYTES:
            return {**until, "method": "PUT", "url": self._bucket.sign(key, size, seconds), "headers": {}}
        part_bytes = part_size(size, parts_max(key))
        if part_bytes > _PART_MAX_BYTES:
            most = parts_max(key) * _PART_MAX_BYTES
            raise BadQueryError(f"size is {size}: give at most {most} bytes, or a shorter key")
        upload_id = self._bucket.begin(key)
        parts = []
        for at in range(0, size, part_bytes):
            number, length = at // part_bytes + 1, min(part_bytes, size - at)
            url = self._bucket.sign_part(key, upload_id, number, length, seconds)
            parts.append({"number": number, "url": url})
        return {**until, "upload_id": upload_id, "part_bytes": part_bytes, "parts": parts}

    def complete(self, key: str, upload_id: str, parts: Sequence[Part]) -> dict[str, Any]:
        self._check(key)
        self._bucket.complete(key, upload_id, sorted(parts))
        return {"key": key}

    def abort(self, key: str, upload_id: str) -> dict[str, Any]:
        self._check(key)
        self._bucket.abort(key, upload_id)
        return {"key": key}

    def _check(self, key: str) -> None:
        if not key or len(key.encode()) > NAME_MAX_CHARS:
            raise BadQueryError(f"key is {quoted(key)}: give a string of 1 to {NAME_MAX_CHARS:,} bytes")
        if _CONTROLS.search(key):
            raise BadQueryError(f"key is {quoted(key)}: give one without control characters")
        if not self._keys.takes(key):
            raise BadQueryError(f"key is {quoted(key)}: {self._keys.refusal()}")


def parts_max(key: str) -> int:
    """How many addresses an answer has room for."""
    return min(PARTS_MAX, PAGE_MAX_BYTES // (_SIGNED_BYTES + len(quote(key))))


def part_size(size: int, parts: int) -> int:
    """In bytes, whole MiB; parts: at most so many."""
    return max(_PART_MIN_BYTES, -(-size // parts // _MIB) * _MIB)
