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
    Column,
    Decimals,
    decimal,
    endpoint,
    integer,
    iso_time,
    listed,
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
    from chalicelib.core.formats import Parse, ParseContext
    from chalicelib.core.formats.aws.columns import Fields

_TYPES: Final = frozenset(("http", "https", "h2", "grpc", "grpcs", "ws", "wss"))
_TYPE, _WHEN, _REQUEST = 0, 1, 12
_COLUMNS_MIN: Final = 18
_CREATED_END: Final = 'Z "'
_CREATED_LENGTH: Final = len("2024-03-14T09:26:53.137000Z")
_BRACKET: Final = ("[", "")
_PORT_MAX: Final = 65535
_DIGITS_MAX: Final = 23
_CACHE_MAX: Final = 2048


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
    templates: dict[tuple[str, ...], Fields] = {}
    seconds: set[str] = set()
    new = tuple.__new__

    def is_second(text: str) -> bool:
        """Whether a time that begins with this text, up to the point, is its own time stamp."""
        if of_text(text + "0Z") != (text + "0Z", None):
            return False
        if len(seconds) >= _CACHE_MAX:
            seconds.clear()
        seconds.add(text)
        return True

    def parse_any(line: str) -> Record | Reject:
        try:
            tokens = tokens_of(line)
            if len(tokens) < _COLUMNS_MIN or tokens[_TYPE] not in _TYPES or "/" not in tokens[2]:
                return OTHER_SHAPE
            fields = typed_columns(_COLUMNS, tokens)
        except ValueError:
            return OTHER_SHAPE
        stamp = of_text(tokens[_WHEN])
        if stamp is None:
            return BAD_TIME
        request = tokens[_REQUEST].strip(" ")
        return Record(*stamp, None, None, request if request not in ABSENT else None, fields)

    def keep(key: tuple[str, ...], fields: Fields) -> None:
        """Lists are shared by the lines that are alike; nobody changes them."""
        if len(templates) >= _CACHE_MAX:
            templates.clear()
        templates[key] = {name: value for name, value in fields.items() if name != "url.query"}

    def parse(line: str) -> Record | Reject:
        """The usual line without a regular expression: most of it is as in a line before, but for times,
        sizes, ids, client, path and agent."""
        try:
            head, request, between, agent, secured, rest = line.split('"', 5)
            (
                kind, when, balancer, client, target, request_time, target_time, response_time,
                code, target_code, received, sent, end,
            ) = head.split(" ")  # fmt: skip
            method, url, protocol = request.split(" ")
            trace, _, rest = rest.partition('"')
            rest, _, connection = rest.rpartition(" ")
            middle = rest.index(_CREATED_END) + 1
            created = rest[middle - _CREATED_LENGTH : middle]
            slash = url.index("/", 8)
            key = (
                kind, balancer, target, code, target_code, method, url[:slash], protocol, between, secured,
                rest[: middle - _CREATED_LENGTH], rest[middle:],
            )  # fmt: skip
            address, _, port = client.rpartition(":")
            path = url[slash:]
            digits = port + received + sent
            fractions = created[20:26] + when[20:26]
            port_number = int(port)
            if not (
                digits.isdecimal() and fractions.isdecimal() and when[26:] == "Z" and line.isascii() and not end
                and "\\" not in line and ":" not in address and len(digits) < _DIGITS_MAX and port_number <= _PORT_MAX
                and address[:1] not in _BRACKET and len(agent) > 1 and len(trace) > 1 and len(connection) > 1
                and '"' not in connection
                and (when[:20] in seconds or is_second(when[:20])) and (created[:20] in seconds or is_second(created[:20]))
            ):  # fmt: skip
                return parse_any(line)
            known = templates.get(key)
            record = None if known else parse_any(line)
            fields = known.copy() if known else dict(record.attributes) if isinstance(record, Record) else {}
            fields["client.address"] = address
            fields["client.port"] = port_number
            fields["aws.elb.request_processing_time"] = decimals[request_time]
            fields["aws.elb.target_processing_time"] = decimals[target_time]
            fields["aws.elb.response_processing_time"] = decimals[response_time]
            fields["http.request.size"] = int(received)
            fields["http.response.size"] = int(sent)
            fields["url.full"] = url
            fields["url.path"] = path
            fields["user_agent.original"] = agent
            fields["aws.elb.trace_id"] = trace
            fields["aws.elb.request_creation_time"] = created
            fields["aws.elb.conn_trace_id"] = connection
        except (ValueError, KeyError):
            return parse_any(line)
        if "?" in path:
            fields["url.path"], _, query = path.partition("?")
            if query:
                fields["url.query"] = query
        plain = new(Record, (when, None, None, None, request, fields))
        if record is not None and record == plain:
            keep(key, fields)
        return record or plain

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
