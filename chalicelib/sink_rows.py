"""Entries of batches that are only in the sink: from a batch's own object, or from the merged object that replaced
it. A reader takes the batches of a file in order, and a merged object once.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple, Protocol, TypeAlias

from chalicelib.core.plan import Plan
from chalicelib.core.records.segments import SegmentError, again
from chalicelib.ledger import Ledger

Entries: TypeAlias = Iterator[dict[str, Any]]
"""Plain values, in the order of the text."""


class StoredBatch(NamedTuple):
    """A done batch. split: its number; offset: where it begins in the text."""

    batch_id: str
    split: int
    offset: int


class ReadsResults(Protocol):
    def get(self, key: str) -> bytes | None:
        """An object of the results bucket; None if there is none."""


class SinkReading:
    """results: None if the stage has no results bucket. with_columns: as for `parquet.batches_of`."""

    def __init__(
        self, plan: Plan, ledger: Ledger, results: ReadsResults | None, *, with_columns: bool = False
    ) -> None:
        self._with_columns = with_columns
        self._plan = plan
        self._ledger = ledger
        self._results = results
        self._merged: _MergedObject | None = None

    def is_as_written(self, batch: StoredBatch, rows: bytes) -> bool:
        """Whether a batch is still stored as this object and waits to be merged; then its rows need not be compared."""
        from chalicelib.core.records import parquet  # noqa: PLC0415 - as below

        key = parquet.object_key(self._plan.format, self._plan.head.last_modified, batch.batch_id)
        return self._results is not None and self._results.get(key) == rows

    def entries(self, batch: StoredBatch) -> Entries:
        """The entries of a batch; none if they have expired. Raises SegmentError for an object that cannot be read."""
        from chalicelib.core.records import parquet  # noqa: PLC0415 - only a stage with a sink pays for it

        plan = self._plan
        if self._results is None:
            raise SegmentError(
                f"the records of file {plan.file_id} are Parquet, and RESULTS_BUCKET is missing: deploy with Sink=parquet"
            )
        named = plan.format, plan.head.last_modified, batch.batch_id
        key, merged = parquet.object_key(*named), None
        try:
            data = self._results.get(key)
            if data is None:
                merged = self._ledger.read_merged(plan.file_id, batch.split)
                key = merged or parquet.former_key(*named)
                data = None if merged else self._results.get(key)
            if data is not None:
                yield from parquet.entries_of(data, with_columns=self._with_columns)
            elif merged:
                if self._merged is None or self._merged.key != key:
                    data = self._results.get(key)
                    batches = (
                        iter(())
                        if data is None
                        else parquet.batches_of(data, with_columns=self._with_columns)
                    )
                    self._merged = _MergedObject(key, batches)
                yield from self._merged.entries(batch.batch_id)
        except parquet.UnreadableError as error:
            raise SegmentError(f"the object {key} cannot be read ({error}): {again(plan.file_id)}") from error


class _MergedObject:
    """batches: by rising ids."""

    def __init__(self, key: str, batches: Iterator[tuple[str, Entries]]) -> None:
        self.key = key
        self._batches = batches
        self._batch = next(batches, None)

    def entries(self, batch_id: str) -> Entries:
        """The entries of a batch; none if the object does not have it."""
        while self._batch and self._batch[0] < batch_id:
            self._batch = next(self._batches, None)
        return self._batch[1] if self._batch and self._batch[0] == batch_id else iter(())
