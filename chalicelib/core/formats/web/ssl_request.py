"""Apache's ssl_request_log, as Red Hat configures it: time, client, protocol, cipher, request, size; no status."""

from __future__ import annotations

from typing import Final

from chalicelib.core.formats.patterned import shaped
from chalicelib.core.formats.web.requests import add_request

SSL_REQUEST: Final = shaped(
    "apache_ssl_request",
    "Apache HTTP Server, TLS requests (ssl_request_log)",
    "https://httpd.apache.org/docs/2.4/mod/mod_ssl.html#logformats",
    samples=(
        '[14/Mar/2024:09:26:53 +0000] 192.0.2.17 TLSv1.3 TLS_AES_256_GCM_SHA384 "GET / HTTP/1.1" 199',
        '[14/Mar/2024:09:26:54 +0100] 2001:db8::5 TLSv1.2 ECDHE-RSA-AES128-GCM-SHA256 "POST /pay?id=7 HTTP/2.0" -',
        '[14/Mar/2024:09:26:55 +0000] 192.0.2.18 - - "-" 5316',
    ),
    templates=(
        r"\[{time=[0-9]{2}/{month}/[0-9]{4}:{clock} [+-][0-9]{4}}\] {client=[^ ]{1,255}} {text=(?:TLS|SSL)v[0-9.]{1,4}|-:tls.protocol.version}"
        r' {text=[A-Z0-9_-]{1,64}:tls.cipher} "{escaped:body}" {size=-|[0-9]{1,18}}',
    ),
    specificity=0.97,
    single_line=True,
    details=add_request,
)

FORMATS: Final = (SSL_REQUEST,)
