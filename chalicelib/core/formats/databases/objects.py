"""JSON entries: one object as flat attributes under dotted names, nothing lost."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import orjson

from chalicelib.core.formats.flatten import NeedsExact, TooDeep, flatten, load_exact

if TYPE_CHECKING:
    from chalicelib.core.records import Value


def object_of(line: str, mark: str) -> dict[str, Value] | None:
    """The object, flattened; None where the text holds no such mark, is broken, no object, or too deep.

    mark: what stands in every such text; what lacks it is not loaded.
    """
    if mark not in line or line[:1] != "{":
        return None
    try:
        loaded = orjson.loads(line)
        fields, members = flatten(loaded)
        if members == line.count('":'):
            return fields
    except (orjson.JSONDecodeError, NeedsExact, TooDeep):
        pass
    try:
        exact = load_exact(line)
        return None if exact is None else flatten(exact)[0]
    except (json.JSONDecodeError, RecursionError, TooDeep):
        return None
