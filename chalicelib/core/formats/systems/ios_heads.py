"""What Cisco's routers and switches write before their message: count, origin, sequence number, node, time or uptime.

``<189>387440: rtr-1: 004321: *Mar  1 18:46:11.003 CET: %SYS-5-CONFIG_I: …``; each part may be missing, and an origin is
a name or an address, also in brackets. The asterisk and the point before a time say how sure the clock is.
https://www.cisco.com/c/en/us/td/docs/routers/access/wireless/software/guide/SysMsgLogging.html
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from chalicelib.core.formats.kinds import integer, is_ip
from chalicelib.core.formats.times import MONTH, ZONE

if TYPE_CHECKING:
    from chalicelib.core.records import Value

MNEMONIC: Final = r"%([A-Z][A-Z0-9_]{1,40}(?:-(?!\d-)\w{1,24}){0,2})-([0-7])-([A-Z0-9_]{2,64}) ?: ?"
"""Facility (with its part), severity, mnemonic."""
BSD: Final = (
    rf"(?:{MONTH} [ 0-9]?[0-9] (?:[0-9]{{4}} )?|[0-9]{{4}} {MONTH} [ 0-9]?[0-9] )[0-9]{{2}}:[0-9]{{2}}:[0-9]{{2}}"
    rf"(?:\.[0-9]{{1,9}})?(?: [0-9]{{4}}(?= [^\s:]))?(?: {ZONE})?"
)
_ADDRESS: Final = re.compile(
    r"(?:\[([0-9A-Fa-f:.]{2,45})\]|(?=[^ ]{0,44}[.:])([0-9A-Fa-f:.]{2,45}?))(:? ++|:(?=%))"
)
_NUMBER: Final = re.compile(r"([0-9]{1,10}): *+(?:: ++)?")
NODE: Final = r"[A-Z][A-Z0-9]{1,7}(?:/[A-Z0-9]{1,8}){1,3}:(?=[*.]?[0-9A-Z])"
_NAME: Final = re.compile(rf"((?![0-9]+:)[^\s:=%\[\]*]{{1,255}})(?:: ++| (?={NODE}))")
_BLANK: Final = re.compile(r"[ :]*+")
_NODE: Final = re.compile(NODE)
_UPTIME: Final = re.compile(r"((?:[0-9]{1,3}[ywdh]){1,3}|[0-9]{2,3}:[0-9]{2}:[0-9]{2}): ++")
_TIME: Final = re.compile(rf"[*.]?(?:{BSD}|[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}T)")
_ODD_ZONE: Final = re.compile(rf"([*.]?{BSD}) ([A-Za-z]{{2,7}})(?=: ++%)")
_ZONE: Final = re.compile(ZONE)
_TIME_AND_COLON: Final = re.compile(rf"[*.]?({BSD}) ?: ++(?:([\w-]{{1,64}})\[([0-9]{{1,10}})\]: (?=%))?")
_PARTS_MAX: Final = 4


class Head(NamedTuple):
    """What a head says; where the time or the mnemonic begins that it stands before; whether it is a time."""

    fields: dict[str, Value]
    end: int
    timed: bool


def read_head(text: str, begin: int = 0) -> Head | None:
    """The head of a text; None where it has none."""
    fields: dict[str, Value] = {}
    numbers: list[Value] = []
    at = begin
    for _ in range(_PARTS_MAX):
        if _TIME.match(text, at) or _UPTIME.match(text, at) or text[at : at + 1] == "%":
            break
        if (match := _ADDRESS.match(text, at)) and is_ip(match[1] or match[2]) and match[2] != "::":
            if "host.name" in fields:
                return None
            fields["host.name"] = match[1] or match[2]
        elif match := _NUMBER.match(text, at):
            numbers.append(integer(match[1]))
        elif match := _NODE.match(text, at):
            fields["cisco.node"] = match[0][:-1]
        elif "host.name" not in fields and (match := _NAME.match(text, at)):
            fields["host.name"] = match[1]
        elif text[at : at + 1] in ("", " ", ":"):
            match = _BLANK.match(text, at)
        if match is None or match.end() == at:
            return None
        at = match.end()
    if numbers:
        fields["syslog.sequence"] = numbers[-1]
    if len(numbers) > 1:
        fields["cisco.message_count"] = numbers[0]
    timed = _TIME.match(text, at) is not None
    if not timed and (uptime := _UPTIME.match(text, at)):
        fields["syslog.uptime"] = uptime[1]
        at = uptime.end()
    if at == begin or len(numbers) > 2:
        return None
    return Head(fields, at, timed) if timed or text[at : at + 1] == "%" else None


def read_time(text: str, fields: dict[str, Value]) -> tuple[str, str] | None:
    """The time and the message of a text that is as IOS writes it: a colon stands behind the time, then the message."""
    text = with_known_zone(text, fields)
    match = _TIME_AND_COLON.match(text)
    if match is None:
        return None
    if match[2]:
        fields["service.name"], fields["process.pid"] = match[2], integer(match[3])
    return match[1], text[match.end() :]


def with_known_zone(text: str, fields: dict[str, Value]) -> str:
    """The text with its zone as others write it; one that nobody knows is taken out, and kept as a field."""
    match = _ODD_ZONE.match(text)
    if match is None:
        return text
    if _ZONE.fullmatch(match[2].upper()):
        return f"{match[1]} {match[2].upper()}{text[match.end() :]}"
    fields["cisco.time_zone"] = match[2]
    return match[1] + text[match.end() :]
