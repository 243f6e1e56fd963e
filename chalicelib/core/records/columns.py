"""Entries as columns: every record and reject is a row, every attribute a column of the narrowest type that fits.

Names are made for SQL: dots and all other characters except letters, digits and underscores become underscores. Names that
differ only by case, or that equal a column of every entry, get a number. Values that are not numbers, texts, booleans
or moments become JSON. Types are declared by the format (`Declared`), so that all files of a format have the same, or
are those of the values (`Names`). Memory: the rows of a chunk.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import orjson
from arro3.core import Array, DataType, Table

from chalicelib.core.records import Outcome, Record, Reject, Skip, Value
from chalicelib.core.records.segments import microseconds

ROWS: Final = 65_536
"""Rows per chunk."""
COLUMNS_MAX: Final = 500
"""How many attributes have columns of their own; the others are in `attributes`, as JSON."""

INTEGER: Final = "BIGINT"
NUMBER: Final = "DOUBLE"
BOOLEAN: Final = "BOOLEAN"
TEXT: Final = "VARCHAR"
MOMENT: Final = "TIMESTAMP"
BYTES: Final = "BLOB"

ENTRY: Final[Mapping[str, str]] = {
    "offset": INTEGER, "length": INTEGER, "lines": INTEGER, "kind": TEXT, "format": TEXT, "time": MOMENT,
    "time_assumed": TEXT, "severity_number": INTEGER, "severity_text": TEXT, "body": TEXT, "reason": TEXT, "raw": BYTES,
    "time_text": TEXT, "replaced": BOOLEAN,
}  # fmt: skip
"""Columns of every entry, with their types in SQL. time: UTC, in microseconds. time_text: the time as the log has it,
if microseconds cannot express it. replaced: whether bytes that are not of the charset are shown as U+FFFD."""
ALWAYS: Final[Mapping[str, str]] = {"file": TEXT, **ENTRY}
"""Columns that every log file has, which come first."""
STORED: Final[Mapping[str, str]] = {"file_id": TEXT, "batch_id": TEXT, **ENTRY}
"""Columns that every stored file has."""
REST: Final = "attributes"

_ARROW: Final = {
    INTEGER: DataType.int64(),
    NUMBER: DataType.float64(),
    BOOLEAN: DataType.bool(),
    TEXT: DataType.string(),
    BYTES: DataType.binary(),
}
_KINDS: Final = {int: INTEGER, float: NUMBER, bool: BOOLEAN, str: TEXT}
_INT_END: Final = 2**63
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_NOT_OF_NAMES: Final = re.compile(r"\W+")


def numbered(base: str, is_taken: Callable[[str], bool]) -> str:
    """The name, or the first of `base_2`, `base_3` … that is free."""
    name, number = base, 2
    while is_taken(name):
        name, number = f"{base}_{number}", number + 1
    return name


class Names:
    """Attributes and their columns, the same in all chunks. types: of the columns, if they are known before the values.
    fits: whether a value may be in the column of its attribute; None: all may."""

    def __init__(self) -> None:
        self.types: dict[str, str] = {}
        self.fits: Callable[[str, Value], bool] | None = None
        self._columns: dict[str, str | None] = {}
        self._taken = {*ALWAYS, *STORED, REST}

    def column_of(self, attribute: str, value: Value) -> str | None:  # noqa: ARG002
        """None if there are too many for it to have one of its own."""
        if attribute not in self._columns:
            self._columns[attribute] = self._new(attribute)
        return self._columns[attribute]

    @property
    def columns(self) -> Mapping[str, str | None]:
        """Each attribute with its column, in order of appearance."""
        return self._columns

    def _new(self, attribute: str) -> str | None:
        return None if len(self._columns) >= COLUMNS_MAX else self._named(attribute)

    def _named(self, attribute: str) -> str:
        base = _NOT_OF_NAMES.sub("_", attribute).strip("_") or "unnamed"
        name = numbered(base, lambda each: each.lower() in self._taken)
        self._taken.add(name.lower())
        return name


class Declared(Names):
    """Columns of the attributes that a format declares; values of another type are in `attributes`."""

    def __init__(self, types: Mapping[str, str]) -> None:
        super().__init__()
        self._columns = {attribute: self._named(attribute) for attribute in types}
        self.types = {self._columns[attribute] or "": kind for attribute, kind in types.items()}
        self._declared = types
        self.fits = self._fits

    @property
    def attributes(self) -> dict[str, str]:
        """Column → attribute."""
        return {column: attribute for attribute, column in self._columns.items() if column}

    def column_of(self, attribute: str, value: Value) -> str | None:
        return self._columns.get(attribute) if self._fits(attribute, value) else None

    def _fits(self, attribute: str, value: Value) -> bool:
        declared, kind = self._declared.get(attribute), _KINDS.get(type(value))
        if kind == INTEGER and not -_INT_END <= value < _INT_END:  # type: ignore[operator]
            return False
        return kind is not None and (kind == declared or (kind, declared) == (INTEGER, NUMBER))


class Chunk:
    """Rows to be written together. always: the columns that every row has, the last ones those of `ENTRY`."""

    def __init__(self, names: Names, always: Mapping[str, str] = ALWAYS) -> None:
        self._names = names
        self._types = always
        self._always: list[tuple[Any, ...]] = []
        self._attributes: dict[str, dict[int, Any]] = {}
        self._values: dict[str, dict[int, Any]] = {}
        self._rest: dict[int, dict[str, Any]] = {}

    @property
    def rows(self) -> int:
        return len(self._always)

    def add(self, named: Sequence[str], format_name: str, outcome: Outcome) -> None:
        """Add a row for a record or a reject; skipped bytes have none. named: what comes before the columns of `ENTRY`."""
        offset, length, lines, raw, result, replaced, own_format = outcome
        if isinstance(result, Skip):
            return
        if isinstance(result, Record):
            time, text = _moment(result.timestamp)
            number, known, fits = len(self._always), self._values, self._names.fits
            for name, value in result.attributes.items():
                if name in known and (fits is None or fits(name, value)):
                    known[name][number] = value
                else:
                    self._put(name, value)
            self._always.append(
                (
                    *named, offset, length, lines, "record", own_format or format_name, time, result.timestamp_assumed,
                    result.severity_number, result.severity_text, result.body, None, None, text, replaced,
                )
            )  # fmt: skip
        else:
            assert isinstance(result, Reject)
            row = (
                "reject",
                own_format or format_name,
                None,
                None,
                None,
                None,
                None,
                result.reason,
                raw,
                None,
                replaced,
            )
            self._always.append((*named, offset, length, lines, *row))

    def _put(self, attribute: str, value: Value) -> None:
        """Store the first value of an attribute in this chunk, or a value of an attribute without a column."""
        column = self._names.column_of(attribute, value)
        if column is None:
            self._rest.setdefault(self.rows, {})[attribute] = value
        else:
            self._values[attribute] = self._attributes.setdefault(column, {})
            self._values[attribute][self.rows] = value

    def table(self) -> tuple[Table, dict[str, str]]:
        """The rows, and the type of each column that occurs in them."""
        types = dict(self._types)
        columns = zip(*self._always, strict=True) if self._always else ((),) * len(types)
        arrays = [_array(list(values), kind) for kind, values in zip(types.values(), columns, strict=True)]
        for column, present in self._attributes.items():
            types[column] = self._names.types.get(column) or _type_of(present.values())
            arrays.append(self._spread(present, types[column]))
        if self._rest:
            types[REST] = TEXT
            arrays.append(self._spread(self._rest, TEXT))
        return Table.from_arrays(arrays, names=list(types)), types

    def _spread(self, present: Mapping[int, Any], kind: str) -> Array:
        values: list[Any] = [None] * self.rows
        for row, value in present.items():
            values[row] = value if kind is not TEXT or value is None or type(value) is str else as_text(value)
        return _array(values, kind)


def _moment(timestamp: str | None) -> tuple[int | None, str | None]:
    """Microseconds since 1970, and the text of the time if they do not reproduce it."""
    if timestamp is None:
        return None, None
    time = microseconds(timestamp.removesuffix("Z"))
    return time, None if time_of(time) == timestamp else timestamp


def time_of(time: int) -> str:
    """The text of a time in microseconds since 1970, in its usual form: without a fraction, or with three digits or
    six."""
    precision = "microseconds" if time % 1000 else "milliseconds" if time % 1_000_000 else "seconds"
    return (_EPOCH + timedelta(microseconds=time)).isoformat(timespec=precision).replace("+00:00", "Z")


def _array(values: Sequence[Any], kind: str) -> Array:
    if kind == MOMENT:
        return Array(values, DataType.int64()).cast(DataType.timestamp("us"))
    return Array(values, _ARROW[kind])


def _type_of(values: Any) -> str:
    """The narrowest type for all of the values."""
    kinds = {_KINDS.get(type(value), TEXT) for value in values if value is not None}
    if INTEGER in kinds and not all(-_INT_END <= value < _INT_END for value in values if type(value) is int):
        return TEXT
    return common_type(kinds)


def common_type(kinds: set[str]) -> str:
    """The type for several; TEXT for none."""
    if kinds == {INTEGER, NUMBER}:
        return NUMBER
    return next(iter(kinds)) if len(kinds) == 1 else TEXT


def as_text(value: Any) -> str:
    """The JSON of a value that is not a string."""
    try:
        return orjson.dumps(value).decode()
    except TypeError:  # an integer of more than 64 bits
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
