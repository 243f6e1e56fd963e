"""Elements of one name in a text, wherever its lines end: each is an entry.

Structure between them (a declaration, an outer element, blanks, byte order marks) is a gap; any other text is an entry
too, so that it is not overlooked. An element that was cut off ends where another begins at the start of a line. Memory
is bounded by a block and an entry: nothing is parsed here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from chalicelib.core.framing import Piece
from chalicelib.core.framing.units import Units

_LINE_END: Final = re.compile(rb"[ \t]{0,32}+(?:\r?\n)?+")
_BLANKS: Final = re.compile(rb"[ \t]{0,32}+\r?\Z")
_AROUND: Final = re.compile(
    rb"(?:\s++|,|\xef\xbb\xbf|<\?[^>]*+>|<!--(?:[^-]|-(?!->))*+-->|</?[A-Za-z_][\w:.-]*+(?:\s[^<>]*+)?/?>)*+\Z"
)
_NAME_MAX_BYTES: Final = 64


def entries_of_elements(blocks: Iterable[bytes], name: str, offset: int, max_bytes: int) -> Iterator[Piece]:
    """The elements of that name from an entry on."""
    scanner = _Scanner(name, offset, max_bytes)
    pending = b""
    for block in blocks:
        if pending:
            yield from scanner.feed(pending, final=False)
        pending = block or pending
    if pending:
        yield from scanner.feed(pending, final=True)


class _Scanner:
    def __init__(self, name: str, offset: int, max_bytes: int) -> None:
        tag = re.escape(name.encode())
        self._start = re.compile(rb"<" + tag + rb"(?=[\s>/])")
        self._end = re.compile(rb"</" + tag + rb"\s{0,16}+>|\n(?=[ \t]{0,32}+<" + tag + rb"[\s>])")
        self._held_back = len(name) + _NAME_MAX_BYTES
        self._units = Units(offset, max_bytes, None)
        self._inside = False
        self._tail = b""

    def feed(self, block: bytes, *, final: bool) -> list[Piece]:
        data = self._tail + block
        self._tail = b""
        position = 0
        while position < len(data):
            position = (self._in_element if self._inside else self._between)(data, position, final=final)
            if self._tail:
                break
        if final:
            self._close_rest()
        return self._units.taken(unterminated=final and not data.endswith(b"\n"))

    def _between(self, data: bytes, position: int, *, final: bool) -> int:
        start = self._start.search(data, position)
        if start is None:
            keep = len(data) if final else max(position, len(data) - self._held_back)
            self._units.extend(data[position:keep])
            self._tail = data[keep:]
            return len(data)
        self._units.extend(data[position : start.start()])
        self._close_rest()
        self._inside = True
        return start.start()

    def _in_element(self, data: bytes, position: int, *, final: bool) -> int:
        end = self._end.search(data, position)
        if end is None:
            keep = len(data) if final else max(position, len(data) - self._held_back)
            self._units.extend(data[position:keep])
            self._tail = data[keep:]
            return len(data)
        last = end.end()
        if end[0] != b"\n":
            if not final and _BLANKS.match(data, last):
                self._units.extend(data[position : end.start()])
                self._tail = data[end.start() :]
                return len(data)
            behind = _LINE_END.match(data, last)
            last = behind.end() if behind is not None and behind[0].endswith(b"\n") else last
        self._units.extend(data[position:last])
        self._units.close(gap=False)
        self._inside = False
        return last

    def _close_rest(self) -> None:
        head = self._units.kept
        self._units.close(gap=not self._inside and head is not None and _AROUND.match(head) is not None)
