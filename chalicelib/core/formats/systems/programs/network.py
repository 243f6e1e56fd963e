"""The kernel's packet filter, name servers, DHCP, VPNs, FTP servers, Asterisk, Junos flows."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from chalicelib.core.formats.kinds import PORTS, add_integer, decimal, number, part_icmp, transport_of
from chalicelib.core.formats.member_names import Naming
from chalicelib.core.formats.nested import add, add_typed
from chalicelib.core.formats.systems.phrases import Say, phrases

if TYPE_CHECKING:
    from chalicelib.core.records import Value

_UPTIME: Final = re.compile(r"\[ *([0-9]{1,12}\.[0-9]{1,9})\] ?")
_PACKET: Final = re.compile(
    r"(.{0,200}?)\b(IN=\S{0,40}(?: |$).{0,80}?(?:OUT=|SRC=|PHYSIN=|MAC=).*)", re.DOTALL
)
_PACKET_NAMES: Final = Naming("netfilter", {
    "SRC": "source.address", "DST": "destination.address", "SPT": "source.port", "DPT": "destination.port",
    "PROTO": "network.transport",
})  # fmt: skip
_WORDS: Final = frozenset(("SRC", "DST", "PROTO", "IN", "OUT", "MAC", "TOS", "PREC", "MARK"))
"""Addresses, devices and hexadecimal codes."""
_ICMP_NAMES: Final = {"TYPE": "icmp.type", "CODE": "icmp.code", "SEQ": "icmp.sequence"}
_QUOTED: Final = re.compile(r" \[((?=SRC=)[^\]]*+)\]?")
"""The packet that an error of ICMP is about."""
_WORDS_MAX: Final = 120
_DESCRIBED: Final = re.compile(r"DESCR=\"([^\"]{0,300})\" ")
_OOM: Final = phrases(
    r"Out of memory: Kill(?:ed)? process {int:process.pid} \({round:process.executable.name}\)",
    r"audit: type={int:audit.type} audit\({num:audit.time}:{int:audit.serial}\): {rest:audit.message}",
    r"{name:process.executable.name}\[{int:process.pid}\]: segfault at {name:kernel.address} ip {name:kernel.ip} sp"
    r" {name:kernel.sp} error {name:kernel.error} in {rest:kernel.module}",
)


def add_packet(text: str, fields: dict[str, Value]) -> bool:
    """Adds what netfilter logs of a packet: https://git.netfilter.org/iptables/tree/extensions/libxt_LOG.man"""
    if "SRC=" not in text:
        return False
    match = _PACKET.match(text)
    if match is None:
        return False
    prefix, packet = match.groups()
    described = _DESCRIBED.search(prefix)
    if described:
        fields["netfilter.description"] = described[1]
        prefix = prefix[: described.start()]
    if prefix.strip():
        fields["netfilter.prefix"] = prefix.strip()
    flags: list[Value] = []
    repeats: dict[str, int] = {}
    if quoted := _QUOTED.search(packet):
        fields["netfilter.quoted_packet"] = quoted[1].strip()
        packet = packet[: quoted.start()] + packet[quoted.end() :]
    is_icmp = False
    for word in packet.split(" ", _WORDS_MAX):
        name, equals, value = word.partition("=")
        if not equals:
            if word and word.isupper() and len(word) <= 12:
                flags.append(word)
        elif value:
            key = _PACKET_NAMES[name][0]
            if key == "network.transport":
                value = transport_of(value)
                is_icmp = "icmp" in value
            elif is_icmp:
                key = _ICMP_NAMES.get(name, "icmp.id" if name == "ID" else key)
            if key in fields or key in PORTS:
                (add if name in _WORDS else add_typed)(fields, repeats, key, value)
            else:
                fields[key] = value if name in _WORDS else number(value)
    if flags:
        fields["netfilter.flags"] = flags
    return True


def _kernel(text: str, fields: dict[str, Value]) -> bool:
    match = _UPTIME.match(text)
    if match:
        fields["kernel.uptime"] = decimal(match[1])
        text = text[match.end() :]
    return add_packet(text, fields) or _OOM(text, fields)


_CLIENT: Final = r"(?:client (?:@{name:bind.client} )?{ip:client.address}#{int:client.port}(?: \({round:dns.question.name}\))?: (?:view {host:bind.view}: )?)"
NAMED: Final = phrases(
    _CLIENT
    + r"query: {word:dns.question.name} {name:dns.question.class} {name:dns.question.type} {word:bind.flags}"
    r"(?: \({round:server.address}\))?",
    _CLIENT
    + r"(?:query \(cache\) |update |zone transfer |notify |query )'{single:bind.request}' {name:bind.result}(?: \({round:bind.reason}\))?",
    _CLIENT + r"{rest:bind.message}",
    r"zone {host:bind.zone}(?:/IN)?(?:/{host:bind.view})?: {rest:bind.message}",
    r"(?:lame server|network unreachable|connection refused|host unreachable|unexpected RCODE \([A-Z]+\)|timed out)"
    r" resolving '{single:bind.request}'(?: \(in '{single:bind.zone}'\?\))?: {ip:server.address}#{int:server.port}",
    r"(?:validating|error \([^()]{1,60}\) resolving) {rest:bind.message}",
    r"transfer of '{single:bind.zone}' from {ip:server.address}#{int:server.port}: {rest:bind.message}",
)
"""https://bind9.readthedocs.io/en/latest/reference.html#namedconf-statement-querylog"""
_NAMED_HEAD: Final = re.compile(
    r"(?:[0-9]{2}-[A-Z][a-z]{2}-[0-9]{4} [0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,6})? )?"
    r"(?:([a-z][a-z-]{2,24}): )?(?:(critical|error|warning|notice|info|debug(?: [0-9]{1,3})?): )?"
)


def named(text: str, fields: dict[str, Value]) -> bool:
    """A message of BIND, with or without its own time, category and severity."""
    head = _NAMED_HEAD.match(text.lstrip(" "))
    if head:
        if head[1]:
            fields["bind.category"] = head[1]
        if head[2]:
            fields["log.level"] = head[2]
        text = text.lstrip(" ")[head.end() :]
    return NAMED(text, fields)


_DNSMASQ: Final = phrases(
    r"(?:{int} {ip:client.address}/{int:client.port} )?query\[{square:dns.question.type}\] {word:dns.question.name} from {ip:client.address}",
    r"(?:{int} {ip:client.address}/{int:client.port} )?(?:forwarded) {word:dns.question.name} to {ip:server.address}",
    r"(?:{int} {ip:client.address}/{int:client.port} )?(?:reply|cached|config|{word}) {word:dns.question.name} is {rest:dns.answer}",
    r"(?:{int} )?DHCP{name:dhcp.message}\({round:dhcp.interface}\) (?:{ip:client.address} )?{mac:dhcp.mac}(?: {rest:dhcp.host})?",
    r"(?:{int} )?DHCP{name:dhcp.message}\({round:dhcp.interface}\) {ip:client.address}(?: {rest:dhcp.host})?",
)
_DHCP: Final = phrases(
    r"DHCP{letters:dhcp.message}(?: of {ip:client.address})? (?:from|on {ip:client.address} from) (?!{mac}){ip:server.address}",
    r"DHCP{letters:dhcp.message} (?:for {ip:client.address} )?on {iface:dhcp.interface} to {ip:server.address} port {int:server.port}",
    r"DHCP{letters:dhcp.message}(?: (?:on|for|of|to) {ip:client.address})?"
    r"(?: \({round:server.address}\))?(?: (?:from|to) {mac:dhcp.mac})?"
    r"(?: \({round:dhcp.host}\))?(?: via (?:{ip:dhcp.gateway}|{iface:dhcp.interface}))?",
    r"bound to {ip:client.address}",
)
OPENVPN: Final = phrases(
    r"(?:{segment:user.name}/)?{ip:client.address}:{int:client.port} (?:\[{square:user.name}\] )?"
    r"(?:TLS Error|VERIFY ERROR|TLS Auth Error|AUTH_FAILED|Authenticate/Decrypt packet error): {rest:openvpn.error}",
    r"(?:{segment:user.name}/)?{ip:client.address}:{int:client.port} \[{square:user.name}\] Peer Connection Initiated",
    r"(?:{segment:user.name}/)?{ip:client.address}:{int:client.port} {rest:openvpn.message}",
    r"(?:TCP|UDP)(?:v[46])? (?:connection established with|link remote:) \[AF_INET6?\]{ip:client.address}:{int:client.port}",
    r"MULTI: {rest:openvpn.message}",
    r"TLS: {rest:openvpn.message}",
    r"OpenVPN {word:openvpn.version} {rest:openvpn.build}",
    r"user '{single:user.name}' authenticated",
)
"""https://github.com/OpenVPN/openvpn"""
_FTP_CLIENT: Final = r"\({local:ftp.client}@{host:client.address}\) "
PURE_FTPD: Final = phrases(
    _FTP_CLIENT + r"\[{square:log.level}\] Authentication failed for user \[{square:user.name}\]",
    _FTP_CLIENT + r"\[{square:log.level}\] {name:user.name} is now logged in",
    _FTP_CLIENT + r"\[{square:log.level}\] New connection from {word:client.address}",
    _FTP_CLIENT + r"\[{square:log.level}\] {rest:ftp.message}",
)
PROFTPD: Final = phrases(
    r"(?:{host:server.domain} )?\({host:client.domain}\[{ip:client.address}\]\)(?::| -) (?:USER|user) {host:user.name}"
    r"(?: \({round:ftp.reason}\)| \[{square}\])?(?::|,| no such user| from)? ?{rest:ftp.message}",
    r"(?:{host:server.domain} )?\({host:client.domain}\[{ip:client.address}\]\)(?::| -) ?{rest:ftp.message}",
    r"{host:server.domain} proftpd {rest:ftp.message}",
)
"""http://www.proftpd.org/docs/howto/Logging.html"""
VSFTPD: Final = phrases(
    r"(?:\[pid {int:process.pid}\] )?\[{most:user.name}\] (?=FAIL LOGIN: ){name:ftp.result} {name:ftp.action}: Client \"{quoted:client.address}\"$",
    r"(?:\[pid {int:process.pid}\] )?(?:\[{square:user.name}\] )?(?:FTP {name:ftp.action}|{name:ftp.action}|DEBUG): Client \"{quoted:client.address}\""
    r"(?:, \"{quoted:ftp.message}\")?",
    r"(?:\[pid {int:process.pid}\] )?(?:\[{square:user.name}\] )?"
    r"{name:ftp.result} {name:ftp.action}: Client \"{quoted:client.address}\"(?:, \"{quoted:ftp.path}\")?"
    r"(?:, {int:ftp.bytes} bytes)?(?:, {num:ftp.rate_kbytes_per_second}Kbyte/sec)?(?:, anon password \"{quoted:ftp.password}\")?",
)
"""https://security.appspot.com/vsftpd.html"""
_ASTERISK_PAIR: Final = re.compile(r"([A-Z][A-Za-z0-9]{1,40})=\"([^\"]{0,1000})\"")
_ASTERISK_PEER: Final = re.compile(r"(?:IPV[46]/)?(UDP|TCP|TLS|WSS?|SIP)/(.{2,60})/([0-9]{1,5})")
_ASTERISK: Final = phrases(
    r"(?:{name:log.level}\[{int:thread.id}\](?:\[{name:asterisk.call}\])?:? )?(?:{file:code.file.path}:{int:code.line.number} in"
    r" {name:code.function.name}: |{file:code.file.path}: |{file:code.file.path}:{int:code.line.number} {name:code.function.name}: )"
    r"(?:Request '{single:asterisk.request}' from '{single:asterisk.from}' failed for '{ip:client.address}:{int:client.port}'"
    r"|Registration from '{most:asterisk.from}' failed for '{ip:client.address}(?::{int:client.port})?'"
    r"|Call from '{single:user.name}' \({ip:client.address}:{int:client.port}\) to extension '{single:asterisk.extension}')",
    r"{name:log.level}\[{int:thread.id}\](?:\[{name:asterisk.call}\])?:? (?:{file:code.file.path}:{int:code.line.number} in"
    r" {name:code.function.name}: |{file:code.file.path}: )",
)


def asterisk(text: str, fields: dict[str, Value]) -> bool:
    """https://docs.asterisk.org/Configuration/Interfaces/Asterisk-Security-Event-Framework/"""
    known = _ASTERISK(text, fields)
    if "SecurityEvent=" in text:
        for count, pair in enumerate(_ASTERISK_PAIR.finditer(text)):
            if count >= _WORDS_MAX:
                break
            name, value = pair.groups()
            peer = _ASTERISK_PEER.fullmatch(value) if name == "RemoteAddress" else None
            if peer:
                fields["network.transport"], fields["client.address"] = peer[1].lower(), peer[2]
                add_integer(fields, "client.port", peer[3])
            elif name == "AccountID":
                fields["user.name"] = value
            elif value:
                add(fields, {}, f"asterisk.{name.lower()}", value)
        known = True
    return known


_CHARON: Final = phrases(
    r"{int:thread.id}\[{square:charon.group}\](?: <{angle:charon.connection}>)? (?:sending packet: from {ip:source.address}"
    r"\[{int:source.port}\] to {ip:destination.address}\[{int:destination.port}\] \({int:charon.bytes} bytes\)"
    r"|received packet: from {ip:source.address}\[{int:source.port}\] to {ip:destination.address}\[{int:destination.port}\]"
    r" \({int:charon.bytes} bytes\)|{ip:client.address} is initiating an? {rest:charon.exchange}|{rest:charon.message})",
)
_FLOW: Final = (
    r"{ip:source.address}/{int:source.port}->{ip:destination.address}/{int:destination.port}(?: (?:0x0|{name:junos.connection_tag}))?"
    r" {word:junos.service}"
)
_NAT: Final = (
    r" {ip:junos.nat_source_address}/{int:junos.nat_source_port}->{ip:junos.nat_destination_address}/{int:junos.nat_destination_port}"
    r"(?: 0x0)?(?: (?:source|static|destination|N/A|None|source rule|static rule) rule)?"
)
_FLOW_ENDS: Final = (
    r" {word:junos.src_nat_rule_name}(?: N/A| source rule)? {word:junos.dst_nat_rule_name} {int:junos.protocol_id} {word:junos.policy_name}"
    r" {word:junos.from_zone} {word:junos.to_zone} {int:junos.session_id}"
)
JUNOS: Final = phrases(
    r"(?:{name:junos.event}: )?session created " + _FLOW + _NAT + _FLOW_ENDS + r"{rest:junos.extra}",
    r"(?:{name:junos.event}: )?session closed {some:junos.reason}: "
    + _FLOW
    + _NAT
    + _FLOW_ENDS
    + r" {int:junos.packets_from_client}\({int:junos.bytes_from_client}\) {int:junos.packets_from_server}"
    r"\({int:junos.bytes_from_server}\) {int:junos.elapsed_time}{rest:junos.extra}",
    r"(?:{name:junos.event}: )?session denied "
    + _FLOW
    + r" {int:junos.protocol_id}(?:\({int:icmp.type}\))? {word:junos.policy_name} {word:junos.from_zone} {word:junos.to_zone}{rest:junos.extra}",
    r"(?:{name:junos.event}: )?session (?:created|closed|denied) {rest:junos.extra}",
)
"""https://www.juniper.net/documentation/us/en/software/junos/network-mgmt/topics/topic-map/security-system-log-messages.html"""


def junos(text: str, fields: dict[str, Value]) -> bool:
    """Adds what a flow says; every line has a type of ICMP, which only flows of ICMP have."""
    if not JUNOS(text, fields):
        return False
    if (protocol := fields.get("junos.protocol_id")) is not None:
        fields["network.transport"] = transport_of(str(protocol))
        kind = fields.pop("icmp.type", None)
        if kind is not None and "icmp" in str(fields["network.transport"]):
            fields["icmp.type"] = kind
        part_icmp(fields, are_type_and_code=False)
    return True


PROGRAMS: Final[dict[str, Say]] = {
    "kernel": _kernel,
    "ulogd": add_packet,
    "named": named,
    **dict.fromkeys(("dnsmasq", "dnsmasq-dhcp"), _DNSMASQ),
    **dict.fromkeys(("dhcpd", "dhclient"), _DHCP),
    **dict.fromkeys(("openvpn", "ovpn-server"), OPENVPN),
    "pure-ftpd": PURE_FTPD,
    **dict.fromkeys(("proftpd", "ftpd"), PROFTPD),
    "vsftpd": VSFTPD,
    "asterisk": asterisk,
    "charon": _CHARON,
    "rt_flow": junos,
}
"""Program → what it says."""
