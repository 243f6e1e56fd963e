"""Traditional syslog files (RFC 3164), read leniently, as senders write them.

With or without PRI, BSD or ISO time, with or without host, tag and process id. A BSD time says
neither year nor zone: both are assumed. Where no PRI says that it is syslog, a level directly behind the
time is neither host nor tag: the line is an application's.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from chalicelib.core.formats import Format, severity
from chalicelib.core.formats.dates import CLOCK, DAY
from chalicelib.core.formats.kinds import integer
from chalicelib.core.formats.nested import add_all
from chalicelib.core.formats.reasons import BAD_TIME, OTHER_SHAPE
from chalicelib.core.formats.starts import LEVEL_BEHIND
from chalicelib.core.formats.systems.bodies import Enveloped
from chalicelib.core.formats.systems.cisco_messages import add_device
from chalicelib.core.formats.systems.ios_heads import BSD, MNEMONIC, NODE, read_head, read_time
from chalicelib.core.formats.systems.priorities import FURTHER, PRIORITIES, add_process, first_of
from chalicelib.core.formats.systems.programs import say_of
from chalicelib.core.formats.systems.programs.network import add_packet
from chalicelib.core.formats.times import MONTH, ZONE, Times
from chalicelib.core.records import Record, Reject

if TYPE_CHECKING:
    from chalicelib.core.formats import Parse, ParseContext
    from chalicelib.core.formats.systems.phrases import Say
    from chalicelib.core.formats.times import Stamp
    from chalicelib.core.records import Value

_ISO: Final = rf"{DAY}T{CLOCK}(?:[.,][0-9]{{1,9}})?(?:{ZONE})?"
_ISO_TIME: Final = re.compile(_ISO)
_HOST: Final = r"(?!(?:last )?message repeated )(?=\S*\w)(?:\[[0-9A-Fa-f:.]{2,45}\]|[\w:][\w.:@/%~+-]{0,254})"
"""A name or an address, also as syslog-ng chains them (`source@host/relay`); JSON, pairs and brackets are the message."""
_LINE: Final = re.compile(
    rf"(?:([0-9]{{1,6}}) (?=<))?(?:<([0-9]{{1,3}})>)?(?:([0-9]{{1,10}}): (?=[*.]?[A-Z][a-z]{{2}} ))?"
    rf"(?:[*.]?({BSD})|({_ISO}))(?: ?+:)?+ ++"
    rf"(?:(?![^\s\[\]:]{{1,128}}(?:\[[^\]\s]{{0,128}}\])?: )({_HOST})(?: |$))?"
    r"(?: *+([a-z0-9]{2,12}\.[a-z]{3,8}) (?=[^\s:]{1,128}: ))?"
    r"(?: *+([^\s\[\]:{}=\"]{1,128}|(?:[A-Z(][^\s\[\]:]{0,64} ){1,3}[A-Z(0-9][^\s\[\]:]{0,64}(?=\[[0-9]{1,10}\]: ))(?:\[([^\]\s]{0,128})\]:?|:)(?: |$))?"
    r"(.*)",
    re.DOTALL,
)
"""Octets, PRI, sequence, BSD time, ISO time, host, facility.severity, tag, process, message; a first word with a
colon is a tag, not a host."""
_VERBOSE: Final = re.compile(
    rf"((?:<[0-9]{{1,3}}>)?(?:{BSD}|{_ISO})) <([a-z0-9]{{1,12}})\.([a-z0-9]{{1,8}})> "
)
"""What FreeBSD's syslogd writes with -v and -vv: facility and severity, by number or by name."""
_WEEKDAY_FIRST: Final = re.compile(
    rf"[A-Z][a-z]{{2}} ({MONTH}  ?[0-9]{{1,2}} [0-9:]{{8}} [0-9]{{4}}) ([a-z0-9]{{2,12}}\.[a-z]{{3,8}}) "
    r"([^\s\[\]:]{1,128})(?:\[([0-9]{1,18})\])?: ?(.*)",
    re.DOTALL,
)
"""OpenWrt's logread: time, facility.severity, tag, process, message."""
_MAY_HAVE_PREFIX: Final = re.compile(rf"(?:[0-9]{{1,6}} )?<|[ :]*+[0-9]{{1,10}}:|{NODE}")
_OF_DEVICES: Final = frozenset(("syslog.sequence", "cisco.node"))
_PRIORITY: Final = re.compile(r"(?:[0-9]{1,6} (?=<))?<[0-9]{1,3}>")
CISCO: Final = re.compile(rf"(?:\S{{0,64}} {{0,2}}: {{0,2}}|[^%]{{0,64}}: )?{MNEMONIC}")
_SOLARIS: Final = re.compile(r"\[ID ([0-9]{1,9}) ([a-z0-9]{2,12})\.([a-z]{3,8})\] ")
_IP: Final = re.compile(r"(?:[0-9]{1,3}\.){3}[0-9]{1,3}|[0-9A-Fa-f:]*:[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]+")
_LEVEL_BEHIND: Final = re.compile(LEVEL_BEHIND)
_WHEN: Final = len("Mar 14 09:26:53 ")
_CACHE_MAX: Final = 8192


class _Parser:
    """Remembers times, hosts and tags: a line of known ones needs no regular expression."""

    __slots__ = ("_enveloped", "_hosts", "_iso", "_stamps", "_tags", "_times")

    def __init__(self, context: ParseContext) -> None:
        self._times = Times(context.last_modified)
        self._enveloped = Enveloped(context.explain)
        self._stamps: dict[str, Stamp] = {}
        self._hosts: set[str] = set()
        self._tags: dict[str, Say | None] = {}
        self._iso: set[tuple[str, str]] = set()

    def parse(self, line: str) -> Record | Reject:
        word = number = None
        fields: dict[str, Value] = {}
        begin = 0
        if line[:1] == "<":
            begin = line.find(">", 1, 5) + 1
            values = PRIORITIES.get(line[1 : begin - 1])
            if values is None:
                return self._parse_any(line)
            fields["syslog.facility.code"], fields["syslog.severity.code"], word, number = values
        when = line[begin : begin + _WHEN]
        stamp = self._stamps.get(when)
        if stamp is None:
            if when[10:11] != "T":
                return self._parse_any(line)
            when = line[begin:].partition(" ")[0]
            stamp = self._times.of_text(when) if _ISO_TIME.fullmatch(when) else None
            if stamp is None:
                return self._parse_any(line)
            host, _, rest = line[begin + len(when) + 1 :].partition(" ")
        else:
            host, _, rest = line[begin + _WHEN :].partition(" ")
        head, colon, message = rest.partition(": ")
        tag, bracket, process = head.partition("[")
        known = (host, tag) in self._iso if when[10:11] == "T" else host in self._hosts and tag in self._tags
        if not known or not colon or "%" in message[:130]:
            return self._parse_any(line)
        fields["host.name"] = host
        fields["service.name"] = tag
        if bracket:
            if process[-1:] != "]" or not process[:-1].isdecimal():
                return self._parse_any(line)
            add_process(fields, process[:-1])
        say = self._tags[tag]
        if say is None:
            return self._untyped(message, tag, stamp, word, number, fields)
        word, number = self._type_message(message, say, fields, word, number)
        return tuple.__new__(Record, (*stamp, word, number, message or None, fields))

    def _untyped(
        self,
        message: str,
        program: str | None,
        stamp: Stamp,
        word: str | None,
        number: int | None,
        fields: dict[str, Value],
    ) -> Record:
        """The record of a message of which no well-known phrases are known."""
        if message[:4] == "[ID " or "log.level" in fields:
            word, number = self._type_message(message, None, fields, word, number)
        return self._enveloped(message, program, stamp, word, number, fields)

    def _type_message(
        self,
        message: str,
        say: Say | None,
        fields: dict[str, Value],
        word: str | None,
        number: int | None,
    ) -> tuple[str | None, int | None]:
        """Adds what the message says to the fields; gives the severity, of the message where there is no PRI."""
        if message[:4] == "[ID " and (match := _SOLARIS.match(message)):
            fields["syslog.msgid"] = match[1]
            fields["syslog.facility.name"] = match[2]
            fields["log.level"] = match[3]
            message = message[match.end() :]
        if say is not None:
            say(message, fields)
        logged = fields.pop("log.level", None)
        if number is None and type(logged) is str:
            level = severity.of_word(logged)
            if level is not None or severity.is_word(logged):
                return logged, level
            fields["log.level"] = logged
        return word, number

    def _parse_verbose(self, line: str, match: re.Match[str]) -> Record | Reject:
        record = self.parse(f"{match[1]} {line[match.end() :]}")
        if not isinstance(record, Record):
            return record
        facility, severity_code = match[2], match[3]
        code = integer(facility)
        record.attributes[f"syslog.facility.{'name' if code is None else 'code'}"] = (
            facility if code is None else code
        )
        if record.severity_text is not None:
            return record
        word, number = (
            severity.of_syslog(integer(severity_code))
            if severity_code.isdecimal()
            else (severity_code, severity.of_word(severity_code))
        )
        return record._replace(severity_text=word, severity_number=number)

    def _parse_any(self, line: str) -> Record | Reject:
        if " <" in line[:48] and (verbose := _VERBOSE.match(line)):
            return self._parse_verbose(line, verbose)
        match = _LINE.match(line)
        if match is None:
            return self._parse_weekday_first(line)
        octets, priority, sequence, bsd, iso, host, level, tag, process, message = match.groups()
        if octets is not None and (further := first_of(line[match.end(1) + 1 :], octets)[1]):
            first = self._parse_any(line.removesuffix(further))
            if isinstance(first, Record):
                first.attributes[FURTHER] = further
            return first
        if tag is not None and (tag.isdecimal() or tag[0] == "%"):
            message, tag, process = line[match.start(8) :], None, None
        values = None if priority is None else PRIORITIES.get(priority)
        leveled = bsd is not None and _LEVEL_BEHIND.match(line, match.end(4)) is not None
        if (
            (priority is not None and values is None)
            or (iso is not None and not _is_syslog(host, tag, has_priority=priority is not None))
            or (leveled and (priority is None or (host is not None and tag is None)))
        ):
            return OTHER_SHAPE
        stamp = self._times.of_text(_year_last(bsd) if bsd else iso)
        if stamp is None:
            return BAD_TIME
        if level is None and host is not None and not leveled and match.end(4) == match.start(6) - 1:
            self._remember(line[match.start(4) : match.start(6)], stamp, host, tag)
        elif level is None and host is not None and iso is not None and tag is not None:
            self._remember(None, stamp, host, tag)
        fields: dict[str, Value] = {}
        word = number = None
        if octets is not None:
            fields["syslog.octet_count"] = integer(octets)
        if values is not None:
            fields["syslog.facility.code"], fields["syslog.severity.code"], word, number = values
        if sequence is not None:
            fields["syslog.sequence"] = integer(sequence)
        if host is not None:
            fields["host.name"] = host
        if level is not None:
            fields["syslog.facility.name"], _, fields["log.level"] = level.partition(".")
        if tag is not None:
            fields["service.name"] = tag
        if process:
            add_process(fields, process)
        if "%" in message[:130] and (
            device := CISCO.match(message := self._of_relayed(message, stamp, fields))
        ):
            fields["cisco.facility"], fields["cisco.mnemonic"] = device[1], device[3]
            word, number = severity.of_syslog(integer(device[2]))
            add_device(message[device.end() :], fields)
        say = say_of(tag) if tag is not None else add_packet if "SRC=" in message else None
        if say is None:
            return self._untyped(message, tag, stamp, word, number, fields)
        word, number = self._type_message(message, say, fields, word, number)
        return Record(*stamp, word, number, message or None, fields)

    def _parse_prefixed(self, line: str) -> Record | Reject:
        """What stands between the priority and the time: blanks, colons, a sequence number, who sent it."""
        if not _MAY_HAVE_PREFIX.match(line):
            return OTHER_SHAPE
        priority = _PRIORITY.match(line)
        head = read_head(line, priority.end() if priority else 0)
        if head is None or not head.timed or not (priority or head.fields.keys() & _OF_DEVICES):
            return OTHER_SHAPE
        rest = line[head.end :]
        if priority is None and "host.name" in head.fields and not CISCO.search(rest, 0, 100):
            return OTHER_SHAPE
        begin = priority[0] if priority else ""
        timed = read_time(rest, head.fields) if head.fields or "%" in rest[:130] else None
        record = self._parse_any(begin + rest) if timed is None else self._of_ios(begin, *timed)
        if isinstance(record, Record):
            for name, value in head.fields.items():
                record.attributes.setdefault(name, value)
        return record

    def _of_ios(self, priority: str, when: str, message: str) -> Record | Reject:
        """The record of a line of IOS, of which the head was read."""
        stamp = self._times.of_text(_year_last(when))
        octets, _, number = priority.rstrip(">").rpartition("<")
        values = PRIORITIES.get(number) if priority else None
        if stamp is None:
            return BAD_TIME
        if priority and values is None:
            return OTHER_SHAPE
        fields: dict[str, Value] = {}
        word = of_word = None
        if octets:
            fields["syslog.octet_count"] = integer(octets)
        if values is not None:
            fields["syslog.facility.code"], fields["syslog.severity.code"], word, of_word = values
        if device := CISCO.match(message):
            fields["cisco.facility"], fields["cisco.mnemonic"] = device[1], device[3]
            add_device(message[device.end() :], fields)
            word, of_word = severity.of_syslog(integer(device[2]))
        return Record(*stamp, word, of_word, message or None, fields)

    def _of_relayed(self, message: str, stamp: Stamp, fields: dict[str, Value]) -> str:
        """The message of a relayed line of IOS without its head; the message as it is where it has none."""
        head = read_head(message)
        if head is None:
            return message
        timed = read_time(message[head.end :], head.fields) if head.timed else (None, message[head.end :])
        if timed is None:
            return message
        own = timed[0] and self._times.of_text(_year_last(timed[0]))
        if own and "process.pid" not in fields and (origin := fields.pop("service.name", None)) is not None:
            head.fields.setdefault("host.name", origin)
        add_all(fields, head.fields)
        if own and own[0] != stamp[0]:
            fields["log.record.timestamp"] = own[0]
        fields["log.record.original"] = message
        return timed[1]

    def _parse_weekday_first(self, line: str) -> Record | Reject:
        match = _WEEKDAY_FIRST.match(line) if line[3:4] == " " else None
        if match is None:
            return self._parse_prefixed(line)
        when, level, tag, process, message = match.groups()
        stamp = self._times.of_text(when)
        if stamp is None:
            return BAD_TIME
        fields: dict[str, Value] = {"service.name": tag}
        fields["syslog.facility.name"], _, fields["log.level"] = level.partition(".")
        if process:
            add_process(fields, process)
        say = say_of(tag)
        if say is None:
            return self._untyped(message, tag, stamp, None, None, fields)
        word, number = self._type_message(message, say, fields, None, None)
        return Record(*stamp, word, number, message or None, fields)

    def _remember(self, when: str | None, stamp: Stamp, host: str, tag: str | None) -> None:
        if len(self._stamps) + len(self._hosts) + len(self._tags) + len(self._iso) >= _CACHE_MAX:
            self._stamps.clear()
            self._hosts.clear()
            self._tags.clear()
            self._iso.clear()
        if when is not None and len(when) == _WHEN:
            self._stamps[when] = stamp
        if tag is not None:
            if when is None:
                self._iso.add((host, tag))
            else:
                self._hosts.add(host)
            self._tags[tag] = say_of(tag)


def _year_last(when: str) -> str:
    """2026 Feb  4 13:31:24, as NX-OS writes it: Feb 4 2026 13:31:24."""
    if not when[0].isdecimal():
        return when
    year, month, day, rest = when.split(None, 3)
    return f"{month} {day} {year} {rest}"


def _is_syslog(host: str | None, tag: str | None, *, has_priority: bool) -> bool:
    """Whether what follows an ISO time is a host and a tag, and not a level and a logger's name.

    told: a PRI says that it is syslog, so that the tag may be missing.
    """
    if host is None or host[0] in "[({<|-" or severity.of_word(host) is not None:
        return False
    if tag is None:
        return has_priority or _IP.fullmatch(host) is not None
    return severity.of_word(tag) is None


def _make_parser(context: ParseContext) -> Parse:
    return _Parser(context).parse


RFC3164: Final = Format(
    name="syslog_rfc3164",
    title="Syslog, traditional (RFC 3164, with or without PRI, BSD or ISO time)",
    source="https://www.rfc-editor.org/rfc/rfc3164",
    samples=(
        "<30>Mar  4 09:26:53 web-1 NetworkManager[4711]: <info> [1710404813.1234] device (eth0): link connected",
        "Mar 14 09:26:54 web-1 smartd[812]: Device: /dev/sda [SAT], SMART Usage Attribute: 194 changed from 64 to 63",
        '2024-03-14T09:26:55.123456+01:00 web-1 rsyslogd: [origin software="rsyslogd"] rsyslogd was HUPed',
        "<189>29: *Mar 14 09:26:56.123: %SYS-5-CONFIG_I: Configured from console by ada on vty0 (192.0.2.17)",
        "Thu Mar 14 09:26:57 2024 daemon.notice netifd: Interface 'wan' is now up",
    ),
    make_parser=_make_parser,
    specificity=0.9,
    sieve=rf"(?:[0-9]{{1,6}} (?=<))?+(?:<[0-9]{{1,3}}>[ :]*+)?+(?:[0-9]{{1,10}}:[ :]*+)?+(?:[^\s:=%]{{1,255}}: ++|[0-9A-Fa-f:]{{2,45}}: ++|{NODE})?+[*.]?(?:{MONTH} [ 0-9]|[A-Z][a-z]{{2}} {MONTH} "
    rf"|[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}T|[0-9]{{4}} {MONTH} )",
    alone=True,
)

FORMATS: Final = (RFC3164,)
