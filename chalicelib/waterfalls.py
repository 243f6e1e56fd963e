"""From the trace documents of a file to its waterfall: what each invocation did for which batch, and when.

Pure: documents in, values out. Documents are X-Ray subsegments
(https://docs.aws.amazon.com/xray/latest/devguide/xray-api-segmentdocuments.html); their order does not matter.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

Document: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Stage:
    """One subsegment. start, end: seconds since 1970; batch_id: None for a stage of a split.

    fault: the exception. waited_seconds: of a `parse`, since the `send` of its batch ended. threads: of a `write`, what
    each thread wrote. counts: `items` and `requests` of a thread.
    """

    name: str
    batch_id: str | None
    start: float
    end: float
    fault: str | None = None
    waited_seconds: float | None = None
    threads: tuple[Stage, ...] = ()
    counts: Mapping[str, int] | None = None


@dataclass(frozen=True, slots=True)
class Invocation:
    """What one invocation did for the file; origin: the trace that its messages come from, if any."""

    trace: str
    function: str
    origin: str | None
    stages: tuple[Stage, ...]


@dataclass(frozen=True, slots=True)
class Waterfall:
    """Invocations by their start; batch_ids: of every batch that was sent or handled, in the order of the text."""

    file_id: str
    invocations: tuple[Invocation, ...]
    batch_ids: tuple[str, ...]

    @property
    def start(self) -> float:
        return min(stage.start for one in self.invocations for stage in one.stages)

    @property
    def end(self) -> float:
        return max(stage.end for one in self.invocations for stage in one.stages)

    @property
    def handled(self) -> frozenset[str]:
        """The batches that a worker has begun."""
        stages = (stage for one in self.invocations for stage in one.stages)
        return frozenset(stage.batch_id for stage in stages if stage.batch_id and stage.name == "parse")

    def first(self, batches: int) -> Waterfall:
        """The first batches only (0: all), with the invocations for them or for no batch."""
        if not 0 < batches < len(self.batch_ids):
            return self
        hidden = frozenset(self.batch_ids[batches:])
        kept = []
        for one in self.invocations:
            stages = tuple(stage for stage in one.stages if stage.batch_id not in hidden)
            had = any(stage.batch_id in hidden for stage in one.stages)
            if not had or any(stage.batch_id in self.batch_ids[:batches] for stage in stages):
                kept.append(replace(one, stages=stages))
        return replace(self, invocations=tuple(kept), batch_ids=self.batch_ids[:batches])


def waterfall_of(file_id: str, documents: Iterable[Document]) -> Waterfall | None:
    """The waterfall of a file's recorded traces; None if nothing is recorded."""
    ended = [
        document
        for document in documents
        if "end_time" in document and document.get("annotations", {}).get("file_id") == file_id
    ]
    reasons = {thrown["id"]: _reason(thrown) for document in ended for thrown in _thrown_in(document)}
    stages = {document["id"]: _stage(document, reasons) for document in ended}
    threads: defaultdict[str | None, list[Stage]] = defaultdict(list)
    for document in ended:
        threads[document.get("parent_id")].append(stages[document["id"]])
    sent = _sent(stages.values())
    invoked: defaultdict[tuple[str, str], list[Stage]] = defaultdict(list)
    origins: dict[tuple[str, str], str | None] = {}
    for document in ended:
        if document.get("parent_id") not in stages:
            about, stage = document["annotations"], stages[document["id"]]
            key = (document["trace_id"], about.get("function", ""))
            origins[key] = origins.get(key) or about.get("origin_trace")
            children = tuple(sorted(threads[document["id"]], key=_by_start))
            invoked[key].append(replace(stage, threads=children, waited_seconds=_waited(stage, sent)))
    if not invoked:
        return None
    invocations = [
        Invocation(*key, origins[key], tuple(sorted(parts, key=_by_start))) for key, parts in invoked.items()
    ]
    # The read that finds the end of a split is of no batch.
    known = {stage.batch_id for stage in stages.values() if stage.name != "read" and stage.batch_id}
    return Waterfall(
        file_id,
        tuple(sorted(invocations, key=lambda one: one.stages[0].start)),
        tuple(sorted(known)),
    )


def for_programs(whole: Waterfall, drawn: Waterfall) -> dict[str, Any]:
    """The shown part as JSON values; times in milliseconds from `begun`, in seconds since 1970."""
    return {
        "file_id": drawn.file_id,
        "begun": whole.start,
        "duration_ms": _ms(whole.end - whole.start),
        "invocations": [
            {
                "trace": one.trace,
                "function": one.function,
                "origin_trace": one.origin,
                "stages": [_stage_json(stage, whole.start) for stage in one.stages],
            }
            for one in drawn.invocations
        ],
        "batches": list(drawn.batch_ids),
        "more_batches": len(whole.batch_ids) - len(drawn.batch_ids),
    }


def _stage_json(stage: Stage, begun: float) -> dict[str, Any]:
    drawn: dict[str, Any] = {
        "name": stage.name,
        "batch_id": stage.batch_id,
        "start_ms": _ms(stage.start - begun),
        "duration_ms": _ms(stage.end - stage.start),
        "fault": stage.fault,
    }
    if stage.name == "parse":
        drawn["waited_ms"] = None if stage.waited_seconds is None else _ms(stage.waited_seconds)
    if stage.name == "write":
        drawn["threads"] = [_stage_json(thread, begun) for thread in stage.threads]
    return drawn | dict(stage.counts or {})


def _stage(document: Document, reasons: Mapping[str, str]) -> Stage:
    fault = None
    if document.get("fault"):
        cause = document.get("cause")
        named = cause if isinstance(cause, str) else next((one["id"] for one in _thrown_in(document)), "")
        fault = reasons.get(named, "an error whose document is not here")
    return Stage(
        name=document["name"],
        batch_id=document["annotations"].get("batch_id"),
        start=document["start_time"],
        end=document["end_time"],
        fault=fault,
        counts=document.get("metadata", {}).get("default"),
    )


def _thrown_in(document: Document) -> Sequence[Mapping[str, Any]]:
    cause = document.get("cause")
    return cause.get("exceptions", ()) if isinstance(cause, dict) else ()


def _reason(thrown: Mapping[str, Any]) -> str:
    return ": ".join(part for part in (thrown.get("type"), thrown.get("message")) if part)


def _sent(stages: Iterable[Stage]) -> Mapping[str | None, list[float]]:
    sent: defaultdict[str | None, list[float]] = defaultdict(list)
    for stage in stages:
        if stage.name == "send":
            sent[stage.batch_id].append(stage.end)
    return sent


def _waited(stage: Stage, sent: Mapping[str | None, list[float]]) -> float | None:
    """A batch that was sent again counts from the last time before."""
    before = [end for end in sent.get(stage.batch_id, ()) if end <= stage.start]
    return stage.start - max(before) if before and stage.name == "parse" else None


def _by_start(stage: Stage) -> tuple[float, float]:
    return stage.start, stage.end


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 1)
