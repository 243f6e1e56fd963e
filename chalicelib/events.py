"""Events: each settled file is reported to programs, one by one, independent of notices.

Promise: at least once; a repeat has the same `notice_id`. docs/events.md has the schema of the detail.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Protocol

from chalicelib.core.errors import FroeError
from chalicelib.delivery import Deadline
from chalicelib.ledger import StoredFile
from chalicelib.notices import settling_id
from chalicelib.status_json import file_json

SOURCE: Final = "froe"
DETAIL_TYPE: Final = "Froe File Settled"


@dataclass(frozen=True, slots=True)
class Event:
    """event_id: identifies the settling. detail: plain JSON values."""

    event_id: str
    time: datetime
    detail: Mapping[str, Any]


class Emits(Protocol):
    def emit(self, events: Sequence[Event], deadline: Deadline) -> Mapping[str, FroeError]:
        """Send the events. Gives the errors of those that were not taken, by id; a TransientError is worth another try."""


def settled_event(file: StoredFile, stage: str, console_region: str | None) -> Event:
    """The file as the status shows it, with its stage."""
    event_id = settling_id(file)
    return Event(
        event_id=event_id,
        time=file.settled_at or file.opened_at,
        detail={"notice_id": event_id, "stage": stage, **file_json(file, file.account, console_region)},
    )
