"""A backlog is no loss: a file is healed only once the queues have been empty since it stood still."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from chalicelib.backlog import Backlog
from chalicelib.core.errors import TransientError
from chalicelib.core.framing.cutting import Limits
from tests.fakes import Pipeline, in_time
from tests.faults.inputs import json_lines

STALL = 3600
SMALL = Limits(batch_max_lines=10)


class Waiting:
    """A queue by its length; an error: it cannot be counted."""

    def __init__(self, count: int = 0) -> None:
        self.count = count
        self.error: Exception | None = None

    def waiting(self) -> int:
        if self.error:
            raise self.error
        return self.count


@pytest.fixture
def queue() -> Waiting:
    return Waiting()


@pytest.fixture
def pipeline(queue: Waiting) -> Pipeline:
    """A file that is cut, and of which no worker has done anything; its batches wait, or are lost."""
    pipeline = Pipeline(SMALL)
    pipeline.sweeper._backlog = Backlog({"default": [queue]}, pipeline.watches, pipeline.clock)
    pipeline.splitter.ingest(pipeline.objects.add("a.jsonl", json_lines(40)), in_time())
    pipeline.split_queue.messages.clear()
    return pipeline


def healed_after(pipeline: Pipeline, seconds: float, every: float = 900) -> int:
    """How many batches the sweeps of that time sent again."""
    batches = 0
    for _ in range(int(seconds // every)):
        pipeline.clock.advance(every)
        batches += pipeline.sweeper.sweep(in_time()).batches
    return batches


def test_what_waits_in_a_queue_is_not_sent_again(pipeline: Pipeline, queue: Waiting) -> None:
    queue.count = 500
    assert healed_after(pipeline, 30 * STALL) == 0


def test_what_is_missing_once_the_queue_was_empty_is_sent_again(pipeline: Pipeline, queue: Waiting) -> None:
    queue.count = 500
    assert healed_after(pipeline, 5 * STALL) == 0
    queue.count = 0
    assert healed_after(pipeline, 900) == 4


def test_a_queue_that_was_empty_in_between_hides_no_loss(pipeline: Pipeline, queue: Waiting) -> None:
    assert healed_after(pipeline, 1800) == 0, "it has not stood still for long enough"
    queue.count = 500
    assert healed_after(pipeline, 2 * STALL) == 4


def test_what_stood_still_for_longer_than_a_message_lives_is_sent_again(
    pipeline: Pipeline, queue: Waiting
) -> None:
    """A queue that is never empty keeps nothing back forever."""
    queue.count = 1
    days = timedelta(days=4).total_seconds()
    assert healed_after(pipeline, days - STALL, every=STALL) == 0
    assert healed_after(pipeline, 3 * STALL, every=STALL) == 4


@pytest.mark.parametrize("position", [None, "COMPLETE 2026", ""])
def test_queues_that_cannot_be_counted_are_taken_for_as_full_as_they_were(
    pipeline: Pipeline, queue: Waiting, position: Any
) -> None:
    queue.error = TransientError("SQS does not answer")
    pipeline.watches.put_position("queues drained", position)
    assert healed_after(pipeline, 5 * STALL) == 0
    queue.error = None
    assert healed_after(pipeline, 900) == 4
