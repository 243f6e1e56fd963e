"""The reference of formats: every format with the fields of its samples, generated from the code.

python -m froe.reference > docs/format-reference.md
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import groupby
from typing import Final

from chalicelib.core.formats import Format
from chalicelib.core.formats.reasons import MEANINGS
from chalicelib.core.formats.registry import all_formats, family_of
from chalicelib.core.plan import ObjectHead, ObjectVersion
from chalicelib.core.reading import Reading
from chalicelib.core.records import Record, Value

_WHEN: Final = datetime(2026, 1, 1, tzinfo=UTC)
_FAMILIES: Final = {
    "web": "Web servers and proxies",
    "aws": "AWS",
    "systems": "Operating systems and their services",
    "containers": "Containers and Kubernetes",
    "applications": "Applications and their loggers",
    "databases": "Databases and brokers",
    "security": "Security",
    "general": "General",
}
_TYPES: Final = {
    str: "text",
    int: "integer",
    float: "number",
    bool: "true/false",
    list: "list",
    dict: "object",
}


def page() -> str:
    """The whole page, in Markdown."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield "# Format reference"
    yield ""
    yield "This page is generated from the code (`make docs`). [formats.md](formats.md) explains how Froe chooses a format"
    yield "and what the fields mean; [custom-formats.md](custom-formats.md) is about formats of your own."
    yield ""
    yield "*In parallel* says whether a large file is cut in parallel: that needs a format whose entries can be recognised"
    yield "by their first line. The fields are those of the format's own samples, beside `timestamp`, `severity_text`,"
    yield "`severity_number` and `body`; `froe formats` prints the samples."
    in_families = sorted(all_formats(), key=lambda known: list(_FAMILIES).index(family_of(known.name)))
    for family, group in groupby(in_families, key=lambda known: family_of(known.name)):
        yield from ("", f"## {_FAMILIES[family]}", "")
        yield "| format | what it is | in parallel | fields |"
        yield "|---|---|---|---|"
        yield from map(_row, group)
    yield from ("", "## Reasons for a reject", "", "| reason | why the entry is a reject |", "|---|---|")
    yield from (f"| `{code}` | {_cell(meaning)} |" for code, meaning in sorted(MEANINGS.items()))


def _row(known: Format) -> str:
    parallel = "yes" if known.self_synchronising else "no"
    source = known.source if known.source.startswith("http") else ""
    title = f"[{_cell(known.title)}]({source})" if source else _cell(known.title)
    fields = ", ".join(f"`{name}` {kind}" for name, kind in fields_of(known).items())
    return f"| `{known.name}` | {title} | {parallel} | {fields} |"


def fields_of(known: Format) -> dict[str, str]:
    """The attributes that the samples of a format give, in the order of their names, each with its type."""
    fields: dict[str, str] = {}
    for sample in known.samples:
        data = sample.encode()
        head = ObjectHead(ObjectVersion("", "sample", None, ""), len(data), "", _WHEN)
        for outcome in Reading(head, lambda at, data=data: iter([data[at:]]), format_name=known.name):  # type: ignore[misc]
            if isinstance(outcome.result, Record):
                fields |= {name: _type(value) for name, value in outcome.result.attributes.items()}
    return dict(sorted(fields.items()))


def _type(value: Value) -> str:
    return "null" if value is None else _TYPES[type(value)]


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


if __name__ == "__main__":
    print(page(), end="")
