"""The Linux audit log: ``type=… msg=audit(TIME:SERIAL): name=value …``.

Values in double quotes are text; upper-case names behind a group separator are auditd's own readings of
them; hexadecimal text of names that may hold anything is decoded.
https://github.com/linux-audit/audit-documentation/wiki
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from chalicelib.core.formats.kinds import integer, number, put
from chalicelib.core.formats.nested import add, add_typed

if TYPE_CHECKING:
    from chalicelib.core.formats.systems.phrases import Say
    from chalicelib.core.records import Value

HEAD: Final = re.compile(
    r"(?:node=(\S{1,255}) )?type=([A-Z0-9_]{2,40}|UNKNOWN\[[0-9]{1,6}\]) msg=audit\(([0-9]{1,12}(?:\.[0-9]{1,9})?):([0-9]{1,18})\): ?"
)
"""Node, type, time, serial number."""
_PAIR: Final = re.compile(
    r"([A-Za-z_][\w-]{0,40}|a[0-9]{1,4}(?:\[[0-9]{1,4}\])?)=(?:\"([^\"]*+)\"|'([^']*+)'|([^\s'\"]*+))"
)
_DECODED: Final = frozenset(("proctitle", "comm", "exe", "cmd", "acct", "name", "cwd"))
_HEX: Final = re.compile(r"(?:[0-9A-F]{2}){2,}")
_TEXT: Final = frozenset(
    (
        "a0",
        "a1",
        "a2",
        "a3",
        "arch",
        "mode",
        "dev",
        "saddr",
        "subj",
        "obj",
        "per",
        "ver",
        "key",
        "tty",
        "addr",
        "hostname",
        "uid",
    )
)
_NAMES: Final = {
    "pid": "process.pid", "ppid": "process.parent_pid", "uid": "user.id", "acct": "user.name", "exe": "process.executable.path",
    "addr": "client.address", "hostname": "client.domain", "comm": "process.executable.name",
}  # fmt: skip
_PAIRS_MAX: Final = 200


def add_pairs(text: str, fields: dict[str, Value], depth: int = 0) -> None:
    """Adds name=value pairs as ``audit.NAME``; a quoted msg holds pairs of its own."""
    repeats: dict[str, int] = {}
    for count, pair in enumerate(_PAIR.finditer(text)):
        if count >= _PAIRS_MAX:
            break
        name, quoted, inner, plain = pair.groups()
        if inner is not None:
            if depth == 0 and name == "msg":
                add_pairs(inner, fields, 1)
            else:
                add(fields, repeats, f"audit.{name.lower()}", inner)
            continue
        value = plain if quoted is None else quoted
        if value in ("", "?", "(none)", "(null)"):
            continue
        key = _key(name)
        encoded = quoted is None and (
            name in _DECODED
            or (name[:1] == "a" and name[1:].isdecimal() and fields.get("audit.type") == "EXECVE")
        )
        if encoded and _HEX.fullmatch(value):
            value = bytes.fromhex(value).replace(b"\0", b" ").decode("utf-8", "replace")
        if quoted is None and name not in _TEXT:
            if key in fields:
                add_typed(fields, repeats, key, value)
            elif name in _NAMES:
                put(fields, key, value)
            else:
                fields[key] = number(value)
        else:
            add(fields, repeats, key, value)


@lru_cache(1024)
def _key(name: str) -> str:
    return _NAMES.get(name) or f"audit.{name.lower() + '_name' if name.isupper() else name}"


def say(text: str, fields: dict[str, Value]) -> bool:
    match = HEAD.match(text)
    if match is None:
        return False
    if match[1]:
        fields["audit.node"] = match[1]
    fields["audit.type"] = match[2]
    fields["audit.serial"] = integer(match[4])
    add_pairs(text[match.end() :].replace("\x1d", " "), fields)
    return True


PROGRAMS: Final[dict[str, Say]] = dict.fromkeys(("auditd", "audispd", "audisp-syslog"), say)
"""Program → what it says."""
