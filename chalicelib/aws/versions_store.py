"""Versions of a stage's configuration: registered in the ledger's table, in the partition ``configuration``, under their numbers;
what they say is under ``configuration/`` in the quarantine bucket, each object under the digest of its content."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from typing import Any, Final

from chalicelib.aws.errors import translated
from chalicelib.aws.items import Item, Items, Key
from chalicelib.configuration_versions import Version
from chalicelib.core.errors import AccessDeniedError, ObjectGoneError

_PARTITION: Final = "configuration"
_DIGITS: Final = 8
_MAX_BYTES: Final = 16 * 1024 * 1024
"""More than any configuration takes; what is longer is not what was registered, and is not read."""


class StoredVersions:
    """dynamodb, s3: low-level clients. table: the ledger's. bucket: the quarantine's."""

    def __init__(self, dynamodb: Any, table: str, s3: Any, bucket: str) -> None:
        self._items = Items(dynamodb, table)
        self._s3 = s3
        self._bucket = bucket

    def newest(self) -> Version | None:
        return next(self._read(at_once=1), None)

    def versions(self) -> Iterator[Version]:
        return self._read()

    def _read(self, at_once: int | None = None) -> Iterator[Version]:
        items = self._items.between(_PARTITION, "0", "9" * _DIGITS, newest_first=True, at_once=at_once)
        return map(_version, items)

    def register(self, version: Version) -> bool:
        """By an update: people may not put items."""
        item = {
            "sha256": version.digest,
            "source_sha256": version.source,
            "how": version.how,
            "by": version.by,
            "at": version.at.isoformat(),
            "redacts": version.redacts,
            "of": version.of,
            "froe": version.froe,
        }
        given = {name: value for name, value in item.items() if value is not None}
        return self._items.update(_key(version.number), given, unless="attribute_exists(pk)") is None

    def put(self, name: str, content: bytes) -> None:
        with translated(f"writing {_path(name)} in {self._bucket}"):
            self._s3.put_object(Bucket=self._bucket, Key=_path(name), Body=content)

    def read(self, name: str) -> bytes | None:
        with (
            suppress(ObjectGoneError, AccessDeniedError),
            translated(f"reading {_path(name)} in {self._bucket}"),
        ):
            answer = self._s3.get_object(Bucket=self._bucket, Key=_path(name))
            return b"" if answer["ContentLength"] > _MAX_BYTES else bytes(answer["Body"].read())
        return None


def _path(name: str) -> str:
    return f"configuration/{name}"


def _key(number: int) -> Key:
    return Key(_PARTITION, f"{number:0{_DIGITS}d}")


def _version(item: Item) -> Version:
    return Version(
        number=int(item["sk"]),
        digest=item["sha256"],
        source=item["source_sha256"],
        how=item["how"],
        by=item["by"],
        at=datetime.fromisoformat(item["at"]),
        redacts=item["redacts"],
        of=item.get("of"),
        froe=item["froe"],
    )
