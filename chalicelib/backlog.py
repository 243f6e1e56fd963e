"""Whether the queues of a lane have been empty since a message was sent: only then is undone work lost."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final, Protocol

from chalicelib.core.errors import FroeError
from chalicelib.core.plan.lanes import DEFAULT
from chalicelib.stalls import Watches

logger = logging.getLogger("froe")

_DRAINED: Final = "queues drained"
_NEVER: Final = datetime.min.replace(tzinfo=UTC)


class CountsWaiting(Protocol):
    def waiting(self) -> int:
        """About how many messages wait for a function."""


class Backlog:
    """queues: by lane, the queues in which work for its files waits. Work of a removed lane waits in the default one."""

    def __init__(
        self, queues: Mapping[str, Sequence[CountsWaiting]], watches: Watches, now: Callable[[], datetime]
    ) -> None:
        self._queues = queues
        self._watches = watches
        self._now = now

    def drained_at(self, lane: str = DEFAULT) -> datetime:
        """When the queues of a lane were last seen empty; looks at them now."""
        lane = lane if lane in self._queues else DEFAULT
        name = _DRAINED if lane == DEFAULT else f"{_DRAINED} {lane}"
        try:
            if not any(queue.waiting() for queue in self._queues[lane]):
                now = self._now()
                self._watches.put_position(name, now.isoformat())
                return now
        except FroeError as error:
            logger.warning("queues_not_counted", extra={"reason": error.reason})
        return _time_of(self._watches.position(name))


def _time_of(position: str | None) -> datetime:
    """Gives the beginning of time for a position that cannot be read."""
    try:
        return datetime.fromisoformat(position or "")
    except ValueError:
        return _NEVER
