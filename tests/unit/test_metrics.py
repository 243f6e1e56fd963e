"""What is measured: once a batch, split, file, letter or sweep, and so that the sums are true."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from chalicelib import metrics
from chalicelib.core.errors import TransientError
from chalicelib.core.framing.cutting import Limits
from chalicelib.core.wire.bodies import decode
from chalicelib.core.wire.messages import Again, SplitMessage
from chalicelib.delivery import Incoming
from chalicelib.metrics import METRICS, TimedTracer
from chalicelib.notifier import Change
from chalicelib.tracing import NoTracer
from tests.fakes import FakeMeter, Pipeline, in_time

LIMITS = Limits(batch_max_lines=2, split_bytes=64)
TEXT = b'{"n":1}\n' * 20 + b"no json\n{broken\n"


def worked(text: bytes = TEXT) -> tuple[Pipeline, str]:
    """A file whose splits are cut and whose batches are done."""
    pipeline = Pipeline(LIMITS)
    file_id = pipeline.splitter.ingest(pipeline.objects.add("a.log", text), in_time())
    while pipeline.split_queue.messages:
        message = decode(pipeline.split_queue.messages.pop().body)
        assert isinstance(message, SplitMessage)
        pipeline.splitter.cut(message, in_time())
    for sent in pipeline.batch_queue.messages:
        pipeline.worker.handle(sent.body, in_time())
    return pipeline, file_id


def test_the_sums_are_those_of_the_account() -> None:
    pipeline, file_id = worked()
    stored = pipeline.ledger.read_file(file_id)
    assert stored
    account, counts = stored.account, stored.account.summary.counts
    meter, name = pipeline.meter, stored.plan.format
    assert meter.sum(metrics.SPLITS_SEALED) == account.splits > 1
    assert meter.sum(metrics.BATCHES_SENT) == meter.sum(metrics.BATCHES_DONE) == account.batches > 1
    assert meter.sum(metrics.LINES) == 22
    assert meter.sum(metrics.TEXT_BYTES) == len(TEXT)
    assert meter.sum(metrics.RECORDS_PARSED) == counts.parsed.entries == 20
    assert meter.sum(metrics.RECORDS_REJECTED) == counts.rejected.entries == 2
    assert meter.sum(metrics.PARSED_BY_FORMAT, name) == 20
    assert meter.sum(metrics.REJECTED_BY_FORMAT, name) == 2


def test_a_repeated_batch_or_split_counts_once() -> None:
    pipeline, file_id = worked()
    stored = pipeline.ledger.read_file(file_id)
    assert stored
    before = {name: list(values) for name, values in pipeline.meter.values.items()}
    pipeline.worker.handle(pipeline.batch_queue.messages[0].body, in_time())
    pipeline.splitter.cut(SplitMessage(stored.plan.object, file_id, 0, 0), in_time())
    assert pipeline.meter.values == before


def test_what_is_sent_again_counts_as_batches_sent_and_nothing_else() -> None:
    pipeline, file_id = worked()
    stored = pipeline.ledger.read_file(file_id)
    assert stored
    pipeline.table.leaves.clear()
    pipeline.meter.values.clear()
    again = SplitMessage(stored.plan.object, file_id, 0, 0, again=Again.UNMARKED)
    pipeline.splitter.cut(again, in_time())
    assert {name: sum(values) for name, values in pipeline.meter.values.items()} == {
        (metrics.BATCHES_SENT,): pipeline.table.seals[file_id, 0].batches
    }


def test_nothing_is_measured_once_a_line() -> None:
    few, _ = worked(b'{"n":1}\n' * 4)
    pipeline = Pipeline(Limits())
    pipeline.splitter.ingest(pipeline.objects.add("a.log", b'{"n":1}\n' * 4000), in_time())
    (sent,) = pipeline.batch_queue.messages
    pipeline.worker.handle(sent.body, in_time())
    assert max(len(values) for values in pipeline.meter.values.values()) == 1
    assert few.meter.values.keys() == pipeline.meter.values.keys()


def test_a_settled_file_counts_under_its_state_with_the_time_it_took() -> None:
    pipeline, file_id = worked()
    pipeline.clock.advance(90)
    stored = pipeline.table.files[file_id]._replace(settled_at=pipeline.clock())
    assert pipeline.notifier.tell([Change("1", None, stored)], in_time()) == []
    assert pipeline.meter.sum(metrics.FILES_SETTLED, "COMPLETE") == 1
    assert pipeline.meter.values[metrics.FILE_SECONDS,] == [90]


def test_a_dead_letter_counts_when_it_is_kept() -> None:
    pipeline = Pipeline(LIMITS)
    pipeline.dead_letter_consumer.take(Incoming("m", "r", "?", 2))
    assert pipeline.meter.sum(metrics.DEAD_LETTERS) == 1


def test_a_sweep_says_that_nothing_has_stalled_and_how_many_have() -> None:
    pipeline = Pipeline(LIMITS)
    pipeline.splitter.ingest(pipeline.objects.add("a.log", TEXT), in_time())
    pipeline.sweeper.sweep(in_time())
    assert pipeline.meter.values[metrics.FILES_STALLED,] == [0]
    pipeline.clock.advance(3601)
    pipeline.sweeper.sweep(in_time())
    assert pipeline.meter.values[metrics.FILES_STALLED,] == [0, 0, 1]


class Ticking:
    """A clock that goes on by one second at each look."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        self.now += 1
        return self.now


class Recording(NoTracer):
    def __init__(self) -> None:
        self.open: list[str] = []
        self.named: list[tuple[str, str, str | None, str]] = []

    @contextmanager
    def subsegment(self, name: str, file_id: str, batch_id: str | None, format_name: str) -> Iterator[None]:
        self.named.append((name, file_id, batch_id, format_name))
        self.open.append(name)
        yield
        self.open.remove(name)

    def origin(self) -> str:
        return "origin"

    def header(self) -> str:
        return "header"


def test_each_traced_step_is_timed_under_its_name_and_traced_as_before() -> None:
    inner, meter = Recording(), FakeMeter()
    tracer = TimedTracer(inner, meter, Ticking())
    with tracer.subsegment("parse", "f", "b", "json"):
        assert inner.open == ["parse"]
    with tracer.subsegment("seal", "f", None, "json"):
        pass
    assert inner.named == [("parse", "f", "b", "json"), ("seal", "f", None, "json")]
    assert meter.values == {(metrics.STEP_SECONDS, "parse"): [1], (metrics.STEP_SECONDS, "seal"): [1]}
    assert (tracer.header(), tracer.origin()) == ("header", "origin")
    assert tracer.for_threads("write-thread", dict)() == {}


def test_a_step_that_fails_is_timed_too() -> None:
    meter = FakeMeter()
    tracer = TimedTracer(NoTracer(), meter, Ticking())
    with pytest.raises(TransientError), tracer.subsegment("write", "f", "b", "json"):
        raise TransientError("no")
    assert meter.values == {(metrics.STEP_SECONDS, "write"): [1]}


def test_every_metric_has_the_stage_and_few_other_dimensions() -> None:
    for name, (unit, dimensions) in METRICS.items():
        assert dimensions[0] == "stage", name
        assert set(dimensions) <= {"stage", "format", "step", "state"}, name
        assert unit in {"Count", "Bytes", "Seconds"}, name
    constants = {value for name, value in vars(metrics).items() if name.isupper() and isinstance(value, str)}
    assert constants - {metrics.NAMESPACE} == set(METRICS)
