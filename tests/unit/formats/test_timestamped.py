"""Application logs: the shapes that loggers give, with their traces."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.core.formats import ParseContext
from chalicelib.core.formats.general import decorations
from chalicelib.core.formats.general.timestamped import TIMESTAMPED
from chalicelib.core.records import Record, Value
from tests.lines_of_formats import records as made_of

START = re.compile((TIMESTAMPED.framing.entry_start or "").encode())
Explain = Callable[[str, str], Record]
Reason = Callable[[str, str], str]

FILE, LINE, FUNCTION = "code.file.path", "code.line.number", "code.function.name"
LOGGER, THREAD, THREAD_ID, PID = "log.logger", "thread.name", "thread.id", "process.pid"


@pytest.mark.parametrize(
    ("entry", "stamp", "level", "body", "attributes"),
    [
        ("2024-03-14 09:26:53,123 [main] INFO  o.e.Shop - a b", ".123", "INFO", "a b", {THREAD: "main", LOGGER: "o.e.Shop"}),
        ("2024-03-14 09:26:53.123  INFO 47 --- [  main] o.e.Shop  : a", ".123", "INFO", "a", {PID: 47, THREAD: "main", LOGGER: "o.e.Shop"}),
        ("2024-03-14T09:26:53.1Z  WARN 1 --- [app] [nio-1] o.e.Shop : a", ".1", "WARN", "a", {PID: 1, THREAD: "nio-1", LOGGER: "o.e.Shop"}),
        ("2024-03-14 09:26:53,123 INFO  [org.jboss.as] (MSC 1-1) started", ".123", "INFO", "started", {LOGGER: "org.jboss.as", THREAD: "MSC 1-1"}),
        ("2024-03-14 09:26:53 WARN o.e.Shop: a", "", "WARN", "a", {LOGGER: "o.e.Shop"}),
        ("[2024-03-14T09:26:53,123][INFO ][o.e.n.Node       ] [node-1] up", ".123", "INFO", "up", {LOGGER: "o.e.n.Node", THREAD: "node-1"}),
        ("2024-03-14 09:26:53,123 - shop - ERROR - a - b", ".123", "ERROR", "a - b", {THREAD: "shop"}),
        ("2024-03-14 09:26:53.123 | INFO     | shop.api:pay:42 - a", ".123", "INFO", "a", {LOGGER: "shop.api", FUNCTION: "pay", LINE: 42}),
        ("[2024-03-14 09:26:53 +0100] [17] [INFO] Booting", "+1", "INFO", "Booting", {PID: 17}),
        ("2024-03-14 09:26:53.123 +01:00 [INF] a", ".123+1", "INF", "a", {}),
        ("2024-03-14 09:26:53.1234|DEBUG|Shop.Pay|a", ".1234", "DEBUG", "a", {LOGGER: "Shop.Pay"}),
        ("2024/03/14 09:26:53 [error] 31#31: *1 open() failed", "", "error", "31#31: *1 open() failed", {}),
        ("2024/03/14 09:26:53 listening on :8080", "", None, "listening on :8080", {}),
        ("2024-03-14T09:26:53.000Z\tinfo\tshop/pay.go:42\tpaid\t{}", ".000", "info", "shop/pay.go:42\tpaid\t{}", {}),
        ("I, [2024-03-14T09:26:53.123456 #819]  INFO -- : ready", ".123456", "INFO", "ready", {PID: 819}),
        ("[2024-03-14 09:26:53] production.ERROR: broken {}", "", "ERROR", "broken {}", {LOGGER: "production"}),
        ("INFO 2024-03-14 09:26:53 started", "", "INFO", "started", {}),
        ("[WARN] 2024-03-14T09:26:53Z - slow", "", "WARN", "slow", {}),
        ("[ERROR] [2024-03-14 09:26:53] broken", "", "ERROR", "broken", {}),
        ("ERROR: 2024/03/14 09:26:53 broken", "", "ERROR", "broken", {}),
        ("INFO  [pool-1:26] 2024-03-14 09:26:53,123 Task.java:274 - done", ".123", "INFO", "done", {THREAD: "pool-1:26", FILE: "Task.java", LINE: 274}),
        ("Thu Mar 14 09:26:53 2024 shutting down", "", None, "shutting down", {}),
        ("[Thu Mar 14 09:26:53.123456 2024] shutting down", ".123456", None, "shutting down", {}),
        ("14-Mar-2024 09:26:53.123 INFO [main] org.Boot started up", ".123", "INFO", "org.Boot started up", {THREAD: "main"}),
        ("24/03/14 09:26:53 INFO executor.Backend: task 87", "", "INFO", "task 87", {LOGGER: "executor.Backend"}),
        ("2024-03-14 09:26:53 error opening the door", "", "error", "opening the door", {}),
        ("2024-03-14 09:26:53 the error is ours", "", None, "the error is ours", {}),
        ("2024-03-14 09:26:53 INFORMATION desk", "", "INFORMATION", "desk", {}),
        ("2024-03-14 09:26:53 INFOX desk", "", None, "INFOX desk", {}),
        ("2024-03-14 09:26:53 W | rafthttp: lost", "", "W", "rafthttp: lost", {}),
        ("2024-03-14 09:26:53 -5 degrees", "", None, "-5 degrees", {}),
        ("2024-03-14 09:26:53.1Z executor-5 operationID=4e-1a  DEBUG a.b.Task Invoking it", ".1", "DEBUG", "Invoking it", {THREAD: "executor-5", "vmware.operation_id": "4e-1a", LOGGER: "a.b.Task"}),
        ("2024-03-14 09:26:53 INFO perf[23:start-1] [CorId=] [a.b.Sink] again", "", "INFO", "again", {"service.name": "perf", PID: 23, THREAD: "start-1", LOGGER: "a.b.Sink"}),
        ("2024-03-14 09:26:53 debug wcp [auth/session.go:156] gone", "", "debug", "gone", {LOGGER: "wcp", FILE: "auth/session.go", LINE: 156}),
        ("2024-03-14 09:26:53 - fraud-detection - Consumed 17", "", None, "Consumed 17", {THREAD: "fraud-detection"}),
        ("14.03.2024 09:26:53.5 *INFO* [main] up", ".5", "INFO", "up", {LOGGER: "main"}),
        ("[03/14/24 09:26:53] INFO     up", "", "INFO", "up", {}),
        ("03/14/2024 09:26:53.5 AM WARN up", ".5", "WARN", "up", {}),
        ("March 14, 2024 9:26:53 am INFO up", "", "INFO", "up", {}),
        ("20240314 09:26:53.5 INFO up", ".5", "INFO", "up", {}),
        ("2024-03-14 09:26:53", "", None, None, {}),
        ("1710408413 ERROR x", "", "ERROR", "x", {}),
        ("1710408413123 ERROR x", ".123", "ERROR", "x", {}),
        ("1710408413123456 ERROR x", ".123456", "ERROR", "x", {}),
        ("1710408413123456789 ERROR x", ".123456789", "ERROR", "x", {}),
        ("[1710408413.123] [error] x", ".123", "error", "x", {}),
        ("20240314T092653Z ERROR x", "", "ERROR", "x", {}),
        ("14-Mar-24 09:26:53 ERROR x", "", "ERROR", "x", {}),
        ("Mar 14 2024 09:26:53.123 ERROR something happened", ".123", "ERROR", "something happened", {}),
        ("Mar 14 09:26:53 WARN: fine here", "", "WARN", "fine here", {}),
        ("Mar 14 09:26:53 [error] x", "", "error", "x", {}),
        ("2024-03-14 10:26:53.123 Europe/Berlin ERROR x", ".123", "ERROR", "x", {"time_zone": "Europe/Berlin"}),
        ("2024-03-14T10:26:53+01:00[Europe/Berlin] ERROR x", "", "ERROR", "x", {}),
        ("2024-03-14T09:26:53.123Z[UTC] ERROR x", ".123", "ERROR", "x", {}),
        ("2024-03-14T14:56:53.1234567890123+05:30 ERROR x", ".123456789", "ERROR", "x", {}),
    ],
)  # fmt: skip
def test_the_shapes_that_loggers_give(
    record: Explain, entry: str, stamp: str, level: str | None, body: str | None, attributes: dict[str, Any]
) -> None:
    parsed = record("timestamped", entry)
    hour = "08" if stamp.endswith("+1") else "09"
    assert parsed.timestamp == f"2024-03-14T{hour}:26:53{stamp.removesuffix('+1')}Z"
    assert (parsed.severity_text, parsed.body, parsed.attributes) == (level, body, attributes)
    assert (parsed.severity_number is None) == (level is None)


@pytest.mark.parametrize(
    "trace",
    [
        "java.io.IOException: reset\n\tat a.B.c(B.java:1)\nCaused by: x.Y: z\n\t... 12 more",
        'Traceback (most recent call last):\n  File "a.py", line 1, in <module>\n    f()\nValueError: x',
        "goroutine 1 [running]:\nmain.main()\n\t/a/b.go:7 +0x1d",
        '{\n  "a": 1\n}',
    ],
)
def test_a_trace_is_part_of_the_body_of_its_entry(record: Explain, trace: str) -> None:
    parsed = record("timestamped", f"2024-03-14 09:26:53 ERROR failed\n{trace}")
    assert parsed.body == f"failed\n{trace}"
    assert not any(START.match(line.encode()) for line in trace.split("\n"))


def test_a_line_without_a_time_is_a_reject(reason: Reason) -> None:
    assert reason("timestamped", "Caused by: nothing") == "no-timestamp"
    assert reason("timestamped", "12:00:00 INFO no date") == "no-timestamp"


@pytest.mark.parametrize(
    "entry",
    [
        "1710408413 errors so far",
        "1710408413 x ERROR",
        "171040841312 ERROR x",
        "Mar 14 09:26:53 web-1 ERROR x",
    ],
)
def test_a_number_or_a_date_without_a_year_is_a_time_only_before_a_level(reason: Reason, entry: str) -> None:
    assert reason("timestamped", entry) == "no-timestamp"


@pytest.mark.parametrize(
    ("entry", "stamp"),
    [
        ("2024-03-14T09:26Z ERROR x", "2024-03-14T09:26:00Z"),
        ("2024/3/4 9:6:3 ERROR x", "2024-03-04T09:06:03Z"),
    ],
)
def test_a_clock_may_be_short(record: Explain, entry: str, stamp: str) -> None:
    parsed = record("timestamped", entry)
    assert (parsed.timestamp, parsed.severity_text, parsed.body) == (stamp, "ERROR", "x")


def test_a_date_that_does_not_exist_is_a_reject(reason: Reason) -> None:
    assert reason("timestamped", "2024-02-30 09:26:53 INFO x") == "invalid-timestamp"


def test_every_entry_that_the_parser_explains_starts_where_the_framing_sees_it(context: ParseContext) -> None:
    parse = TIMESTAMPED.make_parser(context)
    for entry in TIMESTAMPED.samples:
        assert START.match(entry.encode())
        assert parse(entry)


WORDS = st.sampled_from(
    ["[main]", "[INFO]", "[a.b]", "[a:1]", "(x)", "INFO", "WARN ", "ERROR", "ERROR:", "error", "org.x.Y", "org.x.Y:", "Shop", "-", ":", "|",
     "a.py:7", "7", "--", "order 17", "x: y", "- x", "{a}", "=", "", "--- [x] y :"]
)  # fmt: skip


@given(st.lists(WORDS, max_size=7), st.sampled_from([" ", "  ", "\t", "\n"]))
def test_the_quick_way_and_the_general_way_agree(words: list[str], separator: str) -> None:
    entry = " " + separator.join(words)
    quick: dict[str, Any] = {}
    slow: dict[str, Any] = {}
    assert decorations.split_decorations(entry, 0, quick, leveled=False) == decorations._split_any(
        entry, 0, slow, leveled=False
    )
    assert quick == slow


@pytest.mark.parametrize(
    ("when", "timestamp", "assumed"),
    [
        ("05-01-2026 10:11:05", "2026-01-05T10:11:05Z", "day-month,zone"),
        ("25-01-2026 10:11:05", "2026-01-25T10:11:05Z", "zone"),
        ("25.01.26 10:11:05,123", "2026-01-25T10:11:05.123Z", "zone"),
        ("05.01.26 10:11:05,123", "2026-01-05T10:11:05.123Z", "day-month,zone"),
        ("05-JAN-26 10.11.05", "2026-01-05T10:11:05Z", "zone"),
        ("05-JAN-26 10.11.05.123456", "2026-01-05T10:11:05.123456Z", "zone"),
        ("05-JAN-26 10.11.05.123456 PM", "2026-01-05T22:11:05.123456Z", "zone"),
        ("05-JAN-2026 10:11:05", "2026-01-05T10:11:05Z", "zone"),
        ("5. Januar 2026 10:11:05", "2026-01-05T10:11:05Z", "zone"),
        ("05-Mär-2026 10:11:05", "2026-03-05T10:11:05Z", "zone"),
        ("05 Mrz 2026 10:11:05", "2026-03-05T10:11:05Z", "zone"),
        ("05. Okt 2026 10:11:05.5", "2026-10-05T10:11:05.5Z", "zone"),
        ("31 Dez. 2025 10:11:05", "2025-12-31T10:11:05Z", "zone"),
        ("5 janvier 2026 10:11:05", "2026-01-05T10:11:05Z", "zone"),
        ("05 févr. 2026 10:11:05", "2026-02-05T10:11:05Z", "zone"),
        ("14-août-2026 10:11:05", "2026-08-14T10:11:05Z", "zone"),
        ("14 juil. 2026 10:11:05", "2026-07-14T10:11:05Z", "zone"),
    ],
)
def test_dates_of_other_shapes_and_languages(when: str, timestamp: str, assumed: str) -> None:
    first, second = made_of(f"{when} INFO ready\n  and more\n{when} ERROR over\n")
    assert (first.timestamp, first.timestamp_assumed, first.severity_text) == (timestamp, assumed, "INFO")
    assert (first.body, second.severity_text, second.body) == ("ready\n  and more", "ERROR", "over")


def test_one_date_that_fits_one_way_decides_for_dashes_too() -> None:
    made = made_of("05-01-2026 10:11:05 INFO a\n05-13-2026 10:11:05 INFO b\n05-02-2026 10:11:05 INFO c\n")
    assert [record.timestamp for record in made] == [
        "2026-05-01T10:11:05Z",
        "2026-05-13T10:11:05Z",
        "2026-05-02T10:11:05Z",
    ]


@pytest.mark.parametrize(
    ("body", "text", "number", "message", "values"),
    [
        (
            '{"level":"error","msg":"no money","user":{"id":7}}',
            "error",
            17,
            "no money",
            {"log.record.format": "json"},
        ),
        ('{"level": "warn", "msg": "slow"}', "warn", 13, "slow", {"log.record.format": "json"}),
        (
            'level=ERROR msg="no money" took=5',
            "ERROR",
            17,
            "no money",
            {"log.record.format": "logfmt", "took": 5},
        ),
        ("user=ada took=5", None, None, "user=ada took=5", {}),
        ("{no json}", None, None, "{no json}", {}),
        ('INFO {"level":"error"}', "INFO", 9, '{"level":"error"}', {}),
    ],
)
@pytest.mark.parametrize("when", ["2026-09-14 08:00:00", "2026-09-14T08:00:00Z", "[2026-09-14 08:00:00]"])
def test_a_message_of_json_or_pairs_says_its_level(
    when: str, body: str, text: str | None, number: int | None, message: str, values: dict[str, Value]
) -> None:
    for record in made_of(f"{when} {body}\n" * 3):
        assert record.timestamp == "2026-09-14T08:00:00Z"
        assert (record.severity_text, record.severity_number, record.body) == (text, number, message)
        assert {name: record.attributes.get(name) for name in values} == values
