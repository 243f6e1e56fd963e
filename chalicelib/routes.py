"""The status API: each route calls one use case, and every refusal is one sentence.

Errors have Chalice's form: ``{"Code": …, "Message": …}``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any, Final

from chalice.app import (
    BadRequestError,
    ChaliceViewError,
    ConflictError,
    ForbiddenError,
    NotFoundError,
    Request,
    Response,
)

from chalicelib import page, pages, status
from chalicelib.access import FIRST, Person, Role, Tokens, is_first, may_be_named
from chalicelib.attention import DEFAULT_LIMIT as MOST_URGENT
from chalicelib.attention import MAX_LIMIT as MOST_URGENT_MAX
from chalicelib.bodies import is_text, json_body
from chalicelib.core.errors import ObjectGoneError, PermanentError, TransientError
from chalicelib.core.plan.layouts import Sink
from chalicelib.core.records.segments import SegmentError
from chalicelib.core.wire.fields import NAME_MAX_CHARS, quoted
from chalicelib.core.wire.notifications import Announced, announcement_of, is_folder
from chalicelib.dead_letters.selection import NoSuchLetterError
from chalicelib.delivery import Deadline, Outgoing
from chalicelib.questions import checked_time
from chalicelib.receipts import UnsettledError
from chalicelib.record_sums import DEFAULT_BUCKETS, MAX_BUCKETS
from chalicelib.services import Services
from chalicelib.settings import SettingsError
from chalicelib.trace_status import DEFAULT_BATCHES, MAX_BATCHES

GetServices = Callable[[], Services]

_SEND_SECONDS: Final = 10.0


class NotConfiguredError(ChaliceViewError):
    STATUS_CODE = 503


class UnavailableError(ChaliceViewError):
    STATUS_CODE = 503


class DamagedRecordsError(ChaliceViewError):
    STATUS_CODE = 500


def person_of(authorization: str, token_sha256: str, tokens: Callable[[], Tokens]) -> Person | None:
    """Who bears the token of an Authorization header; tokens: asked for where it is not the first administrator's."""
    if is_first(authorization, token_sha256):
        return Person(FIRST, Role.ADMINISTER)
    if not may_be_named(authorization):
        return None
    try:
        return tokens().person(authorization)
    except SettingsError:
        return None


def asking(request: Request) -> Person:
    """Who asks, as the authorizer found; nobody in particular where there is none: such routes have no settings."""
    known = (request.context or {}).get("authorizer") or {}
    return Person(str(known.get("principalId", FIRST)), Role(known.get("role", Role.READ)))


def me(services: GetServices, request: Request) -> dict[str, Any]:
    """queries: whether there is a sink to ask."""
    Asked(request)
    person = asking(request)
    with refusals():
        has_sink = services().settings.sink is not Sink.NONE
    return {"name": person.name, "role": person.role.value, "queries": has_sink}


def audit(services: GetServices, request: Request) -> dict[str, Any]:
    asked = Asked(request, "from", "to", "limit", "cursor")
    if asking(request).role is not Role.ADMINISTER:
        raise ForbiddenError("the audit trail is for the role administer")
    with refusals():
        return services().audit.page(
            begin=checked_time("from", asked.text("from")),
            end=checked_time("to", asked.text("to")),
            limit=asked.limit,
            cursor=asked.text("cursor"),
        )


def front(request: Request, environment: Mapping[str, str]) -> Response:
    """The page; 304 without it for who has it as it is."""
    headers = page.headers(environment)
    if request.headers.get("if-none-match") == headers["ETag"]:
        return Response("", status_code=304, headers=headers)
    return Response(page.document().text, headers=headers)


def files(services: GetServices, request: Request) -> dict[str, Any]:
    asked = Asked(request, "state", "key", "prefix", "format", "from", "to", "time", "limit", "cursor")
    with refusals():
        return services().status.files(
            state=asked.text("state"),
            key=asked.text("key"),
            prefix=asked.text("prefix"),
            format_name=asked.text("format"),
            from_=asked.text("from"),
            to=asked.text("to"),
            time=asked.text("time"),
            limit=asked.limit,
            cursor=asked.text("cursor"),
        )


def file(services: GetServices, request: Request, file_id: str) -> dict[str, Any]:
    Asked(request)
    with refusals():
        return services().status.file(file_id)


def receipt(services: GetServices, request: Request, file_id: str) -> dict[str, Any]:
    Asked(request)
    with refusals():
        try:
            return services().status.receipt(file_id)
        except UnsettledError as error:
            raise ConflictError(error.reason) from error


def members(services: GetServices, request: Request, file_id: str) -> dict[str, Any]:
    asked = Asked(request, "limit", "cursor")
    with refusals():
        return services().status.members(file_id, limit=asked.limit, cursor=asked.text("cursor"))


def batches(services: GetServices, request: Request, file_id: str) -> dict[str, Any]:
    asked = Asked(request, "state", "limit", "cursor")
    with refusals():
        return services().status.batches(
            file_id, state=asked.text("state"), limit=asked.limit, cursor=asked.text("cursor")
        )


def records(services: GetServices, request: Request, file_id: str) -> dict[str, Any]:
    asked = Asked(request, "severity", "from", "to", "format", "text", "where", "limit", "cursor")
    with refusals():
        return services().status.records(
            file_id,
            severity=asked.text("severity"),
            from_=asked.text("from"),
            to=asked.text("to"),
            format_name=asked.text("format"),
            text=asked.text("text"),
            where=asked.texts("where"),
            limit=asked.limit,
            cursor=asked.text("cursor"),
        )


def rejects(services: GetServices, request: Request, file_id: str) -> dict[str, Any]:
    asked = Asked(request, "limit", "cursor")
    with refusals():
        return services().status.rejects(file_id, limit=asked.limit, cursor=asked.text("cursor"))


def histogram(services: GetServices, request: Request, file_id: str) -> dict[str, Any]:
    asked = Asked(request, "buckets", "from", "to", "cursor")
    buckets = asked.number("buckets", DEFAULT_BUCKETS, MAX_BUCKETS)
    with refusals():
        return services().status.histogram(
            file_id,
            buckets=buckets,
            from_=asked.text("from"),
            to=asked.text("to"),
            cursor=asked.text("cursor"),
        )


def reasons(services: GetServices, request: Request, file_id: str) -> dict[str, Any]:
    asked = Asked(request, "cursor")
    with refusals():
        return services().status.reasons(file_id, cursor=asked.text("cursor"))


def trace(services: GetServices, request: Request, file_id: str) -> dict[str, Any]:
    asked = Asked(request, "batches")
    with refusals():
        return services().trace_status.waterfall(
            file_id, asked.number("batches", DEFAULT_BATCHES, MAX_BATCHES)
        )


def statistics(services: GetServices, request: Request) -> dict[str, Any]:
    asked = Asked(request, "from", "to", "by", "cursor")
    with refusals():
        return services().statistics.page(
            begin=checked_time("from", asked.text("from")),
            end=checked_time("to", asked.text("to")),
            by=asked.text("by"),
            cursor=asked.text("cursor"),
        )


def attention(services: GetServices, request: Request) -> dict[str, Any]:
    asked = Asked(request, "limit")
    limit = asked.number("limit", MOST_URGENT, MOST_URGENT_MAX)
    if not 1 <= limit <= MOST_URGENT_MAX:
        raise BadRequestError(f"limit is {limit}: give a number from 1 to {MOST_URGENT_MAX}")
    with refusals():
        return services().attention.page(limit)


def ingest(services: GetServices, request: Request) -> Response:
    """Announce an object that lies in the input bucket, as S3 would: 202 with the file's id. Of a file that is
    known already nothing is announced: 200 with the file as it stands."""
    with refusals():
        body = json_body(request)
        named = isinstance(body, dict) and [body.get(name) for name in ("bucket", "key")]
        if not named or not all(isinstance(name, str) and name for name in named):
            raise pages.BadQueryError('the body must be JSON such as {"bucket": "…", "key": "…"}')
        if not is_text(body["key"]) or len(body["key"].encode()) > NAME_MAX_CHARS:
            raise pages.BadQueryError(
                f"key is {quoted(body['key'])}: give a string of at most {NAME_MAX_CHARS:,} bytes"
            )
        settings = services().settings
        inputs = {**settings.other_inputs, settings.input_bucket: settings.input_keys}
        keys = inputs.get(body["bucket"])
        if keys is None:
            raise pages.BadQueryError(f"bucket is {quoted(body['bucket'])}: {_only_inputs(sorted(inputs))}")
        if not keys.takes(body["key"]):
            raise pages.BadQueryError(f"key is {quoted(body['key'])}: {keys.refusal()}")
        head = services().objects.head(Announced(body["bucket"], body["key"]))
        if is_folder(head.version.key, head.size):
            raise pages.BadQueryError(
                f"key is {quoted(body['key'])}: the key of an empty folder is not a log"
            )
        with suppress(status.NotFoundError):
            return Response(services().status.file(head.version.file_id), status_code=200)
        services().split_queue.send_group(
            [Outgoing(announcement_of(Announced.of(head)))], Deadline.after(_SEND_SECONDS)
        )
    described = {
        "file_id": head.version.file_id,
        "bucket": head.version.bucket,
        "key": head.version.key,
        "version_id": head.version.version_id,
    }
    return Response(described, status_code=202)


def _only_inputs(buckets: list[str]) -> str:
    if len(buckets) == 1:
        return f"only the input bucket {buckets[0]!r} is read"
    return f"only the input buckets {', '.join(buckets)} are read"


class Asked:
    """The query string; a parameter that the route does not know is refused by name."""

    def __init__(self, request: Request, *known: str) -> None:
        self._query = request.query_params
        self._given = dict(request.query_params or {})
        if unknown := [name for name in self._given if name not in known]:
            names = f"known are {', '.join(known)}" if known else "this route takes none"
            raise BadRequestError(f"unknown parameter {quoted(unknown[0])}: {names}")

    def text(self, name: str) -> str | None:
        return self._given.get(name) or None

    def texts(self, name: str) -> list[str]:
        """Of a parameter that may be repeated."""
        return [text for text in self._query.getlist(name) if text] if name in self._given else []

    @property
    def limit(self) -> int:
        return self.number("limit", pages.DEFAULT_LIMIT, pages.MAX_LIMIT)

    def number(self, name: str, default: int, largest: int) -> int:
        """A whole number; whether it is within its bounds is for the use case to say."""
        text = self.text(name)
        if text is None:
            return default
        if not pages.is_number(text) or len(text) > len(str(largest)):
            raise BadRequestError(f"{name} is {quoted(text)}: give a number from 1 to {largest}")
        return int(text)


@contextmanager
def refusals() -> Iterator[None]:
    try:
        yield
    except SettingsError as error:
        raise NotConfiguredError(str(error)) from error
    except pages.BadQueryError as error:
        raise BadRequestError(str(error)) from error
    except (status.NotFoundError, NoSuchLetterError, ObjectGoneError) as error:
        raise NotFoundError(str(error)) from error
    except PermanentError as error:
        raise BadRequestError(error.reason) from error
    except TransientError as error:
        raise UnavailableError(error.reason) from error
    except SegmentError as error:
        raise DamagedRecordsError(error.reason) from error
