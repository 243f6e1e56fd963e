"""How a text is divided into entries, and the results of a framing: runs of entries, and entries that are too long.

The framing is part of the plan: whatever formats later code knows, a file is cut as it was begun.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any, Final, NamedTuple, TypeAlias

FRAMING_VERSION: Final = 1
RULES: Final = 3
TOO_LONG_HEAD_BYTES: Final = 4096
"""How much of an entry over its limit is stored: enough to recognise it, four write units."""
HEADER_MAX_BYTES: Final = 16 * 1024
"""The largest header in force: it travels with every batch."""


class Kind(StrEnum):
    """What an entry consists of."""

    LINES = "lines"
    QUOTED_LINES = "quoted-lines"
    """Lines of fields, which may contain line ends between double quotes (RFC 4180)."""

    SIZED_FIELDS = "sized-fields"
    """Entries of lines, some of which are fields that give their size in bytes (`sized_fields`)."""

    STREAMS = "streams"
    """Lines of interleaved streams, each behind the name of its stream."""

    ELEMENTS = "elements"
    """Elements of XML, wherever their lines end."""

    JSON = "json"
    """JSON values, wherever their lines end; those in an array one by one."""


@dataclass(frozen=True, slots=True)
class Framing:
    """How a text becomes entries. The expressions see bytes, so they are ASCII.

    entry_start: a regular expression for the first line of an entry, which sees the first 1,024
        bytes of the line; None where every line begins one.
    joins: a regular expression for two lines that follow one another, their ends included: where it
        matches from the beginning of the first into the second, both belong to the same entry.
    over_blanks: the first of the two is the last line that is not blank, with one more line end where blank
        lines are between them.
    header: a regular expression for lines that say something of the entries behind them. Its first
        group tells kinds of header lines apart, of each of which the last is in force.
    header_first: the first line that is not blank is such a header; so is every line equal to it.
    parts: of streams, a regular expression for a line: its groups are `stream`, what it says (`text`, or `quoted` as
        in JSON), `cut` where the line goes on, and `time`. Start and joins are then those of what it says.
    parts_end: of streams that tell a line which goes on by its lack of an end: whether it goes on in whatever line of its
        stream comes next, since others have their ends (True), or only where it is as long as parts are, since none has (False).
    traces: of streams, a regular expression for what begins a stack trace or is a line of one; those in its group `frame`
        never begin an entry. An indented line belongs to an entry that holds such a line, or, where there are no joins,
        to any; but neither it nor what does not begin an entry belongs to a line whose `time` is more than a moment away.
    unit_bytes: of streams, how long entries that lie between one another may be together.
    member: of JSON objects that hold their entries in an array, that array's name; of XML, the name of the elements.
    path: likewise, the names from the outermost object to an array that is further inside; see `json_paths`.
    by_line: of JSON, an object begins with each line that begins with a bracket: what was cut off ends there.
    every_array: of JSON with a path, the objects in an array behind the one on the way are entries too.
    uniform: of JSON, entries in an array are objects that hold no such array: so a bracket of an array among them is
        one too many, and an object that leads to the array is none of them, but begins the next text.
    rules: which rules of cutting hold beside: 1 those of files that were opened by earlier versions; 2 that padding
        (`padding`) stands for itself, that rows below a stray quote are their own (`quotes`), and that a batch is bounded by its whole message (`messages.room_in`);
        3 that damage in JSON costs no more than its entry (`json_repairs`).
    charset: of lines in the object's own bytes that are not UTF-8: what they are decoded by, one by one; None: they are UTF-8.
    """

    entry_start: str | None = None
    version: int = FRAMING_VERSION
    kind: Kind = Kind.LINES
    joins: str | None = None
    header: str | None = None
    header_first: bool = False
    member: str | None = None
    over_blanks: bool = False
    path: tuple[str, ...] | None = None
    parts: str | None = None
    unit_bytes: int | None = None
    by_line: bool = False
    every_array: bool = False
    parts_end: bool | None = None
    uniform: bool = False
    traces: str | None = None
    rules: int = RULES
    charset: str | None = None

    @property
    def self_synchronising(self) -> bool:
        """Whether the start of an entry can be seen in its own line."""
        return self.kind is Kind.LINES and self.joins is None and not self.has_header

    @property
    def has_padding(self) -> bool:
        """Whether padding is a piece of its own; in lines of streams and fields of a given size it is content."""
        return self.rules > 1 and self.kind not in (Kind.STREAMS, Kind.SIZED_FIELDS)

    @property
    def ends_strays(self) -> bool:
        """Whether rows below an unclosed quote are entries of their own."""
        return self.rules > 1

    @property
    def bounds_messages(self) -> bool:
        """Whether a batch is bounded by its whole message."""
        return self.rules > 1

    @property
    def repairs(self) -> bool:
        """Whether a broken JSON value ends where the next one begins, and padding ends it."""
        return self.rules > 2

    @property
    def look_back_bytes(self) -> int:
        """How many bytes before a place decide whether a line, or the text behind padding, begins there."""
        return 4 if self.has_padding else 1

    @property
    def has_header(self) -> bool:
        return self.header is not None or self.header_first

    @property
    def is_of_first_version(self) -> bool:
        """Whether plans and messages of version 1 can express it."""
        return not framing_fields(self).keys() - _OF_ANY_VERSION

    @property
    def is_of_second_version(self) -> bool:
        """Whether plans and messages of version 2 can express it."""
        return self.path is None and self.kind not in _SINCE_THIRD_VERSION and not self.by_line

    @property
    def is_of_lines(self) -> bool:
        """Whether its lines can be cut in any charset with ASCII line ends."""
        return self.kind in (Kind.LINES, Kind.QUOTED_LINES)


_SINCE_THIRD_VERSION: Final = (Kind.STREAMS, Kind.ELEMENTS, Kind.SIZED_FIELDS)
LINES: Final = Framing()
"""Every line is an entry."""

_ALWAYS_SAID: Final = frozenset({"entry_start", "version"})
_OF_ANY_VERSION: Final = _ALWAYS_SAID | {"rules"}
_RULES_BEFORE: Final = 1
"""The rules of a framing that names none."""


def framing_fields(framing: Framing) -> dict[str, Any]:
    """A framing as it is stored and sent, for `framing_of`: the fields of version 1, and of the others those that
    differ from their default, so that older code can read all framings without them."""
    return {
        field.name: str(value)
        if isinstance(value, Kind)
        else list(value)
        if isinstance(value, tuple)
        else value
        for field in fields(framing)
        if (value := getattr(framing, field.name))
        != (_RULES_BEFORE if field.name == "rules" else field.default)
        or field.name in _ALWAYS_SAID
    }


def framing_of(stored: Mapping[str, Any]) -> Framing:
    """A framing as `framing_fields` gives it; what it lacks is as it was before there was such a field."""
    known = {name: stored[name] for name in Framing.__dataclass_fields__ if name in stored}
    path = tuple(known["path"]) if known.get("path") else None
    unit_bytes = int(known["unit_bytes"]) if known.get("unit_bytes") else None
    kind = Kind(known.get("kind", Kind.LINES))
    numbers = {"version": int(known["version"]), "rules": int(known.get("rules", _RULES_BEFORE))}
    return Framing(**known | numbers | {"kind": kind, "path": path, "unit_bytes": unit_bytes})


class Entry(NamedTuple):
    """One entry; `raw` is its bytes with the terminator, or their head if it is too long.

    gap: bytes between the elements of a collection, not an entry. text: its content, if lines of other streams
    interrupt it.
    """

    offset: int
    length: int
    lines: int
    raw: bytes
    gap: bool = False
    text: bytes | None = None


class Run(NamedTuple):
    """Consecutive entries (or lines); ends in bytes of data, lines counted up to each.

    context: in force behind them. gaps: which of them are between the elements of a collection; None if the text is no
    collection. entries: how many are counted up to each end; None: one each.
    """

    offset: int
    data: bytes
    ends: Sequence[int]
    lines: Sequence[int]
    context: str | None = None
    gaps: frozenset[int] | None = None
    entries: Sequence[int] | None = None


class TooLong(NamedTuple):
    offset: int
    length: int
    lines: int
    head: bytes
    context: str | None = None
    gap: bool | None = None


Piece: TypeAlias = Run | TooLong
