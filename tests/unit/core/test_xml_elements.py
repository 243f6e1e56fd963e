"""Elements of XML as entries: cuts depend on the text alone, and every byte is an entry's or a gap's."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.core.framing import Entry, Framing, Kind
from chalicelib.core.framing.cutting import Batch, Cutter, Limits
from chalicelib.core.framing.entries import entries_of

EVENTS = Framing(kind=Kind.ELEMENTS, member="Event")
PIECES = st.sampled_from(
    [b"<Event>a</Event>", b"<Event x='1'>\n  <b/>\n</Event>\n", b"<Event/>", b"<Events>", b"</Events>", b"\n", b" ", b"\r\n",
     b"<?xml version='1.0'?>", b"words\n", b"<EventData>", b"<Event>cut off\n", b"</Event >", b"\t", b"<!-- c -->", b",", b"<Ev"]
)  # fmt: skip
TEXTS = st.lists(PIECES, max_size=30).map(b"".join)
SIZES = st.lists(st.integers(1, 40), min_size=1, max_size=5)
LIMITS = st.builds(
    Limits,
    batch_max_lines=st.integers(1, 10),
    batch_max_bytes=st.integers(60, 200),
    entry_max_bytes=st.integers(30, 60),
    split_bytes=st.integers(20, 300),
)


def blocks(text: bytes, sizes: list[int]) -> Iterator[bytes]:
    at = number = 0
    while at < len(text):
        size = sizes[number % len(sizes)]
        yield text[at : at + size]
        at, number = at + size, number + 1


def batches_of(text: bytes, sizes: list[int], limits: Limits) -> list[Batch]:
    cutter = Cutter(blocks(text, sizes), EVENTS, limits, 0, aligned=True)
    batches: list[Batch] = []
    split = 0
    while not cutter.at_end:
        batches += cutter.cut(split)
        split += 1
    assert cutter.position == len(text)
    return batches


def entries(text: bytes, size: int = 1 << 16) -> list[Entry]:
    return [
        entry
        for batch in batches_of(text, [size], Limits())
        for entry in entries_of(batch.body, EVENTS, batch.offset, batch.length, batch.lines, batch.cuts)
    ]


@given(TEXTS, SIZES, LIMITS)
def test_batches_do_not_depend_on_how_blocks_arrive(text: bytes, sizes: list[int], limits: Limits) -> None:
    assert batches_of(text, sizes, limits) == batches_of(text, [len(text) or 1], limits)


@given(TEXTS, SIZES, LIMITS)
def test_every_byte_and_line_is_in_one_entry(text: bytes, sizes: list[int], limits: Limits) -> None:
    position = lines = 0
    for batch in batches_of(text, sizes, limits):
        cut = list(entries_of(batch.body, EVENTS, batch.offset, batch.length, batch.lines, batch.cuts))
        assert len(cut) == batch.entries
        for entry in cut:
            assert entry.offset == position
            position, lines = position + entry.length, lines + entry.lines
    assert position == len(text)
    assert lines == text.count(b"\n") + (text != b"" and not text.endswith(b"\n"))


@pytest.mark.parametrize("size", [1, 7, 1 << 16])
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b"<Event>a</Event>\n<Event>b</Event>\n", [b"<Event>a</Event>\n", b"<Event>b</Event>\n"]),
        (b"<Events><Event>a</Event><Event>b</Event></Events>", [b"<Event>a</Event>", b"<Event>b</Event>"]),
        (b"<Events>\n<Event>\n a\n</Event>\n</Events>\n", [b"<Event>\n a\n</Event>\n"]),
        (b"<Event>cut\n<Event>b</Event>\n", [b"<Event>cut\n", b"<Event>b</Event>\n"]),
        (b"words\n<Event>b</Event>\n", [b"words\n", b"<Event>b</Event>\n"]),
        (b"\xef\xbb\xbf<?xml version='1.0'?>\r\n<Event>b</Event>\r\n", [b"<Event>b</Event>\r\n"]),
        (
            b"<Event><EventData><Events/></EventData></Event>",
            [b"<Event><EventData><Events/></EventData></Event>"],
        ),
    ],
)
def test_each_element_is_an_entry(text: bytes, expected: list[bytes], size: int) -> None:
    assert [entry.raw for entry in entries(text, size) if not entry.gap] == expected


def test_an_element_over_the_limit_is_one_entry_of_which_the_head_is_kept() -> None:
    text = b"<Event>" + b"x" * 500_000 + b"</Event>\n<Event>b</Event>\n"
    long, short = entries(text, 4096)
    assert (long.length, len(long.raw), short.raw) == (500_016, 4096, b"<Event>b</Event>\n")
