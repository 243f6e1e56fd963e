"""What the messages of Cisco's firewalls and routers say: addresses, ports, protocols, ICMP types, users.

Source and destination stand in the order of the message; only one that says `outbound` names the side that opened the
connection last. The number behind the address of an ICMP connection is no port.
https://www.cisco.com/c/en/us/td/docs/security/asa/syslog/b_syslog.html
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from chalicelib.core.formats.kinds import ADDRESSES, add_integer, is_ip, number, settle, transport_of
from chalicelib.core.formats.nested import add
from chalicelib.core.formats.systems.phrases import phrases

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chalicelib.core.records import Value

_PROTOCOL: Final = r"(?:(?:IP )?[pP]rotocol )?{proto:network.transport}"
_DIRECTION: Final = "{direction:network.direction}"


def _side(name: str, *, port: str = r"(?:[/(]{int:NAME.port}\)?)?") -> str:
    """An address, its interface before it and its port behind, where they are there."""
    return rf"(?:(?![0-9A-Fa-f]{{1,4}}:[0-9A-Fa-f]{{0,4}}:){{face:cisco.{name}_interface}}: ?)?{{ip:{name}.address}}{port.replace('NAME', name)}"


_ASKED: Final = r"(?:{most:user.name}(?<! ) ?: user IP = {ip:client.address}[. ]*$|{name:user.name})"
"""Who wants to log in chooses the name: the device's own address is the last."""
_BEGINNINGS: Final = re.compile(r"\(\?:([A-Za-z|]+)\) ")
_NO_PORT: Final = r"(?:/[0-9]{1,5})?(?![0-9/])"
_FROM, _TO = _side("source"), _side("destination")
_PINGER, _PINGED = _side("source", port=_NO_PORT), _side("destination", port=_NO_PORT)
_USER: Final = r"(?: ?\((?!type [0-9]){round:cisco.source_user}\))?"
_USER_TO: Final = _USER.replace("source", "destination")
_FROM_USER, _TO_USER = r"(?:\({round:cisco.source_user}\))?", r"(?:\({round:cisco.destination_user}\))?"
"""Of a connection: the identity firewall's users stand right behind an address; the one who logged in, behind a blank, at the end."""
_AAA_USER: Final = r"(?: \({round:user.name}\))?"
_NAT: Final = r"(?: ?\((?=[0-9A-Fa-f.:]{2,45}(?:[/(][0-9]{1,5})?\)){round:cisco.NAME_mapped}\))?"
_FROM_NAT, _TO_NAT = _NAT.replace("NAME", "source"), _NAT.replace("NAME", "destination")
_ICMP: Final = r"(?:,? *\(?type[ =]?{int:icmp.type},? ?code[ =]?{int:icmp.code}\)?)?"
_ON: Final = r"(?: +on (?:interface )?{iface:cisco.source_interface}(?: interface)?)?"
_GROUP: Final = r"(?: by access-group \"{quoted:cisco.access_group}\".*+)?[. ]*$"


def _spread(*templates: str) -> Iterator[str]:
    """The templates, each that begins with alternatives once for each of them: they are found by their first word."""
    for template in templates:
        words = _BEGINNINGS.match(template)
        if words is None:
            yield template
        else:
            yield from (f"{word} {template[words.end() :]}" for word in words[1].split("|"))


_SAY: Final = phrases(*_spread(
    # 106xxx: denied
    rf"Inbound {_PROTOCOL} connection {{name:cisco.action}} from {_FROM} to {_TO}(?: flags {{some:cisco.flags}})?{_ON}[. ]*$",
    rf"{_PROTOCOL} [cC]onnection {{letters:cisco.action}} by {_DIRECTION} list {{word:cisco.policy_id}} src {_FROM} dest {_TO}",
    rf"{_PROTOCOL} packet type {{int:icmp.type}} {{letters:cisco.action}} by {_DIRECTION} list {{word:cisco.policy_id}} src {_PINGER} dest {_PINGED}",
    rf"(?:Deny|Denied) (?:{_DIRECTION} )?(?i:(?=icmp|(?:ip )?protocol (?:1|58)\b)){_PROTOCOL} (?:src|from) {_PINGER}{_USER}"
    rf" (?:dst|to) {_PINGED}{_USER_TO}{_ICMP}{_ON}{_GROUP}",
    rf"(?:Deny|Denied) (?:{_DIRECTION} )?{_PROTOCOL}(?: \(no connection\))? (?:src|from) {_FROM}{_USER} (?:dst|to) {_TO}{_USER_TO}"
    rf"(?: due to {{rest:cisco.reason}}|{_ICMP}(?: flags {{some:cisco.flags}})?{_ON}{_GROUP})",
    rf"Deny (?:inbound \(No xlate\)) {_PROTOCOL} src {_FROM} dst {_TO}",
    rf"Deny IP (?:spoof|due to Land Attack|teardrop fragment \([^()]{{1,60}}\)) from \(?{{ip:source.address}}\)? to {{ip:destination.address}}{_ON}",
    r"Deny IP from {ip:source.address} to {ip:destination.address},? {rest:cisco.reason}",
    rf"Deny {_PROTOCOL} (?:reverse path check|connection spoof) from {_PINGER} to {_PINGED}{_ON}",
    rf"Denied (?:invalid )?(?:ICMP|ICMPv6) type={{int:icmp.type}}, code={{int:icmp.code}} from (?:addr )?{{ip:source.address}}{_ON}",
    r"Denied ICMP type={int:icmp.type}, from l?addr {ip:source.address} on interface {iface:cisco.source_interface} to"
    r" {ip:destination.address}: {rest:cisco.reason}",
    rf"Denied (?:invalid )?(?:ICMP|ICMPv6) code {{int:icmp.code}}, for {_PINGER}{_FROM_NAT} to {_PINGED}{_TO_NAT}(?:, ICMP id {{int:icmp.id}}, ICMP type"
    r" {int:icmp.type})?",
    r"Dropping echo request from {ip:source.address} to PAT address {ip:destination.address}",
    # 106100, 106102: access lists
    r"access-list {word:cisco.policy_id} {name:cisco.action} (?i:icmp6?|1|58) {iface:cisco.source_interface}/{ip:source.address}"
    r"\({int:icmp.type}\)(?:\({round:cisco.source_user}\))? -> {iface:cisco.destination_interface}/{ip:destination.address}"
    r"\({int:icmp.code}\)(?:\({round}\))? hit-cnt {int:cisco.hit_count} {rest:cisco.interval}",
    rf"access-list {{word:cisco.policy_id}} {{name:cisco.action}} {_PROTOCOL} (?:for user '?{{name:user.name}}'? )?"
    r"{iface:cisco.source_interface}/{ip:source.address}[( ]{int:source.port}\)?(?:\({round:cisco.source_user}\))? (?:-> )?"
    r"{iface:cisco.destination_interface}/{ip:destination.address}[( ]{int:destination.port}\)?(?:\({round}\))? hit-cnt"
    r" {int:cisco.hit_count} {rest:cisco.interval}",
    # IOS: IPACCESSLOGP, IPACCESSLOGDP (ICMP), IPACCESSLOGNP (a protocol by its number)
    r"list {word:cisco.policy_id} {name:cisco.action} (?i:icmp6?) {ip:source.address}(?: \([^()]{0,100}\))? -> {ip:destination.address}"
    r"(?: \({int:icmp.type}/{int:icmp.code}\))?, {int:cisco.packets} packets?",
    rf"(?:access-list |list ){{word:cisco.policy_id}} {{name:cisco.action}} {_PROTOCOL} (?:{{mac:source.mac}} )?{_FROM}(?: \([^()]{{0,100}}\)| {{segment}}(?:/[0-9]{{1,3}}){{0,3}})?"
    rf" ?-> {_TO}(?: \({{int:cisco.protocol_type}}\))?, {{int:cisco.packets}} packets?",
    r"list {word:cisco.policy_id} {name:cisco.action} {ip:source.address}(?: -> {ip:destination.address})? {int:cisco.packets} packets?",
    # 302xxx, 305xxx, 609xxx: connections and translations
    rf"(?:Built|Teardown) (?:{_DIRECTION} )?(?:ICMP|ICMPv6) connection for faddr {_PINGER}{_FROM_USER} gaddr {{word:cisco.mapped}}"
    rf" laddr {_PINGED}{_TO_USER}{_AAA_USER}{_ICMP}",
    rf"(?:Built|Teardown) (?:{_DIRECTION} )?(?:(?:director|backup|forwarder)? *stub )?(?:ICMP|ICMPv6) connection (?:{{int:cisco.connection_id}} )?(?:for|from) {_PINGER}{_FROM_NAT}{_FROM_USER}"
    rf" to {_PINGED}{_TO_NAT}{_TO_USER}{_AAA_USER}(?: duration {{word:cisco.duration}})?(?: (?:forwarded )?bytes {{int:cisco.bytes}})?(?: {{rest:cisco.reason}})?",
    rf"(?:Built|Teardown) (?:dynamic |static )(?:ICMP|ICMPv6) translation from {_PINGER}{_USER} to {_PINGED}"
    r"(?: duration {word:cisco.duration})?",
    rf"(?:Built|Teardown) (?:{_DIRECTION} )?(?:dynamic |static |(?:backup|director|forwarder) {{1,2}})?(?:stub )?{_PROTOCOL} "
    rf"(?:state-bypass |stub )?connection (?:{{int:cisco.connection_id}} )?(?:for|from) {_FROM}{_FROM_NAT}{_FROM_USER} to {_TO}{_TO_NAT}{_TO_USER}"
    rf"(?: duration {{word:cisco.duration}})?(?: (?:forwarded )?bytes {{int:cisco.bytes}})?(?: (?!\(){{some:cisco.reason}})?{_AAA_USER}[. ]*$",
    rf"Offloaded {_PROTOCOL} Flow for connection {{int:cisco.connection_id}} from {_FROM}{_FROM_NAT} to {_TO}{_TO_NAT}",
    rf"{_PROTOCOL} Flow is no longer offloaded for connection {{int:cisco.connection_id}} from {_FROM}{_FROM_NAT} to {_TO}{_TO_NAT}",
    rf"(?:Built|Teardown) (?:dynamic |static )?{_PROTOCOL} translation from {_FROM}{_USER} to {_TO}(?: duration {{word:cisco.duration}})?",
    rf"(?:Built|Teardown) (?:dynamic |static )translation from {_FROM}{_USER} to {_TO}(?: duration {{word:cisco.duration}})?",
    r"(?:Built|Teardown) local-host {iface:cisco.source_interface}:{ip:source.address}(?: duration {word:cisco.duration})?",
    rf"(?:portmap|regular) translation creation failed for (?i:icmp) src {_PINGER}{_USER} dst {_PINGED}{_USER_TO}{_ICMP}",
    rf"(?:portmap|regular) translation creation failed for {_PROTOCOL} src {_FROM}{_USER} dst {_TO}{_USER_TO}",
    rf"No translation group found for (?i:icmp) src {_PINGER}{_USER} dst {_PINGED}{_USER_TO}{_ICMP}",
    rf"No translation group found for {_PROTOCOL} src {_FROM}{_USER} dst {_TO}{_USER_TO}",
    # 313xxx
    rf"No matching connection for (?:ICMP|ICMPv6) error message: (?i:icmp\w*) src {_PINGER}{_USER} dst {_PINGED}{_USER_TO}{_ICMP}"
    r"(?: on {iface:cisco.source_interface} interface)?\.(?: +Original IP payload: {rest:cisco.original_payload})?",
    # 304001, 710xxx, 716xxx to 722xxx: who asks for what
    r"(?:{local:user.name}@)?{ip:client.address}(?:\({round:user.name}\))? Accessed (?:JAVA )?URL (?:{local}@)?{ip:destination.address}:{rest:url.original}",
    rf"FTP connection from {_FROM} to {_TO}, user {{word:user.name}} (?:Stored|Retrieved) file {{rest:file.path}}",
    # 109xxx: who passed through with a password
    rf"Authentication {{letters:cisco.result}} for user (?:'{{most:user.name}}'|{{name:user.name}}) from {_FROM} to {_TO}{_ON}",
    rf"Authorization {{letters:cisco.result}} (?:\(acl={{round:cisco.policy_id}}\) )?for user (?:'{{most:user.name}}'|{{name:user.name}}) from {_FROM} to {_TO}{_ON}(?: using {{word}})?",
    # 110xxx, 419xxx, 434xxx
    rf"Routing failed to locate next[- ]hop for (?i:(?=(?:protocol )?(?:icmp|1|58)\b)){_PROTOCOL} from {_PINGER} to {_PINGED}",
    rf"Routing failed to locate next[- ]hop for {_PROTOCOL} from {_FROM} to {_TO}",
    rf"Failed to locate egress interface for (?i:(?=(?:protocol )?(?:icmp|1|58)\b)){_PROTOCOL} from {_PINGER} to {_PINGED}",
    rf"Failed to locate egress interface for {_PROTOCOL} from {_FROM} to {_TO}",
    rf"Duplicate {_PROTOCOL} SYN from {_FROM} to {_TO} {{rest:cisco.reason}}",
    rf"SFR requested (?:to drop|ASA to bypass further packet redirection and process) {_PROTOCOL} (?:packet|flow) from {_FROM} to {_TO}",
    r"Local:{ip:server.address}:{int:server.port} Remote:{ip:client.address}:{int:client.port} Username:(?:Unknown|{some:user.name}) (?:IKEv2 )?{rest:cisco.message}",
    rf"{_PROTOCOL} (?:[Aa]ccess (?:requested|permitted|denied by ACL)|request discarded) from {_FROM} to {_TO}",
    rf"[Aa]ccess (?:denied|permitted) by ACL from {_FROM} to {_TO}",
    rf"{_PROTOCOL} flow from {_FROM} to {_TO} {{rest:cisco.reason}}",
    rf"Login {{name:cisco.result}} from {_FROM} to (?:{{iface:cisco.destination_interface}}:)?{{ip:destination.address}}/{{word:cisco.service}}"
    r" for user \"{quoted:user.name}\"",
    r"Login {name:cisco.result} from (?:{ip:source.address}/[0-9]{1,5}|serial) to {word:cisco.line} for user \"{quoted:user.name}\"",
    r"SSH session from {ip:client.address} on interface {iface:cisco.source_interface} for user \"{quoted:user.name}\" {rest:cisco.message}",
    r"SSH session from {ip:client.address} on interface {iface:cisco.source_interface} for user {name:user.name} {rest:cisco.message}",
    r"Group {word:cisco.group} User {word:user.name} IP {ip:client.address} {rest:cisco.message}",
    r"Group <{angle:cisco.group}> User <{most:user.name}> IP <{ip:client.address}> {rest:cisco.message}",
    r"Group <{angle:cisco.group}> User <{angle:user.name}> IP <(?![0-9A-Fa-f.:]*>)[^<>]*> {rest:cisco.message}",
    r"Group = {some:cisco.group}, Username = {most:user.name}, IP = {ip:client.address},? {rest:cisco.message}",
    r"Group = {some:cisco.group}, IP = {ip:client.address},? {rest:cisco.message}",
    r"IP = {ip:client.address}, {rest:cisco.message}",
    r"DAP: User {word:user.name}, Addr {ip:client.address}(?:,|:) {rest:cisco.message}",
    # 109xxx, 111xxx, 113xxx, 605xxx, 611xxx: administrators
    r"AAA user {name:cisco.aaa} {name:cisco.result} : (?:reason = {some:cisco.reason} : )?(?:local database|server = +{some:server.address}) :"
    r" user = ?" + _ASKED,
    r"AAA (?:credentials rejected|authentication server not accessible|unable to complete the request Error) :"
    r" (?:reason = {some:cisco.reason} : )?(?:local database|server = +{some:server.address}) :? ?user = ?" + _ASKED,
    r"AAA unable to complete the request Error : reason = {some:cisco.reason} : user = ?{name:user.name}",
    r"AAA transaction status {letters:cisco.result} : user = ?{name:user.name}",
    r"AAA retrieved (?:default|user specific) group policy \({round:cisco.policy_id}\) for user = ?{name:user.name}",
    r"AAA group policy for user {name:user.name} is being set to {word:cisco.policy_id}",
    r"AAA challenge received for user {name:user.name} from server {some:server.address}[. ]*$",
    r"User {name:user.name} (?=locked out on |unlocked by ){rest:cisco.message}",
    r"User: {name:user.name}, {rest:cisco.message}",
    r"User logged out: Uname: {name:user.name}",
    r"New user added to local dbase: Uname: {name:user.name} Priv: {int:cisco.to_level}",
    r"User deleted from local dbase: Uname: {name:user.name} Priv: {int:cisco.to_level}",
    r"console enable password incorrect for {int} tries \(from {ip:client.address}\)",
    r"User authentication {letters:cisco.result}: (?:IP address: {ip:client.address}, )?Uname: {word:user.name}",
    r"User priv level changed: Uname: {name:user.name} From: {int:cisco.from_level} To: {int:cisco.to_level}",
    r"User '{single:user.name}', running '(?:N/A|{single:cisco.application})' from IP {ip:client.address}, executed '{most:cisco.command}'[. ]*$",
    r"User '{single:user.name}' executed the '{most:cisco.command}' command\.?$",
    r"User '{single:user.name}' executed the {rest:cisco.command}",
    r"User '{single:user.name}',? (?:executing|executed cmd:) {rest:cisco.command}",
    r"{ip:client.address} (?:end|begin) configuration: {rest:cisco.message}",
    r"console (?:end|begin) configuration: {rest:cisco.message}",
    r"Begin configuration: {ip:client.address} {rest:cisco.message}",
    r"Configured from {some:cisco.source} by {name:user.name} on {word:cisco.line} \({ip:client.address}\)",
    r"Configured from {some:cisco.source} by {name:user.name} on {word:cisco.line}",
    r"User {name:user.name} has exited tty session {int:cisco.session_id}\({ip:client.address}\)",
    r"Login Success \[user: {most:user.name}\] \[Source: {ip:client.address}\] \[localport: {int:server.port}\]",
    r"Login failed \[user: {most:user.name}\] \[Source: {ip:client.address}\] \[localport: {int:server.port}\]"
    r"(?: \[Reason: {square:cisco.reason}\])?",
    # 602xxx, 733xxx
    r"{name:network.protocol.name}: An? {direction:network.direction} {word:cisco.tunnel_type} SA \(SPI= ?{name:cisco.spi}\) between"
    r" {ip:source.address} and {ip:destination.address} \(user= ?{name:user.name}\) has been {letters:cisco.action}",
    r"\[ *{square:cisco.object}\] drop rate-{int:cisco.rate_id} exceeded\. Current burst rate is {int:cisco.burst_rate} per second, max"
    r" configured rate is {int:cisco.burst_rate_max}; Current average rate is {int:cisco.average_rate} per second, max configured rate is"
    r" {int:cisco.average_rate_max}; Cumulative total count is {int:cisco.total_count}",
    r"Threat-detection (?:adds|removes) host {ip:source.address} (?:to|from) shun list",
    r"Shunned packet: {ip:source.address} ==> {ip:destination.address} on interface {iface:cisco.source_interface}",
))  # fmt: skip
_PLATFORM: Final = re.compile(r" *(?:[A-Z]{1,4}[0-9]{1,2}(?:/[0-9]{1,2}){0,2}: {1,2})?fman_fp_image: {1,2}")
"""The board and the process that IOS XE's data plane speaks through."""
_SIDES: Final = (
    "source.address",
    "source.port",
    "cisco.source_interface",
    "cisco.source_user",
    "cisco.source_mapped",
)
_MASK: Final = frozenset("*")
"""What stands for a user whom the device does not know, until it is told to show such names."""


_EVENT: Final = re.compile(
    r"(?:EventPriority|DeviceUUID|InstanceID|FirstPacketSecond|SrcIP|AccessControlRuleAction|ApplianceUUID|SrcPort|Protocol): "
)
"""How a security event begins, which is pairs: https://www.cisco.com/c/en/us/td/docs/security/firepower/Syslogs/b_fptd_syslog_guide/security-event-syslog-messages.html"""
_EVENT_PAIR: Final = re.compile(r"\"[^\"]*+\"|(?:^|, )(\w[\w ]{0,63}): ")
"""A name, or what stands between quotes, where there are none."""
_EVENT_NAMES: Final = {
    "SrcIP": "source.address", "DstIP": "destination.address", "SrcPort": "source.port", "DstPort": "destination.port",
    "Protocol": "network.transport", "User": "user.name", "IngressInterface": "cisco.source_interface", "EgressInterface": "cisco.destination_interface",
    "ConnectionID": "cisco.connection_id", "AccessControlRuleAction": "cisco.action",
    "AccessControlRuleName": "cisco.rule", "URL": "url.full", "UserAgent": "user_agent.original", "ApplicationProtocol": "network.protocol.name",
    "InitiatorBytes": "cisco.initiator_bytes", "ResponderBytes": "cisco.responder_bytes",
}  # fmt: skip
_EVENT_PAIRS_MAX: Final = 200
_CAPITAL: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])| ")


def _add_event(message: str, fields: dict[str, Value]) -> None:
    """The pairs of a security event of Firepower (430001 to 430005), ``Name: value, Name: value``."""
    marks = [mark for mark in _EVENT_PAIR.finditer(message) if mark[1]]
    for place, mark in enumerate(marks[:_EVENT_PAIRS_MAX]):
        text = message[
            mark.end() : marks[place + 1].start() if place + 1 < len(marks) else len(message)
        ].strip()
        name = _EVENT_NAMES.get(mark[1]) or f"cisco.{_CAPITAL.sub('_', mark[1]).lower()}"
        if len(text) > 1 and text[0] == text[-1] == '"':
            text = text[1:-1]
        if not text or (name == "user.name" and text in _NOBODY):
            continue
        if name.endswith(".port"):
            add_integer(fields, name, text)
        elif name not in ADDRESSES or is_ip(text):
            value: Value = (
                text.lower()
                if name in _EVENT_LOWER
                else text
                if name in _EVENT_TEXTS or name.endswith("uuid")
                else number(text)
            )
            add(fields, {}, name, value)
        else:
            fields[f"cisco.{mark[1].lower()}"] = text
    settle(fields)


_NOBODY: Final = frozenset(("Unknown", "Not Found", "No Authentication Required"))
"""What stands for a user who is not known."""
_EVENT_LOWER: Final = frozenset(("network.transport", "network.protocol.name"))
_EVENT_TEXTS: Final = frozenset(
    ("user.name", "url.full", "user_agent.original", "cisco.rule", "cisco.action")
)


def add_device(message: str, fields: dict[str, Value]) -> None:
    """Adds what a message behind its ``%…: `` says."""
    if _EVENT.match(message):
        _add_event(message, fields)
        return
    if platform := _PLATFORM.match(message):
        message = message[platform.end() :]
    if not _SAY(message, fields):
        return
    user = fields.get("user.name")
    if type(user) is str and _MASK.issuperset(user):
        del fields["user.name"]
    transport = fields.get("network.transport")
    if type(transport) is str:
        fields["network.transport"] = transport_of(transport)
    elif "icmp.type" in fields or message[:60].find("ICMP") >= 0 or " icmp " in message[:60]:
        fields["network.transport"] = (
            "ipv6-icmp" if "ICMPv6" in message[:60] or "icmp6" in message[:60] else "icmp"
        )
    if message.startswith("Inbound "):
        fields["network.direction"] = "inbound"
    direction = fields.get("network.direction")
    if type(direction) is str:
        fields["network.direction"] = direction = direction.lower()
        if direction == "outbound" and message.startswith("Built ") and "destination.address" in fields:
            _turn(fields)


def _turn(fields: dict[str, Value]) -> None:
    """Of an outbound connection the device names the foreign side first, which is where it goes to."""
    for name in _SIDES:
        other = name.replace("source", "destination")
        source, destination = fields.pop(name, None), fields.pop(other, None)
        if destination is not None:
            fields[name] = destination
        if source is not None:
            fields[other] = source
