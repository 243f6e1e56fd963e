"""In how many ways a text can be matched up to the same position of an expression, not counting loops.

The subset construction: for each set of positions that some text leads to, at most how many ways lead to each of them.
Alternatives that never meet again count once; only those that meet again multiply. So ``a?a?a?`` has many ways, and
``Jan|Jun|Jul`` one.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import reduce
from operator import or_
from typing import Final, TypeAlias

from chalicelib.core.custom.automaton import Automaton, UnprovableError
from chalicelib.core.custom.loops import TOO_COMPLEX, components

_PLACES_MAX: Final = 60_000
_START: Final = -1

_Steps: TypeAlias = "tuple[tuple[int, int], ...]"
"""The steps to a place with one character: the place before, and in how many ways."""


def ways_of(automaton: Automaton) -> int:
    """The most ways of reading a text at the same time; ways that have parted for good count once, and so does each of
    the ways that lead into a loop. Raises UnprovableError."""
    graph = _Graph(automaton)
    known = graph.counted()
    most = 1
    for members in graph.subsets:
        excess = sum(known[place] * graph.leaving[position] - 1 for position, place in members.items())
        most = max(most, 1 + excess)
    return most


class _Graph:
    """Places are positions within one of the sets, numbered; entered: for each, the steps into it."""

    def __init__(self, automaton: Automaton) -> None:
        self._follow = {_START: automaton.first, **dict(enumerate(automaton.follow))}
        ends = {_START: automaton.empty, **automaton.last}
        self.leaving = {
            position: max([1, ends.get(position, 0), *(ways for _, ways in following.values())])
            for position, following in self._follow.items()
        }
        self._characters = _told_apart(
            mask for following in self._follow.values() for mask, _ in following.values()
        )
        self.subsets: list[dict[int, int]] = []
        self._known: dict[frozenset[int], dict[int, int]] = {}
        self.entered: list[set[_Steps]] = []
        todo = [self._subset(frozenset((_START,)))[0]]
        while todo:
            members = todo.pop()
            for character in self._characters:
                steps: dict[int, list[tuple[int, int]]] = {}
                for position, place in members.items():
                    for other, (mask, ways) in self._follow[position].items():
                        if mask & character:
                            steps.setdefault(other, []).append((place, ways))
                if steps:
                    reached, is_new = self._subset(frozenset(steps))
                    for other, into in steps.items():
                        self.entered[reached[other]].add(tuple(into))
                    if is_new:
                        todo.append(reached)

    def _subset(self, positions: frozenset[int]) -> tuple[dict[int, int], bool]:
        subset = self._known.get(positions)
        if subset is not None:
            return subset, False
        count = len(self.entered)
        if count + len(positions) > _PLACES_MAX:
            raise UnprovableError(TOO_COMPLEX)
        made = {position: count + number for number, position in enumerate(sorted(positions))}
        self._known[positions] = made
        self.subsets.append(made)
        self.entered.extend(set() for _ in positions)
        return made, True

    def counted(self) -> list[int]:
        """For each place, in how many ways it is reached at most.

        A loop hands on what enters a cycle at each turn: `longest_chain` counts how often.
        """
        before = [{place for steps in each for place, _ in steps} for each in self.entered]
        counts = [1] * len(before)
        for part in components(before)[::-1]:
            inside = set(part) if len(part) > 1 or part[0] in before[part[0]] else frozenset()
            most = 1
            for steps in {each for place in part for each in self.entered[place]}:
                if sum(place in inside for place, _ in steps) > 1:
                    raise UnprovableError(TOO_COMPLEX)
                most = max(most, sum(counts[place] * ways for place, ways in steps if place not in inside))
            for place in part:
                counts[place] = most
        return counts


def _told_apart(masks: Iterable[int]) -> list[int]:
    """One character of each kind that the sets of characters distinguish."""
    classes = set(masks)
    kinds = [reduce(or_, classes, 0)]
    for mask in classes:
        kinds = [part for kind in kinds for part in (kind & mask, kind & ~mask) if part]
    return [kind & -kind for kind in kinds]
