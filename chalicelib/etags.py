"""Strong ETags: a repeated request for something unchanged gets 304 and no body (RFC 9110, sections 8.8.3 and 13.1.2)."""

from __future__ import annotations

import hashlib
import json
from typing import Final

from chalice.app import Request, Response, handle_extra_types

_DIGITS: Final = 32
_OK: Final = 200


def conditional(request: Request, response: Response) -> Response:
    """The answer to a request. That to a successful GET has an ETag, computed from the bytes of its body."""
    if request.method != "GET" or response.status_code != _OK or isinstance(response.body, bytes):
        return response
    if not isinstance(response.body, str):
        response.body = json.dumps(response.body, separators=(",", ":"), default=handle_extra_types)
        response.headers.setdefault("Content-Type", "application/json")
    tag = f'"{hashlib.sha256(response.body.encode()).hexdigest()[:_DIGITS]}"'
    headers = {"ETag": tag, "Cache-Control": "private, no-cache"}
    if _names(request.headers.get("if-none-match", ""), tag):
        return Response("", status_code=304, headers=headers)
    response.headers = {**headers, **response.headers}
    return response


def _names(given: str, tag: str) -> bool:
    """Whether If-None-Match contains the tag (weak comparison)."""
    tags = {each.strip().removeprefix("W/") for each in given.split(",")}
    return tag in tags or given.strip() == "*"
