"""Notifications through the handlers: what is ingested, what is left alone, and where the rest goes."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import orjson
import pytest

from chalicelib import handlers
from chalicelib.core.errors import AccessDeniedError, ObjectArchivedError, TransientError
from chalicelib.core.ledger.accounts import State
from chalicelib.core.ledger.letters import Kind, subject_of
from chalicelib.core.wire.notifications import Announced, announced_in_body
from chalicelib.dead_letters.office import Pace, Selection
from chalicelib.delivery import Incoming
from tests.fakes import BUCKET, Pipeline, in_time
from tests.faults.examples import EXAMPLES, example_rows
from tests.faults.test_messages import CONTEXT, LIMITS, Redeliveries, buried_in, event_of, services_of
from tests.faults.test_peers import run_all, s3_record

ROWS = example_rows("events.jsonl")
DIRECT = SimpleNamespace(get_remaining_time_in_millis=lambda: 60_000, aws_request_id="request-1")


def deployed(pipeline: Pipeline) -> Any:
    services = services_of(pipeline, Redeliveries())
    services.split_queue = pipeline.split_queue
    return services


def announce(pipeline: Pipeline, *records: dict[str, Any]) -> None:
    """S3 calls the splitter."""
    handlers.on_notification(deployed(pipeline), {"Records": list(records)}, DIRECT)


@pytest.mark.parametrize("row", ROWS)
def test_a_real_event_ends_where_it_must(row: dict[str, Any]) -> None:
    """Its objects are opened, or nothing happens, or the dead-letter queue has each message, whole."""
    event = json.loads((EXAMPLES / row["file"]).read_text("utf-8"))
    pipeline = Pipeline(LIMITS)
    for known in row["objects"]:
        pipeline.objects.stored[known["key"], known["version"] or ""] = b"one line\n"
    services = deployed(pipeline)
    if row["form"].startswith("sqs"):
        for record in event["Records"]:
            record.setdefault("receiptHandle", "r")
        assert handlers.on_split_messages(services, event, CONTEXT) == {"batchItemFailures": []}
    else:
        handlers.on_notification(services, event, DIRECT)
    opened = [(file.plan.object.bucket, file.plan.object.key) for file in pipeline.table.files.values()]
    ingested = row["objects"] if row["action"] == "ingest" else []
    assert opened == [(known["bucket"], known["key"]) for known in ingested]
    refused = event["Records"] if row["action"] == "reject_unknown" else []
    assert sorted(buried_in(pipeline).values()) == sorted(record["body"] for record in refused)


@pytest.mark.parametrize("event", [{}, {"hello": 1}, {"Records": []}, {"Records": "x"}])
def test_a_call_that_is_no_notification_becomes_a_dead_letter(event: dict[str, Any]) -> None:
    """It is buried at once, under the id of the request, and let go."""
    pipeline = Pipeline(LIMITS)
    handlers.on_notification(deployed(pipeline), event, DIRECT)
    assert buried_in(pipeline) == {"request-1": orjson.dumps(event).decode()}


def test_a_record_that_is_not_understood_becomes_a_dead_letter() -> None:
    """The call is buried once, whole, and the other records of it are ingested."""
    pipeline = Pipeline(LIMITS)
    pipeline.objects.add("a.log", b"one line\n")
    announce(pipeline, {"what": "is this"}, s3_record("a.log"), {"and": "this"})
    (body,) = buried_in(pipeline).values()
    assert len(orjson.loads(body)["Records"]) == 3
    run_all(pipeline)
    assert [file.account.state for file in pipeline.table.files.values()] == [State.COMPLETE]


@pytest.mark.parametrize(
    "error", [TransientError("S3 is down"), AccessDeniedError("no policy"), ObjectArchivedError("in Glacier")]
)
def test_an_object_that_cannot_be_opened_is_remembered_when_s3_calls_directly(error: Exception) -> None:
    """It goes on by the split queue, where it is retried or kept with its reason; the others are not held up."""
    pipeline = Pipeline(LIMITS)
    for key in ("a.log", "b.log"):
        pipeline.objects.add(key, b"one line\n")
    head = pipeline.objects.head

    def refuse(announced: Announced) -> Any:
        if announced.key == "a.log":
            raise error
        return head(announced)

    pipeline.objects.head = refuse  # type: ignore[method-assign]
    announce(pipeline, s3_record("a.log"), s3_record("b.log"))
    assert [file.plan.object.key for file in pipeline.table.files.values()] == ["b.log"]
    (message,) = [each for each in pipeline.split_queue.messages if '"Records"' in each.body]
    (announcement,) = announced_in_body(message.body)
    assert isinstance(announcement, Announced)
    assert (announcement.bucket, announcement.key, announcement.version_id) == (BUCKET, "a.log", "v1")
    assert message.delay_seconds == 10
    answer = handlers.on_split_messages(deployed(pipeline), event_of(message.body), CONTEXT)
    is_archived = isinstance(error, ObjectArchivedError)
    assert answer == {"batchItemFailures": [] if is_archived else [{"itemIdentifier": "m0"}]}
    assert [attempt.code for attempt in pipeline.letters.attempts("m0")] == [error.code]  # type: ignore[attr-defined]
    assert len(buried_in(pipeline)) == is_archived


def test_an_archived_object_is_not_lost() -> None:
    """Restored, it is read by a redrive of its dead letter."""
    pipeline = Pipeline(LIMITS)
    body = orjson.dumps({"Records": [s3_record("cold.log")]}).decode()
    pipeline.failures.dead_letter(Incoming("m", "r", body, 1), ObjectArchivedError("archived; restore it"))
    (buried,) = pipeline.dead_letter_queue.messages
    pipeline.dead_letter_consumer.take(Incoming("m2", "r", buried.body, 1, attributes=buried.attributes))
    letter, _ = pipeline.office.envelope("m")
    assert (letter.code, letter.subject.kind, letter.subject.object_key) == (
        "object-archived",
        Kind.NOTIFICATION,
        "cold.log",
    )
    pipeline.objects.add("cold.log", b"one line\n")
    assert pipeline.office.redrive(Selection(), in_time(), Pace(1e9)).changed == 1
    (message,) = pipeline.split_queue.messages
    handlers.on_split_messages(deployed(pipeline), event_of(message.body), CONTEXT)
    pipeline.split_queue.messages.remove(message)
    run_all(pipeline)
    assert [file.account.state for file in pipeline.table.files.values()] == [State.COMPLETE]


def test_versions_of_a_key_that_are_announced_out_of_order_do_not_replace_one_another() -> None:
    """The later one first: each is a file of its own, read as it was."""
    pipeline = Pipeline(LIMITS)
    pipeline.objects.add("a.log", b"old\n" * 3, version_id="v1")
    pipeline.objects.add("a.log", b"new\n" * 5, version_id="v2")
    announce(pipeline, s3_record("a.log", versionId="v2", sequencer="0B"))
    announce(pipeline, s3_record("a.log", versionId="v1", sequencer="0A"))
    announce(pipeline, s3_record("a.log", versionId="v2", sequencer="0B"))
    run_all(pipeline)
    lines = {
        file.plan.object.version_id: file.account.summary.counts.parsed.lines
        for file in pipeline.table.files.values()
    }
    assert lines == {"v1": 3, "v2": 5}


def test_objects_of_one_sequencer_are_told_apart() -> None:
    """Sequencers order the uploads of one key, and Froe needs them for nothing."""
    pipeline = Pipeline(LIMITS)
    for key in ("a.log", "b.log"):
        pipeline.objects.add(key, b"one line\n")
    announce(pipeline, s3_record("a.log", sequencer="0A"), s3_record("b.log", sequencer="0A"))
    run_all(pipeline)
    assert [file.account.state for file in pipeline.table.files.values()] == [State.COMPLETE] * 2


def test_the_file_of_one_record_does_not_resolve_another_record() -> None:
    """A notification of which a record is unknown stays dead, however it came, until someone decides on it."""
    event = {"Records": [{"what": "is this"}, s3_record("a.log")]}
    pipeline = Pipeline(LIMITS)
    pipeline.objects.add("a.log", b"one line\n")
    announce(pipeline, *event["Records"])
    handlers.on_split_messages(deployed(pipeline), event_of(orjson.dumps(event).decode()), CONTEXT)
    for number, buried in enumerate(pipeline.dead_letter_queue.messages):
        pipeline.dead_letter_consumer.take(
            Incoming(f"d{number}", "r", buried.body, 1, None, buried.attributes)
        )
    run_all(pipeline)
    assert [file.account.state for file in pipeline.table.files.values()] == [State.COMPLETE]
    dead = pipeline.office.page(Selection(), limit=9).letters
    assert [(letter.letter_id, letter.subject.object_key) for letter in dead] == [
        ("request-1", "a.log"),
        ("m0", "a.log"),
    ]
    assert all("lacks 'eventName'" in letter.reason for letter in dead)


def test_a_call_whose_failures_no_queue_takes_is_not_dropped() -> None:
    """The function fails, so that S3's own retries have it."""
    pipeline = Pipeline(LIMITS)

    def down(group: object, deadline: object) -> None:
        raise TransientError("SQS is down")

    pipeline.split_queue.send_group = down  # type: ignore[method-assign]
    with pytest.raises(TransientError, match="SQS is down"):
        announce(pipeline, s3_record("a.log", versionId=None, eTag=None))


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ('{"Records": []}', Kind.UNKNOWN),
        (orjson.dumps({"Records": [s3_record("a"), s3_record("b")]}).decode(), Kind.NOTIFICATION),
        ("\x00", Kind.UNKNOWN),
        (orjson.dumps({"Records": [s3_record("a"), {"what": "is this"}]}).decode(), Kind.NOTIFICATION),
    ],
)
def test_what_a_dead_letter_is_about_is_never_guessed(body: str, kind: Kind) -> None:
    """A notification of several objects belongs to no one file."""
    subject = subject_of(body)
    assert (subject.kind, subject.file_id) == (kind, None)
