"""Batches of the sink are merged while people read them: no reader sees a row twice, or misses one that it saw, whatever
crashes, repeats or arrives in between."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from functools import lru_cache
from typing import Any

import pytest

from chalicelib.compactor import Compactor, Merged
from chalicelib.core.framing.cutting import Limits
from chalicelib.core.plan.layouts import Layout
from chalicelib.core.records import Outcome, Record, parquet
from chalicelib.core.records.parquet import BATCHES, RECORDS, ParquetBatch
from chalicelib.core.wire.bodies import decode
from chalicelib.core.wire.messages import BatchMessage, SplitMessage, encode_batch
from chalicelib.delivery import Incoming
from chalicelib.status import Status
from tests.fakes import WHEN, Crash, Pipeline, in_time
from tests.unit.test_deliveries import deliver
from tests.unit.test_status import FakeRecordsReader, everything

LIMITS = Limits(batch_max_lines=3, split_bytes=100)
Row = tuple[str, int]
"""File id, offset."""
AT_ONCE = timedelta()


@lru_cache(1000)
def rows_in(data: bytes) -> list[tuple[str, Row]]:
    entries = parquet.entries_of(data)
    return [(entry["batch_id"], (entry["file_id"], entry["offset"])) for entry in entries]


class Stage:
    """A file of several splits, two small ones, one that is under way and one with a dead letter, in the sink alone."""

    def __init__(self) -> None:
        self.pipeline = Pipeline(LIMITS, piece_bytes=1000, layout=Layout.NONE)
        self.files: dict[str, str] = {}
        self.messages: dict[str, list[str]] = {}
        for name, lines in (("big", 8), ("small", 1), ("open", 4), ("dead", 4)):
            text = b"".join(b'{"msg":"%s %d"}\n' % (name.encode(), number) for number in range(lines))
            self.upload(name, text)
            if name == "dead":
                self.pipeline.dead_letter_consumer.take(Incoming("m", "r", self.messages[name][-1], 3))
            for body in self.messages[name][: -1 if name in ("open", "dead") else None]:
                deliver(self.pipeline, body)

    def upload(self, name: str, text: bytes) -> None:
        pipeline = self.pipeline
        self.files[name] = pipeline.splitter.ingest(pipeline.objects.add(f"{name}.log", text), in_time())
        while pipeline.split_queue.messages:
            message = decode(pipeline.split_queue.messages.pop(0).body)
            assert isinstance(message, SplitMessage)
            pipeline.splitter.cut(message, in_time())
        batches, pipeline.batch_queue.messages = pipeline.batch_queue.messages, []
        self.messages[name] = list(dict.fromkeys(message.body for message in batches))

    def compact(self, step: Callable[[], None] = lambda: None, patience: timedelta = AT_ONCE) -> Merged:
        """step: is called before all that is asked of the bucket and the ledger."""
        pipeline = self.pipeline
        compactor = Compactor(Stepped(pipeline.results, step), Stepped(pipeline.ledger, step), lambda: WHEN)
        return compactor.compact(in_time(), patience)

    def rows_under(self, prefix: str) -> Iterator[tuple[str, Row]]:
        for key, data in self.pipeline.results.objects.items():
            if key.startswith(prefix):
                yield from rows_in(data)

    @property
    def table(self) -> list[Row]:
        """What an engine reads."""
        return [row for _, row in self.rows_under(RECORDS)]

    @property
    def queried(self) -> list[Row]:
        """What `froe query` reads."""
        merged = list(self.rows_under(RECORDS))
        in_table = {batch_id for batch_id, _ in merged}
        waiting = [row for batch_id, row in self.rows_under(BATCHES) if batch_id not in in_table]
        return [row for _, row in merged] + waiting

    @property
    def paged(self) -> list[Row]:
        """What the API shows."""
        pipeline, rows = self.pipeline, list[Row]()
        status = Status(pipeline.ledger, FakeRecordsReader({}), results=pipeline.results)
        for file_id in self.files.values():
            entries = everything(lambda file_id=file_id, **page: status.records(file_id, limit=7, **page))
            rows += [(file_id, entry["offset"]) for entry in entries]
        return rows


class Stepped:
    """asked: takes the names of the steps."""

    def __init__(self, inner: Any, step: Callable[[], None], asked: list[str] | None = None) -> None:
        self._inner, self._step = inner, step
        self._asked = [] if asked is None else asked

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._inner, name)

        def stepped(*arguments: Any) -> Any:
            self._asked.append(name)
            self._step()
            answer = method(*arguments)
            return list(answer) if isinstance(answer, Iterator) else answer

        return stepped


class Readers:
    """They look again and again."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.rows = sorted(stage.queried)
        self.in_table = set(stage.table)
        self.seen: Any = None

    def poll(self) -> None:
        """Where anything has changed."""
        results = self.stage.pipeline.results
        now = [(key, results.versions[key]) for key in results.objects]
        if now == self.seen:
            return
        self.seen = now
        assert sorted(self.stage.queried) == self.rows
        assert sorted(self.stage.paged) == self.rows
        table = self.stage.table
        assert set(table) >= self.in_table
        assert len(table) == len(set(table))
        self.in_table = set(table)


class Nth:
    """Does something at one step."""

    def __init__(self, step: int, action: Callable[[], None]) -> None:
        self.step, self.action, self.count = step, action, 0

    def __call__(self) -> None:
        self.count += 1
        if self.count == self.step:
            self.action()


def steps() -> int:
    counting = Nth(0, lambda: None)
    Stage().compact(counting)
    return counting.count


def die() -> None:
    raise Crash


def settled(stage: Stage) -> list[Row]:
    """What is to be in the table: all but the file that is under way."""
    return [row for row in stage.queried if row[0] != stage.files["open"]]


def test_readers_who_poll_meanwhile_see_each_row_once() -> None:
    stage = Stage()
    readers = Readers(stage)
    assert len(readers.rows) == 8 + 1 + 3 + 3
    assert not stage.table
    merged = stage.compact(readers.poll)
    readers.poll()
    assert sorted(stage.table) == sorted(settled(stage))
    assert (merged.objects, merged.failed) == (1, 0), "all of them are small, and of a day"
    assert {row[0] for _, row in stage.rows_under(BATCHES)} == {stage.files["open"]}
    assert merged.left == len(
        list(filter(lambda key: key.startswith(BATCHES), stage.pipeline.results.objects))
    )
    assert stage.compact(readers.poll) == Merged(left=merged.left), "nothing is merged twice"


def test_whoever_dies_at_any_step_leaves_nothing_to_see_and_the_next_one_finishes() -> None:
    for step in range(1, steps() + 1):
        stage = Stage()
        readers = Readers(stage)
        with pytest.raises(Crash):
            stage.compact(Nth(step, die))
        readers.poll()
        stage.compact(readers.poll)
        assert sorted(stage.table) == sorted(settled(stage)), step


def test_two_at_once_come_to_the_same() -> None:
    for step in range(1, steps() + 1):
        stage = Stage()
        readers = Readers(stage)
        stage.compact(Nth(step, lambda stage=stage, readers=readers: stage.compact(readers.poll)))
        readers.poll()
        stage.compact()
        assert sorted(stage.table) == sorted(settled(stage)), step


def batch_key(stage: Stage, name: str) -> str:
    return next(key for key in stage.pipeline.results.objects if f"/{stage.files[name]}-" in key)


def test_a_batch_that_is_written_again_at_any_step_is_not_there_twice() -> None:
    for step in range(1, steps() + 1):
        stage = Stage()
        readers, results = Readers(stage), stage.pipeline.results
        key = batch_key(stage, "big")
        data = results.objects[key]
        stage.compact(Nth(step, lambda key=key, data=data, results=results: results.put(key, data)))
        readers.poll()
        stage.compact(readers.poll)
        assert sorted(stage.table) == sorted(settled(stage)), step
        assert key not in results.objects


def test_of_a_batch_that_was_corrected_at_any_step_the_correction_stays() -> None:
    """Another one may have merged it by then."""
    for step in range(1, steps() + 1):
        stage = Stage()
        key = batch_key(stage, "small")
        batch_id = key.rpartition("/")[2].removesuffix(".parquet")
        rows = ParquetBatch(file_id=stage.files["small"], batch_id=batch_id, format_name="json")
        rows.add(Outcome(7, 1, 1, b"", Record(None, None, None, None, "right", {}), False))
        right = rows.data()

        def correct(stage: Stage = stage, key: str = key, right: bytes = right) -> None:
            stage.pipeline.results.put(key, right)
            stage.compact()

        stage.compact(Nth(step, correct))
        stage.compact()
        assert [row[1] for row in stage.table if row[0] == stage.files["small"]] == [7], step


def test_what_is_redriven_comes_to_the_rows_of_its_split() -> None:
    stage = Stage()
    stage.compact()
    deliver(stage.pipeline, stage.messages["dead"][-1])
    readers = Readers(stage)
    assert stage.compact(readers.poll).batches == 1
    readers.poll()
    assert sum(row[0] == stage.files["dead"] for row in stage.table) == 4
    assert sum(key.startswith(RECORDS) for key in stage.pipeline.results.objects) == 1


def test_rows_of_a_batch_that_is_not_done_are_in_no_account_and_not_merged() -> None:
    stage = Stage()
    dead = parquet.object_key("json", WHEN, f"{stage.files['dead']}-000000-000001")
    stage.pipeline.results.put(dead, b"written, and never marked")
    stage.compact()
    assert dead in stage.pipeline.results.objects
    assert sum(row[0] == stage.files["dead"] for row in stage.table) == 3


def test_a_split_with_a_mark_of_another_text_waits_until_it_is_corrected() -> None:
    stage = Stage()
    pipeline = stage.pipeline
    stage.upload("forged", b"".join(b'{"msg":"line %d of a file"}\n' % number for number in range(3)))
    file_id, (body,) = stage.files["forged"], stage.messages["forged"]
    message = decode(body)
    assert isinstance(message, BatchMessage)
    deliver(pipeline, encode_batch(replace(message, body=message.body.replace(b"file", b"fake"))))
    stage.compact()
    assert file_id not in {row[0] for row in stage.table}
    for _ in range(3):
        pipeline.sweeper.sweep(in_time())
        pipeline.clock.advance(2**7 * 3600)
        while pipeline.split_queue.messages:
            split = decode(pipeline.split_queue.messages.pop(0).body)
            assert isinstance(split, SplitMessage)
            pipeline.splitter.cut(split, in_time())
        while pipeline.batch_queue.messages:
            deliver(pipeline, pipeline.batch_queue.messages.pop(0).body)
    stage.compact()
    merged = [data for key, data in pipeline.results.objects.items() if key.startswith(RECORDS)]
    entries = [entry for data in merged for entry in parquet.entries_of(data)]
    bodies = [entry["body"] for entry in entries if entry["file_id"] == file_id]
    assert sorted(bodies) == [f"line {number} of a file" for number in range(3)]


def test_small_files_wait_for_others_of_their_day_and_large_splits_do_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stage = Stage()
    assert stage.compact(patience=timedelta(seconds=1)).objects == 0
    assert stage.compact(patience=AT_ONCE).objects == 1
    stage = Stage()
    sizes = Counter[str]()
    for key, data in stage.pipeline.results.objects.items():
        sizes[key.rpartition("-")[0]] += len(data)
    monkeypatch.setattr("chalicelib.compactor.OBJECT_BYTES", min(sizes.values()))
    monkeypatch.setattr("chalicelib.compactor.OBJECT_BYTES_MAX", max(sizes.values()))
    assert stage.compact(patience=timedelta(days=1)).objects == len(sizes) - 1, "one is not settled"


def test_a_batch_that_an_earlier_version_put_into_the_table_is_not_merged_again() -> None:
    stage = Stage()
    objects, key = stage.pipeline.results.objects, batch_key(stage, "big")
    stage.pipeline.results.put(key.replace(BATCHES, RECORDS), objects[key])
    readers = Readers(stage)
    stage.compact(readers.poll)
    readers.poll()
    assert key not in objects
    assert sorted(stage.table) == sorted(settled(stage))


def test_what_cannot_be_read_stays_and_keeps_nothing_else_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("chalicelib.compactor.OBJECT_BYTES", 1)
    stage = Stage()
    key = batch_key(stage, "small")
    whole = stage.pipeline.results.objects[key]
    stage.pipeline.results.put(key, whole[:-9])
    assert stage.compact().failed == 1
    assert {row[0] for row in stage.table} == {stage.files[name] for name in ("big", "dead")}
    stage.pipeline.results.put(key, whole)
    assert stage.compact().failed == 0
    assert sorted(stage.table) == sorted(settled(stage))
