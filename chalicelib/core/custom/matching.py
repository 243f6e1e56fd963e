"""Matching that ends: expressions whose time grows with the text, or faster up to a length only."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, TypeAlias

from chalicelib.core.custom.automaton import UnprovableError
from chalicelib.core.custom.committing import committed
from chalicelib.core.custom.expressions import PatternError
from chalicelib.core.custom.safety import compiled, growth_of, parsed

FLAGS: Final = re.DOTALL
"""An entry may be of several lines, and ``.`` takes them all."""
_ENTRY_START_CHARS: Final = 1024


_Match: TypeAlias = "Callable[[str], re.Match[str] | None]"


@dataclass(frozen=True, slots=True)
class Limits:
    """The longest entries, in characters, that are tried: at first, where each repetition keeps what it
    took, and in full; None for any length. full is 0 where the first try says all there is to say."""

    first: int | None
    full: int | None


class TooSlowError(Exception):
    """An entry is too long for what its expression might do with it."""


def limits_of(pattern: str) -> Limits:
    """What is proved of an expression that must match an entry. Raises PatternError."""
    tree = _parsed(pattern)
    try:
        growth = growth_of(tree, FLAGS, search=False)
    except UnprovableError as error:
        raise PatternError(str(error)) from error
    if growth.degree <= 1:
        return Limits(None, 0)
    try:
        first = growth_of(committed(tree), FLAGS, search=False)
    except UnprovableError:  # it takes no more steps than the expression itself
        first = growth
    return Limits(_chars(first.max_chars), _chars(growth.max_chars))


def _chars(longest: float) -> int | None:
    return None if longest == math.inf else int(longest)


def check_search(pattern: str) -> None:
    """Raises PatternError where looking for an expression could take longer than the text is long."""
    _check_growth(pattern, 1)


def check_start(pattern: str) -> None:
    """The same for what is tried on the head of every line, which is short. Raises PatternError."""
    _check_growth(pattern, 2)


def _check_growth(pattern: str, degree_max: int) -> None:
    tree = _parsed(pattern)
    try:
        growth = growth_of(tree, FLAGS, search=True)
    except UnprovableError as error:
        raise PatternError(str(error)) from error
    if growth.degree > degree_max:
        raise PatternError(
            "its time grows faster than the text; give the repetition that it begins with a bound, as in {1,64}"
            " for +, or begin it with something fixed"
        )


def _parsed(pattern: str) -> object:
    try:
        re.compile(pattern, FLAGS)
        return parsed(pattern, FLAGS)
    except (re.error, RecursionError, OverflowError) as error:
        reason = error.msg if isinstance(error, re.error) else "it is nested too deeply"
        raise PatternError(f"it is no regular expression ({reason}); mend it there") from error


class Matcher:
    """Matches whole entries."""

    __slots__ = ("_first", "_full", "_limits")

    def __init__(self, pattern: str, limits: Limits) -> None:
        self._limits = limits
        self._first, self._full = _patterns(pattern, two=limits.full != 0)

    def match(self, entry: str) -> re.Match[str] | None:
        """Raises TooSlowError."""
        limits = self._limits
        if limits.first is not None and len(entry) > limits.first:
            raise TooSlowError
        found = self._first(entry)
        if found is not None or limits.full == 0:
            return found
        if limits.full is not None and len(entry) > limits.full:
            raise TooSlowError
        return self._full(entry)


@lru_cache(256)
def _patterns(pattern: str, *, two: bool) -> tuple[_Match, _Match]:
    full = re.compile(pattern, FLAGS).fullmatch
    return (compiled(committed(parsed(pattern, FLAGS)), FLAGS).fullmatch if two else full), full
