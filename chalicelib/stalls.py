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
"""How long a message waits at most (`SourceRetentionSeconds`). Work without progress for longer is lost in any case."""


@dataclass(frozen=True, slots=True)
class Watch:
    """What the sweeper last saw of a file: its progress, since when, and how often it was repaired."""

    file_id: str
    progress: int
    since: datetime
    heals: int = 0


class Watches(Protocol):
    def watch(self, file_id: str) -> Watch | None: ...

    def put_watch(self, watch: Watch, seen: Watch | None) -> bool:
        """Put the watch if the stored one is the one that was seen. Gives whether it was put."""

    def touch(self, file_id: str, now: datetime) -> None:
        """Record that a file has work in progress although its ledger shows none. Does nothing if it is not watched."""

    def position(self, name: str) -> str | None:
        """Where a walk that ran out of time continues; None: at its beginning."""

    def put_position(self, name: str, position: str | None) -> None: ...


class Stalls:
    """stall: how long a file or object must have made no progress."""

    def __init__(self, watches: Watches, now: Callable[[], datetime], stall: timedelta) -> None:
        self._watches = watches
        self._now = now
        self._stall = stall

    def has_stalled(self, name: str, progress: int, drained_at: datetime | None = None) -> bool:
        """Whether there was no progress for long enough. Says so to one sweeper only, and after ever longer times.

        drained_at: when the queues were last empty; messages sent later may still wait. None: nothing is sent.
        """
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
        """Whether to act on something without progress: at first sight, and again after the times of a stall."""
        seen = self._watches.watch(name)
        if seen is None or seen.progress != progress:
            return self._watches.put_watch(Watch(name, progress, self._now(), heals=1), seen)
        return self.has_stalled(name, progress)
