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

from chalicelib.core.decoding.text import BYTE_ORDER_MARK
from chalicelib.core.formats import ParseContext
from chalicelib.core.formats.banners import behind_banner
from chalicelib.core.formats.explaining import Explainer
from chalicelib.core.formats.heads import FEW, MORE, Head, unlike
from chalicelib.core.formats.registry import by_name
from chalicelib.core.formats.sieves import CANDIDATES, Sieves, sieve_of, sieves_of_all
from chalicelib.core.formats.trying import Trial, parsed, trial_of
from chalicelib.core.framing import Kind
from chalicelib.core.framing.colours import bytes_without_colours
from chalicelib.core.framing.json.around import begin_lines

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from chalicelib.core.formats import Explain, Format, Parse

HEAD_BYTES: Final = 64 * 1024
"""How much of the text detection looks at."""
_LINES_MAX: Final = 400
_SIEVED_LINES: Final = 200
_GUESSED_SHARE_MIN: Final = 0.3
"""A format that explains less than this share of some entries cannot explain twice as much of all."""
_GUESSED_LESS: Final = 0.05
"""By how much the share of some entries may fall short of that of all."""
_CREDITED_SHARE_MIN: Final = 0.8
"""A format that explains this share of what a more general one explains gets credit for the rest."""
_BUT_ONE_SHARE_MIN: Final = 0.74
"""The same if it is all but one entry: three of four."""
_CREDIT: Final = 0.9
_MIXED_LINES_MIN: Final = 3
_MIXED_SHARE_MIN: Final = 0.1


@dataclass(frozen=True, slots=True)
class Detection:
    """The format chosen, its score from 0 to 1, the second best, and whether plain text is mixed in."""

    format: Format
    score: float
    runner_up: str = ""
    runner_up_score: float = 0.0
    text_too: bool = False


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
    context = ParseContext(last_modified, explain=explain)
    tried = _trials(head, context, complete=complete, own=own, every=False)
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
    """The trials of all formats whose sieve lets a line of the head through; the best first.

    Parameters are those of `detect`. Plain text is always among them.
    """
    context = ParseContext(last_modified, explain=Explainer(last_modified, own))
    return _trials(head, context, complete=complete, own=own, every=True)


def _trials(
    head: bytes, context: ParseContext, *, complete: bool, own: tuple[Format, ...], every: bool
) -> list[Trial]:
    """every: whether each format parses all entries; otherwise some stand for all if that decides nothing."""
    text = by_name("text")
    raw = head
    head = bytes_without_colours(head[:HEAD_BYTES].removeprefix(BYTE_ORDER_MARK))
    lines = _whole_lines(head, complete=complete)
    sieved = unlike([line for line in lines[:_SIEVED_LINES] if line.strip()])
    if sieved and (long := _most_of(head)):
        sieved.append(long)
    if not sieved:
        return [Trial(text, 0.0, text.specificity)]
    candidates = [
        *(own[place] for place in _let_through(Sieves(own), sieved)),
        *(by_name(CANDIDATES[place].name) for place in _let_through(sieves_of_all(), sieved)),
    ]
    candidates = [known for known in candidates if known is not text]
    some = Head(head, "\n".join(lines).encode() + b"\n", complete=complete)
    by_line = cache(partial(begin_lines, head, complete=complete))
    framed = [_fitted(known, by_line) for known in candidates]
    guesses = [None if every else _guessed(known, some, context) for known in framed]
    by_place: dict[int, Trial] = {}
    best = Trial(text, 0.0, 0.0)
    for place in sorted(range(len(framed)), key=lambda place: -_hope(framed[place], guesses[place])):
        known, guess = candidates[place], guesses[place]
        try:
            if guess is None or _may_decide(guess, best):
                guess = _whole_trial(framed[place], guess, some, context)
            trial = replace(guess, format=known)
            if known.framing.header_first and not trial.share:
                table = behind_banner(known, raw, lines, partial(_parser_under, known, context))
                trial = trial if table is None else trial_of(table, some, context)
            if known.convinces and not trial.score and known.convinces(lines):
                trial = replace(trial_of(known, some, replace(context, decided=True)), format=known)
        except Exception:  # noqa: BLE001, S112 - a format that fails on a head is not its format
            continue
        by_place[place] = trial
        best = max(best, trial, key=lambda each: each.score)
    tried = [by_place[place] for place in sorted(by_place)]
    ranked = [_credited(each, tried) for each in tried]
    return sorted([*ranked, Trial(text, 1.0, text.specificity)], key=lambda each: -each.score)


def _hope(known: Format, guess: Trial | None) -> float:
    return known.specificity if guess is None else guess.score


def _guessed(known: Format, head: Head, context: ParseContext) -> Trial | None:
    """The trial of a format on some of the entries; None if all must be parsed."""
    if known.prose:
        return None
    try:
        few = head.some(known.framing, FEW)
        if few and not any(record for _, record in parsed(known, few, context)):
            return Trial(known, 0.0, 0.0)
        more = head.some(known.framing, MORE)
        return trial_of(known, head, context, more) if more else None
    except Exception:  # noqa: BLE001 - a format that fails on a head is not its format
        return None


def _may_decide(guess: Trial, best: Trial) -> bool:
    """Whether all entries must be parsed: whether a format may be better than the best so far, or may give it credit."""
    gives_credit = guess.share + _GUESSED_LESS >= best.share < 1
    return guess.share >= _GUESSED_SHARE_MIN and (guess.format.specificity >= best.score or gives_credit)


def _whole_trial(known: Format, guess: Trial | None, head: Head, context: ParseContext) -> Trial:
    """The trial of a format on a head. guess: its trial on some entries; if it explains them all, many entries stand
    for all."""
    if guess is not None and guess.explains_all and (many := head.many(known.framing)):
        trial = trial_of(known, head, context, many)
        if trial.explains_all:
            return trial
    return trial_of(known, head, context)


def _fitted(known: Format, by_line: Callable[[], bool]) -> Format:
    """A format of entries in arrays, with its framing for a text. by_line: whether each object with an array is one
    line."""
    framing = known.framing
    if framing.kind is not Kind.JSON:
        return known
    has_way = bool(framing.member or framing.path)
    return replace(known, framing=replace(framing, by_line=has_way and by_line(), uniform=True))


def _credited(trial: Trial, tried: list[Trial]) -> Trial:
    """A trial with credit for what only more general formats explain: broken lines and those of other logs
    are tried by themselves anyway, while a more general format would lose fields of every line."""
    own, share = trial.format.specificity, trial.share
    others = (each for each in tried if each.score and not each.format.prose)
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
    """The places of the formats that any of the lines may belong to."""
    return sorted({place for line in lines for place in sieves(line)})


def _whole_lines(head: bytes, *, complete: bool) -> list[str]:
    lines = head.decode("utf-8", "replace").split("\n")
    if len(lines) > 1 and (not complete or lines[-1] == "" or len(head) >= HEAD_BYTES):
        lines.pop()
    return [line.removesuffix("\r") for line in lines[:_LINES_MAX]]


def _most_of(head: bytes) -> str:
    """The last line of a head if it is cut off, most of it at least; empty if it is not."""
    begin = head.rfind(b"\n") + 1
    return head[begin:].decode("utf-8", "replace") if 2 * begin < len(head) and begin else ""


def _mixes_text(best: Trial, head: bytes, explain: Explain) -> bool:
    """Whether so much of the head is unexplained that such lines are part of the log."""
    is_broken = sieve_of(best.format)
    unexplained = sum(1 for entry in best.rejected if not is_broken(entry) and not _explains(explain, entry))
    return unexplained >= max(_MIXED_LINES_MIN, _MIXED_SHARE_MIN * min(head.count(b"\n"), _LINES_MAX))


def _explains(explain: Explain, entry: str) -> bool:
    try:
        return explain(entry) is not None
    except Exception:  # noqa: BLE001 - what fails on an entry does not explain it
        return False
