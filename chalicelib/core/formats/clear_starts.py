"""Logs whose entries have the same clear start, so that everything between two starts belongs to the first.

For messages over several lines without a mark: SQL statements, dumps, banners. Lines of another log do not belong to
such a message: then nothing is clear.
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
_TELLING_SHARE: Final = 0.8
"""The share of a format whose entries begin clearly, although most lines only continue them."""
_OTHER_SHARE: Final = 0.6
"""The same if starts have only a time: less than a format that explains more of the same lines."""
_UNTELLING_LINES_MAX: Final = 20
"""The most lines per entry, on average, if starts have only a time."""
_OWN_SHARE_MAX: Final = 0.05
"""The greatest share of the lines between starts that look like entries themselves."""
_OWN: Final = re.compile(
    r"[^\n]{0,24}?(?<![0-9])[0-9]{1,2}:[0-9]{2}:[0-9]{2}(?![0-9])|[\[(<]?(?:[0-9]{1,3}\.){3}[0-9]{1,3}\b|<[0-9]{1,3}>"
    r"|[\[(<]?(?:TRACE|DEBUG|INFO|WARN|WARNING|ERROR|FATAL|CRITICAL)[\])>:]?[ \t]|[\w.-]{1,64}=(?:\"[^\"]*+\"|\S*+) [\w.-]{1,64}="
)


def clear_share(
    known: Format, entries: Sequence[tuple[str, Record]], rejected: int, explain: Explain
) -> float:
    """What a format counts of a text where all that is between its starts belongs to its entries; 0 where that is
    not clear.

    entries: those that it explains, in order. rejected: how many it does not.
    """
    framing = known.framing
    if framing.kind is not Kind.LINES or framing.entry_start is None or framing.joins is not None:
        return 0.0
    if len(entries) < _ENTRIES_MIN or rejected or len({_shape(entry) for entry, _ in entries}) > 1:
        return 0.0
    if any(record.timestamp is None for _, record in entries):
        return 0.0
    is_telling = all(_is_telling(record) for _, record in entries)
    if not is_telling:
        line_count = sum(1 + entry.count("\n") for entry, _ in entries)
        if known.bare < _OTHER_SHARE or line_count > _UNTELLING_LINES_MAX * len(entries):
            return 0.0
    between = [
        line
        for entry, _ in entries
        for line in entry.split("\n")[1:]
        if line.strip() and CONTINUATION.match(line) is None
    ][:_ASKED_MAX]
    own = sum(1 for line in between if _OWN.match(line) is not None or explain(line) is not None)
    if own > _OWN_SHARE_MAX * len(between):
        return 0.0
    return _TELLING_SHARE if is_telling else _OTHER_SHARE


def _shape(entry: str) -> str:
    return re.sub("[0-9]", "0", re.sub("[A-Za-z]+", "a", entry[:_START_CHARACTERS]))


def _is_telling(record: Record) -> bool:
    """Whether the start has a level or names its source."""
    return record.severity_text is not None or len(record.attributes) >= _FIELDS_MIN
