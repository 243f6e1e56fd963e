"""Flow logs of VPCs and transit gateways: the columns of the header line in force, or of a known order.

Without a header, lines of version 2 (the default), and those that name all fields in the order of the
console or of the examples of AWS, are told by how many columns they have and by what those look like.
`aws.vpc.start` is the record's time too.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from chalicelib.core.formats import Format
from chalicelib.core.formats.times import Times
from chalicelib.core.framing import Framing
from chalicelib.core.records import Record, Reject

if TYPE_CHECKING:
    from chalicelib.core.formats import Parse, ParseContext
    from chalicelib.core.formats.times import Stamp
    from chalicelib.core.records import Value

_NOT_FLOW: Final = Reject("not-vpc-flow")
_BAD_TIME: Final = Reject("invalid-timestamp")

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
_INTEGERS: Final = frozenset(
    "version srcport dstport protocol packets bytes start end tcp-flags traffic-path encryption-status"
    " packets-lost-no-route packets-lost-blackhole packets-lost-mtu-exceeded packets-lost-ttl-expired".split()
)
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
_TRANSPORTS: Final = {
    "6": "tcp", "17": "udp", "1": "icmp", "58": "ipv6-icmp", "47": "gre", "50": "esp", "132": "sctp",
}  # fmt: skip
_INTEGER: Final = r"[0-9]{1,18}"
_KNOWN_MAX: Final = 8192
_HEADER: Final = (
    r"(?=(?:[a-z0-9_-]++ )*(?:srcaddr|dstaddr|interface[-_]id|pkt[-_]srcaddr|log[-_]status|tgw[-_]id)(?: |$))"
    r"[a-z][a-z0-9_-]*+(?: [a-z][a-z0-9_-]*+)++ ?$"
)


def _pattern(names: list[str]) -> re.Pattern[str]:
    shapes = (_INTEGER if name in _INTEGERS else _SHAPES.get(name, r"[^ ]{1,256}") for name in names)
    return re.compile(" ".join(f"(?:-|{shape})" for shape in shapes))


class _Columns:
    """The columns of one order. `is_line` tells a whole line; the rest is where to find what."""

    def __init__(self, header: str) -> None:
        names = header.replace("_", "-").split()
        self.is_line = _pattern(names).fullmatch
        self.names = [_NAMES.get(name, f"aws.vpc.{name.replace('-', '_')}") for name in names]
        self.integers = [
            own
            for name, own in zip(names, self.names, strict=True)
            if name in _INTEGERS and name != "protocol"
        ]
        self.protocol = "aws.vpc.protocol" if "protocol" in names else None
        self.time = next((f"aws.vpc.{name}" for name in ("start", "end") if name in names), None)


def _make_parser(context: ParseContext) -> Parse:
    of_number = Times(context.last_modified).of_number
    stamps: dict[str, Stamp] = {}
    columns_of: dict[int, _Columns | None] = {}
    if context.header:
        said = _Columns(context.header)
        columns_of[len(said.names)] = said
    new = tuple.__new__

    def known_order(count: int) -> _Columns | None:
        order = None if context.header else _ORDERS.get(count)
        columns = columns_of[count] = _Columns(order) if order else None
        return columns

    def stamp_of(second: str) -> Stamp | None:
        stamp = of_number(second)
        if stamp is not None:
            if len(stamps) >= _KNOWN_MAX:
                stamps.clear()
            stamps[second] = stamp
        return stamp

    def parse(line: str) -> Record | Reject:
        parts = line.split(" ")
        count = len(parts)
        columns = (
            columns_of[count] if count in columns_of else known_order(count) if count in _ORDERS else None
        )
        if columns is None or not columns.is_line(line):
            return _NOT_FLOW
        fields: dict[str, Value] = dict(zip(columns.names, parts, strict=False))
        if "-" in parts:
            fields = {name: value for name, value in fields.items() if value != "-"}
            for name in columns.integers:
                if name in fields:
                    fields[name] = int(fields[name])  # type: ignore[arg-type]
        else:
            for name in columns.integers:
                fields[name] = int(fields[name])  # type: ignore[arg-type]
        if columns.protocol in fields:
            protocol: str = fields["aws.vpc.protocol"]  # type: ignore[assignment]
            fields["aws.vpc.protocol"] = int(protocol)
            if protocol in _TRANSPORTS:
                fields["network.transport"] = _TRANSPORTS[protocol]
        stamp: Stamp | tuple[None, None] | None = (None, None)
        if columns.time in fields:
            second = str(fields[columns.time])
            stamp = stamps.get(second) or stamp_of(second)
            if stamp is None:
                return _BAD_TIME
        return new(Record, (*stamp, None, None, None, fields))

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
