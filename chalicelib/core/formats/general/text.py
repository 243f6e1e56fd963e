"""Plain text, the last resort: every line is a record whose body is the line. It rejects nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from chalicelib.core.formats import Format
from chalicelib.core.records import Record

if TYPE_CHECKING:
    from chalicelib.core.formats import Parse, ParseContext
    from chalicelib.core.records import Reject


def _make_parser(_context: ParseContext) -> Parse:
    def parse(line: str) -> Record | Reject:
        return Record(None, None, None, None, line, {})

    return parse


TEXT: Final = Format(
    name="text",
    title="Plain text, a record a line",
    source="none: what no other format explains",
    samples=("Hello from the build.", "Nothing in this line says more than it says."),
    make_parser=_make_parser,
    specificity=0.1,
)

FORMATS: Final = (TEXT,)
