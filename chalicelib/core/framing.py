"""From blocks of text to lines, to entries, to batches; and from a batch back to its entries.

Cuts depend on the text and the limits alone, never on where blocks begin. Bytes are framed on
``\\n`` only and nothing is decoded. No more is held than a block, an entry and a batch; of an entry
over its limit no more than its head.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
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


@dataclass(frozen=True, slots=True)
class Limits:
    """What a file is cut by, in lines and bytes of text; fixed in its plan."""

    batch_max_lines: int = 5000
    batch_max_bytes: int = 720_000
    entry_max_bytes: int = 256 * 1024
    split_bytes: int = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Batch:
    """A run of whole entries of one split.

    offset, length: bytes of text. lines: line ends in them, an unterminated end of the text counted
    as one. body: the text itself; shorter than `length` only for a single entry over its limit,
    of which it is the head.
    """

    split: int
    number: int
    offset: int
    length: int
    lines: int
    entries: int
    body: bytes


class Entry(NamedTuple):
    """One entry; `raw` is its bytes with the terminator, or their head where it is too long."""

    offset: int
    length: int
    lines: int
    raw: bytes


class _Run(NamedTuple):
    """Entries (or lines) that follow one another; ends in bytes of data, lines counted up to each."""

    offset: int
    data: bytes
    ends: list[int]
    lines: Sequence[int]


class _TooLong(NamedTuple):
    offset: int
    length: int
    lines: int
    head: bytes


_Piece: TypeAlias = _Run | _TooLong
_IsStart: TypeAlias = Callable[[bytes, int, int], object]


class Cutter:
    """Cuts batches from the blocks of a text, split after split.

    position: where the next entry begins. A cutter that starts `aligned` begins an entry at its
    position; otherwise its blocks begin one byte before, and it looks for the first entry that
    begins at its position or later.
    """

    def __init__(
        self, blocks: Iterable[bytes], framing: Framing, limits: Limits, position: int, *, aligned: bool
    ) -> None:
        self._limits = limits
        self._read_until = position if aligned else position - 1
        self._pieces = _entries(
            self._counted(blocks), framing, self._read_until, limits.entry_max_bytes, aligned=aligned
        )
        self._piece: _Piece | None = None
        self._taken = 0
        self._advance()

    def _counted(self, blocks: Iterable[bytes]) -> Iterator[bytes]:
        for block in blocks:
            self._read_until += len(block)
            yield block

    @property
    def at_end(self) -> bool:
        """Whether the text holds no further entry; `position` is then its size."""
        return self._piece is None

    def cut(self, split: int) -> Iterator[Batch]:
        """Give the batches of one split: of the entries whose first byte lies in its range."""
        bound = (split + 1) * self._limits.split_bytes
        number = 0
        batch = _Pending(self.position)
        while (piece := self._piece) is not None and self.position < bound:
            if isinstance(piece, _TooLong):
                if batch.entries:
                    yield batch.closed(split, number)
                    number += 1
                yield Batch(split, number, piece.offset, piece.length, piece.lines, 1, piece.head)
                number += 1
                self._advance()
                batch = _Pending(self.position)
                continue
            fits = self._how_many_fit(piece, batch, bound)
            if fits == self._taken:
                yield batch.closed(split, number)
                number += 1
                batch = _Pending(self.position)
            else:
                self._take(piece, batch, fits)
        if batch.entries:
            yield batch.closed(split, number)

    def _how_many_fit(self, run: _Run, batch: _Pending, bound: int) -> int:
        taken = self._taken
        owned = min(bisect_left(run.ends, bound - run.offset, taken) + 1, len(run.ends))
        begin, lines = (run.ends[taken - 1], run.lines[taken - 1]) if taken else (0, 0)
        by_bytes = bisect_right(run.ends, begin + self._limits.batch_max_bytes - batch.length, taken, owned)
        by_lines = bisect_right(run.lines, lines + self._limits.batch_max_lines - batch.lines, taken, owned)
        fits = min(by_bytes, by_lines)
        return taken + 1 if fits == taken and not batch.entries else fits

    def _take(self, run: _Run, batch: _Pending, upto: int) -> None:
        begin, lines = (run.ends[self._taken - 1], run.lines[self._taken - 1]) if self._taken else (0, 0)
        end = run.ends[upto - 1]
        batch.pieces.append(run.data[begin:end])
        batch.length += end - begin
        batch.lines += run.lines[upto - 1] - lines
        batch.entries += upto - self._taken
        self._taken = upto
        self.position = run.offset + end
        if upto == len(run.ends):
            self._advance()

    def _advance(self) -> None:
        self._taken = 0
        self._piece = next(self._pieces, None)
        self.position = self._piece.offset if self._piece else self._read_until


@dataclass(slots=True)
class _Pending:
    offset: int
    pieces: list[bytes] = field(default_factory=list)
    length: int = 0
    lines: int = 0
    entries: int = 0

    def closed(self, split: int, number: int) -> Batch:
        body = b"".join(self.pieces)
        return Batch(split, number, self.offset, self.length, self.lines, self.entries, body)


def entries_of(body: bytes, framing: Framing, offset: int, length: int, lines: int) -> Iterator[Entry]:
    """Give the entries of a batch back; `offset`, `length` and `lines` are the batch's."""
    if len(body) < length:
        yield Entry(offset, length, lines, body)
        return
    for piece in _entries([body], framing, offset, len(body), aligned=True):
        assert isinstance(piece, _Run), "an entry of a batch cannot be longer than the batch"
        begin = lines_before = 0
        for end, lines_until in zip(piece.ends, piece.lines, strict=True):
            yield Entry(piece.offset + begin, end - begin, lines_until - lines_before, piece.data[begin:end])
            begin, lines_before = end, lines_until


def _entries(
    blocks: Iterable[bytes], framing: Framing, offset: int, max_bytes: int, *, aligned: bool
) -> Iterator[_Piece]:
    lines = _lines(blocks, offset, max_bytes)
    if not aligned:
        lines = _without_first(lines)
    if framing.entry_start is None:
        return lines
    pattern = re.compile(f"{_ANSI_COLOURS}(?:{framing.entry_start})".encode())
    return _joined(lines, pattern.match, max_bytes, aligned=aligned)


def _lines(blocks: Iterable[bytes], offset: int, max_bytes: int) -> Iterator[_Piece]:
    held: list[bytes] = []
    held_bytes = 0
    for block in blocks:
        last = block.rfind(b"\n") + 1
        if last:
            first = block.find(b"\n") + 1
            line_bytes = held_bytes + first
            if line_bytes > max_bytes:
                yield _TooLong(offset, line_bytes, 1, _head([*held, block[:first]], max_bytes))
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
        yield _TooLong(offset, held_bytes, 1, _head(held, max_bytes))
    elif held_bytes:
        yield _Run(offset, b"".join(held), [held_bytes], range(1, 2))


def _head(pieces: Iterable[bytes], max_bytes: int) -> bytes:
    """The head of an entry over its limit: always shorter than the entry."""
    head, head_bytes = b"", min(TOO_LONG_HEAD_BYTES, max_bytes)
    for piece in pieces:
        head += piece[: head_bytes - len(head)]
    return head


def _run_of_lines(offset: int, data: bytes, max_bytes: int) -> Iterator[_Piece]:
    """Data ends at a line end. Lines over the limit are given apart."""
    sizes = [len(line) + 1 for line in data.split(b"\n")]
    sizes.pop()
    if not sizes:
        return
    if max(sizes) <= max_bytes:
        yield _Run(offset, data, list(accumulate(sizes)), range(1, len(sizes) + 1))
        return
    begin = 0
    while sizes:
        fitting = next((i for i, size in enumerate(sizes) if size > max_bytes), len(sizes))
        if fitting:
            ends = list(accumulate(sizes[:fitting]))
            yield _Run(offset + begin, data[begin : begin + ends[-1]], ends, range(1, fitting + 1))
            begin += ends[-1]
        if fitting < len(sizes):
            size = sizes[fitting]
            yield _TooLong(offset + begin, size, 1, _head([data[begin : begin + size]], max_bytes))
            begin += size
        sizes = sizes[fitting + 1 :]


def _without_first(lines: Iterator[_Piece]) -> Iterator[_Piece]:
    first = next(lines, None)
    if isinstance(first, _Run) and len(first.ends) > 1:
        cut = first.ends[0]
        ends = [end - cut for end in first.ends[1:]]
        yield _Run(first.offset + cut, first.data[cut:], ends, range(1, len(ends) + 1))
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

    def closed(self) -> _Piece:
        if self.length > self.max_bytes:
            return _TooLong(self.offset, self.length, self.lines, _head(self.pieces, self.max_bytes))
        return _Run(self.offset, b"".join(self.pieces), [self.length], [self.lines])


def _joined(
    pieces: Iterator[_Piece], is_start: _IsStart, max_bytes: int, *, aligned: bool
) -> Iterator[_Piece]:
    """Join lines into entries; the first entry begins with the first line if `aligned`."""
    entry: _Open | None = None
    for piece in pieces:
        if isinstance(piece, _TooLong):
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


def _starts(lines: _Run, begins: list[int], is_start: _IsStart) -> list[int]:
    """The numbers of the lines that begin an entry."""
    return [
        number
        for number, end in enumerate(lines.ends)
        if is_start(lines.data, begins[number], min(end, begins[number] + _START_BYTES))
    ]


def _whole(run: _Run, begins: list[int], line_numbers: list[int], max_bytes: int) -> Iterator[_Piece]:
    """The entries between the first and the last begin; those over the limit are given apart."""
    offset, data = run.offset, run.data
    run_from = 0
    too_long = [n for n in range(len(begins) - 1) if begins[n + 1] - begins[n] > max_bytes]
    for number in [*too_long, len(begins) - 1]:
        if run_from < number:
            base, base_lines = begins[run_from], line_numbers[run_from]
            yield _Run(
                offset + base,
                data[base : begins[number]],
                [end - base for end in begins[run_from + 1 : number + 1]],
                [lines - base_lines for lines in line_numbers[run_from + 1 : number + 1]],
            )
        if number < len(begins) - 1:
            begin, end = begins[number], begins[number + 1]
            lines = line_numbers[number + 1] - line_numbers[number]
            yield _TooLong(offset + begin, end - begin, lines, _head([data[begin:end]], max_bytes))
        run_from = number + 1
