"""Follows the objects around the entries of a JSON text: which array the next entry is in, and what it may know of them."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from typing import Final

from chalicelib.core.decoding.text import BYTE_ORDER_MARK
from chalicelib.core.formats import Parse
from chalicelib.core.framing import Entry, Framing, Kind
from chalicelib.core.framing.json.paths import json_path, with_members_behind
from chalicelib.core.framing.openings import SEPARATORS, ends_all, in_force_behind
from chalicelib.core.framing.padding import NUL

_PARSERS_MAX: Final = 32
_BETWEEN: Final = SEPARATORS + NUL + BYTE_ORDER_MARK
"""What stands between two elements of the same array."""


class Surroundings:
    """in_force: the header lines or objects in force at the next entry. parse: parses it.

    make_parser: makes the parser of entries below that header or within those objects."""

    def __init__(
        self, framing: Framing, context: str | None, make_parser: Callable[[str | None], Parse]
    ) -> None:
        self.in_force = context
        self._framing = framing
        self._make_parser = make_parser
        self._path = json_path(framing.path) if framing.path else None
        self._gaps_ahead: deque[bytes] = deque()
        self._parsers: dict[str | None, Parse] = {}
        self._around = context
        self.parse = make_parser(context)

    @property
    def in_array(self) -> bool:
        return self._framing.kind is Kind.JSON and self.in_force is not None

    @property
    def looks_ahead(self) -> bool:
        """Whether the objects around an array may have members behind it."""
        return self._path is not None

    def look_ahead(self, entries: Iterable[Entry]) -> None:
        """Note the gaps of a whole batch."""
        self._gaps_ahead = deque(each.raw for each in entries if each.gap and each.raw.strip(_BETWEEN))
        self._update()

    def leave_line(self, entry: bytes) -> bool:
        """Pass an entry that was cut off: it ends with its line, as does the object that holds it. Gives whether another parser
        is in force now."""
        if self.in_force is None or not ends_all(entry, self._framing):
            return False
        self.in_force = self._around = None
        self.parse = self._parser_of(None)
        return True

    def pass_gap(self, gap: bytes) -> bool:
        """Pass the bytes between two elements, which may open an array or end one. Gives whether something else is in force
        now."""
        in_force = in_force_behind(gap, self.in_force, self._framing)
        changed = in_force != self.in_force
        if self._path is not None and gap.strip(_BETWEEN):
            self._gaps_ahead.popleft()
            self.in_force = in_force
            changed |= self._update()
        elif changed:
            self.in_force = self._around = in_force
            self.parse = self._parser_of(in_force)
        return changed

    def _update(self) -> bool:
        """Find what the entries of an array may know of the objects around it, also from behind it in the same batch."""
        around = self.in_force
        if around is not None and self._path is not None:
            around = with_members_behind(around, self._gaps_ahead, self._path.levels)
        if around == self._around:
            return False
        self._around = around
        self.parse = self._parser_of(around)
        return True

    def _parser_of(self, around: str | None) -> Parse:
        """The parser for these objects around an array. Files repeat them, so the last parsers are kept."""
        parse = self._parsers.get(around)
        if parse is None:
            if len(self._parsers) >= _PARSERS_MAX:
                self._parsers.clear()
            parse = self._parsers[around] = self._make_parser(around)
        return parse
