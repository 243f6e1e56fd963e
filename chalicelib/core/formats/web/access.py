"""Access logs of Apache httpd and nginx: the Common and the Combined Log Format.

A line is explained when client, ident, user, time, request, status and size are there; whatever
follows is kept as `extra`. The body is the request line as logged, so that a garbage request (TLS
bytes, binary probes) keeps its line; method, target and protocol are typed where it has them.
In typed fields ``\\"`` and ``\\\\`` are resolved; other escapes (``\\x16``) stay as logged.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from chalicelib.core.formats import Format
from chalicelib.core.formats.times import Times
from chalicelib.core.records import Record, Reject

if TYPE_CHECKING:
    from chalicelib.core.formats import Parse, ParseContext
    from chalicelib.core.formats.times import Stamp
    from chalicelib.core.records import Value

_QUOTED: Final = r'"([^"\\]*+(?:\\.[^"\\]*+)*+)"'
_LINE: Final = re.compile(
    r"([^ \[][^ ]*+) ++([^ ]++) ++(-(?= ++\[)|(?!- )[^ ]++(?: ++(?!\[|- )[^ ]++){0,3}+) ++\[([^\]]{10,64})\] ++"
    + _QUOTED
    + r" ++(-|[0-9]{3}) ++(-|[0-9]++)"
    rf"(?: ++{_QUOTED} ++{_QUOTED})?+(?: ++([^ ].*+))?+ *+",
    re.DOTALL,
)
"""client, ident, user, time, request, status, size, referer, user agent, extra. A user may hold spaces."""
_ESCAPE: Final = re.compile(r'\\(["\\])')
_METHOD: Final = re.compile(r"[A-Z][A-Z_-]{0,31}")
_PROTOCOL: Final = re.compile(r"([A-Za-z][A-Za-z0-9+-]{0,15})/([0-9]{1,3}(?:\.[0-9]{1,3})?)")
_ABSOLUTE: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.-]{0,31})://[^/?#]*+([^?#]*+)(?:\?([^#]*+))?+")
_SIZE_DIGITS_MAX: Final = 18
_CACHE_MAX: Final = 8192

_CODES: Final = {str(code): code for code in range(100, 600)}
_PROTOCOLS: Final = {
    f"HTTP/{version}": ("http", version) for version in ("1.1", "1.0", "2.0", "2", "3.0", "3", "0.9")
}
_METHODS: Final = frozenset(
    ("GET", "POST", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH", "CONNECT", "TRACE", "QUERY")
)

_NOT_ACCESS: Final = Reject("not-an-access-line")
_BAD_TIME: Final = Reject("invalid-timestamp")


class _AnyLine:
    """Parses any access line by its regular expression, and keeps the times it met.

    heads: the time stamp of what stands between the bracket before a time and the request's quote.
    """

    __slots__ = ("_common", "_times", "heads")

    def __init__(self, context: ParseContext, *, common: bool) -> None:
        self._times = Times(context.last_modified)
        self._common = common
        self.heads: dict[str, Stamp] = {}

    def head(self, when: str) -> Stamp | None:
        """The time stamp of a head, None where it is none."""
        if when[-2:] != "] " or not 12 <= len(when) <= 66 or "]" in when[:-2]:
            return None
        stamp = self._times.of_text(when[:-2])
        if stamp is not None:
            if len(self.heads) >= _CACHE_MAX:
                self.heads.clear()
            self.heads[when] = stamp
        return stamp

    def parse(self, line: str) -> Record | Reject:
        found = _LINE.fullmatch(line)
        if found is None:
            return _NOT_ACCESS
        client, ident, user, when, request, status, size, referer, agent, extra = found.groups()
        if (self._common and referer is not None) or (extra and extra[0] == '"' and referer is None):
            return _NOT_ACCESS
        stamp = self._times.of_text(when)
        if stamp is None:
            return _BAD_TIME
        fields: dict[str, Value] = {}
        method, _, target = _resolved(request).partition(" ")
        if target and _METHOD.fullmatch(method):
            fields["http.request.method"] = method
            _add_target(fields, target)
        if status != "-":
            fields["http.response.status_code"] = int(status)
        if size != "-":
            fields["http.response.body.size"] = int(size) if len(size) <= _SIZE_DIGITS_MAX else size
        for name, text in (
            ("client.address", client),
            ("http.request.header.referer", referer),
            ("user_agent.original", agent),
            ("user.name", user),
            ("ident", ident),
            ("extra", extra and extra.rstrip(" ")),
        ):
            if text and text not in ("-", '""'):
                fields[name] = _resolved(text) if name != "extra" else text
        return Record(*stamp, None, None, request if request not in ("", "-") else None, fields)


def _add_target(fields: dict[str, Value], target: str) -> None:
    """Types a request's target and protocol: origin form, absolute form, or whatever stands there."""
    path, _, last = target.rpartition(" ")
    protocol = _PROTOCOL.fullmatch(last) if path else None
    if protocol is None:
        path = target
    query = ""
    if path[0] == "/":
        path, _, query = path.partition("?")
    elif found := _ABSOLUTE.match(path):
        fields["url.full"] = path
        fields["url.scheme"] = found[1].lower()
        path, query = found[2] or "/", found[3] or ""
    fields["url.path"] = path
    if query:
        fields["url.query"] = query
    if protocol is not None:
        fields["network.protocol.name"] = protocol[1].lower()
        fields["network.protocol.version"] = protocol[2]


def _make_parser(context: ParseContext, *, common: bool) -> Parse:
    any_line = _AnyLine(context, common=common)
    parse_any, heads = any_line.parse, any_line.heads
    new = tuple.__new__

    def parse(line: str) -> Record | Reject:
        """The usual line without a regular expression; anything unusual goes to `_AnyLine`."""
        parts = line.split('"')
        try:
            if len(parts) == 7:
                head, request, middle, referer, between, agent, tail = parts
            else:
                head, request, middle = parts
                middle += " "
                referer = agent = "-"
                between, tail = " ", ""
            who, when = head.split(" [")
            client, ident, user = who.split(" ")
            method, target, protocol = request.split(" ")
            before, status, size, after = middle.split(" ")
            stamp = heads.get(when) or any_line.head(when)
            protocol_name, version = _PROTOCOLS[protocol]
            code = _CODES[status]
        except (ValueError, KeyError):
            return parse_any(line)
        if (
            stamp is None or "\\" in line or between != " " or tail or before or after or (common and len(parts) != 3)
            or target[:1] != "/" or method not in _METHODS or client == "-" or client[:1] == "["
            or not size.isdecimal() or not size.isascii() or len(size) > _SIZE_DIGITS_MAX
            or not client or not ident or not user
        ):  # fmt: skip
            return parse_any(line)
        if "?" in target:
            path, _, query = target.partition("?")
        else:
            path, query = target, ""
        fields: dict[str, Value] = {
            "client.address": client,
            "http.request.method": method,
            "url.path": path,
            "network.protocol.name": protocol_name,
            "network.protocol.version": version,
            "http.response.status_code": code,
            "http.response.body.size": int(size),
        }
        if query:
            fields["url.query"] = query
        if referer != "-" and referer:
            fields["http.request.header.referer"] = referer
        if agent != "-" and agent:
            fields["user_agent.original"] = agent
        if user != "-":
            fields["user.name"] = user
        if ident != "-":
            fields["ident"] = ident
        return new(Record, (*stamp, None, None, request, fields))

    return parse


def _resolved(text: str) -> str:
    return _ESCAPE.sub(r"\1", text) if "\\" in text else text


def _common(context: ParseContext) -> Parse:
    return _make_parser(context, common=True)


def _combined(context: ParseContext) -> Parse:
    return _make_parser(context, common=False)


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
    sieve=r"[^ \[][^\n]{0,400}? ++\[[^\]\n]{10,64}\] ++\"",
    alone=True,
)
COMBINED: Final = Format(
    name="access_combined",
    title="Apache httpd and nginx access log, Combined Log Format",
    source="https://httpd.apache.org/docs/2.4/logs.html#combined",
    samples=(
        '192.0.2.17 - - [14/Mar/2024:09:26:53 +0100] "GET /shop?q=froe HTTP/1.1" 200 5316'
        ' "https://example.org/" "Mozilla/5.0 (X11; Linux x86_64)"',
        '2001:db8::5 - ada [14/Mar/2024:09:26:54 +0100] "GET /a HTTP/2.0" 304 0 "-" "the \\"quoted\\" agent"',
        '198.51.100.9 - - [14/Mar/2024:09:26:55 +0100] "\\x16\\x03\\x01\\x02" 400 150 "-" "-"',
    ),
    make_parser=_combined,
    specificity=0.96,
    sieve=r"[^ \[][^\n]{0,400}? ++\[[^\]\n]{10,64}\] ++\"",
    alone=True,
)

FORMATS: Final = (COMMON, COMBINED)
