"""What a single line says by itself: for lines that the format of their file does not explain, and for
those that another format carries.

Only formats of which one entry is proof enough are asked, the narrowest first; the answer depends on the
line alone.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Final, TypeAlias

from chalicelib.core.formats import ParseContext
from chalicelib.core.formats.registry import all_formats
from chalicelib.core.records import Record

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from chalicelib.core.formats import Format, Parse

JSON_SIEVE: Final = r"[ \t]*+\{"
"""Of formats whose entries are JSON objects: those are not asked of a line that begins otherwise."""
_DEPTH_MAX: Final = 3
"""How many formats may carry one another in a line."""

_Candidate: TypeAlias = "tuple[str, Callable[[str], object], Parse]"


class Explainer:
    """Give it a line; it gives the format's name and the record, or None. Parsers are made on first use.

    own: formats of the user's, asked before the built-in ones."""

    def __init__(self, last_modified: datetime, own: tuple[Format, ...] = ()) -> None:
        self._last_modified = last_modified
        self._own = tuple(known for known in own if known.alone)
        self._candidates: list[_Candidate] | None = None
        self._not_json: list[_Candidate] | None = None
        self._depth = 0

    def __call__(self, line: str) -> tuple[str, Record] | None:
        if self._depth >= _DEPTH_MAX:
            return None
        if self._candidates is None or self._not_json is None:
            context = ParseContext(self._last_modified, explain=self)
            asked = (*self._own, *_by_themselves())
            self._candidates = [(known.name, sieve_of(known), known.make_parser(context)) for known in asked]
            self._not_json = [
                candidate
                for candidate, known in zip(self._candidates, asked, strict=True)
                if known.sieve != JSON_SIEVE
            ]
        self._depth += 1
        try:
            is_json = line.lstrip(" \t").startswith("{")
            for name, may_be, parse in self._candidates if is_json else self._not_json:
                if may_be(line):
                    result = parse(line)
                    if isinstance(result, Record):
                        return name, result
        finally:
            self._depth -= 1
        return None


@cache
def _by_themselves() -> tuple[Format, ...]:
    alone = [known for known in all_formats() if known.alone]
    return tuple(sorted(alone, key=lambda known: -known.specificity))


@cache
def sieve_of(known: Format) -> Callable[[str], object]:
    """Whether a line may be one of a format."""
    if known.sieve is None:
        return lambda _line: True
    match, contains = re.compile(known.sieve).match, known.contains
    if not contains:
        return match

    def may_be(line: str) -> object:
        if match(line) is None:
            return None
        for texts in contains:
            for text in texts:
                if text in line:
                    break
            else:
                return None
        return True

    return may_be
