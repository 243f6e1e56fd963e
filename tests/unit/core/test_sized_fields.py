"""Fields of the journal's export format that give their size are read whole, whatever bytes are in them."""

from __future__ import annotations

import json

import pytest

from chalicelib.core.records import Outcome, Record
from tests.unit.core.test_json_collections import read_bytes


def field(name: str, value: bytes) -> bytes:
    return name.encode() + b"\n" + len(value).to_bytes(8, "little") + value + b"\n"


def entry(number: int, *fields: bytes) -> bytes:
    begin = (
        f"__CURSOR=s=abc;i={number}\n__REALTIME_TIMESTAMP={1710404813000000 + number}\nPRIORITY=6\n".encode()
    )
    return begin + b"".join(fields) + f"_PID={number + 1}\n\n".encode()


def records(data: bytes) -> list[Outcome]:
    reading, outcomes = read_bytes(data)
    assert reading.plan.format == "journald_export"
    parsed = [each for each in outcomes if isinstance(each.result, Record)]
    assert {each.result.reason for each in outcomes if not isinstance(each.result, Record)} == {"blank"}
    return parsed


MESSAGES = {
    "two lines": b"first\nsecond",
    "as long as a line end": b"0\n23456789",
    "a size that is not ASCII": b"x" * 150 + b"\n" + b"y" * 49,
    "a size of two bytes": b"line\n" * 3000,
    "names and starts within": b"a\n__CURSOR=s=no\nMESSAGE\nFOO=bar\n\nz",
    "NULs within": b"a\0\0\0\0\0\0b\nc\0",
    "empty": b"",
    "a line end last": b"a\nb\n",
}


@pytest.mark.parametrize("message", MESSAGES.values(), ids=MESSAGES)
@pytest.mark.parametrize("count", [1, 700])
def test_a_field_of_a_size_is_read_with_the_fields_behind_it(message: bytes, count: int) -> None:
    data = b"".join(
        entry(number, field("MESSAGE", message)) + entry(number, b"MESSAGE=plain\n")
        for number in range(count)
    )
    parsed = records(data)
    assert len(parsed) == 2 * count
    for number in range(count):
        for each, expected in ((parsed[2 * number], message), (parsed[2 * number + 1], b"plain")):
            assert isinstance(each.result, Record)
            assert (each.result.body or "") == expected.decode()
            assert each.result.attributes["process.pid"] == number + 1
            assert not each.replaced


def test_a_size_that_cannot_be_costs_no_other_entry() -> None:
    bad = b"__CURSOR=s=abc;i=0\n__REALTIME_TIMESTAMP=1710404813000000\nMESSAGE\n" + b"\xff" * 8 + b"text\n\n"
    parsed = records(bad + entry(1, b"MESSAGE=plain\n") + entry(2, field("MESSAGE", b"a\nb")))
    assert [each.result.body for each in parsed[1:] if isinstance(each.result, Record)] == ["plain", "a\nb"]


def test_json_of_the_journal_is_as_before() -> None:
    line = json.dumps(
        {"__CURSOR": "s", "__REALTIME_TIMESTAMP": "1710404814000001", "MESSAGE": "a\nb"}
    ).encode()
    assert read_bytes(line + b"\n")[0].plan.format == "journald_json"
