"""Routers whose own lines have a shape: MikroTik RouterOS, in syslog, in its files and on its console."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from chalicelib.core.formats.kinds import add_endpoint, endpoint, integer, is_ip, transport_of
from chalicelib.core.formats.patterned import REST, patterned

if TYPE_CHECKING:
    from chalicelib.core.records import Value

_PACKET: Final = re.compile(
    r"(?:(?:(?P<prefix>[^\n]{1,128}?) )?(?P<chain>[\w-]{1,64}): )?in:(?P<in>\([^()]{1,64}\)|[^\s,]{1,64}) out:(?P<out>\([^()]{1,64}\)|[^\s,]{1,64}),"
    r"(?: connection-mark:(?P<mark>[^\s,]{1,64}))?(?: connection-state:(?P<state>[\w,]{1,64}?)(?=[ ,]))?(?: src-mac (?P<mac>[0-9A-Fa-f:]{11,17}))?,?"
    r" proto (?P<proto>[\w-]{1,24})(?: \((?P<flags>[^()]{0,64})\))?, (?P<src>[^\s,>]{2,64}?)->(?P<dst>[^\s,]{2,64}),"
    r"(?: NAT (?P<nat>[^\n]{1,200}?),)?(?: (?:prio|mark) [^,\n]{1,64},)? len (?P<len>[0-9]{1,8})"
)
_NAMES: Final = {
    "prefix": "mikrotik.prefix", "chain": "mikrotik.chain", "in": "mikrotik.in_interface", "out": "mikrotik.out_interface",
    "mark": "mikrotik.connection_mark", "state": "mikrotik.connection_state", "mac": "source.mac", "flags": "mikrotik.tcp_flags",
    "nat": "mikrotik.nat",
}  # fmt: skip
_ICMP: Final = re.compile(r"type ([0-9]{1,3}), code ([0-9]{1,3})", re.ASCII)
_LOGIN: Final = re.compile(
    r"(?:login failure for )?user (?P<user>[^\s]{1,128}) (?:logged (?:in|out) )?from (?P<address>[0-9A-Fa-f.:]{2,45}) via (?P<via>[\w-]{1,32})"
)
_TOPICS: Final = r"(?:system|firewall|dhcp|wireless|interface|account|script|ppp|pppoe|l2tp|pptp|ovpn|sstp|ipsec|dns|route|bgp|ospf|hotspot|caps|web-proxy|certificate|critical|radius|ntp|snmp|ssh|manager|bridge|lte|wireguard|poe-out|container)"

_TOPIC: Final = rf"(?P<topics>{_TOPICS}(?:,[a-z0-9-]{{2,24}}){{0,6}},(?P<level>info|warning|error|critical|debug))(?:,[a-z0-9-]{{2,24}}){{0,4}}"


def _details(fields: dict[str, Value], body: str) -> None:
    if packet := _PACKET.match(body):
        for group, name in _NAMES.items():
            if value := packet[group]:
                fields[name] = value
        fields["network.transport"] = transport_of(packet["proto"])
        if icmp := _ICMP.fullmatch(packet["flags"] or ""):
            del fields["mikrotik.tcp_flags"]
            fields["icmp.type"], fields["icmp.code"] = integer(icmp[1]), integer(icmp[2])
        fields["mikrotik.length"] = integer(packet["len"])
        for side, text in (("source", packet["src"]), ("destination", packet["dst"])):
            if is_ip(endpoint(text)[0]):
                add_endpoint(fields, side, text)
    elif (login := _LOGIN.match(body)) and is_ip(login["address"]):
        fields["user.name"], fields["client.address"], fields["mikrotik.via"] = login.group(
            "user", "address", "via"
        )


_MIKROTIK: Final = patterned(
    "mikrotik",
    "MikroTik RouterOS: packets, logins and other topics, in its files and behind a syslog header",
    "https://help.mikrotik.com/docs/spaces/ROS/pages/328094/Log",
    samples=(
        "firewall,info drop input: in:ether1 out:(unknown 0), connection-state:new src-mac 02:00:00:00:00:01, proto TCP (SYN),"
        " 192.0.2.17:51022->198.51.100.9:22, len 52",
        "2024-03-14 09:26:53 system,error,critical login failure for user ada from 192.0.2.17 via ssh",
        "mar/14/2024 09:26:54 dhcp,info dhcp1 assigned 198.51.100.20 to 02:00:00:00:00:02",
        "forward: in:ether1 out:bridge, connection-state:established, proto UDP, 192.0.2.17:53->198.51.100.9:51022, len 80",
    ),
    templates=(
        rf"(?P<time>[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}} [0-9:]{{8}}) {_TOPIC} {REST}",
        rf"(?P<mo>[a-z]{{3}})/(?P<d>[0-9]{{2}})/(?P<y>[0-9]{{4}}) (?P<h>[0-9]{{2}}):(?P<mi>[0-9]{{2}}):(?P<s>[0-9]{{2}}) {_TOPIC} {REST}",
        rf"(?:(?P<clock>[0-9]{{2}}:[0-9]{{2}}:[0-9]{{2}}) )?{_TOPIC} {REST}",
        r"(?![^\n]{0,40}?[0-9]{2}:[0-9]{2}:[0-9]{2} )(?P<body>(?:(?:[^\n<][^\n]{0,127} )?[\w-]{1,64}: )?in:(?:\([^()\n]{1,64}\)|[^\s,]{1,64}) out:(?:\([^()\n]{1,64}\)|[^\s,]{1,64}),"
        r" [^\n]{0,300}proto [^\n]*+)",
    ),
    start=rf"(?:[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}} [0-9:]{{8}} |[a-z]{{3}}/[0-9]{{2}}/[0-9]{{4}} [0-9:]{{8}} |[0-9]{{2}}:[0-9]{{2}}:[0-9]{{2}} )?"
    rf"(?:{_TOPICS}(?:,[a-z0-9-]{{2,24}}){{0,6}},(?:info|warning|error|critical|debug)[ ,]|(?![^\n]{{0,40}}?[0-9]{{2}}:[0-9]{{2}}:[0-9]{{2}} )(?:(?:[^\n<][^\n]{{0,127}}? )?[\w-]{{1,64}}: )?in:[^\n]{{1,70}} out:[^\n]{{1,70}}, )",
    specificity=0.975,
    names={"topics": "mikrotik.topics", "clock": "time_of_day"},
    details=_details,
    single_line=True,
)

MIKROTIK: Final = replace(
    _MIKROTIK, contains=((",info", ",warning", ",error", ",critical", ",debug", " out:"),)
)

FORMATS: Final = (MIKROTIK,)
