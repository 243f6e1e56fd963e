"""What integration tests do with a running stack: upload, wait, ask the API, read the tables."""

import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

from boto3.dynamodb.types import TypeDeserializer

from chalicelib.core.plan import ObjectVersion
from froe.local import LocalStack

SETTLED = {"COMPLETE", "INCOMPLETE", "DAMAGED", "FAILED", "SUPERSEDED"}
T = TypeVar("T")
_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@dataclass(frozen=True, slots=True)
class Reply:
    """An HTTP answer, whatever its status; `body` is the JSON in it."""

    status: int
    body: Any


@dataclass(frozen=True, slots=True)
class Uploaded:
    """One object as S3 took it."""

    key: str
    version_id: str
    etag: str
    file_id: str


def call_api(
    stack: LocalStack, path: str, *, method: str = "GET", token: str | None = "", body: Any = None
) -> Reply:
    """Call the stack's HTTP API; `token` defaults to the right one, None sends none."""
    request = urllib.request.Request(f"{stack.info.api}{path}", method=method)
    if token is not None:
        request.add_header("Authorization", f"Bearer {token or stack.info.token}")
    if body is not None:
        request.add_header("Content-Type", "application/json")
        request.data = json.dumps(body).encode()
    try:
        with _DIRECT.open(request, timeout=60) as response:
            return Reply(response.status, _json(response.read()))
    except urllib.error.HTTPError as error:
        with error:
            return Reply(error.code, _json(error.read()))


def upload(stack: LocalStack, key: str, body: bytes, **options: Any) -> Uploaded:
    """Put one object into the input bucket, which tells the splitter."""
    bucket = stack.info.input_bucket
    reply = stack.client("s3").put_object(Bucket=bucket, Key=key, Body=body, **options)
    version = ObjectVersion(bucket, key, reply["VersionId"], reply["ETag"])
    return Uploaded(key, reply["VersionId"], reply["ETag"], version.file_id)


def settle(stack: LocalStack, file_id: str, timeout_seconds: float = 60) -> dict[str, Any]:
    """The file as the status API shows it once it is settled; an AssertionError with all there is if it is not."""
    seen = Reply(0, None)

    def settled() -> dict[str, Any] | None:
        nonlocal seen
        seen = call_api(stack, f"/files/{file_id}")
        return seen.body if seen.status == 200 and seen.body["state"] in SETTLED else None

    return wait_for(
        settled, f"file {file_id} to settle", timeout_seconds, detail=lambda: f"{seen}\n{log_end(stack)}"
    )


def upload_and_settle(
    stack: LocalStack, key: str, body: bytes, timeout_seconds: float = 60
) -> dict[str, Any]:
    """`upload`, then `settle`."""
    return settle(stack, upload(stack, key, body).file_id, timeout_seconds)


def wait_for(
    ready: Callable[[], T | None], what: str, timeout_seconds: float = 60, *, detail: Callable[[], str] = str
) -> T:
    """The first value of `ready` that is not None."""
    deadline = time.monotonic() + timeout_seconds
    while time.monotonic() < deadline:
        value = ready()
        if value is not None:
            return value
        time.sleep(0.2)
    raise AssertionError(f"waited {timeout_seconds} s for {what}: {detail()}")


def records_of(stack: LocalStack, file_id: str) -> list[dict[str, Any]]:
    """Every item of the file in the records table, ordered by offset, as Python values."""
    items = [item for item in scan(stack, stack.info.records_table) if item["pk"].startswith(f"{file_id}#")]
    return sorted(items, key=lambda item: item["sk"])


def ledger_of(stack: LocalStack, file_id: str) -> list[dict[str, Any]]:
    """Every item of the file in the ledger table, ordered by key, as Python values."""
    items = [item for item in scan(stack, stack.info.ledger_table) if file_id in item["pk"]]
    return sorted(items, key=lambda item: (item["pk"], item["sk"]))


def scan(stack: LocalStack, table: str) -> Iterator[dict[str, Any]]:
    """All items of a table."""
    value_of = TypeDeserializer().deserialize
    for page in stack.client("dynamodb").get_paginator("scan").paginate(TableName=table, ConsistentRead=True):
        for item in page["Items"]:
            yield {name: value_of(value) for name, value in item.items()}


def queue_depth(stack: LocalStack, queue_url: str) -> int:
    """Messages in the queue, whether visible, in flight or delayed."""
    names = [
        "ApproximateNumberOfMessages",
        "ApproximateNumberOfMessagesNotVisible",
        "ApproximateNumberOfMessagesDelayed",
    ]
    reply = stack.client("sqs").get_queue_attributes(QueueUrl=queue_url, AttributeNames=names)
    return sum(int(reply["Attributes"][name]) for name in names)


def log_end(stack: LocalStack, lines: int = 40) -> str:
    """The last lines that the functions and the emulator logged."""
    text = (stack.logs / "ministack.log").read_text(encoding="utf-8", errors="replace")
    return "\n".join(text.split("\n")[-lines:])


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return body.decode("utf-8", "replace")
