"""fail2ban's own log: time, logger, process, level, jail, what it did and to whom."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from chalicelib.core.formats import Format, severity
from chalicelib.core.formats.kinds import whole
from chalicelib.core.formats.reasons import BAD_TIME, OTHER_SHAPE
from chalicelib.core.formats.times import Times
from chalicelib.core.records import Record, Reject

if TYPE_CHECKING:
    from chalicelib.core.formats import Parse, ParseContext
    from chalicelib.core.records import Value

_LINE: Final = re.compile(
    r"(?:([0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}(?:,[0-9]{3})?) |[A-Z][a-z]{2} [ 0-9][0-9] [0-9:]{8} ([\w.-]{1,255}) )"
    r"(fail2ban(?:\.[a-z0-9.]{1,64})?) {0,20}(?:\[([0-9]{1,10})\])?:? {1,8}([A-Z]{3,8}) {1,8}(.*)",
    re.DOTALL,
)
_DONE: Final = re.compile(
    r"\[([^\]]{1,128})\] (?:(Restore )?(Ban|Unban|Found|Ignore|Restore)(?: Ban)? |([0-9A-Fa-f.:]{2,45}) already banned)(?:([0-9A-Fa-f.:]{2,45}))?(?: - ([0-9-]{10} [0-9:]{8}))?"
)


def _make_parser(context: ParseContext) -> Parse:
    times = Times(context.last_modified)

    def parse(line: str) -> Record | Reject:
        found = _LINE.fullmatch(line)
        if found is None:
            return OTHER_SHAPE
        when, host, logger, process, level, message = found.groups()
        stamp = times.of_text(when or line[:15])
        if stamp is None:
            return BAD_TIME
        fields: dict[str, Value] = {"log.logger": logger}
        if host:
            fields["host.name"] = host
        if process:
            fields["process.pid"] = whole(process)
        number = severity.of_word(level)
        done = _DONE.match(message)
        if done:
            fields["fail2ban.jail"] = done[1]
            fields["fail2ban.action"] = "AlreadyBanned" if done[4] else done[3]
            if address := done[4] or done[5]:
                fields["client.address"] = address
            if done[6]:
                fields["fail2ban.found_at"] = done[6]
        elif message[:1] == "[" and "]" in message:
            fields["fail2ban.jail"] = message[1:].partition("]")[0]
        return Record(*stamp, level, number, message or None, fields)

    return parse


FAIL2BAN: Final = Format(
    name="fail2ban",
    title="fail2ban",
    source="https://github.com/fail2ban/fail2ban",
    samples=(
        "2024-03-14 09:26:53,123 fail2ban.actions        [4711]: NOTICE  [sshd] Ban 192.0.2.17",
        "2024-03-14 09:26:54,001 fail2ban.filter         [4711]: INFO    [sshd] Found 2001:db8::5 - 2024-03-14 09:26:53",
        "2024-03-14 09:26:55,200 fail2ban.jail           [4711]: INFO    Jail 'sshd' started",
    ),
    make_parser=_make_parser,
    specificity=0.98,
    sieve=r"[^\n]{15,280}?fail2ban",
    alone=True,
)
FORMATS: Final = (FAIL2BAN,)
