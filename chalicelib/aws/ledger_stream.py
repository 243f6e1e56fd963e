"""The ledger's stream: which accounts of files changed, and their former values.

Limits: records of other items, and removals, are ignored. Each record is read on its own:
a record that cannot be understood is reported, and does not affect the others.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from chalicelib.aws import ledger_items
from chalicelib.core.ledger.generations import parted
from chalicelib.core.records import untyped
from chalicelib.notifier import Change, News, Standing, Unreadable

_UNNEEDED: Final = {"custom": None}
"""Not needed of a plan: an unpacked configuration is large, and a thousand changes may come at once."""


def changes_in(event: Mapping[str, Any]) -> Iterator[News]:
    """Read a DynamoDB stream event with both images
    (https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_streams_StreamRecord.html)."""
    for record in event["Records"]:
        change: News | None
        try:
            change = _change(record["dynamodb"])
        except Exception as error:  # noqa: BLE001 - whatever it is, reading it again would find the same
            change = _unreadable(record, error)
        if change:
            yield change


def _change(record: Mapping[str, Any]) -> Change | None:
    if record["Keys"]["sk"]["S"] != "file" or "NewImage" not in record:
        return None
    before = _untyped(record.get("OldImage", {}))
    return Change(
        sequence_number=record["SequenceNumber"],
        before=_standing(before) if before else None,
        after=ledger_items.to_file(_untyped(record["NewImage"]) | _UNNEEDED),
    )


def _standing(item: Mapping[str, Any]) -> Standing:
    return Standing(
        ledger_items.to_state(item["state"]),
        item["summary"]["failed"],
        item.get("reason") is None,
        parted(item["file_id"])[1],
    )


def _unreadable(record: Any, error: Exception) -> Unreadable:
    described = record.get("dynamodb", {}) if isinstance(record, dict) else {}
    known = described if isinstance(described, dict) else {}
    keys = known.get("Keys")
    file_id = keys.get("pk", {}) if isinstance(keys, dict) else {}
    return Unreadable(
        sequence_number=str(known.get("SequenceNumber", "")),
        file_id=str(file_id.get("S", "")) if isinstance(file_id, dict) else "",
        why=f"the stream's record is not understood: {error!r}",
    )


def _untyped(image: Mapping[str, Any]) -> dict[str, Any]:
    return {name: untyped(value) for name, value in image.items()}
