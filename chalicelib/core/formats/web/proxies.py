"""Lines of one shape each: Squid, Nginx Proxy Manager, Zoraxy, CoreDNS and what Traefik says of connections.

A shape is an expression and a name for each of its groups; how a group is read follows from its name.
"""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Final

from chalicelib.core.formats import Format, severity
from chalicelib.core.formats.any_level import with_any_level
from chalicelib.core.formats.kinds import INTEGERS, add_endpoint, add_integer, figure, flag, numbers, texts
from chalicelib.core.formats.reasons import BAD_TIME, OTHER_SHAPE
from chalicelib.core.formats.times import Times
from chalicelib.core.formats.web.requests import QUOTED, add_protocol, add_url, resolved
from chalicelib.core.records import Record, Reject

if TYPE_CHECKING:
    from collections.abc import Callable

    from chalicelib.core.formats import Parse, ParseContext
    from chalicelib.core.records import Value

_NUMBERS: Final = frozenset((
    "nginx.upstream_status", "squid.elapsed_ms", "squid.bytes", "coredns.id", "coredns.request_size", "coredns.buffer_size",
    "coredns.response_size", "nginx.gzip_ratio", "coredns.duration_s", "nginx.status", "nginx.bytes_sent", "nginx.bytes_received",
    "nginx.session_time", "nginx.upstream_bytes_sent", "nginx.upstream_bytes_received", "nginx.upstream_connect_time",
))  # fmt: skip


def _shape(
    pattern: str, names: str, body: Callable[[dict[str, Value]], str | None]
) -> Callable[[ParseContext], Parse]:
    """What makes parsers of such lines.

    names: of the groups, in their order; `time`, `level`, `body`, `target` (with query), `protocol`, and
    those with ``:port`` for an address and its port are read as such. body: where no group is one.
    """
    keys = names.split()

    def make_parser(context: ParseContext) -> Parse:
        times = Times(context.last_modified)
        fullmatch = re.compile(pattern, re.ASCII | re.DOTALL).fullmatch
        wide = with_any_level(pattern) if context.decided else None
        wide_match = wide and re.compile(wide, re.ASCII | re.DOTALL).fullmatch

        def parse(line: str) -> Record | Reject:
            found = fullmatch(line) or (wide_match(line) if wide_match else None)
            if found is None:
                return OTHER_SHAPE
            fields: dict[str, Value] = {}
            timestamp = assumed = word = said = None
            for key, text in zip(keys, found.groups(), strict=True):
                if not text or text == "-":
                    continue
                if key == "time":
                    stamp = times.of_value(text)
                    if stamp is None:
                        return BAD_TIME
                    timestamp, assumed = stamp
                elif key == "level":
                    word = text
                elif key == "body":
                    said = text
                elif key == "target":
                    add_url(fields, resolved(text))
                elif key == "protocol":
                    add_protocol(fields, text)
                elif key.endswith(":port"):
                    add_endpoint(fields, key[:-5], text)
                elif key in INTEGERS:
                    add_integer(fields, key, text)
                elif key in _NUMBERS:
                    fields[key] = numbers(text) if "upstream" in key else figure(text)
                elif key == "nginx.upstream_addr":
                    fields[key] = texts(text)
                elif key == "coredns.flags":
                    fields[key] = list(text.split(","))
                elif key == "coredns.dnssec_ok":
                    fields[key] = flag(text)
                elif key == "network.transport":
                    fields[key] = text.lower()
                else:
                    fields[key] = resolved(text)
            level = None if word is None else severity.of_word(word)
            return Record(timestamp, assumed, word, level, said or body(fields), fields)

        return parse

    return make_parser


def _request(fields: dict[str, Value]) -> str | None:
    method, path, query = (fields.get(name) for name in ("http.request.method", "url.path", "url.query"))
    target = fields.get("url.full") or (f"{path}?{query}" if query else path)
    return f"{method} {target}" if method and target else None


def _question(fields: dict[str, Value]) -> str | None:
    return f"{fields.get('dns.question.type')} {fields.get('dns.question.name')}"


def _nothing(_fields: dict[str, Value]) -> None:
    return None


_format: Final = partial(Format, specificity=0.985, alone=True)

SQUID: Final = _format(
    name="squid",
    title="Squid access log, native format",
    source="https://wiki.squid-cache.org/Features/LogFormat",
    samples=(
        "1710404813.123    400 192.0.2.17 TCP_TUNNEL/200 15851 CONNECT www.example.org:443 - HIER_DIRECT/203.0.113.7 -",
        "1710404814.456     12 2001:db8::5 TCP_MISS/404 513 GET http://example.org/none?a=b ada FIRSTUP_PARENT/203.0.113.8 text/html",
        "1710404815.000      0 192.0.2.17 NONE/400 3900 - error:invalid-request - HIER_NONE/- text/html",
    ),
    make_parser=_shape(
        r"([0-9]{9,11}\.[0-9]{1,6}) ++([0-9]{1,10}) ([^ ]{1,253}) ([A-Z_]{3,64})/([0-9]{1,3}) ([0-9]{1,18}) ([A-Z_-]{1,32})"
        r" ([^ ]++) ([^ ]++) ([A-Z_]{4,64})/([^ ]++) ([^ \[]++)(?: ([^\n]++))?+",
        "time squid.elapsed_ms client.address squid.result http.response.status_code squid.bytes http.request.method"
        " target user.name squid.hierarchy squid.peer http.response.header.content_type extra",
        _request,
    ),
    sieve=r"[0-9]{9,11}\.[0-9]{1,6} +[0-9]{1,10} [^ \n]{1,253} [A-Z_]{3,64}/[0-9]",
)
PROXY_MANAGER: Final = _format(
    name="nginx_proxy_manager",
    title="Nginx Proxy Manager access log",
    source="https://github.com/NginxProxyManager/nginx-proxy-manager/blob/develop/docker/rootfs/etc/nginx/conf.d/include/log-proxy.conf",
    samples=(
        '[14/Mar/2024:09:26:53 +0000] - 404 404 - GET https shop.example.org "/none?a=b" [Client 192.0.2.17]'
        ' [Length 192] [Gzip 3.10] [Sent-to 203.0.113.7] "curl/8.5.0" "https://example.org/"',
        '[14/Mar/2024:09:26:54 +0000] 301 - GET http shop.example.org "/" [Client 2001:db8::5] [Length 166] [Gzip -] "-" "-"',
        '[14/Mar/2024:09:26:55 +0000] - - 502 - POST https shop.example.org "/pay" [Client 192.0.2.17] [Length 0] [Gzip -]'
        ' [Sent-to 203.0.113.7] "-" "-"',
    ),
    make_parser=_shape(
        r"\[([^\]]{10,64})\] (?:(-|[A-Z]{3,16}) (-|[0-9]{3}(?:(?:, | : )(?:-|[0-9]{3})){0,8}) )?(-|[0-9]{3}) - ([^ ]{1,32}) ([a-z-]{1,16})"
        rf" ([^ ]{{1,300}}) {QUOTED} \[Client ([^\]]{{1,64}})\] \[Length (-|[0-9]{{1,18}})\] \[Gzip ([0-9.-]{{1,16}})\]"
        rf"(?: \[Sent-to ([^\]]{{0,300}})\])? {QUOTED} {QUOTED}",
        "time nginx.upstream_cache_status nginx.upstream_status http.response.status_code http.request.method url.scheme"
        " server:port target client.address http.response.body.size nginx.gzip_ratio nginx.sent_to user_agent.original"
        " http.request.header.referer",
        _request,
    ),
    sieve=r"\[[^\]\n]{10,64}\] [^\n]{3,80}? [A-Z-]{1,32} [a-z-]{1,16} [^ \n]{1,300} \"",
)
ZORAXY: Final = _format(
    name="zoraxy",
    title="Zoraxy log",
    source="https://github.com/tobychui/zoraxy/wiki",
    samples=(
        "2024/03/14 09:26:53 [2024-03-14 09:26:53.123456] [router:host-http] [origin:shop.example.org] [client: 192.0.2.17]"
        " [useragent: Mozilla/5.0 (X11; Linux x86_64)] POST /pay?a=b 404",
        "[2024-03-14 09:26:54.123456] [router:root-no_resp] [origin:example.org] [client: 2001:db8::5] [useragent: ] GET / 444",
    ),
    make_parser=_shape(
        r"(?:([0-9]{4}/[0-9]{2}/[0-9]{2} [0-9:]{8}) )?\[([0-9-]{10} [0-9:.]{8,15})\] \[router:([^\]]{1,64})\] \[origin:([^\]]{0,300})\]"
        r" \[client: ([^\]]{0,64})\] \[useragent: ([^\n]*)\] ([A-Z-]{1,32}) ([^ \n]*+) ([0-9]{3})",
        "zoraxy.logged_at time zoraxy.router server:port client.address user_agent.original http.request.method"
        " target http.response.status_code",
        _request,
    ),
    sieve=r"(?:[0-9]{4}/[0-9]{2}/[0-9]{2} [0-9:]{8} )?\[[0-9-]{10} [0-9:.]{8,15}\] \[router:",
)
COREDNS: Final = _format(
    name="coredns",
    title="CoreDNS query log",
    source="https://coredns.io/plugins/log/",
    samples=(
        '[INFO] 192.0.2.17:50759 - 29008 "A IN example.org. udp 41 false 4096" NOERROR qr,rd,ra,ad 68 0.037990251s',
        '2024-03-14T09:26:53.55Z [INFO] [2001:db8::5]:36008 - 21628 "AAAA IN shop.example.org. udp 66 false 512" NXDOMAIN qr,aa,rd 174 0.000078493s',
        "[ERROR] plugin/errors: 2 example.org. A: read udp 192.0.2.17:50759->192.0.2.1:53: i/o timeout",
    ),
    make_parser=_shape(
        r"(?:([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]{8,18}Z?) )?\[(?P<level>INFO|ERROR|WARNING|DEBUG|PANIC|FATAL)\] (?:"
        r"([^ ]{3,64}) - ([0-9]{1,5}) \"([A-Z0-9-]{1,16}) ([A-Z0-9-]{1,16}) ([^ \"]{1,300}) ([a-z]{3,8}) ([0-9]{1,6}) (true|false) ([0-9]{1,6})\""
        r" ([A-Z0-9-]{1,24}|-) ([a-z,-]{1,64}) ([0-9]{1,6}) ([0-9.]{1,16})s|(plugin/[a-z0-9_]{1,32}: [^\n]*))",
        "time level client:port coredns.id dns.question.type dns.question.class dns.question.name network.transport"
        " coredns.request_size coredns.dnssec_ok coredns.buffer_size dns.response_code coredns.flags coredns.response_size"
        " coredns.duration_s body",
        _question,
    ),
    sieve=r"(?:[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]{8,18}Z? )?\[(?:INFO|ERROR|WARNING|DEBUG|PANIC|FATAL)\] (?:[^ \n]{3,64} - [0-9]|plugin/)",
)
NGINX_STREAM: Final = _format(
    name="nginx_stream",
    title="nginx stream log, its documented format",
    source="https://nginx.org/en/docs/stream/ngx_stream_log_module.html",
    samples=(
        '192.0.2.17 [14/Mar/2024:09:26:53 +0100] TCP 200 1485 517 60.012 "203.0.113.7:5432" "517" "1485" "0.001"',
        "192.0.2.17 [14/Mar/2024:09:26:54 +0100] UDP 502 0 41 10.000",
    ),
    make_parser=_shape(
        r"([^ ]{2,64}) \[([^\]]{10,64})\] (TCP|UDP) ([0-9]{3}) ([0-9]{1,18}) ([0-9]{1,18}) ([0-9.]{1,16})"
        rf"(?: {QUOTED} {QUOTED} {QUOTED} {QUOTED})?(?: ([^\n]++))?",
        "client.address time network.transport nginx.status nginx.bytes_sent nginx.bytes_received nginx.session_time"
        " nginx.upstream_addr nginx.upstream_bytes_sent nginx.upstream_bytes_received nginx.upstream_connect_time extra",
        _nothing,
    ),
    sieve=r"[^ \n]{2,64} \[[^\]\n]{10,64}\] (?:TCP|UDP) [0-9]",
)
TRAEFIK_CONNECTIONS: Final = _format(
    name="traefik_connections",
    title="Traefik log, lines on TCP connections and UDP streams",
    source="https://doc.traefik.io/traefik/observability/logs/",
    samples=(
        'time="2024-03-14T09:26:53Z" level=debug msg="Handling TCP connection from 192.0.2.17:35501 to 203.0.113.7:21116"',
        "2024-03-14T09:26:54Z DBG github.com/traefik/traefik/v3/pkg/udp/proxy.go:23 > Handling UDP stream from"
        " 192.0.2.17:35502 to 203.0.113.7:21116",
    ),
    make_parser=_shape(
        r"(?:time=\"?([0-9TZ:.+-]{16,35})\"? level=([a-z]{4,7}) msg=\"?(?=Handling )|)(?:([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]{8,18}(?:Z|[+-][0-9:]{5})) ([A-Z]{3}) (?:([\w./-]{1,200}\.go):([0-9]{1,6}) > )?|)"
        r"(Handling (TCP|UDP) (?:connection|stream) from ([^ \"]{3,64}) to ([^ \"]{3,64}))\"?(?: ([^\n]*+))?+",
        "time level time level code.file.path code.line.number body network.transport client:port destination:port extra",
        _nothing,
    ),
    sieve=r"(?:time=\"|[0-9]{4}-)[^\n]{0,300}?Handling (?:TCP|UDP) ",
)

FORMATS: Final = (SQUID, PROXY_MANAGER, ZORAXY, COREDNS, NGINX_STREAM, TRAEFIK_CONNECTIONS)
