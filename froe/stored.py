"""The stored entries of a file, records and rejects together, in the order of the text."""

from __future__ import annotations

import base64
import heapq
from collections.abc import Iterator

from chalicelib.core.records import Outcome, Record, Reject
from chalicelib.pages import MAX_LIMIT
from chalicelib.status import Status
from froe.inquiry import ItemJson, pages


def entries_of(status: Status, file_id: str) -> Iterator[ItemJson]:
    """In the JSON shape of the HTTP contract."""
    return heapq.merge(
        pages(lambda cursor: status.records(file_id, limit=MAX_LIMIT, cursor=cursor), 0),
        pages(lambda cursor: status.rejects(file_id, limit=MAX_LIMIT, cursor=cursor), 0),
        key=lambda entry: int(entry["offset"]),
    )


def outcome_of(entry: ItemJson) -> Outcome:
    """What was stored, as it was parsed."""
    result = (
        Reject(entry["reason"])
        if entry["kind"] == "reject"
        else Record(
            entry.get("timestamp"),
            entry.get("timestamp_assumed"),
            entry.get("severity_text"),
            entry.get("severity_number"),
            entry.get("body"),
            entry.get("attributes", {}),
        )
    )
    raw = base64.b64decode(entry.get("raw", ""))
    place = entry["offset"], entry["length"], entry["lines"]
    return Outcome(*place, raw, result, bool(entry.get("replaced")), entry["format"])
