"""Logs of AWS load balancers other than the access log of an application's: its connections, the TLS
connections of a network load balancer, and the classic balancer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from chalicelib.core.formats import Format
from chalicelib.core.formats.aws.columns import (
    ABSENT,
    Column,
    decimal,
    endpoint,
    integer,
    iso_time,
    request_line,
    status,
    tokens_of,
    typed_columns,
    word,
)
from chalicelib.core.formats.reasons import BAD_TIME, OTHER_SHAPE
from chalicelib.core.formats.times import Times
from chalicelib.core.records import Record, Reject

if TYPE_CHECKING:
    from collections.abc import Callable

    from chalicelib.core.formats import Parse, ParseContext
    from chalicelib.core.formats.aws.columns import Fields


def _passed(_fields: Fields, _name: str, _text: str) -> None:
    """The record's own time."""


def _tls_version(fields: Fields, name: str, text: str) -> None:
    if not text.lower().startswith("tls"):
        raise ValueError("no version of TLS")
    fields[name] = text


def _protocols(fields: Fields, name: str, text: str) -> None:
    fields[name] = [each.strip('"') for each in text.split(",")]


class _Layout(NamedTuple):
    """when, body: the numbers of these columns. fewest: how many columns its oldest lines have."""

    columns: tuple[Column, ...]
    fewest: int
    when: int
    body: int | None = None


_CLASSIC: Final = _Layout(
    (
        ("", _passed),
        ("aws.elb.name", word),
        ("client", endpoint),
        ("aws.elb.backend", endpoint),
        ("aws.elb.request_processing_time", decimal),
        ("aws.elb.backend_processing_time", decimal),
        ("aws.elb.response_processing_time", decimal),
        ("http.response.status_code", status),
        ("aws.elb.backend_status_code", status),
        ("http.request.size", integer),
        ("http.response.size", integer),
        ("", request_line),
        ("user_agent.original", word),
        ("tls.cipher", word),
        ("tls.protocol.version", word),
    ),
    fewest=12,
    when=0,
    body=11,
)
_CONNECTION: Final = _Layout(
    (
        ("", _passed),
        ("client.address", word),
        ("client.port", integer),
        ("aws.elb.listener_port", integer),
        ("tls.protocol.version", _tls_version),
        ("tls.cipher", word),
        ("aws.elb.tls_handshake_latency", decimal),
        ("tls.client.subject", word),
        ("aws.elb.leaf_client_cert_validity", word),
        ("aws.elb.leaf_client_cert_serial_number", word),
        ("aws.elb.tls_verify_status", word),
        ("aws.elb.conn_trace_id", word),
        ("aws.elb.tls_keyexchange", word),
    ),
    fewest=11,
    when=0,
)
_NLB: Final = _Layout(
    (
        ("aws.elb.type", word),
        ("aws.elb.version", word),
        ("", _passed),
        ("aws.elb.name", word),
        ("aws.elb.listener", word),
        ("client", endpoint),
        ("destination", endpoint),
        ("aws.elb.connection_time", integer),
        ("aws.elb.tls_handshake_time", integer),
        ("aws.elb.received_bytes", integer),
        ("aws.elb.sent_bytes", integer),
        ("aws.elb.incoming_tls_alert", word),
        ("aws.elb.chosen_cert_arn", word),
        ("aws.elb.chosen_cert_serial", word),
        ("tls.cipher", word),
        ("tls.protocol.version", _tls_version),
        ("tls.curve", word),
        ("tls.client.server_name", word),
        ("aws.elb.alpn_fe_protocol", word),
        ("aws.elb.alpn_be_protocol", word),
        ("aws.elb.alpn_client_preference_list", _protocols),
        ("aws.elb.tls_connection_creation_time", iso_time),
    ),
    fewest=17,
    when=2,
)


def _parser_of(layout: _Layout, is_one: Callable[[list[str]], bool]) -> Callable[[ParseContext], Parse]:
    def make_parser(context: ParseContext) -> Parse:
        of_text = Times(context.last_modified).of_text

        def parse(line: str) -> Record | Reject:
            try:
                tokens = tokens_of(line)
                if len(tokens) < layout.fewest or not is_one(tokens):
                    return OTHER_SHAPE
                fields = typed_columns(layout.columns, tokens)
            except ValueError:
                return OTHER_SHAPE
            stamp = of_text(tokens[layout.when])
            if stamp is None:
                return BAD_TIME
            body = None if layout.body is None else tokens[layout.body].strip()
            return Record(*stamp, None, None, None if body in ABSENT else body, fields)

        return parse

    return make_parser


def _is_classic(tokens: list[str]) -> bool:
    return tokens[0][-1:] == "Z" and ":" in tokens[2] and tokens[11].count(" ") > 1


def _is_connection(tokens: list[str]) -> bool:
    verified = tokens[10]
    return (
        tokens[0][-1:] == "Z"
        and ("." in tokens[1] or ":" in tokens[1])
        and tokens[2].isdecimal()
        and tokens[3].isdecimal()
        and (verified in ("-", "Success") or verified.startswith("Failed"))
    )


def _is_nlb(tokens: list[str]) -> bool:
    return tokens[0] == "tls" and tokens[3].startswith("net/")


CLASSIC: Final = Format(
    name="aws_elb_classic",
    title="AWS Classic Load Balancer, access log",
    source="https://docs.aws.amazon.com/elasticloadbalancing/latest/classic/access-log-collection.html",
    samples=(
        "2024-03-14T09:26:53.945958Z shop-lb 192.0.2.17:2817 198.51.100.4:8080 0.000073 0.001048 0.000057 200 200 0 29"
        ' "GET https://shop.example.org:443/cart?item=7 HTTP/1.1" "curl/8.5.0" ECDHE-RSA-AES128-GCM-SHA256 TLSv1.2',
        "2024-03-14T09:26:54.945958Z shop-lb 192.0.2.17:2818 198.51.100.4:9000 0.001069 0.000028 0.000041 - - 82 305"
        ' "- - - " "-" - -',
        "2014-02-15T23:39:43.945958Z shop-lb 192.0.2.17:2819 - -1 -1 -1 504 0 0 0"
        ' "POST http://shop.example.org:80/pay HTTP/1.0"',
    ),
    make_parser=_parser_of(_CLASSIC, _is_classic),
    specificity=0.985,
    sieve=r"[0-9-]{10}T[0-9:.]{8,15}Z [^ ]{1,64} [0-9a-fA-F:.\[\]]{3,48}:[0-9]{1,5} [^ ]{1,64} -?[0-9.]{1,12} ",
    alone=True,
)
CONNECTION: Final = Format(
    name="aws_alb_connection",
    title="AWS Application Load Balancer, connection log",
    source="https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-connection-logs.html",
    samples=(
        "2024-03-14T09:26:53.514108Z 192.0.2.17 36280 443 TLSv1.2 ECDHE-RSA-AES128-GCM-SHA256 4.036"
        ' "CN=ada.example.org,O=Example,C=GB" NotBefore=2023-09-21T22:43:21Z;NotAfter=2026-06-17T22:43:21Z'
        " FEF257372D5C14D4 Success TID_3180a73013c8ca4bac2f731159d4b0fe",
        "2024-03-14T09:26:54.5Z 192.0.2.17 36281 443 - - -"
        ' "CN=ada.example.org" NotBefore=2023-09-21T22:43:21Z;NotAfter=2023-10-17T22:43:21Z 01 '
        "Failed:ClientCertExpired TID_3180a73013c8ca4bac2f731159d4b0ff",
        '2024-03-14T09:26:55.000001Z 2001:db8::5 36282 80 - - - "-" - - - TID_3180a73013c8ca4bac2f731159d4b100',
    ),
    make_parser=_parser_of(_CONNECTION, _is_connection),
    specificity=0.985,
    sieve=r"[0-9-]{10}T[0-9:.]{8,15}Z [0-9a-fA-F:.]{3,48} [0-9]{1,5} [0-9]{1,5} ",
    alone=True,
)
NLB: Final = Format(
    name="aws_nlb_tls",
    title="AWS Network Load Balancer, TLS connections",
    source="https://docs.aws.amazon.com/elasticloadbalancing/latest/network/load-balancer-access-logs.html",
    samples=(
        "tls 2.0 2024-03-14T09:26:53 net/shop/c6e77e28c25b2234 g3d4b5e8bb8464cd 192.0.2.17:51341 198.51.100.4:443 5 2"
        " 98 246 - arn:aws:acm:eu-west-1:111122223333:certificate/00000000-1111-2222-3333-444444444444 -"
        ' ECDHE-RSA-AES128-SHA tlsv12 - shop.example.org h2 h2 "h2","http/1.1" 2024-03-14T09:26:48',
        "tls 1.0 2019-03-14T09:26:54 net/shop/c6e77e28c25b2234 g3d4b5e8bb8464cd 192.0.2.18:51342 198.51.100.4:443 5 -"
        " 0 0 unknown_ca - - - - - -",
    ),
    make_parser=_parser_of(_NLB, _is_nlb),
    specificity=0.99,
    sieve=r"tls [0-9.]{1,4} [0-9]{4}-",
    alone=True,
)

FORMATS: Final = (CLASSIC, CONNECTION, NLB)
