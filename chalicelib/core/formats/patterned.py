"""Formats that are declared by templates of their entries, in the notation that `notation` explains.

A named group counts as a field too: an attribute by `NAMES` or by the format's own names, `time`, `level` and `body` apart.
Fields that hold nothing, or a text that says so, are left out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache, partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, TypeAlias

from chalicelib.core.formats import Declaration, Format, severity
from chalicelib.core.formats.any_level import with_any_level
from chalicelib.core.formats.dates import ISO
from chalicelib.core.formats.kinds import BEGINS_NOTHING
from chalicelib.core.formats.logins import add_login
from chalicelib.core.formats.notation import (
    NAMES,
    RECORD,
    Expanded,
    Put,
    add_place,
    expand,
    put_of,
    start_of,
)
from chalicelib.core.formats.reasons import BAD_TIME, OTHER_SHAPE
from chalicelib.core.formats.starts import entry_start, own_start
from chalicelib.core.formats.systems.priorities import add_priority
from chalicelib.core.formats.time_parts import is_zone, of_parts, of_time
from chalicelib.core.formats.times import Times
from chalicelib.core.formats.traces import add_exception
from chalicelib.core.framing import LINES, Framing
from chalicelib.core.records import Record, Reject

if TYPE_CHECKING:
    from chalicelib.core.formats import Parse, ParseContext
    from chalicelib.core.formats.times import Stamp
    from chalicelib.core.records import Value

Details: TypeAlias = "Callable[[dict[str, Value], str], None]"
"""Adds what the body says to the attributes."""
Rewrite: TypeAlias = "Callable[[dict[str, Value], str], str | None]"
"""As `Details`, and gives the body without what has become attributes."""
_Fields: TypeAlias = "tuple[tuple[int, str, Put | None], ...]"
_Find: TypeAlias = "tuple[Callable[[str, int, int], re.Match[str] | None], _Fields]"

TIME: Final = rf"(?P<time>{ISO})"
LEVEL: Final = r"(?:TRACE|DEBUG|INFO|NOTICE|WARN(?:ING)?|ERROR|SEVERE|FATAL|CRITICAL|CRIT|ALERT|EMERGENCY|FINE(?:R|ST)?|CONFIG)"
REST: Final = r"(?P<body>[^\n]*+)"
ADDRESS: Final = r"[0-9]{1,3}(?:\.[0-9]{1,3}){3}|[0-9A-Fa-f:]*:[0-9A-Fa-f:.]+"

_NOTHING: Final = frozenset(("-", "null", "(null)"))
_BODY_SEARCHED_MAX: Final = 4096
"""How much of a body is searched for fields."""


def patterned(
    name: str,
    title: str,
    source: str,
    *,
    samples: tuple[str, ...],
    templates: tuple[str, ...],
    start: str | None = None,
    sieve: str | None = None,
    specificity: float,
    names: Mapping[str, str] = MappingProxyType({}),
    numbers: frozenset[str] = frozenset(),
    levels: Mapping[str, int] = MappingProxyType({}),
    words: Mapping[str, str] = MappingProxyType({}),
    constants: Mapping[str, str] = MappingProxyType({}),
    finds: tuple[str, ...] = (),
    details: Details | None = add_login,
    rewrite: Rewrite | None = None,
    entire: bool = False,
    single_line: bool = False,
    own_lines: bool = False,
    alone: bool = True,
    whole: bool = False,
    programs: tuple[str, ...] = (),
    unstamped: str | None = None,
) -> Format:
    """A format declared by templates.

    templates: tried in order, each from the start of the entry; `(?P<time>…)` is any text that `Times`
        knows, or its parts are the groups `y`, `mo`, `d`, `h`, `mi`, `s`, `f` (fraction) or `ms` (milliseconds),
        `z` and `half` (AM, PM), and `epoch`, which says what no local time can.
    start: what each entry begins with; derived from the templates where it is not given, with any level where theirs stands.
    sieve: as `Format` has it; the start, or what derives from the templates, where it is not given.
    numbers: groups whose values are numbers, beside those whose attributes always are.
    levels: words of its own → severity number. words: sign of a level → its word.
    finds: templates searched for in the body. details: what else the body says. rewrite: what the body becomes.
    entire: a template is of the whole entry, and without a body it is the body. Else it is of the first lines: those
        behind belong to the body, and a trace in them is typed. Its fields are stripped, and `null` is nothing in it.
    single_line: an entry is a line. own_lines: an entry that begins elsewhere than a well-known one is
        not cut off by it: its body is full of other logs' lines.
    """

    expanded = tuple(map(expand, templates))
    sieve = sieve or start or _starts(each.pattern for each in expanded)
    start = start or _starts(with_any_level(each.pattern) or each.pattern for each in expanded)
    if not start:
        raise ValueError(f"no template of {name} says how an entry begins; give its start")

    @cache
    def ways() -> tuple[_Way, ...]:
        return tuple(_Way(each, names, numbers, entire=entire) for each in expanded)

    @cache
    def wide_ways() -> tuple[_Way, ...]:
        wide = ((each, with_any_level(each.pattern)) for each in expanded)
        return tuple(
            _Way(each._replace(pattern=text), names, numbers, entire=entire) for each, text in wide if text
        )

    @cache
    def meaning() -> _Meaning:
        phrases = tuple(
            (way.search, way.fields) for way in (_Way(expand(find), names, numbers) for find in finds)
        )
        return _Meaning(levels, words, constants, phrases, details, rewrite)

    def make_parser(context: ParseContext) -> Parse:
        wide = wide_ways if context.decided else tuple
        return _Parser(context, ways(), wide, meaning()).parse

    framing = LINES if single_line else Framing(entry_start=(own_start if own_lines else entry_start)(start))
    return Format(
        name,
        title,
        source,
        samples,
        make_parser,
        specificity,
        framing,
        sieve=sieve,
        alone=alone,
        whole=whole,
        programs=programs,
        unstamped=unstamped,
        patterns=tuple(each.pattern for each in expanded),
        declaration=Declaration(templates, start, names, numbers, levels, words, entire),
    )


shaped: Final = partial(patterned, details=None, entire=True)
"""A format whose templates say all of its entries."""


def _starts(patterns: Iterable[str]) -> str:
    return "|".join(dict.fromkeys(map(start_of, patterns)))


class _Way:
    """One template, and what its fields mean."""

    __slots__ = ("body", "fields", "has_parts", "is_entire", "level", "match", "search", "time", "zone")

    def __init__(
        self, template: Expanded, names: Mapping[str, str], numbers: frozenset[str], *, entire: bool = False
    ) -> None:
        pattern, typed = template
        compiled = re.compile(pattern, re.DOTALL if entire else 0)
        index = compiled.groupindex
        self.match = compiled.fullmatch if entire else compiled.match
        # A search for what only the beginning may hold would try every place.
        self.search = compiled.match if pattern.startswith(("^", r"\A")) else compiled.search
        self.time = index.get("time", 0) - 1
        self.level = index.get("level", 0) - 1
        self.body = index.get("body", 0) - 1
        self.is_entire = entire
        self.has_parts = "mi" in index
        self.zone = index.get("z", 0) - 1
        apart = RECORD | {"y", "mo", "d", "h", "mi", "s", "f", "ms", "z", "half"}
        named = {
            group: typed.get(group)
            or (names.get(group) or NAMES[group], "number" if group in numbers else "text")
            for group in index
            if group not in apart
        }
        self.fields: _Fields = tuple(
            (index[group] - 1, name, put_of(name, kind)) for group, (name, kind) in named.items()
        )


@dataclass(frozen=True, slots=True)
class _Meaning:
    """What the texts of a format mean, as `patterned` explains it."""

    levels: Mapping[str, int]
    words: Mapping[str, str]
    constants: Mapping[str, str]
    finds: tuple[_Find, ...]
    details: Details | None
    rewrite: Rewrite | None

    def add_missing(self, fields: dict[str, Value], body: str) -> None:
        """Adds what the templates find in a body, and its head has not told."""
        for search, places in self.finds:
            hit = search(body, 0, _BODY_SEARCHED_MAX)
            if hit is None:
                continue
            for place, name, put in places:
                text = hit[place + 1]
                if text and text != "-" and name not in fields:
                    if put is None:
                        fields[name] = text
                    else:
                        put(fields, name, text)


class _Parser:
    __slots__ = ("_is_decided", "_meaning", "_times", "_ways", "_wide_ways")

    def __init__(
        self,
        context: ParseContext,
        ways: tuple[_Way, ...],
        wide_ways: Callable[[], tuple[_Way, ...]],
        meaning: _Meaning,
    ) -> None:
        self._is_decided = context.decided
        self._times = Times(context.last_modified)
        self._ways = ways
        self._wide_ways = wide_ways
        self._meaning = meaning

    def parse(self, entry: str) -> Record | Reject:
        for way in self._ways:
            match = way.match(entry)
            if match is not None:
                return self._record(entry, way, match)
        for way in self._wide_ways():
            match = way.match(entry)
            if match is not None:
                return self._record(entry, way, match)
        return OTHER_SHAPE

    def _record(self, entry: str, way: _Way, match: re.Match[str]) -> Record | Reject:
        meaning = self._meaning
        groups = match.groups()
        end = match.end()
        if end < len(entry) and entry[end] != "\n":
            return OTHER_SHAPE
        stamp: Stamp | tuple[None, None] | None = None, None
        if way.time >= 0 and (when := groups[way.time]):
            if way.zone >= 0 and (zone := groups[way.zone]) and is_zone(zone):
                when = f"{when} {zone}"
            stamp = of_time(self._times, when)
        elif way.has_parts:
            stamp = of_parts(self._times, match)
        if stamp is None:
            return BAD_TIME
        fields: dict[str, Value] = dict(meaning.constants) if meaning.constants else {}
        if entry[0] == "<":
            add_priority(fields, entry)
        is_entire = way.is_entire
        for place, name, put in way.fields:
            text = groups[place]
            if text and text != "-" and (is_entire or ((text := text.strip()) and text not in _NOTHING)):
                if put is None or (put is add_place and text[0] not in BEGINS_NOTHING):
                    fields[name] = text
                else:
                    put(fields, name, text)
        if way.zone >= 0 and (zone := groups[way.zone]) and ("/" in zone or not is_zone(zone)):
            fields["time_zone"] = zone
        body: str | None = (groups[way.body] or "") if way.body >= 0 else entry if is_entire else ""
        if end < len(entry):
            body = f"{body}{entry[end:]}"
            add_exception(fields, body)
        if body:
            if meaning.finds:
                meaning.add_missing(fields, body)
            if meaning.details is not None:
                meaning.details(fields, body)
            if meaning.rewrite is not None:
                body = meaning.rewrite(fields, body)
        word = groups[way.level] if way.level >= 0 else None
        level = None
        if word:
            word = meaning.words.get(word, word) if meaning.words else word
            level = meaning.levels.get(word) if meaning.levels else None
            if level is None:
                level = severity.of_word(word)
                if level is None and not self._is_decided:
                    return OTHER_SHAPE
        return tuple.__new__(Record, (*stamp, word or None, level, body or None, fields))
