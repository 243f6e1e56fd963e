"""Sets of characters as bit masks, so that two of them are compared in one step.

ASCII characters have a bit each; a few characters of each kind, and those that an expression names, represent the
others.
"""

from __future__ import annotations

import re
from functools import lru_cache
from re import _constants as codes  # type: ignore[attr-defined] # of the pinned Pythons, see safety.py
from typing import Any, Final

ALPHABET: Final = (*map(chr, range(128)), "é", "ß", "中", "٣", "\xa0", "\u2028", "🪓")
_CATEGORIES: Final = {
    codes.CATEGORY_DIGIT: r"\d",
    codes.CATEGORY_NOT_DIGIT: r"\D",
    codes.CATEGORY_SPACE: r"\s",
    codes.CATEGORY_NOT_SPACE: r"\S",
    codes.CATEGORY_WORD: r"\w",
    codes.CATEGORY_NOT_WORD: r"\W",
}
ALL: Final = (1 << len(ALPHABET)) - 1
_ASCII: Final = (1 << 128) - 1
_FOLDS: Final = {0x130: "iI", 0x131: "iI", 0x17F: "sS", 0x212A: "kK"}
"""Characters beyond ASCII that equal letters of ASCII when case is ignored, as `re` does it."""
_FOLDED: Final = sum(1 << ord(letter) for letter in "iIsSkK")


def mask_of(op: Any, argument: Any, *, ignore_case: bool) -> int:
    """The characters that one node of a parsed expression matches; for a set, `argument` is its list."""
    if op is codes.LITERAL:
        return _range(argument, argument, ignore_case)
    if op is codes.NOT_LITERAL:
        return ALL & ~_surely(argument, argument, ignore_case)
    if op is codes.ANY:
        return ALL
    negated = any(kind is codes.NEGATE for kind, _ in argument)
    characters_of = _surely if negated else _range
    mask = 0
    for kind, value in argument:
        if kind is codes.RANGE:
            mask |= characters_of(*value, ignore_case)
        elif kind is codes.CATEGORY:
            mask |= _category(_CATEGORIES[value])
        elif kind is not codes.NEGATE:
            mask |= characters_of(value, value, ignore_case)
    return ALL & ~mask if negated else mask


@lru_cache(4096)
def _surely(low: int, high: int, ignore_case: bool) -> int:  # noqa: FBT001 - cached by position
    """The ASCII characters in a range that surely match: a negated set keeps the others."""
    mask = 0
    for number, character in enumerate(ALPHABET[:128]):
        others = (character.lower(), character.upper()) if ignore_case else (character,)
        if any(low <= ord(other) <= high for other in others):
            mask |= 1 << number
    return mask


@lru_cache(4096)
def _range(low: int, high: int, ignore_case: bool) -> int:  # noqa: FBT001 - cached by position
    """All characters beyond ASCII are treated alike: a superset of what matches is enough."""
    mask = _surely(low, high, ignore_case)
    if ignore_case:
        for code, letters in _FOLDS.items():
            if low <= code <= high:
                mask |= sum(1 << ord(letter) for letter in letters)
    if high > 127 or (ignore_case and mask & _FOLDED):
        mask |= ALL & ~_ASCII
    return mask


@lru_cache
def _category(pattern: str) -> int:
    return sum(1 << number for number, character in enumerate(ALPHABET) if re.fullmatch(pattern, character))
