"""Objects of the input bucket that no notification came for: found in its listing, and announced.

Limits: an object must be older than STALL_SECONDS and at most SWEEP_DAYS old; one that a dead letter is about
is left to people.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from typing import Final, NamedTuple, Protocol

from chalicelib.core.errors import TransientError, reason_of
from chalicelib.core.notifications import Announced, announcement_of, is_folder
from chalicelib.core.plan import ObjectHead
from chalicelib.delivery import Deadline, Outgoing, Sender, Sends
from chalicelib.healed import Healed
from chalicelib.stalls import Stalls, Watches

logger = logging.getLogger("froe")

_LISTING: Final = "listing"
"""Under this name the position of the walk is remembered."""


class HeadsPage(NamedTuple):
    """Versions of objects (without their content type), and where the listing goes on, if there are more."""

    heads: list[ObjectHead]
    reached: str | None


class ListsObjects(Protocol):
    def versions(self, bucket: str, after: str | None) -> HeadsPage: ...


class KnowsFiles(Protocol):
    def known_files(self, file_ids: Iterable[str]) -> set[str]: ...


class HasLetters(Protocol):
    def has_letters(self, file_id: str) -> bool:
        """Whether a message about the file is dead: then people decide, not the sweeper."""


class Unannounced:
    """stall: how old an object must be. reach: how old it may be; zero: none is looked for."""

    def __init__(
        self,
        files: KnowsFiles,
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
    ) -> None:
        self._files = files
        self._watches = watches
        self._stalls = stalls
        self._letters = letters
        self._objects = objects
        self._split_queue = split_queue
        self._now = now
        self._bucket = bucket
        self._stall = stall
        self._reach = reach

    def announce_all(self, deadline: Deadline) -> Iterator[Healed]:
        """Announce what is found, page after page; with what there is no time for it goes on next time."""
        if not self._reach:
            return
        begun = position = self._watches.position(_LISTING)
        try:
            while deadline.seconds_left > 0:
                page = self._page(position, is_remembered=position == begun)
                yield self._announce(page.heads, deadline)
                position = page.reached
                if position is None:
                    break
        finally:
            if position != begun:
                self._watches.put_position(_LISTING, position)

    def _page(self, position: str | None, *, is_remembered: bool) -> HeadsPage:
        """A remembered position that cannot be read is none: the listing begins anew."""
        try:
            return self._objects.versions(self._bucket, position)
        except TransientError:
            raise
        except Exception as error:
            if position is None or not is_remembered:
                raise
            logger.warning("position_forgotten", extra={"walk": _LISTING, "reason": reason_of(error)})
            return self._objects.versions(self._bucket, None)

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
            if file_id not in known and self._is_wanted(file_id):
                sender.add(Outgoing(announcement_of(Announced.of(head))))
                announced.append(str(head.version))
                logger.warning("object_announced", extra={"file_id": file_id, "key": head.version.key})
        sender.flush()
        return Healed(objects=tuple(announced))

    def _is_wanted(self, file_id: str) -> bool:
        """An object was announced late enough by its age; again only after as long, and later each time. One of
        which nothing can be read does not keep the others back."""
        try:
            return not self._letters.has_letters(file_id) and self._stalls.is_due(file_id)
        except TransientError:
            raise
        except Exception as error:
            logger.exception("object_not_announced", extra={"file_id": file_id, "reason": reason_of(error)})
            return False
