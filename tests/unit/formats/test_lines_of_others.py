"""Lines of other programs among those of a log: entries of their own, and never a part of the one above them."""

from __future__ import annotations

import json

import pytest

from chalicelib.core.formats import Format
from chalicelib.core.formats.registry import all_formats
from chalicelib.core.plan import ObjectHead, ObjectVersion
from chalicelib.core.reading import Reading
from chalicelib.core.records import Skip
from tests.unit.formats.test_seen_through import SMALL, WHEN, read

OWN = {
    "timestamped": "2026/09/14 08:00:{:02} step",
    "log4j": "2026-09-14 08:00:{:02},123 [main] INFO  o.e.Shop - step",
    "klog": "I0914 08:00:{:02}.123456       1 server.go:129] step",
    "python_logging": "2026-09-14 08:00:{:02},123 - shop.api - INFO - step",
    "glog": "I20260914 08:00:{:02}.123456 15520 main.c++:9] step",
    "spring_boot": "2026-09-14 08:00:{:02}.123  INFO 7 --- [           main] o.e.Shop    : step",
}
OTHERS = {
    'time="2026-09-14T08:00:09Z" level=error msg="m9"': ("logfmt", 17, "m9"),
    "time=2026-09-14T08:00:09.123Z level=ERROR msg=m9": ("logfmt", 17, "m9"),
    'ts=2026-09-14T08:00:09.123Z caller=main.go:12 level=error msg="m9"': ("logfmt", 17, "m9"),
    'level=error ts=1789372809 caller=main.go:12 msg="m9"': ("logfmt", 17, "m9"),
    "level=error msg=m9 took=7": ("logfmt", 17, "m9"),
    '[GIN] 2026/09/14 - 08:00:09 | 200 |     1.2ms |    192.0.2.7 | GET      "/a"': (
        "gin",
        None,
        'GET      "/a"',
    ),
    "260914 08:00:09 [Note] InnoDB: m9": ("mysql_error", 10, "InnoDB: m9"),
    "260914  8:00:09 [ERROR] m9": ("mysql_error", 17, "m9"),
    "WARNING:root:m9": ("python_logging", 13, "m9"),
    "ERROR: m9 failed": ("text", 17, "m9 failed"),
    "[INFO] m9": ("text", 9, "m9"),
    "08:00:09.123 [main] ERROR o.e.Shop - m9": ("logback", 17, "m9"),
    "08:00:09.123 [main] ERROR m9": ("time_of_day", 17, "m9"),
    "08:00:09 WARN m9": ("time_of_day", 13, "m9"),
}


@pytest.mark.parametrize("limits", [None, SMALL], ids=["large", "small"])
@pytest.mark.parametrize("other", OTHERS)
@pytest.mark.parametrize("own", OWN)
def test_every_fifth_line_of_another_program_is_a_record(own: str, other: str, limits: object) -> None:
    lines = [other if number % 5 == 4 else OWN[own].format(number) for number in range(50)]
    reading, records = read("\n".join(lines) + "\n", limits)  # type: ignore[arg-type]
    assert reading.plan.format == own
    assert len(records) == 50
    _, number, body = OTHERS[other]
    assert {(record.severity_number, record.body) for record in records[4::5]} == {(number, body)}


@pytest.mark.parametrize("other", OTHERS)
@pytest.mark.parametrize("own", OWN)
def test_a_log_behind_another_one_is_no_entry_of_it(own: str, other: str) -> None:
    lines = [*(OWN[own].format(number % 60) for number in range(1200)), *[other] * 100]
    reading, records = read("\n".join(lines) + "\n")
    assert reading.plan.format == own
    assert [record.body for record in records] == ["step"] * 1200 + [OTHERS[other][2]] * 100


def test_the_second_line_of_java_util_logging_begins_no_entry() -> None:
    entry = "Sep 14, 2026 8:00:0{} AM org.example.Shop sell\n{}: no stock\n"
    text = "".join(
        entry.format(number, level) for number, level in enumerate(("WARNING", "INFO", "SEVERE", "FINE"))
    )
    _, records = read(text)
    assert [record.body for record in records] == ["no stock"] * 4


@pytest.mark.parametrize(
    "own",
    [
        *OWN.values(),
        '192.0.2.7 - - [14/Sep/2026:08:00:{:02} +0000] "GET /a HTTP/1.1" 200 5',
        'time="2026-09-14T08:00:{:02}Z" level=error msg="m"',
        "<13>Sep 14 08:00:{:02} h app[7]: step",
        "web-1  | 2026-09-14T08:00:{:02}.123Z  INFO app::x: step",
        "2026-09-14T08:00:{:02}.123456789Z stdout F step",
        "time,level,message\n2026-09-14T08:00:{:02}Z,info,step",
        '{{"time":"2026-09-14T08:00:{:02}Z","level":"info","msg":"step"}}',
    ],
)
@pytest.mark.parametrize("limits", [None, SMALL], ids=["large", "small"])
def test_a_byte_order_mark_of_a_file_that_was_appended_changes_no_record(own: str, limits: object) -> None:
    head, _, own = own.rpartition("\n")
    parts = ["".join(own.format(10 * part + number) + "\n" for number in range(10)) for part in range(3)]
    head = head and head + "\n"
    plain = read(head + "".join(parts), limits)[1]  # type: ignore[arg-type]
    marked = read("".join("\ufeff" + head + part for part in parts), limits)[1]  # type: ignore[arg-type]
    assert [json.dumps(record) for record in marked] == [json.dumps(record) for record in plain]


@pytest.mark.parametrize(
    "known",
    [known for known in all_formats() if known.name != "journald_export"],
    ids=lambda known: known.name,
)
def test_no_format_reads_a_text_otherwise_behind_a_byte_order_mark(known: Format) -> None:
    texts = ["\n".join(samples) + "\n" for samples in (known.samples, known.samples * 2)]
    plain, marked = ("".join((texts[1], mark, texts[0])) for mark in ("", "\ufeff"))
    assert results(marked, known.name) == results(plain, known.name)


def results(text: str, name: str) -> list[object]:
    data = text.encode()
    head = ObjectHead(ObjectVersion("b", "k", "v", "e"), len(data), "", WHEN)
    outcomes = list(Reading(head, lambda at: iter([data[at:]]), format_name=name))
    assert sum(outcome.length for outcome in outcomes) == len(data)
    return [outcome.result for outcome in outcomes if not isinstance(outcome.result, Skip)]


def test_a_line_with_a_byte_order_mark_and_nothing_else_is_blank() -> None:
    _, records = read(f"{OWN['log4j'].format(1)}\n\ufeff\n{OWN['log4j'].format(2)}\n")
    assert [record.body for record in records] == ["step", "step"]
