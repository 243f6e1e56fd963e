r"""Pairs of ``key=value``: bare keys, values in double or single quotes with escapes.

Unquoted numbers and ``true`` and ``false`` are typed; a key that is there again gets ``#2``, ``#3`` …; a
bare key is True. An empty value is left out. Numbers with leading zeros, exponents or very many digits
are text.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Final

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
_NUMBER: Final = re.compile(r"-?(?:0|[1-9][0-9]{0,17})(\.[0-9]{1,16})?")
_BEGINS_NUMBER: Final = frozenset("0123456789-")
_FLOAT_CHARACTERS_MAX: Final = 17
_WORDS: Final[dict[str, bool]] = {"true": True, "false": False}


def pairs_of(text: str) -> dict[str, Value] | None:
    """The pairs of a text that is nothing but pairs; None where it is not."""
    if "\\" in text or "'" in text or "<" in text or "\n" in text or "\t" in text:
        return _any_pairs(text)
    fields: dict[str, Value] = {}
    parts = text.split('"')
    if not len(parts) & 1:
        return _any_pairs(text)
    last = len(parts) - 1
    for number in range(0, last + 1, 2):
        words = parts[number].split(" ")
        quoted_key = None
        if number:
            if words[0]:
                return _any_pairs(text)
            del words[0]
        if number < last:
            quoted_key = words.pop() if words else ""
            if quoted_key[-1:] != "=" or not _is_key(quoted_key[:-1]):
                return _any_pairs(text)
        for word in words:
            if word:
                key, equals, value = word.partition("=")
                if key in fields or not _is_key(key) or value[-1:] in (",", ";"):
                    return _any_pairs(text)
                if value:
                    fields[key] = (
                        typed(value) if value[0] in _BEGINS_NUMBER else _WORDS.get(value, value)
                    )
                elif not equals:
                    fields[key] = True
        if quoted_key is not None:
            key = quoted_key[:-1]
            if key in fields:
                return _any_pairs(text)
            value = parts[number + 1]
            if value:
                fields[key] = value
    return fields


def _any_pairs(text: str) -> dict[str, Value] | None:
    """The slow way: for escapes, single quotes, commas between pairs, keys that repeat."""
    fields: dict[str, Value] = {}
    position, end = 0, len(text.rstrip())
    counts: dict[str, int] = {}
    while position < end:
        found = _PAIR.match(text, position)
        if found is None:
            return None
        position = found.end()
        key, double, single, block, bare = found.groups()
        value: Value
        if double is not None or single is not None:
            value = unquoted(double if double is not None else single)
        elif block is not None:
            value = "\n".join(line.removeprefix("\t") for line in block.removesuffix("\n").split("\n"))
        elif bare is None:
            value = True
        else:
            bare = bare.rstrip(",;") if bare[-1:] in (",", ";") else bare
            value = typed(bare)
        if value != "":
            if key in fields:
                counts[key] = counts.get(key, 1) + 1
                key = f"{key}#{counts[key]}"
            add(fields, key, value)
    return fields


@lru_cache(maxsize=4096)
def _is_key(text: str) -> bool:
    return _KEY.fullmatch(text) is not None


def unquoted(text: str) -> str:
    """What stands between quotes, its escapes resolved."""
    return _ESCAPE.sub(_resolved, text) if "\\" in text else text


def _resolved(found: re.Match[str]) -> str:
    escape = found[1]
    if len(escape) > 1:
        code = int(escape[1:], 16)
        return chr(code) if not 0xD800 <= code <= 0xDFFF else "\ufffd"
    return _ESCAPES.get(escape, escape)


def typed(text: str) -> Value:
    """A bare value: a number, a truth value, or the text."""
    if text[:1] in _BEGINS_NUMBER:
        if text.isdecimal() and text.isascii():
            return int(text) if len(text) <= 18 and (text[0] != "0" or text == "0") else text
        found = _NUMBER.fullmatch(text)
        if found is None:
            return text
        if found[1] is None:
            return int(text) if text != "-0" else text
        return float(text) if len(text) <= _FLOAT_CHARACTERS_MAX else text
    return _WORDS.get(text, text)
