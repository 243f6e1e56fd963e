"""A file and the workers that a stage ships with, against a table that throttles, by a clock that is simulated.

The splitter, the worker, the boundary of messages and the writer of records are the real ones; what stands in for AWS
is the table, the queue with Lambda's poller, and the ledger in memory.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from benchmarks.made_lines import access
from chalicelib import delivery, handlers, worker
from chalicelib.aws import records_writer
from chalicelib.aws.records_table import DynamoRecords
from chalicelib.backlog import Backlog
from chalicelib.core.framing.cutting import Limits
from chalicelib.core.ledger.accounts import FileAccount
from chalicelib.core.plan.layouts import Layout
from chalicelib.core.wire.messages import BatchMessage
from chalicelib.delivery import PROGRESS, Deadline, Incoming
from chalicelib.ledger import Ledger
from chalicelib.metrics import NO_METER
from chalicelib.settings import TUNING_DEFAULTS
from chalicelib.splitter import Splitter
from chalicelib.sweeper import Sweeper
from chalicelib.tracing import NoTracer
from chalicelib.worker import Worker
from froe.deployment.fitting import Fit
from froe.deployment.stage_files import read_stage
from froe.function_options import read_options
from tests.fakes import (
    BUCKET,
    WHEN,
    Effects,
    FakeLedgerTable,
    FakeLetters,
    FakeObjects,
    FakeQueue,
    FakeTopic,
    FakeWatches,
    in_time,
)
from tests.throttling.clock import Clock
from tests.throttling.poller import Queue
from tests.throttling.table import ThrottlingTable

ROOT = Path(__file__).parents[2]
MIB = 1024 * 1024
PARSE_SECONDS = 0.25
"""Of a batch, on one processor."""


PARSED: dict[BatchMessage, Any] = {}
"""What was parsed before: the same of every message, whoever plays it. A test clears it, for it takes hundreds of megabytes."""


class NoFailures:
    def note(self, message: Any, error: Exception) -> None:
        pass

    def progress_of(self, message: Incoming) -> str:
        return message.attributes.get(PROGRESS, "")

    def dead_letter(self, message: Any, error: Exception) -> None:
        raise AssertionError(f"no message is at fault here: {error}")


class NoLetters:
    def take_back(self, deadline: Any) -> Iterator[Any]:
        return iter(())


@dataclass(frozen=True, slots=True)
class Shipped:
    """What a deploy gives a stage's worker and batch queue; fit: with what it makes of them, by `fitting`."""

    batch_size: int
    timeout_seconds: int
    visibility_seconds: int
    max_receives: int
    maximum_concurrency: int | None
    fit: Fit

    @classmethod
    def read(cls, name: str = "dev", **parameters: str) -> Shipped:
        stage = read_stage(name, ROOT)
        assert stage
        stage = replace(stage, parameters={**stage.parameters, **parameters})
        template = json.loads((ROOT / "infra" / "data.json").read_text(encoding="utf-8"))["Parameters"]
        options = read_options(stage)[stage.function_name("worker")]
        assert options.batch_size
        assert options.timeout_seconds
        return cls(
            options.batch_size,
            options.timeout_seconds,
            int(stage.given["BatchVisibilitySeconds"]),
            template["BatchMaxReceives"]["Default"],
            options.maximum_concurrency,
            stage.fit,
        )


@dataclass(frozen=True, slots=True)
class Outcome:
    """seconds: by the simulated clock. units: write units. batches: of all files. units_ratio: write units for each that was needed.
    sent_again: batches that the sweeper took for lost."""

    seconds: float
    units: int
    batches: int
    dead: int
    units_ratio: float
    account: FileAccount
    most_busy: int
    timeouts: int
    sent_again: int


def log_of(size: int, line_bytes: int = 250) -> bytes:
    """Combined access log, in lines of one length."""
    block = _block(line_bytes)
    return (block * (size // len(block) + 1))[: size // line_bytes * line_bytes]


@cache
def _block(line_bytes: int) -> bytes:
    return b"".join(line[:-1].ljust(line_bytes - 2, "x").encode() + b'"\n' for line in access(combined=True))


@contextmanager
def _simulated(clock: Clock) -> Iterator[None]:
    """Time, threads and the work of parsing, as the simulation has them."""
    parse = worker.parsed

    def parsed(message: Any, *arguments: Any) -> Any:
        clock.sleep(PARSE_SECONDS)
        if message not in PARSED:
            PARSED[message] = parse(message, *arguments[:2])
        return PARSED[message]

    with pytest.MonkeyPatch.context() as patch:
        for module in (delivery, records_writer):
            patch.setattr(module, "time", clock)
        patch.setattr(records_writer, "ThreadPoolExecutor", clock.executor)
        patch.setattr(records_writer, "wait", clock.wait)
        patch.setattr(worker, "parsed", parsed)
        yield


def play(
    data: bytes,
    shipped: Shipped,
    *,
    partitions: int = 4,
    max_units: int = 0,
    settings: Mapping[str, int] = TUNING_DEFAULTS,
    layout: Layout = Layout.ITEMS,
    limits: Limits | None = None,
    limit_seconds: float = 24 * 3600,
) -> Outcome:
    """Put one file through; ends when nothing is queued."""
    clock = Clock()
    table = ThrottlingTable(clock, partitions=partitions, max_units=max_units)
    ledger_table = FakeLedgerTable()

    def now() -> datetime:
        return WHEN + timedelta(seconds=clock.now)

    ledger, watches = Ledger(ledger_table, now), FakeWatches()
    with _simulated(clock):
        records = DynamoRecords(table, "records", settings["WRITE_THREADS"])
        services = SimpleNamespace(
            worker=Worker(
                records,
                ledger,
                NoTracer(),
                clock=clock.monotonic,
                touch=lambda file_id: watches.touch(file_id, now()),
            ),
            settings=SimpleNamespace(retry_base_seconds=settings["RETRY_BASE_SECONDS"]),
            failures=NoFailures(),
            meter=NO_METER,
        )

        def function(event: dict[str, Any], seconds: float) -> Mapping[str, Any]:
            end = clock.now + seconds
            context = SimpleNamespace(
                aws_request_id="simulated",
                get_remaining_time_in_millis=lambda: int((end - clock.now) * 1000),
            )
            return handlers.on_batch_messages(services, event, context)

        queue = Queue(
            clock,
            function,
            batch_size=shipped.batch_size,
            timeout_seconds=shipped.timeout_seconds,
            visibility_seconds=shipped.visibility_seconds,
            max_receives=shipped.max_receives,
            maximum_concurrency=shipped.maximum_concurrency,
        )
        services.batch_queue = queue
        objects = FakeObjects(256 * 1024)
        splitter = Splitter(
            objects,
            ledger,
            FakeQueue(Effects()),
            queue,
            NoTracer(),
            limits=limits or Limits(),
            retention_days=0,
            split_delay_seconds=0,
            layout=layout,
        )
        file_id = splitter.ingest(objects.add("access.log", data), in_time(600))
        batches = len(queue.messages)
        healed = [0]
        sweeper = Sweeper(
            ledger,
            watches,
            FakeLetters(),
            objects,
            FakeQueue(Effects()),
            FakeTopic(),
            now,
            redriven=NoLetters(),
            bucket=BUCKET,
            stall_seconds=settings["STALL_SECONDS"],
            sweep_days=0,
            retention_days=0,
            backlog=Backlog({"default": [queue]}, watches, now),
        )

        def sweep() -> None:
            while True:
                clock.sleep(60 * settings["SWEEP_MINUTES"])
                healed[0] += sweeper.sweep(Deadline.after(300)).batches

        clock.start(sweep)
        clock.start(queue.poll)
        clock.run(lambda: not queue.messages, limit_seconds)
        seconds = clock.now
        clock.end()
    account = ledger_table.files[file_id].account
    ratio = table.units / max(1, table.needed)
    return Outcome(
        seconds,
        table.units,
        batches,
        len(queue.dead),
        ratio,
        account,
        queue.most_busy,
        queue.timeouts,
        healed[0],
    )
