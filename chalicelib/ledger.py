"""What was planned, cut, sealed and marked for each file, kept so that it only converges.

Whoever writes a mark or a seal writes first and then reads the other side, strongly consistent, so
that the last one always notices that it is the last and settles the split and the file. Every call
may be repeated, and any two may race.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Final, NamedTuple, Protocol

from chalicelib.core.accounts import FileAccount, SplitAccount, State, account_of
from chalicelib.core.errors import FroeError, TransientError
from chalicelib.core.marks import MARKS_PER_LEAF, Mark, Outcome, Tally
from chalicelib.core.plan import Plan
from chalicelib.core.seals import Seal, Setback
from chalicelib.core.summaries import Summary, contradicted, summary_of
from chalicelib.core.used import NOTHING, Used
from chalicelib.sums import Sums, SumsTable

_LIVE_SPLITS: Final = 16


class StoredFile(NamedTuple):
    """A file as the ledger holds it; times are aware, UTC; account: as of the last settled split;
    trace: the id of the one in which it was opened, if that was recorded; opening: what that used."""

    plan: Plan
    account: FileAccount
    opened_at: datetime
    settled_at: datetime | None
    trace: str | None = None
    opening: Used = NOTHING


class FilePage(NamedTuple):
    """Files, newest first; reached: the position up to which they were looked for, if there are more."""

    files: list[StoredFile]
    reached: str | None


def opened_position(opened_at: datetime, file_id: str) -> str:
    """Where a file stands in lists, which are sorted by the time of opening."""
    return f"{opened_at.isoformat(timespec='microseconds')}#{file_id}"


class LedgerTable(SumsTable, Protocol):
    """The ledger's table. Reads are strongly consistent, writes conditional as each says."""

    def put_plan(
        self,
        plan: Plan,
        account: FileAccount,
        now: datetime,
        trace: str | None = None,
        used: Used = NOTHING,
    ) -> bool:
        """Put the plan unless the file has one, in place of what may lie there without; whether it was put."""

    def file(self, file_id: str) -> StoredFile | None: ...

    def put_seal(self, file_id: str, seal: Seal, expires_at: int | None, used: Used = NOTHING) -> Seal | None:
        """Put the seal, in place of any setback, unless the split has one; give that one, or None."""

    def raise_setback(self, file_id: str, split: int, setback: Setback, expires_at: int | None) -> None:
        """Assign the setback unless the split is sealed or has one as high."""

    def split(self, file_id: str, split: int) -> SplitAccount | None: ...

    def raise_mark(
        self,
        file_id: str,
        split: int,
        batch: int,
        mark: Mark,
        expires_at: int | None,
        used: Used = NOTHING,
    ) -> Mapping[int, Mark]:
        """Assign the mark unless the batch's is as high, or disputed, and in the same write add what was used for it;
        give the marks of its leaf after that."""

    def replace_mark(self, file_id: str, split: int, batch: int, seen: Mark, mark: Mark) -> bool:
        """Assign the mark if the batch's is the one that was seen; whether it was."""

    def mark(self, file_id: str, split: int, batch: int) -> Mark | None: ...

    def leaf(self, file_id: str, split: int, batch: int) -> Mapping[int, Mark] | None: ...

    def marks(self, file_id: str, split: int) -> Mapping[int, Mark]: ...

    def marked(self, file_id: str, split: int) -> tuple[Mapping[int, Mark], Used]:
        """All marks of a split, and what was used for them."""

    def put_summary(self, file_id: str, split: int, summary: Summary) -> None:
        """Put the summary unless the split has one of the same or a later revision, or neither seal nor setback."""

    def put_account(self, file_id: str, account: FileAccount, now: datetime) -> None:
        """Put the account unless the file has one of the same or a later revision, or has no plan (any more)."""


class SealConflictError(FroeError):
    """Two seals of one split differ: its cuts depended on more than plan and text. A bug."""


class Ledger:
    def __init__(self, table: LedgerTable, now: Callable[[], datetime]) -> None:
        self._table = table
        self._sums = Sums(table)
        self._now = now

    def open(self, plan: Plan, trace: str | None = None, used: Used = NOTHING) -> tuple[StoredFile, bool]:
        """Open the file with this plan, or give the file that was opened before; whether it is new."""
        won = self._table.put_plan(plan, account_of(plan, ()), self._now(), trace, used)
        stored = self._table.file(plan.file_id)
        if stored is None:
            raise TransientError(f"the item of file {plan.file_id} was removed while it was opened")
        return stored, won

    def file(self, file_id: str) -> StoredFile | None:
        return self._table.file(file_id)

    def seal_of(self, file_id: str, split: int) -> Seal | None:
        held = self._table.split(file_id, split)
        return held.seal if held else None

    def leaf_of(self, file_id: str, split: int, batch: int) -> Mapping[int, Mark] | None:
        """The marks beside which that of a batch lies or will lie; None where there is none yet."""
        return self._table.leaf(file_id, split, batch)

    def has_failed(self, file_id: str) -> bool:
        """Whether nothing is to be read of a file: it failed, or was forgotten."""
        stored = self._table.file(file_id)
        return stored is not None and stored.plan.failure is not None

    def first_uncut(self, file_id: str, split: int) -> int | None:
        """Of a text that is cut in sequence, the first split behind a sealed one that is not; else None."""
        stored = self._table.file(file_id)
        if stored is None or stored.plan.parallel or self.seal_of(file_id, split) is None:
            return None
        while (seal := self.seal_of(file_id, split)) and not seal.last:
            split += 1
        return None if seal else split

    def mark_of(self, file_id: str, split: int, batch: int) -> Mark | None:
        return self._table.mark(file_id, split, batch)

    def is_done(self, file_id: str, split: int, batch: int) -> bool:
        mark = self.mark_of(file_id, split, batch)
        return mark is not None and mark.outcome is Outcome.DONE

    def seal(self, plan: Plan, seal: Seal, used: Used = NOTHING) -> bool:
        """Write a seal, then look whether it was all that its split, or the file, waited for.

        used: to cut the split.
        Gives whether the seal is news; somebody else may have cut the split meanwhile.
        """
        file_id = plan.file_id
        stored = self._table.put_seal(file_id, seal, plan.expires_at, used)
        if stored is not None and not stored.agrees_with(seal):
            raise SealConflictError(f"split {seal.split} of {file_id} is sealed as {stored}, not {seal}")
        self._settle_split(file_id, SplitAccount(seal.split, seal))
        self._settle(file_id, seal.split)
        return stored is None

    def set_back(self, file_id: str, split: int, setback: Setback, expires_at: int | None) -> None:
        """Write why a split cannot be cut, then look whether the file waited for nothing else."""
        self._table.raise_setback(file_id, split, setback, expires_at)
        self.look_again(file_id, split)

    def mark(
        self,
        file_id: str,
        split: int,
        batch: int,
        mark: Mark,
        expires_at: int | None,
        used: Used = NOTHING,
    ) -> Mark:
        """Write a mark, then look whether it was all that its split, or the file, waited for; gives the mark that
        stands, which may be another that is as high. used: for the batch."""
        leaf = self._table.raise_mark(file_id, split, batch, mark, expires_at, used)
        held = self._table.split(file_id, split)
        if held is not None:
            first = batch // MARKS_PER_LEAF * MARKS_PER_LEAF
            awaited = min(MARKS_PER_LEAF, held.seal.batches - first) if held.seal else 0
            if len(leaf) >= awaited and self._settle_split(file_id, held):
                self._settle(file_id, split, closing=held.seal is None)
        return leaf.get(batch, mark)

    def replace(self, file_id: str, split: int, batch: int, seen: Mark, mark: Mark) -> bool:
        """Write a mark in place of the one that was seen, then look as after any mark; whether it was still there."""
        replaced = self._table.replace_mark(file_id, split, batch, seen, mark)
        self.look_again(file_id, split)
        return replaced

    def dispute(
        self, file_id: str, split: int, batch: int, seen: Mark, reach: tuple[int, int]
    ) -> Mark | None:
        """Take a mark back that something contradicts whose records lie within `reach`; the disputed mark, or None
        where another one has come meanwhile."""
        mark = seen.taken_back(reach)
        return mark if self.replace(file_id, split, batch, seen, mark) else None

    def dispute_others(self, file_id: str, own: tuple[int, int], reach: tuple[int, int]) -> None:
        """Take back the marks of all batches done that lie within `reach` and not within `own`: some of their records
        may be gone."""
        for held in self._table.splits(file_id):
            if held.seal is None or held.seal.end <= reach[0] or held.seal.start >= reach[1]:
                continue
            for number, mark in self._table.marks(file_id, held.split).items():
                begin, end = mark.reach or (held.seal.start, held.seal.end)
                is_within = begin < reach[1] and end > reach[0] and not (own[0] <= begin and end <= own[1])
                if is_within and mark.outcome is Outcome.DONE and not mark.disputed:
                    self.dispute(file_id, held.split, number, mark, (begin, end))

    def missing(self, file_id: str, split: int) -> list[int]:
        """The batches of a sealed split that have no mark."""
        held = self._table.split(file_id, split)
        if held is None or held.seal is None:
            return []
        marks = self._table.marks(file_id, split)
        return [number for number in range(held.seal.batches) if number not in marks]

    def lost(self, file_id: str, split: int) -> list[int]:
        """Those, the ones that were given up without a message left, and the ones whose marks contradict the seal:
        what the dead letter of a sealed split stands for."""
        held = self._table.split(file_id, split)
        if held is None or held.seal is None:
            return []
        marks = self._table.marks(file_id, split)
        wrong = contradicted(marks, held.seal)
        return [
            number
            for number in range(held.seal.batches)
            if number not in marks or _is_lost(marks[number]) or number in wrong
        ]

    def marks(self, file_id: str, split: int) -> Mapping[int, Mark]:
        return self._table.marks(file_id, split)

    def lines_before(self, file_id: str, split: int, batch: int) -> int | None:
        """How many lines of the text lie before a batch; None while a seal or a mark before it is missing,
        or where a batch before it was lost, so that what it held is not known."""
        seals = {held.split: held.seal for held in self._table.splits(file_id)}
        marks = self._table.marks(file_id, split) if batch else {}
        held_lines = [seal.total.lines if (seal := seals.get(number)) else None for number in range(split)]
        held_lines += [(mark.total.lines or None) if (mark := marks.get(n)) else None for n in range(batch)]
        known = [lines for lines in held_lines if lines is not None]
        return sum(known) if len(known) == len(held_lines) else None

    def give_up(self, file_id: str, split: int, outcome: Outcome, note: str, expires_at: int | None) -> None:
        """Mark the batches of a sealed split that were lost and cannot be cut again; what each of them
        holds is not known, so that their marks say nothing of it."""
        given_up = self.lost if outcome is Outcome.DISCARDED else self.missing
        for number in given_up(file_id, split):
            self.mark(file_id, split, number, Mark(outcome, Tally(), note=note), expires_at)

    def look_again(self, file_id: str, split: int) -> None:
        """What follows the writing of a mark or a seal, for one whose writer may have died there."""
        held = self._table.split(file_id, split)
        if held is not None and (held.seal or held.setback):
            self._settle_split(file_id, held)
            self._settle(file_id, split)

    def settle_anew(self, file_id: str) -> list[SplitAccount]:
        """Add up whatever is marked and was not yet, wherever the one who wrote it died. Of splits whose batches
        are all done nothing is read again. Gives the splits as they are then."""
        for held in self._table.splits(file_id):
            if not held.is_done:
                self._settle_split(file_id, held)
        stored, splits = self._table.file(file_id), self._table.splits(file_id)
        if stored is not None:
            count = stored.plan.known_splits or len(splits)
            self._sums.write_anew(file_id, splits, count, stored.plan.expires_at)
            self._put_account(stored, account_of(stored.plan, splits))
        return splits

    def _settle_split(self, file_id: str, held: SplitAccount) -> bool:
        """Add the marks up once every batch of a sealed split has one, and whenever one comes to a split
        that cannot be cut; whether they were added up."""
        if not held.seal and not held.setback:
            return False
        marks, used = self._table.marked(file_id, held.split)
        summary = summary_of(held.split, marks, held.seal, used)
        if held.seal and summary.marked < held.seal.batches:
            return False
        self._table.put_summary(file_id, held.split, summary)
        return True

    def _settle(self, file_id: str, split: int, *, closing: bool = True) -> None:
        """Add up what lies between a split and its file, and write the file's account if it is news.

        How many splits a text has that is cut in sequence is known to others once the account says so: whoever writes
        that looks once more, and whoever has written a sum reads it after that."""
        stored = self._table.file(file_id)
        while stored is not None:
            plan, count = stored.plan, _count_of(stored, split)
            parts = self._sums.climb(file_id, split, count, plan.expires_at, closing=closing)
            if parts is None:
                return
            account = account_of(plan, parts)
            self._put_account(stored, account)
            if plan.known_splits is not None:
                return
            now = self._table.file(file_id)
            was_known = stored.account.text_bytes is not None
            if now is None or (
                (was_known or now.account.text_bytes is None) and _count_of(now, split) == count
            ):
                return
            stored = now

    def _put_account(self, stored: StoredFile, account: FileAccount) -> None:
        if account.revision > stored.account.revision:
            self._table.put_account(stored.plan.file_id, account, self._now())

    def account(self, stored: StoredFile) -> FileAccount:
        """The account as of now: marks are counted before their split is settled, in the first few
        splits that are not (in a huge file the others follow with their own settling). A file is settled
        only once that is written."""
        file_id = stored.plan.file_id
        if stored.account.state.settled:
            return stored.account
        splits = {split.split: split for split in self._table.splits(file_id)}
        expected = stored.plan.known_splits or len(splits) + 1
        unsettled = [number for number in range(expected) if not _is_settled(splits.get(number))]
        for number in unsettled[:_LIVE_SPLITS]:
            held = splits.get(number) or SplitAccount(number, None)
            marks, used = self._table.marked(file_id, number)
            splits[number] = replace(held, summary=summary_of(number, marks, held.seal, used))
        account = account_of(stored.plan, splits.values())
        if account.state.settled:
            return replace(account, state=State.PROCESSING, reason=None)
        return account


def _count_of(stored: StoredFile, split: int) -> int:
    """How many splits a file has, as far as that is known; one of them is `split`. Until the end of its text is
    known, the one behind those that are cut may be set back."""
    if stored.plan.known_splits is not None:
        return stored.plan.known_splits
    account = stored.account
    return max(account.splits if account.text_bytes is not None else account.splits + 1, split + 1)


def _is_lost(mark: Mark) -> bool:
    return mark.outcome is Outcome.FAILED and not mark.is_measured


def _is_settled(split: SplitAccount | None) -> bool:
    return bool(split and split.is_settled)
