"""Standard logs of CloudFront: tab-separated columns as the #Fields line names them, or all of 33.

User agent and cookies are given decoded: CloudFront writes them percent-encoded, once or twice. Paths,
queries and referers stay as logged.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote

from chalicelib.core.formats import Format
from chalicelib.core.formats.aws.columns import (
    ABSENT,
    PROTOCOLS,
    Setter,
    decimal,
    integer,
    number,
    request_of,
    status,
    word,
)
from chalicelib.core.formats.reasons import BAD_TIME, OTHER_SHAPE
from chalicelib.core.formats.times import Times
from chalicelib.core.framing import Framing
from chalicelib.core.records import Record, Reject

if TYPE_CHECKING:
    from chalicelib.core.formats import Parse, ParseContext
    from chalicelib.core.formats.aws.columns import Fields


_ALL: Final = (
    "date time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem sc-status cs(Referer) cs(User-Agent)"
    " cs-uri-query cs(Cookie) x-edge-result-type x-edge-request-id x-host-header cs-protocol cs-bytes time-taken"
    " x-forwarded-for ssl-protocol ssl-cipher x-edge-response-result-type cs-protocol-version fle-status"
    " fle-encrypted-fields c-port time-to-first-byte x-edge-detailed-result-type sc-content-type sc-content-len"
    " sc-range-start sc-range-end"
)
_OLDEST: Final = 12
"""How many columns the first standard logs had."""
_LOCATION: Final = re.compile(r"[A-Z]{3}[A-Z0-9-]{0,9}")


def _decoded(fields: Fields, name: str, text: str) -> None:
    decoded = unquote(text)
    fields[name] = unquote(decoded) if "%20" in decoded else decoded


def _protocol(fields: Fields, name: str, text: str) -> None:
    known = PROTOCOLS.get(text)
    if known is None:
        fields[name] = text
    else:
        fields["network.protocol.name"], fields["network.protocol.version"] = known


def _location(fields: Fields, name: str, text: str) -> None:
    if not _LOCATION.fullmatch(text):
        raise ValueError("no edge location")
    fields[name] = text


COLUMNS: Final[dict[str, tuple[str, Setter]]] = {
    "x-edge-location": ("aws.cloudfront.x_edge_location", _location),
    "sc-bytes": ("http.response.size", integer),
    "c-ip": ("client.address", word),
    "cs-method": ("http.request.method", word),
    "cs(host)": ("server.address", word),
    "cs-uri-stem": ("url.path", word),
    "sc-status": ("http.response.status_code", status),
    "cs(referer)": ("http.request.header.referer", word),
    "cs(user-agent)": ("user_agent.original", _decoded),
    "cs-uri-query": ("url.query", word),
    "cs(cookie)": ("http.request.header.cookie", _decoded),
    "x-edge-request-id": ("aws.request_id", word),
    "x-host-header": ("url.domain", word),
    "cs-protocol": ("url.scheme", word),
    "cs-bytes": ("http.request.size", integer),
    "time-taken": ("aws.cloudfront.time_taken", decimal),
    "x-forwarded-for": ("http.request.header.x_forwarded_for", word),
    "ssl-protocol": ("tls.protocol.version", word),
    "ssl-cipher": ("tls.cipher", word),
    "cs-protocol-version": ("network.protocol.name", _protocol),
    "fle-encrypted-fields": ("aws.cloudfront.fle_encrypted_fields", number),
    "c-port": ("client.port", integer),
    "time-to-first-byte": ("aws.cloudfront.time_to_first_byte", decimal),
    "sc-content-type": ("http.response.header.content_type", word),
    "sc-content-len": ("http.response.body.size", integer),
    "sc-range-start": ("aws.cloudfront.sc_range_start", integer),
    "sc-range-end": ("aws.cloudfront.sc_range_end", integer),
}


def column_of(name: str) -> tuple[str, Setter]:
    own = name.lower().replace("-", "_").replace("(", "_").replace(")", "")
    return COLUMNS.get(name.lower(), (f"aws.cloudfront.{own}", word))


def _names(header: str) -> list[str]:
    """The names of the #Fields line in force; all, where there is none; none, where they are not CloudFront's."""
    decoded = next((line for line in header.split("\n") if line.startswith("#Fields:")), None)
    if decoded is None:
        return _ALL.split()
    names = decoded.removeprefix("#Fields:").split()
    return names if {"date", "time", "x-edge-location"} <= set(names) else []


def _make_parser(context: ParseContext) -> Parse:
    times = Times(context.last_modified)
    names = _names(context.header)
    columns = [column_of(name) for name in names]
    fewest = max(len(names), 1) if "#Fields:" in context.header else _OLDEST
    when = [number for number, name in enumerate(names) if name in ("date", "time")]
    passed = frozenset(when)

    def parse(line: str) -> Record | Reject:
        tokens = line.split("\t")
        if not fewest <= len(tokens) <= len(names):
            return OTHER_SHAPE
        fields: Fields = {}
        try:
            for place, token in enumerate(tokens):
                if token not in ABSENT and place not in passed:
                    name, put = columns[place]
                    put(fields, name, token)
        except ValueError:
            return OTHER_SHAPE
        stamp = times.of_parts(f"{tokens[when[0]]}T{tokens[when[1]]}", None, "Z")
        if stamp is None:
            return BAD_TIME
        return Record(*stamp, None, None, request_of(fields), fields)

    return parse


CLOUDFRONT: Final = Format(
    name="aws_cloudfront",
    title="Amazon CloudFront, standard log",
    source="https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/standard-logs-reference.html",
    samples=(
        f"#Version: 1.0\n#Fields: {_ALL}\n"
        "2024-03-14\t09:26:53\tLHR61-P2\t5316\t192.0.2.17\tGET\td111111abcdef8.cloudfront.net\t/cart.html\t200\t"
        "https://example.org/\tMozilla/5.0%20(X11;%20Linux%20x86_64)\titem=7\tid=a%2520b\tHit\t"
        "SOX4xwn4XV6Q4rgb7XiVGOHms_BGlTAC4KyHmureZmBNrjGdRLiNIQ==\tshop.example.org\thttps\t23\t0.001\t-\tTLSv1.3\t"
        "TLS_AES_128_GCM_SHA256\tHit\tHTTP/2.0\t-\t-\t11040\t0.001\tHit\ttext/html\t5061\t-\t-",
        f"#Version: 1.0\n#Fields: {_ALL}\n"
        "2024-03-14\t09:26:54\tFRA2-C1\t1045619\t2001:db8::5\tGET\td111111abcdef8.cloudfront.net\t/a/b.mp4\t206\t-\t"
        "curl/8.5.0\t-\t-\tMiss\tk6WGMNkEzR5BEM_SaF47gjtX9zBDO2m349OY2an0QPEaUum1ZOLrow==\tshop.example.org\thttps\t81\t"
        "0.402\t198.51.100.9\tTLSv1.2\tECDHE-RSA-AES128-GCM-SHA256\tMiss\tHTTP/1.1\t-\t-\t11041\t0.2\tMiss\tvideo/mp4\t"
        "1045120\t0\t1045119",
    ),
    make_parser=_make_parser,
    specificity=0.99,
    framing=Framing(header=r"#(Version|Fields):"),
    sieve=r"#(?:Version|Fields):|[0-9]{4}-[0-9]{2}-[0-9]{2}\t[0-9:]{8}\t[A-Z]{3}[A-Z0-9-]{0,9}\t",
    alone=True,
)

FORMATS: Final = (CLOUDFRONT,)
