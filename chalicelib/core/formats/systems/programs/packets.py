"""Packets that pfSense and OPNsense log: values between commas, whose columns depend on version and protocol.

https://docs.netgate.com/pfsense/en/latest/monitoring/logs/raw-filter-format.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from chalicelib.core.formats.kinds import add_integer, is_ip, number

if TYPE_CHECKING:
    from chalicelib.core.formats.systems.phrases import Say
    from chalicelib.core.records import Value

_COMMON: Final = (
    "pf.rule", "pf.sub_rule", "pf.anchor", "pf.tracker", "pf.interface", "pf.reason", "pf.action", "network.direction",
    "pf.ip_version",
)  # fmt: skip
_IPV4: Final = (
    "pf.tos", "pf.ecn", "pf.ttl", "pf.id", "pf.offset", "pf.flags", "pf.protocol_id", "network.transport", "pf.length",
    "source.address", "destination.address",
)  # fmt: skip
_IPV6: Final = (
    "pf.class", "pf.flow_label", "pf.hop_limit", "network.transport", "pf.protocol_id", "pf.length", "source.address",
    "destination.address",
)  # fmt: skip
_PORTS: Final = ("source.port", "destination.port", "pf.data_length")
_BEHIND: Final = {
    "tcp": (*_PORTS, "pf.tcp_flags", "pf.sequence", "pf.ack", "pf.window", "pf.urgent", "pf.options"),
    "udp": _PORTS,
    "carp": ("pf.carp_type", "pf.carp_ttl", "pf.carp_vhid", "pf.carp_version", "pf.carp_advskew", "pf.carp_advbase"),
}  # fmt: skip
_ICMP: Final = {
    "request": ("icmp.id", "icmp.sequence"), "reply": ("icmp.id", "icmp.sequence"),
    "unreachproto": ("icmp.destination", "icmp.protocol_id"),
    "unreachport": ("icmp.destination", "icmp.protocol_id", "icmp.port"), "needfrag": ("icmp.destination", "icmp.mtu"),
}  # fmt: skip
_TEXTS: Final = frozenset(
    ("pf.anchor", "pf.tracker", "pf.tos", "pf.class", "pf.flow_label", "pf.sequence", "pf.flags")
)


def filterlog(text: str, fields: dict[str, Value]) -> bool:
    values = text.split(",")
    is_v4 = values[8:9] == ["4"]
    names = (*_COMMON, *(_IPV4 if is_v4 else _IPV6))
    if len(values) < len(names) or values[8] not in ("4", "6"):
        return False
    source = values[names.index("source.address")]
    if not is_ip(source) or not is_ip(values[names.index("destination.address")]):
        return False
    protocol = values[names.index("network.transport")].lower()
    rest = values[len(names) :]
    if protocol in ("icmp", "ipv6-icmp", "icmp6") and rest:
        fields["icmp.kind"] = rest[0]
        names, values = (
            (*names, *_ICMP.get(rest[0], ("icmp.description",))),
            [*values[: len(names)], *rest[1:]],
        )
    else:
        names = (*names, *_BEHIND.get(protocol, ()))
    for name, value in zip(names, values, strict=False):
        if value in ("", "none"):
            continue
        if name.endswith(".port"):
            add_integer(fields, name, value)
        elif name == "network.transport":
            fields[name] = protocol
        else:
            fields[name] = value if name in _TEXTS else number(value)
    return True


PROGRAMS: Final[dict[str, Say]] = {"filterlog": filterlog}
"""Program → what it says."""
