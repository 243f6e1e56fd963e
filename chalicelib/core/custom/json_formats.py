"""Formats of JSON whose members have other names: which member is the time, the severity, the message.

Members have the names that records show, dotted for nested objects. Members without a mapping are found under their
usual names, as in any JSON.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Final

from chalicelib.core.custom.spec import FormatSpec
from chalicelib.core.custom.stamps import stamps_of
from chalicelib.core.formats import Format, severity
from chalicelib.core.formats.kinds import whole
from chalicelib.core.formats.objects import Objects
from chalicelib.core.formats.reasons import BAD_TIME
from chalicelib.core.formats.times import Stamp, Times
from chalicelib.core.framing import Framing, Kind
from chalicelib.core.records import Value

_VALUES_LESS: Final = 0.002
"""How much better a text must be explained as values, if its lines are explained too."""


def with_values(known: Format) -> tuple[Format, Format]:
    """A format of JSON on lines, and the same of values wherever their lines end."""
    values = replace(known, framing=Framing(kind=Kind.JSON), specificity=known.specificity - _VALUES_LESS)
    return known, values


def objects_of(spec: FormatSpec, casts: Mapping[str, Callable[[str], Value]]) -> Objects:
    """casts: functions that convert the text of a member to a type."""
    named = {field.group: field for field in spec.fields}
    given = {"time": spec.time_field, "level": spec.severity_field, "body": spec.body}
    marks = {spec.time_field} if spec.time_field else {*given.values(), *named}
    time, level, body = ((name,) if name else () for name in given.values())
    return Objects(
        confirms=lambda members: not marks.isdisjoint(members),
        time=time,
        level=level,
        body=body,
        usual=frozenset(part for part, name in given.items() if not name),
        timeless=BAD_TIME if spec.time_field else None,
        stamp=_stamps_of(spec) if spec.time_field else None,
        levels=_levels_of(spec),
        names={
            member: (field.name, _put_of(casts[field.type]) if field.type else None, field.name)
            for member, field in named.items()
        },
        finish=partial(_without_empty, spec.time_field) if spec.time_field else None,
    )


def _without_empty(time: str, fields: dict[str, Value], _body: str | None) -> None:
    """An empty time is neither a time nor a field."""
    if fields.get(time, 0) in (None, "", "-"):
        del fields[time]


def _put_of(cast: Callable[[str], Value]) -> Callable[[dict[str, Value], str, str], None]:
    def put(fields: dict[str, Value], name: str, text: str) -> None:
        fields[name] = cast(text)

    return put


def _stamps_of(spec: FormatSpec) -> Callable[[Times], Callable[[Value], Stamp | None]]:
    def make(times: Times) -> Callable[[Value], Stamp | None]:
        of_text = stamps_of(times, spec.time_format, spec.zone)
        of_number = times.of_number if spec.time_format in ("auto", "epoch") else of_text

        def stamp(value: Value) -> Stamp | None:
            if type(value) is int or type(value) is float:
                return of_number(str(value))
            return of_text(value) if type(value) is str else None

        return stamp

    return make


def _levels_of(spec: FormatSpec) -> Callable[[Value], tuple[str, int | None] | None]:
    words = dict(spec.severities)

    def level(value: Value) -> tuple[str, int | None] | None:
        if spec.severity_field is None or type(value) not in (str, int):
            return None
        word = str(value).strip()
        meaning = words.get(word, word)
        number = whole(meaning)
        return word, severity.of_word(meaning) if number is None else severity.of_number(number)

    return level
