"""Syslog carries the lines of others: read by their own format, the envelope kept."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from chalicelib.core.formats import ParseContext
from chalicelib.core.formats.explaining import Explainer
from chalicelib.core.plan import ObjectHead, ObjectVersion
from chalicelib.core.reading import Reading
from chalicelib.core.records import Outcome, Record

WHEN = datetime(2026, 11, 30, tzinfo=UTC)
EXAMPLES = Path(__file__).parents[4] / "shared/examples/found"


def read(text: str | bytes) -> tuple[str, list[Outcome]]:
    data = text if isinstance(text, bytes) else text.encode()
    reading = Reading(
        ObjectHead(ObjectVersion("b", "k", "v", "e"), len(data), "", WHEN), lambda at: iter([data[at:]])
    )
    outcomes = list(reading)
    assert sum(outcome.length for outcome in outcomes) == len(data)
    return reading.plan.format, outcomes


def records(text: str | bytes) -> list[Record]:
    actual = [outcome.result for outcome in read(text)[1]]
    assert all(isinstance(each, Record) for each in actual), actual
    return [each for each in actual if isinstance(each, Record)]


BODIES = {
    "cef": "CEF:0|V|P|1|E|n|6|src=192.0.2.17 dst=198.51.100.9 msg=x y",
    "leef": "LEEF:1.0|V|P|1|login|src=192.0.2.17\tdst=198.51.100.9",
    "json": '{"level":"warn","msg":"card declined","order":17}',
    "logfmt": 'level=warn msg="card declined" order=17',
    "timestamped": "2026-09-14 08:00:00,123 ERROR no money",
    "nginx_error": '2026/09/14 08:00:00 [error] 24537#0: *910 open() "/srv/x0" failed (2: No such file or directory), client: 192.0.2.1, server: shop.example, request: "GET /x0 HTTP/1.1", host: "shop.example"',
    "access_combined": '192.0.2.17 - - [14/Sep/2026:08:00:00 +0000] "GET / HTTP/1.1" 200 5316 "-" "curl/8.5.0"',
    "apache_error": "[core:error] [pid 4711] [client 192.0.2.1:5] AH00128: File does not exist: /x",
    "mysql_error": "[Warning] Aborted connection 5 to db: 'shop' user: 'ada'",
    "postgresql": '[5-1] ada@shop ERROR:  relation "orders" does not exist',
    "klog": "E0914 08:00:00.123456       1 main.go:12] no money",
}
PROGRAMS = {"apache_error": "apache2", "mysql_error": "mysqld", "postgresql": "postgres"}
HEADS = {
    "3164": ("<13>Sep 14 08:00:00 web-1 {}[12]: ", "web-1", True),
    "3164 without PRI": ("Sep 14 08:00:00 web-1 {}[12]: ", "web-1", True),
    "3164 with ISO time": ("<13>2026-09-14T08:00:00Z web-1 {}[12]: ", "web-1", True),
    "5424": ("<13>1 2026-09-14T08:00:00Z web-1 {} 12 ID - ", "web-1", True),
    "counted": ("183 <13>1 2026-09-14T08:00:00Z web-1 {} 12 ID - ", "web-1", True),
    "no time": ("<13>web-1 {}[12]: ", "web-1", True),
}


@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize("name", [name for name in BODIES if name not in ("cef", "leef")])
def test_a_message_is_typed_by_its_own_format_and_the_envelope_is_kept(name: str, head: str) -> None:
    prefix, host, named = HEADS[head]
    line = prefix.format(PROGRAMS.get(name, "shop")) + BODIES[name]
    (record,) = records(line + "\n")
    assert record.attributes["log.record.format"] == name
    assert record.attributes["host.name"] == host
    assert not named or record.attributes["service.name"] == PROGRAMS.get(name, "shop")
    assert record.attributes["process.pid"] == 12
    own = Explainer(WHEN)(BODIES[name], PROGRAMS.get(name))
    assert own is not None
    if "<13>" in prefix:
        level = own[1].severity_text, own[1].severity_number
        assert (record.severity_text, record.severity_number) == (level if level[1] else ("notice", 10))
        assert (record.attributes["syslog.facility.code"], record.attributes["syslog.severity.code"]) == (
            1,
            5,
        )
    assert record.body == own[1].body
    assert own[1].attributes.keys() <= record.attributes.keys()


@pytest.mark.parametrize("between", ["", " ", "web-1 "])
@pytest.mark.parametrize("name", ["cef", "leef", "json", "logfmt"])
def test_facility_and_severity_of_a_bare_body_behind_a_priority_are_kept(name: str, between: str) -> None:
    (record,) = records(f"<131>{between}{BODIES[name]}\n")
    assert (record.attributes["syslog.facility.code"], record.attributes["syslog.severity.code"]) == (16, 3)
    own = Explainer(WHEN)(BODIES[name])
    assert own is not None
    assert record.body == own[1].body
    assert own[1].attributes.keys() <= record.attributes.keys()
    assert record.attributes.get("host.name") == (between.strip() or None)


@pytest.mark.parametrize(
    "text", ["only text", "Error: it broke", "a:b", "{not json", "1", "[12.3] device up", "Mar 32 x"]
)
def test_facility_and_severity_are_kept_where_the_rest_is_only_text(text: str) -> None:
    (record,) = records(f"<131>{text}\n")
    assert (record.severity_text, record.body) == ("err", text)
    assert record.attributes == {"syslog.facility.code": 16, "syslog.severity.code": 3}


@pytest.mark.parametrize(
    ("line", "host", "more"),
    [
        (
            "<189>387440: host-01: May  6 16:13:09.120: %SYS-5-CONFIG_I: x",
            "host-01",
            {"syslog.sequence": 387440},
        ),
        (
            "<189>29: 2001:db8::1: May  6 16:13:09.120: %SYS-5-CONFIG_I: x",
            "2001:db8::1",
            {"syslog.sequence": 29},
        ),
        ("<189>29: : *May  6 16:13:09.120: %SYS-5-CONFIG_I: x", None, {"syslog.sequence": 29}),
        ("<189>::  May  6 16:13:09.120: %SYS-5-CONFIG_I: x", None, {}),
        ("<189>: 2026 May  6 16:13:09.120: %SYS-5-CONFIG_I: x", None, {}),
        ("<189>host-01: May  6 16:13:09.120: %SYS-5-CONFIG_I: x", "host-01", {}),
    ],
)
def test_what_ios_writes_before_its_time_is_read(line: str, host: str | None, more: dict[str, int]) -> None:
    (record,) = records(line + "\n")
    assert record.timestamp == "2026-05-06T16:13:09.120Z"
    assert record.body == "%SYS-5-CONFIG_I: x"
    assert record.attributes.get("host.name") == host
    assert record.attributes["cisco.mnemonic"] == "CONFIG_I"
    assert {name: record.attributes.get(name) for name in more} == more


@pytest.mark.parametrize(
    "line",
    [
        "<134> Sep 14 08:00:00 web-1 shop[12]: hello",
        "<134>2026-09-14T08:00:00+00:00 web-1 shop[12]: hello",
        "<134>2026-09-14 08:00:00 web-1 shop[12]: hello",
        "<134>1 2026-09-14T08:00:00Z web-1 shop[12]: hello",
        "<134>1 2026-09-14T08:00:00Z web-1 shop 12 - hello",
        "<134> 1 2026-09-14T08:00:00Z web-1 shop 12 - - hello",
        "<134>1 Sep 14 08:00:00 web-1 shop[12]: hello",
        "44 <134>Sep 14 08:00:00 web-1 shop[12]: hello",
    ],
)
def test_heads_that_stray_from_the_standards_are_read(line: str) -> None:
    (record,) = records(line + "\n")
    assert record.timestamp == "2026-09-14T08:00:00Z"
    assert (record.body, record.severity_text) == ("hello", "info")
    attributes = record.attributes
    assert (attributes["host.name"], attributes["service.name"], attributes["process.pid"]) == (
        "web-1",
        "shop",
        12,
    )


def test_a_mixture_of_all_kinds_is_syslog_and_no_line_of_it_is_plain_text() -> None:
    kinds = [
        "<134>CEF:0|V|P|1|E|n|6|src=192.0.2.17 msg=x",
        "<134> Sep 14 08:00:00 web-1 shop[12]: hello",
        "<134>1 2026-09-14T08:00:00Z web-1 shop 12 ID - hello",
        '<134>{"level":"warn","msg":"card declined"}',
        "<134>only text",
        "Sep 14 08:00:00 web-1 shop[12]: hello",
        "<189>29: host-01: May  6 16:13:09.120: %SYS-5-CONFIG_I: x",
    ]
    name, outcomes = read("\n".join(kinds * 5) + "\n")
    assert name == "syslog"
    for outcome in outcomes:
        assert isinstance(outcome.result, Record)
        assert outcome.result.severity_number is not None or "host.name" in outcome.result.attributes


def test_prose_of_an_unknown_program_stays_a_body() -> None:
    for message in (
        "the shop is open",
        "user ada paid = 12",
        "Error: it broke",
        "at 12:00 we close",
        "1 of 2 done",
    ):
        (record,) = records(f"<13>Sep 14 08:00:00 web-1 shop[12]: {message}\n")
        assert record.body == message
        assert "log.record.format" not in record.attributes


def test_a_program_that_is_known_by_its_name_alone_is_asked_first() -> None:
    explain = Explainer(WHEN)
    assert explain("LOG:  checkpoint starting: time") is None
    for program in ("postgres", "/usr/lib/postgresql/16/bin/postgres", "postgres-16"):
        actual = explain("LOG:  checkpoint starting: time", program)
        assert actual is not None
        assert (actual[0], actual[1].timestamp, actual[1].body) == (
            "postgresql",
            None,
            "checkpoint starting: time",
        )
    assert ParseContext(WHEN).explain("LOG:  checkpoint", "postgres") is None


@pytest.mark.skipif(not EXAMPLES.is_dir(), reason="the shared examples are not here")
@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("pri-cef.log", "cef"),
        ("pri-space-3164.log", "syslog_rfc3164"),
        ("ios-a.log", "syslog_rfc3164"),
        ("nginx_error_syslog3164.log", "syslog_rfc3164"),
    ],
)
def test_the_examples_keep_their_priority(name: str, expected: str) -> None:
    text = (EXAMPLES / name).read_bytes()
    assert read(text)[0] == expected
    for record in records(text):
        assert record.attributes["syslog.facility.code"] in (16, 23)
        assert record.severity_number is not None
