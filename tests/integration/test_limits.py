"""Lambda's limits on the local AWS, and pages of large entries that keep within them."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable, Iterator
from typing import Any

import pytest

pytest.importorskip("ministack", reason="needs ministack: make setup")

from botocore.exceptions import ClientError

from froe.local import LocalStack
from froe.local.limits import ANSWER_MAX_BYTES, ASYNC_EVENT_MAX_BYTES, EVENT_MAX_BYTES
from tests.integration.support import call_api, upload_and_settle

CODE = b"""
import time
def handler(event, context):
    if "answer_bytes" in event:
        return "x" * (event["answer_bytes"] - 2)
    if "memory_bytes" in event:
        held = bytearray(b"x" * event["memory_bytes"])
    time.sleep(event.get("seconds", 0))
    return "done"
"""
Invoke = Callable[..., tuple[str | None, Any]]


@pytest.fixture(scope="module")
def invoke() -> Iterator[Invoke]:
    """Invoke a function of 128 MB and two seconds: its error, if any, and what it returned."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as package:
        package.writestr("limited.py", CODE)
    with LocalStack(bare=True) as stack:
        client = stack.client("lambda")
        client.create_function(
            FunctionName="limited",
            Runtime="python3.11",
            Handler="limited.handler",
            Role="arn:aws:iam::000000000000:role/limited",
            Code={"ZipFile": archive.getvalue()},
            Timeout=2,
            MemorySize=128,
        )
        client.get_waiter("function_active").wait(FunctionName="limited")

        def send(kind: str = "RequestResponse", **event: Any) -> tuple[str | None, Any]:
            answer = client.invoke(
                FunctionName="limited", InvocationType=kind, Payload=json.dumps(event).encode()
            )
            payload = answer["Payload"].read()
            return answer.get("FunctionError"), json.loads(payload) if payload else None

        yield send


def padded(size: int) -> dict[str, str]:
    return {"padding": "x" * (size - len(json.dumps({"padding": ""})))}


def test_the_largest_answer_arrives_and_a_larger_one_is_an_error(invoke: Invoke) -> None:
    error, answer = invoke(answer_bytes=ANSWER_MAX_BYTES)
    assert (error, len(answer)) == (None, ANSWER_MAX_BYTES - 2)
    error, answer = invoke(answer_bytes=ANSWER_MAX_BYTES + 1)
    assert error
    assert answer["errorType"] == "Function.ResponseSizeTooLarge"


@pytest.mark.parametrize(
    ("kind", "most"), [("RequestResponse", EVENT_MAX_BYTES), ("Event", ASYNC_EVENT_MAX_BYTES)]
)
def test_the_largest_event_is_taken_and_a_larger_one_is_refused(invoke: Invoke, kind: str, most: int) -> None:
    assert invoke(kind, **padded(most))[0] is None
    with pytest.raises(ClientError, match="RequestTooLarge"):
        invoke(kind, **padded(most + 1))


def test_a_function_that_takes_too_long_or_too_much_memory_is_killed(invoke: Invoke) -> None:
    error, answer = invoke(seconds=30)
    assert error
    assert "Task timed out after 2.00 seconds" in answer["errorMessage"]
    error, answer = invoke(memory_bytes=300 << 20, seconds=1)
    assert error
    assert answer["errorType"] == "Runtime.ExitError"
    assert invoke() == (None, "done")


def test_large_entries_come_once_and_in_order_over_the_api(stack: LocalStack) -> None:
    records = "".join('{"msg":"' + f"{number:05d} " + "m" * 8_000 + '"}\n' for number in range(1_000))
    rejects = "".join('{"broken ' + f"{number:05d} " + "x" * 80_000 + "\n" for number in range(100))
    file = upload_and_settle(stack, "large/entries.jsonl", (records + rejects).encode(), 120)
    assert (file["parsed"]["entries"], file["rejected"]["entries"]) == (1_000, 100)
    for kind, count in (("records", 1_000), ("rejects", 100)):
        offsets: list[int] = []
        cursor, pages = "", 0
        while cursor is not None:
            reply = call_api(stack, f"/files/{file['file_id']}/{kind}?limit=1000&cursor={cursor}")
            assert reply.status == 200, reply
            offsets += [item["offset"] for item in reply.body["items"]]
            cursor, pages = reply.body["cursor"], pages + 1
        assert offsets == sorted(set(offsets))
        assert len(offsets) == count
        assert pages > 1
