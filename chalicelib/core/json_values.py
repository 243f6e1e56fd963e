"""JSON values in a text, wherever its lines end: pretty-printed, one behind another, in an array.

The elements of an array are entries, and so are objects that stand by themselves; what is between them
(brackets, commas, blanks, the rest of an object that holds the array) is a gap. Memory is bounded by a
block and an entry: nothing is ever parsed here. What is no JSON is given line by line.

Damage costs the entry that it is in. Where JSON allows no value, an object that begins a line, or that begins with the
member that the entry under way began with, is the next one; where objects begin lines (`by_line`), every line that
begins with a bracket is one. Padding ends an entry. What is left of one ends where an object follows (`json_repairs`).
Where entries are known to be objects that hold none (`uniform`), an array among them is one bracket too many, and an
object that leads to entries begins another text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from enum import Enum
from typing import Any, Final

from chalicelib.core import json_repairs as repairs
from chalicelib.core.brackets import Brackets
from chalicelib.core.framing import Framing, Piece
from chalicelib.core.json_paths import json_path
from chalicelib.core.openings import EMPTIES, EMPTY_MAX_BYTES, SEPARATORS, opened_by
from chalicelib.core.text import BYTE_ORDER_MARK
from chalicelib.core.units import Units

_SEPARATORS: Final = re.compile(b"[" + SEPARATORS + b"]*+")
_PADDED_SEPARATORS: Final = re.compile(b"[" + SEPARATORS + b"\\0]*+")
_UP_TO_BRACKET: Final = re.compile(
    rb'[^"{}\[\]]*+(?:"[^"\\\n]*+(?:\\[^\n][^"\\\n]*+)*+"[^"{}\[\]]*+)*+', re.DOTALL
)
"""Strings that are whole, and what is neither string nor bracket."""
_IN_STRING: Final = re.compile(rb'[^"\\\n]*+(?:\\[^\n][^"\\\n]*+)*+', re.DOTALL)
_LITERAL: Final = re.compile(rb'[^\[\]{},"\n]*+')
_BLANKS: Final = re.compile(rb"[ \t\r\n]*+")
_BLANK: Final = b" \t\r\n"
_LATER: Final = -1
_EMPTY_STARTS: Final = (b"[]", b"{}", b"[{}", b"[[]")
_EMPTY_START_BYTES: Final = 3
_ONLY_EMPTIES: Final = re.compile(rb"[\[\]{}" + SEPARATORS + rb"]++\Z")
_EMPTIES_LOOK_BYTES: Final = 16 * EMPTY_MAX_BYTES
_KEY_MAX_BYTES: Final = repairs.LOOK_BYTES
"""How far before its array a member's name may begin."""


class _State(Enum):
    BETWEEN = "between values"
    LITERAL = "in a number, a word or what is neither, within an array"
    LINE = "in a line that is no JSON, or in what is left of a value"
    VALUE = "in an object, an array or a string"
    ENDED = "behind a value that stands by itself, whose line end may follow"
    AROUND = "in an object that holds the array, or one on the way to it"
    ON_THE_WAY = "between the objects of an array on the way"


def entries_of_json(
    blocks: Iterable[bytes], framing: Framing, offset: int, max_bytes: int, context: str | None
) -> Iterator[Piece]:
    """The values of a text from an entry on. context: where that is in an array, what opened it."""
    scanner = _Scanner(framing, offset, max_bytes, context)
    pending = b""
    for block in blocks:
        if pending:
            yield from scanner.feed(pending, final=False)
        pending = block or pending
    if pending:
        yield from scanner.feed(pending, final=True)


class _Scanner:
    """Where in the text it is.

    `_collection`: the place is in an array whose elements are entries. `_way`: the members that are open on the way
    to it, each with its bracket and the level of the object that it is in; `_leads`: whether the object of that level
    that the place is in may still hold the next. `_brackets`: those open in the value.
    """

    def __init__(self, framing: Framing, offset: int, max_bytes: int, context: str | None) -> None:
        path = framing.path or (None if framing.member is None else (framing.member,))
        self._by_line, self._every_array = framing.by_line, framing.every_array
        self._member, self._nested = framing.member, framing.path is not None
        self._path = None if path is None else json_path(path)
        self._leads_on = framing.every_array or (self._path is not None and self._path.leads_on)
        self._separators = _PADDED_SEPARATORS if framing.has_padding else _SEPARATORS
        self._repairs, self._uniform = framing.repairs, framing.uniform
        self._up_to_bracket = repairs.UP_TO_BRACKET if framing.repairs else _UP_TO_BRACKET
        self._in_string_up_to = repairs.IN_STRING if framing.repairs else _IN_STRING
        self._literal_up_to = repairs.LITERAL if framing.repairs else _LITERAL
        decoder: Any = json.JSONDecoder(parse_int=str, parse_float=str)
        self._scan_once = decoder.scan_once
        self._latin: str | None = None
        self._units = Units(offset, max_bytes, context)
        self._at_start = offset == 0
        self._collection = context is not None
        self._way = self._steps_to(context)
        self._level, self._leads = 0, False
        self._holds_array = context is not None
        self._state = _State.BETWEEN
        self._brackets = Brackets()
        self._in_string = False
        self._is_rest = self._is_broken = self._is_last = False
        self._openings = self._openings_of(context)
        self._behind = b""
        self._carry = b""
        self._steps = {
            _State.BETWEEN: self._between,
            _State.LITERAL: self._literal,
            _State.LINE: self._line,
            _State.VALUE: self._value,
            _State.ENDED: self._ended,
            _State.AROUND: self._value,
            _State.ON_THE_WAY: self._on_the_way,
        }

    def _steps_to(self, context: str | None) -> list[tuple[str, int]]:
        if context is None or self._path is None or not context.lstrip("\ufeff").lstrip().startswith("{"):
            return []
        return self._path.steps_to(context) if self._nested else [("[", 0)]

    def feed(self, block: bytes, *, final: bool) -> list[Piece]:
        data = self._carry + block
        self._carry = b""
        self._is_last = final
        self._latin = None
        position = 0
        while position < len(data):
            following = self._steps[self._state](data, position)
            if following < 0:  # only what follows tells what this byte is
                if not final:
                    self._carry = data[position:]
                    data = data[:position]
                    break
                following = len(data)
                self._units.extend(data[position:])
            position = following
        self._behind = (self._behind + data[-_KEY_MAX_BYTES:])[-_KEY_MAX_BYTES:]
        if final:
            self._units.close(gap=self._state is _State.BETWEEN or self._is_gap)
        return self._units.taken(unterminated=final and data[-1:] != b"\n")

    def _between(self, data: bytes, position: int) -> int:
        begin = position
        if self._at_start:
            if len(data) < len(BYTE_ORDER_MARK) and BYTE_ORDER_MARK.startswith(data):
                return -1
            self._at_start = False
            position += len(BYTE_ORDER_MARK) if data.startswith(BYTE_ORDER_MARK) else 0
        position = _end_of(self._separators, data, position)
        self._units.extend(data[begin:position])
        if position == len(data):
            return position
        byte = data[position : position + 1]
        if self._by_line and byte != b"]" and self._is_anew(data, position):
            self._end_line()
        if self._collection and byte == b"]":
            self._units.set_context(None)
            self._collection = False
            if self._way:
                self._leave()
            self._units.extend(byte)
            return position + 1
        passed = self._passed_over(data, begin, position) if self._repairs else None
        if passed is not None:
            return passed
        self._units.close(gap=True)
        if byte == b"{" or (byte == b"[" and self._collection):
            return self._value_begins(data, position, is_put_off=begin == position)
        if byte == b"[":
            self._units.extend(byte)
            self._open_collection(opened_by(byte, self._member))
            return position + 1
        return self._other_begins(data, position)

    def _passed_over(self, data: bytes, begin: int, position: int) -> int | None:
        """Where what holds nothing ends: the mark of a text that was appended, or a run of empty values; None where
        neither begins. begin: where the separators before it do."""
        later = _LATER if begin == position else position
        if data[position] == BYTE_ORDER_MARK[0]:
            rest = data[position : position + len(BYTE_ORDER_MARK)]
            if rest == BYTE_ORDER_MARK:
                self._units.extend(rest)
                return position + len(rest)
            return later if BYTE_ORDER_MARK.startswith(rest) and not self._is_last else None
        end = 0 if self._by_line else self._end_of_empties(data, position)
        if end <= 0:
            return later if end else None
        self._units.close(gap=True)
        self._units.extend(data[position:end])
        self._units.close(gap=True)
        return end

    def _end_of_empties(self, data: bytes, position: int) -> int:
        """Where a run of values ends that hold nothing; 0 where none begins, `_LATER` where only what follows tells."""
        rest = len(data) - position
        if not data.startswith(_EMPTY_STARTS, position) and (self._is_last or rest >= _EMPTY_START_BYTES):
            return 0
        found = EMPTIES.match(data, position)
        if found:
            return found.end() if self._is_last or len(data) - found.end() >= EMPTY_MAX_BYTES else _LATER
        is_short = not self._is_last and rest < _EMPTIES_LOOK_BYTES
        return _LATER if is_short and _ONLY_EMPTIES.match(data, position) else 0

    def _value_begins(self, data: bytes, position: int, *, is_put_off: bool) -> int:
        byte = data[position : position + 1]
        is_array = byte == b"[" and self._uniform
        if not is_array and (end := self._end_of_whole(data, position)):
            self._units.extend(data[position:end])
            if self._collection:
                self._units.close(gap=False)
            else:
                self._state = _State.ENDED
            return end
        is_structure = self._is_structure(data, position)
        if is_structure is None:
            return -1 if is_put_off else position
        if is_array and is_structure:
            self._units.extend(byte)
            self._units.close(gap=False)
            return position + 1
        self._begin_entry(byte, leads=is_structure or not self._collection)
        self._units.extend(byte)
        return position + 1

    def _other_begins(self, data: bytes, position: int) -> int:
        """What is neither an object nor an array begins."""
        byte = data[position]
        is_plausible = byte in repairs.LITERAL_STARTS or not self._repairs
        if self._collection and byte == b'"'[0]:
            if end := self._end_of_whole_string(data, position):
                self._units.extend(data[position:end])
                self._units.close(gap=False)
                return end
            self._begin_value(_State.VALUE, b"")
            self._in_string = True
        elif self._collection and is_plausible:
            self._state = _State.LITERAL
        else:
            self._state = _State.LINE
            self._is_rest = self._collection or byte in repairs.PUNCTUATION
            return position
        self._units.extend(data[position : position + 1])
        return position + 1

    def _end_of_whole(self, data: bytes, position: int) -> int:
        """Where a value ends that is valid JSON and in these bytes altogether, and leads to no entries; 0 for any
        other."""
        end = self._end_of_valid(data, position)
        if end and self._path is not None:
            if not self._collection:
                return 0 if self._path.may_be_in(data, position, end) else end
            if self._uniform:
                for name in self._openings:
                    if data.find(name, position, end) >= 0:
                        return 0
        return end

    def _end_of_valid(self, data: bytes, position: int) -> int:
        """Where a value ends that is valid JSON and in these bytes altogether; 0 for any other.

        The C scanner finds that five times as fast. As Latin-1 a byte is a character, and every bracket
        and quote stays what it is."""
        if self._latin is None:
            self._latin = data.decode("latin-1")
        try:
            _, end = self._scan_once(self._latin, position)
        except (StopIteration, ValueError, RecursionError):
            return 0
        if self._by_line and data.find(b"\n{", position, end) >= 0:
            return 0
        return int(end)

    def _end_of_whole_string(self, data: bytes, position: int) -> int:
        """Where a string ends that is in these bytes altogether and that another element or the end of the array
        follows; 0 for any other."""
        end = self._end_of_valid(data, position)
        is_plain = end and data[end : end + 1] in (b",", b"]")
        return end if is_plain and data[position : end - 1].rstrip(_BLANK)[-1:] != b"{" else 0

    def _begin_value(self, state: _State, bracket: bytes) -> None:
        self._state = state
        self._brackets.begin(bracket)
        self._in_string = self._is_broken = False

    def _is_structure(self, data: bytes, position: int) -> bool | None:
        """Whether a bracket in the array of the entries begins no entry, but an array of some, or an object that
        may lead to the array again."""
        if not (self._uniform and self._collection):
            return False
        if data[position : position + 1] == b"[":
            return repairs.holds_objects(data, position, is_last=self._is_last)
        name = repairs.member_at(data, position, is_last=self._is_last)
        return self._opens_text(name) if isinstance(name, bytes) else name

    def _opens_text(self, name: bytes) -> bool:
        """Whether objects that lead to the array begin with this member."""
        openings = self._openings if self._collection else self._openings_of(None)
        return b'"' + name + b'"' in openings

    def _openings_of(self, context: str | None) -> list[bytes]:
        """The names, in their quotes, of the first members of objects that lead to the array."""
        if self._path is None:
            return []
        first = repairs.first_name((context or "").encode().removeprefix(BYTE_ORDER_MARK))
        names = {*self._path.outermost_names, *([] if first is None else [first])}
        return [b'"' + name + b'"' for name in sorted(names)]

    def _begin_entry(self, bracket: bytes, *, leads: bool) -> None:
        """An object begins that is an entry, or leads to some."""
        self._begin_value(_State.VALUE, bracket)
        self._leads = leads
        if leads:
            self._level = 0
        if not self._collection:
            self._holds_array = False
            self._way = []

    def _open_collection(self, opened_by: str) -> None:
        self._openings = self._openings_of(opened_by)
        self._units.set_context(opened_by)
        self._units.close(gap=True)
        self._collection = True
        self._state = _State.BETWEEN

    def _enter(self, bracket: bytes, level: int) -> None:
        """A member on the way opens, at whose end the level is reached."""
        assert self._path is not None, "only a path has members on the way"
        if self._collection:
            self._forget_context()
        self._holds_array = self._holds_array or (
            bracket == b"[" and (not self._by_line or level == self._path.depth)
        )
        self._way.append((bracket.decode(), self._level))
        if level == self._path.depth:
            if self._nested:
                context = self._path.opened(self._units.context_before, self._units.held)
                self._way = self._path.steps_to(context)
            else:
                context = opened_by(self._units.held, self._member)
            self._open_collection(context)
            return
        self._level = level
        if bracket == b"[":
            self._state = _State.ON_THE_WAY
        else:
            self._begin_value(_State.AROUND, bracket)
            self._leads = True

    def _forget_context(self) -> None:
        """The object under way begins another text."""
        self._units.set_context(None)
        self._units.context_before = None
        self._collection, self._way, self._level, self._holds_array = False, [], 0, False

    def _leave(self) -> None:
        """A member on the way ends: the object around it goes on."""
        _, self._level = self._way.pop()
        self._begin_value(_State.AROUND, b"{")
        self._brackets.before = b"]"
        self._leads = self._leads_on

    def _on_the_way(self, data: bytes, position: int) -> int:
        """Between the elements of an array on the way: objects may lead on, anything else is passed over."""
        end = _end_of(_SEPARATORS, data, position)
        byte = data[end : end + 1]
        if byte == b"{" and self._is_anew(data, end):
            self._units.extend(data[position:end])
            return self._end_unit(data, end)
        if byte == b"]":
            self._leave()
        elif byte in (b"{", b"["):
            self._begin_value(_State.AROUND, byte)
            self._leads = byte == b"{"
        elif byte == b'"':
            self._begin_value(_State.AROUND, b"")
            self._in_string, self._leads = True, False
        elif byte == b"\0" and self._repairs:
            return self._nuls(data, position, end)
        elif byte:
            end = max(_end_of(self._literal_up_to, data, end), end + 1) - 1
        self._units.extend(data[position : end + 1])
        return min(end + 1, len(data))

    def _literal(self, data: bytes, position: int) -> int:
        end = _end_of(self._literal_up_to, data, position)
        if data[end : end + 1] == b"\0":
            return self._nuls(data, position, end)
        self._units.extend(data[position:end])
        if end < len(data):
            self._units.close(gap=False)
            self._state = _State.BETWEEN
        return end

    def _line(self, data: bytes, position: int) -> int:
        if self._repairs:
            return self._rest_of_line(data, position)
        end = data.find(b"\n", position) + 1
        self._units.extend(data[position : end or len(data)])
        if end:
            self._units.close(gap=False)
            self._state = _State.BETWEEN
        return end or len(data)

    def _rest_of_line(self, data: bytes, position: int) -> int:
        """A line that is no JSON, and what is left of a value, ends before an object that follows a value there."""
        stop = repairs.LINE_STOPS.search(data, position)
        if stop is None:
            self._units.extend(data[position:])
            return len(data)
        end = stop.start()
        byte = data[end : end + 1]
        if byte == b"\0":
            return self._nuls(data, position, end)
        if byte == b"\n":
            self._units.extend(data[position : end + 1])
            return self._end_unit(data, end + 1)
        if self._may_follow_rest(data, end):
            is_next = repairs.member_at(data, end, is_last=self._is_last)
            if is_next is None:
                return self._put_off(data, position, end)
            if is_next is not False:
                self._units.extend(data[position:end])
                return self._end_unit(data, end)
        self._units.extend(data[position : end + 1])
        return end + 1

    def _may_follow_rest(self, data: bytes, bracket: int) -> bool:
        before = self._bytes_before(data, bracket)
        return repairs.may_end_value(before) if self._is_rest else before.endswith(b"}")

    def _end_unit(self, data: bytes, position: int) -> int:
        gap = self._is_gap
        if self._by_line and self._bytes_before(data, position)[-1:] == b"\n":
            self._end_line()
        self._units.close(gap=gap)
        self._state = _State.BETWEEN
        if not self._collection:
            self._way = []
        return position

    def _nuls(self, data: bytes, position: int, nul: int) -> int:
        """Padding ends what is under way."""
        begins_line = self._bytes_before(data, nul)[-1:] == b"\n"
        length = repairs.run_of_nuls(data, nul, begins_line=begins_line, is_last=self._is_last)
        if length is None:
            return self._put_off(data, position, nul)
        if length:
            self._units.extend(data[position:nul])
            return self._end_unit(data, nul)
        self._units.extend(data[position : nul + 1])
        self._brackets.before = b"\0"
        return nul + 1

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
        end = _end_of(self._up_to_bracket, data, position)
        said = data[position:end].rstrip(_BLANK)[-1:] or self._brackets.before
        byte = data[end : end + 1]
        if (
            byte == b"{"
            and end > position
            and (self._is_broken or self._uniform or not self._brackets.may_begin(said))
        ):
            return self._put_off(data, position, end, said)
        if byte in (b"{", b"["):
            begins = self._begins_another if byte == b"{" else self._begins_array
            begins_another = begins(data, end, said)
            if begins_another is None:
                return -1
            if begins_another:
                self._units.extend(data[position:end])
                return self._end_unit(data, end)
        elif byte == b"\0":
            return self._nuls(data, position, end)
        level = self._level_behind(data, end, said) if byte in (b"{", b"[") else None
        if level == _LATER:
            return self._put_off(data, position, end, said)
        self._units.extend(data[position : end + 1])
        self._brackets.before = byte or said
        if byte == b'"':
            self._in_string = not self._repairs or repairs.begins_string(self._bytes_before(data, end))
            self._is_broken = self._is_broken or not self._in_string
        elif byte in (b"{", b"["):
            return self._opened(data, end, level, said)
        elif byte:
            self._is_broken = self._is_broken or not self._brackets.ends_with(byte)
            self._closed()
        return min(end + 1, len(data))

    def _opened(self, data: bytes, position: int, level: int | None, before: bytes) -> int:
        """A bracket, which is in the unit already, opens a value within one, or a member on the way.

        A member that leads to no entries is passed over at once where it is whole."""
        byte = data[position : position + 1]
        if level is not None and not (self._path and level == self._path.depth and byte == b"{"):
            self._enter(byte, level)
            return position + 1
        is_member = self._leads and self._brackets.in_outermost_object and before == b":"
        if is_member and (end := self._end_of_valid(data, position)):
            self._units.extend(data[position + 1 : end])
            self._brackets.before = data[end - 1 : end]
            return end
        self._brackets.open(byte)
        return position + 1

    def _put_off(self, data: bytes, position: int, end: int, before: bytes | None = None) -> int:
        """Only what follows tells what stands there."""
        if end == position:
            return -1
        self._units.extend(data[position:end])
        self._brackets.before = self._brackets.before if before is None else before
        return end

    def _string(self, data: bytes, position: int) -> int:
        """Strings hold no line end: one that does is broken, and ends with its line."""
        end = _end_of(self._in_string_up_to, data, position)
        byte = data[end : end + 1]
        if byte == b"\\" and end == position and end + 1 == len(data):
            return -1
        if self._repairs and byte in (b"{", b'"', b"\0"):
            return self._broken_string(data, position, end)
        self._units.extend(data[position:end])
        if byte in (b'"', b"\n"):
            self._is_broken = self._is_broken or byte == b"\n"
            self._in_string = False
            self._brackets.before = b'"'
        if byte == b'"' or (byte == b"\\" and end + 1 < len(data)):
            self._units.extend(byte)
            end += 1
        if not self._in_string and not self._brackets:
            self._closed()
        return end

    def _broken_string(self, data: bytes, position: int, end: int) -> int:
        """A byte in a string that ends it, or shows that it is none."""
        byte = data[end : end + 1]
        if byte == b"\0":
            return self._nuls(data, position, end)
        if end > position:
            return self._put_off(data, position, end)
        is_it = (
            self._is_next(data, end)
            if byte == b"{"
            else repairs.ends_string(data, end, is_last=self._is_last)
        )
        if is_it is None:
            return -1
        if is_it and byte == b"{":
            return self._end_unit(data, end)
        self._units.extend(byte)
        self._is_broken = self._is_broken or (byte == b'"' and not is_it)
        if is_it:
            self._in_string = False
            self._brackets.before = byte
            if not self._brackets:
                self._closed()
        return end + 1

    def _closed(self) -> None:
        if not self._brackets.close():
            return
        if self._state is not _State.AROUND and self._collection:
            self._units.close(gap=False)
            self._state = _State.BETWEEN
        elif self._state is not _State.AROUND:
            self._state = _State.ENDED
        elif not self._way:
            self._state = _State.BETWEEN if self._holds_array else _State.ENDED
        elif self._way[-1][0] == "[":
            self._state = _State.ON_THE_WAY
        else:
            self._leave()

    @property
    def _is_gap(self) -> bool:
        """Whether the unit under way is what lies around elements; where every object begins a line, one that has
        led to none is an entry."""
        around = self._state in (_State.AROUND, _State.ON_THE_WAY)
        return around and (self._holds_array or not self._by_line)

    def _is_anew(self, data: bytes, position: int) -> bool:
        """Whether a bracket begins a line, and with it an object that is in no other."""
        return self._by_line and self._bytes_before(data, position)[-1:] == b"\n"

    def _end_line(self) -> None:
        if self._collection:
            self._units.set_context(None)
        self._collection, self._way, self._in_string = False, [], False

    def _begins_another(self, data: bytes, position: int, before: bytes) -> bool | None:
        """Whether an object begins that is not in the value under way."""
        if self._is_anew(data, position):
            return True
        may_begin = self._brackets.may_begin(before)
        if may_begin and not (self._is_broken and self._repairs and before != b":"):
            return self._begins_text(data, position)
        if not may_begin and self._begins_line(data, position):
            return True
        if not self._repairs:
            return False
        if self._state is _State.AROUND and self._brackets.in_outermost_object:
            return True
        self._is_broken = True
        return self._is_next(data, position, may_begin=may_begin)

    def _begins_text(self, data: bytes, position: int) -> bool | None:
        """Whether an object in an entry leads to an array of such entries: it is another text, and the one before was
        cut off where JSON allows a value."""
        name = repairs.member_at(data, position, is_last=self._is_last) if self._may_lead_again else False
        if not isinstance(name, bytes):
            return name
        if not self._opens_text(name):
            return False
        head = self._units.begins(repairs.LOOK_BYTES)
        return repairs.opens_array_of(head, data, position, is_last=self._is_last)

    @property
    def _may_lead_again(self) -> bool:
        return self._uniform and self._collection and self._path is not None

    def _is_next(self, data: bytes, position: int, *, may_begin: bool = False) -> bool | None:
        """Whether an object begins as the one under way did, or as one that leads to the array.

        may_begin: where JSON allows a value there, its second member must be the same too."""
        name = repairs.member_at(data, position, is_last=self._is_last)
        if not isinstance(name, bytes):
            return name
        head = self._units.begins(repairs.LOOK_BYTES)
        if may_begin:
            return repairs.begins_alike(head, data, position, is_last=self._is_last)
        return self._opens_text(name) or repairs.begins_with(head, name)

    def _begins_array(self, data: bytes, position: int, before: bytes) -> bool:
        """Whether an array begins that is not in the value under way."""
        return self._repairs and not self._brackets.may_begin(before) and self._begins_line(data, position)

    def _begins_line(self, data: bytes, position: int) -> bool:
        return self._bytes_before(data, position).rstrip(b" \t")[-1:] == b"\n"

    def _level_behind(self, data: bytes, position: int, before: bytes) -> int | None:
        """How far on the way the bracket leads; None where it opens no member on it, `_LATER` where only what
        follows tells that."""
        if not (self._path and self._leads and self._brackets.in_outermost_object):
            return None
        path, again = self._path, self._holds_array
        level = path.level_behind(self._bytes_before(data, position), self._level)
        is_other = level is None and before == b":"
        by_any_name = is_other and path.leads_by_any_name(self._level, again=again)
        if data[position : position + 1] != b"[":
            return self._level + 1 if by_any_name and self._level + 1 < path.depth else level
        ends_way = self._by_line and level == path.depth
        may_be_any = by_any_name or (self._every_array and again and is_other)
        if not (ends_way or may_be_any):
            return level
        behind = _end_of(_BLANKS, data, position + 1)
        if behind - position > _KEY_MAX_BYTES:
            return level
        if behind == len(data):
            return _LATER
        if may_be_any:
            of_any = path.leads_by_any_name(path.depth - 1, again=again)
            return path.depth if data[behind] in (b'{["' if of_any else b"{") else None
        return None if data[behind : behind + 1] == b"]" else level

    def _bytes_before(self, data: bytes, position: int) -> bytes:
        before = data[max(0, position - _KEY_MAX_BYTES) : position]
        return (self._behind + before)[-_KEY_MAX_BYTES:] if position < _KEY_MAX_BYTES else before


def _end_of(pattern: re.Pattern[bytes], data: bytes, position: int) -> int:
    found = pattern.match(data, position)
    assert found is not None, "the pattern matches the empty text"
    return found.end()
