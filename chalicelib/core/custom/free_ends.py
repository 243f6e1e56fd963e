"""The end of an expression that never causes backtracking, because it always matches: it costs nothing."""

from __future__ import annotations

import re
from re import _constants as codes  # type: ignore[attr-defined] # of the pinned Pythons, see safety.py
from re import _parser  # type: ignore[attr-defined]
from typing import Any, Final, TypeAlias

from chalicelib.core.custom.automaton import CHARACTERS, Aside
from chalicelib.core.custom.possessive import has_loop

_Items: TypeAlias = "list[tuple[Any, Any]]"
_REPEATS: Final = (codes.MAX_REPEAT, codes.MIN_REPEAT, codes.POSSESSIVE_REPEAT)
_WRITTEN_OUT_MAX: Final = 64


def needed(items: _Items, *, whole: bool, ignore_case: bool) -> tuple[_Items, list[Aside]]:
    """The items without such an end. What is tried there and may fail must have an end of its own.

    whole: whether the text must end there too. Then only ``.*`` always succeeds, and without it everything optional.
    """
    asides: list[Aside] = []
    return _Ends(asides).without(items, whole=whole, ignore_case=ignore_case)[0], asides


class _Ends:
    def __init__(self, asides: list[Aside]) -> None:
        self._asides = asides

    def without(self, items: _Items, *, whole: bool, ignore_case: bool) -> tuple[_Items, bool]:
        """The remaining items, and whether the text must end behind them."""
        while items:
            op, argument = items[-1]
            if op is codes.AT and argument in (codes.AT_END, codes.AT_END_STRING) and whole:
                items = items[:-1]
            elif op is codes.SUBPATTERN:
                group, added, removed, inner = argument
                if removed & re.DOTALL:
                    return items, whole
                ignoring = bool(added & re.IGNORECASE) or (ignore_case and not removed & re.IGNORECASE)
                left, whole = self.without(list(inner), whole=whole, ignore_case=ignoring)
                items = items[:-1]
                if left:
                    made = _parser.SubPattern(inner.state, left)
                    return [*items, (op, (group, added, removed, made))], whole
            elif op in _REPEATS:
                least, most, body = argument
                is_rest = most == codes.MAXREPEAT and len(body) == 1 and body[0][0] is codes.ANY
                if (whole and not is_rest) or least >= _WRITTEN_OUT_MAX:
                    return items, whole
                if op is not codes.MIN_REPEAT and not self._fails_soon(list(body), ignore_case):
                    return items, whole
                items, whole = [*items[:-1], *(item for _ in range(least) for item in body)], False
                if least:
                    return items, whole
            else:
                return items, whole
        return items, whole

    def _fails_soon(self, body: _Items, ignore_case: bool) -> bool:  # noqa: FBT001 - private
        """Whether a failing last turn of a repetition provably takes few steps."""
        if len(body) == 1 and body[0][0] in CHARACTERS:
            return True
        tried, _ = self.without(body, whole=False, ignore_case=ignore_case)
        if has_loop(tried):
            return False
        self._asides.append(Aside(tried, ignore_case))
        return True
