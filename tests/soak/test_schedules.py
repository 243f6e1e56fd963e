"""A bounded share of the random schedules, with fixed seeds; `make soak` tries others, for as long as one likes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("click", reason="click is not installed")

from tests.soak.__main__ import main
from tests.soak.mutants import MUTANTS, broken
from tests.soak.schedule import run

ROOT = Path(__file__).parents[2]
SHARES = 5
SCHEDULES = 8
NOTICED_WITHIN = 80
NOTICED_BY = {
    "mark-before-write": 3,
    "seal-before-send": 47,
    "count-up-blindly": 2,
    "forget-to-look-again": 7,
    "never-sweep": 3,
    "trust-a-failed-answer": 24,
    "sum-without-comparing": 30,
    "cut-by-settings-of-today": 5,
    "complete-but-one": 3,
    "a-name-for-the-thing": 8,
    "acknowledge-what-failed": 3,
}
"""Which schedule noticed a mutant when it was last looked for: it is tried first, the others if it does not any more."""


@pytest.mark.parametrize("share", range(SHARES))
def test_no_schedule_loses_doubles_or_miscounts_a_line_or_leaves_a_file_stuck(share: int) -> None:
    for number in range(share * SCHEDULES, (share + 1) * SCHEDULES):
        outcome = run(number)
        assert not outcome.violations, outcome.report()


@pytest.mark.parametrize("mutant", MUTANTS)
def test_the_schedules_notice_a_broken_rule(mutant: str) -> None:
    for number in (NOTICED_BY[mutant], *range(NOTICED_WITHIN)):
        seed = f"mutant-{number}"
        with broken(mutant):
            violates = any(violation.kind != "crashed" for violation in run(seed).violations)
        if violates and not run(seed).violations:
            return
    pytest.fail(f"{mutant} survives {NOTICED_WITHIN} schedules")


def test_a_mutant_is_gone_when_it_was_tried() -> None:
    before = run("mutant-0").events
    for mutant in MUTANTS:
        with broken(mutant):
            pass
    assert run("mutant-0").events == before


def test_a_seed_gives_the_same_schedule_in_every_process() -> None:
    digests = set()
    for hash_seed in ("1", "2"):
        done = subprocess.run(
            [sys.executable, "-m", "tests.soak", "--seed", "7", "--schedules", "1", "--story"],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": hash_seed},
            capture_output=True,
            text=True,
            check=False,
        )
        digests.add(done.stderr)
    assert len(digests) == 1


def test_the_command_counts_what_it_tried_and_says_what_failed(capsys: pytest.CaptureFixture[str]) -> None:
    with broken("mark-before-write"):
        assert main(["--seed", "mutant-3", "--schedules", "2", "--json"]) == 1
    counted = json.loads(capsys.readouterr().out)
    assert counted["schedules"] == 2
    assert counted["lost"] + counted["wrong"] + counted["stuck"] > 0
    assert counted["failing_seeds"]
    assert counted["files"] >= 1
