"""Security devices that write name=value pairs: Sophos, SonicWall, WatchGuard, Meraki."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from chalicelib.core.formats import severity
from chalicelib.core.formats.member_names import Target
from chalicelib.core.formats.objects import Objects, graded
from chalicelib.core.formats.reasons import BAD_TIME
from chalicelib.core.formats.security.devices import TRANSPORT, headed, names_of, side

if TYPE_CHECKING:
    from collections.abc import Callable

    from chalicelib.core.formats.times import Stamp, Times
    from chalicelib.core.records import Value

_SIDES: Final[dict[str, str | Target]] = {
    "srcip": "source.address", "dstip": "destination.address", "srcport": "source.port", "dstport": "destination.port",
    "src_ip": "source.address", "dst_ip": "destination.address", "src_port": "source.port", "dst_port": "destination.port",
    "proto": TRANSPORT, "protocol": TRANSPORT, "user": "user.name", "user_name": "user.name",
    "method": "http.request.method", "statuscode": "http.response.status_code", "url": "url:url.path", "referer": "http.request.header.referer",
    "ua": "user_agent.original", "user_agent": "user_agent.original",
}  # fmt: skip


def _of_utm(times: Times) -> Callable[[Value], Stamp | None]:
    """``2024:03:14-09:26:53``."""
    return lambda when: times.of_text(f"{str(when)[:10].replace(':', '-')} {str(when)[11:]}")


SOPHOS_UTM: Final = headed(
    Objects(
        name="sophos_utm",
        title="Sophos UTM (Astaro): packet filter, web proxy, authentication, with or without a syslog header",
        source="https://docs.sophos.com/nsg/sophos-utm/utm/9.7/help/en-us/Content/utm/utmAdminGuide/Logging.htm",
        samples=(
            '2024:03:14-09:26:53 utm-1 ulogd[4711]: id="2001" severity="info" sys="SecureNet" sub="packetfilter" name="Packet dropped"'
            ' action="drop" fwrule="60001" initf="eth1" srcmac="02:00:00:00:00:01" dstmac="02:00:00:00:00:02" srcip="192.0.2.17"'
            ' dstip="198.51.100.9" proto="6" length="60" tos="0x00" prec="0x00" ttl="49" srcport="51022" dstport="23" tcpflags="SYN"',
            '<30>2024:03:14-09:26:54 utm-1 httpproxy[5432]: id="0001" severity="info" sys="SecureWeb" sub="http" name="http access"'
            ' action="pass" method="GET" srcip="192.0.2.17" dstip="198.51.100.9" user="ada" statuscode="200" cached="0" size="5316"'
            ' url="https://shop.example.org/a?b=1" referer="" ua="curl/8.5.0"',
        ),
        specificity=0.9905,
        sieve=r'[^\n]{0,200}?\bid="[0-9]{4}" severity="[a-z]{2,12}" sys="',
        prefix="sophos",
        infers=True,
        names=names_of("sophos", _SIDES, "fwrule", "id"),
        prefixes={"": "sophos."},
        stamp=_of_utm,
        time=("time",),
        timeless=BAD_TIME,
        level=("severity",),
        body=("name",),
        kept=frozenset(("name",)),
    ),
    r"(?:(?P<time>[0-9]{4}:[0-9]{2}:[0-9]{2}-[0-9]{2}:[0-9]{2}:[0-9]{2}) (?:(?P<host__name>[\w.-]{1,255}) )?"
    r'(?P<service__name>[\w./-]{1,64})(?:\[(?P<process__pid>[0-9]{1,10})\])?: )?(?=id="[0-9]{4}" severity="[a-z]{2,12}" sys=")',
)  # fmt: skip
SOPHOS_XG: Final = headed(
    Objects(
        name="sophos_firewall",
        title="Sophos Firewall (XG, XGS, SFOS), with or without a syslog header",
        source="https://docs.sophos.com/nsg/sophos-firewall/21.0/pdf/sf-syslog-guide.pdf",
        samples=(
            'device="SFW" date=2024-03-14 time=09:26:53 timezone="CET" device_name="XG230" device_id=S1601E00000000 log_id=010101600001'
            ' log_type="Firewall" log_component="Firewall Rule" log_subtype="Allowed" status="Allow" priority=Information duration=12'
            ' fw_rule_id=8 fw_rule_name="LAN to WAN" src_ip=192.0.2.17 dst_ip=198.51.100.9 protocol="TCP" src_port=51022 dst_port=443'
            " sent_bytes=1234 recv_bytes=5316",
            '<30>device_name="SFW" timestamp="2024-03-14T09:26:54+0100" device_model="XGS2100" device_serial_id="S-1" log_id="010101600001"'
            ' log_type="Firewall" log_component="Firewall Rule" log_subtype="Denied" severity="Warning" src_ip="192.0.2.17"'
            ' dst_ip="198.51.100.9" protocol="UDP" src_port=51022 dst_port=53',
        ),
        specificity=0.9905,
        sieve=r'[^\n]{0,200}?\b(?:device="SFW" |device_name="[^"\n]{1,64}" timestamp="[0-9])',
        prefix="sophos",
        infers=True,
        names=names_of("sophos", {**_SIDES, "device_name": "host.name", "fw_rule_name": "sophos.fw_rule_name"}, "device_id", "device_serial_id", "fw_rule_id", "log_id"),
        prefixes={"": "sophos."},
        required=("log_type|log_id|log_component",),
        time=("timestamp", "date time timezone", "date time"),
        timeless=None,
        level=("severity", "priority"),
        levels=graded({"Information": 9, "Notification": 10}),
        body=("message",),
        kept=frozenset(("message",)),
    ),
    r'(?=device="SFW" |device_name="[^"]{1,64}" timestamp="[0-9])',
)  # fmt: skip
SONICWALL: Final = headed(
    Objects(
        name="sonicwall",
        title="SonicWall SonicOS, with or without a syslog header",
        source="https://www.sonicwall.com/techdocs/pdf/sonicos-7-0-0-0-log_events_reference_guide.pdf",
        samples=(
            '<134>id=firewall sn=0017C5000001 time="2024-03-14 09:26:53" fw=203.0.113.1 pri=6 c=1024 m=537 msg="Connection Closed" n=5921690'
            " src=192.0.2.17:51022:X0 dst=198.51.100.9:443:X1 proto=tcp/https sent=156 rcvd=5316",
            'id=NSA3600 sn=C0EAE4000001 time="2024-03-14 09:26:54 UTC" fw=203.0.113.1 pri=5 c=0 m=1197 msg="NAT Mapping" n=4748427'
            ' src=192.0.2.17::X0-V500 dst=198.51.100.9::X3 proto=icmp note="Protocol: 1" rule="17 (LAN->WAN)"',
        ),
        specificity=0.9905,
        sieve=r'[^\n]{0,200}?\bid=\S{1,64} {1,2}sn=\S{1,32} time="',
        prefix="sonicwall",
        infers=True,
        names=names_of("sonicwall", {"src": side("source", "sonicwall"), "dst": side("destination", "sonicwall"), "proto": TRANSPORT, "usr": "user.name", "user": "user.name", "fw": "host.ip", "op": "sonicwall.op", "dstname": "url.domain", "arg": "url:url.path", "sent": "number:sonicwall.sent", "rcvd": "number:sonicwall.rcvd", "srcV6": "source.address", "dstV6": "destination.address"}, "c", "id", "m", "sn"),
        prefixes={"": "sonicwall."},
        required=("m|c|pri",),
        time=("time",),
        timeless=None,
        level=("pri",),
        levels=graded({str(code): number for code, (_, number) in enumerate(severity.SYSLOG)}),
        body=("msg",),
        kept=frozenset(("msg",)),
    ),
    r"(?:^|(?<=[ >]))(?=id=\S{1,64} {1,2}sn=\S{1,32} time=\")",
)  # fmt: skip
WATCHGUARD: Final = headed(
    Objects(
        name="watchguard",
        title="WatchGuard Firebox traffic, as Traffic Monitor writes it and behind a syslog header",
        source="https://www.watchguard.com/help/docs/help-center/en-US/Content/en-US/Fireware/logging/read_log-msg.html",
        samples=(
            "2024-03-29 15:00:50 Member2 Allow 192.0.2.17 198.51.100.9 webcache/tcp 42973 8080 3-Trusted 1-WCI Allowed 60 63"
            ' (Outgoing-proxy-00) proc_id="firewall" rc="100" src_ip_nat="203.0.113.1" msg_id="3000-0148"',
            "2024-04-01 23:39:46 Deny 192.0.2.17 198.51.100.9 echo-request/icmp Trusted Firebox Denied 84 64 (Ping-00)"
            ' proc_id="firewall" rc="101" msg_id="3000-0148" type="8" sent_bytes="84" rcvd_bytes="0"',
        ),
        specificity=0.9905,
        sieve=r"[^\n]{0,200}?(?:Allow|Deny) [0-9A-Fa-f.:]{2,45} [0-9A-Fa-f.:]{2,45} [\w.-]{1,64}/\w{1,16} ",
        prefix="watchguard",
        infers=True,
        names=names_of("watchguard", {"src_user": "user.name", "dst_ip_nat": "watchguard.dst_ip_nat"}, "msg_id", "rc"),
        prefixes={"": "watchguard."},
        required=("msg_id|proc_id",),
        time=("time",),
        timeless=BAD_TIME,
        body=("body",),
    ),
    r"(?P<time>[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}) (?:(?P<watchguard__member>Member[0-9]{1,2}) )?"
    r"(?P<watchguard__disposition>Allow|Deny) (?P<source__address>[0-9A-Fa-f.:]{2,45}) (?P<destination__address>[0-9A-Fa-f.:]{2,45})"
    r" (?P<watchguard__service>[\w.-]{1,64})/(?P<network__transport>\w{1,16})(?: (?P<source__port>[0-9]{1,5}) (?P<destination__port>[0-9]{1,5}))?"
    r" (?P<watchguard__source_interface>[^\s]{1,64}) (?P<watchguard__destination_interface>[^\s]{1,64})"
    r" (?P<body>[^()=\"]{1,128}?)(?: (?P<watchguard__packet_length>[0-9]{1,8}) (?P<watchguard__ttl>[0-9]{1,3}))? \((?P<watchguard__policy>[^()]{1,128})\)",
)  # fmt: skip
MERAKI: Final = headed(
    Objects(
        name="meraki",
        title="Cisco Meraki: flows, URLs, events, security events, with or without a syslog header",
        source="https://documentation.meraki.com/General_Administration/Monitoring_and_Reporting/Syslog_Event_Types_and_Log_Samples",
        samples=(
            "<134>1 1710404813.774247467 MX84 flows allow src=192.0.2.17 dst=198.51.100.9 mac=02:00:00:00:00:01 protocol=udp sport=33787 dport=53",
            "<134>1 1710404814.949155659 AP_firstfloor urls src=192.0.2.17:54877 dst=198.51.100.9:443 mac=02:00:00:00:00:01"
            " agent='Example/1 (X11)' request: GET https://shop.example.org/a?b=1",
            "1710404815.583851938 MX84 events type=vpn_connectivity_change vpn_type='site-to-site' peer_contact='192.0.2.17:51856'"
            " connectivity='false'",
            "Mar 14 09:26:56 198.51.100.1 1 1710404816.254756845 MX84 events Cellular connection down",
            "<134>1 1710404817.647461 MX84 security_event ids_alerted signature=1:41944:2 priority=1 direction=ingress protocol=tcp/ip"
            " src=192.0.2.17:80 dst=198.51.100.9:56938 message: an attempt",
        ),
        specificity=0.9905,
        sieve=r"[^\n]{0,120}?\b[0-9]{9,10}\.[0-9]{3,9} [^\s=]{1,128} (?:flows|urls|events|ids-alerts|security_event|airmarshal_events|(?:\w{1,40}_)?firewall|ip_flow_) ?",
        prefix="meraki",
        infers=True,
        names=names_of("meraki", {"src": side("source", "meraki"), "dst": side("destination", "meraki"), "sport": "source.port", "dport": "destination.port", "protocol": TRANSPORT, "agent": "user_agent.original", "user": "user.name", "identity": "user.name"}, "signature"),
        prefixes={"": "meraki."},
        time=("time",),
        timeless=BAD_TIME,
        body=("body",),
    ),
    r"(?:(?<=>)1 |(?<= )1 )?(?P<time>[0-9]{9,10}\.[0-9]{3,9}) (?P<host__name>[^\s=]{1,128}) (?P<event__name>flows|urls|events|ids-alerts"
    r"|security_event|airmarshal_events|firewall|vpn_firewall|cellular_firewall|bridge_anyconnect_client_vpn_firewall|l7_firewall"
    r"|ip_flow_start|ip_flow_end)(?= )(?: (?P<meraki__action>allow|deny|[a-z]{1,32}_[a-z_]{1,64})(?= ))?"
    r"(?:(?=.*? request: (?P<http__request__method>[A-Z]{1,16}) (?P<url>\S{1,8192})))?(?:(?=.*? pattern: (?P<meraki__pattern>[^\n]{1,1024})))?"
    r"(?:(?=.*? message: (?P<body>[^\n]{1,4096})))?(?: (?P<meraki__said>[A-Za-z][^=\n]{1,512})$)?",
)  # fmt: skip

FORMATS: Final = (SOPHOS_UTM, SOPHOS_XG, SONICWALL, WATCHGUARD, MERAKI)
