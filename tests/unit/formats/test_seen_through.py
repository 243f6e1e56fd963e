"""Logs of containers: lines are joined by what the program inside writes, and read by its format."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from chalicelib.core.framing import Kind
from chalicelib.core.framing.cutting import Limits
from chalicelib.core.ledger.accounts import State
from chalicelib.core.plan import ObjectHead, ObjectVersion
from chalicelib.core.reading import Reading
from chalicelib.core.records import Record

WHEN = datetime(2026, 11, 30, tzinfo=UTC)
EXAMPLES = Path(__file__).parents[4] / "shared/examples/found"
SMALL = Limits(batch_max_lines=3, batch_max_bytes=2000, entry_max_bytes=2000, split_bytes=700)


def read(text: str | bytes, limits: Limits | None = None) -> tuple[Reading, list[Record]]:
    data = text if isinstance(text, bytes) else text.encode()
    reading = Reading(
        ObjectHead(ObjectVersion("b", "k", "v", "e"), len(data), "", WHEN),
        lambda at: iter([data[at:]]),
        limits=limits,
    )
    outcomes = list(reading)
    assert sum(outcome.length for outcome in outcomes) == len(data)
    assert sum(outcome.lines for outcome in outcomes) == data.count(b"\n")
    account = reading.account
    assert (account.state, account.cut) == (State.COMPLETE, account.summary.total)
    assert (account.cut.lines, account.cut.bytes) == (data.count(b"\n"), len(data))
    return reading, [outcome.result for outcome in outcomes if isinstance(outcome.result, Record)]


def cri(line: str, stream: str, number: int) -> str:
    return f"2026-09-14T08:00:00.{number:09d}Z {stream} F {line}"


def docker(line: str, stream: str, number: int) -> str:
    return json.dumps({"log": line + "\n", "stream": stream, "time": f"2026-09-14T08:00:00.{number:09d}Z"})


def docker_compact(line: str, stream: str, number: int) -> str:
    members = {
        "attrs": {"tag": "shop"},
        "log": line + "\n",
        "stream": stream,
        "time": f"2026-09-14T08:00:00.{number:09d}Z",
    }
    return json.dumps(members, separators=(",", ":"))


def compose(line: str, stream: str, _number: int) -> str:
    return f"{'web-1' if stream == 'stdout' else 'worker-1'}  | {line}"


def compose_times(line: str, stream: str, number: int) -> str:
    return compose(f"2026-09-14T08:00:00.{number:09d}Z {line}", stream, number)


def kubectl_prefix(line: str, stream: str, _number: int) -> str:
    return f"[pod/shop-6d4cf56db6-{'x7k2p' if stream == 'stdout' else 'aaaaa'}/web] {line}"


def kubectl_both(line: str, stream: str, number: int) -> str:
    return kubectl_prefix(f"2026-09-14T08:00:00.{number:09d}Z {line}", stream, number)


def stern(line: str, stream: str, _number: int) -> str:
    return f"shop-6d4cf56db6-{'x7k2p' if stream == 'stdout' else 'aaaaa'} web {line}"


def times(line: str, _stream: str, number: int) -> str:
    return f"2026-09-14T08:00:00.{number:09d}Z {line}"


WRAPS = {
    "k8s_cri": cri,
    "docker_json": docker,
    "docker_json compact": docker_compact,
    "docker_compose": compose,
    "docker_compose with times": compose_times,
    "kubectl_prefix": kubectl_prefix,
    "kubectl_prefix with times": kubectl_both,
    "stern": stern,
    "container_times": times,
}
TRACES = {
    "java": ["java.lang.IllegalStateException: no stock", "\tat org.example.Shop.sell(Shop.java:17)",
             "Caused by: java.io.IOException: reset", "\t... 1 more"],
    "python": ["Traceback (most recent call last):", '  File "/srv/pay.py", line 42, in send', "    raise PayError('x')",
               "shop.PayError: no money"],
    "chained python": ["Traceback (most recent call last):", '  File "/srv/pay.py", line 42, in send', "KeyError: 'x'", "",
                       "During handling of the above exception, another exception occurred:", "",
                       "Traceback (most recent call last):", '  File "/srv/pay.py", line 43, in send', "ValueError: y"],
    "go": ["panic: no money", "", "goroutine 1 [running]:", "main.main()", "\t/srv/pay.go:42 +0x1d"],
    "node": ["/srv/pay.js:42", "  throw new Error('no money');", "  ^", "", "Error: no money", "    at send (/srv/pay.js:42:7)"],
}  # fmt: skip
JSON = '{"level":"info","msg":"order accepted"}'
LOG = "2026-09-14 08:00:00,123 ERROR order failed"
each_wrap = pytest.mark.parametrize("wrap", WRAPS.values(), ids=WRAPS)


@each_wrap
@pytest.mark.parametrize("trace", TRACES.values(), ids=TRACES)
@pytest.mark.parametrize("limits", [None, SMALL], ids=["large", "small"])
def test_a_trace_among_json_lines_is_one_record(
    trace: list[str], wrap: Callable[[str, str, int], str], limits: Limits | None
) -> None:
    lines = [JSON, JSON, *trace, JSON, JSON]
    text = "".join(wrap(line, "stderr", number) + "\n" for number, line in enumerate(lines * 3))
    reading, records = read(text, limits)
    assert reading.plan.framing.kind is Kind.STREAMS
    assert [record.body for record in records] == ["order accepted"] * 2 * 1 + [
        *["\n".join(trace)], *["order accepted"] * 4, *["\n".join(trace)], *["order accepted"] * 4,
        *["\n".join(trace)], *["order accepted"] * 2,
    ]  # fmt: skip
    assert all(
        "exception.stacktrace" in record.attributes for record in records if "\n" in (record.body or "")
    )


@each_wrap
@pytest.mark.parametrize("trace", [TRACES["java"], TRACES["python"]], ids=["java", "python"])
def test_a_trace_below_a_log_line_is_joined_with_it(
    trace: list[str], wrap: Callable[[str, str, int], str]
) -> None:
    lines = [LOG, *trace, LOG]
    _, records = read("".join(wrap(line, "stdout", number) + "\n" for number, line in enumerate(lines * 2)))
    assert [record.body for record in records] == ["\n".join(["order failed", *trace]), "order failed"] * 2
    assert records[0].severity_text == "ERROR"
    assert records[0].attributes["exception.type"] in ("java.lang.IllegalStateException", "shop.PayError")


@pytest.mark.parametrize("wrap", [wrap for name, wrap in WRAPS.items() if name != "container_times"])
@pytest.mark.parametrize("limits", [None, SMALL], ids=["large", "small"])
def test_streams_that_lie_between_one_another_are_told_apart(
    wrap: Callable[[str, str, int], str], limits: Limits | None
) -> None:
    trace = TRACES["python"]
    lines = [(JSON, "stdout")]
    for line in trace:
        lines += [(line, "stderr"), (JSON, "stdout")]
    text = "".join(wrap(line, stream, number) + "\n" for number, (line, stream) in enumerate(lines))
    _, records = read(text, limits)
    bodies = [record.body for record in records]
    assert sorted(bodies, key=str) == sorted(["order accepted"] * 5 + ["\n".join(trace)])


@each_wrap
def test_prose_is_not_glued_to_what_stands_before_it(wrap: Callable[[str, str, int], str]) -> None:
    lines = [JSON, "the shop is open", "so it is", JSON, "Error: it broke", "we close"]
    _, records = read("".join(wrap(line, "stdout", number) + "\n" for number, line in enumerate(lines * 4)))
    assert len(records) == len(lines) * 4


def test_parts_are_joined_whatever_stream_lies_between_them_and_wherever_batches_end() -> None:
    text = "".join(
        f"2026-09-14T08:00:00.{number:09d}Z {line}\n"
        for number, line in enumerate(
            [
                'stdout P {"level":"info",',
                "stderr P panic: ",
                'stdout F "msg":"whole"}',
                "stderr F at the till",
                "stdout F x",
            ]
            * 9
        )
    )
    for limits in (None, SMALL):
        _, records = read(text, limits)
        assert [record.body for record in records] == ["whole", "panic: at the till", "x"] * 9
        assert not any("log.iostream.partial" in record.attributes for record in records)


def test_docker_lines_with_blanks_after_colons_are_rejoined() -> None:
    parts = [
        {"log": "level=warn msg=", "stream": "stdout", "time": "2026-09-14T08:00:00.1Z"},
        {"log": "slow\n", "stream": "stdout", "time": "2026-09-14T08:00:00.2Z"},
    ]
    _, records = read("".join(json.dumps(part) + "\n" for part in parts * 5))
    assert [(record.severity_text, record.body) for record in records] == [("warn", "slow")] * 5


def test_lines_of_podman_and_of_old_runtimes_are_read() -> None:
    _, records = read(
        "2026-09-14T10:00:00.123456789+02:00 stdout P one \n2026-09-14T10:00:00.123456790+02:00 stdout F line\n"
        "2026-09-14T10:00:01.123456789+02:00 stderr F\n2026-09-14T10:00:01.2+02:00 stderr without a tag\n"
    )
    assert [record.body for record in records] == ["one line", None, "without a tag"]
    assert records[0].timestamp == "2026-09-14T08:00:00.123456789Z"


def test_a_table_with_bars_is_no_log_of_compose() -> None:
    reading, records = read("name  | size\nshop  | 12\nweb   | 17\n" * 5)
    assert reading.plan.format == "csv"
    assert not any("container.name" in record.attributes for record in records)


@pytest.mark.skipif(not EXAMPLES.is_dir(), reason="the shared examples are not here")
def test_the_example_is_rejoined() -> None:
    _, records = read((EXAMPLES / "cri-partial.log").read_bytes())
    assert [record.body for record in records][1:3] == ["part one and two", "panic: half of it"]
