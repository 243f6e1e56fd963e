"""What the handlers write on standard output: JSON lines and valid metrics, never a line of somebody's file."""

from __future__ import annotations

import json
import logging
import sys
import time
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import orjson
import pytest

from chalicelib import handlers, logs
from chalicelib.aws.metrics import EmfMeter
from chalicelib.core.errors import PermanentError, TransientError
from chalicelib.core.framing.cutting import Limits
from chalicelib.core.ledger.accounts import State
from chalicelib.core.records import parsing, storable
from chalicelib.core.wire.notifications import announcement_of
from chalicelib.delivery import Deadline, Outgoing
from chalicelib.metrics import METRICS, TimedTracer
from chalicelib.notifier import Notifier
from chalicelib.splitter import Splitter
from chalicelib.tracing import NoTracer
from chalicelib.worker import Worker
from tests.emf import Document, documents_in
from tests.fakes import FakeTopic, Pipeline

MARKER = "hunter2-the-secret-of-a-line"
LIMITS = Limits(batch_max_lines=3, split_bytes=256)
TEXT = b"".join(
    (
        *(b'{"level":"info","msg":"%s %d"}\n' % (MARKER.encode(), number) for number in range(6)),
        b"poison " + MARKER.encode() + b"\n",
        b'{"level":"info","msg":"' + MARKER.encode() + b'"\n',
        b"\xff\xfe" + MARKER.encode() + b"\0\n",
        *(b'{"level":"info","msg":"%s"}\n' % MARKER.encode() for _ in range(6)),
    )
)
CONTEXT = SimpleNamespace(get_remaining_time_in_millis=lambda: 60_000, aws_request_id="request-1")


class Handlers:
    """The handlers over fakes, with the real meter and the real formatter on standard output."""

    def __init__(self, pipeline: Pipeline) -> None:
        self.pipeline = pipeline
        meter = EmfMeter("dev")
        tracer = TimedTracer(NoTracer(), meter, time.monotonic)
        pipeline.splitter = Splitter(
            pipeline.objects,
            pipeline.ledger,
            pipeline.split_queue,
            pipeline.batch_queue,
            tracer,
            limits=LIMITS,
            retention_days=0,
            split_delay_seconds=300,
            meter=meter,
        )
        pipeline.worker = Worker(pipeline.records, pipeline.ledger, tracer, meter=meter)
        pipeline.dead_letter_consumer._meter = meter
        pipeline.sweeper._meter = meter
        self.services: Any = SimpleNamespace(
            splitter=pipeline.splitter,
            worker=pipeline.worker,
            notifier=Notifier(FakeTopic(), meter),
            dead_letter_consumer=pipeline.dead_letter_consumer,
            sweeper=pipeline.sweeper,
            split_queue=pipeline.split_queue,
            batch_queue=pipeline.batch_queue,
            dead_letter_queue=pipeline.dead_letter_queue,
            failures=pipeline.failures,
            settings=SimpleNamespace(retry_base_seconds=10),
            meter=meter,
        )

    def announce(self, text: bytes = TEXT) -> None:
        body = announcement_of(self.pipeline.objects.add("a.log", text))
        handlers.on_split_messages(self.services, event_of(Outgoing(body)), CONTEXT)

    def cut(self) -> dict[str, Any]:
        return handlers.on_split_messages(self.services, self._taken(self.pipeline.split_queue), CONTEXT)

    def work(self) -> dict[str, Any]:
        return handlers.on_batch_messages(self.services, self._taken(self.pipeline.batch_queue), CONTEXT)

    def dead_letter(self) -> dict[str, Any]:
        event = self._taken(self.pipeline.dead_letter_queue)
        return handlers.on_dead_letters(self.services, event, CONTEXT)

    def sweep(self) -> dict[str, Any]:
        return handlers.on_schedule(self.services, CONTEXT)

    def _taken(self, queue: Any) -> dict[str, Any]:
        taken, queue.messages = queue.messages, []
        return event_of(*taken)


def event_of(*messages: Outgoing) -> dict[str, Any]:
    return {
        "Records": [
            {
                "messageId": f"m{number}",
                "receiptHandle": f"r{number}",
                "body": message.body,
                "attributes": {"ApproximateReceiveCount": "1"},
                "messageAttributes": {
                    name: {"stringValue": value} for name, value in message.attributes.items()
                },
            }
            for number, message in enumerate(messages)
        ]
    }


@pytest.fixture
def written(capsys: pytest.CaptureFixture[str]) -> Iterator[None]:
    """What is logged goes to standard output, as a function writes it."""
    logger = logging.getLogger("froe")
    level, handler = logger.level, logging.StreamHandler(Standard())
    handler.setFormatter(logs.Formatter())
    logger.setLevel(logging.DEBUG)
    logger.addHandler(handler)
    yield
    logger.removeHandler(handler)
    logger.setLevel(level)
    logs.begin("")


@pytest.fixture
def handling(written: None) -> Handlers:
    return Handlers(Pipeline(LIMITS))


class Standard:
    """Standard output as it is at each write: where pytest listens just then."""

    def write(self, text: str) -> None:
        sys.stdout.write(text)

    def flush(self) -> None: ...


def events_in(lines: list[str]) -> dict[str, list[dict[str, Any]]]:
    """The events of a log by their names."""
    events: dict[str, list[dict[str, Any]]] = {}
    for line in lines:
        event = json.loads(line)
        if "_aws" not in event:
            events.setdefault(event["message"], []).append(event)
    return events


def test_a_file_is_told_of_by_events_with_its_ids_and_by_metrics(handling: Handlers, capsys: Any) -> None:
    handling.announce()
    handling.cut()
    handling.work()
    handling.sweep()
    lines = capsys.readouterr().out.splitlines()
    events = events_in(lines)
    (file_id,) = handling.pipeline.table.files
    assert {"file_opened", "split_sealed", "batch_done", "swept"} <= set(events)
    for name in ("file_opened", "split_sealed", "batch_done"):
        for event in events[name]:
            assert (event["file_id"], event["function_request_id"]) == (file_id, "request-1")
            assert event["level"] == "INFO"
    done = events["batch_done"]
    account = handling.pipeline.table.files[file_id].account
    assert account.state is State.COMPLETE
    assert len({event["batch_id"] for event in done}) == len(done) == account.batches
    parsed = account.summary.counts.parsed.entries
    assert sum(event["parsed"] for event in done) == parsed > 9
    assert account.summary.counts.rejected.entries > 0
    assert sum(event["rejected"] for event in done) == sum(
        count for event in done for count in event["reasons"].values()
    )
    assert all(event["format"] and event["seconds"] >= 0 for event in done)
    documents = documents_in(lines)
    assert {document.namespace for document in documents} == {"Froe"}
    assert total(documents, "RecordsParsed") == parsed
    assert total(documents, "FilesStalled") == 0
    assert {document.dimensions["step"] for document in documents if "step" in document.dimensions} == {
        *("read", "send", "seal", "parse", "write", "mark")
    }
    for document in documents:
        assert document.dimensions["stage"] == "dev"
        assert not {file_id, *(event["batch_id"] for event in done)} & set(document.dimensions.values())
        for name, unit in document.units.items():
            assert (unit, tuple(document.dimensions)) == METRICS[name]


def total(documents: list[Document], name: str) -> float:
    return sum(sum(document.values.get(name, ())) for document in documents)


def test_what_was_measured_before_a_failure_is_written(handling: Handlers, capsys: Any) -> None:
    handling.announce()
    handling.pipeline.split_queue.messages.clear()
    capsys.readouterr()

    def cut_short(deadline: Deadline) -> None:
        handling.services.meter.add("FilesStalled", 3)
        raise TransientError("the ledger is down")

    handling.services.sweeper = SimpleNamespace(sweep=cut_short)
    with pytest.raises(TransientError):
        handling.sweep()
    assert total(documents_in(capsys.readouterr().out.splitlines()), "FilesStalled") == 3


def crash(*_: Any, **__: Any) -> Any:
    """A bug as parsers have them: it quotes what it was given, in its words, its cause and its notes."""
    try:
        int(MARKER)
    except ValueError as error:
        bug = KeyError(MARKER)
        bug.add_note(MARKER)
        raise bug from error


@pytest.mark.parametrize("broken", ["parser", "items", "table", "refused", "ledger", "queue", "object"])
def test_no_line_of_a_file_is_ever_logged(
    broken: str, handling: Handlers, capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither where all is well, nor by the words of whatever fails with the line in its hands."""
    pipeline = handling.pipeline
    if broken == "object":
        monkeypatch.setattr(pipeline.objects, "opener", lambda head: crash)
    if broken == "queue":
        monkeypatch.setattr(pipeline.batch_queue, "send_group", crash)
    if broken == "ledger":
        monkeypatch.setattr(pipeline.table, "put_seal", crash)
    handling.announce()
    handling.cut()
    if broken == "parser":
        monkeypatch.setattr(parsing.Reader, "_parsed", crash)
    if broken == "items":
        monkeypatch.setattr(storable, "item_of", crash)
    if broken == "table":
        monkeypatch.setattr(pipeline.records, "put", crash)
    if broken == "refused":
        monkeypatch.setattr(pipeline.records, "put", refuse)
    batches = list(pipeline.batch_queue.messages)
    handling.work()
    for number, message in enumerate(batches):
        body = orjson.loads(message.body)
        pipeline.failures.dead_letter_text(
            orjson.dumps(body | {"v": MARKER}).decode(), f"b{number}", KeyError(MARKER)
        )
    handling.dead_letter()
    handling.sweep()
    captured = capsys.readouterr()
    events = events_in(captured.out.splitlines())
    failures = {"message_crashed", "message_refused", "object_failed", "file_not_healed"}
    assert failures & set(events), "it did fail"
    assert MARKER not in captured.out + captured.err
    assert not any(MARKER in notice.text + notice.subject for notice in pipeline.topic.notices)
    assert not any(MARKER in letter.reason for letter in pipeline.letters.stored.values())


def refuse(*_: Any) -> None:
    raise PermanentError("the table refuses an item")


@pytest.fixture
def wired() -> Any:
    """The module that wires all, without the way in which it sets up logging."""
    pytest.importorskip("chalice", reason="needs chalice: make setup")
    logger = logging.getLogger("froe")
    before = list(logger.handlers), logger.level, logger.propagate
    import app

    logger.handlers, logger.level, logger.propagate = before
    return app


@pytest.fixture
def client(wired: Any) -> Iterator[Any]:
    from chalice.test import Client

    with Client(wired.app) as client:
        yield client


def test_what_a_route_logs_bears_the_id_of_its_request_and_no_words_of_a_bug(
    wired: Any, client: Any, written: None, capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wired, "services", crash)
    assert client.http.get("/files").status_code == 500
    output = capsys.readouterr().out
    (event,) = (json.loads(line) for line in output.splitlines())
    assert event["message"] == "Caught exception for path /files"
    assert (event["exception_name"], len(event["function_request_id"])) == ("KeyError", 36)
    assert MARKER not in output
