"""Texts that come with marks of their own: behind padding, appended to one another, in sequences, with odd line ends."""

from __future__ import annotations

import json

import pytest

from chalicelib.core.framing import Framing, Kind
from chalicelib.core.framing.cutting import Limits
from tests.faults.reading import Read, assert_every_byte_is_accounted_for, read
from tests.unit.core.test_contexts import in_one_pass

LIMITS = Limits()

MARK = "\ufeff".encode()
LINES = "".join(f"2026-09-14T08:00:{number:02} INFO started part {number}\r\n" for number in range(40))


def event(number: int) -> dict[str, str]:
    return {"time": f"2026-09-14T08:00:{number:02}Z", "level": "info", "message": f"m{number}"}


EVENTS = [event(number) for number in range(40)]
BODIES = [each["message"] for each in EVENTS]


def seen(data: bytes) -> Read:
    actual = read(data)
    assert_every_byte_is_accounted_for(actual)
    return actual


@pytest.mark.parametrize("charset", ["utf-16-le", "utf-16-be", "utf-16", "utf-32-le", "utf-32-be"])
@pytest.mark.parametrize("nuls", [4, 1000, 4096, 20_000])
def test_what_is_behind_padding_tells_the_charset(charset: str, nuls: int) -> None:
    actual = read(b"\0" * nuls + LINES.encode(charset))
    assert actual.charset.startswith(charset)
    assert [each.body for each in actual.records] == [f"started part {number}" for number in range(40)]
    assert actual.rejects == []


@pytest.mark.parametrize("nuls", [1, 3, 1000, 4097])
def test_ascii_behind_padding_is_no_utf_16(nuls: int) -> None:
    assert seen(b"\0" * nuls + LINES.encode()).charset == "utf-8"


@pytest.mark.parametrize("indent", [None, 1])
@pytest.mark.parametrize("between", ["", "\n"])
def test_a_json_text_sequence_is_json(indent: int | None, between: str) -> None:
    actual = seen("".join("\x1e" + json.dumps(each, indent=indent) + between for each in EVENTS).encode())
    assert [each.body for each in actual.records] == BODIES
    assert actual.rejects == []


def test_a_sequence_of_a_known_format_is_of_that() -> None:
    entries = [
        {"__REALTIME_TIMESTAMP": str(1_789_372_800_000_000 + n), "MESSAGE": f"m{n}"} for n in range(40)
    ]
    actual = seen("".join("\x1e" + json.dumps(each) + "\n" for each in entries).encode())
    assert (actual.format, actual.bodies) == ("journald_json", BODIES)


@pytest.mark.parametrize("indent", [None, 1])
def test_a_mark_before_each_appended_text_is_none_of_it(indent: int | None) -> None:
    text = "".join(json.dumps(each, indent=indent) + "\n" for each in EVENTS[:20]).encode()
    actual = seen((MARK + text) * 3)
    assert actual.bodies == BODIES[:20] * 3
    assert actual.rejects == []
    page = json.dumps({"items": EVENTS}, indent=indent).encode() + b"\n"
    actual = seen((MARK + page) * 3)
    assert actual.bodies == BODIES * 3
    assert actual.rejects == []


@pytest.mark.parametrize("size", [1, 2, 3, 5, 1000])
def test_where_a_mark_is_does_not_depend_on_blocks(size: int) -> None:
    text = (b'\xef\xbb\xbf{"r":[{"a":1}]}\n' * 3) + b"\xef\xbb\xbf[1]\xef\xbb"
    framing = Framing(kind=Kind.JSON, member="r")
    assert in_one_pass(text, [size], framing, LIMITS) == in_one_pass(text, [len(text)], framing, LIMITS)


def test_two_carriage_returns_end_a_line() -> None:
    actual = seen(LINES.replace("\r", "\r\r").encode())
    assert [each.body for each in actual.records] == [f"started part {number}" for number in range(40)]


HEADER = "time,level,message\n"
ROWS = "".join(f"2026-09-14T08:00:{number:02}Z,INFO,m{number}\n" for number in range(40))


def test_blanks_behind_the_commas_of_a_table_are_none_of_its_fields() -> None:
    rows = "".join(f'2026-09-14T08:00:{n:02}Z, INFO, "m{n}, said ""no"""\n' for n in range(40))
    actual = seen(("time, level, message\n" + rows + "2026-09-14T08:00:00Z, INFO, plain\n").encode())
    assert actual.format == "csv"
    assert actual.bodies == [*(f'm{n}, said "no"' for n in range(40)), "plain"]
    assert {each.severity_text for each in actual.records} == {"INFO"}


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("2026-09-14T08:00:00Z,INFO", "short-row:message"),
        ("2026-09-14T08:00:00Z,INFO,a,b,c", "long-row:column_4"),
        ("2026-09-14T08:00:00Z", "short-row:level"),
    ],
)
def test_a_row_of_too_few_or_many_fields_is_a_reject(row: str, reason: str) -> None:
    actual = seen((HEADER + ROWS + row + "\n" + ROWS).encode())
    assert actual.rejects == [reason]
    assert len(actual.records) == 80


def test_a_header_of_the_same_columns_in_another_order_holds_for_the_rows_below_it() -> None:
    others = "".join(f"INFO,o{number},2026-09-14T08:00:{number:02}Z\n" for number in range(40))
    actual = seen((HEADER + ROWS + "level,message,time\n" + others + HEADER + ROWS).encode())
    assert actual.bodies == BODIES + [f"o{number}" for number in range(40)] + BODIES
    assert all(each.timestamp and not each.attributes for each in actual.records)


@pytest.mark.parametrize("charset", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be", "utf-8"])
@pytest.mark.parametrize("nuls", [100, 600, 4096, 20_000])
@pytest.mark.parametrize("before", [1, 10, 40])
def test_a_hole_does_not_hide_the_charset_of_what_is_around_it(charset: str, nuls: int, before: int) -> None:
    head = "".join(LINES.splitlines(keepends=True)[:before])
    actual = seen(head.encode(charset) + b"\0" * nuls + LINES.encode(charset))
    assert actual.charset == charset
    bodies = [f"started part {number}" for number in range(40)]
    assert [each.body for each in actual.records] == bodies[:before] + bodies
    assert actual.rejects == []


CUT = {
    "2026-09-14T08:00:{:02}Z INFO hello {}\n": "2026-09-14T08:00:50",
    "2026-09-14 08:00:{:02},123 INFO  [main] a.b.Shop - hello {}\n": "2026-09-14 08:00:5",
    "[2026/09/14 08:00:{:02}] ERROR: hello {}\n": "[2026/09/14 08:00:5",
    "INFO  2026-09-14 08:00:{:02} hello {}\n": "INFO  2026-09-14 08:00:5",
    "14-Sep-2026 08:00:{:02} INFO hello {}\n": "14-Sep-2026 08:00:5",
    "14.09.2026 08:00:{:02} INFO hello {}\n": "14.09.2026 08:00:5",
}


@pytest.mark.parametrize("line", CUT)
@pytest.mark.parametrize("charset", ["utf-8", "utf-16-le"])
def test_a_last_line_cut_in_its_time_is_no_part_of_the_record_before(line: str, charset: str) -> None:
    whole = "".join(line.format(number, number) for number in range(50))
    time = CUT[line]
    for end in range(time.index("2026") + (4 if time.startswith("14") else 6), len(time)):
        actual = seen((whole + time[:end]).encode(charset))
        assert [each.body for each in actual.records[:50]] == [f"hello {number}" for number in range(50)]
        assert len(actual.records) + len(actual.rejects) == 51


def test_a_last_line_with_its_end_or_with_other_text_stays_of_the_record_before() -> None:
    whole = "".join(f"2026-09-14T08:00:{number:02}Z INFO hello {number}\n" for number in range(50))
    for last in ("2026-09-14T08:0\n", "  2026-09-14", "from 2026-09-14", "2026", "10.10.20.5", "1.5"):
        actual = seen((whole + last).encode())
        assert len(actual.records) == 50
        assert actual.records[-1].body == f"hello 49\n{last}".rstrip("\n")
