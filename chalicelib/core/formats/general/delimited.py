"""CSV and TSV with a header: its names are the attributes', their values typed one by one.

The columns with the time, the level and the message are promoted where they have a usual name. A text is
told as such only if its first line looks like a header, and rows have as many fields as it; where none of its
names is usual, the rows must have typed values too, or be many with columns whose values recur. A row of another number
of fields is a reject that names the column.
"""

from __future__ import annotations

import csv
import re
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING, Final, NamedTuple

from chalicelib.core.formats import Format, severity
from chalicelib.core.formats.banners import SEPARATOR
from chalicelib.core.formats.kinds import integer, number
from chalicelib.core.formats.promotion import (
    date_and_clock,
    is_guessed_time,
    level_members,
    message_members,
    time_members,
)
from chalicelib.core.formats.reasons import BAD_TIME, FIELD_COUNT, LONG_ROW, NO_HEADER, SHORT_ROW
from chalicelib.core.formats.times import Times
from chalicelib.core.framing import Framing, Kind
from chalicelib.core.records import Record, Reject

if TYPE_CHECKING:
    from chalicelib.core.formats import Parse, ParseContext
    from chalicelib.core.formats.times import Stamp
    from chalicelib.core.records import Value

_NAME: Final = re.compile(r"(?:[^\W\d]|[@#$%])[\w .:/()@%#$*?&'+°€£²³\[\]-]{0,63}")
_QUOTED_NAME: Final = re.compile(r"(?:[^\W\d]|[@#$%])[^\n\"]{0,63}")
"""Where all names are between quotes: nobody writes prose so."""
_YEAR: Final = re.compile(r"(?:19|20)[0-9]{2}")
_PLACES_NAMED: Final = 64
"""How many columns have a reason of their own for rows that lack them: reasons are counted one by one."""
_CODES: Final = frozenset(
    ("zip", "zipcode", "postcode", "postalcode", "plz", "phone", "phonenumber", "telephone", "tel", "telefon", "mobile", "fax", "iban", "bic",
     "isbn", "ean", "gtin", "upc", "sku", "imei", "iccid", "msisdn", "ssn", "vat", "creditcard", "cardnumber")
)  # fmt: skip
"""Columns of digits that are no numbers: one that begins with no zero is as much a text as the next, which does."""
_SEPARATORS: Final = str.maketrans("", "", " _-.")
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
     "source", "component", "request", "user_agent", "datum", "uhrzeit", "zeitstempel", "stufe", "meldung", "nachricht", "benutzer", "fecha",
     "hora", "nivel", "mensaje", "usuario", "niveau", "heure", "horodatage", "utilisateur")
)  # fmt: skip
"""Names of columns that make a first line a header; lower case."""
_OF_TWO: Final = _KNOWN | {"id", "key", "name", "value", "type", "code", "count"}
"""Names that make two words with a comma between them a header."""
_BOOLEANS: Final = {"true": True, "false": False, "True": True, "False": False, "TRUE": True, "FALSE": False}
_EVENT_VIEWER: Final = ("Level", "Date and Time", "Source", "Event ID", "Task Category")
"""What Event Viewer writes above rows that have the message behind these."""
_NOTHING: Final = frozenset(("", "-", "null", "NULL"))
_COLUMNS_MAX: Final = 512
_WORDS_MAX: Final = 3
_LONGEST_MIN: Final = 3
"""Where all names are shorter, and letters, all values of a row must be typed, or half of them with a time among them."""
_TYPED_MIN: Final = 2
_TEXT_NAME: Final = re.compile(r"[^\W\d]\w*(?:[ ._-][^\W\d]\w*){0,3}")
_TEXT_ROWS_MIN: Final = 10
_TEXT_COLUMNS_MIN: Final = 3
_WHOLE_SHARE_MIN: Final = 0.9
_RECURRING_SHARE_MIN: Final = 0.5
"""Of a table of texts: its names, how many rows and columns it has at least, the share of them with all fields, and that of the
values of some column which come again."""

_OPEN_QUOTE: Final = Reject("open-quote")


def _make_parser(context: ParseContext, *, delimiters: str) -> Parse:
    columns = _columns(context.header, delimiters)
    return _no_header if columns is None else _Rows(context, columns).parse


def _no_header(_row: str) -> Reject:
    return NO_HEADER


class _Columns(NamedTuple):
    """The names in a header, what is between them, whether they are of the kind that logs use, and whether they are
    so short that they may be values; and whether a blank follows each delimiter."""

    names: list[str]
    delimiter: str
    usual: bool
    short: bool
    spaced: bool = False


_ESCAPED: Final = re.compile(r'\\["\\]')
"""A quote behind a backslash, as some write it instead of two quotes, and a backslash behind one."""


def _columns(header: str, delimiters: str) -> _Columns | None:
    """None where the line is no header. header: several lines where some stand before it."""
    if "\n" in header:
        first, *lines = header.split("\n")
        separator = SEPARATOR.fullmatch(first.removeprefix("\ufeff"))
        if separator is not None:
            columns = _columns(lines[-1], separator[1] if separator[1] in delimiters else "")
            return None if columns is None else columns._replace(usual=True)
        lines.insert(0, first)
        candidates = (_columns(line, delimiters) for line in reversed(lines))
        return next((columns for columns in candidates if columns is not None), None)
    candidates = (_columns_between(header.removeprefix("\ufeff"), delimiter) for delimiter in delimiters)
    return max(
        (columns for columns in candidates if columns is not None),
        key=lambda columns: (columns.usual, len(columns.names)),
        default=None,
    )


def _columns_between(header: str, delimiter: str) -> _Columns | None:
    cells = _cells(header, delimiter) or []
    names = [name.strip() for name in cells]
    if tuple(names) == _EVENT_VIEWER:
        names.append("Message")
    is_quoted = header.count('"') >= 2 * len(names)
    prose = not is_quoted and any(name[:1] == " " for name in cells) and any(" " in name for name in names)
    years = [name for name in names[1:] if _YEAR.fullmatch(name)]
    named = [name for name in names if name and not (name in years and _is_series(years))]
    if prose or not 2 <= len(names) <= _COLUMNS_MAX or not _may_lack(names):
        return None
    if not all((_QUOTED_NAME if is_quoted else _NAME).fullmatch(name) for name in named):
        return None
    usual = any(name.lower() in _KNOWN for name in names) and (
        len(names) > 2 or names[0].lower() in _TIMES or _OF_TWO.issuperset(map(str.lower, names))
    )
    if not usual and not _may_be_names([*filter(None, names)], is_quoted=is_quoted):
        return None
    names[0] = names[0].removeprefix("#").strip() or names[0]
    names = [name or f"column_{place}" for place, name in enumerate(names, start=1)]
    is_short = max(map(len, named)) < _LONGEST_MIN and all(map(str.isalpha, named))
    is_spaced = all(cell[:1] == " " for cell in cells[1:])
    return _Columns(_unique(names), delimiter, usual, is_short, is_spaced)


def _is_series(years: list[str]) -> bool:
    """Whether columns are named after years: at least two, each the next or the former of the one before."""
    known = [value for year in years if (value := integer(year)) is not None]
    return {later - year for year, later in pairwise(known)} in ({1}, {-1})


def _may_lack(names: list[str]) -> bool:
    """Whether only such names are missing as tables leave out: that of an index before the first, or behind a delimiter
    at the end; one in between, where there are three others."""
    missing = names.count("")
    return missing == 0 or (
        len(names) - missing >= 2
        and (missing == names[:1].count("") + names[-1:].count("") or missing <= len(names) // 4)
    )


def _may_be_names(names: list[str], *, is_quoted: bool) -> bool:
    """Whether columns may be called so though none of the names is usual."""
    is_short = is_quoted or max(name.count(" ") for name in names) <= _WORDS_MAX
    return is_short and len(set(names)) > 1 and 2 * len(set(names)) >= len(names)


def _is_table_of_texts(lines: list[str], *, delimiters: str) -> bool:
    """Whether lines are a header of unusual names and rows under it, though no row by itself shows it: nearly all have all
    fields, the values of a column come again and again, and no name is among those of its column."""
    lines = [line for line in lines if line.strip()]
    columns = _columns(lines[0], delimiters) if len(lines) > _TEXT_ROWS_MIN else None
    if columns is None or columns.short or columns.spaced or len(columns.names) < _TEXT_COLUMNS_MIN:
        return False
    names = columns.names
    if len(set(names)) < len(names) or not all(map(_is_name_of_texts, names)):
        return False
    rows = [cells for line in lines[1:] if (cells := _cells(line, columns.delimiter)) is not None]
    whole = [cells for cells in rows if len(cells) == len(names)]
    if len(whole) < _WHOLE_SHARE_MIN * (len(lines) - 1) or any(
        cell[:1] == " " for cells in whole for cell in cells
    ):
        return False
    values = [set(column) for column in zip(*whole, strict=True)]
    recurs = any(
        len(column) <= (1 - _RECURRING_SHARE_MIN) * len(whole) and column != {""} for column in values
    )
    return recurs and not any(name in column for name, column in zip(names, values, strict=True))


def _is_name_of_texts(name: str) -> bool:
    return _TEXT_NAME.fullmatch(name) is not None and severity.of_word(name) is None


def _unique(names: list[str]) -> list[str]:
    seen: dict[str, int] = {}
    unique = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        unique.append(name if seen[name] == 1 else f"{name}#{seen[name]}")
    return unique


def _cells(row: str, delimiter: str, *, spaced: bool = False) -> list[str] | None:
    """The fields of a row, unquoted; None where its quotes are broken. spaced: blanks behind delimiters are no part of
    the fields."""
    if '"' not in row:
        cells = row.split(delimiter)
        return [cell.lstrip(" ") for cell in cells] if spaced else cells
    try:
        rows = list(csv.reader([row], delimiter=delimiter, strict=True, skipinitialspace=spaced))
    except csv.Error:
        return None
    return rows[0] if len(rows) == 1 else None


def _is_stray(row: str, delimiter: str, columns: int) -> bool:
    """Whether a row of one line has all its fields, and a quote before one of them that nobody closes."""
    return (
        "\n" not in row
        and row.count(delimiter) + 1 == columns
        and row.count('"') % 2 == 1
        and f'{delimiter}"' in delimiter + row
    )


class _Rows:
    """Parses the rows under one header.

    While formats are compared, a header of unusual names is one only for rows of which a value is typed, and none is
    the name of its column."""

    def __init__(self, context: ParseContext, columns: _Columns) -> None:
        self._times = Times(context.last_modified, context.date_order)
        self._names, self._delimiter = names, _ = columns.names, columns.delimiter
        self._short_rows = [Reject(f"{SHORT_ROW.reason}:{name}") for name in names[:_PLACES_NAMED]]
        self._long_row = Reject(f"{LONG_ROW.reason}:column_{len(names) + 1}")
        self._doubtful = not columns.usual and not context.decided
        self._short = columns.short
        self._spaced = columns.spaced
        self._codes = frozenset(
            place for place, name in enumerate(names) if name.lower().translate(_SEPARATORS) in _CODES
        )
        place = {name: number for number, name in reversed(list(enumerate(names)))}
        lower = {name.lower(): number for name, number in reversed(place.items())}
        self._pair = None if (pair := date_and_clock(names)) is None else (place[pair[0]], place[pair[1]])
        times = [place[name] for name in time_members(names)]
        if self._pair and times and times[0] not in self._pair:
            self._pair = None
        self._time_places = tuple(
            (each, None if names[each].lower() in _TIMES else is_guessed_time(names[each])) for each in times
        )
        levels = [lower[name] for name in _LEVELS if name in lower] or [
            place[n] for n in level_members(names)
        ]
        self._level = levels[0] if levels else -1
        messages = [lower[name] for name in _MESSAGES if name in lower] or [
            place[n] for n in message_members(names)
        ]
        self._message = messages[0] if messages else -1

    def parse(self, row: str) -> Record | Reject:
        cells = _cells(row, self._delimiter, spaced=self._spaced)
        if '\\"' in row and (cells is None or len(cells) != len(self._names)):
            doubled = _ESCAPED.sub(lambda escape: '""' if escape[0] == '\\"' else "\\", row)
            escaped = _cells(doubled, self._delimiter, spaced=self._spaced)
            cells = escaped if escaped is not None and len(escaped) == len(self._names) else cells
        if cells is None and _is_stray(row, self._delimiter, len(self._names)):
            return _OPEN_QUOTE
        if cells is None:
            return FIELD_COUNT
        if len(cells) != len(self._names):
            return self._of_other_length(len(cells))
        if self._doubtful and not self._is_table(cells):
            return NO_HEADER
        used: set[int] = set()
        stamp = self._stamp(cells, used)
        if stamp is None:
            return BAD_TIME
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
            name: text if place in self._codes else _typed(text)
            for place, (name, text) in enumerate(zip(self._names, cells, strict=True))
            if place not in used and text not in _NOTHING
        }
        return Record(stamp[0], stamp[1], word, number, body, fields)

    def _of_other_length(self, count: int) -> Reject:
        """What becomes of a row with so many fields: which column it lacks first, or has no name for."""
        if count > len(self._names):
            return self._long_row
        return self._short_rows[count] if count < len(self._short_rows) else SHORT_ROW

    def _is_table(self, cells: list[str]) -> bool:
        typed = [self._is_typed(text, place) for place, text in enumerate(cells) if text]
        is_named = any(text == name for text, name in zip(cells, self._names, strict=True))
        return (
            any(typed) and (not self._short or all(typed) or self._is_telling(typed, cells)) and not is_named
        )

    def _is_telling(self, typed: list[bool], cells: list[str]) -> bool:
        """Whether half of the values are typed, and one of them is a time or a truth value."""
        enough = sum(typed) >= _TYPED_MIN and 2 * sum(typed) >= len(typed)
        return enough and any(
            type(_typed(text)) is bool or (not text.isdecimal() and self._times.of_moment(text, past=False))
            for text in cells
        )

    def _is_typed(self, text: str, place: int) -> bool:
        if place in self._codes:
            return any(map(str.isdecimal, text))
        return type(_typed(text)) is not str or self._times.of_moment(text, past=False) is not None

    def _stamp(self, cells: list[str], used: set[int]) -> Stamp | tuple[None, None] | None:
        """The time of a row, its columns used; None where a day and its clock are no time."""
        if self._pair and cells[self._pair[0]].strip() and cells[self._pair[1]].strip():
            stamp = self._times.of_text(f"{cells[self._pair[0]].strip()} {cells[self._pair[1]].strip()}")
            if stamp is not None:
                used.update(self._pair)
                return stamp
        for place, guessed in self._time_places:
            if text := cells[place].strip():
                of_any = guessed is None
                stamp = (
                    self._times.of_value(text) if of_any else self._times.of_moment(text, past=bool(guessed))
                )
                if stamp is not None:
                    used.add(place)
                    return stamp
        return None if self._pair and all(cells[place].strip() for place in self._pair) else (None, None)


def _typed(text: str) -> Value:
    value = number(text)
    return _BOOLEANS.get(text, text) if type(value) is str else value


CSV: Final = Format(
    name="csv",
    title="CSV with a header",
    source="https://www.rfc-editor.org/rfc/rfc4180",
    samples=(
        "timestamp,level,shop,amount,message\n2024-03-14T09:26:53Z,INFO,till-7,12.50,two coffees",
        'timestamp,level,shop,amount,message\n2024-03-14T09:26:54Z,ERROR,,0,"said ""no"",\nand left"',
    ),
    make_parser=partial(_make_parser, delimiters=",;|"),
    specificity=0.9,
    framing=Framing(kind=Kind.QUOTED_LINES, header_first=True),
    sieve=r"[^,;|\n]{0,1024}[,;|]",
    convinces=partial(_is_table_of_texts, delimiters=",;|"),
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
    convinces=partial(_is_table_of_texts, delimiters="\t"),
)

FORMATS: Final = (CSV, TSV)
