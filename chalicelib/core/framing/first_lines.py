"""What an expression for several lines says of the first of them, so that a block is searched for it at once.

It is true of every line that the expression matches together with those behind it, and of few others.
"""

from __future__ import annotations

import re
from functools import lru_cache
from re import _constants as codes  # type: ignore[attr-defined] # of the pinned Pythons
from re import _parser  # type: ignore[attr-defined]
from typing import Any, Final, NamedTuple

from chalicelib.core.formats.sieve_trees import needed_of
from chalicelib.core.framing.lines_of_blocks import (
    ASSERTIONS,
    CHARACTERS,
    LINE_END,
    REPEATS,
    behind_line_end,
    holds,
    members_of,
)

_WORD_MIN: Final = 4
"""Shorter ones stand in most texts."""


class Beginnings(NamedTuple):
    """pattern: finds each line end behind which lines begin that some expression for several lines may match. words: of
    which one stands in these lines; none where that is not known."""

    words: tuple[bytes, ...]
    pattern: re.Pattern[bytes]


@lru_cache(64)
def beginnings_of(expression: str) -> tuple[Beginnings, ...]:
    """Of the alternatives of an expression for several lines, what is true of the first line."""
    tree = _parser.parse(expression.encode())
    is_branch = len(tree.data) == 1 and tree.data[0][0] is codes.BRANCH
    by_words: dict[tuple[bytes, ...], list[Any]] = {}
    for alternative in tree.data[0][1][1] if is_branch else [tree]:
        words = needed_of(alternative, ignore_case=bool(tree.state.flags & re.IGNORECASE))
        is_telling = all(len(word) >= _WORD_MIN for word in words) and not _is_told_at_once(alternative)
        by_words.setdefault(tuple(word.encode("latin-1") for word in words) if is_telling else (), []).append(
            _first_line(alternative, tree.state)
        )
    return tuple(
        Beginnings(words, behind_line_end(alternatives, tree.state))
        for words, alternatives in by_words.items()
    )


def _is_told_at_once(tree: Any) -> bool:
    """Whether the first character tells most texts that do not match."""
    if not tree.data:
        return False
    op, argument = tree.data[0]
    if op is codes.BRANCH:
        return all(map(_is_told_at_once, argument[1]))
    if op is codes.SUBPATTERN:
        return _is_told_at_once(argument[3])
    if op in REPEATS:
        return bool(argument[0]) and _is_told_at_once(argument[2])
    return op in CHARACTERS


def _first_line(tree: Any, state: Any) -> Any:
    """The beginning of an expression, up to what may match a line end or look at a place: it matches where all of it does."""
    parts: list[tuple[Any, Any]] = []
    for op, argument in tree.data:
        if not _may_leave_line(op, argument):
            parts.append((op, argument))
            continue
        if op is codes.BRANCH:
            parts.append((op, (argument[0], [_first_line(branch, state) for branch in argument[1]])))
        break
    return _parser.SubPattern(state, parts)


def _may_leave_line(op: Any, argument: Any) -> bool:
    if op in (codes.LITERAL, codes.NOT_LITERAL, codes.IN):
        return holds([(op, argument)] if op is codes.LITERAL else members_of(op, argument), LINE_END)
    if op is codes.ANY:
        return False
    if op in REPEATS:
        return _any_may_leave_line(argument[2])
    if op in ASSERTIONS:
        return _any_may_leave_line(argument[1])
    if op is codes.BRANCH:
        return any(map(_any_may_leave_line, argument[1]))
    if op is codes.ATOMIC_GROUP:
        return _any_may_leave_line(argument)
    if op is codes.SUBPATTERN and not argument[1] & (re.MULTILINE | re.DOTALL):
        return _any_may_leave_line(argument[3])
    return True


def _any_may_leave_line(tree: Any) -> bool:
    return any(_may_leave_line(op, argument) for op, argument in tree.data)
