"""JSON lines: one object a line, flattened to dotted names, with the usual names of time, level, message.

Nothing is dropped: a clash of names keeps all under ``name``, ``name#2`` …; numbers that DynamoDB or a
double cannot hold are strings; unpaired surrogates are U+FFFD. A promoted field leaves the attributes
only if it was used. Nesting deeper than 200 is a reject.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Final, TypeAlias

import orjson

from chalicelib.core.formats import Format, severity
from chalicelib.core.formats.flatten import (
    PREFIX_MAX,
    NeedsExact,
    TooDeep,
    flatten,
    flatten_plain,
    load_exact,
)
from chalicelib.core.formats.times import Times
from chalicelib.core.records import Record, Reject

if TYPE_CHECKING:
    from chalicelib.core.formats import Parse, ParseContext
    from chalicelib.core.formats.times import Stamp
    from chalicelib.core.records import Value

TIME_NAMES: Final = (
    "@timestamp", "timestamp", "Timestamp", "time", "ts", "datetime", "dateTime", "date_time", "eventTime",
    "event_time", "timeStamp", "@t", "t.$date", "Time", "asctime", "created_at", "date", "Date", "T", "t",
    "_time", "start_time", "requestReceivedTimestamp", "timeUnixNano", "observedTimeUnixNano",
    "__REALTIME_TIMESTAMP", "calendarTime", "unixTime", "instant.epochSecond", "timestamp_ms", "created",
)  # fmt: skip
"""In order of preference: the first whose value is a time stamp is the record's."""
LEVEL_NAMES: Final = (
    "severity_text", "severityText", "SeverityText", "level", "Level", "LEVEL", "severity", "Severity",
    "log.level", "loglevel", "log_level", "logLevel", "LogLevel", "levelname", "level_name", "lvl", "@l",
    "L", "s", "severityNumber", "SeverityNumber", "error_severity", "PRIORITY", "priority", "eventSeverity",
)  # fmt: skip
MESSAGE_NAMES: Final = (
    "message", "msg", "Message", "MESSAGE", "@message", "body", "Body", "short_message", "@m", "@mt", "M",
    "textPayload", "log", "text", "event",
)  # fmt: skip

Shape: TypeAlias = "tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]"
_OPENTELEMETRY_NUMBERS: Final = frozenset(("severityNumber", "SeverityNumber"))
_OPENTELEMETRY_MAX: Final = 24
_SPACED_COLON: Final = re.compile(r'"[ \t\r\n]++:')
_SHAPES_MAX: Final = 1024
_NOT_AN_OBJECT: Final = Reject("not-an-object")
_INVALID: Final = Reject("invalid-json")
_TOO_DEEP: Final = Reject("too-deep")


class JsonParser:
    """Remembers for each shape (the names an object has) which of them may be time, level, message.

    What the members mean is `record_of`, which dialects replace.
    """

    __slots__ = ("_of_number", "_of_text", "_shapes")

    def __init__(self, context: ParseContext) -> None:
        times = Times(context.last_modified)
        self._of_text, self._of_number = times.of_text, times.of_number
        self._shapes: dict[tuple[str, ...], Shape] = {}

    def parse(self, line: str) -> Record | Reject:
        try:
            loaded = orjson.loads(line)
        except orjson.JSONDecodeError:
            return self._parse_exactly(line)
        if type(loaded) is not dict:
            return _NOT_AN_OBJECT
        if (" :" in line or "\t" in line or "\r" in line) and _SPACED_COLON.search(line):
            return self._parse_exactly(line)
        flat = flatten_plain(loaded, short=len(line) <= PREFIX_MAX)
        if flat is None:
            try:
                flat = flatten(orjson.loads(line))
            except NeedsExact:
                return self._parse_exactly(line)
            except TooDeep:
                return _TOO_DEEP
        fields, members = flat
        # orjson keeps the last of repeated names: then there are fewer members than colons after quotes
        colons = line.count('":')
        if members != colons and ('\\\\"' in line or members != colons - line.count('\\":')):
            return self._parse_exactly(line)
        return self.record_of(fields)

    def _parse_exactly(self, line: str) -> Record | Reject:
        """The slow way: for repeated names, big numbers, NaN, unpaired surrogates, and what is broken."""
        try:
            loaded = load_exact(line)
            if loaded is None:
                return _NOT_AN_OBJECT
            fields, _ = flatten(loaded)
        except (RecursionError, TooDeep):
            return _TOO_DEEP
        except json.JSONDecodeError:
            return _INVALID
        return self.record_of(fields)

    def _shape(self, names: tuple[str, ...]) -> Shape:
        if len(self._shapes) >= _SHAPES_MAX:
            self._shapes.clear()
        known = set(names)
        shape = self._shapes[names] = (
            tuple(name for name in TIME_NAMES if name in known),
            tuple(name for name in LEVEL_NAMES if name in known),
            tuple(name for name in MESSAGE_NAMES if name in known),
        )
        return shape

    def record_of(self, fields: dict[str, Value]) -> Record | Reject:
        """Promotes time, level and message: what is used leaves the attributes."""
        names = tuple(fields)
        time_names, level_names, message_names = self._shapes.get(names) or self._shape(names)
        timestamp = assumed = word = number = body = None
        for name in time_names:
            value = fields[name]
            stamp = (self._of_text(value) if type(value) is str else None) or self.stamp_of(value)
            if stamp is not None:
                timestamp, assumed = stamp
                del fields[name]
                break
        for name in level_names:
            level = fields[name]
            number = (severity.of_word(level) if type(level) is str else None) or severity_of(level, name)
            if number is not None:
                word = str(level)
                del fields[name]
                break
        for name in message_names:
            message = fields[name]
            if type(message) is str:
                body = message
                del fields[name]
                break
        return tuple.__new__(Record, (timestamp, assumed, word, number, body, fields))

    def stamp_of(self, value: Value) -> Stamp | None:
        """Time stamp of a member: text of any shape, or a number since 1970."""
        if type(value) is str:
            return self._of_text(value) or self._of_number(value)
        return self._of_number(value) if type(value) is int or type(value) is float else None


def severity_of(value: Value, name: str) -> int | None:
    """Number of a level's name or number; that of OpenTelemetry only under its own names."""
    if type(value) is str:
        number = severity.of_word(value)
        if number is not None:
            return number
        if not (value.isascii() and value.isdecimal() and len(value) <= 2):
            return None
        value = int(value)
    if type(value) is not int:
        return None
    if name in _OPENTELEMETRY_NUMBERS:
        return value if 1 <= value <= _OPENTELEMETRY_MAX else None
    return severity.of_number(value)


def _make_parser(context: ParseContext) -> Parse:
    return JsonParser(context).parse


JSON: Final = Format(
    name="json",
    title="JSON lines",
    source="https://jsonlines.org/",
    samples=(
        '{"time":"2024-03-14T09:26:53.123Z","level":"info","msg":"order accepted",'
        '"order":{"id":17,"lines":[{"sku":"F-1"}]}}',
        '{"@timestamp":"2024-03-14T09:26:53+01:00","log.level":"WARN","message":"slow","took_ms":1042.5}',
        '{"id":"a-17","created_at":1710404813123,"priority":4,"text":"slow","user":{"name":"ada"},"tags":["a",null]}',
    ),
    make_parser=_make_parser,
    specificity=0.9,
    sieve=r"[ \t]*+\{",
    alone=True,
)

FORMATS: Final = (JSON,)
