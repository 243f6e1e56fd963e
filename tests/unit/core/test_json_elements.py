"""The array that is most of a document is read element by element: of strings, of rows, of streams, beside others."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.core.framing import Kind
from chalicelib.core.ledger.accounts import State
from chalicelib.core.records import Record, Reject
from tests.unit.core.test_json_collections import read, records

SMALL, LARGE = 20, 2600
HUGE = "x" * 300_000
COUNTS = pytest.mark.parametrize("count", [SMALL, LARGE], ids=["small", "large"])
INDENTS = pytest.mark.parametrize("indent", [None, 1], ids=["one line", "pretty"])


def time(number: int) -> str:
    return f"2026-09-14T08:{number // 60 % 60:02}:{number % 60:02}Z"


def line(number: int) -> str:
    return f'{time(number)} INFO request {number} of "shop" took {number % 97} ms\tat C:\\shop, in all'


def item(number: int) -> dict[str, Any]:
    return {"time": time(number), "level": "info", "msg": f"request {number} done", "pad": "x" * 20}


def finding(number: int) -> dict[str, Any]:
    return {
        "id": number,
        "file": f"src/a{number}.c",
        "severity": "high",
        "title": f"finding {number} in the code",
    }


def row(number: int) -> list[Any]:
    return [
        time(number),
        "WARN",
        f"request {number} of the shop was slow, and was sent again",
        number / 4,
        None,
    ]


def numbers(parsed: list[Record]) -> list[int]:
    """The number in the body of each record."""
    return [int(str(each.body).split("request ")[1].split()[0]) for each in parsed]


@COUNTS
@INDENTS
@pytest.mark.parametrize(
    "wrap",
    [
        lambda lines: {"logs": lines},
        lambda lines: {"host": "a", "log": {"lines": lines}, "count": 7},
        lambda lines: lines,
        lambda lines: [each + "\n" for each in lines],
    ],
    ids=["member", "further in", "alone", "with line ends"],
)
def test_a_string_of_an_array_is_an_entry_and_its_text_is_parsed(
    wrap: Callable[[list[str]], Any], count: int, indent: int | None
) -> None:
    reading, outcomes = read(json.dumps(wrap([line(number) for number in range(count)]), indent=indent))
    parsed = records(outcomes)
    assert numbers(parsed) == list(range(count))
    assert [each.timestamp for each in parsed] == [time(number) for number in range(count)]
    assert {each.severity_text for each in parsed} == {"INFO"}
    assert reading.plan.framing.kind is Kind.JSON
    assert reading.account.summary.counts.rejected.entries == 0


@COUNTS
@INDENTS
def test_strings_without_a_time_are_lines_of_plain_text(count: int, indent: int | None) -> None:
    lines = [f'stopped \u00fc {number} "so" \\ to say, as {HUGE[:20]}' for number in range(count)] + [
        "a\nb c",
        "",
        " ",
    ]
    reading, outcomes = read(json.dumps({"logs": lines}, indent=indent))
    assert [each.body for each in records(outcomes)] == lines[:-2]
    assert reading.plan.format == "text"
    assert reading.account.summary.counts.rejected.entries == 0
    assert reading.account.summary.counts.skipped["blank"].entries == 2


@COUNTS
def test_strings_that_hold_json_are_what_they_hold(count: int) -> None:
    _, outcomes = read(json.dumps({"messages": [json.dumps(item(number)) for number in range(count)]}))
    assert numbers(records(outcomes)) == list(range(count))


def test_halves_of_characters_in_a_string_are_replaced() -> None:
    text = '{"logs":["a b \\ud83d c","\\ud83d\\ude00 d e","f and g","h and i"]}'
    assert [each.body for each in records(read(text)[1])] == [
        "a b \ufffd c",
        "\U0001f600 d e",
        "f and g",
        "h and i",
    ]


@pytest.mark.parametrize(
    "document",
    [
        {"userId": 1, "tags": ["red", "green", "blue"]},
        {"time": time(1), "msg": "stopped", "stack": [f"at shop.Pay.run (pay.js:{n})" for n in range(30)]},
        {"list": [1, 2, 3] * 100},
        {"name": "x" * 500, "notes": ["a b", "c d", "e f"]},
    ],
)
def test_an_object_with_a_list_of_words_stays_one_entry(document: dict[str, Any]) -> None:
    assert len(records(read(json.dumps(document))[1])) == 1
    assert len(records(read((json.dumps(document) + "\n") * 4)[1])) == 4


COLUMNS = ["time", "level", "message", "took", "none"]


@COUNTS
@INDENTS
@pytest.mark.parametrize(
    "wrap",
    [
        lambda rows: rows,
        lambda rows: {"rows": rows},
        lambda rows: {"columns": COLUMNS, "rows": rows},
        lambda rows: {
            "meta": [{"name": name, "type": "t"} for name in COLUMNS],
            "data": rows,
            "statistics": {},
        },
        lambda rows: {
            "tables": [{"name": "PrimaryResult", "columns": [{"name": n} for n in COLUMNS], "rows": rows}]
        },
        lambda rows: {"results": [{"statement_id": 0, "series": [{"columns": COLUMNS, "values": rows}]}]},
    ],
    ids=["alone", "without names", "pandas", "ClickHouse", "Azure", "InfluxDB"],
)
def test_a_row_of_an_array_is_a_record_under_the_names_of_its_columns(
    wrap: Callable[[list[Any]], Any], count: int, indent: int | None
) -> None:
    document = wrap([row(number) for number in range(count)])
    reading, outcomes = read(json.dumps(document, indent=indent))
    parsed = records(outcomes)
    assert numbers(parsed) == list(range(count))
    assert [each.timestamp for each in parsed] == [time(number) for number in range(count)]
    assert {each.severity_text for each in parsed} == {"WARN"}
    took = "took" if "columns" in json.dumps(document) or "meta" in document else "column_4"
    assert [each.attributes[took] for each in parsed] == [number / 4 for number in range(count)]
    assert reading.plan.format == "json_rows"
    assert reading.account.summary.counts.rejected.entries == 0


def loki(count: int, streams: int = 2, *, metadata: bool = False) -> list[dict[str, Any]]:
    return [
        {
            "stream": {"app": f"shop{stream}", "pod": "shop-7", "level": "warn"},
            "values": [
                [
                    str(1_789_372_800_000_000_000 + number),
                    f'level=error msg="request {number} done" n={number}',
                ]
                + ([{"traceID": f"t{number}"}] if metadata else [])
                for number in range(count)
            ],
        }
        for stream in range(streams)
    ]


@pytest.mark.parametrize("metadata", [False, True], ids=["", "metadata"])
@COUNTS
@INDENTS
@pytest.mark.parametrize(
    "wrap",
    [
        lambda streams: {"streams": streams},
        lambda streams: {
            "status": "success",
            "data": {
                "resultType": "streams",
                "result": streams,
                "stats": {"summary": {"bytesProcessedPerSecond": 1}},
            },
        },
    ],
    ids=["push", "query"],
)
def test_a_value_of_loki_has_its_time_and_the_labels_of_its_stream(
    wrap: Callable[[Any], Any], count: int, indent: int | None, metadata: bool
) -> None:
    document = json.dumps(wrap(loki(count, metadata=metadata)), indent=indent)
    reading, outcomes = read(document)
    parsed = records(outcomes)
    assert reading.plan.format == "loki"
    assert numbers(parsed) == list(range(count)) * 2
    assert [each.attributes["loki.label.app"] for each in parsed] == ["shop0"] * count + ["shop1"] * count
    assert {each.attributes["k8s.pod.name"] for each in parsed} == {"shop-7"}
    assert parsed[1].timestamp == "2026-09-14T08:00:00.000000001Z"
    assert parsed[1].severity_number == 17
    assert parsed[1].attributes.get("loki.metadata.trace_id") == ("t1" if metadata else None)
    assert reading.account.summary.counts.rejected.entries == 0


@COUNTS
@INDENTS
@pytest.mark.parametrize(
    "wrap",
    [
        lambda all_, half: {"a": {"items": all_[:half]}, "b": {"items": all_[half:]}},
        lambda all_, half: {"meta": {"page": 1}, "x": {"n": 7, "findings": all_[:half]}, "y": {"errors": all_[half:]}, "z": {}},
        lambda all_, half: {"x": {"few": all_[:2]}, "y": {"many": all_[2:]}},
        lambda all_, half: {"out": {"x": {"few": all_[:half]}, "y": {"many": all_[half:]}}},
        lambda all_, half: {each["msg"]: {"items": [each] * 10} for each in all_[: half // 5]},
    ],
    ids=["alike", "other names", "small first", "further in", "a map"],
)  # fmt: skip
def test_arrays_beside_one_another_are_all_read(
    wrap: Callable[[list[Any], int], Any], count: int, indent: int | None
) -> None:
    items = [item(number) for number in range(count * 2)]
    reading, outcomes = read(json.dumps(wrap(items, count), indent=indent))
    assert len(records(outcomes)) == 2 * count
    assert all(each.timestamp for each in records(outcomes))
    assert reading.account.summary.counts.rejected.entries == 0


@COUNTS
def test_objects_without_a_time_beside_others_are_entries_too(count: int) -> None:
    document = {
        "x": {"findings": [finding(n) for n in range(count)]},
        "y": {"errors": [item(n) for n in range(count)]},
    }
    assert len(records(read(json.dumps(document))[1])) == 2 * count


@pytest.mark.parametrize("count", [2, LARGE])
@pytest.mark.parametrize(
    "separator", ["data: {}\n\n", "\x1e{}\n", "\x1e{}"], ids=["sse", "seq", "seq, one line"]
)
def test_the_journal_as_events_and_as_a_sequence_is_read_as_its_lines_are(separator: str, count: int) -> None:
    entries = [
        {"__REALTIME_TIMESTAMP": str(1_789_372_800_000_000 + n), "MESSAGE": f"request {n}", "PRIORITY": "6", "_PID": "1"}
        for n in range(count)
    ]  # fmt: skip
    reading, outcomes = read("".join(separator.replace("{}", json.dumps(each)) for each in entries))
    assert reading.plan.format == "journald_json"
    assert numbers(records(outcomes)) == list(range(count))
    assert reading.account.summary.counts.rejected.entries == 0
    _, plain = read("".join(json.dumps(each) + "\n" for each in entries))
    assert records(outcomes) == records(plain)


@INDENTS
@pytest.mark.parametrize(
    "wrap",
    [
        lambda few: {"items": [{**item(0), "pad": HUGE}, *map(item, few)]},
        lambda few: {"meta": {"page": 1}, "out": {"items": [{**item(0), "pad": HUGE}, *map(item, few)]}},
        lambda few: {"logs": [HUGE, *map(line, few)]},
        lambda few: [HUGE, *map(line, few)],
        lambda few: {"rows": [[HUGE], *map(row, few)]},
        lambda few: [[HUGE], *map(row, few)],
        lambda few: [[time(0), HUGE], *map(row, few)],
        lambda few: {"meta": {"query": HUGE}, "items": list(map(item, few))},
        lambda few: {"query": HUGE, "out": {"items": list(map(item, few))}},
        lambda few: {"query": HUGE, "logs": list(map(line, few))},
        lambda few: {"streams": [{"stream": {"a": "b"}, "values": [["1789372800000000000", HUGE],
                     *([f"178937280000000000{n % 10}", line(n)] for n in few)]}]},
    ],
)  # fmt: skip
def test_elements_behind_one_that_is_larger_than_the_head_are_entries(
    wrap: Callable[[range], Any], indent: int | None
) -> None:
    for count in (SMALL, LARGE):
        _, outcomes = read(json.dumps(wrap(range(count)), indent=indent))
        assert numbers(records(outcomes)) == list(range(count))
        assert [each.result for each in outcomes if isinstance(each.result, Reject)] == [Reject("too-long")]


@pytest.mark.parametrize(
    "text",
    [
        json.dumps({"values": list(range(90_000))}),
        json.dumps([HUGE]),
        json.dumps({"a": HUGE}),
        json.dumps({f"host{n}": item(n) for n in range(LARGE)}),
        json.dumps({"a": {"b": {"c": {"d": {"e": {"f": [item(n) for n in range(LARGE)]}}}}}}),
    ],
    ids=["numbers", "one string", "one member", "a map of events", "too deep"],
)
def test_what_holds_no_entries_says_that_nothing_was_explained(text: str) -> None:
    reading, _ = read(text)
    assert reading.account.state is State.COMPLETE
    assert "explained" in str(reading.account.reason)
