"""The world of one schedule: a clock, functions that interleave at every effect, and faults, all drawn from a seed.

Each function runs in a thread of its own, but one at a time: whoever has an effect may have to let another go on.
Nothing but the seed decides, so that a schedule can be repeated. A dead function has no effect any more.
"""

from __future__ import annotations

import pkgutil
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta
from functools import cache
from importlib import import_module
from random import Random
from types import SimpleNamespace
from typing import Any, Final

from botocore.exceptions import ReadTimeoutError

import chalicelib
import chalicelib.aws
from chalicelib import pipeline, services
from tests.fakes import WHEN, Crash

EVENTS_KEPT: Final = 4000
EFFECTS_MAX: Final = 60_000
"""More than any schedule needs: who comes so far runs in circles."""


class EndlessError(BaseException):
    """A schedule has had more effects than any can need."""


@dataclass
class Faults:
    """How often what goes wrong at an effect, as probabilities."""

    switch: float = 0.0
    crash_before: float = 0.0
    crash_after: float = 0.0
    refused: float = 0.0
    throttled: float = 0.0
    answer_lost: float = 0.0
    partial: float = 0.0
    slow: float = 0.0
    lag_seconds: float = 0.0


class Actor:
    """A function that runs: killed at `kill_at`, as Lambda does at the end of its time."""

    def __init__(self, world: World, name: str, work: Callable[[], Any], seconds: float) -> None:
        self.name = name
        self.kill_at = world.now + seconds
        self.dead = False
        self.finished = False
        self.result: Any = None
        self.error: BaseException | None = None
        self._go = threading.Semaphore(0)
        self._world = world
        self._work = work
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def step(self) -> None:
        """Let it go on until it lets go."""
        self._world.current = self
        self._go.release()
        self._world.returned.acquire()
        self._world.current = None

    def let_go(self) -> None:
        self._world.returned.release()
        self._go.acquire()

    def _run(self) -> None:
        self._go.acquire()
        try:
            self.result = self._work()
        except BaseException as error:  # noqa: BLE001 - the scheduler looks at it
            self.error = error
        self.finished = True
        self._world.returned.release()


class World:
    """random: where all is drawn from but for layouts and readings, so that the rest is the same in each. now: seconds since 1970. calm: who works undisturbed while nobody else does."""

    def __init__(self, seed: object) -> None:
        self.random = Random(f"{seed}")
        self.layouts = Random(f"layouts of {seed}")
        self.readings = Random(f"readings of {seed}")
        self.now = WHEN.timestamp()
        self.faults = Faults()
        self.outage: Callable[[str, str], bool] | None = None
        self.current: Actor | None = None
        self.returned = threading.Semaphore(0)
        self.effects = 0
        self.calm = ""
        self.crashes = 0
        self.failures = 0
        self.events: list[str] = []

    def time(self) -> datetime:
        return datetime.fromtimestamp(self.now, UTC)

    def note(self, text: str) -> None:
        if len(self.events) < EVENTS_KEPT:
            at = timedelta(seconds=round(self.now - WHEN.timestamp(), 2))
            self.events.append(f"{at!s:>16.16} {text}")

    def draws(self, probability: float) -> bool:
        return probability > 0 and self.random.random() < probability

    def share(self, size: int) -> int:
        """How many of so many are left undone by a request."""
        if self.current is None or not self.draws(self.faults.partial):
            return 0
        return self.random.randint(1, size)

    def visible_at(self) -> float:
        lag = self.faults.lag_seconds
        return self.now + (self.random.random() * lag if lag else 0.0)

    def effect(self, service: str, doing: str, apply: Callable[[], Any], *, writes: bool = False) -> Any:
        """One request: a point where functions interleave, die or are refused."""
        actor, faults = self.current, self.faults
        self.effects += 1
        if self.effects > EFFECTS_MAX:
            raise EndlessError
        if actor is None:
            self.now += 0.001
            self.note(f"{self.calm}: {doing}")
            return apply()
        if not actor.dead and self.draws(faults.switch):
            actor.let_go()
        self.now += 0.005 if not self.draws(faults.slow) else self.random.choice([1.0, 5.0, 20.0, 61.0])
        self._die_if_due(actor, doing, faults.crash_before, "before")
        self._fail_if_due(service, doing)
        self.note(f"{actor.name}: {doing}")
        try:
            result = apply()
        except Exception:
            self._die_if_due(actor, doing, faults.crash_after, "after")
            raise
        if writes and self.draws(faults.answer_lost):
            self.failures += 1
            self.note(f"{actor.name}: the answer is lost")
            if self.draws(0.5):
                return apply()  # the SDK sends it again by itself
            raise ReadTimeoutError(endpoint_url=service)
        self._die_if_due(actor, doing, faults.crash_after, "after")
        return result

    def _die_if_due(self, actor: Actor, doing: str, probability: float, when: str) -> None:
        if actor.dead:
            raise Crash
        if self.now > actor.kill_at or self.draws(probability):
            self.crashes += 1
            self.note(f"{actor.name}: dies {when} {doing}")
            actor.dead = True
            raise Crash

    def _fail_if_due(self, service: str, doing: str) -> None:
        from tests.soak.dynamodb import refused

        code = None
        if self.draws(self.faults.refused):
            code = "InternalServerError"
        elif self.draws(self.faults.throttled):
            code = "ThrottlingException"
        elif self.outage and self.outage(service, doing):
            code = "ServiceUnavailable"
        if code:
            self.failures += 1
            assert self.current
            self.note(f"{self.current.name}: {code} at {doing}")
            raise refused(code)

    def sleep(self, seconds: float) -> None:
        self.now += seconds


class Inline:
    """An executor that works at once, in the thread that asks."""

    def __init__(self, *_: Any, **__: Any) -> None:
        pass

    def submit(self, work: Callable[..., Any], *arguments: Any) -> Any:
        from concurrent.futures import Future

        future: Future[Any] = Future()
        try:
            future.set_result(work(*arguments))
        except BaseException as error:  # noqa: BLE001 - whoever asks for the result gets it
            future.set_exception(error)
        return future

    @staticmethod
    def map(work: Callable[..., Any], *iterables: Any) -> Iterator[Any]:
        return iter([work(*each) for each in zip(*iterables, strict=False)])


@cache
def import_all() -> None:
    """What is imported when it is needed would keep its own time and threads."""
    for module in pkgutil.walk_packages(chalicelib.__path__, "chalicelib."):
        if not module.name.startswith("chalicelib.core.formats."):
            import_module(module.name)


@contextmanager
def lived_in(world: World) -> Iterator[None]:
    """Within, the time, the sleep, the dice and the threads of what is tested are the world's."""
    import_all()
    clock = SimpleNamespace(
        monotonic=lambda: world.now, time=lambda: world.now, perf_counter=lambda: world.now, sleep=world.sleep
    )
    dice = SimpleNamespace(
        uniform=lambda low, high: low + (high - low) * world.random.random(), random=world.random.random
    )
    swapped = {"time": clock, "random": dice, "ThreadPoolExecutor": Inline, "now": world.time}
    for each in pkgutil.iter_modules(chalicelib.aws.__path__, "chalicelib.aws."):
        import_module(each.name)  # what is imported when it is needed would have real threads and times
    kept: list[tuple[Any, str, Any]] = []
    real = pipeline.now
    for name, module in list(sys.modules.items()):
        if not name.startswith("chalicelib.") or module is None:
            continue
        for attribute, stand_in in swapped.items():
            value = vars(module).get(attribute)
            is_stdlib = getattr(value, "__name__", "") in ("time", "random", "ThreadPoolExecutor")
            if is_stdlib or value is real:
                kept.append((module, attribute, value))
                setattr(module, attribute, stand_in)
    assert {pipeline, services} <= {module for module, name, _ in kept if name == "now"}, (
        "functions have another clock"
    )
    try:
        yield
    finally:
        for module, attribute, value in kept:
            setattr(module, attribute, value)


def drawn_faults(random: Random, rates: tuple[float, ...] = (0.0, 0.0, 0.005, 0.02, 0.06)) -> Faults:
    """Some faults often, some never: a schedule in which all are likely comes nowhere."""
    return Faults(
        **{each.name: random.choice(rates) for each in fields(Faults)}
        | {
            "switch": random.choice([0.0, 0.3, 0.6, 0.9]),
            "lag_seconds": random.choice([0.0, 1.0, 600.0, 20_000.0]),
        }
    )
