"""Every function is killed with SIGKILL before and after each effect it has, and every file comes out the same.

How it works: `Killer` puts `killing/deadly.py` around the deployed handlers, which notes every request that
changes something. A file of each way below is sent through undisturbed; what was noted of it gives the
scenarios: for each effect of a function of that way, a file of the same bytes whose function is killed the first
time that it comes to that effect, once before and once after, unless another way has that already. They are
under way together; the second delivery by S3, a queue or the stream has to heal each. At the end every kill
must have taken place, every file be COMPLETE, and both tables hold of it what they hold of the undisturbed one.

Of the files of one way a batch dies: they are INCOMPLETE, with one dead letter each that is the same as that of the
undisturbed one, and after a redrive they too are as if nothing had happened.

Which function has which effect must not depend on a race: workers wait until all is cut (`seals first`), or the
seal of a split waits until its batches are marked (`marks first`). To add a function: name it in FUNCTIONS, and
in a way that brings it into play.
"""

import base64
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from random import Random

import pytest

pytest.importorskip("chalice.cli", reason="needs chalice: make setup")
pytest.importorskip("ministack", reason="needs ministack: make setup")

from chalicelib.core.plan.layouts import Layout
from chalicelib.dead_letters.office import Pace, Selection, all_of
from chalicelib.delivery import Deadline
from froe.local import LocalStack
from tests.faults.inputs import json_lines, zipped
from tests.integration.kills import Effect, Killer
from tests.integration.letters import all_kept
from tests.integration.scenes import Scenario, Scenes, Way, ids_of
from tests.integration.support import (
    Stored,
    all_normalised,
    drained,
    reach,
    services_of,
    silenced,
)
from tests.tars import tar

PACKED = Layout.PACKED.value
FUNCTIONS = ("splitter", "queued_splitter", "worker", "dead_letter_consumer", "notifier")
LIMITS = {
    "BATCH_MAX_LINES": "30",
    "BATCH_MAX_BYTES": "8192",
    "ENTRY_MAX_BYTES": "1024",
    "SPLIT_BYTES": "3000",
    "SPLIT_DELAY_SECONDS": "8",
    "RETRY_BASE_SECONDS": "1",
    "NOTICES_GROUPED_FROM": "1000",
}
"""Each file has a notice of its own, so that the notifier can be killed at it."""
PATIENT = {
    "SplitVisibilitySeconds": "8",
    "BatchVisibilitySeconds": "6",
    "DeadLetterVisibilitySeconds": "4",
    "SplitMaxReceives": "1000",
    "BatchMaxReceives": "1000",
}
"""A kill also hits the messages that the invocation holds beside: that must not make them dead letters."""

TEXT = json_lines(70)
HALVES = [b"".join(TEXT.splitlines(keepends=True)[begin : begin + 35]) for begin in (0, 35)]
"""Members of which each fills a split of the archive, so that a function is also killed between them."""
ACCOUNT = "UpdateItem file state"
ALL_BUT_THE_FIRST = (Effect("worker", "UpdateItem leaf#000000#000000 1"), Effect("worker", ACCOUNT))
"""What workers do last for the other batches of a file that loses its first."""

WAYS = (
    Way("dead", TEXT, ("dead_letter_consumer",), loses="000000-000000", once=ALL_BUT_THE_FIRST),
    Way("plain", TEXT, ("splitter", "queued_splitter", "worker", "notifier"), races=(ACCOUNT,)),
    Way("gzip", zipped(TEXT), ("splitter",)),
    Way(
        "archive",
        tar([(f"{number}.log", HALVES[number]) for number in range(2)]),
        ("splitter",),
        only=("PutItem members#", "UpdateItem leaf#", "UpdateItem split#"),
    ),
    Way("queued", zipped(TEXT), ("queued_splitter",), by_queue=True, marks_first=True),
)
NOISE = b"".join(
    b'{"level": "info", "msg": "%b"}\n' % base64.b64encode(Random(number).randbytes(142_000))
    for number in range(4)
)
"""Two batches: a segment with a continuation, since it hardly compresses, and one without."""
PACKED_WAY = Way("packed", NOISE, ("worker",), by_queue=True, only=("BatchWriteItem ", "UpdateItem leaf#"))
"""What a worker writes is all that differs between layouts."""
WRITTEN = [
    Effect("worker", f"BatchWriteItem {name}")
    for name in ("000000-000000 from 0#0001", "000000-000000 from 0", "000000-000001 from 568095")
]
AFTER_THE_QUARANTINE = [
    "PutItem letter",
    "PutItem dead",
    "UpdateItem leaf#000000#000000 0",
    "UpdateItem split#000000 summary",
    "UpdateItem file state INCOMPLETE",
    "Publish notice",
]
"""What becomes known of a batch that died, in this order, once its message is in the quarantine."""


@pytest.fixture
def scenes(make_stack: Callable[..., LocalStack], tmp_path: Path) -> Iterator[Scenes]:
    """A stack whose bucket announces nothing by itself, and whose functions can be killed."""
    stack = make_stack(settings=LIMITS, parameters=PATIENT)
    with silenced(stack):
        yield Scenes(stack, Killer(stack, tmp_path, FUNCTIONS), WAYS)


def test_a_function_killed_at_any_effect_does_not_change_what_is_stored(scenes: Scenes) -> None:
    """Tables, account, queues and dead letters are those of files that nothing disturbed."""
    calm = scenes.calm()
    assert_kept_before_marked(scenes, calm)
    deadly = scenes.deadly(calm)
    assert {each.kill.function for each in deadly if each.kill} == set(FUNCTIONS)
    survivors = scenes.survivors(deadly)
    assert not survivors, "\n".join(survivors)
    stored = all_normalised(scenes.stack)
    expected = {each.way.name: stored[each.uploaded.file_id] for each in calm}
    assert {name: len(each.records) for name, each in expected.items()} == {
        way.name: 40 if way.loses else 70 for way in WAYS
    }
    changed = [str(each) for each in deadly if stored[each.uploaded.file_id] != expected[each.way.name]]
    assert not changed, "\n".join(changed)
    assert_one_letter_each(scenes, [each for each in (*calm, *deadly) if each.way.loses])
    assert_redriven(scenes, expected["plain"])


def test_a_worker_killed_at_a_write_of_packed_leaves_the_tables_as_if_nothing_had_been(
    make_stack: Callable[..., LocalStack], tmp_path: Path
) -> None:
    """Continuations before the head, the head before the mark: whoever dies between them is made good."""
    stack = make_stack(
        settings={"SPLIT_DELAY_SECONDS": "8", "RETRY_BASE_SECONDS": "1"},
        parameters=PATIENT | {"RecordsLayout": PACKED},
    )
    with silenced(stack):
        scenes = Scenes(stack, Killer(stack, tmp_path, ("worker",)), (PACKED_WAY,))
        calm = scenes.calm()
        assert set(WRITTEN) <= set(scenes.effects(calm[0]))
        deadly = scenes.deadly(calm)
        assert len(deadly) == 2 * (len(WRITTEN) + 2)
        survivors = scenes.survivors(deadly)
        assert not survivors, "\n".join(survivors)
        stored = all_normalised(stack)
        expected = stored[calm[0].uploaded.file_id]
        assert [item["sk"] for item in expected.records] == [
            "0000000000000000",
            "0000000000000000#0001",
            "0000000000568095",
        ]
        changed = [str(each) for each in deadly if stored[each.uploaded.file_id] != expected]
        assert not changed, "\n".join(changed)


def assert_kept_before_marked(scenes: Scenes, calm: Sequence[Scenario]) -> None:
    """Whoever sees that a batch is dead finds its letter, and its message in the quarantine."""
    for each in calm:
        if each.way.loses:
            effects = scenes.effects(each)
            quarantined, *rest = (name for function, name in effects if function == "dead_letter_consumer")
            assert quarantined.startswith("PutObject ")
            assert rest == AFTER_THE_QUARANTINE


def assert_one_letter_each(scenes: Scenes, scenarios: Sequence[Scenario]) -> None:
    """One item and one object, which holds the whole message; those of the first are those of all."""
    kept = all_kept(scenes.stack)
    assert kept.keys() == scenes.died.keys() == set(ids_of(scenarios))
    expected = kept[scenarios[0].uploaded.file_id]
    assert (len(expected.items), len(expected.objects)) == (1, 1)
    changed = [
        str(each)
        for each in scenarios
        for file_id in [each.uploaded.file_id]
        if kept[file_id] != expected._replace(bodies=[scenes.died[file_id].body])
    ]
    assert not changed, "\n".join(changed)


def assert_redriven(scenes: Scenes, expected: Stored) -> None:
    """Once all dead letters are sent again, their files are complete, and nothing tells that they ever died."""
    office = services_of(scenes.stack).dead_letter_office
    done = all_of(lambda cursor: office.redrive(Selection(), Deadline.after(60), Pace(100), cursor=cursor))
    assert (done.changed, done.refused) == (len(scenes.died), 0)
    reach(scenes.stack, {"COMPLETE"}, *scenes.died)
    drained(scenes.stack)
    stored = all_normalised(scenes.stack)
    assert all(stored[file_id] == expected for file_id in scenes.died)
