"""SQL in Athena: a query is started in a workgroup, looked at and stopped; its answer is a file in S3.

Limits: what Athena refuses or cannot answer is a sentence with its remedy, of whatever version of Athena: the remedy is
found by its words. https://docs.aws.amazon.com/athena/latest/APIReference/Welcome.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC
from typing import Any, Final
from urllib.parse import urlsplit

from botocore.exceptions import ClientError

from chalicelib.aws.errors import code_of, translated
from chalicelib.core.errors import PermanentError
from chalicelib.query_runs import Column, Run, Stretch

TABLE: Final = "records"
_CATALOG: Final = "AwsDataCatalog"
_REFUSED: Final = "InvalidRequestException"
_UNKNOWN_COLUMN: Final = re.compile(
    r"Column '?\"?([^'\" ]+)\"?'? cannot be resolved|COLUMN_NOT_FOUND|Referenced column \"([^\"]*)\""
)
_NO_PARTITION: Final = re.compile(r"injected projected partition column", re.IGNORECASE)
_SCANNED_TOO_MUCH: Final = re.compile(r"bytes scanned limit", re.IGNORECASE)
_NO_WORKGROUP: Final = re.compile(r"workgroup.*not found", re.IGNORECASE)
_BEYOND: Final = "InvalidRange"
"""S3's code where an object ends before a range."""


@dataclass(frozen=True, slots=True)
class Catalog:
    """Where Athena finds the sink of a stage. bound: the parameter that says what a query may scan."""

    stage: str
    by_api: bool = False

    @property
    def workgroup(self) -> str:
        """A point is in no name of a stage, so that no stage has the workgroup of another."""
        return f"froe-{self.stage}.api" if self.by_api else f"froe-{self.stage}"

    @property
    def bound(self) -> str:
        return "ApiQueryMaxBytes" if self.by_api else "QueryMaxBytes"

    @property
    def database(self) -> str:
        return f"froe_{self.stage.replace('-', '_')}"


class Athena:
    """client: a low-level Athena client. named: a sentence about the columns of the table, given another's name."""

    def __init__(self, client: Any, catalog: Catalog, named: Callable[[Sequence[str], str], str]) -> None:
        self._client = client
        self._catalog = catalog
        self._named = named

    def start(self, sql: str) -> str:
        """The id of the query. PermanentError where Athena refuses it, as the other calls."""
        with self._explaining("starting a query"):
            started = self._client.start_query_execution(
                QueryString=sql,
                QueryExecutionContext={"Catalog": _CATALOG, "Database": self._catalog.database},
                WorkGroup=self._catalog.workgroup,
            )
        return str(started["QueryExecutionId"])

    def run(self, query_id: str) -> Run | None:
        """None for a query that is not of the workgroup, or that Athena has forgotten."""
        try:
            with translated(f"looking at the query {query_id}"):
                execution = self._client.get_query_execution(QueryExecutionId=query_id)["QueryExecution"]
        except Exception as error:
            if code_of(error.__cause__ or error) == _REFUSED:  # type: ignore[arg-type]
                return None
            raise
        return (
            self._run_of(execution)
            if execution.get("WorkGroup", self._workgroup) == self._workgroup
            else None
        )

    def stop(self, query_id: str) -> None:
        with self._explaining(f"stopping the query {query_id}"):
            self._client.stop_query_execution(QueryExecutionId=query_id)

    def recent(self, most: int) -> list[Run]:
        """The last ones of the workgroup, newest first; most: at most 50."""
        with self._explaining("listing queries"):
            listed = self._client.list_query_executions(WorkGroup=self._workgroup, MaxResults=most)
        ids = listed.get("QueryExecutionIds", [])
        runs = self.runs(ids).values() if ids else ()
        return sorted(runs, key=lambda run: run.submitted_at, reverse=True)

    def runs(self, query_ids: Sequence[str]) -> dict[str, Run]:
        """Those that Athena knows of at most 50."""
        with self._explaining("looking at queries"):
            answer = self._client.batch_get_query_execution(QueryExecutionIds=list(query_ids))
        runs = map(self._run_of, answer["QueryExecutions"])
        return {run.query_id: run for run in runs}

    def columns(self) -> list[Column]:
        """Of the table, those of its partitions last."""
        with self._explaining(f"reading the columns of {TABLE}"):
            table = self._client.get_table_metadata(
                CatalogName=_CATALOG, DatabaseName=self._catalog.database, TableName=TABLE
            )["TableMetadata"]
        return [Column(each["Name"], each["Type"]) for each in (*table["Columns"], *table["PartitionKeys"])]

    def answer_columns(self, query_id: str) -> list[Column]:
        with self._explaining(f"reading the columns of the answer to {query_id}"):
            answer = self._client.get_query_results(QueryExecutionId=query_id, MaxResults=1)
        described = answer["ResultSet"]["ResultSetMetadata"]["ColumnInfo"]
        return [Column(each["Name"], each["Type"].lower()) for each in described]

    def explained(self, reason: str) -> str:
        """A sentence of Athena, or on the local AWS of DuckDB, with the remedy where one is known."""
        sentence = f"{' '.join(reason.split()).rstrip('.')}."
        if _NO_WORKGROUP.search(reason):
            return f"{sentence} The workgroup is there while the stage has Sink=parquet: set it and deploy."
        if _NO_PARTITION.search(reason):
            return f"{sentence} Say which formats of files are asked: WHERE file_format = 'access_combined', or IN (…)."
        if _SCANNED_TOO_MUCH.search(reason):
            return (
                f"{sentence} Ask fewer days (WHERE date >= '2026-11-01'), or raise the parameter"
                f" {self._catalog.bound}."
            )
        if unknown := _UNKNOWN_COLUMN.search(reason):
            name = next(filter(None, unknown.groups()), "")
            return f"{sentence} {self._named([column.name for column in self.columns()], name)}"
        return sentence

    @property
    def _workgroup(self) -> str:
        return self._catalog.workgroup

    def _run_of(self, execution: Mapping[str, Any]) -> Run:
        status = execution["Status"]
        return Run(
            query_id=execution["QueryExecutionId"],
            sql=execution.get("Query", ""),
            state=status["State"],
            reason=status.get("StateChangeReason") or None,
            scanned_bytes=execution.get("Statistics", {}).get("DataScannedInBytes", 0),
            place=execution.get("ResultConfiguration", {}).get("OutputLocation", ""),
            gives_rows=execution.get("StatementType") == "DML",
            submitted_at=status["SubmissionDateTime"].astimezone(UTC),
            completed_at=ended.astimezone(UTC) if (ended := status.get("CompletionDateTime")) else None,
        )

    @contextmanager
    def _explaining(self, doing: str) -> Iterator[None]:
        try:
            with translated(doing):
                yield
        except Exception as error:
            cause = error.__cause__
            if isinstance(cause, ClientError) and code_of(cause) == _REFUSED:
                message = cause.response["Error"].get("Message", "")
                raise PermanentError(self.explained(message)) from cause
            raise


class S3Answers:
    """The files of answers. client: a low-level S3 client that signs addresses."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def stretch(self, place: str, offset: int, most_bytes: int) -> Stretch:
        """Bytes of a file (`s3://bucket/key`) from an offset on; ObjectGoneError where it has expired."""
        try:
            with translated(f"reading the answer {place}"):
                answer = self._client.get_object(
                    **_parts(place), Range=f"bytes={offset}-{offset + most_bytes - 1}"
                )
                data = bytes(answer["Body"].read())
        except Exception as error:
            if isinstance(error.__cause__, ClientError) and code_of(error.__cause__) == _BEYOND:
                return Stretch(b"", is_last=True)
            raise
        size = int(answer.get("ContentRange", "").rpartition("/")[2] or len(data))
        return Stretch(data, is_last=offset + len(data) >= size)

    def signed(self, place: str, name: str, seconds: int) -> str:
        """An address at which anybody who knows it may download the file under that name, for so long."""
        with translated(f"signing the address of {place}"):
            return str(
                self._client.generate_presigned_url(
                    "get_object",
                    Params={**_parts(place), "ResponseContentDisposition": f'attachment; filename="{name}"'},
                    ExpiresIn=seconds,
                )
            )


def _parts(place: str) -> dict[str, str]:
    parts = urlsplit(place)
    return {"Bucket": parts.netloc, "Key": parts.path.removeprefix("/")}
