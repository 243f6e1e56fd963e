"""The possessive form of an expression, which is tried first: no repetition gives back what it took, so it takes linear time."""

from __future__ import annotations

import re
from re import _compiler, _parser  # type: ignore[attr-defined] # of the pinned Pythons, see safety.py
from re import _constants as codes  # type: ignore[attr-defined]
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable


def compiled_as_committed(pattern: str, flags: int) -> re.Pattern[str]:
    made: re.Pattern[str] = _compiler.compile(committed(_parser.parse(pattern, flags)), flags)
    return made


def committed(tree: Any) -> Any:
    """The expression as it is tried first: a repetition never gives back what it took. Whatever this form matches, the
    expression itself matches in the same way, since it tries that first."""
    made = _parser.SubPattern(tree.state)
    made.data.extend(_committed(tree, tree.state, open_end=False))
    return made


def _committed(items: Any, state: Any, *, open_end: bool) -> list[tuple[Any, Any]]:
    """open_end: whether what follows affects how much the last item takes."""
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


def has_loop(items: Iterable[tuple[Any, Any]]) -> bool:
    """Whether a parsed expression has a repetition without bound."""
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
