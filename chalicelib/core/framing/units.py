"""Units of a text that is cut in sequence: entries and the gaps between them, given as pieces.

Of a unit over the limit, only the head is kept in memory.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate, chain, islice, pairwise, repeat

from chalicelib.core.framing import HEADER_MAX_BYTES, Piece, Run, TooLong
from chalicelib.core.framing.padding import head_of


class _Unit:
    """An entry or a gap that is being read: its bytes, or their head once they are too many."""

    def __init__(self, max_bytes: int) -> None:
        self.length = self.lines = 0
        self._max_bytes = max_bytes
        self._pieces: list[bytes] = []

    def extend(self, data: bytes) -> None:
        self.length += len(data)
        self.lines += data.count(b"\n")
        self._pieces.append(data)
        if self.length > self._max_bytes:
            self._pieces = [head_of(self._pieces, self._max_bytes)]

    @property
    def kept(self) -> bytes:
        return b"".join(self._pieces)

    def begins(self, size: int) -> bytes:
        return head_of(self._pieces, min(size, self._max_bytes))


class Units:
    """Finished units, as pieces. A unit that changes the context is a piece of its own."""

    def __init__(self, offset: int, max_bytes: int, context: str | None) -> None:
        self.context = context
        self.context_before = context
        """The context where the current unit begins."""
        self._max_bytes = max_bytes
        self._pieces: list[Piece] = []
        self._current = _Unit(max_bytes)
        self._offset = offset
        self._data: list[bytes] = []
        self._ends: list[int] = []
        self._lines: list[int] = []
        self._gaps: set[int] = set()
        self._alone = False

    def extend(self, data: bytes) -> None:
        if data:
            self._current.extend(data)

    def close(self, *, gap: bool) -> None:
        unit = self._current
        if not unit.length:
            return
        self._current = _Unit(self._max_bytes)
        self.context_before = self.context
        if unit.length > self._max_bytes:
            self._end_run()
            piece = TooLong(self._offset, unit.length, unit.lines, unit.kept, self.context, gap)
            self._pieces.append(piece)
            self._offset += unit.length
        else:
            if gap:
                self._gaps.add(len(self._ends))
            self._data.append(unit.kept)
            self._ends.append(unit.length + (self._ends[-1] if self._ends else 0))
            self._lines.append(unit.lines + (self._lines[-1] if self._lines else 0))
        if self._alone:
            self._end_run()
            self._alone = False

    def add(self, data: bytes, gap_bytes: int, sizes: Sequence[int]) -> None:
        """Entries of these sizes, none of them over the limit, with as many bytes of gap before each. Nothing is under way."""
        entries = chain.from_iterable(zip(repeat(gap_bytes), sizes, strict=False)) if gap_bytes else sizes
        first = len(self._ends)
        ends = list(accumulate(entries, initial=self._ends[-1] if first else 0))
        begin, lines = ends[0], self._lines[-1] if first else 0
        self._data.append(data)
        self._ends += ends[1:]
        if b"\n" in data:
            counts = (data.count(b"\n", one - begin, other - begin) for one, other in pairwise(ends))
            self._lines += islice(accumulate(counts, initial=lines), 1, None)
        else:
            self._lines += [lines] * (len(ends) - 1)
        if gap_bytes:
            self._gaps.update(range(first, len(self._ends), 2))

    def set_context(self, context: str | None) -> None:
        """The current unit changes the context."""
        self._end_run()
        self.context = context
        self._alone = True

    @property
    def kept(self) -> bytes | None:
        """The current unit; None if it is long."""
        return self._current.kept if self._current.length <= HEADER_MAX_BYTES else None

    def begins(self, size: int) -> bytes:
        """The beginning of the current unit: so many bytes, or what is kept of a unit over the limit."""
        return self._current.begins(size)

    def taken(self, *, unterminated: bool) -> list[Piece]:
        """The pieces so far. unterminated: the text ends here, in the middle of a line."""
        self._end_run()
        pieces, self._pieces = self._pieces, []
        if unterminated and pieces:
            last = pieces[-1]
            if isinstance(last, TooLong):
                pieces[-1] = last._replace(lines=last.lines + 1)
            else:
                pieces[-1] = last._replace(lines=[*last.lines[:-1], last.lines[-1] + 1])
        return pieces

    def _end_run(self) -> None:
        if self._ends:
            data, gaps = b"".join(self._data), frozenset(self._gaps)
            self._pieces.append(Run(self._offset, data, self._ends, self._lines, self.context, gaps))
            self._offset += len(data)
            self._data, self._ends, self._lines, self._gaps = [], [], [], set()
