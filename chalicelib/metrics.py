"""Metrics, behind a narrow protocol: recorded once per batch, split, file, letter or sweep.

Dimensions have few values: the stage, and for some metrics a format, a step or a state; never a file or a batch.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import Final, NamedTuple, Protocol

from chalicelib.tracing import Counted, Tracer

NAMESPACE: Final = "Froe"

SPLITS_SEALED: Final = "SplitsSealed"
BATCHES_SENT: Final = "BatchesSent"
LINES: Final = "Lines"
TEXT_BYTES: Final = "TextBytes"
BATCHES_DONE: Final = "BatchesDone"
MESSAGES_PUT_OFF: Final = "MessagesPutOff"
BATCHES_DISPUTED: Final = "BatchesDisputed"
RECORDS_PARSED: Final = "RecordsParsed"
RECORDS_REJECTED: Final = "RecordsRejected"
ENTRIES_FAILED: Final = "EntriesFailed"
PARSED_BY_FORMAT: Final = "ParsedByFormat"
REJECTED_BY_FORMAT: Final = "RejectedByFormat"
WRITE_UNITS: Final = "WriteUnits"
WRITE_RETRIES: Final = "WriteRetries"
WRITE_THROTTLES: Final = "WriteThrottles"
STEP_SECONDS: Final = "StepSeconds"
FILES_SETTLED: Final = "FilesSettled"
FILE_SECONDS: Final = "FileSeconds"
DEAD_LETTERS: Final = "DeadLetters"
FILES_STALLED: Final = "FilesStalled"
NOTIFICATIONS_IGNORED: Final = "NotificationsIgnored"
CONFIGURATIONS_REFUSED: Final = "ConfigurationsRefused"


class Metric(NamedTuple):
    """unit: CloudWatch's name of it. dimensions: their names, in addition to the stage."""

    unit: str
    dimensions: tuple[str, ...]


_OF_STAGE: Final = Metric("Count", ("stage",))
_BY_FORMAT: Final = Metric("Count", ("stage", "format"))

METRICS: Final[Mapping[str, Metric]] = {
    SPLITS_SEALED: _OF_STAGE,
    NOTIFICATIONS_IGNORED: _OF_STAGE,
    BATCHES_SENT: _OF_STAGE,
    LINES: _OF_STAGE,
    TEXT_BYTES: Metric("Bytes", ("stage",)),
    BATCHES_DONE: _OF_STAGE,
    MESSAGES_PUT_OFF: _OF_STAGE,
    BATCHES_DISPUTED: _OF_STAGE,
    RECORDS_PARSED: _OF_STAGE,
    RECORDS_REJECTED: _OF_STAGE,
    ENTRIES_FAILED: _OF_STAGE,
    PARSED_BY_FORMAT: _BY_FORMAT,
    REJECTED_BY_FORMAT: _BY_FORMAT,
    WRITE_UNITS: _OF_STAGE,
    WRITE_RETRIES: _OF_STAGE,
    WRITE_THROTTLES: _OF_STAGE,
    STEP_SECONDS: Metric("Seconds", ("stage", "step")),
    FILES_SETTLED: Metric("Count", ("stage", "state")),
    FILE_SECONDS: Metric("Seconds", ("stage",)),
    DEAD_LETTERS: _OF_STAGE,
    FILES_STALLED: _OF_STAGE,
    CONFIGURATIONS_REFUSED: _OF_STAGE,
}
"""All metrics that Froe writes: alarms, dashboards and docs name no others."""


class Meter(Protocol):
    def add(self, name: str, value: float = 1, **dimensions: str) -> None:
        """Record a value of one of `METRICS`, with its dimensions but for the stage. Not thread-safe."""

    def flush(self) -> None:
        """Write what was recorded; called once, at the end of an invocation."""


class NoMeter:
    def add(self, name: str, value: float = 1, **dimensions: str) -> None:
        pass

    def flush(self) -> None:
        pass


NO_METER: Final[Meter] = NoMeter()


class TimedTracer:
    """A tracer that also records the time of subsegments as `STEP_SECONDS`, including their threads.

    clock: seconds, monotonic.
    """

    def __init__(self, tracer: Tracer, meter: Meter, clock: Callable[[], float]) -> None:
        self._tracer = tracer
        self._meter = meter
        self._clock = clock
        self.follow = tracer.follow
        self.header = tracer.header
        self.origin = tracer.origin

    def subsegment(
        self, name: str, file_id: str, batch_id: str | None, format_name: str
    ) -> AbstractContextManager[object]:
        return self._timed(name, self._tracer.subsegment(name, file_id, batch_id, format_name))

    def for_threads(self, name: str, work: Callable[[], Counted]) -> Callable[[], Counted]:
        return self._tracer.for_threads(name, work)

    @contextmanager
    def _timed(self, name: str, subsegment: AbstractContextManager[object]) -> Iterator[None]:
        begun = self._clock()
        try:
            with subsegment:
                yield
        finally:
            self._meter.add(STEP_SECONDS, self._clock() - begun, step=name)
