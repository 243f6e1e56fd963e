"""Cuts depend on text and limits alone: not on how blocks arrive, nor on the order of the splits."""

from __future__ import annotations

import re
from collections.abc import Iterator

from hypothesis import given
from hypothesis import strategies as st

from chalicelib.core.framing import Entry, Framing
from chalicelib.core.framing.cutting import Batch, Cutter, Limits
from chalicelib.core.framing.entries import entries_of

LINES = (
    st.sampled_from(
        [
            b"\n",
            b"x\n",
            b"S1\n",
            b" at f\n",
            b"Sabc\n",
            b"\r\n",
            b"S\r\n",
            b"lone\rcr\n",
            b"\x0b\x0c\n",
            b"zz",
            b"\0",
            b"\0\0\0",
        ]
    )
    | st.integers(1, 60).map(lambda n: b"S" * n + b"\n")
    | st.integers(4, 60).map(lambda n: b"\0" * n)
)
TEXTS = st.lists(LINES, max_size=60).map(b"".join) | st.binary(max_size=200)
LIMITS = st.builds(
    Limits,
    batch_max_lines=st.integers(1, 10),
    batch_max_bytes=st.integers(20, 64),
    entry_max_bytes=st.integers(5, 20),
    split_bytes=st.integers(8, 300),
)
FRAMINGS = st.sampled_from([Framing(rules=1), Framing("S", rules=1), Framing(), Framing("S")])
PADDING = re.compile(rb"\0{4,}|(?:(?<=\n)|\A)\0+")
BLOCK_SIZES = st.lists(st.integers(1, 50), min_size=1, max_size=5)


def blocks(text: bytes, sizes: list[int]) -> Iterator[bytes]:
    at = number = 0
    while at < len(text):
        size = sizes[number % len(sizes)]
        yield text[at : at + size]
        at, number = at + size, number + 1


def segments(text: bytes, framing: Framing) -> Iterator[tuple[bytes, int]]:
    """Lines, and the padding between them; and how many line ends each counts."""
    at, pads = 0, [pad.span() for pad in PADDING.finditer(text)] if framing.has_padding else []
    for begin, end in [*pads, (len(text), len(text))]:
        for line in re.findall(rb"[^\n]*\n|[^\n]+", text[at:begin]):
            at += len(line)
            yield line, int(line.endswith(b"\n") or at == len(text))
        if begin < end:
            yield text[begin:end], int(end == len(text))
        at = end


def expected_entries(text: bytes, framing: Framing) -> list[Entry]:
    """The rule, said in the plainest way."""
    pattern = re.compile(framing.entry_start.encode()) if framing.entry_start else None
    entries: list[Entry] = []
    offset, is_free = 0, True
    for raw, lines in segments(text, framing):
        is_padding = framing.has_padding and raw[0] == 0
        if pattern and not is_free and not is_padding and not pattern.match(raw[:1024]):
            last = entries.pop()
            entries.append(Entry(last.offset, last.length + len(raw), last.lines + lines, last.raw + raw))
        else:
            entries.append(Entry(offset, len(raw), lines, raw))
        is_free = is_padding
        offset += len(raw)
    return entries


def expected_batches(text: bytes, framing: Framing, limits: Limits) -> list[Batch]:
    batches: list[Batch] = []
    open_batch = False
    for offset, length, lines, raw, *_ in expected_entries(text, framing):
        split = offset // limits.split_bytes
        too_long = length > limits.entry_max_bytes
        last = batches[-1] if batches else None
        if (
            last
            and open_batch
            and last.split == split
            and not too_long
            and last.length + length <= limits.batch_max_bytes
            and last.lines + lines <= limits.batch_max_lines
            and last.entries + 1 <= limits.batch_max_lines
        ):
            batches[-1] = Batch(
                split, last.number, last.offset, last.length + length, last.lines + lines, last.entries + 1,
                last.body + raw,
            )  # fmt: skip
        else:
            number = last.number + 1 if last and last.split == split else 0
            body = raw[: min(4096, limits.entry_max_bytes)] if too_long else raw
            batches.append(Batch(split, number, offset, length, lines, 1, body))
            open_batch = not too_long
    return batches


def cut_in_one_pass(text: bytes, sizes: list[int], framing: Framing, limits: Limits) -> list[Batch]:
    cutter = Cutter(blocks(text, sizes), framing, limits, 0, aligned=True)
    batches: list[Batch] = []
    split = 0
    while not cutter.at_end:
        batches += cutter.cut(split)
        split += 1
    assert cutter.position == len(text)
    return batches


@given(TEXTS, BLOCK_SIZES, FRAMINGS, LIMITS)
def test_batches_are_those_of_the_rule(
    text: bytes, sizes: list[int], framing: Framing, limits: Limits
) -> None:
    assert cut_in_one_pass(text, sizes, framing, limits) == expected_batches(text, framing, limits)


@given(TEXTS, BLOCK_SIZES, FRAMINGS, LIMITS, st.randoms())
def test_splits_cut_alone_in_any_order_give_the_batches_of_one_pass(
    text: bytes, sizes: list[int], framing: Framing, limits: Limits, random: object
) -> None:
    numbers = list(range(max(1, -(-len(text) // limits.split_bytes))))
    random.shuffle(numbers)  # type: ignore[attr-defined]
    cut_alone: dict[int, tuple[int, int, list[Batch]]] = {}
    for number in numbers:
        begin = number * limits.split_bytes
        back = framing.look_back_bytes if number else 0
        cutter = Cutter(blocks(text[begin - back :], sizes), framing, limits, begin, aligned=number == 0)
        start = cutter.position
        batches = list(cutter.cut(number))
        cut_alone[number] = (start, cutter.position, batches)
    in_order = [cut_alone[number] for number in sorted(cut_alone)]
    assert [batch for _, _, batches in in_order for batch in batches] == expected_batches(
        text, framing, limits
    )
    borders = [0, *(end for _, end, _ in in_order)]
    assert [start for start, _, _ in in_order] == borders[:-1], "splits lie end to end"
    assert borders[-1] == len(text)


@given(TEXTS, BLOCK_SIZES, FRAMINGS, LIMITS)
def test_the_worker_finds_the_entries_that_the_splitter_counted(
    text: bytes, sizes: list[int], framing: Framing, limits: Limits
) -> None:
    collected = []
    for batch in cut_in_one_pass(text, sizes, framing, limits):
        entries = list(entries_of(batch.body, framing, batch.offset, batch.length, batch.lines))
        assert len(entries) == batch.entries
        collected += entries
    expected = expected_entries(text, framing)
    assert [entry[:3] for entry in collected] == [entry[:3] for entry in expected]
    for entry, other in zip(collected, expected, strict=True):
        assert other.raw.startswith(entry.raw)


def test_a_line_of_32_mib_is_one_head_and_what_follows_is_intact() -> None:
    text = b"before\n" + b"x" * (32 << 20) + b"\nafter\n"
    batches = cut_in_one_pass(text, [262_144], Framing(None), Limits())
    assert [(batch.offset, batch.length, len(batch.body)) for batch in batches] == [
        (0, 7, 7),
        (7, (32 << 20) + 1, 4096),
        (8 + (32 << 20), 6, 6),
    ]


def test_only_newlines_end_a_line() -> None:
    text = "a\rb\u2028c\u0085d\x0be\x0cf\n".encode()
    (batch,) = cut_in_one_pass(text, [3], Framing(None), Limits())
    assert (batch.lines, batch.entries, batch.body) == (1, 1, text)
