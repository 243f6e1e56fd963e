"""Events of Windows: as XML (wevtutil, Event Viewer, winlogbeat), in a line, over lines or in one element that holds
them; and as the text of wevtutil and Event Viewer.

https://learn.microsoft.com/en-us/windows/win32/wes/eventschema-schema
"""

from __future__ import annotations

import re
from html import unescape
from typing import TYPE_CHECKING, Final

from chalicelib.core.formats import Format, severity
from chalicelib.core.formats.kinds import integer, is_ip, number
from chalicelib.core.formats.reasons import BAD_TIME, OTHER_SHAPE
from chalicelib.core.formats.starts import own_start
from chalicelib.core.formats.times import Times
from chalicelib.core.framing import Framing, Kind
from chalicelib.core.records import Record, Reject

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chalicelib.core.formats import Parse, ParseContext
    from chalicelib.core.formats.times import Stamp
    from chalicelib.core.records import Value

_TOKEN: Final = re.compile(
    r"<!\[CDATA\[(?P<cdata>.*?)\]\]>|<!--.*?-->|<\?[^>]*+>|<(?P<closing>/)?(?P<name>[A-Za-z_][\w:.-]{0,255})"
    r"(?P<attributes>(?:[^<>\"'/]|/(?!>)|\"[^\"]*+\"|'[^']*+')*+)(?P<empty>/)?>|(?P<text>[^<]++)",
    re.DOTALL,
)
_ATTRIBUTE: Final = re.compile(r"([A-Za-z_][\w:.-]{0,255})\s*+=\s*+(?:\"([^\"]*+)\"|'([^']*+)')")
_EVENT: Final = re.compile(r"\s*+<Event[\s>]")
_DEPTH_MAX: Final = 64
_FIELDS_MAX: Final = 400
_LEVELS: Final = {
    "0": "Information",
    "1": "Critical",
    "2": "Error",
    "3": "Warning",
    "4": "Information",
    "5": "Verbose",
}
_SYSTEM: Final = {
    "Provider@Name": "windows.provider", "Provider@Guid": "windows.provider_guid", "Provider@EventSourceName": "windows.event_source",
    "EventID": "windows.event_id", "EventID@Qualifiers": "windows.event_qualifiers", "Version": "windows.event_version", "Task": "windows.task",
    "Opcode": "windows.opcode", "Keywords": "windows.keywords", "EventRecordID": "windows.record_id", "Channel": "windows.channel",
    "Computer": "host.name", "Security@UserID": "user.id", "Execution@ProcessID": "process.pid", "Execution@ThreadID": "thread.id",
    "Correlation@ActivityID": "windows.activity_id", "Correlation@RelatedActivityID": "windows.related_activity_id",
}  # fmt: skip
_RENDERED: Final = {
    "Task": "windows.task_name",
    "Opcode": "windows.opcode_name",
    "Keywords": "windows.keyword_names",
}
_NUMBERS: Final = frozenset((
    "windows.event_id", "windows.event_qualifiers", "windows.event_version", "windows.task", "windows.opcode", "windows.record_id",
    "process.pid", "thread.id",
))  # fmt: skip
_ENDS: Final = {
    "IpAddress": "client.address",
    "SourceIp": "source.address",
    "DestinationIp": "destination.address",
}
_USERS: Final = ("TargetUserName", "SubjectUserName", "User")

_BROKEN: Final = Reject("broken-xml")


def _leaves(text: str) -> Iterator[tuple[tuple[str, ...], dict[str, str], str]]:
    """Path, attributes and text of every element, in the order of their ends. Raises ValueError for broken XML."""
    path: list[tuple[str, dict[str, str], list[str]]] = []
    position = 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise ValueError
        position = match.end()
        if (cdata := match["cdata"]) is not None or (match["text"] is not None and path):
            if path:
                path[-1][2].append(cdata if cdata is not None else unescape(match["text"]))
        elif (name := match["name"]) is not None:
            if match["closing"]:
                if not path or path[-1][0] != name:
                    raise ValueError
                _, attributes, texts = path.pop()
                yield (*(each for each, _, _ in path), name), attributes, "".join(texts)
                if not path:
                    break
            else:
                attributes = {
                    each[1]: unescape(each[2] if each[2] is not None else each[3])
                    for each in _ATTRIBUTE.finditer(match["attributes"])
                }
                if match["empty"]:
                    yield (*(each for each, _, _ in path), name), attributes, ""
                elif len(path) >= _DEPTH_MAX:
                    raise ValueError
                else:
                    path.append((name, attributes, []))
    if path or text[position:].strip():
        raise ValueError


class _Event:
    """What the elements of an event say, gathered."""

    def __init__(self) -> None:
        self.fields: dict[str, Value] = {}
        self.unnamed: list[str] = []
        self.time: str | None = None
        self.level: str | None = None
        self.word: str | None = None
        self.message: str | None = None

    def take(self, path: tuple[str, ...], attributes: dict[str, str], text: str) -> None:
        stripped = text.strip()
        if path[1:2] == ("System",) and len(path) == 3:
            self._take_system(path[2], attributes, stripped)
        elif path[1:2] == ("RenderingInfo",) and len(path) >= 3:
            if path[2] == "Message":
                self.message = stripped
            elif path[2] == "Level":
                self.word = stripped
            elif path[-1] in ("Task", "Opcode", "Keyword") and stripped:
                name = _RENDERED["Keywords" if path[-1] == "Keyword" else path[-1]]
                before = self.fields.get(name)
                self.fields[name] = f"{before}, {stripped}" if before else stripped
        elif (
            path[1:2] in (("EventData",), ("UserData",), ("DebugData",), ("ProcessingErrorData",))
            and len(path) >= 3
        ):
            self._take_data(path, attributes, stripped)

    def _take_system(self, name: str, attributes: dict[str, str], value_text: str) -> None:
        if name == "Level":
            self.level = value_text
        elif name == "TimeCreated":
            self.time = attributes.get("SystemTime")
        for key, value in (
            (name, value_text),
            *((f"{name}@{each}", value) for each, value in attributes.items()),
        ):
            if (known := _SYSTEM.get(key)) is not None and value:
                self.fields[known] = number(value) if known in _NUMBERS else value

    def _take_data(self, path: tuple[str, ...], attributes: dict[str, str], value_text: str) -> None:
        if len(self.fields) >= _FIELDS_MAX:
            self.fields["extra"] = f"{self.fields.get('extra', '')}{value_text}\n"
            return
        if path[1] == "EventData" and (name := attributes.get("Name")):
            if value_text and value_text != "-":
                self.fields[f"windows.data.{name}"] = value_text
        elif path[1] == "EventData" and path[2] == "Data":
            if value_text:
                self.unnamed.append(value_text)
        elif value_text:
            self.fields[
                f"windows.{'user_data' if path[1] == 'UserData' else 'data'}.{'.'.join(path[3:] or path[2:])}"
            ] = value_text

    def record(self, times: Times) -> Record | Reject:
        fields = self.fields
        if "windows.event_id" not in fields or (
            "windows.provider" not in fields and "windows.channel" not in fields
        ):
            return OTHER_SHAPE
        stamp: Stamp | tuple[None, None] | None = (None, None)
        if self.time is not None:
            stamp = times.of_text(self.time)
        if stamp is None:
            return BAD_TIME
        for name, known in _ENDS.items():
            address = fields.get(f"windows.data.{name}")
            if type(address) is str and is_ip(address):
                fields[known] = address
        user = next(
            (fields[f"windows.data.{name}"] for name in _USERS if f"windows.data.{name}" in fields), None
        )
        if type(user) is str:
            fields["user.name"] = user
        for number_, text in enumerate(self.unnamed, start=1):
            fields[f"windows.data.{number_}"] = text
        word = self.word or _LEVELS.get(self.level or "")
        level = None if word is None else severity.of_word(_LEVEL_WORDS.get(word.lower(), word))
        if level is None and (word := _LEVELS.get(self.level or "")) is not None:
            level = severity.of_word(_LEVEL_WORDS[word.lower()])
        body = self.message or "\n".join(self.unnamed) or None
        return Record(stamp[0], stamp[1], word if level is not None else None, level, body, fields)


_LEVEL_WORDS: Final = {
    "information": "info", "critical": "critical", "error": "error", "warning": "warning", "verbose": "debug",
}  # fmt: skip


def _xml(context: ParseContext) -> Parse:
    times = Times(context.last_modified)

    def parse(entry: str) -> Record | Reject:
        if _EVENT.match(entry) is None:
            return OTHER_SHAPE
        event = _Event()
        try:
            for path, attributes, text in _leaves(entry.strip()):
                event.take(path, attributes, text)
        except ValueError:
            return _BROKEN
        return event.record(times)

    return parse


_LINE: Final = re.compile(r"[ \t]{1,8}([A-Z][A-Za-z ]{1,24}):(?: |$)(.*)")
_TEXT_NAMES: Final = {
    "Log Name": "windows.channel", "Source": "windows.provider", "Event ID": "windows.event_id", "Task": "windows.task_name",
    "Task Category": "windows.task_name", "Opcode": "windows.opcode_name", "Keyword": "windows.keyword_names",
    "Keywords": "windows.keyword_names", "User": "user.id", "User Name": "user.name", "Computer": "host.name",
}  # fmt: skip


def _text(context: ParseContext) -> Parse:
    times = Times(context.last_modified)

    def parse(entry: str) -> Record | Reject:
        first, _, rest = entry.partition("\n")
        if not re.fullmatch(r"Event\[[0-9]{1,9}\]:?\s*", first):
            return OTHER_SHAPE
        fields: dict[str, Value] = {}
        stamp: Stamp | tuple[None, None] | None = (None, None)
        word, level, body = None, None, None
        lines = rest.split("\n")
        for at, line in enumerate(lines):
            match = _LINE.fullmatch(line.rstrip())
            if match is None:
                continue
            name, value = match[1], match[2].strip()
            if name == "Description":
                body = "\n".join([value, *lines[at + 1 :]]).strip()
                break
            if name == "Date":
                stamp = times.of_text(value)
            elif name == "Level":
                word, level = value, severity.of_word(_LEVEL_WORDS.get(value.lower(), value))
            elif (known := _TEXT_NAMES.get(name)) is not None and value not in ("", "N/A", "None"):
                identifier = integer(value) if known == "windows.event_id" else None
                fields[known] = value if identifier is None else identifier
        if "windows.event_id" not in fields:
            return OTHER_SHAPE
        if stamp is None:
            return BAD_TIME
        return Record(stamp[0], stamp[1], word, level, body or None, fields)

    return parse


_SYSTEM_SAMPLE: Final = (
    "<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System><Provider Name='Microsoft-Windows-Security-Auditing'"
    " Guid='{54849625-5478-4994-a5ba-3e3b0328c30d}'/><EventID>4624</EventID><Version>2</Version><Level>0</Level><Task>12544</Task>"
    "<Opcode>0</Opcode><Keywords>0x8020000000000000</Keywords><TimeCreated SystemTime='2024-03-14T08:26:53.123456700Z'/>"
    "<EventRecordID>4711</EventRecordID><Correlation/><Execution ProcessID='612' ThreadID='4212'/><Channel>Security</Channel>"
    "<Computer>web-1.example.org</Computer><Security/></System><EventData><Data Name='TargetUserName'>ada</Data>"
    "<Data Name='IpAddress'>192.0.2.17</Data><Data Name='LogonType'>3</Data></EventData></Event>"
)
WINDOWS_XML: Final = Format(
    name="windows_event_xml",
    title="Windows events as XML: a line each, over several lines, or in an element that holds them",
    source="https://learn.microsoft.com/en-us/windows/win32/wes/eventschema-schema",
    samples=(
        _SYSTEM_SAMPLE,
        '<?xml version="1.0" encoding="utf-8" standalone="yes"?>\n<Events>\n'
        '<Event xmlns="http://schemas.microsoft.com/win/2004/08/events/event">\n  <System>\n    <Provider Name="Service Control Manager" />\n'
        '    <EventID Qualifiers="16384">7036</EventID>\n    <Level>3</Level>\n'
        '    <TimeCreated SystemTime="2024-03-14T08:26:54.0000000Z" />\n    <Channel>System</Channel>\n    <Computer>web-1</Computer>\n'
        "  </System>\n  <EventData>\n    <Data>Spooler</Data>\n    <Data>stopped</Data>\n  </EventData>\n"
        '  <RenderingInfo Culture="en-US">\n    <Message>The Spooler service entered the stopped state.</Message>\n'
        "    <Level>Warning</Level>\n  </RenderingInfo>\n</Event>\n</Events>",
    ),
    make_parser=_xml,
    specificity=0.99,
    framing=Framing(kind=Kind.ELEMENTS, member="Event"),
    sieve=r"\s*+(?:<\?xml[^>\n]*+>\s*+)?(?:<Events(?:\s[^>\n]*+)?>\s*+)?<Event[\s>]",
    alone=True,
)
WINDOWS_TEXT: Final = Format(
    name="windows_event_text",
    title="Windows events as the text of wevtutil (/f:text)",
    source="https://learn.microsoft.com/en-us/windows-server/administration/windows-commands/wevtutil",
    samples=(
        "Event[0]:\n  Log Name: System\n  Source: Service Control Manager\n  Date: 2024-03-14T08:26:53.123\n  Event ID: 7036\n"
        "  Task: N/A\n  Level: Information\n  Opcode: N/A\n  Keyword: Classic\n  User: N/A\n  User Name: N/A\n  Computer: web-1\n"
        "  Description:\nThe Spooler service entered the stopped state.",
        "Event[1]\n  Log Name: Security\n  Source: Microsoft-Windows-Security-Auditing\n  Date: 2024-03-14T08:26:54.0000000Z\n"
        "  Event ID: 4625\n  Task: Logon\n  Level: Information\n  Keyword: Audit Failure\n  Computer: web-1\n  Description:\n"
        "An account failed to log on.\n\nSubject:\n\tSecurity ID:\t\tS-1-0-0",
    ),
    make_parser=_text,
    specificity=0.98,
    framing=Framing(entry_start=own_start(r"Event\[[0-9]{1,9}\]:?\s*$")),
    sieve=r"Event\[[0-9]{1,9}\]:?[ \t]*+(?:\n|$)",
    whole=True,
)

FORMATS: Final = (WINDOWS_XML, WINDOWS_TEXT)
