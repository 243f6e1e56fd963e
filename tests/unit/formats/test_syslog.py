"""Syslog, by RFC 5424 and as it was before it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.core.formats import ParseContext
from chalicelib.core.formats.registry import by_name
from chalicelib.core.formats.systems.syslog_rfc3164 import RFC3164
from chalicelib.core.records import Record, Value
from tests.lines_of_formats import WHEN as MODIFIED
from tests.lines_of_formats import records

Explain = Callable[[str, str], Record]
Reason = Callable[[str, str], str]

WHEN = "2024-03-14T09:26:53.123+01:00"
DATA = "syslog.structured_data."


def test_every_field_of_an_rfc5424_line_is_typed(record: Explain) -> None:
    line = f'<165>1 {WHEN} web-1 shop 4711 ORDER [a@1 k="v" l=""][b@2 m="n"] accepted 17'
    assert record("syslog_rfc5424", line) == Record(
        "2024-03-14T08:26:53.123Z",
        None,
        "notice",
        10,
        "accepted 17",
        {
            "syslog.facility.code": 20,
            "syslog.severity.code": 5,
            "syslog.version": 1,
            "host.name": "web-1",
            "service.name": "shop",
            "process.pid": 4711,
            "syslog.msgid": "ORDER",
            DATA + "a@1.k": "v",
            DATA + "a@1.l": "",
            DATA + "b@2.m": "n",
        },
    )


def test_nil_values_are_left_out(record: Explain) -> None:
    parsed = record("syslog_rfc5424", "<0>1 - - - - - -")
    assert parsed.timestamp is None
    assert parsed.body is None
    assert parsed.severity_number == 21
    assert set(parsed.attributes) == {"syslog.facility.code", "syslog.severity.code", "syslog.version"}


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (r'[a k="say \"hi\" \\ \] \n"]', {"a.k": r'say "hi" \ ] \n'}),
        (r'[a k="x\\"]', {"a.k": "x\\"}),
        ('[a k="1" k="2" k="3"]', {"a.k": "1", "a.k#2": "2", "a.k#3": "3"}),
        ('[a k="1"][a k="2"]', {"a.k": "1", "a.k#2": "2"}),
        ("[a]", {"a": True}),
        ('[a][b k="["]', {"a": True, "b.k": "["}),
        ("[meta seq=10]", {"meta.seq": "10"}),
        ('[a k="v" ]', {"a.k": "v"}),
    ],
)
@pytest.mark.parametrize("message", ["", " text", ' "] text'])
def test_structured_data_with_escapes_repeats_and_no_parameters(
    record: Explain, data: str, expected: dict[str, Any], message: str
) -> None:
    parsed = record("syslog_rfc5424", f"<14>1 {WHEN} h p - - {data}{message}")
    assert {key[len(DATA) :]: value for key, value in parsed.attributes.items() if DATA in key} == expected
    assert parsed.body == (message[1:] or None)


@pytest.mark.parametrize(
    "data",
    [
        "[",
        "[a",
        '[a k="v"',
        '[a k="v',
        "[]",
        '[a k="v"]x',
        "x",
        'xa k="v"] text',
        "[a k]",
        '[a k="]"]',
        '[a "k"]',
    ],
)
def test_broken_structured_data_costs_no_field_of_the_header_and_no_text(record: Explain, data: str) -> None:
    parsed = record("syslog_rfc5424", f"<14>1 {WHEN} h p - - {data} m")
    attributes = parsed.attributes
    assert (attributes["host.name"], attributes["service.name"], parsed.severity_text) == ("h", "p", "info")
    kept = " ".join((str(attributes.get("syslog.structured_data", "")), parsed.body or "")).split()
    typed = [value for name, value in attributes.items() if name.startswith("syslog.structured_data.")]
    assert kept == f"{data} m".split() or typed == ["]"]


VIOLATIONS = {
    '{} web shop 7 - [t@1 a="1"][app@123 tags="[a,b]"] said': ("web", "shop", 7, None, "said"),
    '{} web shop 7 - [app@123 note="said "yes" now" b="c"] said': ("web", "shop", 7, None, "said"),
    "{} web shop 7 ID47 no data at all": ("web", "shop", 7, "ID47", "no data at all"),
    "{} web shop 7 no message id": ("web", "shop", 7, None, "no message id"),
    "{} web shop[7]: as in RFC 3164": ("web", "shop", 7, None, "as in RFC 3164"),
    "{} web shop: as in RFC 3164": ("web", "shop", None, None, "as in RFC 3164"),
    "{} web starting the server now": ("web", None, None, None, "starting the server now"),
    '{} web shop 7 [a@1 x="1"] no message id': ("web", "shop", 7, None, "no message id"),
    '{} web shop 7 - [a@1 x="1" no end': ("web", "shop", 7, None, '[a@1 x="1" no end'),
    "{} web shop 7 -": ("web", "shop", 7, None, None),
}


@pytest.mark.parametrize("line", VIOLATIONS)
@pytest.mark.parametrize(
    ("when", "timestamp"),
    [("2026-02-03T10:11:00Z", "2026-02-03T10:11:00Z"), ("2026-02-03 10:11:00", "2026-02-03T10:11:00Z"),
     ("Feb  3 10:11:00", None), ("Feb 3 2026 10:11:00", "2026-02-03T10:11:00Z")],
)  # fmt: skip
def test_a_line_that_breaks_rfc5424_keeps_the_fields_of_its_header(
    record: Explain, line: str, when: str, timestamp: str | None
) -> None:
    parsed = record("syslog_rfc5424", "<38>1 " + line.format(when))
    names = ("host.name", "service.name", "process.pid", "syslog.msgid")
    assert (*(parsed.attributes.get(name) for name in names), parsed.body) == VIOLATIONS[line]
    assert (
        parsed.timestamp == timestamp if timestamp else (parsed.timestamp or "").endswith("-02-03T10:11:00Z")
    )
    assert (parsed.severity_text, parsed.severity_number) == ("info", 9)


def test_a_byte_order_mark_before_the_message_is_not_part_of_it(record: Explain) -> None:
    assert record("syslog_rfc5424", f"<14>1 {WHEN} h p - - - \ufeffmessage").body == "message"


def test_only_one_space_before_the_message_is_not_part_of_it(record: Explain) -> None:
    assert record("syslog_rfc5424", f"<14>1 {WHEN} h p - - -  info: x ").body == " info: x "


@pytest.mark.parametrize(
    "line", ["<192>1 - - - - - -", "<1>0 - - - - - -", "1 - - - - - -", "<1>1 - host", "<1>4a ", "x"]
)
def test_what_is_not_rfc5424_is_a_reject(reason: Reason, line: str) -> None:
    assert reason("syslog_rfc5424", line) == "other-shape"


def test_a_time_that_does_not_exist_is_a_reject(reason: Reason) -> None:
    assert reason("syslog_rfc5424", "<1>1 2024-03-14T22:99:16Z - - - - -") == "invalid-timestamp"
    assert reason("syslog_rfc3164", "Feb 30 00:00:00 host prog: x") == "invalid-timestamp"


@pytest.mark.parametrize("pid", ["abc", "12x", "9" * 19, "-1"])
def test_a_process_id_that_is_no_number_is_kept_as_text(record: Explain, pid: Any) -> None:
    assert record("syslog_rfc5424", f"<1>1 - - p {pid} - -").attributes["syslog.procid"] == pid


@pytest.mark.parametrize(
    ("rest", "host", "tag", "pid", "body"),
    [
        ("web-1 sshd[4711]: Accepted x", "web-1", "sshd", 4711, "Accepted x"),
        ("web-1 kernel: [ 1.2] usb", "web-1", "kernel", None, "[ 1.2] usb"),
        ("web-1 postfix/smtp/smtpd[1]: a: b", "web-1", "postfix/smtp/smtpd", 1, "a: b"),
        ("sshd[4711]: no host", None, "sshd", 4711, "no host"),
        ("RT_FLOW: RT_FLOW_CREATE: x", None, "RT_FLOW", None, "RT_FLOW_CREATE: x"),
        ("web-1 last message repeated 3 times", "web-1", None, None, "last message repeated 3 times"),
        ("web-1 prog[7] no colon", "web-1", "prog", 7, "no colon"),
        ("web-1 prog[]: empty", "web-1", "prog", None, "empty"),
        ("web-1 ansible-<stdin>: x", "web-1", "ansible-<stdin>", None, "x"),
        ("10.0.0.1 123: %SYS-5-CONFIG: x", "10.0.0.1", None, None, "%SYS-5-CONFIG: x"),
        ("2001:db8::5 prog: x", "2001:db8::5", "prog", None, "x"),
        ("web-1 prog: trailing ", "web-1", "prog", None, "trailing "),
        ("web-1 prog:", "web-1", "prog", None, None),
        ("web-1", "web-1", None, None, None),
    ],
)
@pytest.mark.parametrize(
    "head", ["Mar 14 09:26:53", "<38>Mar 14 09:26:53", "<38>Mar  4 09:26:53", "Mar 14 2024 09:26:53.5"]
)
def test_host_tag_and_process_of_a_traditional_line(
    record: Explain, head: str, rest: str, host: str | None, tag: str | None, pid: Any, body: str | None
) -> None:
    parsed = record("syslog_rfc3164", f"{head} {rest}")
    assert parsed.attributes.get("host.name") == host
    assert parsed.attributes.get("service.name") == tag
    assert parsed.attributes.get("process.pid") == pid
    assert parsed.body == body
    of_priority = "info" if head.startswith("<") else None
    assert parsed.severity_text == ("notice" if "%SYS-5" in rest else of_priority)
    assert parsed.timestamp_assumed == ("zone" if "2024" in head else "year,zone")


def test_an_iso_time_assumes_nothing(record: Explain) -> None:
    parsed = record("syslog_rfc3164", f"{WHEN} web-1 prog[7]: x")
    assert (parsed.timestamp, parsed.timestamp_assumed) == ("2024-03-14T08:26:53.123Z", None)
    assert parsed.attributes == {"host.name": "web-1", "service.name": "prog", "process.pid": 7}


def test_an_address_after_an_iso_time_is_a_host_though_there_is_no_tag(record: Explain) -> None:
    assert record("syslog_rfc3164", f"{WHEN} 192.0.2.17  {{}}").body == " {}"


@pytest.mark.parametrize(
    "rest",
    ["INFO module: started", "[main] x: y", "worker started", "api ERROR: x", "info vpxd[7] x", "- x: y"],
)
def test_an_application_log_with_iso_time_is_not_taken_for_syslog(reason: Reason, rest: str) -> None:
    assert reason("syslog_rfc3164", f"{WHEN} {rest}") == "other-shape"


@pytest.mark.parametrize(
    "line",
    [
        "<192>Mar 14 09:26:53 h p: x",
        "Mar 14 h p: x",
        "<14>x",
        "14 Mar 09:26:53 h p: x",
        "Mar 14 2026 09:26:53.123 ERROR something happened",
        "Mar 14 09:26:54 WARN: fine here",
        "Mar 14 09:26:54 [error] x",
        "Mar 14 09:26:54 error x[7]: y",
    ],
)
def test_what_is_not_traditional_syslog_is_a_reject(reason: Reason, line: str) -> None:
    assert reason("syslog_rfc3164", line) == "other-shape"


def test_the_quick_way_and_the_general_way_agree(context: ParseContext) -> None:
    lines = [
        f"{when} {host}{tag}{message}"
        for when in ("Mar 14 09:26:53", "Mar  4 09:26:53", "Mar 14 09:26:53 UTC", "<1>Mar 14 09:26:53")
        for host in ("web ", "web  ", "web:", "", "7: ")
        for tag in (
            "sshd: ",
            "sshd[7]: ",
            "sshd[7] ",
            "sshd[x]: ",
            "sshd[]: ",
            "sshd[7]:",
            "7: ",
            "a b: ",
            "٣[٣]: ",
        )
        for message in ("", "x", " x", "y: z", "sshd[7]: x")
    ]
    lines += [f"{pri}Mar 14 09:26:53 ERROR p: x" for pri in ("<14>", "")]
    warm = RFC3164.make_parser(context)
    for line in lines:
        warm(line)
    for line in lines:
        assert warm(line) == RFC3164.make_parser(context)(line), line


@pytest.mark.parametrize(
    ("line", "host", "body", "values"),
    [
        ('<134>Sep 14 08:00:00 {"level":"error","msg":"x"}', None, "x", {"log.record.format": "json", "msg": None}),
        ('Sep 14 08:00:00 {"level": "error", "msg": "x y"}', None, "x y", {"log.record.format": "json", "service.name": None}),
        ('<134>Sep 14 08:00:00 web-1 {"level": "error", "msg": "x y"}', "web-1", "x y", {"service.name": None}),
        ('Sep 14 08:00:00 level=error msg="x"', None, "x", {"log.record.format": "logfmt"}),
        ("<134>Sep 14 08:00:00 [main] hello", None, "[main] hello", {}),
        ("<134>Sep 14 08:00:00 (root) CMD (ls)", None, "(root) CMD (ls)", {}),
        ('<134>Sep 14 08:00:00 "quoted words" here', None, '"quoted words" here', {}),
        ("<134>Sep 14 08:00:00 -- MARK --", None, "-- MARK --", {}),
        ("<134>Sep 14 08:00:00 last message repeated 2 times", None, "last message repeated 2 times", {}),
        ("<134>Sep 14 08:00:00 web-1 last message repeated 2 times", "web-1", "last message repeated 2 times", {}),
        ("<134>Sep 14 08:00:00 ERROR a.b.C - x", None, "x", {"log.logger": "a.b.C"}),
        ("<134>Sep 14 08:00:00 [2001:db8::1] su: hello", "[2001:db8::1]", "hello", {"service.name": "su"}),
        ("<134>Sep 14 08:00:00 source@web-1/relay su: hello", "source@web-1/relay", "hello", {"service.name": "su"}),
        ("<187>45: RP/0/RSP0/CPU0:May  6 16:13:09.120 : ifmgr[200]: %PKT_INFRA-LINK-3-UPDOWN : Gi0/0 is down", None,
         "%PKT_INFRA-LINK-3-UPDOWN : Gi0/0 is down", {"service.name": "ifmgr", "cisco.node": "RP/0/RSP0/CPU0", "syslog.sequence": 45}),
        ("<187>45: rtr-1 RP/0/RSP0/CPU0:May  6 16:13:09.120 UTC: ifmgr[200]: %PKT_INFRA-LINK-3-UPDOWN : Gi0/0 is down", "rtr-1",
         "%PKT_INFRA-LINK-3-UPDOWN : Gi0/0 is down", {"service.name": "ifmgr", "cisco.node": "RP/0/RSP0/CPU0"}),
        ("RP/0/RSP0/CPU0:May  6 16:13:09.120 : ifmgr[200]: %PKT_INFRA-LINK-3-UPDOWN : Gi0/0 is down", None,
         "%PKT_INFRA-LINK-3-UPDOWN : Gi0/0 is down", {"service.name": "ifmgr", "cisco.node": "RP/0/RSP0/CPU0"}),
    ],
)  # fmt: skip
def test_a_host_is_a_name_or_an_address_and_a_tag_is_no_json(
    line: str, host: str | None, body: str, values: dict[str, Value]
) -> None:
    for record in records(f"{line}\n" * 3):
        assert record.timestamp is not None
        assert (record.attributes.get("host.name"), record.body) == (host, body)
        assert {name: record.attributes.get(name) for name in values} == values


def test_a_fortigate_without_a_host_names_itself() -> None:
    line = '<189>Sep 14 08:00:00 date=2026-09-14 time=08:00:00 devname="FG1" devid="FGT60F" type="traffic" level="notice" srcip=192.0.2.7'
    for record in records(f"{line}\n" * 3):
        assert record.attributes["host.name"] == "FG1"
        assert "host.name#2" not in record.attributes


@pytest.mark.parametrize(
    "head",
    ["<134>", "<134>Sep 14 08:00:00 ", "<134>Sep 14 08:00:00 web-1 app: ", "<134>1 2026-09-14T08:00:00Z web-1 app 1 - - ", "<134>2026-09-14T08:00:00Z "],
)  # fmt: skip
@pytest.mark.parametrize(
    ("message", "text", "number"),
    [
        ('{"level":"error","msg":"x"}', "error", 17),
        ('level=warn msg="x"', "warn", 13),
        ('{"msg":"x","shop":7}', "info", 9),
        ("just words", "info", 9),
    ],
)
def test_a_message_with_a_level_of_its_own_has_it_and_the_envelopes_is_a_code(
    head: str, message: str, text: str, number: int
) -> None:
    for record in records(f"{head}{message}\n" * 3):
        assert (record.severity_text, record.severity_number) == (text, number)
        assert record.attributes["syslog.severity.code"] == 6


def test_a_level_that_nobody_knows_leaves_the_envelopes_severity_and_is_kept() -> None:
    (record,) = records('<131>Sep 14 08:00:00 web-1 app: {"level":"advisory","msg":"x"}\n')
    assert (record.severity_text, record.severity_number, record.attributes["log.level"]) == (
        "err",
        17,
        "advisory",
    )


def test_what_is_counted_is_no_user() -> None:
    (prose, login) = records(
        "Sep 14 08:00:00 web-1 login[5]: password changed for 12 accounts\nSep 14 08:00:01 web-1 passwd[5]: password changed for ada\n"
    )
    assert "user.name" not in prose.attributes
    assert login.attributes["user.name"] == "ada"


def test_a_run_of_priorities_is_read_once() -> None:
    run = "<134>" * 60
    (record,) = records(f"<134>{run}Sep 14 08:00:00 web-1 sshd[7]: hello")
    assert (record.body, record.attributes["host.name"], record.attributes["syslog.repeated_priorities"]) == (
        "hello",
        "web-1",
        run,
    )
    asked: list[str] = []

    def explain(line: str, program: str | None = None, /) -> None:
        asked.append(line)

    by_name("syslog").make_parser(ParseContext(MODIFIED, explain=explain))(f"{run}x")
    assert len(asked) <= 3


@pytest.mark.parametrize(
    "message",
    ["<165>1 2026-09-14T08:00:00Z web-1 shop 7 - - hellö", "<165>Sep 14 08:00:00 web-1 shop[7]: hellö"],
)
def test_messages_behind_one_another_on_a_line_are_not_the_body_of_the_first(message: str) -> None:
    counted = f"{len(message.encode())} {message}"
    (record,) = records(counted * 3)
    assert (record.body, record.attributes["host.name"], record.attributes["service.name"]) == (
        "hellö",
        "web-1",
        "shop",
    )
    assert record.attributes["syslog.octet_count"] == len(message.encode())
    assert record.attributes["syslog.further_messages"] == counted * 2
    (alone,) = records(counted)
    assert "syslog.further_messages" not in alone.attributes


def test_a_host_before_program_and_process_needs_no_digit() -> None:
    for host in ("myhost", "web", "DB", "host1", "db.example"):
        (record,) = records(f"<30>{host} dhcpd[12]: DHCPACK on 10.0.0.5")
        (alike,) = records("<30>host1 dhcpd[12]: DHCPACK on 10.0.0.5")
        assert record.body == "DHCPACK on 10.0.0.5"
        assert record.attributes == alike.attributes | {"host.name": host}
        assert record.attributes["process.pid"] == 12
        assert record.attributes["client.address"] == "10.0.0.5"


def test_a_level_or_prose_before_a_program_is_no_host() -> None:
    for message in (
        "error shop[12]: hello",
        "Stopping shop[12]: hello",
        "stopping shop: hello",
        "web shop[a]: hello",
    ):
        (record,) = records(f"<30>{message}")
        assert "host.name" not in record.attributes
