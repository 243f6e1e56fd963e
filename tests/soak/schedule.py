"""One schedule, from its seed to what it violated."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from chalicelib import leaves, sums
from chalicelib.aws import ledger_table
from chalicelib.core.records import ITEM_MAX_BYTES, segments
from tests.soak.checks import Checks, state_in
from tests.soak.healing import Healing
from tests.soak.operations import Operations
from tests.soak.stage import DESTINATIONS, Stage, Violation, limits_of
from tests.soak.world import EndlessError, Faults, World, drawn_faults, lived_in

KINDS: Final = ("lost", "doubled", "wrong", "stuck", "crashed", "endless")
"""What a schedule may violate."""

BUSY: Final = Faults(switch=0.95)
"""Nothing goes wrong, but everybody meets everybody."""

HARSH: Final = (0.0, 0.0, 0.02, 0.1, 0.25)
"""Of faults while what was dead is delivered again: much of it dies once more."""


@dataclass
class Outcome:
    """What a schedule was and what it violated; events: what happened, in order."""

    seed: object
    violations: list[Violation] = field(default_factory=list)
    events: list[str] = field(default_factory=list)
    effects: int = 0
    invocations: int = 0
    crashes: int = 0
    faults: int = 0
    files: int = 0
    lines: int = 0
    sweeps: int = 0
    states: Counter[str] = field(default_factory=Counter)

    def report(self) -> str:
        """What was violated and the whole story, so that it can be understood without running it again."""
        violated = "\n".join(f"  {each}" for each in self.violations)
        story = "\n".join(self.events)
        again = f"python -m tests.soak --schedules 1 --story --seed {self.seed}"
        return f"{story}\n\nseed {self.seed} violates:\n{violated or '  nothing'}\nRepeat it: {again}"


_LARGE: Final[tuple[tuple[Any, str, int], ...]] = (
    (sums, "FAN_OUT", 2),
    (ledger_table, "FAN_OUT", 2),
    (sums, "_TOP_MAX", 2),
    (leaves, "GROUP_BATCHES", 4),
    (ledger_table, "_DIGESTS_BESIDE", 8),
)
"""What makes files of a few splits and batches as large to the ledger as others are."""


@contextmanager
def _sized(item_bytes: int, *, are_large: bool) -> Iterator[None]:
    """Segments have continuations as if DynamoDB took no larger items. are_large: to the ledger."""
    changed = [
        (segments, "_ITEM_BYTES", min(segments._ITEM_BYTES, item_bytes)),
        *(_LARGE if are_large else ()),
    ]
    before = [(module, name, getattr(module, name)) for module, name, _ in changed]
    for module, name, number in changed:
        setattr(module, name, number)
    try:
        yield
    finally:
        for module, name, number in before:
            setattr(module, name, number)


def run(seed: object) -> Outcome:
    world = World(seed)
    random = world.random
    limits = limits_of(random.choice([1, 3, 3, 8]), random.choice([120, 400, 1000, 4000]))
    retention_days = random.choice([0, 0, 0, 30])
    outcome = Outcome(seed, events=world.events)
    layout, sink = world.layouts.choice(DESTINATIONS)
    item_bytes = world.layouts.choice([ITEM_MAX_BYTES, 1200])
    are_large = world.layouts.random() < 0.5
    with lived_in(world), _sized(item_bytes, are_large=are_large):
        stage = Stage(
            world,
            limits,
            retention_days=retention_days,
            max_receives=random.choice([1, 2, 5]),
            layout=layout,
            sink=sink,
        )
        world.note(
            f"{limits}, retention {retention_days} days, {layout} and {sink}, items of {item_bytes:,} bytes,"
            f" {'large' if are_large else 'small'} to the ledger"
        )
        checks, operations, healing = Checks(stage), Operations(stage), Healing(stage)
        with stage.logs_watched():
            try:
                world.faults = drawn_faults(random)
                for _ in range(random.choice([1, 1, 2, 3])):
                    operations.upload()
                if stage.lossless and random.random() < 0.5:
                    world.faults = BUSY
                    operations.play_deliveries(random.choice([100, 400, 800]))
                    world.faults = drawn_faults(random)
                for act in range(random.choice([1, 1, 2, 3])):
                    if act:
                        healing.rest()
                        world.faults = drawn_faults(random)
                        if random.random() < 0.5:
                            operations.outage()
                    stage.calm = False
                    operations.play(random.choice([40, 100, 250]))
                if healing.rest() and random.random() < 0.7:
                    world.faults, stage.calm = drawn_faults(random, HARSH), False
                    operations.play_deliveries(random.choice([20, 60, 120]))
                healing.heal()
                for uploaded in stage.uploads.values():
                    checks.at_the_end(uploaded)
            except EndlessError:
                stage.violate("endless", "", f"more than {world.effects - 1} effects")
    outcome.violations = stage.violations
    outcome.effects, outcome.crashes, outcome.faults = world.effects, world.crashes, world.failures
    outcome.invocations, outcome.sweeps = stage.invocations, healing.sweeps
    outcome.files = len(stage.uploads)
    outcome.lines = sum(each.log.lines for each in stage.uploads.values())
    items = stage.aws.dynamodb.table("ledger").items
    outcome.states = Counter(
        state_in(item) for (_, sk), item in items.items() if sk == "file" and "state" in item
    )
    return outcome
