"""A block of JSON text, and what a place in it is, given the bytes before and after it.

If only later bytes can tell, the answer is LATER, unless the text ends here.
"""

from __future__ import annotations

import json
import re
from typing import Any, Final, Literal

from chalicelib.core.framing.json import repairs

BEFORE_BYTES: Final = repairs.LOOK_BYTES
"""How many bytes before a place are known: a member's name may begin so far before its array."""
BLANK: Final = b" \t\r\n"
LATER: Final = -1
_BLANKS: Final = re.compile(rb"[ \t\r\n]*+")


class Block:
    """data: the bytes; is_last: whether the text ends with them. behind: what the text before ends with."""

    __slots__ = ("_behind", "_latin", "data", "is_last")

    def __init__(self, data: bytes, behind: bytes, *, is_last: bool) -> None:
        self.data, self.is_last = data, is_last
        self._behind = behind
        self._latin: str | None = None

    def before(self, position: int) -> bytes:
        """What stands before a place, as much as is known."""
        before = self.data[max(0, position - BEFORE_BYTES) : position]
        return (self._behind + before)[-BEFORE_BYTES:] if position < BEFORE_BYTES else before

    def begins_line(self, position: int) -> bool:
        return self.before(position)[-1:] == b"\n"

    def is_first_of_line(self, position: int) -> bool:
        """Whether nothing but blanks stands before a place in its line, and a line before that."""
        return self.before(position).rstrip(b" \t")[-1:] == b"\n"

    def behind_blanks(self, position: int) -> int:
        return end_of(_BLANKS, self.data, position)

    def member_at(self, bracket: int) -> bytes | Literal[False] | None:
        """The name of the first member of an object; False where there is none, None where only what follows tells."""
        return repairs.member_at(self.data, bracket, is_last=self.is_last)

    def end_of_valid(self, position: int, *, by_line: bool) -> int:
        """Where a value ends that is valid JSON and in these bytes altogether; 0 for any other.

        The C scanner finds that five times as fast. As Latin-1 a byte is a character, and every bracket
        and quote stays what it is. by_line: a value in which a line begins with an object is none."""
        if self._latin is None:
            self._latin = self.data.decode("latin-1")
        try:
            _, end = _scan_once(self._latin, position)
        except (StopIteration, ValueError, RecursionError):
            return 0
        if by_line and self.data.find(b"\n{", position, end) >= 0:
            return 0
        return int(end)


def end_of(pattern: re.Pattern[bytes], data: bytes, position: int) -> int:
    """Where the match of a pattern ends that matches the empty text too."""
    match = pattern.match(data, position)
    assert match is not None, "the pattern matches the empty text"
    return match.end()


_decoder: Final[Any] = json.JSONDecoder(parse_int=str, parse_float=str)
_scan_once: Final[Any] = _decoder.scan_once
