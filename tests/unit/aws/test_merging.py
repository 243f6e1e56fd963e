"""What is merged in a real bucket, while it is asked and forgotten."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from threading import Event, Thread, current_thread
from types import SimpleNamespace
from typing import Any

import pytest

pytest.importorskip("duckdb", reason="duckdb is not installed")

from chalicelib.aws.objects import delete_versions
from chalicelib.aws.results import S3Results
from chalicelib.compactor import Compactor, Merged
from chalicelib.core.plan.layouts import Layout
from chalicelib.core.records.parquet import BATCHES, RECORDS
from froe.policies import read
from froe.querying import StoredTable
from froe.sink import SinkCache
from tests.fakes import WHEN, in_time
from tests.layouts import rows_in
from tests.unit.aws.test_forgetting import LINES, Stage
from tests.unit.test_compactor import Nth, Stepped


class Sink:
    """Two files whose rows are in the sink alone: of one the second batch is dead."""

    def __init__(self, dynamodb: Any) -> None:
        self.stage = Stage(dynamodb, Layout.NONE)
        self.pairs = 0
        self.stage.work(1)
        self.add("b.jsonl")

    def compact(self, step: Callable[[], None] = lambda: None, asked: list[str] | None = None) -> Merged:
        results = Stepped(S3Results(self.stage.s3, "results"), step, asked)
        compactor = Compactor(results, Stepped(self.stage.ledger, step, asked), lambda: WHEN)
        return compactor.compact(in_time(), timedelta(days=-99999))

    def objects(self) -> list[str]:
        listed = self.stage.s3.list_objects_v2(Bucket="results")
        return [one["Key"] for one in listed.get("Contents", ())]

    def queried(self, folder: Path) -> list[Any]:
        cache = SinkCache(self.stage.s3, "results", folder)
        bar = SimpleNamespace(advance=lambda _: None)
        files = cache.current(None, None, None, lambda _: nullcontext(bar))
        table = StoredTable(folder / "spill", files.merged, waiting=files.waiting)
        return list(table.ask('select file_id, "offset", body, date from records order by 1, 2'))

    def rows(self, *, old: bool = False) -> set[Any]:
        """File ids and offsets; old: of versions that were replaced, too."""
        versions = self.stage.s3.list_object_versions(Bucket="results").get("Versions", ())
        rows = [
            (row["file_id"]["S"], int(row["offset"]["N"]))
            for one in versions
            if old or one["IsLatest"]
            for row in rows_in(
                self.stage.s3.get_object(Bucket="results", Key=one["Key"], VersionId=one["VersionId"])[
                    "Body"
                ].read()
            )
        ]
        assert old or len(rows) == len(set(rows))
        return set(rows)

    def pair(self, was_claimed: bool = False) -> tuple[str, str]:
        """Two files alone in the bucket, the first of which is to be forgotten. was_claimed: the other one is merged, and
        whoever was to add the rows of the first one died."""
        delete_versions(self.stage.s3, "results", "")
        self.pairs += 1
        other = self.add(f"other-{self.pairs}.jsonl")
        if was_claimed:
            self.compact()
        victim = self.add(f"victim-{self.pairs}.jsonl")
        if was_claimed:
            key = self.stage.table.read_merged(other, 0)
            assert key is not None
            assert self.stage.table.claim_merged(victim, 0, key, None) == key
        return victim, other

    def steps(self) -> list[str]:
        """What a compactor that is left alone asks for."""
        asked: list[str] = []
        self.compact(asked=asked)
        return asked

    def expect_only(self, file_id: str, step: int) -> None:
        """Once all that there is is merged."""
        self.compact()
        assert {row[0] for row in self.rows(old=True)} == {file_id}, step
        assert len(self.rows()) == 3, step

    def add(self, name: str) -> str:
        """A file that is done."""
        stage = self.stage
        announced = replace(stage.announced, key=name)
        stage.objects.add(name, LINES, str(announced.version_id))
        before = len(stage.batches.messages)
        file_id = stage.splitter.ingest(announced, in_time())
        for message in stage.batches.messages[before:]:
            stage.worker.handle(message.body, in_time())
        return file_id


class Halted:
    """Forgets a file in a thread of its own, which stands still before one of its calls of AWS until it is to go on. The
    two never run at once. calls: what it asked for."""

    def __init__(self, stage: Stage, file_id: str, halt_before: int | None = None) -> None:
        self.calls: list[str] = []
        self._halt_before = halt_before
        self._stands, self._goes = Event(), Event()
        self._thread = Thread(target=self._forget, args=(stage, file_id))
        self._error: BaseException | None = None
        for client in (stage.s3, stage.dynamodb):
            client.meta.events.register("before-call", self._called, unique_id=id(self))

    def start(self) -> None:
        self._thread.start()
        assert self._stands.wait(60)

    def go_on(self) -> None:
        """To its end."""
        if not self._thread.ident:
            self._thread.start()
        self._goes.set()
        self._thread.join(60)
        assert not self._thread.is_alive()
        assert self._error is None

    def _forget(self, stage: Stage, file_id: str) -> None:
        try:
            stage.forget(file_id=file_id)
        except BaseException as error:  # noqa: BLE001 - whoever waits for it fails
            self._error = error
        finally:
            self._stands.set()

    def _called(self, model: Any, **_: Any) -> None:
        if current_thread() is not self._thread:
            return
        if len(self.calls) == self._halt_before:
            self._stands.set()
            assert self._goes.wait(60)
        self.calls.append(model.name)


@pytest.fixture
def sink(dynamodb: Any) -> Iterator[Sink]:
    return Sink(dynamodb)


def test_sql_gives_each_row_once_while_batches_are_merged(sink: Sink, tmp_path: Path) -> None:
    before = sink.queried(tmp_path)
    assert len(before) == 6
    assert all(key.startswith(BATCHES) for key in sink.objects())
    seen: list[Any] = []

    def poll() -> None:
        now = [
            (one["Key"], one["ETag"]) for one in sink.stage.s3.list_objects_v2(Bucket="results")["Contents"]
        ]
        if now != seen:
            assert sink.queried(tmp_path) == before
            seen[:] = now

    assert sink.compact(poll).objects == 1
    assert sink.queried(tmp_path) == before
    (key,) = sink.objects()
    assert key.startswith(f"{RECORDS}format=json/date=2026-03-01/")
    assert "DeleteMarkers" not in sink.stage.s3.list_object_versions(Bucket="results")
    assert sink.compact() == Merged()


def test_what_was_merged_between_listing_and_reading_is_listed_anew(sink: Sink, tmp_path: Path) -> None:
    before = sink.queried(tmp_path / "one")
    merging = Nth(1, lambda: [sink.compact()])
    sink.stage.s3.meta.events.register("before-call.s3.GetObject", lambda **_: merging())
    assert sink.queried(tmp_path / "two") == before
    assert all(key.startswith(RECORDS) for key in sink.objects())


@pytest.mark.parametrize("was_claimed", [False, True])
def test_a_file_that_is_forgotten_at_any_step_does_not_come_back(sink: Sink, was_claimed: bool) -> None:
    sink.pair(was_claimed)
    steps = sink.steps()
    for step in range(steps.index("read_split") + 1, len(steps) + 1):  # before, it has only listed
        victim, other = sink.pair(was_claimed)
        sink.compact(Nth(step, lambda victim=victim: sink.stage.forget(file_id=victim)))
        sink.expect_only(other, step)


def test_a_file_does_not_come_back_whose_rows_are_merged_while_it_is_forgotten(sink: Sink) -> None:
    """Whoever merges them has found the file, and whoever forgets it has found no object that was claimed."""
    victim, _ = sink.pair()
    forgetting = Halted(sink.stage, victim)
    forgetting.go_on()
    begun, calls = forgetting.calls.index("PutItem") + 1, len(forgetting.calls)
    assert 0 < begun < calls
    sink.pair()
    claim = sink.steps().index("claim_merged") + 1
    for call in range(begun, calls):
        victim, other = sink.pair()
        forgetting = Halted(sink.stage, victim, call)
        sink.compact(Nth(claim, forgetting.start))
        forgetting.go_on()
        sink.expect_only(other, call)


def test_a_batch_that_was_replaced_since_it_was_listed_is_neither_taken_nor_deleted(sink: Sink) -> None:
    results = S3Results(sink.stage.s3, "results")
    first, second, *others = listed = list(results.waiting(BATCHES))
    results.put(first.key, b"corrected")
    sink.stage.s3.delete_object(Bucket="results", Key=second.key, VersionId=second.versions[0])
    assert others
    assert results.get_waiting(listed).keys() == {batch.batch_id for batch in others}
    results.delete_waiting(listed)
    assert [batch.key for batch in results.waiting(BATCHES)] == [first.key]
    assert results.get(first.key) == b"corrected"


def test_a_split_belongs_to_the_object_that_it_was_given_to_first(sink: Sink) -> None:
    ledger = sink.stage.table
    assert ledger.read_merged("f", 0) is None
    assert [ledger.claim_merged("f", 0, key, None) for key in ("a", "b")] == ["a", "a"]
    assert (ledger.read_merged("f", 0), ledger.read_all_merged("f")) == ("a", {"a"})


def test_batches_that_earlier_versions_put_into_the_table_are_forgotten_as_well(sink: Sink) -> None:
    s3, (key, *_) = sink.stage.s3, sink.objects()
    (victim,) = {row[0] for row in sink.rows() if f"/{row[0]}-" in key}
    s3.copy_object(
        Bucket="results", Key=key.replace(BATCHES, RECORDS), CopySource={"Bucket": "results", "Key": key}
    )
    sink.stage.forget(file_id=victim)
    assert victim not in {row[0] for row in sink.rows(old=True)}
    assert len(sink.rows()) == 3


def test_forgetting_needs_what_its_policy_allows_of_merged_objects(sink: Sink) -> None:
    sink.compact()
    called: set[str] = set()
    sink.stage.s3.meta.events.register("before-call", lambda model, **_: called.add(model.name))
    assert sink.stage.forget().parquet_objects == 1, "the version that was replaced"
    assert len(sink.rows()) == 3
    actions = {"GetObject", "PutObject", "ListObjectVersions", "DeleteObject"}
    assert called == actions
    (statement,) = (one for one in read("people/forget")["Statement"] if one["Sid"] == "TakeRowsOut")
    assert statement["Action"] == ["s3:GetObject", "s3:PutObject"]
