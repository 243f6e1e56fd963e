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


_NEXT: Final = re.compile(rb"[0-9]{1,6} <[0-9]{1,3}>")
FURTHER: Final = "syslog.further_messages"
"""What follows the first message of a line, as it stands."""


def first_of(text: str, octets: str) -> tuple[str, str]:
    """The message that has so many octets, and the others that its sender wrote behind it on the same line, each behind
    its own count; the whole text where none follows. https://www.rfc-editor.org/rfc/rfc6587#section-3.4.1"""
    count = whole(octets)
    if count is None or count >= len(text.encode()):
        return text, ""
    data = text.encode()
    if _NEXT.match(data, count) is None:
        return text, ""
    return data[:count].decode(errors="replace"), data[count:].decode(errors="replace")


def add_priority(fields: dict[str, Value], line: str) -> None:
    """Adds facility and severity where a line begins with a priority."""
    match = _PRIORITY.match(line)
    if match is not None and (values := PRIORITIES.get(match[1])) is not None:
        fields.setdefault("syslog.facility.code", values[0])
        fields.setdefault("syslog.severity.code", values[1])


def add_process(fields: dict[str, Value], process: str) -> None:
    """Sets `process.pid`, or `syslog.procid` where the process id is no number."""
    number = whole(process)
    if number is None:
        fields["syslog.procid"] = process
    else:
        fields["process.pid"] = number
