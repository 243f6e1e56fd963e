"""Suites that hold for each layout: a module that imports the fixture `layout` runs once in each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import pytest

from chalicelib.core.layouts import Layout
from chalicelib.core.segments import SEGMENT, binary_of, continuation_key, entries_of, segment_of
from tests import fakes

Item = dict[str, Any]


@pytest.fixture(params=list(Layout), autouse=True, scope="module")
def layout(request: pytest.FixtureRequest) -> Iterator[Layout]:
    """Of the files that the pipelines of the module open."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fakes, "LAYOUT", request.param)
        yield request.param


def entries_in(items: Mapping[tuple[str, str], Item] | Iterable[Item]) -> dict[tuple[str, str], Item]:
    """The records and rejects (typed JSON) that items of the records table hold, by the keys that they have, or would
    have as items of their own."""
    each = items.values() if isinstance(items, Mapping) else items
    known = {(item["pk"]["S"], item["sk"]["S"]): item for item in each}
    found: dict[tuple[str, str], Item] = {}
    for (pk, sk), item in known.items():
        kind = item.get("kind", {}).get("S")
        if kind == SEGMENT:
            segment = segment_of(item)
            names = [continuation_key(sk, number + 1) for number in range(segment.continuations)]
            parts = [binary_of(known[pk, name]) if (pk, name) in known else None for name in names]
            for entry in entries_of(segment, parts):
                key = entry["pk"]["S"], entry["sk"]["S"]
                assert key not in found, "no entry is stored twice"
                found[key] = entry
        elif kind is not None:
            assert (pk, sk) not in found, "no entry is stored twice"
            found[pk, sk] = item
    return found
