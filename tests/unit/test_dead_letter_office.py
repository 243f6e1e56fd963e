"""Dead letters are selected, paged, paced, redriven and discarded as asked; none is lost, none twice."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.core.framing.cutting import Limits
from chalicelib.core.ledger.accounts import State
from chalicelib.core.ledger.letters import LetterState
from chalicelib.core.wire.bodies import decode
from chalicelib.core.wire.messages import Again, SplitMessage, encode_split
from chalicelib.core.wire.notifications import announcement_of
from chalicelib.dead_letters.office import Pace, Progress, all_of
from chalicelib.dead_letters.selection import Selection
from chalicelib.dead_letters.status import LetterStatus
from chalicelib.delivery import Deadline, Incoming
from chalicelib.pages import BadQueryError
from tests.fakes import WHEN, Pipeline, in_time
from tests.layouts import layout  # noqa: F401 - each of these holds in both layouts

LIMITS = Limits(batch_max_lines=1, batch_max_bytes=1200, entry_max_bytes=400, split_bytes=100_000)
UNPACED = Pace(1e9)
NO_TIME = Deadline.after(-1)


def with_dead(count: int, reason: str = "the table is gone") -> Pipeline:
    """A file of so many batches, all of them dead; one dies each second; ids `dead-000` and on."""
    pipeline = Pipeline(LIMITS)
    add_dead(pipeline, count, "a.log", reason)
    return pipeline


def add_dead(pipeline: Pipeline, count: int, key: str, reason: str = "the table is gone") -> str:
    text = b"".join(b'{"msg":"line %03d of %s"}\n' % (number, key.encode()) for number in range(count))
    file_id = pipeline.splitter.ingest(pipeline.objects.add(key, text), in_time())
    pipeline.split_queue.messages.clear()
    before = len(pipeline.letters.stored)
    for number, message in enumerate(pipeline.batch_queue.messages):
        failure = {"code": "resource-missing" if number % 2 else "crashed", "reason": f"{reason} ({number})"}
        letter_id = f"dead-{before + number:03d}"
        pipeline.dead_letter_consumer.take(Incoming(letter_id, "r", message.body, 10, None, failure))
        pipeline.clock.advance(1)
    pipeline.batch_queue.messages.clear()
    return file_id


def dead_letter(pipeline: Pipeline, body: str, letter_id: str) -> None:
    pipeline.dead_letter_consumer.take(Incoming(letter_id, "r", body, 10))


def selected(pipeline: Pipeline, selection: Selection, limit: int = 7) -> list[str]:
    """The ids on all pages."""
    letter_ids: list[str] = []
    cursor: str | None = None
    while True:
        page = pipeline.office.page(selection, limit=limit, cursor=cursor)
        letter_ids += [letter.letter_id for letter in page.letters]
        cursor = page.reached
        if cursor is None:
            return letter_ids


def work(pipeline: Pipeline) -> None:
    while pipeline.batch_queue.messages:
        pipeline.worker.handle(pipeline.batch_queue.messages.pop(0).body, in_time())


def state_of(pipeline: Pipeline) -> State:
    (file,) = pipeline.table.files.values()
    return file.account.state


def ids(*numbers: int) -> list[str]:
    return [f"dead-{number:03d}" for number in numbers]


class TestSelection:
    def test_the_newest_come_first_and_each_once_whatever_the_page(self) -> None:
        pipeline = with_dead(20)
        for limit in (1, 7, 19, 20, 100):
            assert selected(pipeline, Selection(), limit) == ids(*reversed(range(20)))

    def test_of_one_file_only(self) -> None:
        pipeline = with_dead(3)
        file_id = add_dead(pipeline, 4, "b.log")
        assert selected(pipeline, Selection(file_id=file_id), 2) == ids(3, 4, 5, 6)

    def test_a_code_selects_exactly_and_a_text_by_what_the_reason_holds(self) -> None:
        pipeline = with_dead(6)
        assert selected(pipeline, Selection(reason="crashed")) == ids(4, 2, 0)
        assert selected(pipeline, Selection(reason="TABLE is gone (3)")) == ids(3)
        assert selected(pipeline, Selection(reason="crash")) == []

    def test_bounds_of_time_include_the_first_and_exclude_the_last(self) -> None:
        pipeline = with_dead(6)
        since, before = WHEN + timedelta(seconds=2), WHEN + timedelta(seconds=4)
        assert selected(pipeline, Selection(since=since, before=before), 1) == ids(3, 2)
        assert selected(pipeline, Selection(since=since)) == ids(5, 4, 3, 2)
        assert selected(pipeline, Selection(before=before)) == ids(3, 2, 1, 0)
        assert selected(pipeline, Selection(since=before, before=since)) == []

    def test_bounds_count_for_one_file_too(self) -> None:
        pipeline = with_dead(6)
        (file_id,) = pipeline.table.files
        assert selected(pipeline, Selection(file_id=file_id, since=WHEN + timedelta(seconds=4))) == ids(4, 5)

    def test_states_are_those_of_now_not_those_that_are_stored(self) -> None:
        pipeline = with_dead(4)
        pipeline.office.discard(Selection(ids=("dead-001",)), in_time(), by="ann", why="old")
        pipeline.office.redrive(Selection(ids=("dead-002", "dead-003")), in_time(), UNPACED)
        pipeline.worker.handle(pipeline.batch_queue.messages.pop().body, in_time())
        expected = {
            LetterState.DEAD: ids(0),
            LetterState.DISCARDED: ids(1),
            LetterState.REDRIVEN: ids(2),
            LetterState.RESOLVED: ids(3),
            None: ids(3, 2, 1, 0),
        }
        for state, expected_ids in expected.items():
            assert selected(pipeline, Selection(state=state), 1) == expected_ids

    def test_an_announcement_whose_file_was_opened_meanwhile_is_resolved(self) -> None:
        pipeline = Pipeline(LIMITS)
        announced = pipeline.objects.add("a.log", b"x\n")
        dead_letter(pipeline, announcement_of(announced), "n")
        assert selected(pipeline, Selection()) == ["n"]
        pipeline.splitter.ingest(announced, in_time())
        assert selected(pipeline, Selection()) == []
        assert selected(pipeline, Selection(state=LetterState.RESOLVED)) == ["n"]

    def test_a_split_that_lost_batches_is_resolved_once_none_is_missing(self) -> None:
        pipeline = Pipeline(LIMITS)
        file_id = pipeline.splitter.ingest(pipeline.objects.add("a.log", b"x\ny\n"), in_time())
        lost = pipeline.batch_queue.messages.copy()
        pipeline.batch_queue.messages.clear()
        stored = pipeline.table.files[file_id]
        dead_letter(
            pipeline, encode_split(SplitMessage(stored.plan.object, file_id, 0, 0, again=Again.UNMARKED)), "s"
        )
        assert selected(pipeline, Selection()) == ["s"]
        for message in lost:
            pipeline.worker.handle(message.body, in_time())
        assert selected(pipeline, Selection()) == []


class TestRedrive:
    def test_every_letter_is_sent_once_and_its_file_is_complete_again(self) -> None:
        pipeline = with_dead(25)
        done = pipeline.office.redrive(Selection(), in_time(), UNPACED)
        assert (done.changed, done.refused, done.cursor) == (25, 0, None)
        assert done.files == set(pipeline.table.files)
        assert len({decode(message.body).batch_id for message in pipeline.batch_queue.messages}) == 25
        assert state_of(pipeline) is State.INCOMPLETE
        work(pipeline)
        assert state_of(pipeline) is State.COMPLETE

    def test_a_second_redrive_of_everything_sends_nothing(self) -> None:
        pipeline = with_dead(3)
        pipeline.office.redrive(Selection(), in_time(), UNPACED)
        assert pipeline.office.redrive(Selection(), in_time(), UNPACED) == Progress()

    def test_a_letter_that_is_named_is_sent_again_and_counted(self) -> None:
        pipeline = with_dead(1)
        named = Selection(ids=("dead-000",), state=None)
        for _ in range(2):
            assert pipeline.office.redrive(named, in_time(), UNPACED).changed == 1
        letter, _ = pipeline.office.envelope("dead-000")
        assert (letter.state, letter.redrives) == (LetterState.REDRIVEN, 2)
        work(pipeline)
        assert pipeline.office.redrive(named, in_time(), UNPACED).resolved == 1
        assert state_of(pipeline) is State.COMPLETE

    def test_it_stops_at_the_deadline_and_goes_on_where_it_stopped(self) -> None:
        pipeline = with_dead(25)
        first = pipeline.office.redrive(Selection(), NO_TIME, UNPACED)
        assert first.changed == 10
        assert first.cursor
        counts: list[int] = []
        rest = all_of(
            lambda cursor: pipeline.office.redrive(
                Selection(), NO_TIME, UNPACED, cursor=cursor or first.cursor
            ),
            lambda progress: counts.append(progress.changed),
        )
        assert (rest.changed, counts) == (15, [10, 15])
        assert len(pipeline.batch_queue.messages) == 25

    def test_ids_go_on_where_they_stopped_too(self) -> None:
        pipeline = with_dead(12)
        named = Selection(ids=tuple(ids(*range(12))), state=None)
        first = pipeline.office.redrive(named, NO_TIME, UNPACED)
        assert (first.changed, first.cursor) == (10, "10")
        assert pipeline.office.redrive(named, NO_TIME, UNPACED, cursor="10").changed == 2

    def test_an_id_that_nobody_knows_does_not_keep_the_others(self) -> None:
        pipeline = with_dead(2)
        named = Selection(ids=("nope", "dead-000", "../dead-001"), state=None)
        done = pipeline.office.redrive(named, in_time(), UNPACED)
        assert (done.changed, done.refused) == (1, 2)
        assert [letter_id for letter_id, _ in done.refusals] == ["nope", "../dead-001"]

    def test_a_message_that_is_gone_from_the_quarantine_is_refused(self) -> None:
        pipeline = with_dead(2)
        del pipeline.quarantine.stored["dead-001"]
        done = pipeline.office.redrive(Selection(), in_time(), UNPACED)
        assert (done.changed, done.refusals) == (
            1,
            (("dead-001", "its message is gone from the quarantine bucket"),),
        )

    def test_a_letter_whose_message_is_gone_is_shown_and_can_be_discarded(self) -> None:
        pipeline = with_dead(1)
        del pipeline.quarantine.stored["dead-000"]
        story = LetterStatus(pipeline.office, pipeline.ledger).letter("dead-000")
        assert (story["code"], story["body"], story["redrivable"]) == ("crashed", None, False)
        named = Selection(ids=("dead-000",), state=None)
        assert pipeline.office.redrive(named, in_time(), UNPACED).refused == 1
        assert pipeline.office.discard(named, in_time(), by="ann", why="old").changed == 1
        assert state_of(pipeline) is State.COMPLETE

    def test_nobody_takes_the_place_of_a_message_that_is_gone(self) -> None:
        pipeline = with_dead(1)
        del pipeline.quarantine.stored["dead-000"]
        evil = Incoming("evil", "r", "evil", 1, attributes={"letter_id": "dead-000"})
        pipeline.dead_letter_consumer.take(evil)
        assert list(pipeline.quarantine.stored) == ["evil"]

    def test_what_nobody_understands_is_refused_with_the_reason(self) -> None:
        pipeline = Pipeline(LIMITS)
        dead_letter(pipeline, '{"v":9}', "odd")
        done = pipeline.office.redrive(Selection(), in_time(), UNPACED)
        assert done.refused == 1
        assert "version 9" in done.refusals[0][1]

    def test_of_many_refusals_the_first_are_told_and_all_are_counted(self) -> None:
        pipeline = Pipeline(LIMITS)
        for number in range(30):
            dead_letter(pipeline, "?", f"odd-{number:02d}")
        done = pipeline.office.redrive(Selection(), in_time(), UNPACED)
        assert (done.refused, len(done.refusals)) == (30, 20)

    def test_the_pace_is_kept(self) -> None:
        pipeline = with_dead(25)
        now, waits = [0.0], []

        def sleep(seconds: float) -> None:
            waits.append(seconds)
            now[0] += seconds

        pipeline.office.redrive(Selection(), in_time(), Pace(5, lambda: now[0], sleep))
        assert waits == [1.0] * 4
        assert len(pipeline.batch_queue.messages) == 25

    def test_a_slow_pace_never_waits_for_more_than_one_message(self) -> None:
        pipeline = with_dead(3)
        now, waits = [0.0], []

        def sleep(seconds: float) -> None:
            waits.append(seconds)
            now[0] += seconds

        pipeline.office.redrive(Selection(), in_time(), Pace(0.5, lambda: now[0], sleep))
        assert waits == [2.0, 2.0]

    def test_calls_may_be_spread_over_threads_that_end_in_any_order(self) -> None:
        pipeline = with_dead(25)

        def backwards(function: Any, *many: Any) -> list[Any]:
            return list(reversed([function(*each) for each in reversed(list(zip(*many, strict=True)))]))

        pipeline.office._spread = pipeline.office._search._spread = backwards
        assert pipeline.office.redrive(Selection(), in_time(), UNPACED).changed == 25
        assert len({message.body for message in pipeline.batch_queue.messages}) == 25


class TestDiscard:
    def test_a_file_is_complete_with_discards_that_say_by_whom_and_why(self) -> None:
        pipeline = with_dead(12)
        done = pipeline.office.discard(Selection(), in_time(), by="ann", why="a test file")
        assert (done.changed, done.cursor) == (12, None)
        assert state_of(pipeline) is State.COMPLETE
        letter, _ = pipeline.office.envelope("dead-000")
        assert (letter.state, letter.by, letter.why) == (LetterState.DISCARDED, "ann", "a test file")

    def test_nothing_is_discarded_or_redriven_after_it_was_discarded(self) -> None:
        pipeline = with_dead(1)
        named = Selection(ids=("dead-000",), state=None)
        pipeline.office.discard(named, in_time(), by="ann", why="old")
        for done in (
            pipeline.office.discard(named, in_time(), by="bob", why="older"),
            pipeline.office.redrive(named, in_time(), UNPACED),
        ):
            assert done.refusals == (("dead-000", "ann has discarded it: old"),)
        assert pipeline.batch_queue.messages == []
        assert pipeline.office.envelope("dead-000")[0].by == "ann"

    @pytest.mark.parametrize("bad", ["", " \n", "caf\udce9", "x" * 501, "\u202e"])
    def test_what_is_no_name_or_no_reason_is_refused_before_anything_is_written(self, bad: str) -> None:
        pipeline = with_dead(1)
        before = deepcopy((pipeline.tables, pipeline.letters.stored))
        for names in ({"by": bad, "why": "old"}, {"by": "ann", "why": bad}):
            with pytest.raises(BadQueryError):
                pipeline.office.discard(Selection(), in_time(), **names)
        assert (pipeline.tables, pipeline.letters.stored) == before

    def test_who_and_why_are_kept_as_one_line_that_can_be_seen(self) -> None:
        pipeline = with_dead(1)
        pipeline.office.discard(Selection(), in_time(), by="ann\x1b[31m", why="two\nlines\u202eback")
        letter, _ = pipeline.office.envelope("dead-000")
        assert (letter.by, letter.why) == ("ann [31m", "two lines back")

    def test_work_that_was_done_meanwhile_is_resolved_not_discarded(self) -> None:
        pipeline = with_dead(2)
        pipeline.office.redrive(Selection(ids=("dead-000",), state=None), in_time(), UNPACED)
        work(pipeline)
        everything = Selection(ids=tuple(ids(0, 1)), state=None)
        done = pipeline.office.discard(everything, in_time(), by="ann", why="old")
        assert (done.changed, done.resolved) == (1, 1)

    @pytest.mark.parametrize("handled_first", [True, False])
    def test_a_redrive_that_races_a_discard_ends_as_done_if_it_succeeds(self, handled_first: bool) -> None:
        pipeline = with_dead(1)
        everything = Selection(ids=("dead-000",), state=None)
        pipeline.office.redrive(everything, in_time(), UNPACED)
        if handled_first:
            work(pipeline)
        pipeline.office.discard(everything, in_time(), by="ann", why="old")
        work(pipeline)
        assert pipeline.office.envelope("dead-000")[0].state is LetterState.RESOLVED
        (file,) = pipeline.table.files.values()
        assert (file.account.state, file.account.reason) == (State.COMPLETE, None)

    def test_a_discard_that_comes_between_sending_and_noting_the_redrive_stays(self) -> None:
        pipeline = with_dead(1)
        letter, _ = pipeline.office.envelope("dead-000")
        pipeline.office.discard(Selection(), in_time(), by="ann", why="old")
        assert not pipeline.letters.change(replace(letter, state=LetterState.REDRIVEN, redrives=1))
        assert pipeline.office.envelope("dead-000")[0].state is LetterState.DISCARDED


class TestUnderWay:
    def test_a_redriven_message_is_under_way_until_it_is_done(self) -> None:
        pipeline = with_dead(3)
        (file_id,) = pipeline.table.files
        assert pipeline.office.under_way(file_id) == 0
        pipeline.office.redrive(Selection(), in_time(), UNPACED)
        assert pipeline.office.under_way(file_id) == 3
        work(pipeline)
        assert pipeline.office.under_way(file_id) == 0

    def test_a_redriven_message_that_died_again_is_not_under_way(self) -> None:
        pipeline = with_dead(2)
        (file_id,) = pipeline.table.files
        pipeline.office.redrive(Selection(), in_time(), UNPACED)
        pipeline.clock.advance(1)
        dead_letter(pipeline, pipeline.batch_queue.messages.pop().body, "again")
        assert pipeline.office.under_way(file_id) == 1
        dead_letter(pipeline, pipeline.batch_queue.messages.pop().body, "again-too")
        assert pipeline.office.under_way(file_id) == 0

    def test_more_letters_than_a_page_are_counted(self) -> None:
        pipeline = with_dead(230)
        (file_id,) = pipeline.table.files
        pipeline.office.redrive(Selection(), in_time(), UNPACED)
        assert pipeline.office.under_way(file_id) == 230
