"""Syslog files by RFC 5424, with or without the octet count of RFC 6587 before a message.

Structured data become attributes of their own, `syslog.structured_data.{SD-ID}.{PARAM-NAME}`.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from chalicelib.core.formats import Format
from chalicelib.core.formats.systems.priorities import PRIORITIES, add_process
from chalicelib.core.formats.systems.programs import say_of
from chalicelib.core.formats.times import Times
from chalicelib.core.records import Record, Reject

if TYPE_CHECKING:
    from chalicelib.core.formats import Parse, ParseContext
    from chalicelib.core.formats.systems.phrases import Say
    from chalicelib.core.formats.times import Stamp
    from chalicelib.core.records import Value

_VERSION: Final = re.compile(r"<([0-9]{1,3})>([1-9][0-9]{0,2})")
_COUNTED: Final = re.compile(r"([0-9]{1,6}) (?=<[0-9])")
_SPACES: Final = re.compile(r" ++")
_ELEMENT: Final = re.compile(r'\[([^\s=\]"]{1,256})')
_NAME: Final = re.compile(r' ++([^\s=\]"]{1,256})=')
_PARAMETER: Final = re.compile(
    r' ++([^\s=\]"]{1,256})=(?:"([^"\\\]]*+(?:\\.[^"\\\]]*+)*+)"|([^\s"\]]*+))', re.DOTALL
)
_ESCAPE: Final = re.compile(r'\\(["\\\]])')
_CACHE_MAX: Final = 8192
_WHEN_MAX: Final = 64
_STRUCTURED: Final = "syslog.structured_data."

_NOT_RFC5424: Final = Reject("not-rfc5424")
_BAD_TIME: Final = Reject("invalid-timestamp")
_BAD_DATA: Final = Reject("invalid-structured-data")


class _Parser:
    __slots__ = ("_headers", "_programs", "_times", "_utc_seconds")

    def __init__(self, context: ParseContext) -> None:
        self._times = Times(context.last_modified)
        self._utc_seconds: set[str] = set()
        self._programs: dict[str, Say | None] = {}
        self._headers = {f"<{priority}>1": (*values, 1) for priority, values in PRIORITIES.items()}

    def _stamp(self, when: str) -> Stamp | None:
        """The time stamp, and its second is kept where the text is the time stamp as it stands."""
        stamp = self._times.of_text(when)
        if stamp == (when, None) and when[19] == "." and len(when) < _WHEN_MAX:
            if len(self._utc_seconds) >= _CACHE_MAX:
                self._utc_seconds.clear()
            self._utc_seconds.add(when[:20])
        return stamp

    def parse(self, line: str) -> Record | Reject:
        if line[:1] != "<" and (counted := _COUNTED.match(line)):
            result = self.parse(line[counted.end() :])
            if isinstance(result, Record):
                result.attributes["syslog.octet_count"] = int(counted[1])
            return result
        parts = line.split(" ", 6)
        if len(parts) != 7 or "" in parts:
            return _NOT_RFC5424
        header, when, host, application, process, message_id, rest = parts
        known = self._headers.get(header) or _header(header)
        if known is None:
            return _NOT_RFC5424
        stamp: Stamp | tuple[None, None] | None
        fraction = when[20:-1]
        if when[:20] in self._utc_seconds and when[-1] == "Z" and fraction.isdecimal() and fraction.isascii():
            stamp = when, None
        else:
            stamp = (None, None) if when == "-" else self._stamp(when)
        if stamp is None:
            return _BAD_TIME
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
        if process != "-":
            add_process(fields, process)
        if message_id != "-":
            fields["syslog.msgid"] = message_id
        end = 1 if rest[0] == "-" else _add_structured_data(fields, rest)
        if end == 0 or rest[end : end + 1] not in ("", " "):
            return _BAD_DATA
        message = rest[end + 1 :].removeprefix("\ufeff") or None
        if message is not None:
            try:
                say = self._programs[application]
            except KeyError:
                if len(self._programs) >= _CACHE_MAX:
                    self._programs.clear()
                say = self._programs[application] = say_of(application)
            if say is not None:
                say(message, fields)
                fields.pop("log.level", None)
        return tuple.__new__(Record, (*stamp, word, number, message, fields))


def _header(text: str) -> tuple[int, int, str, int, int] | None:
    """What PRI and version say, where the version is not 1 or PRI has leading zeros."""
    found = _VERSION.fullmatch(text)
    values = found and PRIORITIES.get(found[1].lstrip("0") or "0")
    return (*values, int(found[2])) if found and values else None


def _add_structured_data(fields: dict[str, Value], text: str) -> int:
    """Adds every parameter of the elements at the start of the text; returns where they end, 0 if broken.

    A value without quotes is taken as it stands: senders write it.
    """
    end = text.find('"]') + 2
    if end > 2 and text[end : end + 1] in (" ", "") and text.find("\\", 0, end) < 0:
        parts = text[1 : end - 2].split('"')
        names = _names(tuple(parts[::2]))
        if names is not None and len(names) * 2 == len(parts):
            fields.update(zip(names, parts[1::2], strict=True))
            return end
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
        while found := _PARAMETER.match(text, position):
            position = found.end()
            quoted: str | None = found[2]
            value = found[3] if quoted is None else _ESCAPE.sub(r"\1", quoted) if "\\" in quoted else quoted
            key = f"{name}.{found[1]}"
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
def _names(pieces: tuple[str, ...]) -> tuple[str, ...] | None:
    """Attribute names of one element's parameters, from what stands between its quoted values."""
    element = _ELEMENT.match("[" + pieces[0])
    if element is None:
        return None
    names = []
    for piece in (pieces[0][element.end() - 1 :], *pieces[1:]):
        found = _NAME.fullmatch(piece)
        if found is None:
            return None
        names.append(f"{_STRUCTURED}{element[1]}.{found[1]}")
    return tuple(names) if len(set(names)) == len(names) else None


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
