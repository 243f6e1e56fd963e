"""The sieves of many formats, asked of a line together: which of them it may be of.

Most are passed over by the line's first character, or for a text that every entry of the format holds;
one that formats share is asked once. What is found is what asking each by itself finds.
"""

from __future__ import annotations

from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from chalicelib.core.formats.registry import all_formats
from chalicelib.core.formats.sieve_trees import ANY_TEXT, BEYOND_ASCII, matcher, may_begin, may_lack, needed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from chalicelib.core.formats import Format
    from chalicelib.core.formats.sieve_trees import AnyOf

_Contains: TypeAlias = "tuple[tuple[str, ...], ...]"
_Group: TypeAlias = "tuple[AnyOf, _Contains, Callable[[str], object], tuple[int, ...]]"
"""What a line must hold for the sieve and for the formats, the sieve, and the places of the formats."""

_MARKS: Final = (":", "-", "/", '"', "[", "=", ",", ".")
"""Sieves that need one which a line lacks are not asked of it."""
_KEPT_MAX: Final = 4096


class Sieves:
    """Give it a line; it gives the places, in the order of `formats`, of those that it may be one of."""

    __slots__ = ("_alike", "_known")

    def __init__(self, formats: Iterable[Format]) -> None:
        self._alike: dict[tuple[str, _Contains], list[int]] = {}
        for place, known in enumerate(formats):
            self._alike.setdefault((known.sieve or "", known.contains), []).append(place)
        self._known: dict[tuple[object, ...], tuple[_Group, ...]] = {}

    def __call__(self, line: str) -> list[int]:
        first = line[:1]
        look = (
            min(first, BEYOND_ASCII), ":" in line, "-" in line, "/" in line, '"' in line,
            "[" in line, "=" in line, "," in line, "." in line,
        )  # fmt: skip
        groups = self._known.get(look)
        if groups is None:
            groups = self._groups_for(look)
        found: list[int] = []
        for needs, contains, match, places in groups:
            for need in needs:
                if need in line:
                    break
            else:
                continue
            for texts in contains:
                for text in texts:
                    if text in line:
                        break
                else:
                    break
            else:
                if match(line) is not None:
                    found += places
        if len(found) > 1:
            found.sort()
        return found

    def _groups_for(self, look: tuple[Any, ...]) -> tuple[_Group, ...]:
        """Those of the sieves that lines which begin and hold marks like this one may match."""
        if len(self._known) >= _KEPT_MAX:
            self._known.clear()
        first, *has_marks = look
        missing = frozenset(ord(mark) for mark, has_it in zip(_MARKS, has_marks, strict=True) if not has_it)
        groups = self._known[look] = tuple(
            (next(iter(needed(sieve)), ANY_TEXT), contains, matcher(sieve), tuple(places))
            for (sieve, contains), places in self._alike.items()
            if (not first or may_begin(sieve, first)) and may_lack(sieve, missing)
        )
        return groups


@cache
def sieves_of_all() -> Sieves:
    """The places are those in `all_formats`."""
    return Sieves(all_formats())


@lru_cache(512)
def sieve_of(known: Format) -> Callable[[str], list[int]]:
    """Whether a line may be one of a format: an empty list where it cannot."""
    return Sieves((known,))
