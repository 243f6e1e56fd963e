"""Notices and events on the local AWS: queues that subscribe to the topic, and to the event bus, hear of every file that
settles."""

import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

pytest.importorskip("chalice.cli", reason="needs chalice: make setup")
pytest.importorskip("ministack", reason="needs ministack: make setup")

from froe.events_page import schema
from froe.local import LocalStack
from tests.integration.support import Uploaded, log_end, settle, sweep, upload, wait_for
from tests.schemas import faults

LINES = b"".join(b'{"level": "info", "message": "line %d"}\n' % number for number in range(500))


@dataclass(frozen=True, slots=True)
class Received:
    """One notice as a subscribed queue gets it. attributes: name → value."""

    subject: str
    text: str
    attributes: dict[str, str]


class Subscriber:
    """Queues of our own that get every notice of the stack, and every event."""

    def __init__(self, stack: LocalStack) -> None:
        self._stack = stack
        self._sqs, self._sns = stack.client("sqs"), stack.client("sns")
        self.queue = self._sqs.create_queue(QueueName="notices")["QueueUrl"]
        asked = self._sqs.get_queue_attributes(QueueUrl=self.queue, AttributeNames=["QueueArn"])
        self._subscription = self._sns.subscribe(
            TopicArn=stack.env["NOTICES_TOPIC_ARN"],
            Protocol="sqs",
            Endpoint=asked["Attributes"]["QueueArn"],
            ReturnSubscriptionArn=True,
        )["SubscriptionArn"]
        self._notices: list[Received] = []
        self._events = stack.client("events")
        self.events_queue = self._sqs.create_queue(QueueName="events")["QueueUrl"]
        asked = self._sqs.get_queue_attributes(QueueUrl=self.events_queue, AttributeNames=["QueueArn"])
        pattern = {"source": ["froe"], "detail": {"stage": ["local"], "key": [{"prefix": "notices/"}]}}
        self._events.put_rule(Name="settled", EventPattern=json.dumps(pattern))
        self._events.put_targets(
            Rule="settled", Targets=[{"Id": "1", "Arn": asked["Attributes"]["QueueArn"]}]
        )
        self._emitted: list[dict[str, Any]] = []

    def close(self) -> None:
        self._events.remove_targets(Rule="settled", Ids=["1"])
        self._events.delete_rule(Name="settled")
        self._sqs.delete_queue(QueueUrl=self.events_queue)
        self._sns.unsubscribe(SubscriptionArn=self._subscription)
        self._sqs.delete_queue(QueueUrl=self.queue)

    def notice_of(self, file_id: str) -> Received:
        """The first notice of the file, once it is there."""
        return wait_for(
            lambda: self._find(file_id), f"a notice of {file_id}", 60, detail=lambda: log_end(self._stack)
        )

    def event_of(self, file_id: str) -> dict[str, Any]:
        """The first event of the file, once it is there."""
        return wait_for(
            lambda: self._find_event(file_id),
            f"an event of {file_id}",
            60,
            detail=lambda: log_end(self._stack),
        )

    def _find_event(self, file_id: str) -> dict[str, Any] | None:
        for message in self._sqs.receive_message(QueueUrl=self.events_queue, MaxNumberOfMessages=10).get(
            "Messages", ()
        ):
            self._emitted.append(json.loads(message["Body"]))
            self._sqs.delete_message(QueueUrl=self.events_queue, ReceiptHandle=message["ReceiptHandle"])
        return next((one for one in self._emitted if one["detail"]["file_id"] == file_id), None)

    def summaries(self) -> list[Received]:
        self._listen()
        return [each for each in self._notices if each.attributes["kind"] == "summary"]

    def _find(self, file_id: str) -> Received | None:
        self._listen()
        return next((one for one in self._notices if one.attributes.get("file_id") == file_id), None)

    def _listen(self) -> None:
        for message in self._sqs.receive_message(QueueUrl=self.queue, MaxNumberOfMessages=10).get(
            "Messages", ()
        ):
            self._notices.append(_received(json.loads(message["Body"])))
            self._sqs.delete_message(QueueUrl=self.queue, ReceiptHandle=message["ReceiptHandle"])


def _received(envelope: dict[str, Any]) -> Received:
    attributes = {name: attribute["Value"] for name, attribute in envelope["MessageAttributes"].items()}
    return Received(envelope["Subject"], envelope["Message"], attributes)


@pytest.fixture(scope="module")
def subscriber(stack: LocalStack) -> Iterator[Subscriber]:
    made = Subscriber(stack)
    yield made
    made.close()


@pytest.fixture
def summarising(stack: LocalStack) -> Iterator[None]:
    """The sweeper wants to tell the summary of the day before, at any hour."""
    client = stack.client("lambda")

    def set_hour(hour: str) -> None:
        known = {"FunctionName": "froe-local-sweeper"}
        variables = client.get_function_configuration(**known)["Environment"]["Variables"]
        variables["SUMMARY_HOUR"] = hour
        client.update_function_configuration(**known, Environment={"Variables": variables})
        client.get_waiter("function_updated_v2").wait(**known, WaiterConfig={"Delay": 1})

    set_hour("0")
    yield
    set_hour("-1")


@dataclass(frozen=True, slots=True)
class Case:
    """An object, and the beginning of what its notice says."""

    key: str
    data: bytes
    state: str
    first_line: str


CASES = (
    Case("notices/good.jsonl", LINES, "COMPLETE", "COMPLETE: every line is accounted for"),
    Case("notices/torn.jsonl.gz", gzip.compress(LINES, mtime=0)[:-100], "DAMAGED", "DAMAGED: "),
    Case("notices/größe\x1b.bin", b"\x00\x01\x02\x03" * 500, "FAILED", "FAILED: not text"),
)


@pytest.mark.parametrize("case", CASES, ids=[case.state for case in CASES])
def test_a_settled_file_is_told_to_subscribers(stack: LocalStack, subscriber: Subscriber, case: Case) -> None:
    uploaded: Uploaded = upload(stack, case.key, case.data)
    notice = subscriber.notice_of(uploaded.file_id)
    file = settle(stack, uploaded.file_id)
    assert notice.attributes == {
        "notice_id": notice.attributes["notice_id"],
        "kind": "file",
        "state": case.state,
        "bucket": stack.info.input_bucket,
        "key": case.key.replace("\x1b", "\\x1b"),
        "file_id": uploaded.file_id,
        "format": file["format"] or "-",
    }
    assert notice.attributes["notice_id"].startswith(f"{uploaded.file_id}-")
    assert notice.subject.startswith(f"Froe: {case.state} notices/")
    event = subscriber.event_of(uploaded.file_id)
    assert event["detail-type"] == "Froe File Settled"
    detail = event["detail"]
    assert list(faults(detail, schema())) == []
    assert detail["notice_id"] == notice.attributes["notice_id"]
    assert {name: detail[name] for name in file} == file
    lines = notice.text.splitlines()
    assert lines[0].startswith(case.first_line)
    assert f"file id: {uploaded.file_id}" in lines
    parsed = file["parsed"]
    assert (
        f"parsed: {parsed['entries']:,} entries, {parsed['lines']:,} lines, {parsed['bytes']:,} bytes"
        in lines
    )


def test_the_day_before_is_summed_up_once_though_the_schedule_fires_twice(
    stack: LocalStack, subscriber: Subscriber, summarising: None
) -> None:
    sweep(stack)
    sweep(stack)
    (summary,) = wait_for(subscriber.summaries, "the summary", detail=lambda: log_end(stack))
    day = datetime.now(UTC).date() - timedelta(days=1)
    assert summary.attributes == {
        "notice_id": f"summary-local-{day}",
        "kind": "summary",
        "stage": "local",
        "day": str(day),
    }
    assert summary.text.startswith(
        f"Files of the stage local that were opened on {day} (UTC) and are settled:"
    )
    assert len(subscriber.summaries()) == 1
