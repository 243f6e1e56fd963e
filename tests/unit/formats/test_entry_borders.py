"""Lines of logs that follow one another are a record each, and each record has the time and level of its own line."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from chalicelib.core.framing.cutting import Limits
from tests.unit.formats.test_seen_through import (
    SMALL,
    WRAPS,
    compose,
    cri,
    docker,
    kubectl_prefix,
    read,
    stern,
)

LEVELS = ("INFO", "WARN", "ERROR", "DEBUG")
CLEAR = {
    "rust": "2026-09-14T08:00:{number:02}.123456Z {level:>5} app::x: step {number}",
    "spring boot": "2026-09-14T08:00:{number:02}.123Z {level:>5} 7 --- [           main] o.e.Shop : step {number}",
    "an ISO time and a level": "2026-09-14T08:00:{number:02}.123Z {level} step {number}",
    "nanoseconds": "2026-09-14T08:00:{number:02}.123456789Z {level} step {number}",
}
INDENTED = {
    "a padded level": "{level:>5} [main] step {number}",
    "an indented level": "  {level} step {number}",
    "words": "   step {number} is done",
    "a blank": " step {number}",
}
each_wrap = pytest.mark.parametrize("wrap", WRAPS.values(), ids=WRAPS)
each_limit = pytest.mark.parametrize("limits", [None, SMALL], ids=["large", "small"])


def lines(shape: str, count: int = 20) -> list[str]:
    return [shape.format(number=number, level=LEVELS[number % 4]) for number in range(count)]


@each_wrap
@each_limit
@pytest.mark.parametrize("shape", CLEAR.values(), ids=CLEAR)
def test_lines_with_times_of_their_own_are_a_record_each(
    wrap: Callable[[str, str, int], str], shape: str, limits: Limits | None
) -> None:
    text = "".join(wrap(line, "stdout", number) + "\n" for number, line in enumerate(lines(shape)))
    _, records = read(text, limits)
    assert [(record.severity_text, record.body) for record in records] == [
        (LEVELS[number % 4], f"step {number}") for number in range(20)
    ]


@pytest.mark.parametrize("wrap", [cri, docker, kubectl_prefix])
@each_limit
@pytest.mark.parametrize("shape", INDENTED.values(), ids=INDENTED)
def test_indented_lines_of_no_trace_are_a_record_each(
    wrap: Callable[[str, str, int], str], shape: str, limits: Limits | None
) -> None:
    text = "".join(wrap(line, "stdout", number) + "\n" for number, line in enumerate(lines(shape)))
    _, records = read(text, limits)
    assert len(records) == 20


@pytest.mark.parametrize("wrap", [compose, kubectl_prefix, stern])
@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("2026-09-14T08:00:00.123Z ERROR failed", {"log.record.format": "timestamped"}),
        ("2026-09-14T08:00:00.123456Z  WARN app::x: failed", {"log.logger": "app::x"}),
        ("2026-09-14T08:00:00.123Z ERROR 7 --- [main] o.e.Shop : failed", {"process.pid": 7, "thread.name": "main"}),
        ("2026-09-14T08:00:00.123456Z 8 [ERROR] [MY-010068] [Server] failed", {"mysql.error_code": "MY-010068"}),
    ],
)  # fmt: skip
def test_the_time_of_the_program_is_no_time_of_the_runtime(
    wrap: Callable[[str, str, int], str], line: str, expected: dict[str, object]
) -> None:
    _, records = read(wrap(line, "stdout", 0) + "\n", None)
    (record,) = records
    assert (record.severity_number, record.body) == (13 if "WARN" in line else 17, "failed")
    assert str(record.timestamp).startswith("2026-09-14T08:00:00.123")
    assert record.attributes.items() >= expected.items()


@pytest.mark.parametrize("digits", ["", ".5", ".123456789"])
def test_a_time_before_a_line_with_one_of_its_own_is_the_runtimes(digits: str) -> None:
    line = '192.0.2.7 - - [14/Sep/2026:07:59:59 +0000] "GET / HTTP/1.1" 200 5'
    _, (record,) = read(kubectl_prefix(f"2026-09-14T08:00:00{digits}Z {line}", "stdout", 0) + "\n")
    assert record.timestamp == f"2026-09-14T08:00:00{digits}Z"
    assert record.attributes["http.response.status_code"] == 200


@pytest.mark.parametrize("wrap", ["k8s_cri", "docker_json"])
def test_what_a_container_says_hours_later_is_not_of_the_log_line_before_it(wrap: str) -> None:
    text = ""
    for hour, line in enumerate([*["2026-09-14 08:00:00,123 ERROR failed"] * 4, "words", "  more"]):
        text += WRAPS[wrap](line, "stdout", 1).replace("T08:", f"T{8 + hour:02}:") + "\n"
    _, records = read(text)
    assert [record.body for record in records] == [*["failed"] * 4, "words", "  more"]


def test_a_trace_belongs_to_its_log_line_and_holds_no_other() -> None:
    entry = [
        "{time}.1Z  WARN 7 --- [main] o.e.Shop : failed",
        "java.io.IOException: reset",
        "\tat o.e.Pay.send(Pay.java:42)",
    ]
    last = "{time}.1Z  INFO 7 --- [main] o.e.Shop : next"
    text = "".join(
        compose(line.format(time=f"2026-09-14T08:00:{number:02}"), "stdout", 0) + "\n"
        for number in range(20)
        for line in (*entry, last)
    )
    _, records = read(text)
    assert [record.severity_text for record in records] == ["WARN", "INFO"] * 20
    assert {record.attributes.get("exception.stacktrace") for record in records} == {
        None,
        "\n".join(entry[1:]),
    }


@pytest.mark.parametrize(
    "trace",
    [
        ["Error: refused", "    at connect (node:net:1595:16) {", "  errno: -111,", "  code: 'ECONNREFUSED'", "}"],
        ["org.postgresql.util.PSQLException: ERROR: syntax error", "  Position: 15", "\tat org.postgresql.Foo.bar(Foo.java:7)"],
        ["thread 'main' panicked at src/main.rs:2:5:", "no money", "stack backtrace:", "   0: app::main", "             at ./src/main.rs:2:5"],
        ["==1==ERROR: AddressSanitizer: heap-use-after-free", "    #0 0x4f2 in main /srv/a.c:7", "    #1 0x7f1 in __libc_start_main"],
        ["/srv/a.py:7: DeprecationWarning: old", "  foo()"],
        ["Unhandled exception. System.AggregateException: many", " ---> System.InvalidOperationException: no", "   at Shop.Main()"],
        ["** (RuntimeError) no money", "    (shop 0.1.0) lib/shop.ex:7: Shop.pay/1", "    (elixir 1.15.0) lib/task.ex:2: Task.run/2"],
    ],
)  # fmt: skip
def test_indented_lines_of_a_trace_are_of_it(trace: list[str]) -> None:
    messages = ["step", "  more", *trace, "step"] * 3
    _, records = read("".join(cri(line, "stderr", number) + "\n" for number, line in enumerate(messages)))
    assert [record.body for record in records] == ["step", "  more", "\n".join(trace), "step"] * 3


def test_an_object_over_several_lines_is_one_record() -> None:
    text = "".join(
        cri(line, "stdout", number) + "\n"
        for number, line in enumerate(["{", '  "level": "warn",', '  "msg": "slow"', "}"] * 5)
    )
    _, records = read(text)
    assert [(record.severity_text, record.body) for record in records] == [("warn", "slow")] * 5


def test_what_compose_itself_says_is_a_record() -> None:
    lines = [compose(line, "stdout", 0) for line in lines_of_rust(20)]
    own = [
        "Attaching to web-1, db-1",
        *lines,
        "web-1 exited with code 137",
        "shop_db_2 exited with code 0 (restarting)",
    ]
    reading, records = read("\n".join(own) + "\n")
    assert reading.plan.format == "docker_compose"
    assert len(records) == 23
    assert [records[place].body for place in (0, -2, -1)] == [own[0], *own[-2:]]
    assert records[-2].attributes == {
        "service.name": "web", "docker.compose.container_number": 1, "process.exit.code": 137
    }  # fmt: skip
    assert records[-1].attributes["service.name"] == "shop_db"


def lines_of_rust(count: int) -> list[str]:
    return lines(CLEAR["rust"], count)


REPORT = "Internal Server Error: /fail"
DJANGO_TRACE = ["Traceback (most recent call last):", '  File "/srv/a.py", line 7, in pay', "    raise ValueError(1)",
                "ValueError: no money"]  # fmt: skip
CHAINED = [
    *DJANGO_TRACE,
    "",
    "During handling of the above exception, another exception occurred:",
    "",
    *DJANGO_TRACE,
]
OK, FAILED = (
    '[14/Sep/2026 08:00:0{}] "GET /ok HTTP/1.1" 200 12',
    '[14/Sep/2026 08:00:0{}] "GET /fail HTTP/1.1" 500 145',
)


@each_limit
@pytest.mark.parametrize("report", [[REPORT], []], ids=["with a report", "bare"])
@pytest.mark.parametrize("trace", [DJANGO_TRACE, CHAINED], ids=["trace", "chained"])
def test_a_trace_of_djangos_server_is_not_of_the_request_before_it(
    trace: list[str], report: list[str], limits: Limits | None
) -> None:
    text = "".join(
        "\n".join([OK.format(number), *report, *trace, FAILED.format(number)]) + "\n" for number in range(8)
    )
    reading, records = read(text, limits)
    assert reading.plan.format == "django_server"
    assert len(records) == 24
    for ok, failed, request in zip(records[::3], records[1::3], records[2::3], strict=True):
        assert (ok.body, request.body) == ("GET /ok HTTP/1.1", "GET /fail HTTP/1.1")
        assert failed.body == "\n".join([*report, *trace])
        assert failed.attributes["exception.type"] == "ValueError"
        assert failed.attributes["exception.stacktrace"] == "\n".join(trace)


def test_the_report_of_a_refused_request_is_a_record() -> None:
    text = "".join(
        f"{OK.format(number)}\nNot Found: /a\n{OK.format(number).replace('200', '404')}\n"
        for number in range(8)
    )
    _, records = read(text)
    assert [record.body for record in records][:3] == [
        "GET /ok HTTP/1.1",
        "Not Found: /a",
        "GET /ok HTTP/1.1",
    ]


def test_traces_without_requests_are_no_log_of_django() -> None:
    reading, records = read(("\n".join(DJANGO_TRACE) + "\n") * 5)
    assert (reading.plan.format, len(records)) == ("stack_trace", 5)
