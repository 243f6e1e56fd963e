"""The log formats that Froe knows: one module a family, each with its source and sample entries.

A format is a value, not a class to derive from: see `Format`. Adding one means writing a module
that defines a `Format` and naming it in `registry.FORMATS`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from datetime import datetime

    from chalicelib.core.records import Record, Reject

Parse: TypeAlias = "Callable[[str], Record | Reject]"


@dataclass(frozen=True, slots=True)
class ParseContext:
    """What a parser may know beside the entry itself.

    last_modified: the object's LastModified (aware, UTC); a time stamp without a year gets the
        latest year that is not after it plus a day.
    """

    last_modified: datetime


@dataclass(frozen=True, slots=True)
class Format:
    """One log format.

    name: what records carry as `format`; lower case with underscores.
    title: for people. source: the specification or vendor page, as a URL where there is one.
    samples: entries (no final newline) that it explains; detection must find it from them.
    make_parser: called once a batch; the parser gets one entry as text, its last line terminator
        removed (``\\n`` or ``\\r\\n``), ANSI colours removed, never blank, and returns a record or a
        reject. It never raises for any text, and takes time linear in it. It may keep caches.
    specificity: 0 to 1; how unlikely it is that it explains text of another kind.
    entry_start: a regular expression that the first line of an entry matches at its beginning, and
        no other line of it does; it sees at most the first 1,024 bytes of the line (as bytes, so
        ASCII only). None: every line is an entry.
    self_synchronising: whether an entry's start can be seen in its own line; such files are cut
        in parallel.
    """

    name: str
    title: str
    source: str
    samples: tuple[str, ...]
    make_parser: Callable[[ParseContext], Parse]
    specificity: float
    entry_start: str | None = None
    self_synchronising: bool = True
