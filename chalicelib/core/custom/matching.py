"""Matching in bounded time: expressions whose time is linear, or superlinear up to a limited length only (`proofs`)."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import TypeAlias

from chalicelib.core.custom.spec import FLAGS, Limits

_Match: TypeAlias = "Callable[[str], re.Match[str] | None]"


class TooSlowError(Exception):
    """An entry is too long for what its expression might do with it."""


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
        result = self._first(entry)
        if result is not None or limits.full == 0:
            return result
        if limits.full is not None and len(entry) > limits.full:
            raise TooSlowError
        return self._full(entry)


@lru_cache(256)
def _patterns(pattern: str, *, two: bool) -> tuple[_Match, _Match]:
    full = re.compile(pattern, FLAGS).fullmatch
    if not two:
        return full, full
    from chalicelib.core.custom.possessive import compiled_as_committed  # few expressions need it

    return compiled_as_committed(pattern, FLAGS).fullmatch, full
