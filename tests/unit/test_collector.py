"""The collector of traces takes what X-Ray's daemon would, outlives garbage, keeps its size, and ends."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from froe.local import collector
from froe.local.collector import Collector, collected, document_in

HEAD = b'{"format":"json","version":1}\n'
GARBAGE = (
    b"",
    b"\n",
    b"\xff\xfe\x00",
    HEAD,
    HEAD + b"[1, 2]",
    HEAD + b"null",
    HEAD + b'{"id": "1"}',
    HEAD + b'{"id": 1, "trace_id": "t", "name": "n", "start_time": 1}',
    HEAD + b'{"id": "1", "trace_id": "t", "name": "n", "start_time": "soon"}',
    b"7\n{}",
    b'{"format":"protobuf"}\n{"id": "1", "trace_id": "t", "name": "n", "start_time": 1}',
    b"[" * 60_000,
)


def document(number: int, **more: Any) -> dict[str, Any]:
    return {"id": f"{number:016x}", "trace_id": "1-a-b", "name": "read", "start_time": 1.5, **more}


def datagram(number: int, **more: Any) -> bytes:
    return HEAD + json.dumps(document(number, **more), indent=1).encode()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "traces.jsonl"


@pytest.fixture
def running(path: Path) -> Iterator[Collector]:
    one = Collector(path, max_bytes=2000)
    yield one
    one.stop()


def send(running: Collector, *datagrams: bytes) -> None:
    host, port = running.address.split(":")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for each in datagrams:
            sender.sendto(each, (host, int(port)))


def await_document(path: Path, number: int) -> list[dict[str, Any]]:
    """What is collected, once the numbered document is among it."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        documents = list(collected(path, "trace_id"))
        if any(one["id"] == f"{number:016x}" for one in documents):
            return documents
        time.sleep(0.01)
    raise AssertionError(f"document {number} was not collected")


def test_documents_are_kept_as_they_came_and_garbage_is_passed_over(running: Collector, path: Path) -> None:
    send(running, datagram(1), *GARBAGE, datagram(2, name="a\nb"))
    assert await_document(path, 2) == [document(1), document(2, name="a\nb")]


@pytest.mark.parametrize("garbage", GARBAGE)
def test_garbage_holds_no_document(garbage: bytes) -> None:
    assert document_in(garbage) is None


def test_the_newest_documents_are_there_however_many_come(running: Collector, path: Path) -> None:
    for number in range(200):
        send(running, datagram(number))
        await_document(path, number)
    numbers = [int(one["id"], 16) for one in collected(path, "trace_id")]
    assert sorted(numbers) == list(range(200 - len(numbers), 200))
    assert len(numbers) * len(json.dumps(document(0))) >= 1900
    sizes = [each.stat().st_size for each in path.parent.iterdir()]
    assert len(sizes) <= 2
    assert max(sizes) < 2200


def test_what_cannot_be_written_costs_documents_and_not_the_collector(path: Path) -> None:
    running = Collector(path / "missing" / "traces.jsonl")
    send(running, datagram(1))
    running.stop()
    assert not path.exists()


def test_what_had_come_is_written_before_it_ends(running: Collector, path: Path) -> None:
    send(running, *map(datagram, range(5)))
    running.stop()
    assert len(list(collected(path, "trace_id"))) == 5


def test_only_what_mentions_the_file_is_read_and_a_torn_line_is_not(path: Path) -> None:
    lines = [json.dumps(document(1, of="mine")), json.dumps(document(2)), json.dumps(document(1, of="mine"))]
    path.write_text("\n".join(lines) + "\n" + json.dumps(document(3, of="mine"))[:-9])
    assert list(collected(path, "mine")) == [document(1, of="mine")]


def test_where_nothing_was_collected_nothing_is_found(path: Path) -> None:
    assert list(collected(path, "")) == []


def collecting() -> int:
    return sum(thread.name == "traces" for thread in threading.enumerate())


def test_it_ends_with_its_stack_and_frees_its_port(running: Collector, path: Path) -> None:
    host, port = running.address.split(":")
    before = collecting()  # another stack of the same run may have its own
    running.stop()
    running.stop()
    assert collecting() == before - 1
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as again:
        again.bind((host, int(port)))


def test_it_listens_on_loopback_only(running: Collector) -> None:
    assert running.address.startswith("127.0.0.1:")
    assert collector.MAX_BYTES == 16 * 1024 * 1024
