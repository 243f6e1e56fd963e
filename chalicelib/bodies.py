"""JSON objects in request bodies."""

from __future__ import annotations

from typing import Any

from chalice.app import BadRequestError, Request

from chalicelib.core.wire.fields import quoted
from chalicelib.pages import BadQueryError


def json_body(request: Request) -> Any:
    """The JSON of the body. JSON nested too deeply to be read is refused like any invalid JSON."""
    try:
        return request.json_body
    except RecursionError as error:
        raise BadRequestError("the body is nested too deeply: give a flat JSON object") from error


def is_text(key: str) -> bool:
    """Whether a string can be stored: JSON may contain unpaired surrogates, UTF-8 may not."""
    return key.isprintable() or key.encode(errors="ignore").decode() == key


class Body:
    """A JSON object in a request body. A field that the route does not know is refused by name."""

    example = "{}"

    def __init__(self, request: Request, *known: str) -> None:
        body = json_body(request) if request.raw_body else {}
        if not isinstance(body, dict):
            raise BadQueryError(f"the body must be a JSON object such as {self.example}")
        if unknown := [name for name in body if name not in known]:
            raise BadQueryError(f"unknown field {quoted(unknown[0])}: known are {', '.join(known)}")
        self.given = body

    def text(self, name: str) -> str | None:
        text = self.given.get(name)
        if text is not None and not (isinstance(text, str) and is_text(text)):
            raise BadQueryError(f"{name} is {quoted(text)}: give a string")
        return text or None
