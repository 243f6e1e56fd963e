"""What API Gateway and Lambda do around the HTTP function, which `chalice local` does not.

Promise: requests and answers that are too large, or take too long, end as they do on AWS; no answer repeats a token.
Limits: what takes too long goes on behind its answer, as a thread cannot be killed.
https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html
"""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable, Mapping
from typing import Any, Final

from chalice.local import ForbiddenError, LocalGateway

from froe.local.limits import ANSWER_MAX_BYTES, EVENT_MAX_BYTES, size_of

INTEGRATION_SECONDS: Final = 29.0
_UNKNOWN_ROUTE: Final = b'{"message": "Missing Authentication Token"}'

logger = logging.getLogger("froe")

Handle = Callable[..., dict[str, Any]]


def patches(seconds: float = INTEGRATION_SECONDS) -> dict[str, Handle]:
    """Replacements for methods of Chalice's LocalGateway."""
    handle: Handle = LocalGateway.handle_request

    def handle_request(
        self: Any, method: str, path: str, headers: Mapping[str, str], body: bytes | None
    ) -> dict[str, Any]:
        if size_of((method, path, dict(headers), (body or b"").decode("utf-8", "replace"))) > EVENT_MAX_BYTES:
            return _refusal(413, "Request Too Long")
        try:
            answer = _in_time(lambda: handle(self, method, path, headers, body), seconds)
        except ForbiddenError as error:
            if _token_of(headers) in (error.body or b""):
                raise ForbiddenError(error.headers, _UNKNOWN_ROUTE) from None
            raise
        except UnicodeEncodeError:  # Chalice repeats the token of an unknown route only in ASCII
            raise ForbiddenError({}, _UNKNOWN_ROUTE) from None
        if answer is None:
            return _refusal(504, "Endpoint request timed out")
        if size_of(answer) > ANSWER_MAX_BYTES:
            logger.error("answer_too_large", extra={"path": path, "bytes": size_of(answer)})
            return _refusal(502, "Internal server error")
        return answer

    return {"handle_request": handle_request}


def _token_of(headers: Mapping[str, str]) -> bytes:
    """The value of the Authorization header; without one, what no answer holds."""
    for name, value in headers.items():
        if name.lower() == "authorization" and value:
            return value.encode("utf-8", "surrogateescape")
    return b"\0"


def _in_time(ask: Callable[[], dict[str, Any]], seconds: float) -> dict[str, Any] | None:
    """What asking gives, or raises; None if it takes longer."""
    outcome: list[dict[str, Any]] = []
    failure: list[BaseException] = []

    def run() -> None:
        try:
            outcome.append(ask())
        except BaseException as error:  # noqa: BLE001 - raised again below
            failure.append(error)

    thread = threading.Thread(target=run, name="request", daemon=True)
    thread.start()
    thread.join(seconds)
    if failure:
        raise failure[0]
    return outcome[0] if outcome else None


def _refusal(status: int, message: str) -> dict[str, Any]:
    return {
        "statusCode": status,
        "headers": {"Content-Type": "application/json"},
        "multiValueHeaders": {},
        "body": json.dumps({"message": message}),
    }
