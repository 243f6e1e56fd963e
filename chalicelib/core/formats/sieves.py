"""The sieves of many formats, asked of a line together: which of them it may be of.

Most are passed over by the line's first character, or for a text that every entry of the format holds;
one that formats share is asked once. What is found is what asking each by itself finds. No format is imported
for it: `index.json`, made by `make docs`, has what is asked of the built-in ones (`froe/format_index.py` says what).
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol, TypeAlias

import orjson

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from chalicelib.core.formats import Format

_Contains: TypeAlias = "tuple[tuple[str, ...], ...]"

_BEYOND_ASCII: Final = "\x80"
"""Stands for every character beyond ASCII."""
_KEPT_MAX: Final = 4096


class _Group:
    """Formats of one sieve. needs and contains: what a line must hold for the sieve, and for the formats. match: the sieve, compiled
    when a line holds all that; it takes up to milliseconds. places: those of the formats."""

    __slots__ = ("contains", "match", "needs", "places", "sieve")

    def __init__(
        self, sieve: str, needs: tuple[str, ...], contains: _Contains, places: tuple[int, ...]
    ) -> None:
        self.sieve = sieve
        self.needs = needs
        self.contains = contains
        self.places = places
        self.match: Callable[[str], object] | None = None


class Sieved(Protocol):
    """A format, or what the index says of one."""

    @property
    def sieve(self) -> str | None: ...

    @property
    def contains(self) -> _Contains: ...


class Candidate(NamedTuple):
    """What the index says of a format. The members are those of `Format`."""

    name: str
    sieve: str | None
    contains: _Contains
    alone: bool
    specificity: float
    programs: tuple[str, ...]


_INDEX: Final = orjson.loads(Path(__file__).with_name("index.json").read_bytes())
_TRAITS: Final[dict[str, tuple[int, int, tuple[str, ...]]]] = {
    sieve: (int(begins, 16), lacks, tuple(needs)) for sieve, begins, lacks, needs in _INDEX["traits"]
}
CANDIDATES: Final = tuple(
    Candidate(name, sieve, tuple(map(tuple, contains)), alone, specificity, tuple(programs))
    for name, sieve, contains, alone, specificity, programs in _INDEX["formats"]
)
"""Every built-in format, in the order in which detection breaks a tie."""


class Sieves:
    """Give it a line; it gives the places, in the order of `formats`, of those that it may be one of."""

    __slots__ = ("_alike", "_begin", "_groups", "_known", "_lack", "_traits")

    def __init__(self, formats: Iterable[Sieved]) -> None:
        self._alike: dict[tuple[str, _Contains], list[int]] = {}
        for place, known in enumerate(formats):
            self._alike.setdefault((known.sieve or "", known.contains), []).append(place)
        self._traits = [_traits_of(sieve) for sieve, _ in self._alike]
        self._known: dict[tuple[object, ...], tuple[_Group, ...]] = {}
        self._groups: dict[int, _Group] = {}
        self._begin: dict[str, int] = {}
        self._lack: dict[int, int] = {}

    def __call__(self, line: str) -> list[int]:
        first = line[:1]
        look = (
            min(first, _BEYOND_ASCII), ":" in line, "-" in line, "/" in line, '"' in line,
            "[" in line, "=" in line, "," in line, "." in line,
        )  # fmt: skip
        groups = self._known.get(look)
        if groups is None:
            groups = self._groups_for(look)
        numbers: list[int] = []
        for group in groups:
            for need in group.needs:
                if need in line:
                    break
            else:
                continue
            for texts in group.contains:
                for text in texts:
                    if text in line:
                        break
                else:
                    break
            else:
                match = group.match
                if match is None:
                    match = group.match = matcher(group.sieve)
                if match(line) is not None:
                    numbers += group.places
        if len(numbers) > 1:
            numbers.sort()
        return numbers

    def _groups_for(self, look: tuple[Any, ...]) -> tuple[_Group, ...]:
        """Those of the sieves that lines which begin and hold marks like this one may match."""
        if len(self._known) >= _KEPT_MAX:
            self._known.clear()
        first, *has_marks = look
        may_be = self._beginning(first) if first else -1
        for mark, has_it in enumerate(has_marks):
            if not has_it:
                may_be &= self._lacking(mark)
        groups = self._known[look] = tuple(
            self._group(number, *alike) for number, alike in enumerate(self._alike) if may_be >> number & 1
        )
        return groups

    def _group(self, number: int, sieve: str, contains: _Contains) -> _Group:
        group = self._groups.get(number)
        if group is None:
            places = tuple(self._alike[sieve, contains])
            group = self._groups[number] = _Group(sieve, self._traits[number][2], contains, places)
        return group

    def _beginning(self, first: str) -> int:
        """Of which groups a line may begin with a character: a bit for each."""
        bits = self._begin.get(first)
        if bits is None:
            code = ord(first)
            bits = self._begin[first] = _bits(begins >> code & 1 for begins, _, _ in self._traits)
        return bits

    def _lacking(self, mark: int) -> int:
        """Of which groups a line may lack a mark: a bit for each."""
        bits = self._lack.get(mark)
        if bits is None:
            bits = self._lack[mark] = _bits(lacks >> mark & 1 for _, lacks, _ in self._traits)
        return bits


def _bits(answers: Iterable[int]) -> int:
    return sum(answer << number for number, answer in enumerate(answers))


def _traits_of(sieve: str) -> tuple[int, int, tuple[str, ...]]:
    traits = _TRAITS.get(sieve)
    if traits is None:
        from chalicelib.core.formats.sieve_trees import traits_of  # no format of ours needs it

        traits = traits_of(sieve)
    return traits


@lru_cache(2048)
def matcher(expression: str) -> Callable[[str], object]:
    """Matches the beginning of a text."""
    return re.compile(expression).match


@cache
def sieves_of_all() -> Sieves:
    """The places are those in `CANDIDATES`."""
    return Sieves(CANDIDATES)


@lru_cache(512)
def sieve_of(known: Format) -> Callable[[str], list[int]]:
    """Whether a line may be one of a format: an empty list where it cannot."""
    return Sieves((known,))
