"""Lines of fields in double quotes: which lines begin a row, and where a stray quote ends.

A quoted field may contain line ends (RFC 4180, section 2). A quote that is never closed would take all rows after it. So if
the lines right below it are whole rows like its own, its row ends with its line. That depends on these lines alone.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final, NamedTuple

from chalicelib.core.decoding.charsets import in_utf_8
from chalicelib.core.framing import Piece, Run
from chalicelib.core.framing.line_ends import asked_one_by_one

_QUOTED: Final = re.compile(rb'(?:(?<=[,;\t|])|^)"[^"]*+(?:""[^"]*+)*+(")?+')
_DOUBTFUL: Final = re.compile(
    rb'\n(?![^"\n]*+(?:(?<=[,;\t|\n])"[^"\n]*+(?:""[^"\n]*+)*+"[^"\n]*+)*+(?:\n|\Z))'
)
"""Line ends before a line with a quote that neither begins nor ends a field."""
_CLOSING: Final = re.compile(rb'[^"]*+(?:""[^"]*+)*+"')
DELIMITERS: Final = (b",", b";", b"\t", b"|")
_WHOLE: Final = {
    mark: re.compile(
        b"(?:F)(?:D(?:F))*+".replace(b"F", b'"[^"]*+(?:""[^"]*+)*+"|[^"D]*+').replace(b"D", re.escape(mark))
    )
    for mark in DELIMITERS
}
"""Rows whose quotes are all closed."""
_FIELD: Final = re.compile(rb'"[^"]*+(?:""[^"]*+)*+"')
_DIGITS: Final = re.compile(rb"[0-9]++")
_LETTERS: Final = re.compile(rb"[A-Za-z]++")
_ROWS: Final = 3
"""How many rows with a first field like the quoted row's end that row."""
_DOUBTFUL_ROWS: Final = 16
"""The same for rows that only have its number of columns."""
_COLUMNS_MIN: Final = 2
_DOUBTFUL_COLUMNS_MIN: Final = 3
_TELLING_CHARACTERS: Final = 8
"""A first field of that length and shape, such as a time, counts whatever the number of columns."""


class _Opening(NamedTuple):
    """A line that leaves a field open: its separator, its number of fields, and the shape of the first."""

    mark: bytes
    columns: int
    shape: bytes

    def needed(self, line: bytes) -> tuple[int, int]:
        """The columns of a line that is a whole row like this one, and how many such rows are proof; 0 for any other
        line."""
        line = line.rstrip(b"\r\n")
        if b'"' in line:
            if _WHOLE[self.mark].fullmatch(line) is None:
                return 0, 0
            columns = _FIELD.sub(b"", line).count(self.mark) + 1
        else:
            columns = line.count(self.mark) + 1
        if columns < _COLUMNS_MIN:
            return 0, 0
        is_alike = b"0" in self.shape and self.shape == _shape(line, self.mark)
        if is_alike and (len(self.shape) >= _TELLING_CHARACTERS or columns == self.columns):
            return columns, _ROWS
        is_doubtful = columns == self.columns >= _DOUBTFUL_COLUMNS_MIN
        return (columns, _DOUBTFUL_ROWS) if is_doubtful else (0, 0)


def _shape(line: bytes, mark: bytes) -> bytes:
    return _DIGITS.sub(b"0", _LETTERS.sub(b"a", line.split(mark, 1)[0]))


def _opening(line: bytes) -> _Opening | None:
    """None if the line leaves no field open."""
    for match in _QUOTED.finditer(line):
        if match[1] is None:
            mark = line[match.start() - 1 : match.start()]
            if mark not in _WHOLE:
                mark = max(DELIMITERS, key=line.count)
            return _Opening(mark, line.count(mark) + 1, _shape(line, mark))
    return None


def _closes_all(data: bytes) -> bool:
    """Whether all quotes of some lines surely begin and end a field within a line; none stands in a field."""
    if b'"' not in data:
        return True
    parts = data.split(b'"')
    if not len(parts) % 2 or b"\n" in b"".join(parts[1::2]):
        return False
    outside = b"\n" + b'"'.join(parts[::2])
    left = len(parts) // 2
    for before in (*DELIMITERS, b"\n"):
        left -= outside.count(before + b'"')
        if not left:
            return True
    return False


class OutsideQuotes:
    """Lines that do not begin inside a quoted field; one that is never closed ends where the entry gets too long.

    ends_strays: whether rows below a quote that nobody closes end it. charset: as the framing has it."""

    def __init__(self, max_bytes: int, *, ends_strays: bool, charset: str | None = None) -> None:
        self._max_bytes = max_bytes
        self._charset = charset
        self._ends_strays = ends_strays
        self._open_bytes = 0
        self._stray: _Opening | None = None
        self._rows = self._columns = self._needed = 0

    def numbers(self, lines: Run) -> Sequence[int] | None:
        """Of the lines that begin a row; None: all do. Where no field is open, only those are asked that may open one."""
        data = lines.data
        if self._charset is not None:
            return asked_one_by_one(lines, self.is_start)
        if self._is_between_rows and _closes_all(data):
            return None
        doubtful = [match.end() for match in _DOUBTFUL.finditer(data) if match.end() < len(data)]
        if _DOUBTFUL.match(b"\n" + data[: lines.ends[0]]):
            doubtful.insert(0, 0)
        if self._is_between_rows and not doubtful:
            return None
        begins = [0, *lines.ends]
        starts: list[int] = []
        number = asked = 0
        while True:
            if self._is_between_rows:
                asked = bisect_left(doubtful, begins[number], asked)
                at = bisect_left(begins, doubtful[asked]) if asked < len(doubtful) else len(lines.ends)
                starts += range(number, at)
                number = at
            if number == len(lines.ends):
                return starts
            if self.is_start(data, begins[number], begins[number + 1]):
                starts.append(number)
            number += 1

    @property
    def _is_between_rows(self) -> bool:
        return self._stray is None and not 0 < self._open_bytes <= self._max_bytes

    def is_start(self, data: bytes, begin: int, end: int) -> bool:
        if self._stray is not None and self._is_row_below(self._line(data, begin, end), end - begin):
            return False
        was_open = 0 < self._open_bytes <= self._max_bytes
        if not was_open:
            self._open_bytes = 0
        if data.find(b'"', begin, end) < 0:
            still_open = was_open
        else:
            line = self._line(data, begin, end)
            still_open = self._leaves_open(line, was_open=was_open)
            if self._ends_strays and still_open and not was_open:
                self._stray = _opening(line)
                self._rows = self._columns = self._needed = 0
        self._open_bytes = self._open_bytes + end - begin if still_open else 0
        return not was_open

    def _line(self, data: bytes, begin: int, end: int) -> bytes:
        return in_utf_8(data[begin:end], self._charset)

    def _is_row_below(self, line: bytes, size: int) -> bool:
        """Whether a line is one more row right below an open field; the last one needed ends the field."""
        assert self._stray is not None, "a field is open"
        columns, needed = self._stray.needed(line)
        is_too_long = self._open_bytes > self._max_bytes
        if is_too_long or not columns or (self._columns and columns != self._columns):
            self._stray = None
            return False
        self._columns = columns
        self._needed = max(self._needed, needed)
        self._rows += 1
        self._open_bytes += size
        if self._rows >= self._needed:
            self._stray, self._open_bytes = None, 0
        return True

    def _leaves_open(self, line: bytes, *, was_open: bool) -> bool:
        position = 0
        if was_open:
            closing = _CLOSING.match(line)
            if closing is None:
                return True
            position = closing.end()
        return any(match[1] is None for match in _QUOTED.finditer(line, position))


def without_strays(pieces: Iterator[Piece], charset: str | None = None) -> Iterator[Piece]:
    """The entries, those apart line by line of which a stray quote has taken the rows below it. charset: as the framing
    has it."""
    for piece in pieces:
        if not isinstance(piece, Run) or len(piece.ends) == piece.lines[-1]:
            yield piece
            continue
        ends: list[int] = []
        lines: list[int] = []
        begin = before = 0
        for end, until in zip(piece.ends, piece.lines, strict=True):
            if until - before > 1 and (cuts := _cuts(piece.data[begin:end], charset)):
                ends += [begin + cut for cut in cuts]
                lines += range(before + 1, before + len(cuts) + 1)
                lines[-1] = until
            else:
                ends.append(end)
                lines.append(until)
            begin, before = end, until
        yield piece._replace(ends=ends, lines=lines)


def _cuts(entry: bytes, charset: str | None) -> list[int]:
    """Where the lines end in an entry that is a row with a stray quote and rows below it; else none."""
    ends = [match.end() for match in re.finditer(rb"[^\n]*+\n|[^\n]++\Z", entry)]
    opening = _opening(in_utf_8(entry[: ends[0]], charset))
    if opening is None:
        return []
    columns = {opening.needed(in_utf_8(entry[begin:end], charset))[0] for begin, end in pairwise(ends)}
    return ends if len(columns) == 1 and 0 not in columns else []
