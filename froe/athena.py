"""SQL over the sink of a stage in Athena: the query runs in the workgroup of the stage, and its answer
becomes a table on this machine, so that it is printed and written like any other.

Limits: an answer is fetched in pages of 1,000 rows and kept on disk, typed if DuckDB has Athena's type, else
as text. Memory: a chunk of rows. https://docs.aws.amazon.com/athena/latest/APIReference/API_GetQueryResults.html
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any, Final, TypeAlias

from arro3.core import Array, DataType
from arro3.core import Table as Rows
from arro3.io import write_parquet

from chalicelib.aws.athena import Athena, Catalog
from chalicelib.core.errors import PermanentError
from chalicelib.core.records.columns import ROWS
from chalicelib.query_runs import Run
from chalicelib.statements import columns_near
from froe.errors import FroeError
from froe.querying import RECORDS, Table, quoted
from froe.terminal import steps

BYTES_MIN: Final = 10_000_000
"""Athena charges for as many at least, of a query that reads any."""
_POLL_SECONDS: Final = (0.2, 2.0)
_KINDS: Final[Mapping[str, str]] = {
    "boolean": "BOOLEAN",
    "tinyint": "TINYINT",
    "smallint": "SMALLINT",
    "integer": "INTEGER",
    "bigint": "BIGINT",
    "float": "FLOAT",
    "real": "FLOAT",
    "double": "DOUBLE",
    "date": "DATE",
    "timestamp": "TIMESTAMP",
}
"""Type in Athena → in DuckDB."""

Client: TypeAlias = Any
"""A low-level boto3 client, which has no static type."""
Say: TypeAlias = Callable[[str], object]
"""Is told of what is being done."""


class AthenaTable(Table):
    """Answers SQL where the records are, and says on standard error what it waits for. client: a low-level Athena client.

    scanned_bytes: what the last question read."""

    def __init__(self, folder: Path, client: Client, catalog: Catalog) -> None:
        super().__init__(folder, RECORDS)
        self._client = client
        self._athena = Athena(client, catalog, partial(columns_near, table=RECORDS))
        self._parts: list[Path] = []
        self.scanned_bytes = 0

    def _prepared(self) -> list[str]:
        return []

    def _statement(self, sql: str) -> str:
        """What gives the answer on this machine; Athena has answered by then."""
        try:
            with steps() as say:
                return self._asked(sql, say)
        except PermanentError as error:
            raise FroeError(error.reason) from error

    def _asked(self, sql: str, say: Say) -> str:
        query_id = self._athena.start(sql.strip().rstrip(";"))
        try:
            run = self._wait(query_id, say)
        except KeyboardInterrupt:
            self._athena.stop(query_id)
            raise
        pages = iter(self._client.get_paginator("get_query_results").paginate(QueryExecutionId=query_id))
        first = next(pages)
        described = first["ResultSet"]["ResultSetMetadata"]["ColumnInfo"]
        if not described:
            return "SELECT 'done' AS answer"
        rows = _rows(chain((first,), pages), len(described), say)
        if run.gives_rows:  # the first one has the names
            next(rows, None)
        self._keep(len(described), rows)
        columns = ", ".join(
            f"{_cast(number, each)} AS {_named(each)}" for number, each in enumerate(described)
        )
        files = ", ".join(map(quoted, self._parts))
        return f"SELECT {columns} FROM read_parquet([{files}])"  # noqa: S608

    def _wait(self, query_id: str, say: Say) -> Run:
        """The query once Athena has answered; FroeError where it did not."""
        pause, longest = _POLL_SECONDS
        while (run := self._athena.run(query_id)) and not run.is_over:
            say("Waiting in Athena's queue" if run.state == "QUEUED" else "Athena is reading the sink")
            time.sleep(pause)
            pause = min(pause * 1.5, longest)
        if run is None:
            raise FroeError(f"Athena knows nothing of the query {query_id} any more: ask again.")
        self.scanned_bytes = run.scanned_bytes
        if run.state != "SUCCEEDED":
            raise FroeError(self._athena.explained(run.reason or f"the query is {run.state}"))
        return run

    def _keep(self, width: int, rows: Iterator[tuple[str | None, ...]]) -> None:
        """Write the rows into the folder, all values as the texts that they came in."""
        self._parts, chunk = [], list[tuple[str | None, ...]]()
        for row in rows:
            chunk.append(row)
            if len(chunk) >= ROWS:
                self._write(width, chunk)
                chunk = []
        if chunk or not self._parts:
            self._write(width, chunk)

    def _write(self, width: int, rows: Sequence[tuple[str | None, ...]]) -> None:
        columns = list(zip(*rows, strict=True)) if rows else [()] * width
        path = self._folder / f"answer-{len(self._parts):06d}.parquet"
        arrays = [Array(list(values), DataType.string()) for values in columns]
        write_parquet(Rows.from_arrays(arrays, names=[f"c{number}" for number in range(width)]), path)
        self._parts.append(path)


def _rows(pages: Iterator[Any], width: int, say: Say) -> Iterator[tuple[str | None, ...]]:
    """A row of what is no query (`describe`) is one value, with tabs."""
    count = 0
    for page in pages:
        for row in page["ResultSet"]["Rows"]:
            values = [each.get("VarCharValue") for each in row["Data"]]
            if len(values) == 1 < width:
                values = [each.strip() for each in (values[0] or "").split("\t", width - 1)]
            count += 1
            yield (*values, *(None,) * (width - len(values)))
        say(f"Fetching the answer, {count:,} rows")


def _cast(number: int, column: Mapping[str, Any]) -> str:
    kind = column["Type"].lower()
    if kind == "varbinary":  # as `de ad be ef`
        return f"unhex(replace(c{number}, ' ', ''))"
    if kind == "decimal" and column.get("Precision"):
        return f"CAST(c{number} AS DECIMAL({column['Precision']}, {column.get('Scale', 0)}))"
    return f"CAST(c{number} AS {_KINDS[kind]})" if kind in _KINDS else f"c{number}"


def _named(column: Mapping[str, Any]) -> str:
    return '"{}"'.format(column["Name"].replace('"', '""'))
