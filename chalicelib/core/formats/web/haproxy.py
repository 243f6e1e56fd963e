"""HAProxy's logs: HTTP (also httpslog), TCP, error and connect lines, and what it says of itself; with the
header of syslog in front or without. Requests in the CLF are here where such a header stands before them.

The time is when the connection (TCP) or the request (HTTP) was accepted, in HAProxy's own zone; the time of
syslog is kept beside it. The body is the request line, or the message.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from chalicelib.core.formats import Format
from chalicelib.core.formats.kinds import add_endpoint, add_integer, integer
from chalicelib.core.formats.reasons import BAD_TIME, OTHER_SHAPE
from chalicelib.core.formats.systems.priorities import PRIORITIES
from chalicelib.core.formats.times import MONTH, Times
from chalicelib.core.formats.web.fixed import HAPROXY_CLF
from chalicelib.core.formats.web.requests import add_request
from chalicelib.core.records import Record, Reject

if TYPE_CHECKING:
    from chalicelib.core.formats import Parse, ParseContext
    from chalicelib.core.formats.nested import When
    from chalicelib.core.records import Value

_SYSLOG: Final = re.compile(
    rf"(?:<([0-9]{{1,3}})>)?(?:1 )?(?:({MONTH} [ 0-9][0-9] [0-9:]{{8}}|[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}T[0-9:]{{8}}[0-9.:+Z-]{{0,16}}) )?+"
    r"(?:([\w.:-]{1,253}) )?([\w./-]{1,64})(?:\[([0-9]{1,10})\]: ?| ([0-9]{1,10}) - - )",
    re.ASCII,
)
_HAPROXY: Final = re.compile(r"haproxy|hapee")
_LINE: Final = re.compile(
    r"((?:\[[0-9A-Fa-f:.%]{2,60}\])?[^ \[\]]{1,128}) \[([0-9]{2}/[A-Z][a-z]{2}/[0-9]{4}:[0-9:]{8}(?:\.[0-9]{1,6})?(?: [+-][0-9]{4})?)\] ([^ ]{1,256}) ",
    re.ASCII,
)
_HTTP: Final = re.compile(
    r"([^ /]{1,256})/([^ ]{1,256}) (-?[0-9]{1,10})/(-?[0-9]{1,10})/(-?[0-9]{1,10})/(-?[0-9]{1,10})/(\+?-?[0-9]{1,10})"
    r" (-?[0-9]{1,3}) (\+?[0-9]{1,18}) ([^ ]{1,256}) ([^ ]{1,256}) ([A-Za-z-]{4})"
    r" ([0-9]{1,10})/([0-9]{1,10})/([0-9]{1,10})/([0-9]{1,10})/(\+?[0-9]{1,10}) ([0-9]{1,10})/([0-9]{1,10})"
    r"(?: (\{[^\"\n]*+)(?=\"))?+(?: ?\"([^\"\n]*+)\"?)?+(?: ([^\n]*+))?+",
    re.ASCII,
)
_TCP: Final = re.compile(
    r"([^ /]{1,256})/([^ ]{1,256}) (-?[0-9]{1,10})/(-?[0-9]{1,10})/(\+?-?[0-9]{1,10})"
    r" (\+?[0-9]{1,18}) ([A-Za-z-]{2})"
    r" ([0-9]{1,10})/([0-9]{1,10})/([0-9]{1,10})/([0-9]{1,10})/(\+?[0-9]{1,10}) ([0-9]{1,10})/([0-9]{1,10})"
    r"(?: ([^\n]*+))?+",
    re.ASCII,
)
_CONNECT: Final = re.compile(
    r"Connect from ([^ ]{3,64}) to ([^ ]{3,64}) \(([^ /)]{1,256})/([A-Z]{2,8})\)", re.ASCII
)
_HTTPS: Final = re.compile(
    r"(-?[0-9]{1,5})/([0-9A-Fa-f]{1,16})/([0-9]{1,5})/([0-9]{1,5})/([01]) ([^ /]{1,253})/([^ /]{1,32})/([^ ]{1,64})",
    re.ASCII,
)

_SERVER: Final = ("haproxy.backend_name", "haproxy.server_name")
_LOAD: Final = (
    "haproxy.actconn", "haproxy.feconn", "haproxy.beconn", "haproxy.srv_conn", "haproxy.retries",
    "haproxy.srv_queue", "haproxy.backend_queue",
)  # fmt: skip
_HTTP_NAMES: Final = (
    *_SERVER, "haproxy.time_request", "haproxy.time_queue", "haproxy.time_backend_connect",
    "haproxy.time_backend_response", "haproxy.time_duration", "http.response.status_code", "haproxy.bytes_read",
    "haproxy.captured_request_cookie", "haproxy.captured_response_cookie", "haproxy.termination_state", *_LOAD,
    "haproxy.captured_headers",
)  # fmt: skip
_TCP_NAMES: Final = (
    *_SERVER, "haproxy.time_queue", "haproxy.time_backend_connect", "haproxy.time_duration", "haproxy.bytes_read",
    "haproxy.termination_state", *_LOAD,
)  # fmt: skip
_TEXTS: Final = frozenset(
    (
        *_SERVER,
        "haproxy.captured_request_cookie",
        "haproxy.captured_response_cookie",
        "haproxy.termination_state",
    )
)
_CAPTURED: Final = ("haproxy.captured_request_headers", "haproxy.captured_response_headers")
_HTTPS_NAMES: Final = (
    "haproxy.fc_err", "haproxy.ssl_fc_err", "haproxy.ssl_c_err", "haproxy.ssl_c_ca_err", "haproxy.ssl_fc_is_resumed",
    "haproxy.ssl_fc_sni", "tls.protocol.version", "tls.cipher",
)  # fmt: skip
_HTTPS_NUMBERS: Final = frozenset((_HTTPS_NAMES[0], *_HTTPS_NAMES[2:5]))
"""`ssl_fc_err` is hexadecimal, and a text."""


def _make_parser(context: ParseContext) -> Parse:
    times = Times(context.last_modified)
    request_of = HAPROXY_CLF.make_parser(context)

    def parse(line: str) -> Record | Reject:
        header = _SYSLOG.match(line)
        fields: dict[str, Value] = {}
        position = header.end() if header else 0
        match = _LINE.match(line, position)
        stamp: When | None = None
        word = number = None
        if header:
            priority, when, host, program, process, process_5424 = header.groups()
            if not match and not _HAPROXY.search(program):
                return OTHER_SHAPE
            if when is not None:
                stamp = times.of_text(when)
                if stamp is None:
                    return BAD_TIME
            if priority is not None:
                known = PRIORITIES.get(priority)
                if known is None:
                    return OTHER_SHAPE
                fields["syslog.facility.code"], fields["syslog.severity.code"], word, number = known
            if host is not None and host != "-":
                fields["host.name"] = host
            fields["service.name"] = program
            add_integer(fields, "process.pid", process or process_5424)
        if match:
            accepted = times.of_text(match[2])
            if accepted is None:
                return BAD_TIME
            if stamp is not None:
                fields["syslog.timestamp"] = header[2] if header else stamp[0]
            stamp = accepted
            _add_client(fields, match[1])
            body = _add_line(fields, match[3], line, match.end())
            if body is None:
                return OTHER_SHAPE
        elif header and isinstance(request := request_of(line[position:]), Record):
            if stamp is not None:
                fields["syslog.timestamp"] = header[2]
            stamp = request[0], request[1]
            fields.update(request.attributes)
            body = request.body or ""
        else:
            body = line[position:]
            if connect := _CONNECT.fullmatch(body):
                add_endpoint(fields, "client", connect[1], always_port=True)
                add_endpoint(fields, "destination", connect[2], always_port=True)
                fields["haproxy.frontend_name"], fields["haproxy.mode"] = connect[3], connect[4]
            elif header is None or not body:
                return OTHER_SHAPE
        time, assumed = stamp or (None, None)
        return Record(time, assumed, word, number, body or None, fields)

    return parse


def _add_client(fields: dict[str, Value], text: str) -> None:
    """HAProxy puts the port behind a colon after an IPv6 address as well. Of a client of a UNIX socket it says ``unix:1``,
    the number of the socket that accepted it: https://docs.haproxy.org/3.0/configuration.html#8.2.3"""
    if text.startswith("unix:") and (socket := integer(text[5:])) is not None:
        fields["network.transport"], fields["haproxy.socket_id"] = "unix", socket
        return
    add_endpoint(fields, "client", text, always_port=True)


def _add_line(fields: dict[str, Value], frontend: str, line: str, position: int) -> str | None:
    """Types what stands behind the frontend; returns the body, None where it is no line of HAProxy's."""
    if frontend.endswith(":"):
        name, slash, bind = frontend[:-1].partition("/")
        if not slash:
            return None
        fields["haproxy.frontend_name"], fields["haproxy.bind_name"] = name.rstrip("~"), bind
        return line[position:]
    names: tuple[str, ...] = _HTTP_NAMES
    match = _HTTP.fullmatch(line, position)
    if match is None:
        names = _TCP_NAMES
        match = _TCP.fullmatch(line, position)
    if match is None:
        return None
    fields["haproxy.frontend_name"] = frontend.rstrip("~")
    if frontend.endswith("~"):
        fields["haproxy.frontend_ssl"] = True
    groups = match.groups()
    for name, text in zip(names, groups, strict=False):
        if text is None or text == "-":
            continue
        if name in _TEXTS:
            fields[name] = text
        elif name == "haproxy.captured_headers":
            for each, captured in zip(_CAPTURED, text.rstrip(" ")[1:-1].split("} {", 1), strict=False):
                if captured:
                    fields[each] = list(captured.split("|"))
        else:
            fields[name] = integer(text)
    if fields.get("http.response.status_code") == -1:
        del fields["http.response.status_code"]
    extra = groups[-1]
    if extra is not None:
        if secure := _HTTPS.fullmatch(extra):
            for name, text in zip(_HTTPS_NAMES, secure.groups(), strict=True):
                if text != "-":
                    fields[name] = integer(text) if name in _HTTPS_NUMBERS else text
        else:
            fields["extra"] = extra
    if names is _TCP_NAMES:
        return line[line.index("] ", 0, position) + 2 :]
    request = groups[-2]
    if request:
        add_request(fields, request)
    return request or ""


HAPROXY: Final = Format(
    name="haproxy",
    title="HAProxy log: HTTP, TCP, errors",
    source="https://docs.haproxy.org/2.9/configuration.html#8.2",
    samples=(
        "Mar 14 09:26:53 lb-1 haproxy[4711]: 192.0.2.17:50886 [14/Mar/2024:09:26:53.123] www~ shop/web-1"
        ' 0/0/1/21/22 200 938 - - ---- 4/4/3/3/0 0/0 {example.org|curl/8.5.0} "GET /shop?q=froe HTTP/1.1"',
        "Mar 14 09:26:54 lb-1 haproxy[4711]: 192.0.2.17:50887 [14/Mar/2024:09:26:54.456] www www/<NOSRV>"
        ' -1/-1/-1/-1/6001 408 212 - - cR-- 100/89/0/0/0 0/0 "<BADREQ>"',
        "<134>Mar 14 09:26:55 haproxy[4711]: 192.0.2.17:50888 [14/Mar/2024:09:26:50.000] ssh ssh/git-1 1/1/5000 1485 -- 2/1/0/0/0 0/0",
        "192.0.2.17:50889 [14/Mar/2024:09:26:56.000] www/1: Connection closed during SSL handshake",
        "Mar 14 09:26:57 lb-1 haproxy[4711]: Proxy www stopped (FE: 8476 conns, BE: 0 conns).",
    ),
    make_parser=_make_parser,
    specificity=0.985,
    sieve=r"(?:[^\n]{0,200}?(?:haproxy|hapee)|[^\n]{0,300}?\[[0-9]{2}/[A-Z][a-z]{2}/[0-9]{4}:[0-9:]{8}[^\]\n]{0,12}\] [^ \"\n]{1,256} [^ \"\n])",
    alone=True,
)

FORMATS: Final = (HAPROXY,)
