"""Dead letters, redrives, discards and sweeps, in any order: the file's state is right every time."""

from __future__ import annotations

import gzip
from contextlib import suppress
from dataclasses import replace
from hashlib import sha256
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalicelib.core.decoding.text import OpenObject
from chalicelib.core.errors import (
    ObjectChangedError,
    ObjectGoneError,
    TransientError,
)
from chalicelib.core.framing.cutting import Limits
from chalicelib.core.ledger.accounts import FileAccount, State
from chalicelib.core.ledger.letters import Attempt, Kind, LetterState
from chalicelib.core.ledger.marks import Outcome, Tally
from chalicelib.core.ledger.seals import Obstacle, Setback
from chalicelib.core.plan.layouts import Layout
from chalicelib.core.records.parquet import object_key
from chalicelib.core.wire.bodies import decode
from chalicelib.core.wire.messages import BatchMessage, SplitMessage, encode_batch
from chalicelib.core.wire.notifications import announced_in_body, announcement_of
from chalicelib.dead_letters.failures import cause_of
from chalicelib.dead_letters.office import Pace
from chalicelib.dead_letters.selection import NoSuchLetterError, Selection
from chalicelib.delivery import GROUP_MAX_BYTES, Incoming, Outgoing
from chalicelib.worker import parsed
from tests.fakes import WHEN, Crash, FakeObjects, FakeQueue, Pipeline, in_time
from tests.layouts import layout, stored_in  # noqa: F401 - each of these holds in every layout

LIMITS = Limits(batch_max_lines=3, batch_max_bytes=1200, entry_max_bytes=400, split_bytes=120)
TEXT = b"".join(b'{"msg":"line %03d of a file"}\n' % number for number in range(30))


def noise(lines: int) -> bytes:
    """Text that hardly compresses."""
    return b"".join(b"line %s\n" % sha256(b"%d" % number).hexdigest().encode() for number in range(lines))


UNPACED = Pace(1e9)
EVERYTHING = Selection()
ALL = Selection(state=None)


def work(pipeline: Pipeline, queue: FakeQueue, number: int = 0) -> None:
    """Deliver one message and let it go."""
    handle(pipeline, queue.messages.pop(number % len(queue.messages)).body)


def handle(pipeline: Pipeline, body: str) -> None:
    try:
        message = decode(body)
    except Exception:  # noqa: BLE001 - then it is a notification
        assert not pipeline.splitter.ingest_each(announced_in_body(body), in_time())
        return
    if isinstance(message, SplitMessage):
        pipeline.splitter.cut(message, in_time())
    else:
        pipeline.worker.handle(body, in_time())


def drain(pipeline: Pipeline) -> None:
    while pipeline.split_queue.messages or pipeline.batch_queue.messages:
        work(pipeline, pipeline.split_queue if pipeline.split_queue.messages else pipeline.batch_queue)


def die(pipeline: Pipeline, queue: FakeQueue, number: int = 0, letter_id: str = "dead") -> None:
    """Take one message to the dead-letter consumer, as if it had failed forever."""
    pipeline.dead_letter_consumer.take(
        Incoming(letter_id, "r", queue.messages.pop(number % len(queue.messages)).body, 10)
    )


def begun(data: bytes = TEXT, key: str = "a.log") -> Pipeline:
    pipeline = Pipeline(LIMITS, piece_bytes=64)
    pipeline.splitter.ingest(pipeline.objects.add(key, data), in_time())
    return pipeline


def cut(data: bytes = TEXT) -> Pipeline:
    """A pipeline whose file is cut and sealed, with all its batches waiting."""
    pipeline = begun(data)
    while pipeline.split_queue.messages:
        work(pipeline, pipeline.split_queue)
    return pipeline


def account_in(pipeline: Pipeline) -> FileAccount:
    (file,) = pipeline.table.files.values()
    return file.account


def finished(data: bytes = TEXT) -> Pipeline:
    pipeline = begun(data)
    drain(pipeline)
    return pipeline


def sweep_twice(pipeline: Pipeline) -> None:
    """A first look, and a second one after a long time."""
    pipeline.sweeper.sweep(in_time())
    pipeline.clock.advance(3 * 3600)
    pipeline.sweeper.sweep(in_time())
    pipeline.clock.advance(2**8 * 3600)


def stored(pipeline: Pipeline) -> tuple[Any, ...]:
    """What the tables say of the file, without its times."""
    files = {file_id: file.account for file_id, file in pipeline.table.files.items()}
    table = pipeline.table
    return pipeline.records.items, files, table.seals, table.setbacks, table.summaries, table.leaves


class Hand:
    """Plays one thing that may happen to a file; what cannot happen now does not."""

    def __init__(self, pipeline: Pipeline) -> None:
        self.pipeline = pipeline
        self.delivered: list[Outgoing] = []
        self.discarded = 0

    def play(self, operation: str, number: int, letter_id: str) -> None:
        pipeline = self.pipeline
        queue = pipeline.split_queue if operation.endswith("split") else pipeline.batch_queue
        if operation.startswith("sweep"):
            sweep_twice(pipeline)
        elif operation in {"redrive", "discard"}:
            self._decide(operation, number)
        elif operation == "late":
            if self.delivered:
                late = FakeQueue(pipeline.effects)
                late.messages.append(self.delivered[number % len(self.delivered)])
                die(pipeline, late, letter_id=letter_id)
        elif not queue.messages:
            pass
        elif operation.startswith("crash"):
            self._crash(queue, number)
        elif operation.startswith("handle"):
            self.delivered.append(queue.messages[number % len(queue.messages)])
            work(pipeline, queue, number)
        elif operation.startswith("die"):
            die(pipeline, queue, number, letter_id)
        else:
            queue.messages.pop(number % len(queue.messages))

    def _crash(self, queue: FakeQueue, number: int) -> None:
        """The function dies at one of its first effects, and its message comes again."""
        effects = self.pipeline.effects
        effects.crash_at, effects.after = effects.count + 1 + number % 3, bool(number % 2)
        message = queue.messages[number % len(queue.messages)]
        with suppress(Crash):
            handle(self.pipeline, message.body)
        effects.crash_at = None

    def _decide(self, operation: str, number: int) -> None:
        ids = sorted(letter_id for _, letter_id in self.pipeline.letters.stored)
        if not ids:
            return
        chosen = Selection(ids=(ids[number % len(ids)],), state=None)
        if operation == "redrive":
            self.pipeline.office.redrive(chosen, in_time(), UNPACED)
        else:
            done = self.pipeline.office.discard(chosen, in_time(), by="ann", why="old")
            self.discarded += done.changed


OPERATIONS = st.lists(
    st.tuples(
        st.sampled_from(
            [
                *("handle split", "handle batch", "handle batch", "die split", "die batch", "lose split"),
                *("lose batch", "late", "redrive", "discard", "sweep", "crash split", "crash batch"),
            ]
        ),
        st.integers(0, 99),
    ),
    max_size=40,
)


@given(st.sampled_from([TEXT, gzip.compress(TEXT, mtime=0)]), OPERATIONS)
@settings(suppress_health_check=[HealthCheck.too_slow], max_examples=20)
def test_whatever_dies_is_redriven_discarded_or_lost_the_state_is_right(
    data: bytes, operations: list[tuple[str, int]]
) -> None:
    """Marks and seals in every order, late dead letters, redrives that race discards, purged queues."""
    pipeline = begun(data)
    hand = Hand(pipeline)
    for step, (operation, number) in enumerate(operations):
        hand.play(operation, number, f"{operation.replace(' ', '-')}-{step:03d}")
        check_state(pipeline)
    for _ in range(4):
        drain(pipeline)
        sweep_twice(pipeline)
    drain(pipeline)
    check_state(pipeline)
    settled = account_in(pipeline)
    assert settled.state in {State.COMPLETE, State.INCOMPLETE}
    dead = [
        letter for letter in pipeline.letters.stored.values() if letter.state is not LetterState.DISCARDED
    ]
    redrive_all(pipeline, [letter.letter_id for letter in dead])
    if not hand.discarded:
        assert stored(pipeline) == stored(finished(data))
    else:
        assert account_in(pipeline).state is State.COMPLETE
        lost = account_in(pipeline).summary.given_up.bytes
        assert bool(account_in(pipeline).reason) == bool(lost or pipeline.table.setbacks)


def redrive_all(pipeline: Pipeline, letter_ids: list[str]) -> None:
    for _ in range(4):
        pipeline.office.redrive(Selection(ids=tuple(letter_ids), state=None), in_time(), UNPACED)
        drain(pipeline)
        sweep_twice(pipeline)


def check_state(pipeline: Pipeline) -> None:
    """The state follows from the marks, seals and setbacks; a file that is COMPLETE holds everything."""
    (file,) = pipeline.table.files.values()
    account = file.account
    marks = [mark for leaf in pipeline.table.leaves.values() for mark in leaf.values()]
    outcomes = {mark.outcome for mark in marks}
    obstacles = {setback.obstacle for setback in pipeline.table.setbacks.values()}
    if account.state is State.COMPLETE and account.reason is None:
        assert outcomes <= {Outcome.DONE}
        assert account.summary.counts.total.bytes == account.text_bytes == len(TEXT)
        assert not obstacles
    elif account.state is State.COMPLETE:
        assert Outcome.DISCARDED in outcomes or Obstacle.DISCARDED in obstacles
        assert Outcome.FAILED not in outcomes
        assert Obstacle.FAILED not in obstacles
    elif account.state is State.INCOMPLETE:
        assert Outcome.FAILED in outcomes or Obstacle.FAILED in obstacles
    if account.state.settled:
        done = sum((mark.counts.total for mark in marks), Tally())
        assert account.summary.counts.total == done
    if account.state.settled and account.text_bytes is not None:
        assert account.pending.bytes == 0
        summary = account.summary
        everything = summary.counts.total.bytes + summary.dead.bytes + summary.given_up.bytes
        assert everything == account.text_bytes


def test_a_dead_batch_is_named_with_its_lines_and_bytes_and_a_redrive_completes_the_file() -> None:
    pipeline = cut()
    die(pipeline, pipeline.batch_queue, 4)
    drain(pipeline)
    account = account_in(pipeline)
    assert (account.state, account.summary.dead) == (State.INCOMPLETE, Tally(1, 1, 29))
    assert account.reason == "1 of 15 batches is dead-lettered (1 line, 29 bytes): 000006-000001"
    done = pipeline.office.redrive(EVERYTHING, in_time(), UNPACED)
    assert (done.changed, done.cursor) == (1, None)
    drain(pipeline)
    assert stored(pipeline) == stored(finished())
    again = pipeline.office.redrive(EVERYTHING, in_time(), UNPACED)
    assert again.changed == 0


def test_a_dead_split_settles_its_file_and_a_redrive_completes_it() -> None:
    pipeline = begun()
    die(pipeline, pipeline.split_queue, 2)
    while pipeline.split_queue.messages:
        work(pipeline, pipeline.split_queue)
    drain(pipeline)
    account = account_in(pipeline)
    assert account.state is State.INCOMPLETE
    assert "could not be cut: the function died before it could say why" in str(account.reason)
    pipeline.office.redrive(EVERYTHING, in_time(), UNPACED)
    drain(pipeline)
    assert stored(pipeline) == stored(finished())


def test_dead_splits_are_named_with_their_part_of_the_text_though_nobody_knows_its_lines() -> None:
    pipeline = begun()
    assert [split_of(each) for each in pipeline.split_queue.messages] == [7, 6, 5, 4, 3, 2, 1, 0]
    for letter_id, number in (("a", 0), ("b", 4), ("c", 3)):
        die(pipeline, pipeline.split_queue, number, letter_id)
    drain(pipeline)
    account = account_in(pipeline)
    where = "what begins in bytes 240 to 480, 840 to 870 of the text, its lines unknown"
    assert str(account.reason).startswith(f"split 2, 3, 7 ({where}) could not be cut: ")
    assert (account.text_bytes, account.summary.dead) == (None, Tally())
    pipeline.office.discard(EVERYTHING, in_time(), by="ann", why="old")
    account = account_in(pipeline)
    assert account.state is State.COMPLETE
    assert f"complete with discards: split 2, 3, 7 ({where})" in str(account.reason)


def split_of(message: Outgoing) -> int:
    return int(orjson.loads(message.body)["split"])


def file_in(pipeline: Pipeline) -> str:
    (file_id,) = pipeline.table.files
    return file_id


def test_a_discarded_batch_leaves_its_file_complete_with_discards() -> None:
    pipeline = cut()
    die(pipeline, pipeline.batch_queue)
    drain(pipeline)
    done = pipeline.office.discard(EVERYTHING, in_time(), by="ann", why="a test file")
    account = account_in(pipeline)
    assert done.changed == 1
    assert (account.state, account.reason) == (
        State.COMPLETE,
        "complete with discards: 1 of 15 batches (3 lines, 87 bytes)",
    )
    ((letter,)) = pipeline.letters.stored.values()
    assert (letter.state, letter.by, letter.why) == (LetterState.DISCARDED, "ann", "a test file")
    refused = pipeline.office.redrive(Selection(ids=("dead",), state=None), in_time(), UNPACED)
    assert refused.refusals == (("dead", "ann has discarded it: a test file"),)


def test_batches_of_a_split_that_could_not_be_cut_to_its_end_are_counted_whenever_they_come() -> None:
    pipeline = begun()
    effects = pipeline.effects
    message = pipeline.split_queue.messages[2]
    waiting = len(pipeline.batch_queue.messages)
    effects.crash_at, effects.after = effects.count + 1, True
    with pytest.raises(Crash):
        handle(pipeline, message.body)
    effects.crash_at = None
    (early, late) = pipeline.batch_queue.messages[waiting:]
    handle(pipeline, early.body)
    die(pipeline, pipeline.split_queue, 2)
    drain(pipeline)
    account = account_in(pipeline)
    assert account.state is State.INCOMPLETE
    assert account.summary.counts.parsed.lines == len(stored_in(pipeline))
    assert late.body != early.body


def test_a_fault_at_the_first_cut_is_not_one_of_the_notification() -> None:
    """The file is open and its splits are queued: they go on with it."""
    objects = Misbehaving(TransientError("it ended early"), 10**9)
    pipeline = on_objects(objects)
    announced = objects.add("a.log", TEXT)
    head = pipeline.objects.head
    reads = 0

    def misbehave_after_the_plan(asked: Any) -> Any:
        nonlocal reads
        reads += 1
        return head(asked)

    pipeline.objects.head = misbehave_after_the_plan  # type: ignore[method-assign]
    put_plan = pipeline.table.put_plan

    def plan_and_then(*arguments: Any) -> bool:
        objects.at = 0
        return put_plan(*arguments)

    pipeline.table.put_plan = plan_and_then  # type: ignore[method-assign]
    pipeline.splitter.ingest(announced, in_time())
    objects.error = None
    drain(pipeline)
    assert stored(pipeline) == stored(finished())
    assert reads == 1


def test_a_late_dead_letter_is_kept_as_resolved_and_changes_nothing() -> None:
    pipeline = cut()
    late = FakeQueue(pipeline.effects)
    late.messages += [pipeline.batch_queue.messages[0]]
    drain(pipeline)
    before = stored(pipeline)
    die(pipeline, late)
    assert stored(pipeline) == before
    assert [letter.state for letter in pipeline.letters.stored.values()] == [LetterState.RESOLVED]
    assert not pipeline.topic.notices
    assert pipeline.quarantine.stored


def test_the_last_reason_noted_is_the_reason_of_the_dead_letter() -> None:
    pipeline = cut()
    for number, reason in enumerate(["no table", "no access"], 1):
        pipeline.letters.note("dead", Attempt(number, WHEN, "unavailable", reason))
    pipeline.dead_letter_consumer.take(Incoming("dead", "r", pipeline.batch_queue.messages[0].body, 3))
    letter, envelope = pipeline.office.envelope("dead")
    assert (letter.code, letter.reason, letter.receives) == ("unavailable", "no access", 2)
    assert [attempt["reason"] for attempt in envelope["attempts"]] == ["no table", "no access"]
    (notice,) = pipeline.topic.notices
    assert notice.notice_id == "dead"
    assert notice.attributes["code"] == "unavailable"
    assert "no access" in notice.text
    assert "line 000" not in notice.text


NOTHING_SAID = "the function died before it could say why"


def noted(number: int) -> Attempt:
    return Attempt(number, WHEN, "throttled", "too fast")


@pytest.mark.parametrize(
    ("attempts", "attributes", "receives", "expected"),
    [
        ([], {}, 3, ("died", NOTHING_SAID, 3)),
        ([noted(1), noted(3)], {}, 3, ("throttled", "too fast", 3)),
        (
            [noted(1)],
            {},
            5,
            (
                "died",
                f"{NOTHING_SAID}; at receive 1 of 5 it reported throttled: too fast",
                5,
            ),
        ),
        ([noted(100)], {}, 700, ("throttled", "too fast", 700)),
        ([noted(4)], {}, 1, ("throttled", "too fast", 4)),
        ([noted(1)], {"code": "refused", "reason": "odd", "receives": "2"}, 9, ("refused", "odd", 2)),
        ([], {"code": "refused", "reason": "two\nlines\u202e"}, 9, ("refused", "two lines", 9)),
        ([], {"code": "refused"}, 9, ("refused", "refused", 9)),
        ([noted(9)], {"code": "RED <b>", "reason": "x", "receives": "2"}, 9, ("throttled", "too fast", 9)),
        *(
            ([], {"code": "refused", "receives": odd}, 9, ("refused", "refused", 9))
            for odd in ("9" * 40, "-1", "", "²", "\u0663")
        ),
    ],
)
def test_a_cause_is_what_was_said_last_unless_the_function_died_after_that(
    attempts: list[Attempt], attributes: dict[str, str], receives: int, expected: tuple[str, str, int]
) -> None:
    assert cause_of(attempts, attributes, receives) == expected


def test_a_consumer_that_fails_does_not_make_the_message_look_as_if_its_worker_had_died() -> None:
    pipeline = cut()
    pipeline.letters.note("dead", noted(2))
    put = pipeline.letters.put

    def refuse(_: object) -> bool:
        raise TransientError("no ledger")

    pipeline.letters.put = refuse  # type: ignore[method-assign]
    body = pipeline.batch_queue.messages[0].body
    with pytest.raises(TransientError):
        pipeline.dead_letter_consumer.take(Incoming("dead", "r", body, 3))
    pipeline.letters.put = put  # type: ignore[method-assign]
    pipeline.dead_letter_consumer.take(Incoming("dead", "r", body, 4))
    (letter,) = pipeline.letters.stored.values()
    assert (letter.code, letter.receives) == ("throttled", 2)


def test_a_message_whose_attributes_lie_is_kept_all_the_same() -> None:
    pipeline = Pipeline(LIMITS)
    lies = {"receives": "9" * 40, "code": "\x1b[31m", "reason": "two\nlines", "letter_id": "a\nb"}
    pipeline.dead_letter_consumer.take(Incoming("m", "r", "hello", 3, attributes=lies))
    letter, _ = pipeline.office.envelope("m")
    assert (letter.code, letter.receives) == ("died", 2)


@pytest.mark.parametrize("error", [TransientError("SNS is down"), TypeError("no text")])
def test_a_topic_that_fails_never_fails_the_message(error: Exception) -> None:
    pipeline = cut()
    pipeline.topic.error = error
    die(pipeline, pipeline.batch_queue)
    assert pipeline.letters.stored
    assert pipeline.quarantine.stored


def split_body(**changes: Any) -> str:
    fields = {"v": 1, "kind": "split", "file_id": "a" * 26, "bucket": "b", "key": "k", "etag": "e"}
    return orjson.dumps(fields | {"version_id": None, "split": 0, "start": 0} | changes).decode()


def record_body(bucket: Any = "b", **described: Any) -> str:
    described_object = {"bucket": {"name": bucket}, "object": {"key": "k", "eTag": "e"} | described}
    return orjson.dumps({"Records": [{"eventName": "ObjectCreated:Put", "s3": described_object}]}).decode()


def bridge_body(**described: Any) -> str:
    detail = {"bucket": {"name": "b"}, "object": {"key": "k"} | described}
    return orjson.dumps({"source": "aws.s3", "detail-type": "Object Created", "detail": detail}).decode()


WRONGLY_TYPED = [
    *(record_body(versionId=5), record_body(bucket=5), record_body(bucket=None), record_body(key="")),
    *(record_body(key=["k"]), record_body(key="k" * 1025)),
    *(bridge_body(key=5), bridge_body(**{"version-id": [1]})),
    *(split_body(file_id=5), split_body(file_id=""), split_body(file_id=["x"]), split_body(bucket=7)),
    *(split_body(key=8), split_body(trace={"a": 1}), split_body(split=1e200), split_body(again=["x"])),
]


@pytest.mark.parametrize(
    "body", ["", "no json", '{"v":9}', '{"hello":1}', '{"Records":[{"eventName":"x"}]}', *WRONGLY_TYPED]
)
def test_a_message_that_nobody_understands_is_kept_and_can_only_be_discarded(body: str) -> None:
    pipeline = Pipeline(LIMITS)
    pipeline.dead_letter_consumer.take(Incoming("odd", "r", body, 3))
    letter, envelope = pipeline.office.envelope("odd")
    assert (letter.subject.kind, envelope["body"]) == (Kind.UNKNOWN, body)
    refused = pipeline.office.redrive(EVERYTHING, in_time(), UNPACED)
    assert refused.refused == 1
    assert "Froe cannot read it" in refused.refusals[0][1]
    assert pipeline.office.discard(EVERYTHING, in_time(), by="ann", why="noise").changed == 1


def test_a_message_is_quarantined_before_the_ledger_is_asked_anything() -> None:
    pipeline = cut()

    def refuse(*_: object) -> Any:
        raise KeyError("summary")

    pipeline.letters.attempts = refuse  # type: ignore[method-assign]
    pipeline.table.read_mark = refuse  # type: ignore[method-assign]
    with pytest.raises(KeyError):
        die(pipeline, pipeline.batch_queue)
    assert list(pipeline.quarantine.stored) == ["dead"]


def without_revision(account: FileAccount) -> FileAccount:
    return replace(account, revision=0, summary=replace(account.summary, revision=0))


@pytest.mark.parametrize("forged_first", [True, False])
def test_a_batch_beyond_the_seal_changes_no_account(forged_first: bool) -> None:
    pipeline = cut()
    (file_id,) = pipeline.table.files
    fields = orjson.loads(pipeline.batch_queue.messages[0].body)
    forged = orjson.dumps(fields | {"batch_id": f"{file_id}-000000-000007"}).decode()
    if not forged_first:
        drain(pipeline)
    pipeline.dead_letter_consumer.take(Incoming("forged", "r", forged, 3))
    drain(pipeline)
    pipeline.ledger.resettle(file_id, 0)
    assert without_revision(account_in(pipeline)) == without_revision(account_in(finished()))


def test_a_dead_message_with_other_text_than_its_batch_leaves_no_records_behind() -> None:
    """An attempt of it wrote its records and died before it could mark anything; the right message was done first."""
    pipeline = cut()
    message = decode(pipeline.batch_queue.messages[0].body)
    assert isinstance(message, BatchMessage)
    other = replace(message, offset=message.offset + 7)
    drain(pipeline)
    whole = stored_in(pipeline)
    write(pipeline, other)
    assert stored_in(pipeline) != whole
    pipeline.dead_letter_consumer.take(Incoming("m", "r", encode_batch(other), 3))
    for _ in range(3):
        sweep_twice(pipeline)
        drain(pipeline)
    assert stored_in(pipeline) == whole
    assert account_in(pipeline).state is State.COMPLETE


def write(pipeline: Pipeline, message: BatchMessage) -> None:
    """What a worker does before it marks a batch."""
    actual = parsed(message)
    pipeline.records.put(actual.items, in_time())
    if actual.rows is not None:
        key = object_key(message.format, message.last_modified, message.batch_id)
        pipeline.results.put(key, actual.rows)


def test_letters_of_one_batch_with_different_texts_can_all_be_discarded() -> None:
    """The split was never sealed, so that nobody can say which text is right, and nothing will cut it again."""
    pipeline = begun(b"".join(TEXT.splitlines(keepends=True)[:3]))
    (body,) = (message.body for message in pipeline.batch_queue.messages)
    message = decode(body)
    assert isinstance(message, BatchMessage)
    file_id = file_in(pipeline)
    pipeline.table.seals.clear()
    other = encode_batch(replace(message, offset=message.offset + 7))
    for letter_id, dead in (
        ("a", body),
        ("b", other),
        ("c", body),
        ("s", split_body(file_id=file_id, split=0)),
    ):
        pipeline.dead_letter_consumer.take(Incoming(letter_id, "r", dead, 3))
    assert account_in(pipeline).state is State.INCOMPLETE
    pipeline.office.discard(EVERYTHING, in_time(), by="ann", why="a test file")
    account = account_in(pipeline)
    assert account.state is State.COMPLETE
    assert str(account.reason).startswith("complete with discards")


@pytest.mark.parametrize("again", ["nothing", "unmarked", "undone"])
def test_a_split_of_a_file_that_nobody_knows_is_dead_whatever_it_asks_for(again: str) -> None:
    pipeline = Pipeline(LIMITS)
    pipeline.dead_letter_consumer.take(Incoming("m", "r", split_body(again=again), 3))
    (letter,) = pipeline.office.page(EVERYTHING, limit=9).letters
    assert (letter.state, letter.subject.kind) == (LetterState.DEAD, Kind.SPLIT)


def test_a_split_beyond_the_last_sets_nothing_back() -> None:
    pipeline = begun()
    fields = orjson.loads(pipeline.split_queue.messages[0].body) | {"split": 4711}
    pipeline.dead_letter_consumer.take(Incoming("far", "r", orjson.dumps(fields).decode(), 3))
    assert not pipeline.table.setbacks
    assert pipeline.letters.stored


def test_a_dead_notification_is_redriven_to_the_splitter() -> None:
    pipeline = Pipeline(LIMITS)
    announced = pipeline.objects.add("a.log", TEXT)
    pipeline.dead_letter_consumer.take(Incoming("n", "r", announcement_of(announced), 3))
    letter, _ = pipeline.office.envelope("n")
    assert (letter.subject.kind, letter.subject.object_key) == (Kind.NOTIFICATION, "a.log")
    pipeline.office.redrive(EVERYTHING, in_time(), UNPACED)
    drain(pipeline)
    assert stored(pipeline) == stored(finished())


def test_a_dead_letter_that_there_is_not_is_refused_by_name() -> None:
    with pytest.raises(NoSuchLetterError, match="no dead letter 'x'"):
        Pipeline(LIMITS).office.envelope("x")


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("crash_at", range(1, 7))
def test_a_consumer_that_dies_at_any_effect_leaves_what_an_undisturbed_one_does(
    crash_at: int, after: bool
) -> None:
    calm, dying = cut(), cut()
    for pipeline in (calm, dying):
        pipeline.batch_queue.messages[1:] = []
    body = calm.batch_queue.messages[0].body
    die(calm, calm.batch_queue)
    effects = dying.effects
    effects.count, effects.crash_at, effects.after = 0, crash_at, after
    try:
        dying.dead_letter_consumer.take(Incoming("dead", "r", body, 10))
    except Crash:
        dying.dead_letter_consumer.take(Incoming("dead", "r", body, 10))
    assert stored(dying) == stored(calm)
    assert dying.letters.stored == calm.letters.stored
    assert dying.quarantine.stored == calm.quarantine.stored


class Misbehaving(FakeObjects):
    """Objects whose bytes run out with an error at some offset."""

    def __init__(self, error: Exception, at: int) -> None:
        super().__init__(32)
        self.error: Exception | None = error
        self.at = at

    def opener(self, head: Any) -> OpenObject:
        reads = super().opener(head)

        def open_at(offset: int) -> Any:
            for piece in reads(offset):
                if self.error and offset + self.piece_bytes > self.at:
                    raise self.error
                offset += len(piece)
                yield piece

        return open_at


def on_objects(objects: FakeObjects) -> Pipeline:
    pipeline = Pipeline(LIMITS)
    pipeline.objects = objects
    pipeline.set_limits(LIMITS)
    return pipeline


@pytest.mark.parametrize("layout", [Layout.ITEMS], indirect=True)  # the text is cut alike in every layout
@pytest.mark.parametrize("data", [TEXT, gzip.compress(TEXT * 20, mtime=0)])
@pytest.mark.parametrize("at", [300, 500])
def test_the_text_up_to_a_fault_is_cut_the_same_on_the_retry(data: bytes, at: int) -> None:
    """A server that closes early in the middle of the object, again and again, and then no more."""
    objects = Misbehaving(TransientError("it ended early"), 10**9)
    pipeline = on_objects(objects)
    announced = objects.add("a.log", data)
    head = objects.head(announced)
    pipeline.splitter.ingest(announced, in_time(4.0))
    objects.at = min(at, head.size - 1)
    faults = 0
    for _ in range(3):
        for message in list(pipeline.split_queue.messages):
            try:
                handle(pipeline, message.body)
            except TransientError:
                faults += 1
    assert faults
    objects.error = None
    drain(pipeline)
    assert stored(pipeline) == stored(finished(data))


@pytest.mark.parametrize("data", [TEXT, gzip.compress(noise(60), mtime=0)])
def test_an_object_that_is_overwritten_while_it_is_read_makes_its_file_superseded(data: bytes) -> None:
    objects = Misbehaving(ObjectChangedError("it was overwritten since"), 10**9)
    pipeline = on_objects(objects)
    pipeline.splitter.ingest(objects.add("a.log", data), in_time(4.0))
    objects.at = len(data) - 40
    drain(pipeline)
    account = account_in(pipeline)
    assert account.state is State.SUPERSEDED
    assert str(account.reason).endswith("could not be cut: it was overwritten since")
    assert account.summary.counts.parsed.lines > 0
    assert not pipeline.letters.stored


def test_an_object_that_is_overwritten_late_is_superseded_where_its_last_split_ended() -> None:
    """In sequence one message cuts many splits: the one that could not be cut is named."""
    limits = Limits(batch_max_lines=500, batch_max_bytes=50_000, entry_max_bytes=1000, split_bytes=50_000)
    objects = Misbehaving(ObjectChangedError("it was overwritten since"), 10**9)
    pipeline = Pipeline(limits)
    pipeline.objects = objects
    pipeline.set_limits(limits)
    data = gzip.compress(noise(6000), mtime=0)
    objects.piece_bytes = 4096
    pipeline.splitter.ingest(objects.add("a.gz", data), in_time(4.0))
    objects.at = len(data) - 40
    del pipeline.split_queue.messages[0]  # the spare one, which would find the fault again
    drain(pipeline)
    sealed = [split for _, split in pipeline.table.seals]
    assert len(sealed) > 2
    assert [split for _, split in pipeline.table.setbacks] == [len(sealed)]
    assert account_in(pipeline).state is State.SUPERSEDED


def test_an_object_that_is_deleted_while_it_is_read_leaves_a_dead_letter_with_that_reason() -> None:
    objects = Misbehaving(ObjectGoneError("it does not exist"), 10**9)
    pipeline = on_objects(objects)
    pipeline.splitter.ingest(objects.add("a.log", gzip.compress(TEXT * 20, mtime=0)), in_time(4.0))
    objects.at = 100
    (spare, following) = pipeline.split_queue.messages
    with pytest.raises(ObjectGoneError) as raised:
        handle(pipeline, following.body)
    pipeline.failures.dead_letter(Incoming("m", "r", following.body, 1), raised.value)
    (buried,) = pipeline.dead_letter_queue.messages
    pipeline.dead_letter_consumer.take(Incoming("other", "r", buried.body, 1, attributes=buried.attributes))
    pipeline.split_queue.messages.clear()
    drain(pipeline)
    account = account_in(pipeline)
    assert account.state is State.INCOMPLETE
    where = f"all from byte {pipeline.table.seals[file_in(pipeline), 0].end} of the text on, its size unknown"
    assert account.reason == f"split 1 ({where}) could not be cut: it does not exist"
    letter, _ = pipeline.office.envelope("m")
    assert (letter.code, letter.receives) == ("object-gone", 1)
    assert spare.delay_seconds


def test_a_letter_whose_message_dies_again_further_on_stands_for_the_split_that_is_not_cut_now() -> None:
    """In sequence one message cuts many splits; SQS may bring a dead message twice, between which a redrive cut on."""
    limits = Limits(batch_max_lines=500, batch_max_bytes=50_000, entry_max_bytes=1000, split_bytes=50_000)
    pipeline = Pipeline(limits)
    objects = Misbehaving(ObjectGoneError("it does not exist"), 10**9)
    pipeline.objects = objects
    pipeline.set_limits(limits)
    objects.piece_bytes = 4096
    data = gzip.compress(noise(6000), mtime=0)
    pipeline.splitter.ingest(objects.add("a.gz", data), in_time(4.0))
    (spare,) = (each for each in pipeline.split_queue.messages if each.delay_seconds)
    pipeline.split_queue.messages.clear()
    pipeline.dead_letter_consumer.take(Incoming("m", "r", spare.body, 10))
    died_at = pipeline.office.envelope("m")[0].subject.split
    objects.at = len(data) - 40
    assert pipeline.office.redrive(EVERYTHING, in_time(), UNPACED).changed == 1
    with suppress(ObjectGoneError):
        handle(pipeline, pipeline.split_queue.messages.pop().body)
    pipeline.split_queue.messages.clear()
    pipeline.dead_letter_consumer.take(Incoming("m", "r", spare.body, 10))
    letter, _ = pipeline.office.envelope("m")
    assert letter.state is LetterState.DEAD
    assert letter.redrives == 1
    assert died_at is not None
    assert letter.subject.split is not None
    assert letter.subject.split > died_at
    objects.at = 10**9
    assert pipeline.office.redrive(EVERYTHING, in_time(), UNPACED).changed == 1
    drain(pipeline)
    assert account_in(pipeline).state is State.COMPLETE


def test_batches_that_were_lost_with_their_object_are_dead_not_forgotten() -> None:
    pipeline = cut()
    del pipeline.batch_queue.messages[3:5]
    drain(pipeline)
    sweep_twice(pipeline)
    (again, *_) = pipeline.split_queue.messages
    pipeline.dead_letter_consumer.take(
        Incoming("lost", "r", again.body, 1, attributes={"code": "object-gone"})
    )
    drain(pipeline)
    account = account_in(pipeline)
    assert account.state is State.INCOMPLETE
    assert account.pending == Tally()
    pipeline.office.redrive(EVERYTHING, in_time(), UNPACED)
    drain(pipeline)
    assert stored(pipeline) == stored(finished())


def with_lost_batches(*numbers: int) -> Pipeline:
    """A file that lost batches of its first split, and the message to cut them again, which died (`lost`)."""
    pipeline = cut()
    lost = {f"000000-{number:06d}" for number in numbers}
    kept = [each for each in pipeline.batch_queue.messages if batch_name(each) not in lost]
    pipeline.batch_queue.messages[:] = kept
    drain(pipeline)
    sweep_twice(pipeline)
    die(pipeline, pipeline.split_queue, letter_id="lost")
    return pipeline


def batch_name(message: Outgoing) -> str:
    return str(orjson.loads(message.body)["batch_id"]).split("-", 1)[1]


def test_a_redrive_of_lost_batches_that_dies_again_is_a_dead_letter() -> None:
    pipeline = with_lost_batches(1)
    pipeline.office.redrive(EVERYTHING, in_time(), UNPACED)
    die(pipeline, pipeline.split_queue, letter_id="lost-again")
    dead = pipeline.office.page(EVERYTHING, limit=9).letters
    assert [letter.letter_id for letter in dead] == ["lost-again"]
    assert account_in(pipeline).state is State.INCOMPLETE
    pipeline.office.redrive(EVERYTHING, in_time(), UNPACED)
    drain(pipeline)
    assert stored(pipeline) == stored(finished())


def test_a_discard_of_lost_batches_leaves_those_that_other_letters_stand_for() -> None:
    pipeline = cut()
    (own, *_) = pipeline.batch_queue.messages
    assert batch_name(own) == "000000-000000"
    die(pipeline, pipeline.batch_queue, letter_id="own")
    del pipeline.batch_queue.messages[0]
    drain(pipeline)
    sweep_twice(pipeline)
    die(pipeline, pipeline.split_queue, letter_id="lost")
    pipeline.office.discard(Selection(ids=("lost",), state=None), in_time(), by="ann", why="old")
    assert [letter.letter_id for letter in pipeline.office.page(EVERYTHING, limit=9).letters] == ["own"]
    assert account_in(pipeline).state is State.INCOMPLETE
    pipeline.office.redrive(EVERYTHING, in_time(), UNPACED)
    drain(pipeline)
    account = account_in(pipeline)
    assert account.reason == "complete with discards: 1 of 15 batches (2 lines, 58 bytes)"


def test_a_lost_batch_that_is_cut_again_and_dies_has_a_letter_of_its_own() -> None:
    pipeline = with_lost_batches(0, 1)
    pipeline.office.redrive(EVERYTHING, in_time(), UNPACED)
    work(pipeline, pipeline.split_queue)
    die(pipeline, pipeline.batch_queue, letter_id="own")
    drain(pipeline)
    assert account_in(pipeline).state is State.INCOMPLETE
    states = {letter.letter_id: letter.state for letter in pipeline.office.page(ALL, limit=9).letters}
    assert states == {"lost": LetterState.RESOLVED, "own": LetterState.DEAD}
    pipeline.office.redrive(EVERYTHING, in_time(), UNPACED)
    drain(pipeline)
    assert stored(pipeline) == stored(finished())


@given(st.sampled_from(Obstacle), st.text(max_size=300))
def test_a_setback_is_the_same_after_it_was_stored(obstacle: Obstacle, note: str) -> None:
    assert Setback.decode(Setback(obstacle, note).encode()) == Setback(obstacle, note[:200])


def test_an_envelope_holds_the_whole_message() -> None:
    pipeline = cut()
    body = pipeline.batch_queue.messages[0].body
    die(pipeline, pipeline.batch_queue)
    assert orjson.loads(pipeline.quarantine.stored["dead"])["body"] == body


@pytest.mark.parametrize(
    ("room_bytes", "kept"),
    [
        (0, []),
        (15, []),
        (16, ["letter_id"]),
        (51, ["letter_id", "code"]),
        (52, ["letter_id", "code", "receives"]),
        (100, ["letter_id", "code", "receives", "reason"]),
        (5000, ["letter_id", "code", "receives", "reason"]),
    ],
)
def test_a_message_of_any_size_is_buried_with_what_fits_beside_it(room_bytes: int, kept: list[str]) -> None:
    pipeline = Pipeline(LIMITS)
    message = Incoming("m", "r", "x" * (GROUP_MAX_BYTES - room_bytes), 1)
    pipeline.failures.dead_letter(message, ObjectGoneError("é" * 900))
    (buried,) = pipeline.dead_letter_queue.messages
    assert list(buried.attributes) == kept
    attribute_bytes = sum(len(f"{name}String{value}".encode()) for name, value in buried.attributes.items())
    assert attribute_bytes <= room_bytes
    pipeline.dead_letter_consumer.take(Incoming("m", "r", buried.body, 2, attributes=buried.attributes))
    (letter,) = pipeline.letters.stored.values()
    assert letter.code == ("object-gone" if "code" in kept else "died")


def test_a_notification_that_came_by_no_queue_of_ours_has_its_attempt_with_its_time() -> None:
    pipeline = Pipeline(LIMITS)
    pipeline.failures.dead_letter_text("{}", "request-1", ObjectGoneError("no records"))
    (buried,) = pipeline.dead_letter_queue.messages
    pipeline.dead_letter_consumer.take(Incoming("d", "r", buried.body, 1, attributes=buried.attributes))
    (attempt,) = orjson.loads(pipeline.quarantine.stored["request-1"])["attempts"]
    assert (attempt["number"], attempt["code"]) == (1, "object-gone")
    assert attempt["at"].startswith(WHEN.date().isoformat())


def test_a_message_that_was_dead_lettered_twice_is_one_dead_letter() -> None:
    """Its function died between burying it and letting it go."""
    pipeline = cut()
    message = Incoming("m", "r", pipeline.batch_queue.messages.pop().body, 1)
    for _ in range(2):
        pipeline.failures.dead_letter(message, ObjectGoneError("gone"))
    for number, buried in enumerate(pipeline.dead_letter_queue.messages):
        pipeline.dead_letter_consumer.take(
            Incoming(f"d{number}", "r", buried.body, 1, attributes=buried.attributes)
        )
    assert [letter.letter_id for letter in pipeline.letters.stored.values()] == ["m"]
    assert list(pipeline.quarantine.stored) == ["m"]


@pytest.mark.parametrize("own", ["other", "dead"])
def test_a_message_that_names_the_id_of_another_takes_nothing_of_it_away(own: str) -> None:
    pipeline = cut()
    first = pipeline.batch_queue.messages[0].body
    die(pipeline, pipeline.batch_queue)
    for _ in range(2):
        named = Incoming(own, "r", "evil", 2, attributes={"letter_id": "dead"})
        pipeline.dead_letter_consumer.take(named)
    kept = {
        letter_id: orjson.loads(envelope)["body"]
        for letter_id, envelope in pipeline.quarantine.stored.items()
    }
    assert kept.pop("dead") == first
    ((letter_id, body),) = kept.items()
    assert (body, letter_id == own) == ("evil", own == "other")
    assert letter_id.startswith(own)
    pipeline.office.redrive(Selection(ids=("dead",), state=None), in_time(), UNPACED)
    drain(pipeline)
    assert stored(pipeline) == stored(finished())


@pytest.mark.parametrize("foreign", [b"", b"no json", b"[1]"])
def test_what_somebody_put_in_the_place_of_a_dead_letter_is_left_alone(foreign: bytes) -> None:
    pipeline = Pipeline(LIMITS)
    pipeline.quarantine.stored["m"] = foreign
    pipeline.dead_letter_consumer.take(Incoming("m", "r", "?", 2))
    assert pipeline.quarantine.stored.pop("m") == foreign
    (letter,) = pipeline.letters.stored.values()
    assert list(pipeline.quarantine.stored) == [letter.letter_id]


def test_a_message_with_an_id_that_is_none_is_kept_under_its_own() -> None:
    pipeline = Pipeline(LIMITS)
    for odd in ("", "../secrets", "x" * 101, "a b"):
        pipeline.dead_letter_consumer.take(Incoming("own", "r", "?", 2, attributes={"letter_id": odd}))
    assert list(pipeline.quarantine.stored) == ["own"]


def test_a_redrive_that_dies_before_it_says_so_sends_twice_and_changes_nothing() -> None:
    pipeline = cut()
    die(pipeline, pipeline.batch_queue)
    change = pipeline.letters.change

    def dies(_: object) -> bool:
        raise Crash

    pipeline.letters.change = dies  # type: ignore[method-assign]
    with pytest.raises(Crash):
        pipeline.office.redrive(EVERYTHING, in_time(), UNPACED)
    pipeline.letters.change = change  # type: ignore[method-assign]
    assert pipeline.office.redrive(EVERYTHING, in_time(), UNPACED).changed == 1
    drain(pipeline)
    assert stored(pipeline) == stored(finished())


def test_a_dead_message_keeps_its_trace_when_it_is_redriven() -> None:
    pipeline = cut()
    message = pipeline.batch_queue.messages.pop()
    fields = orjson.loads(message.body) | {"trace": "Root=1-a-b;Parent=c;Sampled=1"}
    pipeline.batch_queue.messages[:] = [replace(message, body=orjson.dumps(fields).decode())]
    die(pipeline, pipeline.batch_queue)
    pipeline.office.redrive(EVERYTHING, in_time(), UNPACED)
    assert [sent.trace for sent in pipeline.batch_queue.messages] == ["Root=1-a-b;Parent=c;Sampled=1"]
    assert isinstance(message, Outgoing)
