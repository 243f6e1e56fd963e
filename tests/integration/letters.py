"""Dead letters of integration tests: batches that die by hand, and all that is kept of them.

The message of a batch is moved as SQS moves one that was received too often: without a word about its end.
"""

import json
from collections import defaultdict
from collections.abc import Container, Iterator, Mapping
from typing import Any, NamedTuple

from froe.local import LocalStack
from tests.integration.support import scan

_RECEIVE_SECONDS = 60
_NOT_COMPARED = {"key", "object_key", "opened", "died_at", "origin_trace", "receives"}
"""What names the upload, tells times, or counts how often the dead letter itself was delivered."""


class Died(NamedTuple):
    """A message in the dead-letter queue; letter_id: its SQS message id there."""

    letter_id: str
    body: str


class Kept(NamedTuple):
    """What is kept of a file's dead letters: items of the ledger, quarantined objects without their bodies
    and those bodies; of two files of the same bytes the same, but for the bodies."""

    items: list[dict[str, Any]]
    objects: list[dict[str, Any]]
    bodies: list[str]


def take_batches(stack: LocalStack, batch_ids: Container[str]) -> dict[str, str]:
    """Take these batches out of their queue, while no worker is given any; the bodies by `batch_id`."""
    sqs, queue = stack.client("sqs"), stack.info.batch_queue
    taken = {}
    others = []
    while messages := sqs.receive_message(
        QueueUrl=queue, MaxNumberOfMessages=10, VisibilityTimeout=_RECEIVE_SECONDS
    ).get("Messages"):
        for message in messages:
            batch_id = json.loads(message["Body"])["batch_id"]
            if batch_id in batch_ids:
                taken[batch_id] = message["Body"]
                sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
            else:
                others.append(message["ReceiptHandle"])
    for receipt_handle in others:
        sqs.change_message_visibility(QueueUrl=queue, ReceiptHandle=receipt_handle, VisibilityTimeout=0)
    return taken


def let_die(stack: LocalStack, body: str) -> Died:
    """Send a message to the dead-letter queue."""
    sent = stack.client("sqs").send_message(QueueUrl=stack.info.dead_letter_queue, MessageBody=body)
    return Died(sent["MessageId"], body)


def all_kept(stack: LocalStack) -> Mapping[str, Kept]:
    """What is kept of the dead letters of every file, by its id."""
    kept: dict[str, Kept] = defaultdict(lambda: Kept([], [], []))
    for item in scan(stack, stack.info.ledger_table):
        if item["sk"].startswith("dead#"):
            kept[item["pk"]].items.append(_nameless(item, item["pk"], item["letter_id"]))
    for key, envelope in _quarantined(stack):
        file_id, letter_id = envelope["file_id"], envelope["dead_letter_id"]
        kept[file_id].bodies.append(envelope.pop("body"))
        kept[file_id].objects.append(_nameless({"stored_as": key, **envelope}, file_id, letter_id))
    return kept


def _quarantined(stack: LocalStack) -> Iterator[tuple[str, dict[str, Any]]]:
    s3, bucket = stack.client("s3"), stack.info.quarantine_bucket
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket):
        for entry in page.get("Contents", []):
            yield entry["Key"], json.loads(s3.get_object(Bucket=bucket, Key=entry["Key"])["Body"].read())


def _nameless(fields: dict[str, Any], file_id: str, letter_id: str) -> dict[str, Any]:
    return {
        name: value.replace(file_id, "FILE").replace(letter_id, "LETTER") if isinstance(value, str) else value
        for name, value in fields.items()
        if name not in _NOT_COMPARED
    }
