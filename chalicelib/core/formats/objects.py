"""JSON objects of known products: told by the members they must have, renamed by a table.

For events, which are large, nest deep and are seldom two of one shape: a member is named at a time. Lines
of one shape are what `applications.dialects` is for.

Members without a name in the table get the product's prefix and their own name in lower case with
underscores; null, ``""``, ``-``, ``{}`` and ``[]`` are left out. Clashes get ``#2``, ``#3`` …
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from chalicelib.core.formats import severity
from chalicelib.core.formats.json_text import Fields, flat_object, telling
from chalicelib.core.formats.kinds import TEXT_SUFFIX, integer
from chalicelib.core.formats.nested import add
from chalicelib.core.formats.reasons import OTHER_OBJECT
from chalicelib.core.formats.times import Times
from chalicelib.core.records import Record, Reject

if TYPE_CHECKING:
    from chalicelib.core.formats import Parse, ParseContext

_WORD_ENDS: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_NO_NAME: Final = re.compile(r"[^a-z0-9_.#:/$]++")
_NAMES_MAX: Final = 8192


def snake_case(name: str) -> str:
    """eventSource → event_source, x-amz-id-2 → x_amz_id_2; dots stay."""
    return _NO_NAME.sub("_", _WORD_ENDS.sub("_", name).lower())


class Naming(dict[str, str]):
    """Member → attribute: by the table, else prefix and own name. Kept as they are met."""

    def __init__(self, prefix: str, table: Mapping[str, str]) -> None:
        super().__init__(table)
        self._prefix = prefix
        self._table = table

    def __missing__(self, name: str) -> str:
        if len(self) >= _NAMES_MAX:
            self.clear()
            self.update(self._table)
        found = self[name] = f"{self._prefix}.{snake_case(name)}"
        return found


@dataclass(frozen=True, slots=True)
class Dialect:
    """The objects of one product.

    required: members that each object has, under dotted names. accepts: whether one that has them is of
    the product. times: members in order of preference, the first that is a time is the record's. levels:
    likewise for its severity, by name. body: gives it from the attributes. names: member → attribute. integers:
    attributes that are numbers even where the source writes them as text. before: rewrites the members
    before they are named. after: adds to the attributes what the members say together.
    """

    prefix: str
    required: tuple[str, ...]
    times: tuple[str, ...]
    names: Mapping[str, str] = field(default_factory=dict)
    levels: tuple[str, ...] = ()
    integers: frozenset[str] = frozenset()
    accepts: Callable[[Fields], bool] | None = None
    before: Callable[[Fields], Fields] | None = None
    after: Callable[[Fields], None] | None = None
    body: Callable[[Fields], str | None] | None = None
    grade: Callable[[Fields], tuple[str, int] | None] | None = None
    """Text and number of its severity, from the attributes."""

    bodies: tuple[str, ...] = ()
    """Members whose text is the body; the first there is used and leaves the attributes."""


def parser_of(dialect: Dialect) -> Callable[[ParseContext], Parse]:
    def make_parser(context: ParseContext) -> Parse:
        times = Times(context.last_modified)
        naming = Naming(dialect.prefix, dialect.names)

        def parse(text: str) -> Record | Reject:
            members = flat_object(text)
            if isinstance(members, Reject):
                return members
            return record_of(dialect, members, times, naming)

        return parse

    return make_parser


def record_of(dialect: Dialect, members: Fields, times: Times, naming: Naming) -> Record | Reject:
    """The record of an object's members, under dotted names; they are used up."""
    if dialect.before is not None:
        members = dialect.before(members)
    if not all(name in members for name in dialect.required):
        return OTHER_OBJECT
    if dialect.accepts is not None and not dialect.accepts(members):
        return OTHER_OBJECT
    stamp: tuple[str | None, str | None] = (None, None)
    for name in dialect.times:
        if members.get(name) is not None:
            found = times.of_value(members[name])
            if found is not None:
                stamp = found
                del members[name]
                break
    word = level = body = None
    for name in dialect.levels:
        level_word = members.get(name)
        level = severity.of_word(level_word) if isinstance(level_word, str) else None
        if level is not None:
            word = str(members.pop(name)).strip()
            break
    else:
        word = severity.take_word(members, dialect.levels)
    for name in dialect.bodies:
        if isinstance(members.get(name), str) and members[name]:
            body = str(members.pop(name))
            break
    fields: Fields = {}
    repeats: dict[str, int] = {}
    for name, value in telling(members).items():
        own = naming[name]
        if own in dialect.integers and type(value) is str:
            known = integer(value)
            if known is None:
                own += TEXT_SUFFIX
            else:
                value = known  # noqa: PLW2901 - the typed one
        if own in fields:
            add(fields, repeats, own, value)
        else:
            fields[own] = value
    if dialect.after is not None:
        dialect.after(fields)
    if dialect.grade is not None and level is None:
        word, level = dialect.grade(fields) or (None, None)
    if dialect.body is not None and body is None:
        body = dialect.body(fields)
    return Record(*stamp, word, level, body, fields)


def holding(*names: str) -> str:
    """A sieve: a line of JSON, or of an object that is spread over lines, that names one of these members."""
    alternatives = "|".join(map(re.escape, names))
    return rf'(?=[ \t]*+["{{\[,])(?:[^"\n]*+"){{1,999}}?(?:{alternatives})"[ \t]*+:'
