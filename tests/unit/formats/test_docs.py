"""The docs say what the code says, and their worked example works."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from chalicelib.core.formats import Format, ParseContext
from chalicelib.core.formats.reasons import MEANINGS
from chalicelib.core.records import Record, Reject
from froe.reference import page

DOCS = Path(__file__).resolve().parents[3] / "docs"
PAGE = (DOCS / "formats.md").read_text(encoding="utf-8")
CONTEXT = ParseContext(datetime(2024, 6, 1, tzinfo=UTC))


def test_the_reference_is_what_the_code_says() -> None:
    assert (DOCS / "format-reference.md").read_text(encoding="utf-8") == page(), "run `make docs`"


def test_every_reason_in_the_code_has_a_meaning() -> None:
    sources = Path(__file__).resolve().parents[3] / "chalicelib" / "core"
    reasons = {
        reason
        for path in sources.rglob("*.py")
        for reason in re.findall(r'Reject\(\s*"([^"]+)"\s*\)', path.read_text(encoding="utf-8"))
    }
    assert reasons - {"plain-text"} == set(MEANINGS)


def test_the_worked_example_is_a_format_that_explains_its_samples() -> None:
    example = re.search(r"```python\n(.*?)```", PAGE, re.DOTALL)
    assert example is not None
    module: dict[str, Any] = {}
    exec(compile(example[1], "docs/formats.md", "exec"), module)
    till = module["TILL"]
    assert isinstance(till, Format)
    parse = till.make_parser(CONTEXT)
    assert parse(till.samples[0]) == Record(
        "2024-03-14T09:26:53Z",
        None,
        None,
        None,
        "two coffees",
        {"till.name": "till-7", "till.kind": "SALE", "till.amount": 12.5},
    )
    assert isinstance(parse(till.samples[1]), Record)
    assert parse("something else") == Reject("not-a-till-line")
