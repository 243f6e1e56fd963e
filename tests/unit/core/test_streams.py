"""Lines of streams: cuts depend on text and limits alone, and no line of a stream is lost or moved."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from chalicelib.core.cutting import Batch, Cutter, Limits
from chalicelib.core.entries import entries_of
from chalicelib.core.framing import Entry, Framing, Kind, framing_of, said_of
from chalicelib.core.streams import WINDOW_LINES

PLAIN = Framing(
    r"(?![ \r\n]|$)",
    kind=Kind.STREAMS,
    parts=r"(?P<stream>[abc])(?P<cut>\+)?:(?P<text>[^\n]*)",
    joins=r"J\nK",
)
STREAM = st.sampled_from(["a", "b", "c"])
LINES = st.one_of(
    st.builds("{}:{}\n".format, STREAM, st.sampled_from(["x", " at f", "", "J", "K", "long " * 9])),
    st.builds("{}+:{}\n".format, STREAM, st.sampled_from(["x", " at f", "part " * 4])),
    st.sampled_from(["no stream\n", "\n", "a:\r\n"]),
).map(str.encode)
TEXTS = st.lists(LINES, max_size=80).map(b"".join) | st.builds(
    lambda lines, end: b"".join(lines) + end,
    st.lists(LINES, max_size=9),
    st.sampled_from([b"a:x", b"b+:", b"zz"]),
)
LIMITS = st.builds(
    Limits,
    batch_max_lines=st.integers(1, 10),
    batch_max_bytes=st.integers(60, 200),
    entry_max_bytes=st.integers(30, 60),
    split_bytes=st.integers(20, 300),
)
SIZES = st.lists(st.integers(1, 50), min_size=1, max_size=5)


def blocks(text: bytes, sizes: list[int]) -> Iterator[bytes]:
    at = number = 0
    while at < len(text):
        size = sizes[number % len(sizes)]
        yield text[at : at + size]
        at, number = at + size, number + 1


def of(limits: Limits) -> Framing:
    return replace(PLAIN, unit_bytes=limits.entry_max_bytes)


def batches_of(text: bytes, sizes: list[int], limits: Limits) -> list[Batch]:
    cutter = Cutter(blocks(text, sizes), of(limits), limits, 0, aligned=True)
    found: list[Batch] = []
    split = 0
    while not cutter.at_end:
        found += cutter.cut(split)
        split += 1
    assert cutter.position == len(text)
    return found


def entries_in(batch: Batch, limits: Limits) -> list[Entry]:
    return list(entries_of(batch.body, of(limits), batch.offset, batch.length, batch.lines))


@given(TEXTS, SIZES, SIZES, LIMITS)
def test_batches_do_not_depend_on_how_blocks_arrive(
    text: bytes, sizes: list[int], others: list[int], limits: Limits
) -> None:
    assert batches_of(text, sizes, limits) == batches_of(text, others, limits)


@given(TEXTS, SIZES, LIMITS)
def test_a_cutter_that_takes_up_at_any_split_gives_the_batches_of_one_pass(
    text: bytes, sizes: list[int], limits: Limits
) -> None:
    found: list[Batch] = []
    position = split = 0
    while position < len(text):
        cutter = Cutter(blocks(text[position:], sizes), of(limits), limits, position, aligned=True)
        found += cutter.cut(split)
        position, split = cutter.position, split + 1
    assert found == batches_of(text, [len(text) or 1], limits)


@given(TEXTS, SIZES, LIMITS)
def test_the_worker_finds_the_entries_that_the_splitter_counted_and_every_line_once(
    text: bytes, sizes: list[int], limits: Limits
) -> None:
    position = lines = 0
    for batch in batches_of(text, sizes, limits):
        found = entries_in(batch, limits)
        assert len(found) == batch.entries
        for entry in found:
            assert entry.offset == position
            assert len(entry.raw) == entry.length or len(batch.body) < batch.length
            position += entry.length
            lines += entry.lines
        if len(batch.body) == batch.length:
            said = sorted(
                line for each in found for line in (each.text or each.raw).splitlines(keepends=True)
            )
            assert said == sorted(batch.body.splitlines(keepends=True))
    assert (position, lines) == (len(text), text.count(b"\n") + (not text.endswith(b"\n") and text != b""))


@given(TEXTS)
def test_each_stream_is_joined_as_if_no_other_were_there(text: bytes) -> None:
    limits = Limits()
    (batch,) = batches_of(text, [64], limits) or [None]
    if batch is None or b"no stream" in text or b"\n\n" in text or text.startswith(b"\n"):
        return
    texts = [each.text or each.raw for each in entries_in(batch, limits)]
    for stream in (b"a", b"b", b"c"):
        alone = b"".join(line for line in text.splitlines(keepends=True) if line.startswith(stream))
        together = [each for each in texts if each.startswith(stream)]
        wanted = [
            each.text or each.raw
            for one in batches_of(alone, [64], limits)
            for each in entries_in(one, limits)
        ]
        assert together == wanted


def test_an_entry_that_others_interrupt_owns_the_bytes_up_to_the_next_one() -> None:
    text = b"a:one\nb:two\na: at f\nb: at g\nc:three\n"
    (batch,) = batches_of(text, [7], Limits())
    assert entries_in(batch, Limits()) == [
        Entry(0, 6, 1, b"a:one\n", text=b"a:one\na: at f\n"),
        Entry(6, 22, 3, b"b:two\na: at f\nb: at g\n", text=b"b:two\nb: at g\n"),
        Entry(28, 8, 1, b"c:three\n"),
    ]


def test_what_never_ends_is_joined_up_to_its_bound_and_never_rejected() -> None:
    limits = Limits(entry_max_bytes=1000)
    text = b"a:x\n" + b"a: at f\nb: at g\n" * 1000
    found = [entry for batch in batches_of(text, [99], limits) for entry in entries_in(batch, limits)]
    assert all(len(entry.raw) == entry.length <= 1000 for entry in found)


def test_a_line_in_parts_that_is_over_the_limit_is_one_entry_of_which_the_head_is_kept() -> None:
    limits = Limits(entry_max_bytes=1000)
    text = b"a:x\n" + b"a+:yyyyyyy\n" * 1000 + b"a:z\na:end\n"
    found = batches_of(text, [99], limits)
    assert [(batch.entries, batch.length) for batch in found] == [(1, 4), (1, 11_004), (1, 6)]
    assert len(found[1].body) == 1000


def test_a_partner_that_never_comes_costs_a_window() -> None:
    text = b"a+:x\n" + b"b:y\n" * (WINDOW_LINES + 9)
    (batch,) = batches_of(text, [1 << 16], Limits())
    assert batch.entries == WINDOW_LINES + 10


def test_a_framing_of_streams_is_stored_and_read() -> None:
    framing = replace(PLAIN, unit_bytes=17)
    assert framing_of(said_of(framing)) == framing
    assert not framing.is_of_second_version
    assert not framing.self_synchronising
