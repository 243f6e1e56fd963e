"""Access logs of Apache httpd, nginx and those that write like them: the Common and the Combined Log Format.

A line is explained when client, ident, user, time, request, status and size are there; what follows is
typed by `tails`, or kept as `extra`. The body is the request line as logged, so that a garbage request
(TLS bytes, binary probes) keeps its line; method, target and protocol are typed where it has them.
In typed fields ``\\"`` and ``\\\\`` are resolved; other escapes (``\\x16``) stay as logged.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from chalicelib.core.formats import Format
from chalicelib.core.formats.kinds import DIGITS_MAX, is_place
from chalicelib.core.formats.reasons import OTHER_SHAPE
from chalicelib.core.formats.web.access_any import AnyLine
from chalicelib.core.formats.web.tails import add_tail
from chalicelib.core.records import Record

if TYPE_CHECKING:
    from chalicelib.core.formats import Parse, ParseContext
    from chalicelib.core.formats.web.access_any import Tail
    from chalicelib.core.records import Reject, Value

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

SIEVE: Final = r"[^ \[][^\n]{0,400}? ++\[[^\]\n]{10,64}\] ++\""


def make_parser(context: ParseContext, *, tail: Tail = add_tail) -> Parse:
    """A parser of lines that begin with client, ident and user; `tail` types what follows the agent."""
    any_line = AnyLine(context, tail, common=False)
    parse_any, zones, read = any_line.parse, any_line.zones, any_line.stamp
    new, methods, usual, always = tuple.__new__, _METHODS, _USUAL, tail is not add_tail

    def parse(line: str) -> Record | Reject:
        """The usual line without a regular expression; anything unusual goes to `AnyLine`."""
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
                target[0] != "/" or not is_place(client) or client[0] in "-uUnN" or between != " " or opening or ident != "-" or not user or (":" in client and "." in client)
                or '"' in target or "\\" in line or not line.isascii() or not size.isdecimal() or count > _SIZE_MAX or referer[:1].isdecimal()
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
            if user[0] == '"':
                return parse_any(line)
            fields["user.name"] = user
        if (end or always) and (end[:1] not in (" ", "") or not tail(fields, end)):
            return OTHER_SHAPE if end[:1] in (" ", "") else parse_any(line)
        return new(Record, (stamp[0], stamp[1], None, None, f"{method} {target} {protocol[:-1]}", fields))

    return parse


def _common(context: ParseContext) -> Parse:
    any_line = AnyLine(context, add_tail, common=True)
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
                target[0] != "/" or not is_place(client) or client[0] in "-uUnN" or ident != "-" or not user or (":" in client and "." in client) or '"' in target
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
            if user[0] == '"':
                return parse_any(line)
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
    specificity=0.95,
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
    specificity=0.94,
    sieve=SIEVE,
    alone=True,
)

FORMATS: Final = (COMMON, COMBINED)
