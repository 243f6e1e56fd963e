"""A parsed expression as an automaton: which character may follow which, and by how many ways.

Positions are the characters of the expression (Glushkov's construction). Assertions of places (``^``,
``\\b``) are passed over, so that more texts seem possible than are: what is proved stays true.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from re import _constants as codes  # type: ignore[attr-defined] # as in classes.py
from typing import Any, Final

from chalicelib.core.custom.classes import mask_of

_COPIES_MAX: Final = 4
_POSITIONS_MAX: Final = 6000
_IGNORE_CASE: Final = 2
_CHARACTERS: Final = (codes.LITERAL, codes.NOT_LITERAL, codes.ANY, codes.IN)


class UnprovableError(Exception):
    """What an expression holds that nothing can be proved of, and the remedy."""


@dataclass(slots=True)
class _Part:
    """A part of the expression: the positions that it begins and ends with, twice where by several ways;
    by how many ways it may be empty (2: several)."""

    first: list[int]
    last: list[int]
    empty: int


@dataclass(slots=True)
class Automaton:
    """masks: of each position. follow: position → next → (characters, whether by several ways).

    bounds: how often the loops around a position may turn, 1 outside of loops. atomic: the groups around
    a position that are never gone back into. start: where it begins."""

    masks: list[int] = field(default_factory=list)
    follow: list[dict[int, tuple[int, bool]]] = field(default_factory=list)
    bounds: list[float] = field(default_factory=list)
    atomic: list[tuple[int, ...]] = field(default_factory=list)
    closed: list[int] = field(default_factory=list)
    """Characters that cannot come behind a position once its possessive loop is left."""


class _Builder:
    def __init__(self, *, ignore_case: bool) -> None:
        self.made = Automaton()
        self._ignore_case = ignore_case
        self._atomic: list[int] = []
        self._atomic_count = 0
        self._bound = 1.0

    def sequence(self, items: Iterable[tuple[Any, Any]]) -> _Part:
        whole = _Part([], [], 1)
        for op, argument in items:
            whole = self._joined(whole, self._part(op, argument))
        return whole

    def _part(self, op: Any, argument: Any) -> _Part:
        if op in _CHARACTERS:
            return self._character(op, argument)
        if op is codes.SUBPATTERN:
            _, added, removed, inner = argument
            before = self._ignore_case
            self._ignore_case = bool(added & _IGNORE_CASE) or (before and not removed & _IGNORE_CASE)
            part = self.sequence(inner)
            self._ignore_case = before
            return part
        if op is codes.BRANCH:
            parts = [self.sequence(branch) for branch in argument[1]]
            return _Part(
                [each for part in parts for each in part.first],
                [each for part in parts for each in part.last],
                min(2, sum(part.empty for part in parts)),
            )
        if op in (codes.MAX_REPEAT, codes.MIN_REPEAT):
            return self._repeat(*argument)
        if op in (codes.POSSESSIVE_REPEAT, codes.ATOMIC_GROUP):
            return self._atomic_part(op, argument)
        if op in (codes.ASSERT, codes.ASSERT_NOT):
            if has_loop(argument[1]):
                raise UnprovableError(
                    "a look-around holds a repetition without bound; give it a bound, as in {0,64}"
                )
            return _Part([], [], 1)
        if op is codes.AT:
            return _Part([], [], 1)
        raise UnprovableError(
            "it refers back to a group, which no pattern here may; write what the group would match"
        )

    def _character(self, op: Any, argument: Any) -> _Part:
        made = self.made
        if len(made.masks) >= _POSITIONS_MAX:
            raise UnprovableError("it is too large to be checked; make it smaller, or two formats of it")
        made.masks.append(mask_of(op, argument, ignore_case=self._ignore_case))
        made.follow.append({})
        made.bounds.append(self._bound)
        made.atomic.append(tuple(self._atomic))
        made.closed.append(0)
        number = len(made.masks) - 1
        return _Part([number], [number], 0)

    def _atomic_part(self, op: Any, argument: Any) -> _Part:
        self._atomic_count += 1
        self._atomic.append(self._atomic_count)
        if op is codes.ATOMIC_GROUP:
            part = self.sequence(argument)
        else:
            part = self._repeat(*argument)
            _, most, inner = argument
            if most == codes.MAXREPEAT and len(inner) == 1 and inner[0][0] in _CHARACTERS:
                for number in part.last:
                    self.made.closed[number] = self.made.masks[number]
        self._atomic.pop()
        return part

    def _repeat(self, least: int, most: Any, inner: Any) -> _Part:
        unbounded = most == codes.MAXREPEAT
        if not unbounded and int(most) <= _COPIES_MAX:
            return self._copies(least, int(most), inner)
        whole = _Part([], [], 1)
        for _ in range(min(least, _COPIES_MAX) - 1):
            whole = self._joined(whole, self.sequence(inner))
        before, self._bound = self._bound, math.inf if unbounded else self._bound * int(most)
        body = self.sequence(inner)
        self._bound = before
        self._link(body.last, body.first)
        return self._joined(whole, _Part(body.first, body.last, min(2, body.empty + (least == 0))))

    def _copies(self, least: int, most: int, inner: Any) -> _Part:
        """``x{1,3}`` as ``x(x(x)?)?``."""
        whole = _Part([], [], 1)
        for number in reversed(range(most)):
            whole = self._joined(self.sequence(inner), whole)
            if number >= least:
                whole.empty = min(2, whole.empty + 1)
        return whole

    def _joined(self, one: _Part, other: _Part) -> _Part:
        self._link(one.last, other.first)
        return _Part(
            one.first + _through(one.empty, other.first),
            other.last + _through(other.empty, one.last),
            min(2, one.empty * other.empty),
        )

    def _link(self, last: list[int], first: list[int]) -> None:
        made = self.made
        for one in last:
            following = made.follow[one]
            for other in first:
                mask = made.masks[other] & ~made.closed[one]
                if mask:
                    known, several = following.get(other, (0, False))
                    following[other] = known | mask, several or bool(known & mask)


def _through(empty: int, positions: list[int]) -> list[int]:
    """The positions reached through a part that may be empty by that many ways, each at most twice."""
    if empty < 2:
        return positions if empty else []
    return list(dict.fromkeys(positions)) * 2


def has_loop(items: Iterable[tuple[Any, Any]]) -> bool:
    """Whether there is a repetition without bound in a parsed expression."""
    return any(_holds_loop(op, argument) for op, argument in items)


def _holds_loop(op: Any, argument: Any) -> bool:
    if op in (codes.MAX_REPEAT, codes.MIN_REPEAT, codes.POSSESSIVE_REPEAT):
        return argument[1] == codes.MAXREPEAT or has_loop(argument[2])
    if op is codes.SUBPATTERN:
        return has_loop(argument[3])
    if op is codes.BRANCH:
        return any(has_loop(branch) for branch in argument[1])
    if op is codes.ATOMIC_GROUP:
        return has_loop(argument)
    if op in (codes.ASSERT, codes.ASSERT_NOT):
        return has_loop(argument[1])
    return False


def automaton_of(items: Iterable[tuple[Any, Any]], *, ignore_case: bool) -> Automaton:
    """Raises UnprovableError."""
    builder = _Builder(ignore_case=ignore_case)
    builder.sequence(items)
    return builder.made
