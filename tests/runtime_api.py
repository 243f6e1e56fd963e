"""Functions of a package under Lambda's real runtime client (awslambdaric), with nothing else to import.

A loopback server is the Runtime API (https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html): it hands out one
event and takes the answer. Seconds are for reading, never for judging.
"""

from __future__ import annotations

import json
import queue
import re
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from tests.local_aws import ACCOUNT
from tests.tools import tool

REGION = "us-east-1"
PATIENCE_SECONDS = 120
_START = """
import os, sys
sys.path.insert(0, os.environ["LAMBDA_TASK_ROOT"])
from awslambdaric.__main__ import main
main(["awslambdaric", sys.argv[1]])
"""
"""Lambda's own bootstrap puts the package on the path too."""
ROOT_PACKAGES = {"awslambdaric", "simplejson", "snapshot_restore_py", "runtime_client"}


@dataclass(frozen=True, slots=True)
class Invocation:
    """answer: what the handler returned. ready_ms: from the start of the process until it asked for an event;
    handled_ms: from the event to the answer, with the clients that the first event makes."""

    answer: Any
    ready_ms: float
    handled_ms: float


class _RuntimeApi(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, event: Any) -> None:
        super().__init__(("127.0.0.1", 0), _Calls)
        self.event = json.dumps(event).encode()
        self.asked_at = 0.0
        self.answers: queue.Queue[tuple[float, str, bytes]] = queue.Queue()


class _Calls(BaseHTTPRequestHandler):
    server: _RuntimeApi
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        if self.server.asked_at:
            self.send_error(HTTPStatus.GONE)
            return
        self.server.asked_at = time.perf_counter()
        self.send_response(200)
        self.send_header("Lambda-Runtime-Aws-Request-Id", "8476a536-e9f4-11e8-9739-2dfe598c3fcd")
        self.send_header("Lambda-Runtime-Deadline-Ms", str(int((time.time() + PATIENCE_SECONDS) * 1000)))
        self.send_header(
            "Lambda-Runtime-Invoked-Function-Arn",
            f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:froe-local-test",
        )
        self.send_header(
            "Lambda-Runtime-Trace-Id",
            "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1",
        )
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(self.server.event)))
        self.end_headers()
        self.wfile.write(self.server.event)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.answers.put((time.perf_counter(), self.path, body))
        self.send_response(202)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """What is asked is seen by its answer."""


def invoke(
    package: Path, function: str, event: Any, environment: Mapping[str, str], *, handler: str | None = None
) -> Invocation:
    """Run `function` of the unzipped `package` on one event in a fresh process. AssertionError if it raises."""
    with _serving(_RuntimeApi(event)) as server:
        address = f"127.0.0.1:{server.server_address[1]}"
        started = time.perf_counter()
        process = subprocess.Popen(
            [str(interpreter()), "-I", "-c", _START, handler or f"app.{function}"],
            cwd=package,
            env=lambda_environment(package, function, address) | dict(environment),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        guard = threading.Timer(PATIENCE_SECONDS, process.kill)
        guard.start()
        output, _ = process.communicate()  # ends when there is no second event
        guard.cancel()
    answered, path, body = (
        server.answers.get() if server.answers.qsize() else (0.0, f"ended with {process.returncode}", b"")
    )
    assert path.endswith("/response"), f"{function}: {path} {body.decode()}\n{output}"
    return Invocation(
        json.loads(body), (server.asked_at - started) * 1000, (answered - server.asked_at) * 1000
    )


def imports_by_package(package: Path, environment: Mapping[str, str]) -> Counter[str]:
    """What importing app.py after the runtime client takes: top-level package → ms, by -X importtime."""
    script = f"import sys, awslambdaric.bootstrap; sys.path.insert(0, {str(package)!r}); import app"
    done = subprocess.run(
        [str(interpreter()), "-I", "-X", "importtime", "-c", script],
        env=lambda_environment(package, "worker", "127.0.0.1:9") | dict(environment),
        capture_output=True,
        text=True,
        check=True,
    )
    timings = re.findall(r"^import time:\s+(\d+) \|\s+\d+ \|\s*(\S+)$", done.stderr, flags=re.MULTILINE)
    own = {path.name.split(".")[0] for path in package.iterdir()}
    spent: Counter[str] = Counter()
    for microseconds, name in timings:
        top = name.split(".")[0]
        kind = top if top in own else "the runtime client" if top in ROOT_PACKAGES else "Python itself"
        spent[kind] += int(microseconds) / 1000
    return spent


def interpreter() -> Path:
    """A Python that has the runtime client, and nothing of ours."""
    return tool("awslambdaric", "python")


def lambda_environment(package: Path, function: str, address: str) -> dict[str, str]:
    """What Lambda sets (https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html), and nothing else."""
    return {
        "AWS_LAMBDA_RUNTIME_API": address,
        "AWS_LAMBDA_FUNCTION_NAME": f"froe-local-{function}",
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "1769",
        "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/froe-local-{function}",
        "AWS_LAMBDA_LOG_STREAM_NAME": "2026/01/01/[$LATEST]0",
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_XRAY_DAEMON_ADDRESS": "127.0.0.1:9",
        "LAMBDA_TASK_ROOT": str(package),
        "_HANDLER": f"app.{function}",
        "PATH": "/usr/bin:/bin",
        "LANG": "en_US.UTF-8",
        "TZ": ":UTC",
        "PYTHONDONTWRITEBYTECODE": "1",  # /var/task cannot be written: every cold start compiles
    }


@contextmanager
def _serving(server: _RuntimeApi) -> Iterator[_RuntimeApi]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
