"""Entries as columns: every record and reject a row, every attribute a column of the narrowest type that holds it.

Names are made for SQL: dots and whatever else is no letter, digit or underscore become underscores, and names that
differ by case alone, or are those of the columns that every entry has, get a number. What is no number, text, boolean
or moment is JSON. Memory: the rows of a chunk.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

import orjson
from arro3.core import Array, DataType, Table

from chalicelib.core.records import Outcome, Record, Reject, Skip
from chalicelib.core.segments import microseconds

ROWS: Final = 65_536
"""Of a chunk."""
COLUMNS_MAX: Final = 500
"""Attributes that have columns of their own; the others are in `attributes`, as JSON."""

INTEGER: Final = "BIGINT"
NUMBER: Final = "DOUBLE"
BOOLEAN: Final = "BOOLEAN"
TEXT: Final = "VARCHAR"
MOMENT: Final = "TIMESTAMP"
BYTES: Final = "BLOB"

ALWAYS: Final[Mapping[str, str]] = {
    "file": TEXT, "offset": INTEGER, "length": INTEGER, "lines": INTEGER, "kind": TEXT, "format": TEXT, "time": MOMENT,
    "time_assumed": TEXT, "severity_number": INTEGER, "severity_text": TEXT, "body": TEXT, "reason": TEXT, "raw": BYTES,
}  # fmt: skip
"""Columns of every entry, with their types in SQL. time: UTC, in microseconds."""
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
_NOT_OF_NAMES: Final = re.compile(r"[^0-9A-Za-z_]+")


class Names:
    """Attributes and the columns that they are in, the same in all chunks."""

    def __init__(self) -> None:
        self._columns: dict[str, str | None] = {}
        self._taken = {*ALWAYS, REST}

    def column_of(self, attribute: str) -> str | None:
        """None where there are too many to have one of its own."""
        if attribute not in self._columns:
            self._columns[attribute] = self._new(attribute)
        return self._columns[attribute]

    @property
    def columns(self) -> Mapping[str, str | None]:
        """Each attribute with its column, in the order in which they came."""
        return self._columns

    def _new(self, attribute: str) -> str | None:
        if len(self._columns) >= COLUMNS_MAX:
            return None
        base = _NOT_OF_NAMES.sub("_", attribute).strip("_") or "unnamed"
        name, number = base, 2
        while name.lower() in self._taken:
            name, number = f"{base}_{number}", number + 1
        self._taken.add(name.lower())
        return name


class Chunk:
    """Rows that are to be written together."""

    def __init__(self, names: Names) -> None:
        self._names = names
        self._always: list[tuple[Any, ...]] = []
        self._attributes: dict[str, dict[int, Any]] = {}
        self._values: dict[str, dict[int, Any]] = {}
        self._rest: dict[int, dict[str, Any]] = {}

    @property
    def rows(self) -> int:
        return len(self._always)

    def add(self, file: str, format_name: str, outcome: Outcome) -> None:
        """A row for a record or a reject, none for what is skipped."""
        offset, length, lines, raw, result, _, own_format = outcome
        if isinstance(result, Skip):
            return
        if isinstance(result, Record):
            time = None if result.timestamp is None else microseconds(result.timestamp.removesuffix("Z"))
            number, known = len(self._always), self._values
            for name, value in result.attributes.items():
                if name in known:
                    known[name][number] = value
                else:
                    self._put(name, value)
            self._always.append(
                (
                    file, offset, length, lines, "record", own_format or format_name, time, result.timestamp_assumed,
                    result.severity_number, result.severity_text, result.body, None, None,
                )
            )  # fmt: skip
        else:
            assert isinstance(result, Reject)
            row = ("reject", own_format or format_name, None, None, None, None, None, result.reason, raw)
            self._always.append((file, offset, length, lines, *row))

    def _put(self, attribute: str, value: Any) -> None:
        """The first value of an attribute in this chunk, or of one without a column."""
        column = self._names.column_of(attribute)
        if column is None:
            self._rest.setdefault(self.rows, {})[attribute] = value
        else:
            self._values[attribute] = self._attributes.setdefault(column, {})
            self._values[attribute][self.rows] = value

    def table(self) -> tuple[Table, dict[str, str]]:
        """The rows, and the type of each column that some of them have."""
        types = dict(ALWAYS)
        columns = zip(*self._always, strict=True) if self._always else ((),) * len(ALWAYS)
        arrays = [_array(list(values), types[name]) for name, values in zip(ALWAYS, columns, strict=True)]
        for column, present in self._attributes.items():
            types[column] = _type_of(present.values())
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


def _array(values: Sequence[Any], kind: str) -> Array:
    if kind == MOMENT:
        return Array(values, DataType.int64()).cast(DataType.timestamp("us"))
    return Array(values, _ARROW[kind])


def _type_of(values: Any) -> str:
    """The narrowest that holds them all."""
    kinds = {_KINDS.get(type(value), TEXT) for value in values if value is not None}
    if INTEGER in kinds and not all(-_INT_END <= value < _INT_END for value in values if type(value) is int):
        return TEXT
    return common_type(kinds)


def common_type(kinds: set[str]) -> str:
    """Of several; TEXT of none."""
    if kinds == {INTEGER, NUMBER}:
        return NUMBER
    return next(iter(kinds)) if len(kinds) == 1 else TEXT


def as_text(value: Any) -> str:
    """JSON of a value that is no text."""
    try:
        return orjson.dumps(value).decode()
    except TypeError:  # an integer of more than 64 bits
        return str(value)
