"""Whether time grows with the text as the text does: a ratio of two runs side by side, and never beyond all measure."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

_TIMES: Final = 5
_ENOUGH_SECONDS: Final = 0.05
"""What takes so long is not disturbed so much that it need be measured again."""
_RATIO_MAX: Final = 10
_MOST_SECONDS: Final = 2.0
"""A hundred times what the slowest run of a test takes: what grows beyond all measure up to some length only is no better."""


def assert_linear(run: Callable[[int], object], size: int, unseen_seconds: float = 0.008) -> None:
    """Four times the size may take up to ten times as long (what is quadratic takes sixteen).

    run: does the work on a text of that size. Measured is the processor time of the thread, the best of
    several runs where they are short: other programs on the machine do not count. unseen_seconds: what is done so soon is not
    looked at; at the sizes of the tests a quadratic run takes longer.
    """
    first = _seconds(run, size)
    assert first < _MOST_SECONDS
    if first > unseen_seconds:
        assert _best(run, size, first) < _RATIO_MAX * _best(run, size // 4)


def _best(run: Callable[[int], object], size: int, first: float | None = None) -> float:
    """The shortest of several runs; first: one of them, where it was made already."""
    best = _seconds(run, size) if first is None else first
    for _ in range(_TIMES - 1):
        best = min(
            best, _seconds(run, size)
        )  # once more at least: the first one may compile or import something
        if best > _ENOUGH_SECONDS:
            break
    return best


def _seconds(run: Callable[[int], object], size: int) -> float:
    began = time.thread_time()
    run(size)
    return time.thread_time() - began
