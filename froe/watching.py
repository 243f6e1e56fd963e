"""Polls in measured steps, and derives speeds from what it has seen."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator
from typing import Final, TypeVar

from chalicelib.core.errors import (
    AccessDeniedError,
    MissingResourceError,
    ThrottledError,
    TransientError,
)

T = TypeVar("T")

_LONGEST_SECONDS: Final = 30.0
_WINDOW_SECONDS: Final = 30.0


def again_and_again(
    ask: Callable[[], T],
    seconds: float,
    *,
    refused: Callable[[str], None] = lambda _reason: None,
    deadline: float | None = None,
    sleep: Callable[[float], None] | None = None,
) -> Iterator[T]:
    """What is answered, every `seconds`. Throttling is waited out, each time twice as long, half a minute at most, and told
    to `refused`; so is a network that fails once something was answered. All other errors are raised.
    deadline: of time.monotonic, after which nothing is asked; None: it never ends."""
    wait, answered = seconds, False
    while True:
        try:
            answer = ask()
        except (AccessDeniedError, MissingResourceError):
            raise
        except TransientError as error:
            if not answered and not isinstance(error, ThrottledError):
                raise
            wait = min(max(2 * wait, 1.0), _LONGEST_SECONDS)
            refused(f"{error.reason}; asked again in {wait:.0f} s")
        else:
            wait, answered = seconds, True
            yield answer
        if deadline is not None and time.monotonic() > deadline:
            return
        (sleep or time.sleep)(wait)


class Rate:
    """How much a second, over the last half minute."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._seen: deque[tuple[float, float]] = deque()

    def reach(self, amount: float) -> None:
        now = self._clock()
        self._seen.append((now, amount))
        while len(self._seen) > 2 and self._seen[1][0] <= now - _WINDOW_SECONDS:
            self._seen.popleft()

    @property
    def per_second(self) -> float:
        """0 while it is not known."""
        if len(self._seen) < 2:
            return 0.0
        (begun, less), (now, more) = self._seen[0], self._seen[-1]
        return max(more - less, 0.0) / (now - begun) if now > begun else 0.0

    def left(self, rest: float) -> float | None:
        """Seconds until `rest` more is reached; None while that is not known."""
        return rest / self.per_second if self.per_second else None


def lasting(seconds: float) -> str:
    """A length of time for people: 45 s, 12 min, 3 h 20 min."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    if minutes < 100:
        return f"{minutes} min"
    return f"{minutes // 60} h {minutes % 60} min"
