"""JSON whose first value is larger than what detection sees."""

from __future__ import annotations

import json

import pytest

from chalicelib.core.formats.detection import HEAD_BYTES
from chalicelib.core.formats.unfinished import is_unfinished_object
from tests.faults.reading import read

MORE = '{\n "level": "warn",\n "msg": "b"\n}\n' * 3


@pytest.mark.parametrize(
    "first",
    [
        {"level": "info", "blob": "x" * (HEAD_BYTES + 5000), "msg": "a"},
        {"items": [{"id": number, "level": "info"} for number in range(3000)], "msg": "a"},
        {"deep": {"é": ["\\" * HEAD_BYTES]}, "msg": "a"},
    ],
)
@pytest.mark.parametrize("indent", [1, 4, None])
def test_an_object_larger_than_the_head_is_one_record(first: object, indent: int | None) -> None:
    actual = read(f"{json.dumps(first, indent=indent)}\n{MORE}".encode())
    assert actual.format == "json_values"
    assert actual.bodies == ["a", "b", "b", "b"]
    assert not actual.rejects


def test_an_object_over_the_limit_is_one_reject_and_those_behind_it_are_read() -> None:
    large = json.dumps({"texts": {f"n{number}": "abc" * 20 for number in range(5000)}}, indent=1)
    actual = read(f"{large}\n{MORE}".encode())
    assert actual.rejects == ["too-long"]
    assert actual.bodies == ["b"] * 3


def test_the_elements_of_an_object_over_the_limit_are_entries_and_those_behind_it_too() -> None:
    large = json.dumps({"items": [{"id": number, "text": "abc" * 20} for number in range(4000)]}, indent=1)
    actual = read(f"{large}\n{MORE}".encode())
    assert not actual.rejects
    assert len(actual.records) == 4003


def test_an_array_that_holds_the_entries_is_read_one_by_one_however_large_the_first() -> None:
    entry = {"time": "2024-03-14T09:26:53Z", "category": "Audit", "operationName": "x" * HEAD_BYTES}
    actual = read(json.dumps({"records": [entry] * 3}, indent=1).encode())
    assert (actual.format, len(actual.records)) == ("azure_records", 3)


@pytest.mark.parametrize(
    "text",
    ["{\n int x;\n" + " foo();\n" * 9000, '{\n "color": red;\n' + " foo();\n" * 9000, "{ hello\n" * 9000],
)
def test_braces_that_open_something_else_make_no_json(text: str) -> None:
    assert read(text.encode()).format == "text"


@pytest.mark.parametrize(
    ("head", "unfinished"),
    [
        (b'{"a', True), (b'{"a":', True), (b'{"a":tr', True), (b'{"a":"\\u00', True), (b'{"a":[1,{"b":2', True),
        (b'\n {"a":"\xff\xff', True), (b'{"a":1}', False), (b'{"a":1}{', False), (b"[1,", False), (b"", False),
        (b'{"a":1,,"b":"' + b"x" * 20, False), (b'{"a":"x\n' + b"y" * 20, False), (b'{"a":' * 9999, False),
    ],
)  # fmt: skip
def test_the_beginning_of_an_object_is_told(head: bytes, unfinished: bool) -> None:
    assert is_unfinished_object(head) is unfinished
