"""Logs of web servers and proxies that are JSON lines: Caddy, Traefik, Envoy, Fastly, and nginx with the names
of its variables.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from chalicelib.core.formats import Format, severity
from chalicelib.core.formats.applications.json_lines import JSON
from chalicelib.core.formats.kinds import add_integer
from chalicelib.core.formats.reasons import OTHER_SHAPE
from chalicelib.core.formats.systems.priorities import add_priority
from chalicelib.core.formats.times import MONTH, Times
from chalicelib.core.formats.web.json_members import Dialect, named, parser_of
from chalicelib.core.records import Record, Reject

if TYPE_CHECKING:
    from chalicelib.core.formats import Parse, ParseContext
    from chalicelib.core.records import Value
_SYSLOG: Final = re.compile(
    rf"(?:<[0-9]{{1,3}}>(?:1 )?)?({MONTH} [ 0-9][0-9] [0-9:]{{8}}|[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}T[0-9:]{{8}}[0-9.:+Z-]{{0,16}})"
    r" ([\w.:-]{1,253}) ++(?:([\w./-]{1,64})(?:\[([0-9]{1,10})\])?: ?)?(?=\{)",
    re.ASCII,
)
_CADDY: Final = Dialect(
    prefix="caddy.",
    marks=(("request.remote_ip", "request.remote_addr"), ("request.method",), ("request.uri",)),
    names={
        "logger": "log.logger", "request.client_ip": "client.address", "request.remote_ip": "network.peer.address",
        "request.remote_addr": "=peer", "request.remote_port": "=peer_port", "request.proto": "=protocol",
        "request.method": "http.request.method", "request.host": "=host", "request.uri": "=url",
        "bytes_read": "http.request.body.size", "size": "http.response.body.size", "status": "=status",
        "user_id": "user.name", "duration": "caddy.duration", "error": "error.message", "err_id": "caddy.err_id",
        "common_log": "caddy.common_log",
    },
    loggers=re.compile(r"(?:http|tls|admin|pki|layer4|events|dynamic_dns|docker-proxy|caching|storage|frankenphp)(?:\.|$)"),
    headers={
        "request.headers.": "http.request.header.", "resp_headers.": "http.response.header.",
        "common_log.": "caddy.common_log.", "request.tls.": "caddy.tls.",
    },
)  # fmt: skip
_TRAEFIK: Final = Dialect(
    prefix="traefik.",
    marks=(("DownstreamStatus", "OriginStatus", "RouterName", "ServiceName"), ("RequestMethod", "ClientHost", "RequestPath")),
    names={
        "ClientHost": "=client", "ClientPort": "=client_port", "ClientAddr": "=peer", "ClientUsername": "user.name",
        "DownstreamStatus": "=status", "DownstreamContentSize": "=sent", "RequestContentSize": "=received",
        "RequestHost": "server.address", "RequestPort": "server.port", "RequestMethod": "http.request.method",
        "RequestPath": "=url", "RequestProtocol": "=protocol", "RequestScheme": "url.scheme",
        "TLSVersion": "tls.protocol.version", "TLSCipher": "tls.cipher", "TraceId": "trace_id", "SpanId": "span_id",
    },
    headers={
        "request_": "http.request.header.", "downstream_": "http.response.header.",
        "origin_": "traefik.origin.header.",
    },
)  # fmt: skip
_ENVOY: Final = Dialect(
    prefix="envoy.",
    marks=(
        ("response_flags",), ("response_code", "bytes_sent"),
        ("upstream_cluster", "upstream_host", "downstream_remote_address", "upstream_service_time", "route_name"),
    ),
    names={
        "downstream_remote_address": "=peer", "x-forwarded-for": "http.request.header.x_forwarded_for", "x_forwarded_for": "http.request.header.x_forwarded_for",
        "method": "http.request.method", ":method": "http.request.method", "path": "=url", ":path": "=url",
        "x-envoy-origin-path": "=url", "x-envoy-original-path": "=url", "protocol": "=protocol",
        ":authority": "=host", "authority": "=host", "response_code": "=status", "bytes_received": "=received",
        "bytes_sent": "=sent", "user-agent": "user_agent.original", "user_agent": "user_agent.original",
        "x-request-id": "http.request.header.x_request_id", "x_request_id": "http.request.header.x_request_id",
        "request_id": "http.request.header.x_request_id", "referer": "http.request.header.referer",
        "trace_id": "trace_id", "duration": "=envoy_duration", "upstream_service_time": "=envoy_service_time",
        "x-envoy-upstream-service-time": "=envoy_service_time",
        "downstream_tls_version": "tls.protocol.version", "downstream_tls_cipher": "tls.cipher",
    },
)  # fmt: skip
_FASTLY: Final = Dialect(
    prefix="fastly.",
    marks=(("fastly_server", "fastly_is_edge"),),
    names={
        "client_ip": "client.address", "host": "=host", "url": "=url", "request_method": "http.request.method",
        "request_protocol": "=protocol", "request_referer": "http.request.header.referer",
        "request_user_agent": "user_agent.original", "response_status": "=status",
        "response_body_size": "=sent", "geo_country": "client.geo.country_name", "geo_city": "client.geo.locality.name",
        "fastly_server": "fastly.server", "fastly_is_edge": "fastly.is_edge",
    },
)  # fmt: skip
_NGINX: Final = Dialect(
    prefix="nginx.",
    marks=(("remote_addr", "remote_ip", "clientip"), ("request_uri", "request", "uri"), ("status",)),
    names={
        "remote_addr": "client.address", "remote_ip": "client.address", "clientip": "client.address",
        "remote_port": "=client_port", "remote_user": "user.name", "request": "=request", "request_uri": "=url",
        "uri": "=url", "args": "url.query", "query_string": "url.query", "request_method": "http.request.method",
        "method": "http.request.method", "scheme": "url.scheme", "server_protocol": "=protocol",
        "protocol": "=protocol", "status": "=status", "body_bytes_sent": "=sent", "bytes_sent": "=bytes_sent",
        "request_length": "=request_size", "request_time": "=request_time", "upstream_response_time": "=upstream_time",
        "connection": "=connection",
        "http_user_agent": "user_agent.original", "user_agent": "user_agent.original",
        "http_referer": "http.request.header.referer", "http_referrer": "http.request.header.referer",
        "referer": "http.request.header.referer", "http_x_forwarded_for": "http.request.header.x_forwarded_for",
        "x_forwarded_for": "http.request.header.x_forwarded_for", "http_host": "=host", "host": "=host",
        "server_name": "nginx.server_name", "request_id": "nginx.request_id", "hostname": "host.name",
        "ssl_protocol": "tls.protocol.version", "ssl_cipher": "tls.cipher",
    },
    times=("time_iso8601", "time_local", "msec"),
)  # fmt: skip


def _fastly(context: ParseContext) -> Parse:
    """Fastly's lines may keep the header of syslog in front of the object."""
    parse_json = parser_of(_FASTLY)(context)
    times = Times(context.last_modified)

    def parse(line: str) -> Record | Reject:
        header = _SYSLOG.match(line)
        record = parse_json(line[header.end() :] if header else line)
        if header and isinstance(record, Record):
            when, host, program, process = header.groups()
            add_priority(record.attributes, line)
            stamp = times.of_text(when)
            if stamp is not None and record.timestamp is not None:
                record.attributes["syslog.timestamp"] = when
            elif stamp is not None:
                record = record._replace(timestamp=stamp[0], timestamp_assumed=stamp[1])
            record.attributes["host.name"] = host
            if program is not None:
                record.attributes["service.name"] = program
            if process is not None:
                add_integer(record.attributes, "process.pid", process)
        return record

    return parse


_CONSOLE: Final = re.compile(
    r"([0-9]{4}/[0-9]{2}/[0-9]{2} [0-9:]{8}(?:\.[0-9]{1,9})?)\t([A-Z][A-Z0-9]{2,15})\t([a-z][\w.-]{1,64})\t([^\t\n]*+)(?:\t(\{[^\n]*+))?",
    re.ASCII,
)


def _caddy_console(context: ParseContext) -> Parse:
    parse_json = JSON.make_parser(context)
    times = Times(context.last_modified)

    def parse(line: str) -> Record | Reject:
        found = _CONSOLE.fullmatch(line)
        stamp = times.of_text(found[1]) if found else None
        if found is None or stamp is None:
            return OTHER_SHAPE
        members = parse_json(found[5] or "{}")
        if not isinstance(members, Record):
            return members
        attributes: dict[str, Value] = {"logger": found[3], **members.attributes}
        number = severity.of_word(found[2])
        return named(_CADDY, Record(*stamp, found[2], number, found[4] or None, attributes), times)

    return parse


CADDY_JSON: Final = Format(
    name="caddy",
    title="Caddy log, JSON",
    source="https://caddyserver.com/docs/caddyfile/directives/log",
    samples=(
        '{"level":"info","ts":1710404813.1234567,"logger":"http.log.access.log0","msg":"handled request",'
        '"request":{"remote_ip":"192.0.2.17","remote_port":"45750","client_ip":"192.0.2.17","proto":"HTTP/2.0",'
        '"method":"GET","host":"example.org","uri":"/shop?q=froe","headers":{"User-Agent":["curl/8.5.0"],'
        '"Accept":["*/*"]}},"bytes_read":0,"user_id":"","duration":0.0023,"size":5316,"status":200,'
        '"resp_headers":{"Server":["Caddy"]}}',
        '{"level":"error","ts":1710404814.5,"logger":"tls.obtain","msg":"will retry","error":"[example.org] timeout",'
        '"attempt":2}',
        '{"level":"warn","ts":1710404815.5,"logger":"http.handlers.waf","msg":"[client \\"192.0.2.17\\"] Coraza: Warning.'
        ' Missing Agent [file \\"/rules/920.conf\\"] [line \\"3\\"] [id \\"920320\\"] [msg \\"Missing Agent\\"]"}',
    ),
    make_parser=parser_of(_CADDY),
    specificity=0.9985,
    sieve=r'[ \t]*+\{[^\n]{0,4096}?"(?:logger|request)": ?["{]',
    alone=True,
)
CADDY_CONSOLE: Final = Format(
    name="caddy_console",
    title="Caddy log, console encoding",
    source="https://caddyserver.com/docs/caddyfile/directives/log#console",
    samples=(
        '2024/03/14 09:26:53.123\tINFO\thttp.log.access.log0\thandled request\t{"request": {"remote_ip": "192.0.2.17",'
        ' "proto": "HTTP/2.0", "method": "GET", "host": "example.org", "uri": "/shop?q=froe"}, "size": 5316, "status": 200}',
        "2024/03/14 09:26:54.456\tWARN\tadmin\tadmin endpoint disabled",
    ),
    make_parser=_caddy_console,
    specificity=0.985,
    sieve=r"[0-9]{4}/[0-9]{2}/[0-9]{2} [0-9:.]{8,18}\t[A-Z]{4,6}\t",
    alone=True,
)
TRAEFIK_JSON: Final = Format(
    name="traefik_json",
    title="Traefik access log, JSON",
    source="https://doc.traefik.io/traefik/observability/access-logs/",
    samples=(
        '{"ClientAddr":"192.0.2.17:11029","ClientHost":"192.0.2.17","ClientPort":"11029","ClientUsername":"-",'
        '"DownstreamContentSize":19,"DownstreamStatus":404,"Duration":2337877,"RequestHost":"example.org",'
        '"RequestMethod":"GET","RequestPath":"/none?a=b","RequestProtocol":"HTTP/2.0","RouterName":"web@docker",'
        '"StartUTC":"2024-03-14T08:26:53.123456789Z","level":"info","msg":"","time":"2024-03-14T08:26:53Z"}',
    ),
    make_parser=parser_of(_TRAEFIK),
    specificity=0.9985,
    sieve=r'[ \t]*+\{[^\n]{0,4096}?"(?:Downstream|Origin|Router|Service|Request|Client)[A-Z]',
    alone=True,
)
ENVOY_JSON: Final = Format(
    name="envoy_json",
    title="Envoy access log, JSON (and Istio's)",
    source="https://www.envoyproxy.io/docs/envoy/latest/configuration/observability/access_log/usage",
    samples=(
        '{":authority":"example.org","bytes_received":0,"bytes_sent":12,"downstream_remote_address":"192.0.2.17:49578",'
        '"duration":5,"method":"GET","protocol":"HTTP/2","response_code":404,"response_flags":"-","start_time":'
        '"2024-03-14T08:26:53.228Z","upstream_cluster":"shop","upstream_host":null,"user-agent":"curl/8.5.0",'
        '"x-envoy-origin-path":"/none?a=b","x-forwarded-for":"192.0.2.17"}',
        '{"authority":"shop:8080","bytes_received":"0","bytes_sent":"7","duration":"3","method":"GET","path":"/",'
        '"protocol":"HTTP/1.1","response_code":"200","response_flags":"-","start_time":"2024-03-14T08:26:54.001Z",'
        '"upstream_cluster":"outbound|8080||shop","upstream_service_time":"2","x_forwarded_for":"-"}',
    ),
    make_parser=parser_of(_ENVOY),
    specificity=0.9985,
    sieve=r'[ \t]*+\{[^\n]{0,8192}?"response_flags":',
    alone=True,
)
FASTLY: Final = Format(
    name="fastly",
    title="Fastly log, JSON, with the header of syslog or without",
    source="https://www.fastly.com/documentation/guides/integrations/streaming-logs/custom-log-formats/",
    samples=(
        '{"timestamp":"2024-03-14T08:26:53+0000","client_ip":"192.0.2.17","geo_country":"norway","host":"example.org",'
        '"url":"/a?b=c","request_method":"GET","request_protocol":"HTTP/2","request_user_agent":"curl/8.5.0",'
        '"response_state":"MISS","response_status":404,"response_reason":"Not Found","response_body_size":186,'
        '"fastly_server":"cache-osl1","fastly_is_edge":true}',
        '<134>2024-03-14T08:26:54Z cache-osl1 shop[47]: {"timestamp":"2024-03-14T08:26:54+0000","client_ip":"192.0.2.18",'
        '"url":"/","request_method":"GET","response_status":200,"fastly_is_edge":false}',
    ),
    make_parser=_fastly,
    specificity=0.9985,
    sieve=r'[^\n]{0,8192}?"fastly_[a-z]',
    alone=True,
)
NGINX_JSON: Final = Format(
    name="nginx_json",
    title="nginx access log as JSON, members named as the variables",
    source="https://nginx.org/en/docs/http/ngx_http_log_module.html#log_format",
    samples=(
        '{"time_local":"14/Mar/2024:09:26:53 +0100","remote_addr":"192.0.2.17","remote_user":"","request":'
        '"GET /shop?q=froe HTTP/1.1","status":"200","body_bytes_sent":"5316","request_time":"0.012",'
        '"http_referrer":"","http_user_agent":"curl/8.5.0"}',
        '{"time_iso8601":"2024-03-14T09:26:54+01:00","remote_addr":"2001:db8::5","request_method":"POST","request_uri":'
        '"/pay","server_protocol":"HTTP/2.0","status":502,"body_bytes_sent":150,"request_time":1.5,"host":"example.org"}',
    ),
    make_parser=parser_of(_NGINX),
    specificity=0.9975,
    sieve=r'[ \t]*+\{[^\n]{0,4096}?"(?:remote_addr|remote_ip|clientip)":',
    alone=True,
)

FORMATS: Final = (CADDY_JSON, CADDY_CONSOLE, TRAEFIK_JSON, ENVOY_JSON, FASTLY, NGINX_JSON)
