"""The error log of nginx (and OpenResty, Tengine): ``time [level] pid#tid: *connection message, client: …``.

The body is the message without the fields behind it. An entry goes on over the lines that scripts write
into it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from chalicelib.core.formats import Format, severity
from chalicelib.core.formats.kinds import add_endpoint, add_integer, endpoint, integer
from chalicelib.core.formats.reasons import BAD_TIME, OTHER_SHAPE
from chalicelib.core.formats.starts import entry_start
from chalicelib.core.formats.times import Times
from chalicelib.core.formats.web.modsecurity import add_tags
from chalicelib.core.formats.web.requests import add_request
from chalicelib.core.framing import Framing
from chalicelib.core.records import Record, Reject

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chalicelib.core.formats import Parse, ParseContext
    from chalicelib.core.records import Value

_LEVELS: Final = {
    level: severity.of_word(level)
    for level in ("debug", "info", "notice", "warn", "error", "crit", "alert", "emerg")
}
_ANY_IDS: Final = re.compile(r"([^\s#:]{1,32})#([^\s#:]{1,32}):(?: \*([0-9]{1,18}))?(?: |$)")
"""Process and thread as they stand, numbers or not."""
_IDS: Final = re.compile(r"([0-9]{1,10})#([0-9]{1,19}):(?: \*([0-9]{1,18}))?(?: |$)", re.ASCII)
_ORDER: Final = (
    "context", "udp client", "client", "server", "login", "request", "subrequest", "upstream", "host", "referrer", "session", "request_id",
    "bytes from/to client", "bytes from/to upstream",
)  # fmt: skip
"""ngx_http_log_error, ngx_mail_log_error, ngx_stream_log_error; OpenResty's context comes before."""
_RANKS: Final = {name: place for place, name in enumerate(_ORDER)}
_FIELD: Final = re.compile(rf", ({'|'.join(_ORDER)}):(?: |(?=[0-9]))")
_CLIENT: Final = re.compile(r", (?:udp )?client: ")
_CLIENTS_MAX: Final = 200
"""How many places are looked at where the fields may begin; a line of nginx has 2 KiB."""
_NAMES: Final = {
    "server": "server.address",
    "host": "http.request.header.host",
    "referrer": "http.request.header.referer",
    "login": "user.name",
    "request_id": "nginx.request_id",
    "bytes from/to client": "nginx.bytes_from_to_client",
    "bytes from/to upstream": "nginx.bytes_from_to_upstream",
}

_BEFORE: Final = re.compile(r"nginx: \[([a-z]{4,16})\] ")
_START: Final = r"[0-9]{4}/[0-9]{2}/[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2} |nginx: \[[a-z]{4,6}\] "


def _make_parser(context: ParseContext) -> Parse:
    times = Times(context.last_modified)
    decided = context.decided

    def parse(entry: str) -> Record | Reject:
        when, bracket, rest = entry[:19], entry[19:21], entry[21:]
        if before := _BEFORE.match(entry):
            if before[1] not in _LEVELS and not decided:
                return OTHER_SHAPE
            return Record(None, None, before[1], _LEVELS.get(before[1]), entry[before.end() :] or None, {})
        level, closing, rest = rest.partition("] ")
        known = level in _LEVELS or (decided and severity.is_word(level))
        if bracket != " [" or not closing or not known or when[4:5] != "/":
            return OTHER_SHAPE
        fields: dict[str, Value] = {}
        ids = _IDS.match(rest)
        if ids is not None:
            fields["process.pid"], fields["thread.id"] = integer(ids[1]), integer(ids[2])
        else:
            ids = _ANY_IDS.match(rest) if decided else None
            if ids is None:
                return OTHER_SHAPE
            add_integer(fields, "process.pid", ids[1])
            add_integer(fields, "thread.id", ids[2])
        stamp = times.of_text(when)
        if stamp is None:
            return BAD_TIME
        connection = ids[3]
        if connection is not None:
            fields["nginx.connection"] = integer(connection)
        message, behind = _parted(rest[ids.end() :])
        if len(behind) > 1:
            fields["nginx.disputed_fields"] = ", ".join(behind)
        elif behind:
            _add_fields(fields, behind[0])
        add_tags(fields, message)
        return Record(stamp[0], stamp[1], level, _LEVELS.get(level), message or None, fields)

    return parse


def _parted(message: str) -> tuple[str, list[str]]:
    """The message itself, and the fields that nginx appends to it; several where it may have been any of them.

    Whoever sends a request writes into the message and between the quotes of the fields, and nginx does not escape what
    it logs. The fields are therefore the last that stand in nginx's order up to the end. Others that do so as well, and
    begin outside quotes, make it unknowable which are nginx's.
    """
    begins = [match.start() for match in _CLIENT.finditer(message)]
    if not begins:
        position = message.find(", server: ")
        return (message, []) if position < 0 else (message[:position], [message[position:]])
    if len(begins) == 1:
        return message[: begins[0]], [message[begins[0] :]]
    fitting = [begin for begin in begins[:_CLIENTS_MAX] + begins[_CLIENTS_MAX:][-1:] if _fits(message, begin)]
    last = fitting[-1] if fitting else begins[-1]
    others = [begin for begin in fitting[:-1] if message.count('"', 0, begin) % 2 == 0]
    first = min((*others, last))
    return message[:first], [message[begin:] for begin in (*others, last)]


def _fits(message: str, begin: int) -> bool:
    """Whether all from there on is fields in nginx's order, with values as nginx writes them; the end may be cut off."""
    before = -1
    for name, value in _listed(message, begin):
        whole = value != '"' if value[:1] == '"' else '"' not in value and ", " not in value
        if not whole or _RANKS[name] <= before:
            return False
        before = _RANKS[name]
    return True


def _listed(message: str, begin: int) -> Iterator[tuple[str, str]]:
    """The fields from there on. A value between quotes goes on to a quote before a field that comes later in the order."""
    name, start = "", -1
    for mark in _FIELD.finditer(message, begin):
        if start >= 0:
            is_quoted = message.startswith('"', start)
            if is_quoted and (_RANKS[mark[1]] < _RANKS[name] or not _ends(message, start, mark.start())):
                continue
            yield name, message[start : mark.start()]
        name, start = mark[1], mark.end()
    if start >= 0:
        yield name, message[start:]


def _ends(message: str, start: int, end: int) -> bool:
    """Whether a value that begins with a quote ends there."""
    return end - start > 1 and message[end - 1] == '"'


def _add_fields(fields: dict[str, Value], behind: str) -> None:
    more: list[str] = []
    for name, text in _listed(behind, 0):
        _add_field(fields, more, name, text)
    if more:
        fields["extra"] = ", ".join(more)


def _add_field(fields: dict[str, Value], more: list[str], name: str, text: str) -> None:
    value = text[1:-1] if len(text) > 1 and text[0] == text[-1] == '"' else text
    if not value:
        return
    if name in ("client", "udp client") and "client.address" not in fields:
        value, _, how = value.partition(" ")
        add_endpoint(fields, "client", value)
        if how:
            fields["nginx.client_connection"] = how
        return
    if name == "server" and endpoint(value)[1] is not None and "server.address" not in fields:
        add_endpoint(fields, "server", value)
        return
    key = _NAMES.get(name, f"nginx.{name}")
    if key in fields:
        more.append(f"{name}: {text}")
        return
    fields[key] = value
    if key == "nginx.request":
        add_request(fields, value)


NGINX_ERROR: Final = Format(
    name="nginx_error",
    title="nginx error log",
    source="https://nginx.org/en/docs/ngx_core_module.html#error_log",
    samples=(
        '2024/03/14 09:26:53 [error] 31#31: *17 open() "/srv/www/none" failed (2: No such file or directory),'
        ' client: 192.0.2.17, server: example.org, request: "GET /none?a=b HTTP/1.1", host: "example.org:8080"',
        "2024/03/14 09:26:54 [notice] 1#1: signal process started",
        '2024/03/14 09:26:55 [error] 31#0: *18 FastCGI sent in stderr: "PHP message: PHP Fatal error: a in /srv/a.php:7\n'
        "#0 /srv/b.php(3): pay()\n"
        '#1 {main}" while reading response header from upstream, client: 2001:db8::5,'
        ' server: _, request: "POST / HTTP/2.0", upstream: "fastcgi://unix:/run/php.sock:", host: "example.org"',
    ),
    make_parser=_make_parser,
    specificity=0.98,
    framing=Framing(entry_start=entry_start(_START)),
    sieve=r"nginx: \[[a-z]{4,6}\] |[0-9]{4}/[0-9]{2}/[0-9]{2} [0-9:]{8} \[[a-z]{4,6}\] [0-9]{1,10}#[0-9]",
    alone=True,
)

FORMATS: Final = (NGINX_ERROR,)
