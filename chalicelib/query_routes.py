"""The HTTP routes of SQL over the sink."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from chalice.app import ConflictError, NotFoundError, Request, Response, TooManyRequestsError

from chalicelib.bodies import Body
from chalicelib.queries import NoQueryError, NoSinkError, Queries, TooManyQueriesError, checked_sql
from chalicelib.routes import Asked, GetServices, asking, refusals


class _Query(Body):
    example = '{"sql": "select count(*) from records where file_format = \'json\'"}'


def table(services: GetServices) -> dict[str, Any]:
    with _refusals():
        return _queries(services).table()


def start(services: GetServices, request: Request) -> Response:
    """202 with the query as it is. Who asked is in the audit trail, with the id that leads Athena to the statement: the trail
    itself, which is kept for good, has nothing of what a statement may contain of a log."""
    with _refusals():
        sql = checked_sql(_Query(request, "sql").text("sql"))
        queries = _queries(services)
        with services().audit.noted(asking(request).name, "query", {"characters": len(sql)}) as note:
            query = queries.start(sql)
            note["query_id"] = query["query_id"]
        return Response(query, status_code=202)


def query(services: GetServices, request: Request, query_id: str) -> dict[str, Any]:
    asked = Asked(request, "limit", "cursor")
    with _refusals():
        return _queries(services).look(query_id, limit=asked.limit, cursor=asked.text("cursor"))


def cancel(services: GetServices, query_id: str) -> dict[str, Any]:
    with _refusals():
        return _queries(services).stop(query_id)


def _queries(services: GetServices) -> Queries:
    queries = services().queries
    if queries is None:
        raise NoSinkError(
            f"the stage {services().settings.stage} has no sink to query: deploy it with the parameter Sink=parquet;"
            " files that are opened from then on are in it"
        )
    return queries


@contextmanager
def _refusals() -> Iterator[None]:
    with refusals():
        try:
            yield
        except NoSinkError as error:
            raise ConflictError(error.reason) from error
        except NoQueryError as error:
            raise NotFoundError(error.reason) from error
        except TooManyQueriesError as error:
            raise TooManyRequestsError(error.reason) from error
