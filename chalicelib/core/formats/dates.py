"""Dates and clocks as texts give them: which shapes there are, and what their parts mean.

Dates of three numbers: a year of four digits stands where it stands. Before it, between slashes, the
month comes first (``3/14/2024``), between dots and hyphens the day (``14.03.2024``), unless the number
cannot be a month. Of two digits each, between slashes, the year comes first (``24/03/14``, Spark) unless
the first can be a month and the last cannot be a day or month (``03/05/24``): then the month does.
What was decided for a file from its head (`day_order`) comes before all that.
"""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from chalicelib.core.formats.day_order import DateOrders, full_year
from chalicelib.core.formats.zones import PLACE, zone_of

if TYPE_CHECKING:
    from datetime import tzinfo

_MONTH_NAMES: Final = (
    "january", "february", "march", "april", "may", "june",
    "july", "august", "september", "october", "november", "december",
)  # fmt: skip
_MONTHS: Final = {
    name: number
    for number, full in enumerate(_MONTH_NAMES, start=1)
    for name in (full, full[:3], *(("sept",) if full == "september" else ()))
}
_LOCAL_MONTHS: Final = {
    "januar": 1, "jänner": 1, "jän": 1, "februar": 2, "märz": 3, "mär": 3, "mrz": 3, "mai": 5, "juni": 6, "juli": 7, "okt": 10,
    "oktober": 10, "dez": 12, "dezember": 12,
    "janvier": 1, "janv": 1, "février": 2, "févr": 2, "fév": 2, "mars": 3, "avril": 4, "avr": 4, "juin": 6, "juillet": 7, "juil": 7,
    "août": 8, "septembre": 9, "octobre": 10, "novembre": 11, "décembre": 12, "déc": 12,
}  # fmt: skip
"""German and French names that differ from the English ones."""
_MONTHS.update(_LOCAL_MONTHS)
MONTH_NAMES: Final = "(?i:{})".format(
    "|".join(
        "".join(letter if letter.isascii() else r"[^\x00-\x7f]{1,2}" for letter in name)
        for name in sorted(_MONTHS, key=len, reverse=True)
    )
)
"""The names of months, in full and short, as an expression for text and for its bytes in UTF-8."""
_ZONE_MINUTES: Final = {
    "Z": 0, "z": 0, "UTC": 0, "GMT": 0, "EST": -300, "EDT": -240, "CST": -360, "CDT": -300,
    "MST": -420, "MDT": -360, "PST": -480, "PDT": -420,
    "AKST": -540, "AKDT": -480, "HST": -600, "WET": 0, "WEST": 60, "CET": 60, "CEST": 120, "MET": 60, "MEST": 120,
    "EET": 120, "EEST": 180, "MSK": 180, "SAST": 120, "BRT": -180, "PKT": 300, "ICT": 420, "WIB": 420, "HKT": 480,
    "SGT": 480, "AWST": 480, "JST": 540, "KST": 540, "ACST": 570, "ACDT": 630, "AEST": 600, "AEDT": 660,
    "NZST": 720, "NZDT": 780, "BST": 60, "IST": 330,
}  # fmt: skip
"""The zone names of RFC 5322, section 4.3, and abbreviations that have one meaning in use."""
_AMBIGUOUS_ZONES: Final = frozenset(("BST", "IST"))
"""Read as British and Indian time, and noted as assumed."""

_NAMES: Final = "|".join(sorted((name for name in _ZONE_MINUTES if len(name) > 1), key=len, reverse=True))
ZONE: Final = rf"(?:[Zz]|(?:UTC|GMT)[+-][0-9]{{1,2}}(?::?[0-9]{{2}})?|{_NAMES}|[+-][0-9]{{2}}(?::?[0-9]{{2}})?|{PLACE})(?![0-9A-Za-z])"
MONTH: Final = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
DAY: Final = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
CLOCK: Final = r"[0-9]{2}:[0-9]{2}:[0-9]{2}"
ISO_START: Final = rf"{DAY}[T ]{CLOCK}"
"""The beginning of `ISO`, for the start of an entry."""
ISO: Final = rf"{ISO_START}(?:[.,][0-9]{{1,9}})?+(?: ?(?:Z|[+-][0-9]{{2}}:?[0-9]{{2}})(?![0-9]|:[0-9]))?+"
"""Date and time in ISO 8601, with fraction and offset if there are any."""
RFC3339: Final = rf"{DAY}T{CLOCK}(?:\.[0-9]{{1,9}})?+(?:Z|[+-][0-9]{{2}}:[0-9]{{2}})"
_CLOCK: Final = r"(?P<h>[0-9]{1,2}):(?P<mi>[0-9]{2}):(?P<s>[0-9]{2})"
_SHORT_CLOCK: Final = r"(?P<h>[0-9]{1,2}):(?P<mi>[0-9]{2})(?::(?P<s>[0-9]{2}))?+"
_TAIL: Final = (
    r"(?:[ \u00a0\u202f]?(?P<half>[AaPp])\.?[Mm]\.?)?"
    rf"(?: ?(?P<z>{ZONE})(?:\[[\w/+-]{{1,40}}\]| \([\w ]{{1,50}}\))?)?"
)
_YEAR_TAIL: Final = rf"(?: (?P<z>{ZONE}))? (?P<y>[0-9]{{4}})(?: (?P<z2>{ZONE}))?"
_BREAK: Final = r"(?:[Tt]|,? {1,2}|[_-]|::?)"
_NUMBERED: Final = (
    rf"(?P<y>[0-9]{{4}})[-/. ](?P<mo>[0-9]{{1,2}}|[A-Za-z]{{3,9}})[-/. ](?P<d>[0-9]{{1,2}}){_BREAK}"
    rf"{_SHORT_CLOCK}",
    rf"(?P<d>[0-9]{{1,2}})(?:\.? |[-/.])(?P<mo>[^\W\d_]{{3,9}})\.?[-/ ,]{{1,2}}(?P<y>[0-9]{{4}}){_BREAK}(?:at )?"
    rf"{_SHORT_CLOCK}",
    rf"(?P<d>[0-9]{{1,2}})[-/](?P<mo>[^\W\d_]{{3,9}})\.?[-/](?P<y>[0-9]{{2}}){_BREAK}{_CLOCK}",
    r"(?P<d>[0-9]{1,2})-(?P<mo>[^\W\d_]{3,9})\.?-(?P<y>[0-9]{4}|[0-9]{2}) (?P<h>[0-9]{1,2})\.(?P<mi>[0-9]{2})\.(?P<s>[0-9]{2})",
    rf"(?P<d>[0-9]{{1,2}})[-/ ](?P<mo>[A-Za-z]{{3,9}})[, ]{{1,2}}{_CLOCK}",
    r"(?P<y>[0-9]{4})(?P<mo>[0-9]{2})(?P<d>[0-9]{2})[T _-]?(?P<h>[0-9]{1,2})(?P<colon>:?)(?P<mi>[0-9]{2})"
    r"(?P=colon)(?P<s>[0-9]{2})",
    r"(?P<y>[0-9]{2})(?P<mo>[0-9]{2})(?P<d>[0-9]{2}) {1,2}(?P<h>[0-9]{1,2})(?P<colon>:?)(?P<mi>[0-9]{2})"
    r"(?P=colon)(?P<s>[0-9]{2})",
    rf"(?P<a>[0-9]{{1,2}})(?P<dot>[-/.])(?P<b>[0-9]{{1,2}})(?P=dot)(?P<c>[0-9]{{4}}|[0-9]{{2}}){_BREAK}"
    rf"{_SHORT_CLOCK}",
    rf"(?P<a>[0-9]{{1,2}})(?P<dot>[-/.])(?P<b>[0-9]{{1,2}})[ _T-]{_CLOCK}",
    rf"(?P<mo>[0-9]{{2}})(?P<d>[0-9]{{2}}) {{1,2}}{_CLOCK}",
    r"(?P<y>[0-9]{4})[-/](?P<mo>[0-9]{1,2})[-/](?P<d>[0-9]{1,2})[T ]"
    r"(?P<h>[0-9]{1,2}):(?P<mi>[0-9]{1,2}):(?P<s>[0-9]{1,2})",
    rf"(?P<y>[0-9]{{4}})-(?:[Ww](?P<week>[0-9]{{2}})-(?P<weekday>[1-7])|(?P<day>[0-9]{{3}}))[Tt ]"
    rf"{_SHORT_CLOCK}",
    rf"(?P<y>[0-9]{{4}})-(?P<mo>[0-9]{{2}})-(?P<d>[0-9]{{2}}){_BREAK}"
    rf"(?P<h>[0-9]{{2}})\.(?P<mi>[0-9]{{2}})\.(?P<s>[0-9]{{2}})",
)
"""Shapes that begin with a number; the fraction of a second is cut out first."""
_NAMED: Final = (
    rf"(?P<mo>[A-Za-z]{{3,9}})\.? {{1,2}}(?P<d>[0-9]{{1,2}}) (?:(?P<y>[0-9]{{4}}) )?{_CLOCK}",
    rf"(?P<mo>[A-Za-z]{{3,9}})\.? {{1,2}}(?P<d>[0-9]{{1,2}}) {_CLOCK}(?P<year_behind>)",
    rf"(?P<mo>[A-Za-z]{{3,9}})\.?[-/ ]{{1,2}}(?P<d>[0-9]{{1,2}})[-/, ]{{1,2}}(?P<y>[0-9]{{4}})"
    rf"(?:,? at |{_BREAK}){_SHORT_CLOCK}",
)
"""Shapes that begin with a month's name."""
_compiled: Final = cache(re.compile)
"""A shape is compiled when a text is first compared with it, names of zones when a text has something behind its clock."""
_WEEKDAY: Final = re.compile(r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)(?:[a-z]{3,6})?,? {1,2}", re.IGNORECASE)


class Clock(NamedTuple):
    """A day of a year and a time of that day; the second may be 60."""

    month: int
    day: int
    hour: int
    minute: int
    second: int


class Read(NamedTuple):
    """The parts of a text: year (None if missing), clock, minutes east of UTC or the zone of a named place, and whether
    the text has them; and whether another order of the date's numbers fits the file too."""

    year: int | None
    clock: Clock
    offset: int | tzinfo
    zone_told: bool
    order_assumed: bool = False


def read_moment(text: str, orders: DateOrders | None = None) -> Read | None:
    """Read a text without a fraction; None if it has no known shape. The date need not exist."""
    if weekday := _WEEKDAY.match(text):
        text = text[weekday.end() :]
    parts = _parts(text)
    if parts is None:
        return None
    zone = parts.get("z") or parts.get("z2")
    hour = _hour(int(parts["h"]), parts.get("half"))
    place = zone_of(zone) if zone and "/" in zone else None
    offset = place or _offset_minutes(None if zone and "/" in zone else zone)
    decided = orders.of(parts["dot"] or "") if orders and parts.get("a") else None
    day = _date(parts, decided[0] if decided else None)
    if hour is None or offset is None or day is None:
        return None
    clock = Clock(day[1], day[2], hour, int(parts["mi"]), int(parts["s"] or 0))
    unambiguous = zone is not None and zone not in _AMBIGUOUS_ZONES and (place is not None or "/" not in zone)
    return Read(day[0], clock, offset, unambiguous, bool(decided and decided[1]) and _is_ambiguous(parts))


def _parts(text: str) -> dict[str, Any] | None:
    """The parts of a text by the first of its shapes. A shape can end at one place only, since no tail begins with a
    digit."""
    for shape in _NUMBERED if text[:1].isdecimal() else _NAMED:
        head = _compiled(shape).match(text)
        if head is None:
            continue
        parts: dict[str, Any] = head.groupdict()
        has_year_behind = parts.get("year_behind") is not None
        if head.end() == len(text) and not has_year_behind:
            return parts
        tail = _compiled(_YEAR_TAIL if has_year_behind else _TAIL).fullmatch(text, head.end())
        if tail:
            return parts | tail.groupdict()
    return None


def _hour(hour: int, half: str | None) -> int | None:
    """The hour of the day; on a twelve-hour clock 12 begins each half. None if there is no such hour."""
    if half is None or hour > 12:
        return None if half in ("a", "A") else hour
    return hour % 12 + (12 if half in "pP" else 0)


def _is_ambiguous(parts: dict[str, str | None]) -> bool:
    """Whether another order of the three numbers is a date too, and a different one."""
    first, second, last = int(parts["a"] or 0), int(parts["b"] or 0), parts.get("c")
    return (first != second and first <= 12 and second <= 12) or (last is not None and len(last) == 2)


def _date(parts: dict[str, str | None], order: str | None) -> tuple[int | None, int, int] | None:
    """Year (None if missing), month and day, which need not exist; None for an unknown name."""
    year = parts.get("y")
    if parts.get("a") is not None:
        return _numbered_date(
            int(parts["a"] or 0), int(parts["b"] or 0), parts.get("c"), parts["dot"] or "", order
        )
    if parts.get("week") or parts.get("day"):
        return _counted_date(f"{year}-W{parts['week']}-{parts['weekday']}", f"{year}-{parts['day']}")
    name = parts["mo"] or ""
    month = int(name) if name.isdecimal() else _MONTHS.get(name.lower())
    return None if month is None else (_full_year(year), month, int(parts["d"] or 0))


def _counted_date(week: str, day: str) -> tuple[int, int, int] | None:
    """The date of an ISO week's day, or of a day counted from the first of January."""
    for text, form in ((week, "%G-W%V-%u"), (day, "%Y-%j")):
        with suppress(ValueError):
            date = datetime.strptime(text, form)  # noqa: DTZ007 - a date has no zone
            if date.strftime(form) == text:  # strptime gives a year 366 days at any time
                return date.year, date.month, date.day
    return None


def _numbered_date(
    first: int, second: int, last: str | None, mark: str, order: str | None
) -> tuple[int | None, int, int]:
    """Which of three numbers is year, month and day; see the module. Without a year the month comes first.

    order: of the file, such as `dmy`; None if nothing was decided.
    """
    if last is not None and len(last) == 2:
        number = int(last)
        is_year_first = mark != "." and 1 <= second <= 12 and 1 <= number <= 31
        if order == "ymd" or (order is None and is_year_first and not (mark == "/" and first <= 12 < number)):
            return _full_year(f"{first:02d}"), second, number
    if order in ("dmy", "mdy"):
        return _full_year(last), *((second, first) if order == "dmy" else (first, second))
    day_first = last is not None and mark != "/"
    if (day_first and second <= 12) or first > 12:
        first, second = second, first
    return _full_year(last), first, second


def _full_year(year: str | None) -> int | None:
    if year is None:
        return None
    return full_year(int(year)) if len(year) == 2 else int(year)


def moment_of(year: int, clock: Clock, offset: int | tzinfo) -> datetime | None:
    """The moment in UTC, naive; None if there is none. A 60th second is the first of the next minute.

    offset: minutes east of UTC, or a zone; an hour that occurs twice there is the first, before the clocks go back.
    """
    month, day, hour, minute, second = clock
    leap = second == 60
    try:
        moment = datetime(year, month, day, hour, minute, 59 if leap else second)  # noqa: DTZ001
        if isinstance(offset, int):
            return moment + timedelta(minutes=-offset, seconds=leap)
        return moment + timedelta(seconds=leap) - (offset.utcoffset(moment) or timedelta())
    except (ValueError, OverflowError):
        return None


def _offset_minutes(zone: str | None) -> int | None:
    """Minutes east of UTC; 0 without a zone, None if it is out of range."""
    if zone is None:
        return 0
    if zone[0] not in "+-":
        known = _ZONE_MINUTES.get(zone)
        if known is not None:
            return known
        digits = zone[4:].replace(":", "")
        zone = zone[3] + digits.zfill(2 if len(digits) < 3 else 4)
    hours, minutes = int(zone[1:3]), int(zone[3:].lstrip(":") or 0)
    if hours > 23 or minutes > 59:
        return None
    return (hours * 60 + minutes) * (-1 if zone[0] == "-" else 1)
