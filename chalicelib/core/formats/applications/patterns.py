"""Lines of a fixed shape, as a table: an expression with named groups, and what its groups are called."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from chalicelib.core.formats import Format, severity
from chalicelib.core.formats.any_level import with_any_level
from chalicelib.core.formats.kinds import put
from chalicelib.core.formats.nested import add_all
from chalicelib.core.formats.reasons import BAD_TIME, OTHER_SHAPE
from chalicelib.core.formats.times import Times
from chalicelib.core.framing import LINES, Framing
from chalicelib.core.records import Record, Reject

if TYPE_CHECKING:
    from chalicelib.core.formats import Parse, ParseContext
    from chalicelib.core.formats.nested import When
    from chalicelib.core.records import Value

_NUMBERS: Final = frozenset(("process.pid", "code.line.number", "k8s.trace.id", "sidekiq.elapsed"))


Message = Callable[[str], "tuple[str, Mapping[str, Value]] | None"]


@dataclass(frozen=True, slots=True)
class LinePattern:
    """One such shape.

    pattern: for the whole entry; the groups `when`, `fraction`, `zone`, `level` and `message` are the record's own.
    attributes: its other groups → attributes; those in `_NUMBERS` become numbers. words: a level's letter or word → number,
    where `severity` would not know. message: what is left of the message, and more attributes; None where the
    line is of another shape after all.
    """

    name: str
    title: str
    source: str
    samples: tuple[str, ...]
    pattern: str
    sieve: str
    specificity: float
    attributes: Mapping[str, str] = field(default_factory=dict)
    words: Mapping[str, int] = field(default_factory=dict)
    message: Message | None = None
    framing: Framing = LINES
    alone: bool = True


def format_of(shape: LinePattern) -> Format:
    def make_parser(context: ParseContext) -> Parse:
        return _parser(context, shape)

    return Format(
        name=shape.name,
        title=shape.title,
        source=shape.source,
        samples=shape.samples,
        make_parser=make_parser,
        specificity=shape.specificity,
        framing=shape.framing,
        sieve=shape.sieve,
        alone=shape.alone,
        patterns=(shape.pattern,),
    )


def _parser(context: ParseContext, shape: LinePattern) -> Parse:
    of_parts = Times(context.last_modified).of_parts
    match = re.compile(shape.pattern, re.DOTALL).fullmatch
    wide = with_any_level(shape.pattern) if context.decided else None
    wide_match = wide and re.compile(wide, re.DOTALL).fullmatch
    attributes, words, typed_message = shape.attributes, shape.words, shape.message

    def parse(entry: str) -> Record | Reject:
        found = match(entry) or (wide_match(entry) if wide_match else None)
        if found is None:
            return OTHER_SHAPE
        held = found.groupdict()
        when, word, body = held.get("when"), held.get("level"), held.get("message")
        stamp: When | None = (None, None)
        if when is not None:
            stamp = of_parts(when, held.get("fraction"), held.get("zone"))
        if stamp is None:
            return BAD_TIME
        fields: dict[str, Value] = {}
        for group, name in attributes.items():
            text = held[group]
            if text and (text := text.strip()):
                if name in _NUMBERS:
                    put(fields, name, text)
                else:
                    fields[name] = text
        if typed_message is not None and body:
            made = typed_message(body)
            if made is None:
                return OTHER_SHAPE
            body, more = made
            add_all(fields, dict(more))
        number = None if word is None else words.get(word) or severity.of_word(word)
        return Record(*stamp, word, number, body or None, fields)

    return parse
