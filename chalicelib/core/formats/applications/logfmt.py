"""Lines of nothing but ``key=value``: logfmt, go-kit, logrus, slog, Heroku's router; and bare pairs.

`logfmt` has a time, a level or a message among its pairs, which are promoted; `key_value` has any pairs,
also ``"key":"value", key:value``. Source lines, clients, users and traces get their usual names, and so do
the fields of a request where there are a method and a path; other keys stay what they are.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from chalicelib.core.formats import Format, severity
from chalicelib.core.formats.applications.naming import SPLITTABLE, renamed, request_line, split_values
from chalicelib.core.formats.applications.pairs import KEY, pairs_of, quick_pairs, typed, unquoted
from chalicelib.core.formats.nested import add
from chalicelib.core.formats.numeric_levels import numeric_of, of_numeric
from chalicelib.core.formats.reasons import OTHER_SHAPE
from chalicelib.core.formats.times import Times
from chalicelib.core.records import Record, Reject

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chalicelib.core.formats import Parse, ParseContext
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
_SHAPES_MAX: Final = 1024
_FIRST_PAIR: Final = re.compile(rf"\s*+{KEY}=")
"""Bare keys stand behind a pair, or else a time stamp and prose would be some."""
_COLONS: Final = re.compile(
    r'\s*+("(?:[^"\\]++|\\.)*+"|[\w.@-]{1,128}+)\s*+:\s*+("(?:[^"\\]++|\\.)*+"|[^\s",:{}\[\]]++)\s*+(?:(,)|\Z)',
    re.DOTALL,
)

_NO_USUAL_KEY: Final = Reject("no-usual-key")


class _Shape(NamedTuple):
    times: tuple[str, ...]
    levels: tuple[str, ...]
    message: str | None
    names: tuple[str, ...] | None
    splits: bool
    numeric: dict[str, Mapping[int, int]]


def _shape_of(names: tuple[str, ...]) -> _Shape:
    known = set(names)
    times = tuple(name for name in _TIMES if name in known)
    levels = tuple(name for name in _LEVELS if name in known)
    message = next((name for name in _MESSAGES if name in known), None)
    own: dict[str, str] = {name: name for name in (*times, *levels, message or "")}
    changed = renamed(names, {**_OWN, **own})
    return _Shape(
        times,
        levels,
        message,
        None if changed == names else changed,
        not SPLITTABLE.isdisjoint(changed),
        numeric_of(levels, names),
    )


def _make_parser(context: ParseContext, *, strict: bool) -> Parse:
    of_value = Times(context.last_modified, context.date_order).of_value
    shapes: dict[tuple[str, ...], _Shape] = {}
    new, of_word = tuple.__new__, severity.of_word

    def parse(line: str) -> Record | Reject:
        quick = quick_pairs(line)
        fields: dict[str, Value] | None = None
        if quick is not None:
            names, values = quick
        else:
            fields = _any_pairs_of(line) or (None if strict else _colons_of(line))
            if not fields:
                return OTHER_SHAPE
            names, values = tuple(fields), list(fields.values())
        shape = shapes.get(names)
        if shape is None:
            if len(shapes) >= _SHAPES_MAX:
                shapes.clear()
            shape = shapes[names] = _shape_of(names)
        time_names, level_names, message_name, changed, splits, numeric = shape
        if strict and (len(names) < 2 or not (time_names or level_names or message_name)):
            return _NO_USUAL_KEY
        if fields is None or changed is not None:
            fields = dict(zip(changed or names, values))  # noqa: B905 - as many; the check costs a fifth of it
        timestamp = assumed = word = number = body = None
        for name in time_names:
            stamp = of_value(fields[name])
            if stamp is not None:
                timestamp, assumed = stamp
                del fields[name]
                break
        for name in level_names:
            level = fields[name]
            number = (of_word(level) if type(level) is str else None) or of_numeric(level, numeric.get(name))
            if number is not None:
                word = str(level).strip()
                del fields[name]
                break
        else:
            word = severity.take_word(fields, level_names)
        if message_name is not None:
            message = fields[message_name]
            body = message if type(message) is str else str(message)
            del fields[message_name]
        if strict and timestamp is None and word is None and body is None:
            return _NO_USUAL_KEY
        if splits:
            split_values(fields)
        if body is None and "http.request.method" in fields:
            body = request_line(fields)
        return new(Record, (timestamp, assumed, word, number, body, fields))

    return parse


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
        found = _COLONS.match(line, position)
        if found is None:
            return None
        position = found.end()
        key, value, comma = found.groups()
        if comma is None and (position < len(line) or not fields):
            return None
        key = unquoted(key[1:-1]) if key[0] == '"' else key
        add(fields, repeats, key or "_", unquoted(value[1:-1]) if value[0] == '"' else typed(value))
        if comma is not None and position == len(line):
            return None
    return fields


def _logfmt(context: ParseContext) -> Parse:
    return _make_parser(context, strict=True)


def _key_value(context: ParseContext) -> Parse:
    return _make_parser(context, strict=False)


LOGFMT: Final = Format(
    name="logfmt",
    title="logfmt: key=value pairs with a time, a level or a message",
    source="https://brandur.org/logfmt",
    samples=(
        'time="2024-03-14T09:26:53+01:00" level=info msg="order accepted" order=17 took=12.5ms dry_run',
        'ts=2024-03-14T09:26:54.123456789Z caller=pay.go:42 level=error err="said \\"no\\"" retry=true trace_id=0af7',
        'at=info method=GET path="/shop?q=1" host=shop.example.org fwd="192.0.2.17" dyno=web.1 connect=1ms'
        " service=18ms status=200 bytes=5316 protocol=https",
    ),
    make_parser=_logfmt,
    specificity=0.96,
    sieve=rf"\s*+{KEY}=",
    alone=True,
)
KEY_VALUE: Final = Format(
    name="key_value",
    title="Pairs of keys and values with = or :",
    source="https://brandur.org/logfmt",
    samples=(
        "zone=eu-1 sku=F-17 stock=3",
        "shelf=7",
        'name="a \\"quoted\\" froe" price=12.50 sold=false',
        '"order number":"A-17", total:12.5, "note":"said \\"yes\\""',
    ),
    make_parser=_key_value,
    specificity=0.7,
    sieve=rf'\s*+(?:{KEY}=|"(?:[^"\\\n]++|\\.)*+"\s*+:|[\w.@-]{{1,128}}+\s*+:)',
)

FORMATS: Final = (LOGFMT, KEY_VALUE)
