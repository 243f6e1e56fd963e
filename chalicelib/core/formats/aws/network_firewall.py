"""Logs of AWS Network Firewall: Suricata's events, each in an object that names the firewall."""

from __future__ import annotations

from typing import Final

from chalicelib.core.formats.json_text import flat_object
from chalicelib.core.formats.objects import Objects, graded, holding, joined, without
from chalicelib.core.formats.security.suricata import PRIORITIES, RENAMED
from chalicelib.core.framing import Framing, Kind

_PREFIX: Final = "aws.network_firewall"


FIREWALL: Final = Objects(
    name="aws_network_firewall",
    title="AWS Network Firewall: alerts, flows, TLS",
    source="https://docs.aws.amazon.com/network-firewall/latest/developerguide/firewall-logging-contents.html",
    samples=(
        '{"firewall_name":"edge","availability_zone":"eu-west-1a","event_timestamp":"1710408413","event":'
        '{"timestamp":"2024-03-14T09:26:53.123456+0000","flow_id":1111,"event_type":"alert","src_ip":"192.0.2.17",'
        '"src_port":49157,"dest_ip":"198.51.100.9","dest_port":443,"proto":"TCP","alert":{"action":"blocked",'
        '"signature_id":2,"rev":0,"signature":"no such host","category":"","severity":1}}}',
        '{"firewall_name":"edge","availability_zone":"eu-west-1b","event_timestamp":"1710408414","event":'
        '{"timestamp":"2024-03-14T09:26:54.000001+0000","flow_id":1112,"event_type":"netflow","src_ip":"192.0.2.18",'
        '"src_port":47047,"dest_ip":"198.51.100.9","dest_port":16463,"proto":"UDP","netflow":{"pkts":1,"bytes":60,'
        '"start":"2024-03-14T09:26:50.000000+0000","age":4,"min_ttl":241,"max_ttl":241}}}',
    ),
    specificity=0.9985,
    framing=Framing(kind=Kind.JSON),
    sieve=holding("firewall_name"),
    read=flat_object,
    prefix=_PREFIX,
    required=("firewall_name", "event_type"),
    time=("timestamp", "event_timestamp"),
    timeless=None,
    names={**RENAMED, "availability_zone": "cloud.availability_zone", "proto": "lower:network.transport"},
    level=("alert.severity",),
    kept=frozenset(("alert.severity",)),
    levels=graded(PRIORITIES),
    inner=without("event."),
    heading=joined(f"{_PREFIX}.alert.signature|{_PREFIX}.event_type"),
).format()

FORMATS: Final = (FIREWALL,)
