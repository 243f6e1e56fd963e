"""`froe verify` against parsing the same text: what comparing costs beside it. The store's own work is left out: items, marks
and rows are at hand. CPU time, medians of runs in turn."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from types import SimpleNamespace
from typing import Any, cast

import orjson

from benchmarks.pipeline import ACCESS, HEAD, blocks, median_cpu_seconds
from chalicelib.core.framing.cutting import Limits
from chalicelib.core.ledger.accounts import SplitAccount
from chalicelib.core.ledger.marks import Mark
from chalicelib.core.ledger.summaries import summary_of
from chalicelib.core.plan.layouts import Layout, Sink
from chalicelib.core.plan.planning import make_plan
from chalicelib.core.reading import PlanReading
from chalicelib.core.records.parsing import outcomes_of
from chalicelib.ledger import Ledger, StoredFile
from chalicelib.services import Services
from chalicelib.worker import parsed
from froe.verifying import verify

Item = dict[str, Any]


class Stored:
    """What is stored of a file of this layout, as `verify` asks for it."""

    def __init__(self, layout: Layout) -> None:
        head = replace(HEAD, size=len(ACCESS))
        sink = Sink.PARQUET if layout is Layout.NONE else Sink.NONE
        self.plan = replace(make_plan(head, self.opener(), Limits()), layout=layout, sink=sink)
        self.reading = PlanReading(self.plan, self.opener())
        self.items: dict[int, list[Item]] = {}
        self.rows: dict[str, bytes] = {}
        self.marks: dict[int, Mark] = {}
        for message, count in self.reading.batches():
            batch = parsed(message)
            self.items[message.offset] = list(map(orjson.loads, batch.items))
            self.marks[message.number] = replace(batch.mark, start=message.offset, digest=message.digest)
            if batch.rows is not None:
                self.rows[message.batch_id] = batch.rows
            for outcome in outcomes_of(message):
                count(outcome)
        account = self.reading.account
        now = datetime(2026, 1, 1, tzinfo=UTC)
        self.file = StoredFile(self.plan, account, now, now)

    def opener(self) -> Any:
        return lambda offset: blocks(ACCESS[offset:])

    # The ledger, the tables and the buckets
    def read_account(self, stored: StoredFile) -> Any:
        return stored.account

    def read_marks(self, _file_id: str, _split: int) -> Mapping[int, Mark]:
        return self.marks

    def read_splits(self, _file_id: str) -> list[Any]:
        return [
            SplitAccount(seal.split, seal, summary_of(seal.split, self.marks, seal))
            for seal in self.reading.seals
        ]

    def read_seal(self, _file_id: str, split: int) -> Any:
        return self.reading.seals[split]

    def read_sums(self, _file_id: str, _level: int) -> list[Any]:
        return []

    def read_merged(self, _file_id: str, _split: int) -> None:
        return None

    def everything(self, _file_id: str, _shards: int, begin: int, _end: int) -> Iterator[Item]:
        yield from self.items[begin]

    def count_all(self, _file_id: str) -> int:
        return sum(map(len, self.items.values()))

    def get(self, key: str) -> bytes | None:
        return self.rows.get(key.rpartition("/")[2].removesuffix(".parquet"))

    def verify(self) -> None:
        services = SimpleNamespace(
            ledger=cast(Ledger, self),
            records_table=self,
            results=self,
            objects=SimpleNamespace(opener=lambda _head: self.opener()),
            settings=SimpleNamespace(redaction_key=""),
        )
        verdict = verify(cast(Services, services), self.file)
        assert verdict.result == "proved", verdict.differences

    def parse(self) -> None:
        for message, _ in PlanReading(self.plan, self.opener()).batches():
            parsed(message)


def main() -> None:
    for layout in Layout:
        stored = Stored(layout)
        proving, parsing = median_cpu_seconds(partial(stored.verify), partial(stored.parse))
        print(f"{f'verify, layout {layout}':28} {proving / parsing:>10.2f} of the CPU of parsing")


if __name__ == "__main__":
    main()
