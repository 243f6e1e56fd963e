"""What the HTTP API is, as OpenAPI 3.1 (https://spec.openapis.org/oas/v3.1.0): `GET /openapi.json`.

The only list of parameters, bodies and answers; the tests hold the routes and what they answer against it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from chalicelib.access import Role
from chalicelib.attention import DEFAULT_LIMIT as MOST_URGENT
from chalicelib.attention import MAX_LIMIT as MOST_URGENT_MAX
from chalicelib.attention import WHYS
from chalicelib.audit import ACTIONS
from chalicelib.conditions import CONDITION_MAX_CHARS, CONDITIONS_MAX
from chalicelib.core.accounts import State
from chalicelib.core.fields import FILE_ID, NAME_MAX_CHARS
from chalicelib.core.letters import Kind, LetterState
from chalicelib.pages import DEFAULT_LIMIT, MAX_LIMIT
from chalicelib.questions import TEXT_MAX_CHARS, TIMES
from chalicelib.record_sums import DEFAULT_BUCKETS, MAX_BUCKETS
from chalicelib.status_json import BATCH_STATES
from chalicelib.trace_status import DEFAULT_BATCHES, MAX_BATCHES
from chalicelib.uploads import ETAG_MAX_CHARS, ID_MAX_CHARS, PARTS_MAX, SIZE_MAX

_Schema = dict[str, Any]

_TEXT: Final[_Schema] = {"type": "string"}
_COUNT: Final[_Schema] = {"type": "integer", "minimum": 0}
_TIME: Final[_Schema] = {"type": "string", "format": "date-time"}
_FILE_ID: Final[_Schema] = {"type": "string", "pattern": f"^{FILE_ID.pattern}$"}


def _maybe(schema: _Schema) -> _Schema:
    return {"anyOf": [schema, {"type": "null"}]}


def _object(properties: Mapping[str, _Schema], *optional: str, more: bool = False) -> _Schema:
    """An object with these members; all but the optional ones are always there."""
    return {
        "type": "object",
        "properties": dict(properties),
        "required": [name for name in properties if name not in optional],
        "additionalProperties": more,
    }


def _ref(name: str) -> _Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def _page_of(name: str) -> _Schema:
    return _object({"items": {"type": "array", "items": _ref(name)}, "cursor": _maybe(_TEXT)})


_TALLY: Final[_Schema] = _object({"entries": _COUNT, "lines": _COUNT, "bytes": _COUNT})
_SKIPPED: Final[_Schema] = {
    "type": "object",
    "description": "reason → what was skipped for it",
    "additionalProperties": _object({"lines": _COUNT, "bytes": _COUNT}),
}
_USED: Final[_Schema] = _object(
    {
        "write_units": _COUNT,
        "queue_requests": _COUNT,
        "object_reads": _COUNT,
        "s3_requests": _COUNT,
        "object_writes": _COUNT,
        "seconds": {"type": "number", "minimum": 0},
    }
) | {"description": "of AWS, repeats included; null for files of earlier versions"}
_FILE: Final[_Schema] = _object(
    {
        "file_id": _FILE_ID,
        "generation": _COUNT | {"description": "how often the object was read before what is shown"},
        "next_generation": _maybe(_COUNT)
        | {"description": "which one is being made beside it, file_id~N; null: none"},
        "given_up": _maybe(_TEXT) | {"description": "why the last one that was made did not replace it"},
        "bucket": _TEXT,
        "key": _TEXT,
        "version_id": _maybe(_TEXT),
        "etag": _TEXT,
        "size": _COUNT,
        "content_type": _TEXT,
        "last_modified": _TIME,
        "state": {"enum": [state.value for state in State]},
        "reason": _maybe(_TEXT),
        "format": _maybe(_TEXT),
        "format_score": {"type": "number"},
        "runner_up": _maybe(_TEXT),
        "runner_up_score": {"type": "number"},
        "charset": _maybe(_TEXT),
        "charset_guess": _maybe(_TEXT)
        | {"description": "what a text that is read as UTF-8 and is none may be in; it is not applied"},
        "archive": _maybe(_TEXT)
        | {"description": "what holds files, which are its members, and has no text itself"},
        "member": _maybe(_object({"file_id": _FILE_ID, "ordinal": _COUNT, "path": _TEXT}))
        | {"description": "the archive that the file is in, and where"},
        "text_bytes": _maybe(_COUNT),
        "splits": _COUNT,
        "batches": _COUNT,
        "parsed": _TALLY,
        "rejected": _TALLY,
        "skipped": _SKIPPED,
        "pending": _TALLY,
        "dead": _TALLY,
        "discarded": _TALLY,
        "used": _maybe(_USED),
        "opened_at": _TIME,
        "settled_at": _maybe(_TIME),
        "trace": _maybe(_TEXT),
        "trace_url": _maybe(_TEXT),
    }
)
_BATCH: Final[_Schema] = _object(
    {
        "batch_id": _TEXT,
        "split": _COUNT,
        "batch": _COUNT,
        "state": {"enum": list(BATCH_STATES)},
        "trace": _maybe(_TEXT),
        "trace_url": _maybe(_TEXT),
        "parsed": _TALLY,
        "rejected": _TALLY,
        "skipped": _SKIPPED,
        "total": _TALLY,
        "reason": _TEXT,
    },
    *("parsed", "rejected", "skipped", "total", "reason"),
)
_ENTRY: Final[_Schema] = {
    "file_id": _FILE_ID,
    "batch_id": _TEXT,
    "format": _TEXT,
    "offset": _COUNT,
    "length": _COUNT,
    "lines": _COUNT,
    "expires_at": _COUNT,
}
_RECORD: Final[_Schema] = _object(
    {
        **_ENTRY,
        "kind": {"const": "record"},
        "timestamp": _TEXT,
        "timestamp_assumed": _TEXT,
        "severity_text": _TEXT,
        "severity_number": {"type": "integer", "minimum": 1, "maximum": 24},
        "body": _TEXT,
        "attributes": {"type": "object"},
        "replaced": {"type": "boolean"},
    },
    *("expires_at", "timestamp", "timestamp_assumed", "severity_text", "severity_number", "body"),
    *("attributes", "replaced"),
)
_REJECT: Final[_Schema] = _object(
    {
        **_ENTRY,
        "kind": {"const": "reject"},
        "raw": {"type": "string", "contentEncoding": "base64"},
        "reason": _TEXT,
        "replaced": {"type": "boolean"},
    },
    *("expires_at", "replaced"),
)
_LETTER: Final[_Schema] = _object(
    {
        "dead_letter_id": _TEXT,
        "kind": {"enum": [kind.value for kind in Kind]},
        "state": {"enum": [state.value.lower() for state in LetterState]},
        "code": _TEXT,
        "reason": _TEXT,
        "receives": _COUNT,
        "died_at": _TIME,
        "file_id": _maybe(_FILE_ID),
        "bucket": _maybe(_TEXT),
        "key": _maybe(_TEXT),
        "split": _maybe(_COUNT),
        "batch_id": _maybe(_TEXT),
        "offset": _maybe(_COUNT),
        "entries": _maybe(_COUNT),
        "lines": _maybe(_COUNT),
        "bytes": _maybe(_COUNT),
        "trace": _maybe(_TEXT),
        "redrives": _COUNT,
        "changed_at": _maybe(_TIME),
        "by": _maybe(_TEXT),
        "why": _maybe(_TEXT),
        "written_to": {"type": "array", "items": {"const": "table"}},
        "redrivable": {"type": "boolean"},
    }
)
_STORY: Final[_Schema] = {
    **_LETTER,
    "properties": {
        **_LETTER["properties"],
        "attempts": {"type": "array", "items": {"type": "object"}},
        "source": {},
        "first_line": _maybe(_COUNT),
        "text": {
            "type": "array",
            "items": _object(
                {"offset": _COUNT, "line": _maybe(_COUNT), "text": _TEXT, "cut": {"const": True}}, "cut"
            ),
        },
        "more_lines": {"type": "integer"},
        "body": _maybe(_TEXT),
        "more_characters": _COUNT,
    },
    "required": [*_LETTER["required"], "attempts", "source", "first_line"],
}
_INGESTED: Final[_Schema] = _object(
    {"file_id": _FILE_ID, "bucket": _TEXT, "key": _TEXT, "version_id": _maybe(_TEXT)}
)


def _progress(done: str) -> _Schema:
    refusal = _object({"dead_letter_id": _TEXT, "why": _TEXT})
    return _object(
        {
            done: _COUNT,
            "resolved": _COUNT,
            "refused": _COUNT,
            "refusals": {"type": "array", "items": refusal},
            "cursor": _maybe(_TEXT),
        }
    )


_SUM: Final[_Schema] = _object(
    {
        "files": _COUNT,
        "bytes": _COUNT,
        "text_bytes": _COUNT,
        "seconds": {"type": "number", "minimum": 0, "description": "from opening to settling, added up"},
        "entries": _COUNT,
        "lines": _COUNT,
        **dict.fromkeys(("parsed", "rejected"), _TALLY),
        "skipped": _object({"lines": _COUNT, "bytes": _COUNT}),
        **dict.fromkeys(("dead", "discarded"), _TALLY),
        "used": _USED | {"description": "of AWS by files whose use is known"},
        "states": {"type": "object", "additionalProperties": _COUNT},
    }
)
_BUCKET: Final[_Schema] = _object(
    {"from": _TIME, "formats": {"type": "object", "additionalProperties": _ref("Sum")}}
)
_STATISTICS: Final[_Schema] = _object(
    {
        "by": {"enum": ["hour", "day"]},
        "from": _TIME,
        "to": _TIME,
        "buckets": {"type": "array", "items": _BUCKET},
        "totals": _ref("Sum"),
        "cursor": _maybe(_TEXT),
    }
)
_ATTENTION: Final[_Schema] = _object(
    {
        "dead_letters": _object(
            {"items": {"type": "array", "items": _ref("DeadLetter")}, "more": {"type": "boolean"}}
        ),
        "files": {
            "type": "array",
            "items": _object(
                {
                    "why": {"enum": list(WHYS)},
                    "share": {"type": "number", "description": "of lines that are rejects"},
                    "quiet_since": _TIME,
                    "file": _ref("File"),
                },
                *("share", "quiet_since"),
            ),
        },
        "more": {"type": "boolean"},
    }
)
_ME: Final[_Schema] = _object({"name": _TEXT, "role": {"enum": [role.value for role in Role]}})
_DEED: Final[_Schema] = _object(
    {
        "at": _TIME,
        "who": _TEXT,
        "way": {"enum": ["http", "froe"]},
        "action": {"enum": list(ACTIONS)},
        "subject": {"type": "object"},
        "result": _maybe({"type": "object"}),
    }
)
_PART_OF_ALL: Final[_Schema] = {"complete": {"type": "boolean"}, "cursor": _maybe(_TEXT)}
_HISTOGRAM: Final[_Schema] = _object(
    {
        "seconds": {
            "type": "integer",
            "minimum": 1,
            "description": "of a bucket; each width divides the next",
        },
        "buckets": {
            "type": "array",
            "items": _object(
                {
                    "from": _TIME,
                    "severities": {
                        "type": "object",
                        "description": "TRACE to FATAL, or - without one → records",
                        "additionalProperties": _COUNT,
                    },
                }
            ),
        },
        "records": _COUNT,
        "untimed": _COUNT,
        **_PART_OF_ALL,
    }
)
_STAGE: Final[_Schema] = _object(
    {
        "name": _TEXT,
        "batch_id": _maybe(_TEXT),
        "start_ms": {"type": "number"},
        "duration_ms": {"type": "number"},
        "fault": _maybe(_TEXT),
        "waited_ms": _maybe({"type": "number"}),
        "threads": {"type": "array", "items": {"type": "object"}},
    },
    *("waited_ms", "threads"),
    more=True,
)
_TRACE: Final[_Schema] = _object(
    {
        "file_id": _FILE_ID,
        "trace": _maybe(_TEXT),
        "trace_url": _maybe(_TEXT),
        "complete": {"type": "boolean", "description": "false where it has more traces than are read"},
        "waterfall": _maybe(
            _object(
                {
                    "file_id": _FILE_ID,
                    "begun": {"type": "number", "description": "seconds since 1970"},
                    "duration_ms": {"type": "number"},
                    "invocations": {
                        "type": "array",
                        "items": _object(
                            {
                                "trace": _TEXT,
                                "function": _TEXT,
                                "origin_trace": _maybe(_TEXT),
                                "stages": {"type": "array", "items": _STAGE},
                            }
                        ),
                    },
                    "batches": {"type": "array", "items": _TEXT},
                    "more_batches": _COUNT,
                }
            )
        ),
    }
)
_REASONS_OF_REJECTS: Final[_Schema] = _object(
    {
        "items": {
            "type": "array",
            "items": _object(
                {
                    "reason": _TEXT,
                    "entries": _COUNT,
                    "lines": _COUNT,
                    "bytes": _COUNT,
                    "first": _ref("Reject"),
                    "cut": {"type": "boolean", "description": "whether raw of the first is cut"},
                }
            ),
        },
        **_PART_OF_ALL,
    }
)
SCHEMAS: Final[_Schema] = {
    "File": _FILE,
    "Batch": _BATCH,
    "Record": _RECORD,
    "Reject": _REJECT,
    "DeadLetter": _LETTER,
    "DeadLetterStory": _STORY,
    "Ingested": _INGESTED,
    "Sum": _SUM,
    "Deed": _DEED,
    "Redriven": _progress("redriven"),
    "Discarded": _progress("discarded"),
    "Error": {
        "description": "Of the application: Code and Message. Of the gateway, which guards it: message.",
        "anyOf": [_object({"Code": _TEXT, "Message": _TEXT}), _object({"message": _TEXT}, more=True)],
    },
}
_LIMIT: Final[_Schema] = {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": DEFAULT_LIMIT}
_WHEN: Final[_Schema] = {
    "type": "string",
    "description": "ISO 8601; without a zone it is UTC",
    "format": "date-time",
}
_SOUGHT: Final[_Schema] = {
    "type": "string",
    "description": "what the body or an attribute contains, whatever the case",
    "maxLength": TEXT_MAX_CHARS,
}
_SEVERITY: Final[_Schema] = {
    "description": "the least: a name, or a number of the OpenTelemetry log data model",
    "anyOf": [
        {"enum": ["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"]},
        {"type": "integer", "minimum": 1, "maximum": 24},
    ],
}
_WHERE: Final[_Schema] = {
    "type": "array",
    "description": "FIELD=VALUE, or with !=, <, <=, >, >= or ~ (contains); all of them hold",
    "items": {"type": "string", "maxLength": CONDITION_MAX_CHARS},
    "maxItems": CONDITIONS_MAX,
}
_IN_PAGES: Final[_Schema] = {"limit": _LIMIT, "cursor": _TEXT}
_DECISION: Final[_Schema] = {
    "by": {"type": "string", "minLength": 1, "maxLength": 100},
    "why": {"type": "string", "minLength": 1, "maxLength": 500},
}
_SELECTION: Final[_Schema] = {
    "ids": {"type": "array", "items": _TEXT, "minItems": 1, "maxItems": 1000},
    "file": _FILE_ID,
    "reason": {"type": "string", "minLength": 1},
    "all": {"type": "boolean"},
    "from": _WHEN,
    "to": _WHEN,
    "cursor": _TEXT,
}
_PER_SECOND: Final[_Schema] = {"type": "number", "minimum": 1, "maximum": 1000, "default": 50}
_KEY: Final[_Schema] = {"type": "string", "minLength": 1, "maxLength": NAME_MAX_CHARS}
_UPLOAD: Final[_Schema] = {
    "key": _KEY,
    "upload_id": {"type": "string", "minLength": 1, "maxLength": ID_MAX_CHARS},
}
_PARTS: Final[_Schema] = {
    "type": "array",
    "minItems": 1,
    "maxItems": PARTS_MAX,
    "items": _object(
        {
            "number": {"type": "integer", "minimum": 1, "maximum": PARTS_MAX},
            "etag": {"type": "string", "minLength": 1, "maxLength": ETAG_MAX_CHARS},
        }
    ),
}
_WHOLE: Final[_Schema] = _object(
    {
        "key": _TEXT,
        "expires_at": _TIME,
        "method": {"const": "PUT"},
        "url": _TEXT,
        "headers": {"type": "object"},
    }
)
_IN_PARTS: Final[_Schema] = _object(
    {
        "key": _TEXT,
        "expires_at": _TIME,
        "upload_id": _TEXT,
        "part_bytes": _COUNT,
        "parts": {"type": "array", "items": _object({"number": _COUNT, "url": _TEXT})},
    }
)
_UPLOAD_ENDED: Final[_Schema] = _object({"key": _TEXT})
_LETTER_STATE: Final[_Schema] = {
    "enum": [*(state.value.lower() for state in LetterState), "all"],
    "default": "dead",
}


def _operation(
    name: str,
    summary: str,
    answers: Mapping[int, _Schema],
    *,
    query: Mapping[str, _Schema] | None = None,
    body: _Schema | None = None,
    path: Mapping[str, _Schema] | None = None,
    refusals: tuple[int, ...] = (),
) -> _Schema:
    """refusals: what can be answered besides 401, 403 and 503."""
    parameters = [
        *({"name": each, "in": "path", "required": True, "schema": of} for each, of in (path or {}).items()),
        *({"name": each, "in": "query", "schema": of} for each, of in (query or {}).items()),
    ]
    described: _Schema = {
        "operationId": name,
        "summary": summary,
        "responses": {
            **{str(code): _answer(_REASONS[code], schema) for code, schema in answers.items()},
            **{str(code): _answer(_REASONS[code], _ref("Error")) for code in (*refusals, 401, 403, 503)},
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
    500: "Stored records cannot be read: the message names the file and the remedy",
    503: "AWS did not answer, or settings are missing; the message says which",
}


def _answer(description: str, schema: _Schema) -> _Schema:
    return {"description": description, "content": {"application/json": {"schema": schema}}}


def _of_file(name: str, summary: str, item: str, query: Mapping[str, _Schema], *refusals: int) -> _Schema:
    return {
        "get": _operation(
            name,
            summary,
            {200: _page_of(item)},
            path={"file_id": _TEXT},
            query={**query, **_IN_PAGES},
            refusals=(400, 404, *refusals),
        )
    }


_LETTER_PATH: Final[_Schema] = {"dead_letter_id": _TEXT}
PATHS: Final[_Schema] = {
    "/health": {
        "get": {
            "operationId": "health",
            "summary": "Whether the API answers; open to all",
            "security": [],
            "responses": {"200": _answer("It does", _object({"status": {"const": "ok"}}))},
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
            body=_object({"key": _KEY, "size": {"type": "integer", "minimum": 0, "maximum": SIZE_MAX}}),
            refusals=(400, 415),
        )
    },
    "/uploads/complete": {
        "post": _operation(
            "complete_upload",
            "Make one object of the parts that were put",
            {200: _UPLOAD_ENDED},
            body=_object({**_UPLOAD, "parts": _PARTS}),
            refusals=(400, 404, 415),
        )
    },
    "/uploads/abort": {
        "post": _operation(
            "abort_upload",
            "Delete the parts that were put",
            {200: _UPLOAD_ENDED},
            body=_object(_UPLOAD),
            refusals=(400, 404, 415),
        )
    },
    "/me": {"get": _operation("me", "Who asks, by the token, and in what role", {200: _ME})},
    "/audit": {
        "get": _operation(
            "audit",
            "Who had what done, newest first, by default in the last year; for the role administer",
            {200: _page_of("Deed")},
            query={"from": _WHEN, "to": _WHEN, **_IN_PAGES},
            refusals=(400,),
        )
    },
    "/files": {
        "get": _operation(
            "files",
            "Files, newest first",
            {200: _page_of("File")},
            query={
                "state": {"enum": [state.value for state in State]},
                "key": _TEXT,
                "prefix": _TEXT | {"description": "of the key"},
                "format": _TEXT,
                "from": _WHEN
                | {"description": "opened, or settled, then or later; without a zone it is UTC"},
                "to": _WHEN | {"description": "opened, or settled, before"},
                "time": {"enum": list(TIMES), "default": TIMES[0]},
                **_IN_PAGES,
            },
            refusals=(400,),
        ),
        "post": _operation(
            "ingest",
            "Ingest an object of the input bucket; one that has a file already is shown",
            {200: _ref("File"), 202: _ref("Ingested")},
            body=_object({"bucket": _TEXT, "key": _KEY}, more=True),
            refusals=(400, 404, 415),
        ),
    },
    "/files/{file_id}": {
        "get": _operation(
            "file", "A file, as of now", {200: _ref("File")}, path={"file_id": _TEXT}, refusals=(404,)
        )
    },
    "/files/{file_id}/reprocess": {
        "post": _operation(
            "reprocess",
            "Read its object again with today's formats; force: with more rejects than before, too",
            {202: _ref("File")},
            path={"file_id": _TEXT},
            body=_object({"force": {"type": "boolean"}}, "force"),
            refusals=(400, 404, 409, 415),
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
            "format": _TEXT,
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
            {200: _REASONS_OF_REJECTS},
            path={"file_id": _TEXT},
            query={"cursor": _TEXT},
            refusals=(400, 404, 500),
        )
    },
    "/files/{file_id}/histogram": {
        "get": _operation(
            "histogram",
            "Its records over time, by severity; with a cursor a part of them",
            {200: _HISTOGRAM},
            path={"file_id": _TEXT},
            query={
                "buckets": {
                    "type": "integer",
                    "minimum": 1,
                    "maximum": MAX_BUCKETS,
                    "default": DEFAULT_BUCKETS,
                },
                "from": _WHEN,
                "to": _WHEN,
                "cursor": _TEXT,
            },
            refusals=(400, 404, 500),
        )
    },
    "/files/{file_id}/trace": {
        "get": _operation(
            "trace",
            "What each invocation did for it and when, as far as X-Ray has it; null where nothing is recorded",
            {200: _TRACE},
            path={"file_id": _TEXT},
            query={
                "batches": {
                    "type": "integer",
                    "minimum": 1,
                    "maximum": MAX_BATCHES,
                    "default": DEFAULT_BATCHES,
                    "description": "how many of its batches to show, the first ones",
                }
            },
            refusals=(400, 404),
        )
    },
    "/statistics": {
        "get": _operation(
            "statistics",
            "Of settled files: their sums by format and by the hour or day in which they were opened",
            {200: _STATISTICS},
            query={
                "from": _WHEN,
                "to": _WHEN,
                "by": {"enum": ["hour", "day"], "default": "hour"},
                "cursor": _TEXT,
            },
            refusals=(400,),
        )
    },
    "/attention": {
        "get": _operation(
            "attention",
            "What needs attention first: at most `limit` dead letters, and files for each reason why",
            {200: _ATTENTION},
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
            {200: _page_of("DeadLetter")},
            query={
                "file": _FILE_ID,
                "reason": _TEXT,
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
            {200: _ref("Redriven")},
            body=_object({**_SELECTION, "per_second": _PER_SECOND}, *_SELECTION, "per_second"),
            refusals=(400, 404, 415),
        )
    },
    "/dead-letters/discard": {
        "post": _operation(
            "discard_many",
            "Discard dead letters for good; repeat it with the cursor until that is null",
            {200: _ref("Discarded")},
            body=_object({**_SELECTION, **_DECISION}, *_SELECTION),
            refusals=(400, 404, 415),
        )
    },
    "/dead-letters/{dead_letter_id}": {
        "get": _operation(
            "dead_letter",
            "A dead letter with its attempts and its lines",
            {200: _ref("DeadLetterStory")},
            path=_LETTER_PATH,
            query={"lines": {"type": "integer", "minimum": 1, "maximum": 1000, "default": 20}},
            refusals=(400, 404),
        )
    },
    "/dead-letters/{dead_letter_id}/redrive": {
        "post": _operation(
            "redrive",
            "Send a dead letter again",
            {200: _ref("Redriven")},
            path=_LETTER_PATH,
            refusals=(400, 404, 409, 415),
        )
    },
    "/dead-letters/{dead_letter_id}/discard": {
        "post": _operation(
            "discard",
            "Discard a dead letter for good",
            {200: _ref("Discarded")},
            path=_LETTER_PATH,
            body=_object(_DECISION),
            refusals=(400, 404, 409, 415),
        )
    },
}


_ETAG: Final[_Schema] = {
    "ETag": {"description": "strong; of the bytes of the body", "schema": _TEXT, "required": True}
}
for _methods in PATHS.values():
    if _read := _methods.get("get"):
        _read["responses"]["200"]["headers"] = _ETAG
        _read["responses"]["304"] = {"description": "It is as If-None-Match has it", "headers": _ETAG}
        _read.setdefault("parameters", []).append({"name": "If-None-Match", "in": "header", "schema": _TEXT})


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
