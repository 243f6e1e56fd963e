"""A clock that is simulated: threads take turns, one at a time, and time passes only while all of them wait.

Promise: the same program takes the same turns every time, and an hour of it some seconds. What is run are real threads,
so that the code under test needs no changes; whatever waits must wait here.
"""

from __future__ import annotations

import heapq
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any


class Killed(BaseException):
    """The thread is ended where it waits, as Lambda ends a function."""


class Thread:
    """One of those that take turns."""

    def __init__(self, clock: Clock, work: Callable[[], None]) -> None:
        self.done = False
        self.killed = False
        self._clock = clock
        self._work = work
        self._turn = threading.Semaphore(0)
        self._waiting: list[Thread] = []
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        self._turn.acquire()
        try:
            if not self.killed:
                self._work()
        except Killed:
            pass
        finally:
            self.done = True
            for each in self._waiting:
                self._clock.schedule(0, each)
            self._clock.give_back()

    def take_turn(self) -> None:
        self._turn.release()

    def pause(self) -> None:
        """Called by itself: let others take their turns until it is scheduled again."""
        self._clock.give_back()
        self._turn.acquire()
        if self.killed:
            raise Killed

    def await_end_of(self, other: Thread) -> None:
        if not other.done:
            other._waiting.append(self)
            self.pause()


class Clock:
    """Seconds since the beginning. Stands in for the module `time` where that is patched."""

    def __init__(self) -> None:
        self.now = 0.0
        self._number = 0
        self._queue: list[tuple[float, int, Thread]] = []
        self._main = threading.Semaphore(0)
        self._present: Thread | None = None
        self._children: dict[Thread, list[Thread]] = {}
        self._threads: list[Thread] = []
        self._until: Callable[[], bool] = lambda: False
        self._limit_seconds = 0.0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        present = self._present
        assert present, "only threads of the simulation wait"
        if self._is_next(self.now + seconds):
            self.now += seconds
            return
        self.schedule(seconds, present)
        present.pause()

    def _is_next(self, at: float) -> bool:
        """Whether whoever waits until then would get the next turn: it may as well keep the one it has."""
        is_first = not self._queue or at < self._queue[0][0]
        return is_first and at < self._limit_seconds and not self._until()

    def start(self, work: Callable[[], None], delay_seconds: float = 0) -> Thread:
        thread = Thread(self, work)
        self._threads.append(thread)
        if self._present:
            self._children.setdefault(self._present, []).append(thread)
        self.schedule(delay_seconds, thread)
        return thread

    def kill(self, thread: Thread) -> None:
        """End it, and what it started, at once."""
        for each in (*self._children.pop(thread, ()), thread):
            if not each.done and not each.killed:
                each.killed = True
                self.schedule(0, each)

    def end(self) -> None:
        """Called when nothing runs: whatever still waits is ended, and lets go of the data that it has in hand."""
        for thread in self._threads:
            thread.killed = True
            while not thread.done:
                self._take_turn(thread)
        self._threads.clear()
        self._children.clear()
        self._queue.clear()

    def schedule(self, seconds: float, thread: Thread) -> None:
        self._number += 1
        heapq.heappush(self._queue, (self.now + seconds, self._number, thread))

    def give_back(self) -> None:
        self._main.release()

    def run(self, until: Callable[[], bool], limit_seconds: float) -> None:
        """Let threads take turns until that holds, nobody is left, or the time is up."""
        self._until, self._limit_seconds = until, limit_seconds
        while self._queue and not until() and self.now < limit_seconds:
            at, _, thread = heapq.heappop(self._queue)
            if thread.done:
                continue
            self.now = max(self.now, at)
            self._take_turn(thread)

    def _take_turn(self, thread: Thread) -> None:
        self._present = thread
        thread.take_turn()
        self._main.acquire()
        self._present = None

    def wait(self, futures: list[Future[Any]]) -> None:
        """Stands in for `concurrent.futures.wait`."""
        present = self._present
        assert present
        for future in futures:
            present.await_end_of(future.thread)  # type: ignore[attr-defined]

    def executor(self, _threads: int, **_: Any) -> Executor:
        """Stands in for `ThreadPoolExecutor`."""
        return Executor(self)


class Executor:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def submit(self, work: Callable[[], Any]) -> Future[Any]:
        future: Future[Any] = Future()

        def run() -> None:
            try:
                future.set_result(work())
            except Exception as error:  # noqa: BLE001 - as an executor does
                future.set_exception(error)

        future.thread = self._clock.start(run)  # type: ignore[attr-defined]
        return future
