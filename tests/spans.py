"""OpenTelemetry's SDK as the ADOT layer provides it, but with the spans in memory, shown as X-Ray shows them."""

from __future__ import annotations

import json
import sys
from typing import Any

from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode

EXPORTER = InMemorySpanExporter()
COUNTED = ("items", "requests")


def provided() -> None:
    """From here on what the API is told of is kept."""
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(EXPORTER))
    trace.set_tracer_provider(provider)


def show() -> None:
    """Write what was kept on standard error, a line each, in the order in which the spans ended."""
    for span in EXPORTER.get_finished_spans():
        sys.stderr.write(json.dumps(segment_of(span)) + "\n")


def segment_of(span: ReadableSpan) -> dict[str, Any]:
    own, attributes = span.get_span_context(), dict(span.attributes or {})
    assert own
    trace_id = trace.format_trace_id(own.trace_id)
    segment: dict[str, Any] = {
        "name": span.name,
        "id": trace.format_span_id(own.span_id),
        "parent_id": trace.format_span_id(span.parent.span_id) if span.parent else None,
        "trace_id": f"1-{trace_id[:8]}-{trace_id[8:]}",
        "start_time": span.start_time,
        "end_time": span.end_time,
        "metadata": {"default": {name: attributes.pop(name) for name in COUNTED if name in attributes}},
        "annotations": attributes,
    }
    if span.status.status_code is StatusCode.ERROR:
        exceptions = [
            {
                "type": (event.attributes or {})["exception.type"],
                "message": (event.attributes or {})["exception.message"],
                "stack": (event.attributes or {})["exception.stacktrace"],
            }
            for event in span.events
        ]
        segment |= {"fault": True, "status": span.status.description, "cause": {"exceptions": exceptions}}
    return segment
