"""Whether every batch of a split is marked, with reads that do not grow with the number of its batches.

Marks are stored in leaves of 16. A worker that fills a leaf reads the 16 leaves of its group; once all of these are full, that is
noted, and noted groups are not read again. Groups that are not noted are looked up, so the worker that comes last
notices, even if another died before it could note its group. Limits: a group is noted for good, since a mark may change
but is never removed; the marks themselves are added up from all leaves.
"""

from __future__ import annotations

from typing import Final

from chalicelib.core.ledger.marks import MARKS_PER_LEAF
from chalicelib.ledger_store import LedgerStore

LEAVES_PER_GROUP: Final = 16
GROUP_BATCHES: Final = LEAVES_PER_GROUP * MARKS_PER_LEAF


class Leaves:
    def __init__(self, store: LedgerStore) -> None:
        self._store = store

    def are_full(self, file_id: str, split: int, batch: int, batches: int, expires_at: int | None) -> bool:
        """Whether all batches of a sealed split are marked. batch: the one whose mark filled its leaf. If all of them
        are in one group, the caller reads those leaves anyway to add them up, and decides then."""
        groups = -(-batches // GROUP_BATCHES)
        if groups <= 1 or batch >= batches:
            return True
        full = self._store.read_full_groups(file_id, split)
        own = batch // GROUP_BATCHES
        for group in (own, *range(groups)):
            if group in full:
                continue
            first = group * GROUP_BATCHES
            until = min(first + GROUP_BATCHES, batches)
            marks = self._store.read_marks(file_id, split, first, until)
            if len(marks) < until - first:
                return False
            self._store.put_full_group(file_id, split, group, expires_at)
            full |= {group}
        return True
