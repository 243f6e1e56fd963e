"""Text that is many very short lines costs no call a line in cutting, and few in parsing."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.core.formats.registry import by_name
from chalicelib.core.framing import Framing
from chalicelib.core.framing.cutting import Cutter, Limits
from chalicelib.core.plan import Plan
from chalicelib.core.records import Outcome, Record
from chalicelib.core.records.parsing import outcomes_of
from chalicelib.core.wire.messages import batch_message
from tests.faults.reading import head_of
from tests.unit.core.test_contexts import entries, in_one_pass

LINES = 20_000
LETTERS = b"".join(b"%c\n" % (97 + number % 26) for number in range(LINES))


def calls(run: Callable[[], object]) -> int:
    """How many functions of Python are called, generators' steps included."""
    count = 0

    def counted(_frame: FrameType, event: str, _argument: Any) -> None:
        nonlocal count
        count += event == "call"

    sys.setprofile(counted)
    try:
        run()
    finally:
        sys.setprofile(None)
    return count


def cut(data: bytes, framing: Framing) -> list[Any]:
    return list(Cutter(iter([data]), framing, Limits(), 0, aligned=True).cut(0))


@pytest.mark.parametrize("name", ["text", "syslog", "log4j", "timestamped", "postgresql", "redis"])
@pytest.mark.parametrize("line", [b"", b"a", b"<1>", b"}"], ids=repr)
def test_cutting_short_lines_takes_no_call_a_line(name: str, line: bytes) -> None:
    data = LETTERS if line == b"a" else (line + b"\n") * LINES
    framing = by_name(name).framing
    cut(data, framing)
    assert calls(lambda: cut(data, framing)) < LINES / 20


def parsed(data: bytes, name: str) -> list[Outcome]:
    known = by_name(name)
    plan = Plan(head_of(data), name, 1.0, framing=known.framing)
    return [each for batch in cut(data, plan.framing) for each in outcomes_of(batch_message(plan, batch))]


@pytest.mark.parametrize(("name", "line"), [("text", b"%x\n"), ("syslog", b"<%d>x\n")])
def test_parsing_lines_that_are_there_again_and_again_takes_fewer_calls(name: str, line: bytes) -> None:
    again, once = (b"".join(line % (number % most) for number in range(LINES)) for most in (10, LINES))
    assert len(parsed(again, name)) == len(parsed(once, name)) == LINES
    assert calls(lambda: parsed(again, name)) < calls(lambda: parsed(once, name)) - 5 * LINES


def test_what_became_of_a_short_line_is_forgotten_where_another_header_is_in_force() -> None:
    rows = b"#Fields: a b\n1 2\n" + b"#Fields: c d\n1 2\n"
    actual = [each.result for each in parsed(rows * 3, "w3c_extended") if isinstance(each.result, Record)]
    assert [sorted(each.attributes) for each in actual] == [
        sorted(actual[0].attributes),
        sorted(actual[1].attributes),
    ] * 3
    assert actual[0].attributes.keys() != actual[1].attributes.keys()


SCRAPS = st.sampled_from(
    [b"a", b"b", b"#", b"# x", b"", b"\r", b"##", b"a" * 30, b"# " * 9, b"\0", b"\xff", b" #"]
)


@given(
    st.lists(SCRAPS, max_size=60),
    st.sampled_from([b"", b"#", b"a"]),
    st.lists(st.integers(1, 90), min_size=1),
)
def test_lines_begin_entries_wherever_blocks_do(lines: list[bytes], rest: bytes, sizes: list[int]) -> None:
    text = b"".join(line + b"\n" for line in lines if b"\0" not in line) + rest
    framing = Framing(entry_start=r"#(?!#)(?<![ab]#)[^\n]{0,9}\n?")
    actual = [
        entry.raw
        for batch in in_one_pass(text, sizes, framing, Limits())
        for entry in entries(batch, framing)
    ]
    expected: list[bytes] = []
    for line in re.findall(rb"[^\n]*\n|[^\n]+\Z", text):
        if not expected or re.match(rb"#(?!#)", line):
            expected.append(b"")
        expected[-1] += line
    assert actual == expected
