"""The page at ``GET /``: one document, with a policy that allows nothing but what was built.

`page.js` and `page.css` are built from `page/` (`make page`), `facts.json` is generated from the code (`make docs`).
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

_FOLDER: Final = Path(__file__).parent


class Document(NamedTuple):
    """etag: of the text, quoted as in a header. hashes: of what may run in it, and of what may style it."""

    text: str
    etag: str
    script_hash: str
    style_hash: str


@cache
def document() -> Document:
    """The page; read once a process."""
    script, style = _read("page.js"), _read("page.css")
    text = _read("page.html")
    # The script comes last: what it holds is no placeholder.
    for name, part in (("page.css", style), ("facts.json", _read("facts.json")), ("page.js", script)):
        text = text.replace(f"@{name}@", part, 1)
    etag = f'"{hashlib.sha256(text.encode()).hexdigest()[:32]}"'
    return Document(text, etag, _source_hash(script), _source_hash(style))


def headers(environment: Mapping[str, str]) -> dict[str, str]:
    """Of the answer. environment: the settings, which say where uploads go."""
    page = document()
    connect = " ".join(("'self'", *upload_origins(environment)))
    policy = {
        "default-src": "'none'",
        "script-src": f"'{page.script_hash}'",
        "style-src": f"'{page.style_hash}'",
        "img-src": "data:",
        "connect-src": connect,
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
        "require-trusted-types-for": "'script'",
        "trusted-types": "'none'",
    }
    return {
        "Content-Type": "text/html; charset=utf-8",
        "Content-Security-Policy": "; ".join(f"{name} {value}" for name, value in policy.items()),
        "Cache-Control": "no-cache",
        "ETag": page.etag,
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    }


def upload_origins(environment: Mapping[str, str]) -> tuple[str, ...]:
    """Where the input bucket takes what the page uploads
    (https://docs.aws.amazon.com/AmazonS3/latest/userguide/VirtualHosting.html)."""
    bucket = environment.get("INPUT_BUCKET")
    if not bucket:
        return ()
    if endpoint := environment.get("AWS_ENDPOINT_URL_S3") or environment.get("AWS_ENDPOINT_URL"):
        scheme, _, rest = endpoint.partition("://")
        return (f"{scheme}://{rest.partition('/')[0]}",)
    region = environment.get("AWS_REGION") or environment.get("AWS_DEFAULT_REGION") or "us-east-1"
    domain = "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
    if "." in bucket:  # no certificate is for such a host
        return (f"https://s3.{region}.{domain}",)
    return (f"https://{bucket}.s3.{region}.{domain}", f"https://{bucket}.s3.{domain}")


def _read(name: str) -> str:
    return (_FOLDER / name).read_text(encoding="utf-8").removesuffix("\n")


def _source_hash(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
