"""JSON entries: one object as flat attributes under dotted names, nothing lost."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Final

import orjson

from chalicelib.core.formats.flatten import (
    PREFIX_MAX,
    NeedsExact,
    TooDeep,
    flatten,
    flatten_plain,
    load_exact,
)

if TYPE_CHECKING:
    from chalicelib.core.records import Value

_SPACED_COLON: Final = re.compile(r'"[ \t\r\n]++:')


def object_of(line: str, mark: str) -> dict[str, Value] | None:
    """The object, flattened; None where the text holds no such mark, is broken, no object, or too deep.

    mark: what stands in every such text; what lacks it is not loaded.
    """
    if mark not in line or line[:1] != "{":
        return None
    try:
        # orjson keeps the last of repeated names: then there are fewer members than colons after quotes
        if not _SPACED_COLON.search(line):
            flat = flatten_plain(orjson.loads(line), short=len(line) <= PREFIX_MAX)
            fields, members = flat or flatten(orjson.loads(line))
            if members == line.count('":') - line.count('\\":'):
                return fields
    except (orjson.JSONDecodeError, NeedsExact, TooDeep):
        pass
    try:
        exact = load_exact(line)
        return None if exact is None else flatten(exact)[0]
    except (json.JSONDecodeError, RecursionError, TooDeep):
        return None
