"""journalctl -o json: the journal's fields, its time and priority typed.

https://systemd.io/JOURNAL_EXPORT_FORMATS/, https://www.freedesktop.org/software/systemd/man/latest/systemd.journal-fields.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

from chalicelib.core.formats import Format, severity
from chalicelib.core.formats.object_reader import Reader
from chalicelib.core.formats.objects import Objects
from chalicelib.core.formats.reasons import OTHER_SHAPE
from chalicelib.core.formats.systems.programs import say_of
from chalicelib.core.framing import Framing, Kind
from chalicelib.core.framing.sized_fields import LINE_END_WITHIN
from chalicelib.core.records import Record, Reject

if TYPE_CHECKING:
    from chalicelib.core.formats import Parse, ParseContext
    from chalicelib.core.formats.times import Stamp, Times
    from chalicelib.core.records import Value

_PRIORITIES: Final = {str(code): each for code, each in enumerate(severity.SYSLOG)}


def _priority(value: Value) -> tuple[str, int | None] | None:
    return _PRIORITIES.get(str(value))


def _numbers_only(times: Times) -> Callable[[Value], Stamp | None]:
    return lambda value: times.of_number(value) if type(value) is str or type(value) is int else None


def _of_octets(fields: dict[str, Value]) -> str | None:
    """A message that is not UTF-8 is an array of its bytes."""
    octets = fields.get("journald.message")
    if type(octets) is list and all(type(each) is int and 0 <= each < 256 for each in octets):
        return bytes(fields.pop("journald.message")).decode("utf-8", "replace")  # type: ignore[arg-type]
    return None


def _add_program(fields: dict[str, Value], body: str | None) -> None:
    """What the program says of itself."""
    tag = fields.get("service.name")
    say = say_of(tag) if type(tag) is str else None
    if say is not None and body:
        say(body, fields)
        fields.pop("log.level", None)


_JOURNAL: Final = Objects(
    name="journald_json",
    title="systemd journal, JSON lines (journalctl -o json)",
    source="https://systemd.io/JOURNAL_EXPORT_FORMATS/#journal-json-format",
    samples=(
        '{"__CURSOR":"s=abc;i=1","__REALTIME_TIMESTAMP":"1710404813123456","_BOOT_ID":"0f1e","PRIORITY":"6","SYSLOG_FACILITY":"4",'
        '"SYSLOG_IDENTIFIER":"sshd","_PID":"4711","_UID":"0","_COMM":"sshd","_EXE":"/usr/sbin/sshd","_HOSTNAME":"web-1",'
        '"_SYSTEMD_UNIT":"ssh.service","MESSAGE":"Accepted password for ada from 192.0.2.17 port 51022 ssh2"}',
        '{"MESSAGE":[104,105,255],"__REALTIME_TIMESTAMP":"1710404814000001","_TRANSPORT":"stdout","PRIORITY":"3"}',
    ),
    specificity=0.995,
    sieve=r"[ \t]*+\{[^\n]{0,4000}?\"__REALTIME_TIMESTAMP\"",
    required=("__REALTIME_TIMESTAMP",),
    time=("_SOURCE_REALTIME_TIMESTAMP", "__REALTIME_TIMESTAMP"),
    stamp=_numbers_only,
    level=("PRIORITY",),
    levels=_priority,
    body=("MESSAGE",),
    kept=frozenset(("__REALTIME_TIMESTAMP", "PRIORITY")),
    prefix="journald",
    infers=True,
    names={
        "PRIORITY": "int:syslog.severity.code", "SYSLOG_FACILITY": "int:syslog.facility.code", "SYSLOG_PID": "int:syslog.procid",
        "_HOSTNAME": "host.name", "SYSLOG_IDENTIFIER": "service.name", "_PID": "process.pid",
        "_COMM": "process.executable.name", "_EXE": "process.executable.path", "_CMDLINE": "process.command_line",
        "_UID": "user.id", "CODE_FILE": "code.file.path", "CODE_LINE": "code.line.number", "CODE_FUNC": "code.function.name",
        "CONTAINER_ID": "container.id", "CONTAINER_NAME": "container.name", "_SYSTEMD_UNIT": "systemd.unit", "TID": "thread.id",
        "_BOOT_ID": "journald.boot_id", "_MACHINE_ID": "journald.machine_id", "_CAP_EFFECTIVE": "journald.cap_effective",
        "__CURSOR": "journald.cursor", "MESSAGE_ID": "journald.message_id", "INVOCATION_ID": "journald.invocation_id",
        "_SYSTEMD_INVOCATION_ID": "journald.systemd_invocation_id",
    },
    heading=_of_octets,
    finish=_add_program,
)  # fmt: skip
_LINE_END_WITHIN: Final = LINE_END_WITHIN.decode()
_BARE_NAME: Final = re.compile(r"[A-Z_][A-Z0-9_]{0,63}")


def _is_prose(others: Sequence[str], fields: int) -> bool:
    """Whether lines among an entry's fields are none of its own: a field of several lines begins with its name alone."""
    return len(others) > fields and not _BARE_NAME.fullmatch(others[0])


def _export(context: ParseContext) -> Parse:
    reader = Reader(_JOURNAL, context)

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
        return reader.record_of(members)

    return parse


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
FORMATS: Final = (_JOURNAL.format(), JOURNALD_EXPORT)
