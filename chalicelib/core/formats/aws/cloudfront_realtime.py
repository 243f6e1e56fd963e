"""Real-time logs of CloudFront: tab-separated values without names, of the fields that its configuration chose.

The chosen fields keep the order of the documentation. All of them are read by their place; of fewer, a column
is named where its value can be no other field's in that order, and is `aws.cloudfront.column_N` else: a wrong
name is worse than none.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from chalicelib.core.formats import Format
from chalicelib.core.formats.aws.cloudfront import column_of
from chalicelib.core.formats.aws.columns import request_of
from chalicelib.core.formats.kinds import is_ip
from chalicelib.core.formats.reasons import BAD_TIME, OTHER_SHAPE
from chalicelib.core.formats.times import Times
from chalicelib.core.records import Record, Reject

if TYPE_CHECKING:
    from chalicelib.core.formats import Parse, ParseContext
    from chalicelib.core.formats.aws.columns import Fields

_ORDER: Final = (
    ("timestamp", "t"), ("c-ip", "i"), ("s-ip", "i"), ("time-to-first-byte", "f"), ("sc-status", "s"), ("sc-bytes", "ns"), ("cs-method", "m"),
    ("cs-protocol", "p"), ("cs-host", "di"), ("cs-uri-stem", "u"), ("cs-bytes", "ns"), ("x-edge-location", "e"), ("x-edge-request-id", "q"),
    ("x-host-header", "di"), ("time-taken", "f"), ("cs-protocol-version", "h"), ("c-ip-version", "v"), ("cs-user-agent", "axd-"),
    ("cs-referer", "Rxd-"), ("cs-cookie", "xd-"), ("cs-uri-query", "xdnsC-"), ("x-edge-response-result-type", "r"), ("x-forwarded-for", "ix-"),
    ("ssl-protocol", "l-"), ("ssl-cipher", "c-"), ("x-edge-result-type", "r"), ("fle-encrypted-fields", "ns-"), ("fle-status", "x-"),
    ("sc-content-type", "x-"), ("sc-content-len", "ns-"), ("sc-range-start", "ns-"), ("sc-range-end", "ns-"), ("c-port", "ns"),
    ("x-edge-detailed-result-type", "r"), ("c-country", "C-"), ("cs-accept-encoding", "xd-"), ("cs-accept", "xd-"),
    ("cache-behavior-path-pattern", "xu-"), ("cs-headers", "x-"), ("cs-header-names", "xd-"), ("cs-headers-count", "ns-"),
    ("primary-distribution-id", "xd-"), ("primary-distribution-dns-name", "d-"), ("origin-fbl", "f-"), ("origin-lbl", "f-"), ("asn", "ns-"),
)  # fmt: skip
"""Field, and the kinds that its value may be of."""
_FULL: Final = {
    40: tuple(name for name, _ in _ORDER if name != "s-ip")[:40],
    41: tuple(name for name, _ in _ORDER)[:41],
}
"""All fields that there were, by their number."""
_STRONG: Final = frozenset("mhvepqrul")
_STRONG_MIN: Final = 3
_COLUMNS_MIN: Final = 5
_KIND: Final = re.compile(
    r"(?P<t>[0-9]{10}(?:\.[0-9]{1,6})?)|(?P<f>[0-9]{1,6}\.[0-9]{1,6})|(?P<s>[1-5][0-9]{2}|000)|(?P<n>[0-9]{1,18})"
    r"|(?P<m>GET|HEAD|POST|PUT|DELETE|OPTIONS|PATCH)|(?P<h>HTTP/[0-9.]{1,3})|(?P<v>IPv[46])|(?P<p>https?|wss?)"
    r"|(?P<e>[A-Z]{3}[0-9]{1,3}(?:-[A-Z][0-9]{1,2})?)|(?P<q>[\w-]{50,60}={0,2})"
    r"|(?P<r>(?:Origin)?(?:Shield)?(?:Hit|Miss|RefreshHit|Error|Redirect|LimitExceeded|CapacityExceeded)|AbortedOrigin|ClientCommError"
    r"|ClientGeoBlocked|ClientHungUpRequest|Error\w{1,40}|InvalidRequest\w{0,40}|Origin\w{1,40}|MissGeneratedResponse|FunctionGeneratedResponse)"
    r"|(?P<a>(?:Mozilla|[A-Za-z][\w-]{1,40})/[0-9][^\t]*+)|(?P<R>https?://\S++)|(?P<l>TLSv1(?:\.[0-3])?|SSLv3)|(?P<c>(?:TLS_|ECDHE-|AES[0-9]|DHE-|RC4-|DES-)[\w-]{4,64})|(?P<C>[A-Z]{2})|(?P<u>/\S*+)"
    r"|(?P<d>[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,8}(?::[0-9]{1,5})?)"
)
_STATUS_OR_BYTES: Final = (4, 5)
"""A number that may be a status is one: who leaves out the status leaves out the bytes."""
_NAMES: Final = {
    "cs-host": "cs(host)", "cs-user-agent": "cs(user-agent)", "cs-referer": "cs(referer)", "cs-cookie": "cs(cookie)", "s-ip": "s-ip",
}  # fmt: skip
_ABSENT: Final = frozenset(("-", ""))


def _kind(value: str) -> str:
    if value in _ABSENT:
        return "-"
    if is_ip(value):
        return "i"
    match = _KIND.fullmatch(value)
    return "x" if match is None else match.lastgroup or "x"


@lru_cache(4096)
def _fields_of(kinds: str) -> tuple[str | None, ...] | None:
    """The field of each column, from the kinds of their values; None for a column that may be several, and where the
    kinds fit no choice of fields."""
    if len(kinds) in _FULL and _fit(kinds, _FULL[len(kinds)]):
        return _FULL[len(kinds)]
    order = [place for place, (name, _) in enumerate(_ORDER) if name != "s-ip" or kinds[2:3] == "i"]
    first = _places(kinds, order)
    last = _places(kinds[::-1], order[::-1])
    if first is None or last is None:
        return None
    return tuple(
        _ORDER[early][0] if early == late or (early, late) == _STATUS_OR_BYTES else None
        for early, late in zip(first, reversed(last), strict=True)
    )


def _fit(kinds: str, names: tuple[str, ...]) -> bool:
    accepted = dict(_ORDER)
    return all(
        kind in accepted[name] for kind, name in zip(kinds, names, strict=True) if accepted[name] in _STRONG
    )


def _places(kinds: str, order: list[int]) -> list[int] | None:
    """The first field in this order that each column may be, one after the other."""
    fields = iter(order)
    places = []
    for kind in kinds:
        place = next((place for place in fields if kind in _ORDER[place][1]), None)
        if place is None:
            return None
        places.append(place)
    return places


def _make_parser(context: ParseContext) -> Parse:
    times = Times(context.last_modified)

    def parse(line: str) -> Record | Reject:
        values = line.split("\t")
        if not _COLUMNS_MIN <= len(values) <= len(_ORDER):
            return OTHER_SHAPE
        kinds = "".join(map(_kind, values))
        if kinds[:2] != "ti" or len(_STRONG.intersection(kinds)) < _STRONG_MIN:
            return OTHER_SHAPE
        names = _fields_of(kinds)
        if names is None:
            return OTHER_SHAPE
        stamp = times.of_number(values[0])
        if stamp is None:
            return BAD_TIME
        fields: Fields = {}
        for number, (name, value) in enumerate(zip(names, values, strict=True), start=1):
            if value in _ABSENT or number == 1:
                continue
            if name is None:
                fields[f"aws.cloudfront.column_{number}"] = value
                continue
            own, put = column_of(_NAMES.get(name, name))
            try:
                put(fields, own, value)
            except ValueError:
                return OTHER_SHAPE
        return Record(*stamp, None, None, request_of(fields), fields)

    return parse


CLOUDFRONT_REALTIME: Final = Format(
    name="aws_cloudfront_realtime",
    title="Amazon CloudFront, real-time log, whatever fields it was told to have",
    source="https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/real-time-logs.html",
    samples=(
        "1710404813.123\t192.0.2.17\t0.002\t200\t5316\tGET\thttps\td111111abcdef8.cloudfront.net\t/cart.html\t412\tLHR61-P2\t"
        "SOX4xwn4XV6Q4rgb7XiVGOHms_BGlTAC4KyHmureZmBNrjGdRLiNIQ==\tshop.example.org\t0.003\tHTTP/2.0\tIPv4\t"
        "Mozilla/5.0%20(X11;%20Linux%20x86_64)\thttps://example.org/\t-\titem=7\tHit\t-\tTLSv1.3\tTLS_AES_128_GCM_SHA256\tHit\t-\t-\t"
        "text/html\t5061\t-\t-\t51022\tHit\tNO\tgzip,%20br\ttext/html\t*\tHost:shop.example.org%0A\thost%0A\t1",
        "1710404814.456\t2001:db8::5\t404\tGET\thttps\td111111abcdef8.cloudfront.net\t/missing\tFRA2-C1\t0.041\tHTTP/1.1\tcurl/8.5.0",
    ),
    make_parser=_make_parser,
    specificity=0.985,
    sieve=r"[0-9]{10}(?:\.[0-9]{1,6})?\t[0-9A-Fa-f:.]{2,45}\t(?:[^\t\n]*+\t){2}",
    alone=True,
)

FORMATS: Final = (CLOUDFRONT_REALTIME,)
