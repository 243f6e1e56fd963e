"""Devices, servers and systems whose logs people asked for: alone, behind syslog, and in the shapes that tools export."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from chalicelib.core.formats.registry import by_name
from chalicelib.core.plan import ObjectHead, ObjectVersion
from chalicelib.core.reading import Reading
from chalicelib.core.records import Record, Skip

WHEN = datetime(2026, 11, 30, tzinfo=UTC)


def read(text: str | bytes) -> tuple[str, list[Record]]:
    data = text if isinstance(text, bytes) else text.encode()
    reading = Reading(
        ObjectHead(ObjectVersion("b", "k", "v", "e"), len(data), "", WHEN), lambda at: iter([data[at:]])
    )
    outcomes = list(reading)
    account = reading.account
    assert account.cut == account.summary.total
    assert all(isinstance(each.result, Record | Skip) for each in outcomes), outcomes
    return reading.plan.format, [each.result for each in outcomes if isinstance(each.result, Record)]


LINES = {
    "sophos_utm": by_name("sophos_utm").samples[0],
    "sophos_firewall": by_name("sophos_firewall").samples[0],
    "sonicwall": by_name("sonicwall").samples[1],
    "watchguard": by_name("watchguard").samples[0],
    "meraki": by_name("meraki").samples[2],
    "mikrotik": by_name("mikrotik").samples[0],
}
HEADS = {
    "alone": "",
    "a priority": "<134>",
    "RFC 3164": "<134>Mar 14 09:26:53 fw-1 ",
    "RFC 3164 without a priority": "Mar 14 09:26:53 fw-1 ",
    "ISO time": "<134>2024-03-14T09:26:53Z fw-1 ",
}


@pytest.mark.parametrize("head", HEADS.values(), ids=HEADS)
@pytest.mark.parametrize("name", LINES)
def test_the_line_of_a_device_is_typed_behind_any_head(name: str, head: str) -> None:
    _, (alone,) = read(LINES[name] + "\n")
    detected, records = read(f"{head}{LINES[name]}\n" * 5)
    assert detected == name or records[0].attributes["log.record.format"] == name
    for record in records:
        assert alone.attributes.keys() <= record.attributes.keys()
        assert record.body == alone.body
        if head.startswith("<"):
            assert (record.attributes["syslog.facility.code"], record.attributes["syslog.severity.code"]) == (
                16,
                6,
            )
        if "fw-1" in head and "host.name" not in alone.attributes:
            assert record.attributes["host.name"] == "fw-1"


EVENT = by_name("windows_event_xml").samples[0]
PRETTY = EVENT.replace("><", ">\n  <")


@pytest.mark.parametrize(
    "text",
    [
        f"{EVENT}\n" * 5,
        EVENT * 5,
        f"<Events>{EVENT * 5}</Events>",
        f'<?xml version="1.0" encoding="utf-8" standalone="yes"?>\n<Events>{EVENT * 5}</Events>\n',
        f"{PRETTY}\n" * 5,
        f"<Events>\n{f'{PRETTY}{chr(10)}' * 5}</Events>\n",
        f"{PRETTY}\r\n".replace("\n", "\r\n") * 5,
        f"\n\n{PRETTY}\n\n" * 5,
    ],
    ids=[
        "lines",
        "one line",
        "one element",
        "Event Viewer",
        "pretty",
        "pretty in one element",
        "CRLF",
        "blank lines",
    ],
)
@pytest.mark.parametrize("charset", ["utf-8", "utf-8-sig", "utf-16"])
def test_windows_events_are_records_in_whatever_shape_they_are_exported(text: str, charset: str) -> None:
    name, records = read(text.encode(charset))
    assert name == "windows_event_xml"
    assert len(records) == 5
    for record in records:
        assert record.timestamp == "2024-03-14T08:26:53.123456700Z"
        assert record.attributes["windows.event_id"] == 4624
        assert record.attributes["host.name"] == "web-1.example.org"
        assert record.attributes["user.name"] == "ada"


def test_an_export_of_events_that_is_larger_than_an_entry_may_be_is_streamed() -> None:
    name, records = read(f"<Events>{EVENT * 1000}</Events>")
    assert (name, len(records)) == ("windows_event_xml", 1000)


FIELDS = by_name("aws_cloudfront_realtime").samples[0].split("\t")


@pytest.mark.parametrize("without", [(), (2,), (4, 9), tuple(range(15, 40)), (11, 12)])
def test_a_field_of_a_real_time_log_is_named_right_or_not_at_all(without: tuple[int, ...]) -> None:
    _, (whole,) = read("\t".join(FIELDS) + "\n")
    line = "\t".join(value for place, value in enumerate(FIELDS) if place not in without)
    name, (record,) = read(line + "\n")
    assert name == "aws_cloudfront_realtime"
    for attribute, value in record.attributes.items():
        assert attribute.startswith("aws.cloudfront.column_") or whole.attributes[attribute] == value
    assert record.attributes["client.address"] == "192.0.2.17"
    assert record.attributes["http.request.method"] == "GET"
    assert record.attributes["url.path"] == "/cart.html"


def test_the_message_that_event_viewer_writes_behind_its_columns_is_the_body() -> None:
    name, records = read(
        "Level,Date and Time,Source,Event ID,Task Category\r\n"
        'Information,3/14/2024 9:26:53 AM,Service Control Manager,7036,None,"The Spooler service\r\nentered the stopped state."\r\n'
        'Error,3/14/2024 9:26:54 AM,Disk,7,None,"bad block"\r\n'
    )
    assert name == "csv"
    assert [record.body for record in records] == [
        "The Spooler service\nentered the stopped state.",
        "bad block",
    ]
    assert [record.severity_text for record in records] == ["Information", "Error"]
    assert records[0].timestamp == "2024-03-14T09:26:53Z"
    assert records[0].attributes["Event ID"] == 7036


def test_a_trace_of_nextflow_is_a_table() -> None:
    name, records = read(
        "task_id\thash\tnative_id\tname\tstatus\texit\tsubmit\tduration\trealtime\t%cpu\tpeak_rss\n"
        "1\t0b/be0d1c\t4711\tsayHello (1)\tCOMPLETED\t0\t2024-03-14 09:26:53.123\t1.2s\t10ms\t98.3%\t3.1 MB\n"
        "2\t0b/be0d1d\t4712\tsayHello (2)\tFAILED\t1\t2024-03-14 09:26:54.123\t1.2s\t10ms\t98.3%\t3.1 MB\n"
    )
    assert name == "tsv"
    assert [record.attributes["status"] for record in records] == ["COMPLETED", "FAILED"]
    assert records[0].attributes["%cpu"] == "98.3%"
    assert records[0].timestamp == "2024-03-14T09:26:53.123Z"
