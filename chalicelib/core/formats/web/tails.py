"""What follows the user agent in a combined line: X-Forwarded-For, times, ``key=value`` pairs.

What is not recognised stays as logged in `extra`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from chalicelib.core.formats.kinds import number
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
_TIMES: Final = ("request_time", "upstream_response_time", "upstream_connect_time")
FORWARDED_FOR: Final = "http.request.header.x_forwarded_for"


def add_tail(fields: dict[str, Value], tail: str) -> bool:
    """Types what a tail says; False where a quote does not end. tail: begins with a space, or is empty."""
    tail = tail.rstrip(" ")
    position = times = count = 0
    rest: list[str] = []
    repeats: dict[str, int] = {}
    while count < _TOKENS_MAX and (found := _TOKEN.match(tail, position)):
        count += 1
        position = found.end()
        quoted, name, quoted_value, value, bare = found.groups()
        text = quoted if quoted is not None else bare
        if name is not None:
            said = value if quoted_value is None else resolved(quoted_value)
            if said not in ("-", ""):
                add(fields, repeats, f"extra.{name}", number(said))
        elif text in ("-", ""):
            if times:
                times += 1
            elif rest:
                rest.append(found[0])
        elif times < len(_TIMES) and _SECONDS.fullmatch(text):
            fields[_TIMES[times]] = float(text)
            times += 1
        elif quoted is not None and FORWARDED_FOR not in fields and FORWARDED.fullmatch(text):
            fields[FORWARDED_FOR] = text
        else:
            rest.append(found[0])
    if count < _TOKENS_MAX and '"' in tail[position:]:
        return False
    rest.append(tail[position:])
    extra = "".join(rest).strip(" ")
    if not extra:
        return True
    if "request_time" not in fields and _INTEGER.fullmatch(extra):
        fields["request_time"] = int(extra)
    else:
        fields["extra"] = extra
    return True


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
