"""The worker: parses a batch, writes its records, marks it; every step may be repeated.

Durable before done: every record is written before the mark, and the mark before the message goes.
Memory: the entries and items of one batch.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Protocol

import orjson

from chalicelib.core.errors import OutOfTimeError, PermanentError
from chalicelib.core.marks import Mark
from chalicelib.core.messages import BatchMessage, decode
from chalicelib.core.parsing import Counter, outcomes_of
from chalicelib.core.records import Skip, item_of
from chalicelib.delivery import Deadline
from chalicelib.ledger import Ledger
from chalicelib.tracing import Tracer

logger = logging.getLogger("froe")


class PutsRecords(Protocol):
    def put(self, items: Sequence[bytes], deadline: Deadline) -> None:
        """Write every item (typed JSON), or raise TransientError; repeating it changes nothing."""


class Worker:
    """redaction_key: what hashes of redacted values are keyed with; empty where there is none."""

    def __init__(
        self, records: PutsRecords, ledger: Ledger, tracer: Tracer, *, redaction_key: str = ""
    ) -> None:
        self._redaction_key = redaction_key
        self._records = records
        self._ledger = ledger
        self._tracer = tracer

    def handle(self, body: str, deadline: Deadline) -> None:
        """Do all that a batch message asks for; raises TransientError or PermanentError."""
        if deadline.seconds_left <= 0:
            raise OutOfTimeError("no time is left in this invocation for another batch")
        message = decode(body)
        if not isinstance(message, BatchMessage):
            raise PermanentError("a split message has come to the batch queue")
        self._tracer.follow(message.trace)
        file_id, batch_id = message.file_id, message.batch_id
        if self._ledger.is_done(file_id, message.split, message.number):
            logger.info("batch_repeated", extra={"file_id": file_id, "batch_id": batch_id})
            self._ledger.look_again(file_id, message.split)
            return
        about = (file_id, batch_id, message.format)
        with self._tracer.subsegment("parse", *about):
            items, mark = parsed(message, self._redaction_key)
        with self._tracer.subsegment("write", *about):
            self._records.put(items, deadline)
        with self._tracer.subsegment("mark", *about):
            self._ledger.mark(file_id, message.split, message.number, mark, message.expires_at)
        logger.info("batch_done", extra={"file_id": file_id, "batch_id": batch_id, "items": len(items)})


def parsed(message: BatchMessage, redaction_key: str = "") -> tuple[list[bytes], Mark]:
    """Items are encoded one by one: as objects a batch of them takes ten times the memory."""
    items = []
    counter = Counter()
    batch_id = message.batch_id
    for outcome in outcomes_of(message, redaction_key):
        counter.add(outcome)
        if not isinstance(outcome.result, Skip):
            item = item_of(
                outcome,
                file_id=message.file_id,
                batch_id=batch_id,
                format_name=message.format,
                shards=message.shards,
                expires_at=message.expires_at,
            )
            items.append(orjson.dumps(item))
    counts = counter.counts
    if (counts.total.lines, counts.total.bytes) != (message.lines, message.length):
        raise AssertionError(
            f"{message.batch_id}: {counts.total} does not add up to {message.lines} lines, {message.length} bytes"
        )
    return items, Mark.done(counts)
