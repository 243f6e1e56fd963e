"""Answers of Athena are read in stretches, however they are cut."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.core.wire.answers import Row, RowTooLongError, csv_rows, lines_of

VALUES = st.one_of(st.none(), st.text(st.sampled_from('a",\n\r\té日'), max_size=6))
ROWS = st.integers(1, 3).flatmap(
    lambda width: st.lists(st.lists(VALUES, min_size=width, max_size=width), max_size=8)
)


def written(rows: list[Row]) -> bytes:
    """As Athena writes CSV."""
    return b"".join(
        b",".join(b"" if value is None else b'"%b"' % value.encode().replace(b'"', b'""') for value in row)
        + b"\n"
        for row in rows
    )


def read(data: bytes, most: int) -> list[Row]:
    """The rows, in stretches of so many bytes, each twice as large while no row fits."""
    rows: list[Row] = []
    at, size = 0, most
    while at < len(data):
        begin = at
        stretch = data[at : at + size]
        try:
            for row, length in csv_rows(stretch, is_last=at + size >= len(data)):
                rows.append(row)
                at += length
        except RowTooLongError:
            assert begin + size < len(data)
        size = most if at > begin else size * 2
    return rows


@given(ROWS, st.integers(1, 40))
def test_rows_are_the_same_in_stretches_of_any_length(rows: list[Row], most: int) -> None:
    assert read(written(rows), most) == rows


def test_null_is_no_empty_text_and_a_last_row_may_lack_its_end() -> None:
    data = b'"a","b"\n"",\n"1","x""y"'
    rows = [row for row, _ in csv_rows(data, is_last=True)]
    assert rows == [["a", "b"], ["", None], ["1", 'x"y']]
    assert sum(length for _, length in csv_rows(data, is_last=True)) == len(data)


@pytest.mark.parametrize("data", [b'"a","b', b'"a""', b'"a"', b'"a",'])
def test_a_row_that_goes_on_behind_the_stretch_is_not_given(data: bytes) -> None:
    with pytest.raises(RowTooLongError):
        list(csv_rows(data, is_last=False))


def test_lines_have_as_many_values_as_there_are_columns() -> None:
    data = b"file_id  \tstring\t\nraw\tbinary\n\n"
    assert [row for row, _ in lines_of(data, 3, is_last=True)] == [
        ["file_id", "string", ""],
        ["raw", "binary", None],
        ["", None, None],
    ]
    assert [row for row, _ in lines_of(b"Query Plan\tas it is", 1, is_last=True)] == [
        ["Query Plan\tas it is"]
    ]
    with pytest.raises(RowTooLongError):
        list(lines_of(b"a\nb", 1, is_last=False))
