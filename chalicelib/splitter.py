"""The splitter: opens files, queues their splits, and decides which splits an invocation cuts.

Durable before done: the splits of a file are queued before the first is cut, and a split message is deleted only after
the seal.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from types import MappingProxyType
from typing import Final

from chalicelib import logs, metrics
from chalicelib.core.custom.spec import Config
from chalicelib.core.decoding.text import OpenObject
from chalicelib.core.errors import (
    FroeError,
    ObjectChangedError,
    PermanentError,
    reason_of,
)
from chalicelib.core.framing.cutting import Limits
from chalicelib.core.ledger.generations import has_entry_of_its_own, parted
from chalicelib.core.ledger.marks import Tally
from chalicelib.core.ledger.seals import Obstacle, Seal, Setback
from chalicelib.core.ledger.used import Used
from chalicelib.core.plan import Plan
from chalicelib.core.plan.keys import EVERY_KEY, KeyPatterns
from chalicelib.core.plan.layouts import Layout, Sink
from chalicelib.core.wire.messages import (
    Again,
    SplitMessage,
    encode_split,
)
from chalicelib.core.wire.notifications import Announced, Announcement, Unknown
from chalicelib.delivery import Deadline, Outgoing, Sender, Sends
from chalicelib.lanes import NO_OTHERS, BatchQueues
from chalicelib.ledger import Ledger, StoredFile
from chalicelib.metrics import NO_METER, Meter
from chalicelib.opening import Counted, FolderError, Objects, Opening
from chalicelib.reprocessing import is_being_made
from chalicelib.sealer import Sealer, check_time
from chalicelib.tracing import Tracer, trace_id_of
from chalicelib.unpacking import Rest, Unpacking

_BORDER_MARGIN_SECONDS: Final = 5.0

logger = logging.getLogger("froe")


class Splitter:
    """limits, retention_days, split_delay_seconds and the configuration apply to files that are opened from now on.
    keys: which keys are logs; other_keys: those of other buckets. seconds: the time of a queued splitter. clock:
    seconds, monotonic. lanes: the batch queues beside the default one."""

    def __init__(
        self,
        objects: Objects,
        ledger: Ledger,
        split_queue: Sends,
        batch_queue: Sends,
        tracer: Tracer,
        *,
        limits: Limits,
        retention_days: int,
        split_delay_seconds: int,
        config: Callable[[], Config] = Config,
        keys: KeyPatterns = EVERY_KEY,
        other_keys: Mapping[str, KeyPatterns] = MappingProxyType({}),
        seconds: int | None = None,
        meter: Meter = NO_METER,
        clock: Callable[[], float] = time.monotonic,
        layout: Layout = Layout.ITEMS,
        sink: Sink = Sink.NONE,
        lanes: Mapping[str, Sends] = NO_OTHERS,
    ) -> None:
        self._keys, self._other_keys = keys, other_keys
        self._objects = objects
        self._ledger = ledger
        self._split_queue = split_queue
        self._tracer = tracer
        self._split_delay_seconds = split_delay_seconds
        self._opening = Opening(
            objects,
            ledger,
            limits=limits,
            retention_days=retention_days,
            config=config,
            seconds=seconds,
            layout=layout,
            sink=sink,
        )
        self._meter = meter
        self._clock = clock
        self._sealer = Sealer(objects, ledger, BatchQueues(batch_queue, lanes), tracer, meter, clock)
        self._unpacking = Unpacking(ledger, self._opening, self, tracer, clock)

    def ingest_each(
        self, news: Iterable[Announcement], deadline: Deadline
    ) -> list[tuple[Announcement, Exception]]:
        """Open and begin every announced object. Gives the failures; one does not stop the others."""
        failed: list[tuple[Announcement, Exception]] = []
        for each in news:
            keys = (
                self._other_keys.get(each.bucket, self._keys) if isinstance(each, Announced) else self._keys
            )
            if isinstance(each, Announced) and not keys.takes(each.key):
                self._ignore(each.key, keys.refusal())
            elif isinstance(each, Announced):
                try:
                    self.ingest(each, deadline)
                except FolderError:
                    self._ignore(each.key, "an empty folder key")
                except Exception as error:
                    logger.warning("object_failed", extra={"key": each.key}, exc_info=error)
                    failed.append((each, error))
            elif isinstance(each, Unknown):
                logger.error("notification_unknown", extra={"reason": each.why})
                failed.append((each, PermanentError(each.why)))
            else:
                self._ignore(each.key, each.why)
        return failed

    def _ignore(self, key: str, reason: str) -> None:
        self._meter.add(metrics.NOTIFICATIONS_IGNORED)
        logger.info("notification_ignored", extra={"key": key, "reason": reason})

    def ingest(self, announced: Announced, deadline: Deadline) -> str:
        """Open the file, queue its splits and cut the first. Gives the file's id.

        Once its splits are queued the file is in progress: if the first cannot be cut now, its message will have it
        cut.
        """
        self._tracer.follow(None)
        begun = self._clock()
        stored, is_new = self._opening.file_of(announced), False
        if stored is None:
            plan, reads = self._opening.plan_of(announced)
            used = Used(0, 0, reads, reads + 1, self._milliseconds_since(begun))
            stored, is_new = self._ledger.open(plan, trace_id_of(self._tracer.header()), used)
        plan = stored.plan
        logs.about(file_id=plan.file_id)
        if plan.failure:
            logger.warning("file_failed", extra={"file_id": plan.file_id, "reason": plan.failure})
            return plan.file_id
        sealed = self._ledger.read_seal(plan.file_id, 0)
        if sealed is None:
            self._send_splits(plan, deadline, self._split_delay_seconds)
        if is_new:
            logger.info(
                "file_opened", extra={"file_id": plan.file_id, "key": announced.key, "format": plan.format}
            )
            try:
                self._cut_from(plan, 0, sealed, deadline)
            except FroeError as error:
                logger.warning("cut_put_off", extra={"file_id": plan.file_id, "reason": error.reason})
        return plan.file_id

    def cut(self, message: SplitMessage, deadline: Deadline) -> None:
        """Cut a queued split; if the file is cut in sequence, also what follows."""
        self._tracer.follow(message.trace)
        logs.about(file_id=message.file_id)
        stored = self._ledger.read_file(message.file_id)
        if stored is None and has_entry_of_its_own(message.file_id):
            stored = self._open_generation(message)
            if stored is None:
                return
        if stored is None:
            raise PermanentError(f"split {message.split} of {message.file_id}: the ledger has no such file")
        plan, split = stored.plan, message.split
        if plan.failure or stored.is_replaced:
            return
        if split < 0 or (plan.known_splits is not None and split >= plan.known_splits):
            raise PermanentError(f"{plan.file_id} has no split {split}")
        sealed = self._ledger.read_seal(plan.file_id, split)
        if plan.generation and not split and sealed is None:
            self._queue_others(plan, deadline)
        if sealed and message.again is not Again.NOTHING:
            self._sealer.send_again(plan, sealed, message.again, deadline)
        else:
            self._cut_from(plan, split, sealed, deadline)

    def _open_generation(self, message: SplitMessage) -> StoredFile | None:
        """Open a later generation of a file, from the message of its first split; None if it is not wanted (any more).
        If nothing of the object can be read, the generation is given up."""
        known, generation = parted(message.file_id)
        current = self._ledger.read_file(known)
        if current is None or not is_being_made(current, generation):
            logger.info("generation_not_wanted", extra={"file_id": message.file_id})
            return None
        begun = self._clock()
        try:
            plan, reads = self._opening.plan_anew(current.plan, generation)
        except (PermanentError, FolderError) as error:
            self._ledger.give_up_generation(known, generation, reason_of(error))
            logger.warning(
                "generation_given_up", extra={"file_id": message.file_id, "reason": reason_of(error)}
            )
            return None
        used = Used(0, 0, reads, reads + 1, self._milliseconds_since(begun))
        stored, is_new = self._ledger.open(plan, trace_id_of(self._tracer.header()), used)
        if is_new:
            logger.info(
                "file_opened",
                extra={"file_id": plan.file_id, "key": plan.object.key, "format": plan.format},
            )
        return stored

    def _queue_others(self, plan: Plan, deadline: Deadline) -> None:
        """Queue the splits of a generation but the first, whose message is being handled."""
        sender = Sender(self._split_queue, deadline)
        for message in islice(self._split_messages(plan), (plan.known_splits or 1) - 1):
            sender.add(message)
        sender.flush()

    def _send_splits(self, plan: Plan, deadline: Deadline, delay_seconds: int = 0) -> None:
        sender = Sender(self._split_queue, deadline)
        for message in self._split_messages(plan, delay_seconds):
            sender.add(message)
        sender.flush()

    def _split_messages(self, plan: Plan, delay_seconds: int = 0) -> Iterator[Outgoing]:
        """The first split comes last, and later: once it is sealed, the others are known to be queued."""
        trace, origin = self._tracer.header(), self._tracer.origin()
        for split in reversed(range(plan.known_splits or 1)):
            message = SplitMessage(plan.object, plan.file_id, split, None if split else 0, trace=origin)
            yield Outgoing(encode_split(message), 0 if split else delay_seconds, trace)

    def _cut_from(self, plan: Plan, split: int, sealed: Seal | None, deadline: Deadline) -> None:
        """Cut a split that is not sealed yet; if the text is cut in sequence, also those behind it.

        sealed: its seal, if it has one.
        """
        if sealed:
            sealed = self._last_sealed(plan, sealed)
            self._ledger.resettle(plan.file_id, sealed.split, sealed)
            if plan.parallel:
                self._seal_covered(plan, sealed, deadline)
            if plan.parallel or sealed.last:
                return
            split = sealed.split + 1
        elif split and not plan.parallel:
            sealed = self._ledger.read_seal(plan.file_id, split - 1)
            if sealed is None:
                raise PermanentError(f"split {split} of {plan.file_id}: the one before it is not sealed")
        opener = Counted(self._objects.opener(plan.head), deadline=deadline)
        try:
            if plan.archive:
                rest = self._unpacking.cut_on(plan, opener, split, sealed, deadline)
            else:
                rest = self._cut_on(plan, opener, split, sealed, deadline)
        except ObjectChangedError as error:
            self._supersede(plan, split, error.reason)
            return
        if rest:
            self._queue(plan, rest, deadline)

    def begin_member(self, plan: Plan, open_object: OpenObject, deadline: Deadline) -> bool:
        """Cut a member of an archive from where it is sealed, or queue what can be cut on its own. Gives whether the
        reader of the archive has nothing more to do for it."""
        sealed = self._ledger.read_seal(plan.file_id, 0)
        if plan.archive or (plan.known_splits or 0) > 1:
            if sealed is None:
                self._send_splits(plan, deadline)
            return True
        if sealed:
            sealed = self._last_sealed(plan, sealed)
            self._ledger.resettle(plan.file_id, sealed.split)
            if plan.parallel or sealed.last:
                return True
        split = sealed.split + 1 if sealed else 0
        opener = Counted(open_object, of_archive=True)
        return self._cut_on(plan, opener, split, sealed, deadline) is None

    def _cut_on(
        self, plan: Plan, opener: Counted, split: int, before: Seal | None, deadline: Deadline
    ) -> Rest | None:
        """before: the seal of the split before it, if the text is cut in sequence. Gives what is left to another
        invocation."""
        begin, context = (before.end, before.context) if before else (0, None)
        cutter, text = self._sealer.cutter(plan, opener, split, begin, context)
        if cutter.holds_no_start:
            self._leave_covered(plan, split, deadline)
            return None
        while True:
            began = self._clock()
            seal, is_news = self._sealer.seal(plan, opener, cutter, text, split, deadline)
            if plan.parallel:
                self._seal_covered(plan, seal, deadline)
            if plan.parallel or seal.last:
                return None
            split += 1
            if rest := self.rest_behind(seal, began, deadline, is_news=is_news):
                return rest

    def rest_behind(self, seal: Seal, began: float, deadline: Deadline, *, is_news: bool) -> Rest | None:
        """What to leave to another invocation after a seal. began: when its split was begun."""
        if not is_news:
            # Another invocation is ahead: this one leaves its message behind in case that one dies.
            return Rest(seal.split + 1, seal.end, self._split_delay_seconds)
        if deadline.seconds_left < 2 * (self._clock() - began) + _BORDER_MARGIN_SECONDS:
            return Rest(seal.split + 1, seal.end)
        return None

    def _leave_covered(self, plan: Plan, split: int, deadline: Deadline) -> None:
        """A split without the start of an entry lies within an entry of an earlier split. Whoever seals that split also
        seals those that its last entry covers, but earlier code did not."""
        before = self._ledger.read_seal(plan.file_id, split - 1)
        if before:
            self._seal_covered(plan, before, deadline)

    def _seal_covered(self, plan: Plan, seal: Seal, deadline: Deadline) -> None:
        """Seal the splits that end within the last entry of a sealed one: they are empty, and start where it ends. They
        are not read, so an object is read twice at most, however long its lines are."""
        split = seal.split + 1
        while (split + 1) * plan.limits.split_bytes <= seal.end and split + 1 < (plan.known_splits or 0):
            check_time(plan, split, deadline)
            if self._ledger.read_seal(plan.file_id, split) is None:
                covered = Seal(split, seal.end, seal.end, 0, Tally(), last=False)
                is_news = self._ledger.record_seal(plan, covered)
                self._sealer.report(plan, covered, 0.0, is_news=is_news)
            split += 1

    def _supersede(self, plan: Plan, split: int, reason: str) -> None:
        """An object that was overwritten cannot be redriven; the new object is a file of its own.

        split: where cutting began. If the text is cut in sequence, a later one may be the one that could not be cut.
        """
        if sealed := self._ledger.read_seal(plan.file_id, split):
            split = self._last_sealed(plan, sealed).split + 1
        self._ledger.record_setback(
            plan.file_id, split, Setback(Obstacle.SUPERSEDED, reason), plan.expires_at
        )
        logger.warning("file_superseded", extra={"file_id": plan.file_id, "reason": reason})

    def _queue(self, plan: Plan, rest: Rest, deadline: Deadline) -> None:
        trace = self._tracer.header()
        message = SplitMessage(plan.object, plan.file_id, rest.split, rest.start, trace=self._tracer.origin())
        self._split_queue.send_group([Outgoing(encode_split(message), rest.delay_seconds, trace)], deadline)

    def _last_sealed(self, plan: Plan, seal: Seal) -> Seal:
        """If the text is cut in sequence, the last of the seals that follow one another."""
        while not plan.parallel and (following := self._ledger.read_seal(plan.file_id, seal.split + 1)):
            seal = following
        return seal

    def _milliseconds_since(self, begun: float) -> int:
        return round(1000 * (self._clock() - begun))
