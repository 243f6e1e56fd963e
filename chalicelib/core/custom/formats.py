"""Custom formats as values like the built-in ones."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Final, TypeAlias

from chalicelib.core.custom.json_formats import objects_of, with_values
from chalicelib.core.custom.matching import Matcher, TooSlowError
from chalicelib.core.custom.spec import FormatSpec
from chalicelib.core.custom.stamps import stamps_of
from chalicelib.core.formats import Format, Parse, ParseContext, severity
from chalicelib.core.formats.kinds import decimal, flag, integer, whole
from chalicelib.core.formats.notation import put_of
from chalicelib.core.formats.reasons import BAD_TIME
from chalicelib.core.formats.times import Times
from chalicelib.core.records import Record, Reject, Value

if TYPE_CHECKING:
    import re

    from chalicelib.core.formats.notation import Put

_Cast: TypeAlias = "tuple[str, str, Callable[[str], Value]]"
_Typed: TypeAlias = "tuple[str, str, Put | None]"
_NO_MATCH: Final = Reject("pattern-not-matched")
_TOO_SLOW: Final = Reject("too-long-for-pattern")


def format_of(spec: FormatSpec) -> Format:
    """alone: the format may explain a line of another file, unless its pattern accepts most lines."""
    return Format(
        name=spec.name,
        title=spec.title or "Custom format",
        source=spec.source or "chalicelib/froe.toml",
        samples=spec.samples,
        make_parser=partial(_make_parser, spec),
        specificity=spec.specificity,
        patterns=() if spec.json else (spec.pattern,),
        framing=spec.framing,
        whole=True,
        alone=spec.specificity >= 0.5,
    )


def formats_of(spec: FormatSpec) -> tuple[Format, ...]:
    """A format in each of its framings, the usual one first."""
    return with_values(format_of(spec)) if spec.json else (format_of(spec),)


def _make_parser(spec: FormatSpec, context: ParseContext) -> Parse:
    if spec.json:
        return objects_of(spec, _CASTS).parser(context)
    match = Matcher(spec.pattern, spec.limits).match
    stamp_of = stamps_of(Times(context.last_modified, context.date_order), spec.time_format, spec.zone)
    severities = dict(spec.severities)
    fields = tuple(
        (each.group, each.name, _CASTS[kind])
        for each in spec.fields
        if (kind := each.type or "text") in _CASTS
    )
    typed = tuple(
        (each.group, each.name, put_of(each.name, each.type[1:-1]))
        for each in spec.fields
        if each.type and each.type not in _CASTS
    )

    def parse(entry: str) -> Record | Reject:
        try:
            matched = match(entry)
        except TooSlowError:
            return _TOO_SLOW
        if matched is None:
            return _NO_MATCH
        attributes: dict[str, Value] = {}
        _add_cast(attributes, matched, fields)
        _add_typed(attributes, matched, typed)
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


def _add_cast(attributes: dict[str, Value], match: re.Match[str], fields: tuple[_Cast, ...]) -> None:
    """Add the fields whose types the configuration names; a repeated name makes a list."""
    for group, name, cast in fields:
        text = match[group]
        if text is not None and text not in ("", "-"):
            value = cast(text)
            known = attributes.get(name)
            if known is None:
                attributes[name] = value
            else:
                attributes[name] = [*known, value] if isinstance(known, list) else [known, value]


def _add_typed(attributes: dict[str, Value], match: re.Match[str], fields: tuple[_Typed, ...]) -> None:
    """Add the fields of a template, by their kinds."""
    for group, name, put in fields:
        text = match[group]
        if text and text != "-":
            if put is None:
                attributes[name] = text
            else:
                put(attributes, name, text)


def _taken(attributes: dict[str, Value], name: str) -> str | None:
    """A field that is a field of the record itself, and so no attribute."""
    value = attributes.pop(name, None)
    if isinstance(value, list):
        return " ".join(map(str, value))
    return None if value is None else str(value)


def _severity_number(word: str) -> int | None:
    number = whole(word)
    return severity.of_word(word.strip()) if number is None else severity.of_number(number)


def _or_text(kind: Callable[[str], Value]) -> Callable[[str], Value]:
    def cast(text: str) -> Value:
        value = kind(text)
        return text if value is None else value

    return cast


_CASTS: Final[dict[str, Callable[[str], Value]]] = {
    "text": str,
    "int": _or_text(integer),
    "float": _or_text(decimal),
    "bool": _or_text(flag),
}
"""A value that is not a number, or not yes or no, stays text: nothing of a line is lost."""
