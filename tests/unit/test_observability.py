"""docs/observability.md names exactly the events and metrics that there are."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from chalicelib.metrics import METRICS
from chalicelib.settings import TRACINGS

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "observability.md").read_text(encoding="utf-8")
LEVELS = {"info": "INFO", "warning": "WARNING", "error": "ERROR", "exception": "ERROR"}


def logged() -> Iterator[tuple[str, str]]:
    """The events of the code with their levels."""
    for path in (ROOT / "chalicelib").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            match node:
                case ast.Call(
                    func=ast.Attribute(value=ast.Name(id="logger"), attr=level),
                    args=[ast.Constant(value=str(event))],
                ) if level in LEVELS:
                    yield event, LEVELS[level]


def rows(heading: str) -> list[list[str]]:
    """The cells of the table under a head like that."""
    _, _, table = PAGE.partition(f"| {heading} |")
    lines = table.split("\n\n", 1)[0].splitlines()[2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def named(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


def test_every_event_is_documented_with_its_level() -> None:
    documented = {
        (event, level)
        for events, levels, _ in rows("event")
        for event in named(events)
        for level in levels.split(", ")
    }
    assert documented == set(logged())


def test_events_are_named_in_the_past_tense_as_codes() -> None:
    assert all(re.fullmatch(r"[a-z]+(_[a-z]+)*", event) for event, _ in logged())


def test_every_metric_is_documented_with_its_unit_and_its_dimensions() -> None:
    documented = {
        named(name)[0]: (unit, tuple(named(dimensions))) for name, unit, dimensions, *_ in rows("metric")
    }
    assert documented == METRICS


def test_every_tracing_is_documented() -> None:
    assert [named(tracing)[0] for tracing, _ in rows("`TRACING`")] == list(TRACINGS)
