"""Parts that access logs share: the request line, its target, quoted text, addresses with a port."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from chalicelib.core.records import Value

QUOTED: Final = r'"([^"\\]*+(?:\\.[^"\\]*+)*+)"'
"""A quoted text with escapes; its group is what stands between the quotes."""
ADDRESS: Final = r"(?:[0-9]{1,3}(?:\.[0-9]{1,3}){3}|[0-9A-Fa-f]{0,4}:[0-9A-Fa-f:.]{1,45}(?:%[\w.-]{1,32})?)"
"""An IP address, as loosely as logs write it."""

is_address: Final = re.compile(ADDRESS, re.ASCII).fullmatch
_ESCAPE: Final = re.compile(r'\\(["\\])')
_METHOD: Final = re.compile(r"[A-Z][A-Z_-]{0,31}")
_PROTOCOL: Final = re.compile(r"([A-Za-z][A-Za-z0-9+-]{0,15})/([0-9]{1,3}(?:\.[0-9]{1,3})?)")
_ABSOLUTE: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.-]{0,31})://[^/?#]*+([^?#]*+)(?:\?([^#]*+))?+")


def resolved(text: str) -> str:
    """The text with ``\\"`` and ``\\\\`` resolved; other escapes stay as logged."""
    return _ESCAPE.sub(r"\1", text) if "\\" in text else text


def add_request(fields: dict[str, Value], request: str) -> None:
    """Types method, target and protocol of a request line; a garbage request has none."""
    method, _, target = resolved(request).partition(" ")
    if target and _METHOD.fullmatch(method):
        fields["http.request.method"] = method
        add_target(fields, target)


def add_target(fields: dict[str, Value], target: str) -> None:
    """Types a request's target and protocol: origin form, absolute form, or whatever stands there."""
    path, _, last = target.rpartition(" ")
    protocol = _PROTOCOL.fullmatch(last) if path else None
    if protocol is None:
        path = target
    add_url(fields, path)
    if protocol is not None:
        fields["network.protocol.name"] = protocol[1].lower()
        fields["network.protocol.version"] = protocol[2]


def add_url(fields: dict[str, Value], path: str) -> None:
    """Types a target without protocol."""
    query = ""
    if path[:1] == "/":
        path, _, query = path.partition("?")
    elif match := _ABSOLUTE.match(path):
        fields["url.full"] = path
        fields["url.scheme"] = match[1].lower()
        path, query = match[2] or "/", match[3] or ""
    if path:
        fields["url.path"] = path
    if query:
        fields["url.query"] = query


def add_protocol(fields: dict[str, Value], protocol: str) -> bool:
    """Types ``HTTP/1.1``; whether it is such a thing."""
    match = _PROTOCOL.fullmatch(protocol)
    if match is None:
        return False
    fields["network.protocol.name"] = match[1].lower()
    fields["network.protocol.version"] = match[2]
    return True
