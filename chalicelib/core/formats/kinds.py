"""What a text of a log is as a typed value: one rule for all formats (docs/formats.md, "Typed values").

Numbers, addresses with ports, process ids. A text that is not of the kind stays a text: under a name of its own
where the attribute is always a number, so that an attribute has one type.
"""

from __future__ import annotations

import re
from functools import lru_cache
from ipaddress import ip_address
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from chalicelib.core.records import Value

DIGITS_MAX: Final = 18
"""Longer integers stay text."""
PORT_MAX: Final = 65535
TEXT_SUFFIX: Final = ".text"
"""Ends the name of what stands where a number belongs and is none."""
_FLOAT_CHARACTERS_MAX: Final = 17
_NUMBER: Final = re.compile(
    r"-?(?:0|[1-9][0-9]{0,17})(\.[0-9]{1,16}(?:[eE][+-]?[0-9]{1,2})?|[eE][+-][0-9]{1,2})?", re.ASCII
)
_BEGINS_NUMBER: Final = frozenset("0123456789-")
_BEHIND_DIGITS: Final = ":"
"""What sorts from it on begins with no digit and no sign, as most texts do."""
_ABSENT: Final = frozenset(("", "-"))
_CACHE_SIZE: Final = 8192


def number(text: str) -> Value:
    """``-5``, ``1.50``, ``1e-05`` as a number; else the text.

    Text are ``007`` and ``+5`` (codes), ``1e5`` (may be an identifier), ``-0``, and what a number would cut.
    """
    if text >= _BEHIND_DIGITS:
        return text
    if text.isdecimal() and text.isascii():
        return int(text) if len(text) <= DIGITS_MAX and (text[0] != "0" or text == "0") else text
    if text[:1] not in _BEGINS_NUMBER or text.count(".") > 1:
        return text
    found = _NUMBER.fullmatch(text)
    if found is None:
        return text
    if found[1] is None:
        return int(text) if text != "-0" else text
    return float(text) if len(text) <= _FLOAT_CHARACTERS_MAX else text


def whole(text: str) -> int | None:
    """The integer that digits alone are, leading zeros or not; None for any other text."""
    return int(text) if text.isdecimal() and text.isascii() and len(text) <= DIGITS_MAX else None


def add_whole(fields: dict[str, Value], name: str, text: str) -> None:
    """An attribute that is always an integer; another text goes to NAME.text, ``-`` and nothing to nowhere."""
    value = whole(text)
    if value is not None:
        fields[name] = value
    elif text not in _ABSENT:
        fields[name + TEXT_SUFFIX] = text


@lru_cache(maxsize=_CACHE_SIZE)
def is_ip(text: str) -> bool:
    """Whether the whole text is an IPv4 or IPv6 address, and not a clock, a MAC address or a version."""
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


@lru_cache(maxsize=_CACHE_SIZE)
def endpoint(text: str, *, always_port: bool = False) -> tuple[str, int | None]:
    """Address and port of ``192.0.2.7:443``, ``[2001:db8::7]:443``, ``host:443``, or any of them without a port.

    A port over 65535 is none: the text stays whole. ``2001:db8::7`` is an address without a port; always_port: the
    source writes a port even behind an address of IPv6, so that the last group is one where the others are an address.
    """
    host, colon, digits = text.rpartition(":")
    port = whole(digits) if colon and len(digits) <= len("65535") else None
    bare = ":" in host and host[0] != "["
    if port is None or not host or port > PORT_MAX or (bare and not (always_port and is_ip(host))):
        host, port = text, None
    if host[:1] == "[" and host[-1:] == "]":
        host = host[1:-1]
    return host, port


def add_client(fields: dict[str, Value], text: str) -> None:
    """A client, or the list of addresses that proxies made of it: the first is the client's."""
    first, comma, _ = text.partition(",")
    add_endpoint(fields, "client", first.strip())
    if comma:
        fields["http.request.header.x_forwarded_for"] = text


def add_endpoint(fields: dict[str, Value], name: str, text: str, *, always_port: bool = False) -> None:
    """Types an address with its port as NAME.address and NAME.port; ``-`` and nothing as neither."""
    if text in _ABSENT:
        return
    host, port = endpoint(text, always_port=always_port)
    if host not in _ABSENT:
        fields[f"{name}.address"] = host
    if port is not None:
        fields[f"{name}.port"] = port
