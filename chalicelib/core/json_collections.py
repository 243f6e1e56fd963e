"""Which array of an object of JSON holds its entries, told by its shape: the head of the text decides.

An envelope is an object of which an array of objects is most, possibly inside other members or inside each object of
another array. An object that says when and what happened is an event and stays one, whatever lists it holds, unless
it is longer than an entry may be. A text of several objects consists of envelopes where most of it is in envelopes of
one shape; the others, such as an empty page or an error, are entries, unless they are events that hold such a list.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import islice
from typing import Any, Final, NamedTuple

import orjson

from chalicelib.core.entries import entries_in
from chalicelib.core.framing import Framing, Kind, Run
from chalicelib.core.json_around import begin_lines, behind_prose, is_event, objects_of, without_marks
from chalicelib.core.json_paths import json_path
from chalicelib.core.json_repairs import first_name, holds_objects
from chalicelib.core.openings import SEPARATORS
from chalicelib.core.records import Record, Reject
from chalicelib.core.text import BYTE_ORDER_MARK

HEAD_BYTES: Final = 256 * 1024
"""How much of a text is looked at: an object that does not end in it is longer than an entry may be."""
_MARK: Final = re.compile(r'"[^"\\\n]*+(?:\\[^\n][^"\\\n]*+)*+"?|[\[\]{},]', re.DOTALL)
_CLOSING: Final = "]}\0" + SEPARATORS.decode()
_DEPTH_MAX: Final = 4
_SHARE_MIN: Final = 0.5
_UNTIMED_SHARE_MIN: Final = 0.8
_UNTIMED_MIN: Final = 3
_OBJECTS_MAX: Final = 200
_ELEMENTS_MAX: Final = 50
_ELEMENTS_SEEN: Final = 20

Parse = Callable[[str], "Record | Reject"]
"""What an object of JSON says, whatever it is."""


class _Sized(NamedTuple):
    """An object of a text, and how long it is in characters, as far as it goes."""

    value: dict[str, Any]
    size: int


def framing_by_shape(
    head: bytes, parse: Parse, *, complete: bool, behind: Callable[[], bytes] = bytes
) -> Framing | None:
    """How the text of this head is framed where its objects are envelopes; None where they are entries.

    head: up to `HEAD_BYTES`. complete: whether it is all of the text. behind: gives what the lines behind its first
    begin with."""
    head = behind_prose(without_marks(head))
    text = head.decode("utf-8", "replace")
    if not text.lstrip(SEPARATORS.decode()).startswith("{"):
        return None
    objects, rest = _objects_in(text)
    if not objects and complete and not begin_lines(head, complete=True):
        repaired = _repaired(rest)
        return _framing_of_broken(repaired, head, parse) if isinstance(repaired, dict) else None
    if rest and begin_lines(head, complete=complete):
        lines = text.split("\n", _OBJECTS_MAX)
        objects, rest = (
            [_Sized(each, _size(each)) for each in objects_of([line.encode() for line in lines])],
            lines[-1],
        )
    elif complete and rest.lstrip(_CLOSING)[:1] not in ("", "{"):
        return None
    is_cut = not complete and len(rest) > sum(each.size for each in objects) and len(objects) < _OBJECTS_MAX
    if is_cut and isinstance(repaired := _repaired(rest), dict):
        objects.append(_Sized(repaired, len(rest)))
    if not objects:
        return None
    return _framing_of(
        objects, parse, is_cut=is_cut, alone=len(objects) == 1 and (is_cut or not rest), behind=behind
    )


def _framing_of(
    objects: list[_Sized], parse: Parse, *, is_cut: bool, alone: bool, behind: Callable[[], bytes]
) -> Framing | None:
    """The way of the largest object, where most is in envelopes of that way. is_cut: whether the last is, which is
    then the largest."""
    largest = max(objects, key=lambda each: each.size)
    if is_cut and is_event(largest.value, parse):
        others = [each.value for each in objects[:-1]]
        if any(is_event(each, parse) for each in others) or (
            not others and _is_event_in_lines(behind(), parse)
        ):
            return None
    way = _way(largest.value, parse, is_cut=is_cut, alone=alone)
    if way is None:
        return None
    path = json_path(way)
    in_envelopes = largest.size
    for each in objects:
        if each is largest:
            continue
        if _way(each.value, parse, is_cut=False, alone=False) == way:
            in_envelopes += each.size
        elif path.leads_to_some(each.value) and is_event(each.value, parse):
            return None
    if in_envelopes < _SHARE_MIN * sum(each.size for each in objects):
        return None
    return _framing(way)


def elements_in(head: bytes, framing: Framing) -> bytes | None:
    """The first elements of the array that a framing names, a line each; None where the head opens no such array."""
    elements: list[bytes] = []
    opened = False
    for context, entries in _entries_in_force(head, framing):
        opened = opened or (context is not None and context.lstrip("\ufeff \t\r\n").startswith("{"))
        if opened:
            elements += [line for entry in entries for line in _line(entry)]
    return b"".join(elements) if opened else None


def is_uniform(head: bytes, framing: Framing) -> bool:
    """Whether most entries in arrays, as far as the head shows, are objects that lead to no such array again; an array
    of such objects may be one whose bracket is too many."""
    in_arrays = (
        (context, entry)
        for context, entries in _entries_in_force(head, framing)
        if context is not None
        for entry in entries
    )
    names = set(json_path(framing.path or (framing.member or "",)).outermost_names)
    shown = list(islice(in_arrays, _ELEMENTS_SEEN))
    plain = 0
    for context, entry in shown:
        leading = {*names, first_name(context.encode().removeprefix(BYTE_ORDER_MARK))}
        holds = entry.startswith(b"{") or (entry.startswith(b"[") and holds_objects(entry, 0, is_last=True))
        plain += bool(holds) and first_name(entry) not in leading
    return 2 * plain >= len(shown)


def _entries_in_force(head: bytes, framing: Framing) -> Iterator[tuple[str | None, list[bytes]]]:
    """Entries of a head that follow one another, and what is in force for them."""
    for piece in entries_in([head], framing, 0, max(1, len(head)), aligned=True):
        if isinstance(piece, Run):
            begins = [0, *piece.ends]
            yield (
                piece.context,
                [
                    piece.data[begins[number] : end]
                    for number, end in enumerate(piece.ends)
                    if number not in (piece.gaps or ())
                ],
            )


def _line(element: bytes) -> list[bytes]:
    """An element as a line; none where it is cut off, or no JSON."""
    try:
        return [orjson.dumps(orjson.loads(element)) + b"\n"]
    except orjson.JSONDecodeError:
        return []


def _framing(way: tuple[str, ...]) -> Framing:
    return Framing(kind=Kind.JSON, path=way, every_array=True)


def _framing_of_broken(before: dict[str, Any], head: bytes, parse: Parse) -> Framing | None:
    """How a whole text is framed that is one broken object, or begins with one. before: what is before the fault."""
    largest = _largest(before, ())
    if largest is None or is_event(before, parse):
        return None
    framing = _framing(largest[0])
    lines = elements_in(head, replace(framing, uniform=True)) or b""
    elements = objects_of(lines.splitlines())
    if len(lines) < _SHARE_MIN * len(head):
        return None
    timed = any(_timed(each, parse) for each in elements[:_ELEMENTS_MAX])
    return framing if timed or (len(elements) >= _UNTIMED_MIN and _alike(elements)) else None


def _is_event_in_lines(text: bytes, parse: Parse) -> bool:
    """Whether the first object of what follows is an event."""
    objects, _ = _objects_in(text.decode("utf-8", "replace"), 1)
    return bool(objects) and is_event(objects[0].value, parse)


def _objects_in(text: str, most: int = _OBJECTS_MAX) -> tuple[list[_Sized], str]:
    """The objects at the beginning of a text, which follow one another, and what stands behind them."""
    decoder = json.JSONDecoder()
    separators = SEPARATORS.decode()
    found: list[_Sized] = []
    place = 0
    while len(found) < most:
        while place < len(text) and text[place] in separators:
            place += 1
        if place == len(text):
            break
        try:
            value, end = decoder.raw_decode(text, place)
        except (json.JSONDecodeError, RecursionError):
            break
        if not isinstance(value, dict):
            break
        found.append(_Sized(value, end - place))
        place = end
    return found, text[place:]


def _repaired(text: str) -> Any:
    """The value that a cut-off or broken text begins: what is before the fault up to the last comma, with closing
    brackets."""
    try:
        return json.loads(_closed(text))
    except json.JSONDecodeError as error:
        whole = text[: error.pos]
    except RecursionError:
        return None
    try:
        return json.loads(_closed(whole))
    except (json.JSONDecodeError, RecursionError):
        return None


def _closed(text: str) -> str:
    stack: list[str] = []
    best, closers = 0, ""
    for mark in _MARK.finditer(text):
        if mark[0] in ("{", "["):
            stack.append("}" if mark[0] == "{" else "]")
        elif mark[0] in ("}", "]"):
            if stack:
                stack.pop()
        elif mark[0] == "," and stack:
            best, closers = mark.start(), "".join(reversed(stack))
    return text[:best] + closers


def _way(envelope: dict[str, Any], parse: Parse, *, is_cut: bool, alone: bool) -> tuple[str, ...] | None:
    """The names on the way to the entries of an envelope; None where the object is an entry."""
    if not is_cut and is_event(envelope, parse):
        return None
    found = _largest(envelope, ())
    if found is None:
        return None
    way, elements = found
    if is_cut and len(elements) == 1 and (inner := _largest(elements[0], ())) is not None:
        way, elements = way + inner[0], inner[1]
    while len(way) < _DEPTH_MAX and (inner := _inside(elements, parse, is_cut=is_cut)) is not None:
        way, elements = way + inner[0], inner[1]
    if is_cut:
        return way
    if any(_timed(each, parse) for each in elements[:_ELEMENTS_MAX]):
        return way
    much = _size(elements) >= _UNTIMED_SHARE_MIN * _size(envelope)
    return way if alone and much and len(elements) >= _UNTIMED_MIN and _alike(elements) else None


def _largest(members: dict[str, Any], before: tuple[str, ...]) -> tuple[tuple[str, ...], list[Any]] | None:
    """The array of objects that is most of an object, in one of its members or in an object that is one."""
    if not members or len(before) >= _DEPTH_MAX:
        return None
    name = max(members, key=lambda each: _size(members[each]))
    value = members[name]
    if not name or _size(value) < _SHARE_MIN * _size(members) or _names_a_way(name):
        return None
    if isinstance(value, dict):
        return _largest(value, (*before, name))
    if isinstance(value, list) and value and all(isinstance(each, dict) for each in value):
        return (*before, name), value
    return None


def _names_a_way(name: str) -> bool:
    return "|" in name or name.endswith("?")


def _inside(elements: list[Any], parse: Parse, *, is_cut: bool) -> tuple[tuple[str, ...], list[Any]] | None:
    """The array in each element that holds the entries, where the elements themselves are envelopes."""
    shown = elements[:_ELEMENTS_MAX]
    if any(_timed(each, parse) for each in shown):
        return None
    found = [_largest(each, ()) for each in shown]
    ways = {each[0] for each in found if each is not None}
    if len(ways) != 1 or None in found[: -1 if is_cut else None]:
        return None
    inner = [element for each in found if each is not None for element in each[1]]
    timed = any(_timed(each, parse) for each in inner[:_ELEMENTS_MAX])
    return (ways.pop(), inner) if timed else None


def _timed(element: Any, parse: Parse) -> bool:
    record = parse(_text(element))
    return isinstance(record, Record) and record.timestamp is not None


def _alike(elements: list[Any]) -> bool:
    """Whether objects have most of their names in common."""
    first = set(elements[0])
    return bool(first) and all(
        2 * len(first & set(each)) >= max(len(first), len(each)) for each in elements[1:_ELEMENTS_MAX]
    )


def _size(value: Any) -> int:
    return len(_text(value))


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
