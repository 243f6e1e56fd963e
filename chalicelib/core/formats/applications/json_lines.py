"""JSON lines: one object a line, flattened to dotted names, with the usual names of time, level, message.

Nothing is dropped: a clash of names keeps all under ``name``, ``name#2`` …; numbers that DynamoDB or a
double cannot hold are strings; unpaired surrogates are U+FFFD. A promoted field leaves the attributes
only if it was used. Nesting deeper than 200 is a reject.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from chalicelib.core.formats import Format, severity
from chalicelib.core.formats.json_text import flat_line
from chalicelib.core.formats.numeric_levels import numeric_of, of_numeric
from chalicelib.core.formats.promotion import (
    date_and_clock,
    is_guessed_time,
    level_members,
    message_members,
    time_members,
)
from chalicelib.core.formats.times import Times
from chalicelib.core.records import Record, Reject

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chalicelib.core.formats import Parse, ParseContext
    from chalicelib.core.formats.times import Stamp
    from chalicelib.core.records import Value

TIME_NAMES: Final = (
    "@timestamp", "timestamp", "Timestamp", "time", "ts", "datetime", "dateTime", "date_time", "eventTime",
    "event_time", "timeStamp", "@t", "t.$date", "Time", "asctime", "created_at", "date", "Date", "T", "t",
    "_time", "start_time", "requestReceivedTimestamp", "timeUnixNano", "observedTimeUnixNano",
    "__REALTIME_TIMESTAMP", "calendarTime", "unixTime", "instant.epochSecond", "timestamp_ms", "created",
    "timestamp.seconds", "timestampSeconds",
)  # fmt: skip
"""Names whose value is a time whatever number since 1970 it is; of others it must have as many digits as today's."""
LEVEL_NAMES: Final = (
    "severity_text", "severityText", "SeverityText", "level", "Level", "LEVEL", "severity", "Severity",
    "log.level", "loglevel", "log_level", "logLevel", "LogLevel", "levelname", "level_name", "lvl", "@l",
    "L", "s", "severityNumber", "SeverityNumber", "error_severity", "PRIORITY", "priority", "eventSeverity",
)  # fmt: skip
"""In order of preference, before any other name that may be a severity's."""
MESSAGE_NAMES: Final = (
    "message", "msg", "Message", "MESSAGE", "@message", "body", "Body", "short_message", "@m", "@mt", "M",
    "textPayload", "log", "text", "event",
)  # fmt: skip
"""In order of preference, before any other name that may be a message's."""

_NANOS: Final = {
    "timestamp.seconds": "timestamp.nanos",
    "timestampSeconds": "timestampNanos",
    "instant.epochSecond": "instant.nanoOfSecond",
}
"""Seconds → the member that holds the rest: https://cloud.google.com/logging/docs/agent/logging/configuration#timestamp-processing"""
_NANOS_MAX: Final = 10**9

_EXACT_TIMES: Final = frozenset(TIME_NAMES)
_EXACT_LEVELS: Final = frozenset(LEVEL_NAMES)
_LAST_LEVELS: Final = frozenset(("levelno", "syslog.severity", "log.syslog.severity.code"))
"""Those that are levels by their number, where there is no word."""


class Shape(NamedTuple):
    """What the names of an object mean. pair: the names of a day and of a time of that day. numeric: a level's name →
    what its numbers are, where that is known."""

    times: tuple[str, ...]
    levels: tuple[str, ...]
    messages: tuple[str, ...]
    pair: tuple[str, str] | None
    numeric: dict[str, Mapping[int, int]]


_SHAPES_MAX: Final = 1024


class JsonParser:
    """Remembers for each shape (the names an object has) which of them may be time, level, message.

    What the members mean is `record_of`, which dialects replace.
    """

    __slots__ = ("_shapes", "_stamp_of", "_times")

    def __init__(self, context: ParseContext) -> None:
        self._times = Times(context.last_modified, context.date_order)
        self._stamp_of = self._times.of_value
        self._shapes: dict[tuple[str, ...], Shape] = {}

    def parse(self, line: str) -> Record | Reject:
        fields = flat_line(line)
        return fields if isinstance(fields, Reject) else self.record_of(fields)

    def _shape(self, names: tuple[str, ...]) -> Shape:
        if len(self._shapes) >= _SHAPES_MAX:
            self._shapes.clear()
        shape = self._shapes[names] = shape_of(names)
        return shape

    def _stamp(self, name: str, value: Value) -> Stamp | None:
        if name in _EXACT_TIMES:
            return self._stamp_of(value)
        return self._times.of_moment(value, past=is_guessed_time(name))

    def record_of(self, fields: dict[str, Value]) -> Record | Reject:
        """Promotes time, level and message: what is used leaves the attributes."""
        names = tuple(fields)
        return self.promoted(fields, self._shapes.get(names) or self._shape(names))

    def promoted(self, fields: dict[str, Value], shape: Shape) -> Record:
        """The record of members of which these may be time, level and message."""
        time_names, level_names, message_names, pair, numeric = shape
        timestamp = assumed = word = number = body = None
        for name in time_names:
            stamp = self._stamp(name, fields[name])
            if stamp is not None:
                timestamp, assumed = stamp
                if name in _NANOS:
                    timestamp = _with_nanos(timestamp, fields, _NANOS[name])
                del fields[name]
                break
        else:
            if pair is not None:
                stamp = self._times.of_text(f"{fields[pair[0]]} {fields[pair[1]]}")
                if stamp is not None:
                    timestamp, assumed = stamp
                    del fields[pair[0]], fields[pair[1]]
        level_name = None
        for name in level_names:
            level = fields[name]
            found = severity.of_word(level) if type(level) is str else None
            if found is not None:
                number, level_name = found, name
                break
            if number is None and name in numeric:
                number = of_numeric(level, numeric[name])
                level_name = name if number is not None else None
        if level_name is not None:
            word = str(fields.pop(level_name)).strip()
        elif level_names:
            word = severity.take_word(fields, tuple(name for name in level_names if name in _EXACT_LEVELS))
        for name in message_names:
            message = fields[name]
            if type(message) is str:
                body = message
                del fields[name]
                break
        return tuple.__new__(Record, (timestamp, assumed, word, number, body, fields))


def shape_of(names: tuple[str, ...]) -> Shape:
    known = frozenset(names)
    levels: tuple[str, ...] = tuple(name for name in LEVEL_NAMES if name in known)
    levels += tuple(name for name in level_members(names) if name not in levels)
    levels += tuple(name for name in names if name in _LAST_LEVELS)
    messages = tuple(name for name in MESSAGE_NAMES if name in known)
    return Shape(
        time_members(names),
        levels,
        messages + tuple(name for name in message_members(names) if name not in messages),
        date_and_clock(names),
        numeric_of(levels, names),
    )


def _with_nanos(timestamp: str, fields: dict[str, Value], name: str) -> str:
    """The time stamp of whole seconds with the nanoseconds that a member holds, which leaves the attributes."""
    nanos = fields.get(name)
    if type(nanos) is not int or not 0 <= nanos < _NANOS_MAX or "." in timestamp:
        return timestamp
    del fields[name]
    return f"{timestamp[:-1]}.{nanos:09}Z"


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
