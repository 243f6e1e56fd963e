"""Expressions for the beginnings of lines, applied to a whole block at once.

An expression is written for a single line with its line end. In a block it would also see the next lines, so it is changed into
one that matches the same lines and cannot pass the end of one. If that is impossible, there is none.
"""

from __future__ import annotations

import re
from functools import lru_cache
from re import _compiler, _parser  # type: ignore[attr-defined] # of the pinned Pythons
from re import _constants as codes  # type: ignore[attr-defined]
from typing import Any, Final, NamedTuple

LINE_END: Final = ord("\n")
REPEATS: Final = (codes.MAX_REPEAT, codes.MIN_REPEAT, codes.POSSESSIVE_REPEAT)
CHARACTERS: Final = (codes.LITERAL, codes.NOT_LITERAL, codes.IN, codes.ANY)
_FEW: Final = 8
ASSERTIONS: Final = (codes.ASSERT, codes.ASSERT_NOT)
_PLACES: Final = (codes.AT_BOUNDARY, codes.AT_NON_BOUNDARY, codes.AT_END_STRING)
"""The end of the text is in no line of a block, which have their line ends."""


_CATEGORIES: Final = {
    codes.CATEGORY_DIGIT: re.compile(rb"\d").match,
    codes.CATEGORY_NOT_DIGIT: re.compile(rb"\D").match,
    codes.CATEGORY_SPACE: re.compile(rb"\s").match,
    codes.CATEGORY_NOT_SPACE: re.compile(rb"\S").match,
    codes.CATEGORY_WORD: re.compile(rb"\w").match,
    codes.CATEGORY_NOT_WORD: re.compile(rb"\W").match,
}


class _Needs(NamedTuple):
    """What a part of an expression needs, or what stands behind one.

    character: one at least. looks: it looks at its place. takes_line_end: its last character may be one. keeps: of what
    stands behind, whether what is before it is never given back.
    """

    character: bool = False
    looks: bool = False
    takes_line_end: bool = False
    keeps: bool = False

    def with_one_more(self, other: _Needs) -> _Needs:
        """The same with one more part before it."""
        return _Needs(
            self.character or other.character,
            self.looks or other.looks,
            self.takes_line_end or other.takes_line_end,
            self.keeps,
        )


_NOTHING: Final = _Needs()
_CHARACTER: Final = _Needs(character=True)
_LOOK: Final = _Needs(looks=True)


class _PassesLineEndError(Exception):
    """A line end in the middle of what matches cannot be ruled out."""


@lru_cache(512)
def lines_unlike(expression: str) -> re.Pattern[bytes] | None:
    """Finds each line end behind which no line begins that an expression matches; None where a block cannot tell.

    A line by itself may stand behind a line end without its own."""
    return _made(expression, rb"\n(?!x)")


@lru_cache(512)
def lines_like(expression: str) -> re.Pattern[bytes] | None:
    """Finds each line end behind which a line begins that an expression matches; None where a block cannot tell."""
    return _made(expression, rb"\n(?=x)")


@lru_cache(64)
def groups_of_lines(expression: str, *names: str) -> re.Pattern[bytes] | None:
    """Finds each line end with these groups, if the expression has them, of the line behind it, empty where that does not
    match; None where a block cannot tell. What may lack at the end, and is for other groups, is left out."""
    within = _within_line(expression)
    if within is None:
        return None
    groups = {within.state.groupdict.get(name) for name in names}
    while within.data and within.data[-1][0] in REPEATS and not within.data[-1][1][0]:
        if groups & _groups_in(within.data[-1][1][2]):
            break
        within.data.pop()
    return behind_line_end([within, _parser.SubPattern(within.state, [])], within.state)


def _groups_in(tree: Any) -> set[int | None]:
    """The numbers of the groups in a part of an expression, among which may be None."""
    numbers: set[int | None] = set()
    for op, argument in tree.data:
        if op is codes.SUBPATTERN:
            numbers |= {argument[0]} | _groups_in(argument[3])
        elif op in REPEATS:
            numbers |= _groups_in(argument[2])
        elif op is codes.BRANCH:
            numbers = numbers.union(*map(_groups_in, argument[1]))
        elif op in ASSERTIONS:
            numbers |= _groups_in(argument[1])
        elif op is codes.ATOMIC_GROUP:
            numbers |= _groups_in(argument)
    return numbers


def behind_line_end(alternatives: list[Any], state: Any) -> re.Pattern[bytes]:
    """Finds each line end behind which one of these parts of an expression matches."""
    behind = (codes.ASSERT, (1, _parser.SubPattern(state, [(codes.BRANCH, (None, alternatives))])))
    return _compiled(_parser.SubPattern(state, [(codes.LITERAL, LINE_END), behind]))


def _compiled(tree: Any) -> re.Pattern[bytes]:
    compiled: re.Pattern[bytes] = _compiler.compile(tree)
    return compiled


def _made(expression: str, around: bytes) -> re.Pattern[bytes] | None:
    within = _within_line(expression)
    if within is None:
        return None
    line_end, (op, (direction, _)) = _parser.parse(around)
    return _compiled(_parser.SubPattern(within.state, [line_end, (op, (direction, within))]))


def _within_line(expression: str) -> Any:
    """The tree of an expression that matches the same lines and never looks behind their ends; None if there is none."""
    tree = _parser.parse(expression.encode())
    if tree.state.flags & (re.MULTILINE | re.DOTALL):
        return None
    try:
        return _tree(tree, _NOTHING)[0]
    except _PassesLineEndError:
        return None


def _tree(tree: Any, rest: _Needs) -> tuple[Any, _Needs]:
    """A tree, changed, and what it needs. rest: what stands behind it."""
    parts: list[tuple[Any, Any]] = []
    needed, behind = _NOTHING, rest
    for op, argument in reversed(tree.data):
        if op is codes.LITERAL and argument != LINE_END:
            parts.append((op, argument))
            needs = _CHARACTER
        else:
            changed, needs = _part(op, argument, behind)
            parts += _unrolled(*changed)
        if not (needs is _CHARACTER and needed.character):
            needed, behind = needed.with_one_more(needs), behind.with_one_more(needs)
    return _parser.SubPattern(tree.state, parts[::-1]), needed


def _unrolled(op: Any, argument: Any) -> list[tuple[Any, Any]]:
    """A part, in place of a few repetitions the characters themselves: they are matched in half the time."""
    if op in REPEATS:
        least, most, inner = argument
        if least == most <= _FEW and len(inner.data) == 1 and inner.data[0][0] in CHARACTERS:
            return [*inner.data] * least
    return [(op, argument)]


def _part(op: Any, argument: Any, rest: _Needs) -> tuple[tuple[Any, Any], _Needs]:
    """A part, changed, and what it needs."""
    if op is codes.NOT_LITERAL or op is codes.IN:
        return _without_line_end(op, argument, rest)
    if op is codes.ANY:
        return (op, argument), _CHARACTER
    if op is codes.AT and (argument is codes.AT_END or argument in _PLACES):
        return (op, codes.AT_END_LINE if argument is codes.AT_END else argument), _LOOK
    if op in ASSERTIONS:
        direction, inner = argument
        return (op, (direction, _tree(inner, _NOTHING)[0] if direction > 0 else inner)), _LOOK
    if op in REPEATS:
        least, most, inner = argument
        kept = rest._replace(keeps=True) if op is codes.POSSESSIVE_REPEAT else rest
        inner, needs = _repeated(least, most, inner, kept)
        return (op, (least, most, inner)), needs if least else needs._replace(character=False)
    if op is codes.BRANCH:
        branches = [_tree(branch, rest) for branch in argument[1]]
        needs = _NOTHING
        for _, each in branches:
            needs = needs.with_one_more(each)
        needs = needs._replace(character=all(each.character for _, each in branches))
        return (op, (argument[0], [branch for branch, _ in branches])), needs
    if op is codes.ATOMIC_GROUP:
        inner, needs = _tree(argument, rest._replace(keeps=True))
        return (op, inner), needs
    if op is codes.SUBPATTERN and not argument[1] & (re.MULTILINE | re.DOTALL):
        inner, needs = _tree(argument[3], rest)
        return (op, (*argument[:3], inner)), needs
    raise _PassesLineEndError


def _repeated(least: int, most: int, inner: Any, rest: _Needs) -> tuple[Any, _Needs]:
    """What is repeated stands before itself. The last of what matches may be a line end where one is enough."""
    if most == 1:
        return _tree(inner, rest)
    op, argument = inner.data[0]
    if len(inner.data) > 1 or op not in (codes.IN, codes.NOT_LITERAL):
        return _tree(inner, rest._replace(looks=True))
    if not rest.character and least > 1 and holds(members_of(op, argument), LINE_END):
        raise _PassesLineEndError
    return _tree(inner, rest)


def _without_line_end(op: Any, argument: Any, rest: _Needs) -> tuple[tuple[Any, Any], _Needs]:
    """A set of characters without the line end, unless that may be the last that matches."""
    members = members_of(op, argument)
    if not holds(members, LINE_END):
        return (op, argument), _CHARACTER
    if rest.character and not (rest.keeps and rest.takes_line_end):
        if members[0][0] is codes.NEGATE:
            return (codes.IN, [*members, (codes.LITERAL, LINE_END)]), _CHARACTER
        others = [byte for byte in range(256) if byte != LINE_END and holds(members, byte)]
        return (codes.IN, [(codes.LITERAL, byte) for byte in others]), _CHARACTER
    if rest.character or rest.looks:
        raise _PassesLineEndError
    return (op, argument), _Needs(character=True, takes_line_end=True)


def members_of(op: Any, argument: Any) -> list[tuple[Any, Any]]:
    """What a set of characters holds."""
    members: list[tuple[Any, Any]] = argument
    return [(codes.NEGATE, None), (codes.LITERAL, argument)] if op is codes.NOT_LITERAL else members


def holds(members: list[tuple[Any, Any]], byte: int) -> bool:
    """Whether a byte that is no letter, or any where cases are told apart, is in a set."""
    negated = members[0][0] is codes.NEGATE
    return negated != any(_is_member(kind, value, byte) for kind, value in members)


def _is_member(kind: Any, value: Any, byte: int) -> bool:
    if kind is codes.LITERAL:
        return bool(byte == value)
    if kind is codes.RANGE:
        return bool(value[0] <= byte <= value[1])
    return kind is codes.CATEGORY and _CATEGORIES[value](bytes((byte,))) is not None
