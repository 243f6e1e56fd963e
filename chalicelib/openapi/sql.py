"""SQL over the sink."""

from __future__ import annotations

from typing import Final

from chalicelib.openapi.terms import (
    COUNT,
    IN_PAGES,
    TEXT,
    TIME,
    Schema,
    nullable,
    object_of,
    operation,
    page_of,
    ref_to,
)
from chalicelib.query_runs import STATES
from chalicelib.statements import SQL_MAX_CHARS

_COLUMNS: Final[Schema] = {"type": "array", "items": object_of({"name": TEXT, "type": TEXT})}
QUERIED_TABLE: Final[Schema] = object_of({"table": TEXT, "columns": _COLUMNS})
_ASKED: Final[Schema] = {
    "query_id": TEXT,
    "by": nullable(TEXT) | {"description": "the name of the token that asked; null if that is not known"},
    "sql": TEXT,
    "state": {"enum": list(STATES)},
    "reason": nullable(TEXT),
    "submitted_at": TIME,
    "seconds": {"type": "number", "minimum": 0},
    "scanned_bytes": COUNT,
}
ASKED: Final[Schema] = object_of(_ASKED)
QUERY: Final[Schema] = object_of(
    {
        **_ASKED,
        "columns": nullable(_COLUMNS),
        "items": {"type": "array", "items": {"type": "array", "items": nullable(TEXT)}},
        "cursor": nullable(TEXT),
        "download": nullable(TEXT) | {"description": "an address of the whole answer, valid for 15 minutes"},
    }
)
PATHS: Final[Schema] = {
    "/queries": {
        "get": operation(
            "queries",
            "The queries of the last two days, newest first: the caller's own, or all for the roles operate and administer",
            {200: page_of("Asked")},
            query=IN_PAGES,
            refusals=(400, 409),
        ),
        "post": operation(
            "start_query",
            "Ask the sink in SQL (Athena's); the answer comes by the id",
            {202: ref_to("Query")},
            body=object_of({"sql": {"type": "string", "minLength": 1, "maxLength": SQL_MAX_CHARS}}),
            refusals=(400, 409, 415, 429),
        ),
    },
    "/queries/table": {
        "get": operation(
            "queried_table",
            "The table that is asked, with its columns",
            {200: QUERIED_TABLE},
            refusals=(409,),
        )
    },
    "/queries/{query_id}": {
        "get": operation(
            "query",
            "A query, and once it has SUCCEEDED the rows of its answer: values as texts, null for NULL",
            {200: ref_to("Query")},
            path={"query_id": TEXT},
            query=IN_PAGES,
            refusals=(400, 404, 409),
        ),
        "delete": operation(
            "cancel_query",
            "Cancel a query",
            {200: ref_to("Query")},
            path={"query_id": TEXT},
            refusals=(404, 409),
        ),
    },
}
