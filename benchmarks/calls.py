"""What a BatchWriteItem of 25 items, and a SendMessageBatch of 1 MB, cost the client in CPU: every way to make the call in turn,
over the same items, against a server in a process of its own that answers at once.

AWS's own runtime (`awscrt`, where it is installed) signs and sends in C, on a thread of its own.
"""

from __future__ import annotations

import http.client
import os
import statistics
import time
import uuid
from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from io import BytesIO
from typing import Final

import boto3
import orjson
from botocore.config import Config
from botocore.credentials import ReadOnlyCredentials

from benchmarks.pipeline import ENCODED, PLAIN, table_process
from chalicelib.aws.clients import make_client
from chalicelib.aws.sigv4 import Pattern
from chalicelib.core.records import typed

ROUNDS: Final = 7
CALLS: Final = 40
ITEMS: Final = 25
_TARGET: Final = "DynamoDB_20120810.BatchWriteItem"
_BODY: Final = b'{"RequestItems":{"records":[%b]},"ReturnConsumedCapacity":"TOTAL"}'
_MESSAGES: Final = {
    "QueueUrl": "http://127.0.0.1/1/q",
    "Entries": [{"Id": "0", "MessageBody": "eJyrVkrLz1eyUkpKLFKqBQAdegQ0" * 32_000}],
}


def _bodies() -> list[bytes]:
    puts = [b'{"PutRequest":{"Item":%b}}' % item for item in ENCODED]
    return [_BODY % b",".join(puts[at : at + ITEMS]) for at in range(0, ITEMS * CALLS, ITEMS)]


def _batch_writer() -> Callable[[], object]:
    table = boto3.resource("dynamodb").Table("records")

    def write() -> None:
        with table.batch_writer() as writer:
            for item in PLAIN[: ITEMS * CALLS]:
                writer.put_item(item)

    return write


def _typed() -> Callable[[], object]:
    client = boto3.client("dynamodb", config=Config(parameter_validation=False))
    puts = [{"PutRequest": {"Item": typed(item)["M"]}} for item in PLAIN[: ITEMS * CALLS]]

    def write() -> None:
        for at in range(0, len(puts), ITEMS):
            client.batch_write_item(RequestItems={"records": puts[at : at + ITEMS]})

    return write


def _calls(*, direct: bool) -> Callable[[], object]:
    calls = make_client("dynamodb", direct=direct)
    bodies = _bodies()
    return lambda: [calls.send("BatchWriteItem", body, RequestItems={"records": []}) for body in bodies]


def _http_client() -> Callable[[], object]:
    """The same signer over the standard library's client, without retries."""
    url = os.environ["AWS_ENDPOINT_URL"]
    host, _, port = url.rpartition("//")[2].partition(":")
    connection, bodies = http.client.HTTPConnection(host, int(port)), _bodies()
    scope = "test/20260101/us-east-1/dynamodb/aws4_request"
    headers = {
        "Content-Type": "application/x-amz-json-1.0",
        "X-Amz-Target": _TARGET,
        "Authorization": f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=content-type;host;x-amz-date;x-amz-target",
    }
    pattern, credentials = Pattern(url, headers), ReadOnlyCredentials("test", "test", None)

    def write() -> None:
        for body in bodies:
            head = pattern.head(body, credentials, time.time(), str(uuid.uuid4()), "attempt=1", None)
            signed = dict(line.split(": ", 1) for line in head.decode().split("\r\n")[1:-2])
            connection.request("POST", "/", body, signed)
            orjson.loads(connection.getresponse().read())

    return write


def _awscrt() -> Callable[[], object]:
    auth, crt_http, io = (import_module(f"awscrt.{name}") for name in ("auth", "http", "io"))
    group = io.EventLoopGroup(1)
    bootstrap = io.ClientBootstrap(group, io.DefaultHostResolver(group))
    url = os.environ["AWS_ENDPOINT_URL"].rpartition("//")[2]
    host, _, port = url.partition(":")
    connection = crt_http.HttpClientConnection.new(host, int(port), bootstrap).result(5)
    provider = auth.AwsCredentialsProvider.new_static("test", "test")
    bodies = _bodies()

    def write() -> None:
        for body in bodies:
            headers = crt_http.HttpHeaders(
                [
                    ("Host", url),
                    ("Content-Type", "application/x-amz-json-1.0"),
                    ("X-Amz-Target", _TARGET),
                    ("User-Agent", "froe"),
                    ("Content-Length", str(len(body))),
                ]
            )
            request = crt_http.HttpRequest("POST", "/", headers, io.InputStream(BytesIO(body)))
            config = auth.AwsSigningConfig(
                algorithm=auth.AwsSigningAlgorithm.V4,
                credentials_provider=provider,
                region="us-east-1",
                service="dynamodb",
            )
            auth.aws_sign_request(request, config).result(5)
            pieces: list[bytes] = []
            stream = connection.request(
                request, lambda **_: None, lambda chunk, into=pieces, **_: into.append(chunk)
            )
            stream.activate()
            stream.completion_future.result(5)
            orjson.loads(b"".join(pieces))

    return write


def _message(*, direct: bool) -> Callable[[], object]:
    calls = make_client("sqs", direct=direct)
    return lambda: [calls.send_message_batch(**_MESSAGES) for _ in range(CALLS // 4)]


def _plain_message() -> Callable[[], object]:
    client = boto3.client("sqs")
    return lambda: [client.send_message_batch(**_MESSAGES) for _ in range(CALLS // 4)]


def _print(title: str, unit: str, amount: int, ways: dict[str, Callable[[], object]]) -> None:
    taken: dict[str, list[float]] = {name: [] for name in ways}
    for way in ways.values():
        way()
    for _ in range(ROUNDS):
        for name, way in ways.items():
            begun = time.process_time()
            way()
            taken[name].append(time.process_time() - begun)
    seconds = {name: statistics.median(times) for name, times in taken.items()}
    first = next(iter(seconds.values()))
    print(f"{title:44}{unit:>12}{'ratio':>8}")
    for name, each in seconds.items():
        print(f"{name:44}{each / amount * 1e6:>12.1f}{first / each:>8.1f}")


def main() -> None:
    with table_process():
        ways = {
            "boto3's batch_writer": _batch_writer(),
            "botocore, typed items": _typed(),
            "botocore, body swapped in": _calls(direct=False),
            "signed here, http.client": _http_client(),
            "signed here, own connections": _calls(direct=True),
        }
        if find_spec("awscrt"):
            ways["signed and sent by awscrt"] = _awscrt()
        _print("BatchWriteItem, 25 items", "us an item", ITEMS * CALLS, ways)
        messages = {
            "botocore": _plain_message(),
            "botocore, no validation": _message(direct=False),
            "signed here, own connections": _message(direct=True),
        }
        print()
        _print("SendMessageBatch, 1 MB", "us a call", CALLS // 4, messages)


if __name__ == "__main__":
    main()
