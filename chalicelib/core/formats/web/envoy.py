"""Envoy's access log: its default text format, and that of Istio (which adds details and the addresses)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from chalicelib.core.formats.kinds import add_endpoint
from chalicelib.core.formats.patterned import shaped
from chalicelib.core.formats.web.requests import add_request

if TYPE_CHECKING:
    from chalicelib.core.records import Value

_NO_REQUEST: Final = "- - -"


def _request(fields: dict[str, Value], request: str) -> str | None:
    """The request, where it is one, and who sent it and to whom."""
    if request != _NO_REQUEST:
        add_request(fields, request)
    authority = fields.get("http.request.header.authority")
    if isinstance(authority, str):
        add_endpoint(fields, "server", authority)
    remote = fields.get("envoy.downstream_remote_address")
    if isinstance(remote, str):
        add_endpoint(fields, "client", remote)
    elif isinstance(forwarded := fields.get("http.request.header.x_forwarded_for"), str):
        fields["client.address"] = forwarded.partition(",")[0].strip()
    return None if request == _NO_REQUEST else request


ENVOY: Final = shaped(
    "envoy",
    "Envoy access log, default text format (and Istio's)",
    "https://www.envoyproxy.io/docs/envoy/latest/configuration/observability/access_log/usage#default-format-string",
    samples=(
        '[2024-03-14T09:26:53.123Z] "POST /api/v1/orders HTTP/2" 204 - 154 0 226 100 "192.0.2.17" "shop/1.0"'
        ' "0123abcd-0000-4000-8000-0123456789ab" "orders" "tcp://203.0.113.7:80"',
        '[2024-03-14T09:26:54.456Z] "GET /shop?q=froe HTTP/1.1" 200 - via_upstream - "-" 0 5316 12 11 "-" "curl/8.5.0"'
        ' "0123abcd-0000-4000-8000-0123456789ac" "shop:8080" "203.0.113.7:8080" outbound|8080||shop.default.svc.cluster.local'
        " 198.51.100.3:41000 203.0.113.1:8080 192.0.2.17:50886 - default",
        '[2024-03-14T09:26:55.000Z] "- - -" 0 - 517 3098 60012 - "-" "-" "-" "-" "203.0.113.7:443"',
        '[2024-03-14T09:26:56.000Z] "GET / HTTP/1.1" 503 UF,URX 0 57 7 - "192.0.2.17" "-" "-" "shop" "-"',
    ),
    templates=(
        r'(?:ACCESS )?\[{time={day}T[0-9:]{8}(?:\.[0-9]{1,9})?(?:Z|[+-][0-9:]{4,5})}\] "{escaped:body}" {status=[0-9]{1,3}|-} '
        r"{text=[A-Za-z,-]{1,64}:envoy.response_flags}"
        r'(?: {text=[a-z_]{2}[^ "]{0,512}|-(?! [0-9]+ [0-9]+ [0-9-]+ [0-9-]+ "):envoy.response_code_details}'
        r' {text=[^ "]{1,512}:envoy.connection_termination_details})?'
        r'(?:(?: "{escaped:envoy.dynamic_metadata}")? "{escaped:envoy.upstream_transport_failure_reason}")?'
        r" {int=-|[0-9]{1,18}:http.request.body.size} {int=-|[0-9]{1,18}:http.response.body.size}"
        r" {int=-|[0-9]{1,18}:envoy.duration_ms} {int=-|[0-9]{1,18}:envoy.upstream_service_time_ms}"
        r' "{escaped:http.request.header.x_forwarded_for}" "{escaped:user_agent.original}"'
        r' "{escaped:http.request.header.x_request_id}" "{escaped:http.request.header.authority}" "{escaped:envoy.upstream_host}"'
        r'(?: {text=[^ "]++:envoy.upstream_cluster} {text=[^ "]++:envoy.upstream_local_address}'
        r' {text=[^ "]++:envoy.downstream_local_address} {text=[^ "]++:envoy.downstream_remote_address}'
        r' {text=[^ "]++:envoy.requested_server_name}(?: {text=[^ "]++:envoy.route_name})?+)?+(?: {extra=[^\n]*+})?+',
    ),
    specificity=0.985,
    sieve=r"(?:ACCESS )?\[[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}[^\]\n]{1,16}\] \"",
    single_line=True,
    rewrite=_request,
)

FORMATS: Final = (ENVOY,)
