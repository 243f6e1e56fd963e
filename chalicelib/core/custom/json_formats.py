"""Formats of JSON whose members have names of their own: which is the time, the severity, the message.

Members are named as records show them, those of nested objects with points. What is not mapped is found under its
usual names, as in any JSON.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

from chalicelib.core.custom.spec import FormatSpec
from chalicelib.core.custom.stamps import stamps_of
from chalicelib.core.formats import Format, ParseContext, severity
from chalicelib.core.formats.applications.json_lines import JsonParser, Shape, shape_of
from chalicelib.core.formats.json_text import flat_line
from chalicelib.core.formats.kinds import whole
from chalicelib.core.formats.nested import add
from chalicelib.core.formats.reasons import BAD_TIME, OTHER_OBJECT
from chalicelib.core.formats.times import Stamp, Times
from chalicelib.core.framing import Framing, Kind
from chalicelib.core.records import Record, Reject, Value

_VALUES_LESS: Final = 0.002
"""What a text must gain by being read as values, where reading its lines explains it too."""


def with_values(known: Format) -> tuple[Format, Format]:
    """A format of JSON on lines, and the same of values wherever their lines end."""
    values = replace(known, framing=Framing(kind=Kind.JSON), specificity=known.specificity - _VALUES_LESS)
    return known, values


class JsonReader:
    """Reads the objects of one format. casts: how the text of a member becomes a value of a type."""

    def __init__(
        self, spec: FormatSpec, casts: Mapping[str, Callable[[str], Value]], context: ParseContext
    ) -> None:
        self._spec = spec
        self._casts = casts
        self._general = JsonParser(context)
        self._times = Times(context.last_modified, context.date_order)
        self._stamp_of_text = stamps_of(self._times, spec.time_format, spec.zone)
        self._words = dict(spec.severities)
        self._named = {each.group: each for each in spec.fields}
        self._any_of = (
            [spec.time_field] if spec.time_field else [spec.severity_field, spec.body, *self._named]
        )

    def parse(self, entry: str) -> Record | Reject:
        spec, fields = self._spec, flat_line(entry)
        if isinstance(fields, Reject):
            return fields
        if not any(name in fields for name in self._any_of):
            return OTHER_OBJECT
        stamp: Stamp | tuple[None, None] = (None, None)
        if spec.time_field and (when := fields.pop(spec.time_field, None)) not in (None, "", "-"):
            found = self._stamp_of(when)
            if found is None:
                return BAD_TIME
            stamp = found
        word, number = self._severity(fields)
        body = self._body(fields)
        mapped = {name: fields.pop(name) for name in self._named if name in fields}
        record = self._general.promoted(fields, self._unmapped(shape_of(tuple(fields))))
        return Record(
            stamp[0] or record.timestamp,
            stamp[1] if stamp[0] else record.timestamp_assumed,
            word or record.severity_text,
            record.severity_number if word is None else number,
            record.body if body is None else body,
            self._attributes(record.attributes, mapped),
        )

    def _unmapped(self, shape: Shape) -> Shape:
        """What may still be promoted."""
        spec = self._spec
        if spec.time_field:
            shape = shape._replace(times=(), pair=None)
        if spec.severity_field:
            shape = shape._replace(levels=())
        return shape._replace(messages=()) if spec.body else shape

    def _stamp_of(self, value: Value) -> Stamp | None:
        if type(value) is str:
            return self._stamp_of_text(value)
        if type(value) is not int and type(value) is not float:
            return None
        by_itself = self._spec.time_format in ("auto", "epoch")
        return self._times.of_number(value) if by_itself else self._stamp_of_text(str(value))

    def _severity(self, fields: dict[str, Value]) -> tuple[str | None, int | None]:
        name = self._spec.severity_field
        if name is None or type(fields.get(name)) not in (str, int):
            return None, None
        word = str(fields.pop(name)).strip()
        meaning = self._words.get(word, word)
        number = whole(meaning)
        return word, severity.of_word(meaning) if number is None else severity.of_number(number)

    def _body(self, fields: dict[str, Value]) -> str | None:
        name = self._spec.body
        if name is None or fields.get(name) is None or isinstance(fields[name], list | dict):
            return None
        return str(fields.pop(name))

    def _attributes(self, fields: dict[str, Value], mapped: dict[str, Value]) -> dict[str, Value]:
        repeats: dict[str, int] = {}
        for member, value in mapped.items():
            field = self._named[member]
            typed = self._casts[field.type](value) if field.type and type(value) is str else value
            add(fields, repeats, field.name, typed)
        return fields
