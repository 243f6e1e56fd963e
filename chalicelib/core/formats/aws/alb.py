"""Access logs of Application Load Balancers, of any age: columns were added at the end over the years.

`http.request.size` and `http.response.size` count what went over the wire, heads included; times are in
seconds, -1 where the balancer could not tell. A target list is a list; what follows is `extra`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from chalicelib.core.formats import Format
from chalicelib.core.formats.aws.columns import (
    ABSENT,
    CODES,
    PROTOCOLS,
    Column,
    Decimals,
    decimal,
    endpoint,
    integer,
    iso_time,
    listed,
    request_line,
    split_authority,
    status,
    tokens_of,
    typed_columns,
    word,
)
from chalicelib.core.formats.times import Times
from chalicelib.core.records import Record, Reject

if TYPE_CHECKING:
    from chalicelib.core.formats import Parse, ParseContext
    from chalicelib.core.formats.aws.columns import Fields

_NOT_ALB: Final = Reject("not-aws-elb")
_BAD_TIME: Final = Reject("invalid-timestamp")
_TYPES: Final = frozenset(("http", "https", "h2", "grpc", "grpcs", "ws", "wss"))
_TYPE, _WHEN, _REQUEST = 0, 1, 12
_COLUMNS_MIN: Final = 18
_PARTS: Final = (25, 31)
_CACHE_MAX: Final = 4096


def _statuses(fields: Fields, name: str, text: str) -> None:
    fields[name] = [CODES.get(code, code) for code in text.split(" ")]


_COLUMNS: Final[tuple[Column, ...]] = (
    ("aws.elb.type", word),
    ("", lambda _fields, _name, _text: None),
    ("aws.elb.name", word),
    ("client", endpoint),
    ("aws.elb.target", endpoint),
    ("aws.elb.request_processing_time", decimal),
    ("aws.elb.target_processing_time", decimal),
    ("aws.elb.response_processing_time", decimal),
    ("http.response.status_code", status),
    ("aws.elb.target_status_code", status),
    ("http.request.size", integer),
    ("http.response.size", integer),
    ("", request_line),
    ("user_agent.original", word),
    ("tls.cipher", word),
    ("tls.protocol.version", word),
    ("aws.elb.target_group_arn", word),
    ("aws.elb.trace_id", word),
    ("tls.client.server_name", word),
    ("aws.elb.chosen_cert_arn", word),
    ("aws.elb.matched_rule_priority", integer),
    ("aws.elb.request_creation_time", iso_time),
    ("aws.elb.actions_executed", word),
    ("aws.elb.redirect_url", word),
    ("aws.elb.error_reason", word),
    ("aws.elb.target_port_list", listed(" ")),
    ("aws.elb.target_status_code_list", _statuses),
    ("aws.elb.classification", word),
    ("aws.elb.classification_reason", word),
    ("aws.elb.conn_trace_id", word),
    ("aws.elb.transformed_host", word),
    ("aws.elb.transformed_uri", word),
    ("aws.elb.request_transform_status", word),
)
"""In the order of a line; the second is the record's time."""


def _make_parser(context: ParseContext) -> Parse:
    of_text = Times(context.last_modified).of_text
    decimals = Decimals()
    authorities: dict[str, tuple[str, str, int | None]] = {}
    new = tuple.__new__

    def parse_any(line: str) -> Record | Reject:
        try:
            tokens = tokens_of(line)
            if len(tokens) < _COLUMNS_MIN or tokens[_TYPE] not in _TYPES or "/" not in tokens[2]:
                return _NOT_ALB
            fields = typed_columns(_COLUMNS, tokens)
        except ValueError:
            return _NOT_ALB
        stamp = of_text(tokens[_WHEN])
        if stamp is None:
            return _BAD_TIME
        request = tokens[_REQUEST].strip()
        return Record(*stamp, None, None, request if request not in ABSENT else None, fields)

    def authority_of(text: str) -> tuple[str, str, int | None]:
        scheme, _, authority = text.partition("://")
        if len(authorities) >= _CACHE_MAX:
            authorities.clear()
        known = authorities[text] = (scheme, *split_authority(authority))
        return known

    def parse(line: str) -> Record | Reject:
        """The usual line without a regular expression; anything unusual goes the way of `tokens_of`."""
        parts = line.split('"')
        try:
            if len(parts) == _PARTS[0]:
                (
                    head, request, s1, agent, secured, trace, s2, domain, s3, certificate, rule,
                    actions, s4, redirect, s5, error, s6, targets, s7, codes, s8, class_, s9, why, tail,
                ) = parts  # fmt: skip
            else:
                return parse_any(line)
            (
                kind, when, balancer, client, target, request_time, target_time, response_time,
                code, target_code, received, sent, end,
            ) = head.split(" ")  # fmt: skip
            method, url, protocol = request.split(" ")
            _, cipher, tls, group, _ = secured.split(" ")
            _, priority, created, _ = rule.split(" ")
            client_address, _, client_port = client.rpartition(":")
            slash = url.index("/", 8)
            scheme, url_domain, url_port = authorities.get(url[:slash]) or authority_of(url[:slash])
            protocol_name, version = PROTOCOLS[protocol]
            fields: Fields = {
                "aws.elb.type": kind,
                "aws.elb.name": balancer,
                "client.address": client_address,
                "client.port": int(client_port),
                "aws.elb.request_processing_time": decimals[request_time],
                "aws.elb.target_processing_time": decimals[target_time],
                "aws.elb.response_processing_time": decimals[response_time],
                "http.response.status_code": CODES[code],
                "http.request.size": int(received),
                "http.response.size": int(sent),
                "http.request.method": method,
                "network.protocol.name": protocol_name,
                "network.protocol.version": version,
                "url.full": url,
                "url.scheme": scheme,
                "url.domain": url_domain,
            }
        except (ValueError, KeyError):
            return parse_any(line)
        if (
            kind not in _TYPES or "\\" in line or end or not s1 == s2 == s3 == s4 == s5 == s6 == s7 == s8 == s9 == " "
            or method == "-" or url_port is None or client_address[:1] == "["
            or not (client_port + received + sent).isdecimal() or not line.isascii()
            or not client_address or "/" not in balancer or len(sent) > 18 or len(received) > 18 or len(client_port) > 5
        ):  # fmt: skip
            return parse_any(line)
        stamp = of_text(when)
        if stamp is None:
            return _BAD_TIME
        fields["url.port"] = url_port
        path = url[slash:]
        if "?" in path:
            path, _, query = path.partition("?")
            if query:
                fields["url.query"] = query
        fields["url.path"] = path
        try:
            if target != "-":
                target_address, _, target_port = target.rpartition(":")
                fields["aws.elb.target.address"] = target_address
                fields["aws.elb.target.port"] = CODES.get(target_port) or int(target_port)
                if not target_port.isdecimal() or not target_address or target_address[0] == "[":
                    return parse_any(line)
            if target_code != "-":
                fields["aws.elb.target_status_code"] = CODES[target_code]
            if priority != "-":
                fields["aws.elb.matched_rule_priority"] = (
                    CODES[priority] if priority in CODES else int(priority)
                )
            if codes != "-":
                fields["aws.elb.target_status_code_list"] = (
                    [CODES[codes]] if codes in CODES else [CODES.get(each, each) for each in codes.split(" ")]
                )
        except (ValueError, KeyError):
            return parse_any(line)
        if created != "-":
            fields["aws.elb.request_creation_time"] = created
        if agent != "-":
            fields["user_agent.original"] = agent
        if cipher != "-":
            fields["tls.cipher"] = cipher
        if tls != "-":
            fields["tls.protocol.version"] = tls
        if group != "-":
            fields["aws.elb.target_group_arn"] = group
        if trace != "-":
            fields["aws.elb.trace_id"] = trace
        if domain != "-":
            fields["tls.client.server_name"] = domain
        if certificate != "-":
            fields["aws.elb.chosen_cert_arn"] = certificate
        if actions != "-":
            fields["aws.elb.actions_executed"] = actions
        if redirect != "-":
            fields["aws.elb.redirect_url"] = redirect
        if error != "-":
            fields["aws.elb.error_reason"] = error
        if targets != "-":
            fields["aws.elb.target_port_list"] = list(targets.split(" "))
        if class_ != "-":
            fields["aws.elb.classification"] = class_
        if why != "-":
            fields["aws.elb.classification_reason"] = why
        if tail:
            connection = tail[1:]
            if " " in connection or tail[0] != " ":
                return parse_any(line)
            if connection != "-":
                fields["aws.elb.conn_trace_id"] = connection
        if not agent or not trace or not domain:
            return parse_any(line)
        return new(Record, (*stamp, None, None, request, fields))

    return parse


ALB: Final = Format(
    name="aws_alb",
    title="AWS Application Load Balancer, access log",
    source="https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-access-logs.html",
    samples=(
        "https 2024-03-14T09:26:53.186641Z app/shop/0a1b2c3d4e5f6071 192.0.2.17:2817 198.51.100.4:8080 0.001 0.048"
        ' 0.000 200 200 241 5316 "GET https://shop.example.org:443/cart?item=7 HTTP/1.1" "Mozilla/5.0 (X11)"'
        " ECDHE-RSA-AES128-GCM-SHA256 TLSv1.2"
        " arn:aws:elasticloadbalancing:eu-west-1:111122223333:targetgroup/shop/0f1e2d3c4b5a6978"
        ' "Root=1-65f2c1ad-0123456789abcdef01234567" "shop.example.org"'
        ' "arn:aws:acm:eu-west-1:111122223333:certificate/00000000-1111-2222-3333-444444444444" 3'
        ' 2024-03-14T09:26:53.137000Z "waf,forward" "-" "-" "198.51.100.4:8080" "200" "-" "-" TID_0123456789abcdef',
        "http 2024-03-14T09:26:54.000001Z app/shop/0a1b2c3d4e5f6071 192.0.2.18:40112 - -1 -1 -1 400 - 0 272"
        ' "- http://shop.example.org:80- -" "-" - - - "-" "-" "-" - 2024-03-14T09:26:53.967000Z "-" "-" "-" "-" "-"'
        ' "-" "-" TID_0123456789abcdee',
        "h2 2017-03-14T09:26:55.5Z app/shop/0a1b2c3d4e5f6071 [2001:db8::5]:4711 198.51.100.4:80 0.000 0.001 0.000 301"
        ' 301 34 366 "GET https://shop.example.org:443/ HTTP/2.0" "an \\"odd\\" agent" - -'
        " arn:aws:elasticloadbalancing:eu-west-1:111122223333:targetgroup/shop/0f1e2d3c4b5a6978"
        ' "Root=1-58337364-23a8c76965a2ef7629b185e3" - -',
    ),
    make_parser=_make_parser,
    specificity=0.99,
    sieve=r"(?:https?|h2|grpcs?|wss?) [0-9]{4}-[0-9]{2}-[0-9]{2}T",
    alone=True,
)

FORMATS: Final = (ALB,)
