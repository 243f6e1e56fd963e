"""Where JSON continues after a damaged spot: which quotes begin and end strings, and where the next object begins.

In JSON a quote that ends a string is before `,`, `:` or a bracket, and one that begins a string is after one
of these. A quote that does neither is damage, and does not change whether the position is in a string. And no correct
string contains a bracket followed by a name and a colon, since its quotes would be escaped. A few
bytes around a position decide everything, so it does not matter where blocks begin. None means: only later
bytes can tell (is_last: there are none).
"""

from __future__ import annotations

import re
from typing import Final, Literal

LOOK_BYTES: Final = 512
"""How many bytes around a place are read; nothing longer is the name of a member."""
RUN_MIN: Final = 4
_OPENS: Final = frozenset(b" \t\r\n,:[]{}\x1e")
_BEHIND_STRING: Final = re.compile(rb"[ \t\r]*+(?:[,:\]}\n\0]|(\Z))?+")
_NAME: Final = rb'"([^"\\\n]*+(?:\\[^\n][^"\\\n]*+)*+)"[ \t\r\n]*+:'
_MEMBER: Final = re.compile(rb"\{[ \t\r\n]*+" + _NAME)
_TWO_MEMBERS: Final = re.compile(
    rb"\{[ \t\r\n]*+" + _NAME + rb'[ \t\r\n]*+(?:"[^"\\\n]*+(?:\\[^\n][^"\\\n]*+)*+"|[-+.\w]++)'
    rb"[ \t\r\n]*+,[ \t\r\n]*+" + _NAME
)
_OPENING: Final = re.compile(rb"\{[ \t\r\n]*+" + _NAME + rb"[ \t\r\n]*+\[[ \t\r\n]*+\{[ \t\r\n]*+" + _NAME)
_PART_OF_MEMBER: Final = re.compile(
    rb'\{[ \t\r\n]*+(?:"[^"\\\n]*+(?:\\[^\n][^"\\\n]*+)*+(?:\\|"[ \t\r\n]*+)?+)?+\Z'
)
_FIRST: Final = re.compile(rb"[ \t\r\n\[{]*+" + _NAME)
_ARRAY_OF_OBJECTS: Final = re.compile(rb"\[[ \t\r\n]*+(?:(\{)|(\Z))?+")
_NULS: Final = re.compile(rb"\0++")
_BEFORE_NEXT: Final = re.compile(rb"[}\],][ \t\r\n,\x1e]*+\Z")

UP_TO_BRACKET: Final = re.compile(
    rb'[^"{}\[\]\0]*+(?:(?<=[ \t\r\n,:\[\]{}])"[^"\\\n\0{]*+(?:\\[^\n\0][^"\\\n\0{]*+)*+"(?=[ \t\r]*+[,:\]}\n])'
    rb'[^"{}\[\]\0]*+)*+',
    re.DOTALL,
)
"""Whole strings at places where strings may be, and everything that is not a string, a bracket or NUL."""
IN_STRING: Final = re.compile(
    rb'[^"\\\n\0{]*+(?:(?:\\[^\n\0]|\{(?![ \t\r\n]*+(?:"|\Z)))[^"\\\n\0{]*+)*+', re.DOTALL
)
LITERAL: Final = re.compile(rb'[^\[\]{},"\n\0]*+')
LITERAL_STARTS: Final = frozenset(b"-0123456789tfnNI}")
LINE_STOPS: Final = re.compile(rb'[\n\0]|\{(?=[ \t\r\n]*+(?:"|\Z))')
PUNCTUATION: Final = frozenset(b'}]":')
"""Begins what is left of a value, and no line of prose."""


def ends_string(data: bytes, quote: int, *, is_last: bool) -> bool | None:
    """Whether a quote within a string ends it."""
    match = _BEHIND_STRING.match(data, quote + 1, quote + LOOK_BYTES)
    assert match is not None, "the pattern matches the empty text"
    if match[1] is not None and match.end() == len(data):
        return True if is_last else None
    return match.end() > quote + 1 and data[match.end() - 1] in b",:]}\n\0"


def begins_string(before: bytes) -> bool:
    """Whether a quote begins a string behind these bytes."""
    return not before or before[-1] in _OPENS


def member_at(data: bytes, bracket: int, *, is_last: bool) -> bytes | Literal[False] | None:
    """The name of the first member of an object; False where no name and colon stand behind the bracket."""
    match = _MEMBER.match(data, bracket, bracket + LOOK_BYTES)
    if match:
        return match[1]
    is_cut = (
        not is_last and len(data) < bracket + LOOK_BYTES and _PART_OF_MEMBER.match(data, bracket) is not None
    )
    return None if is_cut else False


def first_name(text: bytes) -> bytes | None:
    """The name of the first member of a value, or opening, with that beginning."""
    match = _FIRST.match(text)
    return match[1] if match else None


def begins_with(head: bytes, name: bytes) -> bool:
    """Whether the first member of a value with that beginning has this name, as far as the name is complete."""
    if (own := first_name(head)) is not None:
        return own == name
    rest = head.lstrip(b' \t\r\n[{"')
    return not rest or head.startswith(b'"') or (name != b"" and rest.startswith(name))


def begins_alike(head: bytes, data: bytes, bracket: int, *, is_last: bool) -> bool | None:
    """Whether an object has the same first two members as a value with that beginning, which must be visible."""
    own = _TWO_MEMBERS.match(head)
    if own is None:
        return False
    match = _TWO_MEMBERS.match(data, bracket, bracket + LOOK_BYTES)
    if match:
        return match[1] == own[1] and match[2] == own[2]
    return None if not is_last and len(data) < bracket + LOOK_BYTES else False


def opens_array_of(head: bytes, data: bytes, bracket: int, *, is_last: bool) -> bool | None:
    """Whether the first member of an object is an array of objects with the same beginning."""
    match = _OPENING.match(data, bracket, bracket + LOOK_BYTES)
    if match:
        return match[2] == first_name(head)
    return None if not is_last and len(data) < bracket + LOOK_BYTES else False


def holds_objects(data: bytes, bracket: int, *, is_last: bool) -> bool | None:
    """Whether the first element of an array is an object."""
    match = _ARRAY_OF_OBJECTS.match(data, bracket, bracket + LOOK_BYTES)
    assert match is not None, "the array begins with a bracket"
    is_cut = not is_last and match[2] is not None and match.end() == len(data)
    return None if is_cut else match[1] is not None


def may_end_value(before: bytes) -> bool:
    """Whether a value, or what is left of one, may end with these bytes, and another may follow."""
    return _BEFORE_NEXT.search(before) is not None


def run_of_nuls(data: bytes, position: int, *, begins_line: bool, is_last: bool) -> int | None:
    """How many NULs are padding there; 0 if they are bytes of the value."""
    match = _NULS.match(data, position)
    assert match is not None, "a NUL stands there"
    length = match.end() - position
    if length >= RUN_MIN or begins_line:
        return length
    return None if match.end() == len(data) and not is_last else 0
