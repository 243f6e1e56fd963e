"""The worker, and the whole way from bytes to stored records, against what one would write first; in CPU time, in turn.

Ours: a file is opened, cut and sent; `Worker.handle` does each message, its marks included, with the adapters, threads and calls of
the deployed function. The plain way: lines of `iter_lines` in JSON lists through `send_message`; the parsers of `yardsticks`,
and `batch_writer` of a boto3 table. The services are a process of their own that answers at once.
"""

from __future__ import annotations

import io
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

import boto3
import orjson
from botocore.response import StreamingBody

from benchmarks import made_lines, yardsticks
from benchmarks.pipeline import point_at
from benchmarks.text import BLOCK_BYTES
from chalicelib.aws.clients import make_client
from chalicelib.aws.ledger_table import DynamoLedger
from chalicelib.aws.queues import SqsQueue
from chalicelib.aws.records_table import DynamoRecords
from chalicelib.core.framing.cutting import Cutter, Limits
from chalicelib.core.plan import ObjectHead, ObjectVersion
from chalicelib.core.plan.layouts import Layout
from chalicelib.core.plan.planning import make_plan
from chalicelib.core.wire.messages import batch_message, encode_batch
from chalicelib.delivery import Deadline, Outgoing, Sender
from chalicelib.ledger import Ledger
from chalicelib.settings import TUNING_DEFAULTS
from chalicelib.tracing import NoTracer
from chalicelib.worker import Worker

ROUNDS: Final = 3
ENTRIES: Final = 20_000
_PLAIN_BYTES: Final = 200_000
"""Of a message of the plain way, which SQS took before messages of 1 MiB."""
_AIMS: Final = {"worker, items": 8, "worker, packed": 14, "whole, items": 12, "whole, packed": 20}
_WHEN: Final = datetime(2026, 1, 1, tzinfo=UTC)
_MICROS: Final = "%Y-%m-%dT%H:%M:%S.%f%z"


class _Services(BaseHTTPRequestHandler):
    """DynamoDB and SQS, of which nothing is kept: what is updated is as assigned, what is asked for is not there."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1

    def do_POST(self) -> None:
        asked = self.rfile.read(int(self.headers["content-length"]))
        operation = self.headers["x-amz-target"].rsplit(".", 1)[-1]
        answer: dict[str, Any] = {}
        if operation == "UpdateItem":
            answer = {"Attributes": _assigned(json.loads(asked))}
        elif operation == "SendMessageBatch":
            entries = json.loads(asked)["Entries"]
            answer = {"Successful": [{"Id": entry["Id"], "MessageId": "m"} for entry in entries]}
        elif operation == "BatchWriteItem":
            answer = {"UnprocessedItems": {}, "ConsumedCapacity": [{"TableName": "t", "CapacityUnits": 25.0}]}
        elif operation == "Query":
            answer = {"Items": [], "Count": 0, "ScannedCount": 0}
        body = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None: ...


def _assigned(asked: dict[str, Any]) -> dict[str, Any]:
    names, values = asked["ExpressionAttributeNames"], asked["ExpressionAttributeValues"]
    return {name: values[f":{place[1:]}"] for place, name in names.items() if f":{place[1:]}" in values}


def serve() -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Services)
    print(server.server_port, flush=True)
    server.serve_forever()


class _Ours:
    """What the deployed functions are made of."""

    def __init__(self) -> None:
        threads = TUNING_DEFAULTS["WRITE_THREADS"]
        dynamodb = make_client("dynamodb", connections=threads + 2, direct=True)
        self._queue = SqsQueue(make_client("sqs", direct=True), f"{os.environ['AWS_ENDPOINT_URL']}/1/batch")
        ledger = Ledger(DynamoLedger(dynamodb, "ledger"), lambda: _WHEN)
        self._worker = Worker(DynamoRecords(dynamodb, "records", threads), ledger, NoTracer())

    def send(self, data: bytes) -> list[str]:
        """The messages of a file, which is opened, cut and sent."""
        head = ObjectHead(ObjectVersion("logs", "file.log", "v1", "e"), len(data), "", _WHEN)
        plan = make_plan(head, lambda offset: _blocks(data[offset:]), Limits())
        sender, bodies = Sender(self._queue, Deadline.after(60)), []
        for batch in Cutter(_blocks(data), plan.framing, plan.limits, 0, aligned=True).cut(0):
            bodies.append(encode_batch(batch_message(replace(plan, layout=self.layout), batch)))
            sender.add(Outgoing(bodies[-1]))
        sender.flush()
        return bodies

    layout = Layout.ITEMS

    def work(self, bodies: list[str]) -> None:
        for body in bodies:
            self._worker.handle(body, Deadline.after(60))


def _blocks(data: bytes) -> Iterator[bytes]:
    return (data[at : at + BLOCK_BYTES] for at in range(0, len(data), BLOCK_BYTES))


class _Plain:
    """parse: of a line, or of a whole element; split: the lines of a file."""

    def __init__(self, parse: Callable[[str], Any], split: Callable[[bytes], Iterator[str]]) -> None:
        self._parse, self._split = parse, split
        self._sqs = boto3.client("sqs")
        self._table = boto3.resource("dynamodb").Table("records")

    def send(self, data: bytes) -> list[str]:
        bodies: list[str] = []
        lines: list[str] = []
        size = 0
        for line in self._split(data):
            if size + len(line) > _PLAIN_BYTES:
                self._send(lines, bodies)
                lines, size = [], 0
            lines.append(line)
            size += len(line)
        self._send(lines, bodies)
        return bodies

    def _send(self, lines: list[str], bodies: list[str]) -> None:
        bodies.append(json.dumps({"key": "file.log", "first": len(bodies), "lines": lines}))
        self._sqs.send_message(QueueUrl=f"{os.environ['AWS_ENDPOINT_URL']}/1/batch", MessageBody=bodies[-1])

    def work(self, bodies: list[str]) -> None:
        for body in bodies:
            message = json.loads(body)
            with self._table.batch_writer() as writer:
                for number, line in enumerate(message["lines"]):
                    fields = {name: _storable(value) for name, value in self._parse(line).items()}
                    writer.put_item(
                        {"pk": message["key"], "sk": f"{message['first']:06d}-{number:06d}", **fields}
                    )


def _storable(value: Any) -> Any:
    """What boto3 takes of what the parsers give."""
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, float):
        return Decimal(str(value))
    if isinstance(value, dict):
        return {name: _storable(each) for name, each in value.items()}
    return value


def _lines(data: bytes) -> Iterator[str]:
    return (line.decode() for line in StreamingBody(io.BytesIO(data), len(data)).iter_lines())  # type: ignore[no-untyped-call]


def _records(data: bytes) -> Iterator[str]:
    return (json.dumps(record) for record in json.loads(data)["Records"])


def _flat_record(text: str) -> dict[str, Any]:
    fields = yardsticks.flat(json.loads(text))
    fields["eventTime"] = datetime.strptime(fields["eventTime"], "%Y-%m-%dT%H:%M:%S%z")
    return fields


def _cases() -> dict[str, tuple[bytes, int, Callable[[str], Any], Callable[[bytes], Iterator[str]]]]:
    combined = yardsticks.by_expression(
        yardsticks.COMMON + r' "(?P<referer>[^"]*)" "(?P<agent>[^"]*)"',
        "%d/%b/%Y:%H:%M:%S %z",
        ("status", "size"),
    )
    rfc5424 = yardsticks.by_expression(
        r"<(?P<pri>\d+)>(?P<version>\d) (?P<time>\S+) (?P<host>\S+) (?P<app>\S+) (?P<pid>\S+) (?P<msgid>\S+) "
        r"(?P<data>-|\[.*\]) (?P<message>.*)",
        _MICROS,
        ("pri",),
    )
    lines = {
        "combined": (made_lines.access(combined=True), combined),
        "JSON": (made_lines.json_nested(), yardsticks.by_json),
        "RFC 5424": (made_lines.rfc5424(), rfc5424),
        "ALB": (made_lines.alb(), yardsticks.by_alb_expression),
    }
    cases = {
        name: ("".join(f"{line}\n" for line in made[:ENTRIES]).encode(), ENTRIES, parse, _lines)
        for name, (made, parse) in lines.items()
    }
    records = made_lines.cloudtrail()[:ENTRIES]
    cases["CloudTrail"] = (
        ('{"Records":[' + ",".join(records) + "]}").encode(),
        len(records),
        _flat_record,
        _records,
    )
    return cases


def _seconds(ways: dict[str, Callable[[], Any]]) -> dict[str, float]:
    """The median CPU time of each, in turn."""
    taken: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(ROUNDS):
        for name, way in ways.items():
            begun = time.process_time()
            way()
            taken[name].append(time.process_time() - begun)
    return {name: statistics.median(times) for name, times in taken.items()}


def measured() -> Iterator[tuple[str, dict[str, float], dict[str, float]]]:
    """Format → microseconds an entry of each step, and the ratios."""
    script = "from benchmarks.whole import serve; serve()"
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout
        point_at(int(server.stdout.readline()))
        try:
            items, packed = _Ours(), _Ours()
            packed.layout = Layout.PACKED
            for name, (data, count, parse, split) in _cases().items():
                plain = _Plain(parse, split)
                ways: dict[str, Callable[[], Any]] = {}
                for way, each in (("plain", plain), ("items", items), ("packed", packed)):
                    bodies = each.send(data)
                    each.work(bodies)  # once unmeasured: clients, caches, connections
                    ways[f"{way} split"] = partial(each.send, data)
                    ways[f"{way} work"] = partial(each.work, bodies)
                steps = {step: seconds / count * 1e6 for step, seconds in _seconds(ways).items()}
                yield name, steps, _ratios(steps)
        finally:
            server.terminate()


def _ratios(steps: dict[str, float]) -> dict[str, float]:
    whole = {way: steps[f"{way} split"] + steps[f"{way} work"] for way in ("plain", "items", "packed")}
    ratios = {f"worker, {way}": steps["plain work"] / steps[f"{way} work"] for way in ("items", "packed")}
    return ratios | {f"whole, {way}": whole["plain"] / whole[way] for way in ("items", "packed")}


def main(*, as_json: bool = False) -> None:
    rows = list(measured())
    if as_json:
        print(
            orjson.dumps(
                [{"format": name, "us": steps, "ratios": ratios} for name, steps, ratios in rows]
            ).decode()
        )
        return
    print(f"{'against the plain way':24}" + "".join(f"{name:>18}" for name in _AIMS))
    print(f"{'aim':24}" + "".join(f"{aim:>18}" for aim in _AIMS.values()))
    for name, _, ratios in rows:
        print(f"{name:24}" + "".join(f"{ratios[each]:>18.1f}" for each in _AIMS))
    print(f"{'us an entry':24}" + "".join(f"{step:>14}" for step in rows[0][1]))
    for name, steps, _ in rows:
        print(f"{name:24}" + "".join(f"{each:>14.1f}" for each in steps.values()))


if __name__ == "__main__":
    main(as_json="--json" in sys.argv[1:])
