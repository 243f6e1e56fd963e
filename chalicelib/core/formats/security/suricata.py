"""Suricata's EVE (JSON lines) and fast.log; Snort's alert_fast is the same but for the year.

https://docs.suricata.io/en/latest/output/eve/eve-json-format.html
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from chalicelib.core.formats import Format
from chalicelib.core.formats.kinds import add_integer, integer, is_ip, part_icmp
from chalicelib.core.formats.objects import Objects, graded, joined
from chalicelib.core.formats.reasons import BAD_TIME, OTHER_SHAPE
from chalicelib.core.formats.times import Times
from chalicelib.core.records import Record, Reject

if TYPE_CHECKING:
    from chalicelib.core.formats import Parse, ParseContext
    from chalicelib.core.records import Value

RENAMED: Final = {
    "src_ip": "source.address", "src_port": "source.port", "dest_ip": "destination.address", "dest_port": "destination.port",
    "app_proto": "network.protocol.name", "http.http_method": "http.request.method", "http.hostname": "url.domain",
    "http.url": "url.path", "http.http_user_agent": "user_agent.original", "http.http_refer": "http.request.header.referer",
    "http.status": "http.response.status_code", "http.length": "http.response.body.size", "dns.rrname": "dns.question.name",
    "tls.version": "tls.protocol.version", "host": "host.name",
}  # fmt: skip
PRIORITIES: Final = {1: 17, 2: 13, 3: 9, 4: 9}
_FAST: Final = re.compile(
    r"([0-9]{2}/[0-9]{2})(/[0-9]{2,4})?-([0-9]{2}:[0-9]{2}:[0-9]{2})\.([0-9]{1,9}) {1,4}(?:\[([^\]]{1,32})\] )?\[\*\*\] \[([0-9]{1,10}):([0-9]{1,10}):([0-9]{1,10})\]"
    r" (.*?) \[\*\*\] (?:\[Classification: ([^\]]{0,200})\] )?(?:\[Priority: ([0-9]{1,3})\] )?\{([^{}\s]{1,20})\} "
    r"(\S+?)(?::([0-9]{1,5}))? -> (\S+?)(?::([0-9]{1,5}))?(?: (.*))?",
    re.DOTALL,
)


def _parted(address: str, port: str | None) -> tuple[str, str | None]:
    """The port is the last group of an address of IPv6 where the rest is none."""
    return (
        (f"{address}:{port}", None)
        if port and not is_ip(address) and is_ip(f"{address}:{port}")
        else (address, port)
    )


def _fast(context: ParseContext) -> Parse:
    times = Times(context.last_modified)

    def parse(line: str) -> Record | Reject:
        found = _FAST.fullmatch(line)
        if found is None:
            return OTHER_SHAPE
        (
            day,
            year,
            clock,
            fraction,
            action,
            group,
            signature,
            revision,
            message,
            kind,
            priority,
            transport,
            *rest,
        ) = found.groups()
        source, source_port, destination, destination_port, extra = rest
        source, source_port = _parted(source, source_port)
        destination, destination_port = _parted(destination, destination_port)
        month, _, day = day.partition("/")
        if year:
            stamp = times.of_parts(
                f"{'20' if len(year) == 3 else ''}{year[1:]}-{month}-{day} {clock}", fraction
            )
        else:
            stamp = times.of_parts(f"{_MONTHS.get(month, month)} {day} {clock}", fraction)
        if stamp is None:
            return BAD_TIME
        fields: dict[str, Value] = {
            "suricata.alert.gid": integer(group),
            "suricata.alert.signature_id": integer(signature),
            "suricata.alert.rev": integer(revision),
            "network.transport": transport.lower(),
            "source.address": source,
            "destination.address": destination,
        }
        alert = {"suricata.alert.action": action, "suricata.alert.category": kind, "extra": extra}
        fields.update({name: value for name, value in alert.items() if value})
        if source_port:
            add_integer(fields, "source.port", source_port)
        if destination_port:
            add_integer(fields, "destination.port", destination_port)
        part_icmp(fields)
        number = None
        if priority:
            fields["suricata.alert.severity"] = rank = integer(priority)
            number = PRIORITIES.get(rank or 0)
        return Record(*stamp, None if number is None else priority, number, message or None, fields)

    return parse


_MONTHS: Final = {
    f"{number:02d}": name
    for number, name in enumerate(
        ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"), start=1
    )
}

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
FAST: Final = Format(
    name="suricata_fast",
    title="Suricata fast.log and Snort alert_fast",
    source="https://docs.suricata.io/en/latest/configuration/suricata-yaml.html#line-based-alerts-log-fast-log",
    samples=(
        "03/14/2024-09:26:53.251216  [**] [1:2008578:4] EXAMPLE scan [**] [Classification: Attempted Information Leak] [Priority: 2] {UDP}"
        " 192.0.2.17:5116 -> 198.51.100.9:5060",
        "03/14-09:26:54.000001  [**] [1:469:3] ICMP PING [**] [Priority: 2] {ICMP} 2001:db8::5 -> 2001:db8::1",
        "03/14/2024-09:26:55.251216  [Drop] [**] [1:2:3] EXAMPLE block [**] [Classification: (null)] [Priority: 3] {TCP} 192.0.2.17:1 -> 198.51.100.9:2",
    ),
    make_parser=_fast,
    specificity=0.99,
    sieve=r"[0-9]{2}/[0-9]{2}(?:/[0-9]{2,4})?-[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{1,9} {1,4}\[",
    alone=True,
)
FORMATS: Final = (EVE, FAST)
