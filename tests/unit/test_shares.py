"""A file's bar adds up to its text, whatever state the file is in."""

import pytest

pytest.importorskip("click", reason="click is not installed")

import click
from hypothesis import given
from hypothesis import strategies as st

from froe.shares import SHARES, added, bytes_of, cells, drawn, legend, percent
from tests.unit.test_cli_inquiry import OTHER_ID, file_json

AMOUNTS = st.lists(st.integers(0, 10**13), min_size=len(SHARES), max_size=len(SHARES))


def tally(size: int) -> dict[str, int]:
    return {"entries": 1, "lines": 1, "bytes": size}


@given(AMOUNTS, st.integers(len(SHARES), 200))
def test_the_cells_are_the_width_and_nothing_that_is_there_is_left_out(
    amounts: list[int], width: int
) -> None:
    given_cells = cells(amounts, width)
    assert sum(given_cells) == (width if any(amounts) else 0)
    assert [count > 0 for count in given_cells] == [amount > 0 for amount in amounts]
    assert len(click.unstyle(drawn(amounts, width))) == width


@pytest.mark.parametrize(
    ("changed", "shares"),
    [
        ({}, (100, 9, 1, 0, 0, 0)),
        ({"text_bytes": 200, "pending": tally(40)}, (100, 9, 1, 0, 0, 90)),
        ({"text_bytes": 150, "dead": tally(30), "discarded": tally(10)}, (100, 9, 1, 10, 30, 0)),
        # the end of the text is not known yet: the object's size stands for it …
        ({"text_bytes": None, "state": "SPLITTING", "size": 1000}, (100, 9, 1, 0, 0, 890)),
        # … unless more than that is cut already, or no more will be
        ({"text_bytes": None, "state": "SPLITTING", "size": 50, "pending": tally(7)}, (100, 9, 1, 0, 0, 7)),
        ({"text_bytes": None, "state": "SUPERSEDED", "size": 1000}, (100, 9, 1, 0, 0, 0)),
    ],
)
def test_pending_is_what_is_left_of_the_text(changed: dict[str, object], shares: tuple[int, ...]) -> None:
    assert bytes_of(file_json(**changed)) == shares


def test_the_shares_of_files_are_added() -> None:
    assert added([]) == (0,) * len(SHARES)
    assert added([file_json(), file_json(OTHER_ID, text_bytes=200)]) == (200, 18, 2, 0, 0, 90)


def test_what_is_pending_or_dead_keeps_the_percentage_below_a_hundred() -> None:
    assert percent((20_099, 10, 0, 0, 3_903, 0)) == "83 %"
    assert percent((10**9, 0, 0, 0, 1, 0)) == "99 %"
    assert percent((1, 0, 0, 1, 0, 0)) == "100 %", "what was discarded is done with"
    assert percent((10**9, 0, 0, 0, 0, 1)) == "99 %"
    assert percent((10**9, 0, 0, 0, 0, 0)) == "100 %"
    assert percent((0,) * len(SHARES)) == ""


def test_the_legend_tells_each_share_without_colours() -> None:
    assert click.unstyle(legend((1500, 0, 3, 0, 0, 7))) == "█ parsed 1.5 kB  ▒ skipped 3 B  · pending 7 B"
    assert len({share.glyph for share in SHARES}) == len(SHARES)
