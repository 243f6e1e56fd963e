"""Reads the objects of one format: members to a record, by what their names mean."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from chalicelib.core.formats import severity
from chalicelib.core.formats.applications.naming import split_values
from chalicelib.core.formats.member_names import Naming
from chalicelib.core.formats.nested import add
from chalicelib.core.formats.numeric_levels import of_numeric
from chalicelib.core.formats.object_shapes import shape_of
from chalicelib.core.formats.reasons import OTHER_OBJECT
from chalicelib.core.formats.times import Times
from chalicelib.core.records import Record, Reject

if TYPE_CHECKING:
    from collections.abc import Iterable

    from chalicelib.core.formats import ParseContext
    from chalicelib.core.formats.json_text import Fields
    from chalicelib.core.formats.object_shapes import Shape, Time
    from chalicelib.core.formats.objects import Objects
    from chalicelib.core.formats.times import Stamp
    from chalicelib.core.records import Value

_SHAPES_MAX: Final = 1024
_NANOS_MAX: Final = 10**9
_SCALARS: Final = frozenset((int, float, bool))
_new: Final = tuple.__new__
_of_word: Final = severity.of_word


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
        self._shapes: dict[tuple[str, ...], Shape | None] = {}

    def parse(self, text: str) -> Record | Reject:
        members: Any = self._read(text)
        kind = type(members)
        if kind is tuple:
            names, values = members
            return self._record(None, names, values)
        return members if kind is Reject else self._record(members, tuple(members), members.values())

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
            rank = _of_word(value) if type(value) is str else None
            if rank is not None:
                number, level_name = rank, name
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

    def _named(self, fields: Fields, shape: Shape) -> Fields:
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

    def _shape(self, names: tuple[str, ...]) -> Shape | None:
        """What names mean; None for those of another format."""
        if len(self._shapes) >= _SHAPES_MAX:
            self._shapes.clear()
        inner = self._objects.inner
        plain = names if inner is None else tuple(inner(names))
        shape = self._shapes[names] = shape_of(self._objects, plain, None if plain == names else plain)
        return shape

    def _moment(self, fields: Fields, name: str, time: Time) -> Stamp | None:
        past, second, clock = time
        if clock:
            stamp = self._times.of_text(" ".join([str(fields[part]) for part in (name, *clock)]))
            if stamp is not None:
                for part in clock:
                    del fields[part]
            return stamp
        value = fields[name]
        stamp = self._stamp_of(value) if past is None else self._times.of_moment(value, past=past)
        if stamp is None or second is None:
            return stamp
        nanos = fields[second]
        if type(nanos) is not int or not 0 <= nanos < _NANOS_MAX or "." in stamp[0]:
            return stamp
        del fields[second]
        return f"{stamp[0][:-1]}.{nanos:09}Z", stamp[1]


def _is_timed(members: Fields, times: tuple[tuple[str, Time | None], ...]) -> bool:
    return any(members[name] not in (None, "", "-") for name, _ in times)


def _is_word(value: Value) -> bool:
    return type(value) is str and severity.is_word(value)
