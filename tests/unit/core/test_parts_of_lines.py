"""Lines that a container's runtime cut: their parts are one entry, and what merely lacks its line end is not endless."""

from __future__ import annotations

import json

import pytest

from chalicelib.core.framing import Framing, framing_fields, framing_of
from chalicelib.core.records import Record
from tests.lines_of_formats import read


def docker(log: str, nanoseconds: int, stream: str = "stdout") -> str:
    when = f"2026-03-01T10:00:00.{nanoseconds:09}Z"
    return json.dumps({"log": log, "stream": stream, "time": when}, separators=(",", ":")) + "\n"


def bodies(text: str) -> list[tuple[str | None, object]]:
    """Of each entry its body, and whether it says that it is a part."""
    results = [outcome.result for outcome in read(text.encode())[1]]
    assert all(isinstance(result, Record) for result in results)
    return [
        (result.body, result.attributes.get("log.iostream.partial"))
        for result in results
        if isinstance(result, Record)
    ]


ENDED = docker("a line\n", 1)


@pytest.mark.parametrize("times", [(2, 3, 4), (2, 2, 2)])
def test_short_parts_of_a_line_are_one_entry_where_other_lines_have_their_ends(
    times: tuple[int, int, int],
) -> None:
    parts = [docker(part, when) for part, when in zip(("one ", "two ", "three\n"), times, strict=True)]
    assert bodies(ENDED + "".join(parts) + docker("next\n", 5)) == [
        ("a line", None),
        ("one two three", None),
        ("next", None),
    ]
    between = parts[0] + docker("no\n", 3, "stderr") + parts[1] + parts[2]
    assert sorted(bodies(ENDED + between)) == [("a line", None), ("no", None), ("one two three", None)]


@pytest.mark.parametrize("same_time", [True, False])
def test_lines_that_never_have_an_end_are_an_entry_each(same_time: bool) -> None:
    text = "".join(docker(f'level=info msg="line {n}"', 7 if same_time else n) for n in range(300))
    assert bodies(text) == [(f"line {n}", True) for n in range(300)]


def test_a_last_line_without_an_end_is_a_part() -> None:
    assert bodies(ENDED + docker("cut off", 2)) == [("a line", None), ("cut off", True)]


def test_tiny_parts_of_cri_are_one_entry() -> None:
    lines = [("F", "x"), ("P", "a"), ("P", ""), ("P", "b"), ("F", "c"), ("F", "d")]
    text = "".join(
        f"2026-03-01T10:00:00.{n:09}Z stdout {tag} {part}\n" for n, (tag, part) in enumerate(lines)
    )
    assert bodies(text) == [("x", None), ("abc", None), ("d", None)]


def test_a_file_that_was_opened_before_is_cut_as_it_was() -> None:
    assert framing_of({"version": 1, "entry_start": None, "kind": "streams", "parts": "x"}).parts_end is None
    for end in (True, False):
        assert framing_of(framing_fields(Framing(parts_end=end))).parts_end is end
