"""Carriage returns: a file from Windows gives the records of one from Unix."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from chalicelib.core.formats.registry import all_formats
from chalicelib.core.plan import ObjectHead, ObjectVersion
from chalicelib.core.reading import Reading
from chalicelib.core.records import Reject
from tests.fakes import opener

if TYPE_CHECKING:
    from chalicelib.core.formats import Format
    from chalicelib.core.records import Record, Skip


def made(text: str) -> list[tuple[str, Record | Skip | str, int]]:
    """Format, record (or what else became of it) and lines of every entry; a reject's raw bytes are the text's."""
    data = text.encode()
    head = ObjectHead(
        ObjectVersion("logs", "a.log", "v1", "e"), len(data), "", datetime(2024, 6, 1, tzinfo=UTC)
    )
    reading = Reading(head, opener(data, 65_536))
    outcomes = list(reading)
    assert "".join(outcome.raw.decode() for outcome in outcomes) == text
    return [
        (
            outcome.format or reading.plan.format,
            outcome.result.reason if isinstance(outcome.result, Reject) else outcome.result,
            outcome.lines,
        )
        for outcome in outcomes
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
            'Started GET "/" for 192.0.2.17 at 2024-03-14 09:26:53 +0100\n'
            "Processing by ShopController#index as HTML\nCompleted 200 OK in 12ms\n",
        ),
        ("rabbitmq", "=INFO REPORT==== 14-Mar-2024::09:26:53 ===\nold one\n"),
    ],
)
def test_the_later_lines_of_an_entry_may_end_in_carriage_returns(name: str, text: str) -> None:
    found = made(text.replace("\n", "\r\n"))
    assert found == made(text)
    assert {told for told, _, _ in found} == {name}
    assert not any(isinstance(result, str) for _, result, _ in found)
