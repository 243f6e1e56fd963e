"""One engine for objects: JSON, on lines or wherever a value ends, and pairs of keys and values.

A format is an `Objects`: which members every object has, which of them are its time, severity and message, and what the
others are called. What the names of an object mean is decided once for each shape (the names that an object has); after
that a line costs what reading it costs. Nested members have dotted names.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

from chalicelib.core.formats import Format, severity
from chalicelib.core.formats.applications.naming import SPLITTABLE, renamed, split_values
from chalicelib.core.formats.json_text import flat_line
from chalicelib.core.formats.member_names import Naming, Target, target_of
from chalicelib.core.formats.nested import add
from chalicelib.core.formats.numeric_levels import numeric_of, of_numeric
from chalicelib.core.formats.promotion import is_guessed_time
from chalicelib.core.formats.reasons import OTHER_OBJECT
from chalicelib.core.formats.times import Times
from chalicelib.core.formats.usual_members import NANOS, Usual, is_exact_time, usual_members
from chalicelib.core.framing import LINES, Framing
from chalicelib.core.records import Record, Reject

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
_SHAPES_MAX: Final = 1024
_NANOS_MAX: Final = 10**9
_SCALARS: Final = frozenset((int, float, bool))
_new: Final = tuple.__new__
_of_word: Final = severity.of_word
_NO_USUAL: Final = Usual((), (), (), None, (), {})


@dataclass(frozen=True, slots=True, kw_only=True)
class Objects:
    """The objects of one format. What is not explained here is as `Format` has it.

    required: dotted names that every object has, alternatives between bars. foreign: names that none has.
    fits: whether the names, in their order (nested ones last), may be of it. confirms: whether the values may.
    inner: the names without the envelope around them; all else here goes by these.
    time, level, body: members in order of preference; ``day clock`` are two that are a time together.
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
        """make_parser: where entries are more than one object. Without a sieve of its own a line begins an object and names the required members, of which the longest (and
        rarest) are looked for first."""
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


class _Time(NamedTuple):
    """past: whether its value must be in the past, since its name only may be a time's; None: its name says so.
    second: the member with the nanoseconds, or the time of day."""

    past: bool | None = None
    second: str | None = None
    is_day: bool = False


class _Shape(NamedTuple):
    """What the names of an object mean. Members go by the names that they have once they are renamed: those that may be the
    time, the severity or the body have their own until they are.

    times: member → how it is more than a text of any time. words: levels that a word that nobody knows may be. inner: the
    names without their envelope. changed: the names of all, None where they are the members' own. kept: those that are
    attributes even if they are used. is_done: whether the attributes are what is left then. others: the attributes of those that were not. puts: those whose texts are read.
    splits: whether `split_values` is for them."""

    times: tuple[tuple[str, _Time | None], ...]
    levels: tuple[str, ...]
    words: tuple[str, ...]
    bodies: tuple[str, ...]
    numeric: Mapping[str, Mapping[int, int]]
    inner: tuple[str, ...] | None
    changed: tuple[str, ...] | None = None
    kept: frozenset[str] = frozenset()
    is_done: bool = False
    others: tuple[tuple[str, str], ...] = ()
    puts: tuple[Target, ...] = ()
    splits: bool = False


class Reader:
    """Reads the objects of one format in one context."""

    __slots__ = (
        "_confirms", "_finish", "_levels", "_naming", "_objects", "_read", "_shapes", "_stamp_of", "_times",
    )  # fmt: skip

    def __init__(self, objects: Objects, context: ParseContext) -> None:
        self._objects = objects
        self._times = Times(context.last_modified, context.date_order)
        self._stamp_of = self._times.of_value if objects.stamp is None else objects.stamp(self._times)
        self._read, self._confirms = objects.read, objects.confirms
        self._levels, self._finish = objects.levels, objects.finish
        self._naming = (
            Naming(objects.prefix, objects.names, objects.prefixes, infers=objects.infers)
            if objects.prefix
            else None
        )
        self._shapes: dict[tuple[str, ...], _Shape | None] = {}

    def parse(self, text: str) -> Record | Reject:
        members = self._read(text)
        if isinstance(members, dict):
            return self._record(members, tuple(members), members.values())
        if isinstance(members, Reject):
            return members
        return self._record(None, members[0], members[1])

    def record_of(self, members: Fields) -> Record | Reject:
        """The record of an object's members under dotted names, which are used up."""
        return self._record(members, tuple(members), members.values())

    def _record(
        self, members: Fields | None, names: tuple[str, ...], values: Iterable[Value]
    ) -> Record | Reject:
        """members: None where nothing has made a dictionary of names and values."""
        try:
            shape = self._shapes[names]
        except KeyError:
            shape = self._shape(names)
        if shape is None:
            return self._objects.nothing
        times, levels, words, bodies, numeric, inner, changed, kept, is_done, _, _, _ = shape
        if inner is not None:
            members = dict(zip(inner, values, strict=True))
        if self._confirms is not None and members is not None and not self._confirms(members):
            return OTHER_OBJECT
        if changed is not None or members is None:
            # There are as many names as values: the check would cost a fifth of it.
            fields: Fields = dict(zip(changed or names, values))  # noqa: B905
        else:
            fields = members
        timestamp = assumed = word = number = body = level_name = None
        for name, time in times:
            stamp = self._stamp_of(fields[name]) if time is None else self._moment(fields, name, time)
            if stamp is not None:
                timestamp, assumed = stamp
                if name not in kept:
                    del fields[name]
                break
        else:
            if times and self._objects.timeless is not None and _is_timed(fields, times):
                return self._objects.timeless
        for name in levels:
            value = fields[name]
            if self._levels is not None and (graded := self._levels(value)) is not None:
                word, number = graded
                level_name = name
                break
            known = _of_word(value) if type(value) is str else None
            if known is not None:
                number, level_name = known, name
                break
            if number is None and name in numeric:
                number = of_numeric(value, numeric[name])
                level_name = None if number is None else name
        if level_name is None:
            level_name = next((name for name in words if _is_word(fields[name])), None) if words else None
            number = self._objects.unleveled if level_name is None else None
        if level_name is not None:
            word = word or str(fields[level_name]).strip()
            if level_name not in kept:
                del fields[level_name]
        for name in bodies:
            value = fields[name]
            if type(value) is str and (value or self._naming is None):
                body = value
            elif type(value) in _SCALARS and name in self._objects.body:
                body = str(value)
            else:
                continue
            if name not in kept:
                del fields[name]
            break
        if timestamp is None and word is None and body is None and self._objects.needs:
            return self._objects.nothing
        if not is_done:
            fields = self._named(fields, shape)
        if assumed == "zone" and self._objects.utc:
            assumed = None
        if body is None and self._objects.heading is not None:
            body = self._objects.heading(fields)
        if self._finish is not None:
            self._finish(fields, body)
        return _new(Record, (timestamp, assumed, word, number, body, fields))

    def _named(self, fields: Fields, shape: _Shape) -> Fields:
        """The attributes of members that have to be looked at one by one."""
        if self._naming is not None:
            return self._naming.fields_of(fields)
        for name, attribute in shape.others:
            if name in fields:
                add(fields, {}, attribute, fields.pop(name))
        for attribute, put, argument in shape.puts:
            if put is not None and type(text := fields.get(attribute)) is str:
                del fields[attribute]
                put(fields, argument, text)
        if shape.splits:
            split_values(fields)
        return fields

    def _shape(self, names: tuple[str, ...]) -> _Shape | None:
        """What names mean; None for those of another format."""
        if len(self._shapes) >= _SHAPES_MAX:
            self._shapes.clear()
        inner = self._objects.inner
        plain = names if inner is None else tuple(inner(names))
        shape = self._shapes[names] = self._shape_of(plain, None if inner is None else plain)
        return shape

    def _shape_of(self, names: tuple[str, ...], inner: tuple[str, ...] | None) -> _Shape | None:
        objects = self._objects
        known = frozenset(names)
        if not (
            all(name in known or not known.isdisjoint(name.split("|")) for name in objects.required)
            and known.isdisjoint(objects.foreign)
            and (objects.fits is None or objects.fits(names))
        ):
            return None
        named = objects.names
        usual = (
            usual_members(tuple(name for name in names if name not in named)) if objects.usual else _NO_USUAL
        )
        times = self._times_of(known, usual)
        taken = {name for name, _ in times} | {time.second for _, time in times if time is not None}
        levels = tuple(name for name in objects.level if name in known and name not in taken)
        words = levels
        if "level" in objects.usual:
            words += usual.words
            levels += tuple(name for name in usual.levels if name not in levels and name not in taken)
        bodies = tuple(name for name in objects.body if name in known)
        if "body" in objects.usual:
            bodies += tuple(name for name in usual.messages if name not in bodies)
        bodies = tuple(name for name in bodies if name not in taken and name not in levels)
        shape = _Shape(times, levels, words, bodies, numeric_of(levels, names), inner, kept=objects.kept)
        candidates = {name for name in (*taken, *levels, *bodies) if name is not None}
        return shape if objects.prefix else self._renamed(names, candidates, shape)

    def _times_of(self, known: frozenset[str], usual: Usual) -> tuple[tuple[str, _Time | None], ...]:
        times: list[tuple[str, _Time | None]] = []
        for name in self._objects.time:
            day, _, clock = name.partition(" ")
            if name in known:
                nanos = NANOS.get(name)
                times.append((name, _Time(second=nanos) if nanos in known else None))
            elif day in known and clock in known:
                times.append((day, _Time(second=clock, is_day=True)))
        if "time" in self._objects.usual:
            for name in usual.times:
                nanos = NANOS.get(name)
                past = None if is_exact_time(name) else is_guessed_time(name)
                is_plain = past is None and nanos not in known
                times.append((name, None if is_plain else _Time(past, nanos if nanos in known else None)))
            if usual.clock is not None:
                times.append((usual.clock[0], _Time(second=usual.clock[1], is_day=True)))
        return tuple(times)

    def _renamed(self, names: tuple[str, ...], candidates: set[str], shape: _Shape) -> _Shape:
        """A shape with the names that its members get."""
        objects = self._objects
        own = {name: attribute for name in names if (attribute := _attribute(objects, name)) is not None}
        free = candidates - objects.kept
        changed = renamed(names, own | {name: name for name in free}, usual=objects.requests)
        now = dict(zip(names, changed, strict=True))
        puts = tuple(
            (now[name], put, now[name] if argument == plain else argument)
            for name in names
            if name in objects.names and name not in free and _is_read(objects.names[name])
            for plain, put, argument in (target_of(objects.names[name]),)
        )
        others = tuple((name, own[name]) for name in own if name in free and own[name] != name)
        splits = changed != names and not SPLITTABLE.isdisjoint(changed)
        return _Shape(
            tuple((now[name], time) for name, time in shape.times),
            tuple(now[name] for name in shape.levels),
            tuple(now[name] for name in shape.words),
            tuple(now[name] for name in shape.bodies),
            shape.numeric,
            shape.inner,
            None if changed == names else changed,
            frozenset(now[name] for name in objects.kept if name in now),
            not (others or puts or splits),
            others,
            puts,
            splits,
        )

    def _moment(self, fields: Fields, name: str, time: _Time) -> Stamp | None:
        past, second, is_day = time
        value = fields[name]
        if is_day:
            stamp = self._times.of_text(f"{value} {fields[second or '']}")
            if stamp is not None:
                del fields[second or ""]
            return stamp
        stamp = self._stamp_of(value) if past is None else self._times.of_moment(value, past=past)
        if stamp is None or second is None:
            return stamp
        nanos = fields[second]
        if type(nanos) is not int or not 0 <= nanos < _NANOS_MAX or "." in stamp[0]:
            return stamp
        del fields[second]
        return f"{stamp[0][:-1]}.{nanos:09}Z", stamp[1]


def _attribute(objects: Objects, name: str) -> str | None:
    """What a member is called by the tables of a format; None where that is not said."""
    if name in objects.names:
        return target_of(objects.names[name])[0]
    for start, prefix in objects.prefixes.items():
        if name.startswith(start) and len(name) > len(start):
            return prefix + name[len(start) :]
    return None


def _is_read(named: str | Target) -> bool:
    """Whether the text of a member so named is read."""
    return type(named) is tuple or ":" in named


def _is_timed(members: Fields, times: tuple[tuple[str, _Time | None], ...]) -> bool:
    return any(members[name] not in (None, "", "-") for name, _ in times)


def _is_word(value: Value) -> bool:
    return type(value) is str and severity.is_word(value)


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
        values = (next((fields[name] for name in names if fields.get(name)), None) for names in choices)
        return " ".join(str(value) for value in values if value is not None) or None

    return heading


def holding(*names: str) -> str:
    """A sieve: a line of JSON, or of an object that is spread over lines, that names one of these members."""
    alternatives = "|".join(map(re.escape, names))
    return rf'(?=[ \t]*+["{{\[,])(?:[^"\n]*+"){{1,999}}?(?:{alternatives})"[ \t]*+:'
