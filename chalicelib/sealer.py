"""Cuts splits into batches, sends the batches and seals the splits.

Durable before done: every batch of a split is in the queue before its seal is written. Memory: a block, a batch and a
group of messages (1 MiB).
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator

from chalicelib import metrics
from chalicelib.checkpoints import FileCheckpoints
from chalicelib.core.decoding.text import OpenObject, Text
from chalicelib.core.errors import OutOfTimeError, PermanentError
from chalicelib.core.framing.cutting import Batch, Cutter
from chalicelib.core.ledger.accounts import is_last_split
from chalicelib.core.ledger.marks import Mark, Outcome, Tally
from chalicelib.core.ledger.seals import DIGESTS_MAX, Seal
from chalicelib.core.ledger.summaries import lost, unmarked
from chalicelib.core.ledger.used import Used, requests_of
from chalicelib.core.plan import Plan
from chalicelib.core.wire.messages import Again, BatchMessage, batch_id, batch_message, encode_batch, room_in
from chalicelib.delivery import Deadline, Outgoing, Sender
from chalicelib.lanes import BatchQueues
from chalicelib.ledger import Ledger
from chalicelib.metrics import Meter
from chalicelib.opening import Counted, Objects
from chalicelib.tracing import Tracer

logger = logging.getLogger("froe")


class Sealer:
    """clock: seconds, monotonic."""

    def __init__(
        self,
        objects: Objects,
        ledger: Ledger,
        batch_queues: BatchQueues,
        tracer: Tracer,
        meter: Meter,
        clock: Callable[[], float],
    ) -> None:
        self._objects = objects
        self._ledger = ledger
        self._batch_queues = batch_queues
        self._tracer = tracer
        self._meter = meter
        self._clock = clock

    def cutter(
        self, plan: Plan, opener: OpenObject, split: int, begin: int, context: str | None
    ) -> tuple[Cutter, Text]:
        """The cutter of a split, and the text that it reads.

        begin: where the split begins, if the text is cut in sequence. context: the header lines in force there."""
        with self._tracer.subsegment("read", plan.file_id, None, plan.format):
            if plan.parallel and split:
                position = split * plan.limits.split_bytes
                text = plan.text(opener, position - plan.framing.look_back_bytes)
                until = position + plan.limits.split_bytes
                cutter = Cutter(
                    text, plan.framing, plan.limits, position, aligned=False, until=until, room=room_in(plan)
                )
                return cutter, text
            text = plan.text(opener, begin, FileCheckpoints(self._ledger, plan))
            cutter = Cutter(
                text, plan.framing, plan.limits, begin, aligned=True, context=context, room=room_in(plan)
            )
            return cutter, text

    def seal(
        self, plan: Plan, opener: Counted, cutter: Cutter, text: Text, split: int, deadline: Deadline
    ) -> tuple[Seal, bool]:
        """Send every batch of the split, then seal it. Gives the seal, and whether it is new."""
        begun, start, total, number, digests = self._clock(), cutter.position, Tally(), 0, []
        requests = requests_of("") if plan.parallel or not split else 0  # in sequence one message brings many
        sender = Sender(self._batch_queues.of_lane(plan.lane, plan.file_id), deadline)
        trace, origin = self._tracer.header(), self._tracer.origin()
        batches = cutter.cut(split)
        batch = self._read(plan, batches, split, number)
        while batch is not None:
            check_time(plan, split, deadline)
            message = batch_message(plan, batch, trace=origin)
            with self._tracer.subsegment("send", plan.file_id, message.batch_id, plan.format):
                body = encode_batch(message)
                sender.add(Outgoing(body, trace=trace))
            requests += requests_of(body)
            total += Tally(batch.entries, batch.lines, batch.length)
            digests.append(message.digest)
            number += 1
            batch = self._read(plan, batches, split, number)
        with self._tracer.subsegment("send", plan.file_id, None, plan.format):
            sender.flush()
        text_ended = cutter.position >= plan.head.size if plan.parallel else cutter.at_end
        last = is_last_split(plan, split, cutter.position, text_ended=text_ended)
        damage = text.damage if last else None
        known = "" if number > DIGESTS_MAX else "".join(digests)
        seal = Seal(split, start, cutter.position, number, total, last, damage, cutter.context, known)
        with self._tracer.subsegment("seal", plan.file_id, None, plan.format):
            reads = opener.taken()
            used = Used(0, requests, reads, reads, round(1000 * (self._clock() - begun)))
            is_news = self._ledger.record_seal(plan, seal, used)
        self.report(plan, seal, self._clock() - begun, is_news=is_news)
        return seal, is_news

    def send_again(self, plan: Plan, seal: Seal, again: Again, deadline: Deadline) -> None:
        """Cut a sealed split once more, and send the batches that `again` names. The batches of an archive are its members:
        those that have settled are recorded."""
        if plan.archive:
            self._ledger.record_members(plan.file_id, seal.split)
            return
        marks = self._ledger.read_marks(plan.file_id, seal.split)
        needed = set((lost if again is Again.UNDONE else unmarked)(marks, seal))
        if needed:
            before = (
                None
                if plan.parallel or not seal.split
                else self._ledger.read_seal(plan.file_id, seal.split - 1)
            )
            opener = Counted(self._objects.opener(plan.head), deadline=deadline)
            cutter, _ = self.cutter(plan, opener, seal.split, seal.start, before.context if before else None)
            sender = Sender(self._batch_queues.of_lane(plan.lane, plan.file_id), deadline)
            trace, origin = self._tracer.header(), self._tracer.origin()
            batches = cutter.cut(seal.split)
            batch = self._read(plan, batches, seal.split, 0)
            while batch is not None:
                check_time(plan, seal.split, deadline)
                message = batch_message(plan, batch, trace=origin)
                if message.digest != (seal.digest(batch.number) or message.digest):
                    raise PermanentError(
                        f"split {seal.split} of {plan.file_id} is cut differently from its seal: its plan was removed"
                        f" from the ledger, and made anew with other settings; forget the file (`froe forget"
                        f" {plan.file_id}`), and upload it again"
                    )
                if batch.number in needed and self._is_undone(message, marks.get(batch.number)):
                    with self._tracer.subsegment("send", plan.file_id, message.batch_id, plan.format):
                        sender.add(Outgoing(encode_batch(message), trace=trace))
                batch = self._read(plan, batches, seal.split, batch.number + 1)
            with self._tracer.subsegment("send", plan.file_id, None, plan.format):
                sender.flush()
            self._meter.add(metrics.BATCHES_SENT, len(needed))
            logger.info(
                "batches_sent_again",
                extra={"file_id": plan.file_id, "split": seal.split, "batches": len(needed)},
            )
        self._ledger.resettle(plan.file_id, seal.split, seal)

    def _is_undone(self, message: BatchMessage, mark: Mark | None) -> bool:
        """Whether a batch is to be sent again; a mark that contradicts what is cut now is taken back."""
        if mark is None or mark.outcome is not Outcome.DONE:
            return True
        reach = message.offset, message.offset + message.length
        total = mark.total.lines, mark.total.bytes
        fits = mark.agrees_with(message.digest) if mark.digest else total == (message.lines, message.length)
        if fits and mark.start in {None, message.offset}:
            return False
        self._ledger.dispute_mark(message.file_id, message.split, message.number, mark, reach)
        return True

    def report(self, plan: Plan, seal: Seal, seconds: float, *, is_news: bool) -> None:
        """Log a seal and count it: a split once, its batches as often as they were sent."""
        self._meter.add(metrics.BATCHES_SENT, seal.batches if not plan.archive else 0)
        if is_news:
            self._meter.add(metrics.SPLITS_SEALED)
            self._meter.add(metrics.LINES, seal.total.lines)
            self._meter.add(metrics.TEXT_BYTES, seal.end - seal.start)
        counts = {"batches": seal.batches, "lines": seal.total.lines, "bytes": seal.end - seal.start}
        named = {"file_id": plan.file_id, "split": seal.split, "format": plan.format}
        logger.info("split_sealed", extra={**named, **counts, "seconds": round(seconds, 3)})

    def _read(self, plan: Plan, batches: Iterator[Batch], split: int, number: int) -> Batch | None:
        with self._tracer.subsegment(
            "read", plan.file_id, batch_id(plan.file_id, split, number), plan.format
        ):
            return next(batches, None)


def check_time(plan: Plan, split: int, deadline: Deadline) -> None:
    """Raise OutOfTimeError where the invocation has no time left."""
    if deadline.seconds_left <= 0:
        raise OutOfTimeError(
            f"split {split} of {plan.object} could not be read and queued in one invocation: S3 or the queue is slow"
        )
