"""Why a file was taken for the format it was taken for, and what its rejects lack."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from chalicelib.core.custom.reach import furthest
from chalicelib.core.decoding.charsets import in_utf_8
from chalicelib.core.decoding.guessing import on_guess
from chalicelib.core.decoding.text import OpenObject
from chalicelib.core.formats import Format
from chalicelib.core.formats.detection import HEAD_BYTES, trials
from chalicelib.core.formats.reasons import MEANINGS, code_of
from chalicelib.core.formats.registry import NAMES, by_name
from chalicelib.core.formats.trying import Trial
from chalicelib.core.framing import Framing
from chalicelib.core.framing.json.paths import ANY
from chalicelib.core.plan import Plan
from chalicelib.core.records import Outcome, Record, Reject
from froe.terminal import printable

_TRIALS_SHOWN: Final = 5
_REJECTS_SHOWN: Final = 20
_LINE_SHOWN: Final = 160
_MEMBER: Final = re.compile(r'\{\s*"([^"\\]{1,128})"\s*:\s*')
_BEGUN: Final = re.compile(rf"\s*(?:{_MEMBER.pattern})++")
"""The members that open within one another at the beginning of an object."""
_OF_SHAPE: Final = frozenset(("other-shape", "pattern-not-matched"))


@dataclass(frozen=True, slots=True)
class Lacking:
    """One reject. line: the number of its first line, from 1; raw: its bytes in UTF-8, or their head. patterns: of its
    format."""

    offset: int
    line: int
    reason: str
    raw: bytes
    patterns: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        return self.raw.decode(errors="replace").rstrip("\r\n")

    @property
    def reach(self) -> str:
        """How far the format's pattern goes that goes furthest; empty where its shape is not said by patterns."""
        if self.reason not in _OF_SHAPE or not self.patterns:
            return ""
        furthest_match = furthest(self.patterns, re.DOTALL, self.text)
        return f"its pattern {furthest_match.explained(self.text)}" if furthest_match else ""

    @property
    def meaning(self) -> str:
        return MEANINGS.get(code_of(self.reason), self.reason)


@dataclass(frozen=True, slots=True)
class Explanation:
    """forced: whether the format was asked for. formats: of how many records each format is. has_elements: whether
    entries are elements of an array."""

    plan: Plan
    trials: list[Trial]
    forced: bool
    formats: dict[str, int]
    rejects: list[Lacking]
    has_elements: bool = False


def explain(
    plan: Plan,
    open_object: OpenObject,
    outcomes: Iterable[Outcome],
    *,
    forced: bool,
    own: tuple[Format, ...] = (),
) -> Explanation:
    """own: formats of the user's. Reads the file through; holds its rejects, which for a large file of another format are many."""
    head = b""
    complete = True
    if not plan.failure:
        for block in plan.text(open_object):
            head += block
            if len(head) > HEAD_BYTES:
                complete = False
                break
    head = in_utf_8(head, plan.framing.charset)
    modified = plan.head.last_modified
    tried = trials(head[:HEAD_BYTES], modified, complete=complete, own=own) if head else []
    formats: dict[str, int] = {}
    rejects: list[Lacking] = []
    patterns = _patterns_of(plan.format, own)
    line = 1
    has_elements = False
    for outcome in outcomes:
        if isinstance(outcome.result, Record):
            name = outcome.format or plan.format
            formats[name] = formats.get(name, 0) + 1
        elif isinstance(outcome.result, Reject):
            raw = in_utf_8(outcome.raw, plan.framing.charset)
            rejects.append(Lacking(outcome.offset, line, outcome.result.reason, raw, patterns))
        elif outcome.result.reason == "between-elements":
            has_elements = True
        line += outcome.lines
    return Explanation(plan, tried, forced, formats, rejects, has_elements)


def _patterns_of(name: str, own: tuple[Format, ...]) -> tuple[str, ...]:
    for known in own:
        if known.name == name:
            return known.patterns
    return by_name(name).patterns if name in NAMES else ()


def for_people(explanation: Explanation) -> Iterator[str]:
    plan = explanation.plan
    if plan.failure:
        yield f"  {plan.failure}"
        return
    if explanation.forced:
        yield f"  {plan.format} was asked for; told from the content it would be:"
    elif way_of(plan.framing) is not None and plan.format != explanation.trials[0].format.name:
        yield f"  {plan.format}: it explains the elements of an array; of the objects around it these explain lines:"
    else:
        yield f"  {plan.format}: it has the best score of those that explain lines of the first 64 KiB"
    yield "  format                    share  x narrow = score"
    for trial in explanation.trials[:_TRIALS_SHOWN]:
        known = trial.format
        why = "" if trial.score else "   (share too small)"
        if trial.credit:
            why = f"   (with {trial.credit:.1%} that a more general format explains)"
        yield f"  {known.name:24} {trial.share:6.1%}  x {known.specificity:6.3f} = {trial.score:5.3f}{why}"
    yield from _on_collection(explanation)
    others = {name: count for name, count in explanation.formats.items() if name != plan.format}
    if others:
        counts = ", ".join(f"{count:,} of {name}" for name, count in sorted(others.items()))
        yield f"  records of other formats among its lines: {counts}"
    if plan.charset_guess:
        yield f"  {on_guess(plan.charset_guess)}"
    if plan.text_too:
        yield "  the first 64 KiB mix it with plain text, so lines that nothing explains are records of text"
    for lacking in explanation.rejects[:_REJECTS_SHOWN]:
        text = lacking.text
        yield f"  line {lacking.line:,} (byte {lacking.offset:,}): {lacking.reason}: {lacking.meaning}"
        if reach := lacking.reach:
            yield f"    {printable(reach)}"
        yield f"    | {printable(text[:_LINE_SHOWN])}{'…' if len(text) > _LINE_SHOWN else ''}"
    if len(explanation.rejects) > _REJECTS_SHOWN:
        yield f"  and {len(explanation.rejects) - _REJECTS_SHOWN:,} more rejects; --json gives each"


def _on_collection(explanation: Explanation) -> Iterator[str]:
    """Which array holds the entries. Where none is seen in the head: whether one is behind it, or what is there instead."""
    framing = explanation.plan.framing
    if (way := way_of(framing)) is not None:
        yield f"  its entries are the elements of `{way}`; to have that for every file of a prefix, whatever its head shows:"
        yield f'    [[collection]]\n    field = "{way}"'
    elif framing.path is not None and explanation.has_elements:
        yield "  its entries are the elements of arrays behind its head, whatever the names of these are"
    elif framing.path is not None:
        heads = [begun[0] for lacking in explanation.rejects if (begun := _BEGUN.match(lacking.text))]
        names = [member[1] for member in _MEMBER.finditer(heads[0])] if heads else []
        by_key = ""
        if len(names) > 1:
            *around, key, _ = names
            holder = f"its member `{'.'.join(around)}`" if around else "it"
            by_key = f": {holder} holds objects by key (`{key}` …), and only elements of arrays are entries of their own"
        yield f"  there is no array of entries in it, and so each outermost object is one entry{by_key}"


def way_of(framing: Framing) -> str | None:
    """The array that holds the entries, as `[[collection]]` names it; None where none was found in the text."""
    if framing.path is not None and all(name == ANY for name in framing.path):
        return None
    if framing.path is not None:
        return "[].".join(name.split("|")[0].removesuffix("?") for name in framing.path)
    return framing.member


def for_programs(explanation: Explanation) -> dict[str, Any]:
    plan = explanation.plan
    return {
        "format": plan.shown_format,
        "format_score": plan.format_score,
        "runner_up": plan.runner_up,
        "runner_up_score": plan.runner_up_score,
        "forced": explanation.forced,
        "text_too": plan.text_too,
        "collection": way_of(plan.framing),
        "failure": plan.failure,
        "charset": plan.charset,
        "charset_guess": plan.charset_guess,
        "trials": [
            {
                "format": trial.format.name,
                "share": round(trial.share, 4),
                "credit": round(trial.credit, 4),
                "specificity": trial.format.specificity,
                "score": trial.score,
            }
            for trial in explanation.trials
        ],
        "records": explanation.formats,
        "rejects": [
            {
                "offset": lacking.offset,
                "line": lacking.line,
                "reason": lacking.reason,
                "meaning": lacking.meaning,
                "raw": lacking.raw.decode(errors="replace"),
            }
            for lacking in explanation.rejects
        ],
    }
