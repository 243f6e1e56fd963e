"""Which brackets are open in a JSON value, and whether another value may begin there. Nothing is parsed."""

from __future__ import annotations

from typing import Final

_LEVELS_KEPT: Final = 1000
"""For how many levels it is known whether they are objects or arrays."""


class Brackets:
    """The kinds of the outermost brackets are known; deeper ones are only counted.

    before: the last byte of the value that is not blank.
    """

    def __init__(self) -> None:
        self.begin(b"")

    def begin(self, bracket: bytes) -> None:
        """A value begins, with this bracket or with none."""
        self._open = bytearray(bracket)
        self._deeper = 0
        self.before = bracket

    def __bool__(self) -> bool:
        return bool(self._open)

    @property
    def in_outermost_object(self) -> bool:
        return self._open == b"{"

    def open(self, bracket: bytes) -> None:
        if self._deeper or len(self._open) >= _LEVELS_KEPT:
            self._deeper += 1
        else:
            self._open += bracket

    def close(self) -> bool:
        """Close the innermost, of whatever kind. Gives whether the value has ended."""
        if self._deeper:
            self._deeper -= 1
            return False
        if self._open:
            self._open.pop()
        return not self._open

    def ends_with(self, bracket: bytes) -> bool:
        """Whether this bracket closes the innermost, as far as that is known."""
        return bool(self._deeper) or bytes(self._open[-1:]) == (b"{" if bracket == b"}" else b"[")

    def may_begin(self, mark: bytes) -> bool:
        """Whether JSON allows a value behind this byte in the innermost bracket (RFC 8259)."""
        if self._deeper or not self._open:
            return True
        return mark == b":" if self._open[-1:] == b"{" else mark in (b"[", b",")
