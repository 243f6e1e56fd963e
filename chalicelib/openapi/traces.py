"""The traces of a file."""

from __future__ import annotations

from typing import Final

from chalicelib.openapi.terms import COUNT, ID_OF_FILE, TEXT, Schema, nullable, object_of, operation
from chalicelib.trace_status import DEFAULT_BATCHES, MAX_BATCHES

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
PATHS: Final[Schema] = {
    "/files/{file_id}/trace": {
        "get": operation(
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
}
