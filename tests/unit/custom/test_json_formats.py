"""JSON with names of its own: a configuration says which member is the time, the severity and the message."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from chalicelib.core.custom.config_errors import ConfigError
from chalicelib.core.custom.loading import load
from chalicelib.core.custom.spec import decoded, encoded
from chalicelib.core.framing import Kind
from chalicelib.core.plan import ObjectHead, ObjectVersion
from chalicelib.core.reading import Reading
from chalicelib.core.records import Record, Reject
from tests.fakes import opener

LINE = {"stand": "2026-09-14T08:00:01Z", "ampel": "E", "was": "boom", "svc": "pay", "status": 500}
MAPPED = Record("2026-09-14T08:00:01Z", None, "E", 17, "boom", {"status": 500, "service.name": "pay"})
WAYS = {
    "in one table": 'json = { time = "stand", severity = "ampel", body = "was", svc = "service.name" }',
    "with renames": 'json = { time = "stand", severity = "ampel", body = "was" }\nrename = { svc = "service.name" }',
    "beside it": 'json = true\ntime = "stand"\nseverity = "ampel"\nbody = "was"\nrename = { svc = "service.name" }',
}


def results(toml: str, data: str, key: str = "pay/a.json") -> tuple[Reading, list[Any]]:
    raw = data.encode()
    head = ObjectHead(ObjectVersion("logs", key, "v1", "e"), len(raw), "", datetime(2026, 11, 1, tzinfo=UTC))
    reading = Reading(head, opener(raw, 1000), config=load(toml, "froe.toml"))
    outcomes = list(reading)
    assert sum(outcome.length for outcome in outcomes) == len(raw)
    return reading, [each.result for each in outcomes if isinstance(each.result, Record | Reject)]


@pytest.mark.parametrize("mapping", WAYS.values(), ids=WAYS)
@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ((json.dumps(LINE) + "\n") * 3, Kind.LINES),
        (json.dumps(LINE, indent=2) * 3, Kind.JSON),
        (json.dumps([LINE] * 3), Kind.JSON),
        (json.dumps({"export": 1, "rows": [LINE] * 3}), Kind.JSON),
    ],
    ids=["lines", "pretty", "array", "in a member"],
)
@pytest.mark.parametrize("bound", [False, True])
def test_members_are_mapped_wherever_their_lines_end(
    mapping: str, text: str, kind: Kind, bound: bool
) -> None:
    toml = f'[[format]]\nname = "pay"\n{mapping}\n'
    if bound:
        toml += '[[bind]]\nprefix = "pay/"\nformat = "pay"\n'
    reading, outcomes = results(toml, text)
    assert outcomes == [MAPPED] * 3
    assert reading.plan.format == "pay"
    assert reading.plan.framing.kind is kind


def test_a_binding_may_map_by_itself() -> None:
    toml = f'[[bind]]\nprefix = "pay/"\n{WAYS["in one table"]}\n'
    assert results(toml, json.dumps(LINE))[1] == [MAPPED]
    assert results(toml, json.dumps(LINE) * 2, "other/a.json")[1] == [MAPPED] * 2


def test_nested_members_other_times_and_other_words_can_be_said() -> None:
    toml = """
[[format]]
name = "pay"
json = { time = { field = "meta.at", format = "%d.%m.%Y %H:%M:%S", zone = "+01:00" }, severity = { field = "meta.lvl", words = { rot = "fatal" } }, body = "data.text", "data.n" = "order.id" }
types = { "data.n" = "int" }
samples = ['{"meta": {"at": "14.03.2026 09:26:53", "lvl": "rot"}, "data": {"text": "x"}}']
"""
    line = {
        "meta": {"at": "14.03.2026 09:26:53", "lvl": "rot", "host": "a"},
        "data": {"text": "boom", "n": "17"},
    }
    assert results(toml, json.dumps(line))[1] == [
        Record("2026-03-14T08:26:53Z", None, "rot", 21, "boom", {"meta.host": "a", "order.id": 17})
    ]


def test_what_is_not_mapped_is_found_under_its_usual_names_and_what_is_mapped_nowhere_else() -> None:
    toml = '[[format]]\nname = "pay"\njson = { time = "stand" }\n'
    line = {"stand": None, "timestamp": "2026-09-14T08:00:01Z", "level": "warn", "msg": "x"}
    assert results(toml, json.dumps(line))[1] == [
        Record(None, None, "warn", 13, "x", {"timestamp": "2026-09-14T08:00:01Z"})
    ]


def test_numbers_are_times_since_1970_and_what_is_no_time_is_left_to_other_formats() -> None:
    toml = '[[format]]\nname = "pay"\njson = { time = "t0" }\n[[bind]]\nprefix = "pay/"\nformat = "pay"\n'
    text = '{"t0": 1789372801, "n": 1}\n{"t0": "1789372801500", "n": 2}\n{"t0": "soon", "n": 3}\n'
    outcomes = results(toml, text)[1]
    assert [each.timestamp for each in outcomes] == ["2026-09-14T08:00:01Z", "2026-09-14T08:00:01.500Z", None]
    assert outcomes[2].attributes == {"t0": "soon", "n": 3}


def test_other_objects_are_left_to_other_formats() -> None:
    toml = f'[[format]]\nname = "pay"\n{WAYS["in one table"]}\n'
    assert results(toml, '{"time":"2026-09-14T08:00:01Z","msg":"x"}\n' * 3)[0].plan.format == "json"


def test_the_mapping_travels_with_the_plan() -> None:
    rules = load(f'[[format]]\nname = "pay"\n{WAYS["in one table"]}\n', "froe.toml").rules
    text = encoded(rules)
    assert text is not None
    (spec,) = decoded(text).formats
    assert spec.json
    assert (spec.time_field, spec.severity_field, spec.body) == ("stand", "ampel", "was")
    assert [(each.group, each.name) for each in spec.fields] == [("svc", "service.name")]


@pytest.mark.parametrize(
    ("toml", "problem"),
    [
        ("json = {}", "`json` names no member"),
        ("json = 7", "`json` is 7; write a table"),
        ('json = { time = "a" }\npattern = "x"', "`pattern` says nothing of objects of JSON"),
        ('json = { time = "a" }\ntime = "b"', "`time` stands in `json` and beside it"),
        ("json = { svc = 7 }", "`svc` in `json` is 7"),
        ('json = { time = { field = "a", format = "%Q" } }', "%Q is not a directive"),
        ('json = { time = "a" }\nsamples = ["{}"]', "it is no object of JSON with a member 'a'"),
        ('json = { time = "a" }\nsamples = [\'{"a": "soon"}\']', "the field 'a' is no time"),
    ],
)  # fmt: skip
def test_a_mistake_names_the_remedy(toml: str, problem: str) -> None:
    with pytest.raises(ConfigError, match=problem.replace("{", r"\{")):
        load(f'[[format]]\nname = "pay"\n{toml}\n', "froe.toml")
