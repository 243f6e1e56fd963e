"""Access logs of API Gateway, in the layouts that its console offers: JSON objects and CLF lines.

Both are `$context` variables chosen by whoever set them up: members go by their usual names, those that
are none of these stay under `aws.apigateway.`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from chalicelib.core.formats import Format
from chalicelib.core.formats.aws.columns import request_of
from chalicelib.core.formats.objects import Objects, holding
from chalicelib.core.formats.reasons import OTHER_SHAPE
from chalicelib.core.formats.registry import by_name
from chalicelib.core.framing import Framing, Kind
from chalicelib.core.records import Record, Reject

if TYPE_CHECKING:
    from chalicelib.core.formats import Parse, ParseContext
    from chalicelib.core.formats.json_text import Fields

_LINE: Final = re.compile(
    r'([^ ]++ [^ ]++ [^ ]++ \[[^\]\n]{20,32}\] "[^"\n]*+" (?:[0-9]{3}|-) (?:[0-9]{1,18}|-))'
    r" ([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|[0-9A-Za-z_/+-]{14,24}={1,2})"
    r"(?: ([0-9A-Za-z_/+-]{14,24}={0,2}))?"
)
_SIGNS: Final = frozenset((
    "routeKey", "resourcePath", "extendedRequestId", "apiId", "stage", "responseLength", "resourceId",
    "integrationLatency", "integrationStatus", "responseLatency", "domainName",
))  # fmt: skip


def _is_request(members: Fields) -> bool:
    has_target = "httpMethod" in members or "routeKey" in members
    return has_target and len(_SIGNS.intersection(members)) > 1


def _request(fields: Fields) -> str | None:
    method, _, route = str(fields.get("aws.apigateway.route_key", "")).partition(" ")
    if route:
        fields.setdefault("http.request.method", method)
        fields.setdefault("http.route", route)
    return request_of(fields, otherwise=fields.get("http.route") or fields.get("aws.apigateway.route_key"))


def _make_clf_parser(context: ParseContext) -> Parse:
    common = by_name("access_common").make_parser(context)

    def parse(line: str) -> Record | Reject:
        match = _LINE.fullmatch(line)
        if match is None:
            return OTHER_SHAPE
        record = common(match[1])
        if isinstance(record, Record):
            fields = record.attributes
            if "ident" in fields:
                fields["aws.apigateway.caller"] = fields.pop("ident")
            fields["aws.request_id"] = match[2]
            if match[3]:
                fields["aws.extended_request_id"] = match[3]
        return record

    return parse


JSON: Final = Objects(
    name="aws_api_gateway",
    title="Amazon API Gateway, access log as JSON",
    source="https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-logging.html",
    samples=(
        '{"requestId":"c6af9ac6-7b61-11e6-9a41-93e8deadbeef","ip":"192.0.2.17","caller":"-","user":"-",'
        '"requestTime":"14/Mar/2024:09:26:53 +0000","httpMethod":"GET","resourcePath":"/carts/{id}","status":"200",'
        '"protocol":"HTTP/1.1","responseLength":"5316"}',
        '{"requestId":"JKJaXmPLvHcESHA=","ip":"2001:db8::5","requestTime":"14/Mar/2024:09:26:54 +0000","httpMethod":"POST",'
        '"routeKey":"POST /carts","status":"201","protocol":"HTTP/1.1","responseLength":"0","integrationLatency":"17"}',
    ),
    specificity=0.995,
    framing=Framing(kind=Kind.JSON),
    sieve=holding("requestId"),
    prefix="aws.apigateway",
    required=("requestId", "status"),
    time=("requestTimeEpoch", "requestTime", "time", "timestamp"),
    timeless=None,
    names={
        "requestId": "aws.request_id",
        "extendedRequestId": "aws.extended_request_id",
        "ip": "client.address",
        "sourceIp": "client.address",
        "identity.sourceIp": "client.address",
        "user": "user.name",
        "httpMethod": "http.request.method",
        "resourcePath": "http.route",
        "path": "url.path",
        "protocol": "protocol:network.protocol.name",
        "status": "http.response.status_code",
        "responseLength": "http.response.body.size",
        "userAgent": "user_agent.original",
        "domainName": "url.domain",
        "accountId": "cloud.account.id",
        "responseLatency": "number:aws.apigateway.response_latency",
        "integrationLatency": "number:aws.apigateway.integration_latency",
        "integrationStatus": "number:aws.apigateway.integration_status",
        "latency": "number:aws.apigateway.latency",
    },
    confirms=_is_request,
    heading=_request,
).format()
CLF: Final = Format(
    name="aws_api_gateway_clf",
    title="Amazon API Gateway, access log as CLF",
    source="https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-logging.html",
    samples=(
        '192.0.2.17 - ada [14/Mar/2024:09:26:53 +0000] "GET /carts/{id} HTTP/1.1" 200 5316'
        " c6af9ac6-7b61-11e6-9a41-93e8deadbeef",
        '2001:db8::5 - - [14/Mar/2024:09:26:54 +0000] "POST /carts HTTP/2.0" 201 - JKJaXmPLvHcESHA=',
    ),
    make_parser=_make_clf_parser,
    specificity=0.985,
    sieve=r"[^ \[]{1,128} [^ ]{1,128} [^ ]{1,128} \[[0-9]{2}/[A-Z][a-z]{2}/[0-9]{4}:[^\"\n]{8,24}\"[^\"\n]*+\" [0-9-]{1,3} [0-9-]{1,18} "
    r"[^ \"]{14,36}(?: |$)",
    alone=True,
)

FORMATS: Final = (JSON, CLF)
