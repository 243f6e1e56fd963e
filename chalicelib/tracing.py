"""Traces, behind one narrow door: a subsegment a batch and stage, and a header for messages."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Protocol


class Tracer(Protocol):
    def subsegment(
        self, name: str, file_id: str, batch_id: str, format_name: str
    ) -> AbstractContextManager[object]:
        """Time a stage of one batch: ``read``, ``send``, ``parse``, ``write`` or ``mark``."""

    def header(self) -> str | None:
        """The trace header that a message carries on, or None where nothing is traced."""


class NoTracer:
    def subsegment(
        self, name: str, file_id: str, batch_id: str, format_name: str
    ) -> AbstractContextManager[object]:
        return nullcontext()

    def header(self) -> str | None:
        return None
