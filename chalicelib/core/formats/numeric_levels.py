"""What a number that stands for a severity means: only where the names around it say who wrote it, else nothing.

2 is an error to Windows, critical to syslog and information to .NET; 40 is a warning to bunyan and an error to Python.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from chalicelib.core.formats import severity
from chalicelib.core.formats.kinds import integer

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from chalicelib.core.records import Value

OPENTELEMETRY: Final = {number: number for number in range(1, severity.OPENTELEMETRY_MAX + 1)}
SYSLOG: Final = {code: number for code, (_, number) in enumerate(severity.SYSLOG)}
BUNYAN: Final = {10: 1, 20: 5, 30: 9, 40: 13, 50: 17, 60: 21}
"""https://github.com/trentm/node-bunyan#levels, the same in pino."""
PYTHON: Final = {10: 5, 20: 9, 30: 13, 40: 17, 50: 21}
"""https://docs.python.org/3/library/logging.html#logging-levels"""
WINDOWS: Final = {0: 9, 1: 21, 2: 17, 3: 13, 4: 9, 5: 5}
"""https://learn.microsoft.com/windows/win32/wes/eventmanifestschema-leveltype-complextype; 0 is shown as information."""
DOTNET: Final = {0: 1, 1: 5, 2: 9, 3: 13, 4: 17, 5: 21}
"""https://learn.microsoft.com/dotnet/api/microsoft.extensions.logging.loglevel"""

_SEPARATORS: Final = str.maketrans("", "", "_-.@ ")
_BY_NAME: Final[Mapping[str, Mapping[int, int]]] = {
    "severitynumber": OPENTELEMETRY,
    "severity": SYSLOG, "syslogseverity": SYSLOG, "syslogseveritycode": SYSLOG, "logsyslogseveritycode": SYSLOG, "sysloglevel": SYSLOG,
    "levelno": PYTHON,
}  # fmt: skip
_EXACT: Final[Mapping[str, Mapping[int, int]]] = {"PRIORITY": SYSLOG, "LogLevel": DOTNET}
_OF_WINDOWS: Final = frozenset(("EventID", "EventId", "eventID", "EventRecordID", "ProviderName", "Provider"))
_OF_PYTHON: Final = frozenset(
    ("logger", "logger_name", "loggerName", "levelname", "levelno", "funcName", "lineno", "pathname")
)
_OF_NODE: Final = frozenset(("v", "pid", "hostname"))
_DIGITS_MAX: Final = 2


def numeric_levels(name: str, names: Iterable[str]) -> Mapping[int, int] | None:
    """Number of a level → the data model's, for a member of this name among others; None where nobody says whose it is."""
    plain = name.translate(_SEPARATORS)
    known = _EXACT.get(name) or _BY_NAME.get(plain.lower())
    if known is not None:
        return known
    if name.rpartition(".")[2].lower() != "level":
        return None
    beside = {part for other in names for part in other.split(".")}
    if not _OF_WINDOWS.isdisjoint(beside):
        return WINDOWS
    is_python = not _OF_PYTHON.isdisjoint(beside)
    if "time" in beside and not _OF_NODE.isdisjoint(beside):
        return None if is_python else BUNYAN
    return PYTHON if is_python else None


def numeric_of(levels: Iterable[str], names: tuple[str, ...]) -> dict[str, Mapping[int, int]]:
    """The levels of which it is known what their numbers are, among all names of an object."""
    numeric = {level: numeric_levels(level, names) for level in levels}
    return {level: numbers for level, numbers in numeric.items() if numbers is not None}


def of_numeric(value: Value, levels: Mapping[int, int] | None) -> int | None:
    """The data model's number of a level that is a number or its digits; None where it is none of these levels."""
    if levels is None:
        return None
    if type(value) is str:
        value = integer(value)
    return levels.get(value) if type(value) is int else None
