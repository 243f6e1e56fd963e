"""What users write (a template, a regular expression or a grok pattern) → a Python expression, and its fields."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from chalicelib.core.custom.grok import GROK
from chalicelib.core.custom.spec import TYPES, Field, PatternError
from chalicelib.core.formats.notation import expand

_DEPTH_MAX: Final = 20
_LENGTH_MAX: Final = 60_000
_CALL: Final = re.compile(r"%\{(\w++)(?::([^{}:]{1,200}+))?+(?::(\w++))?+\}")
_FIELD: Final = re.compile(r"[A-Za-z_@][\w.@-]{0,127}")
_BRACKETED: Final = re.compile(r"(?:\[[\w@.-]{1,64}\]){1,16}")
_NAMED: Final = re.compile(r"\(\?(?:P?<([^<>=!]*+)>)")
_FLAGS: Final = re.compile(r"\(\?([a-zA-Z]+)\)")
_POSIX: Final = {
    "alnum": "a-zA-Z0-9", "alpha": "a-zA-Z", "digit": "0-9", "lower": "a-z", "upper": "A-Z", "space": r"\s",
    "punct": r"!-/:-@\[-`{-~", "xdigit": "0-9A-Fa-f", "word": r"\w", "blank": r" \t", "cntrl": r"\x00-\x1f\x7f",
}  # fmt: skip
_GROK_TYPES: Final = {"string": "text", "integer": "int", "long": "int", "double": "float", "boolean": "bool"}


@dataclass(frozen=True, slots=True)
class Expression:
    text: str
    fields: tuple[Field, ...]


def from_pattern(pattern: str) -> Expression:
    """A regular expression with named groups, ``(?<name>…)`` or ``(?P<name>…)``. Raises PatternError."""
    return _Translation({}, grok=False).whole(pattern)


def from_template(template: str) -> Expression:
    """A template as `notation` has them; groups with names are fields too. Raises PatternError."""
    try:
        pattern, kinds = expand(template)
    except ValueError as error:
        raise PatternError(str(error)) from None
    expression = from_pattern(pattern)
    fields = []
    for field in expression.fields:
        name, kind = kinds.get(field.name, (field.name, None))
        fields.append(Field(field.group, name, f"{{{kind}}}" if kind else None))
    return Expression(expression.text, tuple(fields))


def from_grok(pattern: str, own: Mapping[str, str]) -> Expression:
    """A grok pattern; `own` names come before the standard ones. Raises PatternError."""
    return _Translation(own, grok=True).whole(pattern)


class _Translation:
    def __init__(self, own: Mapping[str, str], *, grok: bool) -> None:
        self._own = own
        self._grok = grok
        self._fields: list[Field] = []
        self._length = 0

    def whole(self, pattern: str) -> Expression:
        flags = ""
        if match := _FLAGS.match(pattern):
            flags = self._flags(match[1])
            pattern = pattern[match.end() :]
        text = self._part(pattern, 0)
        return Expression(f"(?{flags}:{text})" if flags else text, tuple(self._fields))

    def _flags(self, flags: str) -> str:
        if not set(flags) <= set("ims"):
            raise PatternError(f"the flags (?{flags}) are not supported; use only (?i)")
        return flags.replace("m", "") if self._grok else flags

    def _part(self, pattern: str, depth: int) -> str:
        made: list[str] = []
        at = 0
        while at < len(pattern):
            character = pattern[at]
            if character == "\\":
                piece, at = self._escape(pattern, at)
            elif character == "[":
                piece, at = _set(pattern, at)
            elif character == "(" and (match := _NAMED.match(pattern, at)):
                piece, at = f"(?P<{self._group(match[1], None)}>", match.end()
            elif character == "(" and _FLAGS.match(pattern, at):
                raise PatternError("flags are in the middle; write (?i:…) around the part that they apply to")
            elif self._grok and pattern.startswith("%{", at):
                call = _CALL.match(pattern, at)
                if call is None:
                    raise PatternError(
                        f"{pattern[at : at + 40]!r} is not a grok call; one looks like %{{NAME}}, %{{NAME:field}} or"
                        " %{NAME:field:int}"
                    )
                piece, at = self._called(call, depth), call.end()
            else:
                piece, at = character, at + 1
            made.append(piece)
        text = "".join(made)
        self._length += len(text)
        if self._length > _LENGTH_MAX:
            raise PatternError(f"it is longer than {_LENGTH_MAX:,} characters; use fewer names in it")
        return text

    def _escape(self, pattern: str, at: int) -> tuple[str, int]:
        piece = pattern[at : at + 2]
        if piece in (r"\h", r"\z"):  # Oniguruma's, which grok patterns are written for
            piece = "[0-9A-Fa-f]" if piece == r"\h" else r"\Z"
        return piece, at + 2

    def _called(self, call: re.Match[str], depth: int) -> str:
        name, field, kind = call.groups()
        definition = self._own.get(name, GROK.get(name))
        if definition is None:
            raise PatternError(
                f"no grok pattern is called {name!r}; define it in the table `patterns` of the format, or use one of"
                " the standard names (docs/custom-formats.md lists them)"
            )
        if depth >= _DEPTH_MAX:
            raise PatternError(f"the grok pattern {name!r} uses itself; take it out of its own definition")
        group = None if field is None else self._group(field, kind)
        inner = self._part(definition, depth + 1)
        return f"(?P<{group}>{inner})" if group else f"(?:{inner})"

    def _group(self, field: str, kind: str | None) -> str:
        name = field
        if _BRACKETED.fullmatch(field):
            name = field[1:-1].replace("][", ".")
        if not _FIELD.fullmatch(name):
            raise PatternError(f"{field!r} is not a field name; use letters, digits, dots and underscores")
        kind = _GROK_TYPES.get(kind, kind) if kind else None
        if kind is not None and kind not in TYPES:
            raise PatternError(f"{kind!r} is not a type; the types are {', '.join(TYPES)}")
        group = f"g{len(self._fields)}"
        self._fields.append(Field(group, name, kind))
        return group


def _set(pattern: str, at: int) -> tuple[str, int]:
    """A set of characters, from its bracket to the one that closes it; POSIX classes are written out."""
    made = ["["]
    begin, at = at, at + 1
    if pattern.startswith("^", at):
        made.append("^")
        at += 1
    first = True
    while at < len(pattern):
        character = pattern[at]
        if character == "]" and not first:
            return "".join((*made, "]")), at + 1
        first = False
        posix = re.compile(r"\[:(\w+):\]").match(pattern, at)
        if character == "\\":
            made.append(pattern[at : at + 2])
            at += 2
        elif posix and posix[1] in _POSIX:
            made.append(_POSIX[posix[1]])
            at = posix.end()
        else:
            made.append("\\" + character if character in "[]" or character in "&~|" else character)
            at += 1
    raise PatternError(
        f"the set of characters that begins with {pattern[begin : begin + 20]!r} is not closed by ]"
    )
