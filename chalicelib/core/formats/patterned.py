"""Formats that are said by a few regular expressions, whose named groups are the fields.

A group is an attribute by the table below or by the format's own names, `time`, `level` and `body` apart;
`-`, `null` and nothing are left out. The lines behind the first belong to the body; a trace in them is typed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, TypeAlias

from chalicelib.core.formats import Format, severity
from chalicelib.core.formats.any_level import with_any_level
from chalicelib.core.formats.dates import ISO
from chalicelib.core.formats.kinds import ADDRESSES, BEGINS_NOTHING, INTEGERS, add_integer, figure, is_nothing
from chalicelib.core.formats.logins import add_login
from chalicelib.core.formats.reasons import BAD_TIME, OTHER_SHAPE
from chalicelib.core.formats.starts import entry_start, own_start
from chalicelib.core.formats.systems.priorities import add_priority
from chalicelib.core.formats.times import ZONE, Times
from chalicelib.core.formats.traces import add_exception
from chalicelib.core.framing import LINES, Framing
from chalicelib.core.records import Record, Reject

if TYPE_CHECKING:
    from chalicelib.core.formats import Parse, ParseContext
    from chalicelib.core.formats.times import Stamp
    from chalicelib.core.records import Value

Details: TypeAlias = "Callable[[dict[str, Value], str], None]"
"""Adds what the body says to the attributes."""
Rewrite: TypeAlias = "Callable[[dict[str, Value], str], str]"
"""As `Details`, and gives the body without what has become attributes."""

TIME: Final = rf"(?P<time>{ISO})"
LEVEL: Final = r"(?:TRACE|DEBUG|INFO|NOTICE|WARN(?:ING)?|ERROR|SEVERE|FATAL|CRITICAL|CRIT|ALERT|EMERGENCY|FINE(?:R|ST)?|CONFIG)"
REST: Final = r"(?P<body>[^\n]*+)"
ADDRESS: Final = r"[0-9]{1,3}(?:\.[0-9]{1,3}){3}|[0-9A-Fa-f:]*:[0-9A-Fa-f:.]+"

NAMES: Final[Mapping[str, str]] = MappingProxyType({
    "thread": "thread.name", "tid": "thread.id", "pid": "process.pid", "logger": "log.logger",
    "process": "process.executable.name", "file": "code.file.path", "line": "code.line.number",
    "function": "code.function.name", "host": "host.name", "service": "service.name", "client": "client.address",
    "port": "client.port", "server": "server.address", "server_port": "server.port", "user": "user.name",
    "method": "http.request.method", "path": "url.path", "query": "url.query", "status": "http.response.status_code",
    "size": "http.response.body.size", "request_size": "http.request.body.size", "agent": "user_agent.original",
    "referer": "http.request.header.referer", "version": "network.protocol.version", "event": "event.name",
    "trace": "trace_id", "span": "span_id", "extra": "extra",
})  # fmt: skip
"""Group → attribute, where a format says nothing else."""
_MONTHS: Final = {name: number for number, name in enumerate(
    ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"), start=1
)}  # fmt: skip
_NOTHING: Final = frozenset(("-", "null", "(null)"))

_FRACTION: Final = re.compile(r"([0-9]{1,9})( ?[^0-9].{0,8})", re.ASCII)
_ZONE: Final = re.compile(ZONE, re.ASCII)


def patterned(
    name: str,
    title: str,
    source: str,
    *,
    samples: tuple[str, ...],
    patterns: tuple[str, ...],
    start: str,
    specificity: float,
    names: Mapping[str, str] = MappingProxyType({}),
    numbers: frozenset[str] = frozenset(),
    levels: Mapping[str, int] = MappingProxyType({}),
    constants: Mapping[str, str] = MappingProxyType({}),
    details: Details = add_login,
    rewrite: Rewrite | None = None,
    single_line: bool = False,
    own_lines: bool = False,
    alone: bool = True,
) -> Format:
    """A format said by patterns.

    patterns: tried in order, each from the start of the entry; `(?P<time>…)` is any text that `Times`
        knows, or its parts are the groups `y`, `mo`, `d`, `h`, `mi`, `s`, `f` (fraction) or `ms` (milliseconds),
        `z` and `half` (AM, PM), and `epoch`, which says what no local time can.
    start: what each entry begins with; sieve and start of an entry. numbers: groups whose values are
    numbers, beside those whose attributes always are. levels: words of its own → severity number.
    single_line: an entry is a line. own_lines: an entry that begins elsewhere than a well-known one is
        not cut off by it: its body is full of other logs' lines.
    """

    @cache
    def ways() -> tuple[_Way, ...]:
        return tuple(_Way(pattern, names, numbers) for pattern in patterns)

    @cache
    def wide_ways() -> tuple[_Way, ...]:
        return tuple(_Way(wide, names, numbers) for wide in map(with_any_level, patterns) if wide)

    def make_parser(context: ParseContext) -> Parse:
        wide = wide_ways if context.decided else tuple
        return _Parser(context, ways(), wide, levels, constants, details, rewrite).parse

    framing = LINES if single_line else Framing(entry_start=(own_start if own_lines else entry_start)(start))
    return Format(
        name,
        title,
        source,
        samples,
        make_parser,
        specificity,
        framing,
        sieve=start,
        alone=alone,
        patterns=patterns,
    )


class _Way:
    """One pattern, and what its groups mean."""

    __slots__ = ("body", "fields", "has_parts", "level", "match", "time", "zone")

    def __init__(self, pattern: str, names: Mapping[str, str], numbers: frozenset[str]) -> None:
        compiled = re.compile(pattern)
        index = compiled.groupindex
        self.match = compiled.match
        self.time = index.get("time", 0) - 1
        self.level = index.get("level", 0) - 1
        self.body = index.get("body", 0) - 1
        self.has_parts = "mi" in index
        self.zone = index.get("z", 0) - 1
        apart = {"time", "level", "body", "y", "mo", "d", "h", "mi", "s", "f", "ms", "z", "half"}
        self.fields = tuple(
            (number - 1, named, named in INTEGERS or group in numbers)
            for group, number in index.items()
            if group not in apart
            for named in (names.get(group) or NAMES[group],)
        )


class _Parser:
    __slots__ = ("_constants", "_details", "_levels", "_rewrite", "_times", "_ways", "_wide_ways")

    def __init__(
        self,
        context: ParseContext,
        ways: tuple[_Way, ...],
        wide_ways: Callable[[], tuple[_Way, ...]],
        levels: Mapping[str, int],
        constants: Mapping[str, str],
        details: Details,
        rewrite: Rewrite | None,
    ) -> None:
        self._times = Times(context.last_modified)
        self._ways = ways
        self._wide_ways = wide_ways
        self._levels = levels
        self._constants = constants
        self._details = details
        self._rewrite = rewrite

    def parse(self, entry: str) -> Record | Reject:
        for way in self._ways:
            found = way.match(entry)
            if found is not None:
                return self._record(entry, way, found)
        for way in self._wide_ways():
            found = way.match(entry)
            if found is not None:
                return self._record(entry, way, found)
        return OTHER_SHAPE

    def _record(self, entry: str, way: _Way, found: re.Match[str]) -> Record | Reject:
        groups = found.groups()
        end = found.end()
        if end < len(entry) and entry[end] != "\n":
            return OTHER_SHAPE
        stamp: Stamp | tuple[None, None] | None = None, None
        if way.time >= 0 and groups[way.time]:
            zone = groups[way.zone] if way.zone >= 0 else None
            known = f" {zone}" if zone and _ZONE.fullmatch(zone) else ""
            stamp = _of_time(self._times, groups[way.time] + known)
        elif way.has_parts:
            stamp = _of_parts(self._times, found)
        if stamp is None:
            return BAD_TIME
        fields: dict[str, Value] = dict(self._constants)
        if entry[0] == "<":
            add_priority(fields, entry)
        for place, name, is_number in way.fields:
            text = groups[place]
            if text is not None and (text := text.strip()) and text not in _NOTHING:
                if not is_number:
                    if text[0] not in BEGINS_NOTHING or name not in ADDRESSES or not is_nothing(text):
                        fields[name] = text
                elif name in INTEGERS:
                    add_integer(fields, name, text)
                else:
                    fields[name] = figure(text)
        if way.zone >= 0 and (zone := groups[way.zone]) and ("/" in zone or not _ZONE.fullmatch(zone)):
            fields["time_zone"] = zone
        body = (groups[way.body] or "") if way.body >= 0 else ""
        if end < len(entry):
            body += entry[end:]
            add_exception(fields, body)
        if body:
            self._details(fields, body)
            if self._rewrite is not None:
                body = self._rewrite(fields, body)
        word = groups[way.level] if way.level >= 0 else None
        level = None
        if word:
            level = self._levels.get(word)
            if level is None:
                level = severity.of_word(word)
        return tuple.__new__(Record, (*stamp, word or None, level, body or None, fields))


def _of_time(times: Times, text: str) -> Stamp | None:
    """The stamp of a text; by its second, so that a second is converted once."""
    if text[19:20] in (".", ","):
        tail = text[20:]
        if tail.isdecimal() and tail.isascii():
            stamp = times.of_parts(text[:19], tail)
        else:
            found = _FRACTION.fullmatch(tail)
            stamp = times.of_parts(text[:19] + found[2], found[1]) if found else None
        if stamp is not None:
            return stamp
    return times.of_text(text) or (times.of_number(text) if text[:1].isdecimal() else None)


def _of_parts(times: Times, found: re.Match[str]) -> Stamp | None:
    """The stamp of a date and time whose parts are groups; without a year it is the latest possible."""
    parts = found.groupdict()
    if epoch := parts.get("epoch"):
        return times.of_number(f"{epoch}.{parts['f']}" if parts.get("f") else epoch)
    if parts["mi"] is None:
        return None
    month, year, half = parts["mo"], parts.get("y"), parts.get("half")
    number = int(month) if month.isdecimal() else _MONTHS.get(month[:3].lower(), 0)
    hour = int(parts["h"])
    if half:
        hour = hour % 12 + (12 if half.lower().startswith("p") else 0)
    clock = f"{hour:02}:{parts['mi']:0>2}:{parts.get('s') or 0:0>2}"
    milliseconds = parts.get("ms")
    fraction = milliseconds.zfill(3) if milliseconds else parts.get("f")
    if year is None:
        name = next((name for name, each in _MONTHS.items() if each == number), "")
        return times.of_parts(f"{name.title()} {int(parts['d'])} {clock}", fraction, _zone(parts))
    if len(year) == 2:
        year = f"{'19' if year >= '69' else '20'}{year}"
    return times.of_parts(f"{year}-{number:02}-{int(parts['d']):02} {clock}", fraction, _zone(parts))


def _zone(parts: dict[str, str | None]) -> str | None:
    """None for a zone name that is ambiguous: it counts as none."""
    zone = parts.get("z")
    return zone if zone and _ZONE.fullmatch(zone) else None
