"""Whether a position of a text is on the path to the array whose elements are entries, in the array, or after it.

Around the array are the members that lead to it (`paths`), or nothing: an array may stand alone. The context
of its elements changes where such an array opens, where it ends, and where another text begins.
"""

from __future__ import annotations

from typing import Final

from chalicelib.core.decoding.text import BYTE_ORDER_MARK
from chalicelib.core.framing import Framing
from chalicelib.core.framing.json import repairs
from chalicelib.core.framing.json.block import BEFORE_BYTES, BLANK, LATER, Block
from chalicelib.core.framing.json.paths import json_path
from chalicelib.core.framing.openings import opened_by
from chalicelib.core.framing.units import Units

_OBJECT: Final = b"{"
_ANY_ELEMENT: Final = b'{["'


class Way:
    """in_array: whether the place is in an array of entries. level: of the object on the path around the place; leads:
    whether that may still contain the next member. holds_array: whether the outermost object has led to an array."""

    def __init__(self, framing: Framing, units: Units, context: str | None) -> None:
        path = framing.path or (None if framing.member is None else (framing.member,))
        self.path = None if path is None else json_path(path)
        self._member, self._nested = framing.member, framing.path is not None
        self._by_line, self._every_array = framing.by_line, framing.every_array
        self._uniform = framing.uniform
        self._leads_on = framing.every_array or (self.path is not None and self.path.leads_on)
        self._units = units
        self.in_array = self.holds_array = context is not None
        self._level, self.leads = 0, False
        self._steps = self._steps_to(context)
        self.openings = self._openings_of(context)
        """The names, in their quotes, of the first members of objects that lead to the array."""

    def _steps_to(self, context: str | None) -> list[tuple[str, int]]:
        """The open members on the path, each with its bracket and the level of its object."""
        if context is None or self.path is None or not context.lstrip("\ufeff").lstrip().startswith("{"):
            return []
        return self.path.steps_to(context) if self._nested else [("[", 0)]

    @property
    def innermost(self) -> str | None:
        """The bracket of the innermost open member on the path."""
        return self._steps[-1][0] if self._steps else None

    def begins_value(self, *, leads: bool) -> None:
        """An object begins that is an entry, or leads to some."""
        self.leads = leads
        if leads:
            self._level = 0
        if not self.in_array:
            self.holds_array = False
            self._steps = []

    def begins_within(self, *, leads: bool) -> None:
        """A value begins in an array on the way."""
        self.leads = leads

    def ends_value(self) -> None:
        if not self.in_array:
            self._steps = []

    def enter(self, bracket: bytes, level: int) -> None:
        """A member on the path opens; at its end the level is reached."""
        assert self.path is not None, "only a path has members on the way"
        if self.in_array:
            self._forget()
        self.holds_array = self.holds_array or (
            bracket == b"[" and (not self._by_line or level == self.path.depth)
        )
        self._steps.append((bracket.decode(), self._level))
        if level < self.path.depth:
            self._level = level
            self.leads = bracket == b"{" or self.leads
            return
        if self._nested:
            context = self.path.opened(self._units.context_before, self._units.kept)
            self._steps = self.path.steps_to(context)
        else:
            context = opened_by(self._units.kept, self._member)
        self._open(context)

    def open_alone(self) -> None:
        """An array opens that stands by itself."""
        self._open(opened_by(b"[", self._member))

    def _open(self, context: str) -> None:
        self.openings = self._openings_of(context)
        self._units.set_context(context)
        self._units.close(gap=True)
        self.in_array = True

    def end_array(self) -> bool:
        """The array of entries ends. Gives whether objects around it continue."""
        self._units.set_context(None)
        self.in_array = False
        return bool(self._steps)

    def leave(self) -> None:
        """A member on the path ends: the object around it continues."""
        _, self._level = self._steps.pop()
        self.leads = self._leads_on

    def end_line(self) -> None:
        """A line begins, and with it an object that is in no other."""
        if self.in_array:
            self._units.set_context(None)
        self.in_array, self._steps = False, []

    def _forget(self) -> None:
        """The current object begins another text."""
        self._units.set_context(None)
        self._units.context_before = None
        self.in_array, self._steps, self._level, self.holds_array = False, [], 0, False

    def opens_text(self, name: bytes) -> bool:
        """Whether objects that lead to the array begin with this member."""
        return b'"' + name + b'"' in (self.openings if self.in_array else self._openings_of(None))

    def _openings_of(self, context: str | None) -> list[bytes]:
        if self.path is None:
            return []
        first = repairs.first_name((context or "").encode().removeprefix(BYTE_ORDER_MARK))
        names = {*self.path.outermost_names, *([] if first is None else [first])}
        return [b'"' + name + b'"' for name in sorted(names)]

    def level_behind(self, block: Block, position: int, before: bytes) -> int | None:
        """How far on the way a bracket leads that opens a member of the object on it; None where it opens none, `LATER`
        where only what follows tells that. before: the byte before it that is not blank."""
        path, data = self.path, block.data
        if path is None or not self.leads:
            return None
        level = path.level_behind(block.before(position), self._level)
        is_other = level is None and before == b":"
        by_any_name = is_other and path.leads_by_any_name(self._level, again=self.holds_array)
        if data[position : position + 1] == _OBJECT:
            level = self._level + 1 if by_any_name else level
            return None if level == path.depth else level
        ends_way = self._by_line and level == path.depth
        may_be_any = by_any_name or (self._every_array and self.holds_array and is_other)
        if not (ends_way or may_be_any):
            return level
        behind = block.behind_blanks(position + 1)
        if behind - position > BEFORE_BYTES:
            return level
        if behind == len(data):
            return LATER
        if may_be_any:
            of_any = path.leads_by_any_name(path.depth - 1, again=self.holds_array)
            return path.depth if data[behind] in (_ANY_ELEMENT if of_any else _OBJECT) else None
        return None if data[behind : behind + 1] == b"]" else level

    def end_of_whole(self, block: Block, position: int) -> int:
        """Where a value ends that is valid JSON and in these bytes altogether, and leads to no entries; 0 for any
        other."""
        end = block.end_of_valid(position, by_line=self._by_line)
        path = self.path
        if end and path is not None:
            if not self.in_array:
                return 0 if path.may_be_in(block.data, position, end) else end
            if self._uniform:
                for name in self.openings:
                    if block.data.find(name, position, end) >= 0:
                        return 0
        return end

    def end_of_whole_string(self, block: Block, position: int) -> int:
        """Where a string ends that is in these bytes altogether and that another element or the end of the array
        follows; 0 for any other."""
        data = block.data
        end = block.end_of_valid(position, by_line=self._by_line)
        is_plain = end and data[end : end + 1] in (b",", b"]")
        return end if is_plain and data[position : end - 1].rstrip(BLANK)[-1:] != b"{" else 0

    def is_structure(self, block: Block, position: int) -> bool | None:
        """Whether a bracket in the array of the entries begins no entry, but an array of some, or an object that
        may lead to the array again."""
        if not (self._uniform and self.in_array):
            return False
        if block.data[position : position + 1] == b"[":
            return repairs.holds_objects(block.data, position, is_last=block.is_last)
        name = block.member_at(position)
        return self.opens_text(name) if isinstance(name, bytes) else name
