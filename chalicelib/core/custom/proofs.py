"""Proofs about expressions before they are run: how long they may take."""

from __future__ import annotations

import math
import re

from chalicelib.core.custom.automaton import UnprovableError
from chalicelib.core.custom.possessive import committed
from chalicelib.core.custom.safety import growth_of, parsed
from chalicelib.core.custom.spec import FLAGS, Limits, PatternError


def limits_of(pattern: str) -> Limits:
    """The proven limits of an expression that must match an entry. Raises PatternError."""
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
    """Raises PatternError if searching with an expression could take more than linear time."""
    _check_growth(pattern, 1)


def check_start(pattern: str) -> None:
    """The same for an expression that is tried on the head of every line, which is short. Raises PatternError."""
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
        raise PatternError(f"it is not a regular expression ({reason}); fix it there") from error
