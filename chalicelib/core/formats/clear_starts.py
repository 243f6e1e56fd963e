"""Logs whose entries begin with the same clear start, so that whatever stands between two starts is of the first.

For messages over several lines that nothing marks as such: SQL statements, dumps, banners. Lines that are another
log's are not of such a message: then nothing is clear.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from chalicelib.core.formats.continuations import CONTINUATION
from chalicelib.core.framing import Kind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chalicelib.core.formats import Explain, Format
    from chalicelib.core.records import Record

_ENTRIES_MIN: Final = 4
_START_CHARACTERS: Final = 11
_FIELDS_MIN: Final = 2
_ASKED_MAX: Final = 300
_OWN_SHARE_MAX: Final = 0.05
"""How many of the lines between may look like entries themselves."""
_OWN: Final = re.compile(
    r"[^\n]{0,24}?(?<![0-9])[0-9]{1,2}:[0-9]{2}:[0-9]{2}(?![0-9])|[\[(<]?(?:[0-9]{1,3}\.){3}[0-9]{1,3}\b|<[0-9]{1,3}>"
    r"|[\[(<]?(?:TRACE|DEBUG|INFO|WARN|WARNING|ERROR|FATAL|CRITICAL)[\])>:]?[ \t]|[\w.-]{1,64}=(?:\"[^\"]*+\"|\S*+) [\w.-]{1,64}="
)


def are_clear(known: Format, entries: Sequence[tuple[str, Record]], rejected: int, explain: Explain) -> bool:
    """Whether all that is between the starts belongs to the entries of a format.

    entries: those that it explains, in order. rejected: how many it does not.
    """
    framing = known.framing
    if framing.kind is not Kind.LINES or framing.entry_start is None or framing.joins is not None:
        return False
    if len(entries) < _ENTRIES_MIN or rejected or len({_shape(entry) for entry, _ in entries}) > 1:
        return False
    if not all(_is_telling(record) for _, record in entries):
        return False
    between = [
        line
        for entry, _ in entries
        for line in entry.split("\n")[1:]
        if line.strip() and CONTINUATION.match(line) is None
    ][:_ASKED_MAX]
    own = sum(1 for line in between if _OWN.match(line) is not None or explain(line) is not None)
    return own <= _OWN_SHARE_MAX * len(between)


def _shape(entry: str) -> str:
    return re.sub("[0-9]", "0", re.sub("[A-Za-z]+", "a", entry[:_START_CHARACTERS]))


def _is_telling(record: Record) -> bool:
    """Whether the start says when, and how grave or by whom."""
    return record.timestamp is not None and (
        record.severity_text is not None or len(record.attributes) >= _FIELDS_MIN
    )
