"""Dialects of JSON lines: which members tell one, and what they mean; the reading is that of `json_lines`.

A dialect is told by names, and where names are not enough by values. What a shape (the names an object
has) means is decided once; after that a line costs what a line of any JSON costs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple

from chalicelib.core.formats import Format, severity
from chalicelib.core.formats.applications.json_lines import JsonParser
from chalicelib.core.formats.applications.naming import SPLITTABLE, renamed, split_values
from chalicelib.core.formats.numeric_levels import numeric_levels, of_numeric
from chalicelib.core.formats.reasons import OTHER_OBJECT
from chalicelib.core.records import Record, Reject

if TYPE_CHECKING:
    from chalicelib.core.formats import Parse, ParseContext
    from chalicelib.core.records import Value

_SHAPES_MAX: Final = 1024
_SIEVE: Final = r"[ \t]*+\{"

Level = Callable[["Value", str], "tuple[str, int] | None"]
Finish = Callable[[dict[str, "Value"]], str | None]


def any_level(value: Value, name: str) -> tuple[str, int] | None:
    """The word and the number of a level's name, or of a number whose name says what it is."""
    number = severity.of_word(value) if type(value) is str else None
    if number is None:
        number = of_numeric(value, numeric_levels(name, ()))
    return None if number is None else (str(value).strip(), number)


@dataclass(frozen=True, slots=True)
class Dialect:
    """One dialect.

    required: dotted names that every object has, alternatives between bars. foreign: names that none has.
    fits: whether the names, in their order (nested ones last), may be of it. confirms: whether the values may.
    time, level, message: names, the first that is there counts; an object whose time is none is of another
    dialect. nanos: the member with the nanoseconds of a time in seconds. levels: what a level says. unleveled: the number where there is no level.
    renames: its names → attributes; prefixes: the same for the beginnings of names. usual: whether the
    usual names of `naming` are changed too. drop: members that say the same in every line.
    contains: more than the required names that its lines contain (see `Format`).
    finish: types what is left, in place; returns a body for records without a message.
    """

    name: str
    title: str
    source: str
    samples: tuple[str, ...]
    required: tuple[str, ...]
    specificity: float
    time: tuple[str, ...] = ()
    level: tuple[str, ...] = ()
    message: tuple[str, ...] = ()
    foreign: tuple[str, ...] = ()
    fits: Callable[[tuple[str, ...]], bool] | None = None
    confirms: Callable[[dict[str, Value]], bool] | None = None
    nanos: str | None = None
    levels: Level = any_level
    unleveled: int | None = None
    renames: Mapping[str, str] = field(default_factory=dict)
    prefixes: Mapping[str, str] = field(default_factory=dict)
    usual: bool = True
    finish: Finish | None = None
    contains: tuple[tuple[str, ...], ...] = ()


class _Shape(NamedTuple):
    """names: the attributes' names, None where they are the members' own."""

    time: str | None
    level: str | None
    message: str | None
    names: tuple[str, ...] | None
    splits: bool


class _Parser(JsonParser):
    """A parser of one dialect."""

    __slots__ = ("_confirms", "_dialect", "_dialect_shapes", "_finish", "_levels")

    def __init__(self, context: ParseContext, dialect: Dialect) -> None:
        super().__init__(context)
        self._dialect = dialect
        self._confirms, self._finish, self._levels = dialect.confirms, dialect.finish, dialect.levels
        self._dialect_shapes: dict[tuple[str, ...], _Shape | None] = {}

    def _dialect_shape(self, names: tuple[str, ...]) -> _Shape | None:
        """What names mean; None for those of another dialect."""
        if len(self._dialect_shapes) >= _SHAPES_MAX:
            self._dialect_shapes.clear()
        dialect = self._dialect
        shape = None
        known = set(names)
        if (
            all(not known.isdisjoint(wanted.split("|")) for wanted in dialect.required)
            and known.isdisjoint(dialect.foreign)
            and (dialect.fits is None or dialect.fits(names))
        ):
            promoted = tuple(
                next((name for name in wanted if name in known), None)
                for wanted in (dialect.time, dialect.level, dialect.message)
            )
            time, level, message = promoted
            own = {name: name for name in promoted if name is not None}
            for name in names:
                for prefix, attribute in dialect.prefixes.items():
                    if name.startswith(prefix) and len(name) > len(prefix):
                        own.setdefault(name, attribute + name[len(prefix) :])
            own |= {old: new for old, new in dialect.renames.items() if old not in promoted}
            if dialect.nanos is not None:
                own[dialect.nanos] = dialect.nanos
            changed = renamed(names, own, usual=dialect.usual)
            splits = not SPLITTABLE.isdisjoint(changed)
            shape = _Shape(time, level, message, None if changed == names else changed, splits)
        self._dialect_shapes[names] = shape
        return shape

    def record_of(self, fields: dict[str, Value]) -> Record | Reject:
        names = tuple(fields)
        try:
            shape = self._dialect_shapes[names]
        except KeyError:
            shape = self._dialect_shape(names)
        if shape is None or (self._confirms is not None and not self._confirms(fields)):
            return OTHER_OBJECT
        time_name, level_name, message_name, changed, splits = shape
        timestamp = assumed = word = body = None
        number = self._dialect.unleveled
        if time_name is not None:
            stamp = self._stamp_of(fields[time_name])
            if stamp is None:
                return OTHER_OBJECT
            timestamp, assumed = stamp
            nanos = self._dialect.nanos
            if (
                nanos is not None
                and type(part := fields.get(nanos)) is int
                and 0 <= part < 10**9
                and "." not in timestamp
            ):
                timestamp = f"{timestamp[:-1]}.{part:09d}Z"
                changed = changed and tuple(name for name in changed if name != nanos)
                del fields[nanos]
        if changed is not None:
            fields = dict(zip(changed, fields.values(), strict=True))
        if time_name is not None:
            del fields[time_name]
        if level_name is not None:
            level = self._levels(fields[level_name], level_name)
            if level is not None:
                word, number = level
                del fields[level_name]
            elif type(text := fields[level_name]) is str and severity.is_word(text):
                word, number = text, None
                del fields[level_name]
        if message_name is not None:
            message = fields[message_name]
            if type(message) is str:
                body = message
                del fields[message_name]
        if splits:
            split_values(fields)
        if self._finish is not None:
            made = self._finish(fields)
            body = made if body is None else body
        return tuple.__new__(Record, (timestamp, assumed, word, number, body, fields))


def undotted(names: tuple[str, ...]) -> list[str]:
    """The names that the object itself gives, in their order, for a dialect that is told by it."""
    return [name for name in names if "." not in name]


def format_of(dialect: Dialect) -> Format:
    """The format of a dialect; its lines contain the names of the required members,
    which are looked for the longest (and rarest) first."""

    def make_parser(context: ParseContext) -> Parse:
        return _Parser(context, dialect).parse

    wanted = [tuple(map(_begins, names.split("|"))) for names in dialect.required]
    return Format(
        name=dialect.name,
        title=dialect.title,
        source=dialect.source,
        samples=dialect.samples,
        make_parser=make_parser,
        specificity=dialect.specificity,
        sieve=_SIEVE,
        contains=(*dialect.contains, *sorted(wanted, key=lambda texts: -min(map(len, texts)))),
        alone=True,
    )


def _begins(name: str) -> str:
    """How a member stands in a line; dotted names may stand for themselves or begin an object's."""
    first, dot, _ = name.partition(".")
    return f'"{first}' if dot else f'"{name}"'
