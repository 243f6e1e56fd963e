"""What an entry becomes: a typed record or a reject, and the DynamoDB item that holds it.

Nothing here derives from a clock: the same entry of the same object always gives the same item.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any, Final, NamedTuple, TypeAlias

Value: TypeAlias = "str | int | float | bool | list[Value] | dict[str, Value] | None"

SHARD_STRIDE_BYTES: Final = 1024 * 1024
ITEM_MAX_BYTES: Final = 400 * 1024
"""https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html"""

LEVELS_MAX: Final = 28
"""How deep a value may nest: an item may nest 32 levels, including `attributes`."""
NUMBER_MAX_DIGITS: Final = 38
_NUMBER_MIN: Final = 1e-130
_NUMBER_MAX: Final = 9.9999999999999e125


class UnstorableError(ValueError):
    """A value that DynamoDB cannot store. The message names its kind, never its content."""


class Record(NamedTuple):
    """A parsed entry. A tuple, because a million of them are made a minute.

    timestamp: ISO 8601 in UTC with a final ``Z``, as precise as the source; None if the entry has none.
    timestamp_assumed: what the entry did not say: some of ``day``, ``day-month``, ``year``, ``zone``, separated by
    commas. severity_number: 1 to 24 of the OpenTelemetry log data model
    (https://opentelemetry.io/docs/specs/otel/logs/data-model/#field-severitynumber). attributes: typed fields under
    flat, dotted names.
    """

    timestamp: str | None
    timestamp_assumed: str | None
    severity_text: str | None
    severity_number: int | None
    body: str | None
    attributes: dict[str, Value]


class Reject(NamedTuple):
    """An entry that its format does not explain. The reason is one of a bounded set of codes, for a row of a table
    followed by a colon and the column."""

    reason: str


FILTERED: Final = "filtered:"
"""The prefix of the reason under which a filter skips entries; the filter's name follows."""


class Skip(NamedTuple):
    """Bytes that are counted under a reason and not stored: ``blank``, ``byte-order-mark``, ``header``,
    ``between-elements``, ``padding``, or ``filtered:`` and the name of a rule.

    entries: 0 for a part of an entry.
    """

    reason: str
    entries: int = 1


class Outcome(NamedTuple):
    """What became of a stretch of text.

    offset, length: bytes of text; lines: line ends in them; raw: the bytes (the head, if the entry was too long);
    replaced: whether bytes that are not UTF-8 are shown as U+FFFD in the fields; format: of the entry, if it is not the
    file's.
    """

    offset: int
    length: int
    lines: int
    raw: bytes
    result: Record | Reject | Skip
    replaced: bool
    format: str | None = None


def record_key(file_id: str, shards: int, offset: int) -> tuple[str, str]:
    """Partition and sort key of the item of the entry at that text offset."""
    return partition_key(file_id, offset // SHARD_STRIDE_BYTES % shards), sort_key(offset)


def partition_key(file_id: str, shard: int) -> str:
    return f"{file_id}#{shard:02x}"


def sort_key(offset: int) -> str:
    return f"{offset:016d}"


def strides(begin: int, end: int) -> Iterator[tuple[int, int]]:
    """The parts of a stretch of the text, each with its entries in one partition."""
    while begin < end:
        until = min((begin // SHARD_STRIDE_BYTES + 1) * SHARD_STRIDE_BYTES, end)
        yield begin, until
        begin = until


def item_of(
    outcome: Outcome, *, file_id: str, batch_id: str, format_name: str, shards: int, expires_at: int | None
) -> dict[str, Any]:
    """The item of a record or a reject, in DynamoDB's typed JSON
    (https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_AttributeValue.html).

    Raises UnstorableError for a value that DynamoDB cannot store; `storable.ItemEncoder` gives it another form.
    """
    offset, length, lines, raw, result, replaced, own_format = outcome
    pk, sk = record_key(file_id, shards, offset)
    item: dict[str, Any] = {
        "pk": {"S": pk},
        "sk": {"S": sk},
        "file_id": {"S": file_id},
        "batch_id": {"S": batch_id},
        "format": {"S": own_format or format_name},
        "offset": {"N": str(offset)},
        "length": {"N": str(length)},
        "lines": {"N": str(lines)},
    }
    if isinstance(result, Record):
        item |= _record_attributes(result)
    elif isinstance(result, Reject):
        item["kind"] = {"S": "reject"}
        item["raw"] = {"B": base64.b64encode(raw).decode()}
        item["reason"] = {"S": result.reason}
    if replaced:
        item["replaced"] = {"BOOL": True}
    if expires_at is not None:
        item["expires_at"] = {"N": str(expires_at)}
    return item


def _record_attributes(record: Record) -> dict[str, Any]:
    timestamp, assumed, severity_text, severity_number, body, attributes = record
    item: dict[str, Any] = {"kind": {"S": "record"}}
    if timestamp is not None:
        item["timestamp"] = {"S": timestamp}
    if assumed is not None:
        item["timestamp_assumed"] = {"S": assumed}
    if severity_text is not None:
        item["severity_text"] = {"S": severity_text}
    if severity_number is not None:
        item["severity_number"] = {"N": str(severity_number)}
    if body is not None:
        item["body"] = {"S": body}
    if attributes:
        if "" in attributes:
            raise UnstorableError("name")
        item["attributes"] = {
            "M": {
                name: {"S": value} if type(value) is str else typed(value)
                for name, value in attributes.items()
            }
        }
    return item


def typed(value: Value, levels: int = LEVELS_MAX) -> dict[str, Any]:
    """One value in DynamoDB's typed JSON; raises UnstorableError."""
    if value is None:
        return {"NULL": True}
    kind = type(value)
    make = _TYPED.get(kind)
    if make is not None:
        return make(value)
    if levels and kind is list:
        return {"L": [typed(inner, levels - 1) for inner in value]}  # type: ignore[union-attr]
    if levels and kind is dict and "" not in value:  # type: ignore[operator]
        return {"M": {name: typed(inner, levels - 1) for name, inner in value.items()}}  # type: ignore[union-attr]
    raise UnstorableError(kind.__name__)


def _typed_int(value: int) -> dict[str, Any]:
    if -_INT_END < value < _INT_END:
        return {"N": str(value)}
    raise UnstorableError("int")


def _typed_float(value: float) -> dict[str, Any]:
    if is_storable_float(value):
        return {"N": repr(value)}
    raise UnstorableError("float")


def is_storable_float(value: float) -> bool:
    """Whether DynamoDB can store it as a number."""
    return value == 0 or _NUMBER_MIN <= abs(value) <= _NUMBER_MAX


_INT_END: Final = 10**NUMBER_MAX_DIGITS
_TYPED: Final[dict[type, Callable[[Any], dict[str, Any]]]] = {
    str: lambda value: {"S": value},
    bool: lambda value: {"BOOL": value},
    int: _typed_int,
    float: _typed_float,
}


def _number(content: str) -> int | float:
    """The same number for each way of writing it: DynamoDB gives `100.0` back as `100`, and `1.5e+18` as digits."""
    if len(content) < NUMBER_MAX_DIGITS and not any(mark in content for mark in ".eE"):
        return int(content)
    value = Decimal(content)
    if value.adjusted() < NUMBER_MAX_DIGITS and value == value.to_integral_value():
        return int(value)
    return float(content)


def untyped(value: dict[str, Any]) -> Any:
    """The plain value of a typed one; numbers become int or float, binary stays base64 text."""
    ((kind, content),) = value.items()
    if kind == "N":
        return _number(content)
    if kind == "L":
        return [untyped(each) for each in content]
    if kind == "M":
        return {name: untyped(each) for name, each in content.items()}
    if kind == "NULL":
        return None
    if kind == "B" and isinstance(content, bytes):
        return base64.b64encode(content).decode()
    return content
