"""Which array of a JSON object has its entries, and the path to it.

An array of entries contains objects, strings or rows, which are arrays. It is most of its object, possibly inside other
members or inside each object of another array, at most four members deep. Arrays next to one another in members
that are alike count together: `{"a":{"items":[…]},"b":{"items":[…]}}`.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from enum import StrEnum
from typing import Any, Final, NamedTuple

from chalicelib.core.framing.json.paths import ANY, says_more_than_a_name
from chalicelib.core.records import Record, Reject

DEPTH_MAX: Final = 4
SHARE_MIN: Final = 0.5
_UNTIMED_SHARE_MIN: Final = 0.8
_UNTIMED_MIN: Final = 3
_ELEMENTS_MAX: Final = 50
_NAMES_MAX: Final = 8
"""How many similar members a path names; with more, any name leads on."""

Parse = Callable[[str], "Record | Reject"]
"""What a value of JSON says, whatever it is: an object, a row, or a string whose text is a line."""


class Elements(StrEnum):
    """The kind of an array's entries."""

    OBJECTS = "objects"
    STRINGS = "strings"
    ROWS = "rows"


class Shape(NamedTuple):
    """The path to an array of entries, as `JsonPath` reads it, the kind of its elements, and those that are there."""

    way: tuple[str, ...]
    kind: Elements
    elements: list[Any]


def shape_of(envelope: dict[str, Any], parse: Parse, *, is_cut: bool, alone: bool) -> Shape | None:
    """Where the entries of an envelope are; None if the object is an entry. `is_event` was checked before.

    is_cut: whether it continues behind what is there. alone: whether the text has no other object.
    """
    shapes = _in_object(envelope, DEPTH_MAX)
    if shapes is None:
        return None
    while is_cut and len(shapes.elements) == 1 and (inner := _in_element(shapes)) is not None:
        if len(inner.way) > DEPTH_MAX:
            break
        shapes = inner
    if (inner := _in_all_elements(shapes, parse, is_cut=is_cut)) is not None:
        shapes = inner
    if is_cut or _are_timed(shapes, parse, alone=alone):
        return shapes
    much = size_of(shapes.elements) >= _UNTIMED_SHARE_MIN * size_of(envelope)
    return shapes if alone and much and are_alike(shapes.elements) else None


def shape_of_list(elements: list[Any], parse: Parse, *, is_cut: bool) -> Shape | None:
    """The shape of a text that is an array of strings or of rows; None for any other."""
    kind = _kind_of(elements)
    if kind is None or kind is Elements.OBJECTS:
        return None
    shape = Shape((), kind, elements)
    return shape if is_cut or _are_timed(shape, parse, alone=True) or are_alike(elements) else None


def largest_in(envelope: dict[str, Any]) -> Shape | None:
    """The array that makes up most of an object."""
    return _in_object(envelope, DEPTH_MAX)


def is_timed(element: Any, parse: Parse) -> bool:
    record = parse(text_of(element))
    return isinstance(record, Record) and record.timestamp is not None


def are_alike(elements: list[Any]) -> bool:
    """Whether several elements are of one kind: objects with most names in common, rows of one length, strings of
    several words."""
    sample = elements[:_ELEMENTS_MAX]
    if len(elements) < _UNTIMED_MIN or not sample[0]:
        return False
    if isinstance(sample[0], dict):
        first = set(sample[0])
        return all(2 * len(first & set(each)) >= max(len(first), len(each)) for each in sample)
    if isinstance(sample[0], str):
        return 2 * sum(" " in each.strip() for each in sample) > len(sample)
    return len(sample[0]) > 1 and all(len(each) == len(sample[0]) for each in sample)


def size_of(value: Any) -> int:
    return len(text_of(value))


def text_of(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _are_timed(shape: Shape, parse: Parse, *, alone: bool) -> bool:
    """Whether elements have a time; most must, if they are strings and rows in one of several objects."""
    sample = shape.elements[:_ELEMENTS_MAX]
    if shape.kind is Elements.OBJECTS or alone:
        return any(is_timed(each, parse) for each in sample)
    return 2 * sum(is_timed(each, parse) for each in sample) > len(sample)


def _kind_of(elements: Any) -> Elements | None:
    if not isinstance(elements, list) or not elements:
        return None
    for kind, type_ in ((Elements.OBJECTS, dict), (Elements.STRINGS, str), (Elements.ROWS, list)):
        if all(isinstance(each, type_) for each in elements):
            return kind
    return None


def _in_object(members: dict[str, Any], depth: int) -> Shape | None:
    """The array that makes up most of an object, or those of similar members that together do."""
    sizes = {name: size_of(value) for name, value in members.items()}
    groups: dict[object, list[str]] = {}
    shapes: dict[str, Shape | None] = {}
    for name, value in members.items():
        shape = shapes[name] = _in_member(name, value, depth)
        inside = (len(shape.way), shape.kind) if shape and isinstance(value, dict) else name
        groups.setdefault(inside, []).append(name)
    if not groups:
        return None
    names = max(groups.values(), key=lambda each: sum(sizes[name] for name in each))
    of_members = [shape for name in names if (shape := shapes[name])]
    if not of_members or sum(sizes[name] for name in names) < SHARE_MIN * size_of(members):
        return None
    is_list = isinstance(members[names[0]], list)
    own = names[0] if is_list else _any_of([*names, ANY])
    inner = tuple(
        _any_of([name for way in of_members for name in way.way[level].split("|")])
        for level in range(len(of_members[0].way))
    )
    return Shape(
        (own, *inner), of_members[0].kind, [element for each in of_members for element in each.elements]
    )


def _in_member(name: str, value: Any, depth: int) -> Shape | None:
    if not name or says_more_than_a_name(name) or depth <= 0:
        return None
    if isinstance(value, dict):
        return _in_object(value, depth - 1) if depth > 1 else None
    kind = _kind_of(value)
    return None if kind is None else Shape((), kind, value)


def _any_of(names: list[str]) -> str:
    """One name or several, each once, in the form of a path."""
    each = list(dict.fromkeys(names))
    return "|".join(each) if len(each) <= _NAMES_MAX + 1 else ANY


def _in_element(shape: Shape) -> Shape | None:
    """The array in an object that is cut off."""
    inner = _in_object(shape.elements[0], DEPTH_MAX) if shape.kind is Elements.OBJECTS else None
    return inner and inner._replace(way=shape.way + inner.way)


def _in_all_elements(shape: Shape, parse: Parse, *, is_cut: bool) -> Shape | None:
    """The array with the entries in each element, if the elements themselves are envelopes."""
    sample = shape.elements[:_ELEMENTS_MAX]
    if shape.kind is not Elements.OBJECTS or any(is_timed(each, parse) for each in sample):
        return None
    of_elements = [_in_object(each, DEPTH_MAX) for each in sample]
    ways = {(each.way, each.kind) for each in of_elements if each is not None}
    if len(ways) != 1 or None in of_elements[: -1 if is_cut else None]:
        return None
    way, kind = ways.pop()
    elements = [element for each in of_elements if each is not None for element in each.elements]
    inner = Shape(shape.way + way, kind, elements)
    if len(inner.way) > DEPTH_MAX:
        return None
    if any(is_timed(each, parse) for each in elements[:_ELEMENTS_MAX]):
        return inner
    return _in_all_elements(inner, parse, is_cut=is_cut)
