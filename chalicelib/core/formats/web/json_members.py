"""JSON lines of web servers and proxies: read as JSON, then the members that a product is known by take the
names that access lines have. Members without such a name keep theirs, behind the product's prefix.

Apart from other dialects of JSON because a member here may hold several fields (a URL, a request line), which
are read as those of access lines are.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from chalicelib.core.formats.applications.json_lines import JSON
from chalicelib.core.formats.json_text import telling
from chalicelib.core.formats.kinds import INTEGERS, add_endpoint, add_integer, figure, is_nothing, numbers
from chalicelib.core.formats.reasons import OTHER_OBJECT
from chalicelib.core.formats.times import Times
from chalicelib.core.formats.web.modsecurity import add_tags
from chalicelib.core.formats.web.requests import add_protocol, add_request, add_url, is_address
from chalicelib.core.records import Record, Reject

if TYPE_CHECKING:
    from collections.abc import Callable

    from chalicelib.core.formats import Parse, ParseContext
    from chalicelib.core.records import Value


@dataclass(frozen=True, slots=True)
class Dialect:
    """The members of one product's lines, as the flattened JSON names them.

    marks: one member of each of these must be there. names: member → attribute; ``=x`` is read by a
    reader of `_READERS`. prefix: of all other members. times: members with the time, beside the usual names
    of JSON lines. loggers: by whose name a line that is no request is known as well. headers: prefix of
    members that are headers → that of the attributes.
    """

    prefix: str
    marks: tuple[tuple[str, ...], ...]
    names: dict[str, str]
    times: tuple[str, ...] = ()
    loggers: re.Pattern[str] | None = None
    headers: dict[str, str] = field(default_factory=dict)


_UNNAMED: Final = re.compile(r"[^A-Za-z0-9_.#-]+")
_CAPITAL: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


def parser_of(dialect: Dialect) -> Callable[[ParseContext], Parse]:
    """What makes the dialect's parsers."""

    def make_parser(context: ParseContext) -> Parse:
        parse_json = JSON.make_parser(context)
        times = Times(context.last_modified)

        def parse(line: str) -> Record | Reject:
            record = parse_json(line)
            return named(dialect, record, times) if isinstance(record, Record) else record

        return parse

    return make_parser


def named(dialect: Dialect, record: Record, times: Times) -> Record | Reject:
    """The record of JSON lines under the dialect's names, or a reject where it is none of it."""
    members = record.attributes
    if not _is(dialect, members):
        return OTHER_OBJECT
    fields: dict[str, Value] = {}
    repeats: dict[str, int] = {}
    stamp: tuple[str | None, str | None] = record.timestamp, record.timestamp_assumed
    for name in dialect.times:
        member = members.get(name)
        if stamp[0] is None and (known := times.of_value(member)) is not None:
            stamp = known
            del members[name]
    for name, value in telling(members).items():
        _add(fields, repeats, dialect, name, value)
    _add_client_address(fields)
    body = record.body
    if body:
        add_tags(fields, body)
    return Record(*stamp, record.severity_text, record.severity_number, body or _request(fields), fields)


def _is(dialect: Dialect, members: dict[str, Value]) -> bool:
    logger = members.get("logger")
    if dialect.loggers is not None and isinstance(logger, str) and dialect.loggers.match(logger):
        return "ts" not in members
    return all(any(name in members for name in names) for names in dialect.marks)


def _add(
    fields: dict[str, Value], repeats: dict[str, int], dialect: Dialect, name: str, value: Value
) -> None:
    if type(value) is list and len(value) == 1 and type(value[0]) is str:
        value = value[0]
    known = dialect.names.get(name)
    if known is None:
        for start, prefix in dialect.headers.items():
            if name.startswith(start):
                key = prefix + name[len(start) :].lower().replace("-", "_")
                key = "user_agent.original" if key == "http.request.header.user_agent" else key
                _set(fields, repeats, key, value)
                return
        plain = _CAPITAL.sub("_", name).lower()
        _set(fields, repeats, dialect.prefix + (_UNNAMED.sub("_", plain).strip("_") or "member"), value)
    elif not known.startswith("="):
        _set(fields, repeats, known, value)
    elif type(value) is not str:
        _set(fields, repeats, _READERS[known][1], value)
    else:
        read: dict[str, Value] = {}
        _READERS[known][0](read, value)
        for key, part in read.items():
            _set(fields, repeats, key, part)


def _set(fields: dict[str, Value], repeats: dict[str, int], name: str, value: Value) -> None:
    """Sets an attribute; where it is taken by another value it is `name#2`, `name#3` …"""
    if name not in fields:
        fields[name] = value
    elif fields[name] != value:
        count = repeats.get(name, 1) + 1
        while f"{name}#{count}" in fields:
            count += 1
        repeats[name] = count
        fields[f"{name}#{count}"] = value


def _add_client_address(fields: dict[str, Value]) -> None:
    """Where no member is the client's address it is the peer's, or the first of X-Forwarded-For."""
    if "client.address" in fields:
        return
    peer, forwarded = fields.get("network.peer.address"), fields.get("http.request.header.x_forwarded_for")
    if peer is not None:
        fields["client.address"] = peer
        if "network.peer.port" in fields:
            fields["client.port"] = fields["network.peer.port"]
    elif isinstance(forwarded, str) and is_address(forwarded.partition(",")[0].strip()):
        fields["client.address"] = forwarded.partition(",")[0].strip()


def _protocol(fields: dict[str, Value], text: str) -> None:
    if not add_protocol(fields, text):
        fields["network.protocol.name"] = text.lower()


def _host(fields: dict[str, Value], text: str) -> None:
    add_endpoint(fields, "server", text)


def _peer(fields: dict[str, Value], text: str) -> None:
    add_endpoint(fields, "network.peer", text)


def _client(fields: dict[str, Value], text: str) -> None:
    """Of a list of addresses the last is the one that the nearest proxy saw."""
    before, comma, last = text.rpartition(",")
    if comma and before:
        fields["http.request.header.x_forwarded_for"] = text
    if not is_nothing(last):
        fields["client.address"] = last.strip()


def _number(name: str) -> Callable[[dict[str, Value], str], None]:
    def add(fields: dict[str, Value], text: str) -> None:
        if name in INTEGERS:
            add_integer(fields, name, text)
        else:
            fields[name] = numbers(text) if "upstream" in name else figure(text)

    return add


def _request_line(fields: dict[str, Value], text: str) -> None:
    fields["request"] = text
    add_request(fields, text)


_READERS: Final[dict[str, tuple[Callable[[dict[str, Value], str], None], str]]] = {
    "=url": (add_url, "url.path"),
    "=protocol": (_protocol, "network.protocol.name"),
    "=request": (_request_line, "request"),
    "=host": (_host, "server.address"),
    "=peer": (_peer, "network.peer.address"),
    "=client": (_client, "client.address"),
    "=status": (_number("http.response.status_code"), "http.response.status_code"),
    "=sent": (_number("http.response.body.size"), "http.response.body.size"),
    "=received": (_number("http.request.body.size"), "http.request.body.size"),
    "=client_port": (_number("client.port"), "client.port"),
    "=peer_port": (_number("network.peer.port"), "network.peer.port"),
    "=request_size": (_number("http.request.size"), "http.request.size"),
    "=bytes_sent": (_number("nginx.bytes_sent"), "nginx.bytes_sent"),
    "=request_time": (_number("request_time"), "request_time"),
    "=envoy_duration": (_number("envoy.duration_ms"), "envoy.duration_ms"),
    "=envoy_service_time": (_number("envoy.upstream_service_time_ms"), "envoy.upstream_service_time_ms"),
    "=connection": (_number("nginx.connection"), "nginx.connection"),
    "=upstream_time": (_number("nginx.upstream_response_time"), "nginx.upstream_response_time"),
}
"""How a text is read, and the attribute where the member is no text."""


def _request(fields: dict[str, Value]) -> str | None:
    """The request line, put together."""
    if "request" in fields:
        return str(fields.pop("request"))
    method, path = fields.get("http.request.method"), fields.get("url.path")
    if method is None or path is None:
        return None
    line = f"{method} {path}"
    if "url.query" in fields:
        line += f"?{fields['url.query']}"
    if "network.protocol.version" in fields:
        line += f" {str(fields['network.protocol.name']).upper()}/{fields['network.protocol.version']}"
    return line
