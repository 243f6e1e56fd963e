"""From blocks of text to lines, to entries, to batches; and from a batch back to its entries.

Cuts depend on the text and the limits alone, never on where blocks begin. Bytes are framed on
``\\n`` only and nothing is decoded. No more is held than a block, an entry and a batch; of an entry
over its limit no more than its head.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Final, NamedTuple, TypeAlias

FRAMING_VERSION: Final = 1
TOO_LONG_HEAD_BYTES: Final = 4096
"""What is kept of an entry over its limit: enough to see what it is, four write units."""

_START_BYTES: Final = 1024
_ANSI_COLOURS: Final = r"(?:\x1b\[[0-9;]*m)*"


@dataclass(frozen=True, slots=True)
class Framing:
    """How lines become entries.

    entry_start: a regular expression for the first line of an entry, which sees the first 1,024
        bytes of the line; None where every line is an entry.
    """

    entry_start: str | None = None
    version: int = FRAMING_VERSION


class Entry(NamedTuple):
    """One entry; `raw` is its bytes with the terminator, or their head where it is too long."""

    offset: int
    length: int
    lines: int
    raw: bytes


class Run(NamedTuple):
    """Entries (or lines) that follow one another; ends in bytes of data, lines counted up to each."""

    offset: int
    data: bytes
    ends: list[int]
    lines: Sequence[int]


class TooLong(NamedTuple):
    offset: int
    length: int
    lines: int
    head: bytes


Piece: TypeAlias = Run | TooLong
_IsStart: TypeAlias = Callable[[bytes, int, int], object]


def entries_of(body: bytes, framing: Framing, offset: int, length: int, lines: int) -> Iterator[Entry]:
    """Give the entries of a batch back; `offset`, `length` and `lines` are the batch's."""
    if len(body) < length:
        yield Entry(offset, length, lines, body)
        return
    for piece in entries_in([body], framing, offset, len(body), aligned=True):
        assert isinstance(piece, Run), "an entry of a batch cannot be longer than the batch"
        begin = lines_before = 0
        for end, lines_until in zip(piece.ends, piece.lines, strict=True):
            yield Entry(piece.offset + begin, end - begin, lines_until - lines_before, piece.data[begin:end])
            begin, lines_before = end, lines_until


def entries_in(
    blocks: Iterable[bytes], framing: Framing, offset: int, max_bytes: int, *, aligned: bool
) -> Iterator[Piece]:
    lines = _lines(blocks, offset, max_bytes)
    if not aligned:
        lines = _without_first(lines)
    if framing.entry_start is None:
        return lines
    pattern = re.compile(f"{_ANSI_COLOURS}(?:{framing.entry_start})".encode())
    return _joined(lines, pattern.match, max_bytes, aligned=aligned)


def _lines(blocks: Iterable[bytes], offset: int, max_bytes: int) -> Iterator[Piece]:
    held: list[bytes] = []
    held_bytes = 0
    for block in blocks:
        last = block.rfind(b"\n") + 1
        if last:
            first = block.find(b"\n") + 1
            line_bytes = held_bytes + first
            if line_bytes > max_bytes:
                yield TooLong(offset, line_bytes, 1, _head([*held, block[:first]], max_bytes))
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
                held = [_head(held, max_bytes)]
    if held_bytes > max_bytes:
        yield TooLong(offset, held_bytes, 1, _head(held, max_bytes))
    elif held_bytes:
        yield Run(offset, b"".join(held), [held_bytes], range(1, 2))


def _head(pieces: Iterable[bytes], max_bytes: int) -> bytes:
    """The head of an entry over its limit: always shorter than the entry."""
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
            yield TooLong(offset + begin, size, 1, _head([data[begin : begin + size]], max_bytes))
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
            self.pieces = [_head(self.pieces, self.max_bytes)]

    def closed(self) -> Piece:
        if self.length > self.max_bytes:
            return TooLong(self.offset, self.length, self.lines, _head(self.pieces, self.max_bytes))
        return Run(self.offset, b"".join(self.pieces), [self.length], [self.lines])


def _joined(pieces: Iterator[Piece], is_start: _IsStart, max_bytes: int, *, aligned: bool) -> Iterator[Piece]:
    """Join lines into entries; the first entry begins with the first line if `aligned`."""
    entry: _Open | None = None
    for piece in pieces:
        if isinstance(piece, TooLong):
            if aligned or is_start(piece.head, 0, _START_BYTES):
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
    return [
        number
        for number, end in enumerate(lines.ends)
        if is_start(lines.data, begins[number], min(end, begins[number] + _START_BYTES))
    ]


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
            yield TooLong(offset + begin, end - begin, lines, _head([data[begin:end]], max_bytes))
        run_from = number + 1
