"""How the time of an expression grows with the text, proved before it is ever run.

A backtracking matcher takes time beyond any bound where two ways of reading the same text come
back to the same place of the expression, and a power of the length where a repetition can hand text on
to another one (Weideman et al., "Analyzing Matching Time Behavior of Backtracking Regular Expression
Matchers by Using Ambiguity of NFA", 2016). Both are looked for in its automaton.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from re import _compiler, _parser  # type: ignore[attr-defined] # Python's own parser: 3.11 to 3.14 have it
from re import _constants as codes  # type: ignore[attr-defined]
from typing import Any, Final

from chalicelib.core.custom.automaton import Automaton, UnprovableError, automaton_of, has_loop

STEPS_MAX: Final = 1_000_000
"""How many steps one entry may take where time grows faster than the text: about ten milliseconds."""
_FACTOR_MAX: Final = 4096
_SEARCH_STEPS_MAX: Final = 400_000
_EXPONENTIAL: Final = (
    "a repetition inside a repetition can match the same text in several ways, so its time has no bound;"
    " make the inner one possessive (`*+`, `++`) or part the two by something fixed"
)
_TOO_COMPLEX: Final = "it is too complex to be checked; make it smaller, or two formats of it"


@dataclass(frozen=True, slots=True)
class Growth:
    """Time grows as `factor` times the length to the power of `degree`."""

    degree: int
    factor: float

    @property
    def max_chars(self) -> float:
        """The longest text of which the time stays within `STEPS_MAX`; infinite where time is linear."""
        if self.degree <= 1:
            return math.inf
        longest: float = math.floor(
            (STEPS_MAX / self.factor * math.factorial(self.degree)) ** (1 / self.degree)
        )
        return longest


def parsed(pattern: str, flags: int) -> Any:
    """Python's parse of an expression. Raises re.error."""
    return _parser.parse(pattern, flags)


def compiled(tree: Any, flags: int) -> re.Pattern[str]:
    found: re.Pattern[str] = _compiler.compile(tree, flags)
    return found


def growth_of(tree: Any, flags: int, *, search: bool) -> Growth:
    """Raises UnprovableError where there is no bound, or none that can be proved.

    search: whether it is looked for anywhere in a text; else it must match the whole of it.
    """
    items = _needed(list(tree), whole=not search)
    if search:
        items = [(codes.MIN_REPEAT, (0, codes.MAXREPEAT, [(codes.ANY, None)])), *items]
    ignore_case = bool((flags | tree.state.flags) & re.IGNORECASE)
    automaton = automaton_of(items, ignore_case=ignore_case)
    loops = _loops(automaton)
    work = [_SEARCH_STEPS_MAX]
    for loop in loops:
        if _is_exponential(automaton, loop, work):
            raise UnprovableError(_EXPONENTIAL)
    growth = _longest_chain(automaton, loops, work)
    if growth.factor > _FACTOR_MAX:
        raise UnprovableError(
            "repetitions with large bounds multiply; make the bounds smaller, or part them by something fixed"
        )
    return growth


def _needed(items: list[tuple[Any, Any]], *, whole: bool) -> list[tuple[Any, Any]]:
    """Without what always succeeds at the end, which nothing goes back from: ``.*``, and once that is
    gone all that may be left out."""
    while items:
        op, argument = items[-1]
        if op is codes.AT and argument in (codes.AT_END, codes.AT_END_STRING) and whole:
            items = items[:-1]
            continue
        if op is codes.SUBPATTERN:
            inner = _needed(list(argument[3]), whole=whole)
            if len(inner) == len(argument[3]) and inner and inner[-1] is argument[3][-1]:
                return items
            items = [*items[:-1], *inner]
            if inner:
                return items
            whole = False
            continue
        if op not in (codes.MAX_REPEAT, codes.MIN_REPEAT, codes.POSSESSIVE_REPEAT):
            return items
        least, most, body = argument
        is_rest = most == codes.MAXREPEAT and len(body) == 1 and body[0][0] is codes.ANY
        if whole and not is_rest:
            return items
        items = [*items[:-1], *(item for _ in range(least) for item in body)] if least < 64 else items
        if least:
            return items
        whole = False
    return items


def _loops(automaton: Automaton) -> list[list[int]]:
    """The strongly connected parts of the automaton that hold a cycle, in the order of the text (Tarjan)."""
    follow = automaton.follow
    index: dict[int, int] = {}
    low: dict[int, int] = {}
    stack: list[int] = []
    on_stack: set[int] = set()
    found: list[list[int]] = []
    for root in range(len(follow)):
        if root in index:
            continue
        work = [(root, iter(follow[root]))]
        index[root] = low[root] = len(index)
        stack.append(root)
        on_stack.add(root)
        while work:
            node, following = work[-1]
            for other in following:
                if other not in index:
                    index[other] = low[other] = len(index)
                    stack.append(other)
                    on_stack.add(other)
                    work.append((other, iter(follow[other])))
                    break
                if other in on_stack:
                    low[node] = min(low[node], index[other])
            else:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[node])
                if low[node] == index[node]:
                    part = stack[stack.index(node) :]
                    del stack[stack.index(node) :]
                    on_stack.difference_update(part)
                    if len(part) > 1 or node in follow[node]:
                        found.append(part)
    return found[::-1]


def _is_exponential(automaton: Automaton, loop: Sequence[int], work: list[int]) -> bool:
    """Whether some text leads from a place of the loop back to it by two ways."""
    follow, inside = automaton.follow, frozenset(loop)
    if any(several for one in loop for other, (_, several) in follow[one].items() if other in inside):
        return True
    home = (loop[0], loop[0])
    seen = {(home, False)}
    todo = [(home, False)]
    while todo:
        (one, other), parted = todo.pop()
        for next_one, (mask, _) in follow[one].items():
            if next_one not in inside:
                continue
            for next_other, (other_mask, _) in follow[other].items():
                _count(work)
                if next_other not in inside or not mask & other_mask:
                    continue
                state = ((next_one, next_other), parted or next_one != next_other)
                if state == (home, True):
                    return True
                if state not in seen:
                    seen.add(state)
                    todo.append(state)
    return False


def _longest_chain(automaton: Automaton, loops: list[list[int]], work: list[int]) -> Growth:
    """The most that loops which hand text on to one another can multiply."""
    reach = _reachable(automaton, loops)
    best: list[tuple[int, float]] = [(0, 1.0)] * len(loops)
    for number in reversed(range(len(loops))):
        loop = loops[number]
        bound = max(automaton.bounds[each] for each in loop)
        behind = [
            best[other]
            for other in range(len(loops))
            if other != number
            and loops[other][0] in reach[number]
            and best[other] > (0, 1.0)
            and _hands_on(automaton, loop, loops[other], work)
        ]
        degree, factor = max(behind, default=(0, 1.0))
        best[number] = (degree + 1, factor) if bound == math.inf else (degree, factor * bound)
    degree, factor = max(best, default=(0, 1.0))
    return Growth(degree, factor)


def _reachable(automaton: Automaton, loops: list[list[int]]) -> list[set[int]]:
    found = []
    for loop in loops:
        seen = set(loop)
        todo = list(loop)
        while todo:
            for other in automaton.follow[todo.pop()]:
                if other not in seen:
                    seen.add(other)
                    todo.append(other)
        found.append(seen)
    return found


def _hands_on(automaton: Automaton, loop: Sequence[int], other: Sequence[int], work: list[int]) -> bool:
    """Whether some text can be read by the one loop, by the other, and from the one into the other."""
    in_loop, in_other = frozenset(loop), frozenset(other)
    for one in loop:
        for two in other:
            if set(automaton.atomic[one]) - set(automaton.atomic[two]):
                continue
            if _reads_alike(automaton, one, two, in_loop, in_other, work):
                return True
    return False


def _reads_alike(
    automaton: Automaton,
    one: int,
    two: int,
    in_loop: frozenset[int],
    in_other: frozenset[int],
    work: list[int],
) -> bool:
    follow = automaton.follow
    goal = (one, two, two)
    seen = {(one, one, two)}
    todo = [(one, one, two)]
    while todo:
        left, middle, right = todo.pop()
        for next_left, (left_mask, _) in follow[left].items():
            if next_left not in in_loop:
                continue
            for next_right, (right_mask, _) in follow[right].items():
                both = left_mask & right_mask
                if next_right not in in_other or not both:
                    continue
                for next_middle, (mask, _) in follow[middle].items():
                    _count(work)
                    state = (next_left, next_middle, next_right)
                    if both & mask and state not in seen:
                        if state == goal:
                            return True
                        seen.add(state)
                        todo.append(state)
    return False


def _count(work: list[int]) -> None:
    work[0] -= 1
    if work[0] < 0:
        raise UnprovableError(_TOO_COMPLEX)


def committed(tree: Any) -> Any:
    """The expression as it is tried first: what a repetition takes is given up for nothing behind what
    follows it. What this matches, the expression itself matches in the same way: it tries it first."""
    made = _parser.SubPattern(tree.state)
    made.data.extend(_committed(tree, tree.state, open_end=False))
    return made


def _committed(items: Any, state: Any, *, open_end: bool) -> list[tuple[Any, Any]]:
    """open_end: whether what follows has a say in what the last of the items takes."""
    groups: list[list[tuple[Any, Any]]] = [[]]
    for item in items:
        if has_loop([item]) and groups[-1]:
            groups.append([])
        groups[-1].append(_committed_inside(item, state))
    last = groups.pop() if open_end else []
    return [*((codes.ATOMIC_GROUP, _parser.SubPattern(state, group)) for group in groups), *last]


def _committed_inside(item: tuple[Any, Any], state: Any) -> tuple[Any, Any]:
    op, argument = item
    if op is not codes.SUBPATTERN or not has_loop([item]):
        return item
    group, added, removed, inner = argument
    made = _parser.SubPattern(state, _committed(inner, state, open_end=True))
    return op, (group, added, removed, made)
