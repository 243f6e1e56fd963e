"""COMPLETE compares what the marks hold with what was cut: another text under a batch's name is never taken for it."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from itertools import permutations
from typing import Any

import pytest

from chalicelib.core.errors import PermanentError, TransientError
from chalicelib.core.ledger.accounts import SplitAccount, State, account_of
from chalicelib.core.ledger.marks import Mark, Outcome, Tally
from chalicelib.core.ledger.seals import Seal
from chalicelib.core.ledger.summaries import contradicted, summary_of
from chalicelib.core.wire.bodies import decode
from chalicelib.core.wire.messages import Again, BatchMessage, SplitMessage, encode_batch
from chalicelib.delivery import Incoming, Outgoing
from tests.fakes import Crash, Pipeline, in_time
from tests.layouts import layout  # noqa: F401 - each of these holds in every layout
from tests.unit.test_dead_letters import (
    LIMITS,
    TEXT,
    account_in,
    begun,
    cut,
    drain,
    file_in,
    finished,
    work,
)


def other(sent: str, /, **changes: Any) -> str:
    """A message of the same batch with other content, in itself consistent."""
    message = decode(sent)
    assert isinstance(message, BatchMessage)
    return encode_batch(replace(message, **changes))


def fewer_lines(body: str) -> str:
    message = decode(body)
    assert isinstance(message, BatchMessage)
    text = message.body[: message.body.index(b"\n") + 1]
    return other(body, body=text, length=len(text), lines=1, entries=1)


def more_lines(body: str) -> str:
    message = decode(body)
    assert isinstance(message, BatchMessage)
    text = message.body + b'{"msg":"forged"}\n' * 2
    return other(body, body=text, length=len(text), lines=message.lines + 2, entries=message.entries + 2)


def same_counts(body: str) -> str:
    message = decode(body)
    assert isinstance(message, BatchMessage)
    return other(body, body=message.body.replace(b"of a file", b"of a fake"))


def elsewhere(body: str) -> str:
    message = decode(body)
    assert isinstance(message, BatchMessage)
    return other(body, offset=message.offset + 5)


def other_shards(body: str) -> str:
    return other(body, shards=4)


WRONG = [fewer_lines, more_lines, same_counts, elsewhere, other_shards]


def handled(pipeline: Pipeline, body: str, *, is_first: bool = False) -> None:
    with suppress(PermanentError, TransientError):
        pipeline.worker.handle(body, in_time(), is_first=is_first)


def heal(pipeline: Pipeline) -> None:
    """Sweep and work until nothing is left to do."""
    for _ in range(6):
        pipeline.sweeper.sweep(in_time())
        drain_quietly(pipeline)
        pipeline.clock.advance(2**7 * 3600)


def drain_quietly(pipeline: Pipeline) -> None:
    """As a queue does: what fails comes again, a few times."""
    tries: dict[str, int] = {}
    while pipeline.split_queue.messages or pipeline.batch_queue.messages:
        queue = pipeline.split_queue if pipeline.split_queue.messages else pipeline.batch_queue
        message = queue.messages[0]
        try:
            work(pipeline, queue)
        except TransientError:
            tries[message.body] = tries.get(message.body, 0) + 1
            assert tries[message.body] < 9
            queue.messages.append(message)
        except PermanentError:
            pass


def check(pipeline: Pipeline) -> None:
    """The file is COMPLETE, and the tables hold what an undisturbed run leaves, and nothing else."""
    quiet = finished()
    account, expected = account_in(pipeline), account_in(quiet)
    assert (account.state, account.reason) == (State.COMPLETE, expected.reason)
    assert replace(account.summary, revision=0) == replace(expected.summary, revision=0)
    assert account.pending == Tally()
    assert pipeline.records.items == quiet.records.items


@pytest.mark.parametrize("wrong", WRONG)
@pytest.mark.parametrize("number", [0, 3])
def test_a_wrong_text_that_comes_before_the_right_one_is_named_and_replaced(wrong: Any, number: int) -> None:
    pipeline = cut()
    body = pipeline.batch_queue.messages[number].body
    message = decode(body)
    assert isinstance(message, BatchMessage)
    handled(pipeline, wrong(body), is_first=True)
    pipeline.batch_queue.messages.pop(number)
    drain_quietly(pipeline)
    account = account_in(pipeline)
    assert account.state is State.INCOMPLETE
    assert f"{message.split:06d}-{message.number:06d}" in str(account.reason)
    assert account.pending.lines == message.lines
    heal(pipeline)
    check(pipeline)


@pytest.mark.parametrize("wrong", WRONG)
@pytest.mark.parametrize("is_first", [True, False])
def test_a_wrong_text_in_any_place_among_the_messages_ends_in_the_right_tables(
    wrong: Any, is_first: bool
) -> None:
    for place in (0, 1, 8):
        pipeline = begun()
        first = pipeline.batch_queue.messages[0].body
        pipeline.batch_queue.messages.insert(place, Outgoing(wrong(first)))
        while pipeline.batch_queue.messages:
            handled(pipeline, pipeline.batch_queue.messages.pop(0).body, is_first=is_first)
        drain_quietly(pipeline)
        heal(pipeline)
        check(pipeline)


@pytest.mark.parametrize("order", list(permutations(["wrong", "right", "seal"])))
def test_wrong_right_and_seal_in_any_order_end_in_the_right_tables(order: tuple[str, ...]) -> None:
    pipeline = Pipeline(LIMITS, piece_bytes=64)
    quiet = cut()
    right = quiet.batch_queue.messages[0].body
    put_seal = pipeline.table.put_seal

    def dies(*_: Any) -> Any:
        raise Crash

    pipeline.table.put_seal = dies  # type: ignore[method-assign]
    with suppress(Crash):
        pipeline.splitter.ingest(pipeline.objects.add("a.log", TEXT), in_time())
    pipeline.table.put_seal = put_seal  # type: ignore[method-assign]
    pipeline.batch_queue.messages.clear()
    for step in order:
        if step == "seal":
            work(pipeline, pipeline.split_queue, len(pipeline.split_queue.messages) - 1)
            pipeline.batch_queue.messages.pop(0)
        else:
            handled(pipeline, more_lines(right) if step == "wrong" else right)
    drain_quietly(pipeline)
    heal(pipeline)
    check(pipeline)


@pytest.mark.parametrize("crash_at", range(1, 9))
@pytest.mark.parametrize("after", [False, True])
def test_a_death_anywhere_in_a_correction_leaves_the_right_tables(crash_at: int, after: bool) -> None:
    pipeline = cut()
    body = pipeline.batch_queue.messages[0].body
    handled(pipeline, more_lines(body), is_first=True)
    effects = pipeline.effects
    effects.count, effects.crash_at, effects.after = 0, crash_at, after
    with suppress(Crash, TransientError):
        pipeline.worker.handle(body, in_time())
    effects.crash_at = None
    drain_quietly(pipeline)
    heal(pipeline)
    check(pipeline)


@pytest.mark.parametrize("crash_at", range(1, 4))
def test_a_wrong_worker_that_writes_over_what_is_done_and_dies_is_found_when_its_message_comes_back(
    crash_at: int,
) -> None:
    pipeline = cut()
    body = pipeline.batch_queue.messages[0].body
    wrong = same_counts(body)
    mark_of = pipeline.table.read_mark

    def after_the_right_one(file_id: str, split: int, batch: int) -> Mark | None:
        """It looks before the right one is done, and writes after it."""
        seen = mark_of(file_id, split, batch)
        pipeline.table.read_mark = mark_of  # type: ignore[method-assign]
        pipeline.worker.handle(body, in_time())
        effects = pipeline.effects
        effects.count, effects.crash_at = 0, crash_at
        return seen

    pipeline.table.read_mark = after_the_right_one  # type: ignore[method-assign]
    with suppress(Crash, TransientError):
        pipeline.worker.handle(wrong, in_time())
    pipeline.effects.crash_at = None
    handled(pipeline, wrong)
    drain_quietly(pipeline)
    heal(pipeline)
    check(pipeline)


def test_a_wrong_text_whose_batch_is_done_is_refused_and_leaves_everything_as_it_is() -> None:
    pipeline = finished()
    body = cut().batch_queue.messages[0].body
    with pytest.raises(PermanentError, match="another text than its split, as cut"):
        pipeline.worker.handle(more_lines(body), in_time(), is_first=True)
    check(pipeline)


def test_a_repeat_of_the_right_text_is_let_go_without_writing() -> None:
    pipeline = finished()
    writes = pipeline.effects.count
    body = cut().batch_queue.messages[0].body
    pipeline.worker.handle(body, in_time())
    assert pipeline.effects.count - writes <= 1
    check(pipeline)


def test_marks_of_an_earlier_version_that_do_not_add_up_are_in_question_and_those_that_do_are_not() -> None:
    seal = Seal(0, 0, 30, 3, Tally(3, 3, 30), last=True)
    marks = {number: Mark.decode("3|1,1,10|0,0,0|") for number in range(3)}
    assert not contradicted(marks, seal)
    fewer = marks | {1: Mark.decode("3|1,1,7|0,0,0|")}
    assert contradicted(fewer, seal) == {0, 1, 2}
    placed = {
        number: Mark.decode(f"3~AAAAAAA{number}{start}|1,1,{size}|0,0,0|")
        for number, (start, size) in enumerate([("0", 10), ("a", 7), ("k", 10)])
    }
    assert contradicted(placed, seal) == {1, 2}


def test_marks_without_places_that_do_not_add_up_are_cut_again_and_replaced() -> None:
    """As an earlier version leaves them: neither seal nor marks know a digest."""
    pipeline = cut()
    table = pipeline.table
    for key, seal in table.seals.items():
        table.seals[key] = replace(seal, digests="")
    handled(pipeline, fewer_lines(pipeline.batch_queue.messages.pop(0).body), is_first=True)
    drain(pipeline)
    for leaf in table.leaves.values():
        for number, mark in leaf.items():
            leaf[number] = replace(mark, start=None, digest="")
    table.summaries.clear()
    for split in {split for _, split in table.seals}:
        pipeline.ledger.resettle(file_in(pipeline), split)
    file = table.files[file_in(pipeline)]
    table.files[file_in(pipeline)] = file._replace(account=replace(file.account, revision=0))
    pipeline.ledger.settle_anew(file_in(pipeline))
    assert account_in(pipeline).state is State.INCOMPLETE
    heal(pipeline)
    account = account_in(pipeline)
    assert account.state is State.COMPLETE
    assert account.summary.counts.parsed.lines == 30


def test_a_summary_of_contradicted_marks_counts_nothing_of_them() -> None:
    seal = Seal(0, 0, 20, 2, Tally(2, 2, 20), last=True, digests="AAAAAAAABBBBBBBB")
    right = Mark.decode("3~AAAAAAAA0|1,1,10|0,0,0|")
    wrong = Mark.decode("3~CCCCCCCCa|5,5,10|0,0,0|")
    summary = summary_of(0, {0: right, 1: wrong}, seal)
    assert (summary.done, summary.contradicted, summary.contradicted_batches) == (1, 1, ("000000-000001",))
    assert summary.total == Tally(1, 1, 10)
    file = next(iter(finished().table.files.values()))
    account = account_of(replace(file.plan, parallel=False), [SplitAccount(0, seal, summary)])
    assert account.state is State.INCOMPLETE


@pytest.mark.parametrize("outcome", [Outcome.FAILED, Outcome.DISCARDED])
def test_a_disputed_mark_gives_way_to_its_correction_alone(outcome: Outcome) -> None:
    pipeline = cut()
    table, file_id = pipeline.table, file_in(pipeline)
    done = Mark.decode("3~CCCCCCCC0|1,1,10|0,0,0|")
    table.raise_mark(file_id, 0, 0, done, None)
    disputed = pipeline.ledger.dispute_mark(file_id, 0, 0, done, (0, 50))
    assert disputed is not None
    table.raise_mark(file_id, 0, 0, Mark(outcome, Tally(1, 1, 10), note="x"), None)
    assert table.read_mark(file_id, 0, 0) == disputed
    table.raise_mark(file_id, 0, 0, done, None)
    assert table.read_mark(file_id, 0, 0) == disputed
    assert disputed.revision > done.revision
    assert table.replace_mark(file_id, 0, 0, disputed, replace(done, corrections=disputed.corrections))
    assert not table.replace_mark(file_id, 0, 0, disputed, done)


def test_what_several_wrong_texts_wrote_before_they_died_is_removed_by_the_right_one() -> None:
    pipeline = cut()
    message = pipeline.batch_queue.messages.pop(0)
    wrongs = more_lines(message.body), elsewhere(message.body)
    for wrong in wrongs:
        pipeline.effects.count, pipeline.effects.crash_at, pipeline.effects.after = 0, 1, True
        with suppress(Crash):
            pipeline.worker.handle(wrong, in_time())
        pipeline.effects.crash_at = None
    for number, wrong in enumerate(wrongs):
        pipeline.dead_letter_consumer.take(Incoming(f"wrong-{number}", "r", wrong, 10))
    pipeline.worker.handle(message.body, in_time())
    drain_quietly(pipeline)
    heal(pipeline)
    check(pipeline)


def test_a_split_that_another_plan_would_cut_otherwise_is_not_cut_again_but_dead() -> None:
    """Somebody removed the plan of a sealed file, and it was opened anew with other settings."""
    pipeline = cut()
    lost = pipeline.batch_queue.messages.pop(0)
    file_id = file_in(pipeline)
    file = pipeline.table.files[file_id]
    other_limits = replace(LIMITS, batch_max_lines=1)
    pipeline.table.files[file_id] = file._replace(plan=replace(file.plan, limits=other_limits))
    message = SplitMessage(file.plan.object, file_id, 0, 0, again=Again.UNMARKED)
    pipeline.batch_queue.messages.clear()
    with pytest.raises(PermanentError, match="cut differently from its seal"):
        pipeline.splitter.cut(message, in_time())
    assert not pipeline.batch_queue.messages
    assert lost.body
