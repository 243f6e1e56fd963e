"""The error log of Apache httpd: 2.2 (``[time] [level] [client …] message``) and 2.4 (module, pid, thread).

The body is the message from its code on (``AH00135: …``); the code is `apache.code`, what follows it
`apache.message`. A trace that PHP writes in lines of its own belongs to the entry before it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from chalicelib.core.formats import Format, severity
from chalicelib.core.formats.kinds import add_endpoint, add_integer, number
from chalicelib.core.formats.reasons import BAD_TIME, OTHER_SHAPE
from chalicelib.core.formats.times import Times
from chalicelib.core.formats.traces import add_exception
from chalicelib.core.formats.web.modsecurity import add_tags
from chalicelib.core.framing import Framing
from chalicelib.core.records import Record, Reject

if TYPE_CHECKING:
    from chalicelib.core.formats import Parse, ParseContext
    from chalicelib.core.records import Value

_LEVEL: Final = r"(emerg|alert|crit|error|warn|notice|info|debug|trace[1-8])"
_HEAD: Final = re.compile(
    r"\[((?:[A-Z][a-z]{2} )?[A-Z][a-z]{2} {1,2}[0-9]{1,2} [0-9:]{8}(?:\.[0-9]{1,9})? [0-9]{4}"
    r"|[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9:]{8}(?:[.,][0-9]{1,9})?(?:Z|[+-][0-9:]{4,5})?)\] "
    rf"\[(?:([\w.-]{{0,64}}):)?{_LEVEL}\](?: \[pid ([0-9]{{1,10}})(?::tid ([0-9]{{1,20}}))?\])?(?: |$)",
    re.ASCII,
)
_ANY_HEAD: Final = re.compile(
    _HEAD.pattern.replace(_LEVEL, "([A-Za-z]{3,16}[1-8]?)").replace(
        "pid ([0-9]{1,10})(?::tid ([0-9]{1,20}))?", r"pid ([^\]:]{1,32})(?::tid ([^\]]{1,32}))?"
    ),
    re.ASCII,
)
"""With any level, and what stands for process and thread."""
_CONTEXT: Final = re.compile(
    r"\[(client|remote|vhost|server|R:|C:|L:|c:|cid|rid|log_id|user|host)? ?([^\]\n]{1,256})\] ?"
)
_SOURCE: Final = re.compile(r"([\w./-]{1,128}\.(?:c|cc|cpp|h))\(([0-9]{1,7})\): ", re.ASCII)
_STATUS: Final = re.compile(r"\(([A-Z]{0,4}[0-9]{1,9})\)([^:]{1,256}): ")
_CODE: Final = re.compile(r"(AH[0-9]{5}): ", re.ASCII)
_TRACE: Final = r"Stack trace:|#[0-9]{1,4} |[ \t]++[^\s]|PHP Stack trace:|PHP {2,4}[0-9]{1,4}\. "
_REFERER: Final = ", referer: "
_USER: Final = re.compile(
    r"user ([^ :]{1,128})(?: not found|: authentication failure|: password mismatch| in realm)"
)
_PARTS_MAX: Final = 8


def _make_parser(context: ParseContext) -> Parse:
    times = Times(context.last_modified)
    match_head = (_ANY_HEAD if context.decided else _HEAD).match

    def parse(line: str) -> Record | Reject:
        head = match_head(line)
        if head is None:
            early = _CODE.match(line)
            if early is None:
                return OTHER_SHAPE
            early_fields: dict[str, Value] = {"apache.code": early[1]}
            if early.end() < len(line):
                early_fields["apache.message"] = line[early.end() :]
            return Record(None, None, None, None, line, early_fields)
        when, module, level, process, thread = head.groups()
        stamp = times.of_text(when)
        if stamp is None:
            return BAD_TIME
        fields: dict[str, Value] = {}
        if module:
            fields["apache.module"] = module
        if process is not None:
            add_integer(fields, "process.pid", process)
        if thread is not None:
            add_integer(fields, "thread.id", thread)
        message = line[_add_context(fields, line, head.end(), with_ports=process is not None) :]
        body, separator, referer = message.rpartition(_REFERER)
        if separator and " " not in referer:
            message = body
            if referer not in ("", "-"):
                fields["http.request.header.referer"] = referer
        if code := _CODE.match(message):
            fields["apache.code"] = code[1]
            if code.end() < len(message):
                fields["apache.message"] = message[code.end() :]
        if user := _USER.search(message, 0, 512):
            fields["user.name"] = user[1]
        add_tags(fields, message)
        if "\n" in message:
            add_exception(fields, message)
        number = severity.of_word(level.rstrip("12345678"))
        return Record(stamp[0], stamp[1], level, number, message or None, fields)

    return parse


def _add_context(fields: dict[str, Value], line: str, position: int, *, with_ports: bool) -> int:
    """Types the source, the system's error and the client before the message; returns where that begins.

    with_ports: httpd 2.4 writes the client's port, behind a colon even after an IPv6 address.
    """
    for _ in range(_PARTS_MAX):
        if (match := _SOURCE.match(line, position)) and "code.file.path" not in fields:
            fields["code.file.path"] = match[1]
            add_integer(fields, "code.line.number", match[2])
        elif (match := _STATUS.match(line, position)) and "apache.status" not in fields:
            fields["apache.status"] = number(match[1])
            fields["apache.status_message"] = match[2]
        elif match := _CONTEXT.match(line, position):
            name, value = match[1], match[2]
            if name is None:
                break
            if name in ("client", "remote"):
                if name == "client" and "client.address" in fields:
                    break
                kind = "client" if name == "client" else "network.peer"
                add_endpoint(fields, kind, value.strip('"'), always_port=with_ports)
            elif f"apache.{name.rstrip(':')}" in fields:
                break
            else:
                fields[f"apache.{name.rstrip(':')}"] = value
        else:
            break
        position = match.end()
    return position


APACHE_ERROR: Final = Format(
    name="apache_error",
    title="Apache httpd error log, 2.2 and 2.4",
    source="https://httpd.apache.org/docs/2.4/mod/core.html#errorlogformat",
    samples=(
        "[Thu Mar 14 09:26:53.123456 2024] [core:error] [pid 4711:tid 140120579262208] [client 192.0.2.17:50229]"
        " AH00037: Symbolic link not allowed: /srv/www/a, referer: https://example.org/",
        "[Thu Mar 14 09:26:54 2024] [error] [client 192.0.2.17] File does not exist: /srv/www/favicon.ico",
        "[Thu Mar 14 09:26:55.123456 2024] [mpm_event:notice] [pid 1:tid 1] AH00489: Apache/2.4.58 (Unix)"
        " configured -- resuming normal operations",
        "[Thu Mar 14 09:26:56.123456 2024] [proxy_fcgi:error] [pid 47:tid 14] (70007)The timeout specified has"
        " expired: [client 2001:db8::5:443] AH01075: Error dispatching request to :",
        "[Thu Mar 14 09:26:57.123456 2024] [php:error] [pid 4711] [client 192.0.2.17:50229] PHP Fatal error:  Uncaught"
        " Exception: no money in /srv/pay.php:42\nStack trace:\n#0 /srv/shop.php(7): pay()\n#1 {main}\n"
        "  thrown in /srv/pay.php on line 42",
    ),
    programs=("apache", "httpd"),
    unstamped="[Mon Jan 01 00:00:00 2024] ",
    make_parser=_make_parser,
    specificity=0.98,
    framing=Framing(entry_start=rf"(?!{_TRACE})"),
    sieve=r"AH[0-9]{5}: |\[[^\]\n]{15,40}\] \[[\w.-]{0,64}:?[a-z]{4,6}[1-8]?\]",
    alone=True,
)

FORMATS: Final = (APACHE_ERROR,)
