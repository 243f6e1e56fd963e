"""The ledger's arithmetic: marks add up to splits, splits to the file, and the file has a state.

Everything here is a pure function of what was planned, sealed and marked; repeated, in any
order, it gives the same account.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Final

from chalicelib.core.amounts import counted
from chalicelib.core.ledger.marks import Tally
from chalicelib.core.ledger.seals import Obstacle, Seal, Setback
from chalicelib.core.ledger.summaries import NAMED_MAX, Summary
from chalicelib.core.ledger.used import NOTHING, Used
from chalicelib.core.plan import Plan, split_count


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


UNREAD_MEMBERS: Final = "unread-members"
"""The reason for which bytes of an archive are skipped: they belong to members that cannot be read."""
DAMAGED_REST: Final = "archive-damaged"
"""The reason for which bytes of an archive are skipped: the archive is damaged before them."""
_SEALED: Final = 4
"""What a seal adds to the revision: more than any setback, which it overrides."""
_GENERATION: Final = 2**40
"""What a generation adds: more than everything that can happen to the one before it."""


@dataclass(frozen=True, slots=True)
class SplitAccount:
    """What the ledger knows of one split: its seal, or its setback, and the sum of its marks. It may also stand for
    several consecutive splits that are sealed end to end (`merged`).

    split: the number of the first. width: how many there are. used: to cut them.
    """

    split: int
    seal: Seal | None
    summary: Summary = field(default_factory=Summary)
    setback: Setback | None = None
    width: int = 1
    used: Used = field(default=NOTHING, compare=False)

    @property
    def is_settled(self) -> bool:
        """Whether nothing more is expected: every batch is marked, or the split cannot be cut."""
        if self.seal is None:
            return self.setback is not None
        return self.summary.marked >= self.seal.batches

    @property
    def is_done(self) -> bool:
        """Whether every batch is done: then the split will not change any more."""
        return self.seal is not None and self.summary.done >= self.seal.batches

    @property
    def balanced(self) -> Summary:
        """The summary, completed for lost batches, whose marks have no counts: they get the rest of the split. If other
        marks are contradicted, that rest is pending instead. A split that people discarded before it was cut is not cut
        again, so it waits for no mark."""
        summary = self.summary
        if self.seal is None and self.setback and self.setback.obstacle is Obstacle.DISCARDED:
            return replace(summary, contradicted=0, contradicted_batches=())
        if self.seal is None or not self.is_settled or not summary.unmeasured or summary.contradicted:
            return summary
        rest = self.seal.total - summary.total
        if summary.failed:
            return replace(summary, dead=summary.dead + rest)
        return replace(summary, given_up=summary.given_up + rest)

    @property
    def revision(self) -> int:
        if self.seal:
            return self.summary.revision + _SEALED * self.width
        return self.summary.revision + (int(self.setback.obstacle) if self.setback else 0)


@dataclass(frozen=True, slots=True)
class FileAccount:
    """A file's account.

    text_bytes: None until the end of the text is known. cut: the contents of sealed splits, and of what is marked in
    others. used: to cut and to write it.
    """

    state: State
    reason: str | None
    revision: int
    text_bytes: int | None
    splits: int
    batches: int
    cut: Tally
    summary: Summary
    used: Used = field(default=NOTHING, compare=False)

    @property
    def pending(self) -> Tally:
        """What was cut and is not marked yet."""
        return self.cut - self.summary.total


def account_of(plan: Plan, splits: Iterable[SplitAccount]) -> FileAccount:
    """Add the splits up and find the file's state."""
    known = {split.split: split for split in splits}
    summary, cut, batches, seals, used = Summary(), Tally(), 0, 0, NOTHING
    revision = _GENERATION * plan.generation
    for split in known.values():
        summary += split.balanced
        used += split.used
        revision += split.revision
        if split.seal is not None:
            cut += split.seal.total
            batches += split.seal.batches
            seals += split.width
        else:
            cut += split.summary.total
    text_bytes = _end_of_chain(known)
    state, reason = _state(plan, known, text_bytes, batches, summary)
    return FileAccount(
        state=state,
        reason=reason,
        revision=revision,
        text_bytes=text_bytes,
        splits=plan.known_splits or seals,
        batches=batches,
        cut=cut,
        summary=summary,
        used=used + summary.used,
    )


def _end_of_chain(splits: Mapping[int, SplitAccount]) -> int | None:
    """The size of the text, if the seals lie end to end from its start to its end."""
    end = number = 0
    while (split := splits.get(number)) and split.seal and split.seal.start == end:
        end = split.seal.end
        if split.seal.last:
            return end
        number += split.width
    return None


def merged(splits: Sequence[SplitAccount]) -> SplitAccount | None:
    """One account of consecutive splits; None unless they are sealed end to end: splits that could not be cut are
    counted one by one."""
    total, summary, batches, used = Tally(), Summary(), 0, NOTHING
    for before, split in zip((None, *splits), splits, strict=False):
        seal = split.seal
        if seal is None:
            return None
        if (
            before
            and before.seal
            and (before.split + before.width, before.seal.end) != (split.split, seal.start)
        ):
            return None
        total += seal.total
        batches += seal.batches
        summary += split.balanced
        used += split.used
    if not splits:
        return None
    first, last = splits[0], splits[-1]
    assert first.seal, "all of them are sealed"
    assert last.seal, "all of them are sealed"
    seal = Seal(
        first.split, first.seal.start, last.seal.end, batches, total, last.seal.last, last.seal.damage
    )
    return SplitAccount(first.split, seal, summary, width=last.split + last.width - first.split, used=used)


def uncut_splits(plan: Plan, splits: Mapping[int, SplitAccount]) -> Iterator[int]:
    """The splits that can be cut now and are not; in sequence only the first without a seal."""
    number = 0
    while plan.known_splits is None or number < plan.known_splits:
        split = splits.get(number)
        width = split.width if split else 1
        if split is None or split.seal is None:
            yield number
            if not plan.parallel:
                return
        elif split.seal.last and not plan.parallel:
            return
        number += width


def _state(
    plan: Plan,
    splits: Mapping[int, SplitAccount],
    text_bytes: int | None,
    batches: int,
    summary: Summary,
) -> tuple[State, str | None]:
    if plan.failure:
        return State.FAILED, plan.failure
    damage = next((split.seal.damage for split in splits.values() if split.seal and split.seal.damage), None)
    broken = None
    if damage:
        place = "" if damage.reason == "limit" else f" at byte {damage.object_offset:,}"
        broken = f"{damage.detail}{place} (text offset {damage.text_offset:,})"
        if plan.archive:
            broken = f"{damage.detail} at byte {damage.object_offset:,} of the archive"
    setbacks = {}
    if text_bytes is None:
        setbacks = {
            number: account.setback if (account := splits.get(number)) else None
            for number in uncut_splits(plan, splits)
        }
        if not setbacks or None in setbacks.values():
            return State.SPLITTING, broken
    if not all(split.is_settled for split in splits.values() if split.seal):
        return State.PROCESSING, broken
    lost = {number: setback for number, setback in setbacks.items() if setback}
    obstacles = {setback.obstacle for setback in lost.values()}
    if Obstacle.SUPERSEDED in obstacles:
        return State.SUPERSEDED, _reason_of_splits(plan, splits, lost, Obstacle.SUPERSEDED)
    if summary.failed or summary.contradicted or Obstacle.FAILED in obstacles:
        return State.INCOMPLETE, _joined(
            _reason_of_incomplete_members(summary) if plan.archive else _reason_of_dead(summary, batches),
            _reason_of_contradicted(summary, batches),
            _reason_of_splits(plan, splits, lost, Obstacle.FAILED),
            broken,
        )
    unread = summary.counts.skipped.get(DAMAGED_REST, Tally())
    if broken and text_bytes == unread.bytes:
        return State.FAILED, f"nothing can be read: {broken}"
    discards = _joined(
        _reason_of_discarded(summary, batches), _reason_of_splits(plan, splits, lost, Obstacle.DISCARDED)
    )
    if broken:
        return State.DAMAGED, _joined(broken, discards)
    return State.COMPLETE, f"complete with discards: {discards}" if discards else _reason_without_records(
        summary
    )


def _joined(*parts: str | None) -> str | None:
    return "; ".join(part for part in parts if part) or None


def _reason_without_records(summary: Summary) -> str | None:
    """Why a file that is accounted for has few records or none; None if most of it is records, or it is empty."""
    counts = summary.counts
    if unread := counts.skipped.get(UNREAD_MEMBERS):
        return f"{unread.entries:,} of its members could not be read: {unread.bytes:,} bytes"
    if counts.parsed.entries:
        return _reason_of_rejects(summary)
    if counts.rejected.entries == 1:
        return "nothing in it was explained: its only entry is a reject"
    if counts.rejected.entries:
        return f"nothing in it was explained: all of its {counts.rejected.entries:,} entries are rejects"
    is_empty = "between-elements" in counts.skipped
    return "it holds no entries: the arrays that would hold them are empty" if is_empty else None


def _reason_of_rejects(summary: Summary) -> str | None:
    parsed, rejected = summary.counts.parsed, summary.counts.rejected
    if rejected.bytes <= parsed.bytes:
        return None
    rejects = "1 entry is a reject" if rejected.entries == 1 else f"{rejected.entries:,} entries are rejects"
    return f"most of it was not explained: {rejects}, {rejected.bytes:,} of {parsed.bytes + rejected.bytes:,} bytes"


def _reason_of_incomplete_members(summary: Summary) -> str | None:
    if not summary.failed:
        return None
    members = "1 of its members is" if summary.failed == 1 else f"{summary.failed:,} of its members are"
    return f"{members} INCOMPLETE: {summary.dead.bytes:,} bytes"


def _reason_of_dead(summary: Summary, batches: int) -> str | None:
    if not summary.failed:
        return None
    more = ", …" if summary.failed > len(summary.dead_batches) else ""
    return (
        f"{summary.failed:,} of {_batches(batches)} {'is' if summary.failed == 1 else 'are'} dead-lettered"
        f" ({_extent(summary.dead)}):"
        f" {', '.join(summary.dead_batches)}{more}"
    )


def _reason_of_contradicted(summary: Summary, batches: int) -> str | None:
    if not summary.contradicted:
        return None
    more = ", …" if summary.contradicted > len(summary.contradicted_batches) else ""
    named = ", ".join(summary.contradicted_batches)
    return (
        f"{summary.contradicted} of {batches} batches were done with other text than was cut, and are cut again:"
        f" {named}{more}"
    )


def _reason_of_discarded(summary: Summary, batches: int) -> str | None:
    if not summary.discarded:
        return None
    return f"{summary.discarded:,} of {_batches(batches)} ({_extent(summary.given_up)})"


def _batches(number: int) -> str:
    return counted(number, "batch", "batches")


def _reason_of_splits(
    plan: Plan, splits: Mapping[int, SplitAccount], lost: Mapping[int, Setback], obstacle: Obstacle
) -> str | None:
    numbers = sorted(number for number, setback in lost.items() if setback.obstacle is obstacle)
    if not numbers:
        return None
    more = f" and {len(numbers) - NAMED_MAX} more" if len(numbers) > NAMED_MAX else ""
    named = ", ".join(str(number) for number in numbers[:NAMED_MAX])
    where = _where(plan, splits, numbers)
    return f"split {named}{more} ({where}) could not be cut: {lost[numbers[0]].note}"


def _where(plan: Plan, splits: Mapping[int, SplitAccount], numbers: Sequence[int]) -> str:
    """Which part of the text the splits have that could not be cut; nobody has counted its lines."""
    if not plan.parallel:
        ends = {split.split + split.width: split.seal.end for split in splits.values() if split.seal}
        begin = ends.get(numbers[0], 0)
        return f"all from byte {begin:,} of the text on, its size unknown"
    size = plan.limits.split_bytes
    runs: list[tuple[int, int]] = []
    for number in numbers:
        begin, end = number * size, min((number + 1) * size, plan.head.size)
        if runs and runs[-1][1] == begin:
            begin = runs.pop()[0]
        runs.append((begin, end))
    more = ", …" if len(runs) > NAMED_MAX else ""
    named = ", ".join(f"{begin:,} to {end:,}" for begin, end in runs[:NAMED_MAX])
    return f"what begins in bytes {named}{more} of the text, its lines unknown"


def _extent(tally: Tally) -> str:
    return f"{counted(tally.lines, 'line')}, {counted(tally.bytes, 'byte')}"


def is_last_split(plan: Plan, split: int, end: int, *, text_ended: bool) -> bool:
    """Whether a split that ends at that text offset is the file's last."""
    return text_ended and split + 1 >= split_count(end, plan.limits.split_bytes)
