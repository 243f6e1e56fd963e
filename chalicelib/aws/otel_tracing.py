"""Traces through the OpenTelemetry API: the ADOT layer brings the SDK that records and sends them
(https://aws-otel.github.io/docs/getting-started/lambda/lambda-python).

If no span is open, the parent is the invocation's own X-Ray trace. Headers are X-Ray's: the trace ids differ only in
punctuation. Without an SDK nothing is recorded.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Final

from opentelemetry import context, trace
from opentelemetry.trace import NonRecordingSpan, Span, SpanContext, StatusCode, TraceFlags

from chalicelib.core.errors import places_of, reason_of
from chalicelib.tracing import REASON_MAX_CHARACTERS, Counted, annotations_of

_HEADER_SETTING: Final = "_X_AMZN_TRACE_ID"
_STACK_MAX_FRAMES: Final = 10


class OpenTelemetryTracer:
    """function: the Lambda function's name, for the attribute."""

    def __init__(self, function: str, environment: Mapping[str, str] = os.environ) -> None:
        self._function = function
        self._environment = environment
        self._followed: str | None = None
        self._attributes: Mapping[str, str] = {}
        self._tracer = trace.get_tracer("froe")

    def follow(self, origin: str | None) -> None:
        self._followed = origin

    def subsegment(
        self, name: str, file_id: str, batch_id: str | None, format_name: str
    ) -> AbstractContextManager[object]:
        self._attributes = annotations_of(self._function, self._followed, file_id, batch_id, format_name)
        return self._recorded(name, self._attributes, self._present())

    def for_threads(self, name: str, work: Callable[[], Counted]) -> Callable[[], Counted]:
        if not trace.get_current_span().is_recording():
            return work
        present, attributes = context.get_current(), self._attributes

        def recorded_work() -> Counted:
            with self._recorded(name, attributes, present) as span:
                counted = work()
                span.set_attributes(dict(counted))
            return counted

        return recorded_work

    def header(self) -> str | None:
        """``Root=…;Parent=…;Sampled=…`` of the open span, else of the invocation."""
        span = trace.get_current_span(self._present()).get_span_context()
        if not span.is_valid:
            return None
        trace_id = trace.format_trace_id(span.trace_id)
        sampled = 1 if span.trace_flags.sampled else 0
        parent = trace.format_span_id(span.span_id)
        return f"Root=1-{trace_id[:8]}-{trace_id[8:]};Parent={parent};Sampled={sampled}"

    def origin(self) -> str | None:
        return self._followed or self.header()

    def _present(self) -> context.Context:
        """With the invocation's span if no other is open."""
        present = context.get_current()
        if trace.get_current_span(present).get_span_context().is_valid:
            return present
        invocation = _span_of(self._environment.get(_HEADER_SETTING, ""))
        return present if invocation is None else trace.set_span_in_context(invocation, present)

    @contextmanager
    def _recorded(self, name: str, attributes: Mapping[str, str], parent: context.Context) -> Iterator[Span]:
        """A span that ends with the block, as an error if the block raises."""
        with self._tracer.start_as_current_span(
            name, parent, attributes=attributes, record_exception=False, set_status_on_exception=False
        ) as span:
            try:
                yield span
            except BaseException as error:
                _blame(span, error)
                raise


def _blame(span: Span, error: BaseException) -> None:
    """As `record_exception`, without the message of a bug, which may quote somebody's log."""
    reason = reason_of(error)[:REASON_MAX_CHARACTERS]
    attributes: dict[str, Any] = {
        "exception.type": type(error).__name__,
        "exception.message": reason,
        "exception.stacktrace": "\n".join(places_of(error)[-_STACK_MAX_FRAMES:]),
    }
    span.add_event("exception", attributes)
    span.set_status(StatusCode.ERROR, reason)


def _span_of(header: str) -> Span | None:
    """The span that an X-Ray header names, recorded elsewhere."""
    parts = dict(part.split("=", 1) for part in header.split(";") if "=" in part)
    try:
        trace_id = int(parts["Root"].removeprefix("1-").replace("-", ""), 16)
        span_id = int(parts["Parent"], 16)
    except (KeyError, ValueError):
        return None
    sampled = TraceFlags.DEFAULT if parts.get("Sampled") == "0" else TraceFlags.SAMPLED
    span = SpanContext(trace_id, span_id, is_remote=True, trace_flags=TraceFlags(sampled))
    return NonRecordingSpan(span) if span.is_valid else None
