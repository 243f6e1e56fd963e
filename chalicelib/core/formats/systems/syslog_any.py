"""Syslog of any kind: whatever stands behind a priority, and files that mix its kinds.

RFC 5424 and RFC 3164 first; else what follows the priority is read by its own format (CEF, JSON, an
application's line …), by host and program without a time, or is text. Facility and severity are always kept.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from chalicelib.core.formats import Format, severity
from chalicelib.core.formats.dates import ISO
from chalicelib.core.formats.kinds import integer
from chalicelib.core.formats.reasons import OTHER_SHAPE
from chalicelib.core.formats.systems.bodies import Enveloped
from chalicelib.core.formats.systems.cisco_messages import add_device
from chalicelib.core.formats.systems.ios_heads import read_head
from chalicelib.core.formats.systems.priorities import PRIORITIES, add_process
from chalicelib.core.formats.systems.programs import program_of, say_of
from chalicelib.core.formats.systems.syslog_rfc3164 import CISCO, RFC3164
from chalicelib.core.formats.systems.syslog_rfc5424 import RFC5424
from chalicelib.core.records import Record, Reject

if TYPE_CHECKING:
    from chalicelib.core.formats import Parse, ParseContext
    from chalicelib.core.records import Value

_MAY_BE_NEW: Final = re.compile(RFC5424.sieve or "").match
_PRIORITY: Final = re.compile(r"(?:([0-9]{1,6}) (?=<))?<([0-9]{1,3})> *+")
_VERSION: Final = re.compile(r"([1-9]) ++(?=\S)")
_BLANK_TIME: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2} (?=[0-9]{2}:[0-9]{2}:[0-9]{2})")
_HEAD: Final = re.compile(
    r"(?:(?P<host>[^\s:=\[\]{}\"|]{1,255}|[0-9A-Fa-f:]{2,45}) ++)?"
    r"(?P<tag>[A-Za-z_/][^\s\[\]:={}\"|]{0,127})(?:\[(?P<process>[^\]\s]{0,128})\]:?|:)(?: |$)"
)
_HOSTLIKE: Final = re.compile(r"(?=[^\s]*[0-9.:-])[^\s]+")
_NAME: Final = re.compile(r"[a-z][a-z_]{0,62}|[A-Z][A-Z_]{0,62}")
"""Is a host's before a program with the number of its process."""
_HOST: Final = re.compile(
    r"(?=[^\s]*[0-9.-])([A-Za-z0-9][\w.-]{0,254}|[0-9A-Fa-f:]{2,45}) (?=[^\s:]*[\[{=|])"
)
_TIME: Final = re.compile(rf"{ISO} ++")
_PRIORITIES: Final = re.compile(r"(?:<[0-9]{1,3}>){2,64}+(?=<?)")
"""What relays put before a message again and again: none of it says more than the first."""
_LOWER: Final = re.compile(r"[a-z][\w./-]{1,63}")


class _Parser:
    __slots__ = ("_enveloped", "_explain", "_new", "_old")

    def __init__(self, context: ParseContext) -> None:
        self._explain = context.explain
        self._enveloped = Enveloped(context.explain)
        self._old = RFC3164.make_parser(context)
        self._new = RFC5424.make_parser(context)

    def parse(self, line: str) -> Record | Reject:
        result = self._new(line) if _MAY_BE_NEW(line) else None
        if not isinstance(result, Record):
            result = self._old(line)
        if isinstance(result, Record):
            return result
        match = _PRIORITY.match(line)
        values = match and PRIORITIES.get(match[2])
        if not match or not values:
            return OTHER_SHAPE
        fields: dict[str, Value] = {}
        if match[1] is not None:
            fields["syslog.octet_count"] = integer(match[1])
        rest = line[match.end() :]
        if version := _VERSION.match(rest):
            fields["syslog.version"] = integer(version[1])
        lenient = self._lenient(match[2], rest, version.end() if version else 0)
        if lenient is not None:
            for name, value in fields.items():
                lenient.attributes.setdefault(name, value)
            return lenient
        fields["syslog.facility.code"], fields["syslog.severity.code"], word, number = values
        return self._behind_priority(rest[version.end() :] if version else rest, word, number, fields)

    def _lenient(self, priority: str, rest: str, version_ends: int) -> Record | None:
        """A line of one of the kinds, but for a blank, a version or a part that its sender left out."""
        behind_version = rest[version_ends:]
        for text in dict.fromkeys((rest, behind_version)):
            whole = f"<{priority}>{_BLANK_TIME.sub(lambda time: time[0][:-1] + 'T', text, count=1)}"
            for parse in (self._new, self._old):
                result = parse(whole)
                if isinstance(result, Record) and (not version_ends or "service.name" in result.attributes):
                    return result
        lacking = self._without_host(priority, behind_version)
        return lacking or (self._without_data(priority, behind_version) if version_ends else None)

    def _without_host(self, priority: str, rest: str) -> Record | None:
        """Time, program and message."""
        time = _TIME.match(rest)
        head = _head(rest[time.end() :]) if time else None
        if time is None or head is None or head["host"] is not None:
            return None
        result = self._old(f"<{priority}>{time[0].strip().replace(' ', 'T')} host {rest[time.end() :]}")
        if not isinstance(result, Record):
            return None
        del result.attributes["host.name"]
        return result

    def _without_data(self, priority: str, rest: str) -> Record | None:
        """RFC 5424 whose sender left out the structured data."""
        parts = rest.split(" ", 5)
        if len(parts) < 6 or parts[2][-1:] in (":", "]") or parts[5][:1] in ("[", ""):
            return None
        result = self._new(f"<{priority}>1 {' '.join(parts[:5])} - {parts[5]}")
        return result if isinstance(result, Record) else None

    def _behind_priority(self, text: str, word: str, number: int, fields: dict[str, Value]) -> Record:
        if (run := _PRIORITIES.match(text)) is not None:
            fields["syslog.repeated_priorities"] = run[0]
            text = text[run.end() :]
        explained = self._explain(text)
        if explained is None:
            if ios := read_head(text):
                fields.update(ios.fields)
                text = text[ios.end :]
            if "%" in text[:130] and (device := CISCO.match(text)):
                fields["cisco.facility"], fields["cisco.mnemonic"] = device[1], device[3]
                add_device(text[device.end() :], fields)
                own_word, own_number = severity.of_syslog(integer(device[2]))
                return Record(None, None, own_word, own_number, text, fields)
            if (host := _HOST.match(text)) and self._explain(text[host.end() :]) is not None:
                fields["host.name"] = host[1]
                text = text[host.end() :]
        program = None
        if explained is None and "host.name" not in fields and (head := _head(text)) is not None:
            program = head["tag"]
            if head["host"] is not None:
                fields["host.name"] = head["host"]
            fields["service.name"] = program
            if head["process"]:
                add_process(fields, head["process"])
            text = text[head.end() :]
            if (say := say_of(program)) is not None:
                say(text, fields)
                fields.pop("log.level", None)
                return Record(None, None, word, number, text or None, fields)
        return self._enveloped(text, program, (None, None), word, number, fields)


def _head(text: str) -> re.Match[str] | None:
    """Host and program of a line without a time; None where its first words may be prose."""
    head = _HEAD.match(text)
    if head is None or severity.of_word(head["tag"]) is not None:
        return None
    if (host := head["host"]) is not None and not _HOSTLIKE.fullmatch(host):
        numbered = (head["process"] or "").isdecimal()
        if not numbered or not _NAME.fullmatch(host) or severity.of_word(host) is not None:
            return None
    named = head["process"] is not None or head["host"] is not None or program_of(head["tag"]) is not None
    return head if named or _LOWER.fullmatch(head["tag"]) else None


def _make_parser(context: ParseContext) -> Parse:
    return _Parser(context).parse


SYSLOG: Final = Format(
    name="syslog",
    title="Syslog of any kind: CEF, JSON, an application's line or text behind a priority, and several kinds mixed",
    source="https://www.rfc-editor.org/rfc/rfc3164#section-4.3",
    samples=(
        "<134>web-1 shop[4711]: order 17 accepted",
        '<134>{"level":"warn","ts":1710404814.1,"caller":"shop/pay.go:42","msg":"card declined"}',
        "<13>nothing in this line says more than its priority",
        "<189>29: rtr-1: %LINK-3-UPDOWN: Interface GigabitEthernet0/1, changed state to up",
        '<134> level=warn msg="disk is slow" took=12',
    ),
    make_parser=_make_parser,
    specificity=0.85,
    sieve=rf"(?:[0-9]{{1,6}} )?+<[0-9]{{1,3}}>|{RFC3164.sieve}",
    alone=True,
)

FORMATS: Final = (SYSLOG,)
