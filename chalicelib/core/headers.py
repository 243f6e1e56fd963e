"""Header lines: which are in force, so that the entries behind them can be read wherever one begins."""

from __future__ import annotations

import re
from typing import Final

from chalicelib.core.charsets import in_utf_8
from chalicelib.core.framing import HEADER_MAX_BYTES, Framing
from chalicelib.core.text import BYTE_ORDER_MARK

_DELIMITER: Final = re.compile(r"[,;|\t]")


class Headers:
    """Follows the entries of a text from one with this context on.

    in_force: the header lines, each without its line end; None before the first.
    """

    def __init__(self, framing: Framing, context: str | None) -> None:
        self.in_force = context
        self._charset = framing.charset
        self._first = framing.header_first
        self._reorders = framing.repairs
        self._pattern = re.compile(framing.header.encode()) if framing.header is not None else None

    def _is_reordered(self, line: str) -> bool:
        """Whether a line names the columns of the header in another order."""
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
        found = self._pattern and self._pattern.match(entry_text)
        if not found or self._pattern is None:
            return False
        kind = found[1] if self._pattern.groups else b""
        lines = [] if self.in_force is None else self.in_force.encode().split(b"\n")
        others = [line for line in lines if not _is_kind(self._pattern, line, kind)]
        in_force = b"\n".join((*others, entry_text))
        if len(in_force) > HEADER_MAX_BYTES:
            return False
        self.in_force = in_force.decode(errors="replace")
        return True


def _names(line: str) -> list[str]:
    return sorted(name.strip() for name in _DELIMITER.split(line))


def _is_kind(pattern: re.Pattern[bytes], line: bytes, kind: bytes) -> bool:
    found = pattern.match(line)
    return found is not None and (found[1] if pattern.groups else b"") == kind
