"""JSON values in a text, wherever its lines end: pretty-printed, one behind another, in an array.

The elements of an array are entries, and so are objects that stand by themselves; what is between them
(brackets, commas, blanks, the rest of an object that holds the array) is a gap. Memory is bounded by a
block and an entry: nothing is ever parsed here. What is no JSON is given line by line. An object that was
cut off ends where another begins at the start of a line and JSON allows no value.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from enum import Enum
from typing import Any, Final

from chalicelib.core.brackets import Brackets
from chalicelib.core.framing import Piece
from chalicelib.core.openings import SEPARATORS, opened_by
from chalicelib.core.text import BYTE_ORDER_MARK
from chalicelib.core.units import Units

_SEPARATORS: Final = re.compile(b"[" + SEPARATORS + b"]*+")
_UP_TO_BRACKET: Final = re.compile(
    rb'[^"{}\[\]]*+(?:"[^"\\\n]*+(?:\\[^\n][^"\\\n]*+)*+"[^"{}\[\]]*+)*+', re.DOTALL
)
"""Strings that are whole, and what is neither string nor bracket."""
_IN_STRING: Final = re.compile(rb'[^"\\\n]*+(?:\\[^\n][^"\\\n]*+)*+', re.DOTALL)
_LITERAL: Final = re.compile(rb'[^\[\]{},"\n]*+')
_BLANK: Final = b" \t\r\n"
_KEY_MAX_BYTES: Final = 512
"""How far before its array a member's name may begin."""


class _State(Enum):
    BETWEEN = "between values"
    LITERAL = "in a number, a word or what is neither, within an array"
    LINE = "in a line that is no JSON"
    VALUE = "in an object, an array or a string"
    ENDED = "behind a value that stands by itself, whose line end may follow"
    TAIL = "behind the array, in the object that holds it"


def entries_of_json(
    blocks: Iterable[bytes], member: str | None, offset: int, max_bytes: int, context: str | None
) -> Iterator[Piece]:
    """The values of a text from an entry on. context: where that is in an array, what opened it."""
    scanner = _Scanner(member, offset, max_bytes, context)
    pending = b""
    for block in blocks:
        if pending:
            yield from scanner.feed(pending, final=False)
        pending = block or pending
    if pending:
        yield from scanner.feed(pending, final=True)


class _Scanner:
    """Where in the text it is.

    `_collection`: the place is in an array whose elements are entries; `_envelope`: an object holds
    that array. `_brackets`: those open in the value.
    """

    def __init__(self, member: str | None, offset: int, max_bytes: int, context: str | None) -> None:
        self._member = member
        self._opens_member = member is not None and re.compile(
            rb'"' + re.escape(member.encode()) + rb'"[ \t\r\n]*+:[ \t\r\n]*+\Z'
        )
        self._member_name = None if member is None else b'"' + member.encode() + b'"'
        decoder: Any = json.JSONDecoder(parse_int=str, parse_float=str)
        self._scan_once = decoder.scan_once
        self._latin: str | None = None
        self._units = Units(offset, max_bytes, context)
        self._at_start = offset == 0
        self._collection = context is not None
        self._envelope = context is not None and context.lstrip().startswith("{")
        self._state = _State.BETWEEN
        self._brackets = Brackets()
        self._in_string = False
        self._behind = b""
        self._carry = b""
        self._steps = {
            _State.BETWEEN: self._between,
            _State.LITERAL: self._literal,
            _State.LINE: self._line,
            _State.VALUE: self._value,
            _State.ENDED: self._ended,
            _State.TAIL: self._value,
        }

    def feed(self, block: bytes, *, final: bool) -> list[Piece]:
        data = self._carry + block
        self._carry = b""
        self._latin = None
        position = 0
        while position < len(data):
            following = self._steps[self._state](data, position)
            if following < 0:  # only what follows tells what this byte is
                if not final:
                    self._carry = data[position:]
                    data = data[:position]
                    break
                following = position + 1
                self._units.extend(data[position:])
            position = following
        self._behind = (self._behind + data[-_KEY_MAX_BYTES:])[-_KEY_MAX_BYTES:]
        if final:
            self._units.close(gap=self._state in (_State.BETWEEN, _State.TAIL))
        return self._units.taken(unterminated=final and data[-1:] != b"\n")

    def _between(self, data: bytes, position: int) -> int:
        begin = position
        if self._at_start:
            if len(data) < len(BYTE_ORDER_MARK) and BYTE_ORDER_MARK.startswith(data):
                return -1
            self._at_start = False
            position += len(BYTE_ORDER_MARK) if data.startswith(BYTE_ORDER_MARK) else 0
        position = _end_of(_SEPARATORS, data, position)
        self._units.extend(data[begin:position])
        if position == len(data):
            return position
        byte = data[position : position + 1]
        if self._collection and byte == b"]":
            self._units.set_context(None)
            self._collection = False
            if self._envelope:
                self._begin_value(_State.TAIL, b"{")
        else:
            self._units.close(gap=True)
            if byte == b"{" or (byte == b"[" and self._collection):
                if end := self._end_of_whole(data, position):
                    self._begin_value(_State.VALUE, b"")
                    self._units.extend(data[position:end])
                    self._closed()
                    return end
                self._begin_value(_State.VALUE, byte)
            elif byte == b"[":
                self._units.extend(byte)
                self._open_collection(opened_by(byte, self._member), envelope=False)
                return position + 1
            elif not self._collection:
                self._state = _State.LINE
                return position
            elif byte == b'"':
                self._begin_value(_State.VALUE, b"")
                self._in_string = True
            else:
                self._state = _State.LITERAL
        self._units.extend(byte)
        return position + 1

    def _end_of_whole(self, data: bytes, position: int) -> int:
        """Where a value ends that is valid JSON and in these bytes altogether; 0 for any other.

        The C scanner finds that five times as fast. As Latin-1 a byte is a character, and every bracket
        and quote stays what it is."""
        if self._latin is None:
            self._latin = data.decode("latin-1")
        try:
            _, end = self._scan_once(self._latin, position)
        except (StopIteration, ValueError, RecursionError):
            return 0
        may_hold_entries = self._member_name is not None and not self._collection
        if may_hold_entries and data.find(self._member_name or b"", position, end) >= 0:
            return 0
        return int(end)

    def _begin_value(self, state: _State, bracket: bytes) -> None:
        self._state = state
        self._brackets.begin(bracket)
        self._in_string = False

    def _open_collection(self, opened_by: str, *, envelope: bool) -> None:
        self._units.set_context(opened_by)
        self._units.close(gap=True)
        self._collection, self._envelope = True, envelope
        self._state = _State.BETWEEN

    def _literal(self, data: bytes, position: int) -> int:
        end = _end_of(_LITERAL, data, position)
        self._units.extend(data[position:end])
        if end < len(data):
            self._units.close(gap=False)
            self._state = _State.BETWEEN
        return end

    def _line(self, data: bytes, position: int) -> int:
        end = data.find(b"\n", position) + 1
        self._units.extend(data[position : end or len(data)])
        if end:
            self._units.close(gap=False)
            self._state = _State.BETWEEN
        return end or len(data)

    def _ended(self, data: bytes, position: int) -> int:
        if data[position:] == b"\r":
            return -1
        found = 2 if data.startswith(b"\r\n", position) else 1 if data.startswith(b"\n", position) else 0
        self._units.extend(data[position : position + found])
        self._units.close(gap=False)
        self._state = _State.BETWEEN
        return position + found

    def _value(self, data: bytes, position: int) -> int:
        if self._in_string:
            return self._string(data, position)
        end = _end_of(_UP_TO_BRACKET, data, position)
        said = data[position:end].rstrip(_BLANK)[-1:] or self._brackets.before
        byte = data[end : end + 1]
        if byte == b"{" and not self._brackets.may_begin(said) and self._begins_line(data, end):
            self._units.extend(data[position:end])
            self._units.close(gap=self._state is _State.TAIL)
            self._begin_value(_State.VALUE, byte)
            self._units.extend(byte)
            return end + 1
        self._units.extend(data[position : end + 1])
        self._brackets.before = byte or said
        if byte == b'"':
            self._in_string = True
        elif byte == b"[" and self._is_member(data, end):
            self._open_collection(opened_by(self._units.held, self._member), envelope=True)
        elif byte in (b"{", b"["):
            self._brackets.open(byte)
        elif byte:
            self._closed()
        return min(end + 1, len(data))

    def _string(self, data: bytes, position: int) -> int:
        """Strings hold no line end: one that does is broken, and ends with its line."""
        end = _end_of(_IN_STRING, data, position)
        byte = data[end : end + 1]
        if byte == b"\\" and end == position and end + 1 == len(data):
            return -1
        self._units.extend(data[position:end])
        if byte in (b'"', b"\n"):
            self._in_string = False
            self._brackets.before = b'"'
        if byte == b'"' or (byte == b"\\" and end + 1 < len(data)):
            self._units.extend(byte)
            end += 1
        if not self._in_string and not self._brackets:
            self._closed()
        return end

    def _closed(self) -> None:
        if not self._brackets.close():
            return
        if self._state is _State.TAIL:
            self._state = _State.BETWEEN
        elif self._collection:
            self._units.close(gap=False)
            self._state = _State.BETWEEN
        else:
            self._state = _State.ENDED

    def _begins_line(self, data: bytes, position: int) -> bool:
        return self._bytes_before(data, position).rstrip(b" \t")[-1:] == b"\n"

    def _is_member(self, data: bytes, position: int) -> bool:
        """Whether the bracket opens the array that holds the entries of an object that stands by itself."""
        if not self._opens_member or self._collection or self._state is _State.TAIL:
            return False
        if not self._brackets.in_outermost_object:
            return False
        return self._opens_member.search(self._bytes_before(data, position)) is not None

    def _bytes_before(self, data: bytes, position: int) -> bytes:
        before = data[max(0, position - _KEY_MAX_BYTES) : position]
        return (self._behind + before)[-_KEY_MAX_BYTES:] if position < _KEY_MAX_BYTES else before


def _end_of(pattern: re.Pattern[bytes], data: bytes, position: int) -> int:
    found = pattern.match(data, position)
    assert found is not None, "the pattern matches the empty text"
    return found.end()
