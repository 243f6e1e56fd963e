"""The trace that opened a file is carried from message to message, however far, and kept by the ledger."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.core.errors import ObjectGoneError
from chalicelib.core.framing.cutting import Limits
from chalicelib.core.wire.bodies import decode
from chalicelib.core.wire.messages import Again, SplitMessage
from chalicelib.ledger import Ledger
from chalicelib.settings import RESOURCE_NAMES, Settings
from chalicelib.splitter import Splitter
from chalicelib.status import Status
from chalicelib.tracing import NoTracer, console_url, trace_id_of
from chalicelib.worker import Worker
from tests.fakes import WHEN, FakeLedgerTable, Pipeline, in_time

LIMITS = Limits(batch_max_lines=2, split_bytes=1024)
STREAM = "arn:aws:dynamodb:eu-west-1:123456789012:table/froe-dev-ledger/stream/2026-03-01T12:00:00.000"


def header(number: int) -> str:
    return f"Root=1-{number:08x}-{'a' * 24};Parent={'b' * 16};Sampled=1"


class Invocations(NoTracer):
    """A tracer whose invocations are numbered, and the stages that they recorded."""

    def __init__(self) -> None:
        self.number = 0
        self.stages: list[tuple[str, str | None, str | None]] = []
        self.followed: str | None = None

    def follow(self, origin: str | None) -> None:
        self.followed = origin

    @contextmanager
    def subsegment(self, name: str, file_id: str, batch_id: str | None, format_name: str) -> Iterator[None]:
        self.stages.append((name, batch_id, self.followed))
        yield

    def header(self) -> str:
        return header(self.number)

    def origin(self) -> str:
        return self.followed or self.header()


@pytest.fixture
def traced() -> tuple[Pipeline, Invocations]:
    pipeline, tracer = Pipeline(LIMITS), Invocations()
    pipeline.splitter = Splitter(
        pipeline.objects,
        pipeline.ledger,
        pipeline.split_queue,
        pipeline.batch_queue,
        tracer,
        limits=LIMITS,
        retention_days=0,
        split_delay_seconds=300,
    )
    pipeline.worker = Worker(pipeline.records, pipeline.ledger, tracer)
    return pipeline, tracer


def texts(parallel: bool) -> bytes:
    """Text of several splits, of a format that is cut in parallel or, compressed, in sequence."""
    lines = b"".join(b'{"n": %d, "level": "info", "message": "hello"}\n' % n for n in range(120))
    return lines if parallel else gzip.compress(lines, mtime=0)


@pytest.mark.parametrize("parallel", [True, False])
def test_every_message_carries_the_trace_that_opened_the_file(traced, parallel: bool) -> None:
    pipeline, tracer = traced
    tracer.number = 1
    in_time_for_one = in_time(5.0)
    file_id = pipeline.splitter.ingest(pipeline.objects.add("a.log", texts(parallel)), in_time_for_one)
    cut = 0
    while cut < len(pipeline.split_queue.messages):
        sent = pipeline.split_queue.messages[cut]
        message = decode(sent.body)
        assert isinstance(message, SplitMessage)
        assert message.trace == header(1)
        tracer.number += 1
        pipeline.splitter.cut(message, in_time_for_one)
        cut += 1
    assert tracer.number > 3
    senders = set()
    for sent in pipeline.batch_queue.messages:
        assert decode(sent.body).trace == header(1)
        senders.add(sent.trace)
    assert len(senders) > 2, "each sender's own header goes to X-Ray, which links the receiver to it"
    assert pipeline.ledger.read_file(file_id).trace == f"1-00000001-{'a' * 24}"


def test_stages_follow_the_message_at_hand_and_no_other(traced) -> None:
    pipeline, tracer = traced
    tracer.number = 1
    pipeline.splitter.ingest(pipeline.objects.add("a.log", b"one\n"), in_time())
    tracer.number = 2
    pipeline.splitter.ingest(pipeline.objects.add("b.log", b"two\n"), in_time())
    assert {followed for _, _, followed in tracer.stages} == {None}
    tracer.number, tracer.stages = 3, []
    for sent in pipeline.batch_queue.messages:
        pipeline.worker.handle(sent.body, in_time())
    assert [(name, followed) for name, _, followed in tracer.stages] == [
        (name, header(origin)) for origin in (1, 2) for name in ("parse", "write", "mark")
    ]


def test_a_split_that_is_cut_again_shows_what_it_reads_and_sends_and_where_it_fails(traced) -> None:
    pipeline, tracer = traced
    file_id = pipeline.splitter.ingest(pipeline.objects.add("a.log", b"1\n2\n3\n"), in_time())
    first, second, end = (f"{file_id}-000000-{number:06d}" for number in range(3))
    pipeline.worker.handle(pipeline.batch_queue.messages[0].body, in_time())
    message = decode(pipeline.split_queue.messages[0].body)
    assert isinstance(message, SplitMessage)
    again = replace(message, again=Again.UNMARKED)
    tracer.stages = []
    pipeline.splitter.cut(again, in_time())
    assert [(name, batch_id) for name, batch_id, _ in tracer.stages] == [
        *(("read", None), ("read", first), ("read", second), ("send", second), ("read", end), ("send", None)),
    ]

    def gone(offset: int) -> Iterator[bytes]:
        raise ObjectGoneError(f"nothing from {offset} on")
        yield b""

    pipeline.objects.opener = lambda head: gone
    tracer.stages = []
    with pytest.raises(ObjectGoneError):
        pipeline.splitter.cut(again, in_time())
    assert [(name, batch_id) for name, batch_id, _ in tracer.stages] == [("read", None)]


def test_a_split_is_read_sent_and_sealed(traced) -> None:
    pipeline, tracer = traced
    file_id = pipeline.splitter.ingest(pipeline.objects.add("a.log", b"1\n2\n3\n"), in_time())
    batches = [f"{file_id}-000000-{number:06d}" for number in range(3)]
    assert [(name, batch_id) for name, batch_id, _ in tracer.stages] == [
        *(("read", None), ("read", batches[0]), ("send", batches[0])),
        *(("read", batches[1]), ("send", batches[1])),
        *(("read", batches[2]), ("send", None), ("seal", None)),
    ]


def test_the_trace_of_a_header_is_its_root_unless_it_is_not_recorded() -> None:
    assert trace_id_of(header(7)) == f"1-00000007-{'a' * 24}"
    assert trace_id_of(header(7).replace("Sampled=1", "Sampled=0")) is None
    for nothing in (None, "", "Root", "Self=1-2-3"):
        assert trace_id_of(nothing) is None


def test_the_console_is_that_of_the_region() -> None:
    assert (
        console_url("1-57f5498f-d91047849216d0f2ea3b6442", "us-west-2")
        == "https://console.aws.amazon.com/xray/home?region=us-west-2#/traces/1-57f5498f-d91047849216d0f2ea3b6442"
    )
    assert console_url("t", "cn-north-1").startswith(
        "https://console.amazonaws.cn/xray/home?region=cn-north-1"
    )
    assert "//console.amazonaws-us-gov.com/" in console_url("t", "us-gov-west-1")


@pytest.mark.parametrize(
    ("environment", "url"),
    [
        ({"LEDGER_STREAM_ARN": STREAM}, console_url("1-a-b", "eu-west-1")),
        ({"LEDGER_STREAM_ARN": STREAM, "AWS_ENDPOINT_URL": "http://127.0.0.1:4566"}, None),
    ],
)
def test_a_file_shows_its_trace_and_on_aws_where_to_see_it(environment, url) -> None:
    settings = Settings.from_environment(dict.fromkeys(RESOURCE_NAMES, "x") | environment)
    pipeline = Pipeline(LIMITS)
    file_id = pipeline.splitter.ingest(pipeline.objects.add("a.log", b"one\n"), in_time())
    files = pipeline.table.files
    files[file_id] = files[file_id]._replace(trace="1-a-b")
    status = Status(pipeline.ledger, Any, console_region=settings.console_region)
    answer = status.file(file_id)
    assert (answer["trace"], answer["trace_url"]) == ("1-a-b", url)


@pytest.mark.parametrize("region", ["eu-west-1", None])
def test_a_batch_shows_its_files_trace_and_on_aws_where_to_see_its_own(region: str | None) -> None:
    pipeline = Pipeline(LIMITS)
    file_id = pipeline.splitter.ingest(pipeline.objects.add("a.log", b"one\n"), in_time())
    files = pipeline.table.files
    files[file_id] = files[file_id]._replace(trace="1-a-b")
    (batch,) = Status(pipeline.ledger, Any, console_region=region).batches(file_id)["items"]
    url = (
        "https://console.aws.amazon.com/xray/home?region=eu-west-1#/traces"
        "?timeRange=2026-03-01T12:00:00~2026-03-01T18:00:00"
        f"&filter=annotation.batch_id%20%3D%20%22{file_id}-000000-000000%22"
    )
    assert (batch["trace"], batch["trace_url"]) == ("1-a-b", url if region else None)


def test_an_untraced_file_shows_none() -> None:
    pipeline = Pipeline(LIMITS)
    file_id = pipeline.splitter.ingest(pipeline.objects.add("a.log", b"one\n"), in_time())
    answer = Status(pipeline.ledger, Any, console_region="eu-west-1").file(file_id)
    assert (answer["trace"], answer["trace_url"]) == (None, None)
    (batch,) = Status(pipeline.ledger, Any, console_region="eu-west-1").batches(file_id)["items"]
    assert (batch["trace"], batch["trace_url"]) == (None, None)


def test_the_trace_of_the_first_opening_stays() -> None:
    pipeline = Pipeline(LIMITS)
    ledger = Ledger(FakeLedgerTable(), lambda: WHEN)
    pipeline.splitter.ingest(pipeline.objects.add("a.log", b"one\n"), in_time())
    (stored,) = pipeline.table.files.values()
    assert ledger.open(stored.plan, trace="1-a")[0].trace == "1-a"
    assert ledger.open(stored.plan, trace="1-b")[0].trace == "1-a"
    assert ledger.read_file(stored.plan.file_id).trace == "1-a"
