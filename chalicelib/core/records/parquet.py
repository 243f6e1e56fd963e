"""A batch as a Parquet object: every record and reject a row, and back; and many batches merged into one object.

The same batch always gives the same bytes under the same name, so that a repeat changes nothing, and the same batches
always give the same merged object. Which columns there are, and of what types, depends on the format of the file alone;
what else a record says is in `attributes`, as JSON. The rows of a batch lie together, batches in the order of their ids.
Memory: the rows of one batch, and of merged ones their bytes. https://parquet.apache.org/docs/file-format/
"""

from __future__ import annotations

import base64
import io
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from functools import lru_cache
from heapq import merge
from importlib.resources import files
from itertools import chain, groupby
from operator import itemgetter
from typing import Any, Final, TypeAlias

import orjson
from arro3.core import Array, DataType, Field, RecordBatch, RecordBatchReader, Schema
from arro3.io import read_parquet, write_parquet

from chalicelib.core.records import Outcome, sort_key
from chalicelib.core.records.columns import REST, STORED, Chunk, Declared, time_of

_COMPRESSION: Final = "zstd(3)"
_METADATA: Final = "froe"
"""A JSON object under a single key, since the writer puts several in any order. `attributes`: column → attribute.
`rewritten`: how often rows were removed, so that the bytes never equal an earlier state."""
BATCHES: Final = "batches/"
"""Where batches wait to be merged; no engine looks there."""
RECORDS: Final = "records/"
"""Where merged objects are: the table of the catalog."""
_HYPHENS_OF_BATCH: Final = 2
"""In an id; a merged object is named after a split."""
_ROWS_AT_ONCE: Final = 8192
_ROWS_OF_GROUP: Final = 131_072
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
"""Columns that have the same names as attributes of items."""
_READ_OTHERWISE: Final = {"time", "time_text", "replaced"}
"""Columns that an engine reads and entries do not have whole."""


Pieces: TypeAlias = "Iterator[tuple[str, RecordBatch]]"
"""Batch id → some of its rows, by rising ids."""


class UnreadableError(ValueError):
    """The object is not a batch's."""


def partition_of(format_name: str, last_modified: datetime) -> str:
    """The folder for a day's files of a format, below `BATCHES` and `RECORDS`. format_name, last_modified: of the file."""
    return f"format={format_name}/date={last_modified:%Y-%m-%d}/"


def object_key(format_name: str, last_modified: datetime, batch_id: str) -> str:
    """Where a batch waits to be merged. format_name, last_modified: of its file."""
    return f"{BATCHES}{partition_of(format_name, last_modified)}{batch_id}.parquet"


def former_key(format_name: str, last_modified: datetime, batch_id: str) -> str:
    """Where earlier versions put a batch that is not merged: in the table."""
    return object_key(format_name, last_modified, batch_id).replace(BATCHES, RECORDS, 1)


def former_batches(folder: str, keys: Callable[[str], Iterable[str]]) -> set[str]:
    """Ids of the batches of a folder that earlier versions put into the table, by the prefixes of their keys."""
    names = (
        key.rpartition("/")[2].removesuffix(".parquet") for key in keys(folder.replace(BATCHES, RECORDS, 1))
    )
    return {name for name in names if name.count("-") == _HYPHENS_OF_BATCH}


def merged_key(folder: str, file_id: str, split: int) -> str:
    """The object named after this split, the first of those whose batches were in this folder."""
    return f"{RECORDS}{folder.removeprefix(BATCHES)}{file_id}-{split:06d}.parquet"


@lru_cache(1)
def _declared() -> Mapping[str, Any]:
    declared: dict[str, Any] = orjson.loads(files(__package__).joinpath("declared.json").read_bytes())
    return declared


def declared_by(format_name: str) -> dict[str, str]:
    """Attribute → type in SQL; empty for a user's format. An attribute has the same type in all formats."""
    types, formats = _declared()["types"], _declared()["formats"]
    return {attribute: types[attribute] for attribute in formats.get(format_name, ())}


@lru_cache(16)
def _columns_of(format_name: str) -> Declared:
    """They depend on the format alone, and every batch of it has them."""
    return Declared(declared_by(format_name))


class ParquetBatch:
    """The rows of one batch, added in the order of the text. format_name: of its file."""

    def __init__(self, *, file_id: str, batch_id: str, format_name: str) -> None:
        self._named = file_id, batch_id
        self._format_name = format_name
        self._columns = _columns_of(format_name)
        self._rows = Chunk(self._columns, STORED)

    def add(self, outcome: Outcome) -> None:
        """outcome: as it is stored."""
        self._rows.add(self._named, self._format_name, outcome)

    def data(self) -> bytes:
        """The object with all rows; nothing may be added afterwards. A batch may have none."""
        table, types = self._rows.table()
        attributes = {name: each for name, each in self._columns.attributes.items() if name in types}
        stream = io.BytesIO()
        write_parquet(
            table,
            stream,
            compression=_COMPRESSION,
            key_value_metadata=_metadata(attributes, 0),
        )
        return stream.getvalue()


def entries_of(data: bytes, *, with_columns: bool = False) -> Iterator[dict[str, Any]]:
    """The entries of an object as plain values, with a sort key, like the items of the table. Raises UnreadableError.

    with_columns: as for `batches_of`."""
    for _, entries in batches_of(data, with_columns=with_columns):
        yield from entries


def batches_of(data: bytes, *, with_columns: bool = False) -> Iterator[tuple[str, Iterator[dict[str, Any]]]]:
    """Batch id → its entries, by rising ids. Read them before the next batch, or skip them at little cost.

    with_columns: each entry has `columns`, with what an engine reads of its row and the entry does not have."""
    attributes = _metadata_of(data)["attributes"]
    entries = _entries_and_columns if with_columns else _entries
    for batch_id, pieces in groupby(_pieces(data), itemgetter(0)):
        yield batch_id, chain.from_iterable(entries(rows, attributes) for _, rows in pieces)


def merged(batches: Mapping[str, bytes], old: bytes | None = None, gone: tuple[str, ...] = ()) -> bytes:
    """One object of the batches (batch id → object) and of those that only the old merged object has, without batches
    whose ids begin as `gone` says. Raises UnreadableError."""
    new = chain.from_iterable(_pieces(batches[batch_id]) for batch_id in sorted(batches))
    if old is None:
        return _written(batches.values(), new, 0)
    others = _pieces(old, lambda batch_id: batch_id not in batches and not batch_id.startswith(gone))
    return _written(
        [*batches.values(), old], merge(new, others, key=itemgetter(0)), _metadata_of(old)["rewritten"]
    )


def without(data: bytes | None, begins: str) -> bytes:
    """A merged object without the batches whose ids begin so; an empty one if nothing is left. Its bytes never equal an
    earlier state. Raises UnreadableError."""
    if data is None:
        data = ParquetBatch(file_id="", batch_id="", format_name="").data()
    left = _pieces(data, lambda batch_id: not batch_id.startswith(begins))
    return _written([data], left, _metadata_of(data)["rewritten"] + 1)


def _written(parts: Iterable[bytes], pieces: Pieces, rewritten: int) -> bytes:
    """The pieces, with all columns of the parts."""
    columns: dict[str, Field] = {}
    attributes: dict[str, str] = {}
    for part in parts:
        attributes |= _metadata_of(part)["attributes"]
        schema = read_parquet(part).schema
        columns |= {name: schema.field(name).remove_metadata() for name in schema.names}
    always = [name for name in columns if name in STORED]
    names = [*always, *sorted(attributes), *(name for name in columns if name == REST)]
    schema = Schema([columns[name] for name in names])
    rows = RecordBatchReader.from_batches(schema, (_widened(rows, schema) for _, rows in pieces))
    stream = io.BytesIO()
    metadata = _metadata(attributes, rewritten)
    try:
        write_parquet(
            rows,
            stream,
            compression=_COMPRESSION,
            max_row_group_size=_ROWS_OF_GROUP,
            key_value_metadata=metadata,
        )
    except Exception as error:  # arro3 raises it plain
        raise UnreadableError(str(error)) from error
    return stream.getvalue()


def _widened(rows: RecordBatch, schema: Schema) -> RecordBatch:
    present = set(rows.column_names)
    arrays = [
        rows.column(name) if name in present else Array([None] * rows.num_rows, schema.field(name).type)
        for name in schema.names
    ]
    return RecordBatch.from_arrays(arrays, schema=schema)


def _pieces(data: bytes, chosen: Callable[[str], bool] = bool) -> Pieces:
    """The rows of each chosen batch."""
    _check(data)
    try:
        for rows in read_parquet(data, batch_size=_ROWS_AT_ONCE):
            start = 0
            for batch_id, run in groupby(_batch_ids(rows)):
                length = sum(1 for _ in run)
                if chosen(batch_id):
                    yield batch_id, rows.slice(start, length)
                start += length
    except Exception as error:  # arro3 raises it plain
        raise UnreadableError(str(error)) from error


def _batch_ids(rows: RecordBatch) -> list[str]:
    ids: list[str] = rows.column("batch_id").to_pylist()
    if None in ids:
        raise UnreadableError("a row names no batch")
    return ids


def _check(data: bytes) -> None:
    if not (data.startswith(_MAGIC) and data.endswith(_MAGIC)):
        raise UnreadableError("it does not begin and end as Parquet does")


def _metadata(attributes: Mapping[str, str], rewritten: int) -> dict[str, str]:
    metadata = {"attributes": attributes, "rewritten": rewritten}
    return {_METADATA: orjson.dumps(metadata, option=orjson.OPT_SORT_KEYS).decode()}


def _metadata_of(data: bytes) -> Mapping[str, Any]:
    _check(data)
    try:
        metadata: dict[str, Any] = orjson.loads(read_parquet(data).schema.metadata_str[_METADATA])
    except Exception as error:  # as above
        raise UnreadableError(str(error)) from error
    return metadata


def _entries(rows: RecordBatch, attributes: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    return (_entry(row, attributes) for row in _rows(rows))


def _entries_and_columns(rows: RecordBatch, attributes: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    known = (STORED.keys() - _READ_OTHERWISE) | attributes.keys() | {REST}
    for row in _rows(rows):
        columns = {name: value for name, value in row.items() if name not in known and value is not None}
        yield _entry(row, attributes) | {"columns": columns}


def _rows(rows: RecordBatch) -> Iterator[dict[str, Any]]:
    columns = {name: rows.column(name) for name in rows.column_names}
    values = {name: column.to_pylist() for name, column in columns.items() if name != "time"}
    values["time"] = columns["time"].cast(DataType.int64()).to_pylist()
    if None in values["offset"]:
        raise UnreadableError("a row has no offset")
    for row in zip(*values.values(), strict=True):
        yield dict(zip(values, row, strict=True))


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
    values = {attribute: row[column] for column, attribute in attributes.items() if row[column] is not None}
    if row.get(REST) is not None:
        rest = row[REST]
        try:
            values |= json.loads(rest) if _LONG_NUMBER.search(rest) else orjson.loads(rest)
        except (TypeError, ValueError) as error:
            raise UnreadableError("the attributes of a row are no object in JSON") from error
    if values:
        entry["attributes"] = values
    return entry
