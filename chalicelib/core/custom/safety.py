"""How the matching time of an expression grows with the text, proved before it is run.

A backtracking matcher takes unbounded time if two ways of matching the same text come
back to the same position of the expression, and polynomial time if a repetition can hand text to
another one (Weideman et al., "Analyzing Matching Time Behavior of Backtracking Regular Expression
Matchers by Using Ambiguity of NFA", 2016). This module searches the automaton for both, and counts in how many ways a
text can be matched without repetitions.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from re import _compiler, _parser  # type: ignore[attr-defined] # Python's own parser: 3.11 to 3.14 have it
from re import _constants as codes  # type: ignore[attr-defined]
from typing import Any, Final, TypeAlias

from chalicelib.core.custom.ambiguity import ways_of
from chalicelib.core.custom.automaton import Aside, UnprovableError, automaton_of
from chalicelib.core.custom.free_ends import needed
from chalicelib.core.custom.loops import SEARCH_STEPS_MAX, is_exponential, longest_chain, loops_of

STEPS_MAX: Final = 1_000_000
"""How many steps one entry may take if time grows faster than its length: about ten milliseconds."""
_FACTOR_MAX: Final = 4096
_WAYS_MAX: Final = 2048
_WAYS_OF_A_STEP: Final = 16
_EXPONENTIAL: Final = (
    "a repetition inside a repetition can match the same text in several ways, so its time has no bound;"
    " make the inner one possessive (`*+`, `++`) or part the two by something fixed"
)
_MANY_WAYS: Final = (
    "what may be left out and what follows it can match the same text in more ways than can be tried, as in"
    " a?a?a?…; part them by something fixed, or write one repetition with a bound, as in a{0,9}"
)
_MULTIPLIED: Final = (
    "repetitions with large bounds multiply; make the bounds smaller, or part them by something fixed"
)


_Items: TypeAlias = "list[tuple[Any, Any]]"


@dataclass(frozen=True, slots=True)
class Growth:
    """Time grows as `factor` times the length to the power of `degree`."""

    degree: int
    factor: float

    @property
    def max_chars(self) -> float:
        """The longest text for which the time stays within `STEPS_MAX`; infinite if time is linear."""
        if self.degree <= 1:
            return math.inf
        steps = STEPS_MAX / max(1.0, self.factor / _WAYS_OF_A_STEP)
        longest: float = math.floor((steps * math.factorial(self.degree)) ** (1 / self.degree))
        return longest


def parsed(pattern: str, flags: int) -> Any:
    """Python's parse of an expression. Raises re.error."""
    return _parser.parse(pattern, flags)


def compiled(tree: Any, flags: int) -> re.Pattern[str]:
    pattern: re.Pattern[str] = _compiler.compile(tree, flags)
    return pattern


def growth_of(tree: Any, flags: int, *, search: bool) -> Growth:
    """Raises UnprovableError if there is no bound, or none that can be proved.

    search: whether the expression is searched in a text; otherwise it must match the whole text.
    """
    ignore_case = bool((flags | tree.state.flags) & re.IGNORECASE)
    items, asides = needed(list(tree), whole=not search, ignore_case=ignore_case)
    before = [(codes.MIN_REPEAT, (0, codes.MAXREPEAT, _parser.SubPattern(tree.state, [(codes.ANY, None)])))]
    growth, _ = _proved(items, before if search else [], asides, ignore_case=ignore_case)
    return growth


def _proved(items: _Items, before: _Items, asides: list[Aside], *, ignore_case: bool) -> tuple[Growth, float]:
    """The growth, and the steps of one try without unbounded repetitions."""
    automaton = automaton_of([*before, *items], ignore_case=ignore_case)
    loops = loops_of(automaton)
    work = [SEARCH_STEPS_MAX]
    for loop in loops:
        if is_exponential(automaton, loop, work):
            raise UnprovableError(_EXPONENTIAL)
    degree, factor = longest_chain(automaton, loops, work)
    if factor > _FACTOR_MAX:
        raise UnprovableError(_MULTIPLIED)
    ways = ways_of(automaton_of(items, ignore_case=ignore_case) if before else automaton)
    if ways > _WAYS_MAX:
        raise UnprovableError(_MANY_WAYS)
    factor *= ways * max((_steps_of(aside) for aside in (*asides, *automaton.asides)), default=1.0)
    if factor > _FACTOR_MAX:
        raise UnprovableError(_MULTIPLIED)
    bound = max((automaton.bounds[place] for loop in loops for place in loop), default=1.0)
    return Growth(degree + (bound == math.inf), factor), factor * bound


def _steps_of(aside: Aside) -> float:
    _, steps = _proved(aside.items, [], [], ignore_case=aside.ignore_case)
    return steps
