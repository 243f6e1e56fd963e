"""Statistics, and what needs attention."""

from __future__ import annotations

from typing import Final

from chalicelib.attention import DEFAULT_LIMIT as MOST_URGENT
from chalicelib.attention import MAX_LIMIT as MOST_URGENT_MAX
from chalicelib.attention import WHYS
from chalicelib.openapi.files import USED
from chalicelib.openapi.terms import (
    COUNT,
    TALLY,
    TEXT,
    TIME,
    WHEN,
    Schema,
    nullable,
    object_of,
    operation,
    ref_to,
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
PATHS: Final[Schema] = {
    "/statistics": {
        "get": operation(
            "statistics",
            "Of settled files: their sums by format and by the hour or day in which they were opened",
            {200: STATISTICS},
            query={
                "from": WHEN,
                "to": WHEN,
                "by": {"enum": ["hour", "day"], "default": "hour"},
                "cursor": TEXT,
            },
            refusals=(400,),
        )
    },
    "/attention": {
        "get": operation(
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
}
