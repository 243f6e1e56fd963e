"""Sending: as few requests as the limits allow, and none of the messages lost when SQS refuses some."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.aws.queues import SqsQueue
from chalicelib.core.errors import OutOfTimeError, PermanentError
from chalicelib.core.framing.cutting import Batch, Limits
from chalicelib.core.plan import ObjectHead, ObjectVersion, Plan
from chalicelib.core.wire.messages import batch_message, encode_batch
from chalicelib.delivery import GROUP_MAX_BYTES, Outgoing, Sender
from tests.fakes import WHEN, in_time


class Client:
    """An SQS client that refuses what it is told to, and keeps the rest."""

    def __init__(self, refusals: int = 0, *, fault: bool = False) -> None:
        self.refusals = refusals
        self.fault = fault
        self.requests: list[list[str]] = []
        self.kept: list[str] = []

    def send_message_batch(self, QueueUrl: str, Entries: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803
        assert len(Entries) <= 10
        assert sum(len(entry["MessageBody"].encode()) for entry in Entries) <= GROUP_MAX_BYTES
        self.requests.append([entry["MessageBody"] for entry in Entries])
        refused = Entries[: self.refusals]
        self.refusals = 0
        kept = Entries[len(refused) :]
        self.kept += [entry["MessageBody"] for entry in kept]
        return {
            "Successful": [{"Id": entry["Id"]} for entry in kept],
            "Failed": [{"Id": entry["Id"], "SenderFault": self.fault, "Code": "X"} for entry in refused],
        }


def send(client: Client, bodies: list[str], seconds: float = 60) -> None:
    sender = Sender(SqsQueue(client, "queue"), in_time(seconds))
    for body in bodies:
        sender.add(Outgoing(body))
    sender.flush()


def test_messages_travel_in_tens_and_within_a_mebibyte() -> None:
    client = Client()
    send(client, [f"{n}" for n in range(25)])
    assert [len(request) for request in client.requests] == [10, 10, 5]
    client = Client()
    send(client, ["x" * 400_000] * 5)
    assert [len(request) for request in client.requests] == [2, 2, 1]


def test_refused_messages_alone_are_sent_again() -> None:
    client = Client(refusals=2)
    send(client, ["a", "b", "c"])
    assert client.requests == [["a", "b", "c"], ["a", "b"]]
    assert sorted(client.kept) == ["a", "b", "c"]


def test_a_refusal_for_ever_is_said_in_time() -> None:
    client = Client(refusals=1)
    with pytest.raises(OutOfTimeError, match="1 messages"):
        send(client, ["a", "b"], seconds=0.5)


def test_a_message_that_can_never_be_sent_is_no_retry() -> None:
    with pytest.raises(PermanentError, match="refuses a message"):
        send(Client(refusals=1, fault=True), ["a"])


def test_incompressible_text_of_the_largest_batch_fits_a_message() -> None:
    from random import Random

    head = ObjectHead(ObjectVersion("b" * 63, "k" * 1024, "v" * 1024, "e"), 1, "", WHEN)
    body = Random(1).randbytes(Limits().batch_max_bytes)
    batch = Batch(0, 0, 0, len(body), 5000, 5000, body)
    encoded = encode_batch(batch_message(Plan(head, "json", 1.0), batch, trace="t" * 200))
    assert len(encoded.encode()) <= GROUP_MAX_BYTES
