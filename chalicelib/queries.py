"""SQL over the sink by HTTP: a query is started, looked at and stopped, and its answer is read in pages.

Promise: a query is bounded in the bytes that it scans (by its workgroup), in its time and in their number, by token and in
all; its answer is for who asked it, and for who operates; one of any size is read in stretches of its file. What a query may
read is for the policy of the function that asks. Limits: the time is looked at when somebody looks, or asks the next query;
without either Athena's own bound (30 minutes) holds; of several tokens two that start at once may both be the last one.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from chalicelib.access import Person, Role
from chalicelib.core.errors import FroeError, ObjectGoneError
from chalicelib.core.wire.answers import RowTooLongError, csv_rows, lines_of
from chalicelib.core.wire.fields import quoted
from chalicelib.pages import BadQueryError, Page, bad_cursor, checked_limit, checked_offset
from chalicelib.query_runs import Asked, Column, KeepsAskers, ReadsAnswers, Run, RunsQueries, Stretch
from chalicelib.status_json import time_json

AT_ONCE_MAX: Final = 5
AT_ONCE_MAX_EACH: Final = 2
"""Of one token."""
PER_HOUR_MAX: Final = 50
"""Athena tells of no more in one call (https://docs.aws.amazon.com/athena/latest/APIReference/API_ListQueryExecutions.html)."""
PER_HOUR_MAX_EACH: Final = 20
SECONDS_MAX: Final = 600
_STRETCH_BYTES: Final = 4 * 1024 * 1024
_SIGNED_SECONDS: Final = 900
_ID: Final = re.compile(r"[0-9a-fA-F-]{1,128}")
_DIGEST_CHARS: Final = 8
_TAKEN: Final = "taken-"
"""How places begin, which are kept as queries are."""
_STARTS_FOR: Final = timedelta(minutes=1)
"""Longer than a request takes, and than Athena takes to list a query."""
_LONG_AGO: Final = datetime(2000, 1, 1, tzinfo=UTC)


class TooManyQueriesError(FroeError):
    """Others are running, or were asked within the hour."""


class NoQueryError(FroeError):
    """There is no such query."""


class NotYoursError(FroeError):
    """It belongs to another token."""


class NoSinkError(FroeError):
    """The stage has nothing to query."""


class Queries:
    """table: what its table is called."""

    def __init__(
        self,
        engine: RunsQueries,
        answers: ReadsAnswers,
        askers: KeepsAskers,
        now: Callable[[], datetime],
        table: str,
    ) -> None:
        self._engine, self._answers, self._askers = engine, answers, askers
        self._now = now
        self._table = table

    def table(self) -> dict[str, Any]:
        """What can be queried."""
        return {"table": self._table, "columns": _columns_json(self._engine.columns())}

    @contextmanager
    def place(self, person: Person) -> Iterator[None]:
        """A place for one query that starts in the block; TooManyQueriesError where others have to end first.

        It is taken before anybody looks whether there is one: of several at once that may be too many, none starts."""
        taken = Asked(f"{_TAKEN}{secrets.token_hex(8)}", person.name, self._now())
        self._askers.put(taken)
        try:
            self._check(taken)
            yield
        finally:
            with suppress(FroeError):  # within a minute it counts no more anyway
                self._askers.put(taken._replace(at=_LONG_AGO))

    def start(self, person: Person, sql: str) -> dict[str, Any]:
        """sql: checked. In a `place`."""
        query_id = self._engine.start(sql)
        try:
            self._askers.put(Asked(query_id, person.name, self._now()))
        except FroeError:  # it would belong to nobody, and count for nobody
            self._engine.stop(query_id)
            raise
        return self._json(self._known(query_id), person.name)

    def listed(self, person: Person, *, limit: int, cursor: str | None) -> dict[str, Any]:
        """The queries of the last days, newest first and without answers: the person's own, or all for who operates."""
        page = Page(min(checked_limit(limit), PER_HOUR_MAX))
        asked = sorted(self._askers.all(), key=lambda each: (each.at, each.query_id), reverse=True)
        asked = [
            each
            for each in asked
            if _ID.fullmatch(each.query_id) and (person.role is not Role.READ or each.who == person.name)
        ]
        at = 0
        if cursor:
            places = [each.query_id for each in asked]
            if cursor not in places:
                raise bad_cursor(cursor)
            at = places.index(cursor) + 1
        some = asked[at : at + min(limit, PER_HOUR_MAX)]
        runs = self._engine.runs([each.query_id for each in some]) if some else {}
        last = cursor
        for each in some:
            run = runs.get(each.query_id)
            if run and not page.add(self._head(run, each.who)):
                return page.listed(last)
            last = each.query_id
        return page.listed(last if at + len(some) < len(asked) else None)

    def head(self, person: Person, query_id: str) -> dict[str, Any]:
        """The query as it is, without its answer. NoQueryError, NotYoursError."""
        return self._json(*self._allowed(person, query_id))

    def look(self, person: Person, query_id: str, *, limit: int, cursor: str | None) -> dict[str, Any]:
        """The query as it is, with a page of its answer once there is one. NoQueryError, NotYoursError."""
        checked_limit(limit)
        offset = _offset(query_id, cursor) if cursor else 0
        run, who = self._allowed(person, query_id)
        if self._stopped_late(run):
            run = self._known(query_id)
        if run.state != "SUCCEEDED":
            return self._json(run, who)
        columns = self._engine.answer_columns(query_id)
        seen = self._json(run, who) | {"columns": _columns_json(columns)}
        return {
            **seen,
            **self._page(run, Page(limit, beside=seen), offset, len(columns)),
            "download": self._answers.signed(
                run.place, f"{query_id}.{'csv' if run.gives_rows else 'txt'}", _SIGNED_SECONDS
            ),
        }

    def stop(self, person: Person, query_id: str) -> dict[str, Any]:
        """The query, cancelled if it had not ended. NoQueryError, NotYoursError."""
        run, who = self._allowed(person, query_id)
        if not run.is_over:
            self._engine.stop(query_id)
            run = self._known(query_id)
        return self._json(run, who)

    def _check(self, taken: Asked) -> None:
        now, whose = self._now(), f"queries of {taken.who}"
        own = [
            each for each in self._askers.all() if each.who == taken.who and each.query_id != taken.query_id
        ]
        recent = {run.query_id: run for run in self._engine.recent(PER_HOUR_MAX)}
        running = {
            query_id for query_id, run in recent.items() if not run.is_over and not self._stopped_late(run)
        }
        starting = {
            each.query_id for each in own if each.at > now - _STARTS_FOR and each.query_id not in recent
        }
        own_running = len(starting) + sum(each.query_id in running for each in own)
        for count, most, those in (
            (own_running, AT_ONCE_MAX_EACH, whose),
            (len(running), AT_ONCE_MAX, "queries"),
        ):
            if count >= most:
                raise TooManyQueriesError(
                    f"{count} {those} are running: wait until one has ended, or cancel it (GET /queries lists them)"
                )
        self._check_hour([each.at for each in own], PER_HOUR_MAX_EACH, whose)
        self._check_hour([run.submitted_at for run in recent.values()], PER_HOUR_MAX, "queries")

    def _check_hour(self, times: Sequence[datetime], most: int, whose: str) -> None:
        """TooManyQueriesError where the hour has no room for another."""
        newest = sorted(times, reverse=True)[:most]
        free_at = newest[-1] + timedelta(hours=1) if len(newest) == most else None
        if free_at and free_at > self._now():
            raise TooManyQueriesError(
                f"{most} {whose} were asked within an hour: the next one may be asked at"
                f" {free_at.astimezone(UTC):%H:%M:%S} UTC"
            )

    def _allowed(self, person: Person, query_id: str) -> tuple[Run, str | None]:
        """The query and who asked it, for who may see it."""
        run = self._known(query_id)
        asked = self._askers.get(query_id)
        who = asked.who if asked else None
        if person.role is Role.READ and who != person.name:
            raise NotYoursError(
                f"the query {query_id} belongs to {who or 'another token'}: a token of the role read may see and"
                " cancel its own queries, which GET /queries lists"
            )
        return run, who

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
                    return page.listed(_cursor(run.query_id, end))
                if page.is_too_large:
                    raise _row_too_large()
                end += length
        except RowTooLongError:
            if not page.is_empty:
                return page.listed(_cursor(run.query_id, end))
            if end == offset:
                raise _row_too_large() from None
            return self._page(run, page, end, width)  # behind the header the row may have room
        return page.listed(None)

    def _json(self, run: Run, who: str | None) -> dict[str, Any]:
        return self._head(run, who) | {"columns": None, "items": [], "cursor": None, "download": None}

    def _head(self, run: Run, who: str | None) -> dict[str, Any]:
        reason = run.reason
        if run.state == "FAILED" or (run.state == "CANCELLED" and reason):
            reason = self._engine.explained(reason or f"the query is {run.state}")
        ended = run.completed_at if run.is_over else None
        return {
            "query_id": run.query_id,
            "by": who,
            "sql": run.sql,
            "state": run.state,
            "reason": reason if run.state in {"FAILED", "CANCELLED"} else None,
            "submitted_at": time_json(run.submitted_at),
            "seconds": round(max(((ended or self._now()) - run.submitted_at).total_seconds(), 0), 1),
            "scanned_bytes": run.scanned_bytes,
        }


def _cursor(query_id: str, offset: int) -> str:
    """Where a row begins in the answer, so that no other place, and no other answer's, passes for one."""
    digest = hashlib.sha256(f"{query_id}:{offset}".encode()).hexdigest()
    return f"{offset}-{digest[:_DIGEST_CHARS]}"


def _offset(query_id: str, cursor: str) -> int:
    offset = checked_offset(cursor.partition("-")[0])
    if cursor != _cursor(query_id, offset):
        raise bad_cursor(cursor)
    return offset


def _row_too_large() -> BadQueryError:
    return BadQueryError(
        f"a row of the answer is larger than {_STRETCH_BYTES:,} bytes, or than an answer has room for: select fewer"
        " columns, or parts of them, such as substr(body, 1, 1000)"
    )


def _rows(run: Run, stretch: Stretch, width: int) -> Iterator[tuple[list[str | None], int]]:
    if run.gives_rows:
        return csv_rows(stretch.data, is_last=stretch.is_last)
    return lines_of(stretch.data, width, is_last=stretch.is_last)


def _columns_json(columns: list[Column]) -> list[dict[str, str]]:
    return [column._asdict() for column in columns]
