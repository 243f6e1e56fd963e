"""What DynamoDB refuses in an item
(https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html), for tests of what is stored."""

from __future__ import annotations

import base64
import json
import re
from decimal import Decimal
from typing import Any

_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?")
_LEVELS_MAX = 32
_NAME_MAX_BYTES = 65_535
_ITEM_MAX_BYTES = 400 * 1024


def assert_storable(encoded: bytes) -> dict[str, Any]:
    """The item in typed JSON, which DynamoDB must take; gives it decoded."""
    item: dict[str, Any] = json.loads(encoded.decode())
    assert item["pk"]["S"]
    assert item["sk"]["S"]
    assert sum(_bytes_of(name, value, 0) for name, value in item.items()) <= _ITEM_MAX_BYTES
    return item


def _bytes_of(name: str, typed: dict[str, Any], level: int) -> int:
    assert 1 <= len(name.encode()) <= _NAME_MAX_BYTES
    return len(name.encode()) + _value_bytes(typed, level)


def _value_bytes(typed: dict[str, Any], level: int) -> int:
    ((kind, value),) = typed.items()
    if kind in ("M", "L"):
        assert level < _LEVELS_MAX, "an item nests 32 levels at most"
        if kind == "M":
            return 3 + sum(1 + _bytes_of(name, inner, level + 1) for name, inner in value.items())
        return 3 + sum(1 + _value_bytes(inner, level + 1) for inner in value)
    if kind == "S":
        return len(value.encode())
    if kind == "N":
        assert _NUMBER.fullmatch(value), value
        number = Decimal(value).normalize()
        assert len(number.as_tuple().digits) <= 38
        assert number == 0 or Decimal("1e-130") <= abs(number) < Decimal("1e126")
        return len(number.as_tuple().digits) // 2 + 2
    if kind == "B":
        return len(base64.b64decode(value, validate=True))
    assert (kind, value) in (("NULL", True), ("BOOL", True), ("BOOL", False))
    return 1


def size_of(item: dict[str, Any]) -> int:
    """Of an item that DynamoDB takes, in bytes, as it bills them."""
    return sum(_bytes_of(name, value, 0) for name, value in item.items())
