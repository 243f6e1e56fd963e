"""What a file really used is kept beside its account, by writes that happen anyway, and nothing depends on it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from chalicelib.core.errors import OutOfTimeError, UnwrittenError
from chalicelib.core.framing.cutting import Limits
from chalicelib.core.ledger.accounts import FileAccount, State, account_of, merged
from chalicelib.core.ledger.used import NOTHING, Used, requests_of
from chalicelib.core.wire.bodies import decode
from chalicelib.core.wire.messages import SplitMessage
from chalicelib.delivery import Deadline
from chalicelib.status_json import file_json
from froe.costs import dollars_of_file
from froe.prices import read_prices
from tests.fakes import FakeRecords, Pipeline, in_time
from tests.faults.inputs import json_lines

LIMITS = Limits(batch_max_lines=10, batch_max_bytes=2000, entry_max_bytes=400, split_bytes=3000)


class Slow(FakeRecords):
    """Writes so many items in one invocation."""

    room = 30

    def put(self, items: Any, deadline: Deadline, first: int = 0) -> int:
        units = super().put(items[: self.room], deadline, first)
        if len(items) > self.room:
            raise UnwrittenError("the table did not take them", [(self.room, len(items))], units)
        return units


def run(lines: int, limits: Limits = LIMITS) -> Pipeline:
    pipeline = Pipeline(limits)
    pipeline.splitter.ingest(pipeline.objects.add("a.jsonl", json_lines(lines)), in_time())
    for message in pipeline.split_queue.messages:
        split = decode(message.body)
        assert isinstance(split, SplitMessage)
        pipeline.splitter.cut(split, in_time())
    for message in pipeline.batch_queue.messages:
        pipeline.worker.handle(message.body, in_time())
    return pipeline


def account(pipeline: Pipeline) -> FileAccount:
    (stored,) = pipeline.table.files.values()
    assert stored.account.state is State.COMPLETE
    return stored.account


def test_a_file_tells_what_its_splits_and_batches_used() -> None:
    pipeline = run(100)
    used, messages = account(pipeline).used, pipeline.batch_queue.messages
    assert used.write_units == 100 + len(messages)
    assert used.object_reads == used.s3_requests >= account(pipeline).splits
    small = sum(requests_of(each.body) for each in messages)
    assert small < used.queue_requests <= small + 3 * account(pipeline).splits
    (stored,) = pipeline.table.files.values()
    assert (stored.opening.s3_requests, stored.opening.write_units) == (stored.opening.object_reads + 1, 0)


def test_a_repeat_of_what_is_done_uses_nothing_that_is_kept() -> None:
    pipeline = run(100)
    before = account(pipeline).used
    for message in pipeline.batch_queue.messages:
        pipeline.worker.handle(message.body, in_time())
    assert account(pipeline).used == before


def test_attempts_that_did_not_finish_are_used_too() -> None:
    pipeline = Pipeline(Limits())
    pipeline.records = pipeline.worker._records = Slow(pipeline.effects)
    pipeline.splitter.ingest(pipeline.objects.add("a.jsonl", json_lines(100)), in_time())
    (message,), progress = pipeline.batch_queue.messages, ""
    for _ in range(3):
        with pytest.raises(OutOfTimeError) as late:
            pipeline.worker.handle(message.body, in_time(), progress=progress)
        progress = late.value.progress
    pipeline.records.room = 1000
    pipeline.records.items.clear()  # as if the file was forgotten and read again: all is written once more
    pipeline.worker.handle(message.body, in_time(), progress=progress)
    assert account(pipeline).used.write_units == 3 * 30 + 10 + 100 + 1


def test_accounts_and_sums_are_the_same_whatever_was_used() -> None:
    (stored,) = run(100).table.files.values()
    splits = run(100).table.read_splits(stored.plan.file_id)
    dearer = [
        replace(each, used=Used(1, 2, 3, 4, 5), summary=replace(each.summary, used=Used(9)))
        for each in splits
    ]
    assert account_of(stored.plan, dearer) == account_of(stored.plan, splits)
    assert merged(dearer) == merged(splits)
    assert account_of(stored.plan, dearer).used == sum([Used(10, 2, 3, 4, 5)] * len(splits), NOTHING)
    total = merged(dearer)
    assert total
    assert total.used + total.summary.used == sum([Used(10, 2, 3, 4, 5)] * len(splits), NOTHING)


def test_a_file_of_an_earlier_version_says_nothing_of_it() -> None:
    (stored,) = run(10).table.files.values()
    used = file_json(stored, stored.account, None)["used"]
    assert used["write_units"] == stored.account.used.write_units
    silent = stored._replace(opening=NOTHING)
    assert file_json(silent, replace(stored.account, used=NOTHING), None)["used"] is None


def test_a_file_costs_what_it_used_at_the_prices_of_the_table() -> None:
    used = {
        "write_units": 1_000_000,
        "queue_requests": 500_000,
        "object_reads": 2,
        "s3_requests": 1_000_000,
        "object_writes": 100_000,
        "seconds": 0,
    }
    assert dollars_of_file(used, read_prices()) == pytest.approx(0.625 + 0.2 + 0.4 + 0.5)
    assert dollars_of_file(None, read_prices()) is None
