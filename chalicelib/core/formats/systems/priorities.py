"""What both syslog formats share: priorities, and how a process id is typed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from chalicelib.core.formats import severity
from chalicelib.core.formats.kinds import whole

if TYPE_CHECKING:
    from chalicelib.core.records import Value

PRIORITIES: Final[dict[str, tuple[int, int, str, int]]] = {
    digits: (priority >> 3, priority & 7, *severity.SYSLOG[priority & 7])
    for priority in range(192)
    for digits in (f"{priority:03}", f"{priority:02}", f"{priority}")
}
"""PRI, with leading zeros or without → facility, severity, its keyword, its OpenTelemetry number."""


_PRIORITY: Final = re.compile(r"(?:[0-9]{1,6} )?<([0-9]{1,3})>")


def add_priority(fields: dict[str, Value], line: str) -> None:
    """Adds facility and severity where a line begins with a priority."""
    found = _PRIORITY.match(line)
    if found is not None and (values := PRIORITIES.get(found[1])) is not None:
        fields.setdefault("syslog.facility.code", values[0])
        fields.setdefault("syslog.severity.code", values[1])


def add_process(fields: dict[str, Value], process: str) -> None:
    """Sets `process.pid`, or `syslog.procid` where the process id is no number."""
    number = whole(process)
    if number is None:
        fields["syslog.procid"] = process
    else:
        fields["process.pid"] = number
