"""The one place where everything is put together; clients are made on first use.

A function makes only the clients it uses: each costs tens of milliseconds of a cold start.
"""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import cached_property, partial
from typing import Any

from chalicelib.access import Tokens
from chalicelib.attention import Attention
from chalicelib.audit import Audit
from chalicelib.aws.access_table import DynamoAudit, DynamoTokens
from chalicelib.aws.clients import make_client
from chalicelib.aws.events import EventBridge
from chalicelib.aws.ledger_table import DynamoLedger
from chalicelib.aws.letters_table import DynamoLetters
from chalicelib.aws.metrics import EmfMeter
from chalicelib.aws.objects import S3Objects
from chalicelib.aws.quarantine import S3Quarantine
from chalicelib.aws.queues import SqsQueue
from chalicelib.aws.records_table import DynamoRecords
from chalicelib.aws.results import S3Results
from chalicelib.aws.signing import S3Uploads
from chalicelib.aws.statistics_table import DynamoStatistics
from chalicelib.aws.topics import SnsTopic
from chalicelib.aws.tracing import make_tracer
from chalicelib.aws.watches_table import DynamoWatches
from chalicelib.backlog import Backlog
from chalicelib.compactor import Compactor
from chalicelib.configuration import read_config
from chalicelib.core.errors import FroeError
from chalicelib.dead_letters.consumer import DeadLetterConsumer
from chalicelib.dead_letters.failures import NotedFailures
from chalicelib.dead_letters.lost import LostRedrives
from chalicelib.dead_letters.office import DeadLetterOffice
from chalicelib.dead_letters.selection import LetterSearch
from chalicelib.dead_letters.status import LetterStatus
from chalicelib.ledger import Ledger
from chalicelib.metrics import Meter, TimedTracer
from chalicelib.notifier import Notifier
from chalicelib.settings import Settings
from chalicelib.splitter import Splitter
from chalicelib.statistics import Counting, Statistics
from chalicelib.status import Status
from chalicelib.sweeper import Sweeper
from chalicelib.tracing import Tracer
from chalicelib.uploads import Uploads
from chalicelib.worker import Worker

_QUESTIONS_AT_ONCE = 7


class Services:
    """session: what makes the clients: a boto3 session, or by default the environment's. way: how what people do is asked
    for, as the audit trail has it. meter: by default one that writes CloudWatch's embedded format to standard output."""

    def __init__(
        self, settings: Settings, session: Any = None, way: str = "http", meter: Meter | None = None
    ) -> None:
        self.settings = settings
        self._way = way
        self.meter: Meter = meter or EmfMeter(settings.stage)
        self.tracer: Tracer = TimedTracer(make_tracer(settings.tracing), self.meter, time.monotonic)
        self._clients = partial(make_client, session=session) if session else make_client

    @cached_property
    def objects(self) -> S3Objects:
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
        return SqsQueue(self._sqs, self.settings.batch_queue, delays=False)

    @cached_property
    def topic(self) -> SnsTopic:
        return SnsTopic(self._clients("sns"), self.settings.notices_topic_arn)

    @cached_property
    def dead_letter_queue(self) -> SqsQueue:
        return SqsQueue(self._sqs, self.settings.dead_letter_queue)

    @cached_property
    def letters_table(self) -> DynamoLetters:
        return DynamoLetters(self._dynamodb, self.settings.ledger_table)

    @cached_property
    def quarantine(self) -> S3Quarantine:
        return S3Quarantine(self._s3, self.settings.quarantine_bucket)

    @cached_property
    def failures(self) -> NotedFailures:
        return NotedFailures(self.letters_table, self.dead_letter_queue, _now)

    @cached_property
    def dead_letter_consumer(self) -> DeadLetterConsumer:
        return DeadLetterConsumer(
            self.letters_table, self.quarantine, self.ledger, self.topic, _now, meter=self.meter
        )

    @cached_property
    def ledger_table(self) -> DynamoLedger:
        return DynamoLedger(self._dynamodb, self.settings.ledger_table)

    @cached_property
    def records_table(self) -> DynamoRecords:
        settings = self.settings
        return DynamoRecords(
            self._dynamodb, settings.records_table, settings.write_threads, self.tracer, self.meter
        )

    @cached_property
    def results(self) -> S3Results | None:
        """None where the stage has no results bucket."""
        bucket = self.settings.results_bucket
        return S3Results(self._s3, bucket, self.settings.write_threads) if bucket else None

    @cached_property
    def compactor(self) -> Compactor | None:
        """None where the stage has no results bucket."""
        patience = timedelta(seconds=self.settings.stall_seconds)
        return Compactor(self.results, self.ledger_table, _now, patience) if self.results else None

    @cached_property
    def ledger(self) -> Ledger:
        return Ledger(self.ledger_table, _now)

    @cached_property
    def splitter(self) -> Splitter:
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
            config=read_config(),
            keys=settings.input_keys,
            seconds=settings.queued_splitter_seconds,
            meter=self.meter,
            clock=time.monotonic,
            layout=settings.layout,
            sink=settings.sink,
        )

    @cached_property
    def worker(self) -> Worker:
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

    @cached_property
    def notifier(self) -> Notifier:
        settings = self.settings
        return Notifier(
            self.topic,
            self.meter,
            Counting(self.statistics_table, _now),
            EventBridge(self._clients("events")) if settings.events else None,
            grouped_from=settings.notices_grouped_from,
            stage=settings.stage,
            console_region=settings.console_region,
        )

    @cached_property
    def statistics_table(self) -> DynamoStatistics:
        return DynamoStatistics(self._dynamodb, self.settings.ledger_table)

    @cached_property
    def statistics(self) -> Statistics:
        return Statistics(self.statistics_table, _now)

    @cached_property
    def tokens(self) -> Tokens:
        return Tokens(DynamoTokens(self._dynamodb, self.settings.ledger_table), _now)

    @cached_property
    def audit(self) -> Audit:
        return Audit(DynamoAudit(self._dynamodb, self.settings.ledger_table), _now, self._way)

    @cached_property
    def uploads(self) -> Uploads:
        bucket = S3Uploads(self._clients("s3", signs=True), self.settings.input_bucket)
        return Uploads(bucket, self.settings.input_keys, _now)

    @cached_property
    def attention(self) -> Attention:
        return Attention(
            self.ledger_table,
            self.watches,
            self.statistics_table,
            self.letter_status.letters,
            _now,
            stall=timedelta(seconds=self.settings.stall_seconds),
            side_by_side=ThreadPoolExecutor(_QUESTIONS_AT_ONCE).map,
            console_region=self.settings.console_region,
        )

    @cached_property
    def dead_letter_office(self) -> DeadLetterOffice:
        return DeadLetterOffice(
            self.letters_table,
            self.quarantine,
            self.ledger,
            self.ledger_table,
            self.batch_queue,
            self.split_queue,
            _now,
            ThreadPoolExecutor(self.settings.write_threads).map,
        )

    @cached_property
    def lost_redrives(self) -> LostRedrives:
        search = LetterSearch(self.letters_table, self.quarantine, self.ledger, self.ledger_table)
        seconds = self.settings.stall_seconds
        return LostRedrives(self.letters_table, search, _now, stall_seconds=seconds)

    @cached_property
    def letter_status(self) -> LetterStatus:
        return LetterStatus(self.dead_letter_office, self.ledger)

    @cached_property
    def watches(self) -> DynamoWatches:
        return DynamoWatches(self._dynamodb, self.settings.ledger_table)

    def _touch(self, file_id: str) -> None:
        """As well as possible: else the sweeper may send again what waits."""
        with suppress(FroeError):
            self.watches.touch(file_id, _now())

    @cached_property
    def sweeper(self) -> Sweeper:
        settings = self.settings
        return Sweeper(
            self.ledger,
            self.ledger_table,
            self.watches,
            self.letters_table,
            self.objects,
            self.split_queue,
            self.topic,
            _now,
            redriven=self.lost_redrives,
            bucket=settings.input_bucket,
            stall_seconds=settings.stall_seconds,
            sweep_days=settings.sweep_days,
            retention_days=settings.retention_days,
            backlog=Backlog((self.split_queue, self.batch_queue), self.watches, _now),
            merges=self.compactor,
            keys=settings.input_keys,
            meter=self.meter,
        )

    @cached_property
    def status(self) -> Status:
        region = self.settings.console_region
        return Status(
            self.ledger, self.ledger_table, self.records_table, results=self.results, console_region=region
        )


def _now() -> datetime:
    return datetime.now(UTC)
