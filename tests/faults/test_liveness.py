"""Nothing stays stuck: what is unsettled or INCOMPLETE has a message, a dead letter or a sweep that moves it."""

from __future__ import annotations

import gzip
from contextlib import suppress
from typing import Any

import pytest

from chalicelib.core.errors import PermanentError
from chalicelib.core.ledger.accounts import State
from chalicelib.core.ledger.letters import LetterState
from chalicelib.core.plan import failed_plan
from chalicelib.core.wire.bodies import decode
from chalicelib.core.wire.messages import SplitMessage
from chalicelib.dead_letters.selection import Selection
from chalicelib.delivery import Incoming
from chalicelib.ledger import StoredFile
from tests.fakes import Crash, Pipeline, in_time
from tests.layouts import layout  # noqa: F401 - each of these holds in every layout
from tests.unit.test_dead_letters import (
    EVERYTHING,
    LIMITS,
    TEXT,
    UNPACED,
    account_in,
    cut,
    die,
    drain,
    file_in,
    finished,
    noise,
    stored,
    work,
)


def done_and_not_added_up() -> tuple[Pipeline, str]:
    """A redriven batch is done, and its function dies between the mark and the sum; gives its message too."""
    pipeline = cut()
    die(pipeline, pipeline.batch_queue)
    drain(pipeline)
    assert account_in(pipeline).state is State.INCOMPLETE
    pipeline.office.redrive(EVERYTHING, in_time(), UNPACED)
    (message,) = pipeline.batch_queue.messages
    put_summary = pipeline.table.put_summary

    def dies(*_: Any) -> None:
        raise Crash

    pipeline.table.put_summary = dies  # type: ignore[method-assign]
    with suppress(Crash):
        work(pipeline, pipeline.batch_queue)
    pipeline.table.put_summary = put_summary  # type: ignore[method-assign]
    assert account_in(pipeline).state is State.INCOMPLETE
    return pipeline, message.body


def test_what_is_marked_and_not_added_up_is_added_up_by_the_next_sweep() -> None:
    pipeline, _ = done_and_not_added_up()
    pipeline.sweeper.sweep(in_time())
    assert stored(pipeline) == stored(finished())


def test_a_redrive_of_a_file_adds_up_what_is_marked_though_no_letter_is_left() -> None:
    pipeline, _ = done_and_not_added_up()
    selection = Selection(file_id=file_in(pipeline))
    assert pipeline.office.redrive(selection, in_time(), UNPACED).changed == 0
    assert stored(pipeline) == stored(finished())


def test_a_redrive_of_a_letter_whose_work_is_done_adds_it_up() -> None:
    pipeline, _ = done_and_not_added_up()
    progress = pipeline.office.redrive(Selection(ids=("dead",), state=None), in_time(), UNPACED)
    assert (progress.changed, progress.resolved) == (0, 1)
    assert stored(pipeline) == stored(finished())


def test_a_message_given_up_after_its_work_was_done_has_it_added_up() -> None:
    pipeline, body = done_and_not_added_up()
    pipeline.dead_letter_consumer.take(Incoming("again", "r", body, 10))
    assert pipeline.letters.stored[file_in(pipeline), "again"].state is LetterState.RESOLVED
    assert stored(pipeline) == stored(finished())


def test_a_sweep_looks_at_a_redriven_letter_whose_work_is_done_whatever_state_its_file_is_in() -> None:
    pipeline, _ = done_and_not_added_up()
    pipeline.table.files_by_state = lambda *_, **__: ([], None)  # type: ignore[method-assign, assignment]
    with suppress(AttributeError):
        pipeline.sweeper.sweep(in_time())
    pipeline.clock.advance(3600)
    with suppress(AttributeError):
        pipeline.sweeper.sweep(in_time())
    assert stored(pipeline) == stored(finished())


@pytest.mark.parametrize(
    "place", ["COMPLETE 2026#x", "", "  ", "?", "PROCESSING", "SPLITTING \x00", "INCOMPLETE x"]
)
@pytest.mark.parametrize("walk", ["files", "open files"])
def test_a_sweep_whose_place_cannot_be_read_begins_anew(place: str, walk: str) -> None:
    pipeline = cut()
    pipeline.batch_queue.messages.clear()
    pipeline.sweeper.sweep(in_time())
    pipeline.clock.advance(3700)
    pipeline.watches.positions[walk] = place
    healed = pipeline.sweeper.sweep(in_time()).files or pipeline.sweeper.sweep(in_time()).files
    assert healed == tuple(pipeline.table.files)
    assert pipeline.watches.positions[walk] is None


def test_a_place_in_the_listing_of_the_bucket_that_cannot_be_read_is_none() -> None:
    pipeline = Pipeline(LIMITS)
    pipeline.objects.add("a.log", TEXT)
    pipeline.clock.advance(3700)
    pipeline.watches.positions["listing"] = "nowhere"
    assert len(pipeline.sweeper.sweep(in_time()).objects) == 1
    assert pipeline.watches.positions["listing"] is None


def test_a_sweep_remembers_the_state_that_the_index_lists_not_the_one_the_file_has_by_now() -> None:
    """It is cut short right behind a file that has settled since the index was read."""
    pipeline = cut()
    page = pipeline.table.files_by_state(State.PROCESSING, before=None, limit=9)
    drain(pipeline)
    (file,) = pipeline.table.files.values()
    assert file.account.state is State.COMPLETE
    behind = page._replace(files=[file, file])
    pipeline.table.files_by_state = lambda state, **_: behind  # type: ignore[method-assign, assignment]
    looked = 0

    class Short:
        @property
        def seconds_left(self) -> float:
            return 1.0 if looked < 1 else 0.0

        def half(self) -> Any:
            return self

    account = pipeline.ledger.read_account

    def count(stored: Any) -> Any:
        nonlocal looked
        looked += 1
        return account(stored)

    pipeline.ledger.read_account = count  # type: ignore[method-assign]
    pipeline.sweeper.sweep(Short())  # type: ignore[arg-type]
    assert str(pipeline.watches.positions["files"]).split(" ")[0] in {"SPLITTING", "PROCESSING"}


@pytest.mark.parametrize("read", ["has_letters", "watch"])
def test_an_object_of_which_nothing_can_be_read_does_not_keep_the_others_back(read: str) -> None:
    pipeline = Pipeline(LIMITS)
    for key in ("a.log", "b.log"):
        pipeline.objects.add(key, TEXT)
    pipeline.clock.advance(3700)
    asked = []

    def refuse_first(file_id: str) -> Any:
        asked.append(file_id)
        if file_id == asked[0]:
            raise KeyError("state")
        return None

    setattr(pipeline.letters if read == "has_letters" else pipeline.watches, read, refuse_first)
    assert len(pipeline.sweeper.sweep(in_time()).objects) == 1


def test_a_redriven_letter_that_cannot_be_looked_at_does_not_keep_the_others_back() -> None:
    pipeline = cut()
    for number in range(3):
        die(pipeline, pipeline.batch_queue, letter_id=f"dead-{number}")
    pipeline.office.redrive(EVERYTHING, in_time(), UNPACED)
    pipeline.batch_queue.messages.clear()
    pipeline.clock.advance(3600)
    done_among = pipeline.table.done_among

    def refuse(batches: list[tuple[str, int, int]]) -> Any:
        if any(batch == 1 for _, _, batch in batches):
            raise ValueError("broken leaf")
        return done_among(batches)

    pipeline.table.done_among = refuse  # type: ignore[method-assign]
    taken = pipeline.sweeper.sweep(in_time()).letters
    assert len(taken) == 3 - sum(letter.subject.batch == 1 for letter in pipeline.letters.stored.values())
    assert taken


@pytest.mark.parametrize("gone_before", ["put_account", "put_summary"])
def test_a_file_whose_plan_goes_while_it_is_settled_leaves_no_account_and_can_be_opened_again(
    gone_before: str,
) -> None:
    pipeline = cut()
    while len(pipeline.batch_queue.messages) > 1:
        work(pipeline, pipeline.batch_queue)
    write = getattr(pipeline.table, gone_before)

    def write_after_expiry(*arguments: Any) -> None:
        pipeline.table.files.clear()
        write(*arguments)

    setattr(pipeline.table, gone_before, write_after_expiry)
    work(pipeline, pipeline.batch_queue)
    assert not pipeline.table.files
    setattr(pipeline.table, gone_before, write)
    for table in (pipeline.table.seals, pipeline.table.summaries, pipeline.table.leaves):
        table.clear()  # type: ignore[attr-defined]
    with suppress(PermanentError):
        pipeline.splitter.ingest(pipeline.objects.add("a.log", TEXT), in_time())
    drain(pipeline)
    assert stored(pipeline) == stored(finished())


def test_a_file_that_is_removed_when_it_was_just_opened_is_opened_by_the_next_attempt() -> None:
    pipeline = Pipeline(LIMITS)
    announced = pipeline.objects.add("a.log", TEXT)
    put_plan = pipeline.table.put_plan

    def put_in_vain(*arguments: Any) -> StoredFile | None:
        there = put_plan(*arguments)
        pipeline.table.files.clear()
        return there

    pipeline.table.put_plan = put_in_vain  # type: ignore[method-assign]
    pipeline.splitter.ingest(announced, in_time())
    assert not pipeline.table.files
    pipeline.table.put_plan = put_plan  # type: ignore[method-assign]
    pipeline.splitter.ingest(announced, in_time())
    drain(pipeline)
    assert account_in(pipeline).state is State.COMPLETE


def test_what_says_of_a_deleted_object_that_it_failed_expires_as_all_else() -> None:
    pipeline = Pipeline(LIMITS, retention_days=30)
    announced = pipeline.objects.add("a.log", TEXT)
    pipeline.objects.stored.clear()
    pipeline.splitter.ingest(announced, in_time())
    (file,) = pipeline.table.files.values()
    assert (file.account.state, file.plan.retention_days) == (State.FAILED, 30)
    assert file.plan.expires_at is not None


def test_a_sequential_split_that_dies_behind_sealed_ones_is_incomplete_at_once() -> None:
    pipeline = Pipeline(LIMITS, piece_bytes=64)
    announced = pipeline.objects.add("a.log.gz", gzip.compress(noise(60), mtime=0))
    pipeline.splitter.ingest(announced, in_time(4.0))
    first, following = (message.body for message in pipeline.split_queue.messages)
    message = decode(following)
    assert isinstance(message, SplitMessage)
    pipeline.splitter.cut(message, in_time(4.0))
    pipeline.split_queue.messages.clear()
    pipeline.objects.stored.clear()
    pipeline.dead_letter_consumer.take(Incoming("dead", "r", following, 10))
    (letter,) = pipeline.letters.stored.values()
    assert letter.state is LetterState.DEAD
    assert letter.subject.split == message.split + 1
    drain(pipeline)
    assert account_in(pipeline).state is State.INCOMPLETE
    assert f"split {message.split + 1} " in str(account_in(pipeline).reason)
    assert first


def test_a_late_batch_of_a_file_that_was_forgotten_is_let_go_and_leaves_nothing() -> None:
    pipeline = cut()
    file_id = file_in(pipeline)
    file = pipeline.table.files[file_id]
    forgotten = failed_plan(file.plan.head, "forgotten at 2026-11-30T08:00:00Z")
    pipeline.table.files[file_id] = file._replace(plan=forgotten)
    while pipeline.batch_queue.messages:
        work(pipeline, pipeline.batch_queue)
    assert not pipeline.records.items
    assert not pipeline.table.leaves
