"""Assembles the splitter and the worker; clients are made on first use.

A function makes only the clients that it uses, and imports only what it runs: each costs milliseconds of a cold start.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

from chalicelib.aws.clients import make_client
from chalicelib.aws.ledger_table import DynamoLedger
from chalicelib.aws.letters_table import DynamoLetters
from chalicelib.aws.metrics import EmfMeter
from chalicelib.aws.queues import SqsQueue
from chalicelib.aws.tracing import make_tracer
from chalicelib.aws.watches_table import DynamoWatches
from chalicelib.core.errors import FroeError
from chalicelib.core.plan.lanes import DEFAULT, queue_of
from chalicelib.dead_letters.failures import NotedFailures
from chalicelib.ledger import Ledger
from chalicelib.metrics import Meter, TimedTracer
from chalicelib.settings import Settings
from chalicelib.tracing import Tracer

if TYPE_CHECKING:
    from chalicelib.aws.objects import S3Objects
    from chalicelib.aws.records_table import DynamoRecords
    from chalicelib.aws.results import S3Results
    from chalicelib.aws.versions_store import StoredVersions
    from chalicelib.splitter import Splitter
    from chalicelib.worker import Worker


class Pipeline:
    """session: makes the clients: a boto3 session, or by default one from the environment. way: how people act, for the
    audit trail. meter: by default one that writes CloudWatch's embedded format to standard output."""

    def __init__(
        self, settings: Settings, session: Any = None, way: str = "http", meter: Meter | None = None
    ) -> None:
        self.settings = settings
        self._way = way
        self.meter: Meter = meter or EmfMeter(settings.stage)
        self.tracer: Tracer = TimedTracer(make_tracer(settings.tracing), self.meter, time.monotonic)
        own: dict[str, Any] = {"session": session} if session else {}
        self._clients: Callable[..., Any] = partial(make_client, direct=settings.calls_directly, **own)

    @cached_property
    def objects(self) -> S3Objects:
        from chalicelib.aws.objects import S3Objects

        return S3Objects(self._s3)

    @cached_property
    def _s3(self) -> Any:
        return self._clients("s3")

    @cached_property
    def _dynamodb(self) -> Any:
        return self._clients("dynamodb", connections=self.settings.write_threads + 2)

    @cached_property
    def _sqs(self) -> Any:
        return self._clients("sqs")

    @cached_property
    def split_queue(self) -> SqsQueue:
        return SqsQueue(self._sqs, self.settings.split_queue)

    @cached_property
    def batch_queue(self) -> SqsQueue:
        return self.queue_of_lane(DEFAULT)

    def queue_of_lane(self, lane: str) -> SqsQueue:
        return SqsQueue(self._sqs, queue_of(lane, self.settings.batch_queue), delays=False)

    @cached_property
    def other_lanes(self) -> dict[str, SqsQueue]:
        """The batch queues beside the default one."""
        return {lane: self.queue_of_lane(lane) for lane in self.settings.lanes}

    @cached_property
    def dead_letter_queue(self) -> SqsQueue:
        return SqsQueue(self._sqs, self.settings.dead_letter_queue)

    @cached_property
    def letters_table(self) -> DynamoLetters:
        return DynamoLetters(self._dynamodb, self.settings.ledger_table)

    @cached_property
    def failures(self) -> NotedFailures:
        return NotedFailures(self.letters_table, self.dead_letter_queue, now)

    @cached_property
    def ledger(self) -> Ledger:
        return Ledger(DynamoLedger(self._dynamodb, self.settings.ledger_table), now)

    @cached_property
    def watches(self) -> DynamoWatches:
        return DynamoWatches(self._dynamodb, self.settings.ledger_table)

    def _touch(self, file_id: str) -> None:
        """Best effort: if it fails, the sweeper may send waiting work again."""
        with suppress(FroeError):
            self.watches.touch(file_id, now())

    @cached_property
    def records_table(self) -> DynamoRecords:
        from chalicelib.aws.records_table import DynamoRecords

        settings = self.settings
        return DynamoRecords(
            self._dynamodb, settings.records_table, settings.write_threads, self.tracer, self.meter
        )

    @cached_property
    def results(self) -> S3Results | None:
        """None if the stage has no results bucket."""
        bucket = self.settings.results_bucket
        if not bucket:
            return None
        from chalicelib.aws.results import S3Results

        return S3Results(self._s3, bucket, self.settings.write_threads)

    @cached_property
    def versions(self) -> StoredVersions:
        from chalicelib.aws.versions_store import StoredVersions

        settings = self.settings
        return StoredVersions(self._dynamodb, settings.ledger_table, self._s3, settings.quarantine_bucket)

    @cached_property
    def splitter(self) -> Splitter:
        from chalicelib.configuration import read_config
        from chalicelib.configuration_versions import CurrentConfiguration
        from chalicelib.splitter import Splitter

        settings = self.settings
        return Splitter(
            self.objects,
            self.ledger,
            self.split_queue,
            self.batch_queue,
            self.tracer,
            limits=settings.limits,
            retention_days=settings.retention_days,
            split_delay_seconds=settings.split_delay_seconds,
            config=CurrentConfiguration(
                self.versions,
                read_config(),
                key=settings.redaction_key,
                clock=time.time,
                meter=self.meter,
            ),
            keys=settings.input_keys,
            other_keys=settings.other_inputs,
            seconds=settings.queued_splitter_seconds,
            meter=self.meter,
            clock=time.monotonic,
            layout=settings.layout,
            sink=settings.sink,
            lanes=self.other_lanes,
        )

    @cached_property
    def worker(self) -> Worker:
        from chalicelib.worker import Worker

        return Worker(
            self.records_table,
            self.ledger,
            self.tracer,
            redaction_key=self.settings.redaction_key,
            meter=self.meter,
            clock=time.monotonic,
            touch=self._touch,
            results=self.results,
        )


def now() -> datetime:
    return datetime.now(UTC)
