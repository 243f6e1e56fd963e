"""How far an expression matches in an entry that it rejects, and what it expects there: for people who examine a reject."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from re import _constants as codes  # type: ignore[attr-defined] # of the pinned Pythons, see safety.py
from typing import Any, Final, NamedTuple

from chalicelib.core.custom.safety import compiled, parsed

_REPEATS: Final = (codes.MAX_REPEAT, codes.MIN_REPEAT, codes.POSSESSIVE_REPEAT)
_DIGITS: Final = ([(codes.RANGE, (48, 57))], [(codes.CATEGORY, codes.CATEGORY_DIGIT)])
_CHOICES_MAX: Final = 8
_DEPTH_MAX: Final = 8
_TEXT_MAX_CHARS: Final = 40
_END: Final = "its end"


class Reach(NamedTuple):
    """end: how many characters the longest matching beginning of the expression takes. expected: what comes next in it,
    in words; empty if a few words cannot say it."""

    end: int
    expected: str

    def explained(self, text: str) -> str:
        """The end of a sentence that begins with what the expression is."""
        rest = text[self.end :][:_TEXT_MAX_CHARS]
        if not self.end:
            return f"does not match {rest!r}" + (f": it expects {self.expected}" if self.expected else "")
        asked = f"then expects {self.expected}, found {rest!r}" if self.expected else f"not on to {rest!r}"
        return f"goes as far as {text[: self.end][-_TEXT_MAX_CHARS:]!r} and {asked}"


def furthest(patterns: Iterable[str], flags: int, text: str) -> Reach | None:
    """The reach of the expression that goes furthest; None if none of them matches anything."""
    reaches = [reach(pattern, flags, text) for pattern in patterns]
    return max((each for each in reaches if each.end), key=lambda each: each.end, default=None)


def reach(pattern: str, flags: int, text: str) -> Reach:
    tree = parsed(pattern, flags)
    return _reach(tree, [], list(tree), flags, text, 0)


def _reach(tree: Any, before: list[Any], items: list[Any], flags: int, text: str, depth: int) -> Reach:
    for count in range(len(items), -1, -1):
        match = compiled(type(tree)(tree.state, [*before, *items[:count]]), flags).match(text)
        if match is not None:
            break
    else:
        return Reach(0, "")
    if count == len(items):
        return Reach(match.end(), _END)
    best = Reach(match.end(), _words(items[count:]))
    if depth < _DEPTH_MAX:
        for inner in _inside(items[count]):
            deeper = _reach(tree, [*before, *items[:count]], inner, flags, text, depth + 1)
            if deeper.end > best.end and deeper.expected != _END:
                best = deeper
    return best


def _inside(item: Any) -> Iterator[list[Any]]:
    """The items of a group, for each of its alternatives."""
    code, argument = item
    if code is codes.SUBPATTERN:
        yield list(argument[-1])
    elif code is codes.BRANCH:
        yield from map(list, argument[1])


def _words(items: list[Any]) -> str:
    """What the first required item of an expression expects."""
    while items and (items[0][0] in (codes.ASSERT, codes.ASSERT_NOT) or _may_be_missing(items[0])):
        items = items[1:]
    if not items:
        return _END
    code, argument = items[0]
    if code is codes.LITERAL:
        return repr(_literal(items))
    if code is codes.SUBPATTERN:
        return _words(list(argument[-1]))
    if code is codes.IN and argument in _DIGITS:
        return "a digit"
    if code in _REPEATS and _is_digits(list(argument[2])):
        least, most, _ = argument
        return f"{least} digits" if least == most else f"{least} to {most} digits"
    if code is codes.BRANCH:
        choices = [_literal(list(each)) for each in argument[1]]
        if all(choices) and len(choices) <= _CHOICES_MAX:
            return " or ".join(map(repr, choices))
    return ""


def _may_be_missing(item: Any) -> bool:
    return item[0] in _REPEATS and item[1][0] == 0


def _is_digits(inner: list[Any]) -> bool:
    return len(inner) == 1 and inner[0][0] is codes.IN and inner[0][1] in _DIGITS


def _literal(items: list[Any]) -> str:
    """The text that an expression begins with."""
    text = ""
    for code, argument in items:
        if code is not codes.LITERAL:
            break
        text += chr(argument)
    return text
