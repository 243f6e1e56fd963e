"""docs/custom-formats.md: its blocks load, and do what the page says of them."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path

from chalicelib.core.custom import made_of
from chalicelib.core.custom.format_table import FORMAT_KEYS
from chalicelib.core.custom.grok import GROK
from chalicelib.core.custom.loading import load
from chalicelib.core.custom.proofs import limits_of
from chalicelib.core.custom.spec import KINDS, Config, FormatSpec
from chalicelib.core.formats import ParseContext
from chalicelib.core.formats.notation import KINDS as KINDS_OF_FIELDS
from chalicelib.core.formats.notation import NAMES, PARTS
from chalicelib.core.plan import ObjectHead, ObjectVersion
from chalicelib.core.reading import Reading
from chalicelib.core.records import Outcome, Record, Skip
from tests.fakes import opener

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "custom-formats.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
WHEN = datetime(2026, 4, 1, tzinfo=UTC)
WHOLE = load("".join(BLOCKS), "docs/custom-formats.md")


def of_name(name: str) -> FormatSpec:
    return next(each for each in WHOLE.rules.formats if each.name == name)


def read(data: bytes, key: str = "a.log", config: Config = WHOLE) -> tuple[str, list[Outcome]]:
    head = ObjectHead(ObjectVersion("logs", key, "v1", "e"), len(data), "", WHEN)
    reading = Reading(head, opener(data, 1000), config=config)
    return reading.plan.format, list(reading)


def test_the_line_of_the_first_example_becomes_what_is_shown() -> None:
    line = re.search(r"The line `(.*?)` becomes", PAGE)
    block = re.search(r"```json\n(.*?)```", PAGE, re.DOTALL)
    assert line is not None
    assert block is not None
    ((outcome,), name) = read(line[1].encode() + b"\n")[::-1]
    assert name == "till"
    assert isinstance(outcome.result, Record)
    fields = {key: value for key, value in outcome.result._asdict().items() if value is not None}
    assert fields == json.loads(block[1])


def test_the_template_of_the_page_types_what_it_names_and_becomes_what_is_shown() -> None:
    block = re.search(r"becomes `(\{.*?\}\})`", PAGE, re.DOTALL)
    assert block is not None
    name, (outcome,) = read(f"{WHOLE.rules.formats[0].samples[0]}\n".encode(), config=load(BLOCKS[0], "x"))
    assert name == "orders"
    assert isinstance(outcome.result, Record)
    fields = {key: value for key, value in outcome.result._asdict().items() if value is not None}
    assert fields == json.loads(block[1])


def test_the_page_names_every_kind_and_field_of_a_template() -> None:
    section = PAGE.split("## A template")[1].split("\n## ")[0]
    for name in (*KINDS_OF_FIELDS, *NAMES, *PARTS):
        assert f"`{name}`" in section or f"`{{{name}}}`" in section, name


def test_the_grok_example_types_what_it_names() -> None:
    name, (outcome,) = read(f"{of_name('shop').samples[0]}\n".encode())
    assert name == "shop"
    assert outcome.result == Record(
        "2026-03-14T09:26:53.123Z",
        "zone",
        "WARN",
        13,
        "slow order",
        {"thread.name": "main", "log.logger": "org.example.Shop", "took_ms": 17.5},
    )


def test_the_example_of_several_lines_keeps_them_together() -> None:
    sample = of_name("batchjob").samples[0]
    name, outcomes = read(f"{sample}\n{sample}\n".encode())
    assert name == "batchjob"
    assert [outcome.lines for outcome in outcomes] == [3, 3]
    assert all(
        isinstance(outcome.result, Record) and outcome.result.body == "it broke\nat step 3\nat step 2"
        for outcome in outcomes
    )


def test_the_bound_prefix_decides() -> None:
    assert read(b"no json at all\n", "tills/a.log")[0] == "json"
    assert read(b"no json at all\n", "other/a.log")[0] == "text"


def test_the_filters_drop_what_the_page_says() -> None:
    lines = [
        {"url": {"path": "/health/x"}, "level": "error"},
        {"url": {"path": "/shop"}, "level": "info"},
        {"url": {"path": "/shop"}, "level": "warn"},
        {"user": {"name": "ada"}, "level": "info"},
    ]
    _, outcomes = read(b"".join(json.dumps(each).encode() + b"\n" for each in lines))
    results = [outcome.result for outcome in outcomes]
    assert results[0] == Skip("filtered:health-checks")
    assert results[1] == Skip("filtered:chatter")
    assert all(isinstance(result, Record) for result in results[2:])


def test_the_redactions_hide_what_the_page_says() -> None:
    line = {
        "level": "warn",
        "message": "C-123456 from 192.0.2.1: ada@example.org is Ada L",
        "customer": {"name": "Ada L"},
    }
    _, (outcome,) = read(json.dumps(line).encode() + b"\n")
    assert isinstance(outcome.result, Record)
    assert outcome.result.body == "(hidden) from [ip]: [email] is (hidden)"
    assert outcome.result.attributes == {"customer.name": "(hidden)"}


def test_the_page_names_every_key_kind_and_standard_name() -> None:
    for name in (*FORMAT_KEYS, *KINDS, *GROK):
        assert f"`{name}`" in PAGE, name


def test_the_lengths_that_the_page_names_are_those_of_the_code() -> None:
    assert limits_of(r"(.*?),(.*?),x").full == 1414
    assert limits_of(r"(.*?),(.*?),(.*?),x").full == 181
    context = ParseContext(WHEN)
    till = made_of(WHOLE.rules, "").by_name("till")
    assert isinstance(till.make_parser(context)(till.samples[0]), Record)
