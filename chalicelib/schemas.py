"""The shapes of the answers of the HTTP API, as JSON Schema (https://json-schema.org/draft/2020-12)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from chalicelib.access import Role
from chalicelib.attention import WHYS
from chalicelib.audit import ACTIONS
from chalicelib.core.ledger.accounts import State
from chalicelib.core.ledger.letters import Kind, LetterState
from chalicelib.core.wire.fields import FILE_ID
from chalicelib.queries import STATES
from chalicelib.receipts import KEPT
from chalicelib.receipts import VERSION as VERSION_OF_RECEIPTS
from chalicelib.status_json import BATCH_STATES

Schema = dict[str, Any]

TEXT: Final[Schema] = {"type": "string"}
COUNT: Final[Schema] = {"type": "integer", "minimum": 0}
TIME: Final[Schema] = {"type": "string", "format": "date-time"}
ID_OF_FILE: Final[Schema] = {"type": "string", "pattern": f"^{FILE_ID.pattern}$"}


def nullable(schema: Schema) -> Schema:
    return {"anyOf": [schema, {"type": "null"}]}


def object_of(properties: Mapping[str, Schema], *optional: str, more: bool = False) -> Schema:
    """An object with these members; only the optional ones may be missing."""
    return {
        "type": "object",
        "properties": dict(properties),
        "required": [name for name in properties if name not in optional],
        "additionalProperties": more,
    }


def ref_to(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def page_of(name: str) -> Schema:
    return object_of({"items": {"type": "array", "items": ref_to(name)}, "cursor": nullable(TEXT)})


TALLY: Final[Schema] = object_of({"entries": COUNT, "lines": COUNT, "bytes": COUNT})
SKIPPED: Final[Schema] = {
    "type": "object",
    "description": "reason → what was skipped for that reason",
    "additionalProperties": object_of({"lines": COUNT, "bytes": COUNT}),
}
USED: Final[Schema] = object_of(
    {
        "write_units": COUNT,
        "queue_requests": COUNT,
        "object_reads": COUNT,
        "s3_requests": COUNT,
        "object_writes": COUNT,
        "seconds": {"type": "number", "minimum": 0},
    }
) | {"description": "what it used of AWS, repeats included; null for files of earlier versions"}
FILE: Final[Schema] = object_of(
    {
        "file_id": ID_OF_FILE,
        "generation": COUNT | {"description": "how often the object had been read before this generation"},
        "next_generation": nullable(COUNT)
        | {"description": "the generation that is being made, file_id~N; null: none"},
        "given_up": nullable(TEXT)
        | {"description": "why the last new generation did not replace the current one"},
        "bucket": TEXT,
        "key": TEXT,
        "version_id": nullable(TEXT),
        "etag": TEXT,
        "size": COUNT,
        "content_type": TEXT,
        "last_modified": TIME,
        "state": {"enum": [state.value for state in State]},
        "reason": nullable(TEXT),
        "format": nullable(TEXT),
        "format_score": {"type": "number"},
        "runner_up": nullable(TEXT),
        "runner_up_score": {"type": "number"},
        "charset": nullable(TEXT),
        "charset_guess": nullable(TEXT)
        | {"description": "a guess at the character set of a text that is not UTF-8; it is not applied"},
        "configuration": nullable(COUNT)
        | {
            "description": "the version of the stage's configuration with which it was opened; null: the deployed one"
        },
        "lane": TEXT | {"description": "the lane whose queue and worker handle its batches"},
        "archive": nullable(TEXT)
        | {
            "description": "the kind of archive, whose files are members of this file; it has no text of its own"
        },
        "member": nullable(object_of({"file_id": ID_OF_FILE, "ordinal": COUNT, "path": TEXT}))
        | {"description": "the archive that the file is in, and its place there"},
        "text_bytes": nullable(COUNT),
        "splits": COUNT,
        "batches": COUNT,
        "parsed": TALLY,
        "rejected": TALLY,
        "skipped": SKIPPED,
        "pending": TALLY,
        "dead": TALLY,
        "discarded": TALLY,
        "used": nullable(USED),
        "opened_at": TIME,
        "settled_at": nullable(TIME),
        "trace": nullable(TEXT),
        "trace_url": nullable(TEXT),
    }
)
RECEIPT: Final[Schema] = object_of(
    {
        "receipt": {"const": VERSION_OF_RECEIPTS},
        **{name: FILE["properties"][name] for name in KEPT},
        "revision": COUNT | {"description": "rises with every change of the account"},
        "seals_sha256": {"type": "string", "pattern": "^[0-9a-f]{64}$"},
    }
)
BATCH: Final[Schema] = object_of(
    {
        "batch_id": TEXT,
        "split": COUNT,
        "batch": COUNT,
        "state": {"enum": list(BATCH_STATES)},
        "trace": nullable(TEXT),
        "trace_url": nullable(TEXT),
        "parsed": TALLY,
        "rejected": TALLY,
        "skipped": SKIPPED,
        "total": TALLY,
        "reason": TEXT,
    },
    *("parsed", "rejected", "skipped", "total", "reason"),
)
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
LETTER: Final[Schema] = object_of(
    {
        "dead_letter_id": TEXT,
        "kind": {"enum": [kind.value for kind in Kind]},
        "state": {"enum": [state.value.lower() for state in LetterState]},
        "code": TEXT,
        "reason": TEXT,
        "receives": COUNT,
        "died_at": TIME,
        "file_id": nullable(ID_OF_FILE),
        "bucket": nullable(TEXT),
        "key": nullable(TEXT),
        "split": nullable(COUNT),
        "batch_id": nullable(TEXT),
        "offset": nullable(COUNT),
        "entries": nullable(COUNT),
        "lines": nullable(COUNT),
        "bytes": nullable(COUNT),
        "trace": nullable(TEXT),
        "redrives": COUNT,
        "changed_at": nullable(TIME),
        "by": nullable(TEXT),
        "why": nullable(TEXT),
        "written_to": {"type": "array", "items": {"const": "table"}},
        "redrivable": {"type": "boolean"},
    }
)
STORY: Final[Schema] = {
    **LETTER,
    "properties": {
        **LETTER["properties"],
        "attempts": {"type": "array", "items": {"type": "object"}},
        "source": {},
        "first_line": nullable(COUNT),
        "text": {
            "type": "array",
            "items": object_of(
                {"offset": COUNT, "line": nullable(COUNT), "text": TEXT, "cut": {"const": True}}, "cut"
            ),
        },
        "more_lines": {"type": "integer"},
        "body": nullable(TEXT),
        "more_characters": COUNT,
    },
    "required": [*LETTER["required"], "attempts", "source", "first_line"],
}
INGESTED: Final[Schema] = object_of(
    {"file_id": ID_OF_FILE, "bucket": TEXT, "key": TEXT, "version_id": nullable(TEXT)}
)


def progress_of(done: str) -> Schema:
    refusal = object_of({"dead_letter_id": TEXT, "why": TEXT})
    return object_of(
        {
            done: COUNT,
            "resolved": COUNT,
            "refused": COUNT,
            "refusals": {"type": "array", "items": refusal},
            "cursor": nullable(TEXT),
        }
    )


SUM: Final[Schema] = object_of(
    {
        "files": COUNT,
        "bytes": COUNT,
        "text_bytes": COUNT,
        "seconds": {"type": "number", "minimum": 0, "description": "time from opening to settling, added up"},
        "entries": COUNT,
        "lines": COUNT,
        **dict.fromkeys(("parsed", "rejected"), TALLY),
        "skipped": object_of({"lines": COUNT, "bytes": COUNT}),
        **dict.fromkeys(("dead", "discarded"), TALLY),
        "used": USED | {"description": "what files used of AWS, as far as it is known"},
        "states": {"type": "object", "additionalProperties": COUNT},
    }
)
BUCKET: Final[Schema] = object_of(
    {"from": TIME, "formats": {"type": "object", "additionalProperties": ref_to("Sum")}}
)
STATISTICS: Final[Schema] = object_of(
    {
        "by": {"enum": ["hour", "day"]},
        "from": TIME,
        "to": TIME,
        "buckets": {"type": "array", "items": BUCKET},
        "totals": ref_to("Sum"),
        "cursor": nullable(TEXT),
    }
)
ATTENTION: Final[Schema] = object_of(
    {
        "dead_letters": object_of(
            {"items": {"type": "array", "items": ref_to("DeadLetter")}, "more": {"type": "boolean"}}
        ),
        "files": {
            "type": "array",
            "items": object_of(
                {
                    "why": {"enum": list(WHYS)},
                    "share": {
                        "type": "number",
                        "description": "of lines or of bytes that are rejects: the larger one",
                    },
                    "share_of": {"enum": ["lines", "bytes"]},
                    "quiet_since": TIME,
                    "file": ref_to("File"),
                },
                *("share", "share_of", "quiet_since"),
            ),
        },
        "more": {"type": "boolean"},
    }
)
ME: Final[Schema] = object_of(
    {
        "name": TEXT,
        "role": {"enum": [role.value for role in Role]},
        "queries": {"type": "boolean", "description": "whether there is a sink to query"},
    }
)
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
STAGE: Final[Schema] = object_of(
    {
        "name": TEXT,
        "batch_id": nullable(TEXT),
        "start_ms": {"type": "number"},
        "duration_ms": {"type": "number"},
        "fault": nullable(TEXT),
        "waited_ms": nullable({"type": "number"}),
        "threads": {"type": "array", "items": {"type": "object"}},
    },
    *("waited_ms", "threads"),
    more=True,
)
TRACE: Final[Schema] = object_of(
    {
        "file_id": ID_OF_FILE,
        "trace": nullable(TEXT),
        "trace_url": nullable(TEXT),
        "complete": {"type": "boolean", "description": "false if there are more traces than are shown"},
        "waterfall": nullable(
            object_of(
                {
                    "file_id": ID_OF_FILE,
                    "begun": {"type": "number", "description": "seconds since 1970"},
                    "duration_ms": {"type": "number"},
                    "invocations": {
                        "type": "array",
                        "items": object_of(
                            {
                                "trace": TEXT,
                                "function": TEXT,
                                "origin_trace": nullable(TEXT),
                                "stages": {"type": "array", "items": STAGE},
                            }
                        ),
                    },
                    "batches": {"type": "array", "items": TEXT},
                    "more_batches": COUNT,
                }
            )
        ),
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
