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

from chalicelib.core.accounts import SplitAccount, State, uncut_splits
from chalicelib.core.errors import FroeError
from chalicelib.core.letters import DeadLetter
from chalicelib.core.messages import Again, SplitMessage, encode_split
from chalicelib.core.notifications import Announced, announcement_of
from chalicelib.core.plan import ObjectHead, Plan
from chalicelib.delivery import Deadline, Outgoing, Sender, Sends
from chalicelib.ledger import FilePage, Ledger, StoredFile
from chalicelib.notices import Notice, Publishes

logger = logging.getLogger("froe")

_PAGE: Final = 100
_MAX_DOUBLINGS: Final = 6


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

    def listing_position(self) -> str | None:
        """Where the listing of the bucket goes on; None: at its beginning."""

    def put_listing_position(self, position: str | None) -> None: ...


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


@dataclass(frozen=True, slots=True)
class Healed:
    """What a sweep has sent again: ids of files, splits to cut, batches, and objects announced; and the ids
    of redriven messages that got lost, which are dead letters again."""

    files: tuple[str, ...] = ()
    splits: int = 0
    batches: int = 0
    objects: tuple[str, ...] = ()
    letters: tuple[str, ...] = ()

    def __add__(self, other: Healed) -> Healed:
        return Healed(
            (*self.files, *other.files),
            self.splits + other.splits,
            self.batches + other.batches,
            (*self.objects, *other.objects),
            (*self.letters, *other.letters),
        )


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
        self._stall = timedelta(seconds=stall_seconds)
        days = min(sweep_days, retention_days) if retention_days else sweep_days
        self._reach = timedelta(days=days)

    def sweep(self, deadline: Deadline) -> Healed:
        """Look once at every file under way and at the recent objects of the bucket."""
        healed = Healed()
        for stored in self._under_way():
            if deadline.seconds_left <= 0:
                break
            healed += self._look_at(stored, deadline)
        for letter in self._redriven.take_back(deadline):
            logger.warning("redrive_lost", extra={"letter_id": letter.letter_id})
            healed += Healed(letters=(letter.letter_id,))
        if self._reach:
            healed += self._announce_forgotten(deadline)
        logger.info(
            "swept",
            extra={
                "files": len(healed.files),
                "splits": healed.splits,
                "batches": healed.batches,
                "objects": len(healed.objects),
                "letters": len(healed.letters),
            },
        )
        self._tell(healed)
        return healed

    def _under_way(self) -> Iterator[StoredFile]:
        for state in (State.SPLITTING, State.PROCESSING):
            before: str | None = None
            while True:
                page = self._files.files_by_state(state, before=before, limit=_PAGE)
                yield from page.files
                if page.reached is None:
                    break
                before = page.reached

    def _look_at(self, stored: StoredFile, deadline: Deadline) -> Healed:
        now, file_id = self._now(), stored.plan.file_id
        if not self._has_stalled(file_id, self._ledger.account(stored).revision, now):
            return Healed()
        try:
            return self._heal(stored, deadline)
        except FroeError as error:
            logger.warning("file_not_healed", extra={"file_id": file_id, "reason": error.reason})
            return Healed()

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

    def _announce_forgotten(self, deadline: Deadline) -> Healed:
        """Announce the objects of the bucket that no notification came for."""
        healed = Healed()
        position = self._watches.listing_position()
        while deadline.seconds_left > 0:
            page = self._objects.versions(self._bucket, position)
            healed += self._announce(page.heads, deadline)
            position = page.reached
            if position is None:
                break
        self._watches.put_listing_position(position)
        return healed

    def _announce(self, heads: list[ObjectHead], deadline: Deadline) -> Healed:
        now = self._now()
        recent = {
            head.version.file_id: head
            for head in heads
            if self._stall <= now - head.last_modified <= self._reach and not head.version.key.endswith("/")
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
        if not healed.files and not healed.objects and not healed.letters:
            return
        now = self._now()
        lines = [
            "The sweeper found work that had stopped, and sent it again:",
            "",
            f"files    {len(healed.files)} ({healed.splits} splits, {healed.batches} batches)",
            *(f"         {file_id}" for file_id in healed.files[:_PAGE]),
            f"objects  {len(healed.objects)} never announced",
            *(f"         {named}" for named in healed.objects[:_PAGE]),
            f"letters  {len(healed.letters)} redriven, and lost: dead again, until somebody redrives them",
            *(f"         {letter_id}" for letter_id in healed.letters[:_PAGE]),
        ]
        try:
            self._topic.publish(
                Notice(
                    notice_id=f"sweep-{now.isoformat(timespec='milliseconds')}",
                    kind="sweep",
                    subject=f"Froe: healed {len(healed.files)} files, found {len(healed.objects)} objects",
                    text="\n".join(lines) + "\n",
                    attributes={},
                )
            )
        except FroeError as error:
            logger.warning("notice_not_sent", extra={"reason": error.reason})


def _message(plan: Plan, split: int, again: Again, trace: str | None) -> Outgoing:
    origin = f"Root={trace}" if trace else None
    message = SplitMessage(plan.object, plan.file_id, split, None if split else 0, trace=origin, again=again)
    return Outgoing(encode_split(message))
