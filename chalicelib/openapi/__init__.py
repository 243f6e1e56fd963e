"""The HTTP API as OpenAPI 3.1 (https://spec.openapis.org/oas/v3.1.0): `GET /openapi.json`.

The only list of parameters, bodies and answers; tests compare the routes and their answers with it.
"""

from __future__ import annotations

from typing import Any, Final

from chalicelib.access import Role
from chalicelib.audit import ACTIONS
from chalicelib.openapi import dead_letters, entries, files, sql, statistics, traces, uploads
from chalicelib.openapi.dead_letters import LETTER, STORY, progress_of
from chalicelib.openapi.entries import RECORD, REJECT
from chalicelib.openapi.files import BATCH, FILE, INGESTED, RECEIPT
from chalicelib.openapi.sql import ASKED, QUERY
from chalicelib.openapi.statistics import SUM
from chalicelib.openapi.terms import (
    IN_PAGES,
    TEXT,
    TIME,
    WHEN,
    Schema,
    answer,
    nullable,
    object_of,
    operation,
    page_of,
)

ME: Final[Schema] = object_of(
    {
        "name": TEXT,
        "role": {"enum": [role.value for role in Role]},
        "queries": {"type": "boolean", "description": "whether there is a sink to query"},
    }
)
DEED: Final[Schema] = object_of(
    {
        "at": TIME,
        "who": TEXT,
        "way": {"enum": ["http", "froe"]},
        "action": {"enum": list(ACTIONS)},
        "subject": {"type": "object"},
        "result": nullable({"type": "object"}),
    }
)
SCHEMAS: Final[Schema] = {
    "File": FILE,
    "Receipt": RECEIPT,
    "Batch": BATCH,
    "Record": RECORD,
    "Reject": REJECT,
    "DeadLetter": LETTER,
    "DeadLetterStory": STORY,
    "Ingested": INGESTED,
    "Sum": SUM,
    "Deed": DEED,
    "Query": QUERY,
    "Asked": ASKED,
    "Redriven": progress_of("redriven"),
    "Discarded": progress_of("discarded"),
    "Error": {
        "description": "Of the application: Code and Message. Of the gateway, which guards it: message.",
        "anyOf": [object_of({"Code": TEXT, "Message": TEXT}), object_of({"message": TEXT}, more=True)],
    },
}
PATHS: Final[Schema] = {
    "/health": {
        "get": {
            "operationId": "health",
            "summary": "Whether the API answers; open to all",
            "security": [],
            "responses": {"200": answer("It does", object_of({"status": {"const": "ok"}}))},
        }
    },
    "/openapi.json": {
        "get": operation("openapi", "This description", {200: {"type": "object"}}),
    },
    "/me": {"get": operation("me", "Who asks, by the token, and in what role", {200: ME})},
    "/audit": {
        "get": operation(
            "audit",
            "Who had what done, newest first, by default from a year before the earlier of `to` and now; for the role administer",
            {200: page_of("Deed")},
            query={"from": WHEN, "to": WHEN, **IN_PAGES},
            refusals=(400,),
        )
    },
    **uploads.PATHS,
    **files.PATHS,
    **entries.PATHS,
    **traces.PATHS,
    **sql.PATHS,
    **statistics.PATHS,
    **dead_letters.PATHS,
}
_ETAG: Final[Schema] = {
    "ETag": {"description": "strong; of the bytes of the body", "schema": TEXT, "required": True}
}
for _methods in PATHS.values():
    if _read := _methods.get("get"):
        _read["responses"]["200"]["headers"] = _ETAG
        _read["responses"]["304"] = {"description": "It is as If-None-Match has it", "headers": _ETAG}
        _read.setdefault("parameters", []).append({"name": "If-None-Match", "in": "header", "schema": TEXT})


def description() -> dict[str, Any]:
    """The document."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Froe",
            "version": "1",
            "description": "What became of log files, line by line. A page ends at its limit and at 4 MB.",
        },
        "security": [{"token": []}],
        "paths": PATHS,
        "components": {
            "schemas": SCHEMAS,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }
