"""Header lines: which ones apply, so that the entries after them can be parsed from any position.

Most blocks have none: the beginning of a header line, or a part of it, is searched in the whole block first.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from chalicelib.core.decoding.charsets import in_utf_8
from chalicelib.core.decoding.text import BYTE_ORDER_MARK
from chalicelib.core.formats.sieve_trees import BEYOND_ASCII, may_begin
from chalicelib.core.framing import HEADER_MAX_BYTES, Framing, Run

_DELIMITER: Final = re.compile(r"[,;|\t]")


class Headers:
    """Follows the entries of a text, from one with this context on.

    in_force: the header lines, each without its line end; None before the first.
    """

    def __init__(self, framing: Framing, context: str | None) -> None:
        self.in_force = context
        self._charset = framing.charset
        self._first = framing.header_first
        self._reorders = framing.repairs
        self._pattern = re.compile(framing.header.encode()) if framing.header is not None else None
        self._begins = _beginnings(framing.header) if framing.header is not None else None

    def doubtful(self, run: Run, first: int) -> Sequence[int]:
        """The numbers of the entries, from one on, that may be header lines, while one is in force or none can be."""
        every = range(first, len(run.ends))
        if self._charset is not None or (self._first and self.in_force is None):
            return every
        numbers = {first} if first == 0 else set()
        if self._first:
            name = max(_names(self.in_force or ""), key=len).encode()
            if not name or b"\xef\xbf\xbd" in name:
                return every
            numbers.update(_holding(run, name))
        if self._begins is not None:
            begins = [match.end() for match in self._begins.finditer(run.data)]
            if begins:
                ends = list(run.ends)
                at = ((begin, bisect_left(ends, begin)) for begin in begins if begin < ends[-1])
                numbers.update(number + 1 for begin, number in at if ends[number] == begin)
        return sorted(number for number in numbers if number >= first)

    def _is_reordered(self, line: str) -> bool:
        """Whether a line has the columns of the header in another order."""
        if not self._reorders or self.in_force is None or len(line) != len(self.in_force):
            return False
        names = _names(self.in_force)
        return len(names) > 1 and _names(line) == names

    def take(self, entry: bytes) -> bool:
        """Whether the entry is a header line; from then on it is in force."""
        entry_text = in_utf_8(entry, self._charset).removeprefix(BYTE_ORDER_MARK).rstrip(b"\r\n")
        if self._first:
            line = entry_text.decode(errors="replace")
            if self.in_force is None and entry_text.strip() and len(entry_text) <= HEADER_MAX_BYTES:
                self.in_force = line
                return True
            if self.in_force is not None and (line == self.in_force or self._is_reordered(line)):
                self.in_force = line
                return True
        match = self._pattern and self._pattern.match(entry_text)
        if not match or self._pattern is None:
            return False
        kind = match[1] if self._pattern.groups else b""
        lines = [] if self.in_force is None else self.in_force.encode().split(b"\n")
        others = [line for line in lines if not _is_kind(self._pattern, line, kind)]
        in_force = b"\n".join((*others, entry_text))
        if len(in_force) > HEADER_MAX_BYTES:
            return False
        self.in_force = in_force.decode(errors="replace")
        return True


@lru_cache(64)
def _beginnings(header: str) -> re.Pattern[bytes]:
    """Finds the line ends behind which a line begins that the expression may match, perhaps with a byte order mark."""
    first = [re.escape(chr(code)) for code in range(128) if may_begin(header, chr(code))]
    beyond = r"\x80-\xff" if may_begin(header, BEYOND_ASCII) else r"\xef"
    return re.compile(rf"\n(?=[{''.join(first)}{beyond}])".encode())


def _holding(run: Run, text: bytes) -> list[int]:
    """The numbers of the entries that contain a text."""
    numbers = []
    ends: Sequence[int] = ()
    place = run.data.find(text)
    while place >= 0:
        ends = ends or list(run.ends)
        numbers.append(bisect_right(ends, place))
        place = run.data.find(text, ends[numbers[-1]])
    return numbers


def _names(line: str) -> list[str]:
    return sorted(name.strip() for name in _DELIMITER.split(line))


def _is_kind(pattern: re.Pattern[bytes], line: bytes, kind: bytes) -> bool:
    match = pattern.match(line)
    return match is not None and (match[1] if pattern.groups else b"") == kind
