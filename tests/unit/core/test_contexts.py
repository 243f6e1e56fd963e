"""Texts that are cut in sequence: however blocks arrive and wherever reading is taken up again, the batches
are the same, and the worker finds in each of them what the splitter counted."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.core.framing import HEADER_MAX_BYTES, Entry, Framing, Kind
from chalicelib.core.framing.cutting import Batch, Cutter, Limits
from chalicelib.core.framing.entries import entries_of
from chalicelib.core.framing.headers import Headers
from chalicelib.core.framing.openings import ends_all, in_force_behind
from chalicelib.core.framing.padding import is_padding

SCRAPS = st.sampled_from(
    [
        b"\n", b"\r\n", b" ", b"\t", b",", b"[", b"]", b"{", b"}", b'"', b"\\", b'\\"', b":", b"1", b"x", b"\x1e",
        b'"r":[', b'{"r":[', b'"s":[', b'{"s":[', b'{"t":{', b'["a",1],', b'"b{",', b'"c\\\\",', b'},"q":{"s":["d"', b'{"r":{"s":["e",', b'{"r":[{"s":[', b'{"p":[{"r":{"t":[', b"]}]}", b'\n{"r":[{"t":[{"a":1}', b'\n{"r":[ ]}', b'],"q": [{"a":1}', b']}],"q":[{', b'{"a":1}', b'{"a":{"b":[1,"]}"]}}', b'{\n  "a": 1\n}\n', b'"r" :\n [', b"prose {\n",
        b'{"cut": 1,\n', b'{"open":"abc\n', b"\xff", b"\xef\xbb\xbf", b"#h one\n", b"#k two\n", b"#h three\n",
        b"a,b\n", b'1,"x\ny"\n', b'"a""b",2\n', b"P part\n", b"F end\n", b"P ", b"S start\n", b" at f\n", b"\\\n",
        b'1,"x\n', b"2,y\n", b'3,"z"\n', b'4,"a"\n5,6\n', b'2026-09-14,"x\n', b"2026-09-15,y\n" * 2, b'2026-09-16,"z"\n',
        b"a,b,c\n" * 8, b'a,b,"c\n',
        b"\0", b"\0\0\0\0", b"\0\n", b'{"a" :', b'{"a', b'",', b'},{"a":"', b'{ "b":', b'"x"y":', b"[{", b"[ {", b'{"b":{"a":1}},', b'"}', b"z",
    ]
)  # fmt: skip
TEXTS = st.lists(SCRAPS, max_size=50).map(b"".join) | st.binary(max_size=120)
SIZES = st.lists(st.integers(1, 40), min_size=1, max_size=5)
LIMITS = st.builds(
    Limits,
    batch_max_lines=st.integers(1, 8),
    batch_max_bytes=st.integers(20, 64),
    entry_max_bytes=st.integers(5, 40),
    split_bytes=st.integers(8, 200),
)
FRAMINGS = st.sampled_from(
    [
        Framing(kind=Kind.JSON),
        Framing(kind=Kind.JSON, uniform=True),
        Framing(kind=Kind.JSON, rules=2),
        Framing(kind=Kind.JSON, member="r"),
        Framing(kind=Kind.JSON, member="r", uniform=True),
        Framing(kind=Kind.JSON, path=("p|r?", "r", "s|t"), uniform=True),
        Framing(kind=Kind.JSON, path=("r",), every_array=True, by_line=True, uniform=True),
        Framing(kind=Kind.JSON, path=("r", "s"), rules=2),
        Framing(kind=Kind.JSON, path=("r", "s")),
        Framing(kind=Kind.JSON, path=("p|r?", "r", "s|t")),
        Framing(kind=Kind.JSON, member="r", by_line=True),
        Framing(kind=Kind.JSON, path=("r|*", "s"), every_array=True),
        Framing(kind=Kind.JSON, path=("p|r|*", "s|*"), uniform=True),
        Framing(kind=Kind.JSON, path=("*", "*"), every_array=True, by_line=True),
        Framing(kind=Kind.JSON, path=("*", "r", "*")),
        Framing(kind=Kind.JSON, path=("r",), every_array=True),
        Framing(kind=Kind.JSON, path=("r", "s", "t"), by_line=True, every_array=True),
        Framing(kind=Kind.JSON, path=("p|r?", "r", "s|t"), by_line=True),
        Framing(kind=Kind.QUOTED_LINES),
        Framing(kind=Kind.QUOTED_LINES, rules=1),
        Framing(kind=Kind.QUOTED_LINES, header_first=True),
        Framing(header=r"#(\w+)"),
        Framing(joins=r"P[^\n]*+\n[PF]"),
        Framing(joins=r"[^\n]*\\\n", entry_start="[^ ]"),
        Framing(joins=r"P[^\n]*+\n\n?[PF]", entry_start=r"(?! |\r?$)", over_blanks=True),
        Framing(joins=r"P[^\n]*+\n[PF]", entry_start="[SPF#]", header=r"#(h)"),
    ]
)


def blocks(text: bytes, sizes: list[int]) -> Iterator[bytes]:
    at = number = 0
    while at < len(text):
        size = sizes[number % len(sizes)]
        yield text[at : at + size]
        at, number = at + size, number + 1


def in_one_pass(text: bytes, sizes: list[int], framing: Framing, limits: Limits) -> list[Batch]:
    cutter = Cutter(blocks(text, sizes), framing, limits, 0, aligned=True)
    batches: list[Batch] = []
    split = 0
    while not cutter.at_end:
        batches += cutter.cut(split)
        split += 1
    assert cutter.position == len(text)
    return batches


def entries(batch: Batch, framing: Framing) -> list[Entry]:
    return list(entries_of(batch.body, framing, batch.offset, batch.length, batch.lines, batch.cuts))


@given(TEXTS, SIZES, SIZES, FRAMINGS, LIMITS)
def test_blocks_do_not_show(
    text: bytes, sizes: list[int], others: list[int], framing: Framing, limits: Limits
) -> None:
    assert in_one_pass(text, sizes, framing, limits) == in_one_pass(text, others, framing, limits)


@given(TEXTS, SIZES, FRAMINGS, LIMITS)
def test_batches_lie_end_to_end_and_count_every_line(
    text: bytes, sizes: list[int], framing: Framing, limits: Limits
) -> None:
    batches = in_one_pass(text, sizes, framing, limits)
    assert [batch.offset for batch in batches] == [
        0 if number == 0 else batches[number - 1].offset + batches[number - 1].length
        for number in range(len(batches))
    ]
    assert sum(batch.length for batch in batches) == len(text)
    unterminated = bool(text) and not text.endswith(b"\n")
    assert sum(batch.lines for batch in batches) == text.count(b"\n") + unterminated
    for batch in batches:
        assert text[batch.offset :].startswith(batch.body)
        assert batch.entries <= limits.batch_max_lines or batch.entries == 1


@given(TEXTS, SIZES, FRAMINGS, LIMITS)
def test_reading_taken_up_at_a_split_gives_the_batches_of_one_pass(
    text: bytes, sizes: list[int], framing: Framing, limits: Limits
) -> None:
    batches: list[Batch] = []
    position, context, split = 0, None, 0
    while position < len(text):
        rest = blocks(text[position:], sizes)
        cutter = Cutter(rest, framing, limits, position, aligned=True, context=context)
        batches += cutter.cut(split)
        position, context = cutter.position, cutter.context
        split += 1
    assert batches == in_one_pass(text, sizes, framing, limits)


@given(TEXTS, SIZES, FRAMINGS, LIMITS)
def test_the_worker_finds_the_entries_that_the_splitter_counted(
    text: bytes, sizes: list[int], framing: Framing, limits: Limits
) -> None:
    batches = in_one_pass(text, sizes, framing, limits)
    for batch in batches:
        actual = entries(batch, framing)
        assert len(actual) == batch.entries
        assert sum(entry.lines for entry in actual) == batch.lines
        assert sum(entry.length for entry in actual) == batch.length
        assert b"".join(entry.raw for entry in actual) == batch.body


@given(TEXTS, SIZES, FRAMINGS.filter(lambda framing: framing.has_header), LIMITS)
def test_the_worker_has_the_header_in_force_that_the_next_batch_begins_with(
    text: bytes, sizes: list[int], framing: Framing, limits: Limits
) -> None:
    batches = in_one_pass(text, sizes, framing, limits)
    for batch, following in itertools.pairwise(batches):
        headers = Headers(framing, batch.context)
        for entry in entries(batch, framing):
            if len(entry.raw) == entry.length and not (framing.has_padding and is_padding(entry.raw)):
                headers.take(entry.raw)
        assert headers.in_force == following.context


def assert_what_gaps_leave_in_force_is_what_batches_begin_with(
    text: bytes, sizes: list[int], framing: Framing, limits: Limits
) -> None:
    for batch, following in itertools.pairwise(in_one_pass(text, sizes, framing, limits)):
        in_force = batch.context
        for entry in entries(batch, framing):
            if len(entry.raw) < entry.length:
                in_force = following.context  # alone in its batch
            elif entry.gap:
                in_force = in_force_behind(entry.raw, in_force, framing)
            elif ends_all(entry.raw, framing):
                in_force = None
        assert in_force == following.context


@given(TEXTS, SIZES, FRAMINGS.filter(lambda framing: framing.kind is Kind.JSON), LIMITS)
def test_the_worker_has_the_opening_in_force_that_the_next_batch_begins_with(
    text: bytes, sizes: list[int], framing: Framing, limits: Limits
) -> None:
    assert_what_gaps_leave_in_force_is_what_batches_begin_with(text, sizes, framing, limits)


@pytest.mark.parametrize("opening_bytes", [HEADER_MAX_BYTES - 1, HEADER_MAX_BYTES, HEADER_MAX_BYTES + 1])
def test_an_opening_too_long_to_be_in_force_is_the_same_in_its_own_batch_as_behind_it(
    opening_bytes: int,
) -> None:
    text = b'{"g":"'.ljust(opening_bytes - 7, b"x") + b'","r":[' + b'{"n":1},' * 20
    framing = Framing(kind=Kind.JSON, member="r")
    limits = Limits(batch_max_lines=10)
    assert_what_gaps_leave_in_force_is_what_batches_begin_with(text, [5000], framing, limits)


def values(text: bytes, member: str | None = None, max_bytes: int = 1000) -> list[tuple[bytes, bool]]:
    framing = Framing(kind=Kind.JSON, member=member)
    batches = in_one_pass(text, [7], framing, Limits(entry_max_bytes=max_bytes))
    return [(entry.raw, entry.gap) for batch in batches for entry in entries(batch, framing)]


def elements(text: bytes, member: str | None = None) -> list[bytes]:
    return [raw for raw, gap in values(text, member, 100_000) if not gap]


@given(st.lists(st.recursive(st.none() | st.integers() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(
    st.text(), inner
), max_leaves=8)), st.sampled_from([None, 1, "\t"]))  # fmt: skip
def test_every_element_of_an_array_is_an_entry(array: list[object], indent: int | str | None) -> None:
    text = json.dumps(array, indent=indent).encode()
    assert [json.loads(element) for element in elements(text)] == array
    document = json.dumps({"before": {"r": [1]}, "r": array, "behind": ["r", {}]}, indent=indent).encode()
    assert [json.loads(element) for element in elements(document, "r")] == array


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b'{"a":1}{"b":2} {"c":\n3}\n', [b'{"a":1}', b'{"b":2}', b'{"c":\n3}\n']),
        (b'\x1e{"a":1}\n\x1e{"b":2}\r\n', [b'{"a":1}\n', b'{"b":2}\r\n']),
        (b'[{"a":1}]\n[{"b":2}]\n', [b'{"a":1}', b'{"b":2}']),
        (b'\xef\xbb\xbf[1,true,"x,]"]', [b"1", b"true", b'"x,]"']),
        (b'started\n{"a":1}\nended', [b"started\n", b'{"a":1}\n', b"ended"]),
        (b'{"cut":1,\n{"a":"b"}\n', [b'{"cut":1,\n', b'{"a":"b"}\n']),
        (b'{"open":"abc\n{"a":1}\n', [b'{"open":"abc\n', b'{"a":1}\n']),
        (b'{"a":\n{"b":\n[\n{"c":1},\n{"d":2}]}}', [b'{"a":\n{"b":\n[\n{"c":1},\n{"d":2}]}}']),
    ],
)
def test_values_are_told_apart(text: bytes, expected: list[bytes]) -> None:
    assert elements(text) == expected


def test_an_array_that_is_no_element_of_the_named_member_stays_in_its_object() -> None:
    text = b'{"x":{"r":[1]},"s":[2]}\n'
    assert elements(text, "r") == [text]


def test_objects_that_hold_their_entries_follow_one_another_without_a_line_end() -> None:
    text = b'{"g":"a","r":[{"n":1},{"n":2}]}{"g":"b","r":[{"n":3}],"t":"x"}'
    assert values(text, "r") == [
        (b'{"g":"a","r":[', True),
        (b'{"n":1}', False),
        (b",", True),
        (b'{"n":2}', False),
        (b"]}", True),
        (b'{"g":"b","r":[', True),
        (b'{"n":3}', False),
        (b'],"t":"x"}', True),
    ]


def test_an_array_in_one_line_larger_than_any_limit_is_cut_in_bounded_pieces() -> None:
    element = b'{"n":"' + b"x" * 500 + b'"}'
    text = b'{"r":[' + b",".join([element] * 20_000) + b"]}"
    batches = in_one_pass(text, [65_536], Framing(kind=Kind.JSON, member="r"), Limits())
    assert max(len(batch.body) for batch in batches) <= Limits().batch_max_bytes
    assert sum(sum(cut > 0 for cut in batch.cuts or ()) for batch in batches) == 20_000
    assert {batch.context for batch in batches[1:]} == {'{"r":['}


def test_an_element_over_the_limit_is_a_head_and_those_behind_it_are_intact() -> None:
    text = b'[{"a":"' + b"x" * 5000 + b'"},{"b":1}]'
    assert [raw for raw, gap in values(text) if not gap] == [b'{"a":"' + b"x" * 994, b'{"b":1}']


def test_an_array_behind_a_quote_too_many_opens_all_the_same() -> None:
    text = (
        b'#k two\n},{"a":""b{","}]}],"q":[{}{"t":{"r" :\n [ {"a":{"b":[1,"]}"]}}{"r":{"s":["e",#k two\nz"x"y":"r" :\n ['
        b'"}"r":[#h one\n\x00a,b,"c\n"x"y":\n{"r":[ ]}"s":[[ {\r\n2026-09-14,"x\n{"a" :2026-09-16,"z"\n"b{",prose {\n'
        b'}a,b,"c\n\n{"r":[{"t":[{"a":1}]}],"q":[{ at f\n'
    )
    framing = Framing(kind=Kind.JSON, path=("*", "*"), by_line=True, every_array=True)
    assert sum(batch.length for batch in in_one_pass(text, [20], framing, Limits(entry_max_bytes=21))) == len(
        text
    )


def test_more_brackets_than_the_way_has_are_no_way() -> None:
    text = (
        b'"c\\\\",{"p":[{"r":{"t":[\n{"r":[ ]}\\"4,"a"\n5,6\na,b,"c\n1,"x\ny"\na,b,c\n]}]}4,"a"\n5,6\n2026-09-15,y\n'
        b'P \n{"r":[{"t":[{"a":1}2026-09-15,y\n\x1e]}],"q":[{{"t":{"}P \x1e\\\\\n{"a" :\x00a,b,c\n{"p":[{"r":{"t":['
    )
    framing = Framing(kind=Kind.JSON, path=("p|r|*", "s|*"), uniform=True)
    assert sum(batch.length for batch in in_one_pass(text, [14], framing, Limits(entry_max_bytes=18))) == len(
        text
    )
