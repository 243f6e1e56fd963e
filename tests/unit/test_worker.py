"""A worker that ran out of time goes on where it stopped, and believes nothing that it cannot count."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from chalicelib.core.errors import OutOfTimeError, UnwrittenError
from chalicelib.core.framing.cutting import Limits
from chalicelib.core.ledger.accounts import State
from chalicelib.delivery import Deadline
from tests.fakes import FakeRecords, Pipeline, in_time
from tests.faults.inputs import json_lines


class Slow(FakeRecords):
    """Writes so many items in one invocation, and counts what it was asked to write."""

    room = 30

    def __init__(self, pipeline: Pipeline) -> None:
        super().__init__(pipeline.effects)
        self.asked: list[int] = []

    def put(self, items: Sequence[bytes], deadline: Deadline, first: int = 0) -> int:
        self.asked.append(len(items))
        units = super().put(items[: self.room], deadline, first)
        if len(items) > self.room:
            raise UnwrittenError("the table did not take them", [(self.room, len(items))], units)
        return units


@pytest.fixture
def pipeline() -> Pipeline:
    pipeline = Pipeline(Limits())
    pipeline.records = Slow(pipeline)
    pipeline.worker._records = pipeline.records
    pipeline.splitter.ingest(pipeline.objects.add("a.jsonl", json_lines(100)), in_time())
    return pipeline


def body_of(pipeline: Pipeline) -> str:
    (message,) = pipeline.batch_queue.messages
    return message.body


def state_of(pipeline: Pipeline) -> State:
    (file,) = pipeline.table.files.values()
    return file.account.state


def progress_of(pipeline: Pipeline, progress: str = "") -> str:
    with pytest.raises(OutOfTimeError) as late:
        pipeline.worker.handle(body_of(pipeline), in_time(), progress=progress)
    return late.value.progress


def test_what_is_written_is_not_written_again(pipeline: Pipeline) -> None:
    progress = ""
    for _ in range(3):
        progress = progress_of(pipeline, progress)
    pipeline.worker.handle(body_of(pipeline), in_time(), progress=progress)
    assert pipeline.records.asked == [100, 70, 40, 10]
    assert (state_of(pipeline), len(pipeline.records.items)) == (State.COMPLETE, 100)


def test_what_was_removed_meanwhile_is_written_again(pipeline: Pipeline) -> None:
    """The file was forgotten and read again, or its records expired: nothing is done that is not there."""
    progress = progress_of(pipeline, progress_of(pipeline, progress_of(pipeline)))
    pipeline.records.items.clear()
    pipeline.records.room = 1000
    pipeline.worker.handle(body_of(pipeline), in_time(), progress=progress)
    assert pipeline.records.asked[-2:] == [10, 100]
    assert (state_of(pipeline), len(pipeline.records.items)) == (State.COMPLETE, 100)


@pytest.mark.parametrize("progress", ["", "nonsense", "0:0-0", "ffffffff:90-100", "0:99999-99999", "-1:5-3"])
def test_a_progress_of_other_items_is_not_believed(pipeline: Pipeline, progress: str) -> None:
    pipeline.records.room = 1000
    pipeline.worker.handle(body_of(pipeline), in_time(), progress=progress)
    assert (state_of(pipeline), len(pipeline.records.items)) == (State.COMPLETE, 100)


def test_a_progress_that_leaves_out_what_is_not_there_is_found_out(pipeline: Pipeline) -> None:
    """Whoever may send to the queue could say that all is written."""
    true = progress_of(pipeline)
    pipeline.records.items.clear()
    pipeline.records.room = 1000
    pipeline.worker.handle(body_of(pipeline), in_time(), progress=true.split(":")[0] + ":")
    assert (state_of(pipeline), len(pipeline.records.items)) == (State.COMPLETE, 100)
