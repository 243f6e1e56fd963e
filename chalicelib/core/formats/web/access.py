"""Access logs of Apache httpd, nginx and those that write like them: the Common and the Combined Log Format.

A line is explained when client, ident, user, time, request, status and size are there; what follows is
typed by `tails`, or kept as `extra`. The body is the request line as logged, so that a garbage request
(TLS bytes, binary probes) keeps its line; method, target and protocol are typed where it has them.
In typed fields ``\\"`` and ``\\\\`` are resolved; other escapes (``\\x16``) stay as logged.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Final, TypeAlias

from chalicelib.core.formats import Format
from chalicelib.core.formats.times import Times
from chalicelib.core.formats.web.requests import DIGITS_MAX, QUOTED, add_request, is_address, resolved
from chalicelib.core.formats.web.tails import add_tail
from chalicelib.core.records import Record, Reject

if TYPE_CHECKING:
    from chalicelib.core.formats import Parse, ParseContext
    from chalicelib.core.formats.times import Stamp
    from chalicelib.core.records import Value

Tail: TypeAlias = "Callable[[dict[str, Value], str], object]"
"""Types what follows the agent; False where it is not what the format asks for."""

_LINE: Final = re.compile(
    r"([^ \[][^ ]*+) ++([^ ]++) ++(-(?= ++\[)|(?!- )[^ ]++(?: ++(?!\[|- )[^ ]++){0,3}+) ++\[([^\]]{10,64})\] ++"
    + QUOTED
    + r" ++(-|[0-9]{3}) ++(-|[0-9]++)"
    rf"(?: ++{QUOTED} ++{QUOTED}| ++- ++{QUOTED})?+((?: .*+)?+)",
    re.DOTALL,
)
"""client, ident, user, time, request, status, size, referer, user agent, the agent after a bare ``-``, tail.
A user may hold spaces."""
_HOST_NAME: Final = re.compile(r"(?=[^:]{4,253}(?::|$))[\w-]{1,63}(?:\.[\w-]{1,63}){0,8}\.[a-z][a-z-]{1,62}(?::[0-9]{1,5})?")
_CACHE_MAX: Final = 8192
_ZONES_MAX: Final = 64
_SIZE_MAX: Final = 10**DIGITS_MAX - 1

_METHODS: Final = {
    f'"{method}': method
    for method in ("GET", "POST", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH", "CONNECT", "TRACE", "QUERY")
}


class _Codes(dict[str, "dict[str, Value]"]):
    """Status → the fields of a usual line, to be copied; those that differ from line to line hold nothing."""

    def __init__(self, version: str) -> None:
        super().__init__()
        self._version = version

    def __missing__(self, status: str) -> dict[str, Value]:
        """Raises KeyError for what is no status from 100 to 599."""
        if len(status) != 3 or not status.isascii() or not status.isdecimal() or not "100" <= status < "600":
            raise KeyError(status)
        fields = self[status] = {
            "client.address": "",
            "http.request.method": "",
            "url.path": "",
            "network.protocol.name": "http",
            "network.protocol.version": self._version,
            "http.response.status_code": int(status),
            "http.response.body.size": 0,
        }
        return fields


_USUAL: Final = {
    f'HTTP/{version}"': _Codes(version) for version in ("1.1", "1.0", "2.0", "2", "3.0", "3", "0.9")
}

NOT_ACCESS: Final = Reject("not-an-access-line")
_BAD_TIME: Final = Reject("invalid-timestamp")
SIEVE: Final = r"[^ \[][^\n]{0,400}? ++\[[^\]\n]{10,64}\] ++\""


class _AnyLine:
    """Parses any access line by its regular expression, and keeps the times it met.

    zones: zone with its bracket → bracket, date and time → time stamp.
    """

    __slots__ = ("_common", "_tail", "_times", "zones")

    def __init__(self, context: ParseContext, tail: Tail, *, common: bool) -> None:
        self._times = Times(context.last_modified)
        self._tail = tail
        self._common = common
        self.zones: dict[str, dict[str, Stamp]] = {}

    def stamp(self, day: str, zone: str) -> Stamp:
        """The time stamp of ``[14/Mar/2024:09:26:53`` and ``+0100]``; raises KeyError where it is none."""
        known = self._times.of_text(f"{day[1:]} {zone[:-1]}") if day[:1] == "[" and zone[-1:] == "]" else None
        if known is None or "]" in day:
            raise KeyError(day)
        if len(self.zones) >= _ZONES_MAX:
            self.zones.clear()
        days = self.zones.setdefault(zone, {})
        if len(days) >= _CACHE_MAX:
            days.clear()
        days[day] = known
        return known

    def parse(self, line: str) -> Record | Reject:
        found = _LINE.fullmatch(line)
        if found is None:
            return NOT_ACCESS
        client, ident, user, when, request, status, size, referer, agent, lone_agent, tail = found.groups()
        agent = agent if agent is not None else lone_agent
        if agent is None and tail[:2] == ' "':
            return NOT_ACCESS
        if (self._common and agent is not None) or is_address(ident):
            return NOT_ACCESS
        stamp = self._times.of_text(when)
        if stamp is None:
            return _BAD_TIME
        fields: dict[str, Value] = {}
        add_request(fields, request)
        if status != "-":
            fields["http.response.status_code"] = int(status)
        if size != "-":
            fields["http.response.body.size"] = int(size) if len(size) <= DIGITS_MAX else size
        for name, text in (
            ("client.address", client),
            ("http.request.header.referer", referer),
            ("user_agent.original", agent),
            ("user.name", user),
            ("server.address" if _HOST_NAME.fullmatch(ident) else "ident", ident),
        ):
            if text and text not in ("-", '""'):
                fields[name] = resolved(text)
        if self._tail(fields, tail) is False:
            return NOT_ACCESS
        return Record(*stamp, None, None, request if request not in ("", "-") else None, fields)


def make_parser(context: ParseContext, *, tail: Tail = add_tail) -> Parse:
    """A parser of lines that begin with client, ident and user; `tail` types what follows the agent."""
    any_line = _AnyLine(context, tail, common=False)
    parse_any, zones, read = any_line.parse, any_line.zones, any_line.stamp
    new, methods, usual, always = tuple.__new__, _METHODS, _USUAL, tail is not add_tail

    def parse(line: str) -> Record | Reject:
        """The usual line without a regular expression; anything unusual goes to `_AnyLine`."""
        try:
            client, ident, user, day, zone, method, target, protocol, status, size, rest = line.split(" ", 10)
            opening, referer, between, agent, end = rest.split('"', 4)
            fields = usual[protocol][status].copy()
            fields["http.request.method"] = method = methods[method]
            fields["http.response.body.size"] = count = int(size)
            try:
                stamp = zones[zone][day]
            except KeyError:
                stamp = read(day, zone)
            if (
                target[0] != "/" or client[0] in '-["' or between != " " or opening or ident != "-" or not user
                or '"' in target or "\\" in line or not line.isascii() or not size.isdecimal() or count > _SIZE_MAX
            ):  # fmt: skip
                return parse_any(line)
        except (ValueError, KeyError, IndexError):
            return parse_any(line)
        fields["client.address"] = client
        if "?" in target:
            fields["url.path"], _, query = target.partition("?")
            if query:
                fields["url.query"] = query
        else:
            fields["url.path"] = target
        if referer != "-" and referer:
            fields["http.request.header.referer"] = referer
        if agent != "-" and agent:
            fields["user_agent.original"] = agent
        if user != "-":
            fields["user.name"] = user
        if end or always:
            if end[:1] not in (" ", ""):
                return NOT_ACCESS
            if tail(fields, end) is False:
                return NOT_ACCESS
        return new(Record, (stamp[0], stamp[1], None, None, f"{method} {target} {protocol[:-1]}", fields))

    return parse


def _common(context: ParseContext) -> Parse:
    any_line = _AnyLine(context, add_tail, common=True)
    parse_any, zones, read = any_line.parse, any_line.zones, any_line.stamp
    new, methods, usual = tuple.__new__, _METHODS, _USUAL

    def parse(line: str) -> Record | Reject:
        """As that of the combined format, for lines that end with the size."""
        try:
            client, ident, user, day, zone, method, target, protocol, status, size = line.split(" ")
            fields = usual[protocol][status].copy()
            fields["http.request.method"] = method = methods[method]
            fields["http.response.body.size"] = count = int(size)
            try:
                stamp = zones[zone][day]
            except KeyError:
                stamp = read(day, zone)
            if (
                target[0] != "/" or client[0] in '-["' or ident != "-" or not user or '"' in target
                or "\\" in line or not line.isascii() or not size.isdecimal() or count > _SIZE_MAX
            ):  # fmt: skip
                return parse_any(line)
        except (ValueError, KeyError, IndexError):
            return parse_any(line)
        fields["client.address"] = client
        if "?" in target:
            fields["url.path"], _, query = target.partition("?")
            if query:
                fields["url.query"] = query
        else:
            fields["url.path"] = target
        if user != "-":
            fields["user.name"] = user
        return new(Record, (stamp[0], stamp[1], None, None, f"{method} {target} {protocol[:-1]}", fields))

    return parse


COMMON: Final = Format(
    name="access_common",
    title="Apache httpd and nginx access log, Common Log Format",
    source="https://httpd.apache.org/docs/2.4/logs.html#common",
    samples=(
        '192.0.2.17 - - [14/Mar/2024:09:26:53 +0100] "GET /index.html HTTP/1.1" 200 5316',
        '2001:db8::5 - ada [14/Mar/2024:09:26:54 +0100] "POST /login?next=/a%20b HTTP/2.0" 302 -',
        'gateway.example.org - - [14/Mar/2024:09:26:55 +0100] "\\x16\\x03\\x01" 400 226',
    ),
    make_parser=_common,
    specificity=0.97,
    sieve=SIEVE,
    alone=True,
)
COMBINED: Final = Format(
    name="access_combined",
    title="Apache httpd and nginx access log, Combined Log Format, with what is added at its end",
    source="https://httpd.apache.org/docs/2.4/logs.html#combined",
    samples=(
        '192.0.2.17 - - [14/Mar/2024:09:26:53 +0100] "GET /shop?q=froe HTTP/1.1" 200 5316'
        ' "https://example.org/" "Mozilla/5.0 (X11; Linux x86_64)"',
        '2001:db8::5 - ada [14/Mar/2024:09:26:54 +0100] "GET /a HTTP/2.0" 304 0 "-" "the \\"quoted\\" agent"',
        '198.51.100.9 - - [14/Mar/2024:09:26:55 +0100] "\\x16\\x03\\x01\\x02" 400 150 "-" "-"',
        '198.51.100.9 - - [14/Mar/2024:09:26:56 +0100] "GET /a HTTP/1.1" 200 7 "-" "curl/8.5.0" "203.0.113.4, 192.0.2.1" 0.012',
    ),
    make_parser=make_parser,
    specificity=0.96,
    sieve=SIEVE,
    alone=True,
)

FORMATS: Final = (COMMON, COMBINED)
