"""A batch as a Parquet object: every record and reject a row, and back.

The same batch always gives the same bytes under the same name, so that a repeat changes nothing. Which columns there
are, and of what types, depends on the format of the file alone; what else a record says is in `attributes`, as JSON.
Memory: the rows of one batch. https://parquet.apache.org/docs/file-format/
"""

from __future__ import annotations

import base64
import io
import json
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import lru_cache
from importlib.resources import files
from typing import Any, Final

import orjson
from arro3.core import DataType
from arro3.io import read_parquet, write_parquet

from chalicelib.core.columns import REST, STORED, Chunk, Declared, time_of
from chalicelib.core.records import Outcome, sort_key

_COMPRESSION: Final = "zstd(3)"
_ATTRIBUTES: Final = "froe.attributes"
"""Metadata of an object: column → attribute, as JSON."""
_ROWS_AT_ONCE: Final = 8192
_MAGIC: Final = b"PAR1"
_LONG_NUMBER: Final = re.compile("[0-9]{19}")
"""orjson has no integer of more than 64 bits."""
_SAME: Final = (
    "offset",
    "length",
    "lines",
    "kind",
    "format",
    "severity_text",
    "severity_number",
    "body",
    "reason",
)
"""Columns that are called as the attributes of items are."""


class UnreadableError(ValueError):
    """An object is none of a batch's."""


def object_key(format_name: str, last_modified: datetime, batch_id: str) -> str:
    """Where a batch is. format_name, last_modified: of its file."""
    return f"{folder_of(format_name, last_modified)}{batch_id}.parquet"


def folder_of(format_name: str, last_modified: datetime) -> str:
    return f"records/format={format_name}/date={last_modified:%Y-%m-%d}/"


@lru_cache(1)
def _declared() -> Mapping[str, Any]:
    found: dict[str, Any] = orjson.loads(files(__package__).joinpath("declared.json").read_bytes())
    return found


def declared_by(format_name: str) -> dict[str, str]:
    """Attribute → type in SQL; none of a format of the user's. An attribute has the same type in all formats."""
    types, formats = _declared()["types"], _declared()["formats"]
    return {attribute: types[attribute] for attribute in formats.get(format_name, ())}


@lru_cache(16)
def _columns_of(format_name: str) -> Declared:
    """They depend on nothing but the format, and every batch of it has them."""
    return Declared(declared_by(format_name))


class ParquetBatch:
    """The rows of one batch, which are added in the order of the text. format_name: of its file."""

    def __init__(self, *, file_id: str, batch_id: str, format_name: str) -> None:
        self._named = file_id, batch_id
        self._format_name = format_name
        self._columns = _columns_of(format_name)
        self._rows = Chunk(self._columns, STORED)

    def add(self, outcome: Outcome) -> None:
        """outcome: as it is stored."""
        self._rows.add(self._named, self._format_name, outcome)

    def data(self) -> bytes:
        """Of all rows; nothing may be added afterwards. A batch may have none."""
        table, types = self._rows.table()
        attributes = {name: each for name, each in self._columns.attributes.items() if name in types}
        stream = io.BytesIO()
        write_parquet(
            table,
            stream,
            compression=_COMPRESSION,
            key_value_metadata={_ATTRIBUTES: orjson.dumps(attributes).decode()},
        )
        return stream.getvalue()


def entries_of(data: bytes) -> Iterator[dict[str, Any]]:
    """The entries of an object as plain values, with a sort key, as the table's items have them. UnreadableError."""
    if not (data.startswith(_MAGIC) and data.endswith(_MAGIC)):
        raise UnreadableError("it does not begin and end as Parquet does")
    try:
        reader = read_parquet(data, batch_size=_ROWS_AT_ONCE)
        attributes: dict[str, str] = orjson.loads(reader.schema.metadata_str[_ATTRIBUTES])
        for batch in reader:
            columns = {name: batch.column(name) for name in batch.column_names}
            values = {name: column.to_pylist() for name, column in columns.items() if name != "time"}
            values["time"] = columns["time"].cast(DataType.int64()).to_pylist()
            for row in zip(*values.values(), strict=True):
                yield _entry(dict(zip(values, row, strict=True)), attributes)
    except Exception as error:  # arro3 raises it plain
        raise UnreadableError(str(error)) from error


def _entry(row: Mapping[str, Any], attributes: Mapping[str, str]) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "sk": sort_key(row["offset"]),
        "file_id": row["file_id"],
        "batch_id": row["batch_id"],
    }
    entry |= {name: row[name] for name in _SAME if row[name] is not None}
    if row["time"] is not None:
        entry["timestamp"] = row["time_text"] or time_of(row["time"])
    if row["time_assumed"] is not None:
        entry["timestamp_assumed"] = row["time_assumed"]
    if row["raw"] is not None:
        entry["raw"] = base64.b64encode(row["raw"]).decode()
    if row["replaced"]:
        entry["replaced"] = True
    found = {attribute: row[column] for column, attribute in attributes.items() if row[column] is not None}
    if row.get(REST) is not None:
        rest = row[REST]
        found |= json.loads(rest) if _LONG_NUMBER.search(rest) else orjson.loads(rest)
    if found:
        entry["attributes"] = found
    return entry
