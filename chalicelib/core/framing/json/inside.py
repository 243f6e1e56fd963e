"""Inside a JSON value: which brackets are open, whether the position is in a string, and where the value ends.

Brackets are counted and nothing is parsed. A value is complete, or it surrounds the array of the entries, whose path it
follows (`way`). A damaged value ends where the next one begins (`repairs`).
"""

from __future__ import annotations

import re
from enum import Enum
from typing import Final

from chalicelib.core.framing import Framing
from chalicelib.core.framing.brackets import Brackets
from chalicelib.core.framing.json import repairs
from chalicelib.core.framing.json.block import BLANK, LATER, Block, end_of
from chalicelib.core.framing.json.way import Way
from chalicelib.core.framing.units import Units

_UP_TO_BRACKET: Final = re.compile(
    rb'[^"{}\[\]]*+(?:"[^"\\\n]*+(?:\\[^\n][^"\\\n]*+)*+"[^"{}\[\]]*+)*+', re.DOTALL
)
"""Strings that are whole, and what is neither string nor bracket."""
_IN_STRING: Final = re.compile(rb'[^"\\\n]*+(?:\\[^\n][^"\\\n]*+)*+', re.DOTALL)


class Ends(Enum):
    """What a step leads to."""

    NOT = "the value goes on"
    WHOLE = "its last bracket, or the quote at its end, is behind"
    BEFORE_ANOTHER = "another value begins, and this one is broken"
    AT_NUL = "a NUL stands there: padding, or a byte of the value"
    ON_THE_WAY = "a member on the way has opened, which is `entered`"


class Inside:
    """is_around: whether the value is what lies around entries, or a member of that. entered: the bracket of the member
    on the way that has opened, and the level at its end."""

    def __init__(self, framing: Framing, units: Units, way: Way) -> None:
        self._by_line, self._repairs, self._uniform = framing.by_line, framing.repairs, framing.uniform
        self._units, self._way = units, way
        self._up_to_bracket = repairs.UP_TO_BRACKET if framing.repairs else _UP_TO_BRACKET
        self._in_string_up_to = repairs.IN_STRING if framing.repairs else _IN_STRING
        self.brackets = Brackets()
        self.is_around = False
        self.entered = (b"", 0)
        self._in_string = self._is_broken = False

    def begin(self, bracket: bytes, *, around: bool, in_string: bool = False) -> None:
        """A value begins, with a bracket or with the quote of a string."""
        self.is_around = around
        self.brackets.begin(bracket)
        self._in_string, self._is_broken = in_string, False

    def step(self, block: Block, position: int) -> tuple[int, Ends]:
        """Where the next step begins, or `LATER`, and what has ended there."""
        if self._in_string:
            return self._string(block, position)
        data, brackets = block.data, self.brackets
        end = end_of(self._up_to_bracket, data, position)
        before = data[position:end].rstrip(BLANK)[-1:] or brackets.before
        byte = data[end : end + 1]
        is_doubtful = self._is_broken or self._uniform or not brackets.may_begin(before)
        if byte == b"{" and end > position and is_doubtful:
            return self._put_off(data, position, end, before)
        if byte == b"\0":
            return end, Ends.AT_NUL
        level = None
        if byte in (b"{", b"["):
            begins = self._begins_another if byte == b"{" else self._begins_array
            begins_another = begins(block, end, before)
            if begins_another is None:
                return LATER, Ends.NOT
            if begins_another:
                self._units.extend(data[position:end])
                return end, Ends.BEFORE_ANOTHER
            level = self._way.level_behind(block, end, before) if brackets.in_outermost_object else None
            if level == LATER:
                return self._put_off(data, position, end, before)
        self._units.extend(data[position : end + 1])
        brackets.before = byte or before
        if byte in (b"{", b"["):
            return self._opened(block, end, level, before)
        if byte == b'"':
            self._in_string = not self._repairs or repairs.begins_string(block.before(end))
            self._is_broken = self._is_broken or not self._in_string
        elif byte:
            self._is_broken = self._is_broken or not brackets.ends_with(byte)
            if brackets.close():
                return end + 1, Ends.WHOLE
        return min(end + 1, len(data)), Ends.NOT

    def _opened(self, block: Block, position: int, level: int | None, before: bytes) -> tuple[int, Ends]:
        """A bracket, which is in the unit already, opens a value within one, or a member on the way.

        A member that leads to no entries is passed over at once where it is whole."""
        data = block.data
        byte = data[position : position + 1]
        if level is not None:
            self.entered = byte, level
            return position + 1, Ends.ON_THE_WAY
        is_member = self._way.leads and self.brackets.in_outermost_object and before == b":"
        if is_member and (end := block.end_of_valid(position, by_line=self._by_line)):
            self._units.extend(data[position + 1 : end])
            self.brackets.before = data[end - 1 : end]
            return end, Ends.NOT
        self.brackets.open(byte)
        return position + 1, Ends.NOT

    def _put_off(self, data: bytes, position: int, end: int, before: bytes) -> tuple[int, Ends]:
        """Only what follows tells what stands there."""
        if end == position:
            return LATER, Ends.NOT
        self._units.extend(data[position:end])
        self.brackets.before = before
        return end, Ends.NOT

    def _string(self, block: Block, position: int) -> tuple[int, Ends]:
        """Strings hold no line end: one that does is broken, and ends with its line."""
        data = block.data
        end = end_of(self._in_string_up_to, data, position)
        byte = data[end : end + 1]
        if byte == b"\\" and end == position and end + 1 == len(data):
            return LATER, Ends.NOT
        if self._repairs and byte in (b"{", b'"', b"\0"):
            return self._broken_string(block, position, end)
        self._units.extend(data[position:end])
        if byte in (b'"', b"\n"):
            self._is_broken = self._is_broken or byte == b"\n"
            self._in_string = False
            self.brackets.before = b'"'
        if byte == b'"' or (byte == b"\\" and end + 1 < len(data)):
            self._units.extend(byte)
            end += 1
        return end, self._behind_string

    def _broken_string(self, block: Block, position: int, end: int) -> tuple[int, Ends]:
        """A byte in a string that ends it, or shows that it is none."""
        data = block.data
        byte = data[end : end + 1]
        if byte == b"\0":
            return end, Ends.AT_NUL
        if end > position:
            return self._put_off(data, position, end, self.brackets.before)
        is_brace = byte == b"{"
        is_it = (
            self._is_next(block, end) if is_brace else repairs.ends_string(data, end, is_last=block.is_last)
        )
        if is_it is None:
            return LATER, Ends.NOT
        if is_it and is_brace:
            return end, Ends.BEFORE_ANOTHER
        self._units.extend(byte)
        self._is_broken = self._is_broken or (not is_brace and not is_it)
        if is_it:
            self._in_string = False
            self.brackets.before = byte
        return end + 1, self._behind_string

    @property
    def _behind_string(self) -> Ends:
        return Ends.NOT if self._in_string or self.brackets else Ends.WHOLE

    def _begins_another(self, block: Block, position: int, before: bytes) -> bool | None:
        """Whether an object begins that is not in the value under way. before: the byte before it that is not blank."""
        if self._by_line and block.begins_line(position):
            return True
        may_begin = self.brackets.may_begin(before)
        if may_begin and not (self._is_broken and self._repairs and before != b":"):
            return self._begins_text(block, position)
        if not may_begin and block.is_first_of_line(position):
            return True
        if not self._repairs:
            return False
        if self.is_around and self.brackets.in_outermost_object:
            return True
        self._is_broken = True
        return self._is_next(block, position, may_begin=may_begin)

    def _begins_array(self, block: Block, position: int, before: bytes) -> bool:
        """Whether an array begins that is not in the value under way."""
        return self._repairs and not self.brackets.may_begin(before) and block.is_first_of_line(position)

    def _begins_text(self, block: Block, position: int) -> bool | None:
        """Whether an object in an entry leads to an array of such entries: it is another text, and the one before was
        cut off where JSON allows a value."""
        may_lead_again = self._uniform and self._way.in_array and self._way.path is not None
        name = block.member_at(position) if may_lead_again else False
        if not isinstance(name, bytes):
            return name
        if not self._way.opens_text(name):
            return False
        head = self._units.begins(repairs.LOOK_BYTES)
        return repairs.opens_array_of(head, block.data, position, is_last=block.is_last)

    def _is_next(self, block: Block, position: int, *, may_begin: bool = False) -> bool | None:
        """Whether an object begins as the one under way did, or as one that leads to the array.

        may_begin: where JSON allows a value there, its second member must be the same too."""
        name = block.member_at(position)
        if not isinstance(name, bytes):
            return name
        head = self._units.begins(repairs.LOOK_BYTES)
        if may_begin:
            return repairs.begins_alike(head, block.data, position, is_last=block.is_last)
        return self._way.opens_text(name) or repairs.begins_with(head, name)
