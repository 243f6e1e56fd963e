"""The hot calls of DynamoDB and SQS, with bodies that orjson writes, signed and sent by ourselves.

The first call of an operation is botocore's. What it sent is the pattern for all later ones, once our signature of that very
request is the same; so endpoints, regions, headers and CA bundles are as botocore found them. Credentials, retries,
errors and the reading of all that is no plain success stay botocore's. Whoever stands between botocore and the network is
passed by nowhere: behind a proxy, where something answers in AWS's place (a mock), or where botocore's call itself is wrapped
(by X-Ray or OpenTelemetry), calls go on as botocore's.
"""

from __future__ import annotations

import base64
import threading
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from functools import partial
from types import FunctionType
from typing import Any, Final

import orjson
from botocore import xform_name
from botocore.client import BaseClient
from botocore.exceptions import ClientError, HTTPClientError
from botocore.handlers import add_recursion_detection_header
from botocore.hooks import first_non_none_response
from botocore.utils import get_environ_proxies
from urllib3.response import BaseHTTPResponse

from chalicelib.aws.answers import as_botocore, code_in, is_intact, parsed_by_botocore, plainly_parsed
from chalicelib.aws.connections import Answer, Connections
from chalicelib.aws.errors import code_of
from chalicelib.aws.sigv4 import Pattern, pattern_of

HOT: Final[Mapping[str, tuple[str, ...]]] = {
    "dynamodb": ("BatchGetItem", "BatchWriteItem", "GetItem", "PutItem", "Query", "UpdateItem"),
    "sqs": ("SendMessageBatch",),
}
"""By service. Their answers have no times, and no bytes but DynamoDB's binary values."""

_SKEWED: Final = frozenset(
    {
        "AuthFailure",
        "InvalidSignatureException",
        "RequestExpired",
        "RequestInTheFuture",
        "RequestTimeTooSkewed",
        "SignatureDoesNotMatch",
    }
)
_SKEW_SECONDS: Final = 240
"""AWS refuses dates that are off by 300 seconds
(https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-troubleshooting.html)."""


@dataclass(slots=True)
class _Known:
    """An operation that can be called directly."""

    model: Any
    pattern: Pattern
    connections: Connections


class Calls:
    """A low-level client of DynamoDB or SQS, made with `parameter_validation=False`, whose hot calls are direct if
    `direct` is set. All others are the client's own. direct: False lets botocore send everything."""

    def __init__(self, client: Any, *, direct: bool) -> None:
        self._client = client
        self._direct = direct
        self._service: str = client.meta.service_model.service_id.hyphenize()
        self._known: dict[str, _Known] = {}
        self._connections: dict[str, Connections] = {}
        self._present = threading.local()
        self._skew_seconds = 0.0
        self._has_retried = False
        """From then on botocore hears of successes, which refill its quota of retries."""
        events = client.meta.events
        for operation in HOT[client.meta.service_model.service_name]:
            setattr(self, xform_name(operation), partial(self._call, operation))
            events.register(f"before-call.{self._service}.{operation}", self._swap)
            events.register(f"before-send.{self._service}.{operation}", self._note)
            events.register(f"after-call.{self._service}.{operation}", self._learn)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def send(self, operation: str, body: bytes, **parameters: Any) -> dict[str, Any]:
        """One of the hot calls with a body that is already written; gives the client's answer. parameters: those of the
        body by which botocore finds the endpoint."""
        if known := self._usable(operation):
            return self._ask(known, body)

        def by_botocore() -> dict[str, Any]:
            self._present.body = body
            try:
                return self._client_call(operation)(**parameters)
            finally:
                self._present.body = None

        return self._taught(operation, by_botocore, body)

    def _call(self, operation: str, **parameters: Any) -> dict[str, Any]:
        try:
            body = orjson.dumps(parameters, default=_base64) if self._direct else b""
        except orjson.JSONEncodeError:  # botocore can write some of what orjson cannot
            return self._client_call(operation)(**parameters)
        if known := self._usable(operation):
            return self._ask(known, body)
        return self._taught(operation, partial(self._client_call(operation), **parameters), body)

    def _client_call(self, operation: str) -> Callable[..., dict[str, Any]]:
        call: Callable[..., dict[str, Any]] = getattr(self._client, xform_name(operation))
        return call

    def _usable(self, operation: str) -> _Known | None:
        known = self._known.get(operation)
        return known if known and _is_bare() else None

    # What botocore does, looked at

    def _taught(
        self, operation: str, by_botocore: Callable[[], dict[str, Any]], body: bytes
    ) -> dict[str, Any]:
        try:
            return by_botocore()
        except ClientError as error:
            headers = error.response.get("ResponseMetadata", {}).get("HTTPHeaders", {})
            known = self._usable(operation)
            if known and self._corrects_clock(code_of(error), headers, 0.0):
                return self._ask(known, body)
            raise
        finally:
            self._present.request = None

    def _swap(self, params: dict[str, Any], **_: Any) -> None:
        body = getattr(self._present, "body", None)
        if body is not None:
            params["body"] = body

    def _note(self, request: Any, **_: Any) -> None:
        self._present.request = request

    def _learn(self, http_response: Any, model: Any, **_: Any) -> None:
        request = getattr(self._present, "request", None)
        if request is None or not self._direct or not isinstance(http_response.raw, BaseHTTPResponse):
            return
        config, credentials = self._client.meta.config, self._credentials()
        if config.proxies or config.client_cert or get_environ_proxies(request.url) or credentials is None:
            return
        pattern = pattern_of(request.url, request.headers, request.body, credentials)
        if pattern is None or model.service_model.resolved_protocol != "json":
            return
        if pattern.url not in self._connections:
            self._connections[pattern.url] = Connections(
                pattern.url,
                connect_seconds=config.connect_timeout,
                read_seconds=config.read_timeout,
                verify=self._client._endpoint.http_session._verify,  # noqa: SLF001 - no other place has it
                kept=config.max_pool_connections,
            )
        self._known[model.name] = _Known(model, pattern, self._connections[pattern.url])

    def _credentials(self) -> Any:
        """Frozen, and refreshed first if necessary."""
        credentials = self._client._get_credentials()  # noqa: SLF001 - no other place has those of a client
        return credentials and credentials.get_frozen_credentials()

    # What is done in its place

    def _ask(self, known: _Known, body: bytes) -> dict[str, Any]:
        """Try until it succeeds, or until botocore's rules of retries end it."""
        retries: dict[str, Any] = {"invocation-id": str(uuid.uuid4()), "attempt": 1}
        context: dict[str, Any] = {"client_config": self._client.meta.config, "retries": retries}
        is_corrected = False
        while True:
            skew_seconds = self._skew_seconds
            answer, error = self._tried(known, body, retries, skew_seconds)
            if answer and answer.status == 200 and is_intact(answer):
                parsed = plainly_parsed(known.model, answer)
                break
            parsed = parsed_by_botocore(known.model, answer) if answer else {}
            if (
                not is_corrected
                and answer
                and self._corrects_clock(code_in(parsed), answer.headers, skew_seconds)
            ):
                is_corrected = True
            elif not self._waits(known, answer, parsed, error, context):
                break
            retries["attempt"] += 1
        if error:
            raise error
        assert answer
        parsed["ResponseMetadata"]["RetryAttempts"] = retries["attempt"] - 1
        if self._has_retried or answer.status >= 300:
            self._tell("after-call", known, http_response=as_botocore(answer), parsed=parsed, context=context)
        if answer.status >= 300:
            code = context.get("error_code_override") or code_in(parsed)
            raise self._client.exceptions.from_code(code)(parsed, known.model.name)
        return parsed

    def _tried(
        self, known: _Known, body: bytes, retries: Mapping[str, Any], skew_seconds: float
    ) -> tuple[Answer, None] | tuple[None, HTTPClientError]:
        traced: dict[str, str] = {}
        add_recursion_detection_header({"headers": traced})
        head = known.pattern.head(
            body,
            self._credentials(),
            time.time() + skew_seconds,
            retries["invocation-id"],
            "; ".join([f"{name}={retries[name]}" for name in ("attempt", "max") if name in retries]),
            traced.get("X-Amzn-Trace-Id"),
        )
        try:
            return known.connections.ask(head, body), None
        except HTTPClientError as error:
            return None, error

    def _waits(
        self,
        known: _Known,
        answer: Answer | None,
        parsed: dict[str, Any],
        error: HTTPClientError | None,
        context: dict[str, Any],
    ) -> bool:
        """Whether there is to be another attempt. Waits until it may begin."""
        delay = first_non_none_response(
            self._tell(
                "needs-retry",
                known,
                response=(as_botocore(answer), parsed) if answer else None,
                endpoint=None,
                operation=known.model,
                attempts=context["retries"]["attempt"],
                caught_exception=error,
                request_dict={"context": context},
            )
        )
        if delay is None or delay is False:
            return False
        self._has_retried = True
        time.sleep(delay)
        return True

    def _tell(self, event: str, known: _Known, **about: Any) -> Any:
        name = f"{event}.{self._service}.{known.model.name}"
        return self._client.meta.events.emit(name, model=known.model, **about)

    def _corrects_clock(self, code: str, headers: Mapping[str, str], signed_seconds: float) -> bool:
        """Whether the server refused the date because the clock of this machine is off; from now on dates are the
        server's. signed_seconds: the skew in the date of that request, 0 in botocore's; another thread may have set it
        since."""
        if code not in _SKEWED or "date" not in headers:
            return False
        try:
            skew = parsedate_to_datetime(headers["date"]).timestamp() - time.time()
        except ValueError:
            return False
        if abs(skew - signed_seconds) < _SKEW_SECONDS:
            return False
        self._skew_seconds = skew
        return True


def calls_of(client: Any, *, direct: bool = False) -> Any:
    """Calls for a botocore client; anything else (calls already, or a stand-in) is given back."""
    return Calls(client, direct=direct) if isinstance(client, BaseClient) else client


def _is_bare() -> bool:
    """Whether nobody has wrapped botocore's call."""
    return type(BaseClient.__dict__["_make_api_call"]) is FunctionType


def _base64(value: object) -> str:
    if isinstance(value, (bytes, bytearray)):
        return base64.b64encode(value).decode()
    raise TypeError
