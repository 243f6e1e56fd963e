"""Lets the local AWS answer SQL over the sink by the engine of `froe query`, so that it sees what `froe query` sees.

The rows are those of the merged objects and of batches that wait to be merged, of one generation of each file; DuckDB
reads nothing of this machine but a copy of them. A query ends when it is stopped, or has run for as long as the API lets one
run. What is scanned counts as the whole objects. Limits: the SQL is DuckDB's; other tables, and statements of DDL, are
ministack's alone.
"""

from __future__ import annotations

import asyncio
import json
import tempfile
import time
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import duckdb

from chalicelib.core.records import parquet
from chalicelib.queries import SECONDS_MAX
from froe.querying import RECORDS, StoredTable

_CUTOFF: Final = "BytesScannedCutoffPerQuery"
_WAITING: Final = frozenset({"QUEUED", "RUNNING"})
_DML: Final = "DML"
_LOOK_SECONDS: Final = 0.1
_FOLDERS: Final = (parquet.RECORDS, parquet.BATCHES)

Row = Sequence["str | None"]


class SeveralStatementsError(Exception):
    """Athena takes one at a time, DuckDB takes them all."""


class ScannedTooMuchError(Exception):
    """The workgroup allows less."""


def ask_the_sink(athena: Any, glue: Any, s3: Any) -> None:
    """Have `ministack.services.athena` answer of the sink, and list queries newest first (the version is pinned)."""
    execute = athena._execute_query  # noqa: SLF001 - the version is pinned

    async def execute_on_the_sink(
        query_id: str, query: str, database: str, ddl: Any, catalog: Any = None
    ) -> None:
        table = glue._tables.get(f"{database}/{RECORDS}")  # noqa: SLF001 - as above
        if table is None or ddl is not None:
            await execute(query_id, query, database, ddl, catalog)
            return
        execution = athena._executions[query_id]  # noqa: SLF001 - as above
        group = athena._workgroups.get(execution["WorkGroup"], {})  # noqa: SLF001 - as above
        if execution["Status"]["State"] not in _WAITING:  # it was stopped before it began
            return
        begun = time.time()
        execution["Status"] |= {"State": "RUNNING", "SubmissionDateTime": begun}
        with tempfile.TemporaryDirectory(prefix="froe-athena-") as folder:
            bucket = urlsplit(table["StorageDescriptor"]["Location"]).netloc
            merged, waiting = (_copied(s3, bucket, each, Path(folder)) for each in _FOLDERS)
            rows_of = StoredTable(Path(folder), merged, waiting=waiting, confined=True)
            scanned = sum(path.stat().st_size for path in (*merged, *waiting))
            try:
                _check(scanned, group)
                answering = asyncio.create_task(
                    asyncio.to_thread(_answer, rows_of, query, athena._DUCKDB_TYPE_MAP)  # noqa: SLF001 - as above
                )
                while not (await asyncio.wait({answering}, timeout=_LOOK_SECONDS))[0]:
                    if time.time() - begun > SECONDS_MAX:
                        _end(execution, "CANCELLED", begun, reason=f"Query timeout after {SECONDS_MAX} s")
                    if execution["Status"]["State"] not in _WAITING:
                        rows_of.interrupt()  # again and again: it ends only a statement that has begun
                columns, types, rows = answering.result()
            except Exception as error:  # noqa: BLE001 - what is wrong with a query is its answer
                state = "CANCELLED" if isinstance(error, ScannedTooMuchError) else "FAILED"
                _end(execution, state, begun, reason=_reason(error))
                return
        execution |= {"_results": {"columns": columns, "rows": rows}, "_column_types": types}
        execution["Statistics"]["DataScannedInBytes"] = scanned
        _keep(s3, execution, columns, rows)
        _end(execution, "SUCCEEDED", begun)

    def list_newest_first(request: Mapping[str, Any]) -> Any:
        group = request.get("WorkGroup", "primary")
        executions = athena._executions.items()  # noqa: SLF001 - as above
        ids = [query_id for query_id, each in executions if each.get("WorkGroup") == group]
        return athena.json_response({"QueryExecutionIds": ids[::-1][: request.get("MaxResults", 50)]})

    athena._execute_query = execute_on_the_sink  # noqa: SLF001 - as above
    athena._list_query_executions = list_newest_first  # noqa: SLF001 - as above


def name_resources(actions: Any, athena: Any) -> None:
    """Have `ministack.core.iam_actions` name the workgroup where a request names only a query, and the catalog of a table."""
    resource_of = actions.extract_resource_arn

    def named(service: str, method: str, path: str, headers: Any, body: bytes, *rest: Any) -> Any:
        if service == "athena":
            asked = json.loads(body or b"{}")
            query_id = asked.get("QueryExecutionId") or next(iter(asked.get("QueryExecutionIds", ())), "")
            if execution := athena._executions.get(query_id):  # noqa: SLF001 - the version is pinned
                return athena._arn_workgroup(execution["WorkGroup"])  # noqa: SLF001 - as above
            if catalog := asked.get("CatalogName"):
                return athena._arn_datacatalog(catalog)  # noqa: SLF001 - as above
        return resource_of(service, method, path, headers, body, *rest)

    actions.extract_resource_arn = named


def _reason(error: Exception) -> str:
    """DuckDB's own words: which columns there are is for who asked to say."""
    cause = error.__cause__
    return str(cause if isinstance(cause, duckdb.Error) else error)[:2000]


def _check(scanned: int, group: Mapping[str, Any]) -> None:
    """ScannedTooMuchError where a workgroup has a bound, and this is more."""
    most = int(group.get("Configuration", {}).get(_CUTOFF, 0))
    if most and scanned > most:
        raise ScannedTooMuchError("Query cancelled! : Bytes scanned limit was exceeded")


def _copied(s3: Any, bucket: str, prefix: str, folder: Path) -> list[Path]:
    """The objects of a prefix, in folders as in the bucket."""
    objects = s3._buckets.get(bucket, {}).get("objects", {})  # noqa: SLF001 - as above
    paths = []
    for key in sorted(key for key in objects if key.startswith(prefix)):
        data = s3._get_object_data(bucket, key)  # noqa: SLF001 - as above
        if data is not None:
            path = folder / key
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
            paths.append(path)
    return paths


def _answer(
    table: StoredTable, query: str, types: Mapping[str, str]
) -> tuple[list[str], list[str], list[list[str | None]]]:
    if len(duckdb.extract_statements(query)) > 1:
        raise SeveralStatementsError("Only one sql statement is allowed.")
    answer = table.ask(query)
    kinds = [_type_of(kind, types) for kind in answer.types]
    return answer.columns, kinds, [[_text_of(value) for value in row] for row in answer]


def _type_of(kind: str, types: Mapping[str, str]) -> str:
    if kind.endswith("]"):
        return "array"
    return types.get(kind.partition("(")[0].strip(), "varchar")


def _text_of(value: Any) -> str | None:
    """As Athena writes it."""
    match value:
        case None:
            return None
        case bool():
            return str(value).lower()
        case datetime():
            return value.isoformat(sep=" ", timespec="milliseconds")
        case bytes():
            return value.hex(" ")
    return str(value)


def _keep(s3: Any, execution: Mapping[str, Any], columns: list[str], rows: list[list[str | None]]) -> None:
    """Put the answer where the workgroup keeps answers: of a query CSV, of another statement lines."""
    place = execution["ResultConfiguration"]
    if execution["StatementType"] == _DML:
        lines: list[Row] = [columns, *rows]
        text = "".join(map(_csv_line, lines))
    else:
        place["OutputLocation"] = place["OutputLocation"].removesuffix("csv") + "txt"
        text = "".join("\t".join(value or "" for value in row) + "\n" for row in rows)
    parts = urlsplit(place["OutputLocation"])
    data = text.encode("utf-8", "replace")
    s3._put_object(  # noqa: SLF001 - as above
        parts.netloc, parts.path.lstrip("/"), data, {"content-length": str(len(data))}
    )


def _csv_line(values: Row) -> str:
    """Every value is quoted, and NULL is nothing."""
    return (
        ",".join("" if value is None else '"{}"'.format(value.replace('"', '""')) for value in values) + "\n"
    )


def _end(execution: dict[str, Any], state: str, begun: float, reason: str = "") -> None:
    """One that was stopped meanwhile stays so."""
    status = execution["Status"]
    if status["State"] in _WAITING:
        status |= {"State": state, "StateChangeReason": reason}
    status["CompletionDateTime"] = time.time()
    took = int((time.time() - begun) * 1000)
    execution["Statistics"] |= {"EngineExecutionTimeInMillis": took, "TotalExecutionTimeInMillis": took}
