"""The records table compared: the items of each batch, and whether any other lies in a partition of the file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from decimal import Decimal
from itertools import zip_longest
from typing import Any, Final, Protocol

import orjson

from chalicelib.core.plan import Plan
from chalicelib.core.plan.layouts import Layout
from chalicelib.core.records import SHARD_STRIDE_BYTES, partition_key, segments, untyped
from chalicelib.core.wire.messages import BatchMessage
from froe.verifying.verdicts import Item, Verdict, offset_in

_BESIDE: Final = frozenset({"data", "encoding", "continuations"})
"""What a segment's entries say already."""


class ReadsItems(Protocol):
    """The records table, strongly consistent."""

    def count(self, file_id: str, shards: int, begin: int, end: int) -> int: ...

    def everything(self, file_id: str, shards: int, begin: int, end: int) -> Iterator[Item]: ...

    def count_all(self, file_id: str) -> int: ...

    def keys(self, file_id: str) -> Iterator[tuple[str, str]]: ...


class TableComparison:
    """Give it all batches of a file, then ask for strays."""

    def __init__(self, table: ReadsItems, verdict: Verdict) -> None:
        self._table = table
        self._verdict = verdict
        self._in_place = 0

    def pass_batch(self, message: BatchMessage) -> None:
        """Of a batch that is not done some items may be there; they are not compared."""
        end = message.offset + message.length
        self._in_place += self._table.count(message.file_id, message.shards, message.offset, end)

    def compare_batch(self, message: BatchMessage, encoded: Iterable[bytes]) -> None:
        """encoded: the items that the batch comes to, as the worker writes them."""
        end = message.offset + message.length
        items = list(self._table.everything(message.file_id, message.shards, message.offset, end))
        self._in_place += len(items)
        # Nearly all are equal, and in the order in which they are written: only the others are looked at by their keys.
        pairs = [
            (item, expected)
            for item, expected in zip_longest(items, map(orjson.loads, encoded))
            if item != expected
        ]
        if not pairs:
            return
        stored, expected = _by_key(item for item, _ in pairs), _by_key(item for _, item in pairs)
        garbled = [key for key in stored if offset_in(key[1]) is None]  # they are strays
        self._in_place -= len(garbled)
        for key in garbled:
            del stored[key]
        if _all_exact(stored) == _all_exact(expected):
            return
        verdict, before = self._verdict, self._verdict.number
        if message.layout is Layout.PACKED:
            verdict.compare("table", _unpacked(stored), _unpacked(expected), _exact, untyped)
            stored, expected = _heads(stored), _heads(expected)
        verdict.compare("table", stored, expected, _exact, untyped)
        if verdict.number == before:
            what = f"the items of batch {message.batch_id} are written otherwise"
            verdict.add("table", what, message.offset)

    def find_strays(self, plan: Plan, end: int) -> None:
        """Items in the file's partitions that lie where no entry of it belongs. They are counted first: nearly always
        there are none. end: of the text."""
        if self._table.count_all(plan.file_id) == self._in_place:
            return
        partitions = [partition_key(plan.file_id, shard) for shard in range(plan.shards)]
        in_place = 0
        for pk, sk in self._table.keys(plan.file_id):
            offset = offset_in(sk)
            is_stray = (
                offset is None
                or offset >= end
                or pk != partitions[offset // SHARD_STRIDE_BYTES % plan.shards]
                or plan.layout is Layout.NONE
            )
            if is_stray:
                self._verdict.add("table", f"an item lies where none belongs ({pk}, {sk})", offset)
            else:
                in_place += 1
        if in_place != self._in_place:
            self._verdict.add("table", "items came or went meanwhile", None, in_place, self._in_place)


def _by_key(items: Iterable[Item | None]) -> dict[tuple[Any, ...], Item]:
    return {(item["pk"]["S"], item["sk"]["S"]): item for item in items if item is not None}


def _exact(value: Mapping[str, Any]) -> Any:
    """A typed value as it compares: a number by its value, as DynamoDB writes it with digits of its own; all else, and
    every type, as it is."""
    ((kind, content),) = value.items()
    if kind == "N":
        return kind, Decimal(content)
    if kind == "L":
        return kind, [_exact(each) for each in content]
    if kind == "M":
        return kind, {name: _exact(each) for name, each in content.items()}
    if kind == "B":
        return kind, untyped({kind: content})
    return kind, content


def _all_exact(items: Mapping[Any, Item]) -> dict[Any, Any]:
    return {key: {name: _exact(value) for name, value in item.items()} for key, item in items.items()}


def _unpacked(items: Mapping[Any, Item]) -> dict[Any, Item]:
    """The entries of the segments among the items, as far as they can be read: of others they are missing."""
    collected: dict[Any, Item] = {}
    for (pk, sk), item in items.items():
        if item.get("kind") != {"S": segments.SEGMENT}:
            continue
        with suppress(segments.SegmentError, KeyError, TypeError, ValueError):
            segment = segments.segment_of(item)
            keys = [segments.continuation_key(sk, number) for number in range(1, segment.continuations + 1)]
            parts = [segments.binary_of(items[pk, key]) if (pk, key) in items else None for key in keys]
            for entry in segments.entries_of(segment, parts):
                collected[pk, entry["sk"]["S"]] = entry
    return collected


def _heads(items: Mapping[Any, Item]) -> dict[Any, Item]:
    """Without what their entries say already."""
    return {
        key: {name: value for name, value in item.items() if name not in _BESIDE}
        for key, item in items.items()
    }
