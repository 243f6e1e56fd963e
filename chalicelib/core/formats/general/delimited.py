"""CSV and TSV with a header: its names are the attributes', their values typed one by one.

The columns with the time, the level and the message are promoted where they have a usual name. A text is
told as such only if its first line looks like a header, and rows have as many fields as it.
"""

from __future__ import annotations

import csv
import re
from functools import partial
from typing import TYPE_CHECKING, Final

from chalicelib.core.formats import Format, severity
from chalicelib.core.formats.times import Times
from chalicelib.core.framing import Framing, Kind
from chalicelib.core.records import Record, Reject

if TYPE_CHECKING:
    from chalicelib.core.formats import Parse, ParseContext
    from chalicelib.core.formats.times import Stamp
    from chalicelib.core.records import Value

_NAME: Final = re.compile(r"[A-Za-z_@#$][\w .:/()@%#$*?-]{0,63}")
_TIMES: Final = (
    "timestamp", "@timestamp", "time", "datetime", "date_time", "date time", "event_time", "eventtime", "ts", "_time",
    "time_stamp", "logged_at", "created_at", "occurred_at", "date/time", "time (utc)", "timestamp (utc)", "utc",
    "starttime", "start_time", "date",
)  # fmt: skip
_LEVELS: Final = (
    "level",
    "severity",
    "severity_text",
    "loglevel",
    "log_level",
    "log level",
    "priority",
    "lvl",
)
_MESSAGES: Final = ("message", "msg", "body", "content", "log", "log_message", "text", "description")
_KNOWN: Final = frozenset(
    (*_TIMES, *_LEVELS, *_MESSAGES, "host", "hostname", "ip", "ip address", "client_ip", "clientip", "src_ip", "srcip",
     "source_ip", "dst_ip", "remote_addr", "user", "username", "user_id", "userid", "status", "status_code", "event",
     "event_id", "event id", "eventid", "action", "logger", "thread", "pid", "service", "lineid", "method", "url", "path", "uri",
     "source", "component", "request", "user_agent")
)  # fmt: skip
"""Names of columns that make a first line a header; lower case."""
_OF_TWO: Final = _KNOWN | {"id", "key", "name", "value", "type", "code", "count"}
"""Names that make two words with a comma between them a header."""
_INT: Final = re.compile(r"-?(?:0|[1-9][0-9]{0,17})", re.ASCII)
_FLOAT: Final = re.compile(r"-?(?:0|[1-9][0-9]{0,14})\.[0-9]{1,15}", re.ASCII)
_BOOLEANS: Final = {"true": True, "false": False, "True": True, "False": False, "TRUE": True, "FALSE": False}
_NOTHING: Final = frozenset(("", "-", "null", "NULL"))
_COLUMNS_MAX: Final = 512

_NO_HEADER: Final = Reject("no-header")
_FIELD_COUNT: Final = Reject("field-count")
_BAD_TIME: Final = Reject("invalid-timestamp")


def _make_parser(context: ParseContext, *, delimiters: str) -> Parse:
    names, delimiter = _columns(context.header, delimiters)
    if not names:
        return _no_header
    return _Rows(context, names, delimiter).parse


def _no_header(_row: str) -> Reject:
    return _NO_HEADER


def _columns(header: str, delimiters: str) -> tuple[list[str], str]:
    """The names in a header, and what is between them; none where the line is no header.

    header: several lines where some stand before it."""
    if "\n" in header:
        found = (_columns(line, delimiters) for line in reversed(header.split("\n")))
        return next((columns for columns in found if columns[0]), ([], ""))
    for delimiter in delimiters:
        cells = _cells(header.removeprefix("\ufeff"), delimiter) or []
        names = [name.strip() for name in cells]
        prose = any(name[:1] == " " for name in cells) and any(" " in name for name in names)
        if (
            not prose
            and 2 <= len(names) <= _COLUMNS_MAX
            and all(_NAME.fullmatch(name) for name in names)
            and any(name.lower() in _KNOWN for name in names)
            and (len(names) > 2 or names[0].lower() in _TIMES or _OF_TWO.issuperset(map(str.lower, names)))
        ):
            return _unique(names), delimiter
    return [], ""


def _unique(names: list[str]) -> list[str]:
    seen: dict[str, int] = {}
    unique = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        unique.append(name if seen[name] == 1 else f"{name}#{seen[name]}")
    return unique


def _cells(row: str, delimiter: str) -> list[str] | None:
    """The fields of a row, unquoted; None where its quotes are broken."""
    if '"' not in row:
        return row.split(delimiter)
    try:
        rows = list(csv.reader([row], delimiter=delimiter, strict=True))
    except csv.Error:
        return None
    return rows[0] if len(rows) == 1 else None


class _Rows:
    """Parses the rows under one header."""

    def __init__(self, context: ParseContext, names: list[str], delimiter: str) -> None:
        self._times = Times(context.last_modified)
        self._names = names
        self._delimiter = delimiter
        lower = {name.lower(): number for number, name in reversed(list(enumerate(names)))}
        self._time = next((lower[name] for name in _TIMES if name in lower), -1)
        self._clock = -1
        if "date" in lower and names[self._time].lower() in ("time", "date"):
            self._time, self._clock = lower["date"], lower.get("time", -1)
        self._level = next((lower[name] for name in _LEVELS if name in lower), -1)
        self._message = next((lower[name] for name in _MESSAGES if name in lower), -1)

    def parse(self, row: str) -> Record | Reject:
        cells = _cells(row, self._delimiter)
        if cells is None or len(cells) != len(self._names):
            return _FIELD_COUNT
        used = set()
        stamp: Stamp | tuple[None, None] = None, None
        if self._time >= 0 and (text := cells[self._time].strip()):
            found = self._stamp(text, cells[self._clock].strip() if self._clock >= 0 else "")
            if found is None and self._clock >= 0:
                return _BAD_TIME
            if found is not None:
                stamp = found
                used = {self._time, self._clock}
        word, number, body = None, None, None
        if self._level >= 0 and (level := cells[self._level].strip()):
            number = severity.of_word(level)
            if number is not None:
                word = level
                used.add(self._level)
        if self._message >= 0 and cells[self._message]:
            body = cells[self._message]
            used.add(self._message)
        fields = {
            name: _typed(text)
            for place, (name, text) in enumerate(zip(self._names, cells, strict=True))
            if place not in used and text not in _NOTHING
        }
        return Record(stamp[0], stamp[1], word, number, body, fields)

    def _stamp(self, text: str, clock: str) -> Stamp | None:
        if clock:
            return self._times.of_text(f"{text} {clock}")
        return self._times.of_value(text)


def _typed(text: str) -> Value:
    if _INT.fullmatch(text):
        return int(text) if text != "-0" else text
    if _FLOAT.fullmatch(text):
        return float(text)
    return _BOOLEANS.get(text, text)


CSV: Final = Format(
    name="csv",
    title="CSV with a header",
    source="https://www.rfc-editor.org/rfc/rfc4180",
    samples=(
        "timestamp,level,shop,amount,message\n2024-03-14T09:26:53Z,INFO,till-7,12.50,two coffees",
        'timestamp,level,shop,amount,message\n2024-03-14T09:26:54Z,ERROR,,0,"said ""no"",\nand left"',
    ),
    make_parser=partial(_make_parser, delimiters=",;"),
    specificity=0.9,
    framing=Framing(kind=Kind.QUOTED_LINES, header_first=True),
    sieve=r"[^,;\n]{0,1024}[,;]",
)
TSV: Final = Format(
    name="tsv",
    title="Tab-separated values with a header",
    source="https://www.iana.org/assignments/media-types/text/tab-separated-values",
    samples=(
        "date\ttime\tuser\tstatus\tok\n2024-03-14\t09:26:53\tada\t200\ttrue",
        "date\ttime\tuser\tstatus\tok\n2024-03-14\t09:26:54\t-\t404\tfalse",
    ),
    make_parser=partial(_make_parser, delimiters="\t"),
    specificity=0.97,
    framing=Framing(kind=Kind.QUOTED_LINES, header_first=True),
    sieve=r"[^\t\n]{0,1024}\t",
)

FORMATS: Final = (CSV, TSV)
