"""What integration tests do with a running stack: upload, disturb, wait, ask the API, read the tables."""

import json
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections import defaultdict
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, TypeVar
from urllib.parse import quote

from boto3.dynamodb.types import TypeDeserializer

from chalicelib.core.plan import ObjectVersion
from chalicelib.services import Services
from chalicelib.settings import Settings
from froe.local import LocalStack
from froe.local.processes import clean_environment
from froe.target import target_of

PATIENCE_SECONDS: Final = 240
"""What is waited for is a state; only a test that fails takes so long, however busy the machine is."""
SETTLED = {"COMPLETE", "INCOMPLETE", "DAMAGED", "FAILED", "SUPERSEDED"}
SCHEDULED = {
    "version": "0",
    "id": "53dc4d37-cffa-4f76-80c9-8b7d4a4d2eaa",
    "detail-type": "Scheduled Event",
    "source": "aws.events",
    "account": "000000000000",
    "time": "2026-01-01T00:15:00Z",
    "region": "us-east-1",
    "resources": ["arn:aws:events:us-east-1:000000000000:rule/froe-local-sweeper-event"],
    "detail": {},
}
"""What the sweeper's schedule sends."""
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


OTHER_INPUT = "company-logs-elsewhere"
"""A bucket that the shared stack reads beside its own."""


def run_froe(stack: LocalStack, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The command line, acting on this stack."""
    return subprocess.run(
        [sys.executable, "-m", "froe", *arguments],
        env={**clean_environment(), **stack.env},
        capture_output=True,
        text=True,
        check=False,
    )


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


def services_of(stack: LocalStack, **settings: str) -> Services:
    """The use cases on this stack, for what people do with them. settings: others than those of its functions."""
    return Services(Settings.from_environment({**stack.env, **settings}), target_of(stack.info, stack.env))


def upload(stack: LocalStack, key: str, body: bytes, **options: Any) -> Uploaded:
    """Put one object into the input bucket, which tells the splitter."""
    bucket = stack.info.input_bucket
    reply = stack.client("s3").put_object(Bucket=bucket, Key=key, Body=body, **options)
    version = ObjectVersion(bucket, key, reply["VersionId"], reply["ETag"])
    return Uploaded(key, reply["VersionId"], reply["ETag"], version.file_id)


def sweep(stack: LocalStack) -> None:
    """The schedule fires."""
    answer = stack.client("lambda").invoke(FunctionName="froe-local-sweeper", Payload=json.dumps(SCHEDULED))
    assert "FunctionError" not in answer, answer["Payload"].read()


@contextmanager
def silenced(stack: LocalStack) -> Iterator[None]:
    """The bucket's notifications are off: objects lie there unannounced."""
    s3, bucket = stack.client("s3"), stack.info.input_bucket
    configuration = s3.get_bucket_notification_configuration(Bucket=bucket)
    configuration.pop("ResponseMetadata")
    s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration={})
    try:
        yield
    finally:
        s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration=configuration)


def event_of(stack: LocalStack, *uploads: Uploaded) -> dict[str, Any]:
    """S3's notification of these uploads."""
    return {
        "Records": [
            {
                "eventSource": "aws:s3",
                "eventName": "ObjectCreated:Put",
                "eventTime": "2026-03-01T12:00:00.000Z",
                "s3": {
                    "bucket": {"name": stack.info.input_bucket},
                    "object": {
                        "key": quote(each.key),
                        "versionId": each.version_id,
                        "eTag": each.etag.strip('"'),
                        "size": 1,
                    },
                },
            }
            for each in uploads
        ]
    }


def announce(stack: LocalStack, event: dict[str, Any]) -> None:
    """Invoke the splitter as S3 does: it is tried up to three times."""
    reply = stack.client("lambda").invoke(
        FunctionName="froe-local-splitter", InvocationType="Event", Payload=json.dumps(event)
    )
    assert reply["StatusCode"] == 202


def set_mappings(stack: LocalStack, *functions: str, enabled: bool) -> None:
    """Switch off, or on, what feeds these functions with messages."""
    client = stack.client("lambda")
    arns = {f"froe-local-{function}" for function in functions}
    for mapping in client.list_event_source_mappings()["EventSourceMappings"]:
        if mapping["FunctionArn"].rsplit(":", 1)[-1] in arns:
            client.update_event_source_mapping(UUID=mapping["UUID"], Enabled=enabled)


@contextmanager
def paused(stack: LocalStack, *functions: str) -> Iterator[None]:
    """These functions are given no messages meanwhile."""
    set_mappings(stack, *functions, enabled=False)
    try:
        yield
    finally:
        set_mappings(stack, *functions, enabled=True)


def states_of(stack: LocalStack, file_ids: Sequence[str]) -> dict[str, str]:
    """The state that the ledger holds of each of these files that it knows."""
    states = {}
    for first in range(0, len(file_ids), 100):
        keys = [{"pk": {"S": each}, "sk": {"S": "file"}} for each in file_ids[first : first + 100]]
        asked = {stack.info.ledger_table: {"Keys": keys, "ConsistentRead": True}}
        reply = stack.client("dynamodb").batch_get_item(RequestItems=asked)
        for item in reply["Responses"][stack.info.ledger_table]:
            states[item["pk"]["S"]] = item["state"]["S"].partition("#")[0]
    return states


def reach(
    stack: LocalStack, states: Container[str], *file_ids: str, timeout_seconds: float = PATIENCE_SECONDS
) -> None:
    """Wait until each of these files is in one of these states."""

    def others() -> dict[str, str]:
        current = states_of(stack, file_ids)
        seen = {file_id: current.get(file_id, "unknown") for file_id in file_ids}
        return {file_id: state for file_id, state in seen.items() if state not in states}

    def reached() -> bool | None:
        return None if others() else True

    wait_for(reached, f"{states}", timeout_seconds, detail=lambda: f"{others()}\n{log_end(stack)}")


def sealed(stack: LocalStack, *file_ids: str, timeout_seconds: float = PATIENCE_SECONDS) -> None:
    """Wait until every split of these files is cut and sealed; the workers may still be at it."""
    reach(stack, SETTLED | {"PROCESSING"}, *file_ids, timeout_seconds=timeout_seconds)


def lose_batches(stack: LocalStack, key: str, body: bytes) -> Uploaded:
    """Upload an object whose batch messages are all purged before a worker sees one, as an operator may do."""
    with paused(stack, "worker"):
        uploaded = upload(stack, key, body)
        sealed(stack, uploaded.file_id)
        stack.client("sqs").purge_queue(QueueUrl=stack.info.batch_queue)
        assert queue_depth(stack, stack.info.batch_queue) == 0
    return uploaded


def settle(stack: LocalStack, file_id: str, timeout_seconds: float = PATIENCE_SECONDS) -> dict[str, Any]:
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
    stack: LocalStack, key: str, body: bytes, timeout_seconds: float = PATIENCE_SECONDS
) -> dict[str, Any]:
    """`upload`, then `settle`."""
    return settle(stack, upload(stack, key, body).file_id, timeout_seconds)


def wait_for(
    ready: Callable[[], T | None],
    what: str,
    timeout_seconds: float = PATIENCE_SECONDS,
    *,
    detail: Callable[[], str] = str,
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


class Stored(NamedTuple):
    """What both tables hold of a file, ordered by key, without what names the upload or tells its time."""

    records: list[dict[str, Any]]
    ledger: list[dict[str, Any]]


def normalised(stack: LocalStack, uploaded: Uploaded) -> Stored:
    """What is stored of one file; two uploads of the same bytes give the same."""
    return all_normalised(stack)[uploaded.file_id]


def all_normalised(stack: LocalStack) -> Mapping[str, Stored]:
    """What is stored of every file, by its id; of an archive also what is stored of its members, in their order."""
    stored: dict[str, Stored] = defaultdict(lambda: Stored([], []))
    for item in sorted(scan(stack, stack.info.records_table), key=lambda item: (item["pk"], item["sk"])):
        file_id = item["pk"].partition("#")[0]
        stored[file_id].records.append(_nameless(item, file_id))
    members: dict[str, list[str]] = defaultdict(list)
    for item in sorted(scan(stack, stack.info.ledger_table), key=lambda item: (item["pk"], item["sk"])):
        if item["sk"].startswith(("file", "split#", "leaf#")):
            stored[item["pk"]].ledger.append(_nameless(item, item["pk"]))
        elif item["sk"].startswith("members#"):
            members[item["pk"]] += item["files"].split()
    for archive, file_ids in members.items():
        for file_id in file_ids:
            stored[archive].records.extend(stored[file_id].records)
            stored[archive].ledger.extend(stored[file_id].ledger)
    return stored


_OF_ONE_UPLOAD = {
    *("key", "member", "version_id", "opened", "opened_at", "settled_at", "last_modified", "trace"),
    "shelf",  # it follows from the file's id
}
USED = {"used", "opening_used", "u", "t"}
"""What depends on how often a file was tried."""


def _nameless(item: dict[str, Any], file_id: str) -> dict[str, Any]:
    kept = {
        name: value.replace(file_id, "FILE") if isinstance(value, str) else value
        for name, value in item.items()
        if name not in _OF_ONE_UPLOAD | USED
    }
    if "summary" in kept:
        kept["summary"] = {name: value for name, value in kept["summary"].items() if name not in USED}
    if "state" in kept:  # it bears a partition of the index, which follows from the file's id
        kept["state"] = kept["state"].partition("#")[0]
    return dict(sorted(kept.items()))


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


def drained(stack: LocalStack, timeout_seconds: float = PATIENCE_SECONDS) -> None:
    """Wait until nothing is queued, delayed or in flight."""
    queues = (stack.info.split_queue, stack.info.batch_queue, stack.info.dead_letter_queue)

    def empty() -> bool | None:
        return True if all(queue_depth(stack, queue) == 0 for queue in queues) else None

    wait_for(empty, "the queues to drain", timeout_seconds)
    time.sleep(1)
    wait_for(empty, "the queues to stay empty", timeout_seconds)


def log_end(stack: LocalStack, lines: int = 40) -> str:
    """The last lines that the functions and the emulator logged."""
    text = (stack.logs / "ministack.log").read_text(encoding="utf-8", errors="replace")
    return "\n".join(text.split("\n")[-lines:])


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return body.decode("utf-8", "replace")
