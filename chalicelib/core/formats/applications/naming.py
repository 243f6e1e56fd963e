"""The names that applications give their fields → those of the OpenTelemetry semantic conventions.

Names that mean one thing wherever they stand are always changed. Those of a request (`method`, `path`,
`status` …) only where both a method and a path or URL are there: else they are the application's own.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from chalicelib.core.formats.kinds import endpoint, is_ip, settle, whole

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from chalicelib.core.records import Value

_ALWAYS: Final = {
    "trace_id": "trace_id", "traceId": "trace_id", "traceID": "trace_id", "traceid": "trace_id", "trace.id": "trace_id",
    "span_id": "span_id", "spanId": "span_id", "spanID": "span_id", "spanid": "span_id", "span.id": "span_id",
    "user_agent": "user_agent.original", "userAgent": "user_agent.original", "useragent": "user_agent.original",
    "remote_ip": "client.address", "remote_addr": "client.address", "remoteAddr": "client.address",
    "remoteIP": "client.address", "client_ip": "client.address", "clientIP": "client.address",
    "clientIp": "client.address", "remote_address": "client.address",
    "username": "user.name", "user_name": "user.name",
}  # fmt: skip
_METHODS: Final = {
    "method": "http.request.method", "http_method": "http.request.method", "verb": "http.request.method",
    "request_method": "http.request.method",
}  # fmt: skip
_TARGETS: Final = {
    "path": "url.path", "uri": "url.original", "request_uri": "url.original", "url": "url.original",
}  # fmt: skip
_OF_REQUESTS: Final = {
    **_METHODS,
    **_TARGETS,
    "status": "http.response.status_code", "status_code": "http.response.status_code",
    "statusCode": "http.response.status_code",
    "bytes": "http.response.body.size", "size": "http.response.body.size", "bytes_out": "http.response.body.size",
    "bytes_in": "http.request.body.size", "ua": "user_agent.original",
    "referer": "http.request.header.referer", "referrer": "http.request.header.referer",
    "host": "server.address", "ip": "client.address", "fwd": "client.address",
    "protocol": "network.protocol", "proto": "network.protocol",
}  # fmt: skip
_NUMBERS: Final = ("http.response.status_code", "http.response.body.size", "http.request.body.size")
_SOURCE: Final = re.compile(r"(.{1,512}?):([0-9]{1,9})(?:\)|:[0-9]{1,9})?", re.DOTALL)


def renamed(names: Iterable[str], own: Mapping[str, str], *, usual: bool = True) -> tuple[str, ...]:
    """The names of a shape as attributes; a name that is taken gets ``#2``, ``#3`` …

    own: what the format itself calls its fields; usual: whether the names above are known too.
    """
    known: dict[str, str] = {}
    names = tuple(names)
    if usual:
        known |= _ALWAYS
        if not _METHODS.keys().isdisjoint(names) and not _TARGETS.keys().isdisjoint(names):
            known |= _OF_REQUESTS
    known |= own
    kept = {name for name in names if known.get(name, name) == name}
    taken: set[str] = set()
    changed = []
    for name in names:
        base = known.get(name, name)
        free, number = base, 1
        while free in taken or (free != name and free in kept):
            number += 1
            free = f"{base}#{number}"
        taken.add(free)
        changed.append(free)
    return tuple(changed)


def split_values(fields: dict[str, Value]) -> None:
    """Types what holds two things: source lines, addresses with ports, numbers written as text."""
    place = fields.get("code.file.path")
    if type(place) is str and "code.line.number" not in fields:
        match = _SOURCE.fullmatch(place)
        if match:
            fields["code.file.path"] = match[1]
            fields["code.line.number"] = whole(match[2])
    client = fields.get("client.address")
    if type(client) is str and "," in client:
        fields.setdefault("http.request.header.x_forwarded_for", client)
        fields["client.address"] = client = client.partition(",")[0].strip()
    if type(client) is str and ":" in client:
        host, port = endpoint(client)
        if port is not None and is_ip(host) and "client.port" not in fields:
            fields["client.address"], fields["client.port"] = host, port
    protocol = fields.get("network.protocol")
    if type(protocol) is str:
        name, _, version = protocol.partition("/")
        del fields["network.protocol"]
        fields["network.protocol.name"] = name.lower()
        if version:
            fields["network.protocol.version"] = version
    settle(fields)
    path = fields.get("url.path")
    if type(path) is str and "?" in path and "url.query" not in fields:
        path, _, query = path.partition("?")
        fields["url.path"] = path
        if query:
            fields["url.query"] = query


def request_line(fields: dict[str, Value]) -> str | None:
    """Method and target, as the body of a request that has no message."""
    method = fields.get("http.request.method")
    if type(method) is not str:
        return None
    target = fields.get("url.path") or fields.get("url.original") or fields.get("url.full")
    return f"{method} {target}" if type(target) is str else None


SPLITTABLE: Final = frozenset(
    ("code.file.path", "client.address", "client.port", "network.protocol", "url.path", *_NUMBERS)
)
"""The names whose values `split_values` looks at."""
