"""Messages of Cisco's devices: each value is what the message says it is, or it is left out."""

from __future__ import annotations

import pytest

from tests.lines_of_formats import record_of

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
    ("733100", "[ Scanning] drop rate-1 exceeded. Current burst rate is 10 per second, max configured rate is 8; Current average rate is 7 per second, max configured rate is 4; Cumulative total count is 4711", ()),
]  # fmt: skip


@pytest.mark.parametrize(("number", "message", "values"), MESSAGES)
def test_every_value_is_what_the_message_says(number: str, message: str, values: tuple[object, ...]) -> None:
    attributes = record_of("cisco_asa", HEAD.format(number, message)).attributes
    wanted = dict.fromkeys(TYPED) | dict(zip(TYPED, values, strict=False))
    assert {name: attributes.get(name) for name in TYPED} == wanted


IOS = [
    ("%SEC-6-IPACCESSLOGP: list 110 denied tcp 192.0.2.98(51022) -> 10.30.100.101(22), 1 packet", (A, 51022, B, 22, "tcp")),
    ("%SEC-6-IPACCESSLOGDP: list 110 denied icmp 192.0.2.98 -> 10.30.100.101 (8/0), 1 packet", (A, None, B, None, "icmp", None, 8, 0)),
    ("%SEC-6-IPACCESSLOGNP: list 110 denied 47 192.0.2.98 -> 10.30.100.101, 1 packet", (A, None, B, None, "gre")),
    ("%SYS-5-CONFIG_I: Configured from console by ada on vty0 (192.0.2.98)", (None,) * 9 + ("ada", A)),
    ("%SEC_LOGIN-5-LOGIN_SUCCESS: Login Success [user: ada] [Source: 192.0.2.98] [localport: 22] at 09:33:40 UTC Mon Sep 14 2026",
     (None,) * 9 + ("ada", A)),
    ("%LINK-3-UPDOWN: Interface GigabitEthernet0/1, changed state to down", ()),
]  # fmt: skip


@pytest.mark.parametrize(("message", "values"), IOS)
def test_routers_and_switches_are_read_alike(message: str, values: tuple[object, ...]) -> None:
    attributes = record_of("syslog_rfc3164", f"<189>29: *Sep 14 09:33:40.123: {message}").attributes
    wanted = dict.fromkeys(TYPED) | dict(zip(TYPED, values, strict=False))
    assert {name: attributes.get(name) for name in TYPED} == wanted
