"""Adds up the records of a file over time, and its rejects by reason, in bounded parts like pages.

A part ends when its effort is used up, and then has a cursor; the caller adds the parts up.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from chalicelib.core.plan import Plan
from chalicelib.core.records.segments import microseconds, offset_in
from chalicelib.pages import BadQueryError
from chalicelib.record_pages import RecordQuery, Walk
from chalicelib.status_json import entry_json, time_json

DEFAULT_BUCKETS: Final = 60
MAX_BUCKETS: Final = 1000
WIDTHS: Final = (
    *(1, 10, 60, 600, 3600, 21_600, 86_400, 604_800),
    *(2_419_200, 31_449_600, 314_496_000, 3_144_960_000, 31_449_600_000, 314_496_000_000),
)
"""Widths in seconds; each divides the next."""

EFFORT: Final = 20_000
_SEVERITIES: Final = ("TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL")
_NO_SEVERITY: Final = "-"
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_ITEMS_AT_ONCE: Final = 1000
_RAW_MAX_CHARS: Final = 2000
"""Characters of base64."""
_REASONS_MAX: Final = 500


class Histogram(Walk):
    """Counts records in buckets of time, at most as many as asked for; buckets widen as the span grows.

    level: the narrowest of `WIDTHS` to use.
    """

    effort_max = EFFORT

    def __init__(self, plan: Plan, query: RecordQuery, after: int, buckets: int, level: int = 0) -> None:
        super().__init__(plan, query, _ITEMS_AT_ONCE, after)
        if not 1 <= buckets <= MAX_BUCKETS:
            raise BadQueryError(f"buckets is {buckets}: give a number from 1 to {MAX_BUCKETS}")
        self._room = buckets
        self._level = level
        self._counts: dict[int, Counter[str]] = {}
        self._untimed = self._records = 0

    def take(self, item: dict[str, Any]) -> int | None:
        self._records += 1
        number = self._bucket_of(item.get("timestamp", ""))
        if number is None:
            self._untimed += 1
            return None
        self._counts.setdefault(number, Counter())[_severity(item.get("severity_number", 0))] += 1
        while max(self._counts) - min(self._counts) >= self._room and self._level + 1 < len(WIDTHS):
            self._widen()
        return None

    def answer(self, cursor: int | None) -> dict[str, Any]:
        width = WIDTHS[self._level]
        return {
            "seconds": width,
            "buckets": [
                {
                    "from": time_json(_EPOCH + timedelta(seconds=max(number * width, _FIRST))),
                    "severities": dict(sorted(counts.items())),
                }
                for number, counts in sorted(self._counts.items())
            ],
            "records": self._records,
            "untimed": self._untimed,
            "complete": cursor is None,
            "cursor": None if cursor is None else f"{self._level}-{cursor}",
        }

    def _bucket_of(self, timestamp: str) -> int | None:
        try:
            return microseconds(timestamp.removesuffix("Z")) // (1_000_000 * WIDTHS[self._level])
        except ValueError:
            return None

    def _widen(self) -> None:
        step = WIDTHS[self._level + 1] // WIDTHS[self._level]
        self._level += 1
        wider: dict[int, Counter[str]] = {}
        for number, counts in self._counts.items():
            wider.setdefault(number // step, Counter()).update(counts)
        self._counts = wider


_FIRST: Final = int((datetime.min.replace(tzinfo=UTC) - _EPOCH).total_seconds())
"""A bucket may begin before the first year."""


def _severity(number: int) -> str:
    return _SEVERITIES[min(len(_SEVERITIES) - 1, (number - 1) // 4)] if number else _NO_SEVERITY


@dataclass
class _Reason:
    first: dict[str, Any]
    entries: int = 0
    lines: int = 0
    bytes: int = 0


class Reasons(Walk):
    """Counts rejects by reason, with the first of each as an example."""

    effort_max = EFFORT

    def __init__(self, plan: Plan, after: int) -> None:
        super().__init__(plan, RecordQuery("reject"), _ITEMS_AT_ONCE, after)
        self._reasons: dict[str, _Reason] = {}

    def take(self, item: dict[str, Any]) -> int | None:
        reason = item["reason"]
        if reason not in self._reasons:
            if len(self._reasons) == _REASONS_MAX:
                return offset_in(item["sk"])
            self._reasons[reason] = _Reason(entry_json(item))
        sums = self._reasons[reason]
        sums.entries += 1
        sums.lines += item["lines"]
        sums.bytes += item["length"]
        return None

    def answer(self, cursor: int | None) -> dict[str, Any]:
        items = sorted(self._reasons.items(), key=lambda item: -item[1].entries)
        return {
            "items": [
                {
                    "reason": reason,
                    "entries": sums.entries,
                    "lines": sums.lines,
                    "bytes": sums.bytes,
                    "first": sums.first | {"raw": sums.first["raw"][:_RAW_MAX_CHARS]},
                    "cut": len(sums.first["raw"]) > _RAW_MAX_CHARS,
                }
                for reason, sums in items
            ],
            "complete": cursor is None,
            "cursor": None if cursor is None else str(cursor),
        }
