"""The terms of the description: types, operations and pages of lists."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from chalicelib.core.wire.fields import FILE_ID, NAME_MAX_CHARS
from chalicelib.pages import DEFAULT_LIMIT, MAX_LIMIT

Schema = dict[str, Any]
TEXT: Final[Schema] = {"type": "string"}
COUNT: Final[Schema] = {"type": "integer", "minimum": 0}
TIME: Final[Schema] = {"type": "string", "format": "date-time"}
ID_OF_FILE: Final[Schema] = {"type": "string", "pattern": f"^{FILE_ID.pattern}$"}
KEY: Final[Schema] = {"type": "string", "minLength": 1, "maxLength": NAME_MAX_CHARS}
WHEN: Final[Schema] = {
    "type": "string",
    "description": "ISO 8601; without a zone it is UTC",
    "format": "date-time",
}
LIMIT: Final[Schema] = {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": DEFAULT_LIMIT}
IN_PAGES: Final[Schema] = {"limit": LIMIT, "cursor": TEXT}


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


def answer(description: str, schema: Schema) -> Schema:
    return {"description": description, "content": {"application/json": {"schema": schema}}}


def operation(
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
            **{str(code): answer(_REASONS[code], schema) for code, schema in answers.items()},
            **{str(code): answer(_REASONS[code], ref_to("Error")) for code in (*refusals, 401, 403, 503)},
        },
    }
    if parameters:
        described["parameters"] = parameters
    if body:
        described["requestBody"] = {"required": True, "content": {"application/json": {"schema": body}}}
    return described


def of_file(name: str, summary: str, item: str, query: Mapping[str, Schema], *refusals: int) -> Schema:
    return {
        "get": operation(
            name,
            summary,
            {200: page_of(item)},
            path={"file_id": TEXT},
            query={**query, **IN_PAGES},
            refusals=(400, 404, *refusals),
        )
    }
