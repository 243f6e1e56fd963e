"""Statistics: what became of all files, by format and by the hour in which they were opened.

Every settled file has a row of its own, which a later settling replaces by its revision: there is no counter, and a
repeat changes nothing. Rows are stored in slots, four per hour so that no partition is hot; the reader adds up a slot's rows,
and stores the sum with a revision of its own, the sum of the rows' revisions. Limits: a sum is not made again within 15
seconds; rows that expire remain in their slot's sum.
"""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import MAXYEAR, UTC, datetime, timedelta
from typing import Any, Final, NamedTuple, Protocol

from chalicelib.core.archives.accounts import OF_MEMBERS
from chalicelib.core.ledger.marks import Tally
from chalicelib.core.plan.layouts import Sink
from chalicelib.core.wire.fields import quoted
from chalicelib.delivery import Deadline
from chalicelib.ledger import StoredFile, opened_position
from chalicelib.pages import BadQueryError, Page, bad_cursor
from chalicelib.status_json import time_json

SLOTS_AN_HOUR: Final = 4
MANY_REJECTS: Final = 0.1
"""The share of lines or bytes above which rejects need attention."""

_HOUR: Final = "%Y-%m-%dT%H"
_HOUR_CHARS: Final = 13
_WIDTHS: Final = {"hour": timedelta(hours=1), "day": timedelta(days=1)}
_DEFAULT_SPANS: Final = {"hour": timedelta(days=1), "day": timedelta(days=30)}
_LONGEST_SPANS: Final = {"hour": timedelta(days=31), "day": timedelta(days=366)}
_SECONDS: Final = 8.0
_TOUCHED_EVERY: Final = timedelta(minutes=1)
_SETTLES_AFTER: Final = 2 * _TOUCHED_EVERY
"""For that long after it was touched, a slot may get rows whose writers do not touch it again."""
_SUMMED_EVERY: Final = timedelta(seconds=15)
_BUCKETS_MAX: Final = 1000
PARTS: Final = ("parsed", "rejected", "skipped", "dead", "discarded")
USED: Final = (
    "write_units",
    "queue_requests",
    "object_reads",
    "s3_requests",
    "object_writes",
    "milliseconds",
)
"""What files used of AWS; unknown for files of earlier versions."""
_HEAD: Final = 4
_AT_USED: Final = _HEAD + 3 * len(PARTS)
NUMBERS: Final = _AT_USED + len(USED)


@dataclass(frozen=True)
class Sum:
    """numbers: files, bytes of objects, bytes of text and milliseconds from opening to settling, then entries, lines and
    bytes of each of `PARTS`, then each of `USED`. states: how many files are in each."""

    numbers: tuple[int, ...] = (0,) * NUMBERS
    states: Mapping[str, int] = field(default_factory=dict)

    def __add__(self, other: Sum) -> Sum:
        numbers = tuple(map(int.__add__, self.numbers, other.numbers))
        return Sum(numbers, Counter(self.states) + Counter(other.states))

    def json(self) -> dict[str, Any]:
        files, size, text, milliseconds = self.numbers[:_HEAD]
        tallies = {
            name: dict(zip(("entries", "lines", "bytes"), self.numbers[at : at + 3], strict=True))
            for at, name in enumerate(PARTS)
            for at in (_HEAD + 3 * at,)
        }
        total = {name: sum(each[name] for each in tallies.values()) for name in ("entries", "lines")}
        tallies["skipped"].pop("entries")
        used: dict[str, float] = dict(zip(USED, self.numbers[_AT_USED:], strict=True))
        used["seconds"] = used.pop("milliseconds") / 1000
        described = {"files": files, "bytes": size, "text_bytes": text, "seconds": milliseconds / 1000}
        return {
            **described,
            **total,
            **tallies,
            "used": used,
            "states": dict(sorted(self.states.items())),
        }


class Row(NamedTuple):
    """The counts of a settled file. format: `-` if it has none. rejects: whether there are many."""

    slot: str
    file_id: str
    revision: int
    format: str
    sum: Sum
    opened: str
    expires_at: int | None
    rejects: bool = False


class Slot(NamedTuple):
    """The rows of a slot, added up by format. revision: the sum of theirs. summed_at: None if they were never added up."""

    name: str
    touched_at: datetime
    summed_at: datetime | None
    revision: int
    sums: Mapping[str, Sum]


class StatisticsTable(Protocol):
    def touch(self, slot: str, now: datetime) -> None:
        """Record that a slot may have new rows; the last time counts."""

    def put_row(self, row: Row) -> None:
        """Put the row unless a stored one of the file has the same or a later revision."""

    def rows(self, slot: str) -> Iterable[Row]: ...

    def slots(self, first: str, until: str) -> Iterable[Slot]:
        """The slots between two names, in order; until: excluded."""

    def put_sums(self, slot: Slot) -> None:
        """Put the sums unless stored ones have a later revision."""


def slot_of(opened_at: datetime, file_id: str) -> str:
    number = zlib.crc32(file_id.encode()) % SLOTS_AN_HOUR
    return f"{_hour(opened_at.astimezone(UTC))}#{number}"


def row_of(file: StoredFile) -> Row:
    """file: settled."""
    plan, account, counts = file.plan, file.account, file.account.summary.counts
    seconds = (file.settled_at or file.opened_at) - file.opened_at
    of_members = sum((counts.skipped.get(reason, Tally()) for reason in OF_MEMBERS), Tally())
    skipped = sum(counts.skipped.values(), Tally()) - of_members  # they have rows of their own
    tallies = (counts.parsed, counts.rejected, skipped, account.summary.dead, account.summary.given_up)
    size = (
        0 if plan.object.member else plan.head.size
    )  # what a member is of an object counts with its archive
    head = (1, size, (account.text_bytes or 0) - of_members.bytes, seconds // timedelta(milliseconds=1))
    numbers = head + tuple(number for each in tallies for number in (each.entries, each.lines, each.bytes))
    used = file.opening + account.used
    rows_written = account.summary.done if plan.sink is Sink.PARQUET else 0
    numbers += (used.write_units, used.queue_requests, used.object_reads, used.s3_requests)
    numbers += (rows_written, used.milliseconds)
    return Row(
        slot_of(file.opened_at, file.file_id),
        file.file_id,
        account.revision,
        plan.shown_format or "-",
        Sum(numbers, {account.state.value: 1}),
        opened_position(file.opened_at, file.file_id),
        plan.expires_at,
        counts.reject_share.value > MANY_REJECTS,
    )


class Counting:
    """Writes the rows of files that have settled."""

    def __init__(self, table: StatisticsTable, now: Callable[[], datetime]) -> None:
        self._table = table
        self._now = now
        self._touched: dict[str, datetime] = {}

    def count(self, file: StoredFile) -> None:
        """Raises TransientError if it must be repeated. Each writer touches a slot once a minute."""
        row, now = row_of(file), self._now()
        if self._touched.get(row.slot, now - _TOUCHED_EVERY) <= now - _TOUCHED_EVERY:
            self._table.touch(row.slot, now)
            recent = {slot: at for slot, at in self._touched.items() if at > now - _TOUCHED_EVERY}
            self._touched = recent | {row.slot: now}
        self._table.put_row(row)


class Statistics:
    def __init__(
        self, table: StatisticsTable, now: Callable[[], datetime], seconds: float = _SECONDS
    ) -> None:
        self._table = table
        self._now = now
        self._seconds = seconds

    def page(
        self, *, begin: datetime | None, end: datetime | None, by: str | None, cursor: str | None
    ) -> dict[str, Any]:
        """Buckets of time that are not empty, by format, and the total of this page. begin, end: UTC, extended to whole
        hours or days."""
        by = (by or "hour").lower()
        if by not in _WIDTHS:
            raise BadQueryError(f"by is {quoted(by)}: give one of {', '.join(_WIDTHS)}")
        until = end or self._now()
        begin = begin or until - min(_DEFAULT_SPANS[by], until - datetime.min.replace(tzinfo=UTC))
        if end and begin > end:
            raise BadQueryError("from is later than to: give the earlier time as from")
        end = end or _ceiling(until)  # an answer that is polled stays the same until something settles
        if until - begin > _LONGEST_SPANS[by]:
            raise BadQueryError(
                f"from and to are too far apart: by {by} give at most {_LONGEST_SPANS[by].days} days"
            )
        first = _floor(begin, by)
        first = max(first, _checked_cursor(cursor)) if cursor else first
        page, total = Page(_BUCKETS_MAX), Sum()
        deadline = Deadline.after(self._seconds)
        reached = None
        bucket: dict[str, Sum] = {}
        at = first
        for slot in self._slots(first, end):
            moment = _floor(datetime.strptime(slot.name[:_HOUR_CHARS], _HOUR).replace(tzinfo=UTC), by)
            if moment != at:
                if not _add(page, at, bucket):
                    reached = at
                    break
                total, bucket, at = sum(bucket.values(), total), {}, moment
            if deadline.seconds_left <= 0:
                reached, bucket = at, {}
                break
            for name, each in self._summed(slot).items():
                bucket[name] = bucket.get(name, Sum()) + each
        if reached is None:
            if _add(page, at, bucket):
                total = sum(bucket.values(), total)
            else:
                reached = at
        listed = page.listed(_text_of(reached))
        period = {"by": by, "from": time_json(_floor(begin, by)), "to": time_json(end)}
        return {**period, "buckets": listed["items"], "totals": total.json(), "cursor": listed["cursor"]}

    def total(self, begin: datetime, end: datetime, deadline: Deadline) -> dict[str, Sum]:
        """Sums by format of the files that were opened in the whole hours between. Raises OutOfTimeError."""
        sums: dict[str, Sum] = {}
        for slot in self._slots(begin, end):
            deadline.check("adding up the statistics")
            for name, each in self._summed(slot).items():
                sums[name] = sums.get(name, Sum()) + each
        return sums

    def _slots(self, begin: datetime, end: datetime) -> Iterable[Slot]:
        first, until = _hour(begin), _hour(_ceiling(end))
        return self._table.slots(first, until) if first < until else ()

    def _summed(self, slot: Slot) -> Mapping[str, Sum]:
        now = self._now()
        if slot.summed_at and (
            slot.summed_at >= slot.touched_at + _SETTLES_AFTER or slot.summed_at > now - _SUMMED_EVERY
        ):
            return slot.sums
        sums: dict[str, Sum] = {}
        revision = 0
        for row in self._table.rows(slot.name):
            sums[row.format] = sums.get(row.format, Sum()) + row.sum
            revision += row.revision
        if revision < slot.revision:  # some have expired
            revision, sums = slot.revision, dict(slot.sums)
        self._table.put_sums(Slot(slot.name, slot.touched_at, now, revision, sums))
        return sums


def _add(page: Page, at: datetime, bucket: Mapping[str, Sum]) -> bool:
    formats = {name: each.json() for name, each in sorted(bucket.items())}
    return not bucket or page.add({"from": time_json(at), "formats": formats})


def _hour(time: datetime) -> str:
    return time.isoformat()[:_HOUR_CHARS]


def _floor(time: datetime, by: str) -> datetime:
    hour = time.replace(minute=0, second=0, microsecond=0)
    return hour if by == "hour" else hour.replace(hour=0)


def _ceiling(time: datetime) -> datetime:
    """The next full hour, or this one."""
    hour = _floor(time, "hour")
    return hour if hour == time or hour.year == MAXYEAR else hour + timedelta(hours=1)


def _text_of(time: datetime | None) -> str | None:
    return _hour(time) if time else None


def _checked_cursor(cursor: str) -> datetime:
    try:
        return datetime.strptime(cursor, _HOUR).replace(tzinfo=UTC)
    except ValueError:
        raise bad_cursor(cursor) from None
