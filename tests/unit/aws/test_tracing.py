"""What both tracers really record in a function: one subsegment a batch, stage and writing thread, annotated.

X-Ray's SDK sends it to a daemon; OpenTelemetry's, as the ADOT layer sets it up, keeps it in memory.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from chalicelib.aws.tracing import XRayTracer, make_tracer
from chalicelib.settings import TRACINGS, SettingsError
from chalicelib.tracing import NoTracer

ROOT = Path(__file__).parents[3]
TRACE = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1"
ORIGIN = "Root=1-66f00000-aaaaaaaaaaaaaaaaaaaaaaaa;Parent=53995c3f42cd8ad8;Sampled=1"
WORK = """
import os
from chalicelib.aws.tracing import make_tracer
tracer = make_tracer(os.environ['TRACING'])
for number in range(3):
    with tracer.subsegment("parse", "file", f"batch-{number}", "json"):
        header = tracer.header()
print(header)
"""

WRITING = """
import os, sys, threading
from chalicelib.aws.records_table import DynamoRecords
from chalicelib.aws.tracing import make_tracer
from chalicelib.core.errors import PermanentError
from tests.fakes import in_time

class Events:
    def register(self, *_): pass

class Client:
    meta = type("Meta", (), {"events": Events()})
    together = threading.Barrier(THREADS)
    def send(self, operation, body, **_):
        self.together.wait()
        if FAILING:
            raise PermanentError("x" * 100_000)
        return {}

tracer = make_tracer(os.environ['TRACING'])
records = DynamoRecords(Client(), "records", THREADS, tracer)
for number in range(2):
    tracer.follow("Root=1-66f00000-%024d;Parent=53995c3f42cd8ad8;Sampled=1" % number)
    with tracer.subsegment("parse", "file", f"batch-{number}", "json"):
        pass
    try:
        with tracer.subsegment("write", "file", f"batch-{number}", "json"):
            records.put([b"{}"] * 25 * THREADS * 2, in_time())
    except PermanentError:
        print("failed", number)
    with tracer.subsegment("mark", "file", f"batch-{number}", "json"):
        pass
print(threading.active_count() - 1)
"""


Segments: TypeAlias = list[dict[str, Any]]
Traced: TypeAlias = Callable[..., tuple[str, Segments]]


@pytest.fixture(params=["xray", "opentelemetry"])
def traced(request: pytest.FixtureRequest) -> Traced:
    """Runs a script as Lambda would, and gives its output and the segments that it recorded."""
    return traced_by(request.param)


def traced_by(tracing: str) -> Traced:
    run = with_xray if tracing == "xray" else with_opentelemetry

    def traced_with(script: str, **environment: str) -> tuple[str, Segments]:
        function = {
            "PYTHONPATH": str(ROOT),
            "AWS_LAMBDA_FUNCTION_NAME": "worker",
            "LAMBDA_TASK_ROOT": str(ROOT),
            "_X_AMZN_TRACE_ID": TRACE,
            "TRACING": tracing,
        }
        return run(script, {**os.environ, **function, **environment})

    return traced_with


def with_xray(script: str, environment: dict[str, str]) -> tuple[str, Segments]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as daemon:
        daemon.bind(("127.0.0.1", 0))
        daemon.settimeout(0.5)
        address = f"127.0.0.1:{daemon.getsockname()[1]}"
        output, _ = output_of(script, environment | {"AWS_XRAY_DAEMON_ADDRESS": address})
        segments = []
        try:
            while True:
                segments.append(json.loads(daemon.recv(65536).split(b"\n", 1)[1]))
        except TimeoutError:
            return output, segments


def with_opentelemetry(script: str, environment: dict[str, str]) -> tuple[str, Segments]:
    script = f"from tests.spans import provided\nprovided()\n{script}\nfrom tests.spans import show\nshow()\n"
    output, segments = output_of(script, environment)
    return output, [json.loads(line) for line in segments.splitlines()]


def output_of(script: str, environment: dict[str, str]) -> tuple[str, str]:
    command = [sys.executable, "-W", "ignore", "-c", script]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return done.stdout.strip(), done.stderr


def test_each_stage_of_a_batch_is_one_annotated_subsegment(traced: Traced) -> None:
    header, segments = traced(WORK)
    assert [segment["name"] for segment in segments] == ["parse"] * 3
    assert segments[1]["annotations"] == {
        "file_id": "file",
        "batch_id": "batch-1",
        "format": "json",
        "function": "worker",
    }
    assert {segment["trace_id"] for segment in segments} == {"1-5759e988-bd862e3fe1be46a994272793"}
    assert header == f"Root={segments[2]['trace_id']};Parent={segments[2]['id']};Sampled=1"


def test_nothing_is_sent_where_tracing_is_off(traced: Traced) -> None:
    assert traced(WORK, AWS_XRAY_SDK_ENABLED="false") == ("None", [])


def test_a_trace_that_is_not_sampled_is_not_sent_and_says_so(traced: Traced) -> None:
    header, segments = traced(WORK, _X_AMZN_TRACE_ID=TRACE.replace("Sampled=1", "Sampled=0"))
    assert segments == []
    assert header.endswith("Sampled=0")


UNTRACED = {"LAMBDA_TASK_ROOT": "", "_X_AMZN_TRACE_ID": ""}


def test_a_missing_trace_never_fails_the_work() -> None:
    assert traced_by("xray")(WORK, **UNTRACED) == ("None", [])


def test_without_a_trace_of_the_invocation_opentelemetry_begins_its_own() -> None:
    header, segments = traced_by("opentelemetry")(WORK, **UNTRACED)
    assert [segment["parent_id"] for segment in segments] == [None] * 3
    assert header == f"Root={segments[2]['trace_id']};Parent={segments[2]['id']};Sampled=1"


@pytest.mark.parametrize("header", ["Root=1-x;Parent=y", "Root", "Self=1-2-3", "Root=1-0-0;Parent=0"])
def test_a_header_that_nobody_understands_is_none(header: str) -> None:
    output, segments = traced_by("opentelemetry")(
        WORK.replace("tracer.header()", "'-'"), _X_AMZN_TRACE_ID=header
    )
    assert (output, len(segments)) == ("-", 3)


def test_without_an_sdk_opentelemetry_records_nothing_and_carries_the_trace_on() -> None:
    tracer = make_tracer("opentelemetry", {"AWS_LAMBDA_FUNCTION_NAME": "worker", "_X_AMZN_TRACE_ID": TRACE})
    with tracer.subsegment("parse", "file", "batch-0", "json"):
        assert tracer.header() == TRACE


def writing(traced: Traced, threads: int, *, failing: bool = False) -> tuple[str, Segments]:
    """Two batches one after another, each with two requests for every thread."""
    return traced(WRITING.replace("THREADS", str(threads)).replace("FAILING", str(failing)))


def test_subsegments_name_the_trace_that_the_message_comes_from(traced: Traced) -> None:
    work = WORK.replace(
        "tracer = make_tracer(os.environ['TRACING'])",
        f"tracer = make_tracer(os.environ['TRACING'])\ntracer.follow('{ORIGIN}')",
    )
    _, segments = traced(work)
    assert {segment["annotations"]["origin_trace"] for segment in segments} == {
        "1-66f00000-aaaaaaaaaaaaaaaaaaaaaaaa"
    }


def test_what_a_message_carries_on_is_what_it_follows(traced: Traced) -> None:
    work = f"""
import os
from chalicelib.aws.tracing import make_tracer
tracer = make_tracer(os.environ['TRACING'])
print(tracer.origin())
tracer.follow('{ORIGIN}')
print(tracer.origin())
tracer.follow(None)
print(tracer.origin())
"""
    first, second, third = traced(work)[0].splitlines()
    assert first == third == TRACE
    assert second == ORIGIN


def test_each_writing_thread_is_a_child_of_the_write_of_its_batch(traced: Traced) -> None:
    _, segments = writing(traced, 4)
    assert [segment["name"] for segment in segments] == [
        *("parse", *["write-thread"] * 4, "write", "mark"),
        *("parse", *["write-thread"] * 4, "write", "mark"),
    ]
    for number, written in enumerate((segments[:7], segments[7:])):
        threads, write = written[1:5], written[5]
        assert {segment["parent_id"] for segment in threads} == {write["id"]}
        assert {segment["trace_id"] for segment in threads} == {write["trace_id"]}
        for segment in written:
            assert segment["annotations"] == {
                "origin_trace": f"1-66f00000-{number:024d}",
                "file_id": "file",
                "batch_id": f"batch-{number}",
                "format": "json",
                "function": "worker",
            }
        counts = [segment["metadata"]["default"] for segment in threads]
        assert sum(count["items"] for count in counts) == 200
        assert sum(count["requests"] for count in counts) == 8
        assert all(write["start_time"] <= segment["start_time"] for segment in threads)
        assert all(segment["end_time"] <= write["end_time"] for segment in threads)


def test_many_threads_at_once_lose_no_subsegment(traced: Traced) -> None:
    _, segments = writing(traced, 32)
    assert [segment["name"] for segment in segments].count("write-thread") == 64
    assert len({segment["id"] for segment in segments}) == len(segments) == 70


def test_a_failure_in_the_threads_is_sent_and_marked_as_a_fault_whatever_it_says(traced: Traced) -> None:
    output, segments = writing(traced, 3, failing=True)
    assert output.splitlines()[:2] == ["failed 0", "failed 1"]
    by_name = {name: [one for one in segments if one["name"] == name] for name in ("write-thread", "write")}
    assert len(by_name["write-thread"]) == 6
    assert len(by_name["write"]) == 2
    assert all(segment["fault"] for name in by_name for segment in by_name[name])
    assert [segment.get("fault") for segment in segments if segment["name"] == "mark"] == [None, None]
    (thrown,) = by_name["write-thread"][0]["cause"]["exceptions"]
    assert thrown["type"] == "PermanentError"
    assert len(thrown["message"]) == 1000


def test_x_ray_shows_a_failure_of_the_threads_once() -> None:
    _, segments = writing(traced_by("xray"), 3, failing=True)
    by_name = {name: [one for one in segments if one["name"] == name] for name in ("write-thread", "write")}
    thrown_in_threads = {one["cause"]["exceptions"][0]["id"] for one in by_name["write-thread"]}
    assert {one["cause"] for one in by_name["write"]} <= thrown_in_threads


def test_threads_work_untraced_where_nothing_is_recorded(traced: Traced) -> None:
    for untraced in (
        {"AWS_XRAY_SDK_ENABLED": "false"},
        {"_X_AMZN_TRACE_ID": TRACE.replace("Sampled=1", "Sampled=0")},
    ):
        script = WRITING.replace("THREADS", "2").replace("FAILING", "False")
        assert traced(script, **untraced) == ("2", [])


def test_what_a_bug_says_is_in_no_trace(traced: Traced) -> None:
    work = """
import os
from chalicelib.aws.tracing import make_tracer
tracer = make_tracer(os.environ['TRACING'])
try:
    with tracer.subsegment("parse", "file", "batch-0", "json"):
        int("secret of a line")
except ValueError:
    pass
"""
    _, (segment,) = traced(work)
    assert "secret of a line" not in json.dumps(segment)
    (thrown,) = segment["cause"]["exceptions"]
    assert (segment["fault"], thrown["type"]) == (True, "ValueError")
    assert thrown["message"].startswith("ValueError in <module> (")


def test_the_setting_chooses_the_tracer() -> None:
    function = {"AWS_LAMBDA_FUNCTION_NAME": "worker"}
    assert TRACINGS == ("xray", "opentelemetry", "off")
    kinds = {tracing: type(make_tracer(tracing, function)).__name__ for tracing in TRACINGS}
    assert kinds == {"xray": "XRayTracer", "opentelemetry": "OpenTelemetryTracer", "off": "NoTracer"}
    assert isinstance(make_tracer(environment=function), XRayTracer)
    assert isinstance(make_tracer("opentelemetry", {}), NoTracer), "on your machine nothing is traced"


def test_opentelemetry_without_its_package_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "chalicelib.aws.otel_tracing", raising=False)
    monkeypatch.setitem(sys.modules, "opentelemetry", None)
    with pytest.raises(SettingsError, match="opentelemetry is not installed: add the ADOT layer"):
        make_tracer("opentelemetry", {"AWS_LAMBDA_FUNCTION_NAME": "worker"})
