"""Suricata's EVE (JSON lines) and fast.log; Snort's alert_fast is the same but for the year.

https://docs.suricata.io/en/latest/output/eve/eve-json-format.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from chalicelib.core.formats.kinds import add_endpoint, part_icmp
from chalicelib.core.formats.objects import Objects, graded, joined
from chalicelib.core.formats.patterned import shaped

if TYPE_CHECKING:
    from chalicelib.core.records import Value

RENAMED: Final = {
    "src_ip": "source.address", "src_port": "source.port", "dest_ip": "destination.address", "dest_port": "destination.port",
    "app_proto": "network.protocol.name", "http.http_method": "http.request.method", "http.hostname": "url.domain",
    "http.url": "url.path", "http.http_user_agent": "user_agent.original", "http.http_refer": "http.request.header.referer",
    "http.status": "http.response.status_code", "http.length": "http.response.body.size", "dns.rrname": "dns.question.name",
    "tls.version": "tls.protocol.version", "host": "host.name",
}  # fmt: skip
PRIORITIES: Final = {1: 17, 2: 13, 3: 9, 4: 9}


def _add_ports(fields: dict[str, Value], _message: str) -> None:
    for side in ("source", "destination"):
        add_endpoint(fields, side, str(fields.pop(f"{side}.address", "-")), always_port=True)
    part_icmp(fields)


EVE: Final = Objects(
    name="suricata_eve",
    title="Suricata EVE, JSON lines",
    source="https://docs.suricata.io/en/latest/output/eve/eve-json-format.html",
    samples=(
        '{"timestamp":"2024-03-14T09:26:53.097119+0000","flow_id":836311304881252,"in_iface":"eth0","event_type":"alert","src_ip":"192.0.2.17",'
        '"src_port":51022,"dest_ip":"198.51.100.9","dest_port":80,"proto":"TCP","alert":{"action":"allowed","gid":1,"signature_id":2034125,'
        '"rev":4,"signature":"EXAMPLE traversal attempt","category":"Web attack","severity":1},"http":{"hostname":"example.org","url":"/../x",'
        '"http_method":"GET","status":404,"length":0}}',
        '{"timestamp":"2024-03-14T09:26:54.000001+0000","flow_id":1,"event_type":"dns","src_ip":"2001:db8::5","src_port":5353,'
        '"dest_ip":"2001:db8::1","dest_port":53,"proto":"UDP","dns":{"type":"query","id":7,"rrname":"example.org","rrtype":"A"}}',
    ),
    specificity=0.995,
    sieve=r"[ \t]*+\{[^\n]{0,400}?\"event_type\"",
    required=("timestamp", "event_type", "flow_id|src_ip|stats.uptime|engine.message"),
    confirms=lambda members: type(members["event_type"]) is str,
    time=("timestamp",),
    level=("log_level", "alert.severity"),
    levels=graded(PRIORITIES),
    body=("alert.signature", "anomaly.event", "engine.message", "message"),
    kept=frozenset(("alert.severity", "alert.signature", "anomaly.event", "engine.message")),
    names={**RENAMED, "proto": "lower:network.transport"},
    prefixes={"": "suricata."},
    heading=joined("suricata.event_type"),
).format()
FAST: Final = shaped(
    "suricata_fast",
    "Suricata fast.log and Snort alert_fast",
    "https://docs.suricata.io/en/latest/configuration/suricata-yaml.html#line-based-alerts-log-fast-log",
    samples=(
        "03/14/2024-09:26:53.251216  [**] [1:2008578:4] EXAMPLE scan [**] [Classification: Attempted Information Leak] [Priority: 2] {UDP}"
        " 192.0.2.17:5116 -> 198.51.100.9:5060",
        "03/14-09:26:54.000001  [**] [1:469:3] ICMP PING [**] [Priority: 2] {ICMP} 2001:db8::5 -> 2001:db8::1",
        "03/14/2024-09:26:55.251216  [Drop] [**] [1:2:3] EXAMPLE block [**] [Classification: (null)] [Priority: 3] {TCP} 192.0.2.17:1 -> 198.51.100.9:2",
    ),
    templates=(
        r"{time=[0-9]{2}/[0-9]{2}(?:/[0-9]{2,4})?-{clock}\.[0-9]{1,9}} {1,4}(?:\[{text=[^\]]{1,32}:suricata.alert.action}\] )?\[\*\*\] "
        r"\[{int=[0-9]{1,10}:suricata.alert.gid}:{int=[0-9]{1,10}:suricata.alert.signature_id}:{int=[0-9]{1,10}:suricata.alert.rev}\] "
        r"{body=.*?} \[\*\*\] (?:\[Classification: {text=[^\]]{0,200}:suricata.alert.category}\] )?"
        r"(?:\[Priority: (?={int=[0-9]{1,3}:suricata.alert.severity}\]){level=[0-9]{1,3}}\] )?\{{lower=[^{}\s]{1,20}:network.transport}\} "
        r"{text=\S++:source.address} -> {text=\S++:destination.address}(?: {extra=.*})?",
    ),
    levels={str(priority): number for priority, number in PRIORITIES.items()},
    details=_add_ports,
    specificity=0.99,
    sieve=r"[0-9]{2}/[0-9]{2}(?:/[0-9]{2,4})?-[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{1,9} {1,4}\[",
    single_line=True,
)
FORMATS: Final = (EVE, FAST)
