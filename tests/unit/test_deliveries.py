"""Any order and repetition of messages, and a death at any effect, end in the same tables."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from functools import partial
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalicelib.core.framing.cutting import Limits
from chalicelib.core.ledger.accounts import State
from chalicelib.core.ledger.seals import Seal
from chalicelib.core.plan.layouts import Layout
from chalicelib.core.wire.bodies import decode
from chalicelib.core.wire.messages import SplitMessage
from chalicelib.core.wire.notifications import Announced
from tests.fakes import Crash, Pipeline, in_time
from tests.layouts import layout  # noqa: F401 - each of these holds in every layout

LIMITS = Limits(batch_max_lines=3, batch_max_bytes=1200, entry_max_bytes=400, split_bytes=120)
LINES = st.sampled_from(
    [
        b'{"time":"2026-02-01T10:00:00Z","level":"warn","msg":"slow","ms":12}\n',
        b'{"msg":"nested","a":{"b":[1,2]}}\n',
        b"not json\n",
        b"\n",
        b"   \r\n",
        b"2026-02-01 10:00:00,123 INFO [main] app.Shop - open\n",
        b"java.lang.IllegalStateException: closed\n\tat app.Shop.open(Shop.java:12)\n",
        b"\xff\xfe latin\n",
        b"x" * 500 + b"\n",
        b"no newline",
    ]
)
TEXTS = st.lists(LINES, max_size=40).map(b"".join)
FORMS = st.sampled_from(["plain", "gzip", "truncated", "utf-16", "shift_jis"])


def type_of(form: str) -> str:
    return "text/plain; charset=shift_jis" if form == "shift_jis" else "text/plain"


def laid_out(text: bytes, form: str) -> bytes:
    if form == "shift_jis":
        return text.decode(errors="replace").replace("\ufffd", "表ソ|").encode("shift_jis")
    if form == "utf-16":
        return ("\ufeff" + text.decode(errors="replace")).encode("utf-16-le")
    if form == "plain":
        return text
    packed = gzip.compress(text, mtime=0)
    return packed[:-9] if form == "truncated" else packed


def run_quietly(pipeline: Pipeline, announced: Announced) -> None:
    """Each message once, in order."""
    run_in_order(pipeline, announced)


def run_in_order(pipeline: Pipeline, announced: Announced, *, retry_late: bool = False) -> int:
    """Each message once, in order, but for those whose function died: they come again, at once or
    after all others. Gives the number of deaths."""
    deaths = 0
    waiting: list[Callable[[], object]] = [lambda: pipeline.splitter.ingest(announced, in_time())]
    while True:
        for queue in (pipeline.split_queue, pipeline.batch_queue):
            while queue.messages and not (waiting and not retry_late):
                message = queue.messages.pop(0)
                work = partial(deliver, pipeline, message.body)
                deaths += not survived(work, waiting)
                if queue is pipeline.batch_queue and pipeline.split_queue.messages:
                    break
        if not waiting and not pipeline.split_queue.messages and not pipeline.batch_queue.messages:
            return deaths
        if waiting:
            deaths += not survived(waiting.pop(0), waiting)


def survived(work: Callable[[], object], waiting: list[Callable[[], object]]) -> bool:
    try:
        work()
    except Crash:
        waiting.append(work)
        return False
    return True


def drain(pipeline: Pipeline, random: Random, *, repeats: int) -> None:
    """Deliver until both queues are empty; some messages more than once, in any order."""
    while pipeline.split_queue.messages or pipeline.batch_queue.messages:
        queue = random.choice([q for q in (pipeline.split_queue, pipeline.batch_queue) if q.messages])
        number = random.randrange(len(queue.messages))
        message = queue.messages[number]
        if repeats and random.random() < 0.3:
            repeats -= 1
        else:
            queue.messages.pop(number)
        deliver(pipeline, message.body)


def deliver(pipeline: Pipeline, body: str, seconds: float = 60.0) -> None:
    message = decode(body)
    if isinstance(message, SplitMessage):
        pipeline.splitter.cut(message, in_time(seconds))
    else:
        pipeline.worker.handle(body, in_time(seconds))


@given(TEXTS, FORMS, st.integers(0, 2**32), st.integers(1, 5))
@settings(suppress_health_check=[HealthCheck.too_slow], max_examples=50)
def test_repeated_and_reordered_messages_leave_the_tables_of_one_delivery(
    text: bytes, form: str, seed: int, announcements: int
) -> None:
    data = laid_out(text, form)
    quiet, noisy = Pipeline(LIMITS, piece_bytes=64), Pipeline(LIMITS, piece_bytes=17)
    run_quietly(quiet, quiet.objects.add("a.log", data, content_type=type_of(form)))
    random = Random(seed)
    announced = noisy.objects.add("a.log", data, content_type=type_of(form))
    for _ in range(announcements):
        noisy.splitter.ingest(announced, in_time(random.choice([60.0, 4.0])))
    drain(noisy, random, repeats=20)
    assert noisy.tables == quiet.tables
    (file,) = quiet.table.files.values()
    assert file.account.state.settled


@given(TEXTS, FORMS, st.data())
@settings(suppress_health_check=[HealthCheck.too_slow], max_examples=50)
def test_a_death_before_or_after_any_effect_leaves_the_tables_of_an_undisturbed_run(
    text: bytes, form: str, data: st.DataObject
) -> None:
    body = laid_out(text, form)
    quiet, dying = Pipeline(LIMITS), Pipeline(LIMITS)
    run_quietly(quiet, quiet.objects.add("a.log", body, content_type=type_of(form)))
    dying.effects.crash_at = data.draw(st.integers(1, quiet.effects.count))
    dying.effects.after = data.draw(st.booleans())
    announced = dying.objects.add("a.log", body, content_type=type_of(form))
    deaths = run_in_order(dying, announced, retry_late=data.draw(st.booleans()))
    assert deaths == 1
    assert dying.tables == quiet.tables


@pytest.mark.parametrize("layout", [Layout.ITEMS], indirect=True)  # splits are cut alike in every layout
@pytest.mark.parametrize("crash_at", range(1, 8))
def test_a_death_while_splits_are_queued_leaves_none_behind(crash_at: int) -> None:
    text = b"".join(b"line %04d of a long file\n" % number for number in range(200))
    quiet, dying = Pipeline(LIMITS), Pipeline(LIMITS)
    run_quietly(quiet, quiet.objects.add("a.log", text))
    dying.effects.crash_at = crash_at
    assert run_in_order(dying, dying.objects.add("a.log", text), retry_late=True) == 1
    assert dying.tables == quiet.tables


def test_other_limits_in_the_middle_of_a_file_change_nothing_about_it() -> None:
    text = b"".join(b'{"n":%d}\n' % number for number in range(500))
    quiet, deployed = Pipeline(LIMITS), Pipeline(LIMITS)
    run_quietly(quiet, quiet.objects.add("a.log", text))
    deployed.splitter.ingest(deployed.objects.add("a.log", text), in_time())
    deployed.set_limits(
        Limits(batch_max_lines=50, batch_max_bytes=5000, entry_max_bytes=100, split_bytes=999)
    )
    drain(deployed, Random(1), repeats=0)
    assert deployed.tables == quiet.tables


def test_a_file_cut_in_sequence_goes_on_at_a_border_in_the_next_invocation() -> None:
    text = b"".join(b"line %04d of a long file\n" % number for number in range(400))
    quiet, hurried = Pipeline(LIMITS), Pipeline(LIMITS)
    data = gzip.compress(text, mtime=0)
    run_quietly(quiet, quiet.objects.add("a.gz", data))
    hurried.splitter.ingest(hurried.objects.add("a.gz", data), in_time(4.0))
    invocations = 0
    while hurried.split_queue.messages:
        invocations += 1
        deliver(hurried, hurried.split_queue.messages.pop().body, seconds=4.0)
    drain(hurried, Random(1), repeats=0)
    assert invocations > 10
    assert hurried.tables == quiet.tables
    (file,) = hurried.table.files.values()
    assert file.account.state is State.COMPLETE
    assert file.account.summary.counts.parsed.lines == 400


def test_a_spare_message_does_not_cut_the_rest_of_a_file_that_another_is_cutting() -> None:
    text = b"".join(b"line %04d of a long file\n" % number for number in range(400))
    pipeline = Pipeline(LIMITS)
    announced = pipeline.objects.add("a.gz", gzip.compress(text, mtime=0))
    pipeline.splitter.ingest(announced, in_time(4.0))
    spare, leader = (message.body for message in pipeline.split_queue.messages)
    pipeline.split_queue.messages.clear()
    sent_before = len(pipeline.batch_queue.messages)
    put_seal = pipeline.table.put_seal

    def overtaken(*arguments: Any) -> Seal | None:
        """While the spare cuts its first split, the leader cuts all of them."""
        pipeline.table.put_seal = put_seal  # type: ignore[method-assign]
        deliver(pipeline, leader)
        return put_seal(*arguments)

    pipeline.table.put_seal = overtaken  # type: ignore[method-assign]
    deliver(pipeline, spare)
    batches = len({decode(message.body).batch_id for message in pipeline.batch_queue.messages[sent_before:]})  # type: ignore[union-attr]
    sent = len(pipeline.batch_queue.messages) - sent_before
    assert sent - batches == 2, "one split's two batches are sent twice"
    (left,) = pipeline.split_queue.messages
    assert left.delay_seconds == 300
    deliver(pipeline, left.body)
    drain(pipeline, Random(1), repeats=0)
    (file,) = pipeline.table.files.values()
    assert (file.account.state, file.account.summary.counts.parsed.lines) == (State.COMPLETE, 400)


@pytest.mark.parametrize("versions", [3])
def test_each_upload_of_a_key_is_a_file_of_its_own(versions: int) -> None:
    pipeline = Pipeline(LIMITS)
    for version in range(versions):
        run_quietly(pipeline, pipeline.objects.add("a.log", b"same\n", version_id=f"v{version}"))
    assert [file.account.state for file in pipeline.table.files.values()] == [State.COMPLETE] * versions
