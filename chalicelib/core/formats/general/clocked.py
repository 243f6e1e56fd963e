"""Application logs that say a time of day and no date: the time stays an attribute, a record has no timestamp."""

from __future__ import annotations

from typing import Final

from chalicelib.core.formats.patterned import REST, patterned
from chalicelib.core.formats.starts import TIME_OF_DAY as TIME_OF_DAY_START

_CLOCK: Final = r"(?P<clock>[0-9]{2}:[0-9]{2}:[0-9]{2}(?:[.,][0-9]{1,9})?)"
_LEVELS: Final = r"(?i:trace|debug|info|notice|warn|warning|error|fatal|critical|severe)"

TIME_OF_DAY: Final = patterned(
    "time_of_day",
    "Application log: time of day, level, message",
    "https://hexdocs.pm/logger/Logger.Formatter.html",
    samples=(
        "09:26:53.123 [info] the shop is open",
        "[09:26:54] [Server thread/WARN]: Can't keep up!",
        "[09:26:55] ERROR: no money\nError: no money\n    at pay (/srv/pay.js:42:7)",
        "09:26:56,123 INFO  [shop] order 17 accepted",
    ),
    templates=(
        rf"\[{_CLOCK}\] \[(?P<thread>[^\[\]\n]{{1,100}})/(?P<level>{_LEVELS})\](?: \[(?P<logger>[^\[\]\n]{{1,100}})\])?: {REST}",
        rf"\[{_CLOCK} (?P<level>{_LEVELS})\]: {REST}",
        rf"[\[(]?{_CLOCK}[\])]? {{1,2}}[\[(](?P<level>{_LEVELS}) ?[\])]:? {{0,3}}{REST}",
        rf"[\[(]?{_CLOCK}[\])]? {{1,2}}(?:\| )?(?P<level>TRACE|DEBUG|INFO|NOTICE|WARN|WARNING|ERROR|FATAL|CRITICAL|SEVERE)(?::| {{1,5}}\|)? {{1,6}}(?:\[(?P<logger>[\w.$-]{{1,100}})\] )?{REST}",
        rf"[\[(]?{_CLOCK}[\])]? {{1,2}}\[(?P<thread>[^\[\]\n]{{1,100}})\] {{1,2}}(?P<level>TRACE|DEBUG|INFO|NOTICE|WARN|WARNING|ERROR|FATAL|CRITICAL|SEVERE):? {{1,6}}{REST}",
    ),
    start=TIME_OF_DAY_START,
    specificity=0.78,
    names={"clock": "time_of_day"},
)

FORMATS: Final = (TIME_OF_DAY,)
