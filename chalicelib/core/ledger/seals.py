"""Seals and setbacks: the statement about a split that is cut, or the reason why it cannot be."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import IntEnum
from typing import Final

from chalicelib.core.decoding.decoders import Damage
from chalicelib.core.ledger.marks import DIGEST_CHARS, NOTE_MAX_CHARS, Tally

DIGESTS_MAX: Final = 20_000
"""A seal stores the digests of at most so many batches: 160 KB of an item, which has at most 400."""


@dataclass(frozen=True, slots=True)
class Seal:
    """The splitter's statement about a split; two that differ for one split are an error.

    start, end: text offsets. last: whether the text ends here. damage: where the object is damaged. context: what is in
    force where the next split begins; it quotes the text, so errors never show it. digests: of its batches,
    concatenated; empty for a seal of an earlier version or of more than `DIGESTS_MAX` batches, or if they are stored at
    `digests_in`, so that the seal stays small. cut_short: of an archive that ends within a member, how many bytes there are
    of that one, its last batch, whose mark may count what the archive says; None of all else.
    """

    split: int
    start: int
    end: int
    batches: int
    total: Tally
    last: bool
    damage: Damage | None = None
    context: str | None = field(default=None, repr=False)
    digests: str = field(default="", repr=False)
    digests_in: str = field(default="", repr=False, compare=False)
    cut_short: int | None = None

    def digest(self, number: int) -> str:
        """The digest of one batch; empty if unknown."""
        return self.digests[number * DIGEST_CHARS : (number + 1) * DIGEST_CHARS]

    def agrees_with(self, other: Seal) -> bool:
        """Whether both state the same about the split, as far as they know."""
        same_digests = not self.digests or not other.digests or self.digests == other.digests
        return same_digests and replace(self, digests="") == replace(other, digests="")


class Obstacle(IntEnum):
    """Why a split cannot be cut. It only rises, and a seal overrides it."""

    FAILED = 1
    DISCARDED = 2
    SUPERSEDED = 3


@dataclass(frozen=True, slots=True)
class Setback:
    """A split that could not be cut, and why."""

    obstacle: Obstacle
    note: str

    def encode(self) -> str:
        """One short line that begins with the obstacle's digit, so that setbacks compare by rank."""
        return f"{self.obstacle:d}|{self.note[:NOTE_MAX_CHARS]}"

    @classmethod
    def decode(cls, text: str) -> Setback:
        obstacle, note = text.split("|", 1)
        return cls(Obstacle(int(obstacle)), note)
