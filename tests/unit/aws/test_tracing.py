"""What the X-Ray SDK really sends from a function: one subsegment a batch and stage, annotated."""

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
WORK = """
from chalicelib.aws.tracing import make_tracer
tracer = make_tracer()
for number in range(3):
    with tracer.subsegment("parse", "file", f"batch-{number}", "json"):
        header = tracer.header()
print(header)
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
    assert segments[1]["annotations"] == {"file_id": "file", "batch_id": "batch-1", "format": "json"}
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
