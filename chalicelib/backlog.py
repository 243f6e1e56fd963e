"""Whether the queues have been empty since: only then is what was sent, and is not done, lost."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Final, Protocol

from chalicelib.core.errors import FroeError
from chalicelib.stalls import Watches

logger = logging.getLogger("froe")

_DRAINED: Final = "queues drained"
_NEVER: Final = datetime.min.replace(tzinfo=UTC)


class CountsWaiting(Protocol):
    def waiting(self) -> int:
        """About how many messages wait for a function."""


class Backlog:
    """queues: those in which work waits."""

    def __init__(
        self, queues: Sequence[CountsWaiting], watches: Watches, now: Callable[[], datetime]
    ) -> None:
        self._queues = queues
        self._watches = watches
        self._now = now

    def drained_at(self) -> datetime:
        """When the queues were last seen without anything waiting; looks at them now."""
        try:
            if not any(queue.waiting() for queue in self._queues):
                now = self._now()
                self._watches.put_position(_DRAINED, now.isoformat())
                return now
        except FroeError as error:
            logger.warning("queues_not_counted", extra={"reason": error.reason})
        return _time_of(self._watches.position(_DRAINED))


def _time_of(position: str | None) -> datetime:
    """A position that cannot be read is none."""
    try:
        return datetime.fromisoformat(position or "")
    except ValueError:
        return _NEVER
