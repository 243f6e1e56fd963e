"""Logs of AWS WAF: one JSON object a request. The request line is put together from its parts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from chalicelib.core.formats.aws.columns import request_of
from chalicelib.core.formats.json_text import flat_object
from chalicelib.core.formats.objects import Objects, holding
from chalicelib.core.framing import Framing, Kind

if TYPE_CHECKING:
    from chalicelib.core.formats.json_text import Fields

_HEADERS: Final = {
    "user-agent": "user_agent.original",
    "host": "http.request.header.host",
    "referer": "http.request.header.referer",
    "x-forwarded-for": "http.request.header.x_forwarded_for",
}


def _add_headers(fields: Fields, _body: str | None) -> None:
    """The usual headers; the list of all headers stays."""
    headers = fields.get("aws.waf.http_request.headers")
    for header in headers if isinstance(headers, list) else ():
        if isinstance(header, dict):
            name = _HEADERS.get(str(header.get("name")).lower())
            value = header.get("value")
            if name and value and isinstance(value, str):
                fields.setdefault(name, value)


WAF: Final = Objects(
    name="aws_waf",
    title="AWS WAF, web ACL traffic",
    source="https://docs.aws.amazon.com/waf/latest/developerguide/logging-fields.html",
    samples=(
        '{"timestamp":1710408413123,"formatVersion":1,'
        '"webaclId":"arn:aws:wafv2:eu-west-1:111122223333:regional/webacl/shop/3fffd3c4","terminatingRuleId":"sql",'
        '"terminatingRuleType":"REGULAR","action":"BLOCK","terminatingRuleMatchDetails":[{"conditionType":"SQL_INJECTION",'
        '"sensitivityLevel":"HIGH","location":"QUERY_STRING","matchedData":["10","AND","1"]}],"httpSourceName":"ALB",'
        '"httpSourceId":"111122223333-app/shop/50dc6c495c0c9188","ruleGroupList":[],"rateBasedRuleList":[],'
        '"nonTerminatingMatchingRules":[],"requestHeadersInserted":null,"responseCodeSent":403,'
        '"httpRequest":{"clientIp":"192.0.2.17","country":"GB","headers":[{"name":"Host","value":"shop.example.org"},'
        '{"name":"User-Agent","value":"curl/8.5.0"}],"uri":"/cart","args":"item=10%20AND%201","httpVersion":"HTTP/1.1",'
        '"httpMethod":"GET","requestId":"rid-1"},"labels":[{"name":"awswaf:managed:aws:sql"}]}',
        '{"timestamp":1710408414000,"formatVersion":1,"webaclId":"shop","terminatingRuleId":"Default_Action",'
        '"terminatingRuleType":"REGULAR","action":"ALLOW","httpSourceName":"CF","httpSourceId":"E1","ruleGroupList":[],'
        '"httpRequest":{"clientIp":"2001:db8::5","country":"-","headers":[],"uri":"/","args":"",'
        '"httpVersion":"HTTP/2.0","httpMethod":"HEAD","requestId":null}}',
    ),
    specificity=0.995,
    framing=Framing(kind=Kind.JSON),
    sieve=holding("webaclId"),
    read=flat_object,
    prefix="aws.waf",
    required=("timestamp", "webaclId", "action", "httpRequest.clientIp"),
    time=("timestamp",),
    timeless=None,
    names={
        "httpRequest.clientIp": "client.address",
        "httpRequest.country": "geo.country.iso_code",
        "httpRequest.uri": "url.path",
        "httpRequest.args": "url.query",
        "httpRequest.fragment": "url.fragment",
        "httpRequest.scheme": "url.scheme",
        "httpRequest.host": "url.domain",
        "httpRequest.httpVersion": "protocol:network.protocol.name",
        "httpRequest.httpMethod": "http.request.method",
        "httpRequest.requestId": "aws.request_id",
        "responseCodeSent": "http.response.status_code",
        "ja3Fingerprint": "tls.client.ja3",
    },
    heading=request_of,
    finish=_add_headers,
).format()

FORMATS: Final = (WAF,)
