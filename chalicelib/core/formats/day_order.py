"""Which number of a date is the day, decided once from the head of a text: `05/01/2026` is one day in all of a file.

An order is given for each mark between the numbers: `/dmy`; a question mark behind it says that another order fits
all dates of the head too. Then the one wins by which they lie closer together, else the one that is usual for the mark.
Only dates that stand where the time of entries does decide; those in messages do not.
"""

from __future__ import annotations

import re
from collections import Counter
from datetime import UTC, date, datetime
from typing import Final

from chalicelib.core.formats.promotion import time_members

_DATE: Final = re.compile(
    r"(?<![0-9./-])([0-9]{1,2})([-/.])([0-9]{1,2})\2([0-9]{4}|[0-9]{2})(?=[T_ ,;|\"'\t:-]{1,4}[0-9]{1,2}[:.][0-9]{2})"
)
"""A date before a clock."""
_SHARE_MIN: Final = 0.6
_DATES_MAX: Final = 2000
_MEMBER: Final = re.compile(r"([\w.@-]{1,64})[\"']?\s{0,2}[:=]\s{0,2}[\"'\[]?$")
"""The text before the value of a member."""
_MEMBER_CHARACTERS: Final = 72
_COLUMN: Final = re.compile(r"[,;|\t]\"?$")
_COLUMN_MARKS: Final = (",", ";", "|", "\t")
_BEHIND_CHARACTERS: Final = 1000
_START_SHARE_MIN: Final = 0.2
_START_WORDS_MAX: Final = 1
"""A level may precede the time."""
_YEARS_BACK: Final = 15
_ASSUMED: Final = "?"
_DAYS: Final = {"dmy": (2, 1, 0), "mdy": (2, 0, 1), "ymd": (0, 1, 2)}
"""Positions of year, month and day."""

_Date = tuple[int, int, int]
_Place = tuple[str, int]


class DateOrders:
    """The orders of a file. text: from `order_in`; None if nothing was decided."""

    __slots__ = ("_orders",)

    def __init__(self, text: str | None) -> None:
        self._orders = {each[0]: (each[1:4], each.endswith(_ASSUMED)) for each in (text or "").split()}

    def __bool__(self) -> bool:
        return bool(self._orders)

    def of(self, mark: str) -> tuple[str, bool] | None:
        """The order of dates with that mark, and whether it is assumed."""
        return self._orders.get(mark)


def order_in(head: str, last_modified: datetime) -> str | None:
    """The orders of the dates in a head, for `DateOrders`; None if it has no dates of three numbers."""
    matches = []
    for number, match in enumerate(_DATE.finditer(head)):
        if number >= _DATES_MAX:
            break
        matches.append((_place(head, match.start()), match))
    place = _place_of_time([place for place, _ in matches], head)
    by_form: dict[str, list[tuple[_Date, bool]]] = {}
    for at, match in matches:
        if at == place:
            first, mark, second, last = match.groups()
            by_form.setdefault(mark, []).append(((int(first), int(second), int(last)), len(last) == 2))
    orders = (
        _order(mark, dates, last_modified.astimezone(UTC).year) for mark, dates in sorted(by_form.items())
    )
    return " ".join(each for each in orders if each) or None


def _place(head: str, at: int) -> _Place:
    """The place of a date in its line: in which member or column, or behind how many words."""
    if member := _MEMBER.search(head[max(0, at - _MEMBER_CHARACTERS) : at]):
        return member[1], 0
    begin = head.rfind("\n", max(0, at - _BEHIND_CHARACTERS), at) + 1
    if not begin and at > _BEHIND_CHARACTERS:
        return "", _BEHIND_CHARACTERS
    before = head[begin:at]
    if column := _COLUMN.search(before):
        mark = column[0][0]
        return mark, before.count(mark)
    return "", len(before.split())


def _place_of_time(places: list[_Place], head: str) -> _Place | None:
    """The place of the dates that are the times of entries: a member or column with such a name, the beginning of
    lines, or the place of most dates."""
    counts = Counter(places)
    named = {_name(place, head): place for place in reversed(counts)}
    named.pop("", None)
    enough = _START_SHARE_MIN * len(places)
    for name in time_members(list(reversed(named))):
        if counts[named[name]] >= enough:
            return named[name]
    for words in range(_START_WORDS_MAX + 1):
        if counts["", words] >= enough:
            return "", words
    return max(counts, key=lambda place: counts[place], default=None)


def _name(place: _Place, head: str) -> str:
    """The name of the member or column; empty if it has none."""
    mark, number = place
    if mark not in _COLUMN_MARKS:
        return mark
    names = head.split("\n", 1)[0].split(mark)
    return names[number].strip(' "\r') if number < len(names) else ""


def _order(mark: str, dates: list[tuple[_Date, bool]], year: int) -> str | None:
    short = all(is_short for _, is_short in dates)
    read = {
        name: [day for numbers, _ in dates if (day := _day(numbers, name)) is not None]
        for name in (("ymd", "dmy", "mdy") if short and mark != "." else ("dmy", "mdy"))
    }
    fitting = [name for name, days in read.items() if len(days) >= max(_SHARE_MIN * len(dates), 1)]
    if short:
        fitting = _of_likely_years(read, fitting, year)
    most = max((len(read[name]) for name in fitting), default=0)
    closest = [name for name in fitting if len(read[name]) == most]
    if not closest:
        return None
    spans = {name: (max(read[name]) - min(read[name])).days for name in closest}
    closest = [name for name in closest if spans[name] == min(spans.values())]
    chosen = closest[0] if len(closest) == 1 else _usual(mark, closest, [each for each, _ in dates])
    fits_another = any(len(days) >= len(read[chosen]) for name, days in read.items() if name != chosen)
    return mark + chosen + (_ASSUMED if fits_another else "")


def _of_likely_years(read: dict[str, list[date]], fitting: list[str], year: int) -> list[str]:
    """The orders for which all dates are in years up to LastModified's; all orders if there is none."""
    likely = [name for name in fitting if all(year - _YEARS_BACK <= day.year <= year for day in read[name])]
    return likely or fitting


def _usual(mark: str, fitting: list[str], dates: list[_Date]) -> str:
    """The order in which `dates` reads a date by itself."""
    american = mark == "/" and all(first <= 12 < last for first, _, last in dates)
    for name in ("ymd", "mdy", "dmy") if mark == "/" else ("ymd", "dmy", "mdy"):
        if name in fitting and not (name == "ymd" and american):
            return name
    return fitting[0]


def _day(numbers: _Date, order: str) -> date | None:
    year, month, day = (numbers[place] for place in _DAYS[order])
    try:
        return date(full_year(year), month, day)
    except ValueError:
        return None


def full_year(year: int) -> int:
    """The year for a number of two or four digits."""
    return year if year > 99 else year + (1900 if year >= 69 else 2000)
