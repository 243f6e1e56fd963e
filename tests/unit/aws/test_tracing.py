"""What the X-Ray SDK really sends from a function: one subsegment a batch, stage and writing thread, annotated."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[3]
TRACE = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1"
ORIGIN = "Root=1-66f00000-aaaaaaaaaaaaaaaaaaaaaaaa;Parent=53995c3f42cd8ad8;Sampled=1"
WORK = """
from chalicelib.aws.tracing import make_tracer
tracer = make_tracer()
for number in range(3):
    with tracer.subsegment("parse", "file", f"batch-{number}", "json"):
        header = tracer.header()
print(header)
"""

WRITING = """
import sys, threading
from chalicelib.aws.records_table import DynamoRecords
from chalicelib.aws.tracing import make_tracer
from chalicelib.core.errors import PermanentError
from tests.fakes import in_time

class Events:
    def register(self, *_): pass

class Client:
    meta = type("Meta", (), {"events": Events()})
    together = threading.Barrier(THREADS)
    def batch_write_item(self, RequestItems):
        self.together.wait()
        if FAILING:
            raise PermanentError("x" * 100_000)
        return {}

tracer = make_tracer()
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


def traced(script: str, **environment: str) -> tuple[str, list[dict[str, Any]]]:
    """Run a script as Lambda would, and give its output and the segments that it sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as daemon:
        daemon.bind(("127.0.0.1", 0))
        daemon.settimeout(0.5)
        done = subprocess.run(
            [sys.executable, "-W", "ignore", "-c", script],
            env={
                **os.environ,
                "PYTHONPATH": str(ROOT),
                "AWS_LAMBDA_FUNCTION_NAME": "worker",
                "LAMBDA_TASK_ROOT": str(ROOT),
                "_X_AMZN_TRACE_ID": TRACE,
                "AWS_XRAY_DAEMON_ADDRESS": f"127.0.0.1:{daemon.getsockname()[1]}",
                **environment,
            },
            capture_output=True,
            text=True,
            check=True,
        )
        segments = []
        try:
            while True:
                segments.append(json.loads(daemon.recv(65536).split(b"\n", 1)[1]))
        except TimeoutError:
            return done.stdout.strip(), segments


def test_each_stage_of_a_batch_is_one_annotated_subsegment() -> None:
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


def test_nothing_is_sent_where_tracing_is_off() -> None:
    assert traced(WORK, AWS_XRAY_SDK_ENABLED="false") == ("None", [])


def test_a_trace_that_is_not_sampled_is_not_sent_and_says_so() -> None:
    header, segments = traced(WORK, _X_AMZN_TRACE_ID=TRACE.replace("Sampled=1", "Sampled=0"))
    assert segments == []
    assert header.endswith("Sampled=0")


def test_a_missing_trace_never_fails_the_work() -> None:
    header, segments = traced(WORK, LAMBDA_TASK_ROOT="", _X_AMZN_TRACE_ID="")
    assert (header, segments) == ("None", [])


def writing(threads: int, *, failing: bool = False) -> tuple[str, list[dict[str, Any]]]:
    """Two batches one after another, each with two requests for every thread."""
    return traced(WRITING.replace("THREADS", str(threads)).replace("FAILING", str(failing)))


def test_subsegments_name_the_trace_that_the_message_comes_from() -> None:
    work = WORK.replace("tracer = make_tracer()", f"tracer = make_tracer()\ntracer.follow('{ORIGIN}')")
    _, segments = traced(work)
    assert {segment["annotations"]["origin_trace"] for segment in segments} == {
        "1-66f00000-aaaaaaaaaaaaaaaaaaaaaaaa"
    }


def test_what_a_message_carries_on_is_what_it_follows() -> None:
    work = f"""
from chalicelib.aws.tracing import make_tracer
tracer = make_tracer()
print(tracer.origin())
tracer.follow('{ORIGIN}')
print(tracer.origin())
tracer.follow(None)
print(tracer.origin())
"""
    first, second, third = traced(work)[0].splitlines()
    assert first == third == TRACE
    assert second == ORIGIN


def test_each_writing_thread_is_a_child_of_the_write_of_its_batch() -> None:
    _, segments = writing(4)
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


def test_many_threads_at_once_lose_no_subsegment() -> None:
    _, segments = writing(32)
    assert [segment["name"] for segment in segments].count("write-thread") == 64
    assert len({segment["id"] for segment in segments}) == len(segments) == 70


def test_a_failure_in_the_threads_is_sent_and_marked_as_a_fault_whatever_it_says() -> None:
    said, segments = writing(3, failing=True)
    assert said.splitlines()[:2] == ["failed 0", "failed 1"]
    by_name = {name: [one for one in segments if one["name"] == name] for name in ("write-thread", "write")}
    assert len(by_name["write-thread"]) == 6
    assert len(by_name["write"]) == 2
    assert all(segment["fault"] for name in by_name for segment in by_name[name])
    assert [segment.get("fault") for segment in segments if segment["name"] == "mark"] == [None, None]
    (thrown,) = by_name["write-thread"][0]["cause"]["exceptions"]
    assert thrown["type"] == "PermanentError"
    assert len(thrown["message"]) == 1000
    thrown_in_threads = {one["cause"]["exceptions"][0]["id"] for one in by_name["write-thread"]}
    assert {one["cause"] for one in by_name["write"]} <= thrown_in_threads


def test_threads_work_untraced_where_nothing_is_recorded() -> None:
    for untraced in (
        {"AWS_XRAY_SDK_ENABLED": "false"},
        {"LAMBDA_TASK_ROOT": "", "_X_AMZN_TRACE_ID": ""},
        {"_X_AMZN_TRACE_ID": TRACE.replace("Sampled=1", "Sampled=0")},
    ):
        script = WRITING.replace("THREADS", "2").replace("FAILING", "False")
        assert traced(script, **untraced) == ("2", [])
