"""Severities: the words of sources, single letters and numbers → the numbers of the data model."""

from __future__ import annotations

import json

import pytest

from chalicelib.core.formats import severity
from chalicelib.core.records import Value
from tests.lines_of_formats import records


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


@pytest.mark.parametrize(
    ("members", "number"),
    [
        ({"EventID": 7036, "Level": 1}, 21),
        ({"EventID": 7036, "Level": 2, "Message": "m"}, 17),
        ({"ProviderName": "Service Control Manager", "Level": 3}, 13),
        ({"EventID": 7036, "Level": 4}, 9),
        ({"EventID": 7036, "level": "5"}, 5),
        ({"System": {"Provider": {"Name": "x"}, "Level": 2}}, 17),
        ({"LogLevel": 4, "Category": "Shop", "Message": "m"}, 17),
        ({"LogLevel": 2}, 9),
        ({"level": 40, "logger": "a.b", "message": "m"}, 17),
        ({"levelno": 30, "msg": "m"}, 13),
        ({"level": 50, "funcName": "pay", "lineno": 3}, 21),
        ({"level": 40, "time": "2026-03-01T10:00:00Z", "v": 1}, 13),
        ({"level": "40", "time": "2026-03-01T10:00:00Z", "hostname": "web-1"}, 13),
        ({"syslog_severity": 3}, 17),
        ({"syslog.severity": "4"}, 13),
        ({"PRIORITY": 6}, 9),
        ({"severity": 7}, 5),
    ],
    ids=str,
)
def test_a_number_is_a_level_where_the_names_say_whose(members: dict[str, Value], number: int) -> None:
    (record,) = records(json.dumps(members) + "\n")
    assert record.severity_number == number


@pytest.mark.parametrize(
    "members",
    [
        {"level": 2},
        {"level": 30},
        {"level": 4, "message": "m"},
        {"log_level": 3},
        {"loglevel": 4},
        {"priority": 1, "message": "m"},
        {"severity": 8},
        {"LogLevel": 6},
        {"EventID": 1, "Level": 9},
        {"level": 35, "time": "2026-03-01T10:00:00Z", "v": 1},
        {"level": 3, "time": 1772359200000, "pid": 7, "msg": "m"},
        {"level": 40, "time": "2026-03-01T10:00:00Z", "pid": 7, "logger": "a.b"},
    ],
    ids=str,
)
def test_a_number_that_may_be_anyones_stays_an_attribute(members: dict[str, Value]) -> None:
    (record,) = records(json.dumps(members) + "\n")
    assert (record.severity_text, record.severity_number) == (None, None)
    assert (
        members.items()
        >= {name: value for name, value in record.attributes.items() if "evel" in name}.items()
    )
    assert any(
        name in record.attributes for name in members if "evel" in name or name in ("priority", "severity")
    )
