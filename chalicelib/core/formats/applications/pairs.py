r"""Pairs of ``key=value``: bare keys, values in double or single quotes with escapes.

Unquoted numbers and ``true`` and ``false`` are typed; a key that is there again gets ``#2``, ``#3`` …; a
bare key is True. An empty value and a bare ``-`` are left out. Numbers with leading zeros, exponents or very many digits
are text.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from chalicelib.core.formats.kinds import number
from chalicelib.core.formats.nested import add

if TYPE_CHECKING:
    from chalicelib.core.records import Value

KEY: Final = r"""[^\s="',;()\[\]{}<>|]{1,128}"""
_PAIR: Final = re.compile(
    rf"\s*+({KEY})(?:=(?:"
    r'"((?:[^"\\]++|\\.)*+)"'
    r"|'((?:[^'\\]++|\\.)*+)'"
    r"|<\n((?:[^>]++|(?<=.)>(?![ \n]|\Z))*+)>"
    r"|([^\s\"']\S*+|)"
    r"))?+[,;]?+(?=\s|\Z)",
    re.DOTALL,
)
"""key; value in double quotes, in single quotes, in klog's block of lines, bare."""
_KEY: Final = re.compile(KEY)
_ESCAPE: Final = re.compile(r"\\(u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|.)", re.DOTALL)
_ESCAPES: Final = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "a": "\a", "v": "\v"}
_BEGINS_NUMBER: Final = frozenset("0123456789-")
_DIGITS: Final = frozenset("0123456789")
_ENDS: Final = frozenset(",;")
_NO_FIRST: Final = frozenset(("", "'", "<", '"'))
"""What no bare value begins with."""
_WORDS: Final[dict[str, bool]] = {"true": True, "false": False}


_NAMES_MAX: Final = 4096
_CHECKED: Final[dict[tuple[str, ...], tuple[str, ...] | None]] = {}


def pairs_of(text: str) -> dict[str, Value] | None:
    """The pairs of a text that is nothing but pairs; None where it is not."""
    quick = quick_pairs(text)
    return _any_pairs(text) if quick is None else dict(zip(*quick, strict=True))


def quick_pairs(text: str) -> tuple[tuple[str, ...], list[Value]] | None:
    """The keys and the values of the usual line, which has no escape, no bare key, nothing empty; None for
    any other."""
    if "\\" in text or "\t" in text or "\n" in text:
        return None
    first_key, *parts = text.split("=")
    if not parts:
        return None
    last = parts.pop()
    keys = [first_key]
    values: list[Value] = []
    for part in parts:
        value, _, key = part.rpartition(" ")
        keys.append(key)
        first = value[:1]
        if first == '"':
            if value[-1] != '"' or value.count('"') != 2 or len(value) < 3:
                return None
            values.append(value[1:-1])
        elif first in _NO_FIRST or " " in value or value[-1] in _ENDS:
            return None
        elif first in _BEGINS_NUMBER:
            if value == "-":
                return None
            values.append(number(value) if value[-1] in _DIGITS else value)
        else:
            values.append(_WORDS.get(value, value))
    own = tuple(keys)
    try:
        names = _CHECKED[own]
    except KeyError:
        names = _checked(own)
    if not last or names is None:
        return None
    if last[0] == '"':
        if last[-1] != '"' or last.count('"') != 2 or len(last) < 3:
            return None
        values.append(last[1:-1])
    elif last == "-" or " " in last or last[-1] in _ENDS or last[0] in _NO_FIRST:
        return None
    else:
        values.append(
            number(last) if last[0] in _BEGINS_NUMBER and last[-1] in _DIGITS else _WORDS.get(last, last)
        )
    return names, values


def _checked(names: tuple[str, ...]) -> tuple[str, ...] | None:
    """The names, if each is a key and no two are one: the same tuple each time, whose hashes are known. A dictionary, since
    `lru_cache` takes twice as long to find a tuple."""
    if len(_CHECKED) >= _NAMES_MAX:
        _CHECKED.clear()
    is_right = len(set(names)) == len(names) and all(map(_KEY.fullmatch, names))
    checked = _CHECKED[names] = names if is_right else None
    return checked


def _any_pairs(text: str) -> dict[str, Value] | None:
    """The slow way: for escapes, single quotes, commas between pairs, keys that repeat."""
    fields: dict[str, Value] = {}
    position, end = 0, len(text.rstrip())
    repeats: dict[str, int] = {}
    while position < end:
        match = _PAIR.match(text, position)
        if match is None:
            return None
        position = match.end()
        key, double, single, block, bare = match.groups()
        value: Value
        if double is not None or single is not None:
            value = unquoted(double if double is not None else single)
        elif block is not None:
            value = "\n".join(
                line.removeprefix("\t") for line in block.rstrip(" ").removesuffix("\n").split("\n")
            )
        elif bare is None:
            value = True
        else:
            bare = bare.rstrip(",;") if bare[-1:] in (",", ";") else bare
            value = typed(bare)
        if value != "" and bare != "-":
            add(fields, repeats, key, value)
    return fields


def unquoted(text: str) -> str:
    """What stands between quotes, its escapes resolved."""
    return _ESCAPE.sub(_resolved, text) if "\\" in text else text


def _resolved(match: re.Match[str]) -> str:
    escape = match[1]
    if len(escape) > 1:
        code = int(escape[1:], 16)
        return chr(code) if not 0xD800 <= code <= 0xDFFF else "\ufffd"
    return _ESCAPES.get(escape, escape)


def typed(text: str) -> Value:
    """A bare value: a number, a truth value, or the text."""
    if text[:1] in _BEGINS_NUMBER:
        return number(text)
    return _WORDS.get(text, text)
