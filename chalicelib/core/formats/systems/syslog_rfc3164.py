"""Traditional syslog files (RFC 3164), read leniently, as senders write them.

With or without PRI, BSD or ISO time, with or without host, tag and process id. A BSD time says
neither year nor zone: both are assumed.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from chalicelib.core.formats import Format, severity
from chalicelib.core.formats.systems.priorities import PRIORITIES, add_process
from chalicelib.core.formats.times import MONTH, ZONE, Times
from chalicelib.core.records import Record, Reject

if TYPE_CHECKING:
    from chalicelib.core.formats import Parse, ParseContext
    from chalicelib.core.formats.times import Stamp
    from chalicelib.core.records import Value

_ISO: Final = (
    rf"[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}T[0-9]{{2}}:[0-9]{{2}}:[0-9]{{2}}(?:[.,][0-9]{{1,9}})?(?:{ZONE})?"
)
_BSD: Final = (
    rf"{MONTH} [ 0-9]?[0-9] (?:[0-9]{{4}} )?[0-9]{{2}}:[0-9]{{2}}:[0-9]{{2}}(?:\.[0-9]{{1,9}})?(?: {ZONE})?"
)
_LINE: Final = re.compile(
    rf"(?:<([0-9]{{1,3}})>)?(?:({_BSD})|({_ISO})):? ++"
    r"(?:(?![^\s\[\]:]{1,128}(?:\[[^\]\s]{0,128}\])?: )(\S{1,255})(?: |$))?"
    r"(?: *+([^\s\[\]:]{1,128})(?:\[([^\]\s]{0,128})\]:?|:)(?: |$))?"
    r"(.*)",
    re.DOTALL,
)
"""PRI, BSD time, ISO time, host, tag, process, message; a first word with a colon is a tag, not a host."""
_IP: Final = re.compile(r"(?:[0-9]{1,3}\.){3}[0-9]{1,3}|[0-9A-Fa-f:]*:[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]+")
_WHEN: Final = len("Mar 14 09:26:53 ")
_CACHE_MAX: Final = 8192

_NOT_RFC3164: Final = Reject("not-rfc3164")
_BAD_TIME: Final = Reject("invalid-timestamp")


class _Parser:
    """Remembers times, hosts and tags: a line of known ones needs no regular expression."""

    __slots__ = ("_hosts", "_stamps", "_tags", "_times")

    def __init__(self, context: ParseContext) -> None:
        self._times = Times(context.last_modified)
        self._stamps: dict[str, Stamp] = {}
        self._hosts: set[str] = set()
        self._tags: set[str] = set()

    def parse(self, line: str) -> Record | Reject:
        stamp = self._stamps.get(line[:_WHEN])
        if stamp is None:
            return self._parse_any(line)
        host, _, rest = line[_WHEN:].partition(" ")
        head, colon, message = rest.partition(": ")
        tag, bracket, process = head.partition("[")
        if host not in self._hosts or tag not in self._tags or not colon:
            return self._parse_any(line)
        fields: dict[str, Value] = {"host.name": host, "service.name": tag}
        if bracket:
            if process[-1:] != "]" or not process[:-1].isdecimal():
                return self._parse_any(line)
            add_process(fields, process[:-1])
        return tuple.__new__(Record, (*stamp, None, None, message or None, fields))

    def _parse_any(self, line: str) -> Record | Reject:
        found = _LINE.match(line)
        if found is None:
            return _NOT_RFC3164
        priority, bsd, iso, host, tag, process, message = found.groups()
        if tag is not None and tag.isdecimal():
            message, tag, process = line[found.start(5) :], None, None
        values = None if priority is None else PRIORITIES.get(priority.lstrip("0") or "0")
        if (priority is not None and values is None) or (
            iso is not None and not _is_syslog(host, tag, told=priority is not None)
        ):
            return _NOT_RFC3164
        stamp = self._times.of_text(bsd or iso)
        if stamp is None:
            return _BAD_TIME
        if found.end(2) == found.start(4) - 1 == _WHEN - 1:
            self._remember(line[:_WHEN], stamp, host, tag)
        fields: dict[str, Value] = {}
        word = number = None
        if values is not None:
            fields["syslog.facility.code"], fields["syslog.severity.code"], word, number = values
        if host is not None:
            fields["host.name"] = host
        if tag is not None:
            fields["service.name"] = tag
        if process:
            add_process(fields, process)
        return Record(*stamp, word, number, message or None, fields)

    def _remember(self, when: str, stamp: Stamp, host: str, tag: str | None) -> None:
        if len(self._stamps) + len(self._hosts) + len(self._tags) >= _CACHE_MAX:
            for cache in (self._stamps, self._hosts, self._tags):
                cache.clear()
        self._stamps[when] = stamp
        if tag is not None:
            self._hosts.add(host)
            self._tags.add(tag)


def _is_syslog(host: str | None, tag: str | None, *, told: bool) -> bool:
    """Whether what follows an ISO time is a host and a tag, and not a level and a logger's name.

    told: a PRI says that it is syslog, so that the tag may be missing.
    """
    if host is None or host[0] in "[({<|-" or severity.of_word(host) is not None:
        return False
    if tag is None:
        return told or _IP.fullmatch(host) is not None
    return severity.of_word(tag) is None


def _make_parser(context: ParseContext) -> Parse:
    return _Parser(context).parse


RFC3164: Final = Format(
    name="syslog_rfc3164",
    title="Syslog, traditional (RFC 3164, with or without PRI, BSD or ISO time)",
    source="https://www.rfc-editor.org/rfc/rfc3164",
    samples=(
        "<38>Mar  4 09:26:53 web-1 sshd[4711]: Accepted publickey for ada from 192.0.2.17 port 51022 ssh2",
        "Mar 14 09:26:54 web-1 kernel: [ 1042.117] usb 1-1: new high-speed USB device",
        "2024-03-14T09:26:55.123456+01:00 web-1 postfix/smtpd[812]: connect from unknown[192.0.2.17]",
    ),
    make_parser=_make_parser,
    specificity=0.9,
    sieve=rf"(?:<[0-9]{{1,3}}>)?+(?:{MONTH} [ 0-9]|[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}T)",
    alone=True,
)

FORMATS: Final = (RFC3164,)
