"""Records and rejects, one by one and counted."""

from __future__ import annotations

from typing import Final

from chalicelib.conditions import CONDITION_MAX_CHARS, CONDITIONS_MAX
from chalicelib.openapi.terms import (
    COUNT,
    ID_OF_FILE,
    TEXT,
    TIME,
    WHEN,
    Schema,
    nullable,
    object_of,
    of_file,
    operation,
    ref_to,
)
from chalicelib.questions import TEXT_MAX_CHARS
from chalicelib.record_sums import DEFAULT_BUCKETS, MAX_BUCKETS

ENTRY: Final[Schema] = {
    "file_id": ID_OF_FILE,
    "batch_id": TEXT,
    "format": TEXT,
    "offset": COUNT,
    "length": COUNT,
    "lines": COUNT,
    "expires_at": COUNT,
}
RECORD: Final[Schema] = object_of(
    {
        **ENTRY,
        "kind": {"const": "record"},
        "timestamp": TEXT,
        "timestamp_assumed": TEXT,
        "severity_text": TEXT,
        "severity_number": {"type": "integer", "minimum": 1, "maximum": 24},
        "body": TEXT,
        "attributes": {"type": "object"},
        "replaced": {"type": "boolean"},
    },
    *("expires_at", "timestamp", "timestamp_assumed", "severity_text", "severity_number", "body"),
    *("attributes", "replaced"),
)
REJECT: Final[Schema] = object_of(
    {
        **ENTRY,
        "kind": {"const": "reject"},
        "raw": {"type": "string", "contentEncoding": "base64"},
        "reason": TEXT,
        "replaced": {"type": "boolean"},
    },
    *("expires_at", "replaced"),
)
PART_OF_ALL: Final[Schema] = {"complete": {"type": "boolean"}, "cursor": nullable(TEXT)}
HISTOGRAM: Final[Schema] = object_of(
    {
        "seconds": {
            "type": "integer",
            "minimum": 1,
            "description": "width of a bucket; each width divides the next",
        },
        "buckets": {
            "type": "array",
            "items": object_of(
                {
                    "from": TIME,
                    "severities": {
                        "type": "object",
                        "description": "TRACE to FATAL, or - without one → records",
                        "additionalProperties": COUNT,
                    },
                }
            ),
        },
        "records": COUNT,
        "untimed": COUNT,
        **PART_OF_ALL,
    }
)
REASONS_OF_REJECTS: Final[Schema] = object_of(
    {
        "items": {
            "type": "array",
            "items": object_of(
                {
                    "reason": TEXT,
                    "entries": COUNT,
                    "lines": COUNT,
                    "bytes": COUNT,
                    "first": ref_to("Reject"),
                    "cut": {"type": "boolean", "description": "whether the raw bytes of the first are cut"},
                }
            ),
        },
        **PART_OF_ALL,
    }
)
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
    "description": "FIELD=VALUE, or with !=, <, <=, >, >= or ~ (contains); FIELD alone: it is present. Numbers are compared with numbers only. All of them hold.",
    "items": {"type": "string", "maxLength": CONDITION_MAX_CHARS},
    "maxItems": CONDITIONS_MAX,
}
PATHS: Final[Schema] = {
    "/files/{file_id}/records": of_file(
        "records",
        "Its records, in the order of the text",
        "Record",
        {
            "severity": _SEVERITY,
            "from": WHEN,
            "to": WHEN,
            "format": TEXT,
            "text": _SOUGHT,
            "where": _WHERE,
        },
        500,
    ),
    "/files/{file_id}/rejects": of_file(
        "rejects", "Its rejects, in the order of the text", "Reject", {}, 500
    ),
    "/files/{file_id}/rejects/reasons": {
        "get": operation(
            "reasons",
            "Its rejects by reason, most frequent first, each with an example; with a cursor a part of them",
            {200: REASONS_OF_REJECTS},
            path={"file_id": TEXT},
            query={"cursor": TEXT},
            refusals=(400, 404, 500),
        )
    },
    "/files/{file_id}/histogram": {
        "get": operation(
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
                "from": WHEN,
                "to": WHEN,
                "cursor": TEXT,
            },
            refusals=(400, 404, 500),
        )
    },
}
