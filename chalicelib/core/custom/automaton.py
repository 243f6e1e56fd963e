r"""A parsed expression as an automaton: which character may follow which, and in how many ways.

Positions are the characters of the expression (Glushkov's construction). Zero-width assertions (``^``,
``\b``) are ignored, so more texts seem possible than are: whatever is proved remains true. The same holds
if a counted repetition is treated as a loop: each turn takes a character, and a way through the one is a way
through the other. Repetitions that may be empty are written out instead, since each choice of empty turns is a way of its own.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from re import _constants as codes  # type: ignore[attr-defined] # as in classes.py
from typing import Any, Final

from chalicelib.core.custom.classes import mask_of
from chalicelib.core.custom.possessive import has_loop

_COPIES_MAX: Final = 4
_POSITIONS_MAX: Final = 6000
_LINKS_MAX: Final = 200_000
_COUNTED_MAX: Final = 10**9
"""More ways than that make no difference."""
_TOO_LARGE: Final = "it is too large to be checked; make it smaller, or two formats of it"
_IGNORE_CASE: Final = 2
CHARACTERS: Final = (codes.LITERAL, codes.NOT_LITERAL, codes.ANY, codes.IN)


class UnprovableError(Exception):
    """What in an expression cannot be proved, and the remedy."""


@dataclass(slots=True)
class _Part:
    """A part of the expression: its first and last positions, each with a number of ways; and in how many ways it may
    be empty."""

    first: dict[int, int]
    last: dict[int, int]
    empty: int


@dataclass(frozen=True, slots=True)
class Aside:
    """A look-around: tried from one place at a time, without moving on in the text."""

    items: list[Any]
    ignore_case: bool


@dataclass(slots=True)
class Automaton:
    """masks: of each position. follow: position → next → (characters, by how many ways). first: the same
    from the beginning. last: by how many ways a position ends the expression; empty: by how many it is
    empty.

    bounds: how often the loops around a position may turn, 1 outside of loops. atomic: the groups around
    a position that are never gone back into. asides: what look-arounds hold."""

    masks: list[int] = field(default_factory=list)
    follow: list[dict[int, tuple[int, int]]] = field(default_factory=list)
    bounds: list[float] = field(default_factory=list)
    atomic: list[tuple[int, ...]] = field(default_factory=list)
    closed: list[int] = field(default_factory=list)
    """Characters that cannot follow a position once its possessive loop is left."""

    first: dict[int, tuple[int, int]] = field(default_factory=dict)
    last: dict[int, int] = field(default_factory=dict)
    empty: int = 0
    asides: list[Aside] = field(default_factory=list)


class _Builder:
    def __init__(self, *, ignore_case: bool) -> None:
        self.made = Automaton()
        self._ignore_case = ignore_case
        self._atomic: list[int] = []
        self._atomic_count = 0
        self._bound = 1.0
        self._links = 0

    def sequence(self, items: Iterable[tuple[Any, Any]]) -> _Part:
        whole = _Part({}, {}, 1)
        for op, argument in items:
            whole = self._joined(whole, self._part(op, argument))
        return whole

    def _part(self, op: Any, argument: Any) -> _Part:
        if op in CHARACTERS:
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
                _added(*(part.first for part in parts)),
                _added(*(part.last for part in parts)),
                sum(part.empty for part in parts),
            )
        if op in (codes.MAX_REPEAT, codes.MIN_REPEAT):
            return self._repeat(*argument)
        if op in (codes.POSSESSIVE_REPEAT, codes.ATOMIC_GROUP):
            return self._atomic_part(op, argument)
        if op in (codes.ASSERT, codes.ASSERT_NOT):
            if has_loop(argument[1]):
                raise UnprovableError(
                    "a look-around has an unbounded repetition; give it a bound, as in {0,64}"
                )
            self.made.asides.append(Aside(list(argument[1]), self._ignore_case))
            return _Part({}, {}, 1)
        if op is codes.AT:
            return _Part({}, {}, 1)
        raise UnprovableError(
            "it has a backreference, which is not supported; write out what the group would match"
        )

    def _character(self, op: Any, argument: Any) -> _Part:
        made = self.made
        if len(made.masks) >= _POSITIONS_MAX:
            raise UnprovableError(_TOO_LARGE)
        made.masks.append(mask_of(op, argument, ignore_case=self._ignore_case))
        made.follow.append({})
        made.bounds.append(self._bound)
        made.atomic.append(tuple(self._atomic))
        made.closed.append(0)
        number = len(made.masks) - 1
        return _Part({number: 1}, {number: 1}, 0)

    def _atomic_part(self, op: Any, argument: Any) -> _Part:
        self._atomic_count += 1
        self._atomic.append(self._atomic_count)
        if op is codes.ATOMIC_GROUP:
            part = self.sequence(argument)
        else:
            part = self._repeat(*argument)
            _, most, inner = argument
            if most == codes.MAXREPEAT and len(inner) == 1 and inner[0][0] in CHARACTERS:
                for number in part.last:
                    self.made.closed[number] = self.made.masks[number]
        self._atomic.pop()
        return _Part(part.first, dict.fromkeys(part.last, 1), min(1, part.empty))  # it is left by one way

    def _repeat(self, least: int, most: Any, inner: Any) -> _Part:
        unbounded = most == codes.MAXREPEAT
        may_be_empty = inner.getwidth()[0] == 0
        if not unbounded and (may_be_empty or int(most) <= _COPIES_MAX):
            return self._copies(least, int(most), inner)
        whole = _Part({}, {}, 1)
        for _ in range((least if may_be_empty else min(least, _COPIES_MAX)) - 1):
            whole = self._joined(whole, self.sequence(inner))
        before, self._bound = self._bound, math.inf if unbounded else self._bound * int(most)
        body = self.sequence(inner)
        self._bound = before
        self._link(body.last, body.first)
        turns = _Part(body.first, body.last, body.empty + (least == 0))
        # a turn that takes nothing is the last one: it is one more way to leave
        return self._joined(whole, self._joined(turns, _Part({}, {}, 1 + body.empty)))

    def _copies(self, least: int, most: int, inner: Any) -> _Part:
        """``x{1,3}`` as ``x(x(x)?)?``."""
        whole = _Part({}, {}, 1)
        for number in reversed(range(most)):
            whole = self._joined(self.sequence(inner), whole)
            if number >= least:
                whole.empty += 1
        return whole

    def _joined(self, one: _Part, other: _Part) -> _Part:
        self._link(one.last, other.first)
        return _Part(
            _added(one.first, _times(other.first, one.empty)),
            _added(other.last, _times(one.last, other.empty)),
            min(_COUNTED_MAX, one.empty * other.empty),
        )

    def _link(self, last: dict[int, int], first: dict[int, int]) -> None:
        made = self.made
        self._links += len(last) * len(first)
        if self._links > _LINKS_MAX:
            raise UnprovableError(_TOO_LARGE)
        for one, ways_out in last.items():
            following = made.follow[one]
            for other, ways_in in first.items():
                mask = made.masks[other] & ~made.closed[one]
                if mask:
                    _, ways = following.get(other, (0, 0))
                    following[other] = mask, min(_COUNTED_MAX, ways + ways_out * ways_in)


def _added(*parts: dict[int, int]) -> dict[int, int]:
    counts: dict[int, int] = {}
    for part in parts:
        for position, ways in part.items():
            counts[position] = min(_COUNTED_MAX, counts.get(position, 0) + ways)
    return counts


def _times(positions: dict[int, int], ways: int) -> dict[int, int]:
    return {position: min(_COUNTED_MAX, before * ways) for position, before in positions.items() if ways}


def automaton_of(items: Iterable[tuple[Any, Any]], *, ignore_case: bool) -> Automaton:
    """Raises UnprovableError."""
    builder = _Builder(ignore_case=ignore_case)
    whole = builder.sequence(items)
    made = builder.made
    made.first = {position: (made.masks[position], ways) for position, ways in whole.first.items()}
    made.last, made.empty = whole.last, whole.empty
    return made
