"""The docs say what the code says, and their worked example works."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from chalicelib.core.formats import Format, ParseContext
from chalicelib.core.formats.reasons import MEANINGS
from chalicelib.core.formats.registry import by_name
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


def test_what_is_empty_is_left_out_or_kept_as_the_docs_say(context: ParseContext) -> None:
    examples = {
        "logfmt": ('level=info msg=x a= b="" c=-', {}),
        "cef": ("CEF:0|V|P|1|1|n|5|act= msg=x", {"cef.act": None}),
        "json": ('{"a":"","b":null,"c":"-","d":{},"e":[]}', {"a": "", "b": None, "c": "-", "d": {}, "e": []}),
        "syslog_rfc5424": (
            '<34>1 2024-03-14T09:26:53Z - p - - [x@1 a="" b="-"] m',
            {"host.name": None, "syslog.structured_data.x@1.a": "", "syslog.structured_data.x@1.b": "-"},
        ),
        "postfix": ("Mar 14 09:26:53 h postfix/qmgr[1]: 4F3A21C0D2: from=<>, size=1", {"postfix.from": ""}),
        "journald_json": (
            '{"__REALTIME_TIMESTAMP":"1710408413123456","MESSAGE":"x","PRIORITY":"6","_HOSTNAME":"h","A":"","B":null}',
            {"journald.a": None},
        ),
    }
    for name, (entry, expected) in examples.items():
        parsed = by_name(name).make_parser(context)(entry)
        assert isinstance(parsed, Record), name
        if name in {"json", "logfmt"}:
            assert parsed.attributes == expected
        assert {key: parsed.attributes.get(key) for key in expected} == expected, name


def _run(example: str) -> dict[str, Any]:
    module: dict[str, Any] = {}
    exec(compile(example, "docs/formats.md", "exec"), module)
    return module


def test_the_worked_examples_are_formats_that_explain_their_samples() -> None:
    till, of_objects = (
        _run(example)["TILL"] for example in re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    )
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
    assert parse("something else") == Reject("other-shape")
    assert of_objects.make_parser(CONTEXT)(of_objects.samples[0]) == Record(
        "2024-03-14T09:26:53Z",
        None,
        None,
        None,
        None,
        {"till.kind": "SALE", "client.address": "192.0.2.7", "client.port": 443},
    )
