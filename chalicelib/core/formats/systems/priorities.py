"""What both syslog formats share: priorities, and how a process id is typed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from chalicelib.core.formats import severity

if TYPE_CHECKING:
    from chalicelib.core.records import Value

PRIORITIES: Final[dict[str, tuple[int, int, str, int]]] = {
    str(priority): (priority >> 3, priority & 7, *severity.SYSLOG[priority & 7]) for priority in range(192)
}
"""PRI → facility, severity, its keyword, its OpenTelemetry number."""
PID_DIGITS_MAX: Final = 18


_PRIORITY: Final = re.compile(r"(?:[0-9]{1,6} )?<([0-9]{1,3})>")


def add_priority(fields: dict[str, Value], line: str) -> None:
    """Adds facility and severity where a line begins with a priority."""
    found = _PRIORITY.match(line)
    if found is not None and (values := PRIORITIES.get(found[1].lstrip("0") or "0")) is not None:
        fields.setdefault("syslog.facility.code", values[0])
        fields.setdefault("syslog.severity.code", values[1])


def add_process(fields: dict[str, Value], process: str) -> None:
    """Sets `process.pid`, or `syslog.procid` where the process id is no number."""
    if process.isdecimal() and process.isascii() and len(process) <= PID_DIGITS_MAX:
        fields["process.pid"] = int(process)
    else:
        fields["syslog.procid"] = process
