"""JSON values in a text, wherever its lines end: pretty-printed, in a row, in an array.

The elements of an array are entries, and so are objects outside of arrays; what is between them
(brackets, commas, blanks, the rest of an object around the array) is a gap. Memory is bounded by a
block and an entry: nothing is parsed here. Text that is not JSON is divided into lines.

Damage costs only the entry with the damage. Where JSON allows no value, the next entry is an object that begins a line, or
that begins with the same member as the current entry; if objects begin lines (`by_line`), it is every line that
begins with a bracket. Padding ends an entry. A damaged rest ends where an object follows (`repairs`).
If entries are known to be objects without inner entries (`uniform`), an array among them is one bracket too many, and an
object that leads to entries begins another text.

This module handles what is between values; `inside` goes through one value, `way` knows which arrays have entries.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from enum import Enum
from typing import Final

from chalicelib.core.decoding.text import BYTE_ORDER_MARK
from chalicelib.core.framing import Framing, Piece
from chalicelib.core.framing.json import repairs
from chalicelib.core.framing.json.block import LATER, Block, end_of
from chalicelib.core.framing.json.inside import Ends, Inside
from chalicelib.core.framing.json.runs import Runs
from chalicelib.core.framing.json.way import Way
from chalicelib.core.framing.openings import SEPARATORS, end_of_empties
from chalicelib.core.framing.units import Units

_SEPARATORS: Final = re.compile(b"[" + SEPARATORS + b"]*+")
_PADDED_SEPARATORS: Final = re.compile(b"[" + SEPARATORS + b"\\0]*+")
_LITERAL: Final = re.compile(rb'[^\[\]{},"\n]*+')


class _State(Enum):
    BETWEEN = "between values"
    LITERAL = "in a number, a word or what is neither, within an array"
    LINE = "in a line that is no JSON, or in what is left of a value"
    VALUE = "in an object, an array or a string, or around the array of the entries"
    ENDED = "behind a value that stands by itself, whose line end may follow"
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
    """Where in the text it is. A step gives where the next begins; `LATER` where only the next block tells that."""

    def __init__(self, framing: Framing, offset: int, max_bytes: int, context: str | None) -> None:
        self._by_line, self._repairs, self._uniform = framing.by_line, framing.repairs, framing.uniform
        self._separators = _PADDED_SEPARATORS if framing.has_padding else _SEPARATORS
        self._literal_up_to = repairs.LITERAL if framing.repairs else _LITERAL
        self._units = Units(offset, max_bytes, context)
        self._way = Way(framing, self._units, context)
        self._inside = Inside(framing, self._units, self._way)
        self._runs = Runs(max_bytes)
        self._at_start = offset == 0
        self._state = _State.BETWEEN
        self._is_rest = False
        self._behind = self._carry = b""
        self._steps = {
            _State.BETWEEN: self._between,
            _State.LITERAL: self._literal,
            _State.LINE: self._line,
            _State.VALUE: self._value,
            _State.ENDED: self._ended,
            _State.ON_THE_WAY: self._on_the_way,
        }

    def feed(self, data: bytes, *, final: bool) -> list[Piece]:
        block = Block(self._carry + data, self._behind, is_last=final)
        self._carry = b""
        position, length = 0, len(block.data)
        while position < length:
            following = self._steps[self._state](block, position)
            if following < 0:  # only what follows tells what this byte is
                if not final:
                    self._carry = block.data[position:]
                    break
                following = length
                self._units.extend(block.data[position:])
            position = following
        self._behind = block.before(position)
        if final:
            self._units.close(gap=self._state is _State.BETWEEN or self._is_gap)
        return self._units.taken(unterminated=final and block.data[-1:] != b"\n")

    @property
    def _is_around(self) -> bool:
        return self._state is _State.VALUE and self._inside.is_around

    @property
    def _is_gap(self) -> bool:
        """Whether the unit under way is what lies around elements; where every object begins a line, one that has
        led to none is an entry."""
        around = self._is_around or self._state is _State.ON_THE_WAY
        return around and (self._way.holds_array or not self._by_line)

    def _between(self, block: Block, position: int) -> int:
        data = block.data
        begin = position
        if self._at_start:
            if len(data) < len(BYTE_ORDER_MARK) and BYTE_ORDER_MARK.startswith(data):
                return LATER
            self._at_start = False
            position += len(BYTE_ORDER_MARK) if data.startswith(BYTE_ORDER_MARK) else 0
        position = end_of(self._separators, data, position)
        self._units.extend(data[begin:position])
        if position == len(data):
            return position
        byte = data[position : position + 1]
        if self._by_line and byte != b"]" and block.begins_line(position):
            self._way.end_line()
        in_array = self._way.in_array
        if in_array and byte == b"]":
            if self._way.end_array():
                self._leave()
            self._units.extend(byte)
            return position + 1
        passed = self._passed_over(block, begin, position) if self._repairs else None
        if passed is not None:
            return passed
        self._units.close(gap=True)
        if byte == b"{" or (byte == b"[" and in_array):
            return self._value_begins(block, position, is_put_off=begin == position)
        if byte == b"[":
            self._units.extend(byte)
            self._way.open_alone()
            return position + 1
        return self._other_begins(block, position)

    def _passed_over(self, block: Block, begin: int, position: int) -> int | None:
        """Where what holds nothing ends: the mark of a text that was appended, or a run of empty values; None where
        neither begins. begin: where the separators before it do."""
        data = block.data
        later = LATER if begin == position else position
        if data[position] == BYTE_ORDER_MARK[0]:
            rest = data[position : position + len(BYTE_ORDER_MARK)]
            if rest == BYTE_ORDER_MARK:
                self._units.extend(rest)
                return position + len(rest)
            return later if BYTE_ORDER_MARK.startswith(rest) and not block.is_last else None
        end = 0 if self._by_line else end_of_empties(block.data, position, is_last=block.is_last)
        if end <= 0:
            return later if end else None
        self._units.close(gap=True)
        self._units.extend(data[position:end])
        self._units.close(gap=True)
        return end

    def _value_begins(self, block: Block, position: int, *, is_put_off: bool) -> int:
        byte = block.data[position : position + 1]
        is_array = byte == b"[" and self._uniform
        if not is_array and (end := self._way.end_of_whole(block, position)):
            self._units.extend(block.data[position:end])
            self._ends_whole()
            return end if self._by_line else self._behind_alike(block, position, end)
        is_structure = self._way.is_structure(block, position)
        if is_structure is None:
            return LATER if is_put_off else position
        self._units.extend(byte)
        if is_array and is_structure:
            self._units.close(gap=False)
            return position + 1
        self._begin_value(byte)
        self._way.begins_value(leads=is_structure or not self._way.in_array)
        return position + 1

    def _behind_alike(self, block: Block, begin: int, end: int) -> int:
        """Where values end that are like the one that has ended, which follow it."""
        in_array = self._way.in_array
        if not in_array and self._way.path is not None:
            return end
        but = self._way.openings if self._uniform else ()
        alike = self._runs.behind(block.data, begin, end, in_array=in_array, but=but)
        if alike is None:
            return end
        if alike.line_end:
            self._units.extend(alike.line_end)
            self._units.close(gap=False)
            self._state = _State.BETWEEN
            end += len(alike.line_end)
        length = sum(alike.sizes) + len(alike.gap) * len(alike.sizes)
        self._units.add(block.data[end : end + length], len(alike.gap), alike.sizes)
        return end + length

    def _other_begins(self, block: Block, position: int) -> int:
        """What is neither an object nor an array begins."""
        data, in_array = block.data, self._way.in_array
        byte = data[position]
        is_plausible = byte in repairs.LITERAL_STARTS or not self._repairs
        if in_array and byte == b'"'[0]:
            if end := self._way.end_of_whole_string(block, position):
                self._units.extend(data[position:end])
                self._units.close(gap=False)
                return end
            self._begin_value(b"", in_string=True)
        elif in_array and is_plausible:
            self._state = _State.LITERAL
        else:
            self._state = _State.LINE
            self._is_rest = in_array or byte in repairs.PUNCTUATION
            return position
        self._units.extend(data[position : position + 1])
        return position + 1

    def _begin_value(self, bracket: bytes, *, around: bool = False, in_string: bool = False) -> None:
        self._state = _State.VALUE
        self._inside.begin(bracket, around=around, in_string=in_string)

    def _value(self, block: Block, position: int) -> int:
        following, ends = self._inside.step(block, position)
        if ends is Ends.NOT:
            return following
        if ends is Ends.WHOLE:
            self._ends_around() if self._inside.is_around else self._ends_whole()
            return following
        if ends is Ends.BEFORE_ANOTHER:
            return self._end_unit(block, following)
        if ends is Ends.AT_NUL:
            return self._nuls(block, position, following)
        bracket, level = self._inside.entered
        self._way.enter(bracket, level)
        if self._way.in_array:
            self._state = _State.BETWEEN
        elif bracket == b"[":
            self._state = _State.ON_THE_WAY
        else:
            self._begin_value(bracket, around=True)
        return following

    def _ends_whole(self) -> None:
        if self._way.in_array:
            self._units.close(gap=False)
        self._state = _State.BETWEEN if self._way.in_array else _State.ENDED

    def _ends_around(self) -> None:
        innermost = self._way.innermost
        if innermost is None:
            self._state = _State.BETWEEN if self._way.holds_array else _State.ENDED
        elif innermost == "[":
            self._state = _State.ON_THE_WAY
        else:
            self._leave()

    def _leave(self) -> None:
        """A member on the way ends: the object around it goes on."""
        self._way.leave()
        self._begin_value(b"{", around=True)
        self._inside.brackets.before = b"]"

    def _on_the_way(self, block: Block, position: int) -> int:
        """Between the elements of an array on the way: objects may lead on, anything else is passed over."""
        data = block.data
        end = end_of(_SEPARATORS, data, position)
        byte = data[end : end + 1]
        if byte == b"{" and self._by_line and block.begins_line(end):
            self._units.extend(data[position:end])
            return self._end_unit(block, end)
        if byte == b"]":
            self._leave()
        elif byte in (b"{", b"[", b'"'):
            self._begin_value(b"" if byte == b'"' else byte, around=True, in_string=byte == b'"')
            self._way.begins_within(leads=byte == b"{")
        elif byte == b"\0" and self._repairs:
            return self._nuls(block, position, end)
        elif byte:
            end = max(end_of(self._literal_up_to, data, end), end + 1) - 1
        self._units.extend(data[position : end + 1])
        return min(end + 1, len(data))

    def _literal(self, block: Block, position: int) -> int:
        data = block.data
        end = end_of(self._literal_up_to, data, position)
        if data[end : end + 1] == b"\0":
            return self._nuls(block, position, end)
        self._units.extend(data[position:end])
        if end < len(data):
            self._units.close(gap=False)
            self._state = _State.BETWEEN
        return end

    def _line(self, block: Block, position: int) -> int:
        """A line that is no JSON, and what is left of a value, ends before an object that follows a value there."""
        data = block.data
        stop = repairs.LINE_STOPS.search(data, position) if self._repairs else None
        end = stop.start() if stop else (data.find(b"\n", position) if not self._repairs else -1)
        if end < 0:
            self._units.extend(data[position:])
            return len(data)
        byte = data[end : end + 1]
        if byte == b"\0":
            return self._nuls(block, position, end)
        if byte == b"{" and self._may_follow_rest(block, end):
            is_next = block.member_at(end)
            if is_next is None:
                self._units.extend(data[position:end])
                return end if end > position else LATER
            if is_next is not False:
                self._units.extend(data[position:end])
                return self._end_unit(block, end)
        self._units.extend(data[position : end + 1])
        return self._end_unit(block, end + 1) if byte == b"\n" else end + 1

    def _may_follow_rest(self, block: Block, bracket: int) -> bool:
        before = block.before(bracket)
        return repairs.may_end_value(before) if self._is_rest else before.endswith(b"}")

    def _end_unit(self, block: Block, position: int) -> int:
        gap = self._is_gap
        if self._by_line and block.begins_line(position):
            self._way.end_line()
        self._units.close(gap=gap)
        self._state = _State.BETWEEN
        self._way.ends_value()
        return position

    def _nuls(self, block: Block, position: int, nul: int) -> int:
        """Padding ends what is under way."""
        begins_line = block.begins_line(nul)
        length = repairs.run_of_nuls(block.data, nul, begins_line=begins_line, is_last=block.is_last)
        if length is None:
            self._units.extend(block.data[position:nul])
            return nul if nul > position else LATER
        if length:
            self._units.extend(block.data[position:nul])
            return self._end_unit(block, nul)
        self._units.extend(block.data[position : nul + 1])
        self._inside.brackets.before = b"\0"
        return nul + 1

    def _ended(self, block: Block, position: int) -> int:
        data = block.data
        if data[position:] == b"\r":
            return LATER
        length = 2 if data.startswith(b"\r\n", position) else 1 if data.startswith(b"\n", position) else 0
        self._units.extend(data[position : position + length])
        self._units.close(gap=False)
        self._state = _State.BETWEEN
        return position + length
