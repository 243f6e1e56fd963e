"""What of JSON Schema the descriptions use, for tests that hold a value against one; a keyword beyond that is an error."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

_KINDS = {
    "object": dict,
    "array": list,
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
    "null": type(None),
}
_SAID_ONLY = {"$schema", "title", "description", "format"}


def faults(value: Any, schema: Mapping[str, Any], at: str = "$") -> Iterator[str]:
    """What the schema does not allow, each with its place."""
    unknown = schema.keys() - _SAID_ONLY - _CHECKS.keys() - {"required", "additionalProperties"}
    assert not unknown, f"{at}: {unknown}"
    if "type" in schema and not isinstance(value, _KINDS[schema["type"]]):
        yield f"{at} is no {schema['type']}: {value!r}"
        return
    for keyword, check in _CHECKS.items():
        if keyword in schema:
            yield from check(value, schema, at)


def _members(value: dict[str, Any], schema: Mapping[str, Any], at: str) -> Iterator[str]:
    known = schema.get("properties", {})
    yield from (f"{at} lacks {name}" for name in schema.get("required", ()) if name not in value)
    more = schema.get("additionalProperties", True)
    for name, member in value.items():
        if name in known:
            yield from faults(member, known[name], f"{at}.{name}")
        elif isinstance(more, dict):
            yield from faults(member, more, f"{at}.{name}")
        elif not more:
            yield f"{at} has {name}"


def _any_of(value: Any, schema: Mapping[str, Any], at: str) -> Iterator[str]:
    each = [list(faults(value, one, at)) for one in schema["anyOf"]]
    if all(each):
        yield from min(each, key=len)


def _items(value: list[Any], schema: Mapping[str, Any], at: str) -> Iterator[str]:
    for number, each in enumerate(value):
        yield from faults(each, schema["items"], f"{at}[{number}]")


def _enum(value: Any, schema: Mapping[str, Any], at: str) -> Iterator[str]:
    if value not in schema["enum"]:
        yield f"{at} is {value!r}"


def _minimum(value: float, schema: Mapping[str, Any], at: str) -> Iterator[str]:
    if value < schema["minimum"]:
        yield f"{at} is {value}"


def _pattern(value: str, schema: Mapping[str, Any], at: str) -> Iterator[str]:
    if not re.search(schema["pattern"], value):
        yield f"{at} is {value!r}"


_CHECKS = {
    "type": lambda value, schema, at: _members(value, schema, at) if schema["type"] == "object" else (),
    "properties": lambda *_: (),
    "anyOf": _any_of,
    "items": _items,
    "enum": _enum,
    "minimum": _minimum,
    "pattern": _pattern,
}
