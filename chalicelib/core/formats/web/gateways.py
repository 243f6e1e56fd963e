"""Requests as gateways in front of a site log them in JSON: Cloudflare's Logpush and the logging plugins of Kong."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from chalicelib.core.formats.json_text import flat_object
from chalicelib.core.formats.objects import Objects, holding
from chalicelib.core.framing import Framing, Kind

if TYPE_CHECKING:
    from chalicelib.core.formats.json_text import Fields


def _request(fields: Fields) -> str | None:
    method, target = fields.get("http.request.method"), fields.get("url.path") or fields.get("url.full")
    if method and target:
        query = fields.get("url.query")
        return f"{method} {target}?{query}" if query else f"{method} {target}"
    action = fields.get("cloudflare.action")
    return str(action) if action else None


def _is_cloudflare(members: Fields) -> bool:
    return not members.keys().isdisjoint((*_CLOUDFLARE_TIMES, "EdgeResponseStatus"))


_CLOUDFLARE_TIMES: Final = ("EdgeStartTimestamp", "Datetime", "EdgeEndTimestamp")
CLOUDFLARE: Final = Objects(
    name="cloudflare",
    title="Cloudflare Logpush: HTTP requests and firewall events",
    source="https://developers.cloudflare.com/logs/logpush/logpush-job/datasets/zone/http_requests/",
    samples=(
        '{"ClientIP":"192.0.2.17","ClientRequestHost":"shop.example.org","ClientRequestMethod":"GET","ClientRequestURI":'
        '"/cart?item=7","ClientRequestProtocol":"HTTP/2","ClientRequestUserAgent":"curl/8.5.0","EdgeEndTimestamp":'
        '"2024-03-14T09:26:54Z","EdgeResponseBytes":5316,"EdgeResponseStatus":200,"EdgeStartTimestamp":"2024-03-14T09:26:53Z",'
        '"RayID":"92587851de3ef3e6"}',
        '{"ClientIP":"2001:db8::5","ClientRequestHost":"shop.example.org","ClientRequestMethod":"POST","ClientRequestURI":"/pay",'
        '"EdgeEndTimestamp":1710408415000000000,"EdgeStartTimestamp":1710408414123000000,"EdgeResponseStatus":503,"RayID":"92587852"}',
        '{"Action":"block","ClientIP":"192.0.2.18","ClientRequestHost":"shop.example.org","ClientRequestPath":"/admin",'
        '"ClientRequestMethod":"GET","Datetime":"2024-03-14T09:26:55Z","RayID":"92587853","RuleID":"r1","Source":"waf"}',
    ),
    specificity=0.9985,
    framing=Framing(kind=Kind.JSON),
    sieve=holding("RayID"),
    prefix="cloudflare",
    required=("RayID",),
    time=_CLOUDFLARE_TIMES,
    timeless=None,
    names={
        "ClientIP": "client.address",
        "ClientSrcPort": "client.port",
        "ClientCountry": "geo.country.iso_code",
        "ClientRequestHost": "url.domain",
        "ClientRequestMethod": "http.request.method",
        "ClientRequestURI": "url:url.path",
        "ClientRequestPath": "url:url.path",
        "ClientRequestQuery": "url.query",
        "ClientRequestScheme": "url.scheme",
        "ClientRequestProtocol": "protocol:network.protocol.name",
        "ClientRequestReferer": "http.request.header.referer",
        "ClientRequestUserAgent": "user_agent.original",
        "ClientRequestBytes": "http.request.size",
        "ClientSSLProtocol": "tls.protocol.version",
        "ClientSSLCipher": "tls.cipher",
        "EdgeResponseStatus": "http.response.status_code",
        "EdgeResponseBytes": "http.response.size",
        "EdgeResponseBodyBytes": "http.response.body.size",
        "RayID": "http.request.id",
    },
    confirms=_is_cloudflare,
    heading=_request,
).format()
KONG: Final = Objects(
    name="kong",
    title="Kong Gateway: file, HTTP, TCP and UDP log plugins",
    source="https://developer.konghq.com/plugins/file-log/",
    samples=(
        '{"latencies":{"request":172,"kong":1,"proxy":171},"service":{"name":"shop","host":"shop.internal","port":80},'
        '"request":{"method":"GET","uri":"/cart?item=7","url":"https://shop.example.org:8443/cart?item=7","size":"98",'
        '"querystring":{"item":"7"},"headers":{"host":"shop.example.org","user-agent":"curl/8.5.0"}},"client_ip":"192.0.2.17",'
        '"tries":[{"balancer_latency":0,"port":80,"ip":"198.51.100.9"}],"upstream_status":"200","response":{"size":9982,'
        '"status":200,"headers":{"content-type":"text/html"}},"route":{"name":"cart","updated_at":1710400000},'
        '"started_at":1710408413123}',
        '{"request":{"method":"POST","uri":"/pay","size":75},"response":{"status":502,"size":0},"latencies":{"request":3,"kong":3,'
        '"proxy":-1},"client_ip":"192.0.2.18","started_at":1710408414123}',
    ),
    specificity=0.9985,
    framing=Framing(kind=Kind.JSON),
    sieve=holding("started_at", "latencies"),
    read=flat_object,
    prefix="kong",
    required=("started_at", "request.method", "response.status"),
    time=("started_at",),
    timeless=None,
    names={
        "client_ip": "client.address",
        "request.method": "http.request.method",
        "request.uri": "url:url.path",
        "request.url": "url.full",
        "request.size": "http.request.size",
        "request.headers.host": "url.domain",
        "request.headers.user-agent": "user_agent.original",
        "request.headers.referer": "http.request.header.referer",
        "request.headers.x-forwarded-for": "http.request.header.x_forwarded_for",
        "request.id": "http.request.id",
        "request.tls.version": "tls.protocol.version",
        "request.tls.cipher": "tls.cipher",
        "response.status": "http.response.status_code",
        "response.size": "http.response.size",
        "service.name": "service.name",
        "consumer.username": "user.name",
    },
    confirms=lambda members: any(name.startswith("latencies.") for name in members),
    heading=_request,
).format()

FORMATS: Final = (CLOUDFLARE, KONG)
