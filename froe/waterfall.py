"""A waterfall as lines of text: every stage is a bar on one time axis."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import click

from chalicelib.core.amounts import counted
from chalicelib.waterfalls import Invocation, Stage, Waterfall
from froe.terminal import printable

_BATCH_WIDTH = len("000000-000000")
_NAME_WIDTH = len("  64 threads ✗")
_MS_WIDTH = len("100,000.0")
_LABELS_WIDTH = 2 + _BATCH_WIDTH + 1 + _NAME_WIDTH + 1 + _MS_WIDTH + 1
_LEAST_BAR = 10


@dataclass(frozen=True, slots=True)
class _Axis:
    """From `start`, in epoch seconds, for so many seconds, on so many columns."""

    start: float
    seconds: float
    columns: int

    def bar(self, start: float, end: float, fill: str) -> str:
        """At least one column, however short."""
        first = min(self._column(start), self.columns - 1)
        last = max(self._column(end), first + 1)
        return " " * first + fill * (last - first) + " " * (self.columns - last)

    def _column(self, time: float) -> int:
        return round((time - self.start) / self.seconds * self.columns) if self.seconds else 0


UNDER_WAY: Final = "in the queue still, or under way"


def lines_of(
    whole: Waterfall, drawn: Waterfall, origin: str | None, width: int, silent: str = UNDER_WAY
) -> Iterator[str]:
    """The lines, styled; shown: the part that is drawn; origin: the trace that opened the file; silent: what
    has become of batches without a trace of a worker."""
    axis = _Axis(drawn.start, drawn.end - drawn.start, max(width - _LABELS_WIDTH - 2, _LEAST_BAR))
    batches = len(whole.batch_ids)
    yield (
        f"{counted(batches, 'batch', 'batches')}, {counted(len(whole.invocations), 'invocation')},"
        f" {_ms(whole.end - whole.start)} ms from the first stage to the last"
    )
    yield f"origin {origin or 'not traced'}"
    for one in drawn.invocations:
        yield ""
        yield _heading(one, origin)
        yield from _rows(one, axis, drawn.file_id)
    if left := len(drawn.batch_ids) - len(drawn.handled):
        yield ""
        yield f"Of {counted(left, 'batch', 'batches')} there is no trace of a worker: {silent}."
    if more := batches - len(drawn.batch_ids):
        yield ""
        yield f"… and {counted(more, 'more batch', 'more batches')}: --limit 0 shows all."


def _heading(one: Invocation, origin: str | None) -> str:
    joined = one.origin is not None and one.origin == origin
    named = f"{'↳ ' if joined else ''}{click.style(printable(one.function), bold=True)}  {one.trace}"
    return named if joined or one.origin is None else f"{named}  from {one.origin}"


def _rows(one: Invocation, axis: _Axis, file_id: str) -> Iterator[str]:
    before: str | None = None
    for stage in one.stages:
        batch = (stage.batch_id or "").removeprefix(f"{file_id}-")
        label, before = ("" if batch == before else batch), batch
        if stage.waited_seconds is not None:
            waited = Stage("in the queue", stage.batch_id, stage.start - stage.waited_seconds, stage.start)
            yield _row(label, waited, axis, "░")
            label = ""
        yield _row(label, stage, axis, "█")
        if stage.threads:
            yield _row("", _together(stage.threads), axis, "▒")
        if stage.fault:
            yield click.style(f"  {'':<{_BATCH_WIDTH}} ✗ {printable(stage.fault)}", fg="red")


def _row(batch: str, stage: Stage, axis: _Axis, fill: str) -> str:
    name = f"{stage.name}{' ✗' if stage.fault else ''}"
    bar = axis.bar(stage.start, stage.end, fill)
    colour = "red" if stage.fault else {"█": "cyan", "▒": "blue"}.get(fill)
    labels = f"  {batch:<{_BATCH_WIDTH}} {name:<{_NAME_WIDTH}} {_ms(stage.end - stage.start):>{_MS_WIDTH}} "
    return f"{labels}▏{click.style(bar, fg=colour)}▕"


def _together(threads: tuple[Stage, ...]) -> Stage:
    """The threads of a write on one row: from the first start to the last end."""
    name = f"  {counted(len(threads), 'thread')}"
    fault = next((thread.fault for thread in threads if thread.fault), None)
    return Stage(name, None, min(one.start for one in threads), max(one.end for one in threads), fault=fault)


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:,.1f}"
