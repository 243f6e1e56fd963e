"""The HTTP routes of SQL over the sink."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from chalice.app import ConflictError, ForbiddenError, NotFoundError, Request, Response, TooManyRequestsError

from chalicelib.bodies import Body
from chalicelib.queries import NoQueryError, NoSinkError, NotYoursError, Queries, TooManyQueriesError
from chalicelib.routes import Asked, GetServices, asking, refusals
from chalicelib.statements import checked_sql


class _Query(Body):
    example = '{"sql": "select count(*) from records where file_format = \'json\'"}'


def table(services: GetServices, request: Request) -> dict[str, Any]:
    Asked(request)
    with _refusals():
        return _queries(services).table()


def start(services: GetServices, request: Request) -> Response:
    """202 with the query as it is. Who asked is in the audit trail, with the id that leads Athena to the statement: the trail
    itself, which is kept for good, has nothing of what a statement may contain of a log."""
    with _refusals():
        sql = checked_sql(_Query(request, "sql").text("sql"))
        queries = _queries(services)
        person = asking(request)
        subject = {"characters": len(sql)}
        with queries.place(person), services().audit.noted(person.name, "query", subject) as note:
            query = queries.start(person, sql)
            note["query_id"] = query["query_id"]
        return Response(query, status_code=202)


def queries(services: GetServices, request: Request) -> dict[str, Any]:
    """The caller's own, or all for who operates."""
    asked = Asked(request, "limit", "cursor")
    with _refusals():
        return _queries(services).listed(asking(request), limit=asked.limit, cursor=asked.text("cursor"))


def query(services: GetServices, request: Request, query_id: str) -> dict[str, Any]:
    asked = Asked(request, "limit", "cursor")
    with _refusals():
        return _queries(services).look(
            asking(request), query_id, limit=asked.limit, cursor=asked.text("cursor")
        )


def cancel(services: GetServices, request: Request, query_id: str) -> dict[str, Any]:
    """Who cancels what somebody else asked is in the audit trail."""
    person = asking(request)
    with _refusals():
        queries = _queries(services)
        query = queries.head(person, query_id)
        if query["by"] == person.name:
            return queries.stop(person, query_id)
        with services().audit.noted(
            person.name, "query-cancel", {"query_id": query_id, "of": query["by"]}
        ) as note:
            query = queries.stop(person, query_id)
            note["state"] = query["state"]
        return query


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
        except NotYoursError as error:
            raise ForbiddenError(error.reason) from error
        except NoQueryError as error:
            raise NotFoundError(error.reason) from error
        except TooManyQueriesError as error:
            raise TooManyRequestsError(error.reason) from error
