"""SQL over log files: they are parsed into Parquet in a temporary folder, which DuckDB queries.

The table is called `log`. Memory: a chunk of rows, and what DuckDB uses, which spills to that folder.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import duckdb
from arro3.io import write_parquet

from chalicelib.core.ledger.generations import parted
from chalicelib.core.reading import Reading
from chalicelib.core.records import Outcome
from chalicelib.core.records.columns import ALWAYS, REST, ROWS, STORED, Chunk, Names, common_type
from chalicelib.core.wire.fields import FILE_ID
from chalicelib.statements import columns_near
from froe.errors import FroeError

LOG: Final = "log"
RECORDS: Final = "records"
"""What the table is called: of log files, and of what a stage has stored."""
_NO_COLUMN: Final = re.compile(
    r"Binder Error: (?:Referenced column \"([^\"]*)\"|Table .* does not have a column named \"([^\"]*)\")"
)
_NO_ROWS: Final = "(SELECT {} WHERE false)".format(
    ", ".join(map('NULL::{0[1]} AS "{0[0]}"'.format, [*STORED.items(), ("filename", "VARCHAR")]))
)
_PARTITIONED: Final = "SELECT * EXCLUDE (filename), {} AS file_format, {} AS date".format(
    *(f"regexp_extract(filename, '/format=([^/]*)/date=([^/]*)/[^/]*$', {group})" for group in (1, 2))
)
"""With the partition keys of the catalog, so that the same SQL may be asked here and in Athena."""
_ROWS_AT_ONCE: Final = 1000
_OUTPUTS: Final = {"parquet": "FORMAT parquet, COMPRESSION zstd", "csv": "FORMAT csv, HEADER"}


@dataclass(frozen=True, slots=True)
class Chunks:
    """Rows of files as Parquet. parts: each file with the types of its columns. columns: attribute → its column, in the
    order in which they came; None where there were too many."""

    parts: Sequence[tuple[Path, dict[str, str]]]
    columns: Mapping[str, str | None]


class Table(ABC):
    """Answers SQL over rows. folder: an empty one, for what memory has no room for; name: of the table. confined: SQL
    reads and writes no file outside of the folder."""

    def __init__(self, folder: Path, name: str, *, confined: bool = False) -> None:
        self._name = name
        self._folder = folder
        self._confined = confined

    @cached_property
    def _connection(self) -> duckdb.DuckDBPyConnection:
        spill = str(self._folder / "spill")
        connection = duckdb.connect(config={"python_enable_replacements": "false", "temp_directory": spill})
        if self._confined:
            connection.execute(f"SET allowed_directories = [{quoted(self._folder)}]")
            connection.execute("SET enable_external_access = false")
            connection.execute("SET lock_configuration = true")
        return connection

    def interrupt(self) -> None:
        """Have a statement that runs in another thread fail; one that has not begun yet goes on."""
        if "_connection" in self.__dict__:
            self._connection.interrupt()

    def ask(self, sql: str) -> Answer:
        """What the statement gives, over all rows there are by now. FroeError, which says what columns there are, where
        it is wrong."""
        known = self._prepared()
        return Answer(self._connection, self._statement(sql), known, self._name)

    def write(self, sql: str, path: Path, shape: str | None = None) -> None:
        """The same as a file. shape: `parquet` or `csv`, by default what its suffix says; FroeError for another, too."""
        options = _OUTPUTS.get(shape or path.suffix.removeprefix("."))
        if options is None:
            raise FroeError(f"{path} ends in neither .parquet nor .csv, the formats that can be written.")
        known, copied = self._prepared(), self._statement(sql).strip().rstrip(";")
        Answer(self._connection, f"COPY ({copied}\n) TO {quoted(path)} ({options})", known, self._name)

    @abstractmethod
    def _prepared(self) -> list[str]:
        """Make the view; gives its columns."""

    def _statement(self, sql: str) -> str:
        """What DuckDB is to answer."""
        return sql


class StoredTable(Table):
    """Rows of Parquet files of a sink. begin, end: bounds of their time, the second one excluded; rows without a time
    are outside of any bounds. waiting: files of batches, which are left out where the others have them, too."""

    def __init__(
        self,
        folder: Path,
        paths: Sequence[Path],
        begin: datetime | None = None,
        end: datetime | None = None,
        *,
        waiting: Sequence[Path] = (),
        confined: bool = False,
    ) -> None:
        super().__init__(folder, RECORDS, confined=confined)
        self._paths = paths
        self._waiting = waiting
        self._bounds = [
            f"time {comparison} TIMESTAMP '{bound.astimezone(UTC).replace(tzinfo=None).isoformat(sep=' ')}'"
            for comparison, bound in ((">=", begin), ("<", end))
            if bound
        ]

    def _prepared(self) -> list[str]:
        merged, waiting = _rows_of(self._paths), _rows_of(self._waiting)
        source = merged or waiting or _NO_ROWS
        if merged and waiting:
            new = f"FROM {waiting} WHERE batch_id NOT IN (SELECT DISTINCT batch_id FROM {merged})"  # noqa: S608
            source = f"(FROM {merged} UNION ALL BY NAME {new})"
        conditions = [*self._bounds, *self._of_generations(merged, waiting)]
        where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
        self._connection.execute(
            f"CREATE OR REPLACE VIEW {self._name} AS {_PARTITIONED} FROM {source}{where}"
        )
        described = self._connection.execute(f"DESCRIBE {self._name}").fetchall()
        return [str(name) for name, *_ in described]

    def _of_generations(self, merged: str, waiting: str) -> list[str]:
        """Conditions that leave one generation of each file. Of a file that is read again the rows of the new generation
        are merged only once it is current, and before those of the former one go: so it is the last one that is merged,
        or, where none is yet, the first one that waits."""
        file_lists = [self._files_in(merged), self._files_in(waiting)]
        newest = dict(reversed(file_lists[1])) | dict(
            file_lists[0]
        )  # of the pairs of one file the last one counts
        others = {pair for pair in file_lists[0] + file_lists[1] if pair[1] != newest[pair[0]]}
        listed = ", ".join(
            f"'{known}~{number}'" if number else f"'{known}'" for known, number in sorted(others)
        )
        return [f"file_id NOT IN ({listed})"] if listed else []

    def _files_in(self, rows: str) -> list[tuple[str, int]]:
        """Ids and generations, sorted."""
        if not rows:
            return []
        ids = self._connection.execute(f"SELECT DISTINCT file_id FROM {rows}").fetchall()  # noqa: S608
        return sorted(parted(file_id) for (file_id,) in ids if FILE_ID.fullmatch(file_id))


def _rows_of(paths: Sequence[Path]) -> str:
    files = ", ".join(map(quoted, paths))
    options = "union_by_name = true, hive_partitioning = false, filename = true"
    return f"read_parquet([{files}], {options})" if files else ""


class LogTable(Table):
    """Rows of log files, which are parsed into Parquet in its folder."""

    def __init__(self, folder: Path, name: str = LOG) -> None:
        super().__init__(folder, name)
        self._names = Names()
        self._chunk = Chunk(self._names)
        self._chunks: list[tuple[Path, dict[str, str]]] = []

    def add(self, file: str, format_name: str, outcome: Outcome) -> None:
        self._chunk.add((file,), format_name, outcome)
        if self._chunk.rows >= ROWS:
            self._write()

    def add_all(self, file: str, reading: Reading) -> None:
        for outcome in reading:
            self.add(file, reading.plan.format, outcome)

    def folder_for(self, number: int) -> Path:
        """An empty one within its own."""
        folder = self._folder / f"part-{number:06d}"
        folder.mkdir()
        return folder

    def chunks(self) -> Chunks:
        """All that was added by now."""
        self._write()
        return Chunks(self._chunks, self._names.columns)

    def adopt(self, chunks: Chunks) -> bool:
        """Add rows that another table has, as if each of them had been added here; False, and nothing added, where
        their columns would have other names here."""
        self._write()
        names = {attribute: self._names.column_of(attribute, None) for attribute in chunks.columns}
        if names != chunks.columns:
            return False
        self._chunks += chunks.parts
        return True

    def _prepared(self) -> list[str]:
        self._write()
        return self._make_view()

    def _write(self) -> None:
        if not self._chunk.rows:
            return
        table, types = self._chunk.table()
        path = self._folder / f"rows-{len(self._chunks):06d}.parquet"
        write_parquet(table, path, compression="zstd(1)")
        self._chunks.append((path, types))
        self._chunk = Chunk(self._names)

    def _make_view(self) -> list[str]:
        """One view over all chunks, whose types may differ; gives its columns."""
        kinds: dict[str, set[str]] = {name: {kind} for name, kind in ALWAYS.items()}
        for _, types in self._chunks:
            for name, kind in types.items():
                kinds.setdefault(name, set()).add(kind)
        unified = {name: common_type(each) for name, each in kinds.items()}
        if REST in unified:  # it comes last
            unified[REST] = unified.pop(REST)
        empty = ", ".join(f'NULL::{kind} AS "{name}"' for name, kind in unified.items())
        parts = [f"SELECT {empty} WHERE false", *self._parts(unified)]
        listed = ", ".join(f'"{name}"' for name in unified)
        self._connection.execute(
            f"CREATE OR REPLACE VIEW {self._name} AS SELECT {listed} FROM ({' UNION ALL BY NAME '.join(parts)})"  # noqa: S608
        )
        return list(unified)

    def _parts(self, unified: dict[str, str]) -> Iterator[str]:
        """A SELECT for the chunks that need the same casts."""
        groups: dict[tuple[str, ...], list[Path]] = {}
        for path, types in self._chunks:
            groups.setdefault(
                tuple(name for name, kind in types.items() if kind != unified[name]), []
            ).append(path)
        for casts, paths in groups.items():
            files = ", ".join(f"'{path}'" for path in paths)
            replaced = ", ".join(f'CAST("{name}" AS {unified[name]}) AS "{name}"' for name in casts)
            star = f"* REPLACE ({replaced})" if casts else "*"
            yield f"SELECT {star} FROM read_parquet([{files}], union_by_name = true)"  # noqa: S608


def quoted(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"


class Answer:
    """Rows of a statement, which are given once. columns: their names; types: DuckDB's; is_number: which of them are
    numbers."""

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, sql: str, known: Sequence[str], table: str
    ) -> None:
        self._connection = connection
        self._known, self._table = known, table
        with _explaining(known, table):
            connection.execute(sql)
        described = connection.description or []
        self.columns = [str(each[0]) for each in described]
        self.types = [str(each[1]) for each in described]
        self.is_number = [kind.partition("(")[0] in _NUMBERS for kind in self.types]

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        """FroeError where a value cannot be computed."""
        with _explaining(self._known, self._table):
            while rows := self._connection.fetchmany(_ROWS_AT_ONCE):
                yield from rows


@contextmanager
def _explaining(columns: Sequence[str], table: str) -> Iterator[None]:
    try:
        yield
    except duckdb.Error as error:
        raise FroeError(_explained(error, columns, table)) from error


_NUMBERS: Final = frozenset(
    ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "UHUGEINT",
     "FLOAT", "DOUBLE", "DECIMAL")
)  # fmt: skip


def _explained(error: duckdb.Error, columns: Sequence[str], table: str) -> str:
    message = str(error).strip()
    if unknown := _NO_COLUMN.match(message):
        return f"{message}\n{columns_near(columns, unknown[1] or unknown[2], table)}"
    if message.startswith("Catalog Error: Table"):
        return f"{message}\nThe only table is {table}."
    return message
