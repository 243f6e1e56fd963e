"""The reading half of the ledger: files, splits and batches, current or as lists show them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from typing import Final

from chalicelib.core.ledger.accounts import FileAccount, SplitAccount, State, account_of
from chalicelib.core.ledger.marks import Mark, Outcome
from chalicelib.core.ledger.seals import Seal
from chalicelib.core.ledger.summaries import lost, summary_of, unmarked
from chalicelib.ledger_store import FilePage, LedgerStore, StoredFile
from chalicelib.sums import Sums

_LIVE_SPLITS: Final = 16


class LedgerReading:
    """Reads by a key are strongly consistent; lists may be behind (`LedgerStore`)."""

    def __init__(self, store: LedgerStore) -> None:
        self._store = store
        self._sums = Sums(store)

    # Files
    def read_file(self, file_id: str) -> StoredFile | None:
        return self._store.read_file(file_id)

    def misplaced(self, file_id: str) -> Mapping[str, tuple[str, str]]:
        """What would place a file wrongly in lists: the name of each, what is stored, and what follows from the rest."""
        return self._store.misplaced(file_id)

    def read_files(self, file_ids: Sequence[str]) -> list[StoredFile]:
        """The files that exist, in this order."""
        return self._store.read_files(file_ids)

    def read_members(self, file_id: str, split: int) -> Sequence[str]:
        """The files in a split of an archive, in its order; empty if the split is not sealed."""
        return self._store.read_members(file_id, split)

    def known_files(self, file_ids: Iterable[str]) -> set[str]:
        """Which of the files were opened."""
        return self._store.known_files(file_ids)

    def probably_known_files(self, file_ids: Iterable[str]) -> set[str]:
        """Which of the files were opened, at half the price: one that was just opened may be missing."""
        return self._store.probably_known_files(file_ids)

    def files_by_state(
        self, state: State, *, before: str | None, limit: int, since: str | None = None
    ) -> FilePage:
        return self._store.files_by_state(state, before=before, limit=limit, since=since)

    def files_by_key(self, key: str, *, before: str | None, limit: int, since: str | None = None) -> FilePage:
        return self._store.files_by_key(key, before=before, limit=limit, since=since)

    def files_opened(
        self,
        *,
        before: str | None,
        limit: int,
        since: str | None = None,
        prefix: str | None = None,
        format_name: str | None = None,
    ) -> FilePage:
        """Files of any state; prefix: of their keys. A page may be short although there are more."""
        return self._store.files_opened(
            before=before, limit=limit, since=since, prefix=prefix, format_name=format_name
        )

    def has_failed(self, file_id: str) -> bool:
        """Whether nothing of a file may be read: it failed, was forgotten, or was replaced by a later generation."""
        stored = self.read_file(file_id)
        return stored is not None and (stored.plan.failure is not None or stored.is_replaced)

    def _read_own(self, file_id: str) -> StoredFile | None:
        """The file; None if a later generation has replaced it, so that nothing of it is to be added up."""
        stored = self.read_file(file_id)
        return None if stored is None or stored.is_replaced else stored

    def read_account(self, stored: StoredFile) -> FileAccount:
        """The account as of now. In the first few unsettled splits, marks are counted before the split is settled; in a
        huge file the other splits follow when they settle. A file is settled only once that is written."""
        file_id = stored.plan.file_id
        if stored.account.state.settled:
            return stored.account
        count = stored.plan.known_splits
        parts = self._sums.survey(file_id, count or max(1, stored.account.splits), are_all=count is not None)
        splits = {part.split: part for part in parts}
        for number in islice(_unsettled(splits, count), _LIVE_SPLITS):
            split_account = splits.get(number) or SplitAccount(number, None)
            marks, used = self._store.read_marks_and_use(file_id, number)
            seal = split_account.seal and self._with_digests(file_id, split_account.seal)
            splits[number] = replace(split_account, summary=summary_of(number, marks, seal, used))
        account = account_of(stored.plan, splits.values())
        if account.state.settled:
            return replace(account, state=State.PROCESSING, reason=None)
        return account

    # Splits
    def read_split(self, file_id: str, split: int) -> SplitAccount | None:
        return self._store.read_split(file_id, split)

    def read_splits(self, file_id: str) -> list[SplitAccount]:
        """The splits that the ledger knows, by number."""
        return self._store.read_splits(file_id)

    def read_sums(self, file_id: str, level: int) -> list[SplitAccount]:
        """What is added up of a level, as `sums` has it."""
        return self._store.read_sums(file_id, level)

    def read_seal(self, file_id: str, split: int) -> Seal | None:
        """The seal, with all its digests."""
        split_account = self.read_split(file_id, split)
        return (
            self._with_digests(file_id, split_account.seal) if split_account and split_account.seal else None
        )

    def _with_digests(self, file_id: str, seal: Seal) -> Seal:
        if not seal.digests_in or seal.digests:
            return seal
        return replace(seal, digests=self._store.read_digests(file_id, seal.split, seal.digests_in))

    def sealed_among(self, splits: list[tuple[str, int]]) -> set[tuple[str, int]]:
        """Which of the splits (file, number) are sealed."""
        return self._store.sealed_among(splits)

    def first_uncut(self, file_id: str, split: int) -> int | None:
        """For a text that is cut in sequence, the first split that is not sealed, if the one before it is; else None."""
        stored = self._read_own(file_id)
        if stored is None or stored.plan.parallel or self.read_seal(file_id, split) is None:
            return None
        while (seal := self.read_seal(file_id, split)) and not seal.last:
            split += 1
        return None if seal else split

    def read_checkpoint(self, file_id: str, text_offset: int) -> tuple[int, bytes] | None:
        """The last check-point at or before a place of the text, and the offset up to which it is checked."""
        return self._store.read_checkpoint(file_id, text_offset)

    def read_merged(self, file_id: str, split: int) -> str | None:
        """The object that the rows of a split were assigned to, if any."""
        return self._store.read_merged(file_id, split)

    def read_all_merged(self, file_id: str) -> set[str]:
        """All objects that may have rows of the file."""
        return self._store.read_all_merged(file_id)

    # Batches
    def read_mark(self, file_id: str, split: int, batch: int) -> Mark | None:
        return self._store.read_mark(file_id, split, batch)

    def read_marks(self, file_id: str, split: int) -> Mapping[int, Mark]:
        return self._store.read_marks(file_id, split)

    def read_leaf(self, file_id: str, split: int, batch: int) -> Mapping[int, Mark] | None:
        """The marks in the leaf of a batch; None if there is none yet."""
        return self._store.read_leaf(file_id, split, batch)

    def is_done(self, file_id: str, split: int, batch: int) -> bool:
        mark = self.read_mark(file_id, split, batch)
        return mark is not None and mark.outcome is Outcome.DONE

    def done_among(self, batches: list[tuple[str, int, int]]) -> set[tuple[str, int, int]]:
        """Which of the batches (file, split, number) are marked as done."""
        return self._store.done_among(batches)

    def missing_batches(self, file_id: str, split: int) -> list[int]:
        """The batches of a sealed split that have no mark."""
        return self._batches_in(file_id, split, unmarked)

    def lost_batches(self, file_id: str, split: int) -> list[int]:
        """The batches that the dead letter of a sealed split stands for (`summaries.lost`)."""
        return self._batches_in(file_id, split, lost)

    def _batches_in(
        self, file_id: str, split: int, select: Callable[[Mapping[int, Mark], Seal], list[int]]
    ) -> list[int]:
        seal = self.read_seal(file_id, split)
        return select(self.read_marks(file_id, split), seal) if seal else []

    def lines_before(self, file_id: str, split: int, batch: int) -> int | None:
        """How many lines of the text come before a batch. None while a seal or mark before it is missing, or if a batch
        before it was lost, since its contents are unknown."""
        seals = {split_account.split: split_account.seal for split_account in self.read_splits(file_id)}
        marks = self.read_marks(file_id, split) if batch else {}
        held_lines = [seal.total.lines if (seal := seals.get(number)) else None for number in range(split)]
        held_lines += [(mark.total.lines or None) if (mark := marks.get(n)) else None for n in range(batch)]
        lines = [count for count in held_lines if count is not None]
        return sum(lines) if len(lines) == len(held_lines) else None


def _unsettled(splits: Mapping[int, SplitAccount], count: int | None) -> Iterator[int]:
    """The numbers of the unsettled splits, in order. count: of all splits; None: one more may follow the last."""
    ends = [split.split + split.width for split in splits.values()]
    number = 0
    while number < (count or max(ends, default=0) + 1):
        split = splits.get(number)
        if split is None or not split.is_settled:
            yield number
        number += split.width if split else 1
