"""How lines of name=value pairs are read that security devices write, with or without a syslog header.

A vendor says where its pairs begin, what its names mean, and where time,
severity and body are; all other pairs keep their names under the vendor's.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from chalicelib.core.formats import Format, severity
from chalicelib.core.formats.kinds import (
    INTEGERS,
    add_endpoint,
    add_integer,
    is_ip,
    number,
    part_icmp,
    transport_of,
    whole,
)
from chalicelib.core.formats.reasons import BAD_TIME, OTHER_SHAPE
from chalicelib.core.formats.security.kv import Headed
from chalicelib.core.formats.times import Times
from chalicelib.core.formats.web.requests import add_url
from chalicelib.core.records import Record, Reject

if TYPE_CHECKING:
    from collections.abc import Callable

    from chalicelib.core.formats import Parse, ParseContext
    from chalicelib.core.formats.nested import When
    from chalicelib.core.records import Value

_PAIRS: Final = re.compile(
    r"(?:^|(?<=[\s,>]))([A-Za-z_][\w.-]{0,63})=(?:\"([^\"\\]*+(?:\\.[^\"\\]*+)*+)\"|'([^'\\]*+(?:\\.[^'\\]*+)*+)'|([^\s\"]*+))",
    re.DOTALL,
)
_PAIRS_MAX: Final = 300
_HEAD_MAX: Final = 300
_NOTHING: Final = frozenset(("", "N/A", "-"))


@dataclass(frozen=True, slots=True)
class Vendor:
    """Whose lines a format explains.

    start: an expression that is found where they begin, in the first 300 characters; its groups are fields (``__``
        is a dot), apart from `time`, and `body`: what stands there in words. names: pair → attribute; ``name:`` is an
        address that may have a port, and an interface behind it. needs: pairs of which one must be there. times: texts with the names of pairs in
        braces, the first of which all are there gives the time. levels: pairs that name the severity; own_levels: their
        words that are of no other. codes: pairs that are texts though they look like numbers.
    """

    name: str
    title: str
    source: str
    samples: tuple[str, ...]
    start: str
    prefix: str
    names: Mapping[str, str]
    needs: tuple[str, ...] = ()
    times: tuple[str, ...] = ()
    levels: tuple[str, ...] = ()
    own_levels: Mapping[str, str] = field(default_factory=dict)
    bodies: tuple[str, ...] = ()
    codes: frozenset[str] = frozenset()
    sieve: str = ""


_BRACED: Final = re.compile(r"\{(\w+)\}")


class _Parser:
    def __init__(self, vendor: Vendor, context: ParseContext) -> None:
        self._vendor = vendor
        self._times = Times(context.last_modified)
        self._headed = Headed(context)
        self._start = re.compile(vendor.start).search

    def parse(self, line: str) -> Record | Reject:
        vendor = self._vendor
        found = self._start(line, 0, _HEAD_MAX)
        if found is None:
            return OTHER_SHAPE
        fields: dict[str, Value] = {}
        stamp: When = (None, None)
        before = line[: found.start()]
        if before.strip():
            header = self._headed.head(before)
            if header is None:
                return OTHER_SHAPE
            stamp, fields, _ = header
        groups = found.groupdict()
        when, body = groups.pop("time", None), groups.pop("body", None)
        for name, value in groups.items():
            if value is not None and value not in _NOTHING:
                self._add(fields, name.replace("__", "."), value)
        pairs = self._pairs(line, found.end(), fields)
        if vendor.needs and pairs.keys().isdisjoint(vendor.needs):
            return OTHER_SHAPE
        own = self._time(when, pairs)
        if own is not None:
            stamp = own
        elif when is not None:
            return BAD_TIME
        word, level = self._level(pairs)
        code = fields.get("syslog.severity.code")
        if word is None and type(code) is int:
            word, level = severity.SYSLOG[code]
        for name in vendor.bodies:
            body = pairs.get(name) or body
            if body:
                break
        for name, value in pairs.items():
            if value not in _NOTHING:
                self._add(fields, vendor.names.get(name) or f"{vendor.prefix}.{name.lower()}", value, name)
        _part_icmp(fields, vendor.prefix)
        return Record(*stamp, word, level, body or line[found.start() :].removeprefix("1 "), fields)

    def _pairs(self, line: str, at: int, fields: dict[str, Value]) -> dict[str, str]:
        pairs: dict[str, str] = {}
        for count, pair in enumerate(_PAIRS.finditer(line, at)):
            if count >= _PAIRS_MAX:
                fields["extra"] = line[pair.start() :]
                break
            name, double, single, bare = pair.groups()
            value = double if double is not None else single if single is not None else bare
            while name in pairs:
                name += "#2" if name[-2:-1] != "#" else "'"
            pairs[name] = value.replace('\\"', '"') if "\\" in value else value
        return pairs

    def _time(self, when: str | None, pairs: dict[str, str]) -> When | None:
        if when is not None:
            if when[4:5] == ":":
                when = f"{when[:4]}-{when[5:7]}-{when[8:10]} {when[11:]}"
            return self._times.of_text(when) or (
                self._times.of_number(when) if when[:1].isdecimal() else None
            )
        for template in self._vendor.times:
            names = _BRACED.findall(template)
            if all(name in pairs for name in names):
                text = _BRACED.sub(lambda name: pairs[name[1]], template).strip()
                stamp = self._times.of_text(text) or self._times.of_text(text.rpartition(" ")[0])
                if stamp is not None:
                    for name in names:
                        del pairs[name]
                    return stamp
        return None

    def _level(self, pairs: dict[str, str]) -> tuple[str | None, int | None]:
        for name in self._vendor.levels:
            word = pairs.get(name)
            level = (
                None if word is None else severity.of_word(self._vendor.own_levels.get(word.lower(), word))
            )
            if word is not None and word not in _NOTHING:
                return pairs.pop(name), level
        return None, None

    def _add(self, fields: dict[str, Value], name: str, value: str, own: str = "") -> None:
        if name.endswith(":"):
            _add_place(fields, name[:-1], value, self._vendor.prefix)
        elif name == "network.transport":
            fields[name] = transport_of(value.partition("/")[0])
            if fields[name] == "icmp" and (kind := whole(value.partition("/")[2])) is not None:
                fields["icmp.type"] = kind
        elif name in ("source.address", "destination.address", "client.address") and not is_ip(value):
            fields[f"{self._vendor.prefix}.{own or name}"] = value
        elif name == "url":
            add_url(fields, value)
        elif name in INTEGERS:
            add_integer(fields, name, value)
        else:
            key = name if name not in fields or not own else f"{self._vendor.prefix}.{own.lower()}"
            fields[key] = value if own in self._vendor.codes else number(value)


def _part_icmp(fields: dict[str, Value], prefix: str) -> None:
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


def _add_place(fields: dict[str, Value], side: str, text: str, prefix: str) -> None:
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


def _parser(vendor: Vendor) -> Callable[[ParseContext], Parse]:
    return lambda context: _Parser(vendor, context).parse


def format_of(vendor: Vendor) -> Format:
    return Format(
        vendor.name,
        vendor.title,
        vendor.source,
        vendor.samples,
        _parser(vendor),
        0.9905,
        sieve=vendor.sieve,
        alone=True,
    )
