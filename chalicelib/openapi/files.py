"""Files, their batches, members and receipts."""

from __future__ import annotations

from typing import Final

from chalicelib.core.ledger.accounts import State
from chalicelib.openapi.terms import (
    COUNT,
    ID_OF_FILE,
    IN_PAGES,
    KEY,
    TALLY,
    TEXT,
    TIME,
    WHEN,
    Schema,
    nullable,
    object_of,
    of_file,
    operation,
    page_of,
    ref_to,
)
from chalicelib.questions import TIMES
from chalicelib.receipts import KEPT
from chalicelib.receipts import VERSION as VERSION_OF_RECEIPTS
from chalicelib.status_json import BATCH_STATES

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
INGESTED: Final[Schema] = object_of(
    {"file_id": ID_OF_FILE, "bucket": TEXT, "key": TEXT, "version_id": nullable(TEXT)}
)
PATHS: Final[Schema] = {
    "/files": {
        "get": operation(
            "files",
            "Files, newest first",
            {200: page_of("File")},
            query={
                "state": {"enum": [state.value for state in State]},
                "key": TEXT,
                "prefix": TEXT | {"description": "of the key"},
                "format": TEXT,
                "from": WHEN
                | {"description": "opened, or settled, at this time or later; UTC without a zone"},
                "to": WHEN | {"description": "opened, or settled, before this time"},
                "time": {"enum": list(TIMES), "default": TIMES[0]},
                **IN_PAGES,
            },
            refusals=(400,),
        ),
        "post": operation(
            "ingest",
            "Ingest an object of the input bucket; one that has a file already is shown",
            {200: ref_to("File"), 202: ref_to("Ingested")},
            body=object_of({"bucket": TEXT, "key": KEY}, more=True),
            refusals=(400, 404, 415),
        ),
    },
    "/files/{file_id}": {
        "get": operation(
            "file", "A file, as of now", {200: ref_to("File")}, path={"file_id": TEXT}, refusals=(404,)
        )
    },
    "/files/{file_id}/reprocess": {
        "post": operation(
            "reprocess",
            "Read its object again with today's formats; force: with more rejects, or more that filters drop, too",
            {202: ref_to("File")},
            path={"file_id": TEXT},
            body=object_of({"force": {"type": "boolean"}}, "force"),
            refusals=(400, 404, 409, 415),
        )
    },
    "/files/{file_id}/receipt": {
        "get": operation(
            "receipt",
            "What was read, what came of it and a digest of its seals, to be kept; 409 while it is not settled",
            {200: ref_to("Receipt")},
            path={"file_id": TEXT},
            refusals=(404, 409),
        )
    },
    "/files/{file_id}/members": of_file(
        "members", "The files in it, where it is an archive, in its order", "File", {}
    ),
    "/files/{file_id}/batches": of_file(
        "batches", "Its batches, in the order of the text", "Batch", {"state": {"enum": list(BATCH_STATES)}}
    ),
}
