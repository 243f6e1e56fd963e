"""From lines to entries of one or several.

Bytes are framed on ``\n`` only and nothing is decoded. No more is held than a block and an entry; of an
entry over its limit no more than its head.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache, partial
from itertools import compress
from typing import Final, TypeAlias

from chalicelib.core.charsets import in_utf_8
from chalicelib.core.colours import COLOUR
from chalicelib.core.framing import Framing, Kind, Piece, Run, TooLong
from chalicelib.core.padding import head_of, is_padding, lines_in, pieces_in
from chalicelib.core.quotes import OutsideQuotes, without_strays
from chalicelib.core.sized_fields import OutsideFields

_START_BYTES: Final = 1024
_SHORT_BYTES: Final = 16
_KEPT_MAX: Final = 4096

_IsStart: TypeAlias = Callable[[bytes, int, int], object]
"""Whether the line between two places of some bytes begins an entry; asked of every line, in order."""


def entries_of_lines(
    blocks: Iterable[bytes], framing: Framing, offset: int, max_bytes: int, *, aligned: bool
) -> Iterator[Piece]:
    """The entries of a text, or of a part of it. If not `aligned` the blocks begin so many bytes before the offset
    as `look_back_bytes` says, and entries before it are passed over."""
    begin = offset if aligned else offset - framing.look_back_bytes
    cut = pieces_in if framing.has_padding else lines_in
    pieces = cut(blocks, begin, max_bytes)
    if _is_start(framing, max_bytes):
        pieces = joined(pieces, partial(_is_start, framing, max_bytes), max_bytes, framing, aligned=aligned)
    if framing.kind is Kind.QUOTED_LINES and framing.ends_strays:
        pieces = without_strays(pieces, framing.charset)
    return pieces if aligned else _from(pieces, offset)


def _is_start(framing: Framing, max_bytes: int) -> _IsStart | None:
    if framing.kind is Kind.QUOTED_LINES:
        return OutsideQuotes(max_bytes, ends_strays=framing.ends_strays, charset=framing.charset).is_start
    if framing.kind is Kind.SIZED_FIELDS:
        return OutsideFields().is_start
    is_start = _is_start_of_line(framing)
    if is_start is None or (charset := framing.charset) is None:
        return is_start

    def decoded(data: bytes, begin: int, end: int) -> object:
        line = in_utf_8(data[begin:end], charset)
        return is_start(line, 0, len(line))

    return decoded


def _is_start_of_line(framing: Framing) -> _IsStart | None:
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


def joined(  # noqa: C901 - the state of an entry under way is in its variables
    pieces: Iterator[Piece],
    starts_of_lines: Callable[[], _IsStart | None],
    max_bytes: int,
    framing: Framing,
    *,
    aligned: bool,
) -> Iterator[Piece]:
    """Join lines into entries; the first entry begins with the first line if `aligned`, and so does one behind
    padding."""
    entry: _Open | None = None
    is_start = starts_of_lines()
    assert is_start, "some lines do not begin an entry"
    tells = framing.kind is Kind.LINES and framing.joins is None and framing.charset is None
    verdicts = _Verdicts(framing.entry_start) if tells and framing.entry_start is not None else None
    for piece in pieces:
        if framing.has_padding and is_padding(piece.head if isinstance(piece, TooLong) else piece.data):
            if entry:
                yield entry.closed()
            yield piece
            entry, aligned, is_start = None, True, starts_of_lines() or is_start
            continue
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
        begins, lines_until = [0, *piece.ends], [0, *piece.lines]
        starts = _starts(piece, begins, is_start, verdicts)
        if aligned and starts[:1] != [0]:
            starts.insert(0, 0)
        aligned = False
        first = starts[0] if starts else len(piece.ends)
        if entry and first:
            entry.extend(piece.data[: begins[first]], begins[first], lines_until[first])
        if starts:
            if entry:
                yield entry.closed()
            last = starts[-1]
            numbers = [lines_until[number] for number in starts]
            yield from _whole(piece, [begins[number] for number in starts], numbers, max_bytes)
            entry = _Open(piece.offset + begins[last], 0, 0, [], max_bytes)
            entry.extend(
                piece.data[begins[last] :],
                len(piece.data) - begins[last],
                lines_until[-1] - lines_until[last],
            )
    if entry:
        yield entry.closed()


class _Verdicts(dict[bytes, bool]):
    """Whether lines begin an entry, each without its line end. Short ones are remembered: their like are many."""

    def __init__(self, entry_start: str) -> None:
        super().__init__()
        self._match = _start_pattern(entry_start).match

    def __missing__(self, line: bytes) -> bool:
        text = b"\n" + line + b"\n"
        verdict = self._match(text, 1, min(len(text), 1 + _START_BYTES)) is not None
        if len(line) <= _SHORT_BYTES:
            if len(self) >= _KEPT_MAX:
                self.clear()
            self[line] = verdict
        return verdict


def _starts(lines: Run, begins: list[int], is_start: _IsStart, verdicts: _Verdicts | None) -> list[int]:
    """The numbers of the lines that begin an entry. verdicts: of lines that tell it each by itself."""
    data, ends = lines.data, lines.ends
    are_short = len(data) <= _SHORT_BYTES * len(ends) and data.endswith(b"\n")
    if verdicts is None or not are_short:
        return [number for number, end in enumerate(ends) if is_start(data, begins[number], end)]
    return list(compress(range(len(ends)), map(verdicts.__getitem__, data.split(b"\n"))))


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
