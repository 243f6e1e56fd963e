"""Lines of streams: cuts depend on text and limits alone, and no line of a stream is lost or moved."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import accumulate, pairwise

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.core.formats.registry import by_name
from chalicelib.core.framing import Entry, Framing, Kind, Run, framing_fields, framing_of
from chalicelib.core.framing.cutting import Batch, Cutter, Limits
from chalicelib.core.framing.entries import entries_of
from chalicelib.core.framing.first_lines import beginnings_of
from chalicelib.core.framing.links import WINDOW_LINES, Links
from chalicelib.core.framing.padding import lines_in

PLAIN = Framing(
    r"(?![ \r\n]|$)",
    kind=Kind.STREAMS,
    parts=r"(?P<stream>[abc])(?P<cut>\+)?:(?P<text>[^\n]*)",
    joins=r"J\nK",
)
TIMED = replace(
    PLAIN,
    parts=r"(?P<stream>[abc])(?P<cut>\+)?:(?:(?P<time>2026-[0-9T:-]{14}Z) )?(?P<text>[^\n]*)",
    traces=r"(?P<frame> at )|T",
)
BY_STARTS = replace(TIMED, joins=None)
FRAMINGS = st.sampled_from([PLAIN, TIMED, BY_STARTS])
STREAM = st.sampled_from(["a", "b", "c"])
TIME = st.sampled_from(["2026-09-14T08:00:00Z ", "2026-09-14T08:00:09Z ", "2026-99-99T00:00:00Z "])
LINES = st.one_of(
    st.builds("{}:{}\n".format, STREAM, st.sampled_from(["x", " at f", "", "J", "K", "long " * 9])),
    st.builds("{}+:{}\n".format, STREAM, st.sampled_from(["x", " at f", "part " * 4])),
    st.builds("{}:{}{}\n".format, STREAM, TIME, st.sampled_from(["x", " at f", " y", "T", ""])),
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


def of(limits: Limits, framing: Framing = PLAIN) -> Framing:
    return replace(framing, unit_bytes=limits.entry_max_bytes)


def batches_of(text: bytes, sizes: list[int], limits: Limits, framing: Framing = PLAIN) -> list[Batch]:
    cutter = Cutter(blocks(text, sizes), of(limits, framing), limits, 0, aligned=True)
    batches: list[Batch] = []
    split = 0
    while not cutter.at_end:
        batches += cutter.cut(split)
        split += 1
    assert cutter.position == len(text)
    return batches


def entries_in(batch: Batch, limits: Limits, framing: Framing = PLAIN) -> list[Entry]:
    return list(entries_of(batch.body, of(limits, framing), batch.offset, batch.length, batch.lines))


@given(TEXTS, SIZES, SIZES, LIMITS, FRAMINGS)
def test_batches_do_not_depend_on_how_blocks_arrive(
    text: bytes, sizes: list[int], others: list[int], limits: Limits, framing: Framing
) -> None:
    assert batches_of(text, sizes, limits, framing) == batches_of(text, others, limits, framing)


@given(TEXTS, SIZES, LIMITS, FRAMINGS)
def test_a_cutter_that_takes_up_at_any_split_gives_the_batches_of_one_pass(
    text: bytes, sizes: list[int], limits: Limits, framing: Framing
) -> None:
    batches: list[Batch] = []
    position = split = 0
    while position < len(text):
        cutter = Cutter(blocks(text[position:], sizes), of(limits, framing), limits, position, aligned=True)
        batches += cutter.cut(split)
        position, split = cutter.position, split + 1
    assert batches == batches_of(text, [len(text) or 1], limits, framing)


@given(TEXTS, SIZES, LIMITS, FRAMINGS)
def test_the_worker_finds_the_entries_that_the_splitter_counted_and_every_line_once(
    text: bytes, sizes: list[int], limits: Limits, framing: Framing
) -> None:
    position = lines = 0
    for batch in batches_of(text, sizes, limits, framing):
        entries = entries_in(batch, limits, framing)
        assert len(entries) == batch.entries
        for entry in entries:
            assert entry.offset == position
            assert len(entry.raw) == entry.length or len(batch.body) < batch.length
            position += entry.length
            lines += entry.lines
        if len(batch.body) == batch.length:
            lines_read = sorted(
                line for each in entries for line in (each.text or each.raw).splitlines(keepends=True)
            )
            assert lines_read == sorted(batch.body.splitlines(keepends=True))
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
        expected = [
            each.text or each.raw
            for one in batches_of(alone, [64], limits)
            for each in entries_in(one, limits)
        ]
        assert together == expected


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
    entries = [entry for batch in batches_of(text, [99], limits) for entry in entries_in(batch, limits)]
    assert all(len(entry.raw) == entry.length <= 1000 for entry in entries)


def test_a_line_in_parts_that_is_over_the_limit_is_one_entry_of_which_the_head_is_kept() -> None:
    limits = Limits(entry_max_bytes=1000)
    text = b"a:x\n" + b"a+:yyyyyyy\n" * 1000 + b"a:z\na:end\n"
    batches = batches_of(text, [99], limits)
    assert [(batch.entries, batch.length) for batch in batches] == [(1, 4), (1, 11_004), (1, 6)]
    assert len(batches[1].body) == 1000


def test_a_partner_that_never_comes_costs_a_window() -> None:
    text = b"a+:x\n" + b"b:y\n" * (WINDOW_LINES + 9)
    (batch,) = batches_of(text, [1 << 16], Limits())
    assert batch.entries == WINDOW_LINES + 10


def entries_of_text(text: bytes, framing: Framing) -> list[bytes]:
    return [
        each.text or each.raw
        for batch in batches_of(text, [99], Limits(), framing)
        for each in entries_in(batch, Limits(), framing)
    ]


def test_an_indented_line_belongs_to_a_trace_and_to_no_other_line() -> None:
    assert entries_of_text(b"a:x\na: y\na: z\n", TIMED) == [b"a:x\n", b"a: y\n", b"a: z\n"]
    for trace in (b"a:T\na: y\na: z\n", b"a:x\na: at f\na: y\na: z\n"):
        assert entries_of_text(trace + b"a:x\n", TIMED) == [trace, b"a:x\n"]


def test_what_is_more_than_a_moment_apart_is_one_entry_only_in_frames_of_a_trace() -> None:
    first, frame, word = (
        b"a:2026-09-14T08:00:00Z x\n",
        b"a:2026-09-14T08:00:09Z  at f\n",
        b"a:2026-09-14T08:00:19Z  y\n",
    )
    for framing in (TIMED, BY_STARTS):
        assert entries_of_text(first + frame + word, framing) == [first + frame, word]
    assert entries_of_text(first + word.replace(b":19", b":01"), BY_STARTS) == [
        first + word.replace(b":19", b":01")
    ]


def test_what_joins_says_of_two_lines_holds_only_at_one_moment() -> None:
    first, same, later = (
        f"a:2026-09-14T08:00:{second}Z {word}\n".encode()
        for second, word in (("00", "J"), ("00", "K"), ("09", "K"))
    )
    assert entries_of_text(first + same, TIMED) == [first + same]
    assert entries_of_text(first + later, TIMED) == [first, later]


def test_a_file_that_was_opened_before_there_were_traces_is_cut_as_it_was_begun() -> None:
    text = b"a:x\na: y\na: z\n"
    assert entries_of_text(text, PLAIN) == [text]


def test_a_framing_of_streams_is_stored_and_read() -> None:
    framing = replace(TIMED, unit_bytes=17)
    assert framing_of(framing_fields(framing)) == framing
    assert not framing.is_of_second_version
    assert not framing.self_synchronising


def sizes_of_units(text: bytes, framing: Framing, *, together: bool) -> list[tuple[int, int, int]]:
    """Where each unit begins, and its bytes and lines; of lines that are taken together, or one by one."""
    links = Links(of(Limits(), framing), Limits().entry_max_bytes)
    sizes: list[tuple[int, int, int]] = []
    for piece in lines_in(blocks(text, [9_973]), 0, len(text)):
        assert isinstance(piece, Run)
        if together:
            links.take_lines(piece)
        else:
            for begin, end in pairwise((0, *piece.ends)):
                links.take(piece.offset + begin, piece.data[begin:end])
        units = links.finished(at_end=False)
        if piece.offset + len(piece.data) == len(text):
            units += links.finished(at_end=True)
        for unit in units:
            if isinstance(unit, Run):
                ends = pairwise((0, *unit.ends))
                sizes += [(unit.offset + begin, end - begin, 1) for begin, end in ends]
            else:
                sizes.append((unit.offset, unit.length, unit.line_count))
    return sizes


INSIDE = st.one_of(
    st.sampled_from(["x", "x", "x", "y z", 'level=info msg="a"', "", " ", "\x0b", "z" * 1100]),
    st.sampled_from([" at a.B(C.java:1)", "\tat a.B(C.java:1)", "Caused by: x", "a.BError: x", "panic: x", "{", "}", "  x", "   ^"]),
    st.sampled_from(["2026-09-14 08:00:00 ERROR x", "Traceback (most recent call last):", '  File "a.py", line 3', "ValueError: x"]),
    st.sampled_from(["\x1b[31mred", "\u00e9", "\\", "C:\\new", "a\\nb", "r\r", "/x/y.js:3", "Unhandled exception: x"]),
)  # fmt: skip
MOMENTS = st.sampled_from(["2026-09-14T08:00:00.1Z", "2026-09-14T08:00:00.2Z", "2026-09-14T08:00:09Z"])
OUTPUTS = st.sampled_from(["stdout", "stdout", "stdout", "stderr"])


def docker_line(inside: str, end: str, stream: str, moment: str) -> bytes:
    return orjson.dumps({"log": inside + end, "stream": stream, "time": moment}) + b"\n"


DOCKER_LINES = st.builds(
    docker_line, INSIDE, st.sampled_from(["\n"] * 9 + ["", "\r\n", "\n\n"]), OUTPUTS, MOMENTS
) | st.sampled_from(
    [b"\n", b"no JSON\n", b'{"log":"\\ud800\\n","stream":"stdout"}\n', b'{"stream":"stderr","log":"x\\n"}\n']
)
CRI_LINES = st.builds(
    lambda *parts: " ".join(parts).encode() + b"\n",
    MOMENTS, OUTPUTS, st.sampled_from(["F"] * 9 + ["P", "F:x", ""]), INSIDE,
) | st.sampled_from([b"\n", b"no stream\n"])  # fmt: skip


PLAIN_LINES = {
    "docker_json": [
        docker_line(inside, "\n", stream, "2026-09-14T08:00:00.1Z")
        for stream, inside in (("stdout", "x"), ("stdout", "2026-09-14 08:00:00 ERROR x"), ("stderr", "y"))
    ],
    "k8s_cri": [
        f"2026-09-14T08:00:00.1Z {stream} F {inside}\n".encode()
        for stream, inside in (("stdout", "x"), ("stdout", "2026-09-14 08:00:00 ERROR x"), ("stderr", "y"))
    ],
}


def framings_of(name: str) -> list[Framing]:
    framing = by_name(name).framing
    starts = replace(framing, entry_start=r"(?![ \t\r\n]|at )", joins=None)
    return [framing, starts, *(replace(framing, parts_end=ended) for ended in (True, False))]


@pytest.mark.parametrize(("name", "lines"), [("docker_json", DOCKER_LINES), ("k8s_cri", CRI_LINES)])
@given(st.data())
def test_lines_that_are_taken_together_are_joined_as_those_that_are_taken_one_by_one(
    name: str, lines: st.SearchStrategy[bytes], data: st.DataObject
) -> None:
    # Few lines of a block are no entries by themselves: else all would be taken one by one.
    plain = b"".join(
        PLAIN_LINES[name][number] for number in data.draw(st.lists(st.integers(0, 2), min_size=5, max_size=5))
    )
    others = data.draw(
        st.lists(st.tuples(st.integers(0, 60), st.lists(lines, max_size=2)), min_size=1, max_size=5)
    )
    text = plain * 40 + b"".join(plain * (count // 5) + b"".join(some) for count, some in others)
    framing = data.draw(st.sampled_from(framings_of(name)))
    assert sizes_of_units(text, framing, together=True) == sizes_of_units(text, framing, together=False)


@pytest.mark.parametrize("between", [[], [b"2026-09-14T08:00:00Z stderr F x\n"]])
@pytest.mark.parametrize(
    "second",
    ["Traceback (most recent call last):", "a.b.CError: x", "Caused by: x", "\tat a.b(C.java:1)", " "],
)
def test_what_continues_a_line_in_the_middle_of_a_block_is_joined_with_it(
    second: str, between: list[bytes]
) -> None:
    first = "panic: x" if second == " " else "2026-09-14 08:00:00 ERROR x"
    inside = ["x"] * 40 + [first, second] + ["x"] * 40
    lines = [f"2026-09-14T08:00:00Z stdout F {each}\n".encode() for each in inside]
    text = b"".join([*lines[:41], *between, *lines[41:]])
    framing = by_name("k8s_cri").framing
    sizes = sizes_of_units(text, framing, together=True)
    assert sizes == sizes_of_units(text, framing, together=False)
    assert [count for _, _, count in sizes] == [1] * 40 + [2 + len(between)] + [1] * 40


@pytest.mark.parametrize("name", ["docker_json", "k8s_cri", "docker_compose", "kubectl_prefix", "stern"])
def test_lines_that_say_something_by_themselves_are_passed_over_without_a_look_at_each(name: str) -> None:
    samples = by_name(name).samples
    line = next(each for each in samples if "\n" not in each).encode() + b"\n"
    links = Links(of(Limits(), by_name(name).framing), Limits().entry_max_bytes)
    (piece,) = lines_in([line * 500], 0, 1 << 20)
    assert isinstance(piece, Run)
    links.take_lines(piece)
    assert [len(unit.ends) for unit in links.finished(at_end=False) if isinstance(unit, Run)] == [499]


@given(st.lists(INSIDE.map(lambda each: each.encode() + b"\n"), min_size=2, max_size=9))
def test_a_line_that_is_joined_with_the_next_is_found_by_what_is_said_of_first_lines(
    lines: list[bytes],
) -> None:
    joins = by_name("docker_json").framing.joins or ""
    text = b"\n" + b"".join(lines)
    candidates = {
        match.start()
        for words, pattern in beginnings_of(joins)
        if not words or any(word in text for word in words)
        for match in pattern.finditer(text)
    }
    begins = [0, *accumulate(map(len, lines))]
    match = re.compile(joins.encode()).match
    joined = {begins[number] for number, pair in enumerate(pairwise(lines)) if match(b"".join(pair))}
    assert joined <= candidates


DOCKER_TOKENS = st.sampled_from(
    [b'"log"', b'"stream"', b'"time"', b":", b'"x"', b'"stdout"', b",", b"}", b"{", b'\\"', b"\\\\", b'"', b" ", b"\n", b'"a":"stream"',
     b'"log":"a\\n"', b'"stream":"stdout"', b'"time":"2"', b'\\"log\\":\\"a\\"']
)  # fmt: skip
DOCKER_MEMBER = rb'(?=[^\n]*?(?<!\\)"%b"[ \t]*+:[ \t]*+"%b)'


@given(st.lists(DOCKER_TOKENS, max_size=14).map(b"".join))
def test_members_of_a_line_of_docker_are_the_first_that_nothing_escapes(line: bytes) -> None:
    plainly = re.compile(
        rb"[ \t]*+\{"
        + DOCKER_MEMBER % (b"log", rb'((?:[^"\\\n]++|\\[^\n])*+)"[ \t]*+[,}]')
        + DOCKER_MEMBER % (b"stream", rb'([a-z]{1,8})"')
        + b"(?:"
        + DOCKER_MEMBER % (b"time", rb'([^"\n]{1,64})"')
        + b")?+"
    ).match(b"{" + line)
    actual = re.compile((by_name("docker_json").framing.parts or "").encode()).match(b"{" + line)
    assert (actual and actual.group("quoted", "stream", "time")) == (plainly and plainly.groups())
