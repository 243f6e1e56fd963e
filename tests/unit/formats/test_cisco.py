"""Messages of Cisco's devices: each value is what the message says it is, or it is left out."""

from __future__ import annotations

import pytest

from tests.lines_of_formats import record_of, records

HEAD = "<164>Sep 14 2026 09:33:40 fw-1 : %ASA-4-{}: {}"
TYPED = ("source.address", "source.port", "destination.address", "destination.port", "network.transport", "network.direction",
         "icmp.type", "icmp.code", "cisco.source_user", "user.name", "client.address")  # fmt: skip
A, B = "192.0.2.98", "10.30.100.101"
MESSAGES = [
    ("302020", f"Built inbound ICMP connection for faddr {A}/0 gaddr 10.0.0.1/8 laddr {B}/8 type 8 code 0", (A, None, B, None, "icmp", "inbound", 8, 0)),
    ("302020", f"Built outbound ICMP connection for faddr {A}/0 gaddr 10.0.0.1/8 laddr {B}/8", (B, None, A, None, "icmp", "outbound")),
    ("302021", f"Teardown ICMP connection for faddr {A}/0 gaddr 10.0.0.1/8 laddr {B}/8 type 8 code 0", (A, None, B, None, "icmp", None, 8, 0)),
    ("302020", "Built inbound ICMPv6 connection for faddr 2001:db8::5/0 gaddr 2001:db8::6/8 laddr 2001:db8::6/8 type 128 code 0",
     ("2001:db8::5", None, "2001:db8::6", None, "ipv6-icmp", "inbound", 128, 0)),
    ("302013", f"Built inbound TCP connection 4711 for outside:{A}/51022 (192.0.2.98/51022) to dmz:{B}/443 (203.0.113.9/443)",
     (A, 51022, B, 443, "tcp", "inbound")),
    ("302015", f"Built outbound UDP connection 4712 for outside:{A}/53 ({A}/53)(DOM\\bob) to inside:{B}/51022 ({B}/51022)", (B, 51022, A, 53, "udp", "outbound")),
    ("302014", f"Teardown TCP connection 4711 for outside:{A}/443 to inside:{B}/51022 duration 0:00:30 bytes 1234 TCP FINs", (A, 443, B, 51022, "tcp")),
    ("302017", f"Built inbound GRE connection 4713 from outside:{A} ({A}) to inside:{B} ({B})", (A, None, B, None, "gre", "inbound")),
    ("305011", f"Built dynamic TCP translation from inside:{B}/51022 to outside:{A}/1024", (B, 51022, A, 1024, "tcp")),
    ("305011", f"Built dynamic ICMP translation from inside:{B}/512 to outside:{A}/1", (B, None, A, None, "icmp")),
    ("305012", f"Teardown dynamic UDP translation from inside:{B}/51022 to outside:{A}/1024 duration 0:00:30", (B, 51022, A, 1024, "udp")),
    ("305006", f"portmap translation creation failed for icmp src inside:{B} dst outside:{A} (type 8, code 0)", (B, None, A, None, "icmp", None, 8, 0)),
    ("305005", f"No translation group found for udp src inside:{B}/5353 dst outside:{A}/53", (B, 5353, A, 53, "udp")),
    ("106023", f'Deny icmp src outside:{A} dst inside:{B} (type 3, code 4) by access-group "outside" [0x0, 0x0]', (A, None, B, None, "icmp", None, 3, 4)),
    ("106023", f'Deny protocol 47 src outside:{A} dst inside:{B} by access-group "outside" [0x0, 0x0]', (A, None, B, None, "gre")),
    ("106023", f'Deny protocol 250 src outside:{A} dst inside:{B} by access-group "outside"', (A, None, B, None, "250")),
    ("106023", f'Deny tcp src outside:{A}/51022(DOM\\ada) dst inside:{B}/22 by access-group "outside" [0x0, 0x0]', (A, 51022, B, 22, "tcp", None, None, None, "DOM\\ada")),
    ("106014", f"Deny inbound icmp src outside:{A} dst inside:{B} (type 8, code 0)", (A, None, B, None, "icmp", "inbound", 8, 0)),
    ("106010", f"Deny inbound protocol 50 src outside:{A} dst inside:{B}", (A, None, B, None, "esp", "inbound")),
    ("106006", f"Deny inbound UDP from {A}/65020 to {B}/65021 on interface outside", (A, 65020, B, 65021, "udp", "inbound")),
    ("106007", f"Deny inbound UDP from {A}/65020 to {B}/53 due to DNS Query", (A, 65020, B, 53, "udp", "inbound")),
    ("106015", f"Deny TCP (no connection) from {A}/443 to {B}/51022 flags FIN ACK  on interface outside", (A, 443, B, 51022, "tcp")),
    ("106016", f"Deny IP spoof from ({A}) to {B} on interface outside", (A, None, B)),
    ("106021", f"Deny UDP reverse path check from {A} to {B} on interface outside", (A, None, B, None, "udp")),
    ("106001", f"Inbound TCP connection denied from {A}/443 to {B}/80 flags SYN  on interface outside", (A, 443, B, 80, "tcp", "inbound")),
    ("106018", f"ICMP packet type 8 denied by outbound list acl src {A} dest {B}", (A, None, B, None, "icmp", "outbound", 8)),
    ("106100", f"access-list out denied icmp outside/{A}(8) -> inside/{B}(0) hit-cnt 1 first hit [0x1, 0x0]", (A, None, B, None, "icmp", None, 8, 0)),
    ("106100", f"access-list out permitted udp outside/{A}(5353) -> inside/{B}(53) hit-cnt 1 first hit [0x1, 0x0]", (A, 5353, B, 53, "udp")),
    ("313001", f"Denied ICMP type=8, code=0 from {A} on interface outside", (A, None, None, None, "icmp", None, 8, 0)),
    ("313008", "Denied ICMPv6 type=135, code=0 from 2001:db8::5 on interface outside", ("2001:db8::5", None, None, None, "ipv6-icmp", None, 135, 0)),
    ("313004", f"Denied ICMP type=0, from laddr {A} on interface outside to {B}: no matching session", (A, None, B, None, "icmp", None, 0)),
    ("313005", f"No matching connection for ICMP error message: icmp src outside:{A} dst inside:{B} (type 3, code 3) on outside interface.  Original IP payload: udp src {B}/53 dst {A}/5353.", (A, None, B, None, "icmp", None, 3, 3)),
    ("710003", f"TCP access denied by ACL from {A}/51022 to outside:{B}/22", (A, 51022, B, 22, "tcp")),
    ("710005", f"UDP request discarded from {A}/137 to outside:{B}/137", (A, 137, B, 137, "udp")),
    ("609001", f"Built local-host outside:{A}", (A,)),
    ("605005", f'Login permitted from {A}/51022 to inside:{B}/ssh for user "ada"', (A, 51022, B, None, None, None, None, None, None, "ada")),
    ("111010", f"User 'ada', running 'CLI' from IP {A}, executed 'write memory'", (None,) * 9 + ("ada", A)),
    ("111008", "User 'ada' executed the 'enable' command.", (None,) * 9 + ("ada",)),
    ("113004", f"AAA user authentication Successful : server =  {B} : user = ada", (None,) * 9 + ("ada",)),
    ("113015", f"AAA user authentication Rejected : reason = Invalid password : local database : user = ada : user IP = {A}", (None,) * 9 + ("ada", A)),
    ("611102", f"User authentication failed: IP address: {A}, Uname: ada", (None,) * 9 + ("ada", A)),
    ("722022", f"Group <vpn> User <ada> IP <{A}> TCP SVC connection established", (None,) * 9 + ("ada", A)),
    ("113019", f"Group = vpn, Username = ada, IP = {A}, Session disconnected. Session Type: SSL, Duration: 0h:01m:02s", (None,) * 9 + ("ada", A)),
    ("302014", f"Teardown TCP connection 4711 for outside:{A}/443 to inside:{B}/51022 duration 0:00:30 bytes 1234 TCP FINs (ada)",
     (A, 443, B, 51022, "tcp", None, None, None, None, "ada")),
    ("302014", f"Teardown TCP connection 4711 for outside:{A}/443(LOCAL\\bob) to inside:{B}/51022 duration 0:00:30 bytes 1234 TCP Reset-O from inside (DOM\\ada)",
     (A, 443, B, 51022, "tcp", None, None, None, "LOCAL\\bob", "DOM\\ada")),
    ("302016", f"Teardown UDP connection 4711 for outside:{A}/53 to inside:{B}/51022 duration 0:00:00 bytes 148 (ada)",
     (A, 53, B, 51022, "udp", None, None, None, None, "ada")),
    ("302016", f"Teardown UDP connection 4711 for outside:{A}/53(LOCAL\\bob) to inside:{B}/51022(LOCAL\\eve) duration 0:00:00 bytes 148",
     (A, 53, B, 51022, "udp", None, None, None, "LOCAL\\bob")),
    ("302013", f"Built inbound TCP connection 4711 for outside:{A}/51022 ({A}/51022)(LOCAL\\bob) to NP Identity Ifc:{B}/22 ({B}/22) (ada)",
     (A, 51022, B, 22, "tcp", "inbound", None, None, "LOCAL\\bob", "ada")),
    ("302021", f"Teardown ICMP connection for faddr {A}/0 gaddr 10.0.0.1/8 laddr {B}/8 (ada)", (A, None, B, None, "icmp", None, None, None, None, "ada")),
    ("302024", f"Built backup  stub UDP connection for outside:{A}/53 ({A}/53) to inside:{B}/51022 ({B}/51022)", (A, 53, B, 51022, "udp")),
    ("302026", f"Built director stub ICMP connection for outside:{A}/32004 ({A}) to inside:{B}/0 ({B})", (A, None, B, None, "icmp")),
    ("303002", f"FTP connection from inside:{A}/63656 to outside:{B}/21, user ada Stored file /a.log", (A, 63656, B, 21, None, None, None, None, None, "ada")),
    ("109005", f"Authentication succeeded for user 'ada' from {A}/1234 to {B}/80 on interface outside", (A, 1234, B, 80, None, None, None, None, None, "ada")),
    ("109006", f"Authentication failed for user ada from {A}/1234 to {B}/80 on interface outside", (A, 1234, B, 80, None, None, None, None, None, "ada")),
    ("110002", f"Failed to locate egress interface for UDP from inside:{A}/1234 to {B}/80", (A, 1234, B, 80, "udp")),
    ("110003", f"Routing failed to locate next hop for TCP from inside:{A}/1234 to outside:{B}/80", (A, 1234, B, 80, "tcp")),
    ("110003", f"Routing failed to locate next-hop for protocol icmp from inside:{A}/0 to outside:{B}/0", (A, None, B, None, "icmp")),
    ("111001", f"Begin configuration: {A} writing to memory", (None,) * 10 + (A,)),
    ("111010", f"User 'DOM\\ada l', running 'N/A' from IP {A}, executed 'write memory'", (None,) * 9 + ("DOM\\ada l", A)),
    ("111009", "User 'ada' executed cmd: show running-config", (None,) * 9 + ("ada",)),
    ("113005", f"AAA user authentication Rejected : reason = AAA failure : server = {B} : user = ada : user IP = {A}", (None,) * 9 + ("ada", A)),
    ("113006", "User ada locked out on exceeding 3 successive failed authentication attempts", (None,) * 9 + ("ada",)),
    ("113008", "AAA transaction status ACCEPT : user = ada", (None,) * 9 + ("ada",)),
    ("113009", "AAA retrieved default group policy (vpn) for user = ada", (None,) * 9 + ("ada",)),
    ("113014", f"AAA authentication server not accessible : server = {B} : user = ada", (None,) * 9 + ("ada",)),
    ("113015", f"AAA user authentication Rejected : reason = User was not found : local database : user = ada: user IP = {A}", (None,) * 9 + ("ada", A)),
    ("113016", f"AAA credentials rejected : reason = Invalid password : server = {B} : user = ada", (None,) * 9 + ("ada",)),
    ("113017", "AAA credentials rejected : reason = Invalid password : local database : user = ada", (None,) * 9 + ("ada",)),
    ("113018", "User: ada, Unsupported downloaded ACL Entry: permit ip any any, Action: skipped", (None,) * 9 + ("ada",)),
    ("315011", f'SSH session from {A} on interface inside for user "ada" disconnected by SSH server, reason: "Internal error" (0x00)', (None,) * 9 + ("ada", A)),
    ("315011", f'SSH session from {A} on interface inside for user "*****" terminated normally', (None,) * 10 + (A,)),
    ("605004", f'Login denied from {A}/51022 to inside:{B}/https for user "*****"', (A, 51022, B)),
    ("605005", 'Login permitted from serial to console for user "ada"', (None,) * 9 + ("ada",)),
    ("419002", f"Duplicate TCP SYN from inside:{A}/7777 to outside:{B}/5145 with different initial sequence number", (A, 7777, B, 5145, "tcp")),
    ("304001", f"ada@{A} Accessed JAVA URL {B}:http://example.org/", (None, None, B, None, None, None, None, None, None, "ada", A)),
    ("716002", f"Group vpn User ada IP {A} WebVPN session terminated: Idle timeout.", (None,) * 9 + ("ada", A)),
    ("733100", "[ Scanning] drop rate-1 exceeded. Current burst rate is 10 per second, max configured rate is 8; Current average rate is 7 per second, max configured rate is 4; Cumulative total count is 4711", ()),
]  # fmt: skip


@pytest.mark.parametrize(("number", "message", "values"), MESSAGES)
def test_every_value_is_what_the_message_says(number: str, message: str, values: tuple[object, ...]) -> None:
    attributes = record_of("cisco_asa", HEAD.format(number, message)).attributes
    expected = dict.fromkeys(TYPED) | dict(zip(TYPED, values, strict=False))
    assert {name: attributes.get(name) for name in TYPED} == expected


OTHER_VALUES = [
    ("111008", "User 'ada' executed the 'copy a b' command.", {"cisco.command": "copy a b"}),
    ("111010", f"User 'ada', running 'CLI' from IP {A}, executed 'no logging host inside'", {"cisco.command": "no logging host inside", "cisco.application": "CLI"}),
    ("302014", f"Teardown TCP connection 4711 for outside:{A}/443 to inside:{B}/51022 duration 0:00:30 bytes 1234 TCP FINs (ada)",
     {"cisco.reason": "TCP FINs", "cisco.bytes": 1234, "cisco.duration": "0:00:30"}),
    ("302013", f"Built outbound TCP connection 4711 for outside:{A}/80 ({A}/80) to inside:{B}/1772 (203.0.113.1/9)",
     {"cisco.source_mapped": "203.0.113.1/9", "cisco.destination_mapped": f"{A}/80", "cisco.source_user": None}),
]  # fmt: skip


@pytest.mark.parametrize(("number", "message", "values"), OTHER_VALUES)
def test_commands_reasons_and_translations_are_whole(
    number: str, message: str, values: dict[str, object]
) -> None:
    attributes = record_of("cisco_asa", HEAD.format(number, message)).attributes
    assert {name: attributes.get(name) for name in values} == values


IOS = [
    ("%SEC-6-IPACCESSLOGP: list 110 denied tcp 192.0.2.98(51022) -> 10.30.100.101(22), 1 packet", (A, 51022, B, 22, "tcp")),
    ("%SEC-6-IPACCESSLOGDP: list 110 denied icmp 192.0.2.98 -> 10.30.100.101 (8/0), 1 packet", (A, None, B, None, "icmp", None, 8, 0)),
    ("%SEC-6-IPACCESSLOGNP: list 110 denied 47 192.0.2.98 -> 10.30.100.101, 1 packet", (A, None, B, None, "gre")),
    ("%SYS-5-CONFIG_I: Configured from console by ada on vty0 (192.0.2.98)", (None,) * 9 + ("ada", A)),
    ("%SEC_LOGIN-5-LOGIN_SUCCESS: Login Success [user: ada] [Source: 192.0.2.98] [localport: 22] at 09:33:40 UTC Mon Sep 14 2026",
     (None,) * 9 + ("ada", A)),
    ("%LINK-3-UPDOWN: Interface GigabitEthernet0/1, changed state to down", ()),
    ("%SYS-6-LOGOUT: User ada has exited tty session 5(192.0.2.98)", (None,) * 9 + ("ada", A)),
    ("%SEC-6-IPACCESSLOGSP: list 110 denied igmp 192.0.2.98 -> 10.30.100.101 (20), 1 packet", (A, None, B, None, "igmp")),
    ("%FMANFP-6-IPACCESSLOGP:  SIP0: fman_fp_image:  list 110 denied udp 192.0.2.98(51022) -> 10.30.100.101(53), 1 packet", (A, 51022, B, 53, "udp")),
    ("%FMANFP-6-IPACCESSLOGP: F0/0: fman_fp_image: list in denied tcp 00-00-5E-00-53-23 192.0.2.98(51022) TenGigabitEthernet0/1/1-> 10.30.100.101(53), 1 packet",
     (A, 51022, B, 53, "tcp")),
    ("%IPV6_ACL-6-ACCESSLOGSP: list v6/40 denied ipv6 2001:db8::5 -> 2001:db8::6, 6 packets", ("2001:db8::5", None, "2001:db8::6", None, "ipv6")),
]  # fmt: skip


HEADS = [
    ("<189>::ffff:10.0.0.1 387440: ", {"host.name": "::ffff:10.0.0.1", "syslog.sequence": 387440}),
    ("<189>10.0.0.1 387440: ", {"host.name": "10.0.0.1", "syslog.sequence": 387440}),
    ("<189>[10.0.0.1] 387440: ", {"host.name": "10.0.0.1", "syslog.sequence": 387440}),
    ("<189>[2001:db8::7]: 387440: ", {"host.name": "2001:db8::7", "syslog.sequence": 387440}),
    ("<189>2001:db8::7: 387440: ", {"host.name": "2001:db8::7", "syslog.sequence": 387440}),
    ("<189>387440: 2001:db8::: 17: ", {"host.name": "2001:db8::", "syslog.sequence": 17, "cisco.message_count": 387440}),
    ("<189>387440: rtr-1: ", {"host.name": "rtr-1", "syslog.sequence": 387440}),
    ("<189>387440: rtr-1: 004321: ", {"host.name": "rtr-1", "syslog.sequence": 4321, "cisco.message_count": 387440}),
    ("<189>55: 000057: ", {"syslog.sequence": 57, "cisco.message_count": 55}),
    ("<189>: rtr-1: ", {"host.name": "rtr-1"}),
    ("<189>: ", {}),
    ("<189>55: rtr-1: RP/0/RSP0/CPU0:", {"host.name": "rtr-1", "syslog.sequence": 55, "cisco.node": "RP/0/RSP0/CPU0"}),
    ("004321: ", {"syslog.sequence": 4321}),
]  # fmt: skip
TIMES = [
    ("*Mar  1 18:46:11: ", "2026-03-01T18:46:11Z", "year,zone"),
    ("*Mar  1 18:46:11.123: ", "2026-03-01T18:46:11.123Z", "year,zone"),
    (".Mar  1 18:46:11.123 CET: ", "2026-03-01T17:46:11.123Z", "year"),
    ("Mar  1 2026 18:46:11.123 UTC+1: ", "2026-03-01T17:46:11.123Z", None),
    ("2026 Mar  1 18:46:11.123 mdt: ", "2026-03-02T00:46:11.123Z", None),
    ("Mar  1 18:46:11 XYZT: ", "2026-03-01T18:46:11Z", "year,zone"),
]
IN_HEAD = ("host.name", "syslog.sequence", "cisco.message_count", "cisco.node")


@pytest.mark.parametrize(("head", "values"), HEADS)
@pytest.mark.parametrize(("when", "stamp", "assumed"), TIMES)
def test_whatever_stands_before_the_time_of_a_router_is_read(
    head: str, values: dict[str, object], when: str, stamp: str, assumed: str | None
) -> None:
    message = "%SYS-5-CONFIG_I: Configured from console by ada on vty0 (192.0.2.98)"
    (record,) = records(f"{head}{when}{message}\n")
    assert (record.timestamp, record.timestamp_assumed, record.body) == (stamp, assumed, message)
    assert {name: record.attributes[name] for name in IN_HEAD if name in record.attributes} == values
    assert (record.severity_text, record.attributes["user.name"], record.attributes["client.address"]) == (
        "notice",
        "ada",
        "192.0.2.98",
    )


@pytest.mark.parametrize("head", ["<187>55: rtr-1: ", "<187>[10.0.0.1] 55: ", "<187>55: "])
@pytest.mark.parametrize("uptime", ["3w5d", "00:00:46", "2y10w"])
def test_an_uptime_is_no_time(head: str, uptime: str) -> None:
    (record,) = records(f"{head}{uptime}: %LINK-3-UPDOWN: Interface Gi0/1, changed state to down\n")
    assert (record.timestamp, record.attributes["syslog.uptime"], record.attributes["syslog.sequence"]) == (
        None,
        uptime,
        55,
    )
    assert record.attributes["cisco.mnemonic"] == "UPDOWN"


def test_a_relayed_line_keeps_the_relays_time_and_names_its_own_once() -> None:
    (record,) = records(
        "Feb  8 04:00:48 192.0.2.2 585917: rtr-1: Feb  8 04:00:47.272: %LINK-3-UPDOWN: Interface Gi0/1, changed state to down\n"
    )
    assert record.timestamp == "2026-02-08T04:00:48Z"
    assert record.attributes == {
        "host.name": "192.0.2.2", "host.name#2": "rtr-1", "syslog.sequence": 585917, "log.record.timestamp": "2026-02-08T04:00:47.272Z",
        "log.record.original": "585917: rtr-1: Feb  8 04:00:47.272: %LINK-3-UPDOWN: Interface Gi0/1, changed state to down",
        "cisco.facility": "LINK", "cisco.mnemonic": "UPDOWN",
    }  # fmt: skip


def test_the_process_of_ios_xr_is_read_behind_its_node() -> None:
    (record,) = records(
        "<190>Oct  7 07:19:44 core-1 RP/0/RP0/CPU0:Oct  7 07:19:43.630 UTC: ipv4_acl_mgr[310]: %ACL-IPV4_ACL-6-IPACCESSLOGP :"
        " access-list vcs deny tcp 192.0.2.98(39527) -> 10.30.100.101(1830), 1 packet\n"
    )
    expected = {
        "host.name": "core-1", "cisco.node": "RP/0/RP0/CPU0", "service.name": "ipv4_acl_mgr", "process.pid": 310, "cisco.facility": "ACL-IPV4_ACL",
        "source.address": A, "source.port": 39527, "destination.port": 1830, "cisco.policy_id": "vcs", "cisco.action": "deny",
    }  # fmt: skip
    assert {name: record.attributes.get(name) for name in expected} == expected


def test_what_ios_says_without_a_mnemonic_has_no_host_of_its_own() -> None:
    for text in ("last message repeated 66 times", "NTP Core (NOTICE): Clock is synchronized."):
        (record,) = records(f"<191>: rtr-1: Aug 18 07:15:04.461 CEST: {text}\n")
        assert (record.body, record.attributes["host.name"]) == (text, "rtr-1")
        assert "service.name" not in record.attributes


@pytest.mark.parametrize(("message", "values"), IOS)
def test_routers_and_switches_are_read_alike(message: str, values: tuple[object, ...]) -> None:
    attributes = record_of("syslog_rfc3164", f"<189>29: *Sep 14 09:33:40.123: {message}").attributes
    expected = dict.fromkeys(TYPED) | dict(zip(TYPED, values, strict=False))
    assert {name: attributes.get(name) for name in TYPED} == expected


PAIRS = (
    "EventPriority: Low, DeviceUUID: 1234, ConnectionID: 5, AccessControlRuleAction: Block with reset, SrcIP: 192.0.2.1, DstIP: 198.51.100.9,"
    " SrcPort: 1234, DstPort: 443, Protocol: TCP, IngressInterface: inside, ACPolicy: a, b and c, User: {}, ResponderBytes: 66"
)


@pytest.mark.parametrize(
    "head",
    [
        "%FTD-6-430003: ",
        "Sep 14 08:00:00 fw-1 : %FTD-6-430003: ",
        "<113>2026-09-14T08:00:00Z fw-1 %FTD-1-430002: ",
    ],
)
def test_a_security_event_of_firepower_is_pairs(head: str) -> None:
    for made in records(f"{head}{PAIRS.format('ada')}\n" * 3):
        values = {
            "source.address": "192.0.2.1", "destination.address": "198.51.100.9", "source.port": 1234, "destination.port": 443,
            "network.transport": "tcp", "user.name": "ada", "cisco.action": "Block with reset", "cisco.ac_policy": "a, b and c",
            "cisco.device_uuid": "1234", "cisco.responder_bytes": 66, "cisco.connection_id": 5,
        }  # fmt: skip
        assert {name: made.attributes.get(name) for name in values} == values


def test_a_security_event_without_a_user_names_nobody() -> None:
    (made,) = records(f"%FTD-6-430003: {PAIRS.format('No Authentication Required')}\n")
    assert "user.name" not in made.attributes


def test_a_quoted_value_of_a_security_event_is_whole_and_a_type_in_words_is_no_number() -> None:
    line = '%FTD-2-430001: SrcIP: 2001:db8::1, DstIP: 2001:db8::2, ICMPType: Echo Request, Protocol: icmp, Message: "a: b, c: d", Priority: 1'
    (made,) = records(f"{line}\n")
    assert made.attributes["cisco.message"] == "a: b, c: d"
    assert (made.attributes["cisco.icmp_type"], made.attributes["cisco.priority"]) == ("Echo Request", 1)
    assert made.attributes["source.address"] == "2001:db8::1"
    assert not made.attributes.keys() & {"cisco.c", "icmp.type"}


@pytest.mark.parametrize(
    "head",
    [
        "<189>123: 000124: *Sep 14 08:00:00.123 UTC: ",
        "<189>29: *Sep 14 08:00:00.123: ",
        "<189>29: rtr-1: ",
        "<189>Sep 14 08:00:00 sw1 123: ",
        "<189>Sep 14 08:00:00 sw1 ",
        "<189>Sep 14 08:00:00 192.0.2.2 585917: rtr-1: Sep 14 08:00:00.272: ",
        "*Sep 14 08:00:00.123 UTC: ",
    ],
)
def test_the_severity_is_that_of_the_mnemonic(head: str) -> None:
    (record,) = records(f"{head}%LINK-3-UPDOWN: Interface Gi0/1, changed state to up\n")
    assert (record.severity_text, record.severity_number) == ("err", 17)
    assert record.attributes.get("syslog.severity.code") == (5 if head[0] == "<" else None)
    assert "log.level" not in record.attributes
