"""Rows of Parquet objects, changed as nobody should."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, TypeAlias

from arro3.core import Array, DataType, Table
from arro3.io import read_parquet, write_parquet

Columns: TypeAlias = dict[str, list[Any]]
"""Name → values of all rows; times are microseconds."""


def edited(data: bytes, change: Callable[[Columns], object]) -> bytes:
    """The object with other values. change: takes its columns, and changes them."""
    table = read_parquet(data).read_all()
    schema = table.schema
    moments = {name for name in schema.names if "Timestamp" in str(schema.field(name).type)}
    columns: Columns = {}
    for name in schema.names:
        column = table.column(name)
        columns[name] = (column.cast(DataType.int64()) if name in moments else column).to_pylist()
    change(columns)
    arrays = [
        Array(columns[name], DataType.int64()).cast(schema.field(name).type)
        if name in moments
        else Array(columns[name], schema.field(name).type)
        for name in schema.names
    ]
    stream = io.BytesIO()
    metadata = {name: value for name, value in schema.metadata_str.items() if name == "froe"}
    write_parquet(Table.from_arrays(arrays, schema=schema), stream, key_value_metadata=metadata)
    return stream.getvalue()


def edits(data: bytes) -> Iterator[tuple[str, Callable[[Columns], object]]]:
    """Name → a change of one row, or of one of its values."""
    columns: Columns = {}
    edited(data, columns.update)
    for name, values in columns.items():
        if (value := values[0]) is not None:
            yield f"{name} changed", partial(_put, name, _another(value))
            yield f"{name} gone", partial(_put, name, None)
        elif name == "body":
            yield f"{name} added", partial(_put, name, "x")
    yield "row gone", lambda columns: [values.pop(0) for values in columns.values()]
    yield "row doubled", lambda columns: [values.insert(0, values[0]) for values in columns.values()]
    yield "row doubled at the end", lambda columns: [values.append(values[0]) for values in columns.values()]


def _put(name: str, value: Any, columns: Columns) -> None:
    columns[name][0] = value


def _another(value: Any) -> Any:
    if isinstance(value, bool):
        return not value
    if isinstance(value, bytes):
        return value + b"x"
    return value + ("x" if isinstance(value, str) else 1)
