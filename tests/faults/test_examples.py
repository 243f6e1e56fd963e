"""Nasty files of other projects, read as far as today's formats go; the folder is no part of the project."""

from __future__ import annotations

import gzip
from typing import Any

import pytest

from chalicelib.core.accounts import State
from chalicelib.core.records import Record
from tests.faults.examples import EXAMPLES, example_rows
from tests.faults.reading import assert_every_byte_is_accounted_for, read

ROWS = example_rows("files.jsonl")


@pytest.mark.parametrize("row", ROWS)
def test_a_nasty_file_is_read_as_it_is(row: dict[str, Any]) -> None:
    """Compression, charset, lines and bytes are as expected; entries of arrays and of pretty JSON come later."""
    expect, data = row["expect"], (EXAMPLES / row["file"]).read_bytes()
    seen = read(data)
    assert_every_byte_is_accounted_for(seen)
    assert seen.account.state is State.COMPLETE
    assert read(data, piece_bytes=7) == seen
    assert seen.compression == expect.get("compression", "gzip" if data[:2] == b"\x1f\x8b" else "none")
    if expect.get("encoding", "").startswith("utf-16"):
        assert seen.charset == expect["encoding"]
    if "text_bytes" in expect:
        assert seen.account.text_bytes == expect["text_bytes"]
    if "lines" in expect:
        assert seen.account.cut.lines == expect["lines"]
    text = b"".join(outcome.raw for outcome in seen.outcomes)
    if "text" in expect:
        assert text.decode().removeprefix("\ufeff") == expect["text"]
    if not expect.get("final_newline", True):
        assert not text.endswith(b"\n")
    if seen.charset == "utf-8":
        assert text == (gzip.decompress(data) if seen.compression == "gzip" else data)
    if expect.get("encoding", "").startswith("cp"):
        assert all(outcome.replaced for outcome in seen.outcomes if isinstance(outcome.result, Record))
