"""One line of another log does not take over a file; entries that are really long keep their format."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from chalicelib.core.formats import Format
from chalicelib.core.formats.detection import detect
from chalicelib.core.formats.registry import all_formats
from chalicelib.core.framing import Kind

WHEN = datetime(2026, 11, 30, tzinfo=UTC)
TEXT = [f"Step {number} of the job is done, next" for number in range(300)]
INDENTED = [f"   Step {number} of the job is done, next" for number in range(300)]
ACCESS = [
    f'192.0.2.7 - ada [14/Sep/2026:08:00:{number % 60:02} +0200] "GET /a?id={number} HTTP/1.1" 200 512 "-" "curl/8.9"'
    for number in range(300)
]
STARTS = [
    "Thu Mar 14 09:26:53 2024",
    "2024-03-14T09:26:53.123456+01:00",
    "# User@Host: ada[ada] @  [192.0.2.17]  Id:     9",
    "# Time: 2024-03-14T09:26:53.123456Z",
    "2024-03-14-09.26.53.899662+060 I214165E540 LEVEL: Event",
    "Event[0]:",
    "START RequestId: 8f4e6b2c-5b0c-4c5e-9c3b-7b1f6f0c2a11 Version: $LATEST",
]
JOINING = [
    known
    for known in all_formats()
    if known.framing.kind is Kind.LINES and known.framing.entry_start is not None and not known.prose
]


def name(lines: list[str]) -> str:
    return detect("\n".join(lines).encode() + b"\n", WHEN, complete=True).format.name


@pytest.mark.parametrize("start", STARTS)
@pytest.mark.parametrize("place", [0, 1, 10, 30, 150])
@pytest.mark.parametrize(
    ("lines", "expected"), [(TEXT, "text"), (ACCESS, "access_combined")], ids=["text", "access"]
)
def test_one_start_does_not_take_over_a_file(start: str, place: int, lines: list[str], expected: str) -> None:
    assert name([*lines[:place], start, *lines[place:]]) == expected


FEW = 60
"""Among few lines one that is of something else weighs more."""


@pytest.mark.parametrize("known", JOINING, ids=lambda known: known.name)
@pytest.mark.parametrize("place", [1, 10])
def test_no_entry_of_any_format_takes_over_a_file(known: Format, place: int) -> None:
    for entry in {entry for sample in known.samples for entry in (sample, sample.split("\n")[0])}:
        assert name([*TEXT[:place], entry, *TEXT[place:FEW]]) in ("text", "stack_trace")
        assert name([*ACCESS[:place], entry, *ACCESS[place:FEW]]) == "access_combined"


@pytest.mark.parametrize("place", [1, 10])
def test_indented_lines_are_not_of_the_one_line_above_them_that_has_a_time(place: int) -> None:
    assert name([*INDENTED[:place], "2026-09-14 08:00:00 INFO ready", *INDENTED[place:]]) == "text"


@pytest.mark.parametrize("start", STARTS[:5])
@pytest.mark.parametrize("count", [2, 3])
def test_a_few_starts_do_not_take_over_a_file(start: str, count: int) -> None:
    for lines, expected in ((TEXT, "text"), (ACCESS, "access_combined")):
        mixed = list(lines)
        for number in range(count):
            mixed.insert(10 + number * 20, start)
        assert name(mixed) == expected


SLOW = [
    "# Time: 2024-03-14T09:26:53.123456Z",
    "# User@Host: ada[ada] @  [192.0.2.17]  Id:     9",
    "# Query_time: 3.141592  Lock_time: 0.000123 Rows_sent: 1  Rows_examined: 1000000",
    "SET timestamp=1710408413;",
]


def test_a_text_of_one_long_entry_keeps_its_format() -> None:
    query = [f"  column_{number}," for number in range(55)]
    assert name([*SLOW, "SELECT", *query, "  last FROM orders;"]) == "mysql_slow"


def test_one_long_entry_among_others_keeps_its_format() -> None:
    query = [f"column_{number}," for number in range(250)]
    short = [*SLOW, "SELECT 1;"]
    assert name([*short * 5, *SLOW, "SELECT", *query, "last FROM orders;", *short * 5]) == "mysql_slow"


def test_one_long_trace_behind_a_banner_keeps_its_format() -> None:
    trace = [f"\tat org.example.Shop.open(Shop.java:{number})" for number in range(150)]
    lines = ["Welcome", "=======", "2026-09-14 08:00:00 ERROR failed", "java.io.IOException: reset", *trace]
    assert name(lines) == "timestamped"
