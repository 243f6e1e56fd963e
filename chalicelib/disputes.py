"""Batches with two messages of different text: which text is right, and how the other one is undone.

The seal of the split decides. A mark that a message contradicts is taken back before anything is written in its
place, and taken back again if a slower worker has overwritten what is done. So records of another text
never count as done, whichever comes last. The sweeper's message has that batch cut again.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Protocol

from chalicelib import metrics
from chalicelib.core.errors import PermanentError, TransientError
from chalicelib.core.ledger.marks import Mark, Outcome
from chalicelib.core.wire.messages import BatchMessage
from chalicelib.delivery import Deadline
from chalicelib.ledger import Ledger
from chalicelib.metrics import NO_METER, Meter

logger = logging.getLogger("froe")


class RemovesStrays(Protocol):
    def remove_strays(
        self, file_id: str, batch_id: str, reach: tuple[int, int], items: Sequence[bytes], deadline: Deadline
    ) -> int:
        """Remove the items of a batch that begin within `reach` and are not among these. Gives how many there were."""


class Disputes:
    def __init__(self, records: RemovesStrays, ledger: Ledger, meter: Meter = NO_METER) -> None:
        self._records = records
        self._ledger = ledger
        self._meter = meter

    def claim(self, message: BatchMessage, digest: str, seen: Mark, *, is_first: bool) -> Mark | None:
        """The mark to replace once the message is done; None if the message should be dropped, because nobody knows yet
        which message is right: the split will be cut again.

        is_first: whether nobody has tried this message before. Raises PermanentError for a message that is wrong.
        """
        file_id, split, number = message.file_id, message.split, message.number
        seal = self._ledger.read_seal(file_id, split)
        right = seal.digest(number) if seal else ""
        if right and right != digest:
            if seen.outcome is Outcome.DONE and not is_first:
                # An attempt of it may have died after it had written over what was done.
                self.spoil(message, seen)
            raise PermanentError(
                f"batch {message.batch_id} has another text than its split, as cut and sealed"
            )
        mark: Mark | None = seen
        if seen.outcome is Outcome.DONE:
            mark = self.spoil(message, seen)
            if mark is None:
                raise TransientError(f"the mark of batch {message.batch_id} is just changing")
        return mark if seal else None

    def spoil(self, message: BatchMessage, seen: Mark) -> Mark | None:
        """Take back a mark of a batch that was done by a message with another text."""
        named = {"file_id": message.file_id, "batch_id": message.batch_id}
        logger.error("batch_disputed", extra=named)
        self._meter.add(metrics.BATCHES_DISPUTED)
        return self._ledger.dispute_mark(
            message.file_id, message.split, message.number, seen, _reach_of(message)
        )

    def finish(
        self, message: BatchMessage, items: Sequence[bytes], done: Mark, seen: Mark, deadline: Deadline
    ) -> None:
        """After the right items are written: remove the others, have what they may have replaced cut again, and mark
        the batch as done. Raises TransientError if it was disputed again meanwhile."""
        own, reach = _reach_of(message), seen.disputed or seen.reach or _reach_of(message)
        file_id, batch_id = message.file_id, message.batch_id
        removed = self._records.remove_strays(file_id, batch_id, reach, items, deadline)
        if reach[0] < own[0] or reach[1] > own[1]:
            self._ledger.dispute_others(file_id, own, reach)
        named = {"file_id": file_id, "batch_id": batch_id, "removed": removed}
        logger.warning("batch_corrected", extra=named)
        if not self._ledger.replace_mark(file_id, message.split, message.number, seen, done):
            raise TransientError(f"batch {batch_id} was disputed again while it was being corrected")


def _reach_of(message: BatchMessage) -> tuple[int, int]:
    return message.offset, message.offset + message.length
