"""Statistics in the ledger's table: ``opened#{slot}`` has a row for each settled file that was opened in the slot,
under its id, and the partition ``statistics`` has the sums of each slot. The index ``by_state`` also lists rows of
files with many rejects, as ``REJECTS#0``: the file's state is in another attribute."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, Final

from chalicelib.aws.files_table import BY_STATE_INDEX
from chalicelib.aws.items import Item, Items, Key
from chalicelib.statistics import NUMBERS, Row, Slot, Sum

_SUMS: Final = "statistics"
_REJECTS: Final = tuple(f"REJECTS#{number}" for number in range(4))


class DynamoStatistics:
    """client: a low-level DynamoDB client. table: the ledger's."""

    def __init__(self, client: Any, table: str) -> None:
        self._items = Items(client, table)

    def touch(self, slot: str, now: datetime) -> None:
        at = now.isoformat(timespec="microseconds")
        self._items.update(Key(_SUMS, slot), {"touched_at": at}, unless="#0 >= :0")

    def put_row(self, row: Row) -> None:
        (state,) = row.sum.states
        shelf = _REJECTS[zlib.crc32(row.file_id.encode()) % len(_REJECTS)]
        item = {
            "revision": row.revision,
            "format": row.format,
            "numbers": _written(row.sum.numbers),
            "became": state,
            "opened": row.opened,
            "expires_at": row.expires_at,
            "state": shelf if row.rejects else None,
        }
        self._items.update(
            Key(_partition(row.slot), row.file_id),
            item,
            unless="#0 >= :revision",
            values={":revision": row.revision},
        )

    def rows(self, slot: str) -> Iterator[Row]:
        for item in self._items.between(_partition(slot), "0", "~"):
            yield Row(
                slot,
                item["sk"],
                item["revision"],
                item["format"],
                Sum(_read(item["numbers"]), {item["became"]: 1}),
                item["opened"],
                item.get("expires_at"),
                "state" in item,
            )

    def slots(self, first: str, until: str) -> Iterator[Slot]:
        for item in self._items.between(_SUMS, first, until):
            if item["sk"] < until and "touched_at" in item:
                yield _slot(item)

    def put_sums(self, slot: Slot) -> None:
        assert slot.summed_at, "sums are made at some time"
        self._items.update(
            Key(_SUMS, slot.name),
            {
                "revision": slot.revision,
                "summed_at": slot.summed_at.isoformat(),
                "sums": {
                    name: [_written(each.numbers), dict(each.states)] for name, each in slot.sums.items()
                },
            },
            unless="#0 > :0",
        )

    def files_with_many_rejects(self, *, since: str, limit: int) -> list[str]:
        """File ids, newest first."""
        listed = self._items.by_index(
            BY_STATE_INDEX, "state", _REJECTS, before=None, since=since, limit=limit
        )
        return [item["sk"] for item in listed.items]


def _written(numbers: Sequence[int]) -> str:
    """As one string: a list of DynamoDB numbers takes several times as long to read."""
    return ",".join(map(str, numbers))


def _read(numbers: str) -> tuple[int, ...]:
    """Numbers that earlier code did not know are 0."""
    read = tuple(map(int, numbers.split(",")))[:NUMBERS]
    return read + (0,) * (NUMBERS - len(read))


def _partition(slot: str) -> str:
    return f"opened#{slot}"


def _slot(item: Item) -> Slot:
    summed_at = item.get("summed_at")
    return Slot(
        item["sk"],
        datetime.fromisoformat(item["touched_at"]),
        datetime.fromisoformat(summed_at) if summed_at else None,
        item.get("revision", 0),
        {name: Sum(_read(numbers), states) for name, (numbers, states) in item.get("sums", {}).items()},
    )
