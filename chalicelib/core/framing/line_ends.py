"""Where the lines of a block end, found only as far as needed: a batch needs only its last line."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate, pairwise
from typing import Final, TypeAlias, overload

from chalicelib.core.framing import Run

IsStart: TypeAlias = Callable[[bytes, int, int], object]
"""Whether the line between two places begins an entry; called for every line, in order."""

_FEW: Final = 8
"""Up to so many lines are counted one by one."""
_KEPT: Final = 3
"""So many places are remembered."""
_LOOK_BYTES: Final = 1024
_LONG_BYTES: Final = 40
"""Where lines are so long on average, leaving their ends out is a fraction of the time that counting takes, which CPython
does byte by byte, …"""
_PART_BYTES: Final = 1024 * 1024
"""… in parts that are no memory of their own to the system."""


class LineEnds(Sequence[int]):
    """The places behind the line ends of some bytes, of which the last byte is one."""

    __slots__ = ("_all", "_count", "_data", "_known")

    def __init__(self, data: bytes, count: int | None = None) -> None:
        """count: of the lines, if known."""
        self._data = data
        self._count = count_of_lines(data) if count is None else count
        self._all: list[int] | None = None
        self._known: tuple[tuple[int, int], ...] = ()

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[int]:
        return iter(self.all)

    @overload
    def __getitem__(self, number: int) -> int: ...

    @overload
    def __getitem__(self, number: slice) -> list[int]: ...

    def __getitem__(self, number: int | slice) -> int | list[int]:
        if number == -1:
            return len(self._data)
        if isinstance(number, slice) or self._all is not None or number < 0:
            return self.all[number]
        if number >= self._count:
            raise IndexError(number)
        return self._end_of(number + 1)

    @property
    def all(self) -> list[int]:
        if self._all is None:
            self._all = list(accumulate(sizes_of(self._data)))
        return self._all

    def count_up_to(self, place: int) -> int:
        """How many lines end there or before."""
        if place >= len(self._data):
            return self._count
        if self._all is not None:
            return bisect_right(self._all, place)
        end = self._data.rfind(b"\n", 0, max(0, place)) + 1
        lines, low = self._below(lambda known: known[1] <= end)
        return self._keep(lines + count_of_lines(self._data, low, end), end)[0]

    def _end_of(self, number: int) -> int:
        """Where so many lines end. Lines are about as long as one another: the place is guessed and lines are counted."""
        data = self._data
        lines, low = self._below(lambda known: known[0] <= number)
        lines_of_high, high = self._count, len(data)
        while number - lines > _FEW:
            guess = low + (high - low) * (number - lines) // (lines_of_high - lines)
            guess = data.rfind(b"\n", low, guess) + 1
            if guess <= low:
                break
            lines_there = lines + count_of_lines(data, low, guess)
            if lines_there <= number:
                lines, low = lines_there, guess
            else:
                lines_of_high, high = lines_there, guess
        while lines < number:
            low = data.index(b"\n", low) + 1
            lines += 1
        return self._keep(lines, low)[1]

    def _below(self, is_below: Callable[[tuple[int, int]], bool]) -> tuple[int, int]:
        """A number of lines and their end, as found before."""
        return next((known for known in self._known if is_below(known)), (0, 0))

    def _keep(self, lines: int, end: int) -> tuple[int, int]:
        self._known = ((lines, end), *self._known[: _KEPT - 1])
        return lines, end


def count_of_lines(data: bytes, begin: int = 0, end: int | None = None) -> int:
    """How many line ends lie between two places of some bytes."""
    end = len(data) if end is None else end
    if data.count(b"\n", begin, begin + _LOOK_BYTES) * _LONG_BYTES > _LOOK_BYTES:
        return data.count(b"\n", begin, end)
    others = sum(
        len(data[at : min(end, at + _PART_BYTES)].replace(b"\n", b""))
        for at in range(begin, end, _PART_BYTES)
    )
    return max(0, end - begin) - others


def sizes_of(data: bytes) -> list[int]:
    """The length of each line, line end included; the last line has one."""
    if b"\r" not in data:
        return list(map(len, data.splitlines(keepends=True)))
    sizes = [len(line) + 1 for line in data.split(b"\n")]
    sizes.pop()
    return sizes


def long_lines(data: bytes, max_bytes: int) -> Iterator[tuple[int, int]]:
    """Where lines over a limit begin and end, their line ends included: from one place to the last line end that would
    be within the limit."""
    begin, length = 0, len(data)
    while begin + max_bytes < length:
        if last := data.rfind(b"\n", begin, begin + max_bytes) + 1:
            begin = last
        else:
            last = data.index(b"\n", begin + max_bytes) + 1
            yield begin, last
            begin = last


def asked_one_by_one(lines: Run, is_start: IsStart) -> list[int]:
    """The numbers of the lines that begin an entry."""
    data, begins = lines.data, pairwise((0, *lines.ends))
    return [number for number, (begin, end) in enumerate(begins) if is_start(data, begin, end)]
