"""Nasty files of other projects; the folder is no part of the project."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest

from chalicelib.core.ledger.accounts import State
from tests.faults.examples import EXAMPLES, example_rows
from tests.faults.reading import assert_every_byte_is_accounted_for, read

ROWS = example_rows("files.jsonl")


SINGLE_BYTE = ("cp1251", "cp874")


@pytest.mark.parametrize("row", ROWS)
def test_a_nasty_file_is_read_as_it_is(row: dict[str, Any]) -> None:
    """Compression, charset, lines, bytes and records are as the row says; single-byte charsets have to be told."""
    expect, data = row["expect"], (EXAMPLES / row["file"]).read_bytes()
    encoding = expect.get("encoding", "")
    charset = encoding if encoding in SINGLE_BYTE else None
    seen = read(data, charset=charset)
    assert_every_byte_is_accounted_for(seen)
    assert seen.account.state is State.COMPLETE
    assert read(data, piece_bytes=7, charset=charset) == seen
    assert seen.compression == expect.get("compression", "gzip" if data[:2] == b"\x1f\x8b" else "none")
    if encoding:
        assert seen.charset == encoding
        assert not any(outcome.replaced for outcome in seen.outcomes)
    if "text_bytes" in expect:
        assert seen.account.text_bytes == expect["text_bytes"]
    if "lines" in expect:
        assert seen.account.cut.lines == expect["lines"]
    if "records" in expect:
        assert len(seen.records) == expect["records"]
        assert not seen.rejects
    text = b"".join(outcome.raw for outcome in seen.outcomes)
    if "text" in expect:
        assert text.decode(charset or "utf-8").removeprefix("\ufeff") == expect["text"]
    if charset:
        assert text == data
    if not expect.get("final_newline", True):
        assert not text.endswith(b"\n")
    if seen.charset == "utf-8":
        assert text == (gzip.decompress(data) if seen.compression == "gzip" else data)


@pytest.mark.parametrize("row", ROWS)
def test_a_single_byte_charset_that_is_told_gives_what_a_peer_reads(row: dict[str, Any]) -> None:
    expect = row["expect"]
    if expect.get("encoding") in SINGLE_BYTE and "peer_output" in expect:
        lines = [json.loads(line)["log"] for line in expect["peer_output"].splitlines()]
        bodies = read((EXAMPLES / row["file"]).read_bytes(), charset=expect["encoding"]).bodies
        assert bodies[: len(lines)] == lines
