"""What is said of a file that was verified, and how stored entries differ from those of the object."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from chalicelib.core.records import segments

SHOWN_MAX: Final = 20
"""Differences that are kept of a file; the others are counted."""
_ABSENT: Final = object()

Item: TypeAlias = dict[str, Any]
Keyed: TypeAlias = Mapping[tuple[Any, ...], Item]
"""Entries by a partition, a sort key and whatever tells apart those that have the same."""


@dataclass(frozen=True, slots=True)
class Difference:
    """where: `table`, `sink`, `ledger` or `receipt`. offset: of the entry, in the text; None where it is about more. stored,
    expected: None where there is nothing."""

    where: str
    what: str
    offset: int | None = None
    stored: Any = None
    expected: Any = None


@dataclass(slots=True)
class Verdict:
    """differences: the first of them; number: of all. unproved: why it cannot be said, where it cannot."""

    file_id: str
    key: str
    state: str
    entries: int = 0
    batches: int = 0
    bytes: int = 0
    number: int = 0
    differences: list[Difference] = field(default_factory=list)
    unproved: str | None = None

    @property
    def result(self) -> str:
        """`proved`, `differs` or `unproved`."""
        if self.number:
            return "differs"
        return "unproved" if self.unproved else "proved"

    def add(
        self, where: str, what: str, offset: int | None = None, stored: Any = None, expected: Any = None
    ) -> None:
        """One more difference, as `Difference` has it."""
        self.number += 1
        if len(self.differences) < SHOWN_MAX:
            self.differences.append(Difference(where, what, offset, stored, expected))

    def compare(
        self,
        where: str,
        stored: Keyed,
        expected: Keyed,
        exact: Callable[[Any], Any],
        plain: Callable[[Any], Any] = lambda value: value,
    ) -> None:
        """Add whatever differs between entries. exact: a value as it compares; plain: as people read it."""
        for key in sorted(stored.keys() | expected.keys(), key=lambda key: key[1:]):
            mine, other = stored.get(key), expected.get(key)
            offset = offset_in(key[1])
            if mine is None:
                self.add(where, "an entry is missing", offset, None, _brief(other, plain))
            elif other is None:
                what = "an entry is stored that the object does not have"
                self.add(where, what, offset, _brief(mine, plain))
            else:
                for name, one, another in _differing(mine, other, exact, plain):
                    self.add(where, f"{name} differs", offset, one, another)


def _differing(
    mine: Item, other: Item, exact: Callable[[Any], Any], plain: Callable[[Any], Any]
) -> Iterator[tuple[str, Any, Any]]:
    """Name, what is stored and what is expected; both with their types where people would read the same."""
    for name in sorted(mine.keys() | other.keys()):
        pair = [each.get(name, _ABSENT) for each in (mine, other)]
        if _ABSENT not in pair and exact(pair[0]) == exact(pair[1]):
            continue
        one, another = (None if value is _ABSENT else plain(value) for value in pair)
        if one == another:
            one, another = (None if value is _ABSENT else str(value) for value in pair)
        yield name, one, another


def offset_in(sk: str) -> int | None:
    """None where the key is none that Froe writes."""
    try:
        return segments.offset_in(sk)
    except ValueError:
        return None


def _brief(entry: Item | None, plain: Callable[[Any], Any]) -> Item | None:
    """What an entry is, without all that it says."""
    return entry and {
        name: plain(entry[name])
        for name in ("kind", "format", "timestamp", "body", "reason")
        if name in entry
    }
