"""Sums between the splits of a file and the file, so that settling reads as much for a large file as for a small one.

A tree over the numbers of the splits: an item of the ledger adds up 16 contiguous splits, another 16 of these items,
up to at most 64 below the file. Whoever changes a split writes it first, then reads its neighbours, writes
their sum, and continues one level up, so that whoever comes last notices. A sum carries a revision and never replaces
a later one. Limits: splits that could not be cut have no sum, and are read one by one. If a writer
died before it wrote a sum, the repeat of its message, or the sweep, writes it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import Final

from chalicelib.core.ledger.accounts import SplitAccount, merged
from chalicelib.ledger_store import LedgerStore

FAN_OUT: Final = 16
_TOP_MAX: Final = 64


def top_level(splits: int) -> int:
    """The level below the file; 0 if that is the splits themselves."""
    level = 0
    while -(-splits // FAN_OUT**level) > (_TOP_MAX if level else FAN_OUT):
        level += 1
    return level


class Sums:
    def __init__(self, store: LedgerStore) -> None:
        self._store = store

    def climb(
        self, file_id: str, split: int, splits: int, expires_at: int | None, *, closing: bool
    ) -> list[SplitAccount] | None:
        """Add up everything between a changed split and the file, which has so many splits. Gives the parts of the
        file, or None while a sum on the way waits for other splits.

        splits: a text that is cut in sequence may have more by now, since only a complete sum updates the account.
        closing: whether it is news that all are cut; otherwise only that all are settled.
        """
        level = 1
        while level <= top_level(splits):
            first = split // FAN_OUT**level * FAN_OUT
            parts, known, splits = self._parts(file_id, level - 1, first, first + FAN_OUT, splits)
            if not known or not (closing or all(part.is_settled for part in parts)):
                return None
            total = merged(parts)
            if total and not _is_whole(total, level):
                return None
            if total:
                self._store.put_sum(file_id, level, total, expires_at)
            level += 1
        return self._parts(file_id, level - 1, 0, _TOP_MAX, splits)[0]

    def _parts(
        self, file_id: str, level: int, first: int, until: int, splits: int
    ) -> tuple[list[SplitAccount], bool, int]:
        """The parts of a level between two numbers, whether these are all, and how many splits there are at least.
        Where a sum is missing, its own parts are given, up to the first split that is still to be cut."""
        if not level:
            accounts = self._store.read_splits(file_id, first, until)
            splits = max([splits, *(split.split + 1 for split in accounts)])
            cut = sum(1 for split in accounts if split.seal or split.setback)
            return accounts, cut == min(until, splits) - first, splits
        sums = {
            each.split // FAN_OUT**level: each
            for each in self._store.read_sums(file_id, level, first, until)
            if _is_whole(each, level)
        }
        splits = max([splits, *(each.split + each.width for each in sums.values())])
        parts: list[SplitAccount] = []
        for number in range(first, min(until, -(-splits // FAN_OUT**level))):
            if number in sums:
                parts.append(sums[number])
                continue
            inner, known, splits = self._parts(
                file_id, level - 1, number * FAN_OUT, (number + 1) * FAN_OUT, splits
            )
            parts += inner
            if not known:
                return parts, False, splits
        return parts, True, splits

    def survey(self, file_id: str, splits: int, *, are_all: bool) -> list[SplitAccount]:
        """The parts of a file by now: settled ones as the largest sums, the rest split by split.

        are_all: whether it has so many splits; a text that is cut in sequence may have more by now.
        """
        top = top_level(splits)
        until = -(-splits // FAN_OUT**top)
        parts = self._settled(file_id, top, 0, until)
        return parts if are_all else parts + self._store.read_splits(file_id, until * FAN_OUT**top)

    def _settled(self, file_id: str, level: int, first: int, until: int) -> list[SplitAccount]:
        """The settled sums of a level between two numbers; in place of others what is below them."""
        if not level:
            return self._store.read_splits(file_id, first, until)
        sums = {
            each.split // FAN_OUT**level: each
            for each in self._store.read_sums(file_id, level, first, until)
            if _is_whole(each, level) and each.is_settled
        }
        parts: list[SplitAccount] = []
        for has_sum, numbers in groupby(range(first, until), key=sums.__contains__):
            run = list(numbers)
            if has_sum:
                parts += (sums[number] for number in run)
            else:
                parts += self._settled(file_id, level - 1, run[0] * FAN_OUT, (run[-1] + 1) * FAN_OUT)
        return parts

    def write_anew(
        self, file_id: str, accounts: Iterable[SplitAccount], splits: int, expires_at: int | None
    ) -> None:
        """Write all sums that are missing, or behind the splits that they are of."""
        for level, totals in totals_of(accounts, splits):
            known = {each.split: each.revision for each in self._store.read_sums(file_id, level)}
            for total in totals:
                if known.get(total.split, -1) < total.revision:
                    self._store.put_sum(file_id, level, total, expires_at)


def totals_of(accounts: Iterable[SplitAccount], splits: int) -> Iterator[tuple[int, Sequence[SplitAccount]]]:
    """Each level with its sums, of all of so many splits."""
    parts: Sequence[SplitAccount] = list(accounts)
    for level in range(1, top_level(splits) + 1):
        size = FAN_OUT**level
        totals: list[SplitAccount] = []
        above: list[SplitAccount] = []
        for _, group in groupby(parts, key=lambda part: part.split // size):
            inner = list(group)
            total = merged(inner)
            if total is None or total.split % size or not _is_whole(total, level):
                above += inner
                continue
            above.append(total)
            totals.append(total)
        yield level, totals
        parts = above


def _is_whole(total: SplitAccount, level: int) -> bool:
    """Whether a sum is of all the splits that may belong to it."""
    return total.width == FAN_OUT**level or bool(total.seal and total.seal.last)
