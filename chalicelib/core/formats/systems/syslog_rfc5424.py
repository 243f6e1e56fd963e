"""Syslog files by RFC 5424, with or without the octet count of RFC 6587 before a message.

Structured data become attributes of their own, `syslog.structured_data.{SD-ID}.{PARAM-NAME}`.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple

from chalicelib.core.formats import Format
from chalicelib.core.formats.kinds import DIGITS_MAX, integer
from chalicelib.core.formats.nested import of_both
from chalicelib.core.formats.reasons import BAD_TIME, OTHER_SHAPE
from chalicelib.core.formats.systems.bodies import Enveloped, with_severity
from chalicelib.core.formats.systems.priorities import FURTHER, PRIORITIES, first_of
from chalicelib.core.formats.systems.programs import say_of
from chalicelib.core.formats.systems.rfc5424_repairs import repaired
from chalicelib.core.formats.times import Times
from chalicelib.core.records import Record, Reject

if TYPE_CHECKING:
    from chalicelib.core.formats import Parse, ParseContext
    from chalicelib.core.formats.nested import When
    from chalicelib.core.formats.systems.phrases import Say
    from chalicelib.core.records import Value

_VERSION: Final = re.compile(r"<([0-9]{1,3})>([1-9][0-9]{0,2})")
_COUNTED: Final = re.compile(r"([0-9]{1,6}) (?=<[0-9])")
_SPACES: Final = re.compile(r" ++")
_ELEMENT: Final = re.compile(r'\[([^\s=\]"]{1,256})')
_NAME: Final = re.compile(r' ++([^\s=\]"]{1,256})=')
_PARAMETER: Final = re.compile(
    r' ++([^\s=\]"]{1,256})=(?:"([^"\\]*+(?:\\.[^"\\]*+)*+)"(?=[ \]])|([^\s"\]]*+))', re.DOTALL
)
_ESCAPE: Final = re.compile(r'\\(["\\\]])')
_CACHE_MAX: Final = 8192
_ANY_PID: Final = "0"
"""Stands for every process id that is a number."""
_new: Final = tuple.__new__
_STRUCTURED: Final = "syslog.structured_data."

_NO_TIME: Final = (None, None)
_BAD_DATA: Final = Reject("invalid-structured-data")


class _Head(NamedTuple):
    """What lines share that differ in time, process id, structured data and message only."""

    fields: dict[str, Value]
    word: str
    number: int
    say: Say | None
    program: str | None


class _Parser:
    __slots__ = ("_enveloped", "_explain", "_heads", "_of_text", "_priorities")

    def __init__(self, context: ParseContext) -> None:
        self._explain = context.explain
        self._enveloped = Enveloped(context.explain)
        self._of_text = Times(context.last_modified).of_text
        self._priorities = {f"<{priority}>1": (*values, 1) for priority, values in PRIORITIES.items()}
        self._heads: dict[tuple[str, ...], _Head] = {}

    def parse(self, line: str) -> Record | Reject:
        try:
            header, when, host, application, process, message_id, rest = line.split(" ", 6)
        except ValueError:
            return self._without_count(line)
        is_number = process.isdecimal() and len(process) <= DIGITS_MAX and process.isascii()
        key = header, host, application, message_id, _ANY_PID if is_number else process
        head = self._heads.get(key) or self._head(key)
        if head is None:
            return self._without_count(line)
        fields, word, number, say, program = head
        fields = fields.copy()
        if is_number:
            fields["process.pid"] = int(process)
        stamp: When | None = self._of_text(when)
        if stamp is None:
            if when != "-":
                return self._repaired(line) or BAD_TIME if when and rest else self._without_count(line)
            stamp = _NO_TIME
        data, closed, message = rest.partition('"] ')
        parts = data.split('"')
        places = _places(tuple(parts[::2])) if closed and "\\" not in data else None
        if places is not None and len(places) * 2 == len(parts):
            for place, name in places:
                fields[name] = parts[place]
        elif not rest:
            return self._without_count(line)
        else:
            typed: dict[str, Value] = {}
            end = 1 if rest[0] == "-" else _add_structured_data(typed, rest)
            if end == 0 or rest[end : end + 1] not in ("", " "):
                return self._repaired(line) or _BAD_DATA
            fields.update(typed)
            message = rest[end + 1 :]
        if say is None and "A" <= message < "\x7f" and "\n" not in message and "\x1b" not in message:
            explained = self._explain(message, program)
            if explained is None:
                return _new(Record, (stamp[0], stamp[1], word, number, message, fields))
            return with_severity(of_both(explained, message, stamp, fields), word, number)
        message = message.removeprefix("\ufeff")
        if message:
            if say is None:
                return self._enveloped(message, program, stamp, word, number, fields)
            say(message, fields)
            fields.pop("log.level", None)
        return _new(Record, (stamp[0], stamp[1], word, number, message or None, fields))

    def _without_count(self, line: str) -> Record | Reject:
        """The message behind an octet count; a line without one is none."""
        counted = _COUNTED.match(line)
        if counted is None:
            return self._repaired(line) or OTHER_SHAPE
        first, further = first_of(line[counted.end() :], counted[1])
        result = self.parse(first)
        if isinstance(result, Record):
            result.attributes["syslog.octet_count"] = integer(counted[1])
            if further:
                result.attributes[FURTHER] = further
        return result

    def _repaired(self, line: str) -> Record | None:
        """The record of a line that breaks the format and has time and host where they belong."""
        parts = repaired(line)
        stamp = None if parts is None else _NO_TIME if parts.when == "-" else self._of_text(parts.when)
        if parts is None or stamp is None or parts.line == line:
            return None
        result = self.parse(parts.line)
        if not isinstance(result, Record):
            return None
        if parts.data:
            result.attributes[_STRUCTURED[:-1]] = parts.data
        return result._replace(timestamp=stamp[0], timestamp_assumed=stamp[1])

    def _head(self, key: tuple[str, ...]) -> _Head | None:
        """The fields that header, host, application, message id, and a process id that is no number, give;
        None where one of them is missing or the header is none."""
        header, host, application, message_id, process = key
        known = self._priorities.get(header) or _header(header)
        if known is None or "" in key:
            return None
        facility, code, word, number, version = known
        fields: dict[str, Value] = {
            "syslog.facility.code": facility,
            "syslog.severity.code": code,
            "syslog.version": version,
        }
        if host != "-":
            fields["host.name"] = host
        if application != "-":
            fields["service.name"] = application
        if process == _ANY_PID:
            fields["process.pid"] = 0
        elif process != "-":
            fields["syslog.procid"] = process
        if message_id != "-":
            fields["syslog.msgid"] = message_id
        if len(self._heads) >= _CACHE_MAX:
            self._heads.clear()
        program = None if application == "-" else application
        head = self._heads[key] = _Head(fields, word, number, say_of(application), program)
        return head


def _header(text: str) -> tuple[int, int, str, int, int] | None:
    """What PRI and version say, where the version is not 1 or PRI has leading zeros."""
    match = _VERSION.fullmatch(text)
    values = match and PRIORITIES.get(match[1])
    return (*values, integer(match[2]) or 0) if match and values else None


def _add_structured_data(fields: dict[str, Value], text: str) -> int:
    """Adds every parameter of the elements at the start of the text; returns where they end, 0 if broken.

    A value without quotes is taken as it stands: senders write it.
    """
    position = 0
    repeats: dict[str, int] = {}
    while text.startswith("[", position):
        element = _ELEMENT.match(text, position)
        if element is None:
            return 0
        position = element.end()
        name = _STRUCTURED + element[1]
        if text.startswith("]", position):
            fields[name] = True
        while match := _PARAMETER.match(text, position):
            position = match.end()
            quoted: str | None = match[2]
            value = match[3] if quoted is None else _ESCAPE.sub(r"\1", quoted) if "\\" in quoted else quoted
            key = f"{name}.{match[1]}"
            if key in fields:
                repeats[key] = repeats.get(key, 1) + 1
                key = f"{key}#{repeats[key]}"
            fields[key] = value
        if spaces := _SPACES.match(text, position):
            position = spaces.end()
        if not text.startswith("]", position):
            return 0
        position += 1
    return position


@lru_cache(maxsize=4096)
def _places(pieces: tuple[str, ...]) -> tuple[tuple[int, str], ...] | None:
    """Where the values of one element's parameters stand between quotes, and their attributes, from what
    stands around them; None where it is no such element."""
    element = _ELEMENT.match(pieces[0])
    if element is None:
        return None
    match = [_NAME.fullmatch(piece) for piece in (pieces[0][element.end() :], *pieces[1:])]
    names = [f"{_STRUCTURED}{element[1]}.{each[1]}" for each in match if each is not None]
    if len(set(names)) < len(match):
        return None
    return tuple((2 * number + 1, name) for number, name in enumerate(names))


def _make_parser(context: ParseContext) -> Parse:
    return _Parser(context).parse


RFC5424: Final = Format(
    name="syslog_rfc5424",
    title="Syslog, RFC 5424",
    source="https://www.rfc-editor.org/rfc/rfc5424",
    samples=(
        "<165>1 2024-03-14T09:26:53.123456+01:00 web-1.example.org checkout 4711 ORDER"
        ' [shop@32473 id="A-17" note="said \\"yes\\""] order accepted',
        "<34>1 2024-03-14T08:26:54Z web-1 su - ID47 - authentication failed for ada",
        "<191>1 - - - - - -",
    ),
    make_parser=_make_parser,
    specificity=0.98,
    sieve=r"(?:[0-9]{1,6} )?+<[0-9]{1,3}>[0-9]",
    alone=True,
)

FORMATS: Final = (RFC5424,)
