"""Finds objects of an input bucket that were never announced, in the bucket's listing, and announces them.

The next rounds through the listing do not look up objects that a round found in the ledger (`rounds.py`). Limits: an
object must be older than STALL_SECONDS and at most SWEEP_DAYS old; an object with a dead letter is left to people.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from enum import Enum
from typing import Final, Protocol

from chalicelib.core.errors import TransientError, reason_of
from chalicelib.core.plan import HeadsPage, ObjectHead
from chalicelib.core.plan.keys import KeyPatterns
from chalicelib.core.wire.notifications import Announced, announcement_of, is_folder
from chalicelib.delivery import Deadline, Outgoing, Sender, Sends
from chalicelib.healed import Healed
from chalicelib.ledger import Ledger
from chalicelib.rounds import Round
from chalicelib.stalls import Stalls, Watches

logger = logging.getLogger("froe")

_LISTING: Final = "listing"
_ROUND: Final = "listing-round"
"""Names under which the position of the walk, and what it has seen, are remembered."""


class ListsObjects(Protocol):
    def versions(self, bucket: str, after: str | None) -> HeadsPage: ...


class HasLetters(Protocol):
    def has_letters(self, file_id: str) -> bool:
        """Whether a message about the file is dead and no repeat has done its work: then people decide, not the
        sweeper."""


class Verdict(Enum):
    """What to do with an object that has no file."""

    DUE = "due"
    WAITS = "waits"
    LEFT_TO_PEOPLE = "left to people"


class Unannounced:
    """stall: the least age of an object. reach: the greatest age; zero: no object is looked for. keys: which keys are
    logs. is_own: whether the bucket is the stage's own."""

    def __init__(
        self,
        ledger: Ledger,
        watches: Watches,
        stalls: Stalls,
        letters: HasLetters,
        objects: ListsObjects,
        split_queue: Sends,
        now: Callable[[], datetime],
        *,
        bucket: str,
        stall: timedelta,
        reach: timedelta,
        keys: KeyPatterns,
        is_own: bool = True,
    ) -> None:
        self._ledger = ledger
        self._watches = watches
        self._stalls = stalls
        self._letters = letters
        self._objects = objects
        self._split_queue = split_queue
        self._now = now
        self._bucket = bucket
        self._stall = stall
        self._reach = reach
        self._keys = keys
        self._listing, self._walk = (name if is_own else f"{name} of {bucket}" for name in (_LISTING, _ROUND))

    def announce_all(self, deadline: Deadline) -> Iterator[Healed]:
        """Announce objects page by page. The next call continues where the time ran out."""
        if not self._reach:
            return
        begun = position = self._watches.position(self._listing)
        walk = self._round()
        if walk is None:
            return
        try:
            while deadline.seconds_left > 0:
                page = self._page(position, is_remembered=position == begun)
                healed, open_since = self._announce(page.heads, walk, deadline)
                walk = walk.with_page(open_since, is_last=page.reached is None)
                yield healed
                position = page.reached
                if position is None:
                    break
        finally:
            self._watches.put_position(self._walk, walk.encode())
            if position != begun:
                self._watches.put_position(self._listing, position)

    def _round(self) -> Round | None:
        """The current round, or the next one; None while it is too early for that."""
        now, round_ = self._now(), Round.decode(self._watches.position(self._walk))
        if round_ is None or not round_.ended:
            return round_ or Round.first(now)
        return round_.following(now, self._stall) if round_.is_over_for(now) else None

    def _page(self, position: str | None, *, is_remembered: bool) -> HeadsPage:
        """A page of the listing. If the remembered position cannot be read, the listing begins anew."""
        try:
            return self._objects.versions(self._bucket, position)
        except TransientError:
            raise
        except Exception as error:
            if position is None or not is_remembered:
                raise
            logger.warning("position_forgotten", extra={"walk": self._listing, "reason": reason_of(error)})
            return self._objects.versions(self._bucket, None)

    def _announce(
        self, heads: list[ObjectHead], walk: Round, deadline: Deadline
    ) -> tuple[Healed, datetime | None]:
        """What was announced of a page, and how long its oldest object without a file has been waiting."""
        now = self._now()
        recent = {
            head.version.file_id: head
            for head in heads
            if self._stall <= now - head.last_modified <= self._reach
            and walk.asks_for(head.last_modified)
            and not is_folder(head.version.key, head.size)
            and self._keys.takes(head.version.key)
        }
        sender = Sender(self._split_queue, deadline)
        announced: list[str] = []
        waiting: list[datetime] = []
        for file_id in self._unknown(recent):
            head = recent[file_id]
            verdict = self._look_at(file_id)
            if verdict is not Verdict.LEFT_TO_PEOPLE:
                waiting.append(head.last_modified)
            if verdict is Verdict.DUE:
                sender.add(Outgoing(announcement_of(Announced.of(head))))
                announced.append(str(head.version))
                logger.warning("object_announced", extra={"file_id": file_id, "key": head.version.key})
        sender.flush()
        return Healed(objects=tuple(announced)), min(waiting, default=None)

    def _unknown(self, recent: Iterable[str]) -> list[str]:
        """The files that were never opened, in this order."""
        asked = list(recent)
        known = self._ledger.probably_known_files(asked) if asked else set()
        doubtful = [file_id for file_id in asked if file_id not in known]
        known = self._ledger.known_files(doubtful) if doubtful else set()
        return [file_id for file_id in doubtful if file_id not in known]

    def _look_at(self, file_id: str) -> Verdict:
        """Decide by the object's age; an object that was announced is announced again only after the same time, and
        then after ever longer times. If its entry cannot be read, the others are still handled."""
        try:
            if self._letters.has_letters(file_id):
                return Verdict.LEFT_TO_PEOPLE
            return Verdict.DUE if self._stalls.is_due(file_id) else Verdict.WAITS
        except TransientError:
            raise
        except Exception as error:
            logger.exception("object_not_announced", extra={"file_id": file_id, "reason": reason_of(error)})
            return Verdict.WAITS
