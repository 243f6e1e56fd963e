"""What comes out of the sample logs, entry by entry, as kept beside this file and reviewed in diffs."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from chalicelib.core.plan import ObjectHead, ObjectVersion
from chalicelib.core.reading import Reading
from chalicelib.core.records import Outcome, Record, Skip
from tests.fakes import opener

HERE = Path(__file__).parent
SAMPLES = Path(__file__).parents[2] / "sample_logs"
NAMES = sorted(
    path.name for path in SAMPLES.iterdir() if path.suffix not in {".py", ".md"} and path.is_file()
)
WHEN = datetime(2026, 9, 15, tzinfo=UTC)
ENTRIES = 12
"""The first entries of each file, and as many of what is not a record."""


def quoted(outcome: Outcome) -> dict[str, Any]:
    offset, length, lines, raw, result, replaced, own_format = outcome
    quotation: dict[str, Any] = {"offset": offset, "length": length, "lines": lines}
    if isinstance(result, Record):
        quotation |= {name: value for name, value in result._asdict().items() if value is not None}
    elif isinstance(result, Skip):
        quotation["skipped"] = result.reason
    else:
        quotation |= {"rejected": result.reason, "raw": base64.b64encode(raw[:200]).decode()}
    if replaced:
        quotation["replaced"] = True
    if own_format is not None:
        quotation["format"] = own_format
    return quotation


def golden(name: str) -> str:
    data = (SAMPLES / name).read_bytes()
    head = ObjectHead(ObjectVersion("logs", name, "v1", "e"), len(data), "", WHEN)
    reading = Reading(head, opener(data, 65_536))
    lines, others = [], 0
    for number, outcome in enumerate(reading):
        is_other = not isinstance(outcome.result, Record)
        others += is_other
        if number < ENTRIES or (is_other and others <= ENTRIES):
            lines.append(quoted(outcome))
    account, plan = reading.account, reading.plan
    counts = account.summary.counts
    summary = {
        "format": plan.format,
        "state": account.state.value,
        "text_bytes": account.text_bytes,
        "parsed": [counts.parsed.entries, counts.parsed.lines, counts.parsed.bytes],
        "rejected": [counts.rejected.entries, counts.rejected.lines, counts.rejected.bytes],
        "skipped": {reason: [tally.lines, tally.bytes] for reason, tally in sorted(counts.skipped.items())},
    }
    return "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in [*lines, summary])


@pytest.mark.parametrize("name", NAMES)
def test_a_sample_comes_out_as_reviewed(name: str, request: pytest.FixtureRequest) -> None:
    expected = HERE / f"{name}.jsonl"
    actual = golden(name)
    if request.config.getoption("--update-golden", default=False):
        expected.write_text(actual, encoding="utf-8")
    assert actual == expected.read_text(encoding="utf-8")


def test_no_expected_file_is_left_over() -> None:
    assert sorted(path.name for path in HERE.glob("*.jsonl")) == sorted(f"{name}.jsonl" for name in NAMES)
