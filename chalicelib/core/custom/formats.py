"""Custom formats as values like the built-in ones."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final

from chalicelib.core.custom.json_formats import JsonReader, with_values
from chalicelib.core.custom.matching import Matcher, TooSlowError
from chalicelib.core.custom.spec import FormatSpec
from chalicelib.core.custom.stamps import stamps_of
from chalicelib.core.formats import Format, Parse, ParseContext, severity
from chalicelib.core.formats.reasons import BAD_TIME
from chalicelib.core.formats.times import Times
from chalicelib.core.records import Record, Reject, Value

_NO_MATCH: Final = Reject("pattern-not-matched")
_TOO_SLOW: Final = Reject("too-long-for-pattern")
_DIGITS_MAX: Final = 18
_TRUE: Final = frozenset(("true", "yes", "on", "1", "t", "y"))
_FALSE: Final = frozenset(("false", "no", "off", "0", "f", "n"))


def format_of(spec: FormatSpec) -> Format:
    """alone: a line of another file may be taken for it, unless it takes most lines for its own."""
    return Format(
        name=spec.name,
        title=spec.title or "Custom format",
        source=spec.source or "chalicelib/froe.toml",
        samples=spec.samples,
        make_parser=partial(_make_parser, spec),
        specificity=spec.specificity,
        framing=spec.framing,
        whole=True,
        alone=spec.specificity >= 0.5,
    )


def formats_of(spec: FormatSpec) -> tuple[Format, ...]:
    """A format, in each of the ways in which a text of it may be framed; the usual one first."""
    return with_values(format_of(spec)) if spec.json else (format_of(spec),)


def _make_parser(spec: FormatSpec, context: ParseContext) -> Parse:
    if spec.json:
        return JsonReader(spec, _CASTS, context).parse
    match = Matcher(spec.pattern, spec.limits).match
    stamp_of = stamps_of(Times(context.last_modified, context.date_order), spec.time_format, spec.zone)
    severities = dict(spec.severities)
    fields = tuple((each.group, each.name, _CASTS[each.type or "text"]) for each in spec.fields)

    def parse(entry: str) -> Record | Reject:
        try:
            found = match(entry)
        except TooSlowError:
            return _TOO_SLOW
        if found is None:
            return _NO_MATCH
        attributes: dict[str, Value] = {}
        for group, name, cast in fields:
            text = found[group]
            if text is not None and text not in ("", "-"):
                value = cast(text)
                known = attributes.get(name)
                if known is None:
                    attributes[name] = value
                else:
                    attributes[name] = [*known, value] if isinstance(known, list) else [known, value]
        stamp: tuple[str | None, str | None] = (None, None)
        if spec.time_field is not None and (when := attributes.pop(spec.time_field, None)) is not None:
            made = stamp_of(str(when))
            if made is None:
                return BAD_TIME
            stamp = made
        word = None if spec.severity_field is None else _taken(attributes, spec.severity_field)
        number = None if word is None else _severity_number(severities.get(word, word))
        body = None if spec.body is None else _taken(attributes, spec.body)
        return Record(*stamp, word, number, body, attributes)

    return parse


def _taken(attributes: dict[str, Value], name: str) -> str | None:
    """A field that has a place of its own in a record."""
    value = attributes.pop(name, None)
    if isinstance(value, list):
        return " ".join(map(str, value))
    return None if value is None else str(value)


def _severity_number(word: str) -> int | None:
    if word.isdecimal() and word.isascii() and len(word) < 4:
        return severity.of_number(int(word))
    return severity.of_word(word.strip())


def _int(text: str) -> Value:
    digits = text.lstrip("+-")
    if digits.isdecimal() and digits.isascii() and len(digits) <= _DIGITS_MAX and len(text) - len(digits) < 2:
        return int(text)
    return text


def _float(text: str) -> Value:
    if len(text) > 40 or not (text.isascii() and text.strip("+-").replace("_", "x")[:1] in "0123456789."):
        return text
    try:
        return float(text)
    except ValueError:
        return text


def _bool(text: str) -> Value:
    word = text.lower()
    return True if word in _TRUE else False if word in _FALSE else text


_CASTS: Final[dict[str, Callable[[str], Value]]] = {
    "text": lambda text: text,
    "int": _int,
    "float": _float,
    "bool": _bool,
}
"""What is no number, or no yes and no, stays text: nothing of a line is lost."""
