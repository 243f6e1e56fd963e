"""Which number of a date is the day holds for a whole file, and what the file does not say is named as assumed."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from chalicelib.core.formats.day_order import order_in
from chalicelib.core.plan import ObjectHead, ObjectVersion
from chalicelib.core.reading import Reading
from chalicelib.core.records import Record, Reject
from tests.fakes import opener

LAST_MODIFIED = datetime(2026, 11, 1, tzinfo=UTC)


def results(text: str) -> tuple[Reading, list[Record | Reject]]:
    raw = text.encode()
    head = ObjectHead(ObjectVersion("logs", "a.log", "v1", "e"), len(raw), "", LAST_MODIFIED)
    reading = Reading(head, opener(raw, 5000))
    return reading, [each.result for each in reading if isinstance(each.result, Record | Reject)]


def stamps(text: str) -> list[tuple[str | None, str | None]]:
    return [(each.timestamp, each.timestamp_assumed) for each in results(text)[1] if isinstance(each, Record)]


@pytest.mark.parametrize(
    ("dates", "order"),
    [
        (["05/01/2026", "13/01/2026"], "/dmy"),
        (["01/05/2026", "01/13/2026"], "/mdy"),
        (["01-05-2026", "01-13-2026"], "-mdy"),
        (["05.01.2026", "13.01.2026"], ".dmy"),
        (["05/01/2026"], "/mdy?"),
        (["05-01-2026"], "-dmy?"),
        (["05.01.2026"], ".dmy?"),
        (["05/01/2026", "06/01/2026", "07/01/2026"], "/dmy?"),
        (["05-01-2026", "05-02-2026", "05-03-2026"], "-mdy?"),
        (["24/03/26", "25/03/26"], "/dmy?"),
        (["03/24/26", "03/25/26"], "/mdy"),
        (["24/03/14", "24/03/15"], "/ymd?"),
        (["26-09-13", "26-09-14"], "-ymd?"),
        (["13/09/26", "31/09/99"], None),
        (["2026-01-05"], None),
        (["99/99/2026"], None),
    ],
)
def test_the_head_decides(dates: list[str], order: str | None) -> None:
    assert order_in("".join(f"{date} 10:11:12 INFO x\n" for date in dates), LAST_MODIFIED) == order


def test_numbers_that_are_no_dates_decide_nothing() -> None:
    assert order_in("from 10.1.12.7 10:11 a 1/2/3 of 13/01/2026, v1.2.30\n", LAST_MODIFIED) is None


DAYS = [*range(5, 13), *range(13, 20)]


@pytest.mark.parametrize(
    "text",
    [
        "".join(f"{day:02}/01/2026 10:11:12 - POLLER: WARNING: run\n" for day in DAYS),
        "".join(json.dumps({"time": f"{day:02}/01/2026 10:11:12", "msg": "run"}) + "\n" for day in DAYS),
        "time,level,message\n" + "".join(f"{day:02}/01/2026 10:11:12,INFO,run\n" for day in DAYS),
        "date,time,level,message\n" + "".join(f"{day:02}/01/2026,10:11:12,INFO,run\n" for day in DAYS),
        "".join(f"[{day:02}/01/26 10:11:12] ERROR run\n" for day in DAYS),
        "".join(f'time="{day:02}/01/2026 10:11:12" level=info msg=run\n' for day in DAYS),
    ],
    ids=["text", "json", "csv", "csv of two columns", "two digits", "logfmt"],
)
def test_one_order_holds_in_every_kind_of_text(text: str) -> None:
    assert [stamp and stamp[:10] for stamp, _ in stamps(text)] == [f"2026-01-{day:02}" for day in DAYS]


def test_what_fits_both_ways_is_named_as_assumed() -> None:
    assert stamps("05/01/2026 10:11:12 INFO a\n" * 3) == [("2026-05-01T10:11:12Z", "day-month,zone")] * 3
    assert stamps("05/05/2026 10:11:12 INFO a\n" * 3) == [("2026-05-05T10:11:12Z", "zone")] * 3
    assert stamps("05/13/2026 10:11:12 INFO a\n" * 3) == [("2026-05-13T10:11:12Z", "zone")] * 3
    assert stamps("05/01/2026 10:11:12 +0000 INFO a\n" * 3) == [("2026-05-01T10:11:12Z", "day-month")] * 3


def test_a_line_far_behind_the_head_is_read_as_the_head_decided() -> None:
    text = "13/01/2026 10:11:12 INFO a\n" + "05/01/2026 10:11:12 INFO b\n" * 4000
    reading, outcomes = results(text)
    assert reading.plan.date_order == "/dmy"
    assert reading.plan.version == 3
    last = outcomes[-1]
    assert isinstance(last, Record)
    assert last.timestamp == "2026-01-05T10:11:12Z"


def test_a_date_that_is_none_in_the_files_order_is_not_turned_round() -> None:
    text = "13/01/2026 10:11:12 INFO a\n" * 9 + "01/13/2026 10:11:12 INFO b\n"
    outcomes = results(text)[1]
    assert all(isinstance(each, Record) for each in outcomes[:9])
    assert outcomes[9] == Reject("invalid-timestamp")


@pytest.mark.parametrize(
    "lines",
    [
        [f"{day:02}/09/2026 10:11:05 - INFO ok" for day in range(1, 13)],
        [f"INFO {day:02}/09/2026 10:11:05 ok" for day in range(1, 13)],
        [f"[{day:02}/09/2026 10:11:05] INFO ok" for day in range(1, 13)],
        [f"till-{day} shop: {day:02}/09/2026 10:11:05 ok" for day in range(1, 13)],
    ],
)
def test_a_date_in_a_message_decides_nothing(lines: list[str]) -> None:
    due = lines[-1].replace("ok", "licence valid until 12/31/2026 00:00:00")
    assert order_in("\n".join([*lines, due]), LAST_MODIFIED) == "/dmy?"
    assert order_in("\n".join([due, *lines]), LAST_MODIFIED) == "/dmy?"
    each = [line.replace("ok", "invoice due 01/25/2026 10:00:00") for line in lines]
    assert order_in("\n".join(each), LAST_MODIFIED) == "/dmy?"


def test_only_the_member_that_is_the_time_decides() -> None:
    objects = [
        {
            "msg": "due 12/31/2026 00:00:00",
            "until": "12/31/2026 00:00:00",
            "time": f"{day:02}/09/2026 10:11:05",
        }
        for day in range(1, 13)
    ]
    assert order_in("\n".join(map(json.dumps, objects)), LAST_MODIFIED) == "/dmy?"


def test_only_the_column_that_is_the_time_decides() -> None:
    rows = [f"12/31/2026 00:00:00,{day:02}/09/2026 10:11:05,ok\n" for day in range(1, 13)]
    assert order_in("until,time,message\n" + "".join(rows), LAST_MODIFIED) == "/dmy?"


def test_times_that_a_message_does_not_decide_are_marked() -> None:
    lines = "".join(f"{day:02}/09/2026 10:11:05 - INFO ok\n" for day in range(1, 13))
    actual = stamps(lines + "12/09/2026 10:12:00 - INFO licence valid until 12/31/2026 00:00:00\n")
    assert [stamp and stamp[:10] for stamp, _ in actual[:12]] == [f"2026-09-{day:02}" for day in range(1, 13)]
    assert actual[0][1] == "day-month,zone"
