"""Keeps the processes of `froe consume` running, and stops them in order.

Promise: a process that ends or is killed is started again, after a pause that grows while it keeps ending soon;
SIGTERM or Ctrl-C stops all, and what still runs after `GRACE_SECONDS` is killed, which loses nothing.
"""

from __future__ import annotations

import logging
import multiprocessing
import signal
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from botocore.config import Config

from chalicelib import logs
from chalicelib.metrics import NO_METER
from froe.consuming import STOP_SECONDS, WAIT_SECONDS, Consumer, role_named, run_until_asked, services_for
from froe.target import Target

logger = logging.getLogger("froe")

GRACE_SECONDS: Final = WAIT_SECONDS + STOP_SECONDS + 15
"""For a receive that waits, a piece of work that ends, and its last calls."""
_LOOK_SECONDS: Final = 1.0
_SILENT_SECONDS: Final = 150.0
"""A process that has not been heard of for so long hangs."""
_PAUSES: Final = (0.0, 1.0, 5.0, 30.0)
_LONG_SECONDS: Final = 60.0
"""Whoever lived as long may be started again at once."""

_SPAWN: Final = multiprocessing.get_context("spawn")


class Counts:
    """What one process has done: written by it, read by who watches it."""

    def __init__(self) -> None:
        # Without locks: a process that is killed while it has one would keep it.
        self.beat = _SPAWN.Value("d", time.time(), lock=False)
        self.messages = _SPAWN.Value("q", 0, lock=False)
        self.failed = _SPAWN.Value("q", 0, lock=False)
        self.busy_since = _SPAWN.Value("d", 0.0, lock=False)

    def __call__(self, *, messages: int = 0, failed: int = 0, busy: bool = False) -> None:
        self.beat.value = time.time()
        if not busy:
            self.busy_since.value = 0.0
        elif not self.busy_since.value:
            self.busy_since.value = self.beat.value
        if messages or failed:  # from one thread only
            self.messages.value += messages
            self.failed.value += failed


@dataclass(slots=True)
class _Seat:
    """A place for a process. started: on the monotonic clock; short_lives: how often in a row it ended soon."""

    role: str
    number: int
    counts: Counts = field(default_factory=Counts)
    process: Any = None
    started: float = 0.0
    due: float = 0.0
    short_lives: int = 0

    @property
    def name(self) -> str:
        return f"{self.role}-{self.number}"


class Processes:
    """numbers: role → how many processes. seconds: how long a piece of work may take."""

    def __init__(
        self,
        target: Target,
        numbers: Mapping[str, int],
        seconds: int,
        report: Callable[[str], None],
        *,
        logs: bool,
    ) -> None:
        """report: is given a sentence for people. logs: write logs and metrics to standard output as the functions do;
        else warnings alone, to standard error."""
        self._report = report
        self._arguments = (target, seconds, logs)
        self._seats = [_Seat(role, number) for role in numbers for number in range(1, numbers[role] + 1)]
        self._stopping = False

    @property
    def messages(self) -> Mapping[str, tuple[int, int]]:
        """Role → messages that were done, and that failed and come back."""
        totals: dict[str, tuple[int, int]] = {}
        for seat in self._seats:
            done, failed = totals.get(seat.role, (0, 0))
            totals[seat.role] = done + seat.counts.messages.value, failed + seat.counts.failed.value
        return totals

    @property
    def busy_seconds(self) -> float:
        """How long the longest piece of work has taken so far; 0 if no process handles a message."""
        begun = [
            seat.counts.busy_since.value for seat in self._seats if seat.process and seat.process.is_alive()
        ]
        return max((time.time() - since for since in begun if since), default=0.0)

    @property
    def healthy(self) -> bool:
        """Whether every process lives and has been heard of lately."""
        lately = time.time() - _SILENT_SECONDS
        return all(
            seat.process is not None and seat.process.is_alive() and seat.counts.beat.value > lately
            for seat in self._seats
        )

    def stop(self, *_: Any) -> None:
        """Ask all processes to stop; asked again, kill them."""
        for seat in self._seats:
            if seat.process is not None and seat.process.is_alive():
                (seat.process.kill if self._stopping else seat.process.terminate)()
        self._stopping = True

    def run(self, health_file: Path | None = None) -> Iterator[None]:
        """Start them, and give a turn each second until all have stopped. health_file: touched while all is well."""
        stopped_by = None
        while not self._stopping or any(seat.process.is_alive() for seat in self._seats if seat.process):
            if not self._stopping:
                for seat in self._seats:
                    self._fill(seat)
            elif stopped_by is None:
                stopped_by = time.monotonic() + GRACE_SECONDS
                self._report(
                    f"Stopping: work in progress finishes within {STOP_SECONDS:g} seconds or returns to its queue; asked again, it stops at once"
                )
            elif time.monotonic() > stopped_by:
                self.stop()
            if health_file and self.healthy:
                health_file.touch()
            yield
            time.sleep(_LOOK_SECONDS)

    def _fill(self, seat: _Seat) -> None:
        now = time.monotonic()
        if seat.process is not None and not seat.process.is_alive() and seat.due < seat.started:
            seat.short_lives = seat.short_lives + 1 if now - seat.started < _LONG_SECONDS else 0
            pause = _PAUSES[min(seat.short_lives, len(_PAUSES) - 1)]
            self._report(
                f"{seat.name} ended with exit code {seat.process.exitcode}: starting it again in {pause:g} s"
            )
            seat.due = now + pause
        if (seat.process is None or not seat.process.is_alive()) and now >= seat.due:
            seat.counts()  # so that it counts as heard of
            seat.process = _SPAWN.Process(
                target=_run,
                args=(seat.name, seat.role, *self._arguments, seat.counts),
                name=seat.name,
                daemon=True,
            )
            seat.process.start()
            seat.started = now


@contextmanager
def stopped_by_signals(processes: Processes) -> Iterator[None]:
    """SIGTERM and Ctrl-C stop them within the block."""
    before = {number: signal.signal(number, processes.stop) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _run(
    name: str,
    role: str,
    target: Target,
    seconds: int,
    writes_logs: bool,  # noqa: FBT001
    counts: Counts,
) -> None:
    """In the process itself: as a function would, but for the time that it has. name: that `ps` and `top` show."""
    with suppress(OSError):  # without /proc it keeps the interpreter's
        Path("/proc/self/comm").write_text(name)
    if not writes_logs:
        sys.stdout = sys.stderr  # standard output is the command's
    logs.set_up()
    if not writes_logs:
        logger.setLevel(logging.WARNING)
    services = services_for(target.settings_env, target, seconds, None if writes_logs else NO_METER)
    sqs = target.client("sqs", config=Config(read_timeout=WAIT_SECONDS + 20, tcp_keepalive=True))
    run_until_asked(Consumer(role_named(role), services, sqs, seconds, counts))
