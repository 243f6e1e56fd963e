"""The Linux audit log, as auditd writes it, and laurel's JSON of it.

https://github.com/linux-audit/audit-documentation/wiki, https://github.com/threathunters-io/laurel
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from chalicelib.core.formats import Format
from chalicelib.core.formats.kinds import integer
from chalicelib.core.formats.objects import Objects
from chalicelib.core.formats.reasons import BAD_TIME, OTHER_SHAPE
from chalicelib.core.formats.systems.programs.auditing import HEAD, add_pairs
from chalicelib.core.formats.times import Times
from chalicelib.core.records import Record, Reject

if TYPE_CHECKING:
    from collections.abc import Callable

    from chalicelib.core.formats import Parse, ParseContext
    from chalicelib.core.formats.times import Stamp
    from chalicelib.core.records import Value

_ID: Final = re.compile(r"([0-9]{9,12}\.[0-9]{1,9}):([0-9]{1,18})")
_RENAMED: Final = {
    "SYSCALL.pid": "process.pid", "SYSCALL.ppid": "process.parent_pid", "SYSCALL.exe": "process.executable.path",
    "SYSCALL.comm": "process.executable.name", "SYSCALL.UID": "user.name", "SYSCALL.uid": "user.id", "NODE": "host.name",
}  # fmt: skip


def _auditd(context: ParseContext) -> Parse:
    times = Times(context.last_modified)

    def parse(line: str) -> Record | Reject:
        match = HEAD.match(line)
        if match is None:
            return OTHER_SHAPE
        stamp = times.of_number(match[3])
        if stamp is None:
            return BAD_TIME
        fields: dict[str, Value] = {"audit.type": match[2], "audit.serial": integer(match[4])}
        if match[1]:
            fields["host.name"] = match[1]
        body = line[match.end() :]
        add_pairs(body.replace("\x1d", " "), fields)
        return Record(*stamp, None, None, body or None, fields)

    return parse


def _event_time(times: Times) -> Callable[[Value], Stamp | None]:
    def stamp(event: Value) -> Stamp | None:
        match = _ID.fullmatch(event) if type(event) is str else None
        return times.of_number(match[1]) if match else None

    return stamp


def _add_serial(fields: dict[str, Value], _body: str | None) -> None:
    event = _ID.fullmatch(str(fields["audit.id"]))
    fields["audit.serial"] = integer(event[2]) if event else None


def _kinds(fields: dict[str, Value]) -> str | None:
    """The kinds of the records that belong to an event."""
    kinds = dict.fromkeys(name.split(".")[1] for name in fields if name.startswith("audit."))
    return " ".join(kind for kind in kinds if kind[:1].isupper()) or None


AUDITD: Final = Format(
    name="auditd",
    title="Linux audit log",
    source="https://github.com/linux-audit/audit-documentation/wiki/SPEC-Audit-Event-Enrichment",
    samples=(
        "type=SYSCALL msg=audit(1710404813.123:30828): arch=c000003e syscall=59 success=yes exit=0 a0=55d a1=7f items=2 ppid=3839 pid=11023"
        ' auid=1000 uid=0 tty=pts0 ses=3 comm="cat" exe="/usr/bin/cat" subj=unconfined key="passwd"\x1dARCH=x86_64 SYSCALL=execve UID="root"',
        'node=web-1 type=USER_LOGIN msg=audit(1710404814.001:30829): pid=4711 uid=0 auid=1000 ses=4 msg=\'op=login acct="ada"'
        ' exe="/usr/sbin/sshd" hostname=? addr=192.0.2.17 terminal=ssh res=failed\'',
        "type=PROCTITLE msg=audit(1710404815.200:30830): proctitle=636174002F6574632F706173737764",
    ),
    make_parser=_auditd,
    specificity=0.99,
    sieve=r"(?:node=\S{1,255} )?type=[A-Z0-9_\[\]]{2,40} msg=audit\(",
    alone=True,
)
LAUREL: Final = Objects(
    name="laurel",
    title="Linux audit log as JSON lines (laurel)",
    source="https://github.com/threathunters-io/laurel",
    samples=(
        '{"ID":"1710404813.123:30828","SYSCALL":{"arch":"0xc000003e","syscall":59,"success":"yes","pid":11023,"ppid":3839,"uid":0,"comm":"cat",'
        '"exe":"/usr/bin/cat","UID":"root"},"EXECVE":{"argc":2,"ARGV":["cat","/etc/passwd"]}}',
    ),
    specificity=0.995,
    sieve=r"[ \t]*+\{ ?\"(?:ID|NODE)\": ?\"",
    required=("ID",),
    time=("ID",),
    stamp=_event_time,
    usual=frozenset(("body",)),
    kept=frozenset(("ID",)),
    names={**_RENAMED, "ID": "audit.id"},
    prefixes={"": "audit."},
    heading=_kinds,
    finish=_add_serial,
).format()
FORMATS: Final = (AUDITD, LAUREL)
