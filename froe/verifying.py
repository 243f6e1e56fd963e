"""Reads a file's object again by its plan, and compares all that is stored of it: entries, marks, seals and sums.

Promise: what is `proved` is stored whole and once: every record and reject of the object is in its place, field by
field, in the table and in the sink, and nothing else is in the partitions of the file; its marks and seals match the
cuts. Memory: a batch, what is stored of it, and an object of the sink.
Limits: times of writing, costs and traces are not compared; they are not part of the account. Of partitions beyond
the plan's it looks into the first few (`_SHARDS`). In the sink it searches the day of the
file's format for rows of the file that do not belong there: copies in other folders are not noticed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Final, Protocol

import orjson

from chalicelib.core.amounts import counted
from chalicelib.core.ledger.accounts import SplitAccount, account_of
from chalicelib.core.ledger.marks import Counts, Mark, Outcome
from chalicelib.core.ledger.seals import Seal
from chalicelib.core.ledger.summaries import Summary, summary_of
from chalicelib.core.ledger.used import NOTHING
from chalicelib.core.plan.layouts import Layout, Sink
from chalicelib.core.reading import PlanReading
from chalicelib.core.records import SHARD_STRIDE_BYTES, partition_key, segments, untyped
from chalicelib.core.wire.messages import BatchMessage
from chalicelib.ledger import StoredFile
from chalicelib.ledger_store import GarbledItemError
from chalicelib.receipts import differences, receipt_json
from chalicelib.services import Services
from chalicelib.sink_rows import SinkReading, StoredBatch
from chalicelib.worker import Parsed, parsed

SHOWN_MAX: Final = 20
"""Differences that are kept of a file; the others are counted."""

_SHARDS: Final = 16
"""Partitions of a file that are searched for strays at least; a small file has one."""

_ACCOUNT: Final = ("state", "text_bytes", "splits", "batches", "cut")
"""What people see of an account beside its sums."""

_BESIDE: Final = frozenset({"data", "encoding", "continuations"})
"""What a segment's entries say already."""

Item = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Difference:
    """where: `table`, `sink`, `ledger` or `receipt`. offset: of the entry, in the text; None where it is about more. stored,
    expected: None where there is nothing."""

    where: str
    what: str
    offset: int | None = None
    stored: Any = None
    expected: Any = None


@dataclass(slots=True)
class Verdict:
    """differences: the first of them; number: of all. unproved: why it cannot be said, where it cannot."""

    file_id: str
    key: str
    state: str
    entries: int = 0
    batches: int = 0
    bytes: int = 0
    number: int = 0
    differences: list[Difference] = field(default_factory=list)
    unproved: str | None = None

    @property
    def result(self) -> str:
        """`proved`, `differs` or `unproved`."""
        if self.number:
            return "differs"
        return "unproved" if self.unproved else "proved"

    def add(self, difference: Difference) -> None:
        self.number += 1
        if len(self.differences) < SHOWN_MAX:
            self.differences.append(difference)


class FindsRows(Protocol):
    """Of the sink; folder: of a day of a format."""

    def waiting_of(self, folder: str, begins: str) -> list[str]:
        """Ids of batches that wait for being merged, and begin so."""

    def holding(self, folder: str, begins: str) -> Sequence[Keyed]:
        """The merged objects that may hold batches whose ids begin so."""


class Keyed(Protocol):
    @property
    def key(self) -> str: ...


def verify(
    services: Services,
    stored: StoredFile,
    advance: Callable[[int], None] = lambda _: None,
    sink: FindsRows | None = None,
    receipt: Mapping[str, Any] | None = None,
) -> Verdict:
    """advance: is told of bytes of text that are compared. sink: None where the stage has none. receipt: one that was kept,
    and is compared as well. Raises what reading the object raises."""
    account = services.ledger.read_account(stored)
    plan = stored.plan
    verdict = Verdict(plan.file_id, plan.head.version.key, account.state.value)
    if receipt is not None and account.state.settled:
        current = receipt_json(stored, account, services.ledger.read_splits(plan.file_id))
        for name, then, now in differences(receipt, current):
            verdict.add(
                Difference("receipt", f"{name} is not what the receipt says", stored=now, expected=then)
            )
    if not account.state.settled:
        verdict.unproved = f"it is {account.state.value}, and more may come: wait until it is settled"
        return verdict
    if plan.failure:
        verdict.unproved = f"it is {account.state.value}, and nothing is stored of it: {plan.failure}"
        return verdict
    if plan.expires_at is not None and plan.expires_at <= datetime.now(UTC).timestamp():
        verdict.unproved = "its records have expired (retention)"
        return verdict
    try:
        _Comparison(services, stored, verdict, advance, sink).run()
    except GarbledItemError as error:  # what follows from the item cannot be compared
        verdict.add(Difference("ledger", str(error)))
    return verdict


class _Comparison:
    def __init__(
        self,
        services: Services,
        stored: StoredFile,
        verdict: Verdict,
        advance: Callable[[int], None],
        sink: FindsRows | None,
    ) -> None:
        self._services, self._stored, self._plan = services, stored, stored.plan
        self._verdict, self._advance = verdict, advance
        self._sink = SinkReading(stored.plan, services.ledger, services.results)
        self._rows_in = sink
        self._batches: dict[str, bool] = {}
        """Those that were cut → whether they are done."""
        self._in_place = 0
        self._undone = 0
        self._counts = Counts()
        self._digests: dict[int, str] = {}
        """Splits → the digests of their batches, one behind the other."""

    def run(self) -> None:
        services, plan, verdict = self._services, self._plan, self._verdict
        key = services.settings.redaction_key
        reading = PlanReading(plan, services.objects.opener(plan.head), key)
        marks: Mapping[int, Mark] = {}
        splits = {split.split: split for split in services.ledger.read_splits(plan.file_id)}
        split = -1
        for message, _ in reading.batches():
            if message.split != split:
                self._marks_of(split, marks, splits)
                split = message.split
                marks = services.ledger.read_marks(plan.file_id, split)
            result = parsed(message, key)
            self._digests[split] = self._digests.get(split, "") + message.digest
            self._batch(message, result, marks.get(message.number))
            verdict.batches += 1
            verdict.bytes += message.length
            self._advance(message.length)
        self._marks_of(split, marks, splits)
        self._seals(reading, splits)
        self._strays(reading)
        if self._rows_in and plan.sink is Sink.PARQUET:
            self._stray_rows(self._rows_in)
        if not self._undone and not plan.archive:  # its members are the other part of its sums
            self._sums()
        if not plan.archive:
            self._account(splits)
        if self._undone and not verdict.number:
            verdict.unproved = (
                f"{self._undone:,} of its {counted(verdict.batches, 'batch', 'batches')}"
                f" {'is' if self._undone == 1 else 'are'} dead-lettered or discarded; all else is as it should be"
            )

    def _marks_of(self, split: int, marks: Mapping[int, Mark], splits: Mapping[int, SplitAccount]) -> None:
        """Marks of batches that the split does not have, and what the split says of its marks."""
        if self._plan.archive or split < 0:  # marks of an archive are those of its members too
            return
        for number in sorted(marks):
            name = f"{split:06d}-{number:06d}"
            if f"{self._plan.file_id}-{name}" not in self._batches:
                self._add("ledger", f"there is a mark of batch {name}, which the object does not have", None)
        account = splits.get(split)
        if account and account.seal:
            seal = account.seal
            if seal.digests_in:  # its digests lie apart
                seal = self._services.ledger.read_seal(self._plan.file_id, split) or seal
            expected = summary_of(split, marks, seal)
            if _lasting(account.summary) != _lasting(expected):
                self._add(
                    "ledger",
                    f"the summary of split {split} differs",
                    None,
                    str(account.summary),
                    str(expected),
                )

    def _account(self, splits: Mapping[int, SplitAccount]) -> None:
        """Whether the account is what the splits add up to."""
        stored, expected = self._stored.account, account_of(self._plan, splits.values())
        for name in _ACCOUNT:
            one, other = getattr(stored, name), getattr(expected, name)
            if one != other:
                self._add("ledger", f"the account has another {name}", None, str(one), str(other))
        if _lasting(stored.summary) != _lasting(expected.summary):
            what = "the account differs from the sum of its splits"
            self._add("ledger", what, None, str(stored.summary), str(expected.summary))

    def _batch(self, message: BatchMessage, result: Parsed, mark: Mark | None) -> None:
        self._batches[message.batch_id] = mark is not None and mark.outcome is Outcome.DONE
        if mark is None:
            self._add("ledger", f"batch {message.batch_id} has no mark", message.offset)
        if mark is None or mark.outcome is not Outcome.DONE:
            self._undone += 1
            end = message.offset + message.length
            table = self._services.records_table
            self._in_place += table.count(message.file_id, message.shards, message.offset, end)
            return
        self._mark(message, result, mark)
        if message.layout is not Layout.NONE:
            self._table(message, result)
        if message.sink is Sink.PARQUET and result.rows is not None:
            self._rows(message, result.rows)
        counts = result.mark.counts
        self._counts += counts
        self._verdict.entries += counts.parsed.entries + counts.rejected.entries

    def _add(
        self, where: str, what: str, offset: int | None, stored: Any = None, expected: Any = None
    ) -> None:
        self._verdict.add(Difference(where, what, offset, stored, expected))

    def _mark(self, message: BatchMessage, result: Parsed, mark: Mark) -> None:
        for name, stored, expected in (
            ("counts", mark.counts, result.mark.counts),
            ("start", mark.start, None if mark.start is None else message.offset),
            ("digest", mark.digest, message.digest if mark.digest else ""),
        ):
            if stored != expected:
                what = f"the mark of batch {message.batch_id} has another {name}"
                self._add("ledger", what, message.offset, str(stored), str(expected))

    def _table(self, message: BatchMessage, result: Parsed) -> None:
        end = message.offset + message.length
        table = self._services.records_table
        stored = _by_key(table.everything(message.file_id, message.shards, message.offset, end))
        self._in_place += len(stored)
        expected: dict[Any, Item] = {}
        for encoded in result.items:  # nearly all are equal as they are written: they need not be kept
            item = orjson.loads(encoded)
            key = item["pk"]["S"], item["sk"]["S"]
            if stored.get(key) == item and message.layout is Layout.ITEMS:
                del stored[key]
            else:  # a number that the table writes otherwise is compared as what it is
                expected[key] = item
        if _plain(stored) == _plain(expected):
            return
        before = self._verdict.number
        if message.layout is Layout.PACKED:
            self._entries("table", _unpacked(stored), _unpacked(expected))
            stored, expected = _heads(stored), _heads(expected)
        self._entries("table", _plain(stored), _plain(expected))
        if self._verdict.number == before:
            self._add("table", f"the items of batch {message.batch_id} are written otherwise", message.offset)

    def _rows(self, message: BatchMessage, rows: bytes) -> None:
        from chalicelib.core.records import parquet  # noqa: PLC0415 - only a file in the sink needs it

        batch = StoredBatch(message.batch_id, message.split, message.offset)
        if self._sink.is_as_written(batch, rows):
            return
        try:
            stored = _by_place(self._sink.entries(batch))
        except segments.SegmentError as error:
            self._add("sink", error.reason, message.offset)
            return
        self._entries("sink", stored, _by_place(parquet.entries_of(rows)))

    def _entries(self, where: str, stored: Mapping[Any, Item], expected: Mapping[Any, Item]) -> None:
        for key in sorted(stored.keys() | expected.keys(), key=lambda key: key[1:]):
            mine, other = stored.get(key), expected.get(key)
            offset = _offset_in(key[1])
            if mine is None:
                self._add(where, "an entry is missing", offset, None, _brief(other))
            elif other is None:
                self._add(where, "an entry is stored that the object does not have", offset, _brief(mine))
            else:
                for name in sorted(mine.keys() | other.keys()):
                    if mine.get(name) != other.get(name):
                        self._add(where, f"{name} differs", offset, mine.get(name), other.get(name))

    def _seals(self, reading: PlanReading, splits: Mapping[int, SplitAccount]) -> None:
        stored = {number: _sealed(split.seal) for number, split in splits.items() if split.seal}
        expected = {seal.split: _sealed(seal) for seal in reading.seals}
        for number in sorted(stored.keys() | expected.keys()):
            if stored.get(number) != expected.get(number):
                what = f"the seal of split {number} differs"
                self._add("ledger", what, None, stored.get(number), expected.get(number))
        for number, split in splits.items():
            digests = split.seal.digests if split.seal else ""  # those apart are compared by the marks
            if digests and digests != self._digests.get(number, ""):
                what = f"the seal of split {number} differs in its digests"
                self._add("ledger", what, None, digests, self._digests.get(number))

    def _strays(self, reading: PlanReading) -> None:
        """Items in the file's partitions that lie where no entry of it belongs."""
        plan, file_id = self._plan, self._plan.file_id
        end = reading.seals[-1].end if reading.seals else 0
        partitions = [partition_key(file_id, shard) for shard in range(plan.shards)]
        total = 0
        for pk, sk in self._services.records_table.keys(file_id, max(plan.shards, _SHARDS)):
            total += 1
            offset = _offset_in(sk)
            if (
                offset is None
                or offset >= end
                or pk != partitions[offset // SHARD_STRIDE_BYTES % plan.shards]
            ):
                self._add("table", f"an item lies where none belongs ({pk}, {sk})", offset)
                self._in_place += 1
        if total != self._in_place and plan.layout is not Layout.NONE:
            self._add("table", "items came or went meanwhile", None, total, self._in_place)

    def _stray_rows(self, sink: FindsRows) -> None:
        """Rows of the file that no batch of it has, or that lie in more than one merged object."""
        from chalicelib.core.records import parquet  # noqa: PLC0415 - as above

        plan, results = self._plan, self._services.results
        assert results is not None, "a file in the sink was compared with it"
        folder, begins = parquet.partition_of(plan.format, plan.head.last_modified), f"{plan.file_id}-"
        waiting = set(sink.waiting_of(folder, begins))
        merged: dict[str, list[str]] = {}
        for each in sink.holding(folder, begins):
            try:
                ids = [batch_id for batch_id, _ in parquet.batches_of(results.get(each.key) or b"")]
            except parquet.UnreadableError as error:
                self._add("sink", f"the object {each.key} cannot be read ({error})", None)
                continue
            for batch_id in ids:
                if batch_id.startswith(begins):
                    merged.setdefault(batch_id, []).append(each.key)
        for batch_id in sorted(waiting.union(merged) - self._batches.keys()):
            places = ", ".join(merged.get(batch_id, [parquet.BATCHES + folder]))
            self._add("sink", f"rows of a batch that the object does not have: {batch_id} in {places}", None)
        for batch_id, keys in sorted(merged.items()):
            if len(keys) > 1:
                self._add("sink", f"the rows of batch {batch_id} are in {', '.join(sorted(keys))}", None)
            if not self._batches.get(batch_id, True):
                self._add("sink", f"the rows of batch {batch_id}, which is not done, are in {keys[0]}", None)

    def _sums(self) -> None:
        stored = self._stored.account.summary.counts
        if stored != self._counts:
            self._add("ledger", "the account differs", None, str(stored), str(self._counts))


def _lasting(summary: Summary) -> Summary:
    """Without what only says how it came about."""
    return replace(summary, revision=0, used=NOTHING)


def _offset_in(sk: str) -> int | None:
    """None where the key is none that Froe writes."""
    try:
        return segments.offset_in(sk)
    except ValueError:
        return None


def _sealed(seal: Seal) -> list[int | bool]:
    total = seal.total
    return [seal.start, seal.end, seal.batches, total.entries, total.lines, total.bytes, seal.last]


def _by_key(items: Iterable[Item]) -> dict[Any, Item]:
    """Those whose keys Froe writes: the others are strays."""
    return {
        (item["pk"]["S"], item["sk"]["S"]): item for item in items if _offset_in(item["sk"]["S"]) is not None
    }


def _plain(items: Mapping[Any, Item]) -> dict[Any, Item]:
    return {key: {name: untyped(value) for name, value in item.items()} for key, item in items.items()}


def _unpacked(items: Mapping[Any, Item]) -> dict[Any, Item]:
    """The entries of the segments among the items, as far as they can be read."""
    collected: dict[Any, Item] = {}
    for (pk, sk), item in items.items():
        if item.get("kind") != {"S": segments.SEGMENT}:
            continue
        with suppress(
            segments.SegmentError, KeyError, TypeError, ValueError
        ):  # its entries are missing, then
            segment = segments.segment_of(item)
            keys = [segments.continuation_key(sk, number) for number in range(1, segment.continuations + 1)]
            parts = [segments.binary_of(items[pk, key]) if (pk, key) in items else None for key in keys]
            for entry in segments.entries_of(segment, parts):
                collected[pk, entry["sk"]["S"]] = {name: untyped(value) for name, value in entry.items()}
    return collected


def _heads(items: Mapping[Any, Item]) -> dict[Any, Item]:
    """Without what their entries say already."""
    return {
        key: {name: value for name, value in item.items() if name not in _BESIDE}
        for key, item in items.items()
    }


def _by_place(entries: Iterable[Item]) -> dict[Any, Item]:
    """Rows by where they begin; those that begin at the same place by their number."""
    collected: dict[Any, Item] = {}
    for entry in entries:
        number = 0
        while ("", entry["sk"], number) in collected:
            number += 1
        collected["", entry["sk"], number] = entry
    return collected


def _brief(entry: Item | None) -> Item | None:
    """What an entry is, without all that it says."""
    return entry and {
        name: entry[name] for name in ("kind", "format", "timestamp", "body", "reason") if name in entry
    }
