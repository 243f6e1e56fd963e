"""Logs of AWS Network Firewall: Suricata's events, each in an object that names the firewall."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from chalicelib.core.formats import Format
from chalicelib.core.formats.objects import Dialect, holding, parser_of
from chalicelib.core.formats.security.suricata import PRIORITIES, RENAMED
from chalicelib.core.framing import Framing, Kind

if TYPE_CHECKING:
    from chalicelib.core.formats.json_text import Fields

_EVENT: Final = "event."
_PREFIX: Final = "aws.network_firewall"


def _unwrapped(members: Fields) -> Fields:
    """Suricata's event beside what is said of the firewall."""
    return {name.removeprefix(_EVENT): value for name, value in members.items()}


def _typed(fields: Fields) -> None:
    transport = fields.pop(f"{_PREFIX}.proto", None)
    if isinstance(transport, str):
        fields["network.transport"] = transport.lower()


def _grade(fields: Fields) -> tuple[str, int] | None:
    level = fields.get(f"{_PREFIX}.alert.severity")
    number = PRIORITIES.get(level) if isinstance(level, int) else None
    return None if number is None else (str(level), number)


def _body(fields: Fields) -> str | None:
    names = (f"{_PREFIX}.alert.signature", f"{_PREFIX}.event_type")
    return next((str(fields[name]) for name in names if fields.get(name)), None)


_FIREWALL: Final = Dialect(
    prefix=_PREFIX,
    required=("firewall_name", "event_type"),
    times=("timestamp", "event_timestamp"),
    names={**RENAMED, "availability_zone": "cloud.availability_zone"},
    before=_unwrapped,
    after=_typed,
    grade=_grade,
    body=_body,
)

FIREWALL: Final = Format(
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
    make_parser=parser_of(_FIREWALL),
    specificity=0.9985,
    framing=Framing(kind=Kind.JSON),
    sieve=holding("firewall_name"),
    alone=True,
)

FORMATS: Final = (FIREWALL,)
