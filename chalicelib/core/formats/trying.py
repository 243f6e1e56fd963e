"""What one format makes of a head: how much it explains, and of how many of its lines that is said."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from chalicelib.core.formats import ParseContext
from chalicelib.core.formats.clear_starts import clear_share
from chalicelib.core.formats.heads import VALUES, text_of
from chalicelib.core.formats.joined_lines import lines_of
from chalicelib.core.formats.unfinished import is_unfinished_object
from chalicelib.core.framing.entries import entries_in
from chalicelib.core.framing.json.paths import json_path
from chalicelib.core.records import Record, Reject

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chalicelib.core.formats import Format, Parse
    from chalicelib.core.formats.heads import Head, Section

SHARE_MIN: Final = 0.6
_TAIL_LINES_MAX: Final = 5
"""How much of an entry of the file before may stand at the head of one whose entries begin clearly."""
_PREAMBLE_LINES_MAX: Final = 20
_FAILED: Final = Reject("internal-error")
_INSIDE: Final = ("log.record.format", "exception.stacktrace")
"""What a record has whose inside is explained."""
_UNSEEN_SHARE: Final = 0.9
"""What a collection counts of which the head holds no whole element, or an object that is larger than the head."""


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

    @property
    def explains_all(self) -> bool:
        return self.share == 1 and not self.rejected


def trial_of(
    known: Format, head: Head, context: ParseContext, sections: list[Section] | None = None
) -> Trial:
    """What a format makes of a head. sections: of which entries; None: of all."""
    counted = preamble = 0
    rejected = []
    entries = []
    weights = []
    parse_count = 0
    for entry, record in parsed(known, sections or head.sections(known.framing), context):
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
        in_values = known.framing.kind in VALUES
        unseen = not counted and in_values and _begins_value(known, head.text, complete=head.complete)
        share = 1.0 if head.complete else _UNSEEN_SHARE
        return Trial(known, share if unseen else 0.0, share * known.specificity if unseen else 0.0)
    joined = lines_of(known, [entry for entry, _ in entries], preamble=preamble, explain=context.explain)
    explained = sum(weight * lines for weight, lines in zip(weights, joined.explained, strict=True))
    counted -= joined.left_out + min(preamble, _PREAMBLE_LINES_MAX, int(explained))
    share = min(1.0, explained / counted)
    if share < SHARE_MIN and preamble <= _TAIL_LINES_MAX:
        share = clear_share(known, entries, len(rejected), context.explain) or share
    if known.prose:
        return Trial(known, share, known.specificity)
    score = round(share * known.specificity, 4) if share >= SHARE_MIN else 0.0
    return Trial(known, share, score, tuple(rejected))


def parsed(
    known: Format, sections: list[Section], context: ParseContext
) -> Iterator[tuple[str, Record | None]]:
    """The entries of sections and what the format makes of each; header lines, gaps and blanks left out."""
    for header, entries in sections:
        parse = _parser(known, header, context)
        for entry in map(text_of, entries):
            result = _tried(parse, entry)
            if isinstance(result, Record):
                yield entry, result
            elif not known.is_banner(entry):
                yield entry, None


def _parser(known: Format, header: str | None, context: ParseContext) -> Parse:
    if known.framing.kind in VALUES:
        return known.make_parser(ParseContext(context.last_modified, header or "", context.explain))
    return known.make_parser(context if header is None else replace(context, header=header))


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
