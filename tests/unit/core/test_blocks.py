"""What is asked of a block at once is what each of its lines says by itself."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from itertools import accumulate, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.core.formats.registry import all_formats, by_name
from chalicelib.core.framing import Framing, Kind, Run, entries
from chalicelib.core.framing.entries import entries_in
from chalicelib.core.framing.headers import Headers
from chalicelib.core.framing.line_ends import LineEnds, asked_one_by_one, long_lines
from chalicelib.core.framing.lines_of_blocks import lines_unlike
from chalicelib.core.framing.quotes import OutsideQuotes

LINES = st.lists(st.integers(0, 150).map(lambda size: b"x" * size + b"\n"), min_size=1, max_size=300)


def run_of(data: bytes) -> Run:
    ends = LineEnds(data)
    return Run(0, data, ends, range(1, len(ends) + 1))


@given(LINES, st.data())
def test_line_ends_are_the_same_in_whatever_order_they_are_asked(
    lines: list[bytes], asked: st.DataObject
) -> None:
    data = b"".join(lines)
    ends, actual = list(accumulate(map(len, lines))), LineEnds(data)
    assert len(actual) == len(ends)
    for number in asked.draw(st.lists(st.integers(-1, len(ends) - 1), max_size=9)):
        assert actual[number] == ends[number]
        place = asked.draw(st.integers(0, len(data) + 9))
        assert actual.count_up_to(place) == sum(end <= place for end in ends)
    assert list(actual) == ends
    assert actual[1:] == ends[1:]


@given(LINES, st.integers(1, 160))
def test_long_lines_are_those_over_the_limit(lines: list[bytes], most: int) -> None:
    borders = pairwise([0, *accumulate(map(len, lines))])
    assert list(long_lines(b"".join(lines), most)) == [each for each in borders if each[1] - each[0] > most]


def unlike(expression: str, lines: Sequence[bytes]) -> list[bool] | None:
    """Of each line, whether a block says that the expression does not match it."""
    pattern = lines_unlike(expression)
    if pattern is None:
        return None
    data = b"\n" + b"".join(lines)
    ends = {each.end() - 1 for each in pattern.finditer(data)}
    return [begin in ends for begin in [0, *accumulate(map(len, lines))][:-1]]


def unlike_one_by_one(expression: str, lines: Sequence[bytes]) -> list[bool]:
    match = re.compile(expression.encode()).match
    return [match(b"\n" + line, 1) is None for line in lines]


PARTS = st.sampled_from(
    [
        "a",
        "b",
        " ",
        "[ab]",
        "[^a]",
        r"\s",
        r"\S",
        r"\d",
        r"\D",
        r"\w",
        r"\W",
        ".",
        r"[\s,]",
        r"[^\n]",
        r"\b",
        "$",
        r"\r",
    ]
)
REPEATS = st.sampled_from(["", "", "?", "*", "+", "*+", "?+", "++", "{2}", "{1,3}", "*?"])
ITEMS = st.builds(lambda part, repeat: part if part in (r"\b", "$") else part + repeat, PARTS, REPEATS)


def joined(items: list[str]) -> str:
    return "".join(items)


EXPRESSIONS = st.recursive(
    st.lists(ITEMS, min_size=1, max_size=4).map(joined),
    lambda inner: st.builds(
        lambda before, kind, one, two, repeat, behind: f"{before}{kind}{one}|{two}){repeat}{behind}",
        inner,
        st.sampled_from(["(?:", "(?:", "(", "(?>", "(?=", "(?!"]),
        inner,
        inner,
        st.sampled_from(["", "", "?", "*", "*+", "{2}"]),
        inner,
    ),
    max_leaves=4,
)


@given(
    EXPRESSIONS,
    st.lists(st.text("ab ,1\r", max_size=6).map(lambda line: line.encode() + b"\n"), min_size=1, max_size=9),
)
def test_an_expression_says_of_a_block_what_it_says_of_each_line(expression: str, lines: list[bytes]) -> None:
    differing = unlike(expression, lines)
    assert differing is None or differing == unlike_one_by_one(expression, lines), expression


def test_what_begins_an_entry_of_a_format_is_asked_of_blocks() -> None:
    """One of them may stand before the end of its line, whatever blanks are there."""
    dice = random.Random(7)
    formats = {known.framing.entry_start: known for known in all_formats() if known.framing.entry_start}
    lines = [
        line.encode() + b"\n"
        for known in all_formats()
        for sample in known.samples
        for line in sample.split("\n")
    ]
    lines = [line[:1024] for line in dice.sample(lines, 300)] + [b"\n", b" \n", b"\t\n", b"}\n", b"\r\n"] * 3
    untold = []
    for start, known in formats.items():
        examples = [
            *lines,
            *(line.encode() + b"\n" for sample in known.samples for line in sample.split("\n")),
        ]
        dice.shuffle(examples)
        differing = unlike(start, examples)
        if differing is None:
            untold.append(known.name)
        else:
            assert differing == unlike_one_by_one(start, examples), known.name
    assert untold == ["windows_event_text"]


@pytest.mark.parametrize("ends_strays", [True, False])
@given(
    rows=st.lists(st.text('"",;a1\n', max_size=12).map(lambda row: row.encode() + b"\n"), max_size=30),
    most=st.integers(3, 60),
)
def test_quotes_of_a_block_are_those_of_its_lines(rows: list[bytes], most: int, *, ends_strays: bool) -> None:
    at_once, one_by_one = (OutsideQuotes(most, ends_strays=ends_strays) for _ in range(2))
    for row in rows:
        run = run_of(row * 3)
        numbers = at_once.numbers(run)
        assert (list(range(len(run.ends))) if numbers is None else numbers) == asked_one_by_one(
            run, one_by_one.is_start
        )


HEADED = (
    by_name("w3c_extended").framing,
    by_name("aws_vpc_flow").framing,
    by_name("csv").framing,
    Framing(header=r"(?:#made|name,size)\Z", kind=Kind.QUOTED_LINES),
)
HEADER_LINES = st.sampled_from(
    ["#Fields: a b", "#Version: 1", "name,size", "size,name", "name,size,more", "\ufeffname,size", "1,2", '"a\nb",2', "", "srcaddr dstaddr",
     "eni-1 srcaddr", "x #Fields: a", "#made", "\ufffd,name", "3"]
)  # fmt: skip


@given(
    st.sampled_from(HEADED),
    st.lists(HEADER_LINES, max_size=20),
    st.sampled_from(["\n", "\r\n"]),
    st.integers(1, 80),
)
def test_headers_of_a_block_are_those_of_its_entries(
    framing: Framing, lines: list[str], end: str, size: int
) -> None:
    text = "".join(line + end for line in lines).encode()
    blocks = [text[at : at + size] for at in range(0, len(text), size)]

    def contexts() -> list[tuple[int, str | None]]:
        contexts_found = []
        for piece in entries_in(blocks, framing, 0, 1000, aligned=True):
            assert isinstance(piece, Run)
            contexts_found += [(piece.offset + end, piece.context) for end in piece.ends]
        return contexts_found

    at_once = contexts()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Headers, "doubtful", lambda _self, run, first: range(first, len(run.ends)))
        assert at_once == contexts()
    assert entries.Headers is Headers
