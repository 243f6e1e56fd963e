"""The demo's verdict: every way in which a file can fail to add up is seen and named."""

from typing import Any

import pytest

pytest.importorskip("click", reason="click is not installed")

from froe.comparison import Comparison, Stored, stored_by_file
from froe.counting import Count


def compare(*, counted: Count | None = None, stored: Stored | None = None, **changed: Any) -> Comparison:
    """A file of 12 lines, of which 1 is rejected and 2 are blank; with changes."""
    file = {
        "state": "COMPLETE",
        "reason": None,
        "text_bytes": 120,
        "parsed": {"entries": 8, "lines": 9, "bytes": 108},
        "rejected": {"entries": 1, "lines": 1, "bytes": 10},
        "skipped": {"blank": {"lines": 2, "bytes": 2}},
        **changed,
    }
    return Comparison("a.log", counted or Count(120, 12), file, stored or Stored(9, 10, 118), 1.0)


def test_a_file_that_adds_up_agrees() -> None:
    assert compare().agrees
    assert compare().complaint is None


@pytest.mark.parametrize(
    ("changed", "complaint"),
    [
        ({"counted": Count(120, 13)}, "has 13 lines, of which the ledger accounts for 12"),
        ({"counted": Count(121, 12)}, "has 121 bytes"),
        ({"stored": Stored(8, 9, 118)}, "and the records table, with what was skipped, for 11"),
        ({"stored": Stored(9, 10, 117)}, "has 120 bytes"),
        ({"skipped": {}}, "accounts for 10"),
        ({"parsed": {"entries": 9, "lines": 10, "bytes": 108}}, "accounts for 13"),
        ({"text_bytes": 119}, "the ledger says 119"),
        ({"state": "PROCESSING"}, "is PROCESSING: it did not settle in time"),
        (
            {"state": "DAMAGED", "reason": "the gzip data ends in the middle"},
            "is DAMAGED: the gzip data ends",
        ),
    ],
)
def test_a_file_that_does_not_add_up_is_named_with_the_difference(
    changed: dict[str, Any], complaint: str
) -> None:
    compared = compare(**changed)

    assert not compared.agrees
    assert str(compared.complaint).startswith("a.log ")
    assert complaint in str(compared.complaint)


def test_a_file_that_was_never_opened_does_not_agree() -> None:
    compared = Comparison("a.log", Count(0, 0), None, Stored(), None)

    assert not compared.agrees
    assert compared.for_programs()["account"] is None


def test_the_items_of_each_file_are_added_up_over_all_pages() -> None:
    def item(file_id: str, length: int, lines: int) -> dict[str, dict[str, str]]:
        return {"file_id": {"S": file_id}, "length": {"N": str(length)}, "lines": {"N": str(lines)}}

    class FakeDynamoDb:
        def get_paginator(self, operation: str) -> "FakeDynamoDb":
            assert operation == "scan"
            return self

        def paginate(self, **asked: Any) -> list[dict[str, Any]]:
            assert asked["TableName"] == "records"
            return [
                {"Items": [item("a", 10, 1), item("b", 5, 2)]},
                {"Items": [item("a", 7, 3)]},
                {"Items": []},
            ]

    assert stored_by_file(FakeDynamoDb(), "records") == {"a": Stored(2, 4, 17), "b": Stored(1, 2, 5)}
