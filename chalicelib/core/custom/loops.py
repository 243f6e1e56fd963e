"""The loops of an automaton: whether one can match the same text in two ways, and which pairs can hand text to each other."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Final

from chalicelib.core.custom.automaton import Automaton, UnprovableError

SEARCH_STEPS_MAX: Final = 400_000
TOO_COMPLEX: Final = "it is too complex to be checked; make it smaller, or two formats of it"


def components(follow: Sequence[Iterable[int]]) -> list[list[int]]:
    """The strongly connected parts of a graph, each before those that it leads to (Tarjan)."""
    index: dict[int, int] = {}
    low: dict[int, int] = {}
    stack: list[int] = []
    on_stack: set[int] = set()
    loops: list[list[int]] = []
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
                    part = [stack.pop()]
                    while part[-1] != node:
                        part.append(stack.pop())
                    on_stack.difference_update(part)
                    loops.append(part)
    return loops[::-1]


def loops_of(automaton: Automaton) -> list[list[int]]:
    """The parts of an automaton with a cycle, in the order of the text."""
    follow = automaton.follow
    return [part for part in components(follow) if len(part) > 1 or part[0] in follow[part[0]]]


def is_exponential(automaton: Automaton, loop: Sequence[int], work: list[int]) -> bool:
    """Whether some text leads from a place of the loop back to it in two ways."""
    follow, inside = automaton.follow, frozenset(loop)
    if any(ways > 1 for one in loop for other, (_, ways) in follow[one].items() if other in inside):
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


def longest_chain(automaton: Automaton, loops: list[list[int]], work: list[int]) -> tuple[int, float]:
    """In how many ways a text can be shared among the loops at most: a power of its length, and a factor.

    If one loop hands text to another, each place in the text is one way, or each of as many as the loop with the
    smaller bound can take.
    """
    reach = _reachable(automaton, loops)
    bounds = [max(automaton.bounds[each] for each in loop) for loop in loops]
    best: list[tuple[int, float]] = [(0, 1.0)] * len(loops)
    for number in reversed(range(len(loops))):
        for other in range(len(loops)):
            if other == number or loops[other][0] not in reach[number]:
                continue
            degree, factor = best[other]
            if _hands_on(automaton, loops[number], loops[other], work):
                places = min(bounds[number], bounds[other])
                degree, factor = (degree + 1, factor) if places == math.inf else (degree, factor * places)
            best[number] = max(best[number], (degree, factor))
    return max(best, default=(0, 1.0))


def _reachable(automaton: Automaton, loops: list[list[int]]) -> list[set[int]]:
    pairs = []
    for loop in loops:
        seen = set(loop)
        todo = list(loop)
        while todo:
            for other in automaton.follow[todo.pop()]:
                if other not in seen:
                    seen.add(other)
                    todo.append(other)
        pairs.append(seen)
    return pairs


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
        raise UnprovableError(TOO_COMPLEX)
