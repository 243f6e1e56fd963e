"""What Cisco's firewalls say: ``%ASA-6-302013: Built outbound TCP connection …`` and access lists.

With or without a syslog header. https://www.cisco.com/c/en/us/td/docs/security/asa/syslog/b_syslog.html
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from chalicelib.core.formats import Format, severity
from chalicelib.core.formats.systems.phrases import phrases
from chalicelib.core.formats.systems.priorities import add_priority
from chalicelib.core.formats.times import MONTH, Times
from chalicelib.core.records import Record, Reject

if TYPE_CHECKING:
    from chalicelib.core.formats import Parse, ParseContext
    from chalicelib.core.records import Value

_FROM: Final = r"(?:{iface:cisco.source_interface}:)?{ip:source.address}(?:/{int:source.port})?"
_TO: Final = r"(?:{iface:cisco.destination_interface}:)?{ip:destination.address}(?:/{int:destination.port})?"
_USER: Final = r"(?: ?\({round:cisco.source_user}\))?"
_NAT: Final = r"(?: ?\({round:cisco.mapped}\))?"
_DEVICE: Final = phrases(
    rf"(?:Built|Teardown) (?:{{name:network.direction}} )?(?:dynamic |static |local-host )?(?:{{name:network.transport}} )"
    rf"(?:connection|translation) {{int:cisco.connection_id}} (?:for|from) {_FROM}{_NAT}{_USER} to {_TO}{_NAT}{_USER}"
    r"(?: duration {word:cisco.duration})?(?: bytes {int:cisco.bytes})?(?: {rest:cisco.reason})?",
    rf"Built {{name:network.direction}} ICMP connection for faddr {_FROM}{_USER} gaddr {{word:cisco.mapped}} laddr {_TO}",
    rf"Teardown ICMP connection for faddr {_FROM}{_USER} gaddr {{word:cisco.mapped}} laddr {_TO}",
    r"(?:{name:network.transport} )?[Aa]ccess[- ](?:denied|permitted) by ACL from " + _FROM + " to " + _TO,
    rf"Inbound {{name:network.transport}} connection {{name:cisco.action}} from {_FROM} to {_TO}(?: flags {{some:cisco.flags}})? +on"
    r" interface {word:cisco.source_interface}",
    rf"Deny (?:{{name:network.direction}} )?{{name:network.transport}}(?: \(no connection\))? (?:src|from) {_FROM}{_USER} (?:dst|to)"
    rf" {_TO}{_USER}(?: \(type {{int:icmp.type}}, code {{int:icmp.code}}\))?(?: flags {{some:cisco.flags}})?"
    r"(?: +on interface {word:cisco.source_interface})?(?: by access-group \"{quoted:cisco.access_group}\".*+)?$",
    rf"Deny {{name:network.transport}} reverse path check from {_FROM} to {_TO} on interface {{word:cisco.source_interface}}",
    r"access-list {word:cisco.policy_id} {name:cisco.action} {name:network.transport} {iface:cisco.source_interface}/{ip:source.address}"
    r"\({int:source.port}\)(?:\({round:cisco.source_user}\))? -> {iface:cisco.destination_interface}/{ip:destination.address}"
    r"\({int:destination.port}\)(?:\({round}\))? hit-cnt {int:cisco.hit_count} {rest:cisco.interval}",
    r"list {word:cisco.policy_id} {name:cisco.action} {name:network.transport} {ip:source.address}(?:\({int:source.port}\))?"
    r"(?: \([^()]{0,100}\))? -> {ip:destination.address}(?:\({int:destination.port}\))?, {int:cisco.packets} packets?",
    r"{name:network.protocol.name}: An? {name:network.direction} {word:cisco.tunnel_type} SA \(SPI= ?{name:cisco.spi}\) between"
    r" {ip:source.address} and {ip:destination.address} \(user= ?{name:user.name}\) has been {letters:cisco.action}",
    r"Group <{angle:cisco.group}> User <{angle:user.name}> IP <{angle:client.address}> {rest:cisco.message}",
    r"Group = {some:cisco.group}, Username = {some:user.name}, IP = {ip:client.address}, {rest:cisco.message}",
    r"AAA user {name:cisco.aaa} {name:cisco.result} : (?:reason = {some:cisco.reason} : )?server = {some:server.address} : user ="
    r" {word:user.name}(?: : user IP = {ip:client.address})?",
    r"User '?{name:user.name}'?,? (?:executed the|executing) {rest:cisco.command}",
    rf"No matching connection for ICMP error message: .{{0,200}}? src {_FROM} dst {_TO}",
    rf"Login {{name:cisco.result}} from {_FROM} to {_TO} for user \"{{quoted:user.name}}\"",
)
_HEAD: Final = re.compile(
    rf"(?:<[0-9]{{1,3}}>)?(?:({MONTH} [ 0-9]?[0-9] (?:[0-9]{{4}} )?[0-9]{{2}}:[0-9]{{2}}:[0-9]{{2}}(?:\.[0-9]{{1,9}})?"
    r"|[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]{8,18}(?:Z|[+-][0-9:]{4,6})?)(?: ([A-Z]{3,4}))?(?:: | ++))?+"
    r"(?:(?!%|ASA-|PIX-|FTD-|FWSM-|[aA]ccess-list )([^\s:%]{1,255}) ?:? )?(?:: )?"
    r"(?:%?((?:ASA|PIX|FTD|FWSM)(?:-\w{1,24})?)-([0-7])-([0-9]{3,7}): |(?=access-list \S{1,100} (?:permitted|denied|est-allowed) ))"
)
"""Time, zone, host, product, severity, message number."""
_PRI: Final = re.compile(r"<([0-9]{1,3})>")
_NOT_CISCO: Final = Reject("not-a-cisco-line")
_BAD_TIME: Final = Reject("invalid-timestamp")


def add_device(message: str, fields: dict[str, Value]) -> None:
    """Adds what a message behind its ``%…: `` says."""
    if _DEVICE(message, fields):
        transport = fields.get("network.transport")
        if type(transport) is str:
            fields["network.transport"] = transport.lower()
        direction = fields.get("network.direction")
        if type(direction) is str:
            fields["network.direction"] = direction.lower()


def _make_parser(context: ParseContext) -> Parse:
    times = Times(context.last_modified)

    def parse(line: str) -> Record | Reject:
        found = _HEAD.match(line)
        if found is None:
            return _NOT_CISCO
        when, zone, host, product, level, number = found.groups()
        if (when is None) and (host is not None or line[:1] == "<") and product is None:
            return _NOT_CISCO
        stamp = (
            (None, None)
            if when is None
            else times.of_parts(when, None, zone and f" {zone}") or times.of_text(when)
        )
        if stamp is None:
            return _BAD_TIME
        fields: dict[str, Value] = {}
        if priority := _PRI.match(line):
            fields["syslog.priority"] = int(priority[1])
            add_priority(fields, line)
        if host:
            fields["host.name"] = host
        word = of_word = None
        if product:
            fields["cisco.facility"], fields["cisco.mnemonic"] = product, number
            word, of_word = severity.SYSLOG[int(level)]
            fields["syslog.severity.code"] = int(level)
        body = line[found.end() :]
        add_device(body, fields)
        return Record(
            stamp[0],
            stamp[1],
            word,
            of_word,
            line[found.start(4) - (line[found.start(4) - 1 : found.start(4)] == "%") :] if product else body,
            fields,
        )

    return parse


CISCO_ASA: Final = Format(
    name="cisco_asa",
    title="Cisco ASA, PIX, FWSM and FTD firewalls, with or without a syslog header",
    source="https://www.cisco.com/c/en/us/td/docs/security/asa/syslog/b_syslog.html",
    samples=(
        "<166>Mar 14 2024 09:26:53 fw-1 : %ASA-6-302013: Built inbound TCP connection 4711 for outside:192.0.2.17/51022"
        " (192.0.2.17/51022) to dmz:198.51.100.9/443 (203.0.113.9/443)",
        '%ASA-4-106023: Deny tcp src outside:192.0.2.17/51022 dst inside:198.51.100.9/22 by access-group "outside_in" [0x0, 0x0]',
        "Mar 14 09:26:54 fw-1 %ASA-2-106001: Inbound TCP connection denied from 192.0.2.17/51022 to 198.51.100.9/23 flags SYN"
        "  on interface outside",
        "access-list inside_out permitted udp inside/198.51.100.9(5353) -> outside/192.0.2.17(53) hit-cnt 1 first hit [0x1, 0x0]",
    ),
    make_parser=_make_parser,
    specificity=0.98,
    sieve=r"[^\n]{0,120}?(?:%?(?:ASA|PIX|FTD|FWSM)-(?:\w{1,24}-)?[0-7]-[0-9]{3,7}: |access-list \S)",
    alone=True,
)
FORMATS: Final = (CISCO_ASA,)
