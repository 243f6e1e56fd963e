"""Traces, behind one narrow protocol: a subsegment per batch and stage, and headers for messages.

The work for a file is joined by the trace of the invocation that opened it, its origin: messages
carry it from the splitter on, and every subsegment names it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime, timedelta
from typing import Final, Protocol, TypeAlias
from urllib.parse import quote

Counted: TypeAlias = Mapping[str, int]


_CONSOLE_RANGE: Final = timedelta(hours=6)
REASON_MAX_CHARACTERS: Final = 1000
"""Characters of an error's reason in a trace."""


class Tracer(Protocol):
    def follow(self, origin: str | None) -> None:
        """From now on work is for the message with this `trace`, or for none."""

    def subsegment(
        self, name: str, file_id: str, batch_id: str | None, format_name: str
    ) -> AbstractContextManager[object]:
        """Time a stage of a batch (``read``, ``send``, ``parse``, ``write`` or ``mark``) or of a split (``seal``)."""

    def for_threads(self, name: str, work: Callable[[], Counted]) -> Callable[[], Counted]:
        """Wrap `work` for other threads: each run is a subsegment of the current one, with the same annotations and its
        own counts. The current one must stay open until they are done."""

    def header(self) -> str | None:
        """The trace header of what is being recorded; None if nothing is."""

    def origin(self) -> str | None:
        """The trace header for the `trace` of messages: the one that is followed, or else one's own."""


class NoTracer:
    def follow(self, origin: str | None) -> None:
        pass

    def subsegment(
        self, name: str, file_id: str, batch_id: str | None, format_name: str
    ) -> AbstractContextManager[object]:
        return nullcontext()

    def for_threads(self, name: str, work: Callable[[], Counted]) -> Callable[[], Counted]:
        return work

    def header(self) -> str | None:
        return None

    def origin(self) -> str | None:
        return None


def annotations_of(
    function: str, followed: str | None, file_id: str, batch_id: str | None, format_name: str
) -> dict[str, str]:
    """Annotations by which every subsegment can be found. function: the Lambda function's name; followed: the origin."""
    annotations = {
        "origin_trace": trace_id_of(followed),
        "file_id": file_id,
        "batch_id": batch_id,
        "format": format_name,
        "function": function,
    }
    return {name: value for name, value in annotations.items() if value is not None}


def trace_id_of(header: str | None) -> str | None:
    """The id (``1-…-…``) of a recorded trace, from its header; None if there is none
    (https://docs.aws.amazon.com/xray/latest/devguide/xray-concepts.html#xray-concepts-tracingheader)."""
    parts = dict(part.split("=", 1) for part in (header or "").split(";") if "=" in part)
    return parts.get("Root") if parts.get("Sampled") != "0" else None


def console_url(trace_id: str, region: str) -> str:
    """Where the X-Ray console shows a trace
    (https://docs.aws.amazon.com/xray/latest/devguide/xray-console-deeplinks.html)."""
    return f"{_console(region)}#/traces/{trace_id}"


def batch_console_url(batch_id: str, opened_at: datetime, region: str) -> str:
    """Where the X-Ray console lists the traces of a batch, repeats included. It searches six hours at most, from the
    opening of the file on."""
    sought = quote(f'annotation.batch_id = "{batch_id}"', safe="")
    begin, end = (f"{time:%Y-%m-%dT%H:%M:%S}" for time in (opened_at, opened_at + _CONSOLE_RANGE))
    return f"{_console(region)}#/traces?timeRange={begin}~{end}&filter={sought}"


def _console(region: str) -> str:
    domain = "aws.amazon.com"
    if region.startswith("cn-"):
        domain = "amazonaws.cn"
    elif region.startswith("us-gov-"):
        domain = "amazonaws-us-gov.com"
    return f"https://console.{domain}/xray/home?region={region}"
