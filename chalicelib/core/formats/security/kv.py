"""Firewalls that write name=value pairs behind a syslog header of any kind: Fortinet, NetScreen; SonicWall."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from chalicelib.core.formats import Format, ParseContext, severity
from chalicelib.core.formats.kinds import ADDRESSES, integer, is_ip, number, transport_of
from chalicelib.core.formats.nested import add
from chalicelib.core.formats.reasons import BAD_TIME, OTHER_SHAPE
from chalicelib.core.formats.systems.phrases import phrases
from chalicelib.core.formats.systems.priorities import add_priority
from chalicelib.core.formats.systems.syslog_any import SYSLOG
from chalicelib.core.formats.times import Times
from chalicelib.core.formats.web.requests import add_url
from chalicelib.core.records import Record, Reject

if TYPE_CHECKING:
    from chalicelib.core.formats import Parse
    from chalicelib.core.formats.times import Stamp
    from chalicelib.core.records import Value

_PAIR: Final = re.compile(
    r"([A-Za-z_][\w.-]{0,63})=(?:\"([^\"\\]*+(?:\\.[^\"\\]*+)*+)\"|([^\s\"]*+))", re.DOTALL
)
_PAIRS_MAX: Final = 300
_FORTINET_HEAD: Final = re.compile(
    r"(?:\S{1,64} )?(?:<([0-9]{1,3})>)?(?=date=[0-9]{4}-[0-9]{2}-[0-9]{2} ?,?time=|timestamp=[0-9]{9,19} |logver=[0-9]+ )"
)
_FORTINET_NAMES: Final = {
    "srcip": "source.address", "srcport": "source.port", "dstip": "destination.address", "dstport": "destination.port",
    "remip": "client.address", "user": "user.name", "devname": "host.name", "hostname": "url.domain",
    "agent": "user_agent.original", "service": "network.protocol.name",
}  # fmt: skip
_MARK: Final = "froe"
"""Stands for the message while its header is read."""
_TEXT: Final = frozenset(
    (
        "logid",
        "devid",
        "tz",
        "poluuid",
        "eventtime_text",
        "vd",
        "user",
        "sn",
        "imei",
        "imsi",
        "iccid",
        "phonenumber",
        "session_id",
        "fctuid",
    )
)


def _unquoted(quoted: str | None, plain: str) -> str:
    return (
        plain
        if quoted is None
        else quoted.replace('\\"', '"').replace("\\\\", "\\")
        if "\\" in quoted
        else quoted
    )


class Headed:
    """Takes a syslog header from a line, where there is one."""

    __slots__ = ("_parse",)

    def __init__(self, context: ParseContext) -> None:
        bare = ParseContext(context.last_modified)
        self._parse = SYSLOG.make_parser(bare)

    def head(self, prefix: str) -> tuple[Stamp | tuple[None, None], dict[str, Value], str] | None:
        """Time, fields and rest of what stands before a message; None where it is no syslog header."""
        record = self.record(f"{prefix}{_MARK}: x")
        if record is None:
            return None
        fields = record.attributes
        if fields.get("service.name") == _MARK:
            del fields["service.name"]
        rest = (record.body or "").removesuffix("x").removesuffix(f"{_MARK}: ").strip()
        stamp = (None, None) if record.timestamp is None else (record.timestamp, record.timestamp_assumed)
        return stamp, fields, rest

    def record(self, line: str) -> Record | None:
        result = self._parse(line)
        return result if isinstance(result, Record) else None


def _fortinet(context: ParseContext) -> Parse:
    times, headed = Times(context.last_modified), Headed(context)

    def parse(line: str) -> Record | Reject:
        fields: dict[str, Value] = {}
        at = 0
        match = _FORTINET_HEAD.match(line)
        if match is None:
            at = line.find("date=", 0, 256)
            if at < 0 or _FORTINET_HEAD.match(line, at) is None:
                return OTHER_SHAPE
            header = headed.record(line)
            if header is None:
                return OTHER_SHAPE
            fields = {
                name: value
                for name, value in header.attributes.items()
                if name in ("syslog.facility.code", "syslog.severity.code", "host.name")
            }
        elif match[1]:
            fields["syslog.priority"] = integer(match[1])
            add_priority(fields, line[match.start(1) - 1 :])
        pairs: dict[str, Any] = {}
        repeats: dict[str, int] = {}
        for count, pair in enumerate(_PAIR.finditer(line, at)):
            if count >= _PAIRS_MAX:
                fields["extra"] = line[pair.start() :]
                break
            key = pair[1]
            if key in pairs:
                add(pairs, repeats, key, _unquoted(pair[2], pair[3]))
            else:
                pairs[key] = _unquoted(pair[2], pair[3])
        if "date" in pairs and "time" in pairs:
            zone = pairs.get("tz", "").replace("UTC", "")
            stamp = times.of_text(f"{pairs.pop('date')} {pairs.pop('time')}{zone}")
            if stamp is not None and not zone:
                stamp = times.of_number(pairs.get("eventtime") or "") or stamp
        else:
            stamp = times.of_number(
                pairs.get("eventtime") or pairs.get("timestamp") or pairs.get("itime") or ""
            )
        if stamp is None or not (
            "logid" in pairs or "log_id" in pairs or "devid" in pairs or "type" in pairs
        ):
            return OTHER_SHAPE if stamp else BAD_TIME
        word = pairs.pop("level", None) or pairs.pop("pri", None)
        body = pairs.get("msg") or pairs.get("logdesc")
        if word is not None and severity.of_word(word) is None and not severity.is_word(word):
            fields["fortinet.level"], word = word, None
        header_host = fields.pop("host.name", None)
        for name, value in pairs.items():
            if value in ("", "N/A"):
                continue
            if name == "url":
                add_url(fields, value)
            elif name == "proto":
                fields["network.transport"] = transport_of(value)
            else:
                typed = value if name in _TEXT else number(value)
                key = _FORTINET_NAMES.get(name) or f"fortinet.{name.lower()}"
                if key in ADDRESSES and not is_ip(value):
                    key = f"fortinet.{name}"
                if key in fields:
                    add(fields, repeats, key, typed)
                else:
                    fields[key] = typed
        if header_host is not None and header_host != fields.get("host.name"):
            add(fields, {}, "host.name", header_host)
        return Record(*stamp, word, severity.of_word(word) if word else None, body, fields)

    return parse


_NETSCREEN: Final = re.compile(
    r"(?:\S{1,128}: )?NetScreen device_id=(\S{1,64}) +(?:\[([^\]]{1,64})\])?system-([a-z]{3,16})-([0-9]{5})(?:\(([^()]{1,32})\))?: (.*)",
    re.DOTALL,
)
_NETSCREEN_PAIR: Final = re.compile(
    r"(src zone|dst zone|src-xlated ip|dst-xlated ip|icmp type|icmp code|[A-Za-z_][\w-]{0,40})=(?:\"([^\"]*+)\"|([^=\s\"]*+(?: (?!src zone=|dst zone=|src-xlated ip=|dst-xlated ip=|icmp type=|icmp code=|[\w-]{1,40}=)[^=\s\"]++){0,8}+))"
)
_NETSCREEN_SAYS: Final = phrases(
    r".{0,80}?! From {ip:source.address}(?::{int:source.port})? to {ip:destination.address}(?::{int:destination.port})?, proto {proto:network.transport}",
    r"Admin user \"?{name:user.name}\"? (?:logged (?:in|out) for|has (?:logged (?:on|out)|been)|login attempt for) .{0,120}? from {ip:client.address}(?::{int:client.port})?",
    r"(?:Local authentication for )?WebAuth user {name:user.name} (?:at|from) {ip:client.address}",
)
_NETSCREEN_LEVELS: Final = {"notification": "notice", "debugging": "debug"}
_NETSCREEN_NAMES: Final = {
    "src": "source.address", "dst": "destination.address", "src_port": "source.port", "dst_port": "destination.port",
    "icmp type": "icmp.type", "icmp code": "icmp.code", "src-xlated ip": "netscreen.src_xlated_ip", "dst-xlated ip": "netscreen.dst_xlated_ip",
}  # fmt: skip


def _netscreen(context: ParseContext) -> Parse:
    headed = Headed(context)

    def parse(line: str) -> Record | Reject:
        at = line.find("NetScreen device_id=", 0, 300)
        if at < 0:
            return OTHER_SHAPE
        header = None if at == 0 else headed.record(line)
        match = _NETSCREEN.match(line, at)
        if match is None or (header is None and at):
            return OTHER_SHAPE
        device, system, level, message_id, kind, message = match.groups()
        fields: dict[str, Value] = {} if header is None else {
            name: value
            for name, value in header.attributes.items()
            if name in ("syslog.facility.code", "syslog.severity.code", "host.name")
        }  # fmt: skip
        if header is not None and "service.name" in header.attributes:
            fields["netscreen.device"] = header.attributes["service.name"]
        fields["netscreen.device_id"], fields["netscreen.message_id"] = device, message_id
        if system:
            fields["netscreen.system"] = system
        if kind:
            fields["netscreen.kind"] = kind
        if _NETSCREEN_SAYS(message, fields) and "network.transport" in fields:
            fields["network.transport"] = str(fields["network.transport"]).lower()
        last = ""
        repeats: dict[str, int] = {}
        for count, pair in enumerate(_NETSCREEN_PAIR.finditer(message)):
            if count >= _PAIRS_MAX:
                fields["extra"] = message[pair.start() :]
                break
            name = pair[1]
            value = pair[3] if pair[2] is None else pair[2]
            if name == "port" and last.endswith("xlated ip"):
                name, key = "", f"netscreen.{last[:3]}_xlated_port"
            elif name == "proto":
                key, value = "network.transport", transport_of(value)
            else:
                key = _NETSCREEN_NAMES.get(
                    name, f"netscreen.{name.replace(' ', '_').replace('-', '_').lower()}"
                )
            last = name
            if value:
                add(fields, repeats, key, value if key == "network.transport" else number(value))
        stamp = (None, None) if header is None else header[:2]
        known = severity.of_word(_NETSCREEN_LEVELS.get(level, level))
        return Record(stamp[0], stamp[1], level, known, line[at:], fields)

    return parse


FORTINET: Final = Format(
    name="fortinet",
    title="Fortinet FortiGate, with or without a syslog header",
    source="https://docs.fortinet.com/document/fortigate/7.4.0/fortios-log-message-reference",
    samples=(
        'date=2024-03-14 time=09:26:53 eventtime=1710404813800841267 tz="+0100" logid="0101039426" type="event" subtype="vpn"'
        ' level="alert" vd="root" logdesc="SSL VPN login fail" action="ssl-login-fail" tunneltype="ssl-web" tunnelid=0 remip=192.0.2.17'
        ' user="ada" group="N/A" reason="sslvpn_login_unknown_user" msg="SSL user failed to logged in"',
        '<189>date=2024-03-14 time=09:26:54 devname="fw-1" devid="FGT60E0000000001" logid="0000000013" type="traffic" subtype="forward"'
        ' level="notice" vd="root" srcip=192.0.2.17 srcport=51022 srcintf="lan" dstip=198.51.100.9 dstport=443 proto=6 action="close"'
        ' policyid=4 service="HTTPS" duration=12 sentbyte=1234 rcvdbyte=5678',
        "Mar 14 09:26:55 fw-1 date=2024-03-14 time=09:26:55 devid=FGT60E0000000001 logid=0100032002 type=event subtype=system level=alert"
        ' msg="Administrator \\"ada\\" login failed"',
    ),
    make_parser=_fortinet,
    specificity=0.99,
    sieve=r"[^\n]{0,256}?(?:date=[0-9]{4}-[0-9]{2}-[0-9]{2} ?,?time=|timestamp=[0-9]{9}|logver=[0-9])",
    alone=True,
)
NETSCREEN: Final = Format(
    name="netscreen",
    title="Juniper NetScreen (ScreenOS), with or without a syslog header",
    source="https://www.juniper.net/documentation/software/screenos/screenos6.3.0/630_messages.pdf",
    samples=(
        "Mar 14 09:26:53 fw-1 isg1000: NetScreen device_id=0000011001000011 [Root]system-notification-00257(traffic):"
        ' start_time="2024-03-14 09:26:10" duration=0 policy_id=244 service=https proto=6 src zone=Untrust dst zone=Trust'
        " action=Permit sent=0 rcvd=0 src=192.0.2.17 dst=198.51.100.9 src_port=1732 dst_port=443 src-xlated ip=203.0.113.1"
        " port=22041 dst-xlated ip=203.0.113.2 port=443 session_id=488451 reason=Creation",
        "NetScreen device_id=fw-1  [Root]system-warning-00518: Admin user ada login attempt for Web(http) management (port 80) from"
        " 192.0.2.17 failed.",
    ),
    make_parser=_netscreen,
    specificity=0.99,
    sieve=r"[^\n]{0,300}?NetScreen device_id=",
    alone=True,
)
FORMATS: Final = (FORTINET, NETSCREEN)
