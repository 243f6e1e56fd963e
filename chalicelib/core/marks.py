"""Marks, seals and setbacks: what is said of batches and splits, how it is stored, how it adds up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Final

from chalicelib.core.text import Damage

MARKS_PER_LEAF: Final = 16
"""DynamoDB bills the whole item at each update: 16 marks of about 50 bytes stay within a write unit."""

_NOTE_MAX_CHARS: Final = 200
NAMED_MAX: Final = 5
"""How many dead batches or splits are named one by one."""


@dataclass(frozen=True, slots=True)
class Tally:
    """So many entries, lines and bytes of text."""

    entries: int = 0
    lines: int = 0
    bytes: int = 0

    def __add__(self, other: Tally) -> Tally:
        return Tally(self.entries + other.entries, self.lines + other.lines, self.bytes + other.bytes)

    def __sub__(self, other: Tally) -> Tally:
        return Tally(self.entries - other.entries, self.lines - other.lines, self.bytes - other.bytes)


@dataclass(frozen=True, slots=True)
class Counts:
    """What became of a run of entries; skipped by reason."""

    parsed: Tally = Tally()
    rejected: Tally = Tally()
    skipped: Mapping[str, Tally] = field(default_factory=dict)

    def __add__(self, other: Counts) -> Counts:
        skipped = dict(self.skipped)
        for reason, tally in other.skipped.items():
            skipped[reason] = skipped.get(reason, Tally()) + tally
        return Counts(self.parsed + other.parsed, self.rejected + other.rejected, skipped)

    @property
    def total(self) -> Tally:
        return sum(self.skipped.values(), self.parsed + self.rejected)


class Outcome(IntEnum):
    """A batch's outcome. It only rises: ``failed < discarded < done``."""

    FAILED = 1
    DISCARDED = 2
    DONE = 3


@dataclass(frozen=True, slots=True)
class Mark:
    """The outcome of one batch.

    counts: for DONE. total: all that the batch holds. note: why, for the others.
    """

    outcome: Outcome
    total: Tally
    counts: Counts = field(default_factory=Counts)
    note: str = ""

    @classmethod
    def done(cls, counts: Counts) -> Mark:
        return cls(Outcome.DONE, counts.total, counts)

    @property
    def is_measured(self) -> bool:
        """Whether it says what its batch holds. The marks of lost batches do not: no message is left of
        them, and the dead letter of their split stands for them."""
        return self.outcome is Outcome.DONE or self.total != Tally()

    @property
    def floor(self) -> str:
        """The encoded mark from which on there is one that is as high: of the same outcome, one that is
        measured is above one that is not."""
        return (
            f"{self.outcome:d}|1"
            if self.is_measured and self.outcome is not Outcome.DONE
            else f"{self.outcome:d}"
        )

    def encode(self) -> str:
        """One short line that begins with the outcome's digit, so that marks compare as they rise:
        ``3|parsed|rejected|reason:skipped;…`` or ``1|total|note``, tallies as entries,lines,bytes."""
        if self.outcome is not Outcome.DONE:
            return f"{self.outcome:d}|{_packed(self.total)}|{self.note[:_NOTE_MAX_CHARS]}"
        skipped = ";".join(
            f"{reason}:{_packed(tally)}" for reason, tally in sorted(self.counts.skipped.items())
        )
        return f"3|{_packed(self.counts.parsed)}|{_packed(self.counts.rejected)}|{skipped}"

    @classmethod
    def decode(cls, text: str) -> Mark:
        outcome = Outcome(int(text[0]))
        if outcome is not Outcome.DONE:
            _, total, note = text.split("|", 2)
            return cls(outcome, _unpacked(total), note=note)
        _, parsed, rejected, skipped = text.split("|", 3)
        pairs = (pair.rsplit(":", 1) for pair in skipped.split(";") if pair)
        return cls.done(
            Counts(
                _unpacked(parsed),
                _unpacked(rejected),
                {reason: _unpacked(tally) for reason, tally in pairs},
            )
        )


def _packed(tally: Tally) -> str:
    return f"{tally.entries},{tally.lines},{tally.bytes}"


def _unpacked(text: str) -> Tally:
    entries, lines, bytes_ = text.split(",")
    return Tally(int(entries), int(lines), int(bytes_))


@dataclass(frozen=True, slots=True)
class Seal:
    """The splitter's statement about a split; two that differ for one split are an error.

    start, end: text offsets. last: whether the text ends here. damage: where the object broke.
    context: what is in force where the next split begins; it quotes the text, so that no error shows it.
    """

    split: int
    start: int
    end: int
    batches: int
    total: Tally
    last: bool
    damage: Damage | None = None
    context: str | None = field(default=None, repr=False)


class Obstacle(IntEnum):
    """What keeps a split from being cut. It only rises, and a seal overrides it."""

    FAILED = 1
    DISCARDED = 2
    SUPERSEDED = 3


@dataclass(frozen=True, slots=True)
class Setback:
    """A split that could not be cut, and why."""

    obstacle: Obstacle
    note: str

    def encode(self) -> str:
        """One short line that begins with the obstacle's digit, so that setbacks compare as they rise."""
        return f"{self.obstacle:d}|{self.note[:_NOTE_MAX_CHARS]}"

    @classmethod
    def decode(cls, text: str) -> Setback:
        obstacle, note = text.split("|", 1)
        return cls(Obstacle(int(obstacle)), note)


@dataclass(frozen=True, slots=True)
class Summary:
    """Marks added up.

    revision: rises whenever a mark does, so that a newer summary is known as such. dead_batches: the
    first few of the failed ones, as ``split-batch`` in six digits each. unmeasured: how many marks
    are of lost batches, and say nothing of what these hold.
    """

    revision: int = 0
    done: int = 0
    failed: int = 0
    discarded: int = 0
    counts: Counts = field(default_factory=Counts)
    dead: Tally = Tally()
    given_up: Tally = Tally()
    dead_batches: tuple[str, ...] = ()
    unmeasured: int = 0

    @property
    def marked(self) -> int:
        return self.done + self.failed + self.discarded

    @property
    def total(self) -> Tally:
        """All that the marked batches hold."""
        return self.counts.total + self.dead + self.given_up

    def __add__(self, other: Summary) -> Summary:
        return Summary(
            self.revision + other.revision,
            self.done + other.done,
            self.failed + other.failed,
            self.discarded + other.discarded,
            self.counts + other.counts,
            self.dead + other.dead,
            self.given_up + other.given_up,
            tuple(sorted((*self.dead_batches, *other.dead_batches))[:NAMED_MAX]),
            self.unmeasured + other.unmeasured,
        )


def summary_of(split: int, marks: Mapping[int, Mark]) -> Summary:
    summary = Summary()
    for number, mark in marks.items():
        revision = int(mark.outcome)
        unmeasured = int(not mark.is_measured)
        if mark.outcome is Outcome.DONE:
            summary += Summary(revision, done=1, counts=mark.counts)
        elif mark.outcome is Outcome.DISCARDED:
            summary += Summary(revision, discarded=1, given_up=mark.total, unmeasured=unmeasured)
        else:
            named = (f"{split:06d}-{number:06d}",)
            summary += Summary(revision, failed=1, dead=mark.total, dead_batches=named, unmeasured=unmeasured)
    return summary
