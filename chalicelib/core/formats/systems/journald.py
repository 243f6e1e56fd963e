"""journalctl -o json: the journal's fields, its time and priority typed.

https://systemd.io/JOURNAL_EXPORT_FORMATS/, https://www.freedesktop.org/software/systemd/man/latest/systemd.journal-fields.html
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from chalicelib.core.formats import Format, severity
from chalicelib.core.formats.applications.json_lines import JSON
from chalicelib.core.formats.kinds import integer, number
from chalicelib.core.formats.reasons import OTHER_SHAPE
from chalicelib.core.formats.systems.programs import say_of
from chalicelib.core.formats.times import Times
from chalicelib.core.framing import Framing, Kind
from chalicelib.core.records import Record, Reject
from chalicelib.core.sized_fields import LINE_END_WITHIN

if TYPE_CHECKING:
    from chalicelib.core.formats import Parse, ParseContext
    from chalicelib.core.records import Value

_NAMES: Final = {
    "_HOSTNAME": "host.name", "SYSLOG_IDENTIFIER": "service.name", "_PID": "process.pid", "_COMM": "process.executable.name",
    "_EXE": "process.executable.path", "_CMDLINE": "process.command_line", "_UID": "user.id", "SYSLOG_FACILITY": "syslog.facility.code",
    "CODE_FILE": "code.file.path", "CODE_LINE": "code.line.number", "CODE_FUNC": "code.function.name", "CONTAINER_ID": "container.id",
    "CONTAINER_NAME": "container.name", "SYSLOG_PID": "syslog.procid", "_SYSTEMD_UNIT": "systemd.unit", "TID": "thread.id",
}  # fmt: skip
_TEXT: Final = frozenset(
    (
        "_BOOT_ID",
        "_MACHINE_ID",
        "_CAP_EFFECTIVE",
        "__CURSOR",
        "MESSAGE_ID",
        "INVOCATION_ID",
        "_SYSTEMD_INVOCATION_ID",
    )
)
_LINE_END_WITHIN: Final = LINE_END_WITHIN.decode()
_BARE_NAME: Final = re.compile(r"[A-Z_][A-Z0-9_]{0,63}")


def _typed(name: str, value: Value) -> Value:
    if type(value) is not str or name in _TEXT:
        return value
    return number(value)


def _text_of(value: Value) -> str | None:
    """A message that is not UTF-8 is an array of its bytes."""
    if type(value) is str:
        return value
    if type(value) is list and all(type(each) is int and 0 <= each < 256 for each in value):
        return bytes(value).decode("utf-8", "replace")  # type: ignore[arg-type]
    return None


def _record(members: dict[str, Value], times: Times) -> Record | Reject:
    when = members.pop("_SOURCE_REALTIME_TIMESTAMP", None) or members.get("__REALTIME_TIMESTAMP")
    stamp = times.of_number(when) if type(when) is str or type(when) is int else None
    if stamp is None:
        return OTHER_SHAPE
    fields: dict[str, Value] = {}
    word = number = body = None
    for name, value in members.items():
        if value is None or value == "":
            continue
        if name == "PRIORITY" and type(value) is str and value in "01234567":
            word, number = severity.of_syslog(code := integer(value))
            fields["syslog.severity.code"] = code
        elif name == "MESSAGE":
            body = _text_of(value)
            if body is None:
                fields["journald.message"] = value
        else:
            fields[
                _NAMES.get(
                    name, f"journald.{name.strip('_').lower() if name[:2] != '__' else name[2:].lower()}"
                )
            ] = _typed(name, value)
    tag = fields.get("service.name")
    say = say_of(tag) if type(tag) is str else None
    if say is not None and body:
        say(body, fields)
        fields.pop("log.level", None)
    return Record(*stamp, word, number, body, fields)


def _json(context: ParseContext) -> Parse:
    times, parse_json = Times(context.last_modified), JSON.make_parser(context)

    def parse(line: str) -> Record | Reject:
        if '"__REALTIME_TIMESTAMP"' not in line:
            return OTHER_SHAPE
        record = parse_json(line)
        if not isinstance(record, Record):
            return record
        members = record.attributes
        if record.timestamp is not None and "__REALTIME_TIMESTAMP" not in members:
            members["__REALTIME_TIMESTAMP"] = _micros(line)
        if record.severity_text is not None:
            members["PRIORITY"] = record.severity_text
        if record.body is not None and "MESSAGE" not in members:
            members["MESSAGE"] = record.body
        return _record(members, times)

    return parse


def _micros(line: str) -> str:
    value = line.partition('"__REALTIME_TIMESTAMP"')[2].lstrip(" :")
    return value.strip('"').partition('"')[0].partition(",")[0].rstrip("} ")


def _is_prose(others: Sequence[str], fields: int) -> bool:
    """Whether lines among an entry's fields are none of its own: a field of several lines begins with its name alone."""
    return len(others) > fields and not _BARE_NAME.fullmatch(others[0])


def _export(context: ParseContext) -> Parse:
    times = Times(context.last_modified)

    def parse(entry: str) -> Record | Reject:
        members: dict[str, Value] = {}
        others: list[str] = []
        for line in entry.split("\n"):
            name, equals, value = line.rstrip("\r").partition("=")
            if not line.strip():
                continue
            if not equals or not name.replace("_", "").isalnum() or not name.isupper():
                if not members:
                    return OTHER_SHAPE
                others.append(line)
                members["extra"] = f"{members.get('extra', '')}{line}\n"
                continue
            value = value.replace(_LINE_END_WITHIN, "\n")
            members[name] = value if name not in members else f"{members[name]}\n{value}"
        if "__REALTIME_TIMESTAMP" not in members or _is_prose(others, len(members)):
            return OTHER_SHAPE
        return _record(members, times)

    return parse


JOURNALD_JSON: Final = Format(
    name="journald_json",
    title="systemd journal, JSON lines (journalctl -o json)",
    source="https://systemd.io/JOURNAL_EXPORT_FORMATS/#journal-json-format",
    samples=(
        '{"__CURSOR":"s=abc;i=1","__REALTIME_TIMESTAMP":"1710404813123456","_BOOT_ID":"0f1e","PRIORITY":"6","SYSLOG_FACILITY":"4",'
        '"SYSLOG_IDENTIFIER":"sshd","_PID":"4711","_UID":"0","_COMM":"sshd","_EXE":"/usr/sbin/sshd","_HOSTNAME":"web-1",'
        '"_SYSTEMD_UNIT":"ssh.service","MESSAGE":"Accepted password for ada from 192.0.2.17 port 51022 ssh2"}',
        '{"MESSAGE":[104,105,255],"__REALTIME_TIMESTAMP":"1710404814000001","_TRANSPORT":"stdout","PRIORITY":"3"}',
    ),
    make_parser=_json,
    specificity=0.995,
    sieve=r"[ \t]*+\{[^\n]{0,4000}?\"__REALTIME_TIMESTAMP\"",
    alone=True,
)
JOURNALD_EXPORT: Final = Format(
    name="journald_export",
    title="systemd journal, export format (journalctl -o export)",
    source="https://systemd.io/JOURNAL_EXPORT_FORMATS/#journal-export-format",
    samples=(
        "__CURSOR=s=abc;i=1\n__REALTIME_TIMESTAMP=1710404813123456\n__MONOTONIC_TIMESTAMP=5210\n_BOOT_ID=0f1e\nPRIORITY=6\n_HOSTNAME=web-1\n"
        "SYSLOG_IDENTIFIER=kernel\nMESSAGE=usb 1-1: new high-speed USB device",
        "__CURSOR=s=abc;i=2\n__REALTIME_TIMESTAMP=1710404814000001\nPRIORITY=3\n_PID=4711\nMESSAGE=shop stopped",
    ),
    make_parser=_export,
    specificity=0.99,
    framing=Framing(kind=Kind.SIZED_FIELDS),
    sieve=r"__CURSOR=",
)
FORMATS: Final = (JOURNALD_JSON, JOURNALD_EXPORT)
