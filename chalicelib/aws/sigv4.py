"""Requests that repeat one of botocore's: the same address and headers, with their own body, date and signature
(https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html).

Limits: JSON services at the root of an endpoint, with the whole body signed.
"""

from __future__ import annotations

import hmac
import time
from collections.abc import Mapping
from hashlib import sha256
from typing import Any, Final
from urllib.parse import urlsplit

_ALGORITHM: Final = "AWS4-HMAC-SHA256"
_DATE: Final = "x-amz-date"
_SESSION: Final = "x-amz-security-token"
_OF_ONE_REQUEST: Final = frozenset(
    {
        _DATE,
        _SESSION,
        "amz-sdk-invocation-id",
        "amz-sdk-request",
        "authorization",
        "content-length",
        "host",
        "x-amzn-trace-id",
    }
)
_DEFAULT_PORTS: Final = {"http": 80, "https": 443}


class Pattern:
    """The common part of an operation's requests: url, and the headers by name as botocore writes them.

    Raises ValueError for a request that cannot be made here.
    """

    def __init__(self, url: str, headers: Mapping[str, str]) -> None:
        parts = urlsplit(url)
        if parts.path not in ("", "/") or parts.query or parts.username:
            raise ValueError(f"{url} is not the root of an endpoint")
        by_name = {name.lower(): value for name, value in headers.items()}
        if not by_name.get("content-type", "").startswith("application/x-amz-json"):
            raise ValueError("the body is not JSON")
        self.url = url
        self._region, self._service, names = _scope(by_name.get("authorization", ""))
        self._host = _host(parts.scheme, parts.hostname or "", parts.port)
        self._signed = {name: " ".join(by_name[name].split()) for name in names - _OF_ONE_REQUEST}
        if not names - {_SESSION} == {*self._signed, "host", _DATE}:
            raise ValueError(f"{', '.join(sorted(names))} are signed, which differ from request to request")
        self._signed["host"] = self._host
        same = {name: value for name, value in headers.items() if name.lower() not in _OF_ONE_REQUEST}
        self._begin = f"POST / HTTP/1.1\r\nHost: {self._host}\r\nAccept-Encoding: identity\r\n" + "".join(
            f"{name}: {value}\r\n" for name, value in same.items()
        )
        self._key: tuple[str, str, bytes] = ("", "", b"")

    def head(
        self, body: bytes, credentials: Any, at: float, invocation: str, attempt: str, trace: str | None
    ) -> bytes:
        """Request line and headers, including the empty line. credentials: frozen; at: seconds since 1970; invocation,
        attempt: what botocore tells the server about them; trace: X-Ray's header."""
        date = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(at))
        token = f"X-Amz-Security-Token: {credentials.token}\r\n" if credentials.token else ""
        traced = f"X-Amzn-Trace-Id: {trace}\r\n" if trace else ""
        return (
            f"{self._begin}{traced}X-Amz-Date: {date}\r\n{token}"
            f"Authorization: {self.authorization(body, credentials, date)}\r\n"
            f"amz-sdk-invocation-id: {invocation}\r\namz-sdk-request: {attempt}\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        ).encode()

    def authorization(self, body: bytes, credentials: Any, date: str) -> str:
        """date: `20260301T100000Z`."""
        signed = self._signed | {_DATE: date}
        if credentials.token:
            signed[_SESSION] = credentials.token
        names = sorted(signed)
        named = ";".join(names)
        lines = "".join([f"{name}:{signed[name]}\n" for name in names])
        request = f"POST\n/\n\n{lines}\n{named}\n{sha256(body).hexdigest()}"
        day = date[:8]
        scope = f"{day}/{self._region}/{self._service}/aws4_request"
        text = f"{_ALGORITHM}\n{date}\n{scope}\n{sha256(request.encode()).hexdigest()}"
        signature = hmac.digest(self._key_of(credentials.secret_key, day), text.encode(), "sha256").hex()
        return f"{_ALGORITHM} Credential={credentials.access_key}/{scope}, SignedHeaders={named}, Signature={signature}"

    def _key_of(self, secret: str, day: str) -> bytes:
        known_secret, known_day, key = self._key
        if (known_secret, known_day) != (secret, day):
            key = f"AWS4{secret}".encode()
            for part in (day, self._region, self._service, "aws4_request"):
                key = hmac.digest(key, part.encode(), "sha256")
            self._key = (secret, day, key)
        return key


def pattern_of(url: str, headers: Mapping[str, Any], body: bytes, credentials: Any) -> Pattern | None:
    """The pattern of a request that botocore signed with these credentials; None if Froe's signature would differ."""
    texts = {name: value.decode() if isinstance(value, bytes) else value for name, value in headers.items()}
    try:
        pattern = Pattern(url, texts)
    except (KeyError, ValueError):
        return None
    by_name = {name.lower(): value for name, value in texts.items()}
    ours = pattern.authorization(body, credentials, by_name.get(_DATE, ""))
    return pattern if hmac.compare_digest(ours, by_name["authorization"]) else None


def _scope(authorization: str) -> tuple[str, str, frozenset[str]]:
    """Region, service and the names of the signed headers."""
    algorithm, _, rest = authorization.partition(" ")
    if algorithm != _ALGORITHM:
        raise ValueError(f"signed by {algorithm or 'nothing'}")
    fields = dict(field.strip().split("=", 1) for field in rest.split(","))
    _, region, service, _ = fields["Credential"].rsplit("/", 3)
    return region, service, frozenset(fields["SignedHeaders"].split(";"))


def _host(scheme: str, name: str, port: int | None) -> str:
    host = f"[{name}]" if ":" in name else name
    return host if port in (None, _DEFAULT_PORTS[scheme]) else f"{host}:{port}"
