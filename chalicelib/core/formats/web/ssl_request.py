"""Apache's ssl_request_log, as Red Hat configures it: time, client, protocol, cipher, request, size; no status."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from chalicelib.core.formats import Format
from chalicelib.core.formats.kinds import add_integer
from chalicelib.core.formats.reasons import BAD_TIME, OTHER_SHAPE
from chalicelib.core.formats.times import MONTH, Times
from chalicelib.core.formats.web.requests import QUOTED, add_request
from chalicelib.core.records import Record, Reject

if TYPE_CHECKING:
    from chalicelib.core.formats import Parse, ParseContext
    from chalicelib.core.records import Value

_HEAD: Final = (
    rf"\[[0-9]{{2}}/{MONTH}/[0-9]{{4}}:[0-9:]{{8}} [+-][0-9]{{4}}\] [^ ]{{1,255}} (?:(?:TLS|SSL)v[0-9.]{{1,4}}|-) "
    r'[A-Z0-9_-]{1,64} "'
)
_LINE: Final = re.compile(
    rf"\[([^\]]{{26}})\] ([^ ]{{1,255}}) ((?:TLS|SSL)v[0-9.]{{1,4}}|-) ([A-Z0-9_-]{{1,64}}) {QUOTED} (-|[0-9]{{1,18}})",
    re.DOTALL,
)


def _make_parser(context: ParseContext) -> Parse:
    of_text = Times(context.last_modified).of_text

    def parse(line: str) -> Record | Reject:
        found = _LINE.fullmatch(line)
        if found is None:
            return OTHER_SHAPE
        when, client, protocol, cipher, request, size = found.groups()
        stamp = of_text(when)
        if stamp is None:
            return BAD_TIME
        texts = {"client.address": client, "tls.protocol.version": protocol, "tls.cipher": cipher}
        fields: dict[str, Value] = {name: text for name, text in texts.items() if text != "-"}
        add_request(fields, request)
        if size != "-":
            add_integer(fields, "http.response.body.size", size)
        return Record(*stamp, None, None, request or None, fields)

    return parse


SSL_REQUEST: Final = Format(
    name="apache_ssl_request",
    title="Apache HTTP Server, TLS requests (ssl_request_log)",
    source="https://httpd.apache.org/docs/2.4/mod/mod_ssl.html#logformats",
    samples=(
        '[14/Mar/2024:09:26:53 +0000] 192.0.2.17 TLSv1.3 TLS_AES_256_GCM_SHA384 "GET / HTTP/1.1" 199',
        '[14/Mar/2024:09:26:54 +0100] 2001:db8::5 TLSv1.2 ECDHE-RSA-AES128-GCM-SHA256 "POST /pay?id=7 HTTP/2.0" -',
        '[14/Mar/2024:09:26:55 +0000] 192.0.2.18 - - "-" 5316',
    ),
    make_parser=_make_parser,
    specificity=0.97,
    sieve=_HEAD,
    alone=True,
)

FORMATS: Final = (SSL_REQUEST,)
