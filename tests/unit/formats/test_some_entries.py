"""Some entries of a head stand for all of them: they decide what all would."""

from __future__ import annotations

import random
import re
from datetime import UTC, datetime

import pytest

from chalicelib.core.formats import Format
from chalicelib.core.formats.detection import HEAD_BYTES, detect, trials
from chalicelib.core.formats.heads import Head, unlike
from chalicelib.core.formats.registry import all_formats, by_name
from chalicelib.core.framing import Framing

WHEN = datetime(2024, 6, 1, tzinfo=UTC)
_LAST_DIGIT = re.compile(r"(?<=[0-9])[0-9](?![0-9a-zA-Z])")


def head_of(known: Format, dice: random.Random, others: tuple[str, ...] = ()) -> bytes:
    """Its samples over and over, with other numbers in them, and lines of others between."""
    lines, size = [*known.samples], 0
    while size < HEAD_BYTES:
        entry = dice.choice(others) if others and dice.random() < 0.1 else dice.choice(known.samples)
        lines.append(_LAST_DIGIT.sub(lambda _: dice.choice("01"), entry))
        size += len(lines[-1])
    return "\n".join(lines).encode()[:HEAD_BYTES]


@pytest.mark.parametrize(
    "others", [(), ("an odd line of words", "\tand what is behind it", "}")], ids=["alone", "mixed"]
)
@pytest.mark.parametrize("name", [known.name for known in all_formats()][3::17])
def test_some_entries_find_the_format_that_all_find(name: str, others: tuple[str, ...]) -> None:
    head = head_of(by_name(name), random.Random(name), others)
    detected, best = detect(head, WHEN, complete=False), trials(head, WHEN, complete=False)[0]
    assert detected.format.name == best.format.name
    assert detected.score == pytest.approx(best.score, abs=0.01)


def test_some_entries_are_from_all_over_the_head() -> None:
    lines = b"".join(b"line %d\n" % number for number in range(1000))
    some = [
        entry
        for section in Head(lines, lines, complete=True).some(Framing(), 10)
        for entry in section.entries
    ]
    assert some == [b"line %d\n" % number for number in range(50, 1000, 100)]


def test_few_entries_are_all_asked() -> None:
    lines = b"a\n" * 19
    assert Head(lines, lines, complete=True).some(Framing(), 10) == []


def test_lines_that_begin_alike_are_asked_less_often_and_none_is_passed_over_that_does_not() -> None:
    odd = ["[x] one", "<y> two", "z = three"]
    asked = unlike([f"10:00:{number % 60:02} web-{number} said" for number in range(190)] + odd)
    assert len(asked) < 20
    assert set(odd) <= set(asked)
