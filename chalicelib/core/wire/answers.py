"""The files in which Athena leaves answers: CSV whose values are quoted, but NULL, which is nothing; or lines.

Promise: rows come with the bytes that they take, so that reading goes on behind any of them; a stretch that ends within a
row gives those before it. https://docs.aws.amazon.com/athena/latest/ug/querying-finding-output-files.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

_VALUE: Final = re.compile(rb'(?:"((?:[^"]++|"")*+)"|([^",\r\n]*+))(,|\r?\n|\Z)')
"""A value, quoted or not, and what ends it."""

_LINE: Final = re.compile(rb"[^\n]*+\n|[^\n]++\Z")

Row = list["str | None"]


class RowTooLongError(Exception):
    """The bytes end within a row, and more are to come."""


def csv_rows(data: bytes, *, is_last: bool) -> Iterator[tuple[Row, int]]:
    """Rows and their bytes. is_last: nothing follows the data. RowTooLongError behind the last whole row otherwise."""
    begin = at = 0
    row: Row = []
    while at < len(data):
        value = _VALUE.match(data, at)
        if value is None or (not value[3] and not is_last):
            raise RowTooLongError
        row.append(_text(value))
        at = value.end()
        if value[3] != b",":
            yield row, at - begin
            begin, row = at, []
    if not is_last:
        raise RowTooLongError


def lines_of(data: bytes, width: int, *, is_last: bool) -> Iterator[tuple[Row, int]]:
    """Lines as rows of so many columns, which tabs part, and their bytes; as `csv_rows`."""
    for line in _LINE.findall(data):
        if not line.endswith(b"\n") and not is_last:
            break
        values: Row = [
            each.strip() for each in line.decode("utf-8", "replace").split("\t", max(width - 1, 0))
        ]
        yield values + [None] * (width - len(values)), len(line)
    if not is_last:
        raise RowTooLongError


def _text(value: re.Match[bytes]) -> str | None:
    if value[1] is not None:
        return value[1].replace(b'""', b'"').decode("utf-8", "replace")
    return value[2].decode("utf-8", "replace") or None
