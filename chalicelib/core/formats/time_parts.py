"""The time stamp of an entry whose time is a text or, part by part, groups of an expression."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from chalicelib.core.formats.times import ZONE

if TYPE_CHECKING:
    from chalicelib.core.formats.times import Stamp, Times

_MONTHS: Final = {name: number for number, name in enumerate(
    ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"), start=1
)}  # fmt: skip
_SHORTEST: Final = len("0102 03:04:05")
_FRACTION: Final = re.compile(r"([0-9]{1,9})( ?[^0-9].{0,8})", re.ASCII)
is_zone: Final = re.compile(ZONE, re.ASCII).fullmatch


def of_time(times: Times, text: str) -> Stamp | None:
    """The stamp of a text; by its second, so that a second is converted once."""
    if len(text) < _SHORTEST:
        return times.of_value(text)
    if "." not in text and "," not in text:
        if text.count(":") == 2 and (stamp := times.of_parts(text, None)):
            return stamp
    elif text[-1] == "Z":
        return times.of_text(text)
    elif text[19:20] in (".", ","):
        tail = text[20:]
        if tail.isdecimal() and tail.isascii():
            stamp = times.of_parts(text[:19], tail)
        else:
            match = _FRACTION.fullmatch(tail)
            stamp = times.of_parts(text[:19] + match[2], match[1]) if match else None
        if stamp is not None:
            return stamp
    elif text[10] == "." and text[:10].isdecimal() and text.isascii():
        return times.of_number(text)
    elif (
        (dot := text.rfind(".", -10)) > 0
        and text[dot - 3 : dot - 2] == text[dot - 6 : dot - 5] == ":"
        and text[dot + 1 :].isdecimal()
        and text.isascii()
    ):
        return times.of_parts(text[:dot], text[dot + 1 :])
    return times.of_text(text) or (times.of_number(text) if text[:1].isdecimal() else None)


def of_parts(times: Times, match: re.Match[str]) -> Stamp | None:
    """The stamp of a date and time whose parts are groups; without a year it is the latest possible."""
    parts = match.groupdict()
    if epoch := parts.get("epoch"):
        return times.of_number(f"{epoch}.{parts['f']}" if parts.get("f") else epoch)
    if parts["mi"] is None:
        return None
    month, year, half = parts["mo"], parts.get("y"), parts.get("half")
    number = int(month) if month.isdecimal() else _MONTHS.get(month[:3].lower(), 0)
    hour = int(parts["h"])
    if half:
        hour = hour % 12 + (12 if half.lower().startswith("p") else 0)
    clock = f"{hour:02}:{parts['mi']:0>2}:{parts.get('s') or 0:0>2}"
    milliseconds = parts.get("ms")
    fraction = milliseconds.zfill(3) if milliseconds else parts.get("f")
    if year is None:
        name = next((name for name, each in _MONTHS.items() if each == number), "")
        return times.of_parts(f"{name.title()} {int(parts['d'])} {clock}", fraction, _zone(parts))
    if len(year) == 2:
        year = f"{'19' if year >= '69' else '20'}{year}"
    return times.of_parts(f"{year}-{number:02}-{int(parts['d']):02} {clock}", fraction, _zone(parts))


def _zone(parts: dict[str, str | None]) -> str | None:
    """None for a zone name that is ambiguous: it counts as none."""
    zone = parts.get("z")
    return zone if zone and is_zone(zone) else None
