"""A proxy in front of the local AWS that does what AWS does on a bad day: each call as a plan chooses.

Promise: what is forwarded is forwarded once, byte for byte; every call is counted. Limits: loopback, HTTP/1.1, answers
that fit in memory.
"""

from __future__ import annotations

import http.client
import json
import re
import socket
import struct
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final, NamedTuple
from urllib.parse import parse_qs, urlsplit

_DROPPED: Final = {"connection", "content-length", "transfer-encoding", "keep-alive", "host", "expect"}
_THROTTLED: Final = {
    "dynamodb": (400, "ProvisionedThroughputExceededException"),
    "sqs": (400, "ThrottlingException"),
    "sns": (400, "Throttling"),
    "events": (400, "ThrottlingException"),
    "s3": (503, "SlowDown"),
}
_EXPIRED: Final = {"dynamodb": "ExpiredTokenException", "s3": "ExpiredToken"}
_SLOW_PIECES: Final = 4
_SLOW_SECONDS: Final = 0.02

REFUSED: Final = ("throttled", "error", "expired", "reset", "hang")
"""Before the call has any effect."""

SPOILED: Final = ("lost", "late_error", "truncated", "shortened", "slow")
"""After it had its effect: `lost` closes without an answer, `shortened` ends early and does not say so."""

PARTIAL: Final = ("partial",)
"""Some of a group has its effect; of operations that have no group nothing is spoiled."""

KINDS: Final = (*REFUSED, *SPOILED, *PARTIAL)
GROUPED: Final = {"BatchWriteItem", "BatchGetItem", "SendMessageBatch", "ChangeMessageVisibilityBatch"}


class Call(NamedTuple):
    """number: how many calls of the operation came before."""

    service: str
    operation: str
    number: int


Choose = Callable[[Call], str | None]
"""Which kind of fault a call has, if any."""


class Answer(NamedTuple):
    status: int
    headers: Mapping[str, str]
    body: bytes


class FaultProxy:
    """In front of `endpoint`; `url` is its own. hang_seconds: how long a call hangs before its connection ends."""

    def __init__(self, endpoint: str, hang_seconds: float = 1.5) -> None:
        self.choose: Choose = lambda _: None
        self.calls: Counter[str] = Counter()
        self.faults: Counter[str] = Counter()
        self.hang_seconds = hang_seconds
        self.upstream = urlsplit(endpoint).netloc
        self._lock = threading.Lock()
        self._server = _Server(self)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True
        )
        self._thread.start()

    def plan(self, choose: Choose) -> None:
        """From now on, with counts from nothing."""
        with self._lock:
            self.choose, self.calls, self.faults = choose, Counter(), Counter()

    def fault_of(self, service: str, operation: str) -> str | None:
        with self._lock:
            call = Call(service, operation, self.calls[operation])
            self.calls[operation] += 1
            kind = self.choose(call)
            if kind in PARTIAL and operation not in GROUPED:
                kind = None
            if kind:
                self.faults[f"{kind} {operation}"] += 1
            return kind

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@contextmanager
def fault_proxy(endpoint: str, hang_seconds: float = 1.5) -> Iterator[FaultProxy]:
    proxy = FaultProxy(endpoint, hang_seconds)
    try:
        yield proxy
    finally:
        proxy.stop()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, proxy: FaultProxy) -> None:
        self.proxy = proxy
        super().__init__(("127.0.0.1", 0), _Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that hang up are what this is about."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    wbufsize = -1
    disable_nagle_algorithm = True

    def log_message(self, *_: Any) -> None:
        """Calls are counted, not logged."""

    def handle_one_request(self) -> None:
        self.raw_requestline = self.rfile.readline(65_537)
        if not self.raw_requestline or not self.parse_request():
            self.close_connection = True
            return
        body = self._body()
        service, operation = named(self.command, self.path, dict(self.headers), body)
        kind = self.server.proxy.fault_of(service, operation)
        if kind in {"reset", "hang"}:
            self._end(self.server.proxy.hang_seconds if kind == "hang" else 0)
        elif kind in REFUSED:
            self._send(refusal(kind, service))
        elif kind in PARTIAL:
            part, rest = split_group(operation, body)
            self._send(joined(operation, self._forwarded(part), rest))
        else:
            self._spoil(kind, self._forwarded(body), service)

    def _body(self) -> bytes:
        if "chunked" not in self.headers.get("Transfer-Encoding", ""):
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        pieces = []
        while size := int(self.rfile.readline().split(b";")[0], 16):
            pieces.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(pieces)

    def _forwarded(self, body: bytes) -> Answer:
        connection = http.client.HTTPConnection(self.server.proxy.upstream, timeout=60)
        try:
            headers = {name: value for name, value in self.headers.items() if name.lower() not in _DROPPED}
            connection.request(self.command, self.path, body, headers)
            answer = connection.getresponse()
            kept = {
                name: value
                for name, value in answer.getheaders()
                if name.lower() not in _DROPPED
                or (self.command == "HEAD" and name.lower() == "content-length")
            }
            return Answer(answer.status, kept, answer.read())
        finally:
            connection.close()

    def _spoil(self, kind: str | None, answer: Answer, service: str) -> None:
        if kind == "lost":
            self._end(0)
        elif kind == "late_error":
            self._send(refusal("error", service))
        elif kind == "truncated" and answer.body:
            self._send(answer, answer.body[: len(answer.body) // 2])
            self._end(0)
        elif kind == "shortened" and answer.body:
            self._send(answer._replace(body=answer.body[: len(answer.body) // 2]))
        elif kind == "slow":
            self._send(answer, b"")
            step = len(answer.body) // _SLOW_PIECES + 1
            for begin in range(0, len(answer.body), step):
                time.sleep(_SLOW_SECONDS)
                self.wfile.write(answer.body[begin : begin + step])
                self.wfile.flush()
        else:
            self._send(answer)

    def _send(self, answer: Answer, part: bytes | None = None) -> None:
        """part: what is sent of the body, whose length is said all the same."""
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if "content-length" not in {name.lower() for name in answer.headers}:
            self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body if part is None else part)
        self.wfile.flush()

    def _end(self, seconds: float) -> None:
        """End the connection with a reset, after so long."""
        time.sleep(seconds)
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True
        self.connection.close()


def named(method: str, path: str, headers: Mapping[str, str], body: bytes) -> tuple[str, str]:
    """Service and operation of a request."""
    lowered = {name.lower(): value for name, value in headers.items()}
    service, dot, operation = lowered.get("x-amz-target", "").partition(".")
    if dot:
        of_target = {"AmazonSQS": "sqs", "AWSEvents": "events"}
        return of_target.get(service, "dynamodb"), operation
    if "x-www-form-urlencoded" in lowered.get("content-type", ""):
        return "sns", parse_qs(body.decode()).get("Action", ["Unknown"])[0]
    is_object = bool(urlsplit(path).path.strip("/").partition("/")[2])
    return "s3", f"{method.title()}{'Object' if is_object else 'Bucket'}"


def refusal(kind: str, service: str) -> Answer:
    status, code = (500, "InternalError") if kind == "error" else _THROTTLED[service]
    if kind == "expired":
        status, code = 400, _EXPIRED.get(service, "ExpiredToken")
    if service in {"s3", "sns"}:
        text = f"<Error><Code>{code}</Code><Message>as planned</Message></Error>"
        if service == "sns":
            text = f"<ErrorResponse>{text}</ErrorResponse>"
        return Answer(status, {"Content-Type": "application/xml"}, text.encode())
    document = {"__type": f"com.amazonaws#{code}", "message": "as planned"}
    return Answer(status, {"Content-Type": "application/x-amz-json-1.0"}, json.dumps(document).encode())


def split_group(operation: str, body: bytes) -> tuple[bytes, Any]:
    """The request with the first half of its group, and the rest; a single one is the rest."""
    request = json.loads(body)
    if operation == "BatchWriteItem":
        ((table, group),) = request["RequestItems"].items()
        half = len(group) // 2
        return json.dumps({**request, "RequestItems": {table: group[:half]}}).encode() if half else b"", {
            table: group[half:]
        }
    if operation == "BatchGetItem":
        ((table, asked),) = request["RequestItems"].items()
        keys = asked["Keys"]
        part, rest = ({**asked, "Keys": some} for some in (keys[: len(keys) // 2], keys[len(keys) // 2 :]))
        return json.dumps({**request, "RequestItems": {table: part}}).encode() if part["Keys"] else b"", {
            table: rest
        }
    entries = request["Entries"]
    half = len(entries) // 2
    return json.dumps({**request, "Entries": entries[:half]}).encode() if half else b"", entries[half:]


def joined(operation: str, answer: Answer, rest: Any) -> Answer:
    """What AWS answers where the rest of a group is left over."""
    document = json.loads(answer.body) if answer.status < 300 else {}
    if operation == "BatchWriteItem":
        document["UnprocessedItems"] = rest
    elif operation == "BatchGetItem":
        document.setdefault("Responses", {})
        document["UnprocessedKeys"] = rest
    else:
        document.setdefault("Successful", [])
        document["Failed"] = [
            {"Id": entry["Id"], "SenderFault": False, "Code": "ServiceUnavailable"} for entry in rest
        ]
    headers = {
        name: value
        for name, value in answer.headers.items()
        if not re.match("x-amz-crc32", name, re.IGNORECASE)
    }
    return Answer(200, headers, json.dumps(document).encode())
