"""Stages of the way of a line, against the obvious way: reading, cutting, encoding, items, writing.

Each pair runs in turn (ours, theirs, ours, …); the medians and their ratio are printed. CPU time, so
that waiting for a shared machine does not count. Memory is the peak of a process of its own.
"""

from __future__ import annotations

import gzip
import io
import json
import os
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import boto3
from boto3.dynamodb.types import TypeSerializer

from chalicelib.aws.clients import make_client
from chalicelib.aws.records_table import DynamoRecords
from chalicelib.core.decoding.compressions import Compression
from chalicelib.core.decoding.text import Text
from chalicelib.core.framing import Framing
from chalicelib.core.framing.cutting import Cutter, Limits
from chalicelib.core.plan import ObjectHead, ObjectVersion
from chalicelib.core.plan.planning import make_plan
from chalicelib.core.records import Record, item_of
from chalicelib.core.records.parsing import outcomes_of
from chalicelib.core.wire.bodies import decode
from chalicelib.core.wire.messages import batch_message, encode_batch
from chalicelib.delivery import Deadline
from chalicelib.worker import parsed
from froe.estimating import ordinary_source

ROUNDS = 5
LINE = (
    b'192.0.2.%d - - [10/Oct/2025:13:55:%02d +0000] "GET /shop/item?id=%d HTTP/1.1" 200 %d '
    b'"https://shop.example.com/" "Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101 Firefox/131.0"\n'
)
LINES = b"".join(LINE % (n % 250, n // 5000 % 60, n, n * 7 % 9999) for n in range(100_000))
PACKED = gzip.compress(LINES, 6)
BLOCK = 256 * 1024
ACCESS = b"".join(ordinary_source().open(0))
"""20,000 lines of some 250 bytes, that look like chance."""
HEAD = ObjectHead(
    ObjectVersion("logs", "access.log", "v1", "e"), len(LINES), "", datetime(2026, 1, 1, tzinfo=UTC)
)


def blocks(data: bytes) -> Iterator[bytes]:
    return (data[at : at + BLOCK] for at in range(0, len(data), BLOCK))


def cut(text: Any) -> int:
    cutter = Cutter(text, Framing(), Limits(), 0, aligned=True)
    return sum(len(batch.body) for batch in cutter.cut(0))


def cut_gzip() -> None:
    cut(Text(lambda _: blocks(PACKED), Compression.GZIP, "utf-8"))


def gzip_line_by_line() -> None:
    batch = []
    with gzip.open(io.BytesIO(PACKED)) as lines:
        for line in lines:
            batch.append(line)
            if len(batch) == 5000:
                b"".join(batch)
                batch.clear()


def lines_of_a_stream() -> None:
    """What botocore's `iter_lines` does: it frames on any line end that Python knows."""
    pending = b""
    for block in blocks(LINES):
        lines = (pending + block).splitlines(keepends=True)
        pending = lines.pop()
        for line in lines:
            line.splitlines(keepends=False)


PLAN = make_plan(HEAD, lambda offset: blocks(LINES[offset:]), Limits())
BATCH = next(Cutter(blocks(LINES), PLAN.framing, PLAN.limits, 0, aligned=True).cut(0))
MESSAGE = decode(encode_batch(batch_message(PLAN, BATCH)))
TEXTS = BATCH.body.decode().splitlines()
OUTCOMES = list(outcomes_of(MESSAGE))
ABOUT = {
    "file_id": "f" * 26,
    "batch_id": "f" * 26 + "-000000-000000",
    "format_name": "json",
    "shards": 4,
    "expires_at": None,
}
ENCODED = parsed(MESSAGE).items


def plain_item(outcome: Any) -> dict[str, Any]:
    record = outcome.result
    assert isinstance(record, Record)
    return {
        "pk": "f#00",
        "sk": f"{outcome.offset:016d}",
        **ABOUT,
        "body": record.body,
        "timestamp": record.timestamp,
        "attributes": record.attributes,
    }


PLAIN = [plain_item(outcome) for outcome in OUTCOMES]


class _Table(BaseHTTPRequestHandler):
    """Answers every BatchWriteItem at once, so that what is measured is the client."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1
    """An answer is one packet, as AWS's are: in two the second waits for the client's delayed acknowledgement."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        body = b'{"UnprocessedItems":{}}'
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None: ...


def median_cpu_seconds(*ways: Callable[[], object]) -> list[float]:
    taken: list[list[float]] = [[] for _ in ways]
    for _ in range(ROUNDS):
        for way, times in zip(ways, taken, strict=True):
            begun = time.process_time()
            way()
            times.append(time.process_time() - begun)
    return [statistics.median(times) for times in taken]


def row(
    name: str, unit: str, amount: float, ours: Callable[[], object], theirs: Callable[[], object], what: str
) -> None:
    mine, other = median_cpu_seconds(ours, theirs)
    print(
        f"{name:28} {amount / mine:>10,.0f} {amount / other:>10,.0f} {unit:10} {other / mine:5.1f} x   {what}"
    )


def peak_mebibytes(mebibytes_of_text: int) -> float:
    """The peak memory of a process that cuts so much gzip text, less that of one that cuts 1 MiB."""
    script = f"""
import gzip, resource, zlib
from benchmarks.pipeline import cut, LINES
from chalicelib.core.records.storable import size_of
from chalicelib.core.decoding.compressions import Compression
from chalicelib.core.decoding.text import Text
def packed(_):
    packer = zlib.compressobj(1, wbits=31)
    for _ in range({mebibytes_of_text} * 1024 * 1024 // len(LINES) + 1):
        yield packer.compress(LINES)
    yield packer.flush()
cut(Text(packed, Compression.GZIP, "utf-8"))
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return float(done.stdout)


def main() -> None:
    mb = len(LINES) / 1e6
    count = len(OUTCOMES)
    serializer = TypeSerializer()
    print(f"{'stage':28} {'ours':>10} {'theirs':>10} {'per s':10} {'ratio':>6}    against")
    row("cut plain text", "MB", mb, lambda: cut(blocks(LINES)), lines_of_a_stream, "iter_lines")
    row("inflate and cut", "MB", mb, cut_gzip, gzip_line_by_line, "gzip module, line by line")
    row(
        "message, there and back",
        "MB",
        len(BATCH.body) / 1e6,
        lambda: decode(encode_batch(batch_message(PLAN, BATCH))),
        lambda: json.loads(json.dumps(TEXTS)),
        "json list of strings (and 1/5 of the size)",
    )
    row(
        "items",
        "items",
        count,
        lambda: [item_of(outcome, **ABOUT) for outcome in OUTCOMES],
        lambda: [serializer.serialize(item) for item in PLAIN],
        "boto3's TypeSerializer",
    )
    write_row()
    small, large = peak_mebibytes(16), peak_mebibytes(512)
    print(
        f"{'peak memory of cutting':28} {small:>10.0f} {large:>10.0f} {'MiB':10} {large / small:5.2f} x   16 MiB of gzip text, and 512 MiB"
    )


@contextmanager
def table_process() -> Iterator[None]:
    """A table that answers at once, in a process of its own, so that its work is not counted."""
    script = "from benchmarks.pipeline import serve; serve()"
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout
        point_at(int(server.stdout.readline()))
        try:
            yield
        finally:
            server.terminate()


def serve() -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Table)
    print(server.server_port, flush=True)
    server.serve_forever()


def point_at(port: int) -> None:
    os.environ.update(
        AWS_ENDPOINT_URL=f"http://127.0.0.1:{port}",
        AWS_ACCESS_KEY_ID="test",
        AWS_SECRET_ACCESS_KEY="test",
        AWS_DEFAULT_REGION="us-east-1",
    )


def write_row() -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Table)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    point_at(server.server_port)
    ours = DynamoRecords(make_client("dynamodb", connections=10), "records", threads=1)
    theirs = boto3.resource("dynamodb").Table("records")

    def batch_writer() -> None:
        with theirs.batch_writer() as writer:
            for item in PLAIN:
                writer.put_item(item)

    row(
        "write (with the answering)",
        "items",
        len(PLAIN),
        lambda: ours.put(ENCODED, Deadline.after(60)),
        batch_writer,
        "boto3's batch_writer",
    )
    server.shutdown()
