"""From blocks of text to lines, and from lines to entries of several.

Bytes are framed on ``\n`` only and nothing is decoded. No more is held than a block and an entry; of an
entry over its limit no more than its head.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate
from typing import Final, TypeAlias

from chalicelib.core.colours import COLOUR
from chalicelib.core.framing import TOO_LONG_HEAD_BYTES, Framing, Kind, Piece, Run, TooLong

_START_BYTES: Final = 1024

_IsStart: TypeAlias = Callable[[bytes, int, int], object]
"""Whether the line between two places of some bytes begins an entry; asked of every line, in order."""


def entries_of_lines(
    blocks: Iterable[bytes], framing: Framing, offset: int, max_bytes: int, *, aligned: bool
) -> Iterator[Piece]:
    """The entries of a text, or of a part of it; if not `aligned` its first line is passed over."""
    lines = lines_in(blocks, offset, max_bytes)
    if not aligned:
        lines = _without_first(lines)
    is_start = _is_start(framing, max_bytes)
    return joined(lines, is_start, max_bytes, aligned=aligned) if is_start else lines


def _is_start(framing: Framing, max_bytes: int) -> _IsStart | None:
    if framing.kind is Kind.QUOTED_LINES:
        return _OutsideQuotes(max_bytes).is_start
    if framing.entry_start is None:
        return None if framing.joins is None else _Joins(framing, framing.joins, None).is_start
    match = _start_pattern(framing.entry_start).match

    def matches(data: bytes, begin: int, end: int) -> object:
        return match(data, begin, min(end, begin + _START_BYTES))

    return matches if framing.joins is None else _Joins(framing, framing.joins, matches).is_start


@lru_cache(256)
def _start_pattern(entry_start: str) -> re.Pattern[bytes]:
    """These take milliseconds to compile, and are more than `re` keeps beside all else."""
    return re.compile(f"(?:{COLOUR})*(?:{entry_start})".encode())


class _Joins:
    """Lines that their own start, or the line before them, makes a part of the same entry."""

    def __init__(self, framing: Framing, joins: str, starts: _IsStart | None) -> None:
        self._joins = re.compile(joins.encode()).match
        self._over_blanks = framing.over_blanks
        self._starts = starts
        self._previous = b""

    def is_start(self, data: bytes, begin: int, end: int) -> bool:
        line = data[begin:end]
        previous = self._previous
        if self._over_blanks and previous and not line.strip():
            if not previous.endswith(b"\n\n"):
                self._previous += b"\n"
        else:
            self._previous = line
        if self._starts is not None and not self._starts(data, begin, end):
            return False
        return not (previous and self._joins(previous + line))


class _OutsideQuotes:
    """Lines that do not begin inside a quoted field (RFC 4180, section 2); one that is never closed ends
    where the entry gets too long."""

    _QUOTED = re.compile(rb'(?:(?<=[,;\t|])|^)"[^"]*+(?:""[^"]*+)*+(")?+')
    _CLOSING = re.compile(rb'[^"]*+(?:""[^"]*+)*+"')

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._open_bytes = 0

    def is_start(self, data: bytes, begin: int, end: int) -> bool:
        was_open = 0 < self._open_bytes <= self._max_bytes
        if not was_open:
            self._open_bytes = 0
        if data.find(b'"', begin, end) < 0:
            still_open = was_open
        else:
            still_open = self._leaves_open(data[begin:end], was_open=was_open)
        self._open_bytes = self._open_bytes + end - begin if still_open else 0
        return not was_open

    def _leaves_open(self, line: bytes, *, was_open: bool) -> bool:
        position = 0
        if was_open:
            closing = self._CLOSING.match(line)
            if closing is None:
                return True
            position = closing.end()
        return any(found[1] is None for found in self._QUOTED.finditer(line, position))


def lines_in(blocks: Iterable[bytes], offset: int, max_bytes: int) -> Iterator[Piece]:
    held: list[bytes] = []
    held_bytes = 0
    for block in blocks:
        last = block.rfind(b"\n") + 1
        if last:
            first = block.find(b"\n") + 1
            line_bytes = held_bytes + first
            if line_bytes > max_bytes:
                yield TooLong(offset, line_bytes, 1, head_of([*held, block[:first]], max_bytes))
                offset += line_bytes
                data = block[first:last]
            else:
                data = b"".join((*held, block[:last])) if held else block[:last]
            yield from _run_of_lines(offset, data, max_bytes)
            offset += len(data)
            held = [block[last:]] if last < len(block) else []
            held_bytes = len(block) - last
        else:
            held.append(block)
            held_bytes += len(block)
            if held_bytes > max_bytes:
                held = [head_of(held, max_bytes)]
    if held_bytes > max_bytes:
        yield TooLong(offset, held_bytes, 1, head_of(held, max_bytes))
    elif held_bytes:
        yield Run(offset, b"".join(held), [held_bytes], range(1, 2))


def head_of(pieces: Iterable[bytes], max_bytes: int) -> bytes:
    """What is kept of an entry over its limit: always shorter than the entry."""
    head, head_bytes = b"", min(TOO_LONG_HEAD_BYTES, max_bytes)
    for piece in pieces:
        head += piece[: head_bytes - len(head)]
    return head


def _run_of_lines(offset: int, data: bytes, max_bytes: int) -> Iterator[Piece]:
    """Data ends at a line end. Lines over the limit are given apart."""
    sizes = [len(line) + 1 for line in data.split(b"\n")]
    sizes.pop()
    if not sizes:
        return
    if max(sizes) <= max_bytes:
        yield Run(offset, data, list(accumulate(sizes)), range(1, len(sizes) + 1))
        return
    begin = 0
    while sizes:
        fitting = next((i for i, size in enumerate(sizes) if size > max_bytes), len(sizes))
        if fitting:
            ends = list(accumulate(sizes[:fitting]))
            yield Run(offset + begin, data[begin : begin + ends[-1]], ends, range(1, fitting + 1))
            begin += ends[-1]
        if fitting < len(sizes):
            size = sizes[fitting]
            yield TooLong(offset + begin, size, 1, head_of([data[begin : begin + size]], max_bytes))
            begin += size
        sizes = sizes[fitting + 1 :]


def _without_first(lines: Iterator[Piece]) -> Iterator[Piece]:
    first = next(lines, None)
    if isinstance(first, Run) and len(first.ends) > 1:
        cut = first.ends[0]
        ends = [end - cut for end in first.ends[1:]]
        yield Run(first.offset + cut, first.data[cut:], ends, range(1, len(ends) + 1))
    yield from lines


@dataclass(slots=True)
class _Open:
    """An entry whose next line may still belong to it."""

    offset: int
    length: int
    lines: int
    pieces: list[bytes]
    max_bytes: int

    def extend(self, data: bytes, length: int, lines: int) -> None:
        self.length += length
        self.lines += lines
        self.pieces.append(data)
        if self.length > self.max_bytes:
            self.pieces = [head_of(self.pieces, self.max_bytes)]

    def closed(self) -> Piece:
        if self.length > self.max_bytes:
            return TooLong(self.offset, self.length, self.lines, head_of(self.pieces, self.max_bytes))
        return Run(self.offset, b"".join(self.pieces), [self.length], [self.lines])


def joined(pieces: Iterator[Piece], is_start: _IsStart, max_bytes: int, *, aligned: bool) -> Iterator[Piece]:
    """Join lines into entries; the first entry begins with the first line if `aligned`."""
    entry: _Open | None = None
    for piece in pieces:
        if isinstance(piece, TooLong):
            starts_here = is_start(piece.head, 0, len(piece.head))
            if aligned or starts_here:
                if entry:
                    yield entry.closed()
                entry = _Open(piece.offset, piece.length, piece.lines, [piece.head], max_bytes)
            elif entry:
                entry.extend(piece.head, piece.length, piece.lines)
            aligned = False
            continue
        begins = [0, *piece.ends]
        starts = _starts(piece, begins, is_start)
        if aligned and starts[:1] != [0]:
            starts.insert(0, 0)
        aligned = False
        first = starts[0] if starts else len(piece.ends)
        if entry and first:
            entry.extend(piece.data[: begins[first]], begins[first], first)
        if starts:
            if entry:
                yield entry.closed()
            last = starts[-1]
            yield from _whole(piece, [begins[number] for number in starts], starts, max_bytes)
            entry = _Open(piece.offset + begins[last], 0, 0, [], max_bytes)
            entry.extend(piece.data[begins[last] :], len(piece.data) - begins[last], len(piece.ends) - last)
    if entry:
        yield entry.closed()


def _starts(lines: Run, begins: list[int], is_start: _IsStart) -> list[int]:
    """The numbers of the lines that begin an entry."""
    return [number for number, end in enumerate(lines.ends) if is_start(lines.data, begins[number], end)]


def _whole(run: Run, begins: list[int], line_numbers: list[int], max_bytes: int) -> Iterator[Piece]:
    """The entries between the first and the last begin; those over the limit are given apart."""
    offset, data = run.offset, run.data
    run_from = 0
    too_long = [n for n in range(len(begins) - 1) if begins[n + 1] - begins[n] > max_bytes]
    for number in [*too_long, len(begins) - 1]:
        if run_from < number:
            base, base_lines = begins[run_from], line_numbers[run_from]
            yield Run(
                offset + base,
                data[base : begins[number]],
                [end - base for end in begins[run_from + 1 : number + 1]],
                [lines - base_lines for lines in line_numbers[run_from + 1 : number + 1]],
            )
        if number < len(begins) - 1:
            begin, end = begins[number], begins[number + 1]
            lines = line_numbers[number + 1] - line_numbers[number]
            yield TooLong(offset + begin, end - begin, lines, head_of([data[begin:end]], max_bytes))
        run_from = number + 1
