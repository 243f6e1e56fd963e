"""How many of its lines an entry explains in detection, if a start joins all lines up to the next one.

Otherwise a stray start would take over a file: everything behind it would belong to its entry. So an entry that is far
longer than the others of its kind explains only its first lines, and none that belong to another log.
"""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING, Final, NamedTuple

from chalicelib.core.formats.continuations import CONTINUATION, is_surely_trace
from chalicelib.core.framing import Kind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chalicelib.core.formats import Explain, Format

_LINES: Final = 20
"""Lines that an entry may have, whatever the others have."""
_TIMES_OTHERS: Final = 3
_LINES_OF_WHOLE_TEXT: Final = 60
"""Lines that the only entry of a text may have if the text begins with it."""
_LINES_OF_STRAY: Final = 5
"""Lines that the only entry may have if it begins further behind."""
_RECURRING_MIN: Final = 4
_PREAMBLE_MAX: Final = 5
_SURELY_RECURRING_MIN: Final = 10
_FOREIGN_SHARE: Final = 0.5
_ASKED_MAX: Final = 400
"""How many lines of a text other formats try."""


class Joined(NamedTuple):
    """For each entry, how many lines are explained; left_out: how many lines count neither for nor against."""

    explained: list[int]
    left_out: int


def lines_of(known: Format, entries: Sequence[str], *, preamble: int, explain: Explain) -> Joined:
    """What the entries of a format explain of themselves.

    entries: those that the format explains, in order. preamble: how many lines before them it does not.
    """
    framing = known.framing
    if framing.kind is not Kind.LINES or known.prose:
        return Joined([1 + entry.count("\n") for entry in entries], 0)
    if not known.whole and (framing.joins is None or framing.entry_start is not None):
        return Joined(
            [_continued(entry, is_stray=preamble > 0 and len(entries) == 1) for entry in entries], 0
        )
    sizes = [1 + entry.count("\n") for entry in entries]
    is_recurring = (len(sizes) >= _RECURRING_MIN and preamble <= _PREAMBLE_MAX) or len(
        sizes
    ) >= _SURELY_RECURRING_MIN
    left_out = asked = 0
    explained = []
    for number, (entry, size) in enumerate(zip(entries, sizes, strict=True)):
        own = size
        if size > 1 and asked < _ASKED_MAX:
            behind = [line for line in entry.split("\n")[1:] if line.strip()][: _ASKED_MAX - asked]
            asked += len(behind)
            foreign = sum(1 for line in behind if _is_foreign(known, explain, line))
            if foreign > _FOREIGN_SHARE * len(behind):
                explained.append(size - foreign if len(behind) < _ASKED_MAX else 1)
                continue
        bound = _bound(sizes, number, preamble)
        if own > bound:
            left_out += own - bound if is_recurring else 0
            own = bound
        explained.append(own)
    return Joined(explained, left_out)


def _bound(sizes: Sequence[int], number: int, preamble: int) -> int:
    others = [*sizes[:number], *sizes[number + 1 :]]
    if not others:
        return _LINES_OF_STRAY if preamble else _LINES_OF_WHOLE_TEXT
    return max(_LINES, int(_TIMES_OTHERS * median(others)))


def _continued(entry: str, *, is_stray: bool) -> int:
    lines = [line for line in entry.split("\n")[1:] if CONTINUATION.match(line)]
    if is_stray and len(lines) > _LINES:
        lines = lines[:_LINES] + [line for line in lines[_LINES:] if is_surely_trace(line)]
    return 1 + len(lines)


def _is_foreign(known: Format, explain: Explain, line: str) -> bool:
    try:
        explained = explain(line)
    except Exception:  # noqa: BLE001 - what fails on a line does not explain it
        return False
    return explained is not None and explained[0] != known.name
