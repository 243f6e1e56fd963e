"""What the sweeper remembers: the progress of files and objects, since when, and where its walks stopped.

Promise: if two sweeps run at once, only one handles a stalled file, and waits longer each time.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, Protocol

_MAX_DOUBLINGS: Final = 6
LONGEST_WAIT: Final = timedelta(days=4)
"""How long a message waits at most (`SourceRetentionSeconds`): what stood still for longer is lost in any case."""


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

    def touch(self, file_id: str, now: datetime) -> None:
        """Say that work for a file is under way, though nothing of it has moved; nothing where it is not watched."""

    def position(self, name: str) -> str | None:
        """Where a walk that had no time for its end goes on; None: at its beginning."""

    def put_position(self, name: str, position: str | None) -> None: ...


class Stalls:
    """stall: how long a thing must have stood still."""

    def __init__(self, watches: Watches, now: Callable[[], datetime], stall: timedelta) -> None:
        self._watches = watches
        self._now = now
        self._stall = stall

    def has_stalled(self, name: str, progress: int, drained_at: datetime | None = None) -> bool:
        """Whether nothing has moved for long enough; says so to one sweeper only, and later each time.

        drained_at: when the queues were last empty; what was sent later may still wait. None: nothing is sent."""
        seen, now = self._watches.watch(name), self._now()
        if seen is None or seen.progress != progress:
            self._watches.put_watch(Watch(name, progress, now), seen)
            return False
        if now - seen.since < self._stall * 2 ** min(seen.heals, _MAX_DOUBLINGS):
            return False
        if drained_at is not None and drained_at < seen.since and now - seen.since < LONGEST_WAIT:
            return False
        return self._watches.put_watch(replace(seen, since=now, heals=seen.heals + 1), seen)

    def is_due(self, name: str, progress: int = 0) -> bool:
        """Whether something is to be done about a thing that stands still: at the first sight of it, and again
        after as long as if it had stalled."""
        seen = self._watches.watch(name)
        if seen is None or seen.progress != progress:
            return self._watches.put_watch(Watch(name, progress, self._now(), heals=1), seen)
        return self.has_stalled(name, progress)
