"""Lines of several interleaved streams: joins the parts of lines, and traces with their entry.

The lines that links join (`links`) are a unit: it is never cut, and has the entries of its streams. Each
entry owns the bytes from its first line to the first line of the next one. All of this is part of the framing's
kind, and must not change.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import accumulate, pairwise

from chalicelib.core.framing import Entry, Framing, Piece, Run, TooLong
from chalicelib.core.framing.links import Links, Unit
from chalicelib.core.framing.padding import head_of


def _units_in(pieces: Iterable[Piece], framing: Framing, max_bytes: int) -> Iterator[list[Unit | Run]]:
    """pieces: the lines of a text."""
    links = Links(framing, max_bytes)
    for piece in pieces:
        if isinstance(piece, TooLong):
            links.too_long(piece)
        else:
            links.take_lines(piece)
        yield links.finished(at_end=False)
    yield links.finished(at_end=True)


def units_of_streams(lines: Iterable[Piece], framing: Framing, max_bytes: int) -> Iterator[Piece]:
    """The units of a text, as pieces that say how many entries each holds."""
    for units in _units_in(lines, framing, max_bytes):
        run: list[Unit] = []
        for unit in units:
            if isinstance(unit, Unit) and unit.length <= max_bytes:
                run.append(unit)
                continue
            if run:
                yield _run_of(run)
                run = []
            if isinstance(unit, Run):
                yield unit
                continue
            yield TooLong(unit.offset, unit.length, unit.line_count, head_of(unit.pieces, max_bytes))
        if run:
            yield _run_of(run)


def _run_of(units: list[Unit]) -> Run:
    return Run(
        units[0].offset,
        b"".join(piece for unit in units for piece in unit.pieces),
        list(accumulate(unit.length for unit in units)),
        list(accumulate(unit.line_count for unit in units)),
        entries=list(accumulate(unit.entries for unit in units)),
    )


def entries_of_streams(lines: Iterable[Piece], framing: Framing, max_bytes: int) -> Iterator[Entry]:
    """The entries of a text that holds no unit over its limit, with the text of those that others interrupt."""
    for units in _units_in(lines, framing, max_bytes):
        for unit in units:
            if isinstance(unit, Unit):
                yield from unit.divided()
                continue
            for begin, end in pairwise((0, *unit.ends)):
                yield Entry(unit.offset + begin, end - begin, 1, unit.data[begin:end])
