"""The wiring: what app.py registers with Chalice, under which settings."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

pytest.importorskip("chalice", reason="needs chalice: make setup")

ROOT = Path(__file__).parents[2]
SHOW = """
import json
from app import app
rates = [each.schedule_expression.to_string() for each in app.event_sources if hasattr(each, "schedule_expression")]
filters = [f"{each.prefix} {each.suffix}" for each in app.event_sources if hasattr(each, "bucket")]
windows = [each.maximum_batching_window_in_seconds for each in app.event_sources if each.name == "notifier"]
names = sorted(each.name for each in app.event_sources)
print(json.dumps({"names": names, "rates": rates, "filters": filters, "windows": windows}))
"""


@cache
def wired(**settings: str) -> dict[str, list[str]]:
    """What a process of its own registers: names of the event sources' functions, and the schedules."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", SHOW],
        env={**kept, **settings},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    wiring: dict[str, list[str]] = json.loads(done.stdout)
    return wiring


@pytest.mark.parametrize(
    ("minutes", "rate"), [("", "rate(15 minutes)"), ("1", "rate(1 minute)"), ("1440", "rate(1440 minutes)")]
)
def test_the_sweeper_runs_every_so_many_minutes(minutes: str, rate: str) -> None:
    assert wired(SWEEP_MINUTES=minutes)["rates"] == [rate]


@pytest.mark.parametrize(("seconds", "window"), [("", 5), ("0", 0), ("300", 300)])
def test_the_notifier_gathers_for_so_many_seconds(seconds: str, window: int) -> None:
    assert wired(NOTICES_WINDOW_SECONDS=seconds)["windows"] == [window]


@pytest.mark.parametrize(
    ("keys", "filters"),
    [
        ("", "None None"),
        ("logs/*.gz, !*/x/*", "logs/ .gz"),
        ("a/*, b/*", "None None"),
        ("*.log", "None .log"),
    ],
)
def test_s3_announces_what_it_can_tell_of_the_keys_that_are_logs(keys: str, filters: str) -> None:
    assert wired(INPUT_KEYS=keys)["filters"] == [filters]


def test_objects_are_announced_to_the_splitter_or_to_its_queue_never_to_both() -> None:
    assert "splitter" in wired(INGEST="direct")["names"]
    for way in ("queue", "topic", "eventbridge"):
        assert set(wired()["names"]) - set(wired(INGEST=way)["names"]) == {"splitter"}, way


def test_every_function_with_an_event_source_has_a_policy() -> None:
    config = json.loads((ROOT / ".chalice" / "config.json").read_text(encoding="utf-8"))
    routes = {"api_handler", "authorizer"}
    assert set(wired()["names"]) == set(config["lambda_functions"]) - routes
