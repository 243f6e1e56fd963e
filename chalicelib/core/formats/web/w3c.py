"""W3C extended logs (IIS, the firewall of Windows and others): what the fields are is said by ``#Fields:``, which may change.

Times are UTC, as the specification has it, unless ``#Time Format: Local`` is said. A `date` that the fields lack is that of
``#Date:``, or the day after where that is meant; `timestamp_assumed` then says `day`. Lines without
a header are read if they have the fields that IIS logs by itself.
"""

from __future__ import annotations

import re
from collections import Counter
from datetime import date, time, timedelta
from typing import TYPE_CHECKING, Final

from chalicelib.core.formats import Format
from chalicelib.core.formats.kinds import figure
from chalicelib.core.formats.reasons import BAD_TIME, FIELD_COUNT, NO_HEADER
from chalicelib.core.formats.times import Times
from chalicelib.core.formats.web.requests import add_protocol, add_url
from chalicelib.core.framing import Framing
from chalicelib.core.records import Record, Reject

if TYPE_CHECKING:
    from collections.abc import Callable

    from chalicelib.core.formats import Parse, ParseContext
    from chalicelib.core.records import Value

_NAMES: Final = {
    "c-ip": "client.address", "c-port": "client.port", "s-ip": "server.address", "s-port": "server.port",
    "cs-method": "http.request.method", "cs-uri-stem": "url.path", "cs-uri-query": "url.query",
    "cs-uri-scheme": "url.scheme", "cs-username": "user.name", "cs-host": "http.request.header.host",
    "cs(host)": "http.request.header.host", "cs(user-agent)": "user_agent.original",
    "cs(referer)": "http.request.header.referer", "cs(referrer)": "http.request.header.referer",
    "cs(cookie)": "http.request.header.cookie", "cs(x-forwarded-for)": "http.request.header.x_forwarded_for",
    "x-forwarded-for": "http.request.header.x_forwarded_for", "sc-status": "http.response.status_code",
    "sc-bytes": "http.response.size", "cs-bytes": "http.request.size", "cs-version": "network.protocol",
    "s-computername": "host.name", "c-dns": "client.domain", "s-dns": "server.domain",
    "src-ip": "source.address", "src-port": "source.port", "dst-ip": "destination.address",
    "dst-port": "destination.port", "protocol": "network.transport", "pid": "process.pid",
}  # fmt: skip
"""Others are `w3c.` and the name, lower case, with underscores; headers are `http.request.header.…`."""
_NUMBERS: Final = frozenset((
    "c-port", "s-port", "sc-status", "sc-bytes", "cs-bytes", "sc-substatus", "sc-win32-status", "time-taken", "bytes",
    "streamid", "src-port", "dst-port", "size", "pid",
))  # fmt: skip
_REQUEST_HEADER: Final = re.compile(r"cs\(([A-Za-z0-9_-]{1,64})\)")
_RESPONSE_HEADER: Final = re.compile(r"sc\(([A-Za-z0-9_-]{1,64})\)")
_OTHER: Final = re.compile(r"[^a-z0-9]+")
_NIGHT_HOURS: Final = 12
"""A time of day that is so much earlier than the header's is one of the day after."""
_TOKEN: Final = re.compile(r'"((?:[^"]|"")*+)"(?= |\t|$)|([^ \t]++)')
_DEFAULTS: Final = {
    count: tuple(names.split())
    for count, names in (
        (15, "date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) cs(Referer)"
             " sc-status sc-substatus sc-win32-status time-taken"),
        (14, "date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent)"
             " sc-status sc-substatus sc-win32-status time-taken"),
    )
}  # fmt: skip
_DEFAULT: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9:]{8} [0-9A-Fa-f:.%]{2,60} [A-Z-]{1,32} [^ ]{1,8192} [^ ]{1,8192} [0-9]{1,5} [^ ]{1,256}"
    r" [0-9A-Fa-f:.%]{2,60}(?: [^ ]++){1,2} [0-9]{3} [0-9]{1,5} [0-9]{1,10} [0-9]{1,12}",
    re.ASCII,
)


def _columns(header: str) -> tuple[tuple[str, ...], str, str]:
    """The fields in force, date and time of the header, and the zone: empty where times are local."""
    names: tuple[str, ...] = ()
    when, zone = "", "Z"
    for line in header.split("\n"):
        kind, _, value = line.partition(":")
        if kind == "#Fields":
            names = tuple(value.split())
        elif kind == "#Date":
            when = value.strip()
        elif kind == "#Time Format" and value.strip().lower() == "local":
            zone = ""
    return names, when, zone


def _attribute(name: str) -> str:
    low = name.lower()
    if known := _NAMES.get(low):
        return known
    for pattern, prefix in (
        (_REQUEST_HEADER, "http.request.header."),
        (_RESPONSE_HEADER, "http.response.header."),
    ):
        if match := pattern.fullmatch(low):
            return prefix + match[1].replace("-", "_")
    return "w3c." + (_OTHER.sub("_", low).strip("_") or "field")


def _make_parser(context: ParseContext) -> Parse:
    names, header_date, zone = _columns(context.header)
    times = Times(context.last_modified)
    if not names:
        readers = {count: _reader(each, "", "Z", times) for count, each in _DEFAULTS.items()}

        def parse_bare(line: str) -> Record | Reject:
            reader = readers.get(line.count(" ") + 1)
            return reader(line) if reader is not None and _DEFAULT.fullmatch(line) else NO_HEADER

        return parse_bare
    if names[0].startswith("date-time") or ("," in names[0]):
        return lambda _line: FIELD_COUNT
    return _reader(names, header_date, zone, times)


def _reader(
    names: tuple[str, ...], header_date: str, zone: str, times: Times
) -> Callable[[str], Record | Reject]:
    """A parser of lines with these fields; a repeated name gets a number."""
    keys: list[str] = []
    counts: Counter[str] = Counter()
    for name in names:
        key = _attribute(name)
        counts[key] += 1
        keys.append(key if counts[key] == 1 else f"{key}#{counts[key]}")
    numbers = [name.lower() in _NUMBERS for name in names]
    low = [name.lower() for name in names]
    date_at = low.index("date") if "date" in low else -1
    time_at = low.index("time") if "time" in low else -1
    columns = [
        (position, key, is_number)
        for position, (key, is_number) in enumerate(zip(keys, numbers, strict=True))
        if position not in (date_at, time_at)
    ]
    count = len(names)
    header_day, _, header_clock = header_date.partition(" ")

    def day_of(clock: str) -> tuple[str, str | None]:
        """The day of a time of day, by that of the header, and what is assumed: a log goes on past midnight."""
        if not header_clock or clock >= header_clock:
            return header_day, None
        try:
            hours = time.fromisoformat(header_clock).hour - time.fromisoformat(clock).hour
            following = (date.fromisoformat(header_day) + timedelta(days=1)).isoformat()
        except (ValueError, OverflowError):
            return header_day, None
        return following if hours >= _NIGHT_HOURS else header_day, "day"

    def parse(line: str) -> Record | Reject:
        values = line.split("\t") if "\t" in line else line.split(" ")
        if '"' in line or len(values) != count:
            values = _tokens(line)
            if len(values) != count:
                return FIELD_COUNT
        stamp = None
        if time_at >= 0:
            day, assumed = (values[date_at], None) if date_at >= 0 else day_of(values[time_at])
            stamp = times.of_text(f"{day} {values[time_at]}{zone}")
            if stamp is None:
                return BAD_TIME
            if assumed is not None:
                stamp = stamp[0], f"{assumed},{stamp[1]}" if stamp[1] else assumed
        fields: dict[str, Value] = {}
        for position, key, is_number in columns:
            value = values[position]
            if value in ("-", ""):
                continue
            if is_number:
                fields[key] = figure(value)
            else:
                fields[key] = value
        if isinstance(target := fields.pop("w3c.cs_uri", None), str):
            add_url(fields, target)
        if isinstance(transport := fields.get("network.transport"), str):
            fields["network.transport"] = transport.lower()
        version = fields.get("network.protocol")
        if isinstance(version, str) and add_protocol(fields, version):
            del fields["network.protocol"]
        timestamp, how = stamp or (None, None)
        return Record(timestamp, how, None, None, _request(fields), fields)

    return parse


def _tokens(line: str) -> list[str]:
    """The values of a line some of which stand in quotes, a quote in them doubled."""
    return [match[2] if match[1] is None else match[1].replace('""', '"') for match in _TOKEN.finditer(line)]


def _request(fields: dict[str, Value]) -> str | None:
    """What was asked for, as one would write it."""
    method, path = fields.get("http.request.method"), fields.get("url.path")
    if method is None or path is None:
        return None
    query = fields.get("url.query")
    return f"{method} {path}?{query}" if query else f"{method} {path}"


_FIELDS: Final = (
    "#Software: Microsoft Internet Information Services 10.0\n#Version: 1.0\n#Date: 2024-03-14 09:26:53\n"
    "#Fields: date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) cs(Referer)"
    " sc-status sc-substatus sc-win32-status time-taken\n"
)
W3C: Final = Format(
    name="w3c_extended",
    title="W3C extended log, IIS",
    source="https://www.w3.org/TR/WD-logfile.html",
    samples=(
        f"{_FIELDS}2024-03-14 09:26:53 192.0.2.1 GET /shop q=froe 443 - 192.0.2.17 Mozilla/5.0+(X11) https://example.org/ 200 0 0 17",
        f"{_FIELDS}2024-03-14 09:26:54 2001:db8::1 POST /login - 443 EXAMPLE\\ada 2001:db8::5 curl/8.5.0 - 401 2 5 3",
        "#Version: 1.0\n#Date: 2024-03-14 00:00:00\n#Fields: time cs-method cs-uri sc-status\n09:26:55 GET /shop 200",
        "2024-03-14 09:26:56 192.0.2.1 GET /shop - 443 - 192.0.2.17 curl/8.5.0 - 200 0 0 17",
    ),
    make_parser=_make_parser,
    specificity=0.975,
    framing=Framing(header=r"#(Software|Version|Date|Time Format|Fields|Start-Date|End-Date|Remark): ?"),
    sieve=r"#(?:Software|Version|Date|Time Format|Fields|Start-Date|Remark): ?|[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9:]{8} [0-9A-Fa-f:.%]{2,60} [A-Z-]{1,32} ",
)

FORMATS: Final = (W3C,)
