"""Suites that hold for each layout: a module that imports the fixture `layout` runs once in each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import pytest

from chalicelib.core.plan.layouts import Layout, Sink
from chalicelib.core.records import parquet, record_key, typed
from chalicelib.core.records.parquet import object_key
from chalicelib.core.records.segments import SEGMENT, binary_of, continuation_key, entries_of, segment_of
from tests import fakes

Item = dict[str, Any]


SINKS = {Layout.PACKED: Sink.PARQUET, Layout.NONE: Sink.PARQUET}
"""What is packed goes to the sink as well: what is asked of the table holds with a second destination."""


@pytest.fixture(params=list(Layout), autouse=True, scope="module")
def layout(request: pytest.FixtureRequest) -> Iterator[Layout]:
    """Of the files that the pipelines of the module open."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fakes, "LAYOUT", request.param)
        patch.setattr(fakes, "SINKS", SINKS)
        yield request.param


def stored_in(pipeline: fakes.Pipeline) -> dict[tuple[str, str], Item]:
    """The same of all that a pipeline has stored, in its table or in its sink."""
    entries = entries_in(pipeline.records.items)
    for stored in pipeline.table.files.values():
        plan = stored.plan
        for key, data in pipeline.results.objects.items() if plan.layout is Layout.NONE else ():
            waiting = object_key(plan.format, plan.head.last_modified, f"{plan.file_id}-")
            if not key.startswith(waiting.removesuffix(".parquet")):
                continue
            for row in rows_in(data):
                pk, sk = record_key(plan.file_id, plan.shards, int(row["offset"]["N"]))
                item = row | {"pk": {"S": pk}, "sk": {"S": sk}}
                item |= {} if plan.expires_at is None else {"expires_at": typed(plan.expires_at)}
                assert (pk, sk) not in entries, "no entry is stored twice"
                entries[pk, sk] = item
    return entries


def rows_in(data: bytes) -> Iterator[Item]:
    """The entries of a Parquet object (typed JSON), without keys."""
    for entry in parquet.entries_of(data):
        item = {name: typed(value) for name, value in entry.items() if name not in ("sk", "raw")}
        yield item | ({"raw": {"B": entry["raw"]}} if "raw" in entry else {})


def entries_in(items: Mapping[tuple[str, str], Item] | Iterable[Item]) -> dict[tuple[str, str], Item]:
    """The records and rejects (typed JSON) that items of the records table hold, by the keys that they have, or would
    have as items of their own."""
    each = items.values() if isinstance(items, Mapping) else items
    known = {(item["pk"]["S"], item["sk"]["S"]): item for item in each}
    entries: dict[tuple[str, str], Item] = {}
    for (pk, sk), item in known.items():
        kind = item.get("kind", {}).get("S")
        if kind == SEGMENT:
            segment = segment_of(item)
            names = [continuation_key(sk, number + 1) for number in range(segment.continuations)]
            parts = [binary_of(known[pk, name]) if (pk, name) in known else None for name in names]
            for entry in entries_of(segment, parts):
                key = entry["pk"]["S"], entry["sk"]["S"]
                assert key not in entries, "no entry is stored twice"
                entries[key] = entry
        elif kind is not None:
            assert (pk, sk) not in entries, "no entry is stored twice"
            entries[pk, sk] = item
    return entries
