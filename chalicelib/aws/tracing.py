"""X-Ray through its SDK, which is imported only where traces are taken.

The SDK keeps its context per thread: stages are timed in the thread that handles the message.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from chalicelib.tracing import NoTracer, Tracer

if TYPE_CHECKING:
    from aws_xray_sdk.core import AWSXRayRecorder


def make_tracer(environment: Mapping[str, str] = os.environ) -> Tracer:
    """X-Ray in a Lambda function unless AWS_XRAY_SDK_ENABLED says false; elsewhere nothing."""
    if environment.get("AWS_XRAY_SDK_ENABLED", "true").lower() == "false":
        return NoTracer()
    if "AWS_LAMBDA_FUNCTION_NAME" not in environment:
        return NoTracer()
    from aws_xray_sdk.core import xray_recorder

    xray_recorder.configure(context_missing="IGNORE_ERROR")
    return XRayTracer(xray_recorder)


class XRayTracer:
    def __init__(self, recorder: AWSXRayRecorder) -> None:
        self._recorder = recorder

    @contextmanager
    def subsegment(self, name: str, file_id: str, batch_id: str, format_name: str) -> Iterator[None]:
        with self._recorder.in_subsegment(name) as subsegment:
            if subsegment is not None:
                subsegment.put_annotation("file_id", file_id)
                subsegment.put_annotation("batch_id", batch_id)
                subsegment.put_annotation("format", format_name)
            yield

    def header(self) -> str | None:
        """``Root=…;Parent=…;Sampled=…`` of the entity that is being recorded
        (https://docs.aws.amazon.com/xray/latest/devguide/xray-concepts.html#xray-concepts-tracingheader)."""
        entity = self._recorder.get_trace_entity()
        if entity is None or not getattr(entity, "trace_id", None):
            return None
        return f"Root={entity.trace_id};Parent={entity.id};Sampled={1 if entity.sampled else 0}"
