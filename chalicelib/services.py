"""Assembles everything else, in one place; clients are made on first use.

A function makes only the clients it uses: each costs tens of milliseconds of a cold start.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import cached_property, partial

from chalicelib.access import Tokens
from chalicelib.attention import Attention
from chalicelib.audit import Audit
from chalicelib.aws.access_table import DynamoAskers, DynamoAudit, DynamoTokens
from chalicelib.aws.athena import TABLE, Athena, Catalog, S3Answers
from chalicelib.aws.events import EventBridge
from chalicelib.aws.ledger_table import DynamoLedger
from chalicelib.aws.left_objects import DynamoLeftObjects
from chalicelib.aws.quarantine import S3Quarantine
from chalicelib.aws.removal import Places, Removal
from chalicelib.aws.settled_objects import S3SettledObjects
from chalicelib.aws.signing import S3Uploads
from chalicelib.aws.statistics_table import DynamoStatistics
from chalicelib.aws.topics import SnsTopic
from chalicelib.aws.traces import XRayTraces
from chalicelib.backlog import Backlog
from chalicelib.compactor import Compactor
from chalicelib.core.plan.afterwards import Action
from chalicelib.core.plan.lanes import DEFAULT
from chalicelib.core.plan.layouts import Sink
from chalicelib.daily import DailySummary
from chalicelib.dead_letters.consumer import DeadLetterConsumer
from chalicelib.dead_letters.failures import LostRedrives
from chalicelib.dead_letters.office import DeadLetterOffice
from chalicelib.dead_letters.selection import LetterSearch
from chalicelib.dead_letters.status import LetterStatus
from chalicelib.ledger import Ledger
from chalicelib.notifier import Notifier
from chalicelib.pipeline import Pipeline, now
from chalicelib.queries import Queries
from chalicelib.reprocessing import Reprocessing
from chalicelib.settings import TRACINGS
from chalicelib.settled_objects import SettledObjects
from chalicelib.statements import columns_near
from chalicelib.statistics import Counting, Statistics
from chalicelib.status import Status
from chalicelib.sweeper import Sweeper
from chalicelib.trace_status import TraceStatus
from chalicelib.uploads import Uploads

_QUESTIONS_AT_ONCE = 7


class Services(Pipeline):
    """What the other functions and people need in addition."""

    @cached_property
    def topic(self) -> SnsTopic:
        return SnsTopic(self._clients("sns"), self.settings.notices_topic_arn)

    @cached_property
    def quarantine(self) -> S3Quarantine:
        return S3Quarantine(self._s3, self.settings.quarantine_bucket)

    @cached_property
    def dead_letter_consumer(self) -> DeadLetterConsumer:
        return DeadLetterConsumer(
            self.letters_table, self.quarantine, self.ledger, self.topic, now, meter=self.meter
        )

    @cached_property
    def compactor(self) -> Compactor | None:
        """None if the stage has no results bucket."""
        patience = timedelta(seconds=self.settings.stall_seconds)
        return Compactor(self.results, self.ledger, now, patience) if self.results else None

    @cached_property
    def notifier(self) -> Notifier:
        settings = self.settings
        return Notifier(
            self.topic,
            self.meter,
            Counting(self.statistics_table, now),
            EventBridge(self._clients("events")) if settings.events else None,
            self.settled_objects,
            grouped_from=settings.notices_grouped_from,
            stage=settings.stage,
            console_region=settings.console_region,
        )

    @cached_property
    def settled_objects(self) -> SettledObjects | None:
        """None if objects are left as they are."""
        afterwards = self.settings.afterwards
        if afterwards.action is Action.LEAVE:
            return None
        left = DynamoLeftObjects(self._dynamodb, self.settings.ledger_table, now)
        return SettledObjects(S3SettledObjects(self._s3), afterwards, left)

    @cached_property
    def statistics_table(self) -> DynamoStatistics:
        return DynamoStatistics(self._dynamodb, self.settings.ledger_table)

    @cached_property
    def statistics(self) -> Statistics:
        return Statistics(self.statistics_table, now)

    @cached_property
    def tokens(self) -> Tokens:
        return Tokens(DynamoTokens(self._dynamodb, self.settings.ledger_table), now)

    @cached_property
    def audit(self) -> Audit:
        return Audit(DynamoAudit(self._dynamodb, self.settings.ledger_table), now, self._way)

    @cached_property
    def uploads(self) -> Uploads:
        bucket = S3Uploads(self._clients("s3", signs=True), self.settings.input_bucket)
        return Uploads(bucket, self.settings.input_keys, now)

    @cached_property
    def queries(self) -> Queries | None:
        """None if there is no sink."""
        if self.settings.sink is Sink.NONE:
            return None
        catalog = Catalog(self.settings.stage, by_api=True)
        near = partial(columns_near, table=TABLE, listing="GET /queries/table")
        answers = S3Answers(self._clients("s3", signs=True))
        askers = DynamoAskers(self._dynamodb, self.settings.ledger_table)
        return Queries(Athena(self._clients("athena"), catalog, near), answers, askers, now, TABLE)

    @cached_property
    def lists(self) -> Ledger:
        """The ledger for those who wait for a list: the partitions of an index are read in parallel."""
        at_once = ThreadPoolExecutor(self.settings.write_threads).map
        return Ledger(DynamoLedger(self._dynamodb, self.settings.ledger_table, at_once), now)

    @cached_property
    def attention(self) -> Attention:
        return Attention(
            self.lists,
            self.watches,
            self.statistics_table,
            self.letter_status.letters,
            now,
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
            self.batch_queue,
            self.split_queue,
            now,
            ThreadPoolExecutor(self.settings.write_threads).map,
            self.other_lanes,
        )

    @cached_property
    def lost_redrives(self) -> LostRedrives:
        search = LetterSearch(self.letters_table, self.quarantine, self.ledger)
        seconds = self.settings.stall_seconds
        return LostRedrives(self.letters_table, search, now, stall_seconds=seconds)

    @cached_property
    def letter_status(self) -> LetterStatus:
        return LetterStatus(self.dead_letter_office, self.ledger)

    @cached_property
    def sweeper(self) -> Sweeper:
        settings = self.settings
        return Sweeper(
            self.ledger,
            self.watches,
            self.letters_table,
            self.objects,
            self.split_queue,
            self.topic,
            now,
            redriven=self.lost_redrives,
            bucket=settings.input_bucket,
            stall_seconds=settings.stall_seconds,
            sweep_days=settings.sweep_days,
            retention_days=settings.retention_days,
            backlog=Backlog(
                {DEFAULT: (self.split_queue, self.batch_queue)}
                | {lane: (self.split_queue, queue) for lane, queue in self.other_lanes.items()},
                self.watches,
                now,
            ),
            merges=self.compactor,
            reprocessing=self.reprocessing,
            settled_objects=self.settled_objects,
            summary=self.daily_summary,
            keys=settings.input_keys,
            others=settings.other_inputs,
            meter=self.meter,
        )

    @cached_property
    def daily_summary(self) -> DailySummary | None:
        """None if it is not configured."""
        settings = self.settings
        if settings.summary_hour < 0:
            return None
        return DailySummary(
            self.statistics,
            self.attention,
            self.watches,
            self.topic,
            now,
            hour=settings.summary_hour,
            stage=settings.stage,
        )

    @cached_property
    def reprocessing(self) -> Reprocessing:
        settings = self.settings
        places = Places(
            settings.records_table,
            settings.ledger_table,
            settings.quarantine_bucket,
            settings.results_bucket,
        )
        return Reprocessing(
            self.ledger,
            self.objects,
            self.split_queue,
            Removal(self._dynamodb, self._s3, places),
            now,
            stall=timedelta(seconds=settings.stall_seconds),
        )

    @cached_property
    def trace_status(self) -> TraceStatus:
        """Reads from X-Ray if traces are sent there."""
        is_kept = self.settings.tracing == TRACINGS[0]
        traces = XRayTraces(self._clients("xray")) if is_kept else None
        return TraceStatus(self.status.file, traces, now)

    @cached_property
    def status(self) -> Status:
        region = self.settings.console_region
        return Status(self.lists, self.records_table, results=self.results, console_region=region)
