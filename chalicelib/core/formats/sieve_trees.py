"""What can be said of every text that an expression matches, without matching: what it may begin with, and
what stands in it. Too much may seem possible, never too little. Of the sieves of formats it is in `index`.
"""

from __future__ import annotations

import re
from functools import lru_cache
from re import _constants as codes  # type: ignore[attr-defined]
from re import _parser  # type: ignore[attr-defined] # of the pinned Pythons
from typing import TYPE_CHECKING, Any, Final, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable

AnyOf: TypeAlias = "frozenset[str]"
"""Texts of which one stands in every text that an expression matches."""

ANY_TEXT: Final[AnyOf] = frozenset(("",))
MARKS: Final = (":", "-", "/", '"', "[", "=", ",", ".")
"""Sieves that need one which a line lacks are not asked of it."""
BEYOND_ASCII: Final = "\x80"
"""Stands for every character beyond ASCII."""
_CATEGORIES: Final = {
    codes.CATEGORY_DIGIT: re.compile(r"\d").match,
    codes.CATEGORY_NOT_DIGIT: re.compile(r"\D").match,
    codes.CATEGORY_SPACE: re.compile(r"\s").match,
    codes.CATEGORY_NOT_SPACE: re.compile(r"\S").match,
    codes.CATEGORY_WORD: re.compile(r"\w").match,
    codes.CATEGORY_NOT_WORD: re.compile(r"\W").match,
}
_REPEATS: Final = (codes.MAX_REPEAT, codes.MIN_REPEAT, codes.POSSESSIVE_REPEAT)
_KEPT_MAX: Final = 2048
_SMALL_SET: Final = 4


@lru_cache(_KEPT_MAX)
def _parsed(expression: str) -> Any:
    return _parser.parse(expression)


def traits_of(expression: str) -> tuple[int, int, tuple[str, ...]]:
    """With which characters a text may begin that matches (a bit for each of ASCII, and one for all beyond), which of the
    `MARKS` it may lack (a bit for each), and texts of which it holds one."""
    begins = _bits(may_begin(expression, chr(code)) for code in range(ord(BEYOND_ASCII) + 1))
    lacks = _bits(may_lack(expression, frozenset((ord(mark),))) for mark in MARKS)
    return begins, lacks, tuple(sorted(next(iter(needed(expression)), ANY_TEXT)))


def _bits(answers: Iterable[bool]) -> int:
    return sum(1 << number for number, answer in enumerate(answers) if answer)


def may_begin(expression: str, first: str) -> bool:
    """Whether a text that begins with that character might match; look-arounds are passed over."""
    tree = _parsed(expression)
    begins, empty = _begins(tree, first, ignore_case=_ignores_case(tree))
    return begins or empty


def may_lack(expression: str, missing: frozenset[int]) -> bool:
    """Whether a text might match that holds none of these characters, said by their code points."""
    return _may_lack(_parsed(expression), missing)


def _may_lack(items: Iterable[tuple[Any, Any]], missing: frozenset[int]) -> bool:
    return all(_part_may_lack(op, argument, missing) for op, argument in items)


def _part_may_lack(op: Any, argument: Any, missing: frozenset[int]) -> bool:
    if op is codes.LITERAL:
        return argument not in missing
    if op is codes.IN:
        return not all(kind is codes.LITERAL and value in missing for kind, value in argument)
    if op is codes.SUBPATTERN:
        return _may_lack(argument[3], missing)
    if op is codes.BRANCH:
        return any(_may_lack(branch, missing) for branch in argument[1])
    if op in _REPEATS:
        return not argument[0] or _may_lack(argument[2], missing)
    if op is codes.ATOMIC_GROUP:
        return _may_lack(argument, missing)
    return op is not codes.ASSERT or _may_lack(argument[1], missing)


@lru_cache(_KEPT_MAX)
def needed(expression: str) -> tuple[AnyOf, ...]:
    """Of each of these sets, one text stands in every text that matches; the most telling set first."""
    tree = _parsed(expression)
    sets = dict.fromkeys(_needed(tree, ignore_case=_ignores_case(tree)))
    return tuple(sorted(sets, key=_telling, reverse=True))


def needed_of(items: Iterable[tuple[Any, Any]], *, ignore_case: bool) -> AnyOf:
    """The most telling of these sets for a part of a parsed expression."""
    return max(_needed(items, ignore_case=ignore_case), key=_telling, default=ANY_TEXT)


def _telling(texts: AnyOf) -> tuple[int, int]:
    return min(map(len, texts)), -len(texts)


def _ignores_case(tree: Any) -> bool:
    return bool(tree.state.flags & re.IGNORECASE)


def _in_group(argument: Any, *, ignore_case: bool) -> bool:
    _, added, removed, _ = argument
    return bool(added & re.IGNORECASE) or (ignore_case and not removed & re.IGNORECASE)


def _needed(items: Iterable[tuple[Any, Any]], *, ignore_case: bool) -> list[AnyOf]:
    texts: list[AnyOf] = []
    run = ""
    for op, argument in items:
        if op is codes.LITERAL and not (ignore_case and _has_cases(argument)):
            run += chr(argument)
            continue
        if run:
            texts.append(frozenset((run,)))
            run = ""
        texts += _part_needed(op, argument, ignore_case=ignore_case)
    if run:
        texts.append(frozenset((run,)))
    return texts


def _has_cases(code: int) -> bool:
    return code > 127 or chr(code).isalpha()


def _part_needed(op: Any, argument: Any, *, ignore_case: bool) -> list[AnyOf]:
    if op is codes.IN:
        is_small = len(argument) <= _SMALL_SET and all(
            kind is codes.LITERAL and not (ignore_case and _has_cases(value)) for kind, value in argument
        )
        return [frozenset(chr(value) for _, value in argument)] if is_small else []
    if op is codes.SUBPATTERN:
        return _needed(argument[3], ignore_case=_in_group(argument, ignore_case=ignore_case))
    if op is codes.BRANCH:
        branches = [_needed(branch, ignore_case=ignore_case) for branch in argument[1]]
        return [frozenset().union(*(max(sets, key=_telling) for sets in branches))] if all(branches) else []
    if op in _REPEATS:
        return _needed(argument[2], ignore_case=ignore_case) if argument[0] else []
    if op is codes.ATOMIC_GROUP:
        return _needed(argument, ignore_case=ignore_case)
    return _needed(argument[1], ignore_case=ignore_case) if op is codes.ASSERT else []


def _begins(items: Iterable[tuple[Any, Any]], first: str, *, ignore_case: bool) -> tuple[bool, bool]:
    """Whether what they match may begin with a character, and whether it may be empty."""
    for op, argument in items:
        begins, empty = _part_begins(op, argument, first, ignore_case=ignore_case)
        if begins or not empty:
            return begins, empty
    return False, True


def _part_begins(op: Any, argument: Any, first: str, *, ignore_case: bool) -> tuple[bool, bool]:
    if op is codes.IN:
        return _in_set(argument, first, ignore_case=ignore_case), False
    if op in (codes.LITERAL, codes.NOT_LITERAL):
        negated = [(codes.NEGATE, None)] if op is codes.NOT_LITERAL else []
        return _in_set([*negated, (codes.LITERAL, argument)], first, ignore_case=ignore_case), False
    if op is codes.SUBPATTERN:
        return _begins(argument[3], first, ignore_case=_in_group(argument, ignore_case=ignore_case))
    if op is codes.BRANCH:
        branches = [_begins(branch, first, ignore_case=ignore_case) for branch in argument[1]]
        return any(begins for begins, _ in branches), any(empty for _, empty in branches)
    if op in _REPEATS:
        least, _, inner = argument
        begins, empty = _begins(inner, first, ignore_case=ignore_case)
        return begins, empty or least == 0
    if op is codes.ATOMIC_GROUP:
        return _begins(argument, first, ignore_case=ignore_case)
    return op not in (codes.AT, codes.ASSERT, codes.ASSERT_NOT), True


def _in_set(members: list[tuple[Any, Any]], first: str, *, ignore_case: bool) -> bool:
    """Of a character beyond ASCII, whether any such one may be in the set."""
    negated = members[0][0] is codes.NEGATE
    if first == BEYOND_ASCII:
        return negated or ignore_case or any(_beyond_ascii(kind, value) for kind, value in members)
    cases = {first, first.lower(), first.upper()} if ignore_case else {first}
    if ignore_case and any(_beyond_ascii(kind, value) for kind, value in members):
        return True  # a few letters beyond ASCII are others' capitals
    return negated != any(_is_member(kind, value, each) for kind, value in members for each in cases)


def _beyond_ascii(kind: Any, value: Any) -> bool:
    if kind is codes.LITERAL:
        return bool(value > 127)
    return kind is codes.CATEGORY or (kind is codes.RANGE and value[1] > 127)


def _is_member(kind: Any, value: Any, character: str) -> bool:
    if kind is codes.LITERAL:
        return bool(ord(character) == value)
    if kind is codes.RANGE:
        return bool(value[0] <= ord(character) <= value[1])
    return kind is codes.CATEGORY and _CATEGORIES[value](character) is not None
