"""Lines of nothing but ``key=value``: logfmt, go-kit, logrus, slog, Heroku's router; and bare pairs.

`logfmt` has a time, a level or a message among its pairs, which are promoted; `key_value` has any pairs,
also ``"key":"value", key:value``. Source lines, clients, users and traces get their usual names, and so do
the fields of a request where there are a method and a path; other keys stay what they are.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Final, TypeAlias

from chalicelib.core.formats.applications.naming import request_line
from chalicelib.core.formats.applications.pairs import KEY, pairs_of, quick_pairs, typed, unquoted
from chalicelib.core.formats.nested import add
from chalicelib.core.formats.objects import Objects
from chalicelib.core.formats.reasons import OTHER_SHAPE
from chalicelib.core.records import Reject

if TYPE_CHECKING:
    from chalicelib.core.records import Value

_TIMES: Final = (
    "time",
    "ts",
    "t",
    "timestamp",
    "@timestamp",
    "date",
    "datetime",
    "asctime",
    "start_time",
    "now",
)
_LEVELS: Final = ("level", "lvl", "severity", "loglevel", "levelname", "log_level", "at")
_MESSAGES: Final = ("msg", "message", "event")
_OWN: Final = {
    "caller": "code.file.path", "source": "code.file.path", "file": "code.file.path", "logger": "log.logger",
    "func": "code.function.name", "pid": "process.pid", "hostname": "host.name", "thread": "thread.name",
    "err": "error.message", "error": "error.message", "stacktrace": "exception.stacktrace",
    "stack": "exception.stacktrace", "app": "service.name",
}  # fmt: skip
_FIRST_PAIR: Final = re.compile(rf"\s*+{KEY}=")
"""Bare keys stand behind a pair, or else a time stamp and prose would be some."""
_COLONS: Final = re.compile(
    r'\s*+("(?:[^"\\]++|\\.)*+"|[\w.@-]{1,128}+)\s*+:\s*+("(?:[^"\\]++|\\.)*+"|[^\s",:{}\[\]]++)\s*+(?:(,)|\Z)',
    re.DOTALL,
)

_Members: TypeAlias = "dict[str, Value] | tuple[tuple[str, ...], list[Value]]"


def _logfmt_pairs(line: str) -> _Members | Reject:
    return quick_pairs(line) or _any_pairs_of(line) or OTHER_SHAPE


def _pairs(line: str) -> _Members | Reject:
    return quick_pairs(line) or _any_pairs_of(line) or _colons_of(line) or OTHER_SHAPE


def _any_pairs_of(line: str) -> dict[str, Value] | None:
    """The pairs of an unusual line. More bare keys than pairs are prose with an equals sign in it."""
    fields = pairs_of(line) if _FIRST_PAIR.match(line) else None
    return fields if fields and line.count("=") * 2 >= len(fields) else None


def _colons_of(line: str) -> dict[str, Value] | None:
    """``"key":"value", key:value``: two pairs or more, with commas between."""
    fields: dict[str, Value] = {}
    repeats: dict[str, int] = {}
    position = 0
    while position < len(line):
        match = _COLONS.match(line, position)
        if match is None:
            return None
        position = match.end()
        key, value, comma = match.groups()
        if comma is None and (position < len(line) or not fields):
            return None
        key = unquoted(key[1:-1]) if key[0] == '"' else key
        add(fields, repeats, key or "_", unquoted(value[1:-1]) if value[0] == '"' else typed(value))
        if comma is not None and position == len(line):
            return None
    return fields


_PAIRS: Final = Objects(
    name="logfmt",
    title="logfmt: key=value pairs with a time, a level or a message",
    source="https://brandur.org/logfmt",
    samples=(
        'time="2024-03-14T09:26:53+01:00" level=info msg="order accepted" order=17 took=12.5ms dry_run',
        'ts=2024-03-14T09:26:54.123456789Z caller=pay.go:42 level=error err="said \\"no\\"" retry=true trace_id=0af7',
        'at=info method=GET path="/shop?q=1" host=shop.example.org fwd="192.0.2.17" dyno=web.1 connect=1ms'
        " service=18ms status=200 bytes=5316 protocol=https",
    ),
    specificity=0.96,
    sieve=rf"\s*+{KEY}=",
    read=_logfmt_pairs,
    fits=lambda names: len(names) > 1,
    needs=True,
    nothing=Reject("no-usual-key"),
    time=_TIMES,
    level=_LEVELS,
    body=_MESSAGES,
    timeless=None,
    names=_OWN,
    requests=True,
    heading=request_line,
)
_ANY_PAIRS: Final = replace(
    _PAIRS,
    name="key_value",
    title="Pairs of keys and values with = or :",
    source="https://brandur.org/logfmt",
    samples=(
        "zone=eu-1 sku=F-17 stock=3",
        "shelf=7",
        'name="a \\"quoted\\" froe" price=12.50 sold=false',
        '"order number":"A-17", total:12.5, "note":"said \\"yes\\""',
    ),
    specificity=0.7,
    sieve=rf'\s*+(?:{KEY}=|"(?:[^"\\\n]++|\\.)*+"\s*+:|[\w.@-]{{1,128}}+\s*+:)',
    alone=False,
    read=_pairs,
    fits=None,
    needs=False,
)

FORMATS: Final = (_PAIRS.format(), _ANY_PAIRS.format())
