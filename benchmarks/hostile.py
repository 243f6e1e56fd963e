"""Hostile text against ordinary prose, and doubled sizes: no input may cost more than a few times its size.

CPU time of the thread, the best of several runs; only ratios mean something on a shared machine. Everything from
the opening of a file to its encoded items is in it.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Final

from chalicelib.core.formats.registry import all_formats
from chalicelib.core.plan import ObjectHead, ObjectVersion
from chalicelib.core.reading import Reading

_WHEN: Final = datetime(2026, 1, 1, tzinfo=UTC)
_BYTES: Final = 200_000
_RUNS: Final = 3
_LINE: Final = 115
_DICE: Final = random.Random(1)


def _lines_of(make: Callable[[], str], size: int) -> str:
    lines, length = [], 0
    while length < size:
        lines.append(make())
        length += len(lines[-1]) + 1
    return "\n".join(lines) + "\n"


def _prose() -> str:
    words = (
        "the checkout service took an order of customer and wrote it to pending orders without any trouble"
    )
    return " ".join(_DICE.choices(words.split(), k=20)).capitalize() + "."


def _noise(alphabet: str) -> Callable[[], str]:
    return lambda: "".join(_DICE.choices(alphabet, k=_LINE))


def _near_miss() -> str:
    """An entry of some format, cut or with a character changed."""
    known = _DICE.choice(all_formats())
    entry = _DICE.choice(known.samples).rpartition("\n")[2][: 2 * _LINE]
    place = _DICE.randrange(len(entry) or 1)
    return entry[:place] + _DICE.choice('"[]{}=:. \\x') + entry[place + 1 :]


PRINTABLE: Final = "".join(map(chr, range(32, 127)))
HOSTILE: Final[dict[str, Callable[[], str]]] = {
    "random printable lines": _noise(PRINTABLE),
    "near misses of every format": _near_miss,
    "quotes and brackets": _noise("\"[]{}()<>'` "),
    "digits and separators": _noise("0123456789-:.,/ "),
    "pairs without end": _noise('ab=" ,;'),
    "one character": lambda: _DICE.choice(PRINTABLE) * _LINE,
    "beyond ASCII": _noise("äöüßéèñçžшщъ日本語 ="),
}
"""A line of each."""

LONG: Final[dict[str, Callable[[int], str]]] = {
    "one long line of noise": lambda size: _noise(PRINTABLE)()[:80] * (size // 80) + "\n",
    "open brackets": lambda size: '{"a":[' * (size // 6) + "\n",
    "an object without end": lambda size: '{"a":"' + '\\"b' * (size // 3) + "\n",
    "open quotes": lambda size: 'a,"b\n' * (size // 5),
    "indented lines": lambda size: "2026-01-01 10:00:00 ERROR x\n" + "\tat a.B.c(B.java:1)\n" * (size // 20),
    "blank lines": lambda size: "\n" * size,
    "NULs": lambda size: "a\0\n\0" * (size // 4),
    "escapes": lambda size: "\x1b[0m" * (size // 4) + "\n",
}
"""A text of a size."""


def seconds_of(text: bytes, runs: int = _RUNS) -> float:
    head = ObjectHead(ObjectVersion("b", "a.log", "v", "e"), len(text), "", _WHEN)
    best = float("inf")
    for _ in range(runs):
        began = time.thread_time()
        for _ in Reading(head, lambda offset: iter([text[offset:]])):
            pass
        best = min(best, time.thread_time() - began)
    return best


def ratios() -> Iterator[tuple[str, float]]:
    """Of each hostile text, how many times the time of as much ordinary prose it takes."""
    prose = seconds_of(_lines_of(_prose, _BYTES).encode())
    for name, make in HOSTILE.items():
        text = _lines_of(make, _BYTES).encode()
        yield name, seconds_of(text) / len(text) / (prose / _BYTES)


def rows() -> Iterator[tuple[str, str]]:
    """What was measured, and the ratio."""
    for name, ratio in ratios():
        yield f"hostile text against prose: {name}", f"{ratio:.2f} x"
    for name, make_text in LONG.items():
        once, twice = (seconds_of(make_text(size).encode()) for size in (_BYTES, 2 * _BYTES))
        yield f"doubled size: {name}", f"{twice / once:.2f} x"


def main() -> None:
    for name, ratio in rows():
        print(f"{name:60} {ratio:>10}")


if __name__ == "__main__":
    main()
