"""Flow logs of VPCs and transit gateways: the columns of the header line in force, or of a known order.

Without a header, lines of version 2 (the default), and those that name all fields in the order of the
console or of the examples of AWS, are told by how many columns they have and by what those look like.
`aws.vpc.start` is the record's time too.
"""

from __future__ import annotations

import re
from operator import itemgetter
from typing import TYPE_CHECKING, Final

from chalicelib.core.formats import Format
from chalicelib.core.formats.kinds import part_icmp
from chalicelib.core.formats.reasons import BAD_TIME, OTHER_SHAPE
from chalicelib.core.formats.times import Times
from chalicelib.core.framing import Framing
from chalicelib.core.records import Record, Reject

if TYPE_CHECKING:
    from collections.abc import Callable

    from chalicelib.core.formats import Parse, ParseContext
    from chalicelib.core.formats.times import Stamp
    from chalicelib.core.records import Value


_DEFAULT: Final = (
    "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action"
    " log-status"
)
_ORDERS: Final = {
    order.count(" ") + 1: order
    for order in (
        _DEFAULT,
        "version vpc-id subnet-id instance-id interface-id account-id type srcaddr dstaddr srcport dstport pkt-srcaddr"
        " pkt-dstaddr protocol bytes packets start end action tcp-flags log-status",
        _DEFAULT
        + " vpc-id subnet-id instance-id tcp-flags type pkt-srcaddr pkt-dstaddr region az-id sublocation-type"
        " sublocation-id pkt-src-aws-service pkt-dst-aws-service flow-direction traffic-path",
    )
}
"""How many columns → their order, where no header says it."""
_NAMES: Final = {
    "account-id": "cloud.account.id",
    "srcaddr": "source.address",
    "dstaddr": "destination.address",
    "srcport": "source.port",
    "dstport": "destination.port",
    "instance-id": "host.id",
    "region": "cloud.region",
}
_INTEGERS: Final = frozenset((
    "version", "srcport", "dstport", "protocol", "packets", "bytes", "start", "end", "tcp-flags", "traffic-path",
    "encryption-status", "packets-lost-no-route", "packets-lost-blackhole", "packets-lost-mtu-exceeded",
    "packets-lost-ttl-expired",
))  # fmt: skip
_SHAPES: Final = {
    "account-id": r"[0-9]{12}|unknown",
    "interface-id": r"eni-[0-9a-f]{8,17}",
    "vpc-id": r"vpc-[0-9a-f]{8,17}",
    "subnet-id": r"subnet-[0-9a-f]{8,17}",
    "instance-id": r"i-[0-9a-f]{8,17}",
    "tgw-id": r"tgw-[0-9a-f]{8,17}",
    "srcaddr": r"[0-9a-fA-F:.]{2,45}",
    "dstaddr": r"[0-9a-fA-F:.]{2,45}",
    "pkt-srcaddr": r"[0-9a-fA-F:.]{2,45}",
    "pkt-dstaddr": r"[0-9a-fA-F:.]{2,45}",
    "action": r"ACCEPT|REJECT",
    "log-status": r"OK|NODATA|SKIPDATA",
    "type": r"IPv4|IPv6|EFA",
    "flow-direction": r"ingress|egress",
}
_TRANSPORTS: Final = {6: "tcp", 17: "udp", 1: "icmp", 58: "ipv6-icmp", 47: "gre", 50: "esp", 132: "sctp"}
_TRANSPORTS_OF_TEXT: Final = {
    str(number): (number, name) for number, name in _TRANSPORTS.items() if "icmp" not in name
}
"""Those with usual lines: ICMP has no ports."""
_ACTIONS: Final = frozenset(("ACCEPT", "REJECT"))
_ACCOUNT_DIGITS: Final = 12
_PROOF: Final = 3
_DIGITS_MAX: Final = 18
_NUMBERS_MAX: Final = 60
_ALWAYS: Final = frozenset(("version", "interface-id", "log-status"))
"""What no line of the known orders lacks."""
_INTEGER: Final = r"[0-9]{1,18}"
_KNOWN_MAX: Final = 8192
_HEADER: Final = (
    r"(?=(?:[a-z0-9_-]++ )*(?:srcaddr|dstaddr|interface[-_]id|pkt[-_]srcaddr|log[-_]status|tgw[-_]id)(?: |$))"
    r"[a-z][a-z0-9_-]*+(?: [a-z][a-z0-9_-]*+)++ ?$"
)


def _pattern(names: list[str], *, named: bool) -> re.Pattern[str]:
    shapes = (_INTEGER if name in _INTEGERS else _SHAPES.get(name, r"[^ ]{1,256}") for name in names)
    return re.compile(
        " ".join(
            f"(?:{shape})" if name in _ALWAYS and not named else f"(?:-|{shape})"
            for name, shape in zip(names, shapes, strict=True)
        )
    )


class _Columns:
    """The columns of one order. `is_line` tells a whole line; the rest is where to find what.

    said: a header named them, so that numbers in place of numbers are proof enough.
    """

    def __init__(self, header: str, *, named: bool) -> None:
        names = header.replace("_", "-").split()
        self.is_line = _pattern(names, named=named).fullmatch
        self.names = tuple(_NAMES.get(name, f"aws.vpc.{name.replace('-', '_')}") for name in names)
        places = [place for place, name in enumerate(names) if name in _INTEGERS]
        self.integers = tuple(self.names[place] for place in places)
        self.numbers_of: Callable[[list[str]], tuple[str, ...]] | None = None
        if named and len(places) > _PROOF:
            self.numbers_of = itemgetter(*places)
        self.time = next((f"aws.vpc.{name}" for name in ("start", "end") if name in names), None)


def _make_parser(context: ParseContext) -> Parse:
    of_number = Times(context.last_modified).of_number
    stamps: dict[str, Stamp] = {}
    seconds: dict[str, tuple[str, int]] = {}
    usual: dict[tuple[str, ...], dict[str, Value]] = {}
    header = context.header.strip().replace("_", "-")
    named = _Columns(header, named=True) if header and header != _DEFAULT else None
    orders: dict[int, _Columns] = {}
    default_count = 14 if named is None else 0
    new = tuple.__new__

    def columns_of(count: int) -> _Columns | None:
        if named is not None:
            return named if count == len(named.names) else None
        if count not in orders and count in _ORDERS and not (header and count != default_count):
            orders[count] = _Columns(_ORDERS[count], named=False)
        return orders.get(count)

    def stamp_of(second: str) -> Stamp | None:
        stamp = of_number(second)
        if stamp is not None:
            if len(stamps) >= _KNOWN_MAX:
                stamps.clear()
            stamps[second] = stamp
        return stamp

    def parse_any(line: str, parts: list[str]) -> Record | Reject:
        columns = columns_of(len(parts))
        if columns is None:
            return OTHER_SHAPE
        numbers = columns.numbers_of(parts) if columns.numbers_of is not None else ()
        whole = "".join(numbers)
        fields: dict[str, Value] = dict(zip(columns.names, parts, strict=True))
        if (
            whole.isdecimal() and whole.isascii() and "" not in parts and len(max(numbers, key=len)) <= _DIGITS_MAX
            and "-" not in parts and line.isascii()
        ):  # fmt: skip
            fields.update(zip(columns.integers, map(int, numbers), strict=True))
        elif columns.is_line(line):
            fields = {name: value for name, value in fields.items() if value != "-"}
            for name in columns.integers:
                if name in fields:
                    fields[name] = int(str(fields[name]))
        else:
            return OTHER_SHAPE
        protocol = fields.get("aws.vpc.protocol")
        if protocol in _TRANSPORTS:
            fields["network.transport"] = _TRANSPORTS[protocol]  # type: ignore[index]
            part_icmp(fields, are_type_and_code=False)
        if columns.time not in fields:
            return Record(None, None, None, None, None, fields)
        second = str(fields[columns.time])
        stamp = stamps.get(second) or stamp_of(second)
        return BAD_TIME if stamp is None else new(Record, (*stamp, None, None, None, fields))

    def second_of(text: str) -> tuple[str, int]:
        """The time stamp and the number of a second. Raises KeyError where it is none."""
        stamp = stamp_of(text)
        if stamp is None or not text.isascii() or not text.isdecimal():
            raise KeyError(text)
        if len(seconds) >= _KNOWN_MAX:
            seconds.clear()
        second = seconds[text] = stamp[0], int(text)
        return second

    def usual_of(key: tuple[str, ...]) -> dict[str, Value]:
        """The fields of a usual line of version 2 with those columns, to be copied; 0 where lines differ.

        Raises KeyError where the line is none.
        """
        version, account, interface, protocol, action, log_status = key
        is_usual = version == "2" and log_status == "OK" and action in _ACTIONS and interface[:4] == "eni-"
        if not (is_usual and len(account) == _ACCOUNT_DIGITS and account.isascii() and account.isdecimal()):
            raise KeyError(key)
        number, transport = _TRANSPORTS_OF_TEXT[protocol]
        if len(usual) >= _KNOWN_MAX:
            usual.clear()
        fields = usual[key] = {
            "aws.vpc.version": 2,
            "cloud.account.id": account,
            "aws.vpc.interface_id": interface,
            "source.address": "",
            "destination.address": "",
            "source.port": 0,
            "destination.port": 0,
            "aws.vpc.protocol": number,
            "network.transport": transport,
            "aws.vpc.packets": 0,
            "aws.vpc.bytes": 0,
            "aws.vpc.start": 0,
            "aws.vpc.end": 0,
            "aws.vpc.action": action,
            "aws.vpc.log_status": log_status,
        }
        return fields

    def parse(line: str) -> Record | Reject:
        parts = line.split(" ")
        if len(parts) != default_count:
            return parse_any(line, parts)
        (
            version, account, interface, source, destination, source_port, destination_port, protocol, packets, size,
            start, end, action, log_status,
        ) = parts  # fmt: skip
        numbers = f"{source_port}{destination_port}{packets}{size}"
        key = version, account, interface, protocol, action, log_status
        try:
            known = usual.get(key) or usual_of(key)
            timestamp, first = seconds.get(start) or second_of(start)
            _, last = seconds.get(end) or second_of(end)
        except KeyError:
            return parse_any(line, parts)
        if (
            not numbers.isdecimal() or len(numbers) > _NUMBERS_MAX or not line.isascii() or "  " in line
            or not (("." in source and "." in destination) or ":" in source)
        ):  # fmt: skip
            return parse_any(line, parts)
        fields = known.copy()
        fields["source.address"] = source
        fields["destination.address"] = destination
        fields["source.port"] = int(source_port)
        fields["destination.port"] = int(destination_port)
        fields["aws.vpc.packets"] = int(packets)
        fields["aws.vpc.bytes"] = int(size)
        fields["aws.vpc.start"] = first
        fields["aws.vpc.end"] = last
        return new(Record, (timestamp, None, None, None, None, fields))

    return parse


VPC_FLOW: Final = Format(
    name="aws_vpc_flow",
    title="Amazon VPC, flow log",
    source="https://docs.aws.amazon.com/vpc/latest/userguide/flow-log-records.html",
    samples=(
        "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action"
        " log-status\n"
        "2 111122223333 eni-0a1b2c3d4e5f60718 192.0.2.17 198.51.100.4 49152 443 6 20 4249 1710404813 1710404873 ACCEPT OK",
        "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action"
        " log-status\n"
        "2 111122223333 eni-0a1b2c3d - - - - - - - 1710404813 1710404873 - NODATA",
        "version vpc-id subnet-id instance-id interface-id account-id type srcaddr dstaddr srcport dstport pkt-srcaddr"
        " pkt-dstaddr protocol bytes packets start end action tcp-flags log-status\n"
        "3 vpc-0a1b2c3d4e5f60718 subnet-0a1b2c3d4e5f60718 - eni-0a1b2c3d4e5f60718 111122223333 IPv6 2001:db8::5"
        " 2001:db8::9 43418 5001 2001:db8::5 2001:db8::9 17 23294588 15774 1710404813 1710404993 REJECT 0 OK",
    ),
    make_parser=_make_parser,
    specificity=0.99,
    framing=Framing(header=_HEADER),
    sieve=rf"{_HEADER}|[0-9]{{1,2}} (?:[0-9]{{12}}|unknown|vpc-[0-9a-f]+|-) |(?:[^ ]{{1,64}} ){{0,28}}(?:eni|tgw)-[0-9a-f]+ ",
    alone=True,
)

FORMATS: Final = (VPC_FLOW,)
