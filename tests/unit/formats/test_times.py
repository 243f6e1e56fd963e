"""Times: every shape to UTC, as precise as the source, and never an exception."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.core.formats import dates
from chalicelib.core.formats.times import Times


@pytest.fixture
def times() -> Times:
    return Times(datetime(2024, 6, 1, 12, tzinfo=UTC))


@pytest.mark.parametrize(
    ("text", "stamp"),
    [
        ("2021-01-01T00:00:00Z", "2021-01-01T00:00:00Z"),
        ("2021-01-01T00:00:00.123Z", "2021-01-01T00:00:00.123Z"),
        ("2021-01-01T00:00:00.120Z", "2021-01-01T00:00:00.120Z"),
        ("2021-01-01T00:00:00.123456789Z", "2021-01-01T00:00:00.123456789Z"),
        ("2021-01-01T00:00:00+02:00", "2020-12-31T22:00:00Z"),
        ("2021-01-01T00:00:00.5-0330", "2021-01-01T03:30:00.5Z"),
        ("2021-01-01 00:00:00,007 +01", "2020-12-31T23:00:00.007Z"),
        ("2021-01-01 00:00:00 UTC", "2021-01-01T00:00:00Z"),
        ("2021-01-01 00:00:00 PDT", "2021-01-01T07:00:00Z"),
        ("20210101T000000Z", "2021-01-01T00:00:00Z"),
        ("14/Mar/2024:09:26:53 +0100", "2024-03-14T08:26:53Z"),
        ("Thu, 14 Mar 2024 09:26:53 GMT", "2024-03-14T09:26:53Z"),
        ("Thu Mar 14 09:26:53 2024 UTC", "2024-03-14T09:26:53Z"),
        ("2016-12-31T23:59:60Z", "2017-01-01T00:00:00Z"),
        ("2016-12-31T23:59:60.250Z", "2017-01-01T00:00:00.250Z"),
        ("2024-02-29T00:00:00Z", "2024-02-29T00:00:00Z"),
    ],
)
def test_a_time_with_its_zone_assumes_nothing(times: Times, text: str, stamp: str) -> None:
    assert times.of_text(text) == (stamp, None)


@pytest.mark.parametrize(
    ("text", "stamp"),
    [
        ("2021-01-01T00:00:00", "2021-01-01T00:00:00Z"),
        ("2021/01/01 00:00:00.25", "2021-01-01T00:00:00.25Z"),
        ("2021.01.01 00:00:00", "2021-01-01T00:00:00Z"),
        ("21/01/02 03:04:05", "2021-01-02T03:04:05Z"),
        ("70/01/02 03:04:05", "1970-01-02T03:04:05Z"),
        ("Thu Mar 14 09:26:53.123456 2024", "2024-03-14T09:26:53.123456Z"),
        ("06-Feb-2024 10:32:43.895", "2024-02-06T10:32:43.895Z"),
        ("Mar 14 2024 09:26:53", "2024-03-14T09:26:53Z"),
    ],
)
def test_a_missing_zone_is_utc_and_said_to_be_assumed(times: Times, text: str, stamp: str) -> None:
    assert times.of_text(text) == (stamp, "zone")


@pytest.mark.parametrize(
    ("text", "stamp"),
    [
        ("3/14/2024 9:26:53 AM", "2024-03-14T09:26:53Z"),
        ("12/03/2024 12:00:00 AM", "2024-12-03T00:00:00Z"),
        ("12/03/2024 12:30:00 pm", "2024-12-03T12:30:00Z"),
        ("3/4/2024 1:02:03 P.M.", "2024-03-04T13:02:03Z"),
        ("Mar 14, 2024 9:26:53\u202fPM", "2024-03-14T21:26:53Z"),
        ("3/4/2024 13:02:03 PM", "2024-03-04T13:02:03Z"),
        ("03/04/2024 09:26:53", "2024-03-04T09:26:53Z"),
        ("14/03/2024 09:26:53", "2024-03-14T09:26:53Z"),
        ("03-04-2024 09:26:53", "2024-04-03T09:26:53Z"),
        ("03-14-2024 09:26:53", "2024-03-14T09:26:53Z"),
        ("29-05-2019 18:32:32,545", "2019-05-29T18:32:32.545Z"),
        ("04.03.2024 09:26:53.5", "2024-03-04T09:26:53.5Z"),
        ("04.03.24 09:26:53", "2024-03-04T09:26:53Z"),
        ("24/03/14 09:26:53", "2024-03-14T09:26:53Z"),
        ("03/14/24 09:26:53.123456", "2024-03-14T09:26:53.123456Z"),
        ("03/05/24 09:26:53", "2024-03-05T09:26:53Z"),
        ("14/03/32 09:26:53", "2032-03-14T09:26:53Z"),
        ("03/05/24, 9:26 PM", "2024-03-05T21:26:00Z"),
    ],
)
def test_the_place_of_a_number_and_the_half_of_the_day_tell_what_it_is(
    times: Times, text: str, stamp: str
) -> None:
    assert times.of_text(text) == (stamp, "zone")


@pytest.mark.parametrize(
    ("text", "stamp"),
    [
        ("March 14, 2024 09:26:53", "2024-03-14T09:26:53Z"),
        ("14 march 2024 09:26:53", "2024-03-14T09:26:53Z"),
        ("14 MAR 2024 09:26:53", "2024-03-14T09:26:53Z"),
        ("14 Sept. 2024 09:26:53", "2024-09-14T09:26:53Z"),
        ("14-Mar-24 09:26:53", "2024-03-14T09:26:53Z"),
        ("14-Mar-2024::09:26:53", "2024-03-14T09:26:53Z"),
        ("2024-Mar-14 09:26:53.123456", "2024-03-14T09:26:53.123456Z"),
        ("2024 Mar 14 09:26:53", "2024-03-14T09:26:53Z"),
        ("Thursday, March 14, 2024 at 09:26", "2024-03-14T09:26:00Z"),
        ("240314 09:26:53", "2024-03-14T09:26:53Z"),
        ("240314  9:26:53", "2024-03-14T09:26:53Z"),
        ("240314 092653", "2024-03-14T09:26:53Z"),
        ("20240314-09:26:53:123", "2024-03-14T09:26:53.123Z"),
        ("2024-03-14-09.26.53.123456", "2024-03-14T09:26:53.123456Z"),
        ("2024-03-14  9:26:53", "2024-03-14T09:26:53Z"),
        ("2024.03.14:09:26:53", "2024-03-14T09:26:53Z"),
        ("2024/3/4 9:6:3", "2024-03-04T09:06:03Z"),
        ("2024-03-14 09:26:53 America/Nowhere", "2024-03-14T09:26:53Z"),
        ("2024-03-14 09:26:53 America/Argentina", "2024-03-14T09:26:53Z"),
        ("2024-W11-4 09:26:53", "2024-03-14T09:26:53Z"),
        ("2024-074T09:26:53", "2024-03-14T09:26:53Z"),
        ("2024-366T09:26:53", "2024-12-31T09:26:53Z"),
    ],
)
def test_names_of_months_and_other_separators(times: Times, text: str, stamp: str) -> None:
    assert times.of_text(text) == (stamp, "zone")


@pytest.mark.parametrize(
    ("text", "stamp"),
    [
        ("2024-03-14 09:26:53 CEST", "2024-03-14T07:26:53Z"),
        ("2024-03-14 09:26:53 JST", "2024-03-14T00:26:53Z"),
        ("2024-03-14 09:26:53 UTC+5:30", "2024-03-14T03:56:53Z"),
        ("2024-03-14 09:26:53 GMT-3", "2024-03-14T12:26:53Z"),
        ("2024-03-14T09:26:53.5+01:00[Europe/Paris]", "2024-03-14T08:26:53.5Z"),
        ("Thu Mar 14 2024 09:26:53 GMT+0100 (Central European Standard Time)", "2024-03-14T08:26:53Z"),
        ("Thu Mar 14 09:26:53 CET 2024", "2024-03-14T08:26:53Z"),
        ("Thursday, 14-Mar-24 09:26:53 GMT", "2024-03-14T09:26:53Z"),
        ("12/17/22, 10:31:33 PM MST", "2022-12-18T05:31:33Z"),
        ("14/Mar/2024:09:26:53.123 +0100", "2024-03-14T08:26:53.123Z"),
        ("2024-03-14T09:26Z", "2024-03-14T09:26:00Z"),
        ("2024-03-14 09:26:53 Europe/Berlin", "2024-03-14T08:26:53Z"),
        ("2024-07-14 09:26:53.5 Europe/Berlin", "2024-07-14T07:26:53.5Z"),
        ("14-Mar-2024 09:26:53 America/Argentina/ComodRivadavia", "2024-03-14T12:26:53Z"),
        ("2024-03-14 09:26:53 Etc/GMT+5", "2024-03-14T14:26:53Z"),
        ("2024-10-27 02:30:00 Europe/Berlin", "2024-10-27T00:30:00Z"),
        ("2024-03-31 02:30:00 Europe/Berlin", "2024-03-31T01:30:00Z"),
        ("2024-03-14T09:26:53.1234567890123+05:30", "2024-03-14T03:56:53.123456789Z"),
        ("2024-03-14T09:26:53.1234567890123Z", "2024-03-14T09:26:53.123456789Z"),
    ],
)
def test_a_zone_may_be_a_name_or_an_offset_from_one(times: Times, text: str, stamp: str) -> None:
    assert times.of_text(text) == (stamp, None)


@pytest.mark.parametrize(("zone", "hour"), [("BST", "08:26"), ("IST", "03:56")])
def test_an_ambiguous_zone_is_taken_for_the_usual_one_and_said_to_be_assumed(
    times: Times, zone: str, hour: str
) -> None:
    assert times.of_text(f"2024-03-14 09:26:53 {zone}") == (f"2024-03-14T{hour}:53Z", "zone")


@pytest.mark.parametrize(
    ("text", "stamp"),
    [
        ("0314 09:26:53.123456", "2024-03-14T09:26:53.123456Z"),
        ("03-14 09:26:53.123", "2024-03-14T09:26:53.123Z"),
        ("03.14 09:26:53", "2024-03-14T09:26:53Z"),
        ("14/03 09:26:53", "2024-03-14T09:26:53Z"),
        ("14 Mar 09:26:53.123", "2024-03-14T09:26:53.123Z"),
        ("1231 23:59:59", "2023-12-31T23:59:59Z"),
        ("12-31 23:59:59", "2023-12-31T23:59:59Z"),
        ("31 Dec 23:59:59", "2023-12-31T23:59:59Z"),
    ],
)
def test_numbers_and_day_first_shapes_without_a_year_assume_it(times: Times, text: str, stamp: str) -> None:
    assert times.of_text(text) == (stamp, "year,zone")


def test_a_time_is_the_same_whatever_was_converted_before(times: Times) -> None:
    texts = [
        f"{date}{mark}{clock}{fraction}{zone}"
        for date in (
            "2024-03-14",
            "14/Mar/2024",
            "3/14/2024",
            "14 Mar",
            "240314",
            "2024.03.14",
            "Mar 14, 2024",
        )
        for mark in (" ", ":", "T", "  ")
        for clock in ("09:26:53", "9:26:53", "09:26", "10.26.53", "24:00:00", "09:26:60")
        for fraction in ("", ".5", ",123", ":123", ":12", ".1.2")
        for zone in ("", " PM", "Z", " +0100", " UTC+1", " BST")
    ]
    for text in texts:
        times.of_text(text)
    for text in texts:
        assert times.of_text(text) == Times(datetime(2024, 6, 1, 12, tzinfo=UTC)).of_text(text), text


@pytest.mark.parametrize(
    ("last_modified", "text", "stamp"),
    [
        (datetime(2024, 6, 1, 12, tzinfo=UTC), "Mar 14 09:26:53", "2024-03-14T09:26:53Z"),
        (datetime(2024, 1, 2, tzinfo=UTC), "Dec 31 23:59:59", "2023-12-31T23:59:59Z"),
        (datetime(2024, 6, 1, 12, tzinfo=UTC), "Jun  2 12:00:00", "2024-06-02T12:00:00Z"),
        (datetime(2024, 6, 1, 12, tzinfo=UTC), "Jun  2 12:00:01", "2023-06-02T12:00:01Z"),
        (datetime(2023, 12, 31, 12, tzinfo=UTC), "Jan  1 11:00:00", "2024-01-01T11:00:00Z"),
        (datetime(2023, 6, 1, tzinfo=UTC), "Feb 29 00:00:00", "2020-02-29T00:00:00Z"),
        (datetime(1903, 6, 1, tzinfo=UTC), "Feb 29 00:00:00", "1896-02-29T00:00:00Z"),
    ],
)
def test_a_missing_year_is_the_latest_that_is_not_after_last_modified_plus_a_day(
    last_modified: datetime, text: str, stamp: str
) -> None:
    assert Times(last_modified).of_text(text) == (stamp, "year,zone")


def test_a_place_whose_clocks_change_within_an_hour_is_not_taken_for_one_that_was_converted_before(
    times: Times,
) -> None:
    before, after = "2000-10-29 00:00:30 America/St_Johns", "2000-10-29 00:01:30 America/St_Johns"
    assert times.of_text(before) == ("2000-10-29T02:30:30Z", None)
    assert times.of_text(after) == ("2000-10-29T03:31:30Z", None)


def test_a_year_that_a_place_does_not_say_is_the_latest_in_that_place(times: Times) -> None:
    assert times.of_text("Jun  2 14:00:00 Europe/Berlin") == ("2024-06-02T12:00:00Z", "year")
    assert times.of_text("Jun  2 14:00:01 Europe/Berlin") == ("2023-06-02T12:00:01Z", "year")


def test_only_the_year_is_assumed_where_there_is_a_zone(times: Times) -> None:
    assert times.of_text("Mar 14 09:26:53.5 +0100") == ("2024-03-14T08:26:53.5Z", "year")


@pytest.mark.parametrize(
    "text",
    [
        "", "x", "2021-01-01", "12:00:00", "2021-02-30T00:00:00Z", "2021-13-01T00:00:00Z", "2021-01-01T24:00:00Z",
        "2021-01-01T00:60:00Z", "2021-01-01T00:00:61Z", "2021-01-01T00:00:00+25:00", "0001-01-01T00:00:00+01:00",
        "9999-12-31T23:59:60Z", "Feb 30 00:00:00", "Foo 14 09:26:53", "2021-01-01T00:00:00 XYZ", "٢٠٢١-01-01T00:00:00Z",
        "2021-01-01T00:00:00.٣Z", "2021-01-01T00:00:00.²Z", "13/13/2024 00:00:00", "3/14/2024 13:26:53 AM",
        "0000-01-01T00:00:00Z", "2023-366T00:00:00Z", "2024-000T00:00:00Z", "2024-W54-1T00:00:00Z", "32/01/2024 00:00:00",
        "2021-01-01T00:00:00.1.2Z", "2021-01-01 00:00:00 UTC+25", "14 Mar 09:26", "2024 03 14", "14 Foo 2024 00:00:00",
        "0229 25:00:00", "241301 00:00:00", "99:26:53 99/99/99", "2021-01-01 00:00:00[UTC]",
    ],
)  # fmt: skip
def test_what_is_no_existing_time_is_none(times: Times, text: str) -> None:
    assert times.of_text(text) is None


@pytest.mark.parametrize(
    ("number", "stamp"),
    [
        (1710404813, "2024-03-14T08:26:53Z"),
        (1710404813.25, "2024-03-14T08:26:53.25Z"),
        (1710404813123, "2024-03-14T08:26:53.123Z"),
        (1710404813123.5, "2024-03-14T08:26:53.1235Z"),
        (1710404813123456, "2024-03-14T08:26:53.123456Z"),
        (1710404813123456789, "2024-03-14T08:26:53.123456789Z"),
        ("1710404813123456.7890123", "2024-03-14T08:26:53.123456789Z"),
        ("1710404813", "2024-03-14T08:26:53Z"),
        ("1710404813.000", "2024-03-14T08:26:53.000Z"),
        (100_000_000, "1973-03-03T09:46:40Z"),
    ],
)
def test_the_unit_of_an_epoch_number_follows_from_its_magnitude(
    times: Times, number: Any, stamp: str
) -> None:
    assert times.of_number(number) == (stamp, None)


@pytest.mark.parametrize(
    "number",
    [
        0,
        -1,
        12,
        99_999_999,
        10**20,
        10**20 - 1,
        "9" * 20,
        10**400,
        float("nan"),
        float("inf"),
        -1e10,
        "12",
        "",
        "1e9",
        "9" * 5000,
    ],
)
def test_a_number_that_is_more_likely_something_else_is_none(times: Times, number: Any) -> None:
    assert times.of_number(number) is None


@given(st.datetimes(min_value=datetime(1, 1, 3), max_value=datetime(9999, 12, 29)), st.integers(-1439, 1439))  # noqa: DTZ001
def test_any_moment_in_any_offset_comes_back_as_the_same_moment(moment: datetime, minutes: int) -> None:
    sign = "-" if minutes < 0 else "+"
    text = (
        f"{moment.isoformat(timespec='microseconds')}{sign}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}"
    )
    known = Times(datetime(2024, 6, 1, tzinfo=UTC)).of_text(text)
    assert known is not None
    stamp, assumed = known
    assert assumed is None
    assert datetime.fromisoformat(stamp) == datetime.fromisoformat(text)


@given(st.text(max_size=80), st.one_of(st.floats(), st.integers()))
def test_no_text_and_no_number_raises(text: str, number: Any) -> None:
    times = Times(datetime(2024, 6, 1, tzinfo=UTC))
    times.of_text(text)
    times.of_number(text)
    times.of_number(number)
    times.of_parts(text, "1", "Z")


@pytest.mark.parametrize(
    "last_modified", [datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)]
)
def test_the_edges_of_the_calendar_do_not_raise(last_modified: datetime) -> None:
    times = Times(last_modified)
    times.of_text("Feb 29 00:00:00")
    times.of_text("Dec 31 23:59:60")


@pytest.mark.parametrize(
    ("number", "stamp"),
    [
        (20260914080005, ("2026-09-14T08:00:05Z", "zone")),
        (20260914080005123, ("2026-09-14T08:00:05.123Z", "zone")),
        ("20260914080005123", ("2026-09-14T08:00:05.123Z", "zone")),
        (1789372805000, ("2026-09-14T08:00:05.000Z", None)),
        (1789372805000000, ("2026-09-14T08:00:05.000000Z", None)),
    ],
)
def test_a_number_of_the_digits_of_a_date_is_that_date(number: int | str, stamp: object) -> None:
    assert Times(datetime(2026, 11, 1, tzinfo=UTC)).of_value(number) == stamp
    assert Times(datetime(2026, 11, 1, tzinfo=UTC)).of_moment(number, past=True) == stamp


def test_a_number_that_is_no_date_counts_from_1970() -> None:
    assert Times(datetime(2026, 11, 1, tzinfo=UTC)).of_value(20261914080005) == (
        "2612-01-28T21:28:00.005Z",
        None,
    )


def test_a_date_is_matched_in_two_steps_as_it_would_be_in_one() -> None:
    """A shape and what may stand behind it are compared one after the other, since together they take long to compile."""
    days = (
        "2024-03-14",
        "14/03/24",
        "14. März 2024",
        "Mar 14",
        "Mar 14 2024",
        "20240314",
        "240314",
        "2024-W11-4",
        "0314",
        "14.03",
    )
    clocks = ("10:11:12", "9:05", "101112", "91112", "10.11.12", "1:2:3")
    tails = ("", "Z", " UTC", "+02:00[Europe/Paris]", " p.m. CET", " 2024", " CET 2024", " 2024 UTC", "7", " [x]", ":1")  # fmt: skip
    wholes = {
        shapes: [
            re.compile(shape + (dates._YEAR_TAIL if "year_behind" in shape else dates._TAIL))
            for shape in shapes
        ]
        for shapes in (dates._NUMBERED, dates._NAMED)
    }
    read = 0
    for day, between, clock, tail in product(days, ("T", " ", "  ", ", ", ":", " at ", ""), clocks, tails):
        text = f"{day}{between}{clock}{tail}"
        actual = [
            whole.fullmatch(text) for whole in wholes[dates._NUMBERED if day[0].isdecimal() else dates._NAMED]
        ]
        first = next((each.groupdict() for each in actual if each), {})
        parts = dates._parts(text) or {}
        read += bool(parts)
        assert {k: v for k, v in parts.items() if v} == {k: v for k, v in first.items() if v}, text
    assert read > 300
