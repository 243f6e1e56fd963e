"""How lines of name=value pairs are read that security devices write, with or without a syslog header.

Where the pairs begin is an expression; what their names mean is an `Objects`.
"""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Final

from chalicelib.core.formats import severity
from chalicelib.core.formats.kinds import (
    add_endpoint,
    add_integer,
    is_ip,
    part_icmp,
    put,
    transport_of,
    whole,
)
from chalicelib.core.formats.nested import add, add_all
from chalicelib.core.formats.object_reader import Reader
from chalicelib.core.formats.reasons import OTHER_SHAPE
from chalicelib.core.formats.security.kv import Headed
from chalicelib.core.formats.web.requests import add_url
from chalicelib.core.records import Record, Reject

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chalicelib.core.formats import Format, Parse, ParseContext
    from chalicelib.core.formats.member_names import Target
    from chalicelib.core.formats.nested import When
    from chalicelib.core.formats.objects import Objects
    from chalicelib.core.records import Value

_PAIRS: Final = re.compile(
    r"(?:^|(?<=[\s,>]))([A-Za-z_][\w.-]{0,63})=(?:\"([^\"\\]*+(?:\\.[^\"\\]*+)*+)\"|'([^'\\]*+(?:\\.[^'\\]*+)*+)'|([^\s\"]*+))",
    re.DOTALL,
)
_PAIRS_MAX: Final = 300
_HEAD_MAX: Final = 300
_NOTHING: Final = frozenset(("", "N/A", "-"))


def headed(objects: Objects, start: str) -> Format:
    """A format of pairs behind a head.

    start: an expression that is found where they begin, in the first 300 characters. Its groups are attributes (``__`` is
        a dot), apart from `time` and `body`, which are members.
    """
    return objects.format(partial(_make_parser, objects, start))


def _make_parser(objects: Objects, start: str, context: ParseContext) -> Parse:
    header, record_of = Headed(context), Reader(objects, context).record_of
    find = re.compile(start).search

    def parse(line: str) -> Record | Reject:
        match = find(line, 0, _HEAD_MAX)
        if match is None:
            return OTHER_SHAPE
        stamp: When = (None, None)
        fields: dict[str, Value] = {}
        if (before := line[: match.start()]).strip():
            head = header.head(before)
            if head is None:
                return OTHER_SHAPE
            stamp, fields, _ = head
        members: dict[str, Value] = {}
        for group, text in match.groupdict().items():
            if group in ("time", "body") and text is not None:
                members[group] = text
            elif text is not None and text not in _NOTHING:
                _OF_HEADS.get(group, put)(fields, group.replace("__", "."), text)
        _add_pairs(members, line, match.end())
        record = record_of(members)
        if isinstance(record, Reject):
            return record
        add_all(fields, record.attributes)
        _name_icmp(fields, objects.prefix)
        if record.timestamp is not None:
            stamp = record.timestamp, record.timestamp_assumed
        word, number, code = record.severity_text, record.severity_number, fields.get("syslog.severity.code")
        if word is None and type(code) is int:
            word, number = severity.SYSLOG[code]
        body = record.body or line[match.start() :].removeprefix("1 ")
        return Record(*stamp, word, number, body, fields)

    return parse


def _add_pairs(members: dict[str, Value], line: str, at: int) -> None:
    repeats: dict[str, int] = {}
    for count, pair in enumerate(_PAIRS.finditer(line, at)):
        if count >= _PAIRS_MAX:
            members["extra"] = line[pair.start() :]
            break
        name, double, single, bare = pair.groups()
        value = double if double is not None else single if single is not None else bare
        if value not in _NOTHING:
            add(members, repeats, name, value.replace('\\"', '"') if "\\" in value else value)


def _add_transport(fields: dict[str, Value], name: str, text: str) -> None:
    """A protocol; what stands behind the slash of ICMP's is its type."""
    protocol, _, kind = text.partition("/")
    fields[name] = transport_of(protocol)
    if fields[name] == "icmp" and (number := whole(kind)) is not None:
        fields["icmp.type"] = number


def names_of(prefix: str, names: Mapping[str, str | Target], *codes: str) -> dict[str, str | Target]:
    """A table of names. codes: pairs that are texts though they look like numbers."""
    return {**names, **{code: f"text:{prefix}.{code.lower()}" for code in codes}}


def _add_url(fields: dict[str, Value], _name: str, text: str) -> None:
    add_url(fields, text)


_OF_HEADS: Final = {"network__transport": _add_transport, "url": _add_url}
TRANSPORT: Final[Target] = ("network.transport", _add_transport, "network.transport")


def _name_icmp(fields: dict[str, Value], prefix: str) -> None:
    """ICMP's type and code, which some say under their names and SonicWall in the places of ports behind ``icmp/8``."""
    if "icmp" not in str(fields.get("network.transport")):
        return
    for name in ("type", "code"):
        own = next(
            (own for own in (f"{prefix}.icmp_{name}", f"{prefix}.{name}") if type(fields.get(own)) is int), ""
        )
        if own:
            fields[f"icmp.{name}"] = fields.pop(own)
    if "icmp.type" in fields and fields["icmp.type"] == fields.get("source.port"):
        part_icmp(fields)


def side(name: str, prefix: str) -> Target:
    """An address with what may stand behind it, of one side."""
    return f"{prefix}.{name}", partial(_add_side, prefix), name


def _add_side(prefix: str, fields: dict[str, Value], side: str, text: str) -> None:
    """An address, its port and its interface: ``192.0.2.17:51022:X0``; IPv6 has its port only in brackets."""
    if is_ip(text):
        fields[f"{side}.address"] = text
        return
    if text[:1] == "[":
        address, _, rest = text[1:].partition("]")
        rest = rest.removeprefix(":")
    else:
        address, _, rest = text.partition(":")
    if is_ip(address):
        digits, _, interface = rest.partition(":")
        fields[f"{side}.address"] = address
        if digits:
            add_integer(fields, f"{side}.port", digits)
        if interface := interface.partition(":")[0]:
            fields[f"{prefix}.{side}_interface"] = interface
    elif text[:1] == "[":
        add_endpoint(fields, side, text)
    elif text:
        fields[f"{prefix}.{side}"] = text
