"""Collects what the functions of a local stack trace, in the place of the X-Ray daemon.

Promise: a thread of the process that owns the stack, gone with it; what is no trace document is passed over.
Limits: loopback; two files of 16 MiB, the older of which makes room: the newest 16 MiB are always there,
which is some 2,500 batches.
"""

import contextlib
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import orjson

PATH_SETTING: Final = "FROE_TRACES"
"""Where a stack's environment says that its documents are."""

MAX_BYTES: Final = 16 * 1024 * 1024
_DATAGRAM_MAX_BYTES: Final = 65_535
_WAKE_SECONDS: Final = 0.1
_BUFFER_BYTES: Final = 4 * 1024 * 1024


class Collector:
    """Writes each document as a JSON line to `path`; at max_bytes that file becomes the older one."""

    def __init__(self, path: Path, max_bytes: int = MAX_BYTES) -> None:
        self._path = path
        self._max_bytes = max_bytes
        self._stopping = threading.Event()
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER_BYTES)
        self._socket.bind(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._collect, name="traces", daemon=True)
        self._thread.start()

    @property
    def address(self) -> str:
        """As AWS_XRAY_DAEMON_ADDRESS wants it."""
        host, port = self._socket.getsockname()
        return f"{host}:{port}"

    def stop(self) -> None:
        """Returns once what had come is written and the thread has ended. Idempotent."""
        if self._stopping.is_set():
            return
        self._stopping.set()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as wake:
            while self._thread.is_alive():
                wake.sendto(b"", self._socket.getsockname())
                self._thread.join(_WAKE_SECONDS)
        self._socket.close()

    def _collect(self) -> None:
        while True:
            datagram = self._socket.recv(_DATAGRAM_MAX_BYTES)
            if not datagram and self._stopping.is_set():
                return
            document = document_in(datagram)
            if document:
                with contextlib.suppress(OSError):  # a full disk costs traces, not the stack
                    self._write(document)

    def _write(self, document: bytes) -> None:
        with self._path.open("ab") as file:
            file.write(document + b"\n")
            full = file.tell() >= self._max_bytes
        if full:
            self._path.replace(_older(self._path))


def document_in(datagram: bytes) -> bytes | None:
    """The document of a datagram to the X-Ray daemon, on one line; None if it holds none
    (https://docs.aws.amazon.com/xray/latest/devguide/xray-api-sendingdata.html#xray-api-daemon)."""
    head, _, body = datagram.partition(b"\n")
    try:
        known = orjson.loads(head)["format"] == "json"
        document = orjson.loads(body)
        complete = known and all(
            isinstance(document[name], kind)
            for name, kind in (("id", str), ("trace_id", str), ("name", str), ("start_time", int | float))
        )
    except (ValueError, TypeError, KeyError):
        return None
    return orjson.dumps(document) if complete else None


def collected(path: Path, containing: str) -> Iterator[dict[str, Any]]:
    """Every document that mentions a text, each once; while the collector writes, as far as it has come."""
    needle, seen = containing.encode(), set()
    with contextlib.ExitStack() as files:
        opened = []
        for each in (
            path,
            _older(path),
        ):  # in this order a file that is moved meanwhile is read twice, not never
            with contextlib.suppress(FileNotFoundError):
                opened.append(files.enter_context(each.open("rb")))
        for line in (line for file in opened for line in file):
            if needle in line and line.endswith(b"\n"):
                document = orjson.loads(line)
                if document["id"] not in seen:
                    seen.add(document["id"])
                    yield document


def _older(path: Path) -> Path:
    return path.with_suffix(".older.jsonl")
