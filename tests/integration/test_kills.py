"""Every function is killed with SIGKILL before and after each effect it has, and every file comes out the same.

How it works: `Killer` puts `killing/deadly.py` around the deployed handlers, which notes every request that
changes something. A file of each way below is sent through undisturbed; what was noted of it gives the
scenarios: for each effect of a function of that way, a file of the same bytes whose function is killed the first
time that it comes to that effect, once before and once after. They are under way together; the second delivery
by S3, a queue or the stream has to heal each. At the end every kill must have taken place, every file be
COMPLETE, and both tables hold of it what they hold of the undisturbed one.

Which function has which effect must not depend on a race: workers wait until all is cut (`seals first`), or the
seal of a split waits until its batches are marked (`marks first`). To add a function: name it in FUNCTIONS, and
in a way that brings it into play.
"""

import json
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest

pytest.importorskip("chalice.cli", reason="needs chalice: make setup")
pytest.importorskip("ministack", reason="needs ministack: make setup")

from froe.local import LocalStack
from tests.faults.inputs import json_lines, zipped
from tests.integration.kills import NO_HOLDS, Effect, Holds, Kill, Killer, Plan
from tests.integration.support import (
    Uploaded,
    all_normalised,
    announce,
    call_api,
    drained,
    event_of,
    lose_batches,
    paused,
    queue_depth,
    reach,
    sealed,
    silenced,
    upload,
    wait_for,
)

FUNCTIONS = ("splitter", "queued_splitter", "worker", "notifier")
LIMITS = {
    "BATCH_MAX_LINES": "30",
    "BATCH_MAX_BYTES": "8192",
    "ENTRY_MAX_BYTES": "1024",
    "SPLIT_BYTES": "3000",
    "SPLIT_DELAY_SECONDS": "8",
    "RETRY_BASE_SECONDS": "1",
}
PATIENT = {
    "SplitVisibilitySeconds": "8",
    "BatchVisibilitySeconds": "6",
    "SplitMaxReceives": "1000",
    "BatchMaxReceives": "1000",
}
"""A kill also hits the messages that the invocation holds beside: that must not make them dead letters."""

PATIENCE_SECONDS = 180
ANNOUNCED_AT_ONCE = 3
TEXT = json_lines(70)


@dataclass(frozen=True, slots=True)
class Way:
    """How a file goes through. killed: the functions to kill on it.

    by_queue: its notification comes through the split queue. marks_first: each seal waits for the marks of its
    batches; else no worker begins before all is sealed. races: effects that another may forestall.
    """

    name: str
    data: bytes
    killed: Sequence[str]
    by_queue: bool = False
    marks_first: bool = False
    races: Sequence[str] = ()


ACCOUNT = "UpdateItem file state"
WAYS = (
    Way("plain", TEXT, FUNCTIONS, races=(ACCOUNT,)),
    Way("gzip", zipped(TEXT), ("splitter",)),
    Way("queued", zipped(TEXT), ("queued_splitter",), by_queue=True, marks_first=True),
)


@dataclass(frozen=True, slots=True)
class Scenario:
    """One file on its way. kill: what befalls it, if anything."""

    way: Way
    uploaded: Uploaded
    kill: Kill | None
    holds: Holds

    def __str__(self) -> str:
        return f"{self.way.name}: {self.kill or 'undisturbed'}"


class Scenes:
    """Scenarios on one stack, all under way together."""

    def __init__(self, stack: LocalStack, killer: Killer) -> None:
        self.stack = stack
        self._killer = killer

    def calm(self) -> list[Scenario]:
        """An undisturbed file of each way. What the seals of a way wait for is seen on one before it."""
        seals_first = self._play([self._staged(way) for way in WAYS if not way.marks_first])
        holds = {each.way.data: holds_in(self.effects(each)) for each in seals_first}
        marks_first = [self._staged(way, holds=holds[way.data]) for way in WAYS if way.marks_first]
        return seals_first + self._play(marks_first)

    def deadly(self, calm: Sequence[Scenario]) -> list[Scenario]:
        """A file for each effect of an undisturbed one, and each side of it."""
        return self._play(
            [
                self._staged(each.way, Kill(effect.function, effect.name, when), each.holds)
                for each in calm
                for effect in self.effects(each)
                if effect.function in each.way.killed and effect.name not in each.way.races
                for when in ("before", "after")
            ]
        )

    def effects(self, scenario: Scenario) -> list[Effect]:
        return self._killer.effects(scenario.uploaded.file_id)

    def survivors(self, scenarios: Sequence[Scenario]) -> list[str]:
        """The scenarios whose kill has not taken place."""
        return [str(each) for each in scenarios if not self._killer.has_killed(each.uploaded.file_id)]

    def _staged(self, way: Way, kill: Kill | None = None, holds: Holds = NO_HOLDS) -> Scenario:
        uploaded = upload(self.stack, f"{way.name}/{kill or 'undisturbed'}", way.data)
        self._killer.plan(uploaded.file_id, Plan(kill, holds))
        return Scenario(way, uploaded, kill, holds)

    def _play(self, scenarios: list[Scenario]) -> list[Scenario]:
        for marks_first in (True, False):
            playing = [each for each in scenarios if each.way.marks_first is marks_first]
            with nullcontext() if marks_first else paused(self.stack, "worker"):
                self._announce(playing)
                sealed(self.stack, *ids_of(playing), timeout_seconds=PATIENCE_SECONDS)
                wait_for(self._all_is_cut, "the split queue to drain", PATIENCE_SECONDS)
            reach(self.stack, {"COMPLETE"}, *ids_of(playing), timeout_seconds=PATIENCE_SECONDS)
        for each in scenarios:
            wait_for(partial(self._is_told_of, each), f"all that is killed on {each}", PATIENCE_SECONDS)
        drained(self.stack)
        return scenarios

    def _announce(self, scenarios: Sequence[Scenario]) -> None:
        """A few at a time: the emulator starts a process for each object that is announced meanwhile."""
        sqs = self.stack.client("sqs")
        begun: deque[Scenario] = deque()
        for each in scenarios:
            event = event_of(self.stack, each.uploaded)
            if each.way.by_queue:
                sqs.send_message(QueueUrl=self.stack.info.split_queue, MessageBody=json.dumps(event))
                continue
            announce(self.stack, event)
            begun.append(each)
            if len(begun) == ANNOUNCED_AT_ONCE:
                first = begun.popleft()
                wait_for(partial(self._has_begun, first), f"{first} to begin")

    def _has_begun(self, scenario: Scenario) -> bool | None:
        return True if self.effects(scenario) else None

    def _is_told_of(self, scenario: Scenario) -> bool | None:
        """Some functions come to a file only once it is settled."""
        functions = {effect.function for effect in self.effects(scenario)}
        return functions.issuperset(scenario.way.killed) or None

    def _all_is_cut(self) -> bool | None:
        return queue_depth(self.stack, self.stack.info.split_queue) == 0 or None


def holds_in(effects: Sequence[Effect]) -> Holds:
    """Each seal, and the marks of the batches of its split."""
    names = [effect.name for effect in effects]
    seals = [name for name in names if name.endswith(" sealed")]
    leaves = [seal.removesuffix(" sealed").replace("split#", "leaf#") for seal in seals]
    return {
        seal: [name for name in names if name.startswith(leaf)]
        for seal, leaf in zip(seals, leaves, strict=True)
    }


def ids_of(scenarios: Sequence[Scenario]) -> list[str]:
    return [each.uploaded.file_id for each in scenarios]


@pytest.fixture
def scenes(make_stack: Callable[..., LocalStack], tmp_path: Path) -> Iterator[Scenes]:
    """A stack whose bucket announces nothing by itself, and whose functions can be killed."""
    stack = make_stack(settings=LIMITS, parameters=PATIENT)
    with silenced(stack):
        yield Scenes(stack, Killer(stack, tmp_path, FUNCTIONS))


def test_a_function_killed_at_some_effect_changes_what_is_stored(scenes: Scenes) -> None:
    """Tables, account and queues are those of files that nothing disturbed."""
    calm = scenes.calm()
    deadly = scenes.deadly(calm)
    assert {each.kill.function for each in deadly if each.kill} == set(FUNCTIONS)
    survivors = scenes.survivors(deadly)
    assert not survivors, "\n".join(survivors)
    stored = all_normalised(scenes.stack)
    expected = {each.way.name: stored[each.uploaded.file_id] for each in calm}
    assert all(len(each.records) == 70 for each in expected.values())
    changed = [str(each) for each in deadly if stored[each.uploaded.file_id] != expected[each.way.name]]
    assert not changed, "\n".join(changed)
    assert queue_depth(scenes.stack, scenes.stack.info.dead_letter_queue) == 0


def test_batches_that_were_purged_are_taken_for_done(stack: LocalStack) -> None:
    """What is lost on the way stays named: the file is not complete, and every byte of it is pending."""
    lost = lose_batches(stack, "purged.jsonl", TEXT)
    file = call_api(stack, f"/files/{lost.file_id}").body
    assert (file["state"], file["pending"]["bytes"]) == ("PROCESSING", len(TEXT))
