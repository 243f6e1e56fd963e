"""Access logs that add to the Combined Log Format: a virtual host or X-Forwarded-For in front of it, or the
fields of Traefik and of the Kubernetes ingress controller behind it.

What they add in front is taken off, and the rest read as a combined (or common) line.
"""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Final

from chalicelib.core.formats import Format
from chalicelib.core.formats.kinds import add_endpoint, integer, numbers, texts
from chalicelib.core.formats.reasons import OTHER_SHAPE
from chalicelib.core.formats.web.access import SIEVE, make_parser
from chalicelib.core.formats.web.requests import QUOTED, is_address, resolved
from chalicelib.core.formats.web.tails import FORWARDED_FOR, forwarded_head
from chalicelib.core.records import Record

if TYPE_CHECKING:
    from chalicelib.core.formats import Parse, ParseContext
    from chalicelib.core.records import Reject, Value

_HOST: Final = re.compile(
    r"[A-Za-z0-9_*.-]{1,253}(?::[0-9]{1,5})?|\[[0-9A-Fa-f:.]{2,45}\](?::[0-9]{1,5})?", re.ASCII
)
_WITH_PORT: Final = re.compile(r":[0-9]{1,5}\Z", re.ASCII)
_REQUEST_ID: Final = re.compile(r"[0-9a-f]{32}|[0-9A-Za-z]{1,64}", re.ASCII)


def _vhost(context: ParseContext) -> Parse:
    parse_rest = make_parser(context)

    def parse(line: str) -> Record | Reject:
        who, bracket, rest = line.partition(" [")
        parts = who.split(" ", 5)
        if "" in parts:
            parts = who.split(None, 5)
        count = len(parts)
        request_id = None
        if not 3 <= count <= 6 or not _HOST.fullmatch(parts[0]):
            return OTHER_SHAPE
        addressed = is_address(parts[1])
        if count == 3:
            if not addressed:
                return OTHER_SHAPE
            inner = f"{parts[1]} - {parts[2]}"
        elif (
            count == 5
            and addressed
            and parts[2] == "-"
            and parts[4] == "-"
            and _REQUEST_ID.fullmatch(parts[3])
        ):
            request_id = parts[3]
            inner = f"{parts[1]} - -"
        elif addressed or (parts[2] == "-" and _WITH_PORT.search(parts[0])):
            inner = " ".join(parts[1:])
        else:
            return OTHER_SHAPE
        record = parse_rest(f"{inner}{bracket}{rest}")
        if isinstance(record, Record):
            if parts[0] != "-":
                add_endpoint(record.attributes, "server", parts[0])
            if request_id is not None:
                record.attributes["nginx.request_id"] = request_id
        return record

    return parse


def _forwarded(context: ParseContext) -> Parse:
    """Of the lines of such a log not all have a list: one address or ``-``, or nothing, may stand there."""
    parse_rest = make_parser(context)

    def parse(line: str) -> Record | Reject:
        who, bracket, rest = line.partition(" [")
        head = forwarded_head(who)
        if head is None:
            parts = who.split(" ", 4)
            if len(parts) != 4 or not is_address(parts[1]) or not (parts[0] == "-" or is_address(parts[0])):
                return parse_rest(line)
            head = parts[0], " ".join(parts[1:])
        addresses, inner = head
        if inner.count(" ") == 1:
            inner = f"{addresses.partition(',')[0]} {inner}"
        record = parse_rest(f"{inner}{bracket}{rest}")
        if isinstance(record, Record) and addresses != "-":
            record.attributes[FORWARDED_FOR] = addresses
        return record

    return parse


_EACH: Final = r"((?:[^ ,\[]++(?:(?:, | : )[^ ,]++)*+))"
_INGRESS: Final = re.compile(
    rf" (-|[0-9]{{1,15}}) (-|[0-9.]{{1,15}}) \[([^\] ]*+)\](?: \[([^\] ]*+)\])?+ {_EACH} {_EACH} {_EACH} {_EACH}(?: ([^ ]++))?+( .*+)?+",
    re.DOTALL | re.ASCII,
)
_INGRESS_NAMES: Final = (
    "http.request.size", "request_time", "nginx.proxy_upstream_name", "nginx.proxy_alternative_upstream_name",
    "nginx.upstream_addr", "nginx.upstream_response_length", "nginx.upstream_response_time",
    "nginx.upstream_status", "nginx.req_id",
)  # fmt: skip
_TEXTS: Final = frozenset(
    ("nginx.req_id", "nginx.proxy_upstream_name", "nginx.proxy_alternative_upstream_name")
)
_REAL_IP: Final = re.compile(r"([^ \[]++) - \[([^\] ,]++)(?:, [^\]]*+)?\] - (.*+)", re.DOTALL)


def _ingress_tail(fields: dict[str, Value], tail: str) -> bool:
    """Upstreams that were tried one after the other are lists."""
    match = _INGRESS.fullmatch(tail)
    if match is None:
        return False
    for name, text in zip(_INGRESS_NAMES, match.groups(), strict=False):
        if text and text != "-":
            if name in _TEXTS:
                fields[name] = text
            else:
                fields[name] = texts(text) if name == "nginx.upstream_addr" else numbers(text)
    if match[10]:
        fields["extra"] = match[10].strip(" ")
    return True


def _ingress(context: ParseContext) -> Parse:
    parse_line = make_parser(context, tail=_ingress_tail)

    def parse(line: str) -> Record | Reject:
        match = _REAL_IP.fullmatch(line)
        if match is None:
            return parse_line(line)
        record = parse_line(f"{match[2]} - {match[3]}")
        if isinstance(record, Record) and match[1] != match[2]:
            record.attributes["network.peer.address"] = match[1]
        return record

    return parse


_TRAEFIK: Final = re.compile(
    rf" (-|[0-9]{{1,15}}) (?:{QUOTED}|-) (?:{QUOTED}|-) ([0-9]{{1,15}})ms( .*+)?+", re.DOTALL | re.ASCII
)


def _traefik_tail(fields: dict[str, Value], tail: str) -> bool:
    match = _TRAEFIK.fullmatch(tail)
    if match is None:
        return False
    count, router, server, duration, extra = match.groups()
    if count != "-":
        fields["traefik.request_count"] = integer(count)
    for name, text in (("traefik.router_name", router), ("traefik.server_url", server)):
        if text and text != "-":
            fields[name] = resolved(text)
    fields["traefik.duration_ms"] = integer(duration)
    if extra:
        fields["extra"] = extra.strip(" ")
    return True


def _traefik(context: ParseContext) -> Parse:
    return make_parser(context, tail=_traefik_tail)


_format: Final = partial(Format, sieve=SIEVE, alone=True)

VHOST: Final = _format(
    name="access_vhost",
    title="Apache httpd and nginx access log with the virtual host in front",
    source="https://httpd.apache.org/docs/2.4/logs.html#virtualhost",
    samples=(
        'www.example.org:443 192.0.2.17 - - [14/Mar/2024:09:26:53 +0100] "GET /shop?q=froe HTTP/1.1" 200 5316'
        ' "https://example.org/" "Mozilla/5.0 (X11; Linux x86_64)"',
        'shop.example.org 2001:db8::5 - ada [14/Mar/2024:09:26:54 +0100] "GET /a HTTP/2.0" 304 -',
        'shop.example.org 192.0.2.17 - [14/Mar/2024:09:26:55 +0100] "POST /a HTTP/2.0" 200 7 "-" "curl/8.5.0"',
        "shop.example.org 192.0.2.17 - 0123456789abcdef0123456789abcdef - [14/Mar/2024:09:26:55 +0100]"
        ' "GET /b HTTP/2.0" 403 69 "-" "curl/8.5.0"',
    ),
    make_parser=_vhost,
    specificity=0.93,
)
FORWARDED: Final = _format(
    name="access_forwarded",
    title="Apache httpd and nginx access log with X-Forwarded-For in front",
    source="https://httpd.apache.org/docs/2.4/mod/mod_log_config.html",
    samples=(
        '203.0.113.4, 198.51.100.9 192.0.2.17 - - [14/Mar/2024:09:26:53 +0100] "GET /shop HTTP/1.1" 200 5316'
        ' "https://example.org/" "Mozilla/5.0 (X11; Linux x86_64)"',
        '203.0.113.4 192.0.2.17 - - [14/Mar/2024:09:26:54 +0100] "GET /a HTTP/1.1" 304 0 "-" "-"',
        '203.0.113.4, 2001:db8::9 - ada [14/Mar/2024:09:26:54 +0100] "GET /a HTTP/1.1" 304 0',
    ),
    make_parser=_forwarded,
    specificity=0.935,
)
INGRESS: Final = _format(
    name="nginx_ingress",
    title="Kubernetes ingress-nginx access log",
    source="https://kubernetes.github.io/ingress-nginx/user-guide/nginx-configuration/log-format/",
    samples=(
        '192.0.2.17 - - [14/Mar/2024:09:26:53 +0000] "GET /shop HTTP/2.0" 200 5316 "https://example.org/"'
        ' "Mozilla/5.0 (X11; Linux x86_64)" 462 0.050 [shop-web-8080] [] 203.0.113.7:8080 5316 0.049 200'
        " 0123456789abcdef0123456789abcdef",
        '192.0.2.17 - ada [14/Mar/2024:09:26:54 +0000] "GET /pay HTTP/1.1" 502 150 "-" "curl/8.5.0" 80 0.011'
        " [shop-pay-8080] [] 203.0.113.7:8080, 203.0.113.8:8080 0, 0 0.005, 0.006 502, 502"
        " 0123456789abcdef0123456789abcde0",
        '192.0.2.17 - - [14/Mar/2024:09:26:55 +0000] "GET / HTTP/1.1" 404 150 "-" "-" 80 0.000 [] [] - - - - 01234567',
    ),
    make_parser=_ingress,
    specificity=0.985,
)
TRAEFIK: Final = _format(
    name="traefik",
    title="Traefik access log, its common format",
    source="https://doc.traefik.io/traefik/observability/access-logs/",
    samples=(
        '192.0.2.17 - - [14/Mar/2024:09:26:53 +0000] "GET /shop HTTP/2.0" 200 5316 "-" "curl/8.5.0" 17'
        ' "shop@docker" "http://203.0.113.7:8080" 12ms',
        '192.0.2.17 - ada [14/Mar/2024:09:26:54 +0000] "GET /none HTTP/1.1" 404 19 "-" "-" 18 "-" "-" 0ms',
    ),
    make_parser=_traefik,
    specificity=0.985,
)

FORMATS: Final = (VHOST, FORWARDED, INGRESS, TRAEFIK)
