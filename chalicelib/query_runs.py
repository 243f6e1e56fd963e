"""Queries of the sink as values, and what runs them, keeps who asked them, and reads the files of their answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final, NamedTuple, Protocol

STATES: Final = ("QUEUED", "RUNNING", "SUCCEEDED", "FAILED", "CANCELLED")
_WAITING: Final = frozenset(STATES[:2])


class Column(NamedTuple):
    """type: Athena's."""

    name: str
    type: str


class Run(NamedTuple):
    """A query and what became of it. state: one of STATES. place: of its answer, `s3://…`. gives_rows: its answer is a
    table in CSV; otherwise lines."""

    query_id: str
    sql: str
    state: str
    reason: str | None
    submitted_at: datetime
    completed_at: datetime | None
    scanned_bytes: int
    place: str
    gives_rows: bool

    @property
    def is_over(self) -> bool:
        return self.state not in _WAITING


class Stretch(NamedTuple):
    """Bytes of a file; is_last: they reach to its end."""

    data: bytes
    is_last: bool


class Asked(NamedTuple):
    """Who asked a query, and when."""

    query_id: str
    who: str
    at: datetime


class RunsQueries(Protocol):
    def start(self, sql: str) -> str: ...

    def run(self, query_id: str) -> Run | None: ...

    def runs(self, query_ids: Sequence[str]) -> Mapping[str, Run]:
        """Those that there still are of at most 50."""

    def stop(self, query_id: str) -> None: ...

    def recent(self, most: int) -> list[Run]: ...

    def columns(self) -> list[Column]: ...

    def answer_columns(self, query_id: str) -> list[Column]: ...

    def explained(self, reason: str) -> str: ...


class KeepsAskers(Protocol):
    def put(self, asked: Asked) -> None: ...

    def get(self, query_id: str) -> Asked | None: ...

    def all(self) -> list[Asked]:
        """Of two days at least."""


class ReadsAnswers(Protocol):
    def stretch(self, place: str, offset: int, most_bytes: int) -> Stretch: ...

    def signed(self, place: str, name: str, seconds: int) -> str: ...
