"""A JSON object → attributes under dotted names, within what DynamoDB can store.

Nested objects become dotted names; arrays stay lists (objects in them stay maps), or become JSON text
where they nest deeper than an item may. Repeated names get ``#2``, ``#3`` …, in their order.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from chalicelib.core.records import LEVELS_MAX, NUMBER_MAX_DIGITS
from chalicelib.core.records.storable import NAME_MAX, UNNAMED, json_text, suffixed, without_surrogates

if TYPE_CHECKING:
    from chalicelib.core.records import Value

PREFIX_MAX: Final = 255
"""Objects under a longer name stay whole, as JSON text: flattening would multiply the name."""
_DEPTH_MAX: Final = 200
_INT_EXACT: Final = 9_000_000_000_000_000_000
"""Beyond it, orjson may have turned an integer into a float."""
_ZERO: Final = frozenset("-0.")
_FLOAT_MIN: Final = 1e-130
_FLOAT_MAX: Final = 9.99e125
_USUAL_MIN: Final = 1e-100
_USUAL_MAX: Final = 1e18
_PLAIN: Final = frozenset((str, int, bool, type(None)))


class NeedsExact(Exception):  # noqa: N818 - not an error: asks for the slow way
    """A number may have lost digits: `load_exact` has to load the text."""


class TooDeep(Exception):  # noqa: N818 - becomes a reject of that name
    """The value nests deeper than 200 levels."""


class Pairs(dict[str, Any]):
    """An object from `load_exact`: repeated names already have suffixes. Objects within it are plain ones."""


def flatten_plain(loaded: dict[str, Any], *, short: bool) -> tuple[dict[str, Value], int] | None:
    """The result of `flatten`, faster, for an object with nothing unusual in it; None for any other.

    Works in place: after None the object is spoilt. short: no name in it can be longer than 255.
    """
    members = leaves = len(loaded)
    unusual = []
    for key, item in loaded.items():
        if type(item) not in _PLAIN:
            unusual.append((key, item))
    for key, item in unusual:
        kind = type(item)
        if kind is dict and item and key:
            del loaded[key]
            count = len(item)
            members += count
            leaves += count - 1
            prefix = key + "."
            for inner, value in item.items():
                kind = type(value)
                if kind in _PLAIN or (kind is float and (_USUAL_MIN < value < _USUAL_MAX or value == 0)):
                    loaded[prefix + inner] = value
                else:
                    return None
        elif not (
            (kind is float and (_USUAL_MIN < item < _USUAL_MAX or item == 0))
            or (kind is list and _PLAIN.issuperset(map(type, item)))
        ):
            return None
    if len(loaded) != leaves or "" in loaded or not (short or max(map(len, loaded or ("",))) <= PREFIX_MAX):
        return None
    return loaded, members


def flatten(loaded: dict[str, Any]) -> tuple[dict[str, Value], int]:
    """Attributes of an object, and how many members it and all objects in it have.

    Raises NeedsExact (never for a `Pairs`) and TooDeep.
    """
    fields: dict[str, Value] = {}
    exact = type(loaded) is Pairs
    if not exact:
        objects = [""]
        members = _usual(loaded, "", objects, fields)
        names = members + 1 - len(objects)
        if (
            members >= 0
            and len(fields) == names
            and "" not in fields
            and max(map(len, fields or ("",))) <= NAME_MAX
        ):
            return fields, members
    fields = {}
    repeats: dict[str, int] = {}
    members = 0

    def add(name: str, value: Value) -> None:
        if len(name) > NAME_MAX:
            name = name[:NAME_MAX]
        if name in fields:
            name = suffixed(name, fields, repeats)
        fields[name] = value

    def walk(value: dict[str, Any], prefix: str, depth: int) -> None:
        nonlocal members
        if depth > _DEPTH_MAX:
            raise TooDeep
        members += len(value)
        for key, item in value.items():
            name = prefix + key or UNNAMED
            kind = type(item)
            if kind is str or kind is int or kind is bool or item is None:
                if name in fields or len(name) > NAME_MAX:
                    add(name, item)
                else:
                    fields[name] = item
            elif kind is float:
                add(name, item if exact else _checked(item))
            elif kind is list:
                count, deepest = _measure(item, depth, exact=exact)
                members += count
                add(name, item if deepest <= LEVELS_MAX else json_text(item))
            elif not item:
                add(name, {})
            elif len(name) > PREFIX_MAX:
                members += _measure(item, depth, exact=exact)[0]
                add(name, json_text(item))
            else:
                walk(item, name + ".", depth + 1)

    walk(loaded, "", 1)
    return fields, members


def _usual(value: dict[str, Any], prefix: str, objects: list[str], fields: dict[str, Value]) -> int:
    """How many members an object and all objects in it have, whose attributes are put as they are named; -1 where something in
    it is unusual. objects: the prefixes of those within it are added."""
    members = len(value)
    for key, item in value.items():
        kind = type(item)
        if kind in _PLAIN:
            fields[prefix + key] = item
        elif kind is dict and item:
            inner = f"{prefix}{key}."
            if not key or len(inner) > PREFIX_MAX:
                return -1
            objects.append(inner)
            count = _usual(item, inner, objects, fields)
            if count < 0:
                return -1
            members += count
        elif (
            (kind is list and _PLAIN.issuperset(map(type, item)))
            or (kind is float and (_USUAL_MIN < abs(item) < _USUAL_MAX or item == 0))
            or kind is dict
        ):
            fields[prefix + key] = item
        else:
            return -1
    return members


def _measure(value: list[Any] | dict[str, Any], depth: int, *, exact: bool) -> tuple[int, int]:
    """How many members the objects in a value have, and how many levels it adds; checks its numbers.

    depth: the levels around it. Names that DynamoDB refuses are replaced in place.
    """
    members = deepest = 0
    stack: list[tuple[Any, int]] = [(value, 1)]
    while stack:
        item, level = stack.pop()
        if level > deepest:
            deepest = level
            if depth + level > _DEPTH_MAX:
                raise TooDeep
        if type(item) is list:
            inner = item
        else:
            members += len(item)
            if "" in item or (item and max(map(len, item)) > NAME_MAX):
                _rename(item)
            inner = item.values()
        for each in inner:
            kind = type(each)
            if kind is float:
                if not exact:
                    _checked(each)
            elif kind is list or kind is dict:
                stack.append((each, level + 1))
    return members, deepest


def _rename(item: dict[str, Any]) -> None:
    repeats: dict[str, int] = {}
    pairs = list(item.items())
    item.clear()
    for key, each in pairs:
        name = key[:NAME_MAX] or UNNAMED
        item[suffixed(name, item, repeats) if name in item else name] = each


def _checked(number: float) -> float:
    """The number itself, if neither orjson nor DynamoDB changes it."""
    if -_INT_EXACT < number < _INT_EXACT and (number == 0 or abs(number) >= _FLOAT_MIN):
        return number
    raise NeedsExact


def load_exact(text: str) -> Pairs | None:
    """The object in a JSON text with repeated names suffixed and every number exact or a string.

    None where it is JSON but no object. Raises json.JSONDecodeError and RecursionError.
    """
    loaded = json.loads(
        text, object_pairs_hook=_pairs, parse_int=exact_int, parse_float=_float, parse_constant=str
    )
    return loaded if type(loaded) is Pairs else None


def _is_small(digits: str) -> bool:
    """Whether a number that is read as 0 is not 0."""
    return not _ZERO.issuperset(digits.lower().partition("e")[0])


def _pairs(pairs: list[tuple[str, Any]]) -> Pairs:
    item = Pairs()
    repeats: dict[str, int] = {}
    for key, value in pairs:
        name = without_surrogates(key)
        item[suffixed(name, item, repeats) if name in item else name] = _mended_value(value)
    return item


def _mended_value(value: Any) -> Any:
    if type(value) is str:
        return without_surrogates(value)
    if type(value) is list:
        value[:] = [_mended_value(each) for each in value]
    return dict(value) if type(value) is Pairs else value


def exact_int(digits: str) -> int | str:
    """An integer with more digits than DynamoDB stores becomes a string."""
    return int(digits) if len(digits.lstrip("-")) <= NUMBER_MAX_DIGITS else digits


def _float(digits: str) -> float | str:
    number = float(digits)
    size = abs(number)
    if size == 0 and _is_small(digits):
        return digits
    return number if size <= _FLOAT_MAX and (size >= _FLOAT_MIN or size == 0) else digits
