"""JSON lines: nothing is dropped, nothing is rounded, nothing raises."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.core.formats import ParseContext, flatten
from chalicelib.core.formats.registry import by_name
from chalicelib.core.formats.usual_members import LEVEL_NAMES, MESSAGE_NAMES, TIME_NAMES
from chalicelib.core.records import Record

Explain = Callable[[str, str], Record]
Reason = Callable[[str, str], str]

CONTEXT = ParseContext(datetime(2024, 6, 1, tzinfo=UTC))


def fields(record: Explain, line: str) -> dict[str, Any]:
    return record("json", line).attributes


def test_time_level_and_message_are_promoted_and_leave_the_attributes(record: Explain) -> None:
    parsed = record("json", '{"ts":"2024-03-14T09:26:53.120+01:00","lvl":"Warn","msg":"slow","ms":7}')
    assert parsed == Record("2024-03-14T08:26:53.120Z", None, "Warn", 13, "slow", {"ms": 7})


@pytest.mark.parametrize("name", TIME_NAMES)
def test_each_usual_name_of_the_time_is_known(record: Explain, name: str) -> None:
    parsed = record("json", json.dumps({name: "2024-03-14T09:26:53Z"}))
    assert parsed.timestamp == "2024-03-14T09:26:53Z"
    assert parsed.attributes == {}


def test_no_name_is_promoted_twice() -> None:
    names = [*TIME_NAMES, *LEVEL_NAMES, *MESSAGE_NAMES]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize(
    ("member", "text", "number"),
    [
        ('"level":"ERROR"', "ERROR", 17),
        ('"severity":3', "3", 17),
        ('"PRIORITY":"6"', "6", 9),
        ('"severityNumber":18', "18", 18),
        ('"log":{"level":"debug"}', "debug", 5),
        ('"s":"W"', "W", 13),
    ],
)
def test_levels_by_name_syslog_number_bunyan_number_and_letter(
    record: Explain, member: str, text: str, number: Any
) -> None:
    parsed = record("json", f"{{{member}}}")
    assert (parsed.severity_text, parsed.severity_number, parsed.attributes) == (text, number, {})


@pytest.mark.parametrize(
    "line",
    ['{"time":"yesterday"}', '{"time":12}', '{"time":"2024-02-30T00:00:00Z"}', '{"level":"two words"}', '{"priority":"gold"}',
     '{"level":true}', '{"level":35}', '{"message":7}', '{"message":{}}', '{"event":["a"]}', '{"time":null}'],
)  # fmt: skip
def test_a_usual_name_with_an_unusual_value_stays_an_attribute(record: Explain, line: str) -> None:
    parsed = record("json", line)
    assert parsed.attributes == json.loads(line)
    assert parsed[:5] == (None, None, None, None, None)


@pytest.mark.parametrize(
    ("line", "stamp", "attributes"),
    [
        ('{"timestamp":{"seconds":1710408413,"nanos":5000000},"x":1}', "2024-03-14T09:26:53.005000000Z", {"x": 1}),
        ('{"timestampSeconds":1710408413,"timestampNanos":5}', "2024-03-14T09:26:53.000000005Z", {}),
        ('{"timestamp":{"seconds":1710408413}}', "2024-03-14T09:26:53Z", {}),
        ('{"timestamp":{"seconds":1710408413,"nanos":-1}}', "2024-03-14T09:26:53Z", {"timestamp.nanos": -1}),
        ('{"instant":{"epochSecond":1710408413,"nanoOfSecond":7}}', "2024-03-14T09:26:53.000000007Z", {}),
        ('{"time":99999999999999999999}', None, {"time": 99999999999999999999}),
    ],
)  # fmt: skip
def test_seconds_and_nanoseconds_apart_are_one_time(
    record: Explain, line: str, stamp: str | None, attributes: dict[str, Any]
) -> None:
    parsed = record("json", line)
    assert (parsed.timestamp, parsed.attributes) == (stamp, attributes)


def test_blanks_around_a_level_are_none_of_it(record: Explain) -> None:
    parsed = record("json", '{"level":"Warn ","msg":"x"}')
    assert (parsed.severity_text, parsed.severity_number, parsed.attributes) == ("Warn", 13, {})


def test_the_second_name_serves_where_the_first_holds_no_time(record: Explain) -> None:
    parsed = record("json", '{"timestamp":"n/a","time":"2024-03-14T09:26:53Z"}')
    assert (parsed.timestamp, parsed.attributes) == ("2024-03-14T09:26:53Z", {"timestamp": "n/a"})


def test_nested_objects_become_dotted_names_and_arrays_stay_lists(record: Explain) -> None:
    parsed = fields(record, '{"a":{"b":{"c":1},"d":[1,{"e":{"f":null}}]},"g":{},"h":[],"i":[[]],"j":null}')
    assert parsed == {"a.b.c": 1, "a.d": [1, {"e": {"f": None}}], "g": {}, "h": [], "i": [[]], "j": None}


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ('{"a":1,"a":2,"a":3}', {"a": 1, "a#2": 2, "a#3": 3}),
        ('{"a":{"b":1},"a.b":2}', {"a.b": 1, "a.b#2": 2}),
        ('{"a.b":2,"a":{"b":1}}', {"a.b": 2, "a.b#2": 1}),
        ('{"a":1,"a#2":2,"a":3}', {"a": 1, "a#2": 2, "a#3": 3}),
        ('{"a":{"b":1},"a":{"b":2}}', {"a.b": 1, "a#2.b": 2}),
        ('{"l":[{"k":1,"k":2}]}', {"l": [{"k": 1, "k#2": 2}]}),
        ('{"a" : 1,"a":2}', {"a": 1, "a#2": 2}),
        ('{"a"\t:1,"a":2}', {"a": 1, "a#2": 2}),
        ('{"a":1,"a":2,"b\\\\":3}', {"a": 1, "a#2": 2, "b\\": 3}),
        ('{"a":1,"a":2,"v":"\\":"}', {"a": 1, "a#2": 2, "v": '":'}),
        ('{"":1,"_":2}', {"_": 1, "_#2": 2}),
        ('{"a":{"":1}}', {"a.": 1}),
        ('{"l":[{"":1}]}', {"l": [{"_": 1}]}),
        ('{"\\ud800":1,"\\udfff":2}', {"\ufffd": 1, "\ufffd#2": 2}),
    ],
)
def test_a_clash_of_names_keeps_all(record: Explain, line: str, expected: dict[str, Any]) -> None:
    assert fields(record, line) == expected


def test_a_repeated_message_keeps_the_second(record: Explain) -> None:
    parsed = record("json", '{"msg":"a","msg":"b"}')
    assert (parsed.body, parsed.attributes) == ("a", {"msg#2": "b"})


@pytest.mark.parametrize("space", ["", " ", "\t", "\r", "\n", " \n "])
def test_a_repeated_name_is_kept_whatever_stands_before_its_colon(record: Explain, space: str) -> None:
    assert fields(record, f'{{"a":1,"a"{space}:2}}') == {"a": 1, "a#2": 2}


@pytest.mark.parametrize(
    ("number", "value"),
    [
        ("18446744073709551616", 18446744073709551616),
        ("-9223372036854775809", -9223372036854775809),
        ("9" * 38, int("9" * 38)),
        ("9" * 39, "9" * 39),
        ("-" + "9" * 39, "-" + "9" * 39),
        ("9" * 5000, "9" * 5000),
        ("1e200", "1e200"),
        ("1e999", "1e999"),
        ("1e-200", "1e-200"),
        ("1.5e100", 1.5e100),
        ("-0.25", -0.25),
        ("NaN", "NaN"),
        ("Infinity", "Infinity"),
        ("-Infinity", "-Infinity"),
    ],
)
@pytest.mark.parametrize("frame", ['{"n":%s}', '{"n":[%s]}', '{"a":{"n":%s}}', '{"l":[{"n":%s}]}'])
def test_numbers_are_exact_or_strings(record: Explain, number: Any, value: Any, frame: str) -> None:
    parsed: Any = fields(record, frame % number)
    while isinstance(parsed, (list, dict)):
        (parsed,) = parsed.values() if isinstance(parsed, dict) else parsed
    assert parsed == value
    assert type(parsed) is type(value)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (r"\ud800", "\ufffd"),
        (r"a\udc00b", "a\ufffdb"),
        (r"\ud83d\ude00", "😀"),
        (r"\ud83d\ud83d\ude00", "\ufffd😀"),
    ],
)
def test_unpaired_surrogates_become_the_replacement_character(record: Explain, text: str, value: Any) -> None:
    assert fields(record, f'{{"x":"{text}","y":["{text}",["{text}"]]}}') == {
        "x": value,
        "y": [value, [value]],
    }


@pytest.mark.parametrize("line", ["1", '"x"', "[1]", "null", "true", "[" + "{}," * 9 + "{}]", "NaN"])
def test_json_that_is_no_object_is_a_reject(reason: Reason, line: str) -> None:
    assert reason("json", line) == "not-an-object"


@pytest.mark.parametrize(
    "line", ["{", '{"a":}', '{"a":1} x', "x", "{'a':1}", '{"a":1,}', '{"a":"\x00"}', "\ufeff{}"]
)
def test_broken_json_is_a_reject(reason: Reason, line: str) -> None:
    assert reason("json", line) == "invalid-json"


@pytest.mark.parametrize("depth", [201, 500, 1024, 10_000, 100_000])
@pytest.mark.parametrize("pair", [('{"a":', "}"), ("[", "]")])
def test_deep_nesting_is_a_reject_and_no_recursion_error(
    reason: Reason, depth: int, pair: tuple[str, str]
) -> None:
    opening, closing = pair
    inner = opening * depth + "1" + closing * depth
    assert reason("json", f'{{"x":{inner}}}') == "too-deep"


def test_a_hundred_levels_of_objects_are_one_dotted_name(record: Explain) -> None:
    assert fields(record, '{"a":' * 100 + "1" + "}" * 100) == {".".join("a" * 100): 1}


def test_an_array_deeper_than_an_item_may_be_becomes_json_text(record: Explain) -> None:
    assert fields(record, '{"x":' + "[" * 40 + "1" + "]" * 40 + "}") == {"x": "[" * 40 + "1" + "]" * 40}
    assert fields(record, '{"x":' + "[" * 28 + "]" * 28 + "}")["x"] == json.loads("[" * 28 + "]" * 28)


def test_long_names_are_cut_and_do_not_multiply(record: Explain) -> None:
    parsed = fields(record, json.dumps({"n" * 2000: 1, "n" * 2001: 2, "p" * 300: {"a": {"b": 1}}}))
    assert parsed == {"n" * 1024: 1, "n" * 1024 + "#2": 2, "p" * 300: '{"a":{"b":1}}'}


def test_embedded_json_with_escaped_quotes_is_one_string(record: Explain) -> None:
    assert fields(record, r'{"payload":"{\"a\":1,\"a\":2}"}') == {"payload": '{"a":1,"a":2}'}


@pytest.mark.parametrize(
    "line",
    [
        "{" + ",".join(['"a":1'] * 40_000) + "}",
        '{"x":[{' + ",".join(['"a":1'] * 40_000) + "}]}",
        '{"' + "p" * 250 + '":{' + ",".join(f'"{number}":1' for number in range(20_000)) + "}}",
        '{"a":' * 90 + "{" + ",".join(f'"{number}":1' for number in range(20_000)) + "}" * 91,
        '{"a":[' + "[]," * 80_000 + "[]]}",
    ],
)
def test_an_entry_of_the_largest_size_full_of_members_is_a_record(record: Explain, line: str) -> None:
    assert record("json", line).attributes


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["a", "b", "a.b", "", "a#2"]), inner)
    ),
    max_leaves=20,
)


@given(st.dictionaries(st.sampled_from(["a", "b", "a.b", "", "time"]), VALUES))
def test_any_object_is_explained_and_keeps_every_leaf(value: Any) -> None:
    parsed = by_name("json").make_parser(CONTEXT)(json.dumps(value))
    assert isinstance(parsed, Record)

    def leaves(item: Any, *, listed: bool = False) -> int:
        if isinstance(item, dict) and item and not listed:
            return sum(leaves(each) for each in item.values())
        return 1

    promoted = sum(1 for part in (parsed.timestamp, parsed.severity_text, parsed.body) if part is not None)
    assert len(parsed.attributes) + promoted == sum(leaves(item) for item in value.values())


@given(st.dictionaries(st.sampled_from(["a", "b", "a.b", ""]), VALUES))
def test_the_quick_way_and_the_general_way_agree(value: Any) -> None:
    try:
        text = orjson.dumps(value)
    except TypeError:
        return  # an integer beyond 64 bits: only the general way
    quick = flatten.flatten_plain(orjson.loads(text), short=False)
    if quick is not None:
        assert quick == flatten.flatten(orjson.loads(text))
