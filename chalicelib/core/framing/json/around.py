"""What is around the elements of an array: structure that may be skipped, or something that must not be lost.

Structure is brackets, commas, blanks, the names on the path to the array, and a small envelope. An object with a time and a
message is not structure, nor are objects with a time in another list, nor anything larger than an envelope. This module also
finds whether the objects of a text begin its lines.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Final

from chalicelib.core.decoding.text import BYTE_ORDER_MARK
from chalicelib.core.framing import HEADER_MAX_BYTES, Framing
from chalicelib.core.framing.json.paths import completed, json_path
from chalicelib.core.framing.openings import EMPTIES, EVENT_DATA, RECORD_SEPARATOR, SEPARATORS
from chalicelib.core.records import Record, Reject

ENVELOPE_MAX_BYTES: Final = 4096
"""The largest envelope of which nothing stays in force."""
_BEHIND: Final = (SEPARATORS + b"]}\0").decode()
_LINES_MAX: Final = 200
_PROSE_LINES_MAX: Final = 20
_SHARE: Final = 0.5

Parse = Callable[[str], "Record | Reject"]


def content_around(gap: bytes, parse: Parse) -> str | None:
    """The content of a gap beyond structure, as JSON if it is JSON; None if it is only structure.

    parse: parses any JSON object.
    """
    text = gap.decode(errors="replace").lstrip("\ufeff" + _BEHIND)
    if text in ("", "[", "{") or EMPTIES.fullmatch(gap):
        return None
    kept = gap.endswith(b"[") and len(gap) <= HEADER_MAX_BYTES
    if not kept and len(text) > ENVELOPE_MAX_BYTES:
        return text
    values = _values_in(text, opens=gap.endswith(b"["))
    if values is None:
        return text
    saying = [each for each in values if is_event(each, parse) or _lists_events(each, parse)]
    if not saying:
        return None
    return _text(saying[0] if len(saying) == 1 else {"": saying})


def is_event(value: Any, parse: Parse) -> bool:
    """Whether an object has a time and says what happened."""
    if not isinstance(value, dict):
        return False
    record = parse(_text(value))
    if not isinstance(record, Record) or record.timestamp is None:
        return False
    return record.body is not None or record.severity_number is not None


def is_empty_envelope(text: str, framing: Framing, parse: Parse, *, alone: bool) -> bool:
    """Whether an object leads to empty arrays only, and is no event.

    alone: whether it must contain nothing else either.
    """
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return False
    if not isinstance(value, dict) or len(text) > ENVELOPE_MAX_BYTES or (alone and len(value) > 1):
        return False
    path = json_path(framing.path or (framing.member or "",))
    return path.leads_to_nothing(value) and not is_event(value, parse)


def begin_lines(head: bytes, *, complete: bool) -> bool:
    """Whether most lines of a text, of which this is the head, are an object each."""
    lines = behind_prose(without_marks(head)).split(b"\n", _LINES_MAX)
    cut = not complete or len(lines) > _LINES_MAX
    known = [line for line in (lines[:-1] if cut else lines) if line.strip()]
    if not known or len(known) + cut < 2 or not known[0].startswith(b"{"):
        return False
    return len(objects_of(known)) >= _SHARE * len(known)


def is_json_sequence(head: bytes) -> bool:
    """Whether a text is a JSON text sequence (RFC 7464): RS stands before each of its objects."""
    return head.startswith(RECORD_SEPARATOR) and head[1:].lstrip(SEPARATORS).startswith(b"{")


def is_event_stream(head: bytes) -> bool:
    """Whether a text is a stream of events, each an object behind `data:` on a line."""
    return head.startswith(EVENT_DATA + b"{") and b"\n\n" in head


def without_marks(head: bytes) -> bytes:
    """A head without the byte order marks before its lines, as in appended texts."""
    return head.removeprefix(BYTE_ORDER_MARK).replace(b"\n" + BYTE_ORDER_MARK, b"\n")


def behind_prose(head: bytes) -> bytes:
    """A head of a text without the lines before its first object, if they are few and begin no value."""
    rest = head
    for _ in range(_PROSE_LINES_MAX):
        if rest.lstrip(SEPARATORS)[:1] in (b"{", b"[", b""):
            return rest
        rest = rest.partition(b"\n")[2]
    return head


def objects_of(lines: list[bytes]) -> list[dict[str, Any]]:
    """The objects among the lines, without those that were cut off."""
    objects: list[dict[str, Any]] = []
    for line in lines:
        if line.startswith(b"{"):
            try:
                objects.append(json.loads(line.decode(errors="replace")))
            except (ValueError, RecursionError):
                continue
    return objects


def _values_in(text: str, *, opens: bool) -> list[Any] | None:
    """The values of a gap, its members as objects; the gap may begin and end within one. None if it is broken."""
    decoder = json.JSONDecoder()
    values: list[Any] = []
    members: dict[str, Any] = {}
    text = completed(text) if opens else text
    try:
        while text:
            value, end = decoder.raw_decode(text)
            text = text[end:].lstrip()
            if isinstance(value, str) and text.startswith(":"):
                text = text[1:].lstrip()
                if value in members:
                    values.append(members)
                    members = {}
                members[value], end = decoder.raw_decode(text)
                text = text[end:]
            else:
                values.append(value)
            text = text.lstrip(_BEHIND)
    except (ValueError, RecursionError):
        return None
    return [*values, members] if members else values


def _lists_events(value: Any, parse: Parse) -> bool:
    """Whether a list within a value contains objects with a time."""
    if isinstance(value, dict):
        return any(_lists_events(each, parse) for each in value.values())
    if not isinstance(value, list):
        return False
    return any(_is_timed(each, parse) or _lists_events(each, parse) for each in value)


def _is_timed(value: Any, parse: Parse) -> bool:
    record = parse(_text(value)) if isinstance(value, dict) else None
    return isinstance(record, Record) and record.timestamp is not None


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
