"""Severities: the words of sources, single letters and numbers → the numbers of the data model."""

from __future__ import annotations

import pytest

from chalicelib.core.formats import severity


@pytest.mark.parametrize(
    ("words", "number"),
    [
        ("TRACE trace Trc FINEST verbose VRB v T", 1),
        ("DEBUG dbg dbug D FINER debug", 5),
        ("Information INFO inf informational i SUCCESS", 9),
        ("Notice NOTICE n", 10),
        ("WARN Warning wrn W", 13),
        ("ERROR err E SEVERE fail eror", 17),
        ("crit DPANIC", 18),
        ("alert ALERT", 19),
        ("FATAL Critical emerg EMERGENCY panic F C ftl", 21),
        ("trace2 TRACE2", 2),
        ("INFO4", 12),
        ("Warn3", 15),
        ("fatal4", 24),
        ("DEBUG-3", 2),
        ("INFO+2", 11),
        ("WARN+2 warn+2", 15),
        ("ERROR-1", 16),
        ("ERROR+12", 24),
        ("DEBUG-9", 1),
    ],
)
def test_a_name_has_its_number_in_any_case(words: str, number: int) -> None:
    assert {word: severity.of_word(word) for word in words.split()} == dict.fromkeys(words.split(), number)


def test_blanks_around_a_name_are_none_of_it() -> None:
    assert [severity.of_word(word) for word in ("Warn ", " INFO", "error\t")] == [13, 9, 17]


@pytest.mark.parametrize(
    "word",
    [
        "",
        "x",
        "information desk",
        "info5",
        "trace1",
        "debug0",
        "INFO 2",
        "INFO+",
        "NOTICE+1",
        "WARN+222",
        "é",
        " ",
        "i" * 99,
    ],
)
def test_any_other_word_has_none(word: str) -> None:
    assert severity.of_word(word) is None


def test_numbers_of_syslog_and_of_bunyan_are_told_by_their_size() -> None:
    assert [severity.of_number(code) for code in range(8)] == [21, 19, 18, 17, 13, 10, 9, 5]
    assert [severity.of_number(level) for level in (10, 20, 30, 40, 50, 60)] == [1, 5, 9, 13, 17, 21]
    assert [severity.of_number(number) for number in (-1, 8, 15, 70)] == [None] * 4


def test_a_syslog_code_has_a_keyword_too() -> None:
    assert severity.of_syslog(3) == ("err", 17)
    assert severity.of_syslog(8) == (None, None)
    assert severity.of_syslog(-1) == (None, None)


def test_the_numbers_of_the_data_model_are_their_own() -> None:
    assert [severity.of_opentelemetry(number) for number in (0, 1, 9, 24, 25)] == [None, 1, 9, 24, None]
