"""Puts events on the account's default EventBridge bus.

Limits: ten entries and 256 KiB per request (https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html).
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import orjson

from chalicelib.aws.errors import THROTTLED, translated
from chalicelib.core.errors import FroeError, PermanentError, ThrottledError, TransientError
from chalicelib.delivery import Deadline
from chalicelib.events import DETAIL_TYPE, SOURCE, Event

_ENTRIES_MAX: Final = 10
_REQUEST_MAX_BYTES: Final = 250_000
_ENTRY_EXTRA_BYTES: Final = 100
"""Time, source and detail type count as well."""
_MAX_BACKOFF_SECONDS: Final = 5.0
_ATTEMPTS: Final = 6
_REFUSED: Final = frozenset({"InvalidArgument", "MalformedDetail"})
"""What no retry changes
(https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEventsResultEntry.html)."""


class EventBridge:
    """client: a low-level client of EventBridge."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def emit(self, events: Sequence[Event], deadline: Deadline) -> Mapping[str, FroeError]:
        """Put the events onto the bus. Gives the errors of those that it did not take, by id."""
        failures: dict[str, FroeError] = {}
        for group in _groups(events):
            failures |= self._emit_group(group, deadline)
        return failures

    def _emit_group(self, entries: dict[str, dict[str, Any]], deadline: Deadline) -> dict[str, FroeError]:
        refused: dict[str, FroeError] = {}
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                deadline.check("sending events")
                with translated("sending events to EventBridge", refused=("ValidationException",)):
                    answer = self._client.put_events(Entries=list(entries.values()))
            except FroeError as error:
                return refused | dict.fromkeys(entries, error)
            failures = dict(_failures(entries, answer))
            refused |= {name: each for name, each in failures.items() if isinstance(each, PermanentError)}
            entries = {name: entries[name] for name in failures.keys() - refused.keys()}
            pause = random.uniform(0, min(_MAX_BACKOFF_SECONDS, 0.1 * 2**attempt))
            if not entries or attempt == _ATTEMPTS or deadline.seconds_left < pause + 1:
                break
            time.sleep(pause)
        return refused | {name: failures[name] for name in entries}


def _failures(names: Mapping[str, Any], answer: Mapping[str, Any]) -> Iterator[tuple[str, FroeError]]:
    """The answer lists the entries in their order."""
    for name, each in zip(names, answer["Entries"], strict=True):
        if code := each.get("ErrorCode"):
            kind = (
                PermanentError
                if code in _REFUSED
                else ThrottledError
                if code in THROTTLED
                else TransientError
            )
            yield (
                name,
                kind(f"EventBridge did not take an event: {code} {each.get('ErrorMessage', '')}".strip()),
            )


def _groups(events: Sequence[Event]) -> Iterator[dict[str, dict[str, Any]]]:
    group: dict[str, dict[str, Any]] = {}
    size = 0
    for event in events:
        detail = orjson.dumps(event.detail).decode()
        own = len(detail.encode()) + _ENTRY_EXTRA_BYTES
        if group and (len(group) == _ENTRIES_MAX or size + own > _REQUEST_MAX_BYTES):
            yield group
            group, size = {}, 0
        group[event.event_id] = {
            "Time": event.time,
            "Source": SOURCE,
            "DetailType": DETAIL_TYPE,
            "Detail": detail,
        }
        size += own
    if group:
        yield group
