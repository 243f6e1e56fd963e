"""Logs of web servers and proxies that are JSON lines: Caddy, Traefik, Envoy, Fastly, and nginx with the names
of its variables.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from chalicelib.core.formats import Format
from chalicelib.core.formats.json_text import flat_line
from chalicelib.core.formats.kinds import add_integer
from chalicelib.core.formats.notation import add_place
from chalicelib.core.formats.object_reader import Reader
from chalicelib.core.formats.objects import USUAL, Objects
from chalicelib.core.formats.reasons import BAD_TIME, OTHER_SHAPE
from chalicelib.core.formats.systems.priorities import add_priority
from chalicelib.core.formats.times import MONTH, Times
from chalicelib.core.formats.web.modsecurity import add_tags
from chalicelib.core.formats.web.requests import is_address
from chalicelib.core.records import Record, Reject

if TYPE_CHECKING:
    from chalicelib.core.formats import Parse, ParseContext
    from chalicelib.core.records import Value
_SYSLOG: Final = re.compile(
    rf"(?:<[0-9]{{1,3}}>(?:1 )?)?({MONTH} [ 0-9][0-9] [0-9:]{{8}}|[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}T[0-9:]{{8}}[0-9.:+Z-]{{0,16}})"
    r" ([\w.:-]{1,253}) ++(?:([\w./-]{1,64})(?:\[([0-9]{1,10})\])?: ?)?(?=\{)",
    re.ASCII,
)


def _client(fields: dict[str, Value], body: str | None) -> None:
    """The client is the peer where no member says it, or the first that the request was forwarded for."""
    if "client.address" not in fields:
        peer, forwarded = (
            fields.get("network.peer.address"),
            fields.get("http.request.header.x_forwarded_for"),
        )
        if peer is not None:
            fields["client.address"] = peer
            if "network.peer.port" in fields:
                fields["client.port"] = fields["network.peer.port"]
        elif isinstance(forwarded, str) and is_address(first := forwarded.partition(",")[0].strip()):
            fields["client.address"] = first
    if body:
        add_tags(fields, body)


def _request(fields: dict[str, Value]) -> str | None:
    """The request line, put together."""
    if "request" in fields:
        return str(fields.pop("request"))
    method, path = fields.get("http.request.method"), fields.get("url.path")
    if method is None or path is None:
        return None
    line = f"{method} {path}"
    if "url.query" in fields:
        line += f"?{fields['url.query']}"
    if "network.protocol.version" in fields:
        line += f" {str(fields['network.protocol.name']).upper()}/{fields['network.protocol.version']}"
    return line


_A_TIME: Final = 10**8
_CADDY_LOGGER: Final = re.compile(
    r"(?:http|tls|admin|pki|layer4|events|dynamic_dns|docker-proxy|caching|storage|frankenphp)(?:\.|$)"
)


def _is_caddy(members: dict[str, Value]) -> bool:
    """Whether it is a request, or the line of a logger of Caddy."""
    logger, when = members.get("logger"), members.get("ts", "")
    is_time = type(when) is str or (isinstance(when, int | float) and when > _A_TIME)
    if isinstance(logger, str) and _CADDY_LOGGER.match(logger) and is_time:
        return True
    return (
        ("request.remote_ip" in members or "request.remote_addr" in members)
        and "request.method" in members
        and "request.uri" in members
    )


_CADDY: Final = Objects(
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
    specificity=0.9985,
    sieve=r'[ \t]*+\{[^\n]{0,4096}?"(?:logger|request)": ?["{]',
    prefix="caddy",
    confirms=_is_caddy,
    usual=USUAL,
    timeless=None,
    names={
        "logger": "log.logger", "request.client_ip": "client.address", "request.remote_ip": "network.peer.address",
        "request.remote_addr": "endpoint:network.peer", "request.remote_port": "network.peer.port", "request.proto": "protocol:network.protocol.name",
        "request.method": "http.request.method", "request.host": "endpoint:server", "request.uri": "url:url.path",
        "bytes_read": "http.request.body.size", "size": "http.response.body.size", "status": "http.response.status_code",
        "user_id": "user.name", "duration": "caddy.duration", "error": "error.message", "err_id": "caddy.err_id",
        "common_log": "caddy.common_log",
    },
    prefixes={
        "request.headers.": "http.request.header.", "resp_headers.": "http.response.header.",
        "common_log.": "caddy.common_log.", "request.tls.": "caddy.tls.",
    },
    heading=_request,
    finish=_client,
)  # fmt: skip


def _add_client(fields: dict[str, Value], name: str, text: str) -> None:
    """Of a list of addresses the last is the one that the nearest proxy saw."""
    before, comma, last = text.rpartition(",")
    if comma and before:
        fields["http.request.header.x_forwarded_for"] = text
    add_place(fields, name, last.strip() or "-")


_TRAEFIK: Final = Objects(
    name="traefik_json",
    title="Traefik access log, JSON",
    source="https://doc.traefik.io/traefik/observability/access-logs/",
    samples=(
        '{"ClientAddr":"192.0.2.17:11029","ClientHost":"192.0.2.17","ClientPort":"11029","ClientUsername":"-",'
        '"DownstreamContentSize":19,"DownstreamStatus":404,"Duration":2337877,"RequestHost":"example.org",'
        '"RequestMethod":"GET","RequestPath":"/none?a=b","RequestProtocol":"HTTP/2.0","RouterName":"web@docker",'
        '"StartUTC":"2024-03-14T08:26:53.123456789Z","level":"info","msg":"","time":"2024-03-14T08:26:53Z"}',
    ),
    specificity=0.9985,
    sieve=r'[ \t]*+\{[^\n]{0,4096}?"(?:Downstream|Origin|Router|Service|Request|Client)[A-Z]',
    prefix="traefik",
    required=("DownstreamStatus|OriginStatus|RouterName|ServiceName", "RequestMethod|ClientHost|RequestPath" ),
    usual=USUAL,
    timeless=None,
    names={
        "ClientHost": ("client.address", _add_client, "client.address"), "ClientPort": "client.port", "ClientAddr": "endpoint:network.peer", "ClientUsername": "user.name",
        "DownstreamStatus": "http.response.status_code", "DownstreamContentSize": "http.response.body.size", "RequestContentSize": "http.request.body.size",
        "RequestHost": "server.address", "RequestPort": "server.port", "RequestMethod": "http.request.method",
        "RequestPath": "url:url.path", "RequestProtocol": "protocol:network.protocol.name", "RequestScheme": "url.scheme",
        "TLSVersion": "tls.protocol.version", "TLSCipher": "tls.cipher", "TraceId": "trace_id", "SpanId": "span_id",
    },
    prefixes={
        "request_": "http.request.header.", "downstream_": "http.response.header.",
        "origin_": "traefik.origin.header.",
    },
    heading=_request,
    finish=_client,
)  # fmt: skip
_ENVOY: Final = Objects(
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
    specificity=0.9985,
    sieve=r'[ \t]*+\{[^\n]{0,8192}?"response_flags":',
    prefix="envoy",
    required=("response_flags", "response_code|bytes_sent", "upstream_cluster|upstream_host|downstream_remote_address|upstream_service_time|route_name" ),
    usual=USUAL,
    timeless=None,
    names={
        "downstream_remote_address": "endpoint:network.peer", "x-forwarded-for": "http.request.header.x_forwarded_for", "x_forwarded_for": "http.request.header.x_forwarded_for",
        "method": "http.request.method", ":method": "http.request.method", "path": "url:url.path", ":path": "url:url.path",
        "x-envoy-origin-path": "url:url.path", "x-envoy-original-path": "url:url.path", "protocol": "protocol:network.protocol.name",
        ":authority": "endpoint:server", "authority": "endpoint:server", "response_code": "http.response.status_code", "bytes_received": "http.request.body.size",
        "bytes_sent": "http.response.body.size", "user-agent": "user_agent.original", "user_agent": "user_agent.original",
        "x-request-id": "http.request.header.x_request_id", "x_request_id": "http.request.header.x_request_id",
        "request_id": "http.request.header.x_request_id", "referer": "http.request.header.referer",
        "trace_id": "trace_id", "duration": "number:envoy.duration_ms", "upstream_service_time": "numbers:envoy.upstream_service_time_ms",
        "x-envoy-upstream-service-time": "numbers:envoy.upstream_service_time_ms",
        "downstream_tls_version": "tls.protocol.version", "downstream_tls_cipher": "tls.cipher",
    },
    heading=_request,
    finish=_client,
)  # fmt: skip
_FASTLY: Final = Objects(
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
    specificity=0.9985,
    sieve=r'[^\n]{0,8192}?"fastly_[a-z]',
    prefix="fastly",
    required=("fastly_server|fastly_is_edge", ),
    usual=USUAL,
    timeless=None,
    names={
        "client_ip": "client.address", "host": "endpoint:server", "url": "url:url.path", "request_method": "http.request.method",
        "request_protocol": "protocol:network.protocol.name", "request_referer": "http.request.header.referer",
        "request_user_agent": "user_agent.original", "response_status": "http.response.status_code",
        "response_body_size": "http.response.body.size", "geo_country": "client.geo.country_name", "geo_city": "client.geo.locality.name",
        "fastly_server": "fastly.server", "fastly_is_edge": "fastly.is_edge",
    },
    heading=_request,
    finish=_client,
)  # fmt: skip
_NGINX: Final = Objects(
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
    specificity=0.9975,
    sieve=r'[ \t]*+\{[^\n]{0,4096}?"(?:remote_addr|remote_ip|clientip)":',
    prefix="nginx",
    required=("remote_addr|remote_ip|clientip", "request_uri|request|uri", "status" ),
    time=("time_iso8601", "time_local", "msec"),
    usual=USUAL,
    timeless=None,
    names={
        "remote_addr": "client.address", "remote_ip": "client.address", "clientip": "client.address",
        "remote_port": "client.port", "remote_user": "user.name", "request": "request:request", "request_uri": "url:url.path",
        "uri": "url:url.path", "args": "url.query", "query_string": "url.query", "request_method": "http.request.method",
        "method": "http.request.method", "scheme": "url.scheme", "server_protocol": "protocol:network.protocol.name",
        "protocol": "protocol:network.protocol.name", "status": "http.response.status_code", "body_bytes_sent": "http.response.body.size", "bytes_sent": "number:nginx.bytes_sent",
        "request_length": "http.request.size", "request_time": "number:request_time", "upstream_response_time": "numbers:nginx.upstream_response_time",
        "connection": "number:nginx.connection",
        "http_user_agent": "user_agent.original", "user_agent": "user_agent.original",
        "http_referer": "http.request.header.referer", "http_referrer": "http.request.header.referer",
        "referer": "http.request.header.referer", "http_x_forwarded_for": "http.request.header.x_forwarded_for",
        "x_forwarded_for": "http.request.header.x_forwarded_for", "http_host": "endpoint:server", "host": "endpoint:server",
        "server_name": "nginx.server_name", "request_id": "nginx.request_id", "hostname": "host.name",
        "ssl_protocol": "tls.protocol.version", "ssl_cipher": "tls.cipher",
    },
    heading=_request,
    finish=_client,
)  # fmt: skip


def _fastly(context: ParseContext) -> Parse:
    """Fastly's lines may keep the header of syslog in front of the object."""
    parse_json = _FASTLY.parser(context)
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


_LINE: Final = ("\ttime", "\tlevel", "\tmessage")
_ON_CONSOLE: Final = replace(
    _CADDY, usual=frozenset(), time=_LINE[:1], timeless=BAD_TIME, level=_LINE[1:2], body=_LINE[2:]
)


def _caddy_console(context: ParseContext) -> Parse:
    reader = Reader(_ON_CONSOLE, context)

    def parse(line: str) -> Record | Reject:
        match = _CONSOLE.fullmatch(line)
        if match is None:
            return OTHER_SHAPE
        when, level, logger, message, rest = match.groups()
        members = flat_line(rest or "{}")
        if isinstance(members, Reject):
            return members
        return reader.record_of(
            {**dict(zip(_LINE, (when, level, message), strict=True)), "logger": logger, **members}
        )

    return parse


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

FORMATS: Final = (
    _CADDY.format(),
    CADDY_CONSOLE,
    _TRAEFIK.format(),
    _ENVOY.format(),
    _FASTLY.format(_fastly),
    _NGINX.format(),
)
