"""Access logs in a format of someone's own: anything with a time, a quoted request and a status.

Read by what the parts look like, not by where they stand: the first address is the client, the three digits
behind the request are the status, the next number is the size. What is not recognised is kept as `extra`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from chalicelib.core.formats import Format, severity
from chalicelib.core.formats.kinds import add_endpoint, add_integer, number
from chalicelib.core.formats.reasons import OTHER_SHAPE
from chalicelib.core.formats.times import Times
from chalicelib.core.formats.web.requests import ADDRESS, QUOTED, add_request, resolved
from chalicelib.core.formats.web.tails import FORWARDED, add_tail
from chalicelib.core.records import Record

if TYPE_CHECKING:
    from chalicelib.core.formats import Parse, ParseContext
    from chalicelib.core.formats.times import Stamp
    from chalicelib.core.records import Reject, Value

_TOKEN: Final = re.compile(rf" *+(?:{QUOTED}(?= |$)|\[([^\[\]\"]*+)\](?= |$)|((?!\")[^ ]++))", re.DOTALL)
_PROTOCOL_END: Final = re.compile(r" [A-Z]{2,8}/[0-9](?:\.[0-9])?\Z", re.ASCII)
_STATUS: Final = re.compile(r"[1-5][0-9]{2}", re.ASCII)
_INTEGER: Final = re.compile(r"[0-9]{1,15}", re.ASCII)
_SECONDS: Final = re.compile(r"[0-9]{1,9}\.[0-9]{1,9}", re.ASCII)
_ENDPOINT: Final = re.compile(
    rf"{ADDRESS}|[0-9.]{{7,15}}:[0-9]{{1,5}}|\[[0-9A-Fa-f:.]{{2,45}}\]:[0-9]{{1,5}}", re.ASCII
)
_HOST: Final = re.compile(r"_|[\w-]{1,63}(?:\.[\w-]{1,63}){0,8}\.[a-z][a-z-]{1,62}(?::[0-9]{1,5})?", re.ASCII)
_URL: Final = re.compile(r"(?:https?|android-app)://", re.ASCII)
_TOKENS_MAX: Final = 64


def _make_parser(context: ParseContext) -> Parse:
    times = Times(context.last_modified)

    def parse(line: str) -> Record | Reject:
        tokens: list[re.Match[str]] = []
        position = 0
        while position < len(line) and len(tokens) < _TOKENS_MAX and (match := _TOKEN.match(line, position)):
            tokens.append(match)
            position = match.end()
        if '"' in line[position:]:
            return OTHER_SHAPE
        at = next(
            (
                place
                for place, token in enumerate(tokens)
                if token[1] is not None and _PROTOCOL_END.search(token[1][-32:])
            ),
            None,
        )
        garbage = at is None
        if at is None:
            at = next(
                (
                    place
                    for place, token in enumerate(tokens[:-1])
                    if token[1] is not None
                    and tokens[place + 1][3]
                    and _STATUS.fullmatch(tokens[place + 1][3])
                ),
                None,
            )
        if at is None or any(map(_is_foreign, tokens[:at])):
            return OTHER_SHAPE
        stamp, used = _time(times, tokens, at)
        if stamp is None:
            return OTHER_SHAPE
        fields: dict[str, Value] = {}
        request = tokens[at][1]
        add_request(fields, request)
        used.add(at)
        _add_others(fields, tokens, at, used)
        if "http.response.status_code" not in fields or (garbage and "client.address" not in fields):
            return OTHER_SHAPE
        rest = "".join(token[0] for place, token in enumerate(tokens) if place not in used) + line[position:]
        rest = rest.strip(" ")
        if rest and (_INTEGER.fullmatch(rest) or not add_tail(fields, f" {rest}")):
            fields["extra"] = rest
        return Record(*stamp, None, None, request or None, fields)

    return parse


def _is_foreign(token: re.Match[str]) -> bool:
    """Whether a part before the request is a severity, a program or a bar: then another log carries it."""
    text = (token[2] or token[3] or "").strip()
    return text == "|" or text.endswith(":") or (text.isupper() and text.lower() in severity.WORDS)


def _time(times: Times, tokens: list[re.Match[str]], request: int) -> tuple[Stamp | None, set[int]]:
    """The time in the brackets nearest before the request, else behind it, else at the start of the line."""
    bracketed = [place for place, token in enumerate(tokens) if token[2] is not None]
    before = [place for place in bracketed if place < request]
    for place in (*before[:-4:-1], *bracketed[len(before) :][:3]):
        if stamp := times.of_text(tokens[place][2]):
            return stamp, {place}
    for count in (1, 2, 3):
        head = [token[3] for token in tokens[:count]]
        if all(head) and (stamp := times.of_text(" ".join(head))):
            return stamp, set(range(count))
    return None, set()


def _add_others(fields: dict[str, Value], tokens: list[re.Match[str]], request: int, used: set[int]) -> None:
    """Types what can be told by its looks; adds the places of what it used."""
    quoted: list[int] = []
    when = max(used - {request})
    if when > 1 and (user := tokens[when - 1][3]) and tokens[when - 2][3] == "-" and user != "-":
        fields["user.name"] = user
        used.add(when - 1)
    after = [*range(request + 1, len(tokens))]
    for place in (*after, *range(request)):
        token = tokens[place]
        text = token[3]
        if place in used:
            continue
        if token[1] is not None:
            quoted.append(place)
            continue
        if text is None:
            continue
        if text == "-":
            used.add(place)
            if place == request + 2 and "http.response.status_code" in fields:
                fields.setdefault("http.response.body.size", "-")
        elif "http.response.status_code" not in fields and _STATUS.fullmatch(text):
            add_integer(fields, "http.response.status_code", text)
            used.add(place)
        elif place > request and "http.response.body.size" not in fields and _INTEGER.fullmatch(text):
            add_integer(fields, "http.response.body.size", text)
            used.add(place)
        elif "request_time" not in fields and _SECONDS.fullmatch(text):
            fields["request_time"] = number(text)
            used.add(place)
        elif place < request and "client.address" not in fields and _ENDPOINT.fullmatch(text):
            add_endpoint(fields, "client", text)
            used.add(place)
        elif place < request and "server.address" not in fields and _HOST.fullmatch(text):
            add_endpoint(fields, "server", text)
            used.add(place)
    if fields.get("http.response.body.size") == "-":
        del fields["http.response.body.size"]
    _add_quoted(fields, [(place, resolved(tokens[place][1])) for place in quoted], used)


def _add_quoted(fields: dict[str, Value], quoted: list[tuple[int, str]], used: set[int]) -> None:
    """A referer and an agent usually stand side by side; else each is known by its looks."""
    texts = dict(quoted)
    for place, text in quoted:
        after = texts.get(place + 1, "-")
        is_referer = text in ("", "-") or _URL.match(text)
        is_agent = after not in ("", "-") and not FORWARDED.fullmatch(after) and not _URL.match(after)
        if is_referer and is_agent and "user_agent.original" not in fields:
            fields["user_agent.original"] = after
            used.add(place + 1)
        if place in used:
            continue
        if text in ("", "-"):
            used.add(place)
        elif "http.request.header.referer" not in fields and _URL.match(text):
            fields["http.request.header.referer"] = text
            used.add(place)
        elif FORWARDED.fullmatch(text):
            name = (
                "client.address" if "client.address" not in fields else "http.request.header.x_forwarded_for"
            )
            if name not in fields:
                fields[name] = text
                used.add(place)
        elif "user_agent.original" not in fields and ("/" in text or " " in text) and text[0].isalpha():
            fields["user_agent.original"] = text
            used.add(place)


OTHER: Final = Format(
    name="access_other",
    title="Access log of a format of one's own: a time, a quoted request, a status",
    source="https://nginx.org/en/docs/http/ngx_http_log_module.html#log_format",
    samples=(
        '[14/Mar/2024:09:26:53 +0100] shop.example.org 192.0.2.17 0.811 "GET /shop?q=froe HTTP/1.1" 200 5316 282'
        ' "https://example.org/" "curl/8.5.0"',
        '192.0.2.17 - ada [14/Mar/2024:09:26:54 UTC] 200 "GET /metrics HTTP/1.1" 3700 "-" "Prometheus/2.8.1"',
        '2024-03-14T09:26:55+01:00 192.0.2.17 "POST /pay HTTP/2.0" 502 0 1.204 "-" "Mozilla/5.0 (X11)"',
        '[14/Mar/2024:09:26:56 +0100] _ 198.51.100.9 0.000 "\\x16\\x03\\x01" 400 122 0 - -',
    ),
    make_parser=_make_parser,
    specificity=0.905,
    sieve=r'[^\n]{0,4096}?(?: [A-Z]{2,8}/[0-9](?:\.[0-9])?"|" [1-5][0-9]{2}(?: |$))',
    alone=True,
)

FORMATS: Final = (OTHER,)
