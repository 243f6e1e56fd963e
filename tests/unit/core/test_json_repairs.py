"""A damaged spot in JSON costs the entry that it is in, and what follows is entries again, in one long line too."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.core.formats.registry import all_formats
from chalicelib.core.framing import Framing, Kind, framing_fields, framing_of
from chalicelib.core.framing.cutting import Limits
from chalicelib.core.records import Record
from tests.faults.reading import Read, assert_every_byte_is_accounted_for, read
from tests.linear import assert_linear
from tests.unit.core.test_contexts import in_one_pass, values

COUNT, BROKEN = 12, 4
LIMITS = Limits()
Event = Callable[[int], dict[str, Any]]


def trail(number: int) -> dict[str, Any]:
    return {
        "eventVersion": "1.08",
        "userIdentity": {"type": "IAMUser", "sessionContext": {"attributes": {"mfa": "false"}}},
        "eventTime": f"2026-09-14T08:00:{number:02}Z",
        "eventSource": "s3.amazonaws.com",
        "eventName": f"KEY{number}K",
        "awsRegion": "eu-central-1",
        "requestParameters": {"key": 'a "q", },{"eventVersion":1 {"x":[1]}'},
        "resources": [{"accountId": "1", "ARN": "arn:a"}, {"accountId": "2", "ARN": "arn:b"}],
    }


def alert(number: int) -> dict[str, Any]:
    return {
        "id": f"e{number}",
        "timestamp": f"2026-09-14T08:00:{number:02}Z",
        "tags": [{"id": "x", "v": 1}, {"id": "y", "v": [2]}],
        "message": f"KEY{number}K a{{b}}c",
        "severity": "ERROR",
    }


def compact(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"))


WRAPS: dict[str, Callable[[list[str]], str]] = {
    "member": lambda events: '{"Records":[' + ",".join(events) + "]}",
    "spaced member": lambda events: '{"v": 1, "Records": [' + ", ".join(events) + "]}\n",
    "array": lambda events: "[" + ",".join(events) + "]",
    "run together": "".join,
    "lines": lambda events: "[\n" + ",\n".join(events) + "\n]\n",
}


def without(seen: Read) -> set[int]:
    """The events of which there is no record of their own."""
    raws = [one.raw for one in seen.outcomes if isinstance(one.result, Record) and one.raw.count(b"KEY") == 1]
    return {number for number in range(COUNT) if not any(b"KEY%dK" % number in raw for raw in raws)}


def damaged(event: str) -> Iterator[str]:
    """An event without one of its marks of structure, or with one more byte somewhere."""
    marks = [place for place, byte in enumerate(event) if byte in '"{}[]:,']
    for place in marks[::7]:
        yield event[:place] + event[place + 1 :]
    for number, place in enumerate(range(1, event.index("KEY"), max(1, len(event) // 12))):
        yield (
            event[:place]
            + ['"', "{", "}", "[", "]", "\n", "\x01", "\\", "\0" * 4, "\0" * 700][number % 10]
            + event[place:]
        )


@pytest.mark.parametrize("form", [compact, json.dumps], ids=["compact", "spaced"])
@pytest.mark.parametrize("event", [trail, alert])
@pytest.mark.parametrize("wrap", WRAPS)
def test_one_damaged_element_costs_no_other(wrap: str, event: Event, form: Callable[[Any], str]) -> None:
    events = [form(event(number)) for number in range(COUNT)]
    assert without(read(WRAPS[wrap](events).encode())) == set()
    for broken in damaged(events[BROKEN]):
        data = WRAPS[wrap]([*events[:BROKEN], broken, *events[BROKEN + 1 :]]).encode()
        seen = read(data, piece_bytes=700)
        assert_every_byte_is_accounted_for(seen)
        assert without(seen) <= {BROKEN}, broken
        assert seen.rejects or without(seen) == set(), broken


@pytest.mark.parametrize("between", ["", "\n"])
@pytest.mark.parametrize("event", [trail, alert])
@pytest.mark.parametrize("form", [compact, json.dumps], ids=["compact", "spaced"])
def test_the_elements_behind_a_file_that_was_cut_off_are_entries(
    event: Event, form: Callable[[Any], str], between: str
) -> None:
    events = [form(event(number)) for number in range(COUNT)]
    first = WRAPS["member"](events[:6])
    for cut in range(first.index(",") + 9, len(first), len(first) // 20):
        seen = read((first[:cut] + between + WRAPS["member"](events[6:])).encode())
        assert_every_byte_is_accounted_for(seen)
        whole = sum(each in first[:cut] for each in events[:6])
        assert without(seen) == set(range(whole, 6)), first[:cut]


@pytest.mark.parametrize("size", [4, 900, 300_000])
@pytest.mark.parametrize("wrap", WRAPS)
def test_padding_within_a_value_is_padding(wrap: str, size: int) -> None:
    events = [compact(trail(number)) for number in range(COUNT)]
    cut = events[BROKEN][:150] + "\0" * size
    for broken in (cut, cut + events[BROKEN][170:]):
        data = WRAPS[wrap]([*events[:BROKEN], broken, *events[BROKEN + 1 :]]).encode()
        seen = read(data)
        assert_every_byte_is_accounted_for(seen)
        assert without(seen) == {BROKEN}
        tally = seen.account.summary.counts.skipped["padding"]
        assert size <= tally.bytes <= size + 2


def objects() -> Iterator[tuple[str, str]]:
    """Of each format of objects a sample in one line."""
    for each in all_formats():
        if each.framing.kind is Kind.JSON and each.name != "json_values":
            with suppress(json.JSONDecodeError):
                if isinstance(sample := json.loads(each.samples[0]), dict):
                    yield each.name, compact(sample)


@pytest.mark.parametrize(("name", "line"), list(objects()))
def test_one_cut_line_does_not_change_what_a_file_is_taken_for(name: str, line: str) -> None:
    whole = read((line + "\n").encode() * 30)
    assert whole.format == name
    for place, cut in ((0, len(line) // 3), (0, len(line) * 2 // 3), (11, len(line) // 2)):
        lines = [line] * 30
        lines.insert(place, line[:cut])
        seen = read(("\n".join(lines) + "\n").encode())
        assert_every_byte_is_accounted_for(seen)
        assert seen.format == name
        assert len(seen.records) >= len(whole.records) - 1
        assert len(seen.rejects) <= 1


def test_one_cut_line_of_arrays_costs_no_other() -> None:
    line = compact([{"time": "2026-09-14T08:00:00Z", "level": "warn", "msg": text} for text in "ab"])
    for cut in (3, 20, 58, 59, 70, len(line) - 1):
        seen = read("\n".join([line] * 5 + [line[:cut]] + [line] * 25).encode())
        assert_every_byte_is_accounted_for(seen)
        assert seen.bodies.count("a") >= 30
        assert seen.bodies.count("b") >= 30


@given(st.lists(st.text('"{}[]:,a\\n'), min_size=1, max_size=6))
def test_no_text_in_a_string_splits_an_element(texts: list[str]) -> None:
    elements = [compact({"a": text, "b": [{"a": text}], text: {"a": 1}}) for text in texts]
    framing = Framing(kind=Kind.JSON, member="a", uniform=True)
    batches = in_one_pass(("[" + ",".join(elements) + "]").encode(), [3], framing, LIMITS)
    assert [cut for batch in batches for cut in batch.cuts or () if cut > 1] == [
        len(each) for each in elements
    ]


def test_what_a_nested_list_begins_with_is_no_boundary() -> None:
    text = b'[{"a":1,"l":[{"a":2},{"a":3}]},{"a":4,"l":[{"a":5},{"a":6}],"m":"x,"n":7},{"a":8}]'
    assert [raw for raw, gap in values(text) if not gap] == [
        b'{"a":1,"l":[{"a":2},{"a":3}]}',
        b'{"a":4,"l":[{"a":5},{"a":6}],"m":"x,"n":7}',
        b'{"a":8}',
    ]


def test_what_was_opened_by_earlier_code_is_cut_as_before() -> None:
    framing = Framing(kind=Kind.JSON, member="r", rules=2)
    assert framing_of(framing_fields(framing)) == framing
    text = b'{"r":[{"a":"x,"b":1},{"a":2}]}\n{"r":[]}\n'
    (batch,) = in_one_pass(text, [1000], framing, LIMITS)
    assert batch.cuts == (-6, 25, 9) or len(batch.cuts or ()) < 5


@pytest.mark.parametrize(
    "scrap", [b'{"a":"x,"b":[{"a":1},', b'"{"', b'{"a":{', b"}{", b"\0\0\0{", b'"} x{"a":1']
)
def test_damage_over_and_over_takes_linear_time(scrap: bytes) -> None:
    def run(size: int) -> None:
        text = b'[{"a":1},' + scrap * (size // len(scrap)) + b"]"
        in_one_pass(text, [4096], Framing(kind=Kind.JSON, member="r", uniform=True), LIMITS)

    assert_linear(run, 24_000)


@pytest.mark.parametrize("extra", ["}", "]", "}]", "}}", "},", "]}"])
@pytest.mark.parametrize(
    "text",
    [
        "[{0},{1}X,{2}]\n",
        "[\n{0},\n{1}\nX\n,{2}\n]\n",
        "[{0},{1},{2}]X\n",
        '{"items":[{0},{1}X,{2}]}\n',
        '{"items":[{0},{1},{2}]}X\n',
        "{0}\n{1}\nX\n{2}\n",
    ],
)
def test_a_bracket_too_many_is_a_reject_and_costs_no_element(text: str, extra: str) -> None:
    for number in range(3):
        text = text.replace(f"{{{number}}}", ",".join(compact(alert(3 * number + each)) for each in range(3)))
    text = text.replace("X", extra)
    seen = read(text.encode())
    assert_every_byte_is_accounted_for(seen)
    assert len(seen.records) == 9
    assert all(each.timestamp for each in seen.records)
    assert set(seen.rejects) == {"invalid-json"}


EMPTY = ("[]", "{}", "[{}]", "[[]]")


@given(
    st.lists(st.sampled_from([*EMPTY, *(each * 20 for each in EMPTY), '{"a":1}', "[1]"]), max_size=8),
    st.sampled_from(["", ",", " ", "\n", ", " * 9]),
    st.sampled_from(["V", "[V]", '{"r":[V]}', '[{"a":1},V,{"a":2}]']),
    st.lists(st.integers(1, 40), min_size=1, max_size=4),
)
def test_where_runs_of_empty_values_end_does_not_depend_on_blocks(
    parts: list[str], between: str, wrap: str, sizes: list[int]
) -> None:
    text = wrap.replace("V", between.join(parts)).encode()
    framing = Framing(kind=Kind.JSON, member="r")
    whole = in_one_pass(text, [len(text) + 1], framing, LIMITS)
    assert in_one_pass(text, sizes, framing, LIMITS) == whole
    assert sum(abs(cut) for batch in whole for cut in batch.cuts or ()) == len(text)


@pytest.mark.parametrize("value", EMPTY)
@pytest.mark.parametrize("wrap", ["V", "[V]"])
def test_a_long_run_of_values_that_hold_nothing_is_few_pieces(value: str, wrap: str) -> None:
    events = ",".join(compact(alert(number)) for number in range(10))
    run = ",".join([value] * 20_000)
    seen = read(wrap.replace("V", f"{events},{run},{events}").encode())
    assert_every_byte_is_accounted_for(seen)
    assert len(seen.records) == 20
    assert seen.rejects == []
    assert len(seen.outcomes) < 200
