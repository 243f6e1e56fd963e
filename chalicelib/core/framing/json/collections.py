"""Which array of a JSON text has its entries, recognised by its shape in the head of the text.

An envelope is an object that consists mostly of an array (`shapes`). An object with a time and a message is an
event and stays one entry, whatever lists it has, unless it is longer than an entry may be. A text of several objects
consists of envelopes if most of it is in envelopes of one shape; the others, such as an empty page or an error, are
entries, unless they are events that contain such a list. If a text is an array of strings or rows, these are its entries.
If the head ends before the first array of an object, arrays of any name in it are read.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import islice
from typing import Any, Final, NamedTuple

import orjson

from chalicelib.core.decoding.text import BYTE_ORDER_MARK
from chalicelib.core.formats.flatten import exact_int
from chalicelib.core.framing import Framing, Kind, Run
from chalicelib.core.framing.entries import entries_in
from chalicelib.core.framing.json.around import begin_lines, behind_prose, is_event, objects_of, without_marks
from chalicelib.core.framing.json.paths import ANY, json_path
from chalicelib.core.framing.json.repairs import first_name, holds_objects
from chalicelib.core.framing.json.shapes import (
    SHARE_MIN,
    Elements,
    Parse,
    Shape,
    are_alike,
    is_timed,
    largest_in,
    shape_of,
    shape_of_list,
    size_of,
)
from chalicelib.core.framing.openings import SEPARATORS

HEAD_BYTES: Final = 256 * 1024
"""How much of a text is read: an object that does not end in it is longer than an entry may be."""
_MARK: Final = re.compile(r'"[^"\\\n]*+(?:\\[^\n][^"\\\n]*+)*+("?)|[\[\]{}:,]', re.DOTALL)
_CUT_ESCAPE: Final = re.compile(r"\\u[0-9a-fA-F]{0,3}\Z")
_CLOSING: Final = "]}\0" + SEPARATORS.decode()
_OBJECTS_MAX: Final = 200
_ELEMENTS_MAX: Final = 50
_ELEMENTS_SEEN: Final = 20
_ANY_WAY: Final = (ANY, ANY)
_DECODER: Final = json.JSONDecoder(parse_int=exact_int)


class Collection(NamedTuple):
    """The framing of a text with its entries in arrays, their kind, and the first of them, one per line."""

    framing: Framing
    kind: Elements
    lines: bytes


class _Sized(NamedTuple):
    """An object of a text, and its length in characters, as far as it goes."""

    value: dict[str, Any]
    size: int


def collection_by_shape(
    head: bytes, parse: Parse, *, complete: bool, behind: Callable[[], bytes] = bytes
) -> Collection | None:
    """How to read the text of this head if most of it is an array; None if its values are the entries.

    head: up to `HEAD_BYTES`. complete: whether it is all of the text. behind: gives the beginning of the lines behind
    its first.
    """
    plain = behind_prose(without_marks(head))
    text = plain.decode("utf-8", "replace")
    begin = text.lstrip(SEPARATORS.decode())[:1]
    if begin == "[":
        shape = _shape_of_array(text.lstrip(SEPARATORS.decode()), parse, complete=complete)
        framing = Framing(kind=Kind.JSON) if shape else None
    elif begin == "{":
        if _is_broken(text, plain, complete=complete):
            return _collection_of_broken(text, plain, head, parse)
        shape = _shape_of_objects(text, plain, parse, complete=complete, behind=behind)
        framing = _framing(shape) if shape else None
    else:
        return None
    if shape is None or framing is None:
        return None
    lines = elements_in(head, framing)
    is_seen = lines is not None or shape.way == _ANY_WAY
    return Collection(framing, shape.kind, lines or b"") if is_seen else None


def _framing(shape: Shape) -> Framing:
    """If entries are objects, those in arrays behind the one on the path are entries too."""
    return Framing(kind=Kind.JSON, path=shape.way, every_array=shape.kind is Elements.OBJECTS)


def _shape_of_array(text: str, parse: Parse, *, complete: bool) -> Shape | None:
    """The shape of a text that is one array, as far as it goes."""
    try:
        value, end = _DECODER.raw_decode(text)
    except (json.JSONDecodeError, RecursionError):
        value = None if complete else _repaired(text)
        return shape_of_list(value, parse, is_cut=True) if isinstance(value, list) else None
    return None if text[end:].strip(_CLOSING) else shape_of_list(value, parse, is_cut=False)


def _is_broken(text: str, plain: bytes, *, complete: bool) -> bool:
    """Whether a whole text begins with a broken object."""
    objects, _ = _objects_in(text, 1)
    return not objects and complete and not begin_lines(plain, complete=True)


def _shape_of_objects(
    text: str, plain: bytes, parse: Parse, *, complete: bool, behind: Callable[[], bytes]
) -> Shape | None:
    objects, rest = _objects_in(text)
    if rest and begin_lines(plain, complete=complete):
        lines = text.split("\n", _OBJECTS_MAX)
        objects = [_Sized(each, size_of(each)) for each in objects_of([line.encode() for line in lines])]
        rest = lines[-1]
    elif complete and rest.lstrip(_CLOSING)[:1] not in ("", "{"):
        return None
    is_cut = not complete and len(rest) > sum(each.size for each in objects) and len(objects) < _OBJECTS_MAX
    if is_cut and isinstance(repaired := _repaired(rest), dict):
        objects.append(_Sized(repaired, len(rest)))
    if not objects:
        return None
    alone = len(objects) == 1 and (is_cut or not rest)
    return _shape_of(objects, parse, is_cut=is_cut, alone=alone, behind=behind)


def _shape_of(
    objects: list[_Sized], parse: Parse, *, is_cut: bool, alone: bool, behind: Callable[[], bytes]
) -> Shape | None:
    """The shape of the largest object, if most of the text is in envelopes of that shape. is_cut: whether the last one
    is cut off; then it is the largest."""
    largest = max(objects, key=lambda each: each.size)
    if is_cut and is_event(largest.value, parse):
        others = [each.value for each in objects[:-1]]
        if any(is_event(each, parse) for each in others) or (
            not others and _is_event_in_lines(behind(), parse)
        ):
            return None
    shape = _shape_of_envelope(largest.value, parse, is_cut=is_cut, alone=alone)
    if shape is None:
        return Shape(_ANY_WAY, Elements.OBJECTS, []) if is_cut and alone else None
    path = json_path(shape.way)
    in_envelopes = largest.size
    for each in objects:
        if each is largest:
            continue
        other = _shape_of_envelope(each.value, parse, is_cut=False, alone=False)
        if other is not None and other.way == shape.way:
            in_envelopes += each.size
        elif path.leads_to_some(each.value) and is_event(each.value, parse):
            return None
    return shape if in_envelopes >= SHARE_MIN * sum(each.size for each in objects) else None


def _shape_of_envelope(envelope: dict[str, Any], parse: Parse, *, is_cut: bool, alone: bool) -> Shape | None:
    if not is_cut and is_event(envelope, parse):
        return None
    return shape_of(envelope, parse, is_cut=is_cut, alone=alone)


def _collection_of_broken(text: str, plain: bytes, head: bytes, parse: Parse) -> Collection | None:
    """How to read a whole text that is, or begins with, one broken object, by what is before the fault."""
    before = _repaired(text)
    shape = largest_in(before) if isinstance(before, dict) else None
    if shape is None or is_event(before, parse):
        return None
    framing = _framing(shape)
    lines = elements_in(head, replace(framing, uniform=shape.kind is Elements.OBJECTS)) or b""
    if len(lines) < SHARE_MIN * len(plain):
        return None
    elements = objects_of(lines.splitlines()) if shape.kind is Elements.OBJECTS else shape.elements
    timed = any(is_timed(each, parse) for each in elements[:_ELEMENTS_MAX])
    return Collection(framing, shape.kind, lines) if timed or are_alike(elements) else None


def elements_in(head: bytes, framing: Framing) -> bytes | None:
    """The first elements of the array that a framing names, one per line; None if the head opens no such array."""
    elements: list[bytes] = []
    opened = False
    begin = "{" if framing.path or framing.member else "["
    for context, entries in _entries_in_force(head, framing):
        opened = opened or (context is not None and context.lstrip("\ufeff \t\r\n").startswith(begin))
        if opened:
            elements += [line for entry in entries for line in _line(entry)]
    return b"".join(elements) if opened else None


def is_uniform(head: bytes, framing: Framing) -> bool:
    """Whether most entries in arrays, as far as the head shows, are objects without such an array; an array of such
    objects may come from one bracket too many."""
    in_arrays = (
        (context, entry)
        for context, entries in _entries_in_force(head, framing)
        if context is not None
        for entry in entries
    )
    names = set(json_path(framing.path or (framing.member or "",)).outermost_names)
    sample = list(islice(in_arrays, _ELEMENTS_SEEN))
    plain = 0
    for context, entry in sample:
        leading = {*names, first_name(context.encode().removeprefix(BYTE_ORDER_MARK))}
        holds = entry.startswith(b"{") or (entry.startswith(b"[") and holds_objects(entry, 0, is_last=True))
        plain += bool(holds) and first_name(entry) not in leading
    return 2 * plain >= len(sample)


def _entries_in_force(head: bytes, framing: Framing) -> Iterator[tuple[str | None, list[bytes]]]:
    """Consecutive entries of a head, and their context."""
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
    """An element as a line, a string as its text; none if it is cut off, or not JSON."""
    try:
        value = orjson.loads(element)
    except orjson.JSONDecodeError:
        return []
    return [(value.rstrip("\r\n").encode() if isinstance(value, str) else orjson.dumps(value)) + b"\n"]


def _is_event_in_lines(text: bytes, parse: Parse) -> bool:
    """Whether the first object in what follows is an event."""
    objects, _ = _objects_in(text.decode("utf-8", "replace"), 1)
    return bool(objects) and is_event(objects[0].value, parse)


def _objects_in(text: str, most: int = _OBJECTS_MAX) -> tuple[list[_Sized], str]:
    """The consecutive objects at the beginning of a text, and what follows them."""
    separators = SEPARATORS.decode()
    objects: list[_Sized] = []
    place = 0
    while len(objects) < most:
        while place < len(text) and text[place] in separators:
            place += 1
        if place == len(text):
            break
        try:
            value, end = _DECODER.raw_decode(text, place)
        except (json.JSONDecodeError, RecursionError):
            break
        if not isinstance(value, dict):
            break
        objects.append(_Sized(value, end - place))
        place = end
    return objects, text[place:]


def _repaired(text: str) -> Any:
    """The value at the beginning of a text that is cut off or broken: what is before the fault, with closing brackets."""
    try:
        return _DECODER.decode(_closed(text))
    except json.JSONDecodeError as error:
        whole = text[: error.pos]
    except RecursionError:
        return None
    try:
        return _DECODER.decode(_closed(whole))
    except (json.JSONDecodeError, RecursionError):
        return None


def _closed(text: str) -> str:
    """A text up to its last comma, or up to a string value that it cuts off, with closing brackets."""
    stack: list[str] = []
    best, closers, before = 0, "", ""
    for mark in _MARK.finditer(text):
        if mark[0] in ("{", "["):
            stack.append("}" if mark[0] == "{" else "]")
        elif mark[0] in ("}", "]"):
            if stack:
                stack.pop()
        elif mark[0] == "," and stack:
            best, closers = mark.start(), "".join(reversed(stack))
        elif mark[1] == "" and mark.end() >= len(text) - 1 and _may_be_value(before, stack):
            return _CUT_ESCAPE.sub("", text[: mark.end()]) + '"' + "".join(reversed(stack))
        before = mark[0]
    return text[:best] + closers


def _may_be_value(before: str, stack: list[str]) -> bool:
    return before == ":" or (before in ("[", ",") and stack[-1:] == ["]"])
