"""What each format makes of a file of its own lines, told from the content; `make golden` rewrites it.

`formats/NAME.log` holds the lines; escaped quotes, missing fields and `-` are among them.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from chalicelib.core.formats.registry import NAMES
from chalicelib.core.plan import ObjectHead, ObjectVersion
from chalicelib.core.reading import Reading
from tests.fakes import opener
from tests.golden.test_golden import quoted

FORMATS = Path(__file__).parent / "formats"
WHEN = datetime(2026, 9, 15, tzinfo=UTC)


def outcomes(path: Path) -> str:
    data = path.read_bytes()
    head = ObjectHead(ObjectVersion("logs", path.name, "v1", "e"), len(data), "", WHEN)
    reading = Reading(head, opener(data, 65_536))
    lines = [quoted(outcome) for outcome in reading]
    plan = reading.plan
    assert sum(outcome["length"] for outcome in lines) == len(data)
    choice = {"format": plan.format, "runner_up": plan.runner_up, "text_too": plan.text_too}
    return "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in [choice, *lines])


@pytest.mark.parametrize("name", NAMES)
def test_a_format_is_told_and_types_its_lines_as_reviewed(name: str, request: pytest.FixtureRequest) -> None:
    actual = outcomes(FORMATS / f"{name}.log")
    assert json.loads(actual.split("\n", 1)[0])["format"] == name
    golden = FORMATS / f"{name}.jsonl"
    if request.config.getoption("--update-golden", default=False):
        golden.write_text(actual, encoding="utf-8")
    assert actual == golden.read_text(encoding="utf-8"), f"run `make golden` and review {golden.name}"
