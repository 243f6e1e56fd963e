"""Attributes whose values have several types in one file: a number here and a text there.

Every record keeps the values of its entry; this only reports where a column or a member changes its type.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from chalicelib.core.records import Outcome, Record

_SHAPES_MAX: Final = 10_000
_SHOWN_MAX: Final = 5
_TYPES: Final = {str: "text", int: "number", float: "number", bool: "boolean", list: "list", dict: "object"}
_PLURALS: Final = {
    "text": "texts",
    "number": "numbers",
    "boolean": "booleans",
    "list": "lists",
    "object": "objects",
}

_Shape = tuple[str, tuple[str, ...], tuple[type, ...]]


class TypeChanges:
    """Give it every outcome of a file; it gives sentences on the attributes of more than one type."""

    def __init__(self) -> None:
        self._line = 1
        self._counts: dict[_Shape, int] = {}
        self._first: dict[_Shape, int] = {}

    def add(self, outcome: Outcome) -> None:
        result = outcome.result
        if isinstance(result, Record):
            attributes = result.attributes
            shape = (outcome.format or "", tuple(attributes), tuple(map(type, attributes.values())))
            count = self._counts.get(shape)
            if count is not None:
                self._counts[shape] = count + 1
            elif len(self._counts) < _SHAPES_MAX:
                self._counts[shape] = 1
                self._first[shape] = self._line
        self._line += outcome.lines

    def sentences(self) -> Iterator[str]:
        actual = list(self._changes())
        yield from actual[:_SHOWN_MAX]
        if len(actual) > _SHOWN_MAX:
            yield f"and {len(actual) - _SHOWN_MAX} more attributes of several types"

    def _changes(self) -> Iterator[str]:
        types: dict[tuple[str, str], dict[str, tuple[int, int]]] = {}
        for shape, count in self._counts.items():
            own_format, names, kinds = shape
            for name, kind in zip(names, kinds, strict=True):
                if (type_name := _TYPES.get(kind)) is not None:
                    known = types.setdefault((own_format, name), {})
                    before, first = known.get(type_name, (0, self._first[shape]))
                    known[type_name] = before + count, min(first, self._first[shape])
        for (_, name), known in types.items():
            if len(known) > 1:
                counted = [
                    f"{count:,} {type_name if count == 1 else _PLURALS[type_name]}"
                    for type_name, (count, _) in known.items()
                ]
                last, line = max(
                    ((type_name, first) for type_name, (_, first) in known.items()), key=lambda each: each[1]
                )
                yield f"{name} is of several types: {' and '.join(counted)}; the first {last} is at line {line:,}"
