"""The recorded traces of a file as a waterfall, for `GET /files/{file_id}/trace`."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any, Final, NamedTuple, Protocol

from chalicelib.pages import PAGE_MAX_BYTES, BadQueryError
from chalicelib.waterfalls import Document, for_programs, waterfall_of

DEFAULT_BATCHES: Final = 20
MAX_BATCHES: Final = 1000


class Recorded(NamedTuple):
    """complete: whether these are all; of a file with very many traces only some are read."""

    documents: list[Document]
    complete: bool


class ReadsTraces(Protocol):
    def recorded(self, file_id: str, opened_at: datetime, settled_at: datetime) -> Recorded:
        """What the functions did for a file; raises TransientError if it cannot be read. settled_at: or now."""


class TraceStatus:
    """traces: None if no traces are stored that can be read."""

    def __init__(
        self,
        file: Callable[[str], dict[str, Any]],
        traces: ReadsTraces | None,
        now: Callable[[], datetime],
    ) -> None:
        self._file, self._traces, self._now = file, traces, now

    def waterfall(self, file_id: str, batches: int = DEFAULT_BATCHES) -> dict[str, Any]:
        """What each invocation did for the file's first batches, and when; null if nothing is recorded. Raises what the
        file's status raises."""
        if not 1 <= batches <= MAX_BATCHES:
            raise BadQueryError(f"batches is {batches}: give a number from 1 to {MAX_BATCHES}")
        file = self._file(file_id)
        answer = {name: file[name] for name in ("file_id", "trace", "trace_url")}
        nothing = answer | {"waterfall": None, "complete": True}
        if self._traces is None or file["trace"] is None:
            return nothing
        opened_at = datetime.fromisoformat(file["opened_at"])
        settled_at = datetime.fromisoformat(file["settled_at"]) if file["settled_at"] else self._now()
        traces = self._traces.recorded(file_id, opened_at, settled_at)
        whole = waterfall_of(file_id, traces.documents)
        if whole is None:
            return nothing | {"complete": traces.complete}
        drawn = for_programs(whole, whole.first(batches))
        while batches > 1 and len(json.dumps(drawn)) > PAGE_MAX_BYTES:
            batches //= 2
            drawn = for_programs(whole, whole.first(batches))
        return answer | {"waterfall": drawn, "complete": traces.complete}
