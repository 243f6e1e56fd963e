"""Nothing in a file of arrays is passed over but structure: what was cut off ends with its line, and what is around an
array is an entry where it is more than a small envelope."""

from __future__ import annotations

import json
from typing import Any

import pytest

from chalicelib.core.framing import Framing, Kind
from chalicelib.core.framing.json.around import begin_lines, content_around
from chalicelib.core.records import Outcome, Record, Reject, Skip
from tests.unit.core.test_json_collections import FEW, event, otlp, read, records

TRAIL = json.dumps({
    "Records": [
        {"eventVersion": "1.08", "eventTime": "2026-09-14T08:00:00Z", "eventName": f"n{number}", "eventSource": "s3.amazonaws.com",
         "awsRegion": "eu-central-1", "userIdentity": {"type": "Root"}, "eventID": str(number)}
        for number in range(3)
    ]
})  # fmt: skip
PAGE = json.dumps({"page": 1, "items": FEW[:3]})
NESTED = json.dumps({"groups": [{"name": "a", "rows": FEW[:2]}, {"name": "b", "rows": FEW[2:3]}]})


def rejects(outcomes: list[Outcome]) -> list[Outcome]:
    return [each for each in outcomes if isinstance(each.result, Reject)]


@pytest.mark.parametrize("lines_after", [1, 30])
@pytest.mark.parametrize(
    "line", [otlp(2, 2), TRAIL, PAGE, NESTED], ids=["otlp", "cloudtrail", "shape", "nested"]
)
def test_what_was_cut_off_anywhere_costs_no_entry_of_the_lines_behind_it(line: str, lines_after: int) -> None:
    each = len(records(read(line + "\n" + line + "\n")[1])) // 2
    for cut in range(1, len(line), max(1, len(line) // 24)):
        text = (line + "\n") * 2 + line[:cut] + "\n" + (line + "\n") * lines_after
        _, outcomes = read(text)
        behind = [one for one in outcomes if one.offset >= 2 * len(line) + 2 + cut]
        whole = [one for one in behind if isinstance(one.result, Record)]
        assert len(whole) >= each * lines_after, line[:cut]
        assert len(records(outcomes)) >= each * (2 + lines_after), line[:cut]


def test_a_line_that_is_cut_off_before_its_first_element_is_a_reject_with_its_bytes() -> None:
    cut = '{"resourceLogs":[{"resource":{"attributes":[{"key":'
    _, outcomes = read(otlp(1, 1) + "\n" + otlp(1, 1) + "\n" + cut + "\n" + otlp(1, 1) + "\n")
    assert [each.raw for each in rejects(outcomes)] == [(cut + "\n").encode()]
    assert len(records(outcomes)) == 6


TEN = FEW + FEW[:1]


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("count", [3, 10, 1500])
def test_the_objects_of_an_array_behind_the_largest_are_entries_too(count: int, indent: int | None) -> None:
    events = [event(number) for number in range(count + 5)]
    document = {"events": events, "errors": [event(number) for number in range(count)], "next": None}
    _, outcomes = read(json.dumps(document, indent=indent))
    assert len(records(outcomes)) == len(events) + count
    assert rejects(outcomes) == []


def test_a_repeated_member_is_read_again() -> None:
    text = '{"items":' + json.dumps(TEN) + ',"items":' + json.dumps(TEN) + "}"
    assert len(records(read(text)[1])) == 20


def test_events_in_an_array_before_the_largest_are_a_record_that_lists_them() -> None:
    _, outcomes = read(json.dumps({"errors": [event(77)], "events": TEN}))
    assert len(records(outcomes)) == 11
    assert "m77" in str(records(outcomes)[0].attributes)


def test_what_is_more_than_an_envelope_is_no_structure() -> None:
    many = {f"k{number}": "v" * 40 for number in range(300)}
    _, outcomes = read(json.dumps({"items": [event(n) for n in range(2000)], "more": {"inner": many}}))
    assert len(records(outcomes)) + len(rejects(outcomes)) == 2001
    _, outcomes = read(json.dumps({"items": [event(n) for n in range(5000)], "more": {"x": "y" * 300_000}}))
    assert [each.result for each in rejects(outcomes)] == [Reject("too-long")]


@pytest.mark.parametrize("items", [[], [{"sku": 1}], FEW[:1], None, "odd", {"a": []}])
@pytest.mark.parametrize("is_first", [True, False])
def test_an_event_among_pages_is_a_record(items: Any, is_first: bool) -> None:
    odd = {"time": "2026-09-14T08:00:00Z", "level": "ERROR", "message": "KEY boom", "items": items}
    if not is_first:
        odd = {"items": items} | odd if not items else odd
    pages = "".join(json.dumps({"items": [event(n, 400) for n in range(5)]}) + "\n" for _ in range(200))
    reading, outcomes = read(pages + json.dumps(odd) + "\n" + pages)
    assert reading.plan.framing == Framing(
        kind=Kind.JSON, path=("items",), by_line=True, every_array=True, uniform=True
    )
    (actual,) = [each for each in records(outcomes) if each.body == "KEY boom"]
    assert actual.timestamp == "2026-09-14T08:00:00Z" or str(actual.timestamp).startswith(
        "2026-09-14T08:00:00"
    )
    assert actual.severity_text == "ERROR"
    assert len([each for each in records(outcomes) if each.timestamp]) >= 2001


@pytest.mark.parametrize("odd", ['{"resourceLogs":"KEY"}', '{"resourceLogs":[{"odd":"KEY"}]}', '{"resourceLogs":{"a":"KEY"}}',
    '{"time":"2026-09-14T08:00:00Z","level":"ERROR","message":"KEY","resourceLogs":[]}'])  # fmt: skip
def test_an_odd_line_among_requests_of_otlp_is_an_entry(odd: str) -> None:
    line = otlp(1, 2) + "\n"
    _, outcomes = read(line * 3 + odd + "\n" + line * 3)
    assert any(
        b"KEY" in each.raw or "KEY" in str(each.result)
        for each in outcomes
        if not isinstance(each.result, Skip)
    )
    assert len(records(outcomes)) >= 24


@pytest.mark.parametrize(
    "empty", ['{"resourceLogs":[]}', '{"resourceLogs":[ {"scopeLogs":[{"logRecords":[\t]}]}]}']
)
def test_an_empty_envelope_among_others_is_structure(empty: str) -> None:
    line = otlp(1, 2) + "\n"
    _, outcomes = read(line * 3 + empty + "\n" + line * 3)
    assert rejects(outcomes) == []
    assert len(records(outcomes)) == 24


def test_lines_of_events_stay_entries_where_the_first_is_too_long() -> None:
    def order(count: int) -> str:
        items = [{"sku": f"s{number}", "name": "thing"} for number in range(count)]
        return (
            json.dumps({"time": "2026-09-14T08:00:00Z", "level": "INFO", "msg": "order", "items": items})
            + "\n"
        )

    _, outcomes = read(order(9000) + order(3) * 50)
    assert [each.result for each in rejects(outcomes)] == [Reject("too-long")]
    assert [each.body for each in records(outcomes)] == ["order"] * 50
    _, outcomes = read(order(3) * 50 + order(9000) + order(3) * 50)
    assert len(records(outcomes)) == 100


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b'{"a":[1]}\n{"a":[2]}\n', True),
        (b'{"a":[1]}\n{"a":[\n{"a":[2]}\n', True),
        (b'\xef\xbb\xbf{"a":[1]}\r\n{"a":[2]}\r\n', True),
        (b'{"a":[1]}\n', False),
        (b'{"Records":[\n{"a":1},\n{"a":2}\n]}\n', False),
        (b'{"Records":[\n{"a":1}\n]}\n', False),
        (b'[{"a":1},\n{"a":2}]\n', False),
        (b'{\n  "a": [1]\n}\n', False),
    ],
)
def test_a_text_whose_lines_are_objects_is_known(text: bytes, expected: bool) -> None:
    assert begin_lines(text, complete=True) is expected


@pytest.mark.parametrize(
    "gap",
    [
        b",", b"]}", b"]}]}\n", b'{"Records":[', b'\xef\xbb\xbf{"v":1,"Records": [', b'],"nextToken":"t","total":3}\n',
        b']}],"schemaUrl":"u"},{"resource":{"attributes":[{"key":"a","value":{"intValue":"1"}}]},"scopeLogs":[{"logRecords":[',
        b', 7, "s", ',
    ],
)  # fmt: skip
def test_brackets_and_small_envelopes_are_structure(gap: bytes) -> None:
    assert content_around(gap, lambda _: Reject("x")) is None


@pytest.mark.parametrize("bad", ['{"a": tru}', '{"a": "\\x77"}', '{"a":1},', '{"a": "\x01"}'])
def test_a_broken_element_in_the_head_of_a_large_array_costs_no_other(bad: str) -> None:
    elements = [json.dumps(event(number)) for number in range(4000)]
    text = '{"stuff": [' + ", ".join([*elements[:1000], bad, *elements[1000:]]) + "]}"
    assert len([each for each in records(read(text)[1]) if each.timestamp]) == 4000
