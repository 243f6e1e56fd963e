"""What the page knows from the code without a request: reasons of rejects, codes of dead letters, formats, prices.

python -m froe.page_facts > chalicelib/page/facts.json
"""

from __future__ import annotations

import json
import re
from typing import Any, Final

from chalicelib.core.formats.reasons import MEANINGS
from chalicelib.core.formats.registry import all_formats
from froe.costs import dollars_of_file
from froe.prices import read_prices
from froe.resources import ROOT

_USED: Final = ("write_units", "queue_requests", "s3_requests", "object_writes", "seconds")
_SAMPLE_MAX_CHARS: Final = 240


def facts() -> dict[str, Any]:
    """reasons: code → meaning. formats: name → what it is, and an entry of it. dollars: of one unit of each that a
    file uses, and of a byte that Athena scans. remedies: code of a dead letter → what to do, from the runbook."""
    prices = read_prices()
    scanned = prices["athena-scanned"]
    return {
        "reasons": dict(sorted(MEANINGS.items())),
        "formats": {
            known.name: {"title": known.title, "sample": known.samples[0][:_SAMPLE_MAX_CHARS]}
            for known in all_formats()
            if known.samples
        },
        "dollars": {
            **{
                name: dollars_of_file({each: float(each == name) for each in _USED}, prices) for name in _USED
            },
            "scanned_bytes": scanned.dollars / scanned.per,
        },
        "remedies": _remedies(),
    }


def text() -> str:
    """As JSON in which nothing closes the element that holds it."""
    return json.dumps(facts(), indent=1, ensure_ascii=False).replace("<", r"\u003c")


def _remedies() -> dict[str, str]:
    text = (ROOT / "docs" / "dead-letters.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| ((?:`[a-z-]+`,? ?)+) \| ([^|]+) \| ([^|]+) \|$", text, re.MULTILINE)
    remedies: dict[str, str] = {}
    for codes, means, remedy in rows:
        for code in re.findall(r"`([a-z-]+)`", codes):
            remedies.setdefault(code, f"{means}: {remedy}".replace("`", ""))
    return remedies


if __name__ == "__main__":
    print(text())
