"""Lines that any program may write are not taken for those of a product: nothing of them becomes a name, and no level is lost."""

from __future__ import annotations

import pytest

from chalicelib.core.records import Record, Value
from tests.lines_of_formats import read, records

LEVELED = [
    ("2026-09-14 08:00:00 error connecting to database timeout", "connecting to database timeout"),
    ("2026-09-14 08:00:00 info user ada logged in", "user ada logged in"),
    ("2026-09-14T08:00:00.123Z warning disk almost full", "disk almost full"),
    ("2026-09-14T08:00:00Z Info service started", "service started"),
    ("2026-09-14T08:00:00Z Error worker[12] failed", "worker[12] failed"),
    ("2026-09-14T08:00:00.123+02:00 [ERROR] payment failed", "payment failed"),
    ("2026-09-14T08:00:00.123+00:00 [WARN] disk almost full", "disk almost full"),
]
CARRIERS = [
    ("{}\n{}\n{}\n", 3),
    ("some words\nof nobody\n{}\nmore words\n", 1),
    ('192.0.2.1 - - [14/Sep/2026:08:00:00 +0000] "GET / HTTP/1.1" 200 5\n' * 4 + "{}\n", 1),
]


@pytest.mark.parametrize(("carrier", "count"), CARRIERS)
@pytest.mark.parametrize(("line", "body"), LEVELED)
def test_a_time_a_level_and_words_are_no_products(line: str, body: str, carrier: str, count: int) -> None:
    name, outcomes = read(carrier.replace("{}", line).encode())
    actual = [
        (outcome.format or name, outcome.result)
        for outcome in outcomes
        if isinstance(outcome.result, Record) and outcome.result.severity_number is not None
    ]
    assert len(actual) == count
    for kind, record in actual:
        assert kind == "timestamped"
        assert (record.body, record.attributes) == (body, {})


@pytest.mark.parametrize(
    ("line", "severity", "values"),
    [
        ("2026-09-14T08:00:00.123+02:00 [main] ERROR a.b.C - x", "ERROR", {"thread.name": "main", "log.logger": "a.b.C"}),
        ("2026-09-14T08:00:00.123+0200 [initandlisten] MongoDB starting", None, {"thread.name": "initandlisten"}),
        ("2026-09-14T08:00:00.123+0200 [conn12] end connection 192.0.2.7:51022", None, {"thread.name": "conn12", "client.address": "192.0.2.7"}),
        ("2026-09-14T08:00:00.123Z info hostd[7] [Originator@6876 sub=Vimsvc] ready", "info", {"service.name": "hostd"}),
        ("2026-09-14T08:00:00.123Z warning rhttpproxy[7] ready", "warning", {"service.name": "rhttpproxy"}),
    ],
)  # fmt: skip
def test_what_only_one_program_writes_is_its_own(
    line: str, severity: str | None, values: dict[str, Value]
) -> None:
    for record in records(f"{line}\n" * 3):
        assert record.severity_text == severity
        assert {name: record.attributes.get(name) for name in values} == values
