"""Files on their way through one local stack, all at once, and what befalls each of them."""

import json
import time
from collections import deque
from collections.abc import Collection, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial

from froe.local import LocalStack
from tests.integration.kills import NO_HOLDS, Effect, Holds, Kill, Killer, Plan
from tests.integration.letters import Died, let_die, take_batches
from tests.integration.support import (
    PATIENCE_SECONDS,
    Uploaded,
    announce,
    drained,
    event_of,
    paused,
    queue_depth,
    reach,
    sealed,
    upload,
    wait_for,
)

ANNOUNCED_AT_ONCE = 3


@dataclass(frozen=True, slots=True)
class Way:
    """How a file goes through. killed: the functions to kill on it.

    by_queue: its notification comes through the split queue. marks_first: each seal waits for the marks of its
    batches; else no worker begins before all is sealed. races: effects that another may forestall. only: how the effects
    begin that are killed at, where not all are. loses: the batch that becomes a dead letter, once these effects have
    come.
    """

    name: str
    data: bytes
    killed: Sequence[str]
    by_queue: bool = False
    marks_first: bool = False
    races: Sequence[str] = ()
    only: tuple[str, ...] = ("",)
    loses: str = ""
    once: Collection[Effect] = ()


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

    def __init__(self, stack: LocalStack, killer: Killer, ways: Sequence[Way]) -> None:
        self.stack = stack
        self.died: dict[str, Died] = {}
        """The dead letter of each file that lost a batch."""
        self._killer = killer
        self._ways = ways

    def calm(self) -> list[Scenario]:
        """An undisturbed file of each way. What the seals of a way wait for is seen on one before it."""
        seals_first = self._play([self._staged(way) for way in self._ways if not way.marks_first])
        holds = {each.way.data: holds_in(self.effects(each)) for each in seals_first}
        marks_first = [self._staged(way, holds=holds[way.data]) for way in self._ways if way.marks_first]
        return seals_first + self._play(marks_first)

    def deadly(self, calm: Sequence[Scenario]) -> list[Scenario]:
        """A file for each effect of an undisturbed one, and each side of it; of ways in which seals and marks
        come in the same order, the first that has the effect."""
        chosen: dict[tuple[Effect, bool], Scenario] = {}
        for each in calm:
            for effect in self.effects(each):
                is_meant = effect.name.startswith(each.way.only) and effect.name not in each.way.races
                if effect.function in each.way.killed and is_meant:
                    chosen.setdefault((effect, each.way.marks_first), each)
        return self._play(
            [
                self._staged(each.way, Kill(effect.function, effect.name, when), each.holds)
                for (effect, _), each in chosen.items()
                for when in ("before", "after")
            ]
        )

    def effects(self, scenario: Scenario) -> list[Effect]:
        return self._killer.effects(scenario.uploaded.file_id)

    def survivors(self, scenarios: Sequence[Scenario]) -> list[str]:
        """The scenarios whose kill has not taken place. The stream, of which no queue tells, may still be on its way."""
        until = time.monotonic() + PATIENCE_SECONDS
        while left := [each for each in scenarios if not self._killer.has_killed(each.uploaded.file_id)]:
            if time.monotonic() > until:
                break
            time.sleep(0.2)
        return [str(each) for each in left]

    def _staged(self, way: Way, kill: Kill | None = None, holds: Holds = NO_HOLDS) -> Scenario:
        uploaded = upload(self.stack, f"{way.name}/{kill or 'undisturbed'}", way.data)
        self._killer.plan(uploaded.file_id, Plan(kill, holds))
        return Scenario(way, uploaded, kill, holds)

    def _play(self, scenarios: list[Scenario]) -> list[Scenario]:
        for marks_first in (True, False):
            playing = [each for each in scenarios if each.way.marks_first is marks_first]
            with nullcontext() if marks_first else paused(self.stack, "worker"):
                self._announce(playing)
                sealed(self.stack, *ids_of(playing))
                wait_for(self._all_is_cut, "the split queue to drain")
                lost = self._take_lost(playing)
            self._let_die(playing, lost)
            reach(self.stack, {"INCOMPLETE"}, *lost)
            kept = set(ids_of(playing)).difference(lost)
            reach(self.stack, {"COMPLETE"}, *kept)
        for each in scenarios:
            wait_for(partial(self._is_told_of, each), f"all that is killed on {each}")
        drained(self.stack)
        return scenarios

    def _take_lost(self, scenarios: Sequence[Scenario]) -> dict[str, str]:
        """The batch that each of these files loses, as the body of its message, by file."""
        file_ids = {
            f"{each.uploaded.file_id}-{each.way.loses}": each.uploaded.file_id
            for each in scenarios
            if each.way.loses
        }
        taken = take_batches(self.stack, file_ids) if file_ids else {}
        assert taken.keys() == file_ids.keys(), "some batch is not in its queue"
        return {file_ids[batch_id]: body for batch_id, body in taken.items()}

    def _let_die(self, scenarios: Sequence[Scenario], lost: Mapping[str, str]) -> None:
        for each in scenarios:
            file_id = each.uploaded.file_id
            if file_id in lost:
                wait_for(partial(self._is_marked_else, each), f"what else {each} has")
                self.died[file_id] = let_die(self.stack, lost[file_id])

    def _is_marked_else(self, scenario: Scenario) -> bool | None:
        return set(scenario.way.once).issubset(self.effects(scenario)) or None

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
        """Some functions come to a file only once it is settled. Where several files settle together, the notifier is
        killed once for each of them, and its batch begins anew each time."""
        if scenario.kill and not self._killer.has_killed(scenario.uploaded.file_id):
            return None
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
