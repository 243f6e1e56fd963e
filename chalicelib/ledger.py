"""The ledger: what was planned, cut, sealed and marked for each file, kept so that it only converges.

Whoever writes a mark or a seal writes first and then reads the other side, strongly consistent, so
the last one always notices that it is the last, and settles the split and the file. Every call
may be repeated, and any two may race.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from chalicelib.core.archives.accounts import mark_of
from chalicelib.core.errors import FroeError
from chalicelib.core.ledger.accounts import FileAccount, SplitAccount, State, account_of
from chalicelib.core.ledger.marks import MARKS_PER_LEAF, Mark, Outcome, Tally
from chalicelib.core.ledger.seals import Seal, Setback
from chalicelib.core.ledger.summaries import Summary, summary_of
from chalicelib.core.ledger.used import NOTHING, Used
from chalicelib.core.plan import Plan
from chalicelib.leaves import Leaves
from chalicelib.ledger_generations import LedgerGenerations
from chalicelib.ledger_store import FilePage, LedgerStore, StoredFile, opened_position

__all__ = ["FilePage", "Ledger", "LedgerStore", "SealConflictError", "StoredFile", "opened_position"]


CHECKPOINTS_LIVE: Final = timedelta(days=7)
"""Longer than messages are kept."""
_OF_EMPTY: Final = Seal(0, 0, 0, 0, Tally(), last=True)
_EMPTY: Final = FileAccount(
    State.COMPLETE, None, SplitAccount(0, _OF_EMPTY).revision, 0, 1, 0, Tally(), Summary()
)


class SealConflictError(FroeError):
    """Two seals of one split differ, so its cuts depended on more than plan and text. A bug."""


class Ledger(LedgerGenerations):
    """For all who use the ledger: `record_…`, `replace_…` and `dispute_…` write, `read_…` reads."""

    def __init__(self, store: LedgerStore, now: Callable[[], datetime]) -> None:
        super().__init__(store, now)
        self._leaves = Leaves(store)

    def open(self, plan: Plan, trace: str | None = None, used: Used = NOTHING) -> tuple[StoredFile, bool]:
        """Open the file with this plan, or give the file that was opened before. Gives also whether it is new."""
        account, now = account_of(plan, ()), self._now()
        member = plan.object.member
        if member and not member.claimed and not plan.failure:  # it is settled when it is opened
            self._store.put_seal(plan.file_id, _OF_EMPTY, plan.expires_at)
            account = _EMPTY
        there = self._store.put_plan(plan, account, now, trace, used)
        if there is not None:
            return there, False
        return StoredFile(plan, account, now, now if account.state.settled else None, trace, used), True

    def record_seal(self, plan: Plan, seal: Seal, used: Used = NOTHING) -> bool:
        """Write a seal, then check whether the split or the file waited for nothing else.

        used: to cut the split. Gives whether the seal is new; another invocation may have cut the split meanwhile.
        """
        file_id = plan.file_id
        stored = self._store.put_seal(file_id, seal, plan.expires_at, used)
        if stored is not None and not self._with_digests(file_id, stored).agrees_with(seal):
            raise SealConflictError(f"split {seal.split} of {file_id} is sealed as {stored}, not {seal}")
        self._settle_split(file_id, SplitAccount(seal.split, seal))
        self._settle(file_id, seal.split)
        return stored is None

    def record_archive_seal(
        self, plan: Plan, seal: Seal, mark: Mark, file_ids: Sequence[str], used: Used = NOTHING
    ) -> bool:
        """Write the seal of a split of an archive. mark: of its batch 0. file_ids: its members, all of them open."""
        self._store.put_members(plan.file_id, seal.split, file_ids, plan.expires_at)
        self._store.raise_mark(plan.file_id, seal.split, 0, mark, plan.expires_at)
        return self.record_seal(plan, seal, used)

    def record_member(self, plan: Plan, account: FileAccount) -> None:
        """Write the mark of a settled member into the account of its archive; other files have none. The mark counts
        the bytes that the member has in the archive, which no generation changes. If a generation replaces one that was
        lost, the mark becomes done; otherwise it stays. plan: of the current generation."""
        member = plan.object.member
        if member and member.number and account.state.settled:
            mark = mark_of(plan.head, account)
            archive = member.archive.version.file_id
            self.record_mark(archive, member.split, member.number, mark, plan.expires_at)

    def record_members(self, file_id: str, split: int) -> None:
        """Write the marks of all members in a split of an archive, in case their writers died before, then check again."""
        for member in self.read_members(file_id, split):
            if stored := self.read_file(member):
                self.record_member(stored.plan, stored.account)
        self.resettle(file_id, split)

    def record_checkpoint(self, plan: Plan, tried_until: int, data: bytes) -> None:
        """Write a check-point. It expires by itself: nobody needs it once the file is cut, and it may contain text."""
        expires_at = int((self._now() + CHECKPOINTS_LIVE).timestamp())
        self._store.put_checkpoint(
            plan.file_id, tried_until, data, min(expires_at, plan.expires_at or expires_at)
        )

    def record_setback(self, file_id: str, split: int, setback: Setback, expires_at: int | None) -> None:
        """Write why a split cannot be cut, then check whether the file waited for nothing else."""
        self._store.raise_setback(file_id, split, setback, expires_at)
        self.resettle(file_id, split)

    def record_mark(
        self,
        file_id: str,
        split: int,
        batch: int,
        mark: Mark,
        expires_at: int | None,
        used: Used = NOTHING,
    ) -> Mark:
        """Write a mark, then check whether the split or the file waited for nothing else. Gives the mark that is stored
        now, which may be another of the same rank. used: for the batch."""
        leaf = self._store.raise_mark(file_id, split, batch, mark, expires_at, used)
        split_account = self.read_split(file_id, split)
        if (
            split_account is not None
            and self._may_be_last(file_id, split_account, batch, leaf, expires_at)
            and self._settle_split(file_id, split_account)
        ):
            self._settle(file_id, split, closing=split_account.seal is None)
        return leaf.get(batch, mark)

    def _may_be_last(
        self,
        file_id: str,
        split_account: SplitAccount,
        batch: int,
        leaf: Mapping[int, Mark],
        expires_at: int | None,
    ) -> bool:
        """Whether the split may be waiting for no mark but this batch's, as far as the marks of its leaf show."""
        if split_account.seal is None:
            return True
        first = batch // MARKS_PER_LEAF * MARKS_PER_LEAF
        awaited = min(MARKS_PER_LEAF, split_account.seal.batches - first)
        return len(leaf) >= awaited and self._leaves.are_full(
            file_id, split_account.split, batch, split_account.seal.batches, expires_at
        )

    def replace_mark(self, file_id: str, split: int, batch: int, seen: Mark, mark: Mark) -> bool:
        """Replace the mark that was seen, then check as after any mark. Gives whether it was still there."""
        replaced = self._store.replace_mark(file_id, split, batch, seen, mark)
        self.resettle(file_id, split)
        return replaced

    def dispute_mark(
        self, file_id: str, split: int, batch: int, seen: Mark, reach: tuple[int, int]
    ) -> Mark | None:
        """Take back a mark that is contradicted, of a batch whose records are within `reach`. Gives the disputed mark;
        None if another mark has come meanwhile."""
        mark = seen.taken_back(reach)
        return mark if self.replace_mark(file_id, split, batch, seen, mark) else None

    def dispute_others(self, file_id: str, own: tuple[int, int], reach: tuple[int, int]) -> None:
        """Take back the marks of all done batches within `reach` but not within `own`: some of their records may be
        gone."""
        for split_account in self.read_splits(file_id):
            if (
                split_account.seal is None
                or split_account.seal.end <= reach[0]
                or split_account.seal.start >= reach[1]
            ):
                continue
            for number, mark in self.read_marks(file_id, split_account.split).items():
                begin, end = mark.reach or (split_account.seal.start, split_account.seal.end)
                is_within = begin < reach[1] and end > reach[0] and not (own[0] <= begin and end <= own[1])
                if is_within and mark.outcome is Outcome.DONE and not mark.disputed:
                    self.dispute_mark(file_id, split_account.split, number, mark, (begin, end))

    def give_up(self, file_id: str, split: int, outcome: Outcome, note: str, expires_at: int | None) -> None:
        """Mark the batches of a sealed split that were lost and cannot be cut again. Their contents are unknown, so the
        marks have no counts."""
        given_up = self.lost_batches if outcome is Outcome.DISCARDED else self.missing_batches
        for number in given_up(file_id, split):
            self.record_mark(file_id, split, number, Mark(outcome, Tally(), note=note), expires_at)

    def claim_merged(self, file_id: str, split: int, key: str, expires_at: int | None) -> str:
        """Assign the rows of a split to an object, unless they have one. Gives the object that they belong to."""
        return self._store.claim_merged(file_id, split, key, expires_at)

    def shelve(self, file_id: str) -> None:
        """List a file of an earlier version by its time of opening. Does nothing if it is listed."""
        self._store.shelve(file_id)

    def resettle(self, file_id: str, split: int, seal: Seal | None = None) -> None:
        """Repeat what follows the writing of a mark or a seal, in case its writer died there. seal: of the split, if it
        was read already."""
        split_account = SplitAccount(split, seal) if seal else self.read_split(file_id, split)
        if split_account is not None and (split_account.seal or split_account.setback):
            self._settle_split(file_id, split_account)
            self._settle(file_id, split)

    def settle_anew(self, file_id: str) -> list[SplitAccount]:
        """Add up all marks that were not added up yet, wherever their writer died. Splits whose batches are all done
        are not read again. Gives the splits as they are then."""
        for split_account in self.read_splits(file_id):
            if not split_account.is_done:
                self._settle_split(file_id, split_account)
        stored, splits = self._read_own(file_id), self.read_splits(file_id)
        if stored is not None:
            count = stored.plan.known_splits or len(splits)
            self._sums.write_anew(file_id, splits, count, stored.plan.expires_at)
            self._put_account(stored, account_of(stored.plan, splits))
        return splits

    def _settle_split(self, file_id: str, split_account: SplitAccount) -> bool:
        """Add the marks up once every batch of a sealed split has one, and whenever one comes to a split that cannot be
        cut. Gives whether they were added up."""
        if not split_account.seal and not split_account.setback:
            return False
        marks, used = self._store.read_marks_and_use(file_id, split_account.split)
        seal = split_account.seal
        if seal and len(marks) >= seal.batches:
            seal = self._with_digests(file_id, seal)
        summary = summary_of(split_account.split, marks, seal, used)
        if seal and summary.marked < seal.batches:
            return False
        self._store.put_summary(file_id, split_account.split, summary)
        return True

    def _settle(self, file_id: str, split: int, *, closing: bool = True) -> None:
        """Add up everything between a split and its file, and write the file's account if it changed.

        How many splits a text has that is cut in sequence is known to others only from the account. So whoever writes
        that number checks once more, and whoever has written a sum reads the account after that.
        """
        stored = self._read_own(file_id)
        while stored is not None:
            plan, count = stored.plan, _count_of(stored, split)
            parts = self._sums.climb(file_id, split, count, plan.expires_at, closing=closing)
            if parts is None:
                return
            account = account_of(plan, parts)
            self._put_account(stored, account)
            if plan.known_splits is not None:
                return
            now = self._read_own(file_id)
            was_known = stored.account.text_bytes is not None
            if now is None or (
                (was_known or now.account.text_bytes is None) and _count_of(now, split) == count
            ):
                return
            stored = now

    def _put_account(self, stored: StoredFile, account: FileAccount) -> None:
        """Of a generation, its own entry is written last: until it has settled, others still look after it. A settled
        member has its mark in its archive written, again too, since whoever settled it may have died in between."""
        if account.revision > stored.account.revision:
            if stored.plan.generation:
                self._show(stored._replace(account=account))
            self._store.put_account(stored.file_id, account, self._now())
        if not stored.plan.generation or self._is_current(stored.plan):
            self.record_member(stored.plan, account)

    def _is_current(self, plan: Plan) -> bool:
        """Only members are looked up, since nobody else asks."""
        current = self.read_file(plan.object.file_id) if plan.object.member else None
        return current is not None and current.plan.generation == plan.generation


def _count_of(stored: StoredFile, split: int) -> int:
    """How many splits a file has, as far as that is known; `split` is one of them. Until the end of the text is known,
    the split behind those that are cut may have a setback."""
    if stored.plan.known_splits is not None:
        return stored.plan.known_splits
    account = stored.account
    return max(account.splits if account.text_bytes is not None else account.splits + 1, split + 1)
