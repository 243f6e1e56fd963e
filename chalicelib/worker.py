"""The worker: parses a batch, writes its records, marks it; every step may be repeated.

Durable before done: every record is written before the mark, and the mark before the message is deleted.
Memory: the entries and items of one batch.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Protocol

from chalicelib import logs, metrics
from chalicelib.core.errors import (
    FroeError,
    OutOfTimeError,
    PermanentError,
    TransientError,
    UnwrittenError,
)
from chalicelib.core.ledger.marks import Mark, Outcome
from chalicelib.core.ledger.used import MARK_UNITS, Used
from chalicelib.core.plan.layouts import Layout, Sink
from chalicelib.core.records.counter import Counter
from chalicelib.core.records.parsing import INTERNAL_ERROR, Report, stored_of, unreported
from chalicelib.core.records.progress import Progress, decoded
from chalicelib.core.records.segments import Packer
from chalicelib.core.wire.bodies import decode
from chalicelib.core.wire.messages import BatchMessage
from chalicelib.delivery import CAPACITY, Deadline
from chalicelib.disputes import Disputes, RemovesStrays
from chalicelib.ledger import Ledger
from chalicelib.metrics import NO_METER, Meter
from chalicelib.tracing import Tracer

if TYPE_CHECKING:
    from chalicelib.core.records.parquet import ParquetBatch

_FAILURES_LOGGED_MAX: Final = 3
"""Per batch."""

logger = logging.getLogger("froe")


def _untouched(_: str) -> None:
    """The default: nobody watches."""


class PutsRecords(RemovesStrays, Protocol):
    def put(self, items: Sequence[bytes], deadline: Deadline, first: int = 0) -> int:
        """Write every item (typed JSON), or raise TransientError; repeating it changes nothing. Raises UnwrittenError
        if time is up before all are written. Gives the write units used.

        first: so many of them are written before any other.
        """

    def count(self, file_id: str, shards: int, begin: int, end: int) -> int:
        """How many items the file has at offsets from `begin` to `end`, `end` excluded."""


class PutsResults(Protocol):
    def put(self, key: str, data: bytes) -> None:
        """Write an object, or raise TransientError; repeating it changes nothing."""


class Worker:
    """redaction_key: keys the hashes of redacted values; empty if there is none. clock: seconds, monotonic. touch:
    records that a file has work in progress although its ledger shows none. results: where the sink is; None if the
    stage has none."""

    def __init__(
        self,
        records: PutsRecords,
        ledger: Ledger,
        tracer: Tracer,
        *,
        redaction_key: str = "",
        meter: Meter = NO_METER,
        clock: Callable[[], float] = time.monotonic,
        touch: Callable[[str], None] = _untouched,
        results: PutsResults | None = None,
    ) -> None:
        self._touch = touch
        self._redaction_key = redaction_key
        self._records = records
        self._results = results
        self._ledger = ledger
        self._tracer = tracer
        self._meter = meter
        self._clock = clock
        self._disputes = Disputes(records, ledger, meter)

    def handle(self, body: str, deadline: Deadline, *, is_first: bool = False, progress: str = "") -> None:
        """Do everything for a batch message; raises TransientError or PermanentError.

        is_first: whether it is certain that nobody has tried this message before. progress: from the last
        TransientError of this message; empty if there was none.
        """
        deadline.check("another batch")
        begun = self._clock()
        message = decode(body)
        if not isinstance(message, BatchMessage):
            raise PermanentError("a split message has come to the batch queue")
        self._tracer.follow(message.trace)
        file_id, batch_id = message.file_id, message.batch_id
        logs.about(file_id=file_id, batch_id=batch_id)
        leaf, digest = self._ledger.read_leaf(file_id, message.split, message.number), message.digest
        if leaf is None and self._ledger.has_failed(file_id):
            # Only the first batches of 16 ask: of what is forgotten every leaf that is left says that all is done.
            logger.info("batch_forgotten", extra={"file_id": file_id, "batch_id": batch_id})
            return
        seen = leaf.get(message.number) if leaf else None
        disputed = None
        if seen and not seen.agrees_with(digest):
            disputed = self._disputes.claim(message, digest, seen, is_first=is_first)
            if disputed is None:
                return
        elif seen and seen.outcome is Outcome.DONE:
            logger.info("batch_repeated", extra={"file_id": file_id, "batch_id": batch_id})
            self._ledger.resettle(file_id, message.split)
            return
        try:
            batch = self._do(message, disputed, progress, deadline, begun)
        except CAPACITY:
            self._touch(file_id)
            raise
        self._tell(message, batch, self._clock() - begun)

    def _do(
        self,
        message: BatchMessage,
        disputed: Mark | None,
        progress: str,
        deadline: Deadline,
        begun: float,
    ) -> Parsed:
        """Parse, write, mark, in this order. begun: by the clock."""
        about = (message.file_id, message.batch_id, message.format)
        with self._tracer.subsegment("parse", *about):
            batch = parsed(message, self._redaction_key, _FailedEntries(message).report, deadline)
        with self._tracer.subsegment("write", *about):
            written, done = Used(milliseconds=self._milliseconds_since(begun)), ""
            if message.layout is not Layout.NONE:
                whole = self._write(message, batch, "" if disputed else progress, deadline, begun)
                written, done = Used(whole.units, milliseconds=whole.milliseconds), whole.encode()
            if batch.rows is not None:
                self._put_rows(message, batch.rows, done)
        corrections = disputed.corrections if disputed else 0
        mark = replace(batch.mark, start=message.offset, digest=message.digest, corrections=corrections)
        with self._tracer.subsegment("mark", *about):
            if disputed:
                self._disputes.finish(message, batch.items, mark, disputed, deadline)
            else:
                self._mark(message, mark, written + Used(MARK_UNITS))
        return batch

    def _mark(self, message: BatchMessage, mark: Mark, used: Used) -> None:
        """Write the mark. If the stored one belongs to a message with another text, its records have been overwritten."""
        stands = self._ledger.record_mark(
            message.file_id, message.split, message.number, mark, message.expires_at, used
        )
        if not stands.agrees_with(mark.digest):
            self._disputes.spoil(message, stands)
            raise TransientError(f"batch {message.batch_id} was done with other text meanwhile")

    def _write(
        self, message: BatchMessage, batch: Parsed, progress: str, deadline: Deadline, begun: float
    ) -> Progress:
        """Write what is not written yet. Items that were written earlier are counted first, since the file may have
        been forgotten and read again. Gives the completed progress, and what was used, earlier attempts included."""
        items, first = batch.items, batch.first
        whole = Progress.of(items, [(0, len(items))])
        known = decoded(progress) or whole
        if known.fingerprint != whole.fingerprint:
            known = whole.after(known.units, known.milliseconds)
        try:
            units = self._records.put(known.rest_of(items), deadline, len(known.rest_of(items[:first])))
        except UnwrittenError as error:
            left = known.narrowed(error.unwritten).after(error.units, self._milliseconds_since(begun))
            raise OutOfTimeError(error.reason, left.encode()) from error
        end = message.offset + message.length
        if known.unwritten != whole.unwritten and self._records.count(
            message.file_id, message.shards, message.offset, end
        ) != len(items):
            units += self._records.put(items, deadline, first)
        return replace(known, unwritten=()).after(units, self._milliseconds_since(begun))

    def _milliseconds_since(self, begun: float) -> int:
        return round(1000 * (self._clock() - begun))

    def _put_rows(self, message: BatchMessage, rows: bytes, progress: str) -> None:
        """progress: of the writes to the table, for the next attempt; empty if there is no table."""
        from chalicelib.core.records.parquet import object_key  # noqa: PLC0415 - only a stage with a sink pays for it

        lacks = "the table has it, the sink lacks it: " if progress else ""
        if self._results is None:
            reason = "goes to Parquet, and RESULTS_BUCKET is missing: deploy with Sink=parquet"
            raise TransientError(f"{lacks}batch {message.batch_id} {reason}", progress)
        try:
            self._results.put(object_key(message.format, message.last_modified, message.batch_id), rows)
        except TransientError as error:
            raise type(error)(f"{lacks}{error.reason}", progress) from error

    def _tell(self, message: BatchMessage, batch: Parsed, seconds: float) -> None:
        counts, format_name = batch.mark.counts, message.format
        parsed_count, rejected_count = counts.parsed.entries, counts.rejected.entries
        self._meter.add(metrics.BATCHES_DONE)
        self._meter.add(metrics.RECORDS_PARSED, parsed_count)
        self._meter.add(metrics.RECORDS_REJECTED, rejected_count)
        self._meter.add(metrics.ENTRIES_FAILED, batch.reasons.get(INTERNAL_ERROR.reason, 0))
        self._meter.add(metrics.PARSED_BY_FORMAT, parsed_count, format=format_name)
        self._meter.add(metrics.REJECTED_BY_FORMAT, rejected_count, format=format_name)
        details = {
            "file_id": message.file_id,
            "batch_id": message.batch_id,
            "format": format_name,
            "parsed": parsed_count,
            "rejected": rejected_count,
            "reasons": batch.reasons,
            "seconds": round(seconds, 3),
        }
        logger.info("batch_done", extra=details)


class _FailedEntries:
    """Logs where the first errors of a batch's entries were raised, and nothing of the entries."""

    def __init__(self, message: BatchMessage) -> None:
        self._message = message
        self._count = 0

    def report(self, offset: int, error: Exception) -> None:
        self._count += 1
        if self._count <= _FAILURES_LOGGED_MAX:
            named = {"file_id": self._message.file_id, "batch_id": self._message.batch_id, "offset": offset}
            logger.error("entry_failed", extra=named | {"format": self._message.format}, exc_info=error)


@dataclass(frozen=True, slots=True)
class Parsed:
    """The results of a batch. items: typed JSON, in the order of the text or as `segments.Packed` has them. reasons:
    rejects by reason. first: how many items must be written before the others. rows: for the sink; None if the file has
    none."""

    items: list[bytes]
    mark: Mark
    reasons: Mapping[str, int]
    first: int = 0
    rows: bytes | None = None


def parsed(
    message: BatchMessage,
    redaction_key: str = "",
    report: Report = unreported,
    deadline: Deadline | None = None,
) -> Parsed:
    """Encode items one by one: as objects, those of a batch take ten times the memory. Raises OutOfTimeError as soon as
    the deadline has passed.

    report: as for `stored_of`.
    """
    items: list[bytes] = []
    packer = _packer_of(message) if message.layout is Layout.PACKED else None
    rows = _rows_of(message) if message.sink is Sink.PARQUET else None
    counter, doing = Counter(), f"parsing the rest of {message.batch_id}"
    for outcome, item in stored_of(message, redaction_key, report):
        if deadline:
            deadline.check(doing)
        counter.add(outcome)
        if rows:
            rows.add(outcome)
        if item and packer:
            packer.add(outcome, item)
        elif item and message.layout is Layout.ITEMS:
            items.append(item)
    counts = counter.counts
    if (counts.total.lines, counts.total.bytes) != (message.lines, message.length):
        raise FroeError(
            f"{message.batch_id}: {counts.total} does not add up to {message.lines} lines, {message.length} bytes"
        )
    mark, reasons = Mark.done(counts), counter.reasons
    data = rows.data() if rows else None
    if packer is None:
        return Parsed(items, mark, reasons, rows=data)
    packed = packer.packed()
    return Parsed(packed.items, mark, reasons, packed.first, data)


def _rows_of(message: BatchMessage) -> ParquetBatch:
    from chalicelib.core.records.parquet import ParquetBatch  # noqa: PLC0415 - as above

    return ParquetBatch(file_id=message.file_id, batch_id=message.batch_id, format_name=message.format)


def _packer_of(message: BatchMessage) -> Packer:
    return Packer(
        file_id=message.file_id,
        batch_id=message.batch_id,
        format_name=message.format,
        shards=message.shards,
        expires_at=message.expires_at,
    )
