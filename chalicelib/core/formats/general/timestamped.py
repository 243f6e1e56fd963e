"""Application logs: a time stamp, usually a level, a message; stack traces belong to their entry.

An entry starts at a line that starts with a time stamp, or with a level and a time stamp. What loggers
put around the level (thread, logger, process id, source line) is typed where its shape is known; see
`decorations`. A time without a date is no time stamp; a number, a date without a year, or a
clock that may be cut off is one only before a level.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from chalicelib.core.formats import Format, severity
from chalicelib.core.formats.general.decorations import split_decorations
from chalicelib.core.formats.kinds import integer
from chalicelib.core.formats.logins import add_login
from chalicelib.core.formats.nested import of_both
from chalicelib.core.formats.reasons import BAD_TIME
from chalicelib.core.formats.starts import CUT, WELL_KNOWN
from chalicelib.core.formats.starts import TIMESTAMPED as TIMESTAMPED_START
from chalicelib.core.formats.systems.priorities import add_priority
from chalicelib.core.formats.times import Times
from chalicelib.core.formats.traces import add_exception
from chalicelib.core.framing import Framing
from chalicelib.core.records import Record, Reject

if TYPE_CHECKING:
    from chalicelib.core.formats import Parse, ParseContext
    from chalicelib.core.records import Value

_HEAD: Final = re.compile(
    TIMESTAMPED_START + r"(?P<pid>\ \#[0-9]{1,10})?+(?:\ (?P<inner>[^\s\[\]()]{1,64})(?=\]\ ))?+[\])]?+:?+"
)

_GO_TAIL: Final = re.compile(
    r" (?:UTC|GMT|WET|WEST|BST|IST|CET|CEST|MET|MEST|EET|EEST|MSK|PKT|WIB|HKT|SGT|PHT|KST|JST|A[CEW][SD]T|AE[SD]T|NZ[SD]T|SAST|WAT|CAT|EAT"
    r"|[ECMPAN][SD]T|AK[SD]T|HST|ART|BRT|(?<=[+-][0-9]{4} )[+-][0-9]{2}(?:[0-9]{2})?)(?: m=[+-][0-9]{1,12}\.[0-9]{1,12})?(?=[ \t\])]|$)"
)
"""The name of a zone that Go's ``time.String`` writes behind its offset, and its monotonic clock."""
_MAY_BE_INNER: Final = re.compile(r"\{.*\}\s*\Z|[A-Za-z_][\w.-]{0,63}=", re.DOTALL)
"""A message that is an object of JSON or pairs, where no level stands before it."""

_NO_TIME: Final = Reject("no-timestamp")


def _make_parser(context: ParseContext) -> Parse:
    times = Times(context.last_modified, context.date_order)

    def parse(entry: str) -> Record | Reject:
        head = _HEAD.match(entry)
        if head is None:
            return _NO_TIME
        word, thread, when, fraction, half, zone, pid, inner = head.groups()
        if half is not None:
            when += half
        # ctime writes its year last, so its fraction and zone are inside
        if when.isdecimal():
            stamp = times.of_number(f"{when}.{fraction}" if fraction else when)
        else:
            stamp = (
                times.of_text(when)
                if when[-5] == " " and when[0] > "9"
                else times.of_parts(when, fraction, zone)
            )
        if stamp is None:
            return BAD_TIME
        fields: dict[str, Value] = {}
        if entry[0] == "<":
            add_priority(fields, entry)
        if zone is not None and "/" in zone:
            fields["time_zone"] = zone
        if thread is not None:
            fields["thread.name"] = thread.strip()
        elif inner is not None:
            fields["thread.name"] = inner
        if pid is not None:
            fields["process.pid"] = integer(pid[2:])
        begin = head.end()
        if zone is not None and (tail := _GO_TAIL.match(entry, begin)):
            begin = tail.end()
        later, body = split_decorations(entry, begin, fields, leveled=word is not None)
        word = later or word
        if body:
            if "\n" in body:
                add_exception(fields, body)
            add_login(fields, body)
        if (
            word is None
            and _MAY_BE_INNER.match(body)
            and (carried := context.explain(body)) is not None
            and (carried[0] == "logfmt" or body[0] == "{")
        ):
            return of_both(carried, body, stamp, fields)
        number = None if word is None else severity.of_word(word)
        return Record(stamp[0], stamp[1], word, number, body or None, fields)

    return parse


TIMESTAMPED: Final = Format(
    name="timestamped",
    title="Application log: time stamp, level, message, with stack traces",
    source="https://logging.apache.org/log4j/2.x/manual/pattern-layout.html",
    samples=(
        "2024-03-14 09:26:53,123 INFO order 17 accepted by the till",
        "2024-03-14T09:26:54.5Z ERROR payment failed\n"
        "java.io.IOException: reset\n"
        "\tat org.example.Pay.send(Pay.java:42)\n"
        "Caused by: java.net.SocketException: closed\n"
        "\t... 12 more",
        "[2024-03-14 09:26:55 +0100] [4711] [WARNING] worker is slow",
        "2024/03/14 09:26:56 http: server listening on :8080",
    ),
    make_parser=_make_parser,
    specificity=0.8,
    framing=Framing(entry_start=f"{WELL_KNOWN}|{CUT}"),
    sieve=TIMESTAMPED_START,
    alone=True,
)

FORMATS: Final = (TIMESTAMPED,)
