"""The sweeper: finds files that stopped moving and objects never announced, and sends the missing work again.

Every batch can be cut again from its object and plan, so that nothing but the work itself is lost with a
message. Safe to run twice at once: what is sent twice is done once. Limits: a file must have stood still
for STALL_SECONDS, twice as long after each healing; a backlog that old is taken for a loss.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, NamedTuple, Protocol

from chalicelib import metrics
from chalicelib.core.accounts import SplitAccount, State, uncut_splits
from chalicelib.core.errors import FroeError, reason_of
from chalicelib.core.letters import DeadLetter
from chalicelib.core.messages import Again, SplitMessage, encode_split
from chalicelib.core.notifications import Announced, announcement_of, is_folder
from chalicelib.core.plan import ObjectHead, Plan
from chalicelib.delivery import Deadline, Outgoing, Sender, Sends
from chalicelib.healed import Healed
from chalicelib.ledger import FilePage, Ledger, StoredFile, opened_position
from chalicelib.metrics import NO_METER, Meter
from chalicelib.notices import Publishes

logger = logging.getLogger("froe")

_PAGE: Final = 100
_MAX_DOUBLINGS: Final = 6
_MOVING: Final = (State.SPLITTING, State.PROCESSING)
_FILES: Final = "files"
_LISTING: Final = "listing"
"""Names of the walks whose positions are remembered."""


@dataclass(frozen=True, slots=True)
class Watch:
    """What the sweeper last saw of a file: how far it was, since when, and how often it was healed."""

    file_id: str
    progress: int
    since: datetime
    heals: int = 0


class Watches(Protocol):
    def watch(self, file_id: str) -> Watch | None: ...

    def put_watch(self, watch: Watch, seen: Watch | None) -> bool:
        """Put the watch if the one that was seen is still there; whether it was put."""

    def position(self, name: str) -> str | None:
        """Where a walk that had no time for its end goes on; None: at its beginning."""

    def put_position(self, name: str, position: str | None) -> None: ...


class FilesInNeed(Protocol):
    def files_by_state(self, state: State, *, before: str | None, limit: int) -> FilePage: ...

    def splits(self, file_id: str) -> list[SplitAccount]: ...

    def known_files(self, file_ids: Iterable[str]) -> set[str]: ...


class HeadsPage(NamedTuple):
    """Versions of objects (without their content type), and where the listing goes on, if there are more."""

    heads: list[ObjectHead]
    reached: str | None


class ListsObjects(Protocol):
    def versions(self, bucket: str, after: str | None) -> HeadsPage: ...


class HasLetters(Protocol):
    def has_letters(self, file_id: str) -> bool:
        """Whether a message about the file is dead: then people decide, not the sweeper."""


class TakesBack(Protocol):
    def take_back(self, deadline: Deadline) -> Iterable[DeadLetter]:
        """Redriven messages that got lost, which are dead letters again."""


class Sweeper:
    """bucket: the input bucket. stall_seconds: how long a file must have stood still. sweep_days: how
    old an object may be that was never announced; 0: none is looked for."""

    def __init__(
        self,
        ledger: Ledger,
        files: FilesInNeed,
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
        meter: Meter = NO_METER,
    ) -> None:
        self._ledger = ledger
        self._files = files
        self._watches = watches
        self._letters = letters
        self._redriven = redriven
        self._objects = objects
        self._split_queue = split_queue
        self._topic = topic
        self._now = now
        self._bucket = bucket
        self._meter = meter
        self._stall = timedelta(seconds=stall_seconds)
        days = min(sweep_days, retention_days) if retention_days else sweep_days
        self._reach = timedelta(days=days)

    def sweep(self, deadline: Deadline) -> Healed:
        """Look once at every file under way, at what was redriven and at the recent objects of the bucket.

        None of them keeps the others back. What fails as a whole is raised once all else is done and told;
        what there was no time for comes next time."""
        self._meter.add(metrics.FILES_STALLED, 0)  # an alarm needs to see that nothing has stalled, too
        healed = Healed()
        failures: list[Exception] = []
        for stage in (self._files_healed, self._letters_taken_back, self._objects_announced):
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

    def _files_healed(self, deadline: Deadline) -> Iterator[Healed]:
        """At most half the time is spent on files; with those behind the last one it goes on next time."""
        share = deadline.half()
        begun = reached = self._watches.position(_FILES)
        try:
            for stored in self._under_way(begun):
                if share.seconds_left <= 0:
                    return
                yield self._look_at(stored, deadline)
                reached = _position_of(stored)
            reached = None
        finally:
            if reached != begun:
                self._watches.put_position(_FILES, reached)

    def _under_way(self, position: str | None) -> Iterator[StoredFile]:
        """Newest first, those of each state; position: of the last one that was looked at."""
        reached, _, before = (position or _MOVING[0].value).partition(" ")
        for state in _MOVING[_MOVING.index(State(reached)) :]:
            while True:
                page = self._files.files_by_state(state, before=before or None, limit=_PAGE)
                yield from page.files
                before = page.reached or ""
                if not before:
                    break

    def _look_at(self, stored: StoredFile, deadline: Deadline) -> Healed:
        """What is sent again of a file; one that cannot be looked at does not keep the others back."""
        named = {"file_id": stored.plan.file_id}
        try:
            revision = self._ledger.account(stored).revision
            if self._has_stalled(stored.plan.file_id, revision, self._now()):
                self._meter.add(metrics.FILES_STALLED)
                return self._heal(stored, deadline)
        except FroeError as error:
            logger.warning("file_not_healed", extra={**named, "reason": error.reason})
        except Exception as error:
            logger.exception("file_not_healed", extra={**named, "reason": reason_of(error)})
        return Healed()

    def _letters_taken_back(self, deadline: Deadline) -> Iterator[Healed]:
        for letter in self._redriven.take_back(deadline.half()):
            logger.warning("redrive_lost", extra={"letter_id": letter.letter_id})
            yield Healed(letters=(letter.letter_id,))

    def _has_stalled(self, name: str, progress: int, now: datetime) -> bool:
        """Whether nothing has moved for long enough; says so to one sweeper only, and later each time."""
        seen = self._watches.watch(name)
        if seen is None or seen.progress != progress:
            self._watches.put_watch(Watch(name, progress, now), seen)
            return False
        if now - seen.since < self._stall * 2 ** min(seen.heals, _MAX_DOUBLINGS):
            return False
        return self._watches.put_watch(replace(seen, since=now, heals=seen.heals + 1), seen)

    def _heal(self, stored: StoredFile, deadline: Deadline) -> Healed:
        """Send what is missing of a file, by messages for its splits, and settle what nobody settled."""
        plan, trace = stored.plan, stored.trace
        splits = {split.split: split for split in self._files.splits(plan.file_id)}
        sender = Sender(self._split_queue, deadline)
        sent, batches = 0, 0
        for number in uncut_splits(plan, splits):
            if number not in splits:
                sender.add(_message(plan, number, Again.NOTHING, trace))
                sent += 1
        for split in splits.values():
            if split.is_settled or split.seal is None:
                continue
            missing = self._ledger.missing(plan.file_id, split.split)
            if missing:
                sender.add(_message(plan, split.split, Again.UNMARKED, trace))
                batches += len(missing)
            else:
                self._ledger.look_again(plan.file_id, split.split)
        sender.flush()
        self._ledger.settle(plan.file_id)
        logger.warning("file_healed", extra={"file_id": plan.file_id, "splits": sent, "batches": batches})
        return Healed((plan.file_id,), sent, batches)

    def _objects_announced(self, deadline: Deadline) -> Iterator[Healed]:
        """Announce the objects of the bucket that no notification came for, page after page."""
        if not self._reach:
            return
        begun = position = self._watches.position(_LISTING)
        try:
            while deadline.seconds_left > 0:
                page = self._objects.versions(self._bucket, position)
                yield self._announce(page.heads, deadline)
                position = page.reached
                if position is None:
                    break
        finally:
            if position != begun:
                self._watches.put_position(_LISTING, position)

    def _announce(self, heads: list[ObjectHead], deadline: Deadline) -> Healed:
        now = self._now()
        recent = {
            head.version.file_id: head
            for head in heads
            if self._stall <= now - head.last_modified <= self._reach
            and not is_folder(head.version.key, head.size)
        }
        known = self._files.known_files(recent) if recent else set()
        sender = Sender(self._split_queue, deadline)
        announced: list[str] = []
        for file_id, head in recent.items():
            if file_id in known or self._letters.has_letters(file_id):
                continue
            if self._is_due(file_id, now):
                sender.add(Outgoing(announcement_of(Announced.of(head))))
                announced.append(str(head.version))
                logger.warning("object_announced", extra={"file_id": file_id, "key": head.version.key})
        sender.flush()
        return Healed(objects=tuple(announced))

    def _is_due(self, file_id: str, now: datetime) -> bool:
        """An object was announced late enough by its age; again only after as long, and later each time."""
        seen = self._watches.watch(file_id)
        if seen is None:
            return self._watches.put_watch(Watch(file_id, 0, now, heals=1), None)
        return self._has_stalled(file_id, 0, now)

    def _tell(self, healed: Healed) -> None:
        if not healed:
            return
        try:
            self._topic.publish(healed.notice(self._now()))
        except FroeError as error:
            logger.warning("notice_not_sent", extra={"reason": error.reason})


def _position_of(stored: StoredFile) -> str:
    return f"{stored.account.state.value} {opened_position(stored.opened_at, stored.plan.file_id)}"


def _message(plan: Plan, split: int, again: Again, trace: str | None) -> Outgoing:
    origin = f"Root={trace}" if trace else None
    message = SplitMessage(plan.object, plan.file_id, split, None if split else 0, trace=origin, again=again)
    return Outgoing(encode_split(message))
