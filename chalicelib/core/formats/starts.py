"""How entries of well-known logs begin, so that a mixed or concatenated file is cut where another begins.

The expressions see bytes: they are ASCII, and match at the beginning of a line.
"""

from __future__ import annotations

from typing import Final

from chalicelib.core.formats import severity
from chalicelib.core.formats.times import MONTH, MONTH_NAMES, ZONE
from chalicelib.core.framing.colours import COLOUR

LEVEL_WORDS: Final = "|".join(
    sorted(severity.WORDS - {"fail", "note", "inf"}, key=lambda word: (-len(word), word))
)
"""The names of levels that may stand bare in a line."""

INDENTED_LEVEL: Final = rf"[ \t]++[\[(]?(?:{LEVEL_WORDS.upper()})(?:[\])]?[ \t]|[\])]?:|\|)"
"""What begins an entry although it is indented: a level in capitals."""

CLOCK: Final = r"[0-9]{1,2}:[0-9]{2}:[0-9]{2}"
WEEKDAY: Final = r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)"
DATE_AND_TIME: Final = "|".join(
    (
        rf"[0-9]{{4}}[-/.][0-9]{{2}}[-/.][0-9]{{2}}(?:[Tt _:-]| (?:- )?+){CLOCK}",
        rf"[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}  ?{CLOCK}",
        rf"(?:{WEEKDAY},? )?[0-9]{{1,2}}[-/ ]{MONTH}[-/ ][0-9]{{4}}[: ]{CLOCK}",
        rf"(?:{WEEKDAY} )?{MONTH} [ 0-9]?[0-9] {CLOCK}(?:\.[0-9]{{1,9}})?(?: [A-Z]{{3,4}})? [0-9]{{4}}",
        rf"[0-9]{{2}}(?:/[0-9]{{2}}/|\.[0-9]{{2}}\.|-[0-9]{{2}}-)[0-9]{{2}},? {CLOCK}",
        rf"[0-9]{{1,2}}(?:/[0-9]{{1,2}}/|\.[0-9]{{1,2}}\.|-[0-9]{{1,2}}-)[0-9]{{4}},? {CLOCK}",
        rf"{MONTH}[a-z]{{0,6}}\.? [0-9]{{1,2}}, [0-9]{{4}},? {CLOCK}",
        rf"[0-9]{{8}}[T ]{CLOCK}",
        r"[0-9]{8}T[0-9]{6}",
        rf"[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}T[0-9]{{2}}:[0-9]{{2}}(?={ZONE})",
        rf"[0-9]{{1,2}}(?:\.? |[-/.]){MONTH_NAMES}\.?[-/ ](?:[0-9]{{4}}|[0-9]{{2}}),? (?:{CLOCK}|[0-9]{{1,2}}\.[0-9]{{2}}\.[0-9]{{2}})",
        rf"[0-9]{{4}}(?:-[0-9]{{1,2}}-|/[0-9]{{1,2}}/)[0-9]{{1,2}}[T ]{CLOCK}",
    )
)
"""A date with its year, and a time of day."""

LEVEL_BEHIND: Final = rf"[\])]?+:?+[ \t|-]++[\[(<]?+(?:{LEVEL_WORDS.upper()}|(?i:{'|'.join(sorted(severity.SMALL))}))(?![\w$./@=-])"
"""What follows a time stamp where a level comes first: in capitals, or one that may be small."""
_TIME_IF_LEVEL: Final = (
    rf"(?:[12][0-9]{{9}}(?:[0-9]{{3}}){{0,3}}|{MONTH} [ 0-9]?[0-9] (?:[0-9]{{4}} )?{CLOCK}"
    r"|[0-9]{4}(?:-[0-9]{1,2}-|/[0-9]{1,2}/)[0-9]{1,2}[T ][0-9]{1,2}:[0-9]{1,2}(?::[0-9]{1,2})?)"
    rf"(?=(?:[.,][0-9]{{1,18}})?+(?:\ ?{ZONE})?+{LEVEL_BEHIND})"
)
"""What is a time stamp only before a level: seconds, milli-, micro- or nanoseconds since 1970, syslog's, and a
clock that may have lost digits."""

ANSI: Final = f"(?:{COLOUR})*+"
"""Colours, which the start of an entry may hold anywhere: they are removed only before parsing."""
TIMESTAMPED: Final = (
    r"(?:<[0-9]{1,3}>\ ?)?+"
    rf"(?:(?![0-9])[\[<(]?+{ANSI}(?P<level>(?i:{LEVEL_WORDS})|[DIWEFNC](?=,\ \[|\)\ ))[\]>)]?+[:,]?+{ANSI}[ \t|-]++"
    r"(?:\[(?![0-9]{4}-)(?P<thread>[^\[\]\n]{1,128})\][ \t]++)?+)?+"
    rf"[\[(]?+{ANSI}(?P<when>{DATE_AND_TIME}|{_TIME_IF_LEVEL})(?![0-9])(?:[.,:](?P<fraction>[0-9]{{1,9}}+)[0-9]{{0,9}}+)?+"
    rf"(?P<half>\ ?[AaPp][Mm](?![A-Za-z]))?+(?:\ ?(?P<zone>{ZONE})(?:\[[A-Z][\w/+-]{{1,40}}\])?+)?+"
)
"""A time stamp, or a level and a time stamp."""

CAPITALS: Final = "TRACE|DEBUG|INFO|NOTICE|WARN|WARNING|ERROR|FATAL|CRITICAL|SEVERE"
"""The names of levels that most programs write."""
TIME_OF_DAY: Final = (
    r"[\[(]?[0-9]{2}:[0-9]{2}:[0-9]{2}(?:[.,][0-9]{1,9})?[\])]? {1,2}"
    rf"(?:(?:\| |\[[^\[\]\n]{{1,100}}\] {{1,2}})?(?:{CAPITALS})|(?:\[[^\[\]\n]{{1,100}}/|[\[(])?(?i:{CAPITALS})(?=[\])]))[\])\]: |]"
)
"""A time of day and a level, perhaps with a thread between them."""
_OTHERS: Final = (
    r'\{"',
    r"<[0-9]{1,3}>[^\s<]",
    rf"{MONTH} [ 0-9][0-9] {CLOCK} ",
    rf"[^\s\[]++ [^\s]++ [^\s\[][^\[\n]{{0,64}}?\[[0-9]{{2}}/{MONTH}/[0-9]{{4}}:{CLOCK}",
    r"[IWEFD][0-9]{4} [0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6} ",
    r"CEF:[01]\||LEEF:[0-9.]{1,4}\|",
    r'(?:time|timestamp|ts|t)="?(?:[0-9]{4}-?[0-9]{2}-?[0-9]{2}[T ]|[0-9]{10})[^\s"=]{0,40}"? [\w.-]{1,64}=',
    rf'(?:level|lvl|severity|at)="?(?i:{LEVEL_WORDS})"? [\w.-]{{1,64}}=',
    r"\[GIN\] [0-9]{4}/",
    r"[0-9]{6} {1,2}[0-9]{1,2}:[0-9]{2}:[0-9]{2} {1,2}(?:\[|mysqld|InnoDB)",
    r"(?:DEBUG|INFO|WARNING|ERROR|CRITICAL):[A-Za-z_][\w.-]{0,199}:",
    r"(?:TRACE|DEBUG|NOTICE|WARN|ERROR|FATAL|CRITICAL): {1,8}[^\s]",
    rf"\[(?:{CAPITALS})\] {{1,8}}[^\s]",
    TIME_OF_DAY,
)
"""JSON lines, syslog with PRI, BSD syslog, access lines, klog, CEF and LEEF, logfmt, Gin, MySQL 5, Python's own layout,
a level, a time of day. java.util.logging has its levels (`WARNING: `) in the second line of an entry."""

MARK: Final = r"\xef\xbb\xbf"
"""A byte order mark, which stands before the text of each file that was appended with its own."""
WELL_KNOWN: Final = rf"{MARK}|(?!\s)(?:{'|'.join((TIMESTAMPED, *_OTHERS))})"
"""How an entry of some other log may begin. Has named groups: use it once in an expression."""


CUT: Final = (
    r"[\[(]?(?:[A-Z]{3,8}[\])]?:?[ \t]{1,8}[\[(]?)?"
    rf"(?:[12][0-9]{{3}}[-/](?:0|[01][0-9][0-9T :/-]{{0,12}})|[0-3][0-9][-/.](?:[01][0-9]|{MONTH})[-/.]20[0-9 :]{{0,11}}"
    rf"|{MONTH} [ 0-9][0-9] [0-9][0-9:]{{0,6}})\Z"
)
"""The time of an entry that the end of the text cuts off, perhaps behind a level."""


def entry_start(own: str) -> str:
    """The start of an entry of one's own, or of a well-known other; also one that the end of the text cuts off."""
    return f"{own}|{WELL_KNOWN}|{CUT}"


def without_cut(start: str) -> str:
    """A start of entries for texts that are not the lines of a file themselves, and so have no end."""
    return start.removesuffix(f"|{CUT}")


def own_start(own: str) -> str:
    """The start of an entry of one's own, where lines like those of other logs are of its entries."""
    return f"{MARK}|{own}"
