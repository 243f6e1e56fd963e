"""The audit trail: who did what. Every deed is recorded before it is done, and again with its result.

Promise: what cannot be recorded is not done. Limits: the trail has names and counts, never the contents of a log.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple, Protocol

from chalicelib.core.errors import FroeError, reason_of
from chalicelib.pages import BadQueryError, Page, bad_cursor, checked_limit
from chalicelib.status_json import time_json

logger = logging.getLogger("froe")

ACTIONS: Final = (
    "redrive",
    "discard",
    "reprocess",
    "forget",
    "query",
    "query-cancel",
    "token-create",
    "token-revoke",
    "config-put",
    "config-rollback",
)
_DEFAULT_SPAN: Final = timedelta(days=366)
_LONGEST_SPAN: Final = timedelta(days=5 * 366)
_CLOCKS_DIFFER: Final = timedelta(days=1)
"""No deed is later than now, on whatever clock, by more than that."""
_IDS_MAX: Final = 20
_PLACE_CHARS: Final = 32 + 1 + 8


class Deed(NamedTuple):
    """place: its position in the trail: time, and what distinguishes it from others. subject: what was acted on.
    result: None while it is unknown."""

    place: str
    who: str
    way: str
    action: str
    subject: Mapping[str, Any]
    result: Mapping[str, Any] | None = None

    @property
    def at(self) -> datetime:
        return datetime.fromisoformat(self.place.partition("#")[0])

    def json(self) -> dict[str, Any]:
        return {
            "at": time_json(self.at),
            "who": self.who,
            "way": self.way,
            "action": self.action,
            "subject": self.subject,
            "result": self.result,
        }


class AuditTable(Protocol):
    def put(self, deed: Deed) -> None: ...

    def put_result(self, place: str, result: Mapping[str, Any]) -> None: ...

    def deeds(self, month: str, *, before: str, since: str) -> Iterable[Deed]:
        """The deeds of a month, `2026-12`, newest first, between two places; before: excluded."""


class Audit:
    """way: how people act: `http` or `froe`."""

    def __init__(self, table: AuditTable, now: Callable[[], datetime], way: str = "http") -> None:
        self._table = table
        self._now = now
        self._way = way

    @contextmanager
    def noted(self, who: str, action: str, subject: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        """A context in which something is done and recorded. It gives the place for the result; an error is recorded as
        the result too."""
        place = f"{self._now().astimezone(UTC).isoformat(timespec='microseconds')}#{secrets.token_hex(4)}"
        self._table.put(Deed(place, who, self._way, action, _short(subject)))
        result: dict[str, Any] = {}
        try:
            yield result
        except Exception as error:
            result["error"] = reason_of(error)
            raise
        finally:
            try:
                self._table.put_result(place, result)
            except FroeError as error:  # it is done, and that it was asked for is written down
                logger.warning("audit_without_result", extra={"action": action, "reason": error.reason})

    def page(
        self,
        *,
        begin: datetime | None = None,
        end: datetime | None = None,
        limit: int = 100,
        cursor: str | None = None,
    ) -> dict[str, Any]:
        """Deeds, newest first. begin: by default a year before the earlier of the end and now."""
        page = Page(checked_limit(limit))
        now = self._now().astimezone(UTC)
        end = min(end or now, now + _CLOCKS_DIFFER)
        latest = min(end, now)
        first = begin or latest - min(_DEFAULT_SPAN, latest - datetime.min.replace(tzinfo=UTC))
        if end - first > _LONGEST_SPAN:
            raise BadQueryError("from and to are too far apart: give at most five years")
        before, since = (time.isoformat(timespec="microseconds") for time in (end, first))
        if cursor:
            place = _checked_place(cursor)
            if place > before:
                raise bad_cursor(cursor)
            before = place
        for month in _months_down(before, since) if since < before else ():
            for deed in self._table.deeds(month, before=before, since=since):
                if not page.add(deed.json()):
                    return page.listed(before)
                before = deed.place
                if page.is_full:
                    return page.listed(before)
        return page.listed(None)


def _short(subject: Mapping[str, Any]) -> dict[str, Any]:
    """Of many ids only the first, with their number."""
    detail = {name: value for name, value in subject.items() if value not in (None, "", (), [])}
    ids = detail.get("ids", ())
    if len(ids) > _IDS_MAX:
        detail |= {"ids": list(ids[:_IDS_MAX]), "count": len(ids)}
    elif ids:
        detail["ids"] = list(ids)
    return detail


def _months_down(before: str, since: str) -> Iterator[str]:
    year, month = int(before[:4]), int(before[5:7])
    while f"{year:04d}-{month:02d}" >= since[:7]:
        yield f"{year:04d}-{month:02d}"
        year, month = (year, month - 1) if month > 1 else (year - 1, 12)


def _checked_place(cursor: str) -> str:
    place = cursor.replace(" ", "+")
    try:
        moment = datetime.fromisoformat(place.partition("#")[0])
    except ValueError:
        raise bad_cursor(cursor) from None
    if (
        len(place) > _PLACE_CHARS
        or moment.tzinfo != UTC
        or moment.isoformat(timespec="microseconds") != place.partition("#")[0]
    ):
        raise bad_cursor(cursor)
    return place
