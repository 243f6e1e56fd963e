"""Plain text, the last resort: every line is a record whose body is the line. It rejects nothing.

Among the lines of a format, what is plain text may say more: its level, or a stack trace.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from chalicelib.core.formats import Format, severity
from chalicelib.core.formats.starts import CAPITALS
from chalicelib.core.formats.traces import add_exception
from chalicelib.core.records import Record

if TYPE_CHECKING:
    from chalicelib.core.formats import Parse, ParseContext
    from chalicelib.core.records import Reject, Value

_LEVELED: Final = re.compile(rf"(?:\[({CAPITALS})\]|({CAPITALS}):) {{1,8}}(?=[^\s])")


def _make_parser(_context: ParseContext) -> Parse:
    def parse(line: str) -> Record | Reject:
        return Record(None, None, None, None, line, {})

    return parse


def leveled(entry: str) -> Record | None:
    """The record of an entry that begins with a level and no more: `ERROR: failed`, `[INFO] built`."""
    match = _LEVELED.match(entry)
    if match is None:
        return None
    word = match[1] or match[2]
    return plain(entry[match.end() :])._replace(severity_text=word, severity_number=severity.of_word(word))


def plain(entry: str) -> Record:
    """The record of an entry of one or several lines, a trace in it typed."""
    fields: dict[str, Value] = {}
    if "\n" in entry:
        add_exception(fields, entry)
    return Record(None, None, None, None, entry, fields)


TEXT: Final = Format(
    name="text",
    title="Plain text, a record a line",
    source="none: what no other format explains",
    samples=("Hello from the build.", "Nothing in this line says more than it says."),
    make_parser=_make_parser,
    specificity=0.1,
)

FORMATS: Final = (TEXT,)
