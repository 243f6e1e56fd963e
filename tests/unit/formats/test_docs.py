"""docs/formats.md says what the registry says, and its worked example works."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from chalicelib.core.formats import Format, ParseContext
from chalicelib.core.formats.registry import all_formats
from chalicelib.core.records import Record, Reject

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "formats.md").read_text(encoding="utf-8")
CONTEXT = ParseContext(datetime(2024, 6, 1, tzinfo=UTC))


def row(known: Format) -> str:
    parallel = "yes" if known.self_synchronising else "no"
    return f"| `{known.name}` | {known.title} | {parallel} | {known.source} |"


def test_the_table_of_formats_is_the_registry() -> None:
    table = PAGE[PAGE.index("| name | title |") :].split("\n\n")[0].split("\n")[2:]
    assert table == [row(known) for known in all_formats()]


def test_every_reason_in_the_code_is_in_the_page() -> None:
    sources = Path(__file__).resolve().parents[3] / "chalicelib" / "core" / "formats"
    reasons = {
        reason
        for path in sources.rglob("*.py")
        for reason in re.findall(r'Reject\("([^"]+)"\)', path.read_text(encoding="utf-8"))
    }
    assert len(reasons) > 5
    assert {reason for reason in reasons if f"`{reason}`" not in PAGE} == set()


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
