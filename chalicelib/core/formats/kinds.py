"""Texts of a log as typed values: one rule for all formats (docs/formats.md, "Typed values").

Numbers, addresses with ports, process ids. A text that is not of the kind stays text, under a name of its own if the
attribute is always a number, so that each attribute has one type.
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
LOCAL: Final = "[local]"
"""PostgreSQL's word for the peer of a UNIX socket."""
TEXT_SUFFIX: Final = ".text"
"""Suffix of the name for a text in place of a number."""
_FLOAT_CHARACTERS_MAX: Final = 17
_NUMBER: Final = re.compile(
    r"-?(?:0|[1-9][0-9]{0,17})(\.[0-9]{1,16}(?:[eE][+-]?[0-9]{1,2})?|[eE][+-][0-9]{1,2})?", re.ASCII
)
_INTEGER: Final = re.compile(r"[+-]?(?:[0-9]{1,18}|[0-9]{1,3}(?:,[0-9]{3}){1,5})", re.ASCII)
_DECIMAL: Final = re.compile(
    r"[+-]?(?:[0-9]{1,18}(?:\.[0-9]{0,20})?|\.[0-9]{1,20})(?:[eE][+-]?[0-9]{1,2})?", re.ASCII
)
_BEGINS_NUMBER: Final = frozenset("0123456789-")
_BEHIND_DIGITS: Final = ":"
"""Texts that sort from it on begin with no digit and no sign, as most texts do."""
PROTOCOLS: Final = {
    "1": "icmp", "2": "igmp", "4": "ipip", "6": "tcp", "17": "udp", "41": "ipv6", "47": "gre", "50": "esp", "51": "ah", "58": "ipv6-icmp",
    "88": "eigrp", "89": "ospf", "103": "pim", "112": "vrrp", "132": "sctp", "icmp6": "ipv6-icmp", "icmpv6": "ipv6-icmp",
}  # fmt: skip
"""IP protocol → `network.transport`: https://www.iana.org/assignments/protocol-numbers"""
_FLAGS: Final = {
    **dict.fromkeys(("true", "yes", "on", "t", "y", "1"), True),
    **dict.fromkeys(("false", "no", "off", "f", "n", "0"), False),
}
_HOST_NAME: Final = re.compile(r"[\w.-]{1,255}")
_SEPARATOR: Final = re.compile(r", ?| : ")
_ABSENT: Final = frozenset(("", "-"))
_NOWHERE: Final = frozenset(
    ("", "-", "n/a", "na", "not available", "not applicable", "unknown", "none", "(none)", "null", "(null)", "<null>", "nil", "undefined", "unix:", "[local]")
)  # fmt: skip
"""What products write, in any case, where there is no address and no number. (``unknown``: RFC 7239, section 6.2;
``unix:``, ``[local]``: nginx and PostgreSQL of a UNIX socket.)"""
_NOBODY: Final = frozenset(
    ("", "-", "n/a", "not available", "not applicable", "(none)", "(null)", "(unknown)")
)
"""What products write for "no user" or "no host"; people and machines may be named Null, None or Unknown."""
_SIDES: Final = (
    "client",
    "server",
    "source",
    "destination",
    "network.peer",
    "network.local",
    "source.nat",
    "destination.nat",
)
ADDRESSES: Final = frozenset((*(f"{side}.address" for side in _SIDES), "host.ip"))
_SIDE_ADDRESSES: Final = (
    "client.address",
    "source.address",
    "destination.address",
    "server.address",
    "network.peer.address",
)
"""Those that a format takes over from its lines."""
_ANY_SIDE: Final = frozenset(_SIDE_ADDRESSES)
PORTS: Final = frozenset((*(f"{side}.port" for side in _SIDES), "url.port"))
SIZES: Final = frozenset(
    ("http.response.body.size", "http.request.body.size", "http.response.size", "http.request.size")
)
"""-1 means unknown."""
INTEGERS: Final = PORTS | SIZES | {
    "process.pid", "process.parent_pid", "thread.id", "code.line.number", "http.response.status_code", "syslog.facility.code", "syslog.severity.code",
    "syslog.priority", "syslog.octet_count", "syslog.version",
}  # fmt: skip
"""The attributes that are whole numbers in every format."""
_MOST: Final = {name: PORT_MAX if name in PORTS else 10**DIGITS_MAX for name in INTEGERS}
TEXTS: Final[dict[str, frozenset[str]]] = {
    **dict.fromkeys(ADDRESSES, _NOWHERE),
    **dict.fromkeys(("user.name", "user.id", "host.name", "source.domain", "destination.domain"), _NOBODY),
}
"""The attributes that are texts in every format → what is not a value of them."""
DECLARED: Final = INTEGERS | TEXTS.keys()
"""The attributes whose kind follows from their name."""
_TYPED: Final = frozenset(name for name in DECLARED if not name.startswith("syslog."))
"""Those of them that a product's own values are taken over to."""
BEGINS_NOTHING: Final = frozenset(
    ("", " ", *(text[0].upper() for text in _NOWHERE if text), *(text[0] for text in _NOWHERE if text))
)
"""What a text begins with that may say so: no address of numbers does."""
_CACHE_SIZE: Final = 8192


def number(text: str) -> Value:
    """``-5``, ``1.50``, ``1e-05`` as a number; else the text.

    ``007`` and ``+5`` (codes), ``1e5`` (perhaps an identifier), ``-0``, and anything that a number would cut stay text.
    """
    if text >= _BEHIND_DIGITS:
        return text
    if text.isdecimal() and text.isascii():
        return int(text) if len(text) <= DIGITS_MAX and (text[0] != "0" or text == "0") else text
    if text[:1] not in _BEGINS_NUMBER or text.count(".") > 1:
        return text
    match = _NUMBER.fullmatch(text)
    if match is None:
        return text
    if match[1] is None:
        return int(text) if text != "-0" else text
    return float(text) if len(text) <= _FLOAT_CHARACTERS_MAX else text


def whole(text: str) -> int | None:
    """A count or an id of digits, ``007`` as 7; None for any other text."""
    return int(text) if text.isdecimal() and text.isascii() and len(text) <= DIGITS_MAX else None


def integer(text: str) -> int | None:
    """An integer: as `whole`, and ``-5``, ``+5``, ``1,234`` as 1234."""
    if text.isdecimal() and text.isascii():
        return int(text) if len(text) <= DIGITS_MAX else None
    return int(text.replace(",", "")) if _INTEGER.fullmatch(text) else None


def decimal(text: str) -> float | None:
    """A fraction: ``1``, ``1.50``, ``.5``, ``1e5`` as a float; None for any other text."""
    if text.replace(".", "", 1).isdecimal() and text.isascii() and len(text) <= DIGITS_MAX:
        return float(text)
    return float(text) if _DECIMAL.fullmatch(text) else None


def figure(text: str) -> Value:
    """A number: as `integer`, else as `decimal`, else the text."""
    value: Value = integer(text)
    if value is None:
        value = decimal(text)
    return text if value is None else value


def port(text: str) -> int | None:
    """A port: as `whole`, 0 to 65535."""
    if text.isdecimal() and text.isascii() and len(text) <= DIGITS_MAX:
        value = int(text)
        return value if value <= PORT_MAX else None
    return None


def flag(text: str) -> bool | None:
    """Yes or no, in any case; None for any other text."""
    return _FLAGS.get(text.lower())


def numbers(text: str) -> Value:
    """A `figure`, or a list of them for ``0.1, -`` and ``7 : 8``: one per server that was tried, null if it has none."""
    if "," not in text and " : " not in text:
        return figure(text)
    return [None if each in _ABSENT else figure(each) for each in _SEPARATOR.split(text)]


def texts(text: str) -> Value:
    """A text, or a list as `numbers` reads it."""
    if "," not in text and " : " not in text:
        return text
    return [None if each in _ABSENT else each for each in _SEPARATOR.split(text)]


def add_integer(fields: dict[str, Value], name: str, text: str) -> None:
    """Add an attribute that is always a whole number, or a port. Another text goes to NAME.text; `is_nothing` is left
    out."""
    value = int(text) if text.isdecimal() and text.isascii() and len(text) <= DIGITS_MAX else None
    if (value is not None and (value <= PORT_MAX or name not in PORTS)) or (
        value := _integer_of(name, text)
    ) is not None:
        fields[name] = value
    elif not is_nothing(text):
        fields[name + TEXT_SUFFIX] = text


def _integer_of(name: str, text: str) -> int | None:
    return port(text) if name in PORTS else integer(text) if name in SIZES else whole(text)


def put(fields: dict[str, Value], name: str, text: str) -> None:
    """Add an attribute of the kind that its name declares, else as a number or text."""
    if name not in DECLARED:
        fields[name] = number(text)
    elif name in INTEGERS:
        add_integer(fields, name, text)
    elif text[:1] not in BEGINS_NOTHING or text.strip().lower() not in TEXTS[name]:
        if name in ADDRESSES and not is_place(text):
            _add_no_place(fields, name, text)
        else:
            fields[name] = text


@lru_cache(maxsize=_CACHE_SIZE)
def is_nothing(text: str) -> bool:
    """Whether a text means "no address", "no port" or "no number": ``-``, ``N/A``, ``unknown`` …"""
    return text in _ABSENT or text.strip().lower() in _NOWHERE


def settle(fields: dict[str, Value]) -> None:
    """Bring typed attributes to their kinds, for formats that take them over by name.

    Ports are 0 to 65535, process ids and sizes numbers, addresses texts. What does not fit goes to NAME.text; what
    means "nothing" is left out.
    """
    for name in fields.keys() & _TYPED:
        value = fields[name]
        kind = type(value)
        if kind is str:
            if value[:1] in BEGINS_NOTHING or name in _MOST or (name in ADDRESSES and not is_place(value)):  # type: ignore[operator,index,arg-type]
                _settle(fields, name, value)
        elif kind is not int or not 0 <= value <= _MOST.get(name, -1):  # type: ignore[operator]
            _settle(fields, name, value)
    if "network.transport" in fields:
        part_icmp(fields, are_type_and_code=False)


def _settle(fields: dict[str, Value], name: str, value: Value) -> None:
    most = _MOST.get(name)
    if most is not None:
        if type(value) is not int or value > most or (value < 0 and most == PORT_MAX):
            _settle_number(fields, name, value)
    elif value is None or (type(value) is str and value.strip().lower() in TEXTS[name]):
        del fields[name]
    elif name in ADDRESSES:
        if type(value) is str:
            if not is_place(value):
                _add_no_place(fields, name, value)
        elif type(value) is not list:
            fields[f"{name}{TEXT_SUFFIX}"] = str(fields.pop(name))
    elif type(value) is int or type(value) is float:
        fields[name] = str(value)


def _settle_number(fields: dict[str, Value], name: str, value: Value) -> None:
    """Replace a value that is not a whole number, or is too large."""
    known = _integer_of(name, value.strip()) if type(value) is str else None
    if known is not None:
        fields[name] = known
        return
    del fields[name]
    if value is not None and not (type(value) is str and is_nothing(value)):
        fields[f"{name}{TEXT_SUFFIX}"] = value if type(value) in (list, dict) else str(value)


def place_addresses(fields: dict[str, Value]) -> None:
    """As `settle`, for addresses alone: what is no `is_place` stands at NAME.text."""
    if _ANY_SIDE.isdisjoint(fields):
        return
    for name in _SIDE_ADDRESSES:
        value = fields.get(name)
        if type(value) is str and not is_place(value):
            _add_no_place(fields, name, value)


def _add_no_place(fields: dict[str, Value], name: str, text: str) -> None:
    """Puts an address between brackets, or the first of a list for a client, at its name, any other text at NAME.text."""
    fields.pop(name, None)
    inner = text[1:-1] if text[:1] == "[" and text[-1:] == "]" else text
    first = inner.partition(",")[0].strip()
    if is_ip(inner):
        fields[name] = inner
    elif name == "client.address" and first != inner and is_ip(first):
        fields[name] = first
        fields.setdefault("http.request.header.x_forwarded_for", text)
    elif not is_nothing(text):
        fields[name + TEXT_SUFFIX] = text


@lru_cache(maxsize=1024)
def transport_of(text: str) -> str:
    """`network.transport` for a protocol's number or name."""
    text = text.lower()
    return PROTOCOLS.get(text, text)


def part_icmp(fields: dict[str, Value], *, are_type_and_code: bool = True) -> None:
    """ICMP has no ports. What stands in their places is type and code where the source says so; else it stays as
    `source.port.text`, unless it is 0."""
    transport = fields.get("network.transport")
    if type(transport) is str and "icmp" in transport:
        for port, name in (("source.port", "icmp.type"), ("destination.port", "icmp.code")):
            if port in fields:
                value = fields.pop(port)
                if are_type_and_code:
                    fields[name] = value
                elif value != 0:
                    fields[port + TEXT_SUFFIX] = str(value)


@lru_cache(maxsize=_CACHE_SIZE)
def is_ip(text: str) -> bool:
    """Whether the whole text is an IPv4 or IPv6 address, and not a clock, a MAC address or a version."""
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


@lru_cache(maxsize=_CACHE_SIZE)
def is_place(text: str) -> bool:
    """Whether a text is an address or the name of a host: letters, digits, hyphens, dots and underscores."""
    return _HOST_NAME.fullmatch(text) is not None or is_ip(text)


@lru_cache(maxsize=_CACHE_SIZE)
def endpoint(text: str, *, always_port: bool = False) -> tuple[str, int | None]:
    """Address and port of ``192.0.2.7:443``, ``[2001:db8::7]:443``, ``host:443``, or any of them without a port.

    A port over 65535 is none: the text stays whole. ``2001:db8::7`` is an address without a port; always_port: the
    source writes a port even behind an address of IPv6, so that the last group is one where the others are an address.
    """
    host, colon, digits = text.rpartition(":")
    number_ = port(digits) if colon else None
    bare = ":" in host and host[0] != "["
    if number_ is None or not host or (bare and not (always_port and is_ip(host))):
        host, number_ = text, None
    if host[:1] == "[" and host[-1:] == "]":
        host = host[1:-1]
    return host, number_


def add_client(fields: dict[str, Value], text: str) -> None:
    """Add a client, or the list of addresses that proxies made of it: the first is the client's."""
    first, comma, _ = text.partition(",")
    if not is_nothing(first):
        add_endpoint(fields, "client", first.strip())
    if comma:
        fields["http.request.header.x_forwarded_for"] = text


def add_endpoint(fields: dict[str, Value], name: str, text: str, *, always_port: bool = False) -> None:
    """Add an address with its port as NAME.address and NAME.port; ``-`` and an empty text add nothing."""
    if text in _ABSENT:
        return
    host, number_ = endpoint(text, always_port=always_port)
    if not is_nothing(host):
        fields[f"{name}.address"] = host
    if number_ is not None:
        fields[f"{name}.port"] = number_


def add_peer(fields: dict[str, Value], name: str, text: str) -> None:
    """As `add_endpoint`; a slash before the address is Java's, and ``[local]`` is a UNIX socket."""
    if text == LOCAL:
        fields["network.transport"] = "unix"
    else:
        add_endpoint(fields, name, text.removeprefix("/"))
