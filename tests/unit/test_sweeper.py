"""The sweeper: what stopped is sent again, what was never announced is found, what got lost is dead again."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import pytest

from chalicelib import metrics
from chalicelib.announcing import HeadsPage
from chalicelib.core.errors import AccessDeniedError, TransientError
from chalicelib.core.ledger.accounts import State
from chalicelib.core.ledger.letters import LetterState
from chalicelib.core.plan.keys import EVERY_KEY, KeyPatterns
from chalicelib.core.plan.layouts import Layout, Sink
from chalicelib.core.wire.bodies import decode
from chalicelib.core.wire.notifications import Announced, announced_in_body, announcement_of
from chalicelib.dead_letters.selection import Selection
from chalicelib.delivery import Deadline, Incoming
from tests.fakes import Crash, Pipeline, in_time
from tests.layouts import layout  # noqa: F401 - each of these holds in every layout
from tests.unit.test_dead_letters import (
    EVERYTHING,
    LIMITS,
    TEXT,
    UNPACED,
    account_in,
    begun,
    cut,
    die,
    drain,
    finished,
    stored,
    sweep_twice,
    work,
)


def test_a_dead_split_is_left_to_people_by_the_sweeper() -> None:
    pipeline = begun()
    die(pipeline, pipeline.split_queue, 2)
    pipeline.split_queue.messages.clear()
    pipeline.batch_queue.messages.clear()
    sweep_twice(pipeline)
    sent = [decode(message.body) for message in pipeline.split_queue.messages]
    letters = pipeline.letters.stored.values()
    assert {letter.subject.split for letter in letters}.isdisjoint(message.split for message in sent)
    assert len(sent) == 7


def test_a_dropped_notification_is_found_in_the_bucket() -> None:
    pipeline = Pipeline(LIMITS)
    pipeline.objects.add("a.log", TEXT)
    pipeline.clock.advance(3700)
    healed = pipeline.sweeper.sweep(in_time())
    assert [str(name) for name in healed.objects] == ["s3://logs/a.log (version v1)"]
    drain(pipeline)
    assert stored(pipeline) == stored(finished())
    pipeline.clock.advance(3700)
    assert pipeline.sweeper.sweep(in_time()).objects == ()


def test_a_forgotten_key_that_ends_in_a_slash_is_announced_unless_it_is_empty() -> None:
    pipeline = Pipeline(LIMITS)
    pipeline.objects.add("dump/", TEXT)
    pipeline.objects.add("folder/", b"")
    pipeline.clock.advance(3700)
    healed = pipeline.sweeper.sweep(in_time())
    assert [str(name) for name in healed.objects] == ["s3://logs/dump/ (version v1)"]


@pytest.mark.parametrize("seconds", [60, 8 * 86_400])
def test_an_object_too_young_or_too_old_is_not_announced(seconds: int) -> None:
    pipeline = Pipeline(LIMITS)
    pipeline.objects.add("a.log", TEXT)
    pipeline.clock.advance(seconds)
    assert not pipeline.sweeper.sweep(in_time()).objects


def test_only_keys_that_are_logs_become_files_whoever_announces_them() -> None:
    pipeline = Pipeline(LIMITS, keys=KeyPatterns("logs/*, !*.tmp"))
    for key in ("logs/a.log", "logs/b.tmp", "customers.csv"):
        pipeline.objects.add(key, TEXT)
    announced = [pipeline.objects.add(key, TEXT) for key in ("logs/c.log", "logs/d.tmp", "e.csv")]
    assert pipeline.splitter.ingest_each(announced, in_time()) == []
    assert [file.plan.object.key for file in pipeline.table.files.values()] == ["logs/c.log"]
    assert pipeline.meter.sum(metrics.NOTIFICATIONS_IGNORED) == 2
    pipeline.clock.advance(3700)
    healed = pipeline.sweeper.sweep(in_time())
    assert [str(name) for name in healed.objects] == ["s3://logs/logs/a.log (version v1)"]


def test_each_bucket_is_read_by_keys_of_its_own_whoever_announces_them() -> None:
    pipeline = Pipeline(LIMITS, keys=KeyPatterns("logs/*"), other_keys={"eu": KeyPatterns("*.log, !c*")})
    for key in ("logs/a", "b.log", "c.log"):
        pipeline.objects.add(key, TEXT)
    announced = [Announced("eu", key, version_id="v1") for key in ("logs/a", "b.log", "c.log")]
    assert pipeline.splitter.ingest_each(announced, in_time()) == []
    assert [str(file.plan.object) for file in pipeline.table.files.values()] == ["s3://eu/b.log (version v1)"]
    assert pipeline.meter.sum(metrics.NOTIFICATIONS_IGNORED) == 2
    pipeline.objects.add("d.log", TEXT)
    pipeline.clock.advance(3700)
    healed = pipeline.sweeper.sweep(in_time())
    assert [str(name) for name in healed.objects] == [
        "s3://logs/logs/a (version v1)",
        "s3://eu/d.log (version v1)",
    ]


def test_a_bucket_that_cannot_be_listed_does_not_keep_the_others_back() -> None:
    pipeline = Pipeline(LIMITS, other_keys={"eu": EVERY_KEY, "us": EVERY_KEY})
    pipeline.objects.add("a.log", TEXT)
    pipeline.clock.advance(3700)
    pipeline.objects.denied = {"eu"}
    with pytest.raises(AccessDeniedError, match="listing s3://eu: denied"):
        pipeline.sweeper.sweep(in_time())
    sent = [each for message in pipeline.split_queue.messages for each in announced_in_body(message.body)]
    assert [each.bucket for each in sent if isinstance(each, Announced)] == ["logs", "us"]


def test_a_bucket_without_end_leaves_time_for_the_others() -> None:
    pipeline = Pipeline(LIMITS, other_keys={"eu": EVERY_KEY})
    pipeline.objects.add("a.log", TEXT)
    pipeline.clock.advance(3700)
    asked: list[str] = []
    versions = pipeline.objects.versions

    def endless(bucket: str, after: str | None) -> HeadsPage:
        asked.append(bucket)
        if bucket == "eu":
            return versions(bucket, after)
        time.sleep(0.02)
        return HeadsPage([], after or "0")

    pipeline.objects.versions = endless  # type: ignore[method-assign]
    healed = pipeline.sweeper.sweep(in_time(0.5))
    assert [str(name) for name in healed.objects] == ["s3://eu/a.log (version v1)"]
    assert asked.count("logs") > 1


def test_an_object_whose_notification_is_dead_is_left_to_people() -> None:
    pipeline = Pipeline(LIMITS)
    announced = pipeline.objects.add("a.log", TEXT)
    pipeline.dead_letter_consumer.take(Incoming("n", "r", announcement_of(announced), 3))
    pipeline.clock.advance(3700)
    assert not pipeline.sweeper.sweep(in_time()).objects


def test_an_object_that_was_announced_in_vain_is_announced_again_ever_later() -> None:
    pipeline = Pipeline(LIMITS)
    pipeline.objects.add("a.log", TEXT)
    announced = []
    for _ in range(16):
        pipeline.clock.advance(3600)
        announced.append(len(pipeline.sweeper.sweep(in_time()).objects))
    assert announced == [1, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0]


def test_a_purged_batch_queue_heals() -> None:
    pipeline = cut()
    work(pipeline, pipeline.batch_queue, 7)
    lost = len(pipeline.batch_queue.messages)
    pipeline.batch_queue.messages.clear()
    sweep_twice(pipeline)
    drain(pipeline)
    assert stored(pipeline) == stored(finished())
    (notice,) = pipeline.topic.notices
    assert f"{lost} batches" in notice.text
    assert pipeline.worker  # every batch went through it again but the one that was done


def test_only_the_missing_batches_are_sent_again() -> None:
    pipeline = cut()
    lost = pipeline.batch_queue.messages.pop(4)
    assert lost.body != pipeline.batch_queue.messages[3].body
    drain(pipeline)
    sweep_twice(pipeline)
    while pipeline.split_queue.messages:
        work(pipeline, pipeline.split_queue)
    assert [message.body for message in pipeline.batch_queue.messages] == [lost.body]


@pytest.mark.parametrize("crash_at", range(2, 6))
def test_a_splitter_that_died_for_good_is_healed(crash_at: int) -> None:
    """Its messages are lost with it."""
    pipeline = Pipeline(LIMITS, piece_bytes=64)
    announced = pipeline.objects.add("a.log", TEXT)
    pipeline.effects.crash_at = crash_at
    with pytest.raises(Crash):
        pipeline.splitter.ingest(announced, in_time())
    pipeline.split_queue.messages.clear()
    pipeline.batch_queue.messages.clear()
    pipeline.clock.advance(3700)
    sweep_twice(pipeline)
    drain(pipeline)
    assert stored(pipeline) == stored(finished())


def test_a_file_that_moves_is_left_alone() -> None:
    pipeline = cut()
    pipeline.clock.advance(3700)
    for _ in range(5):
        pipeline.sweeper.sweep(in_time())
        work(pipeline, pipeline.batch_queue)
        pipeline.clock.advance(3700)
    assert not pipeline.split_queue.messages
    assert not pipeline.topic.notices


def test_two_sweepers_at_once_heal_a_file_once() -> None:
    pipeline = cut()
    pipeline.batch_queue.messages.clear()
    pipeline.clock.advance(3700)
    pipeline.sweeper.sweep(in_time())
    pipeline.clock.advance(3700)
    table, watches = pipeline.table, pipeline.watches
    watch = watches.watch
    seen = {file_id: watch(file_id) for file_id in table.files}
    first = pipeline.sweeper.sweep(in_time())
    watches.watch = lambda file_id: seen[file_id]  # type: ignore[method-assign]
    second = pipeline.sweeper.sweep(in_time())
    assert (len(first.files), len(second.files)) == (1, 0)


def test_a_file_that_nobody_settled_is_settled() -> None:
    """Its last worker died between its mark and the account, and its message is gone."""
    pipeline = cut()
    while len(pipeline.batch_queue.messages) > 1:
        work(pipeline, pipeline.batch_queue)
    effects = pipeline.effects
    destinations = (pipeline.layout is not Layout.NONE) + (pipeline.sink is Sink.PARQUET)
    effects.count, effects.crash_at, effects.after = 0, destinations + 1, True
    with pytest.raises(Crash):
        work(pipeline, pipeline.batch_queue)
    effects.crash_at = None
    assert account_in(pipeline).state is State.PROCESSING
    pipeline.clock.advance(3700)
    sweep_twice(pipeline)
    assert not pipeline.split_queue.messages
    assert stored(pipeline) == stored(finished())


class Steps(Deadline):
    """Time that passes by being asked for."""

    def __init__(self, left: int) -> None:
        self._left = left

    @property
    def seconds_left(self) -> float:
        self._left -= 1
        return max(self._left, 0)

    def half(self) -> Deadline:
        return Steps(self._left // 2)


def stalled(files: int) -> Pipeline:
    """Files that lost all their messages long ago, and an object that was never announced."""
    pipeline = Pipeline(LIMITS)
    for number in range(files):
        pipeline.splitter.ingest(pipeline.objects.add(f"{number}.log", b"x\n"), in_time())
        pipeline.clock.advance(1)
    pipeline.split_queue.messages.clear()
    pipeline.batch_queue.messages.clear()
    pipeline.objects.add("forgotten.log", b"x\n")
    pipeline.sweeper.sweep(in_time())
    pipeline.clock.advance(3700)
    return pipeline


def test_a_sweep_that_has_no_time_for_all_goes_on_where_it_stopped_and_still_lists_the_bucket() -> None:
    pipeline = stalled(8)
    healed: list[str] = []
    objects: list[str] = []
    for _ in range(2):
        sweep = pipeline.sweeper.sweep(Steps(10))
        assert len(sweep.files) < 8
        healed += sweep.files
        objects += sweep.objects
    assert sorted(healed) == sorted(pipeline.table.files)
    assert objects == ["s3://logs/forgotten.log (version v1)"]
    assert pipeline.watches.positions["files"] is None


def test_files_that_an_earlier_version_opened_are_listed_by_time_once_and_in_as_many_sweeps_as_it_takes() -> (
    None
):
    pipeline = stalled(5)
    pipeline.clock.advance(-3700)
    for _ in range(40):
        pipeline.sweeper.sweep(Steps(6))
        if "listed" in pipeline.watches.positions:
            break
    assert sorted(set(pipeline.table.shelved)) == sorted(pipeline.table.files)
    assert pipeline.watches.positions["listed"]
    shelved = len(pipeline.table.shelved)
    pipeline.sweeper.sweep(in_time())
    assert len(pipeline.table.shelved) == shelved


@pytest.mark.parametrize("read", ["read_account", "missing_batches"])
def test_a_file_that_cannot_be_looked_at_does_not_keep_the_others_back(read: str) -> None:
    pipeline = stalled(3)
    (bad, *good) = pipeline.table.files
    whole = getattr(pipeline.ledger, read)

    def refuse(asked: Any, *rest: Any) -> Any:
        if bad == (asked if isinstance(asked, str) else asked.plan.file_id):
            raise KeyError("summary")
        return whole(asked, *rest)

    setattr(pipeline.ledger, read, refuse)
    assert sorted(pipeline.sweeper.sweep(in_time()).files) == sorted(good)


def test_what_was_healed_is_told_though_the_bucket_cannot_be_listed() -> None:
    pipeline = stalled(2)

    def refuse(*_: object) -> Any:
        raise TransientError("S3 is down")

    pipeline.objects.versions = refuse  # type: ignore[method-assign]
    with pytest.raises(TransientError, match="S3 is down"):
        pipeline.sweeper.sweep(in_time())
    (notice,) = pipeline.topic.notices
    assert "files    2" in notice.text


def test_a_redriven_message_that_gets_lost_is_a_dead_letter_again_and_can_be_selected() -> None:
    pipeline = cut()
    for number in range(2):
        die(pipeline, pipeline.batch_queue, letter_id=f"dead-{number}")
    drain(pipeline)
    pipeline.office.redrive(EVERYTHING, in_time(), UNPACED)
    pipeline.batch_queue.messages.clear()
    pipeline.clock.advance(3599)
    assert pipeline.sweeper.sweep(in_time()).letters == ()
    pipeline.clock.advance(1)
    assert sorted(pipeline.sweeper.sweep(in_time()).letters) == ["dead-0", "dead-1"]
    assert "letters  2 redriven, and lost" in pipeline.topic.notices[-1].text
    assert pipeline.sweeper.sweep(in_time()).letters == ()
    assert not pipeline.batch_queue.messages
    (file_id,) = pipeline.table.files
    for selection in (EVERYTHING, Selection(file_id=file_id), Selection(reason="died")):
        assert len(pipeline.office.page(selection, limit=9).letters) == 2
    assert pipeline.office.redrive(EVERYTHING, in_time(), UNPACED).changed == 2
    drain(pipeline)
    assert stored(pipeline) == stored(finished())
    pipeline.clock.advance(3600)
    assert pipeline.sweeper.sweep(in_time()).letters == ()
    assert {letter.state for letter in pipeline.letters.stored.values()} == {LetterState.RESOLVED}


def test_a_redriven_message_that_died_again_is_not_taken_for_lost() -> None:
    pipeline = cut()
    die(pipeline, pipeline.batch_queue, letter_id="first")
    drain(pipeline)
    pipeline.clock.advance(1)
    pipeline.office.redrive(EVERYTHING, in_time(), UNPACED)
    pipeline.clock.advance(1)
    die(pipeline, pipeline.batch_queue, letter_id="second")
    pipeline.clock.advance(3600)
    assert pipeline.sweeper.sweep(in_time()).letters == ()
    assert [letter.letter_id for letter in pipeline.office.page(EVERYTHING, limit=9).letters] == ["second"]


def test_a_redriven_notification_of_which_nothing_can_be_known_stays_as_it_is() -> None:
    pipeline = Pipeline(LIMITS)
    announced = replace(pipeline.objects.add("a.log", TEXT), version_id=None, etag=None)
    pipeline.dead_letter_consumer.take(Incoming("n", "r", announcement_of(announced), 3))
    pipeline.office.redrive(EVERYTHING, in_time(), UNPACED)
    pipeline.clock.advance(3600)
    assert pipeline.sweeper.sweep(in_time()).letters == ()
