"""ICMP has a type and a code and no ports, whatever a source writes in their places."""

from __future__ import annotations

from typing import Any

import pytest

from tests.lines_of_formats import records

KERNEL = "Sep 14 08:00:00 web kernel: IN=eth0 OUT= SRC=192.0.2.7 DST=198.51.100.9 LEN=80 TTL=64 ID=1 "
SONICWALL = (
    'id=firewall sn=0017 time="2026-09-14 08:00:00 UTC" fw=203.0.113.1 pri=6 c=1024 m=97 msg="Web" n=4 '
)
SRX = "Sep 14 08:00:00 srx RT_FLOW: RT_FLOW_SESSION_DENY: session denied 192.0.2.7/8->198.51.100.9/77 "
FORTINET = 'date=2026-09-14 time=08:00:00 devname="fw" devid="F" logid="13" type="traffic" level="notice" '
SOPHOS = 'device="SFW" date=2026-09-14 time=08:00:00 timezone="UTC" device_name="XG" device_id=C1 log_id=01 log_type="Firewall" '
UTM = '2026:09:14-08:00:00 fw ulogd[4711]: id="2001" severity="info" sys="SecureNet" sub="packetfilter" name="dropped" '
MIKROTIK = "2026-09-14 08:00:00 firewall,info forward: in:ether1 out:bridge, connection-state:new src-mac 02:00:00:00:00:01, proto "


@pytest.mark.parametrize(
    ("line", "kind", "code"),
    [
        (SONICWALL + "src=192.0.2.7:8:X1 dst=198.51.100.9:0:X0 proto=icmp/8", 8, 0),
        (SONICWALL + "src=192.0.2.7:512:X1 dst=198.51.100.9:9:X0 proto=icmp", None, None),
        (SRX + "icmp 1(8) deny-all trust untrust UNKNOWN UNKNOWN N/A(N/A) ge-0/0/0.0", 8, None),
        (FORTINET + 'srcip=192.0.2.7 srcport=8 dstip=198.51.100.9 dstport=0 proto=1 service="PING"', None, None),
        (SOPHOS + 'src_ip=192.0.2.7 dst_ip=198.51.100.9 protocol="ICMP" icmp_type=8 icmp_code=0', 8, 0),
        (UTM + 'srcip="192.0.2.7" dstip="198.51.100.9" proto="1" length="84" ttl="64" type="8" code="0"', 8, 0),
        (KERNEL + "PROTO=ICMP TYPE=8 CODE=0 ID=4 SEQ=2", 8, 0),
        (KERNEL + "PROTO=ICMPv6 TYPE=128 CODE=0 ID=4 SEQ=2", 128, 0),
        (KERNEL + "PROTO=ICMP TYPE=3 CODE=1 [SRC=198.51.100.9 DST=192.0.2.7 LEN=52 PROTO=TCP SPT=443 DPT=51000 ACK URGP=0 ]", 3, 1),
        (MIKROTIK + "ICMP (type 8, code 0), 192.0.2.7->198.51.100.9, len 84", 8, 0),
        ("CEF:0|V|P|1|1|deny|5|src=192.0.2.7 spt=8 dst=198.51.100.9 dpt=0 proto=ICMP rt=1789372800000", None, None),
        ("2 123456789010 eni-1235b8ca 192.0.2.7 198.51.100.9 0 0 1 4 336 1789372800 1789372860 ACCEPT OK", None, None),
    ],
)  # fmt: skip
def test_icmp_has_no_ports(line: str, kind: int | None, code: int | None) -> None:
    (record,) = records(line)
    fields: dict[str, Any] = dict(record.attributes)
    assert fields["network.transport"] in ("icmp", "ipv6-icmp")
    assert (fields["source.address"], fields["destination.address"]) == ("192.0.2.7", "198.51.100.9")
    assert not {"source.port", "destination.port"} & fields.keys()
    assert (fields.get("icmp.type"), fields.get("icmp.code")) == (kind, code)


def test_the_packet_that_an_error_of_icmp_quotes_is_kept_as_one() -> None:
    quoted = "SRC=198.51.100.9 DST=192.0.2.7 LEN=52 ID=2 DF PROTO=TCP SPT=443 DPT=51000 ACK URGP=0"
    (record,) = records(f"{KERNEL}PROTO=ICMP TYPE=3 CODE=1 [{quoted} ] MARK=0x1")
    fields = record.attributes
    assert (fields["netfilter.quoted_packet"], fields["netfilter.mark"]) == (quoted, "0x1")
    assert not [name for name in fields if "[" in name or "#" in name or name == "netfilter.flags"]


@pytest.mark.parametrize(
    ("line", "transport"),
    [
        (KERNEL + "PROTO=47", "gre"),
        (KERNEL + "PROTO=112", "vrrp"),
        (FORTINET + "srcip=192.0.2.7 dstip=198.51.100.9 proto=89", "ospf"),
        (SRX + "junos-https 6(0) deny-all trust untrust UNKNOWN UNKNOWN N/A(N/A) ge-0/0/0.0", "tcp"),
        (MIKROTIK + "47, 192.0.2.7->198.51.100.9, len 84", "gre"),
    ],
)
def test_protocols_are_named_by_one_table(line: str, transport: str) -> None:
    (record,) = records(line)
    assert record.attributes["network.transport"] == transport
    assert "icmp.type" not in record.attributes
