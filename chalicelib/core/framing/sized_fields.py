"""Entries of systemd's journal in its export format: lines `NAME=value`, and fields that contain line ends or binary data.

Such a field is a line with only its name, its size in 8 bytes (little-endian), that many bytes, and a line end
(https://systemd.io/JOURNAL_EXPORT_FORMATS/). Its content begins no entry and is not padding. A size over
`FIELD_MAX_BYTES` is not a size: lines follow.
"""

from __future__ import annotations

import re
from typing import Final

FIELD_MAX_BYTES: Final = 256 * 1024
LINE_END_WITHIN: Final = b"\x1e"
"""Stands for a line end within a field, where each field is a line."""
_FIRST: Final = b"__CURSOR="
_SIZE_BYTES: Final = 8
_NAME_MAX_BYTES: Final = 65
_NAME: Final = re.compile(rb"[A-Z_][A-Z0-9_]{0,63}\n")
_SIZED: Final = re.compile(rb"(?<=\n)([A-Z_][A-Z0-9_]{0,63})\n(.{8})", re.DOTALL)


class OutsideFields:
    """Which lines begin an entry; called for every line, in order."""

    def __init__(self) -> None:
        self._size: bytes | None = None
        self._left = 0

    def is_start(self, data: bytes, begin: int, end: int) -> bool:
        if self._size is not None:
            self._take(data[begin:end])
            return False
        if data.startswith(_FIRST, begin, end):
            return True
        if end - begin <= _NAME_MAX_BYTES and _NAME.fullmatch(data, begin, end):
            self._size = b""
        return False

    def _take(self, line: bytes) -> None:
        """A line, or a part of one, of a field after its name."""
        assert self._size is not None, "a field is open"
        if len(self._size) < _SIZE_BYTES:
            missing = _SIZE_BYTES - len(self._size)
            self._size += line[:missing]
            line = line[missing:]
            if len(self._size) < _SIZE_BYTES:
                return
            size = int.from_bytes(self._size, "little")
            self._left = size + 1 if size <= FIELD_MAX_BYTES else 0
        self._left -= len(line)
        if self._left <= 0:
            self._size = None


def in_lines(entry: bytes) -> bytes:
    """An entry with one line per field, `LINE_END_WITHIN` for the line ends in them."""
    if b"\0" not in entry:
        return entry
    parts = []
    place = 0
    while match := _SIZED.search(entry, place):
        size = int.from_bytes(match[2], "little")
        if size > FIELD_MAX_BYTES:
            parts.append(entry[place : match.end(1)])
            place = match.end(1)
            continue
        value = entry[match.end() : match.end() + size].replace(b"\n", LINE_END_WITHIN)
        parts += [entry[place : match.start()], match[1], b"=", value]
        place = match.end() + size
    return b"".join([*parts, entry[place:]])
