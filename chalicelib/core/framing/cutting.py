"""From entries to splits and batches: cuts depend on the text and the limits alone.

Memory: the run of entries of one block, and a batch.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from operator import sub
from typing import Final, NamedTuple

from chalicelib.core.framing import Framing, Piece, Run, TooLong
from chalicelib.core.framing.entries import entries_in
from chalicelib.core.framing.line_ends import LineEnds

LOOK_BYTES: Final = 2048
"""More than enough of a line to decide whether it begins an entry."""


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits for cutting a file, in lines and bytes of text; fixed in its plan."""

    batch_max_lines: int = 5000
    batch_max_bytes: int = 720_000
    entry_max_bytes: int = 256 * 1024
    split_bytes: int = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Batch:
    """A run of whole entries of one split.

    offset, length: bytes of text. lines: line ends in them, an unterminated end of the text counted
    as one. body: the text itself; shorter than `length` only for a single entry over its limit,
    of which it is the head. context: what is in force at its start. cuts: for a collection, the length
    of each of its entries in bytes, negative for a gap.
    """

    split: int
    number: int
    offset: int
    length: int
    lines: int
    entries: int
    body: bytes
    context: str | None = None
    cuts: tuple[int, ...] | None = None


class Room(NamedTuple):
    """How much a batch may contain, so that its message never gets too large, whatever its bytes are.

    of_context: bytes of text with such a context. per_cut: bytes for each entry of a collection.
    """

    of_context: Callable[[str | None], int]
    per_cut: int


class Cutter:
    """Cuts batches from the blocks of a text, split after split.

    position: where the next entry begins; context: what is in force there. A cutter that starts `aligned` begins an entry
    at its position; otherwise its blocks begin `look_back_bytes` of the framing before, and it looks for the first
    entry that begins at its position or later. until: how far it looks for one that begins before that place; such
    blocks may be asked for twice. room: of files that were opened by earlier versions it is None.
    """

    def __init__(
        self,
        blocks: Iterable[bytes],
        framing: Framing,
        limits: Limits,
        position: int,
        *,
        aligned: bool,
        context: str | None = None,
        until: int | None = None,
        room: Room | None = None,
    ) -> None:
        self._limits = limits
        self._room = room
        self._keeps_objects = framing.repairs and framing.path is not None and not framing.every_array
        self.context = context
        self._piece: Piece | None = None
        self._is_through = False
        self._taken = 0
        self._look_until = None if until is None else until + LOOK_BYTES
        self._is_cut_short = False
        self._read_until = begin = position if aligned else position - framing.look_back_bytes

        def begun() -> Iterator[Piece]:
            self._is_cut_short, self._read_until = False, begin
            counted = self._counted(iter(blocks))
            max_bytes = limits.entry_max_bytes
            return entries_in(counted, framing, position, max_bytes, aligned=aligned, context=context)

        self._pieces = begun()
        self._advance()
        if self._is_far_end_needed(until):
            self._look_until = None
            self._pieces = begun()
            self._advance()
        self._look_until = None

    def _counted(self, blocks: Iterator[bytes]) -> Iterator[bytes]:
        for block in blocks:
            self._read_until += len(block)
            yield block
            if self._look_until is not None and self._read_until >= self._look_until:
                self._is_cut_short = True
                return

    def _is_far_end_needed(self, until: int | None) -> bool:
        """Whether an entry begins before a place and ends so far behind it that it was not read to its end."""
        begins = self._piece is not None and until is not None and self.position < until
        return begins and self._is_cut_short

    @property
    def holds_no_start(self) -> bool:
        """Whether no entry begins between the position and `until`: the rest of the text was not read."""
        return self._is_cut_short

    @property
    def at_end(self) -> bool:
        """Whether the text has no further entry; `position` is then its size. It may read on to find out."""
        self._go_on()
        return self._piece is None

    def cut(self, split: int) -> Iterator[Batch]:
        """The batches of one split: the entries whose first byte is in its range."""
        bound = (split + 1) * self._limits.split_bytes
        number = 0
        batch = _Pending(self.position, self.context)
        while self.position < bound and (piece := self._go_on()) is not None:
            if isinstance(piece, TooLong):
                if batch.entries:
                    yield batch.closed(split, number)
                    number += 1
                yield _alone(piece, split, number, self.context)
                number += 1
                self._pass(piece.offset + piece.length, piece.context)
                batch = _Pending(self.position, self.context)
                continue
            may_end_early = self._keeps_objects and self.context is None and bool(batch.entries)
            if may_end_early and not self._has_room_for_object(batch):
                fits = self._taken
            else:
                fits = self._how_many_fit(piece, batch, bound)
            if fits == self._taken:
                yield batch.closed(split, number)
                number += 1
                batch = _Pending(self.position, self.context)
            else:
                self._take(piece, batch, fits)
        if batch.entries:
            yield batch.closed(split, number)

    @property
    def _early(self) -> tuple[int, int]:
        """Behind how many bytes and lines a batch ends before an object that holds its entries: so one that is no
        longer than an entry, and of half as many entries as a batch, is in one with what stands behind them."""
        limits = self._limits
        return max(0, limits.batch_max_bytes - limits.entry_max_bytes), limits.batch_max_lines // 2

    def _has_room_for_object(self, batch: _Pending) -> bool:
        most_bytes, most_lines = self._early
        return batch.length <= most_bytes and max(batch.entries, batch.lines) <= most_lines

    def _until_early_end(self, run: Run, batch: _Pending, fits: int) -> int:
        """Like `_how_many_fit`, of a run within which an object that holds entries may begin."""
        taken, (most_bytes, most_lines) = self._taken, self._early
        begin, lines = (run.ends[taken - 1], run.lines[taken - 1]) if taken else (0, 0)
        by_bytes = bisect_right(run.ends, begin + most_bytes - batch.length, taken, fits)
        by_lines = bisect_right(run.lines, lines + most_lines - batch.lines, taken, fits)
        return min(fits, 1 + max(taken, min(by_bytes, by_lines, taken + most_lines - batch.entries)))

    def _how_many_fit(self, run: Run, batch: _Pending, bound: int) -> int:
        taken = self._taken
        if not taken and self._fits_whole(run, batch, bound):
            return len(run.ends)
        owned = len(run.ends)
        if run.offset + len(run.data) > bound:
            owned = min(_ends_before(run.ends, bound - run.offset, taken) + 1, owned)
        begin, lines = (run.ends[taken - 1], run.lines[taken - 1]) if taken else (0, 0)
        most = begin + self._limits.batch_max_bytes - batch.length
        by_bytes = min(owned, max(taken, _ends_before(run.ends, most + 1, taken)))
        by_lines = bisect_right(run.lines, lines + self._limits.batch_max_lines - batch.lines, taken, owned)
        fits = min(by_bytes, by_lines)
        if run.entries is None:  # where they are said, they are no more than the lines
            fits = min(fits, taken + self._limits.batch_max_lines - batch.entries)
        if self._room is not None:
            fits = min(fits, self._by_message(run, batch, taken, fits, self._room))
        if self._keeps_objects and run.context is None and fits > taken:
            fits = self._until_early_end(run, batch, fits)
        return taken + 1 if fits == taken and not batch.entries else fits

    def _fits_whole(self, run: Run, batch: _Pending, bound: int) -> bool:
        """Whether a whole run fits, by its bounds alone."""
        limits, size = self._limits, len(run.data)
        count = len(run.ends) if run.entries is None else run.entries[-1]
        return (
            run.offset + size <= bound
            and batch.length + size <= limits.batch_max_bytes
            and batch.lines + run.lines[-1] <= limits.batch_max_lines
            and batch.entries + count <= limits.batch_max_lines
            and (self._room is None or self._is_roomy(self._room.of_context(batch.context), run, self._room))
            and not (self._keeps_objects and run.context is None)
        )

    def _is_roomy(self, most: int, run: Run, room: Room) -> bool:
        """Whether a batch of such a context is bounded by its own limits alone."""
        per_cut = 0 if run.gaps is None else room.per_cut
        return most >= self._limits.batch_max_bytes + per_cut * self._limits.batch_max_lines

    def _by_message(self, run: Run, batch: _Pending, taken: int, fits: int, room: Room) -> int:
        per_cut = 0 if run.gaps is None else room.per_cut
        most = room.of_context(batch.context)
        if self._is_roomy(most, run, room):
            return fits
        begin = run.ends[taken - 1] if taken else 0
        left = most - batch.length - per_cut * batch.entries + begin
        return bisect_right(range(fits), left, taken, key=lambda n: run.ends[n] + per_cut * (n + 1 - taken))

    def _take(self, run: Run, batch: _Pending, upto: int) -> None:
        begin, lines = (run.ends[self._taken - 1], run.lines[self._taken - 1]) if self._taken else (0, 0)
        end = run.ends[upto - 1]
        batch.pieces.append(run.data if end - begin == len(run.data) else memoryview(run.data)[begin:end])
        batch.length += end - begin
        batch.lines += run.lines[upto - 1] - lines
        counts = run.entries
        batch.entries += (
            upto - self._taken
            if counts is None
            else counts[upto - 1] - (counts[self._taken - 1] if self._taken else 0)
        )
        if run.gaps is not None:
            batch.cuts += _cuts(run, self._taken, upto)
        self._taken = upto
        self._pass(run.offset + end, run.context, is_through=upto == len(run.ends))

    def _pass(self, position: int, context: str | None, *, is_through: bool = True) -> None:
        self.position, self.context, self._is_through = position, context, is_through

    def _go_on(self) -> Piece | None:
        """The piece of the next entry. It is read only on demand, as it may be long and belong to another split."""
        if self._is_through:
            self._is_through = False
            self._advance()
        return self._piece

    def _advance(self) -> None:
        self._taken = 0
        if self._piece is not None:
            self.context = self._piece.context
        self._piece = next(self._pieces, None)
        self.position = self._piece.offset if self._piece else self._read_until


@dataclass(slots=True)
class _Pending:
    offset: int
    context: str | None
    pieces: list[bytes | memoryview] = field(default_factory=list)
    length: int = 0
    lines: int = 0
    entries: int = 0
    cuts: list[int] = field(default_factory=list)

    def closed(self, split: int, number: int) -> Batch:
        return Batch(
            split,
            number,
            self.offset,
            self.length,
            self.lines,
            self.entries,
            b"".join(self.pieces),
            self.context,
            tuple(self.cuts) or None,
        )


def _ends_before(ends: Sequence[int], place: int, first: int) -> int:
    """How many ends lie before a place; all up to `first` do."""
    if isinstance(ends, LineEnds):
        return ends.count_up_to(place - 1)
    return bisect_left(ends, place, first)


def _alone(piece: TooLong, split: int, number: int, context: str | None) -> Batch:
    cuts = None if piece.gap is None else (-piece.length if piece.gap else piece.length,)
    return Batch(split, number, piece.offset, piece.length, piece.lines, 1, piece.head, context, cuts)


def _cuts(run: Run, first: int, last: int) -> list[int]:
    """The lengths of some entries of a run, negative for gaps."""
    ends = run.ends[first:last]
    lengths = list(map(sub, ends, (run.ends[first - 1] if first else 0, *ends[:-1])))
    for number in (run.gaps or frozenset()).intersection(range(first, last)):
        lengths[number - first] *= -1
    return lengths
