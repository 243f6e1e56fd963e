"""Compares the pipeline's account of a file with an independent count of the same file.

Three views must agree, in lines and in bytes: the count of the local file, the account in the
ledger, and the content of the records table plus what the ledger counts as skipped.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from froe.counting import Count
from froe.inquiry import ItemJson, accounted, skipped


@dataclass(frozen=True, slots=True)
class Stored:
    """What the records table holds of a file: items, and the lines and bytes of text in them."""

    items: int = 0
    lines: int = 0
    bytes: int = 0


@dataclass(frozen=True, slots=True)
class Comparison:
    """One file. file: its account, None if the ledger never heard of it. seconds: upload to settled."""

    name: str
    counted: Count
    file: ItemJson | None
    stored: Stored
    seconds: float | None

    @property
    def agrees(self) -> bool:
        """Whether the file is complete and all three views are the same."""
        return self.complaint is None

    @property
    def complaint(self) -> str | None:
        """What does not agree, in one sentence; None if all does."""
        file = self.file
        if file is None:
            return f"{self.name} was uploaded but never opened."
        if file["state"] != "COMPLETE":
            return f"{self.name} is {file['state']}: {file['reason'] or 'it did not settle in time'}."
        for unit, counted in (("lines", self.counted.lines), ("bytes", self.counted.text_bytes)):
            ledger = accounted(file, unit)
            table = getattr(self.stored, unit) + skipped(file, unit)
            if not ledger == table == counted:
                return (
                    f"{self.name} has {counted:,} {unit}, of which the ledger accounts for {ledger:,}"
                    f" and the records table, with what was skipped, for {table:,}."
                )
        if file["text_bytes"] != self.counted.text_bytes:
            return f"{self.name} has {self.counted.text_bytes:,} bytes of text, the ledger says {file['text_bytes']:,}."
        return None

    def for_programs(self) -> dict[str, object]:
        """A JSON object; `account` has the shape of the HTTP contract."""
        return {
            "name": self.name,
            "agrees": self.agrees,
            "seconds": self.seconds,
            "counted": {"lines": self.counted.lines, "bytes": self.counted.text_bytes},
            "stored": {"items": self.stored.items, "lines": self.stored.lines, "bytes": self.stored.bytes},
            "account": self.file,
        }


_NOTHING: Final = {"N": "0"}
"""Of a continuation of a segment: what it holds its head has counted."""


def stored_by_file(dynamodb: Any, table: str) -> Mapping[str, Stored]:
    """Add up every item of a records table, by file id. Reads the whole table: for small ones."""
    pages = dynamodb.get_paginator("scan").paginate(
        TableName=table,
        ConsistentRead=True,
        ProjectionExpression="file_id, #length, #lines",
        ExpressionAttributeNames={"#length": "length", "#lines": "lines"},
    )
    return _added_up(item for page in pages for item in page["Items"])


def _added_up(items: Iterable[Mapping[str, Any]]) -> Mapping[str, Stored]:
    sums: dict[str, Stored] = {}
    for item in items:
        so_far = sums.get(item["file_id"]["S"], Stored())
        sums[item["file_id"]["S"]] = Stored(
            so_far.items + 1,
            so_far.lines + int(item.get("lines", _NOTHING)["N"]),
            so_far.bytes + int(item.get("length", _NOTHING)["N"]),
        )
    return sums
