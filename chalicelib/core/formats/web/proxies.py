"""Squid, Nginx Proxy Manager, Zoraxy, CoreDNS, nginx's streams and what Traefik says of connections."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from chalicelib.core.formats.patterned import shaped

if TYPE_CHECKING:
    from chalicelib.core.records import Value


def _request(fields: dict[str, Value], _body: str) -> str | None:
    method, path, query = (fields.get(name) for name in ("http.request.method", "url.path", "url.query"))
    target = fields.get("url.full") or (f"{path}?{query}" if query else path)
    return f"{method} {target}" if method and target else None


def _question(fields: dict[str, Value], body: str) -> str | None:
    name = fields.get("dns.question.name")
    return body if name is None else f"{fields.get('dns.question.type')} {name}"


_format: Final = partial(shaped, specificity=0.985, single_line=True)
_COREDNS: Final = r"(?:{time=[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]{8,18}Z?} )?\[{level=INFO|ERROR|WARNING|DEBUG|PANIC|FATAL}\] "
_HANDLING: Final = (
    r"{body=Handling {lower=TCP|UDP:network.transport} (?:connection|stream) from {endpoint=[^ \"]{3,64}:client}"
    r" to {endpoint=[^ \"]{3,64}:destination}}\"?(?: {extra=[^\n]*+})?+"
)

SQUID: Final = _format(
    "squid",
    "Squid access log, native format",
    "https://wiki.squid-cache.org/Features/LogFormat",
    samples=(
        "1710404813.123    400 192.0.2.17 TCP_TUNNEL/200 15851 CONNECT www.example.org:443 - HIER_DIRECT/203.0.113.7 -",
        "1710404814.456     12 2001:db8::5 TCP_MISS/404 513 GET http://example.org/none?a=b ada FIRSTUP_PARENT/203.0.113.8 text/html",
        "1710404815.000      0 192.0.2.17 NONE/400 3900 - error:invalid-request - HIER_NONE/- text/html",
    ),
    templates=(
        r"{time=[0-9]{9,11}\.[0-9]{1,6}} ++{int:squid.elapsed_ms} {client=[^ ]{1,253}} {text=[A-Z_]{3,64}:squid.result}/{status=[0-9]{1,3}}"
        r" {int:squid.bytes} {method=[A-Z_-]{1,32}} {target} {user=[^ ]++} {text=[A-Z_]{4,64}:squid.hierarchy}/{text=[^ ]++:squid.peer}"
        r" {text=[^ \[]++:http.response.header.content_type}(?: {extra})?+",
    ),
    start=r"[0-9]{9,11}\.[0-9]{1,6} +[0-9]{1,10} [^ \n]{1,253} [A-Z_]{3,64}/[0-9]",
    rewrite=_request,
)
PROXY_MANAGER: Final = _format(
    "nginx_proxy_manager",
    "Nginx Proxy Manager access log",
    "https://github.com/NginxProxyManager/nginx-proxy-manager/blob/develop/docker/rootfs/etc/nginx/conf.d/include/log-proxy.conf",
    samples=(
        '[14/Mar/2024:09:26:53 +0000] - 404 404 - GET https shop.example.org "/none?a=b" [Client 192.0.2.17]'
        ' [Length 192] [Gzip 3.10] [Sent-to 203.0.113.7] "curl/8.5.0" "https://example.org/"',
        '[14/Mar/2024:09:26:54 +0000] 301 - GET http shop.example.org "/" [Client 2001:db8::5] [Length 166] [Gzip -] "-" "-"',
        '[14/Mar/2024:09:26:55 +0000] - - 502 - POST https shop.example.org "/pay" [Client 192.0.2.17] [Length 0] [Gzip -]'
        ' [Sent-to 203.0.113.7] "-" "-"',
    ),
    templates=(
        r"\[{time=[^\]]{10,64}}\] (?:{text=-|[A-Z]{3,16}:nginx.upstream_cache_status} {numbers=(?:-|[0-9]{3})(?:(?:, | : )(?:-|[0-9]{3})){0,8}:nginx.upstream_status} )?"
        r"{status=-|[0-9]{3}} - {method=[^ ]{1,32}} {text=[a-z-]{1,16}:url.scheme} {endpoint=[^ ]{1,300}:server} \"{target=[^\"\\]*+(?:\\.[^\"\\]*+)*+}\""
        r" \[Client {client=[^\]]{1,64}}\] \[Length {size=-|[0-9]{1,18}}\] \[Gzip {number=[0-9.-]{1,16}:nginx.gzip_ratio}\]"
        r"(?: \[Sent-to {text=[^\]]{0,300}:nginx.sent_to}\])? \"{escaped:user_agent.original}\" \"{escaped:http.request.header.referer}\"",
    ),
    start=r"\[[^\]\n]{10,64}\] [^\n]{3,80}? [A-Z-]{1,32} [a-z-]{1,16} [^ \n]{1,300} \"",
    rewrite=_request,
)
ZORAXY: Final = _format(
    "zoraxy",
    "Zoraxy log",
    "https://github.com/tobychui/zoraxy/wiki",
    samples=(
        "2024/03/14 09:26:53 [2024-03-14 09:26:53.123456] [router:host-http] [origin:shop.example.org] [client: 192.0.2.17]"
        " [useragent: Mozilla/5.0 (X11; Linux x86_64)] POST /pay?a=b 404",
        "[2024-03-14 09:26:54.123456] [router:root-no_resp] [origin:example.org] [client: 2001:db8::5] [useragent: ] GET / 444",
    ),
    templates=(
        r"(?:{text=[0-9]{4}/[0-9]{2}/[0-9]{2} [0-9:]{8}:zoraxy.logged_at} )?\[{time=[0-9-]{10} [0-9:.]{8,15}}\] \[router:{text=[^\]]{1,64}:zoraxy.router}\]"
        r" \[origin:{endpoint=[^\]]{0,300}:server}\] \[client: {client=[^\]]{0,64}}\] \[useragent: {escaped=[^\n]*:user_agent.original}\]"
        r" {method=[A-Z-]{1,32}} {target=[^ \n]*+} {status}",
    ),
    start=r"(?:[0-9]{4}/[0-9]{2}/[0-9]{2} [0-9:]{8} )?\[[0-9-]{10} [0-9:.]{8,15}\] \[router:",
    rewrite=_request,
)
COREDNS: Final = _format(
    "coredns",
    "CoreDNS query log",
    "https://coredns.io/plugins/log/",
    samples=(
        '[INFO] 192.0.2.17:50759 - 29008 "A IN example.org. udp 41 false 4096" NOERROR qr,rd,ra,ad 68 0.037990251s',
        '2024-03-14T09:26:53.55Z [INFO] [2001:db8::5]:36008 - 21628 "AAAA IN shop.example.org. udp 66 false 512" NXDOMAIN qr,aa,rd 174 0.000078493s',
        "[ERROR] plugin/errors: 2 example.org. A: read udp 192.0.2.17:50759->192.0.2.1:53: i/o timeout",
    ),
    templates=(
        _COREDNS
        + r"{endpoint=[^ ]{3,64}:client} - {int:coredns.id} \"{text=[A-Z0-9-]{1,16}:dns.question.type} {text=[A-Z0-9-]{1,16}:dns.question.class}"
        r" {text=[^ \"]{1,300}:dns.question.name} {lower=[a-z]{3,8}:network.transport} {int:coredns.request_size} {flag:coredns.dnssec_ok} {int:coredns.buffer_size}\""
        r" {text=[A-Z0-9-]{1,24}|-:dns.response_code} {list=[a-z,-]{1,64}:coredns.flags} {int:coredns.response_size} {number=[0-9.]{1,16}:coredns.duration_s}s",
        _COREDNS + r"{body=plugin/[a-z0-9_]{1,32}: [^\n]*}",
    ),
    start=r"(?:[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]{8,18}Z? )?\[(?:INFO|ERROR|WARNING|DEBUG|PANIC|FATAL)\] (?:[^ \n]{3,64} - [0-9]|plugin/)",
    rewrite=_question,
)
NGINX_STREAM: Final = _format(
    "nginx_stream",
    "nginx stream log, its documented format",
    "https://nginx.org/en/docs/stream/ngx_stream_log_module.html",
    samples=(
        '192.0.2.17 [14/Mar/2024:09:26:53 +0100] TCP 200 1485 517 60.012 "203.0.113.7:5432" "517" "1485" "0.001"',
        "192.0.2.17 [14/Mar/2024:09:26:54 +0100] UDP 502 0 41 10.000",
    ),
    templates=(
        r"{client=[^ ]{2,64}} \[{time=[^\]]{10,64}}\] {lower=TCP|UDP:network.transport} {int=[0-9]{3}:nginx.status} {int:nginx.bytes_sent} {int:nginx.bytes_received}"
        r" {number=[0-9.]{1,16}:nginx.session_time}(?: \"{texts=[^\"]*+:nginx.upstream_addr}\" \"{numbers=[^\"]*+:nginx.upstream_bytes_sent}\""
        r" \"{numbers=[^\"]*+:nginx.upstream_bytes_received}\" \"{numbers=[^\"]*+:nginx.upstream_connect_time}\")?(?: {extra})?{body=}",
    ),
    start=r"[^ \n]{2,64} \[[^\]\n]{10,64}\] (?:TCP|UDP) [0-9]",
)
TRAEFIK_CONNECTIONS: Final = _format(
    "traefik_connections",
    "Traefik log, lines on TCP connections and UDP streams",
    "https://doc.traefik.io/traefik/observability/logs/",
    samples=(
        'time="2024-03-14T09:26:53Z" level=debug msg="Handling TCP connection from 192.0.2.17:35501 to 203.0.113.7:21116"',
        "2024-03-14T09:26:54Z DBG github.com/traefik/traefik/v3/pkg/udp/proxy.go:23 > Handling UDP stream from"
        " 192.0.2.17:35502 to 203.0.113.7:21116",
    ),
    templates=(
        r"(?:time=\"?{time=[0-9TZ:.+-]{16,35}}\"? level={level=[a-z]{4,7}} msg=\"?)?" + _HANDLING,
        r"{time=[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]{8,18}(?:Z|[+-][0-9:]{5})} {level=[A-Z]{3}} (?:{text=[\w./-]{1,200}\.go:code.file.path}:{line} > )?"
        + _HANDLING,
    ),
    start=r"(?:time=\"|[0-9]{4}-)[^\n]{0,300}?Handling (?:TCP|UDP) ",
)

FORMATS: Final = (SQUID, PROXY_MANAGER, ZORAXY, COREDNS, NGINX_STREAM, TRAEFIK_CONNECTIONS)
