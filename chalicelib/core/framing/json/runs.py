"""Runs of similar JSON values, split where the text between the first two of them recurs.

Each part that is a valid value is one of them, whatever it contains, since only the
same separator remains between two of them. Values that are not similar are left to the scanner, which goes from value to value
(`values`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import takewhile
from typing import Final, NamedTuple

import orjson

from chalicelib.core.framing.openings import SEPARATORS

_SEPARATORS: Final = re.compile(b"[" + SEPARATORS + b"]++")
_LINE_END: Final = re.compile(rb"\r?\n")
_HEAD: Final = re.compile(rb'\{[ \t\r\n]*+"[^"\\\n]{1,256}+"|\[(?![\[\]{])')
_LOOK_BYTES: Final = 4 * 1024
"""How far values are looked for at first; …"""
_LOOK_MIN_BYTES: Final = 1024
_LOOK_MAX_BYTES: Final = 1024 * 1024
_TIMES: Final = 4
"""… so many times as far where all were alike, and as much less far where one was not."""


_EMPTY: Final = (b"", b"[", b"]", b"{")


class Alike(NamedTuple):
    """Values that follow one. line_end: what belongs to that one and to each of them, where they stand by themselves. gap:
    what stands before each. sizes: of each, its line end included."""

    line_end: bytes
    gap: bytes
    sizes: list[int]


class Runs:
    """Looks for such values; what came of it before tells how far it looks."""

    def __init__(self, max_bytes: int) -> None:
        """max_bytes: of a value."""
        self._max_bytes = max_bytes
        self._look = _LOOK_BYTES

    def behind(
        self, data: bytes, begin: int, end: int, *, in_array: bool, but: Sequence[bytes]
    ) -> Alike | None:
        """What follows a value that is valid JSON; None where nothing like it does.

        in_array: else the value stands by itself, and the first line end behind it belongs to it. but: what values
        hold that are looked at one by one.
        """
        separators, head = _SEPARATORS.match(data, end), _HEAD.match(data, begin)
        if separators is None or head is None or not data.startswith(head[0], separators.end()):
            return None
        line_end = None if in_array else _LINE_END.match(data, end)
        if line_end is None and not in_array:
            return None
        close, between = data[end - 1 : end], data[end - 1 : separators.end()] + head[0]
        first = separators.end() + len(head[0])
        last = data.rfind(between, first, min(len(data), end + self._look))
        if last < 0 or any(data.find(text, first, last) >= 0 for text in but):
            self._look = max(_LOOK_MIN_BYTES, self._look // _TIMES) if last >= 0 else self._look
            return None
        behind = line_end[0] if line_end else b""
        gap = separators[0][len(behind) :]
        parts = data[first:last].split(between)
        around = len(head[0]) + 1 + len(behind)
        sizes = [size + around for size in map(len, parts)]
        sizes = sizes[: self._valid(parts, head[0], close, sizes)]
        if len(sizes) == len(parts):
            self._look = min(_LOOK_MAX_BYTES, self._look * _TIMES)
        else:
            self._look = max(_LOOK_MIN_BYTES, self._look // _TIMES)
        return Alike(behind, gap, sizes) if sizes and len(gap) <= self._max_bytes else None

    def _valid(self, parts: list[bytes], head: bytes, close: bytes, sizes: list[int]) -> int:
        """How many of the values are valid JSON, and not too long, up to the first that is not."""
        loads, count = orjson.loads, 0
        if head == b"[":
            parts = list(takewhile(lambda part: part[:1] not in _EMPTY, parts))
        try:
            for part in parts:
                loads(b"%b%b%b" % (head, part, close))
                count += 1
        except orjson.JSONDecodeError:
            pass
        if max(sizes) > self._max_bytes:
            count = min(count, next(number for number, size in enumerate(sizes) if size > self._max_bytes))
        return count
