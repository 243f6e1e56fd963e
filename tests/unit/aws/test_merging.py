"""What is merged in a real bucket, while it is asked and forgotten."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

pytest.importorskip("duckdb", reason="duckdb is not installed")

from chalicelib.aws.results import S3Results
from chalicelib.compactor import Compactor, Merged
from chalicelib.core.layouts import Layout
from chalicelib.core.parquet import BATCHES, RECORDS
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
        self.stage.work(1)
        self.add("b.jsonl")

    def compact(self, step: Callable[[], None] = lambda: None) -> Merged:
        results = Stepped(S3Results(self.stage.s3, "results"), step)
        compactor = Compactor(results, Stepped(self.stage.table, step), lambda: WHEN)
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


def test_a_file_that_is_forgotten_at_any_step_does_not_come_back(sink: Sink) -> None:
    counting = Nth(0, lambda: None)
    sink.compact(counting)
    assert counting.count > 10
    for step in range(1, counting.count + 1):
        victim, other = sink.add(f"victim-{step}.jsonl"), sink.add(f"other-{step}.jsonl")
        sink.compact(Nth(step, lambda victim=victim: sink.stage.forget(file_id=victim)))
        sink.compact()
        assert not {row for row in sink.rows(old=True) if row[0] == victim}, step
        assert len({row for row in sink.rows() if row[0] == other}) == 3, step


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
