"""Patterns that accept unknown levels, for files whose format is decided.

Detection goes by the levels that a format has. A file that was detected may contain others; they only cost a line its
severity number.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Final

_GROUP: Final = re.compile(r"\(\?P<level[0-9]*>")
_WORD: Final = re.compile(r"[A-Za-z]{2,}")
_SYNTAX: Final = re.compile(r"\(\?[a-z]*:|\\.|\[[^\]]*\]|\{[0-9,]+\}")
_CAPITALS_CLASS: Final = re.compile(r"\[A-Z\]\{[0-9],[0-9]{1,2}\}$")
_LETTERS_CLASS: Final = re.compile(r"(?:\[A-Z\])?\[(?:A-Z)?a-z\]\{[0-9],[0-9]{1,2}\}$")
_SPACES: Final = r"(?: \??|\\s\*| ?\*\+?| \{[0-9],[0-9]\})?"
_BEFORE: Final = re.compile(rf"(?:\\\[|<|\\\(|=|\"|\\\||\.|\\\.|\\t| \\\|)(?:\)\?)?{_SPACES}$")
_BEHIND: Final = re.compile(rf"{_SPACES}(?:\(\?:)*(?:\\\]|>|\\\)|\"|\\\||:|\\t)")
_CAPITALS: Final = "[A-Z][A-Z0-9_]{2,15}"
_LETTERS: Final = "[A-Za-z][A-Za-z0-9_]{2,15}"


@cache
def with_any_level(pattern: str) -> str | None:
    """The pattern with a word of letters in place of its levels; None if it has no levels that are words.

    Capitals stay capitals. Small letters are a level only between brackets, bars or quotes: elsewhere they are prose.
    """
    parts: list[str] = []
    position = 0
    for group in _GROUP.finditer(pattern):
        end = _closing(pattern, group.end())
        wide = _wide(pattern[group.end() : end], pattern[: group.start()], pattern[end + 1 :])
        if wide is not None:
            parts += pattern[position : group.end()], wide
            position = end
    return "".join((*parts, pattern[position:])) if parts else None


def _wide(levels: str, before: str, behind: str) -> str | None:
    words = _WORD.findall(_SYNTAX.sub(" ", levels))
    if _CAPITALS_CLASS.match(levels) or (words and all(map(str.isupper, words)) and "(?i" not in levels):
        return _CAPITALS
    are_words = words or _LETTERS_CLASS.match(levels)
    return _LETTERS if are_words and _BEFORE.search(before) and _BEHIND.match(behind) else None


def _closing(pattern: str, position: int) -> int:
    """The end of the group that begins before the position."""
    depth = 1
    in_class = False
    while True:
        character = pattern[position]
        if character == "\\":
            position += 1
        elif in_class:
            in_class = character != "]"
        elif character == "[":
            in_class = True
        elif character == "(":
            depth += 1
        elif character == ")":
            depth -= 1
            if depth == 0:
                return position
        position += 1
