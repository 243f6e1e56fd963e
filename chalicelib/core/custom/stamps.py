"""Times of custom formats: strptime's directives as an expression, so that every digit is kept."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Final

from chalicelib.core.custom.spec import PatternError
from chalicelib.core.formats.times import Stamp, Times

NAMED: Final = ("auto", "iso8601", "epoch")
_MONTHS: Final = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
_DIRECTIVES: Final = {
    "Y": r"(?P<Y>[0-9]{4})", "y": r"(?P<y>[0-9]{2})", "m": r"(?P<m>[0-9]{1,2})", "d": r" ?(?P<d>[0-9]{1,2})",
    "e": r" ?(?P<d>[0-9]{1,2})", "H": r"(?P<H>[0-9]{1,2})", "k": r" ?(?P<H>[0-9]{1,2})", "I": r"(?P<I>[0-9]{1,2})",
    "M": r"(?P<M>[0-9]{2})", "S": r"(?P<S>[0-9]{2})", "f": r"(?P<f>[0-9]{1,9})", "L": r"(?P<f>[0-9]{1,9})",
    "p": r"(?P<p>[AaPp])\.?[Mm]\.?", "b": r"(?P<b>[A-Za-z]{3})", "B": r"(?P<b>[A-Za-z]{3})[a-z]{0,6}",
    "a": r"[A-Za-z]{3}", "A": r"[A-Za-z]{6,9}", "z": r"(?P<z>Z|[+-][0-9]{2}:?[0-9]{2})",
    "Z": r"(?P<z>UTC|GMT|[ECMP][SD]T|Z)", "s": r"(?P<s>[0-9]{9,11})",
    "%": "%", "n": r"\s", "t": r"\s",
}  # fmt: skip
_SHORT: Final = {"T": "%H:%M:%S", "F": "%Y-%m-%d", "D": "%m/%d/%y", "R": "%H:%M"}
_ZONE: Final = re.compile(r"[+-](?:0[0-9]|1[0-4]):?[0-5][0-9]|UTC|GMT|Z")

MakeStamp = Callable[[str], "Stamp | None"]


def check_time(form: str, zone: str | None) -> None:
    """Raises PatternError."""
    if zone is not None and not _ZONE.fullmatch(zone):
        raise PatternError(
            f"the zone {zone!r} is not a fixed offset; write the offset from UTC, such as +01:00, or UTC"
        )
    if form not in NAMED:
        _shape(form)


def stamps_of(times: Times, form: str, zone: str | None) -> MakeStamp:
    """A conversion of the texts of one field. zone: applies if the text names none."""
    if form == "epoch":
        return times.of_number
    if form in NAMED:
        return lambda text: _by_itself(times, text, zone, epoch=form == "auto")
    shape = _shape(form)
    return lambda text: _by_shape(times, shape, text.strip(), zone)


def _by_itself(times: Times, text: str, zone: str | None, *, epoch: bool) -> Stamp | None:
    stamp = times.of_text(text)
    if stamp is None:
        return times.of_number(text) if epoch else None
    if zone and stamp[1] and "zone" in stamp[1]:
        return times.of_text(f"{text} {zone}") or times.of_text(f"{text}{zone}") or stamp
    return stamp


@lru_cache(64)
def _shape(form: str) -> re.Pattern[str]:
    for name, long in _SHORT.items():
        form = form.replace(f"%{name}", long)
    made = []
    seen = set()
    for directive, other in re.findall(r"%(.?)|([^%]+)", form, re.DOTALL):
        if other:
            made.append(re.escape(other))
        elif directive not in _DIRECTIVES:
            raise PatternError(
                f"%{directive} is not a directive; known are {' '.join(f'%{each}' for each in sorted(_DIRECTIVES))}"
            )
        else:
            made.append(_DIRECTIVES[directive])
            group = re.search(r"\(\?P<(\w)>", made[-1])
            if group and group[1] in seen:
                raise PatternError(f"%{directive} repeats a part of the time; remove one of the two")
            seen.add(group and group[1])
    lacking = [] if "s" in seen else [
        part for part, names in (("month", "mb"), ("day", "d"), ("hour", "HI")) if not seen & set(names)
    ]  # fmt: skip
    if lacking:
        raise PatternError(
            f"the time {form!r} has no {' and no '.join(lacking)}; such as %Y-%m-%d %H:%M:%S has, and auto, iso8601"
            " and epoch need no directives"
        )
    return re.compile("".join(made))


def _by_shape(times: Times, shape: re.Pattern[str], text: str, zone: str | None) -> Stamp | None:
    match = shape.fullmatch(text)
    if match is None:
        return None
    parts = match.groupdict()
    fraction = parts.get("f")
    if parts.get("s"):
        return times.of_number(parts["s"] + (f".{fraction}" if fraction else ""))
    month, hour = _month(parts), _hour(parts)
    if month is None or hour is None:
        return None
    zone_said = parts.get("z") or zone or ""
    clock = f"{hour:02d}:{parts.get('M') or '00'}:{parts.get('S') or '00'}"
    day = int(parts["d"])
    if parts.get("Y") or parts.get("y"):
        year = parts.get("Y") or _century(parts["y"])
        text = f"{year}-{month:02d}-{day:02d} {clock}"
    else:
        text = f"{_MONTHS[month - 1].capitalize()} {day:2d} {clock}"
    return times.of_parts(text, fraction, zone_said or None)


def _month(parts: dict[str, str | None]) -> int | None:
    name, number = parts.get("b"), parts.get("m")
    if name:
        return _MONTHS.index(name.lower()) + 1 if name.lower() in _MONTHS else None
    return int(number) if number and 1 <= int(number) <= 12 else None


def _hour(parts: dict[str, str | None]) -> int | None:
    if parts.get("H"):
        return int(parts["H"] or 0)
    hour = int(parts["I"] or 0)
    if not 1 <= hour <= 12:
        return None
    afternoon = (parts.get("p") or "a").lower() == "p"
    return hour % 12 + (12 if afternoon else 0)


def _century(year: str) -> str:
    return f"{'19' if int(year) >= 69 else '20'}{year}"
