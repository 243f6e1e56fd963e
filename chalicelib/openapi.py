"""The HTTP API as OpenAPI 3.1 (https://spec.openapis.org/oas/v3.1.0): `GET /openapi.json`.

The only list of parameters, bodies and answers; tests compare the routes and their answers with it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from chalicelib.attention import DEFAULT_LIMIT as MOST_URGENT
from chalicelib.attention import MAX_LIMIT as MOST_URGENT_MAX
from chalicelib.conditions import CONDITION_MAX_CHARS, CONDITIONS_MAX
from chalicelib.core.ledger.accounts import State
from chalicelib.core.ledger.letters import LetterState
from chalicelib.core.wire.fields import NAME_MAX_CHARS
from chalicelib.pages import DEFAULT_LIMIT, MAX_LIMIT
from chalicelib.questions import TEXT_MAX_CHARS, TIMES
from chalicelib.record_sums import DEFAULT_BUCKETS, MAX_BUCKETS
from chalicelib.schemas import (
    ATTENTION,
    COUNT,
    HISTOGRAM,
    ID_OF_FILE,
    ME,
    QUERIED_TABLE,
    REASONS_OF_REJECTS,
    SCHEMAS,
    STATISTICS,
    TEXT,
    TIME,
    TRACE,
    Schema,
    object_of,
    page_of,
    ref_to,
)
from chalicelib.statements import SQL_MAX_CHARS
from chalicelib.status_json import BATCH_STATES
from chalicelib.trace_status import DEFAULT_BATCHES, MAX_BATCHES
from chalicelib.uploads import ETAG_MAX_CHARS, ID_MAX_CHARS, PARTS_MAX, SIZE_MAX

_LIMIT: Final[Schema] = {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": DEFAULT_LIMIT}
_WHEN: Final[Schema] = {
    "type": "string",
    "description": "ISO 8601; without a zone it is UTC",
    "format": "date-time",
}
_SOUGHT: Final[Schema] = {
    "type": "string",
    "description": "text that the body or an attribute contains, in any case",
    "maxLength": TEXT_MAX_CHARS,
}
_SEVERITY: Final[Schema] = {
    "description": "the lowest severity: a name, or a number of the OpenTelemetry log data model",
    "anyOf": [
        {"enum": ["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"]},
        {"type": "integer", "minimum": 1, "maximum": 24},
    ],
}
_WHERE: Final[Schema] = {
    "type": "array",
    "description": "FIELD=VALUE, or with !=, <, <=, >, >= or ~ (contains); all of them hold",
    "items": {"type": "string", "maxLength": CONDITION_MAX_CHARS},
    "maxItems": CONDITIONS_MAX,
}
_IN_PAGES: Final[Schema] = {"limit": _LIMIT, "cursor": TEXT}
_DECISION: Final[Schema] = {
    "by": {"type": "string", "minLength": 1, "maxLength": 100},
    "why": {"type": "string", "minLength": 1, "maxLength": 500},
}
_SELECTION: Final[Schema] = {
    "ids": {"type": "array", "items": TEXT, "minItems": 1, "maxItems": 1000},
    "file": ID_OF_FILE,
    "reason": {"type": "string", "minLength": 1},
    "all": {"type": "boolean"},
    "from": _WHEN,
    "to": _WHEN,
    "cursor": TEXT,
}
_PER_SECOND: Final[Schema] = {"type": "number", "minimum": 1, "maximum": 1000, "default": 50}
_KEY: Final[Schema] = {"type": "string", "minLength": 1, "maxLength": NAME_MAX_CHARS}
_UPLOAD: Final[Schema] = {
    "key": _KEY,
    "upload_id": {"type": "string", "minLength": 1, "maxLength": ID_MAX_CHARS},
}
_PARTS: Final[Schema] = {
    "type": "array",
    "minItems": 1,
    "maxItems": PARTS_MAX,
    "items": object_of(
        {
            "number": {"type": "integer", "minimum": 1, "maximum": PARTS_MAX},
            "etag": {"type": "string", "minLength": 1, "maxLength": ETAG_MAX_CHARS},
        }
    ),
}
_WHOLE: Final[Schema] = object_of(
    {
        "key": TEXT,
        "expires_at": TIME,
        "method": {"const": "PUT"},
        "url": TEXT,
        "headers": {"type": "object"},
    }
)
_IN_PARTS: Final[Schema] = object_of(
    {
        "key": TEXT,
        "expires_at": TIME,
        "upload_id": TEXT,
        "part_bytes": COUNT,
        "parts": {"type": "array", "items": object_of({"number": COUNT, "url": TEXT})},
    }
)
_UPLOAD_ENDED: Final[Schema] = object_of({"key": TEXT})
_LETTER_STATE: Final[Schema] = {
    "enum": [*(state.value.lower() for state in LetterState), "all"],
    "default": "dead",
}


def _operation(
    name: str,
    summary: str,
    answers: Mapping[int, Schema],
    *,
    query: Mapping[str, Schema] | None = None,
    body: Schema | None = None,
    path: Mapping[str, Schema] | None = None,
    refusals: tuple[int, ...] = (),
) -> Schema:
    """refusals: what can be answered besides 401, 403 and 503."""
    parameters = [
        *({"name": each, "in": "path", "required": True, "schema": of} for each, of in (path or {}).items()),
        *({"name": each, "in": "query", "schema": of} for each, of in (query or {}).items()),
    ]
    described: Schema = {
        "operationId": name,
        "summary": summary,
        "responses": {
            **{str(code): _answer(_REASONS[code], schema) for code, schema in answers.items()},
            **{str(code): _answer(_REASONS[code], ref_to("Error")) for code in (*refusals, 401, 403, 503)},
        },
    }
    if parameters:
        described["parameters"] = parameters
    if body:
        described["requestBody"] = {"required": True, "content": {"application/json": {"schema": body}}}
    return described


_REASONS: Final = {
    200: "The answer",
    202: "It is under way",
    400: "The message names what is wrong and the remedy",
    401: "No token",
    403: "A wrong token, or one whose role does not allow it",
    404: "There is no such thing",
    409: "It cannot be done; the message says why",
    415: "The body is not JSON",
    429: "Others have to end first; the message says when to ask again",
    500: "Stored records cannot be read: the message names the file and the remedy",
    503: "AWS did not answer, or settings are missing; the message says which",
}


def _answer(description: str, schema: Schema) -> Schema:
    return {"description": description, "content": {"application/json": {"schema": schema}}}


def _of_file(name: str, summary: str, item: str, query: Mapping[str, Schema], *refusals: int) -> Schema:
    return {
        "get": _operation(
            name,
            summary,
            {200: page_of(item)},
            path={"file_id": TEXT},
            query={**query, **_IN_PAGES},
            refusals=(400, 404, *refusals),
        )
    }


_LETTER_PATH: Final[Schema] = {"dead_letter_id": TEXT}
PATHS: Final[Schema] = {
    "/health": {
        "get": {
            "operationId": "health",
            "summary": "Whether the API answers; open to all",
            "security": [],
            "responses": {"200": _answer("It does", object_of({"status": {"const": "ok"}}))},
        }
    },
    "/openapi.json": {
        "get": _operation("openapi", "This description", {200: {"type": "object"}}),
    },
    "/uploads": {
        "post": _operation(
            "upload",
            "Signed addresses at which an object can be put into the input bucket, whole or in parts",
            {200: {"anyOf": [_WHOLE, _IN_PARTS]}},
            body=object_of({"key": _KEY, "size": {"type": "integer", "minimum": 0, "maximum": SIZE_MAX}}),
            refusals=(400, 415),
        )
    },
    "/uploads/complete": {
        "post": _operation(
            "complete_upload",
            "Make one object of the parts that were put",
            {200: _UPLOAD_ENDED},
            body=object_of({**_UPLOAD, "parts": _PARTS}),
            refusals=(400, 404, 415),
        )
    },
    "/uploads/abort": {
        "post": _operation(
            "abort_upload",
            "Delete the parts that were put",
            {200: _UPLOAD_ENDED},
            body=object_of(_UPLOAD),
            refusals=(400, 404, 415),
        )
    },
    "/me": {"get": _operation("me", "Who asks, by the token, and in what role", {200: ME})},
    "/audit": {
        "get": _operation(
            "audit",
            "Who had what done, newest first, by default in the last year; for the role administer",
            {200: page_of("Deed")},
            query={"from": _WHEN, "to": _WHEN, **_IN_PAGES},
            refusals=(400,),
        )
    },
    "/files": {
        "get": _operation(
            "files",
            "Files, newest first",
            {200: page_of("File")},
            query={
                "state": {"enum": [state.value for state in State]},
                "key": TEXT,
                "prefix": TEXT | {"description": "of the key"},
                "format": TEXT,
                "from": _WHEN
                | {"description": "opened, or settled, at this time or later; UTC without a zone"},
                "to": _WHEN | {"description": "opened, or settled, before this time"},
                "time": {"enum": list(TIMES), "default": TIMES[0]},
                **_IN_PAGES,
            },
            refusals=(400,),
        ),
        "post": _operation(
            "ingest",
            "Ingest an object of the input bucket; one that has a file already is shown",
            {200: ref_to("File"), 202: ref_to("Ingested")},
            body=object_of({"bucket": TEXT, "key": _KEY}, more=True),
            refusals=(400, 404, 415),
        ),
    },
    "/files/{file_id}": {
        "get": _operation(
            "file", "A file, as of now", {200: ref_to("File")}, path={"file_id": TEXT}, refusals=(404,)
        )
    },
    "/files/{file_id}/reprocess": {
        "post": _operation(
            "reprocess",
            "Read its object again with today's formats; force: with more rejects, or more that filters drop, too",
            {202: ref_to("File")},
            path={"file_id": TEXT},
            body=object_of({"force": {"type": "boolean"}}, "force"),
            refusals=(400, 404, 409, 415),
        )
    },
    "/files/{file_id}/receipt": {
        "get": _operation(
            "receipt",
            "What was read, what came of it and a digest of its seals, to be kept; 409 while it is not settled",
            {200: ref_to("Receipt")},
            path={"file_id": TEXT},
            refusals=(404, 409),
        )
    },
    "/files/{file_id}/members": _of_file(
        "members", "The files in it, where it is an archive, in its order", "File", {}
    ),
    "/files/{file_id}/batches": _of_file(
        "batches", "Its batches, in the order of the text", "Batch", {"state": {"enum": list(BATCH_STATES)}}
    ),
    "/files/{file_id}/records": _of_file(
        "records",
        "Its records, in the order of the text",
        "Record",
        {
            "severity": _SEVERITY,
            "from": _WHEN,
            "to": _WHEN,
            "format": TEXT,
            "text": _SOUGHT,
            "where": _WHERE,
        },
        500,
    ),
    "/files/{file_id}/rejects": _of_file(
        "rejects", "Its rejects, in the order of the text", "Reject", {}, 500
    ),
    "/files/{file_id}/rejects/reasons": {
        "get": _operation(
            "reasons",
            "Its rejects by reason, most frequent first, each with an example; with a cursor a part of them",
            {200: REASONS_OF_REJECTS},
            path={"file_id": TEXT},
            query={"cursor": TEXT},
            refusals=(400, 404, 500),
        )
    },
    "/files/{file_id}/histogram": {
        "get": _operation(
            "histogram",
            "Its records over time, by severity; with a cursor a part of them",
            {200: HISTOGRAM},
            path={"file_id": TEXT},
            query={
                "buckets": {
                    "type": "integer",
                    "minimum": 1,
                    "maximum": MAX_BUCKETS,
                    "default": DEFAULT_BUCKETS,
                },
                "from": _WHEN,
                "to": _WHEN,
                "cursor": TEXT,
            },
            refusals=(400, 404, 500),
        )
    },
    "/files/{file_id}/trace": {
        "get": _operation(
            "trace",
            "What each invocation did for it and when, as far as X-Ray has it; null where nothing is recorded",
            {200: TRACE},
            path={"file_id": TEXT},
            query={
                "batches": {
                    "type": "integer",
                    "minimum": 1,
                    "maximum": MAX_BATCHES,
                    "default": DEFAULT_BATCHES,
                    "description": "how many of its first batches to show",
                }
            },
            refusals=(400, 404),
        )
    },
    "/queries": {
        "get": _operation(
            "queries",
            "The queries of the last two days, newest first: the caller's own, or all for the roles operate and administer",
            {200: page_of("Asked")},
            query=_IN_PAGES,
            refusals=(400, 409),
        ),
        "post": _operation(
            "start_query",
            "Ask the sink in SQL (Athena's); the answer comes by the id",
            {202: ref_to("Query")},
            body=object_of({"sql": {"type": "string", "minLength": 1, "maxLength": SQL_MAX_CHARS}}),
            refusals=(400, 409, 415, 429),
        ),
    },
    "/queries/table": {
        "get": _operation(
            "queried_table",
            "The table that is asked, with its columns",
            {200: QUERIED_TABLE},
            refusals=(409,),
        )
    },
    "/queries/{query_id}": {
        "get": _operation(
            "query",
            "A query, and once it has SUCCEEDED the rows of its answer: values as texts, null for NULL",
            {200: ref_to("Query")},
            path={"query_id": TEXT},
            query=_IN_PAGES,
            refusals=(400, 404, 409),
        ),
        "delete": _operation(
            "cancel_query",
            "Cancel a query",
            {200: ref_to("Query")},
            path={"query_id": TEXT},
            refusals=(404, 409),
        ),
    },
    "/statistics": {
        "get": _operation(
            "statistics",
            "Of settled files: their sums by format and by the hour or day in which they were opened",
            {200: STATISTICS},
            query={
                "from": _WHEN,
                "to": _WHEN,
                "by": {"enum": ["hour", "day"], "default": "hour"},
                "cursor": TEXT,
            },
            refusals=(400,),
        )
    },
    "/attention": {
        "get": _operation(
            "attention",
            "What needs attention first: at most `limit` dead letters, and files for each reason why",
            {200: ATTENTION},
            query={
                "limit": {
                    "type": "integer",
                    "minimum": 1,
                    "maximum": MOST_URGENT_MAX,
                    "default": MOST_URGENT,
                }
            },
            refusals=(400,),
        )
    },
    "/dead-letters": {
        "get": _operation(
            "dead_letters",
            "Dead letters, newest first; of one file by id",
            {200: page_of("DeadLetter")},
            query={
                "file": ID_OF_FILE,
                "reason": TEXT,
                "state": _LETTER_STATE,
                "from": _WHEN,
                "to": _WHEN,
                **_IN_PAGES,
            },
            refusals=(400,),
        )
    },
    "/dead-letters/redrive": {
        "post": _operation(
            "redrive_many",
            "Send dead letters again; repeat it with the cursor until that is null",
            {200: ref_to("Redriven")},
            body=object_of({**_SELECTION, "per_second": _PER_SECOND}, *_SELECTION, "per_second"),
            refusals=(400, 404, 415),
        )
    },
    "/dead-letters/discard": {
        "post": _operation(
            "discard_many",
            "Discard dead letters for good; repeat it with the cursor until that is null",
            {200: ref_to("Discarded")},
            body=object_of({**_SELECTION, **_DECISION}, *_SELECTION),
            refusals=(400, 404, 415),
        )
    },
    "/dead-letters/{dead_letter_id}": {
        "get": _operation(
            "dead_letter",
            "A dead letter with its attempts and its lines",
            {200: ref_to("DeadLetterStory")},
            path=_LETTER_PATH,
            query={"lines": {"type": "integer", "minimum": 1, "maximum": 1000, "default": 20}},
            refusals=(400, 404),
        )
    },
    "/dead-letters/{dead_letter_id}/redrive": {
        "post": _operation(
            "redrive",
            "Send a dead letter again",
            {200: ref_to("Redriven")},
            path=_LETTER_PATH,
            refusals=(400, 404, 409, 415),
        )
    },
    "/dead-letters/{dead_letter_id}/discard": {
        "post": _operation(
            "discard",
            "Discard a dead letter for good",
            {200: ref_to("Discarded")},
            path=_LETTER_PATH,
            body=object_of(_DECISION),
            refusals=(400, 404, 409, 415),
        )
    },
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
