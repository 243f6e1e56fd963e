"""Application logs: a time stamp, usually a level, a message; stack traces belong to their entry.

An entry starts at a line that starts with a time stamp, or with a level and a time stamp. What loggers
put around the level (thread, logger, process id, source line) is typed where its shape is known; see
`decorations`. A time without a date is no time stamp.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from chalicelib.core.formats import Format, severity
from chalicelib.core.formats.general.decorations import LEVEL_WORDS, split_decorations
from chalicelib.core.formats.times import MONTH, ZONE, Times
from chalicelib.core.framing import Framing
from chalicelib.core.records import Record, Reject

if TYPE_CHECKING:
    from chalicelib.core.formats import Parse, ParseContext
    from chalicelib.core.records import Value

_ANSI: Final = r"(?:\x1b\[[0-9;]*+m)*+"
_CLOCK: Final = r"[0-9]{1,2}:[0-9]{2}:[0-9]{2}"
_WEEKDAY: Final = r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)"
_WHEN: Final = "|".join(
    (
        rf"[0-9]{{4}}[-/.][0-9]{{2}}[-/.][0-9]{{2}}[Tt _-] ?{_CLOCK}",
        rf"(?:{_WEEKDAY},? )?[0-9]{{1,2}}[-/ ]{MONTH}[-/ ][0-9]{{4}}[: ]{_CLOCK}",
        rf"(?:{_WEEKDAY} )?{MONTH} [ 0-9]?[0-9] {_CLOCK}(?:\.[0-9]{{1,9}})?(?: [A-Z]{{3}})? [0-9]{{4}}",
        rf"[0-9]{{2}}/[0-9]{{2}}/[0-9]{{2}} {_CLOCK}",
    )
)
_START: Final = (
    r"(?:<[0-9]{1,3}>\ ?)?+"
    rf"(?:[\[<(]?+{_ANSI}(?P<level>(?i:{LEVEL_WORDS})|[DIWEFNC](?=,\ \[|\)\ ))[\]>)]?+[:,]?+{_ANSI}[ \t|-]++"
    r"(?:\[(?![0-9]{4}-)(?P<thread>[^\[\]\n]{1,128})\][ \t]++)?+)?+"
    rf"[\[(]?+{_ANSI}(?P<when>{_WHEN})(?![0-9])(?:[.,:](?P<fraction>[0-9]{{1,9}}))?+(?:\ ?(?P<zone>{ZONE}))?+"
)
_HEAD: Final = re.compile(
    _START + r"(?P<pid>\ \#[0-9]{1,10})?+(?:\ (?P<inner>[^\s\[\]()]{1,64})(?=\]\ ))?+[\])]?+:?+"
)

_NO_TIME: Final = Reject("no-timestamp")
_BAD_TIME: Final = Reject("invalid-timestamp")


def _make_parser(context: ParseContext) -> Parse:
    times = Times(context.last_modified)

    def parse(entry: str) -> Record | Reject:
        head = _HEAD.match(entry)
        if head is None:
            return _NO_TIME
        word, thread, when, fraction, zone, pid, inner = head.groups()
        # ctime writes its year last, so its fraction and zone are inside
        stamp = times.of_text(when) if when[-5] == " " else times.of_parts(when, fraction, zone)
        if stamp is None:
            return _BAD_TIME
        fields: dict[str, Value] = {}
        if thread is not None:
            fields["thread.name"] = thread.strip()
        elif inner is not None:
            fields["thread.name"] = inner
        if pid is not None:
            fields["process.pid"] = int(pid[2:])
        later, body = split_decorations(entry, head.end(), fields, leveled=word is not None)
        word = later or word
        number = None if word is None else severity.of_word(word)
        return Record(stamp[0], stamp[1], word, number, body or None, fields)

    return parse


TIMESTAMPED: Final = Format(
    name="timestamped",
    title="Application log: time stamp, level, message, with stack traces",
    source="https://logging.apache.org/log4j/2.x/manual/pattern-layout.html",
    samples=(
        "2024-03-14 09:26:53,123 [main] INFO  org.example.Shop - order 17 accepted",
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
    framing=Framing(entry_start=_START),
    alone=True,
)

FORMATS: Final = (TIMESTAMPED,)
