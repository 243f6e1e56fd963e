"""The ledger's arithmetic: marks add up to splits, splits to the file, and the file has a state.

Everything here is a pure function of what was planned, sealed and marked; applied again, in any
order, it gives the same account.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from typing import Final

from chalicelib.core.plan import Plan, split_count
from chalicelib.core.text import Damage

MARKS_PER_LEAF: Final = 16
"""DynamoDB bills the whole item at each update: 16 marks of about 50 bytes stay within a write unit."""

_NOTE_MAX_CHARS: Final = 200


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
    """A batch's outcome. It only rises."""

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
    context: what is in force where the next split begins.
    """

    split: int
    start: int
    end: int
    batches: int
    total: Tally
    last: bool
    damage: Damage | None = None
    context: str | None = None


@dataclass(frozen=True, slots=True)
class Summary:
    """Marks added up. revision: rises whenever a mark does, so that a newer summary is known as such."""

    revision: int = 0
    done: int = 0
    failed: int = 0
    discarded: int = 0
    counts: Counts = field(default_factory=Counts)
    dead: Tally = Tally()
    given_up: Tally = Tally()

    @property
    def marked(self) -> int:
        return self.done + self.failed + self.discarded

    def __add__(self, other: Summary) -> Summary:
        return Summary(
            self.revision + other.revision,
            self.done + other.done,
            self.failed + other.failed,
            self.discarded + other.discarded,
            self.counts + other.counts,
            self.dead + other.dead,
            self.given_up + other.given_up,
        )


def summary_of(marks: Iterable[Mark]) -> Summary:
    summary = Summary()
    for mark in marks:
        revision = int(mark.outcome)
        if mark.outcome is Outcome.DONE:
            summary += Summary(revision, done=1, counts=mark.counts)
        elif mark.outcome is Outcome.DISCARDED:
            summary += Summary(revision, discarded=1, given_up=mark.total)
        else:
            summary += Summary(revision, failed=1, dead=mark.total)
    return summary


class State(StrEnum):
    SPLITTING = "SPLITTING"
    PROCESSING = "PROCESSING"
    COMPLETE = "COMPLETE"
    INCOMPLETE = "INCOMPLETE"
    DAMAGED = "DAMAGED"
    FAILED = "FAILED"
    SUPERSEDED = "SUPERSEDED"

    @property
    def settled(self) -> bool:
        return self not in {State.SPLITTING, State.PROCESSING}


@dataclass(frozen=True, slots=True)
class SplitAccount:
    """What the ledger holds of one split: its seal once it is cut, and its marks added up."""

    split: int
    seal: Seal | None
    summary: Summary = field(default_factory=Summary)


@dataclass(frozen=True, slots=True)
class FileAccount:
    """A file's account.

    text_bytes: None until the end of the text is known. cut: what sealed splits hold, and what has
    been marked of the others.
    """

    state: State
    reason: str | None
    revision: int
    text_bytes: int | None
    splits: int
    batches: int
    cut: Tally
    summary: Summary

    @property
    def pending(self) -> Tally:
        """What has been cut and is not marked yet."""
        summary = self.summary
        return self.cut - summary.counts.total - summary.dead - summary.given_up


def account_of(plan: Plan, splits: Iterable[SplitAccount]) -> FileAccount:
    """Add the splits up and say what state the file is in."""
    summary, cut, batches, damage, seals = Summary(), Tally(), 0, None, 0
    ends: list[tuple[int, Seal]] = []
    for split in splits:
        summary += split.summary
        if split.seal is not None:
            ends.append((split.split, split.seal))
            cut += split.seal.total
            batches += split.seal.batches
            seals += 1
            damage = damage or split.seal.damage
        else:
            cut += split.summary.counts.total + split.summary.dead + split.summary.given_up
    text_bytes = _end_of_chain(ends)
    state, reason = _state(plan, text_bytes, batches, summary, damage)
    return FileAccount(
        state=state,
        reason=reason,
        revision=summary.revision + seals,
        text_bytes=text_bytes,
        splits=plan.known_splits or seals,
        batches=batches,
        cut=cut,
        summary=summary,
    )


def _end_of_chain(seals: list[tuple[int, Seal]]) -> int | None:
    """The size of the text, if the seals lie end to end from its start to its end."""
    end = 0
    for expected, (number, seal) in enumerate(sorted(seals, key=lambda numbered: numbered[0])):
        if number != expected or seal.start != end:
            return None
        end = seal.end
        if seal.last:
            return end
    return None


def _state(
    plan: Plan, text_bytes: int | None, batches: int, summary: Summary, damage: Damage | None
) -> tuple[State, str | None]:
    broken = None
    if damage:
        broken = f"{damage.detail} at byte {damage.object_offset:,} (text offset {damage.text_offset:,})"
    if plan.failure:
        return State.FAILED, plan.failure
    if text_bytes is None:
        return State.SPLITTING, broken
    if summary.marked < batches:
        return State.PROCESSING, broken
    if summary.failed:
        return State.INCOMPLETE, f"{summary.failed} of {batches} batches are dead-lettered"
    if broken and not text_bytes:
        return State.FAILED, f"nothing can be read: {broken}"
    if broken:
        return State.DAMAGED, broken
    if summary.discarded:
        return State.COMPLETE, f"complete but for {summary.discarded} discarded batches"
    return State.COMPLETE, None


def is_last_split(plan: Plan, split: int, end: int, *, text_ended: bool) -> bool:
    """Whether a split that ends at that text offset is the file's last."""
    return text_ended and split + 1 >= split_count(end, plan.limits.split_bytes)
