"""Application logs: traces under their entries, other logs mixed in, logins in messages, what is refused."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.core.formats.logins import add_login
from chalicelib.core.formats.registry import by_name
from chalicelib.core.formats.starts import WELL_KNOWN
from chalicelib.core.formats.traces import add_exception
from chalicelib.core.plan import ObjectHead, ObjectVersion
from chalicelib.core.reading import Reading
from chalicelib.core.records import Record
from tests.fakes import opener

Explain = Callable[[str, str], Record]
Reason = Callable[[str, str], str]

TYPE, MESSAGE, TRACE = "exception.type", "exception.message", "exception.stacktrace"


def records(text: str) -> list[tuple[str, str | None]]:
    """Format and body of every record of a file."""
    data = text.encode()
    head = ObjectHead(
        ObjectVersion("logs", "a.log", "v1", "e"), len(data), "", datetime(2024, 6, 1, tzinfo=UTC)
    )
    reading = Reading(head, opener(data, 65_536))
    outcomes = list(reading)
    return [
        (outcome.format or reading.plan.format, outcome.result.body)
        for outcome in outcomes
        if isinstance(outcome.result, Record)
    ]


@pytest.mark.parametrize(
    ("text", "kind", "message"),
    [
        ("failed\njava.io.IOException: reset\n\tat a.B.c(B.java:1)\nCaused by: x.Y: z\n\t... 12 more", "java.io.IOException", "reset"),
        ("failed: java.io.IOException: reset\n\tat a.B.c(B.java:1)", "java.io.IOException", "reset"),
        ("failed\njava.lang.NullPointerException\n\tat a.B.c(B.java:1)", "java.lang.NullPointerException", None),
        ('Exception in thread "main" a.b.C: x\ny\n\tat a.B.c(B.java:1)\n\tSuppressed: a.D: e\n\t\tat a.F.g(F.java:2)', "a.b.C", "x\ny"),
        ("failed\njava.lang.Exception: a\n\tat a.b(C.java:1)\nCaused by: java.lang.Error: b\n\tat a.b(C.java:2)", "java.lang.Exception", "a"),
        ('failed\nTraceback (most recent call last):\n  File "a.py", line 1, in f\n    g()\nValueError: x', "ValueError", "x"),
        (('Traceback (most recent call last):\n  File "a.py"\nKeyError: 1\n\nDuring handling of the above exception, another exception occurred:\n\n'
         'Traceback (most recent call last):\n  File "b.py"\nshop.PayError: no\nmoney'), "shop.PayError", "no\nmoney"),
        ('Traceback (most recent call last):\n  File "a.py"\nKeyboardInterrupt', "KeyboardInterrupt", None),
        ("panic: runtime error: x [recovered]\n\ngoroutine 1 [running]:\nmain.main()\n\t/a/b.go:7 +0x1d", "panic", "runtime error: x [recovered]"),
        ("no money (Shop::PayError)\n/srv/pay.rb:42:in `send'", "Shop::PayError", "no money"),
        ("NoMethodError (undefined method `x' for nil:NilClass):\n\napp/a.rb:12:in `show'", "NoMethodError", "undefined method `x' for nil:NilClass"),
        ("/srv/a.rb:3:in `f': no (ArgumentError)\n\tfrom /srv/a.rb:7:in `main'", "ArgumentError", "no"),
        ("Unhandled exception. System.InvalidOperationException: no\n   at A.B() in /a.cs:line 3", "System.InvalidOperationException", "no"),
        ("System.Exception: a ---> System.IO.IOException: b\n   at A.B()\n   --- End of inner exception stack trace ---", "System.Exception", "a ---> System.IO.IOException: b"),
        ("oh\nTypeError: x is not a function\n    at f (/a/b.js:1:2)\n    at node:internal/main:3:1", "TypeError", "x is not a function"),
        ("Error [ERR_X]: y\n    at f (/a/b.js:1:2)", "Error", "y"),
        ("PHP Fatal error:  Uncaught RuntimeException: no in /a/b.php:3\nStack trace:\n#0 {main}\n  thrown", "RuntimeException", "no"),
        ("Uncaught exception 'PDOException' with message 'gone' in /a.php:3\nStack trace:\n#0 {main}", "PDOException", "'gone'"),
    ],
)  # fmt: skip
def test_the_exception_of_a_trace_is_typed(text: str, kind: str, message: str | None) -> None:
    fields: dict[str, Any] = {}
    add_exception(fields, text)
    assert (fields[TYPE], fields.get(MESSAGE)) == (kind, message)
    assert text.endswith(fields[TRACE])


@pytest.mark.parametrize(
    "text", ["a\nb", "a\n  b\n  c", "items:\n - at the door\n", "x\n{\n  1\n}", "a\n\nfrom us"]
)
def test_lines_that_are_no_trace_give_no_exception(text: str) -> None:
    fields: dict[str, Any] = {}
    add_exception(fields, text)
    assert fields == {}


@given(
    st.text(),
    st.sampled_from(
        [
            "",
            "\n\tat x",
            "\nStack trace:\n",
            "\nTraceback (most recent call last):\n",
            "\na:1:in `",
            "\npanic: ",
        ]
    ),
)
def test_no_text_of_several_lines_raises(text: str, tail: str) -> None:
    fields: dict[str, Any] = {}
    add_exception(fields, text + tail)
    add_login(fields, text + tail)


OTHERS = [
    ('{"level":"info","msg":"a line of JSON"}', "json"),
    ("<13>Mar 14 09:26:53 web-1 shop[7]: with a PRI", "syslog_rfc3164"),
    ("Mar  4 09:26:53 web-1 shop[7]: without", "syslog_rfc3164"),
    ('192.0.2.17 - - [14/Mar/2024:09:26:53 +0100] "GET / HTTP/1.1" 200 1 "-" "agent"', "access_combined"),
    ("2024-03-14T09:26:53Z INFO a time and a level", "timestamped"),
]
MULTI_LINE = ("log4j", "hadoop", "spring_boot", "python_logging", "loguru", "ruby_logger", "rails", "serilog_text", "nlog", "java_util_logging", "dotnet_console", "logcat")  # fmt: skip


@pytest.mark.parametrize("name", MULTI_LINE)
@pytest.mark.parametrize(("line", "other"), OTHERS, ids=[other for _, other in OTHERS])
def test_a_line_of_another_log_does_not_join_the_entry_before_it(name: str, line: str, other: str) -> None:
    own = "\n".join(by_name(name).samples * 3)
    parsed = records(f"{own}\n{line}\n{by_name(name).samples[0]}\n")
    assert (other, parsed[-2][1]) in parsed
    assert [each for each in parsed if each[0] == other] == [parsed[-2]]
    assert parsed[-1][0] == name


@pytest.mark.parametrize(
    "line",
    [
        '{"a":1}', "<165>1 2024-03-14T09:26:53Z h a - - - x", "<13>Mar 14 09:26:53 h p: x", "Mar 14 09:26:53 h p: x",
        '192.0.2.1 - - [14/Mar/2024:09:26:53 +0100] "GET', "I0314 09:26:53.123456    7 a.go:1] x",
        "2024-03-14 09:26:53 x", "[2024-03-14T09:26:53.1Z] x", "14/Mar/2024:09:26:53 x", "INFO 2024/03/14 09:26:53 x",
        "CEF:0|a|b|c|d|e|5|", "Thu Mar 14 09:26:53 2024 x",
    ],
)  # fmt: skip
def test_the_start_of_a_well_known_line_is_seen(line: str) -> None:
    assert re.match(WELL_KNOWN.encode(), line.encode())


@pytest.mark.parametrize(
    "line",
    [
        "", "\tat a.B.c(B.java:1)", "Caused by: a.B: c", "... 12 more", "Traceback (most recent call last):", "{", "}", "[1, 2]",
        "ValueError: x", "  2024-03-14 is a date", "goroutine 1 [running]:", "#0 {main}", "Mar was cold", "Processing by A#b as HTML",
    ],
)  # fmt: skip
def test_a_line_that_belongs_to_an_entry_is_no_start(line: str) -> None:
    assert not re.match(WELL_KNOWN.encode(), line.encode())


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("nestjs", "\x1b[33m[Nest] 6  - \x1b[39m03/14/2024, 9:26:53 PM \x1b[33m   WARN\x1b[39m \x1b[38;5;3m[A] \x1b[39mx"),
        ("dotnet_console", "\x1b[40m\x1b[32minfo\x1b[39m\x1b[22m\x1b[49m: A.B[0] x"),
        ("uvicorn", "\x1b[32mINFO\x1b[0m:     up"),
        ("loguru", "\x1b[32m2024-03-14 09:26:53.123\x1b[0m | \x1b[1mINFO    \x1b[0m | \x1b[36ma.b\x1b[0m:\x1b[36mc\x1b[0m:\x1b[36m7\x1b[0m - x"),
        ("spring_boot", "\x1b[2m2024-03-14 09:26:53.123\x1b[0;39m \x1b[32m INFO\x1b[0;39m \x1b[35m7\x1b[0;39m \x1b[2m---\x1b[0;39m [main] a.B : x"),
    ],
)  # fmt: skip
def test_colours_inside_a_line_do_not_hide_that_an_entry_starts(name: str, line: str) -> None:
    assert [each for each, _ in records(f"{line}\n" * 3)] == [name] * 3


@pytest.mark.parametrize(
    ("body", "client", "port", "user"),
    [
        ("Failed login for user `ada` from IP `192.0.2.17.`", "192.0.2.17", None, "ada"),
        ('Failed login attempt for username "ada" from ip ::1 (User not found)', "::1", None, "ada"),
        ("Failed authentication attempt for ada from 192.0.2.17:48560: no", "192.0.2.17", 48560, "ada"),
        ('Failed sign-in {"ip":"::ffff:192.0.2.17","email":"ada"}', "192.0.2.17", None, "ada"),
        ("WebAPI login failure. IP: 2001:db8::5, username: ada", "2001:db8::5", None, "ada"),
        ('Login failed. Attempt for user "ada" failed. (192.0.2.17 -> POST:x)', "192.0.2.17", None, "ada"),
        ("Login attempt from example.org (192.0.2.17)", "192.0.2.17", None, None),
        ("Username or password is incorrect. IP: 192.0.2.17. Username: ada.", "192.0.2.17", None, "ada"),
        ("password changed from now on", None, None, None),
        ("user ada logged out of 192.0.2.17", None, None, None),
    ],
)  # fmt: skip
def test_a_message_about_a_login_says_who_and_from_where(
    body: str, client: str | None, port: int | None, user: str | None
) -> None:
    fields: dict[str, Any] = {}
    add_login(fields, body)
    who = fields.get("client.address"), fields.get("client.port"), fields.get("user.name")
    assert who == (client, port, user)


@pytest.mark.parametrize(
    ("name", "entry", "why"),
    [
        ("log4j", "2024-02-30 09:26:53,123 [main] INFO  a.B - x", "invalid-timestamp"),
        ("log4j", "2024-03-14 09:26:53,123 order INFO is text - x", "other-shape"),
        ("hadoop", "2024-03-14 09:26:53 INFO module: x", "other-shape"),
        ("uvicorn", "INFO: 2024-03-14 09:26:53 x", "other-shape"),
        ("logcat", "Info/x: y", "other-shape"),
        ("rails", "Started to think", "other-shape"),
        ("weblogic", "####<x>", "other-shape"),
    ],
)
def test_what_is_no_entry_of_a_format_is_a_reject(reason: Reason, name: str, entry: str, why: str) -> None:
    assert reason(name, entry) == why


@pytest.mark.parametrize(
    ("zone", "stamp", "assumed"),
    [
        ("Europe/Berlin", "2024-03-14T08:26:53Z", None),
        ("America/Nowhere", "2024-03-14T09:26:53Z", "zone"),
        ("XYZ", "2024-03-14T09:26:53Z", "zone"),
    ],
)
def test_the_name_of_a_zone_is_kept_whether_or_not_it_is_known(
    record: Explain, zone: str, stamp: str, assumed: str | None
) -> None:
    parsed = record("php_error", f"[14-Mar-2024 09:26:53 {zone}] PHP Notice:  x")
    assert (parsed.timestamp, parsed.timestamp_assumed) == (stamp, assumed)
    assert parsed.attributes["time_zone"] == zone


@pytest.mark.parametrize(
    ("half", "hour"), [("12:00:00 AM", "00"), ("12:00:00 PM", "12"), ("1:00:00 PM", "13")]
)
def test_noon_and_midnight_are_told_apart(record: Explain, half: str, hour: str) -> None:
    parsed = record("java_util_logging", f"Mar 14, 2024 {half} a.B c\nINFO: x")
    assert parsed.timestamp == f"2024-03-14T{hour}:00:00Z"


def test_a_month_and_a_day_get_the_latest_year(record: Explain) -> None:
    parsed = record("logcat", "12-31 09:26:53.811  1702  2395 D Shop: x")
    assert (parsed.timestamp, parsed.timestamp_assumed) == ("2023-12-31T09:26:53.811Z", "year,zone")


def test_the_context_of_monolog_leaves_the_message(record: Explain) -> None:
    parsed = record("monolog", '[2024-03-14 09:26:53] shop.ERROR: no {money} {"order":{"id":17}} []')
    assert parsed.body == "no {money}"
    assert parsed.attributes == {"log.logger": "shop", "context.order.id": 17}
