"""Which format a text has, decided from its head and nothing else.

The head is cut and parsed as the text would be, by every format whose sieve lets a line of it through;
the best product of the share that is explained and of the format's specificity wins. Lines between clear starts count
as explained (`clear_starts`); a start that does not recur explains no more than lines near it (`joined_lines`). What
a more general format explains beside counts nearly in full for one that explains most of the same. A format that does
not explain clearly more than half loses to plain text. The same head always gives the same answer.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache, partial
from typing import TYPE_CHECKING, Final

from chalicelib.core.colours import bytes_without_colours
from chalicelib.core.entries import entries_in, entries_of
from chalicelib.core.formats import ParseContext
from chalicelib.core.formats.banners import behind_banner
from chalicelib.core.formats.clear_starts import clear_share
from chalicelib.core.formats.explaining import Explainer
from chalicelib.core.formats.joined_lines import lines_of
from chalicelib.core.formats.registry import by_name
from chalicelib.core.formats.sieves import CANDIDATES, Sieves, sieve_of, sieves_of_all
from chalicelib.core.formats.unfinished import is_unfinished_object
from chalicelib.core.framing import Kind, Run
from chalicelib.core.headers import Headers
from chalicelib.core.json_around import begin_lines
from chalicelib.core.json_paths import json_path
from chalicelib.core.records import Record, Reject
from chalicelib.core.text import BYTE_ORDER_MARK

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from chalicelib.core.formats import Explain, Format, Parse

HEAD_BYTES: Final = 64 * 1024
"""How much of the text detection looks at."""
_LINES_MAX: Final = 1000
_SIEVED_LINES: Final = 200
_SHARE_MIN: Final = 0.6
_TAIL_LINES_MAX: Final = 5
"""How much of an entry of the file before may stand at the head of one whose entries begin clearly."""
_CREDITED_SHARE_MIN: Final = 0.8
"""A format that explains so much of what a more general one does gets credit for the rest."""
_BUT_ONE_SHARE_MIN: Final = 0.74
"""The same where it is all but one entry: three of four."""
_CREDIT: Final = 0.9
_PREAMBLE_LINES_MAX: Final = 20
_MIXED_LINES_MIN: Final = 3
_MIXED_SHARE_MIN: Final = 0.1
_FAILED: Final = Reject("internal-error")
_INSIDE: Final = ("log.record.format", "exception.stacktrace")
"""What a record has whose inside is explained."""
_VALUES: Final = (Kind.JSON, Kind.ELEMENTS)
"""What has no lines of its own."""
_UNSEEN_SHARE: Final = 0.9
"""What a collection counts of which the head holds no whole element, or an object that is larger than the head."""


@dataclass(frozen=True, slots=True)
class Detection:
    """The format chosen, its score from 0 to 1, the second best, and whether plain text is mixed in."""

    format: Format
    score: float
    runner_up: str = ""
    runner_up_score: float = 0.0
    text_too: bool = False


@dataclass(frozen=True, slots=True)
class Trial:
    """What one format makes of a head.

    share: how much of the head it explains, 0 to 1; credit: what counts beside it, because a more general
    format explains it. score: both times its specificity, 0 where the share is too small.
    rejected: the entries behind its first record that it does not explain.
    """

    format: Format
    share: float
    score: float
    rejected: tuple[str, ...] = ()
    credit: float = 0.0


def detect(
    head: bytes, last_modified: datetime, *, complete: bool, own: tuple[Format, ...] = ()
) -> Detection:
    """The format of the text that begins with these bytes.

    head: up to `HEAD_BYTES`, UTF-8 (what is not counts as U+FFFD), a byte order mark allowed.
    last_modified: the object's LastModified (aware). complete: whether the head is the whole text;
    where it is not, its last line is left out unless it is the only one. own: formats of the user's,
    which win a tie.
    """
    explain = Explainer(last_modified, own)
    tried = _trials(head, ParseContext(last_modified, explain=explain), complete=complete, own=own)
    best, *others = [each for each in tried if each.score]
    second = others[0] if others else None
    return Detection(
        best.format,
        best.score,
        second.format.name if second else "",
        second.score if second else 0.0,
        text_too=_mixes_text(best, head, explain),
    )


def trials(
    head: bytes, last_modified: datetime, *, complete: bool, own: tuple[Format, ...] = ()
) -> list[Trial]:
    """What every format makes of a head that its sieve lets a line of through; the best first.

    Parameters are those of `detect`. Plain text is always among them.
    """
    context = ParseContext(last_modified, explain=Explainer(last_modified, own))
    return _trials(head, context, complete=complete, own=own)


def _trials(head: bytes, context: ParseContext, *, complete: bool, own: tuple[Format, ...]) -> list[Trial]:
    text = by_name("text")
    raw = head
    head = bytes_without_colours(head[:HEAD_BYTES].removeprefix(BYTE_ORDER_MARK))
    lines = _whole_lines(head, complete=complete)
    sieved = [line for line in lines[:_SIEVED_LINES] if line.strip()]
    if sieved and (long := _most_of(head)):
        sieved.append(long)
    if not sieved:
        return [Trial(text, 0.0, text.specificity)]
    candidates = [
        *(own[place] for place in _let_through(Sieves(own), sieved)),
        *(by_name(CANDIDATES[place].name) for place in _let_through(sieves_of_all(), sieved)),
    ]
    joined = "\n".join(lines).encode() + b"\n"
    by_line = cache(partial(begin_lines, head, complete=complete))
    found = []
    for known in candidates:
        if known is text:
            continue
        shown = head if known.framing.kind in _VALUES else joined
        try:
            trial = replace(_trial(_fitted(known, by_line), shown, context, complete=complete), format=known)
            if known.framing.header_first and not trial.share:
                table = behind_banner(known, raw, lines, partial(_parser_under, known, context))
                trial = trial if table is None else _trial(table, shown, context, complete=complete)
            if known.convinces and not trial.score and known.convinces(lines):
                decided = replace(context, decided=True)
                trial = replace(_trial(known, shown, decided, complete=complete), format=known)
        except Exception:  # noqa: BLE001, S112 - a format that fails on a head is not its format
            continue
        found.append(trial)
    ranked = [_credited(each, found) for each in found]
    return sorted([*ranked, Trial(text, 1.0, text.specificity)], key=lambda each: -each.score)


def _fitted(known: Format, by_line: Callable[[], bool]) -> Format:
    """A format of entries in arrays as it frames a text. by_line: whether the objects that hold them are a line each."""
    framing = known.framing
    if framing.kind is not Kind.JSON:
        return known
    has_way = bool(framing.member or framing.path)
    return replace(known, framing=replace(framing, by_line=has_way and by_line(), uniform=True))


def _credited(trial: Trial, found: list[Trial]) -> Trial:
    """A trial with credit for what only more general formats explain: broken lines and those of other logs
    are tried by themselves anyway, while a more general format would lose fields of every line."""
    own, share = trial.format.specificity, trial.share
    others = (each for each in found if each.score and not each.format.prose)
    general = max((each.share for each in others if each.format.specificity < own), default=0.0)
    is_one_broken = len(trial.rejected) == 1 and share >= _BUT_ONE_SHARE_MIN
    if (
        not trial.score
        or not share < general
        or not (general <= share / _CREDITED_SHARE_MIN or is_one_broken)
    ):
        return trial
    credit = _CREDIT * (general - share)
    return replace(trial, score=round((share + credit) * own, 4), credit=credit)


def _parser_under(known: Format, context: ParseContext, header: str) -> Parse:
    return known.make_parser(replace(context, header=header))


def _let_through(sieves: Sieves, lines: list[str]) -> list[int]:
    """The places of the formats that any of the lines may be of."""
    return sorted({place for line in lines for place in sieves(line)})


def _whole_lines(head: bytes, *, complete: bool) -> list[str]:
    lines = head.decode("utf-8", "replace").split("\n")
    if len(lines) > 1 and (not complete or lines[-1] == "" or len(head) >= HEAD_BYTES):
        lines.pop()
    return [line.removesuffix("\r") for line in lines[:_LINES_MAX]]


def _most_of(head: bytes) -> str:
    """The last line of a head where it is cut off, and most of it; empty where it is not."""
    begin = head.rfind(b"\n") + 1
    return head[begin:].decode("utf-8", "replace") if 2 * begin < len(head) and begin else ""


def _trial(known: Format, text: bytes, context: ParseContext, *, complete: bool) -> Trial:
    counted = preamble = 0
    rejected = []
    entries = []
    weights = []
    in_values = known.framing.kind in _VALUES
    parse_count = 0
    for entry, record in _parsed(known, text, context, complete=complete or not in_values):
        size = 1 + entry.count("\n")
        counted += size
        if record is None:
            if not parse_count:
                preamble += size
            else:
                rejected.append(entry)
            continue
        parse_count += 1
        entries.append((entry, record))
        says_more = bool(record.attributes) or record.severity_text is not None
        if known.carrier:
            is_known = not record.attributes.keys().isdisjoint(_INSIDE)
            says_more = is_known or record.timestamp is not None
        weight = 1.0 if says_more else known.bare
        weights.append(weight)
    if not parse_count:
        unseen = not counted and in_values and _begins_value(known, text, complete=complete)
        share = 1.0 if complete else _UNSEEN_SHARE
        return Trial(known, share if unseen else 0.0, share * known.specificity if unseen else 0.0)
    joined = lines_of(known, [entry for entry, _ in entries], preamble=preamble, explain=context.explain)
    explained = sum(weight * lines for weight, lines in zip(weights, joined.explained, strict=True))
    counted -= joined.left_out + min(preamble, _PREAMBLE_LINES_MAX, int(explained))
    share = min(1.0, explained / counted)
    if share < _SHARE_MIN and preamble <= _TAIL_LINES_MAX:
        share = clear_share(known, entries, len(rejected), context.explain) or share
    if known.prose:
        return Trial(known, share, known.specificity)
    score = round(share * known.specificity, 4) if share >= _SHARE_MIN else 0.0
    return Trial(known, share, score, tuple(rejected))


def _parsed(
    known: Format, text: bytes, context: ParseContext, *, complete: bool
) -> Iterator[tuple[str, Record | None]]:
    """The entries of a text and what the format makes of each; header lines, gaps and blanks left out."""
    framing = known.framing
    headers = Headers(framing, None)
    parse = known.make_parser(context)
    if framing.kind is Kind.STREAMS:
        entries = [entry.text or entry.raw for entry in entries_of(text, framing, 0, len(text), 0)]
        for entry in entries if complete else entries[:-1]:
            said = entry.decode("utf-8", "replace").rstrip("\r\n")
            if said.strip("\0 \t\r\n"):  # padding is none of the log either
                result = _tried(parse, said)
                if isinstance(result, Record) or not known.is_banner(said):
                    yield said, result if isinstance(result, Record) else None
        return
    pieces = list(entries_in([text], framing, 0, len(text), aligned=True))
    for piece in pieces:
        assert isinstance(piece, Run), "an entry of the head cannot be longer than the head"
        if framing.kind in _VALUES:
            parse = known.make_parser(
                ParseContext(context.last_modified, piece.context or "", context.explain)
            )
        for entry in _entries(piece, is_last=piece is pieces[-1] and not complete):
            if framing.has_header and headers.take(entry):
                header = headers.in_force or ""
                parse = known.make_parser(replace(context, header=header))
                continue
            said = entry.decode("utf-8", "replace").rstrip("\r\n")
            if said.strip("\0 \t\r\n"):  # padding is none of the log either
                result = _tried(parse, said)
                if isinstance(result, Reject) and known.is_banner(said):
                    continue
                yield said, result if isinstance(result, Record) else None


def _tried(parse: Parse, entry: str) -> Record | Reject:
    try:
        return parse(entry)
    except Exception:  # noqa: BLE001 - what fails on an entry does not explain it
        return _FAILED


def _begins_value(known: Format, text: bytes, *, complete: bool) -> bool:
    """Whether the text begins an array of which it does not hold a whole element, or an object that is
    larger than it."""
    pieces = list(entries_in([text], known.framing, 0, len(text), aligned=True))
    if len(pieces) > 1 and pieces[0].context is not None:
        return True
    path = known.framing.path
    if path and not any(b'"' + name + b'"' in text for name in json_path(path).outermost_names):
        return False
    return not complete and known.framing.member is None and is_unfinished_object(text)


def _entries(run: Run, *, is_last: bool) -> Iterator[bytes]:
    begin = 0
    for number, end in enumerate(run.ends):
        if not (run.gaps and number in run.gaps) and not (is_last and number + 1 == len(run.ends)):
            yield run.data[begin:end]
        begin = end


def _mixes_text(best: Trial, head: bytes, explain: Explain) -> bool:
    """Whether so much of the head is explained by nothing that such lines are part of the log."""
    is_broken = sieve_of(best.format)
    unexplained = sum(1 for entry in best.rejected if not is_broken(entry) and not _explains(explain, entry))
    return unexplained >= max(_MIXED_LINES_MIN, _MIXED_SHARE_MIN * min(head.count(b"\n"), _LINES_MAX))


def _explains(explain: Explain, entry: str) -> bool:
    try:
        return explain(entry) is not None
    except Exception:  # noqa: BLE001 - what fails on an entry does not explain it
        return False
