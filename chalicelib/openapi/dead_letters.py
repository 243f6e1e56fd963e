"""Dead letters."""

from __future__ import annotations

from typing import Final

from chalicelib.core.ledger.letters import Kind, LetterState
from chalicelib.openapi.terms import (
    COUNT,
    ID_OF_FILE,
    IN_PAGES,
    TEXT,
    TIME,
    WHEN,
    Schema,
    nullable,
    object_of,
    operation,
    page_of,
    ref_to,
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


_LETTER_STATE: Final[Schema] = {
    "enum": [*(state.value.lower() for state in LetterState), "all"],
    "default": "dead",
}
_LETTER_PATH: Final[Schema] = {"dead_letter_id": TEXT}
_DECISION: Final[Schema] = {
    "by": {"type": "string", "minLength": 1, "maxLength": 100},
    "why": {"type": "string", "minLength": 1, "maxLength": 500},
}
_SELECTION: Final[Schema] = {
    "ids": {"type": "array", "items": TEXT, "minItems": 1, "maxItems": 1000},
    "file": ID_OF_FILE,
    "reason": {"type": "string", "minLength": 1},
    "all": {"type": "boolean"},
    "from": WHEN,
    "to": WHEN,
    "cursor": TEXT,
}
_PER_SECOND: Final[Schema] = {"type": "number", "minimum": 1, "maximum": 1000, "default": 50}
PATHS: Final[Schema] = {
    "/dead-letters": {
        "get": operation(
            "dead_letters",
            "Dead letters, newest first; of one file by id",
            {200: page_of("DeadLetter")},
            query={
                "file": ID_OF_FILE,
                "reason": TEXT,
                "state": _LETTER_STATE,
                "from": WHEN,
                "to": WHEN,
                **IN_PAGES,
            },
            refusals=(400,),
        )
    },
    "/dead-letters/redrive": {
        "post": operation(
            "redrive_many",
            "Send dead letters again; repeat it with the cursor until that is null",
            {200: ref_to("Redriven")},
            body=object_of({**_SELECTION, "per_second": _PER_SECOND}, *_SELECTION, "per_second"),
            refusals=(400, 404, 415),
        )
    },
    "/dead-letters/discard": {
        "post": operation(
            "discard_many",
            "Discard dead letters for good; repeat it with the cursor until that is null",
            {200: ref_to("Discarded")},
            body=object_of({**_SELECTION, **_DECISION}, *_SELECTION),
            refusals=(400, 404, 415),
        )
    },
    "/dead-letters/{dead_letter_id}": {
        "get": operation(
            "dead_letter",
            "A dead letter with its attempts and its lines",
            {200: ref_to("DeadLetterStory")},
            path=_LETTER_PATH,
            query={"lines": {"type": "integer", "minimum": 1, "maximum": 1000, "default": 20}},
            refusals=(400, 404),
        )
    },
    "/dead-letters/{dead_letter_id}/redrive": {
        "post": operation(
            "redrive",
            "Send a dead letter again",
            {200: ref_to("Redriven")},
            path=_LETTER_PATH,
            refusals=(400, 404, 409, 415),
        )
    },
    "/dead-letters/{dead_letter_id}/discard": {
        "post": operation(
            "discard",
            "Discard a dead letter for good",
            {200: ref_to("Discarded")},
            path=_LETTER_PATH,
            body=object_of(_DECISION),
            refusals=(400, 404, 409, 415),
        )
    },
}
