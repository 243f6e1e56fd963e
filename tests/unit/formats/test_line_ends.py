"""Carriage returns: a file from Windows gives the records of one from Unix."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from chalicelib.core.formats.registry import all_formats
from chalicelib.core.records import Reject
from tests.faults.reading import read

if TYPE_CHECKING:
    from chalicelib.core.formats import Format
    from chalicelib.core.records import Record, Skip


def made(text: str) -> list[tuple[str, Record | Skip | str, int]]:
    """Format, record (or what else became of it) and lines of every entry."""
    actual = read(text.encode())
    return [
        (
            outcome.format or actual.format,
            outcome.result.reason if isinstance(outcome.result, Reject) else outcome.result,
            outcome.lines,
        )
        for outcome in actual.outcomes
    ]


@pytest.mark.parametrize("known", all_formats(), ids=lambda known: known.name)
def test_lines_that_end_in_carriage_returns_give_the_same_records(known: Format) -> None:
    text = "\n".join(known.samples * 3) + "\n"
    assert made(text.replace("\n", "\r\n")) == made(text)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("dotnet_console", "info: X[14]\n      Now listening\nfail: X[2]\n      no money\n      at all\n"),
        (
            "rails",
            'Started GET "/" for 192.0.2.17 at 2024-03-14 09:26:53 +0100\nProcessing by A#b as HTML\nCompleted 200 OK in 12ms\n',
        ),
        ("rabbitmq", "=INFO REPORT==== 14-Mar-2024::09:26:53 ===\nold one\n"),
    ],
)
def test_the_later_lines_of_an_entry_may_end_in_carriage_returns(name: str, text: str) -> None:
    actual = read(text.replace("\n", "\r\n").encode())
    assert actual.format == name
    assert actual.records == read(text.encode()).records
    assert not actual.rejects
