"""Whether globs leave anything over: a search among the states in which they can be after the first characters of a key.

Only characters that the globs tell apart are tried. Limits: after `_STATES_MAX` states it is taken for granted that something is left over.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from fnmatch import translate
from typing import Final, TypeAlias

_STATES_MAX: Final = 2000
_OTHER: Final = "\x01"
_TOKEN: Final = re.compile(r"\[!?\]?[^]]*\]|(?s:.)")

_Token: TypeAlias = re.Pattern[str] | None
"""What one character has to match; None: any number of characters."""
_State: TypeAlias = tuple[frozenset[int], ...]
"""For each glob, how many of its tokens may be behind what was read so far."""


def is_anything_left(taken: Iterable[str], left_out: Iterable[str]) -> bool:
    """Whether a text that is not empty matches one of the globs and none of those that leave out."""
    globs = [_tokens(each) for each in taken]
    count = len(globs)
    globs += [_tokens(each) for each in left_out]
    characters = _told_apart([*taken, *left_out])
    waiting: list[_State] = [tuple(_behind(tokens, {0}) for tokens in globs)]
    seen: set[_State] = set()
    for state in waiting:
        for character in characters:
            following = tuple(
                _after(tokens, places, character) for tokens, places in zip(globs, state, strict=True)
            )
            if following in seen or not any(following[:count]):
                continue
            matching = [len(tokens) in places for tokens, places in zip(globs, following, strict=True)]
            if (any(matching[:count]) and not any(matching[count:])) or len(seen) >= _STATES_MAX:
                return True
            seen.add(following)
            waiting.append(following)
    return False


def _tokens(glob: str) -> list[_Token]:
    return [None if each == "*" else re.compile(translate(each)) for each in _TOKEN.findall(glob)]


def _told_apart(globs: Iterable[str]) -> list[str]:
    """A character of each kind that the globs treat alike: theirs, the neighbours of those in a set, and another one."""
    characters = {_OTHER, "/"}
    for token in {token for glob in globs for token in _TOKEN.findall(glob)}:
        if len(token) == 1:
            characters |= {token} - {"*", "?"}
        else:
            characters |= {chr(max(1, ord(each) + step)) for each in token for step in (-1, 0, 1)}
    return sorted(characters)


def _behind(tokens: list[_Token], places: Iterable[int]) -> frozenset[int]:
    """The places, and those behind the stars at them."""
    reached = set()
    for place in places:
        reached.add(place)
        while place < len(tokens) and tokens[place] is None:
            place += 1  # noqa: PLW2901 - the stars that follow
            reached.add(place)
    return frozenset(reached)


def _after(tokens: list[_Token], places: frozenset[int], character: str) -> frozenset[int]:
    following = set()
    for place in places:
        if place == len(tokens):
            continue
        token = tokens[place]
        if token is None:
            following.add(place)
        elif token.match(character):
            following.add(place + 1)
    return _behind(tokens, following)
