"""Whether time grows with the text as the text does: a ratio of two runs side by side, never a number of seconds."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

_TIMES: Final = 5
_RATIO_MAX: Final = 10


def assert_linear(run: Callable[[int], object], size: int, unseen_seconds: float = 0.008) -> None:
    """Four times the size may take up to ten times as long (what is quadratic takes sixteen).

    run: does the work on a text of that size. Measured is the processor time of the thread, the best of
    several runs: other programs on the machine do not count. unseen_seconds: what is done so soon is not
    looked at; at the sizes of the tests a quadratic run takes longer.
    """
    if _seconds(run, size, 1) > unseen_seconds:
        assert _seconds(run, size, _TIMES) < _RATIO_MAX * _seconds(run, size // 4, _TIMES)


def _seconds(run: Callable[[int], object], size: int, times: int) -> float:
    best = float("inf")
    for _ in range(times):
        began = time.thread_time()
        run(size)
        best = min(best, time.thread_time() - began)
    return best
