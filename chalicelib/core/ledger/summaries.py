"""The marks of a split, compared with its seal and added up."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from chalicelib.core.ledger.marks import Counts, Mark, Outcome, Tally
from chalicelib.core.ledger.seals import Seal
from chalicelib.core.ledger.used import NOTHING, Used

NAMED_MAX: Final = 5
"""How many batches or splits are named one by one."""

_COMPARED: Final = 1
"""Added to the revision when marks were compared with a seal."""


@dataclass(frozen=True, slots=True)
class Summary:
    """The sum of marks.

    revision: rises whenever a mark changes, so that newer summaries are recognised. dead_batches: the first few failed
    ones, as ``split-batch`` in six digits each. unmeasured: how many marks belong to lost batches, and have no counts.
    contradicted: how many marks do not belong to what was cut; these are not counted. contradicted_batches: the first
    few of those. used: by the workers.
    """

    revision: int = 0
    done: int = 0
    failed: int = 0
    discarded: int = 0
    counts: Counts = field(default_factory=Counts)
    dead: Tally = field(default_factory=Tally)
    given_up: Tally = field(default_factory=Tally)
    dead_batches: tuple[str, ...] = ()
    unmeasured: int = 0
    contradicted: int = 0
    contradicted_batches: tuple[str, ...] = ()
    used: Used = field(default=NOTHING, compare=False)

    @property
    def marked(self) -> int:
        return self.done + self.failed + self.discarded + self.contradicted

    @property
    def total(self) -> Tally:
        """The contents of all marked batches."""
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
            _first_few((*self.dead_batches, *other.dead_batches)),
            self.unmeasured + other.unmeasured,
            self.contradicted + other.contradicted,
            _first_few((*self.contradicted_batches, *other.contradicted_batches)),
            self.used + other.used,
        )


def _first_few(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(names)[:NAMED_MAX])


def summary_of(
    split: int, marks: Mapping[int, Mark], seal: Seal | None = None, used: Used = NOTHING
) -> Summary:
    """Add the marks up. Of a sealed split only the marks of its batches count; others were never sent, and marks that
    contradict the seal are named and not counted. used: for all of them."""
    summary = Summary(_COMPARED if seal else 0, used=used)
    marks = _cut_short(marks, seal) if seal else marks
    wrong = contradicted(marks, seal) if seal else frozenset()
    for number, mark in marks.items():
        named, unmeasured = (f"{split:06d}-{number:06d}",), int(not mark.is_measured)
        if seal and number >= seal.batches:
            summary += Summary(mark.revision)
        elif number in wrong or (mark.disputed and mark.outcome is Outcome.FAILED):
            summary += Summary(mark.revision, contradicted=1, contradicted_batches=named)
        elif mark.outcome is Outcome.DONE:
            summary += Summary(mark.revision, done=1, counts=mark.counts)
        elif mark.outcome is Outcome.DISCARDED:
            summary += Summary(mark.revision, discarded=1, given_up=mark.total, unmeasured=unmeasured)
        else:
            summary += Summary(
                mark.revision, failed=1, dead=mark.total, dead_batches=named, unmeasured=unmeasured
            )
    return summary


def contradicted(marks: Mapping[int, Mark], seal: Seal) -> frozenset[int]:
    """The batches of a sealed split whose marks cannot belong to what was cut.

    A mark is compared with the digest of its batch, if there is one. Once every batch has a mark, they must also lie
    end to end from the seal's start to its end and add up to its total. If not, the marks without a digest are in
    question: those that do not meet their neighbours, or all of them if no one is known to be wrong.
    """
    known = {number: mark for number, mark in _cut_short(marks, seal).items() if number < seal.batches}
    wrong = {number for number, mark in known.items() if not mark.agrees_with(seal.digest(number))}
    if wrong or len(known) < seal.batches or _adds_up(known, seal):
        return frozenset(wrong)
    doubtful = {
        number
        for number, mark in known.items()
        if mark.is_measured and not (mark.digest and seal.digest(number))
    } or set(known)
    return frozenset(doubtful & _out_of_line(known, seal) or doubtful)


def _cut_short(marks: Mapping[int, Mark], seal: Seal) -> Mapping[int, Mark]:
    """The marks, where the last one counts no more than there is of its batch: who settles a member of a compressed archive may
    not know yet that the archive ends within it."""
    last = marks.get(seal.batches - 1)
    if seal.cut_short is None or last is None or not last.is_measured:
        return marks
    return {**marks, seal.batches - 1: last.cut_to(seal.cut_short)}


def unmarked(marks: Mapping[int, Mark], seal: Seal) -> list[int]:
    """The batches of a sealed split that have no mark."""
    return [number for number in range(seal.batches) if number not in marks]


def lost(marks: Mapping[int, Mark], seal: Seal) -> list[int]:
    """The batches that the dead letter of a sealed split stands for: without a mark, given up with no message left, or
    with a mark that contradicts the seal."""
    wrong = contradicted(marks, seal)
    return [
        number
        for number in range(seal.batches)
        if number not in marks or _is_given_up(marks[number]) or number in wrong
    ]


def _is_given_up(mark: Mark) -> bool:
    return mark.outcome is Outcome.FAILED and not mark.is_measured


def _adds_up(marks: Mapping[int, Mark], seal: Seal) -> bool:
    """Whether the marks of all batches lie end to end and add up, as far as they have places and counts."""
    lines = sum(mark.total.lines for mark in marks.values())
    bytes_ = sum(mark.total.bytes for mark in marks.values())
    if all(mark.is_measured for mark in marks.values()):
        fits = (lines, bytes_) == (seal.total.lines, seal.total.bytes)
    else:
        fits = lines <= seal.total.lines and bytes_ <= seal.total.bytes
    return fits and not _out_of_line(marks, seal)


def _out_of_line(marks: Mapping[int, Mark], seal: Seal) -> set[int]:
    """The batches on both sides of each place where one does not end where the next begins."""
    broken: set[int] = set()
    for number in range(seal.batches + 1):
        before, behind = marks.get(number - 1), marks.get(number)
        end = before.reach[1] if before and before.reach else seal.start if not number else None
        start = behind.start if behind else seal.end if number == seal.batches else None
        if end is not None and start is not None and end != start:
            broken |= {number - 1, number} & marks.keys()
    return broken
