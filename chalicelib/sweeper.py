"""The sweeper: finds files that stopped moving and objects that were never announced, and sends the missing work again.

Every batch can be cut again from its object and plan, so a lost message loses nothing but work.
Safe to run twice at once: what is sent twice is done once. Limits: a file must have made no progress
for STALL_SECONDS, twice as long after each repair, and the queues must have been empty since: a backlog is not a loss.
It also sends the lost messages of new generations, and removes former ones (`reprocessing.py`).
In the rest of its time it merges batches of the sink.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from functools import cache, partial
from types import MappingProxyType
from typing import Final, Protocol

from chalicelib import metrics
from chalicelib.announcing import HasLetters, ListsObjects, Unannounced
from chalicelib.backlog import Backlog
from chalicelib.core.errors import FroeError, reason_of
from chalicelib.core.ledger.accounts import State
from chalicelib.core.ledger.letters import DeadLetter
from chalicelib.core.plan.keys import EVERY_KEY, KeyPatterns
from chalicelib.delivery import Deadline, Sends
from chalicelib.healed import Healed
from chalicelib.healer import Healer
from chalicelib.ledger import Ledger, StoredFile, opened_position
from chalicelib.metrics import NO_METER, Meter
from chalicelib.notices import Publishes
from chalicelib.reprocessing import Reprocessing
from chalicelib.stalls import Stalls, Watches

logger = logging.getLogger("froe")

_PAGE: Final = 100
_MOVING: Final = (State.SPLITTING, State.PROCESSING)
_OPEN: Final = (State.INCOMPLETE, State.SUPERSEDED)
"""Settled, but not for good: a redrive may be completed by a worker that dies before it is added up."""

_EVERY: Final = tuple(State)
_FILES: Final = "files"
_UNLISTED: Final = "unlisted files"
_LISTED: Final = "listed"
_OPEN_FILES: Final = "open files"
_GENERATIONS: Final = "generations"
"""Names of the walks whose positions are remembered."""


class TakesBack(Protocol):
    def take_back(self, deadline: Deadline) -> Iterable[DeadLetter]:
        """Redriven messages that got lost and are dead letters again."""


class Merges(Protocol):
    def compact(self, deadline: Deadline) -> object:
        """Merge what waits, as far as there is time."""


class TriesAgain(Protocol):
    def try_again(self, read_file: Callable[[str], StoredFile | None], deadline: Deadline) -> None:
        """Try again what failed for the objects of settled files."""


class Tells(Protocol):
    def tell(self, deadline: Deadline) -> object:
        """Publish what is due."""


class Sweeper:
    """summary: of the day before; None if it is not configured. bucket: the input bucket; others: further buckets, each
    with its keys. stall_seconds: how long a file must have made no progress. sweep_days: the greatest age of objects
    that were never announced; 0: none is looked for. backlog: of the queues in which the work of files waits; None:
    they are not looked at. merges: what waits in the sink; None if the stage has none. reprocessing: None if no file is
    read again. settled_objects: None if objects are left as they are."""

    def __init__(
        self,
        ledger: Ledger,
        watches: Watches,
        letters: HasLetters,
        objects: ListsObjects,
        split_queue: Sends,
        topic: Publishes,
        now: Callable[[], datetime],
        *,
        redriven: TakesBack,
        bucket: str,
        stall_seconds: int,
        sweep_days: int,
        retention_days: int,
        keys: KeyPatterns = EVERY_KEY,
        others: Mapping[str, KeyPatterns] = MappingProxyType({}),
        backlog: Backlog | None = None,
        merges: Merges | None = None,
        summary: Tells | None = None,
        reprocessing: Reprocessing | None = None,
        settled_objects: TriesAgain | None = None,
        meter: Meter = NO_METER,
    ) -> None:
        self._ledger = ledger
        self._backlog = backlog
        self._merges = merges
        self._summary = summary
        self._reprocessing = reprocessing
        self._settled_objects = settled_objects
        self._watches = watches
        self._redriven = redriven
        self._topic = topic
        self._now = now
        self._meter = meter
        stall = timedelta(seconds=stall_seconds)
        self._stalls = Stalls(watches, now, stall)
        self._healer = Healer(ledger, self._stalls, split_queue)
        days = min(sweep_days, retention_days) if retention_days else sweep_days
        self._unannounced = [
            Unannounced(
                ledger,
                watches,
                self._stalls,
                letters,
                objects,
                split_queue,
                now,
                bucket=each,
                stall=stall,
                reach=timedelta(days=days),
                keys=taken,
                is_own=each == bucket,
            )
            for each, taken in {bucket: keys, **others}.items()
        ]

    def sweep(self, deadline: Deadline) -> Healed:
        """Look once at all files in progress, at redriven messages and at the recent objects of the bucket.

        None of them stops the others. A failure of a whole stage is raised after all others are done and reported; the
        next sweep continues where the time ran out.
        """
        self._meter.add(metrics.FILES_STALLED, 0)  # an alarm needs to see that nothing has stalled, too
        healed = Healed()
        failures: list[Exception] = []
        stages: tuple[Callable[[Deadline], Iterator[Healed]], ...] = (
            self._files_healed,
            self._letters_taken_back,
            self._open_files_settled,
            self._generations_advanced,
            *(partial(self._announced, each) for each in self._unannounced),
            self._old_files_listed,
            self._left_objects_tried,
            self._day_summed_up,
            self._batches_merged,
        )
        for stage in stages:
            try:
                for part in stage(deadline):
                    healed += part
            except Exception as error:
                logger.exception("sweep_cut_short", extra={"reason": reason_of(error)})
                failures.append(error)
        logger.info("swept", extra=healed.counts)
        self._tell(healed)
        if failures:
            raise failures[0]
        return healed

    def _announced(self, unannounced: Unannounced, deadline: Deadline) -> Iterator[Healed]:
        """If other buckets follow, half of the time that is left is for them."""
        is_last = unannounced is self._unannounced[-1]
        return unannounced.announce_all(deadline if is_last else deadline.half())

    def _files_healed(self, deadline: Deadline) -> Iterator[Healed]:
        """Files in progress take at most half of the time."""
        drained_at = self._drained_at()
        return self._walk(
            _FILES,
            _MOVING,
            lambda stored: self._healed(stored, deadline, drained_at(stored.plan.lane)),
            deadline.half(),
        )

    def _drained_at(self) -> Callable[[str], datetime | None]:
        """Lane → when its queues were last empty, looked up once."""
        return cache(lambda lane: self._backlog.drained_at(lane) if self._backlog else None)

    def _open_files_settled(self, deadline: Deadline) -> Iterator[Healed]:
        """Files that wait for people take at most half of the time that is left."""
        return self._walk(
            _OPEN_FILES, _OPEN, lambda stored: self._healer.settle_anew(stored, deadline), deadline.half()
        )

    def _generations_advanced(self, deadline: Deadline) -> Iterator[Healed]:
        """Files that are read again take at most half of the time that is left; the next sweep continues with the
        others."""
        if self._reprocessing is None:
            return
        share = deadline.half()
        drained_at = self._drained_at()
        begun = reached = self._watches.position(_GENERATIONS)
        healed: list[Healed] = []

        def heal(made: StoredFile) -> None:
            moving = not made.account.state.settled
            healed.append(
                self._healed(made, share, drained_at(made.plan.lane))
                if moving
                else self._healer.settle_anew(made, share)
            )

        try:
            for file_id, since in self._reprocessing.leads(begun):
                if share.seconds_left <= 0:
                    return
                self._try(file_id, partial(self._reprocessing.advance, file_id, since, share, heal))
                yield from healed
                healed.clear()
                reached = file_id
            reached = None
        finally:
            if reached != begun:
                self._watches.put_position(_GENERATIONS, reached)

    def _old_files_listed(self, deadline: Deadline) -> Iterator[Healed]:
        """Done once in the life of a stage, in the time that is left of as many sweeps as it takes."""
        if self._watches.position(_LISTED) is None:
            share = deadline.half()
            yield from self._walk(_UNLISTED, _EVERY, self._shelved, share)
            if share.seconds_left > 0 and self._watches.position(_UNLISTED) is None:
                self._watches.put_position(_LISTED, self._now().isoformat())

    def _left_objects_tried(self, deadline: Deadline) -> Iterator[Healed]:
        """They take at most half of the time that is left."""
        if self._settled_objects is not None:
            self._settled_objects.try_again(self._ledger.read_file, deadline.half())
        yield from ()

    def _batches_merged(self, deadline: Deadline) -> Iterator[Healed]:
        if self._merges is not None:
            self._merges.compact(deadline)
        yield from ()

    def _day_summed_up(self, deadline: Deadline) -> Iterator[Healed]:
        if self._summary is not None:
            self._summary.tell(deadline)
        yield from ()

    def _shelved(self, stored: StoredFile) -> Healed:
        self._ledger.shelve(stored.plan.file_id)
        return Healed()

    def _walk(
        self, name: str, states: Sequence[State], look: Callable[[StoredFile], Healed], share: Deadline
    ) -> Iterator[Healed]:
        """Look at each file in one of the states. The next sweep continues behind the last one."""
        begun = reached = self._watches.position(name)
        try:
            for state, stored in self._files_in(states, begun):
                if share.seconds_left <= 0:
                    return
                yield self._look_at(stored, look)
                reached = f"{state.value} {opened_position(stored.opened_at, stored.file_id)}"
            reached = None
        finally:
            if reached != begun:
                self._watches.put_position(name, reached)

    def _files_in(self, states: Sequence[State], position: str | None) -> Iterator[tuple[State, StoredFile]]:
        """Files, newest first, by state; the index may be behind the table.

        position: state and place of the last one that was looked at. If it cannot be read, the walk begins anew.
        """
        named, _, before = (position or "").partition(" ")
        if named not in states:
            named, before = states[0].value, ""
        for state in states[states.index(State(named)) :]:
            while True:
                page = self._ledger.files_by_state(state, before=before or None, limit=_PAGE)
                for stored in page.files:
                    yield state, stored
                before = page.reached or ""
                if not before:
                    break

    def _look_at(self, stored: StoredFile, look: Callable[[StoredFile], Healed]) -> Healed:
        """What was sent again of a file. A failure does not stop the others."""
        healed: list[Healed] = []
        self._try(stored.plan.file_id, lambda: healed.append(look(stored)))
        return healed[0] if healed else Healed()

    def _try(self, file_id: str, act: Callable[[], None]) -> None:
        """Act on one file. A failure is logged and does not stop the others."""
        named = {"file_id": file_id}
        try:
            act()
        except FroeError as error:
            logger.warning("file_not_healed", extra={**named, "reason": error.reason})
        except Exception as error:
            logger.exception("file_not_healed", extra={**named, "reason": reason_of(error)})

    def _healed(self, stored: StoredFile, deadline: Deadline, drained_at: datetime | None) -> Healed:
        account = self._ledger.read_account(stored)
        if not self._stalls.has_stalled(stored.plan.file_id, account.revision, drained_at):
            return Healed()
        if stored.plan.archive and account.text_bytes is not None:
            self._healer.heal(
                stored, deadline
            )  # it waits for members, each of which is looked after by itself
            return Healed()
        self._meter.add(metrics.FILES_STALLED)
        return self._healer.heal(stored, deadline)

    def _letters_taken_back(self, deadline: Deadline) -> Iterator[Healed]:
        for letter in self._redriven.take_back(deadline.half()):
            logger.warning("redrive_lost", extra={"letter_id": letter.letter_id})
            yield Healed(letters=(letter.letter_id,))

    def _tell(self, healed: Healed) -> None:
        if not healed:
            return
        try:
            self._topic.publish(healed.notice(self._now()))
        except FroeError as error:
            logger.warning("notice_not_sent", extra={"reason": error.reason})
