"""Pages of a file's records or rejects, in the order of the text, the same for each layout.

A page reads a bounded number of items and bytes for a bounded time, and may be empty and still have a cursor. A cursor is a text
offset: it may be inside a segment, whose earlier entries are then skipped.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, Final, NamedTuple, Protocol

from chalicelib.conditions import Condition
from chalicelib.core.plan import Plan
from chalicelib.core.plan.layouts import Layout
from chalicelib.core.records import SHARD_STRIDE_BYTES, record_key, sort_key, strides, untyped
from chalicelib.core.records.segments import (
    Segment,
    entries_of,
    last_key,
    microseconds,
    offset_in,
)
from chalicelib.delivery import Deadline
from chalicelib.ledger import Ledger
from chalicelib.pages import Page
from chalicelib.sink_rows import ReadsResults, SinkReading, StoredBatch
from chalicelib.status_json import entry_json

EFFORT_PER_PAGE: Final = 10_000
"""In items that a page reads; a query counts as 50. A few seconds at most. A query reads up to 1 MB."""

SECONDS_PER_PAGE: Final = 10.0
"""After which a walk goes no further, however little it has read: an answer may take 29 s, and its last query some of them."""

EFFORT_PER_QUERY: Final = 50
_ENTRIES_PER_EFFORT: Final = 8
"""Entries of an unpacked segment per item, since they cost no request."""


class RecordPage(NamedTuple):
    """Items (plain values), how many were read, and the sort key reached if there is more."""

    items: list[dict[str, Any]]
    looked_at: int
    reached: str | None


class SegmentPage(NamedTuple):
    """Heads, how many items were read, and the sort key reached if there is more."""

    segments: list[Segment]
    looked_at: int
    reached: str | None


class ReadsRecords(Protocol):
    def page(self, partition: str, first: str, last: str, kind: str, limit: int) -> RecordPage:
        """Items of one kind between two sort keys, both included; `limit` bounds how many are read."""

    def segments(self, partition: str, first: str, last: str) -> SegmentPage:
        """Heads between two sort keys, both included."""

    def continuations(self, segment: Segment) -> list[bytes | None]:
        """The data of the continuations that the head names; None for each that is missing."""


@dataclass(frozen=True)
class RecordQuery:
    """The conditions. kind: `record` or `reject`. severity: the lowest; 0: any. begin, end: bounds of the timestamp
    (UTC), end excluded; a record without a timestamp is outside any bounds. format: the entry's own; None: any. text:
    what the body or an attribute contains, in any case; empty: anything. where: conditions that must all hold."""

    kind: str
    severity: int = 0
    begin: datetime | None = None
    end: datetime | None = None
    format: str | None = None
    text: str = ""
    where: tuple[Condition, ...] = ()

    def takes(self, item: dict[str, Any]) -> bool:
        """item: plain values."""
        if self.format and item["format"] != self.format:
            return False
        begin, end = self._bounds
        if begin or end:
            time = _comparable(item.get("timestamp", "").removesuffix("Z"))
            if not time or (begin and time < begin) or (end and time >= end):
                return False
        if item.get("severity_number", 0) < self.severity:
            return False
        if not all(condition.holds(item) for condition in self.where):
            return False
        sought = item.get("body"), item.get("attributes")
        return not self.text or any(_contains(each, self._needle) for each in sought)

    def passes_over(self, segment: Segment) -> bool:
        """Whether the head shows that no entry of the segment meets the conditions."""
        if not segment.of_kind(self.kind) or segment.severity_max < self.severity:
            return True
        if self.format and self.format not in segment.formats:
            return True
        begin, end = self._bounds
        first, last = segment.first_time, segment.last_time
        if not (begin or end):
            return False
        if first is None or last is None:
            return True
        return bool((begin and last < microseconds(begin)) or (end and first >= microseconds(end)))

    @cached_property
    def _bounds(self) -> tuple[str | None, str | None]:
        return _bound(self.begin), _bound(self.end)

    @cached_property
    def _needle(self) -> str:
        return self.text.casefold()


def _contains(value: Any, needle: str) -> bool:
    """Whether a string in the value contains the text, or a number as it is written. Names do not count."""
    if isinstance(value, str):
        return needle in value.casefold()
    if isinstance(value, dict):
        return any(_contains(each, needle) for each in value.values())
    if isinstance(value, list):
        return any(_contains(each, needle) for each in value)
    return value is not None and needle in str(value).casefold()


def _bound(time: datetime | None) -> str | None:
    return _comparable(time.astimezone(UTC).replace(tzinfo=None).isoformat()) if time else None


def _comparable(time: str) -> str:
    """The time without the last zeros of its fraction, so that times of different precision compare as strings."""
    return time.rstrip("0").rstrip(".") if "." in time else time


class Walk:
    """The results of a walk over entries, and the effort so far. limit: the most items of a page or request. after: the
    text offset at which it begins."""

    effort_max = EFFORT_PER_PAGE
    seconds_max = SECONDS_PER_PAGE

    def __init__(self, plan: Plan, query: RecordQuery, limit: int, after: int) -> None:
        self.plan, self.query, self.limit, self.after = plan, query, limit, after
        self.effort = 0
        self._deadline = Deadline.after(self.seconds_max)

    def is_over(self, at: int) -> bool:
        """Whether it goes no further than to that offset. Late as it may be, it comes further than where it began."""
        return self.effort >= self.effort_max or (at > self.after and self._deadline.seconds_left <= 0)

    def add(self, item: dict[str, Any]) -> int | None:
        """Take an item (plain values) if it meets the conditions. Gives the offset of the next walk once this one is
        full."""
        return self.take(item) if self.query.takes(item) else None

    def take(self, item: dict[str, Any]) -> int | None:
        raise NotImplementedError


class Paging(Walk):
    """A walk that makes a page."""

    def __init__(self, plan: Plan, query: RecordQuery, limit: int, after: int) -> None:
        super().__init__(plan, query, limit, after)
        self._page = Page(limit)

    def take(self, item: dict[str, Any]) -> int | None:
        offset = offset_in(item["sk"])
        if not self._page.add(entry_json(item)):
            return offset
        return offset + 1 if self._page.is_full else None

    def answer(self, cursor: int | None) -> dict[str, Any]:
        return self._page.listed(None if cursor is None else str(cursor))


class RecordPages:
    """results: where the sink is; None if the stage has none."""

    def __init__(self, records: ReadsRecords, ledger: Ledger, results: ReadsResults | None = None) -> None:
        self._records = records
        self._ledger = ledger
        self._results = results

    def walk(self, walk: Walk, stretches: Iterable[tuple[int, int]]) -> int | None:
        """Walk over the entries in stretches of the text. Gives where the next walk continues, or None at the end.
        Entries that begin in one MiB of the text share a partition. Raises SegmentError for a segment that cannot be
        read."""
        look = self._look_at_segments if walk.plan.layout is Layout.PACKED else self._look_at_items
        for begin, end in stretches:
            at = max(begin, walk.after)
            while at < end:
                if walk.is_over(at):
                    return at
                _, until = next(strides(at, end))
                at, is_full = look(walk, at, until)
                if is_full:
                    return at
        return None

    def walk_over_batches(self, walk: Walk, batches: Iterable[StoredBatch]) -> int | None:
        """Walk over the batches of a file without records in the table, from the walk's offset on, in the order of the
        text. Raises SegmentError for an object that cannot be read; one that has expired has no entries."""
        reading = SinkReading(walk.plan, self._ledger, self._results)
        for batch in batches:
            if walk.is_over(batch.offset):
                return max(batch.offset, walk.after)
            walk.effort += EFFORT_PER_QUERY
            for number, entry in enumerate(reading.entries(batch)):
                walk.effort += not number % _ENTRIES_PER_EFFORT
                is_wanted = entry["kind"] == walk.query.kind and offset_in(entry["sk"]) >= walk.after
                if is_wanted and (following := walk.add(entry)) is not None:
                    return following
        return None

    def _look_at_items(self, walk: Walk, at: int, until: int) -> tuple[int, bool]:
        """The offset that was reached, and whether the page is full."""
        partition, first = record_key(walk.plan.file_id, walk.plan.shards, at)
        page = self._records.page(
            partition, first, sort_key(until - 1), walk.query.kind, max(walk.limit, 200)
        )
        walk.effort += page.looked_at + EFFORT_PER_QUERY
        for item in page.items:
            if (following := walk.add(item)) is not None:
                return following, True
        return (offset_in(page.reached) + 1 if page.reached else until), False

    def _look_at_segments(self, walk: Walk, at: int, until: int) -> tuple[int, bool]:
        """As `_look_at_items`. The segment with the offset may begin before it, but in the same MiB; a segment that
        ends behind the stretch is unpacked up to the stretch's end."""
        begin = at - at % SHARD_STRIDE_BYTES if at == walk.after else at
        partition, first = record_key(walk.plan.file_id, walk.plan.shards, begin)
        while True:
            page = self._records.segments(partition, first, last_key(until - 1))
            walk.effort += page.looked_at + EFFORT_PER_QUERY
            for segment in page.segments:
                if segment.last < at or walk.query.passes_over(segment):
                    continue
                for item in self._unpacked(walk, segment):
                    if at <= offset_in(item["sk"]) < until and (following := walk.add(item)) is not None:
                        return following, True
                if walk.is_over(segment.last + 1):
                    return min(segment.last + 1, until), False
            if page.reached is None:
                return until, False
            if (reached := offset_in(page.reached) + 1) > at:
                return min(reached, until), False
            first = last_key(reached - 1)

    def _unpacked(self, walk: Walk, segment: Segment) -> Iterator[dict[str, Any]]:
        """The entries of the right kind, as plain values."""
        if segment.continuations:
            walk.effort += EFFORT_PER_QUERY
        for number, entry in enumerate(entries_of(segment, self._records.continuations(segment))):
            walk.effort += not number % _ENTRIES_PER_EFFORT
            if entry["kind"]["S"] == walk.query.kind:
                yield {name: untyped(value) for name, value in entry.items()}
