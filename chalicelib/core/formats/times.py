"""Time stamps of any known shape → ISO 8601 in UTC with a final ``Z``, digit for digit as precise, to nanoseconds.

What the text does not say is assumed and named: no zone is UTC, no year is the latest one that is
not after the object's LastModified plus a day. Conversions are cached by their second. A date that
does not exist is None, never an exception. A leap second (``:60``) is the second after ``:59``.
Which number of a date is what: see `dates`.
"""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final, TypeAlias

from chalicelib.core.formats.dates import MONTH, MONTH_NAMES, ZONE, Clock, moment_of, read_moment
from chalicelib.core.formats.day_order import DateOrders
from chalicelib.core.formats.zones import PLACE

if TYPE_CHECKING:
    from datetime import tzinfo

    from chalicelib.core.records import Value

__all__ = ["MONTH", "MONTH_NAMES", "ZONE", "Stamp", "Times"]

Stamp: TypeAlias = "tuple[str, str | None]"
"""The time stamp and what was assumed: some of ``day-month``, ``year`` and ``zone`` with commas between, or None."""

_GO_TAIL: Final = re.compile(
    r"(?<=[0-9] [+-][0-9]{4}) (?:[A-Z]{1,5}|[+-][0-9]{2}(?:[0-9]{2})?)(?: m=[+-][0-9]{1,12}\.[0-9]{1,12})?\Z",
    re.ASCII,
)
"""What Go's ``time.String`` writes behind the offset: the zone's name, and the reading of the monotonic clock."""
_FRACTION: Final = re.compile(
    r"[.,:](?:(?<=[0-9]:[0-9]{2}:[0-9]{2}[.,])|(?<=[0-9]:[0-9]{2}:[0-9]{2}:)(?=[0-9]{3})"
    r"|(?<=[0-9]\.[0-9]{2}\.[0-9]{2}\.)(?=[0-9]{3})|(?<=[0-9]{6}[.,]))([0-9]{1,18})(?![0-9])"
)
"""Behind a clock (one with dots has points only, behind a colon there are three digits or more)."""
_EPOCH: Final = re.compile(r"([0-9]{9,19})(?:\.([0-9]{1,9})[0-9]{0,9})?", re.ASCII)
_DATED: Final = re.compile(
    r"((?:19[7-9]|20[0-9])[0-9]{11})([0-9]{3})?(?:\.([0-9]{1,9})[0-9]{0,9})?", re.ASCII
)
"""A number whose digits are those of a date and its time, down to the second or its thousandth."""
_TODAY: Final = re.compile(
    r"1[0-9]{9}(?:\.[0-9]{1,18}|[0-9]{3}(?:\.[0-9]{1,9})?|[0-9]{6}|[0-9]{9})?", re.ASCII
)
_FIRST: Final = "1971"
_DIGITS_MAX: Final = 9
_MINUTE_AND_SECOND: Final = re.compile(r"(?<=(?<![0-9])[0-9]{2}:)[0-5][0-9]:[0-5][0-9](?![0-9])", re.ASCII)
_IN_PLACE: Final = re.compile(PLACE)
_CACHE_MAX: Final = 8192
_SHORTEST: Final = len("0102 03:04:05")
_LONGEST: Final = 72


class Times:
    """Converts the time stamps of one object; holds the caches, so one a parser and one a thread."""

    __slots__ = ("_hours", "_known", "_latest", "_orders", "_seconds", "_usual")

    def __init__(self, last_modified: datetime, date_order: str | None = None) -> None:
        """last_modified: the object's LastModified (aware); bounds a year that is not in the text. date_order: which
        number of a date is the day, as `day_order` decides it for a file."""
        self._orders = DateOrders(date_order)
        self._latest = last_modified.astimezone(UTC).replace(tzinfo=None)
        with suppress(OverflowError):
            self._latest += timedelta(days=1)
        self._known: dict[str, Stamp | None] = {}
        self._hours: dict[str, Stamp] = {}
        self._seconds: dict[int, str] = {}
        self._usual: set[str] = set()

    def of_text(self, text: str) -> Stamp | None:
        """Time stamp of a whole text: ISO 8601 and its relatives, CLF, syslog's, ctime's, RFC 5322's, with
        names of months, numbers with slashes, clocks of twelve hours.

        None where the text is nothing of the kind, or no existing date.
        """
        fraction = text[20:-1]
        if fraction.isdecimal() and text[-1] == "Z" and fraction.isascii() and text[19] == ".":
            if text[:20] in self._usual and len(fraction) <= _DIGITS_MAX:
                return text, None
            known = self._cached(text[:19] + "Z")
            stamp = known and (f"{known[0][:-1]}.{fraction[:_DIGITS_MAX]}Z", known[1])
            if stamp == (text, None):
                self._keep_usual(text[:20])
            return stamp
        if not _SHORTEST <= len(text) <= _LONGEST:
            return None
        if match := _FRACTION.search(text):
            stamp = self.of_parts(text[: match.start()] + text[match.end() :], match[1])
        else:
            stamp = self._cached(text)
        if stamp is None and (tail := _GO_TAIL.search(text)):
            return self.of_text(text[: tail.start()])
        return stamp

    def _keep_usual(self, second: str) -> None:
        """A text that begins with this second, up to the point, is its own time stamp."""
        if len(self._usual) >= _CACHE_MAX:
            self._usual.clear()
        self._usual.add(second)

    def of_parts(self, text: str, fraction: str | None, zone: str | None = None) -> Stamp | None:
        """Time stamp of a text down to its second, the digits of its fraction, and its zone if apart."""
        known = self._cached(text + zone if zone else text)
        if fraction and known:
            return f"{known[0][:-1]}.{fraction[:_DIGITS_MAX]}Z", known[1]
        return known

    def of_number(self, number: float | str) -> Stamp | None:
        """Time stamp of seconds, milli-, micro- or nanoseconds since 1970, told apart by magnitude.

        Of 14 or 17 digits that are a date and its time, it is that. None below 100,000,000 (which as seconds is 1973, and more likely a duration) and of more than 19 digits.
        """
        if not isinstance(number, str):
            if not 0 < number < 1e20:
                return None
            number = repr(number) if number < 1e16 else str(int(number))
        if (dated := _DATED.fullmatch(number)) and (
            stamp := self.of_parts(dated[1], (dated[2] or "") + (dated[3] or ""))
        ):
            return stamp
        match = _EPOCH.fullmatch(number)
        if not match:
            return None
        digits, fraction = match[1].lstrip("0"), match[2] or ""
        scale = max(0, -(-(len(digits) - 11) // 3) * 3)
        if len(digits) < 9:
            return None
        if scale:
            digits, fraction = digits[:-scale], (digits[-scale:] + fraction)[:_DIGITS_MAX]
        second = int(digits)
        base = self._seconds.get(second)
        if base is None:
            if len(self._seconds) >= _CACHE_MAX:
                self._seconds.clear()
            moment = datetime(1970, 1, 1) + timedelta(seconds=second)  # noqa: DTZ001 - naive means UTC here
            base = self._seconds[second] = moment.isoformat()
        return f"{base}.{fraction}Z" if fraction else base + "Z", None

    def of_value(self, value: Value) -> Stamp | None:
        """Time stamp of a field: text of any shape, or a number since 1970."""
        if type(value) is str:
            return self.of_text(value) or self.of_number(value)
        return self.of_number(value) if type(value) is int or type(value) is float else None

    def of_moment(self, value: Value, *, past: bool) -> Stamp | None:
        """As `of_value`, of a field that only may be a time: since 1971, and a number has as many digits as a
        moment of 2001 to 2033 in seconds, milli-, micro- or nanoseconds. past: not after LastModified plus a day.
        """
        if type(value) in (str, int, float) and (
            _TODAY.fullmatch(text := str(value)) or _DATED.fullmatch(text)
        ):
            stamp = self.of_number(text)
        elif type(value) is str:
            stamp = self.of_text(value)
        else:
            return None
        if stamp is None or stamp[0] < _FIRST or (past and stamp[0][:19] > self._latest.isoformat()[:19]):
            return None
        return stamp

    def _cached(self, text: str) -> Stamp | None:
        known = self._known
        try:
            return known[text]
        except KeyError:
            if len(known) >= _CACHE_MAX:
                known.clear()
            stamp = known[text] = self._in_known_hour(text) or self._converted(text)
            return stamp

    def _in_known_hour(self, text: str) -> Stamp | None:
        """The stamp of a text that differs from one that was converted in minute and second only."""
        clock = _MINUTE_AND_SECOND.search(text)
        begin = clock and self._hours.get(_around(clock))
        return (f"{begin[0]}{clock[0]}Z", begin[1]) if clock and begin else None

    def _converted(self, text: str) -> Stamp | None:
        """Convert, and keep the hour if minute and second are the same in UTC and no year is assumed.

        A place's clocks may change within an hour.
        """
        stamp = self._convert(text)
        clock = _MINUTE_AND_SECOND.search(text)
        if (
            stamp
            and clock
            and not _IN_PLACE.search(text)
            and stamp[0][14:-1] == clock[0]
            and stamp[1] in {None, "zone", "day-month", "day-month,zone"}
        ):
            if len(self._hours) >= _CACHE_MAX:
                self._hours.clear()
            self._hours[_around(clock)] = stamp[0][:14], stamp[1]
        return stamp

    def _convert(self, text: str) -> Stamp | None:
        """Time stamp of a text without a fraction."""
        read = read_moment(text, self._orders)
        if read is None:
            return None
        year, clock, offset, zone_told, order_assumed = read
        moment = self._latest_year(clock, offset) if year is None else moment_of(year, clock, offset)
        assumed = ",".join(
            name
            for name, is_assumed in (
                ("day-month", order_assumed),
                ("year", year is None),
                ("zone", not zone_told),
            )
            if is_assumed
        )
        return None if moment is None else (moment.isoformat() + "Z", assumed or None)

    def _latest_year(self, clock: Clock, offset: int | tzinfo) -> datetime | None:
        """The latest year that is not after LastModified plus a day; 29 February may be 8 years back."""
        first = self._latest.year + 1
        for year in range(first, max(first - 10, 0), -1):
            moment = moment_of(year, clock, offset)
            if moment is not None and moment <= self._latest:
                return moment
        return None


def _around(clock: re.Match[str]) -> str:
    return f"{clock.string[: clock.start()]}\0{clock.string[clock.end() :]}"
