"""JSON lines: one object a line, flattened to dotted names, with the usual names of time, level, message.

Nothing is dropped: a clash of names keeps all under ``name``, ``name#2`` …; numbers that DynamoDB or a
double cannot hold are strings; unpaired surrogates are U+FFFD. A promoted field leaves the attributes
only if it was used. Nesting deeper than 200 is a reject.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias

from chalicelib.core.formats import Format, severity
from chalicelib.core.formats.json_text import flat_line
from chalicelib.core.formats.times import Times
from chalicelib.core.records import Record, Reject

if TYPE_CHECKING:
    from chalicelib.core.formats import Parse, ParseContext
    from chalicelib.core.records import Value

TIME_NAMES: Final = (
    "@timestamp", "timestamp", "Timestamp", "time", "ts", "datetime", "dateTime", "date_time", "eventTime",
    "event_time", "timeStamp", "@t", "t.$date", "Time", "asctime", "created_at", "date", "Date", "T", "t",
    "_time", "start_time", "requestReceivedTimestamp", "timeUnixNano", "observedTimeUnixNano",
    "__REALTIME_TIMESTAMP", "calendarTime", "unixTime", "instant.epochSecond", "timestamp_ms", "created",
    "timestamp.seconds", "timestampSeconds",
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

_NANOS: Final = {
    "timestamp.seconds": "timestamp.nanos",
    "timestampSeconds": "timestampNanos",
    "instant.epochSecond": "instant.nanoOfSecond",
}
"""Seconds → the member that holds the rest: https://cloud.google.com/logging/docs/agent/logging/configuration#timestamp-processing"""
_NANOS_MAX: Final = 10**9

Shape: TypeAlias = "tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]"
_OPENTELEMETRY_NUMBERS: Final = frozenset(("severityNumber", "SeverityNumber"))
_OPENTELEMETRY_MAX: Final = 24
_SHAPES_MAX: Final = 1024


class JsonParser:
    """Remembers for each shape (the names an object has) which of them may be time, level, message.

    What the members mean is `record_of`, which dialects replace.
    """

    __slots__ = ("_shapes", "_stamp_of")

    def __init__(self, context: ParseContext) -> None:
        self._stamp_of = Times(context.last_modified).of_value
        self._shapes: dict[tuple[str, ...], Shape] = {}

    def parse(self, line: str) -> Record | Reject:
        fields = flat_line(line)
        return fields if isinstance(fields, Reject) else self.record_of(fields)

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
            stamp = self._stamp_of(fields[name])
            if stamp is not None:
                timestamp, assumed = stamp
                if name in _NANOS:
                    timestamp = _with_nanos(timestamp, fields, _NANOS[name])
                del fields[name]
                break
        if len(level_names) > 1 and type(fields[level_names[0]]) is not str:
            level_names = tuple(sorted(level_names, key=lambda name: type(fields[name]) is not str))
        for name in level_names:
            level = fields[name]
            number = (severity.of_word(level) if type(level) is str else None) or severity_of(level, name)
            if number is not None:
                word = str(level).strip()
                del fields[name]
                break
        else:
            word = severity.take_word(fields, level_names)
        for name in message_names:
            message = fields[name]
            if type(message) is str:
                body = message
                del fields[name]
                break
        return tuple.__new__(Record, (timestamp, assumed, word, number, body, fields))


def _with_nanos(timestamp: str, fields: dict[str, Value], name: str) -> str:
    """The time stamp of whole seconds with the nanoseconds that a member holds, which leaves the attributes."""
    nanos = fields.get(name)
    if type(nanos) is not int or not 0 <= nanos < _NANOS_MAX or "." in timestamp:
        return timestamp
    del fields[name]
    return f"{timestamp[:-1]}.{nanos:09}Z"


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
