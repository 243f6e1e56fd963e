"""The sink compared: the rows of each batch as readers get them, and whether the file has any others.

Limits: other rows are looked for in the folder of the file's format and day: copies in other folders are not noticed.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Protocol

from chalicelib.core.plan import Plan
from chalicelib.core.plan.layouts import Sink
from chalicelib.core.records import segments
from chalicelib.core.wire.messages import BatchMessage
from chalicelib.services import Services
from chalicelib.sink_rows import SinkReading, StoredBatch
from froe.verifying.verdicts import Item, Verdict


class Keyed(Protocol):
    @property
    def key(self) -> str: ...


class FindsRows(Protocol):
    """Of the sink; folder: of a day of a format."""

    def waiting_of(self, folder: str, begins: str) -> list[str]:
        """Ids of batches that wait for being merged, and begin so."""

    def holding(self, folder: str, begins: str) -> Sequence[Keyed]:
        """The merged objects that may hold batches whose ids begin so."""


class SinkComparison:
    """Give it all batches of a file that are done, then ask for strays. rows: None where the stage has no sink."""

    def __init__(self, services: Services, plan: Plan, rows: FindsRows | None, verdict: Verdict) -> None:
        self._results = services.results
        self._reading = SinkReading(plan, services.ledger, services.results, with_columns=True)
        self._plan = plan
        self._rows = rows
        self._verdict = verdict

    def compare_batch(self, message: BatchMessage, rows: bytes) -> None:
        """rows: the object that the batch comes to, as the worker writes it."""
        from chalicelib.core.records import parquet  # noqa: PLC0415 - only a file in the sink needs it

        batch = StoredBatch(message.batch_id, message.split, message.offset)
        if self._reading.is_as_written(batch, rows):
            return
        try:
            stored = _by_place(self._reading.entries(batch))
        except segments.SegmentError as error:
            self._verdict.add("sink", error.reason, message.offset)
            return
        expected = _by_place(parquet.entries_of(rows, with_columns=True))
        self._verdict.compare("sink", stored, expected, _exact)

    def find_strays(self, is_done: Callable[[int, int], bool | None]) -> None:
        """Rows of the file that no batch of it has, or that lie in more than one merged object.

        is_done: of a split and a number in it; None where the object has no such batch."""
        if self._rows is None or self._results is None:
            return
        from chalicelib.core.records import parquet  # noqa: PLC0415 - as above

        plan, is_for_sink = self._plan, self._plan.sink is Sink.PARQUET
        folder, begins = parquet.partition_of(plan.format, plan.head.last_modified), f"{plan.file_id}-"
        merged: dict[str, list[str]] = {}
        for each in self._rows.holding(folder, begins):
            try:
                ids = [batch_id for batch_id, _ in parquet.batches_of(self._results.get(each.key) or b"")]
            except parquet.UnreadableError as error:
                self._verdict.add("sink", f"the object {each.key} cannot be read ({error})")
                continue
            for batch_id in ids:
                if batch_id.startswith(begins):
                    merged.setdefault(batch_id, []).append(each.key)
        for batch_id in sorted({*self._rows.waiting_of(folder, begins), *merged}):
            keys = sorted(merged.get(batch_id, ()))
            done = _of_batch(batch_id, is_done) if is_for_sink else None
            if done is None:
                places = ", ".join(keys or [parquet.BATCHES + folder])
                what = f"rows of a batch that the object does not have: {batch_id} in {places}"
                self._verdict.add(
                    "sink", what if is_for_sink else f"rows of a file that is not for it: {what}"
                )
            elif len(keys) > 1:
                self._verdict.add("sink", f"the rows of batch {batch_id} are in {', '.join(keys)}")
            elif keys and not done:
                self._verdict.add(
                    "sink", f"the rows of batch {batch_id}, which is not done, are in {keys[0]}"
                )


def _of_batch(batch_id: str, is_done: Callable[[int, int], bool | None]) -> bool | None:
    _, split, number = batch_id.rsplit("-", 2)
    if len(split) < 6 or len(number) < 6 or not (split + number).isdecimal():
        return None
    return is_done(int(split), int(number))


def _exact(value: Any) -> str:
    """A plain value as it compares: JSON tells `true` from `1`, and `1` from `1.0`."""
    return json.dumps(value, sort_keys=True)


def _by_place(entries: Iterable[Item]) -> dict[tuple[Any, ...], Item]:
    """Rows by where they begin; those that begin at the same place by their number."""
    collected: dict[tuple[Any, ...], Item] = {}
    for entry in entries:
        number = 0
        while ("", entry["sk"], number) in collected:
            number += 1
        collected["", entry["sk"], number] = entry
    return collected
