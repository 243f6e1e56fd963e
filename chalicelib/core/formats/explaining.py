"""What a single line says by itself: for lines that the format of their file does not explain, and for
those that another format carries.

Only formats of which one entry is proof enough are asked, the narrowest first, and before them those of the
program that wrote the line, where that is known; the answer depends on the line and the program alone.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final

from chalicelib.core.formats import ParseContext
from chalicelib.core.formats.registry import by_name
from chalicelib.core.formats.sieves import CANDIDATES, Candidate, Sieves
from chalicelib.core.records import Record

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from chalicelib.core.formats import Format, Parse

_DEPTH_MAX: Final = 3
"""How many formats may be nested in a line."""
_PROGRAMS_MAX: Final = 8192


class Explainer:
    """Give it a line; it gives the format's name and the record, or None. Parsers are made on first use.

    own: the user's formats, tried before the built-in ones. date_order: as `ParseContext` has it.
    """

    def __init__(
        self, last_modified: datetime, own: tuple[Format, ...] = (), date_order: str | None = None
    ) -> None:
        self._context = ParseContext(last_modified, explain=self, date_order=date_order)
        own = tuple(known for known in own if known.alone)
        self._own = _Parsers(own.__getitem__, Sieves(own), self._context) if own else None
        self._parsers: _Parsers | None = None
        self._program_parsers: dict[str, Parse] = {}
        self._formats_of: dict[str | None, tuple[Format, ...]] = {None: ()}
        self._depth = 0

    def __call__(self, line: str, program: str | None = None, /) -> tuple[str, Record] | None:
        parsers = self._parsers
        if parsers is None:
            alone, sieves = _by_themselves()
            parsers = self._parsers = _Parsers(
                lambda place: by_name(alone[place].name), sieves, self._context
            )
        formats = self._formats_of.get(program)
        if formats is None:
            formats = self._program(program or "")
        places = parsers.sieves(line)
        if (not places and not formats and self._own is None) or self._depth >= _DEPTH_MAX:
            return None
        self._depth += 1
        try:
            own = self._own
            if own is not None and (match := own.explained(line, own.sieves(line))) is not None:
                return match
            if formats and (match := self._explained(line, formats)) is not None:
                return match
            return parsers.explained(line, places)
        finally:
            self._depth -= 1

    def _program(self, name: str) -> tuple[Format, ...]:
        """The formats of a program, cached."""
        if len(self._formats_of) >= _PROGRAMS_MAX:
            self._formats_of = {None: ()}
        names = _by_program().get(_plain(name), ())
        formats = self._formats_of[name] = tuple(by_name(each) for each in names)
        return formats

    def _explained(self, line: str, formats: tuple[Format, ...]) -> tuple[str, Record] | None:
        """The record of a line by the formats of the program that wrote it."""
        for known in formats:
            parse = self._program_parsers.get(known.name)
            if parse is None:
                parse = self._program_parsers[known.name] = known.make_parser(self._context)
            result = parse(line)
            if isinstance(result, Record):
                return known.name, result
            if known.unstamped is not None:
                result = parse(known.unstamped + line)
                if isinstance(result, Record):
                    return known.name, result._replace(timestamp=None, timestamp_assumed=None)
        return None


class _Parsers:
    """The parsers of formats, each made for its first line, and their sieves.

    format_at: the format at a place of the sieves.
    """

    def __init__(self, format_at: Callable[[int], Format], sieves: Sieves, context: ParseContext) -> None:
        self.sieves = sieves
        self._format_at = format_at
        self._context = context
        self._made: dict[int, tuple[str, Parse]] = {}

    def explained(self, line: str, places: list[int]) -> tuple[str, Record] | None:
        """The format and record from the first of the formats at these places that explains the line."""
        for place in places:
            made = self._made.get(place)
            if made is None:
                known = self._format_at(place)
                made = self._made[place] = known.name, known.make_parser(self._context)
            name, parse = made
            result = parse(line)
            if isinstance(result, Record):
                return name, result
        return None


def _plain(program: str) -> str:
    """A program's name without folder, version and number."""
    return program.rpartition("/")[2].rstrip("0123456789.-_@:").lower()


@cache
def _by_program() -> dict[str, tuple[str, ...]]:
    """The names of the formats of a program, the narrowest first."""
    names: dict[str, tuple[str, ...]] = {}
    for known in sorted(CANDIDATES, key=lambda known: -known.specificity):
        for program in known.programs:
            names[program] = (*names.get(program, ()), known.name)
    return names


@cache
def _by_themselves() -> tuple[tuple[Candidate, ...], Sieves]:
    """The formats for which one entry is proof enough, the narrowest first."""
    alone = [known for known in CANDIDATES if known.alone]
    formats = tuple(sorted(alone, key=lambda known: -known.specificity))
    return formats, Sieves(formats)
