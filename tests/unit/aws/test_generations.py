"""Generations in real tables: one write turns readers to the new one, and all of the former one goes."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest

from chalicelib.aws.ledger_table import DynamoLedger
from chalicelib.aws.records_table import DynamoRecords
from chalicelib.aws.removal import Places, Removal
from chalicelib.aws.results import S3Results
from chalicelib.compactor import Compactor
from chalicelib.core.custom.loading import load
from chalicelib.core.ledger.accounts import State
from chalicelib.core.plan.layouts import Layout, Sink
from chalicelib.core.wire.bodies import decode
from chalicelib.core.wire.messages import SplitMessage
from chalicelib.ledger import Ledger, StoredFile
from chalicelib.reprocessing import RefusedError, Reprocessing
from chalicelib.splitter import Splitter
from chalicelib.status import Status
from chalicelib.tracing import NoTracer
from chalicelib.worker import Worker
from froe.forgetting import Forgetting
from tests.fakes import Clock, Effects, FakeObjects, FakeQueue, in_time
from tests.unit.test_reprocessing import AFTER, BEFORE, BROKEN, FIXED, LIMITS, TEXT

PLACES = Places("records", "ledger", "quarantine", "results")


class Stage:
    """A file in real tables, read with a broken format."""

    def __init__(self, dynamodb: Any, layout: Layout) -> None:
        self.dynamodb, self.layout = dynamodb, layout
        self.s3 = boto3.client("s3", region_name="us-east-1")
        for bucket in ("quarantine", "results"):
            self.s3.create_bucket(Bucket=bucket)
            self.s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
        self.objects, self.clock = FakeObjects(piece_bytes=4096), Clock()
        self.table = DynamoLedger(dynamodb, "ledger")
        self.ledger = Ledger(self.table, self.clock)
        self.splits, self.batches = FakeQueue(Effects()), FakeQueue(Effects())
        self.records, self.results = DynamoRecords(dynamodb, "records", 1), S3Results(self.s3, "results")
        self.worker = Worker(self.records, self.ledger, NoTracer(), results=self.results)
        self.reprocessing = Reprocessing(
            self.ledger,
            self.objects,
            self.splits,
            Removal(dynamodb, self.s3, PLACES),
            self.clock,
            stall=timedelta(hours=1),
        )
        self.file_id = self.splitter(BROKEN).ingest(self.objects.add("tills/0.log", TEXT), in_time())
        self.drain(BROKEN)

    def splitter(self, config: str) -> Splitter:
        return Splitter(
            self.objects,
            self.ledger,
            self.splits,
            self.batches,
            NoTracer(),
            limits=LIMITS,
            retention_days=0,
            split_delay_seconds=0,
            config=lambda: replace(load(config, "froe.toml"), version=7 if config == BROKEN else 0),
            layout=self.layout,
            sink=Sink.PARQUET if self.layout is Layout.NONE else Sink.NONE,
        )

    def drain(self, config: str) -> None:
        splitter = self.splitter(config)
        while self.splits.messages or self.batches.messages:
            if self.batches.messages:
                self.worker.handle(self.batches.messages.pop(0).body, in_time())
                continue
            message = decode(self.splits.messages.pop(0).body)
            assert isinstance(message, SplitMessage)
            splitter.cut(message, in_time())

    def compact(self) -> None:
        merged = Compactor(self.results, self.ledger, lambda: datetime.now(UTC), timedelta()).compact(
            in_time()
        )
        assert merged.batches

    def advance(self) -> None:
        self.clock.advance(1000)
        for file_id, since in list(self.reprocessing.leads()):
            self.reprocessing.advance(file_id, since, in_time(), lambda _made: None)

    def read(self) -> tuple[Counter[str], int]:
        status = Status(self.ledger, self.records, results=self.results)
        listed = status.records(self.file_id)["items"], status.rejects(self.file_id)["items"]
        kinds = Counter(entry["kind"] for each in listed for entry in each)
        (file,) = status.files()["items"]
        assert file["file_id"] == self.file_id
        return kinds, file["rejected"]["entries"]

    def stored(self) -> StoredFile:
        stored = self.table.read_file(self.file_id)
        assert stored
        return stored

    def ids(self) -> set[str]:
        """Under which anything is filed, in tables and in the sink."""
        items = [item for name in ("ledger", "records") for item in self.scanned(name)]
        file_ids = {item["pk"]["S"].partition("#")[0] for item in items}
        for key in self.results.keys(""):
            data = self.results.get(key)
            assert data
            file_ids |= {entry["file_id"] for entry in self.entries(data)}
        return file_ids

    def entries(self, data: bytes) -> list[dict[str, Any]]:
        from chalicelib.core.records.parquet import entries_of

        return list(entries_of(data))

    def scanned(self, table: str) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = self.dynamodb.scan(TableName=table)["Items"]
        return items


@pytest.fixture(params=[Layout.ITEMS, Layout.NONE])
def stage(dynamodb: Any, request: pytest.FixtureRequest) -> Stage:
    return Stage(dynamodb, request.param)


def test_one_write_turns_readers_and_the_former_generation_goes_whole(stage: Stage) -> None:
    if stage.layout is Layout.NONE:
        stage.compact()
    assert (stage.read(), stage.stored().plan.configuration) == (BEFORE, 7)
    stage.reprocessing.begin(stage.file_id)
    assert stage.read() == BEFORE
    stage.drain(FIXED)
    assert (stage.read(), stage.stored().plan.configuration) == (AFTER, 0)
    assert stage.stored().plan.generation == 1
    if stage.layout is Layout.NONE:
        stage.advance()
        assert stage.file_id in stage.ids(), "rows stay until those of the new generation are there"
        stage.compact()
    stage.advance()
    assert stage.read() == AFTER
    assert stage.ids() == {stage.file_id, f"{stage.file_id}~1"}
    assert [item["sk"]["S"] for item in stage.scanned("ledger") if item["pk"]["S"] == stage.file_id] == [
        "file"
    ]
    assert "opened" not in {
        name for item in stage.scanned("ledger") if "~" in item["pk"]["S"] for name in item
    }, "what is no list's is in none"


def test_what_is_given_up_goes_whole_and_says_why(stage: Stage) -> None:
    stage.reprocessing.begin(stage.file_id)
    with pytest.raises(RefusedError, match="is already being read again"):
        stage.reprocessing.begin(stage.file_id)
    stage.drain(BROKEN.replace("till7", "till9"))
    assert stage.read() == BEFORE
    assert stage.stored().rereading.given_up == "20 lines of it are no records, and before it were 10"
    stage.advance()
    made = stage.table.read_file(f"{stage.file_id}~1")
    assert made
    assert (made.account.state, made.account.reason) == (State.FAILED, stage.stored().rereading.given_up)
    assert not any(item["pk"]["S"].startswith(f"{stage.file_id}~") for item in stage.scanned("records"))
    assert list(stage.reprocessing.leads()) == []
    stage.reprocessing.begin(stage.file_id)
    stage.drain(FIXED)
    assert stage.stored().plan.generation == 2
    assert stage.stored().rereading.given_up is None


def test_a_forgotten_file_is_ingested_again_and_forgotten_again(stage: Stage) -> None:
    forgetting = Forgetting(stage.dynamodb, stage.s3, PLACES, sweep_days=7)
    stage.reprocessing.begin(stage.file_id)
    with pytest.raises(Exception, match="is being read again: wait"):
        forgetting.find(stage.file_id)
    stage.drain(FIXED)
    forgetting.forget(forgetting.find(stage.file_id), stage.clock(), with_object=False)
    assert stage.read() == (Counter(), 0)
    assert stage.scanned("records") == []
    assert list(stage.results.keys("")) == []
    stage.reprocessing.begin(stage.file_id)
    stage.drain(FIXED)
    assert stage.read() == AFTER
    assert stage.stored().plan.generation == 2
    (item,) = [
        each
        for each in stage.scanned("ledger")
        if (each["pk"]["S"], each["sk"]["S"]) == (stage.file_id, "file")
    ]
    assert "expires_at" not in item, "it is remembered as long as any file"
