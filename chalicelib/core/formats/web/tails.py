"""What follows the user agent in a combined line: X-Forwarded-For, times, ``key=value`` pairs.

What is not recognised stays as logged in `extra`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from chalicelib.core.formats.kinds import decimal, integer, number, numbers
from chalicelib.core.formats.nested import add
from chalicelib.core.formats.web.requests import ADDRESS, QUOTED, is_address, resolved

if TYPE_CHECKING:
    from chalicelib.core.records import Value

_TOKEN: Final = re.compile(
    rf" ++(?:{QUOTED}|([A-Za-z_][\w.-]{{0,63}}+)=(?:{QUOTED}|([^ \"]*+))|([^ \"]++))(?= |$)", re.DOTALL
)
FORWARDED: Final = re.compile(
    rf"(?:{ADDRESS}(?::[0-9]{{1,5}})?|unknown)(?:, ?(?:{ADDRESS}(?::[0-9]{{1,5}})?|unknown))*+", re.ASCII
)
_SECONDS: Final = re.compile(r"[0-9]{1,9}\.[0-9]{1,9}", re.ASCII)
_INTEGER: Final = re.compile(r"[0-9]{1,15}", re.ASCII)
_TOKENS_MAX: Final = 64
"""What follows so many stays text."""
_TLS: Final = re.compile(r"(?:TLSv1(?:\.[0-3])?|SSLv[23])", re.ASCII)
_CIPHER: Final = re.compile(
    r"TLS_[A-Z0-9_]{6,60}|(?:EC)?DHE-[A-Z0-9-]{6,60}|AES(?:128|256)-[A-Z0-9-]{3,40}", re.ASCII
)
_REQUEST_ID: Final = re.compile(r"[0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)
_SECONDS_AND_MICROSECONDS: Final = re.compile(r"([0-9]{1,9})/([0-9]{1,15})", re.ASCII)
"""Apache's ``%T/%D``."""
_HOST: Final = re.compile(
    r"(?![\w.-]*\.(?:html?|php|js|css|png|jpe?g|gif|svg|ico|json|xml|txt)$)[\w-]{1,63}(?:\.[\w-]{1,63}){0,8}\.[a-z][a-z-]{1,62}",
    re.ASCII,
)
_LOOKS: Final = (
    ("tls.protocol.version", _TLS),
    ("tls.cipher", _CIPHER),
    ("http.request.id", _REQUEST_ID),
    ("server.address", _HOST),
)
"""Attribute → how its text looks, wherever it stands."""
_NAMES: Final = {
    **dict.fromkeys(("rt", "request_time"), "request_time"),
    **dict.fromkeys(("urt", "upstream_response_time"), "upstream_response_time"),
    **dict.fromkeys(("uct", "upstream_connect_time"), "upstream_connect_time"),
    **dict.fromkeys(("uht", "upstream_header_time"), "upstream_header_time"),
    **dict.fromkeys(("rid", "reqid", "req_id", "request_id"), "http.request.id"),
    **dict.fromkeys(("xff", "x_forwarded_for", "http_x_forwarded_for"), "http.request.header.x_forwarded_for"),
    **dict.fromkeys(("vhost", "server_name"), "server.address"),
    **dict.fromkeys(("ssl_protocol", "tls_version"), "tls.protocol.version"),
    **dict.fromkeys(("ssl_cipher", "tls_cipher"), "tls.cipher"),
}  # fmt: skip
"""Key → attribute, of the pairs that servers are usually told to write."""
_TEXTS: Final = frozenset(
    (
        "http.request.id",
        "http.request.header.x_forwarded_for",
        "server.address",
        "tls.protocol.version",
        "tls.cipher",
    )
)
_LIST: Final = re.compile(r"[0-9.]{1,20}(?:(?:, ?| : )(?:[0-9.]{1,20}|-)){1,16}", re.ASCII)
_TIMES: Final = ("request_time", "upstream_response_time", "upstream_connect_time")
FORWARDED_FOR: Final = "http.request.header.x_forwarded_for"


def add_tail(fields: dict[str, Value], tail: str) -> bool:
    """Types what a tail says; False where a quote does not end. tail: begins with a space, or is empty."""
    tail = tail.rstrip(" ")
    position = count = 0
    times = 1 if "request_time" in fields else 0
    rest: list[str] = []
    repeats: dict[str, int] = {}
    while count < _TOKENS_MAX and (match := _TOKEN.match(tail, position)):
        count += 1
        position = match.end()
        quoted, name, quoted_value, value, bare = match.groups()
        text = quoted if quoted is not None else bare
        if name is not None:
            value_text = value if quoted_value is None else resolved(quoted_value)
            if value_text not in ("-", ""):
                key = _NAMES.get(name.lower())
                if key is None or key in fields:
                    key = f"extra.{name}"
                add(fields, repeats, key, _value_of(key, value_text))
        elif text in ("-", ""):
            if times:
                times += 1
            elif rest:
                rest.append(match[0])
        elif times < len(_TIMES) and _SECONDS.fullmatch(text):
            fields[_TIMES[times]] = decimal(text)
            times += 1
        elif quoted is not None and FORWARDED_FOR not in fields and FORWARDED.fullmatch(text):
            fields[FORWARDED_FOR] = text
        elif not _add_by_looks(fields, text):
            rest.append(match[0])
    if count < _TOKENS_MAX and '"' in tail[position:]:
        return False
    rest.append(tail[position:])
    extra = "".join(rest).strip(" ")
    if not extra:
        return True
    if "request_time" not in fields and _INTEGER.fullmatch(extra):
        fields["request_time"] = integer(extra)
    else:
        fields["extra"] = extra
    return True


def _value_of(key: str, text: str) -> Value:
    """The text of a pair; the times of upstreams that were tried one after the other are a list."""
    if key.endswith("_time") and _LIST.fullmatch(text):
        return numbers(text)
    return text if key in _TEXTS else number(text)


def _add_by_looks(fields: dict[str, Value], text: str) -> bool:
    """Types what can be nothing else; whether it was."""
    for name, looks in _LOOKS:
        if name not in fields and looks.fullmatch(text):
            fields[name] = text
            return True
    both = _SECONDS_AND_MICROSECONDS.fullmatch(text)
    if both and "apache.duration_us" not in fields:
        fields["apache.duration_s"], fields["apache.duration_us"] = integer(both[1]), integer(both[2])
        return True
    return False


def forwarded_head(who: str) -> tuple[str, str] | None:
    """What an X-Forwarded-For list before the client says, and the rest; None where there is no list."""
    position = 0
    while True:
        end = who.find(" ", position)
        if end < 0:
            return None
        part = who[position:end]
        if not part.endswith(","):
            break
        if not is_address(part[:-1]) and part != "unknown,":
            return None
        position = end + 1
    if not position or not (is_address(part) or part == "unknown"):
        return None
    return who[:end], who[end + 1 :]
