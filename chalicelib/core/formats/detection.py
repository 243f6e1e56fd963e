"""Which format a text has, decided from its head and nothing else.

Every format parses the head's entries; the best product of the share of lines explained and of the
format's specificity wins. A format that does not explain clearly more than half of the lines loses
to plain text. The same head always gives the same answer.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from chalicelib.core.formats import ParseContext
from chalicelib.core.formats.registry import FORMATS
from chalicelib.core.formats.text import TEXT
from chalicelib.core.records import Record

if TYPE_CHECKING:
    from datetime import datetime

    from chalicelib.core.formats import Format

HEAD_BYTES: Final = 64 * 1024
"""How much of the text detection looks at."""
_LINES_MAX: Final = 1000
_SHARE_MIN: Final = 0.6
_PREAMBLE_LINES_MAX: Final = 20
_BARE_WEIGHT: Final = 0.75
"""What an entry counts of which a format says no more than its time: many formats could."""
_ANSI: Final = re.compile(r"\x1b\[[0-9;]*m")
_CONTINUATION: Final = re.compile(
    r"[ \t]|Caused by:|Suppressed:|Traceback |\.\.\. [0-9]+ |[\]})]|--- |=== |During handling of|The above exception"
    r"|goroutine [0-9]|created by |panic:|exit status |[#*|>+-]|at |[\w.$\\]+(?:Error|Exception|Warning|Fault|Exit)\b"
    r"|(?:[a-z][\w$]*\.)+[A-Z][\w$]*(?::|$)|[\w./*()]+\([0-9a-fx, .{}]*\)$"
)
"""How the lines of an entry after its first look: indentation, stack traces, closing brackets, rulers."""


@dataclass(frozen=True, slots=True)
class Detection:
    """The format chosen, its score from 0 to 1, and the second best."""

    format: Format
    score: float
    runner_up: str
    runner_up_score: float


def detect(head: bytes, last_modified: datetime, *, complete: bool) -> Detection:
    """The format of the text that begins with these bytes.

    head: up to `HEAD_BYTES`, decoded as UTF-8 (what is not is U+FFFD), a byte order mark allowed.
    last_modified: the object's LastModified (aware). complete: whether the head is the whole text;
    where it is not, its last line is left out unless it is the only one.
    """
    lines = _lines(head, complete=complete)
    context = ParseContext(last_modified=last_modified)
    ranked = sorted(
        ((_score(known, lines, context), -place, known) for place, known in enumerate(FORMATS)),
        key=lambda scored: scored[:2],
        reverse=True,
    )
    if not lines:
        ranked.sort(key=lambda scored: scored[2] is not TEXT)
    (score, _, best), (second_score, _, second) = ranked[:2]
    return Detection(best, score, second.name, second_score)


def _lines(head: bytes, *, complete: bool) -> list[str]:
    lines = head[:HEAD_BYTES].decode("utf-8", "replace").removeprefix("\ufeff").split("\n")
    if len(lines) > 1 and (not complete or lines[-1] == "" or len(head) > HEAD_BYTES):
        lines.pop()
    return [plain for line in lines[:_LINES_MAX] if (plain := _ANSI.sub("", line.removesuffix("\r"))).strip()]


def _score(known: Format, lines: list[str], context: ParseContext) -> float:
    """Share of the lines that the format explains, times its specificity; 0 where the share is too small."""
    if not lines:
        return 0.0
    parse = known.make_parser(context)
    explained = 0.0
    preamble = None
    for position, entry in _entries(known, lines):
        record = parse("\n".join(entry))
        if not isinstance(record, Record):
            continue
        if preamble is None:
            preamble = position
        weight = (
            1.0 if record.attributes or record.severity_text is not None or known is TEXT else _BARE_WEIGHT
        )
        explained += weight * (1 + sum(1 for line in entry[1:] if _CONTINUATION.match(line)))
    if preamble is None:
        return 0.0
    counted = len(lines) - min(preamble, _PREAMBLE_LINES_MAX, int(explained))
    share = min(1.0, explained / counted)
    return round(share * known.specificity, 4) if share >= _SHARE_MIN else 0.0


def _entries(known: Format, lines: list[str]) -> list[tuple[int, list[str]]]:
    """The lines as entries, each with the place of its first line."""
    if known.entry_start is None:
        return [(place, [line]) for place, line in enumerate(lines)]
    starts = re.compile(known.entry_start)
    entries: list[tuple[int, list[str]]] = []
    for place, line in enumerate(lines):
        if not entries or starts.match(line[:1024]):
            entries.append((place, [line]))
        else:
            entries[-1][1].append(line)
    return entries
