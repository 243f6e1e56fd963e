"""Text of mainframes: recoded where its character set is said, else named, never shown as if it were text of another."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from chalicelib.core.plan import ObjectHead, ObjectVersion
from chalicelib.core.reading import Reading
from chalicelib.core.records import Record
from tests.fakes import opener

LINES = [f"2026-03-01 10:00:{n:02} INFO order {n} (Überraschung) accepted" for n in range(20)]


def reading(data: bytes, charset: str | None = None) -> Reading:
    head = ObjectHead(
        ObjectVersion("logs", "a.log", "v1", "e"), len(data), "", datetime(2026, 11, 1, tzinfo=UTC)
    )
    return Reading(head, opener(data, 1000), charset=charset)


@pytest.mark.parametrize("charset", ["cp037", "cp500", "cp273", "cp1140"])
@pytest.mark.parametrize("end", [b"\x15", b"\x25", b"\x0d\x25"])
def test_lines_of_a_mainframe_are_read_where_their_character_set_is_said(charset: str, end: bytes) -> None:
    data = b"".join(line.encode(charset) + end for line in LINES)
    results = [outcome.result for outcome in reading(data, charset)]
    assert all(isinstance(result, Record) for result in results)
    assert [result.body for result in results if isinstance(result, Record)] == [line[25:] for line in LINES]


@pytest.mark.parametrize("charset", ["cp037", "cp500", "cp273"])
@pytest.mark.parametrize("end", [b"\x15", b"\x25", b"\x0d\x25", b""])
def test_what_nobody_says_is_ebcdic_is_no_text_and_named(charset: str, end: bytes) -> None:
    failure = reading(b"".join(line.encode(charset) + end for line in LINES)).plan.failure
    assert failure is not None
    assert failure.startswith("not text: it looks like EBCDIC; name its character set, such as cp037")


@pytest.mark.parametrize(
    "charset", ["latin-1", "cp1251", "koi8-r", "shift_jis", "gb18030", "iso8859-7", "utf-8"]
)
def test_other_text_is_not_taken_for_ebcdic(charset: str) -> None:
    texts = {"cp1251": "Привет мир, ошибка 500", "koi8-r": "Привет мир, ошибка 500", "shift_jis": "エラー 発生 500", "gb18030": "错误 500 发生",
            "iso8859-7": "Σφάλμα στον διακομιστή 500"}.get(charset, "Überraschung @ Straße @@@ ###")  # fmt: skip
    data = "".join(f"2026-03-01 10:00:{n:02} INFO {texts * 3}\n" for n in range(20)).encode(charset)
    assert reading(data).plan.failure is None
