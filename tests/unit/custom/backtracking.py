"""A backtracking matcher that counts its steps: what Python's own would do, in a number and not in seconds."""

from __future__ import annotations

from collections.abc import Callable
from re import _constants as codes  # type: ignore[attr-defined]
from typing import Any

from chalicelib.core.custom.classes import ALPHABET, mask_of

_Then = Callable[[int], bool]


class TooManyStepsError(Exception):
    pass


class Backtracking:
    """Fully matches texts of ASCII characters; knows the parts of expressions that the tests make."""

    def __init__(self, tree: Any, text: str, steps_max: int) -> None:
        self._tree = tree
        self._text = text
        self._left = steps_max

    def matches(self) -> bool:
        """Raises TooManyStepsError."""
        return self._items(list(self._tree), 0, 0, lambda at: at == len(self._text))

    def matches_anywhere(self) -> bool:
        """The same anywhere in the text."""
        return any(self._items(list(self._tree), 0, at, lambda _: True) for at in range(len(self._text) + 1))

    def _items(self, items: list[Any], number: int, at: int, then: _Then) -> bool:
        if number == len(items):
            return then(at)
        self._left -= 1
        if self._left < 0:
            raise TooManyStepsError
        op, argument = items[number]

        def rest(reached: int) -> bool:
            return self._items(items, number + 1, reached, then)

        if op is codes.SUBPATTERN:
            return self._items(list(argument[3]), 0, at, rest)
        if op is codes.BRANCH:
            return any(self._items(list(each), 0, at, rest) for each in argument[1])
        if op in (codes.MAX_REPEAT, codes.MIN_REPEAT):
            return self._repeat(op, argument, 0, at, -1, rest)
        if op is codes.ASSERT:
            return self._items(list(argument[1]), 0, at, lambda _: True) and rest(at)
        is_there = at < len(self._text) and bool(
            mask_of(op, argument, ignore_case=False) >> ALPHABET.index(self._text[at]) & 1
        )
        return is_there and rest(at + 1)

    def _repeat(self, op: Any, argument: Any, count: int, at: int, before: int, rest: _Then) -> bool:
        least, most, body = argument

        def turn() -> bool:
            return self._items(
                list(body), 0, at, lambda reached: self._repeat(op, argument, count + 1, reached, at, rest)
            )

        if count < least:
            return turn()
        may_turn = (most == codes.MAXREPEAT or count < most) and at != before
        if op is codes.MIN_REPEAT:
            return rest(at) or (may_turn and turn())
        return (may_turn and turn()) or rest(at)
