"""From entries to splits and batches: what is cut depends on the text and the limits alone.

No more is held than the run of entries that a block gave, and a batch.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from chalicelib.core.entries import entries_in
from chalicelib.core.framing import Framing, Piece, Run, TooLong


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


class Cutter:
    """Cuts batches from the blocks of a text, split after split.

    position: where the next entry begins; context: what is in force there. A cutter that starts `aligned` begins an entry at its
    position; otherwise its blocks begin one byte before, and it looks for the first entry that
    begins at its position or later.
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
    ) -> None:
        self._limits = limits
        self._read_until = position if aligned else position - 1
        self.context = context
        self._pieces = entries_in(
            self._counted(blocks),
            framing,
            self._read_until,
            limits.entry_max_bytes,
            aligned=aligned,
            context=context,
        )
        self._piece: Piece | None = None
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
        batch = _Pending(self.position, self.context)
        while (piece := self._piece) is not None and self.position < bound:
            if isinstance(piece, TooLong):
                if batch.entries:
                    yield batch.closed(split, number)
                    number += 1
                yield _alone(piece, split, number, self.context)
                number += 1
                self._advance()
                batch = _Pending(self.position, self.context)
                continue
            fits = self._how_many_fit(piece, batch, bound)
            if fits == self._taken:
                yield batch.closed(split, number)
                number += 1
                batch = _Pending(self.position, self.context)
            else:
                self._take(piece, batch, fits)
        if batch.entries:
            yield batch.closed(split, number)

    def _how_many_fit(self, run: Run, batch: _Pending, bound: int) -> int:
        taken = self._taken
        owned = min(bisect_left(run.ends, bound - run.offset, taken) + 1, len(run.ends))
        begin, lines = (run.ends[taken - 1], run.lines[taken - 1]) if taken else (0, 0)
        by_bytes = bisect_right(run.ends, begin + self._limits.batch_max_bytes - batch.length, taken, owned)
        by_lines = bisect_right(run.lines, lines + self._limits.batch_max_lines - batch.lines, taken, owned)
        fits = min(by_bytes, by_lines)
        if run.entries is None:  # where they are said, they are no more than the lines
            fits = min(fits, taken + self._limits.batch_max_lines - batch.entries)
        return taken + 1 if fits == taken and not batch.entries else fits

    def _take(self, run: Run, batch: _Pending, upto: int) -> None:
        begin, lines = (run.ends[self._taken - 1], run.lines[self._taken - 1]) if self._taken else (0, 0)
        end = run.ends[upto - 1]
        batch.pieces.append(run.data[begin:end])
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
        self.context = run.context
        self.position = run.offset + end
        if upto == len(run.ends):
            self._advance()

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
    pieces: list[bytes] = field(default_factory=list)
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


def _alone(piece: TooLong, split: int, number: int, context: str | None) -> Batch:
    cuts = None if piece.gap is None else (-piece.length if piece.gap else piece.length,)
    return Batch(split, number, piece.offset, piece.length, piece.lines, 1, piece.head, context, cuts)


def _cuts(run: Run, first: int, last: int) -> list[int]:
    """The lengths of some entries of a run, negative for gaps."""
    begins = [run.ends[first - 1] if first else 0, *run.ends[first : last - 1]]
    lengths = (end - begin for begin, end in zip(begins, run.ends[first:last], strict=True))
    gaps = run.gaps or frozenset()
    return [-length if number in gaps else length for number, length in enumerate(lengths, start=first)]
