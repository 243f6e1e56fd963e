"""From lines to entries of one or several.

Bytes are framed on ``\n`` only and nothing is decoded. No more is held than a block and an entry; of an
entry over its limit no more than its head.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Final, Protocol

from chalicelib.core.decoding.charsets import in_utf_8
from chalicelib.core.framing import Framing, Kind, Piece, Run, TooLong
from chalicelib.core.framing.colours import COLOUR
from chalicelib.core.framing.line_ends import IsStart, LineEnds, asked_one_by_one, long_lines
from chalicelib.core.framing.lines_of_blocks import lines_unlike
from chalicelib.core.framing.padding import head_of, is_padding, lines_in, pieces_in
from chalicelib.core.framing.quotes import OutsideQuotes, without_strays
from chalicelib.core.framing.sized_fields import OutsideFields

_START_BYTES: Final = 1024


class Starts(Protocol):
    """Which lines of a text begin an entry; asked of every line, in order, alone or with others."""

    def is_start(self, data: bytes, begin: int, end: int, /) -> object: ...

    def numbers(self, lines: Run, /) -> Sequence[int] | None:
        """Of the lines that begin an entry; None: all do."""


def entries_of_lines(
    blocks: Iterable[bytes], framing: Framing, offset: int, max_bytes: int, *, aligned: bool
) -> Iterator[Piece]:
    """The entries of a text, or of a part of it. If not `aligned` the blocks begin so many bytes before the offset
    as `look_back_bytes` says, and entries before it are passed over."""
    begin = offset if aligned else offset - framing.look_back_bytes
    cut = pieces_in if framing.has_padding else lines_in
    pieces = cut(blocks, begin, max_bytes)
    if starts_of(framing, max_bytes):
        pieces = joined(pieces, partial(starts_of, framing, max_bytes), max_bytes, framing, aligned=aligned)
    if framing.kind is Kind.QUOTED_LINES and framing.ends_strays:
        pieces = without_strays(pieces, framing.charset)
    return pieces if aligned else _from(pieces, offset)


def starts_of(framing: Framing, max_bytes: int) -> Starts | None:
    """None where every line begins an entry."""
    if framing.kind is Kind.QUOTED_LINES:
        return OutsideQuotes(max_bytes, ends_strays=framing.ends_strays, charset=framing.charset)
    if framing.kind is Kind.SIZED_FIELDS:
        return _EachLine(OutsideFields().is_start)
    if framing.entry_start is None and framing.joins is None:
        return None
    charset, start = framing.charset, framing.entry_start
    if start is not None and framing.joins is None and charset is None and lines_unlike(start):
        return _OfBlocks(start)
    is_start = _is_start_of_line(framing)
    if charset is None:
        return _EachLine(is_start)

    def decoded(data: bytes, begin: int, end: int) -> object:
        line = in_utf_8(data[begin:end], charset)
        return is_start(line, 0, len(line))

    return _EachLine(decoded)


def _is_start_of_line(framing: Framing) -> IsStart:
    match = _start_pattern(framing.entry_start).match if framing.entry_start is not None else None

    def matches(data: bytes, begin: int, end: int) -> object:
        return match is None or match(data, begin, min(end, begin + _START_BYTES))

    return (
        matches
        if framing.joins is None
        else _Joins(framing.joins, matches, over_blanks=framing.over_blanks).is_start
    )


class _EachLine:
    """Lines that are asked one by one."""

    def __init__(self, is_start: IsStart) -> None:
        self.is_start = is_start

    def numbers(self, lines: Run) -> Sequence[int] | None:
        return asked_one_by_one(lines, self.is_start)


class _OfBlocks:
    """Lines that an expression tells by themselves, which is asked of a block at once."""

    def __init__(self, entry_start: str) -> None:
        self._start = entry_start

    def _unlike(self, data: bytes) -> re.Pattern[bytes]:
        """Colours are rare, and take time wherever they may stand."""
        pattern = lines_unlike(f"(?:{COLOUR})*(?:{self._start})" if b"\x1b" in data else self._start)
        assert pattern, "colours are within a line"
        return pattern

    def is_start(self, data: bytes, begin: int, end: int) -> bool:
        line = b"\n" + data[begin : min(end, begin + _START_BYTES)]
        return self._unlike(line).match(line) is None

    def numbers(self, lines: Run) -> Sequence[int] | None:
        data = lines.data
        if not data.endswith(b"\n"):
            return asked_one_by_one(lines, self.is_start)
        others = {match.end() for match in self._unlike(data).finditer(data)}
        others.discard(len(data))
        for begin, end in ((0, data.find(b"\n") + 1), *long_lines(data, _START_BYTES)):
            (others.discard if self.is_start(data, begin, end) else others.add)(begin)
        if not others:
            return None
        return [number for number, begin in enumerate([0, *lines.ends][:-1]) if begin not in others]


@lru_cache(256)
def _start_pattern(entry_start: str) -> re.Pattern[bytes]:
    """These take milliseconds to compile, and are more than `re` keeps beside all else."""
    return re.compile(f"(?:{COLOUR})*(?:{entry_start})".encode())


class _Joins:
    """Lines that their own start, or the line before them, makes a part of the same entry."""

    def __init__(self, joins: str, starts: IsStart, *, over_blanks: bool) -> None:
        self._joins = re.compile(joins.encode()).match
        self._over_blanks = over_blanks
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
        if not self._starts(data, begin, end):
            return False
        return not (previous and self._joins(previous + line))


def _from(pieces: Iterator[Piece], offset: int) -> Iterator[Piece]:
    """The entries that begin at an offset or behind it."""
    for piece in pieces:
        if piece.offset >= offset:
            yield piece
        elif isinstance(piece, Run) and piece.offset + piece.ends[-1] > offset:
            first = bisect_left(piece.ends, offset - piece.offset) + 1
            if first < len(piece.ends):
                cut, lines = piece.ends[first - 1], piece.lines[first - 1]
                yield Run(
                    piece.offset + cut,
                    piece.data[cut:],
                    [end - cut for end in piece.ends[first:]],
                    [number - lines for number in piece.lines[first:]],
                )


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


def joined(
    pieces: Iterator[Piece],
    starts_of_lines: Callable[[], Starts | None],
    max_bytes: int,
    framing: Framing,
    *,
    aligned: bool,
) -> Iterator[Piece]:
    """Join lines into entries; the first entry begins with the first line if `aligned`, and so does one behind
    padding."""
    entry: _Open | None = None
    lines = starts_of_lines()
    assert lines, "some lines do not begin an entry"
    for piece in pieces:
        if framing.has_padding and is_padding(piece.head if isinstance(piece, TooLong) else piece.data):
            if entry:
                yield entry.closed()
            yield piece
            entry, aligned, lines = None, True, starts_of_lines() or lines
        elif isinstance(piece, TooLong):
            starts_here = lines.is_start(piece.head, 0, len(piece.head))
            if aligned or starts_here:
                if entry:
                    yield entry.closed()
                entry = _Open(piece.offset, piece.length, piece.lines, [piece.head], max_bytes)
            elif entry:
                entry.extend(piece.head, piece.length, piece.lines)
            aligned = False
        else:
            starts = lines.numbers(piece)
            if aligned and starts is not None and starts[:1] != [0]:
                starts = [0, *starts]
            aligned = False
            entry = yield from _joined(piece, starts, entry, max_bytes)
    if entry:
        yield entry.closed()


def _joined(
    lines: Run, starts: Sequence[int] | None, entry: _Open | None, max_bytes: int
) -> Generator[Piece, None, _Open | None]:
    """The entries that lines end, and the one that they leave open. starts: the numbers of those that begin one; None:
    all do. entry: the one before them."""
    data = lines.data
    if starts is None:
        if entry:
            yield entry.closed()
        last = data.rfind(b"\n", 0, -1) + 1
        if last:
            whole, count = data[:last], len(lines.ends) - 1
            yield Run(lines.offset, whole, LineEnds(whole, count), range(1, count + 1))
        line_count = lines.lines[-1] - len(lines.ends) + 1
        return _Open(lines.offset + last, len(data) - last, line_count, [data[last:]], max_bytes)
    begins, lines_until = [0, *lines.ends], [0, *lines.lines]
    first = starts[0] if starts else len(lines.ends)
    if entry and first:
        entry.extend(data[: begins[first]], begins[first], lines_until[first])
    if starts:
        if entry:
            yield entry.closed()
        last = starts[-1]
        numbers = [lines_until[number] for number in starts]
        yield from _whole(lines, [begins[number] for number in starts], numbers, max_bytes)
        entry = _Open(lines.offset + begins[last], 0, 0, [], max_bytes)
        entry.extend(data[begins[last] :], len(data) - begins[last], lines_until[-1] - lines_until[last])
    return entry


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
