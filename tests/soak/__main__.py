"""``python -m tests.soak``: random schedules and spoilt inputs, for so long or so many; exit 1 if anything is violated."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any, Final

from tests.soak.fuzz import READERS, fault
from tests.soak.schedule import KINDS, Outcome, run

_STORIES_KEPT: Final = 5
_TOLD_EVERY_SECONDS: Final = 60.0
COUNTED: Final = ("effects", "invocations", "crashes", "faults", "files", "lines", "sweeps")


def main(arguments: list[str] | None = None) -> int:
    asked = _parser().parse_args(arguments)
    begun = time.monotonic()
    total: Counter[str] = Counter()
    states: Counter[str] = Counter()
    failed: list[Outcome] = []
    last_told = begun
    for seed in _seeds(asked.seed, asked.schedules, begun + asked.seconds if asked.seconds else None):
        outcome = run(seed)
        total += Counter(schedules=1, **{name: getattr(outcome, name) for name in COUNTED})
        total.update(violation.kind for violation in outcome.violations)
        states += outcome.states
        if asked.story:
            print(outcome.report(), file=sys.stderr)
        elif outcome.violations:
            print(f"seed {seed}: {'; '.join(map(str, outcome.violations))}"[:500], file=sys.stderr)
            _keep(outcome, asked.stories, len(failed))
            failed.append(outcome)
        misread = [misreading for reader in READERS if (misreading := fault(reader, seed))]
        total.update(inputs=len(READERS), misread=len(misread))
        for misreading in misread:
            print(misreading, file=sys.stderr)
        if time.monotonic() - last_told > _TOLD_EVERY_SECONDS:
            last_told = time.monotonic()
            print(f"{total['schedules']:,} schedules, {len(failed)} fail", file=sys.stderr)
    _tell(total, states, failed, time.monotonic() - begun, as_json=asked.json)
    return 1 if failed or total["misread"] else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m tests.soak", description=__doc__)
    parser.add_argument("--seconds", type=float, help="how long; by default until --schedules are done")
    parser.add_argument(
        "--schedules", type=int, help="how many; by default 300, or as many as --seconds allow"
    )
    parser.add_argument("--seed", default="0", help="the first seed; each schedule takes the next")
    parser.add_argument("--story", action="store_true", help="tell all that happens")
    parser.add_argument("--stories", type=Path, help="a folder for the stories of seeds that fail")
    parser.add_argument("--json", action="store_true")
    return parser


def _seeds(first: str, schedules: int | None, until: float | None) -> Iterator[str]:
    """A seed is any text; those that follow a number are the next numbers, those that follow another bear one."""
    for number in count():
        enough = schedules is not None and number >= schedules
        if enough or (until is None and number >= (schedules or 300)):
            return
        if until is not None and time.monotonic() >= until:
            return
        yield str(int(first) + number) if first.isdecimal() else f"{first}.{number}" if number else first


def _keep(outcome: Outcome, folder: Path | None, number: int) -> None:
    if folder and number < _STORIES_KEPT:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"seed-{outcome.seed}.txt").write_text(outcome.report() + "\n")


def _tell(
    total: Counter[str], states: Counter[str], failed: list[Outcome], seconds: float, *, as_json: bool
) -> None:
    seeds = [outcome.seed for outcome in failed]
    summary: dict[str, Any] = {
        name: total[name] for name in ("schedules", *COUNTED, "inputs", *KINDS, "misread")
    }
    summary |= {"states": dict(states), "failing_seeds": seeds, "seconds": round(seconds, 1)}
    if as_json:
        print(json.dumps(summary))
        return
    print(f"schedules {total['schedules']:,}: " + ", ".join(f"{name} {total[name]:,}" for name in COUNTED))
    print("states " + ", ".join(f"{state} {number:,}" for state, number in states.most_common()))
    print(f"spoilt inputs {total['inputs']:,}: misread {total['misread']}")
    print(", ".join(f"{kind} {total[kind]}" for kind in KINDS))
    if seeds:
        print(f"failing seeds: {', '.join(map(str, seeds[:20]))}; tell the story of one:")
        print(f"  python -m tests.soak --schedules 1 --story --seed {seeds[0]}")


if __name__ == "__main__":
    sys.exit(main())
