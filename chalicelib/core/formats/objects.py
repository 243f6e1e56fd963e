"""One engine for objects: JSON, on lines or wherever a value ends, and pairs of keys and values.

A format is an `Objects`: which members every object has, which of them are its time, severity and message, and what the
others are called. What the names of an object mean is decided once for each shape (the names that an object has); after
that a line costs what reading it costs. Nested members have dotted names.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, TypeAlias

from chalicelib.core.formats import Format
from chalicelib.core.formats.json_text import flat_line
from chalicelib.core.formats.member_names import Target
from chalicelib.core.formats.object_reader import Reader
from chalicelib.core.formats.reasons import OTHER_OBJECT
from chalicelib.core.formats.times import Times
from chalicelib.core.framing import LINES, Framing
from chalicelib.core.records import Reject

if TYPE_CHECKING:
    from chalicelib.core.formats import Parse, ParseContext
    from chalicelib.core.formats.json_text import Fields
    from chalicelib.core.formats.times import Stamp
    from chalicelib.core.records import Value

Level: TypeAlias = "Callable[[Value], tuple[str, int | None] | None]"
"""The word and the number of a severity's value; None where it is as usual."""
Heading: TypeAlias = "Callable[[Fields], str | None]"
"""The body of a record that has none, from its attributes."""
Finish: TypeAlias = "Callable[[Fields, str | None], None]"
"""Adds to the attributes what they or the body say together."""

USUAL: Final = frozenset(("time", "level", "body"))
_SIEVE: Final = r"[ \t]*+\{"


@dataclass(frozen=True, slots=True, kw_only=True)
class Objects:
    """The objects of one format. What is not explained here is as `Format` has it.

    required: dotted names that every object has, alternatives between bars. foreign: names that none has.
    fits: whether the names, in their order (nested ones last), may be of it. confirms: whether the values may.
    inner: the names without the envelope around them; all else here goes by these.
    time, level, body: members in order of preference; ``day clock`` and ``day clock zone`` are those that are a time together.
    usual: those of the three that are also found, behind the members given, under the names that logs usually have.
    timeless: what an object is whose time is none; None: a record without one. utc: its times are UTC where they name no zone.
    levels: what a severity is where its word or number does not say it as usual. unleveled: the number where there is none.
    names: member → attribute, or ``kind:attribute`` (see `member_names`). prefixes: the same for beginnings of members.
    requests: whether the names of `naming` are changed too.
    prefix: that of all other members, whose own names are in small letters behind it. What says nothing is left out
        then, see `Naming.fields_of`. infers: whether texts of these may be numbers.
    kept: members that are attributes as well if they are the time, the severity or the body.
    needs: whether there is always one of the three. nothing: what an object is without what is required or needed.
    read: the members in a text, or their names and values. stamp: how a text becomes a time, where that is not for `Times` alone.
    """

    name: str = ""
    title: str = ""
    source: str = ""
    samples: tuple[str, ...] = ()
    specificity: float = 0.0
    framing: Framing = LINES
    sieve: str | None = None
    contains: tuple[tuple[str, ...], ...] = ()
    alone: bool = True
    required: tuple[str, ...] = ()
    foreign: tuple[str, ...] = ()
    fits: Callable[[tuple[str, ...]], bool] | None = None
    confirms: Callable[[Fields], bool] | None = None
    inner: Callable[[tuple[str, ...]], Iterable[str]] | None = None
    time: tuple[str, ...] = ()
    level: tuple[str, ...] = ()
    body: tuple[str, ...] = ()
    usual: frozenset[str] = frozenset()
    timeless: Reject | None = OTHER_OBJECT
    utc: bool = False
    levels: Level | None = None
    unleveled: int | None = None
    names: Mapping[str, str | Target] = field(default_factory=dict)
    prefixes: Mapping[str, str] = field(default_factory=dict)
    requests: bool = False
    prefix: str = ""
    infers: bool = False
    kept: frozenset[str] = frozenset()
    heading: Heading | None = None
    finish: Finish | None = None
    read: Callable[[str], Fields | tuple[tuple[str, ...], list[Value]] | Reject] = flat_line
    needs: bool = False
    nothing: Reject = OTHER_OBJECT
    stamp: Callable[[Times], Callable[[Value], Stamp | None]] | None = None

    def parser(self, context: ParseContext) -> Parse:
        return Reader(self, context).parse

    def format(self, make_parser: Callable[[ParseContext], Parse] | None = None) -> Format:
        """make_parser: where entries are more than one object. Without a sieve of its own a line begins an object and names
        the required members, of which the longest (and rarest) are looked for first."""
        contains = self.contains
        if self.sieve is None:
            choices = [tuple(map(_begins, names.split("|"))) for names in self.required]
            contains += tuple(sorted(choices, key=lambda texts: -min(map(len, texts))))
        return Format(
            self.name,
            self.title,
            self.source,
            self.samples,
            make_parser or self.parser,
            self.specificity,
            self.framing,
            sieve=self.sieve or _SIEVE,
            contains=contains,
            alone=self.alone,
        )


def _begins(name: str) -> str:
    """How a member stands in a line; dotted names may stand for themselves or begin an object's."""
    first, dot, _ = name.partition(".")
    return f'"{first}' if dot else f'"{name}"'


def undotted(names: Iterable[str]) -> list[str]:
    """The names that the object itself gives, in their order, for a format that is told by it."""
    return [name for name in names if "." not in name]


def without(*prefixes: str) -> Callable[[tuple[str, ...]], Iterable[str]]:
    """The names within envelopes: these beginnings are taken off, one behind another."""

    def inner(names: tuple[str, ...]) -> Iterable[str]:
        for prefix in prefixes:
            names = tuple(name.removeprefix(prefix) for name in names)
        return names

    return inner


def graded(numbers: Mapping[str, int] | Mapping[int, int]) -> Level:
    """A severity of the product's own words or numbers; any other is as usual."""
    by_text = {str(word): number for word, number in numbers.items()}

    def level(value: Value) -> tuple[str, int | None] | None:
        text = str(value)
        return (text, by_text[text]) if text in by_text else None

    return level


def joined(*attributes: str) -> Heading:
    """A body of these attributes, those that are there, alternatives between bars; None where none is."""
    choices = tuple(names.split("|") for names in attributes)

    def heading(fields: Fields) -> str | None:
        parts = []
        for names in choices:
            for name in names:
                if value := fields.get(name):
                    parts.append(str(value))
                    break
        return " ".join(parts) or None

    return heading


def holding(*names: str) -> str:
    """A sieve: a line of JSON, or of an object that is spread over lines, that names one of these members."""
    alternatives = "|".join(map(re.escape, names))
    return rf'(?=[ \t]*+["{{\[,])(?:[^"\n]*+"){{1,999}}?(?:{alternatives})"[ \t]*+:'
