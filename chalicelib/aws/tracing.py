"""X-Ray through its SDK, which is imported with the first subsegment, and only if tracing is on.

Stages are timed in the one thread that handles messages; the SDK keeps its context per thread, so
`for_threads` passes it to other threads. A document over 64 KB is lost: in a Lambda function the SDK sends
every subsegment separately when it ends, and the message of an error is shortened.
"""

from __future__ import annotations

import os
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from chalicelib.core.errors import reason_of
from chalicelib.settings import TRACINGS, SettingsError
from chalicelib.tracing import REASON_MAX_CHARACTERS, Counted, NoTracer, Tracer, annotations_of

if TYPE_CHECKING:
    from aws_xray_sdk.core import AWSXRayRecorder

_STACK_MAX_FRAMES: Final = 10


def make_tracer(tracing: str = TRACINGS[0], environment: Mapping[str, str] = os.environ) -> Tracer:
    """What the setting TRACING says, in a Lambda function unless AWS_XRAY_SDK_ENABLED says false; elsewhere
    nothing. Raises SettingsError where the package that it needs is not there."""
    function = environment.get("AWS_LAMBDA_FUNCTION_NAME")
    disabled = environment.get("AWS_XRAY_SDK_ENABLED", "true").lower() == "false"
    if function is None or disabled or tracing == "off":
        return NoTracer()
    if tracing == "opentelemetry":
        try:
            from chalicelib.aws.otel_tracing import OpenTelemetryTracer
        except ModuleNotFoundError as error:
            raise SettingsError(
                f"TRACING is 'opentelemetry', but {error.name} is not installed: add the ADOT layer for Python to"
                " the stage's `layers` in .chalice/config.json, or set TRACING to xray or off"
            ) from error
        return OpenTelemetryTracer(function, environment)
    return XRayTracer(function)


class XRayTracer:
    """function: the name of the Lambda function, for the annotation."""

    def __init__(self, function: str) -> None:
        self._function = function
        self._followed: str | None = None

    @cached_property
    def _recorder(self) -> AWSXRayRecorder:
        from aws_xray_sdk.core import xray_recorder

        xray_recorder.configure(context_missing="IGNORE_ERROR")
        return xray_recorder

    def follow(self, origin: str | None) -> None:
        self._followed = origin

    def subsegment(
        self, name: str, file_id: str, batch_id: str | None, format_name: str
    ) -> AbstractContextManager[object]:
        annotations = annotations_of(self._function, self._followed, file_id, batch_id, format_name)
        return self._recorded(name, annotations)

    def for_threads(self, name: str, work: Callable[[], Counted]) -> Callable[[], Counted]:
        present = self._recorder.get_trace_entity()
        if present is None or not present.sampled:
            return work
        annotations = dict(present.annotations)

        def recorded_work() -> Counted:
            self._recorder.set_trace_entity(present)
            try:
                with self._recorded(name, annotations) as subsegment:
                    counted = work()
                    for what, count in counted.items():
                        subsegment.put_metadata(what, count)
                return counted
            finally:
                self._recorder.clear_trace_entities()

        return recorded_work

    def header(self) -> str | None:
        """``Root=…;Parent=…;Sampled=…`` of the entity that is being recorded."""
        entity = self._recorder.get_trace_entity()
        if entity is None or not getattr(entity, "trace_id", None):
            return None
        return f"Root={entity.trace_id};Parent={entity.id};Sampled={1 if entity.sampled else 0}"

    def origin(self) -> str | None:
        return self._followed or self.header()

    @contextmanager
    def _recorded(self, name: str, annotations: Mapping[str, str]) -> Iterator[Any]:
        """A subsegment that is sent when the block ends, as a fault when it raises."""
        subsegment = self._recorder.begin_subsegment(name)
        if subsegment is None:
            yield None
            return
        for key, value in annotations.items():
            subsegment.put_annotation(key, value)
        try:
            yield subsegment
        except BaseException as error:
            _blame(subsegment, error)
            raise
        finally:
            self._recorder.end_subsegment()


def _blame(subsegment: Any, error: BaseException) -> None:
    subsegment.add_exception(error, traceback.extract_tb(error.__traceback__, limit=-_STACK_MAX_FRAMES))
    if isinstance(subsegment.cause, dict):
        for thrown in subsegment.cause.get("exceptions", ()):
            thrown.message = reason_of(error)[:REASON_MAX_CHARACTERS]
