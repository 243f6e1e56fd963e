"""SQL over the sink by HTTP: a query is started, looked at and stopped, and its answer is read in pages.

Promise: a query is bounded in the bytes that it scans (by its workgroup), in its time and in their number; an answer of
any size is read in stretches of its file. What a query may read is for the policy of the function that asks; that only
statements which read are started is for the sake of a clear refusal. Limits: the time is looked at when somebody looks, or
asks the next query; without either Athena's own bound (30 minutes) holds; two that start at once may both be the last one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple, Protocol

from chalicelib.core.errors import FroeError, ObjectGoneError
from chalicelib.core.wire.answers import RowTooLongError, csv_rows, lines_of
from chalicelib.core.wire.fields import quoted
from chalicelib.pages import BadQueryError, Page, checked_limit, checked_offset
from chalicelib.status_json import time_json

SQL_MAX_CHARS: Final = 50_000
AT_ONCE_MAX: Final = 3
PER_HOUR_MAX: Final = 50
"""Athena tells of no more in one call (https://docs.aws.amazon.com/athena/latest/APIReference/API_ListQueryExecutions.html)."""
SECONDS_MAX: Final = 600
STATEMENTS: Final = ("SELECT", "WITH", "EXPLAIN", "SHOW", "DESCRIBE")
STATES: Final = ("QUEUED", "RUNNING", "SUCCEEDED", "FAILED", "CANCELLED")
_WAITING: Final = frozenset(STATES[:2])
_STRETCH_BYTES: Final = 4 * 1024 * 1024
_SIGNED_SECONDS: Final = 900
_ID: Final = re.compile(r"[0-9a-fA-F-]{1,128}")
_BEFORE_THE_WORD: Final = re.compile(r"(?:\s++|--[^\n]*+(?:\n|$)|/\*.*?\*/|\()*+", re.DOTALL)
_WORD: Final = re.compile(r"[A-Za-z]*")


class TooManyQueriesError(FroeError):
    """Others are running, or were asked within the hour."""


class NoQueryError(FroeError):
    """There is no such query."""


class NoSinkError(FroeError):
    """The stage has nothing to query."""


class Column(NamedTuple):
    """type: Athena's."""

    name: str
    type: str


class Run(NamedTuple):
    """A query and what became of it. state: one of STATES. place: of its answer, `s3://…`. gives_rows: its answer is a
    table in CSV; otherwise lines."""

    query_id: str
    sql: str
    state: str
    reason: str | None
    submitted_at: datetime
    completed_at: datetime | None
    scanned_bytes: int
    place: str
    gives_rows: bool

    @property
    def is_over(self) -> bool:
        return self.state not in _WAITING


class Stretch(NamedTuple):
    """Bytes of a file; is_last: they reach to its end."""

    data: bytes
    is_last: bool


class RunsQueries(Protocol):
    def start(self, sql: str) -> str: ...

    def run(self, query_id: str) -> Run | None: ...

    def stop(self, query_id: str) -> None: ...

    def recent(self, most: int) -> list[Run]: ...

    def columns(self) -> list[Column]: ...

    def answer_columns(self, query_id: str) -> list[Column]: ...

    def explained(self, reason: str) -> str: ...


class ReadsAnswers(Protocol):
    def stretch(self, place: str, offset: int, most_bytes: int) -> Stretch: ...

    def signed(self, place: str, name: str, seconds: int) -> str: ...


class Queries:
    """table: what its table is called."""

    def __init__(
        self, engine: RunsQueries, answers: ReadsAnswers, now: Callable[[], datetime], table: str
    ) -> None:
        self._engine = engine
        self._answers = answers
        self._now = now
        self._table = table

    def table(self) -> dict[str, Any]:
        """What can be queried."""
        return {"table": self._table, "columns": _columns_json(self._engine.columns())}

    def start(self, sql: str) -> dict[str, Any]:
        """sql: checked. TooManyQueriesError where others have to end first."""
        recent = self._engine.recent(PER_HOUR_MAX)
        running = [run for run in recent if not run.is_over and not self._stopped_late(run)]
        if len(running) >= AT_ONCE_MAX:
            raise TooManyQueriesError(
                f"{len(running)} queries are running: wait until one has ended, or cancel it"
            )
        free_at = recent[-1].submitted_at + timedelta(hours=1) if len(recent) == PER_HOUR_MAX else None
        if free_at and free_at > self._now():
            raise TooManyQueriesError(
                f"{PER_HOUR_MAX} queries were asked within an hour: the next one may be asked at"
                f" {free_at.astimezone(UTC):%H:%M:%S} UTC"
            )
        return self._json(self._known(self._engine.start(sql)))

    def look(self, query_id: str, *, limit: int, cursor: str | None) -> dict[str, Any]:
        """The query as it is, with a page of its answer once there is one. NoQueryError."""
        page = Page(checked_limit(limit))
        offset = checked_offset(cursor) if cursor else 0
        run = self._known(query_id)
        if self._stopped_late(run):
            run = self._known(query_id)
        if run.state != "SUCCEEDED":
            return self._json(run)
        columns = self._engine.answer_columns(query_id)
        return self._json(run) | {
            "columns": _columns_json(columns),
            **self._page(run, page, offset, len(columns)),
            "download": self._answers.signed(
                run.place, f"{query_id}.{'csv' if run.gives_rows else 'txt'}", _SIGNED_SECONDS
            ),
        }

    def stop(self, query_id: str) -> dict[str, Any]:
        """The query, cancelled if it had not ended. NoQueryError."""
        run = self._known(query_id)
        if not run.is_over:
            self._engine.stop(query_id)
            run = self._known(query_id)
        return self._json(run)

    def _known(self, query_id: str) -> Run:
        run = self._engine.run(query_id) if _ID.fullmatch(query_id) else None
        if run is None:
            raise NoQueryError(f"no query {quoted(query_id)}: POST /queries starts one")
        return run

    def _stopped_late(self, run: Run) -> bool:
        """Whether it has run for too long, and so was stopped."""
        is_late = not run.is_over and self._now() - run.submitted_at > timedelta(seconds=SECONDS_MAX)
        if is_late:
            self._engine.stop(run.query_id)
        return is_late

    def _page(self, run: Run, page: Page, offset: int, width: int) -> dict[str, Any]:
        try:
            stretch = self._answers.stretch(run.place, offset, _STRETCH_BYTES)
        except ObjectGoneError as error:
            raise NoQueryError(
                f"the answer of the query {run.query_id} has expired, as answers do after a day: ask again"
            ) from error
        end = offset
        try:
            for row, length in _rows(run, stretch, width):
                is_header = run.gives_rows and end == 0
                if not is_header and not page.add(row):
                    return page.listed(str(end))
                end += length
        except RowTooLongError:
            if end == offset:
                raise BadQueryError(
                    f"a row of the answer is larger than {_STRETCH_BYTES:,} bytes: select fewer columns, or parts of"
                    " them, such as substr(body, 1, 1000)"
                ) from None
            return page.listed(str(end))
        return page.listed(None)

    def _json(self, run: Run) -> dict[str, Any]:
        reason = run.reason
        if run.state == "FAILED" or (run.state == "CANCELLED" and reason):
            reason = self._engine.explained(reason or f"the query is {run.state}")
        ended = run.completed_at if run.is_over else None
        return {
            "query_id": run.query_id,
            "sql": run.sql,
            "state": run.state,
            "reason": reason if run.state in {"FAILED", "CANCELLED"} else None,
            "submitted_at": time_json(run.submitted_at),
            "seconds": round(max(((ended or self._now()) - run.submitted_at).total_seconds(), 0), 1),
            "scanned_bytes": run.scanned_bytes,
            "columns": None,
            "items": [],
            "cursor": None,
            "download": None,
        }


def checked_sql(sql: str | None) -> str:
    """A statement that reads, without the semicolon at its end."""
    statement = (sql or "").strip().rstrip(";").strip()
    if not statement:
        raise BadQueryError(
            "sql is missing: give a statement such as select count(*) from records where file_format = 'json'"
        )
    if len(statement) > SQL_MAX_CHARS:
        raise BadQueryError(f"sql has {len(statement):,} characters: give at most {SQL_MAX_CHARS:,}")
    begin = _BEFORE_THE_WORD.match(statement)
    word = _WORD.match(statement, begin.end() if begin else 0)
    if word is None or word[0].upper() not in STATEMENTS:
        raise BadQueryError(
            f"sql begins with {quoted(word[0] if word and word[0] else statement[:20])}: give a statement that reads,"
            f" which begins with {', '.join(STATEMENTS[:-1])} or {STATEMENTS[-1]}"
        )
    return statement


def _rows(run: Run, stretch: Stretch, width: int) -> Iterator[tuple[list[str | None], int]]:
    if run.gives_rows:
        return csv_rows(stretch.data, is_last=stretch.is_last)
    return lines_of(stretch.data, width, is_last=stretch.is_last)


def _columns_json(columns: list[Column]) -> list[dict[str, str]]:
    return [column._asdict() for column in columns]
