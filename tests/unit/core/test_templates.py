"""A template writes the very bytes that a dictionary of the item would, or nothing."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.core.records import Outcome, Record, UnstorableError, item_of
from chalicelib.core.records.templates import Templates

BATCH: dict[str, Any] = {
    "file_id": "f" * 26 + "~2",
    "batch_id": "100%d-0-0",
    "format_name": 'my "%s"',
    "shards": 3,
    "expires_at": 7,
}
TEXTS = st.one_of(
    st.text(max_size=9), st.sampled_from(["", ',\n  "', "\\", "\u2028é", "%d", "\ud800", "a" * 300])
)
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    TEXTS,
    st.integers(-(10**39), 10**39),
    st.floats(),
    st.sampled_from([1e16, 1e-7, 5e-324, 1e126, -0.0, 2**63, 2**64, b"bytes", (1,)]),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner, max_size=3),
    max_leaves=5,
)
RECORDS = st.builds(
    Record,
    st.none() | st.just("2026-03-01T10:00:00Z"),
    st.none() | st.just("zone"),
    st.none() | TEXTS,
    st.none() | st.integers(1, 24),
    st.none() | TEXTS,
    st.dictionaries(st.sampled_from(["a", "b.c", "%s", 'q"', "é", ""]), VALUES, max_size=4),
)
OUTCOMES = st.builds(
    Outcome,
    st.integers(0, 10**15),
    st.integers(1, 10**6),
    st.integers(0, 9),
    st.just(b"raw"),
    RECORDS,
    st.booleans(),
    st.none() | st.just("json"),
)


def by_dictionary(outcome: Outcome, batch: dict[str, Any] = BATCH) -> bytes | type[Exception]:
    try:
        return orjson.dumps(item_of(outcome, **batch))
    except (TypeError, ValueError) as error:
        return type(error)


@given(st.lists(OUTCOMES, min_size=1, max_size=4), st.sampled_from([None, 7]))
def test_an_item_is_that_of_the_dictionary_for_whatever_comes_in_whatever_order(
    outcomes: list[Outcome], expires_at: int | None
) -> None:
    batch = BATCH | {"expires_at": expires_at}
    templates = Templates(**batch)
    for outcome in [*outcomes, *outcomes]:
        plain = by_dictionary(outcome, batch)
        try:
            item = templates.item(outcome)
        except UnstorableError as error:
            item = type(error)  # type: ignore[assignment]
        assert item in (plain, None)


@pytest.mark.parametrize(
    "attributes",
    [
        {},
        {"a": "x", "n": 5, "f": 0.25, "b": True, "none": None},
        {"l": ["x", 1, {"m": []}], "o": {"p": {"q": "r\n"}}, "last": "z"},
        {"digits": 10**15, "tiny": 1e-7, "large": 1e22, "é%s": "%d"},
    ],
)
@pytest.mark.parametrize(
    "fields", [(None, None, None, None, None), ("2026-03-01T10:00:00Z", "zone", "WARN", 13, "")]
)
def test_plain_values_are_written_by_a_template(fields: tuple[Any, ...], attributes: dict[str, Any]) -> None:
    outcome = Outcome(
        5 * 1024 * 1024 + 3, 96, 1, b"", Record(*fields, attributes), replaced=True, format="json"
    )
    assert Templates(**BATCH).item(outcome) == by_dictionary(outcome)


def test_shapes_without_end_are_no_templates_without_end() -> None:
    templates = Templates(**BATCH)
    for number in range(2000):
        record = Record(None, None, None, None, None, {f"name-{number}": "x"})
        outcome = Outcome(number, 1, 1, b"", record, replaced=False)
        assert templates.item(outcome) in (by_dictionary(outcome), None)
    assert len(templates._known) < 1000


def test_shapes_of_many_long_names_are_no_memory_without_end() -> None:
    templates = Templates(**BATCH)
    for number in range(100):
        attributes = {f"{number:04d}{name:04d}{'x' * 500}": "x" for name in range(100)}
        record = Record(None, None, None, None, None, attributes)
        outcome = Outcome(number, 1, 1, b"", record, replaced=False)
        assert templates.item(outcome) in (by_dictionary(outcome), None)
    made = [template for template in templates._known.values() if template]
    assert 10 < len(made) < 30
    assert sum(len(piece) for template in made for piece in template.pieces) < 2_000_000


def test_a_format_whose_name_no_utf8_has_is_no_template() -> None:
    record = Record(None, None, None, None, None, {"a": "x"})
    outcome = Outcome(0, 1, 1, b"", record, replaced=False, format="\ud800")
    assert Templates(**BATCH).item(outcome) is None
