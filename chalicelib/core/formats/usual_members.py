"""What the members of an object, or the columns of a table, mean by their names: time, severity, message.

`promotion` ranks names that are in no table; the tables here come before it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from chalicelib.core.formats import severity
from chalicelib.core.formats.numeric_levels import numeric_of
from chalicelib.core.formats.promotion import date_and_clock, level_members, message_members, time_members

if TYPE_CHECKING:
    from collections.abc import Mapping

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

NANOS: Final = {
    "timestamp.seconds": "timestamp.nanos",
    "timestampSeconds": "timestampNanos",
    "instant.epochSecond": "instant.nanoOfSecond",
}
"""Seconds → the member that holds the rest: https://cloud.google.com/logging/docs/agent/logging/configuration#timestamp-processing"""

_EXACT_TIMES: Final = frozenset(TIME_NAMES)
_EXACT_LEVELS: Final = frozenset(LEVEL_NAMES)
_LAST_LEVELS: Final = frozenset(("levelno", "syslog.severity", "log.syslog.severity.code"))
"""Those that are levels by their number, where there is no word."""


class Usual(NamedTuple):
    """The members that may be time, severity and message, the best first.

    clock: the names of a day and of a time of that day. words: levels of which a word that nobody knows is one.
    numeric: a level's name → what its numbers are, where that is known.
    """

    times: tuple[str, ...]
    levels: tuple[str, ...]
    messages: tuple[str, ...]
    clock: tuple[str, str] | None
    words: tuple[str, ...]
    numeric: dict[str, Mapping[int, int]]


def usual_members(names: tuple[str, ...]) -> Usual:
    known = frozenset(names)
    levels: tuple[str, ...] = tuple(name for name in LEVEL_NAMES if name in known)
    levels += tuple(name for name in level_members(names) if name not in levels)
    levels += tuple(name for name in names if name in _LAST_LEVELS)
    messages = tuple(name for name in MESSAGE_NAMES if name in known)
    return Usual(
        time_members(names),
        levels,
        messages + tuple(name for name in message_members(names) if name not in messages),
        date_and_clock(names),
        tuple(name for name in levels if name in _EXACT_LEVELS and severity.names_level(name)),
        numeric_of(levels, names),
    )


def is_exact_time(name: str) -> bool:
    """Whether the name alone says that its value is a time."""
    return name in _EXACT_TIMES
