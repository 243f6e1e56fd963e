"""What a single line says by itself: for lines that the format of their file does not explain, and for
those that another format carries.

Only formats of which one entry is proof enough are asked, the narrowest first, and before them those of the
program that wrote the line, where that is known; the answer depends on the line and the program alone.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final

from chalicelib.core.formats import ParseContext
from chalicelib.core.formats.registry import all_formats
from chalicelib.core.formats.sieves import Sieves
from chalicelib.core.records import Record

if TYPE_CHECKING:
    from datetime import datetime

    from chalicelib.core.formats import Format, Parse

_DEPTH_MAX: Final = 3
"""How many formats may carry one another in a line."""


class Explainer:
    """Give it a line; it gives the format's name and the record, or None. Parsers are made on first use.

    own: formats of the user's, asked before the built-in ones. date_order: as `ParseContext` has it."""

    def __init__(
        self, last_modified: datetime, own: tuple[Format, ...] = (), date_order: str | None = None
    ) -> None:
        self._context = ParseContext(last_modified, explain=self, date_order=date_order)
        own = tuple(known for known in own if known.alone)
        self._own = Sieves(own) if own else None
        self._own_parsers = _Parsers(own, self._context)
        self._parsers: _Parsers | None = None
        self._program_parsers: dict[str, Parse] = {}
        self._depth = 0

    def __call__(self, line: str, program: str | None = None, /) -> tuple[str, Record] | None:
        if self._depth >= _DEPTH_MAX:
            return None
        self._depth += 1
        try:
            if self._own is not None:
                for place in self._own(line):
                    found = self._own_parsers.explained(place, line)
                    if found is not None:
                        return found
            if program is not None and (found := self._of_program(line, program)) is not None:
                return found
            formats, sieves = _by_themselves()
            for place in sieves(line):
                if self._parsers is None:
                    self._parsers = _Parsers(formats, self._context)
                found = self._parsers.explained(place, line)
                if found is not None:
                    return found
        finally:
            self._depth -= 1
        return None

    def _of_program(self, line: str, program: str) -> tuple[str, Record] | None:
        for known in _by_program().get(_plain(program), ()):
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
    """The parsers of formats, each made when the first line is given to it."""

    def __init__(self, formats: tuple[Format, ...], context: ParseContext) -> None:
        self._formats = formats
        self._context = context
        self._made: dict[int, Parse] = {}

    def explained(self, place: int, line: str) -> tuple[str, Record] | None:
        known = self._formats[place]
        parse = self._made.get(place)
        if parse is None:
            parse = self._made[place] = known.make_parser(self._context)
        result = parse(line)
        return (known.name, result) if isinstance(result, Record) else None


def _plain(program: str) -> str:
    """A program's name without its folder, its version and its number."""
    return program.rpartition("/")[2].rstrip("0123456789.-_@:").lower()


@cache
def _by_program() -> dict[str, tuple[Format, ...]]:
    found: dict[str, tuple[Format, ...]] = {}
    for known in sorted(all_formats(), key=lambda known: -known.specificity):
        for program in known.programs:
            found[program] = (*found.get(program, ()), known)
    return found


@cache
def _by_themselves() -> tuple[tuple[Format, ...], Sieves]:
    """The formats of which one entry is proof enough, the narrowest first."""
    alone = [known for known in all_formats() if known.alone]
    formats = tuple(sorted(alone, key=lambda known: -known.specificity))
    return formats, Sieves(formats)
