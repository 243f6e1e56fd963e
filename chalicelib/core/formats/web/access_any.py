"""Any line of an access log, by regular expressions: the general way behind the quick one of `access`."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from chalicelib.core.formats.kinds import add_endpoint, add_integer, is_nothing, is_place
from chalicelib.core.formats.reasons import BAD_TIME, OTHER_SHAPE
from chalicelib.core.formats.times import Times
from chalicelib.core.formats.web.requests import QUOTED, add_request, is_address, resolved
from chalicelib.core.formats.web.tails import add_tail
from chalicelib.core.records import Record, Reject

if TYPE_CHECKING:
    from chalicelib.core.formats import ParseContext
    from chalicelib.core.formats.times import Stamp
    from chalicelib.core.records import Value

Tail: TypeAlias = "Callable[[dict[str, Value], str], bool]"
"""Types what follows the agent; False where it is not what the format asks for."""

_HEAD: Final = r"([^ \[][^ ]*+) ++([^ ]++) ++(-(?= ++\[)|(?!- )[^ ]++(?: ++(?!\[|- )[^ ]++){0,11}+) ++\[([^\]]{10,64})\] ++"
"""client, ident, user, time. A user may hold spaces."""
_LINE: Final = re.compile(
    _HEAD + QUOTED + r" ++(-|[0-9]{3}) ++(-|[0-9]++)"
    rf"(?: ++{QUOTED} ++{QUOTED}| ++- ++{QUOTED})?+((?: .*+)?+)",
    re.DOTALL,
)
"""The head, request, status, size, referer, user agent, the agent after a bare ``-``, tail."""
_NUMBER: Final = r"[0-9]{1,15}+(?:\.[0-9]{1,9}+)?+"
_NUMBERS: Final = re.compile(rf"{_NUMBER}(?:(?:, ?| : )(?:{_NUMBER}|-)){{0,16}}+", re.ASCII)
_BETWEEN: Final = re.compile(
    rf"((?: ++(?:[A-Za-z_][\w.-]{{0,63}}+=\"[^\"]*+\"|[^ \"\[]++|\"{_NUMBERS.pattern}\"|\"-\"(?= ++\"https?://))){{1,6}})"
    rf" ++\"(?!{_NUMBERS.pattern}\")(-?|(?:[a-z][a-z0-9+.-]{{0,31}}:)?//[^\"]*+|[\w.-]{{1,253}}/?)\" ++{QUOTED}((?: .*+)?+)",
    re.DOTALL,
)
"""What stands between the size and the referer, the referer, the user agent, the tail. Numbers in quotes are no referer."""
_WITH_PORT: Final = re.compile(r"(?:[0-9]{1,3}\.){3}[0-9]{1,3}:[0-9]{1,5}", re.ASCII)
_OPENING: Final = re.compile(_HEAD + r'"')
_STATUS: Final = re.compile(r'" (-|[0-9]{3}) (-|[0-9]++)(?= |$)')
_HOST_NAME: Final = re.compile(
    r"(?=[^:]{4,253}(?::|$))[\w-]{1,63}(?:\.[\w-]{1,63}){0,8}\.[a-z][a-z-]{1,62}(?::[0-9]{1,5})?"
)
_ABSENT: Final = frozenset(("-", '""', '"-"'))
_CACHE_MAX: Final = 8192
_ZONES_MAX: Final = 64


class AnyLine:
    """Parses any access line by its regular expression, and keeps the times it met.

    zones: zone with its bracket → bracket, date and time → time stamp.
    """

    __slots__ = ("_common", "_tail", "_times", "zones")

    def __init__(self, context: ParseContext, tail: Tail, *, common: bool) -> None:
        self._times = Times(context.last_modified)
        self._tail = tail
        self._common = common
        self.zones: dict[str, dict[str, Stamp]] = {}

    def stamp(self, day: str, zone: str) -> Stamp:
        """The time stamp of ``[14/Mar/2024:09:26:53`` and ``+0100]``; raises KeyError where it is none."""
        known = self._times.of_text(f"{day[1:]} {zone[:-1]}") if day[:1] == "[" and zone[-1:] == "]" else None
        if known is None or "]" in day:
            raise KeyError(day)
        if len(self.zones) >= _ZONES_MAX:
            self.zones.clear()
        days = self.zones.setdefault(zone, {})
        if len(days) >= _CACHE_MAX:
            days.clear()
        days[day] = known
        return known

    def parse(self, line: str) -> Record | Reject:
        match = _LINE.fullmatch(line)
        groups: tuple[Any, ...] | None = (
            match.groups() if match else _unescaped(line) if self._tail is add_tail else None
        )
        if groups is None:
            return OTHER_SHAPE
        client, ident, user, when, request, status, size, referer, agent, lone_agent, tail = groups
        agent = agent if agent is not None else lone_agent
        measured = referer is not None and self._tail is add_tail and _NUMBERS.fullmatch(referer) is not None
        rest = f' "{referer}" "{agent}"{tail}' if measured else tail
        if (agent is None or measured) and self._tail is add_tail and (between := _BETWEEN.fullmatch(rest)):
            early, referer, agent, tail = between.groups()
            tail = early + tail
        elif measured:
            referer, tail = None, f' "{referer}"{tail}'
        if agent is None and tail[:2] == ' "':
            return OTHER_SHAPE
        if (self._common and agent is not None) or is_address(ident):
            return OTHER_SHAPE
        stamp = self._times.of_text(when)
        if stamp is None:
            return BAD_TIME
        fields: dict[str, Value] = {}
        add_request(fields, request)
        if status != "-":
            add_integer(fields, "http.response.status_code", status)
        if size != "-":
            add_integer(fields, "http.response.body.size", size)
        if client != "-" and _WITH_PORT.fullmatch(client):
            add_endpoint(fields, "client", client)
        elif not is_nothing(client):
            if not is_place(client := resolved(client)):
                return OTHER_SHAPE
            fields["client.address"] = client
        elif client == "unix:":
            fields["network.transport"] = "unix"
        for name, text in (
            ("http.request.header.referer", referer),
            ("user_agent.original", agent),
            ("user.name", user),
            ("server.address" if _HOST_NAME.fullmatch(ident) else "ident", ident),
        ):
            if text and text not in _ABSENT:
                fields[name] = resolved(text[1:-1] if text[0] == text[-1] == '"' and len(text) > 2 else text)
        if not self._tail(fields, tail):
            return OTHER_SHAPE
        return Record(*stamp, None, None, request if request not in ("", "-") else None, fields)


def _unescaped(line: str) -> tuple[Any, ...] | None:
    """The parts of a line in whose request or agent quotes stand as they came; None where it is cut."""
    head = _OPENING.match(line)
    status = _STATUS.search(line, head.end()) if head else None
    if head is None or status is None:
        return None
    request = line[head.end() : status.start()]
    rest = line[status.end() :].rstrip(" ")
    if not rest:
        return (*head.groups(), request, *status.groups(), None, None, None, "")
    referer, between, agent = rest[2:-1].partition('" "')
    if len(rest) < 3 or rest[:2] != ' "' or rest[-1] != '"' or not between or ' "' in referer:
        return None
    return (*head.groups(), request, *status.groups(), referer, agent, None, "")
