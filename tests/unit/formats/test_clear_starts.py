"""Messages over lines that nothing marks: joined where entries begin clearly, and never with another log's lines."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from chalicelib.core.plan import ObjectHead, ObjectVersion
from chalicelib.core.reading import Reading
from chalicelib.core.records import Record

WHEN = datetime(2026, 11, 30, tzinfo=UTC)
EXAMPLES = Path(__file__).parents[4] / "shared/examples/found"

STARTS = {
    "elasticsearch": "[2026-02-03T10:11:{:02},318][INFO ][logstash.inputs.jdbc     ] {}",
    "timestamped": "2026-02-03 10:11:{:02},318 INFO  {}",
    "log4j": "2026-02-03 10:11:{:02},318 [main] DEBUG org.example.Shop - {}",
    "python_logging": "2026-02-03 10:11:{:02},318 - shop.orders - INFO - {}",
    "spring_boot": "2026-02-03 10:11:{:02}.318  INFO 4711 --- [           main] org.example.Shop                         : {}",
    "bracketed": "[2026-02-03 10:11:{:02}] production.INFO: {}",
}
BLOCKS = {
    "sql": ["Select Name as [person.name]", ", Address as [person.address]", "from people where x=17"],
    "long sql": ["executing", "SELECT o.id,", "o.total", "FROM orders o", "WHERE o.paid", "AND o.till = 7", "ORDER BY o.id;"],
    "xml": ["response:", "<?xml version='1.0'?>", "<order id='17'>", "<paid/>", "</order>"],
    "json": ["request", "{", '"order": 17,', '"paid": true,', '"lines": [', "1", "]", "}"],
    "banner": ["starting", "========================", "The shop", "version 1.2 (build 7)", "========================"],
    "prose": ["a message", "that goes on here", "and ends there"],
}  # fmt: skip


def read(text: str | bytes) -> tuple[str, list[Record]]:
    data = text if isinstance(text, bytes) else text.encode()
    reading = Reading(
        ObjectHead(ObjectVersion("b", "k", "v", "e"), len(data), "", WHEN), lambda at: iter([data[at:]])
    )
    outcomes = list(reading)
    assert sum(outcome.length for outcome in outcomes) == len(data)
    return reading.plan.format, [each.result for each in outcomes if isinstance(each.result, Record)]


@pytest.mark.parametrize("block", BLOCKS.values(), ids=BLOCKS)
@pytest.mark.parametrize("start", STARTS.values(), ids=STARTS)
@pytest.mark.parametrize("tail", [0, 2], ids=["", "behind the end of an entry"])
def test_lines_without_indentation_are_joined_with_the_entry_above(
    start: str, block: list[str], tail: int
) -> None:
    entries = ["\n".join([start.format(number, block[0]), *block[1:]]) for number in range(10)]
    name, records = read("\n".join([*block[len(block) - tail :], *entries]) + "\n")
    assert name != "text"
    bodies = [str(record.body) for record in records if record.timestamp]
    assert len(bodies) == 10
    assert all(body.split("\n")[1:] == block[1:] for body in bodies)


@pytest.mark.parametrize(
    "other",
    [
        '192.0.2.17 - - [03/Feb/2026:10:11:00 +0000] "GET / HTTP/1.1" 200 5316',
        "<134>Feb  3 10:11:00 web-1 shop[12]: hello",
        "I0203 10:11:00.123456       1 main.go:12] ready",
        '{"level":"info","msg":"ready"}',
        "level=info msg=ready took=12",
        "10:11:00 worker 7 is done",
        "192.0.2.17 GET /shop 200",
        "WARN something of another program",
        "CEF:0|V|P|1|E|n|6|src=192.0.2.17 msg=x",
        "1:M 03 Feb 2026 10:11:00.123 * Ready",
    ],
)
@pytest.mark.parametrize("start", STARTS.values(), ids=STARTS)
def test_lines_of_another_log_are_never_glued(start: str, other: str) -> None:
    lines = [
        line
        for number in range(10)
        for line in (start.format(number, "the shop is open"), other, other, other)
    ]
    _, records = read("\n".join(lines) + "\n")
    assert not any(other in str(record.body) for record in records if "the shop is open" in str(record.body))


@pytest.mark.parametrize("block", [BLOCKS[name] for name in BLOCKS if name != "json"])
@pytest.mark.parametrize(
    "start",
    ["[2026-09-14 08:00:{:02}] LOG: {}", "2026-09-14T08:00:{:02}.123Z {}", "2026/09/14 08:00:{:02} {}"],
)
def test_starts_that_say_no_more_than_when_join_as_those_with_a_level_do(
    start: str, block: list[str]
) -> None:
    entries = ["\n".join([start.format(number, block[0]), *block[1:]]) for number in range(20)]
    name, records = read("\n".join(entries) + "\n")
    assert name == "timestamped"
    assert len(records) == 20
    assert all(str(record.body).split("\n")[1:] == block[1:] for record in records)


def test_starts_that_say_no_more_than_when_join_no_lines_of_which_there_are_many() -> None:
    lines = [f"2026-09-14 08:00:{number:02} job\n" + "a line of its output\n" * 60 for number in range(8)]
    name, records = read("".join(lines))
    assert (name, len(records)) == ("text", 8 * 61)


def test_a_level_decides_between_formats_whose_starts_are_clear() -> None:
    lines = [f"2026-09-14T08:00:{number:02}.123Z INFO query\nSELECT a,\nb\nFROM c\n" for number in range(20)]
    name, records = read("".join(lines))
    assert (name, {record.severity_number for record in records}) == ("timestamped", {9})


def test_starts_of_several_shapes_are_not_clear() -> None:
    lines = []
    for number in range(4):
        for start in list(STARTS.values())[:4]:
            lines += [start.format(number, "one"), "words below", "and more words", "and more still"]
    assert read("\n".join(lines) + "\n")[0] == "text"


@pytest.mark.skipif(not EXAMPLES.is_dir(), reason="the shared examples are not here")
def test_the_example_is_joined() -> None:
    name, records = read((EXAMPLES / "logstash_sql.log").read_bytes())
    assert name == "logstash_text"
    assert len(records) == 10
    assert str(records[3].body).endswith("from people where x=3")
