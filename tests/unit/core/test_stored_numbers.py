"""A number reads the same from every layout, whichever way it is written there."""

from __future__ import annotations

import pytest

from chalicelib.core.records import untyped


@pytest.mark.parametrize(
    ("packed", "of_dynamodb", "value"),
    [
        ("100.0", "100", 100),
        ("-0.0", "0", 0),
        ("1.77348041312345e+18", "1773480413123450000", 1_773_480_413_123_450_000),
        ("1.2345678901234568e+29", "123456789012345680000000000000", 123_456_789_012_345_680_000_000_000_000),
        ("9.99e+125", "999" + "0" * 123, 9.99e125),
        ("0.50", "0.5", 0.5),
        ("1e-7", "0.0000001", 1e-7),
        ("1" * 38, "1" * 38, int("1" * 38)),
    ],
)
def test_a_number_is_the_same_however_it_is_written(packed: str, of_dynamodb: str, value: float) -> None:
    assert untyped({"N": packed}) == untyped({"N": of_dynamodb}) == value
    assert type(untyped({"N": packed})) is type(untyped({"N": of_dynamodb})) is type(value)
