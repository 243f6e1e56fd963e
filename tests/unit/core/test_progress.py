"""What is written of a batch is not written again, and what is not written never passes for it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from chalicelib.core.records.progress import Progress, decoded, fingerprint_of

ITEMS = [b'{"sk":{"S":"%016d"}}' % number for number in range(100)]
ranges = st.lists(st.tuples(st.integers(0, 100), st.integers(0, 100)).map(lambda two: (min(two), max(two))))


@given(ranges)
def test_all_that_is_unwritten_is_left_to_write(unwritten: list[tuple[int, int]]) -> None:
    progress = decoded(Progress.of(ITEMS, unwritten).encode())
    assert progress
    missing = {item for begin, end in unwritten for item in ITEMS[begin:end]}
    assert missing <= set(progress.rest_of(ITEMS))
    assert len(progress.encode()) < 200


@given(ranges, ranges)
def test_what_a_second_try_leaves_is_left_to_write(
    first: list[tuple[int, int]], second: list[tuple[int, int]]
) -> None:
    progress = Progress.of(ITEMS, [pair for pair in first if pair[0] < pair[1]])
    rest = progress.rest_of(ITEMS)
    within = [(begin, min(end, len(rest))) for begin, end in second if begin < min(end, len(rest))]
    missing = {item for begin, end in within for item in rest[begin:end]}
    left = progress.narrowed(within).rest_of(ITEMS)
    assert missing <= set(left) <= set(rest)
    assert len(within) > 1 or set(left) == missing


@given(st.text(max_size=30))
def test_what_nobody_encoded_says_nothing(text: str) -> None:
    known = decoded(text)
    assert known is None or set(known.rest_of(ITEMS)) <= set(ITEMS)


def test_of_few_ranges_nothing_else_is_written_again() -> None:
    progress = Progress.of(ITEMS, [(25, 50), (50, 60), (90, 100)])
    assert progress.unwritten == ((25, 60), (90, 100))
    assert progress.rest_of(ITEMS) == ITEMS[25:60] + ITEMS[90:100]


def test_other_items_of_the_batch_are_known_as_such() -> None:
    progress = Progress.of(ITEMS, [(50, 100)])
    changed = [*ITEMS[:10], b'{"sk":{"S":"other"}}', *ITEMS[11:]]
    assert fingerprint_of(changed) != progress.fingerprint == fingerprint_of(ITEMS)
