"""Envoy's access log: its default text format, and that of Istio (which adds details and the addresses)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from chalicelib.core.formats import Format
from chalicelib.core.formats.kinds import add_endpoint, add_integer, number
from chalicelib.core.formats.reasons import BAD_TIME, OTHER_SHAPE
from chalicelib.core.formats.times import Times
from chalicelib.core.formats.web.requests import QUOTED, add_request, resolved
from chalicelib.core.records import Record, Reject

if TYPE_CHECKING:
    from chalicelib.core.formats import Parse, ParseContext
    from chalicelib.core.records import Value

_NUMBER: Final = r"(-|[0-9]{1,18})"
_LINE: Final = re.compile(
    rf"(?:ACCESS )?\[([0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}T[0-9:]{{8}}(?:\.[0-9]{{1,9}})?(?:Z|[+-][0-9:]{{4,5}}))\] {QUOTED} ([0-9]{{1,3}}|-) ([A-Za-z,-]{{1,64}})"
    rf"(?: ([a-z_]{{2}}[^ \"]{{0,512}}|-(?! [0-9]+ [0-9]+ [0-9-]+ [0-9-]+ \")) ([^ \"]{{1,512}}))?"
    rf"(?: {QUOTED})?(?: {QUOTED})? {_NUMBER} {_NUMBER} {_NUMBER} {_NUMBER}"
    rf" {QUOTED} {QUOTED} {QUOTED} {QUOTED} {QUOTED}(?: ([^ \"]++) ([^ \"]++) ([^ \"]++) ([^ \"]++) ([^ \"]++)(?: ([^ \"]++))?+)?+(?: ([^\n]*+))?+",
    re.ASCII,
)
_NAMES: Final = (
    "envoy.response_flags", "envoy.response_code_details", "envoy.connection_termination_details", "", "",
    "http.request.body.size", "http.response.body.size", "envoy.duration_ms", "envoy.upstream_service_time_ms",
    "http.request.header.x_forwarded_for", "user_agent.original", "http.request.header.x_request_id",
    "http.request.header.authority", "envoy.upstream_host", "envoy.upstream_cluster", "envoy.upstream_local_address",
    "envoy.downstream_local_address", "envoy.downstream_remote_address", "envoy.requested_server_name",
    "envoy.route_name", "extra",
)  # fmt: skip
_NUMBERS: Final = frozenset(_NAMES[5:9])


def _make_parser(context: ParseContext) -> Parse:
    times = Times(context.last_modified)

    def parse(line: str) -> Record | Reject:
        found = _LINE.fullmatch(line)
        if found is None:
            return OTHER_SHAPE
        when, request, status, *values = found.groups()
        stamp = times.of_text(when)
        if stamp is None:
            return BAD_TIME
        fields: dict[str, Value] = {}
        if request != "- - -":
            add_request(fields, request)
        if status != "-":
            add_integer(fields, "http.response.status_code", status)
        first, second = values[3:5]
        for name, text in (
            ("envoy.dynamic_metadata", first if second is not None else None),
            ("envoy.upstream_transport_failure_reason", first if second is None else second),
            *zip(_NAMES, values, strict=True),
        ):
            if name and text and text != "-":
                fields[name] = number(text) if name in _NUMBERS else resolved(text)
        authority = fields.get("http.request.header.authority")
        if isinstance(authority, str):
            add_endpoint(fields, "server", authority)
        remote = fields.get("envoy.downstream_remote_address")
        if isinstance(remote, str):
            add_endpoint(fields, "client", remote)
        elif isinstance(forwarded := fields.get("http.request.header.x_forwarded_for"), str):
            fields["client.address"] = forwarded.partition(",")[0].strip()
        return Record(stamp[0], stamp[1], None, None, None if request == "- - -" else request, fields)

    return parse


ENVOY: Final = Format(
    name="envoy",
    title="Envoy access log, default text format (and Istio's)",
    source="https://www.envoyproxy.io/docs/envoy/latest/configuration/observability/access_log/usage#default-format-string",
    samples=(
        '[2024-03-14T09:26:53.123Z] "POST /api/v1/orders HTTP/2" 204 - 154 0 226 100 "192.0.2.17" "shop/1.0"'
        ' "0123abcd-0000-4000-8000-0123456789ab" "orders" "tcp://203.0.113.7:80"',
        '[2024-03-14T09:26:54.456Z] "GET /shop?q=froe HTTP/1.1" 200 - via_upstream - "-" 0 5316 12 11 "-" "curl/8.5.0"'
        ' "0123abcd-0000-4000-8000-0123456789ac" "shop:8080" "203.0.113.7:8080" outbound|8080||shop.default.svc.cluster.local'
        " 198.51.100.3:41000 203.0.113.1:8080 192.0.2.17:50886 - default",
        '[2024-03-14T09:26:55.000Z] "- - -" 0 - 517 3098 60012 - "-" "-" "-" "-" "203.0.113.7:443"',
        '[2024-03-14T09:26:56.000Z] "GET / HTTP/1.1" 503 UF,URX 0 57 7 - "192.0.2.17" "-" "-" "shop" "-"',
    ),
    make_parser=_make_parser,
    specificity=0.985,
    sieve=r"(?:ACCESS )?\[[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}[^\]\n]{1,16}\] \"",
    alone=True,
)

FORMATS: Final = (ENVOY,)
