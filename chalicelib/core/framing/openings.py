"""The context that a gap between the elements of a collection leaves: what opened the collection after it."""

from __future__ import annotations

import re
from typing import Final

from chalicelib.core.framing import HEADER_MAX_BYTES, Framing
from chalicelib.core.framing.json.paths import json_path

RECORD_SEPARATOR: Final = b"\x1e"
SEPARATORS: Final = b" \t\r\n," + RECORD_SEPARATOR
"""Separators of values; RS is that of RFC 7464."""
EVENT_DATA: Final = b"data: "
"""Precedes the value of an event (https://html.spec.whatwg.org/multipage/server-sent-events.html)."""

EMPTIES: Final = re.compile(rb"(?:(?:\[(?:\{\}|\[\])?+\]|\{\})[" + SEPARATORS + rb"]{0,8}+){16,512}+")
"""A run of empty values: it is structure, and does not change the context."""
_EMPTY_MAX_BYTES: Final = 12
_EMPTY_STARTS: Final = (b"[]", b"{}", b"[{}", b"[[]")
_EMPTY_START_BYTES: Final = 3
_ONLY_EMPTIES: Final = re.compile(rb"[\[\]{}" + SEPARATORS + rb"]++\Z")
_EMPTIES_LOOK_BYTES: Final = 16 * _EMPTY_MAX_BYTES


def end_of_empties(data: bytes, position: int, *, is_last: bool) -> int:
    """Where a run of values ends that hold nothing; 0 where none begins, -1 where only what follows tells.

    is_last: whether nothing follows."""
    rest = len(data) - position
    if not data.startswith(_EMPTY_STARTS, position) and (is_last or rest >= _EMPTY_START_BYTES):
        return 0
    run = EMPTIES.match(data, position)
    if run:
        return run.end() if is_last or len(data) - run.end() >= _EMPTY_MAX_BYTES else -1
    is_short = not is_last and rest < _EMPTIES_LOOK_BYTES
    return -1 if is_short and _ONLY_EMPTIES.match(data, position) else 0


def in_force_behind(gap: bytes, in_force: str | None, framing: Framing) -> str | None:
    """gap: all of its bytes. in_force: the context before it."""
    if EMPTIES.fullmatch(gap):
        return in_force
    if (framing.by_line or framing.repairs) and gap.lstrip(b"\xef\xbb\xbf" + SEPARATORS).startswith(b"{"):
        in_force = None
    if gap.endswith(b"["):
        opening = gap if len(gap) <= HEADER_MAX_BYTES else None
        if framing.path is not None:
            return json_path(framing.path).opened(in_force, opening)
        return opened_by(opening, framing.member)
    if ends_all(gap, framing):
        return None
    return None if gap.lstrip(SEPARATORS + b"\0").startswith(b"]") else in_force


def ends_all(unit: bytes, framing: Framing) -> bool:
    """Whether nothing is in force behind an entry or a gap: its line has ended, and the next begins a new text."""
    return framing.by_line and unit.endswith(b"\n")


def opened_by(opening: bytes | None, member: str | None) -> str:
    """An opening in the form in which it is kept in force: only the brackets if it is too long (None)."""
    if opening is None:
        return "[" if member is None else f'{{"{member}":['
    return opening.decode(errors="replace")
