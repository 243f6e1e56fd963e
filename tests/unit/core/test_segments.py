"""Segments give back exactly the items that were packed, from bytes that depend on nothing else; a damaged one says so."""

from __future__ import annotations

import base64
import random
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import orjson
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.core.records import SHARD_STRIDE_BYTES, Outcome, Record, Reject, sort_key
from chalicelib.core.records.segments import (
    ENCODING,
    Packed,
    Packer,
    SegmentError,
    binary_of,
    continuation_key,
    entries_of,
    last_key,
    microseconds,
    segment_of,
)
from chalicelib.core.records.storable import ItemEncoder
from tests.dynamo import assert_storable
from tests.layouts import entries_in

FILE_ID = "f" * 26
ABOUT: dict[str, Any] = {
    "file_id": FILE_ID,
    "batch_id": f"{FILE_ID}-000000-000003",
    "format_name": "json",
    "shards": 3,
    "expires_at": None,
}
MIB = SHARD_STRIDE_BYTES


def record(offset: int, **changes: Any) -> Outcome:
    known = Record("2026-03-01T10:00:00.5Z", None, "WARN", 13, "slow", {"n": 1})._replace(**changes)
    return Outcome(offset, 10, 1, b"raw bytes\n", known, replaced=False)


def reject(offset: int, raw: bytes = b"{\n", reason: str = "invalid-json") -> Outcome:
    return Outcome(offset, len(raw), 1, raw, Reject(reason), replaced=True, format="other")


def encoded(outcomes: Iterable[Outcome], **changes: Any) -> list[tuple[Outcome, bytes]]:
    encode = ItemEncoder(**{**ABOUT, **changes})
    return [encode(outcome) for outcome in outcomes]


def packed(outcomes: Iterable[Outcome], **changes: Any) -> Packed:
    packer = Packer(**{**ABOUT, **changes})
    for outcome, item in encoded(outcomes, **changes):
        packer.add(outcome, item)
    return packer.packed()


def heads_of(segments: Packed) -> list[dict[str, Any]]:
    return [orjson.loads(item) for item in segments.items[segments.first :]]


def noise(size: int, seed: int = 1) -> bytes:
    return random.Random(seed).randbytes(size)


OUTCOMES = st.lists(
    st.builds(
        lambda gap, text, number, severity, is_reject: (gap, text, number, severity, is_reject),
        st.integers(0, 400_000),
        st.text(st.characters(exclude_categories=["Cs"]), max_size=30),
        st.integers(0, 9),
        st.none() | st.integers(1, 24),
        st.booleans(),
    ),
    max_size=30,
)


@given(OUTCOMES, st.none() | st.just(1_800_000_000), st.integers(1, 5))
def test_what_is_packed_comes_back_as_it_was(given_: list[Any], expires_at: int | None, shards: int) -> None:
    offset, outcomes = 0, []
    for gap, text, number, severity, is_reject in given_:
        offset += gap
        attributes = {text or "name": text, "list": [number, None, {"a": text}]}
        stamp = f"2026-03-01T10:00:0{number}Z" if number else None
        one = record(offset, timestamp=stamp, severity_number=severity, body=text, attributes=attributes)
        outcomes.append(reject(offset, text.encode() + b"\n") if is_reject else one)
        offset += outcomes[-1].length
    segments = packed(outcomes, expires_at=expires_at, shards=shards)
    for item in segments.items:
        assert_storable(item)
    items = [orjson.loads(item) for _, item in encoded(outcomes, expires_at=expires_at, shards=shards)]
    unpacked = entries_in(orjson.loads(item) for item in segments.items)
    assert list(unpacked.values()) == items
    assert segments == packed(outcomes, expires_at=expires_at, shards=shards)
    strides = [outcome.offset // MIB for outcome in outcomes]
    assert len(segments.items) - segments.first == len(dict.fromkeys(strides))


def test_a_head_says_what_its_segment_holds() -> None:
    outcomes = [
        record(MIB - 5),
        record(MIB + 5, severity_number=None, timestamp="2026-03-01T09:00:00.123456789Z"),
        reject(MIB + 20),
        reject(MIB + 40, reason="too-large"),
        record(MIB + 60, severity_number=17, timestamp="2026-03-01T09:00:00.2Z"),
        record(MIB + 80, timestamp=None),
    ]
    _, head = heads_of(packed(outcomes, expires_at=1_800_000_000))
    assert head.pop("data")["B"]
    assert head == {
        "pk": {"S": f"{FILE_ID}#01"},
        "sk": {"S": sort_key(MIB + 5)},
        "file_id": {"S": FILE_ID},
        "batch_id": {"S": ABOUT["batch_id"]},
        "kind": {"S": "segment"},
        "offset": {"N": str(MIB + 5)},
        "last": {"N": str(MIB + 80)},
        "length": {"N": "34"},
        "lines": {"N": "5"},
        "entries": {"N": "5"},
        "records": {"N": "3"},
        "rejects": {"N": "2"},
        "from": {"N": str(microseconds("2026-03-01T09:00:00.123456"))},
        "to": {"N": str(microseconds("2026-03-01T09:00:00.200000"))},
        "severity_max": {"N": "17"},
        "formats": {"L": [{"S": "json"}, {"S": "other"}]},
        "reasons": {"M": {"invalid-json": {"N": "1"}, "too-large": {"N": "1"}}},
        "expires_at": {"N": "1800000000"},
        "encoding": {"S": ENCODING},
        "continuations": {"N": "0"},
    }


def test_a_head_without_times_or_severities_names_none() -> None:
    (head,) = heads_of(packed([record(0, timestamp=None, severity_number=None), reject(10)]))
    assert {"from", "to", "severity_max", "expires_at"}.isdisjoint(head)
    segment = segment_of(head)
    assert (segment.first_time, segment.last_time, segment.severity_max) == (None, None, 0)


def test_times_are_counted_in_microseconds() -> None:
    assert microseconds("1970-01-01T00:00:01.5") == 1_500_000
    assert microseconds("1969-12-31T23:59:59.999999999") == -1
    assert microseconds("2026-03-01T10:00:00") == 1_772_359_200_000_000


def large() -> list[Outcome]:
    """1.2 MB that do not compress, across the border of a MiB."""
    return [reject(MIB // 2 + n * 100_000, noise(100_000, n), "invalid") for n in range(12)]


def test_what_does_not_fit_an_item_goes_to_continuations_that_sort_right_behind_their_head() -> None:
    segments = packed(large(), expires_at=1_800_000_000)
    items = [orjson.loads(item) for item in segments.items]
    heads, continuations = items[segments.first :], items[: segments.first]
    assert [int(head["continuations"]["N"]) for head in heads] == [1, 1]
    assert all(
        item.keys() == {"pk", "sk", "file_id", "batch_id", "expires_at", "data"} for item in continuations
    )
    for head, continuation in zip(heads, continuations, strict=True):
        assert head["pk"] == continuation["pk"]
        assert head["sk"]["S"] < continuation["sk"]["S"] < sort_key(int(head["offset"]["N"]) + 1)
        assert continuation["sk"]["S"] < last_key(int(head["offset"]["N"]))
    for item in segments.items:
        assert_storable(item)
    assert [entry["raw"] for entry in entries_in(items).values()] == [
        {"B": base64.b64encode(outcome.raw).decode()} for outcome in large()
    ]


def one_large() -> tuple[Any, list[bytes | None]]:
    segments = packed(large()[:5])
    (head,) = heads_of(segments)
    return segment_of(head), [binary_of(orjson.loads(item)) for item in segments.items[: segments.first]]


def test_continuations_that_a_head_does_not_name_are_not_read() -> None:
    segment, parts = one_large()
    with pytest.raises(ValueError, match="names 1 continuations"):
        list(entries_of(segment, [*parts, b"stale"]))


def test_a_continuation_that_is_missing_is_named() -> None:
    segment, _ = one_large()
    with pytest.raises(
        SegmentError, match=f"file {FILE_ID} at byte {MIB // 2} lacks its continuation 1 of 1: run"
    ):
        list(entries_of(segment, [None]))


def test_data_of_another_encoding_is_left_to_newer_code() -> None:
    segment, parts = one_large()
    with pytest.raises(SegmentError, match=rf"{FILE_ID}.*'brotli'.*deploy a newer one"):
        list(entries_of(replace(segment, encoding="brotli"), parts))


@pytest.mark.parametrize(
    "spoil",
    [
        lambda data: data[: len(data) // 2],
        lambda data: b"",
        lambda data: b"garbage" + data,
        lambda data: data[:-1] + bytes([data[-1] ^ 1]),
        lambda data: data[:5000] + bytes([data[5000] ^ 255]) + data[5001:],
        lambda data: zstandard.compress(zstandard.decompress(data).rpartition(b"\n")[0]),
        lambda data: zstandard.compress(zstandard.decompress(data) + b'\n{"length":{"N":"9"}}'),
        lambda data: zstandard.compress(b"{}\n" * 200),
        lambda data: zstandard.compress(b"[1]\n" * 200),
    ],
)
def test_data_that_does_not_unpack_is_never_fewer_records(spoil: Any) -> None:
    (head,) = heads_of(packed(record(n * 10, body=f"{n} {noise(30, n).hex()}") for n in range(200)))
    segment = segment_of(head)
    assert len(list(entries_of(segment, []))) == 200
    with pytest.raises(SegmentError, match=rf"file {FILE_ID} at byte 0 .*froe forget {FILE_ID}"):
        list(entries_of(replace(segment, data=spoil(segment.data)), []))


@pytest.mark.parametrize("name", ["entries", "last", "encoding", "continuations", "data", "records"])
def test_a_head_that_lacks_something_names_its_file(name: str) -> None:
    (head,) = heads_of(packed([record(5)]))
    head.pop(name)
    with pytest.raises(SegmentError, match=FILE_ID):
        segment_of(head)


def test_an_item_of_another_batch_is_not_packed() -> None:
    packer = Packer(**ABOUT)
    ((outcome, item),) = encoded([record(0)], file_id="g" * 26)
    with pytest.raises(ValueError, match="another"):
        packer.add(outcome, item)


def test_a_batch_of_which_nothing_is_stored_has_no_items() -> None:
    assert packed([]) == Packed([], 0)


def test_continuations_sort_by_their_number() -> None:
    keys = [continuation_key(sort_key(7), number) for number in range(1, 1200)]
    assert keys == sorted(keys)
