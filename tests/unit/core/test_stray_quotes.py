"""A quote that nobody closes costs its row; fields that really hold line ends are left whole."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from chalicelib.core.framing import Framing, Kind, Run
from chalicelib.core.framing.entries import entries_in
from chalicelib.core.plan import ObjectHead, ObjectVersion
from chalicelib.core.reading import Reading
from chalicelib.core.records import Record, Reject

CSV = Framing(kind=Kind.QUOTED_LINES)


def rows_of(text: str, framing: Framing = CSV, block_bytes: int = 7) -> list[str]:
    raw = text.encode()
    blocks = (raw[at : at + block_bytes] for at in range(0, len(raw), block_bytes))
    collected = []
    for piece in entries_in(blocks, framing, 0, 4000, aligned=True):
        assert isinstance(piece, Run)
        begin = 0
        for end in piece.ends:
            collected.append(piece.data[begin:end].decode())
            begin = end
    return collected


ROW = "2026-09-14T08:00:{:02}Z,INFO,{}\n"
STRAYS = [
    '2026-09-14T08:00:00Z,WARN,"stray\n',
    '2026-09-14T08:00:00Z,"WARN,stray\n',
    '2026-09-14T08:00:00Z,WARN,"stray, with a comma\n',
]


@pytest.mark.parametrize("stray", STRAYS)
@pytest.mark.parametrize("quoting", ["hello", '"hello, you"', '"a ""b"" c"', "", '""'])
@pytest.mark.parametrize("below", [1, 2, 3, 40])
@pytest.mark.parametrize("block_bytes", [1, 7, 10_000])
def test_a_row_with_a_stray_quote_ends_at_its_line(
    stray: str, quoting: str, below: int, block_bytes: int
) -> None:
    rows = [ROW.format(number, quoting) for number in range(below)]
    assert rows_of("".join([*rows, stray, *rows]), block_bytes=block_bytes) == [*rows, stray, *rows]


def test_a_stray_quote_among_rows_of_words_ends_at_its_line() -> None:
    rows = [f"ada,{word},ok\n" for word in ("red", "green", "blue", "black") * 10]
    assert rows_of("".join([*rows, 'ada,red,"ok\n', *rows])) == [*rows, 'ada,red,"ok\n', *rows]


@pytest.mark.parametrize(
    "field",
    [
        "SELECT\na,\nb,\nc\nFROM t",
        "\n".join(["SELECT", *(f"column_{n}," for n in range(40)), "1"]),
        "Dear all,\nhello, there\nbye, now\nand, so\non, then\nAda",
        "1,2,3\n4,5,6\n7,8,9",
        "a\n\n\nb",
        'said ""no"",\nand left',
    ],
)
def test_a_field_that_holds_lines_stays_whole(field: str) -> None:
    row = f'2026-09-14T08:00:00Z,WARN,"{field}"\n'
    after = ROW.format(1, "hello")
    assert rows_of((row + after) * 3) == [row, after] * 3


def test_files_of_earlier_versions_are_cut_as_before() -> None:
    rows = "".join(ROW.format(number, "hello") for number in range(9))
    assert rows_of(STRAYS[0] + rows, Framing(kind=Kind.QUOTED_LINES, rules=1)) == [STRAYS[0] + rows]


@pytest.mark.parametrize("before", [20, 4000])
def test_one_stray_quote_is_one_reject_and_the_rest_stays_csv(before: int) -> None:
    rows = [ROW.format(number % 60, f"hello {number}") for number in range(before + 2000)]
    raw = "".join(["time,level,msg\n", *rows[:before], STRAYS[0], *rows[before:]]).encode()
    head = ObjectHead(ObjectVersion("b", "k.csv", "v", "e"), len(raw), "", datetime(2026, 11, 30, tzinfo=UTC))
    reading = Reading(head, lambda at: iter([raw[at:]]))
    outcomes = list(reading)
    assert reading.plan.format == "csv"
    by_rows = [each.raw.decode() for each in outcomes if isinstance(each.result, Record | Reject)]
    assert [row.rstrip("\n") for row in by_rows] == [
        row.rstrip("\n") for row in (*rows[:before], STRAYS[0], *rows[before:])
    ]
    assert sum(isinstance(each.result, Record) for each in outcomes) == before + 2000
    assert [each.result.reason for each in outcomes if isinstance(each.result, Reject)] == ["open-quote"]
