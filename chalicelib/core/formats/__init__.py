"""The log formats that Froe knows: one package a family, one module a few formats of a kind.

A format is a value, not a class to derive from: see `Format`. Adding one means writing it in a module
of its family and naming it in `MODULES` of that package, and `make docs`, which brings the `index` up to date. Modules are
imported when one of their formats is asked for, or when its sieve lets a line through, which the index tells: a worker pays for
the formats of its files and no other.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol, TypeAlias

from chalicelib.core.framing import LINES, Framing

if TYPE_CHECKING:
    from datetime import datetime

    from chalicelib.core.records import Record, Reject

Parse: TypeAlias = "Callable[[str], Record | Reject]"


class Explain(Protocol):
    """The format and the record of a single line, by any format that explains it; None if none does.

    program: the one that wrote the line, if the carrier names it.
    """

    def __call__(self, line: str, program: str | None = None, /) -> tuple[str, Record] | None: ...


def _nothing_explains(_line: str, _program: str | None = None, /) -> None:
    return None


@dataclass(frozen=True, slots=True)
class ParseContext:
    """What a parser may know beside the entry itself.

    last_modified: the object's LastModified (aware, UTC); a time stamp without a year gets the
        latest year that is not after it plus a day.
    header: the header lines in force, one after the other, each as it stands in the text without its
        line end; empty where there is none. It never changes under a parser: a new header makes a
        new parser. For entries of a collection, what stands before its array.
    explain: for formats that carry the lines of others.
    decided: whether the file is known to be of this format. A level that nobody knows then costs a line
        no more than its severity number; while formats are compared, it counts against the format.
    date_order: which number of a date is the day, as `day_order` has it; for formats of no particular product.
    """

    last_modified: datetime
    header: str = ""
    explain: Explain = _nothing_explains
    decided: bool = False
    date_order: str | None = None


@dataclass(frozen=True, slots=True)
class Declaration:
    """The declaration of a format that consists of templates only; see `patterned`."""

    templates: tuple[str, ...]
    start: str
    names: Mapping[str, str]
    numbers: frozenset[str]
    levels: Mapping[str, int]
    words: Mapping[str, str]
    entire: bool


@dataclass(frozen=True, slots=True)
class Format:
    """One log format.

    name: what records carry as `format`; lower case with underscores.
    title: for people. source: the specification or vendor page, as a URL where there is one.
    samples: texts (no final newline) that it explains, an entry each; those of a format with a header
        begin with it. Detection must find the format from them.
    make_parser: called once a batch and once a header; the parser gets one entry as text, its last
        line terminator removed (``\\n`` or ``\\r\\n``; those within it are ``\\n``), ANSI colours removed,
        never blank, never a header line, and returns a record or a reject. It never raises for any text, and takes time linear
        in it. It may keep caches.
    specificity: 0 to 1; how unlikely it is that it explains text of another kind. Formats that explain
        the same lines are told apart by it: the narrower one has the higher.
    framing: how a text of it becomes entries.
    sieve: a regular expression that every entry of it matches at its beginning, and few others do:
        cheap, since detection tries it on texts of every kind. None where nothing can be said.
    contains: beside the sieve: of each of these groups, every entry has one text somewhere in it.
    bare: what an entry counts in detection of which it says no more than its time: many formats could.
    carrier: its entries hold lines of others; one that has no time and of which nothing inside is explained counts `bare` too.
    alone: whether one entry by itself is proof enough, so that a line which the format of its file
        does not explain, or that is carried inside another format, may be taken for it.
    whole: whether an entry that it explains counts with all its lines, whatever they look like.
    prose: whether it stands among plain text: one entry is enough for a file that would be plain text
        otherwise, and what nothing explains there is no reject.
    banner: a regular expression for entries that only say which log begins: skipped as `header`, in whatever
        place, and nothing to detection. They are nothing that the entries behind them need.
    programs: those whose lines are of this format where another carries them, in lower case and without
        their version: such a line needs no other proof. unstamped: what stands in for the beginning (the time)
        that those programs leave out where a carrier such as syslog has one.
    patterns: the expressions that an entry is told by, where that is all: they say how far a reject goes.
    declaration: the templates that it is declared by, where that is all.
    convinces: of one with a header, whether the lines of a head are it all together where no entry by itself is.
    """

    name: str
    title: str
    source: str
    samples: tuple[str, ...]
    make_parser: Callable[[ParseContext], Parse]
    specificity: float
    framing: Framing = LINES
    sieve: str | None = None
    contains: tuple[tuple[str, ...], ...] = ()
    bare: float = 0.75
    carrier: bool = False
    alone: bool = False
    whole: bool = False
    prose: bool = False
    banner: str | None = None
    programs: tuple[str, ...] = ()
    unstamped: str | None = None
    patterns: tuple[str, ...] = ()
    convinces: Callable[[list[str]], bool] | None = None
    declaration: Declaration | None = field(default=None, compare=False, repr=False)

    def is_banner(self, entry: str) -> bool:
        return self.banner is not None and re.fullmatch(self.banner, entry) is not None

    @property
    def self_synchronising(self) -> bool:
        """Whether the start of an entry can be seen in its own line; such files are cut in parallel."""
        return self.framing.self_synchronising
