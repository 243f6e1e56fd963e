"""How much of a batch has been written, so that nothing is written twice.

It applies to exactly those items: code that makes other items of the same batch starts again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final
from zlib import crc32

_RANGES_MAX: Final = 12
"""One range per writing thread, and the rest. With more, the gaps between them are written again."""

Range = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Progress:
    """unwritten: ranges of positions among the items, in order, their ends excluded. units, milliseconds: write units
    and time used so far."""

    fingerprint: int
    unwritten: tuple[Range, ...]
    units: int = 0
    milliseconds: int = 0

    def narrowed(self, unwritten: Iterable[Range]) -> Progress:
        """After more of the rest is written: `unwritten` are ranges of positions among the rest."""
        left: list[Range] = []
        for begin, end in unwritten:
            before = 0
            for first, last in self.unwritten:
                shift = first - before
                start, stop = max(begin + shift, first), min(end + shift, last)
                if start < stop:
                    left.append((start, stop))
                before += last - first
        return replace(self, unwritten=_few(left))

    def after(self, units: int, milliseconds: int) -> Progress:
        """After so much more was used."""
        return replace(self, units=self.units + units, milliseconds=self.milliseconds + milliseconds)

    @classmethod
    def of(cls, items: Sequence[bytes], unwritten: Iterable[Range]) -> Progress:
        return cls(fingerprint_of(items), _few(unwritten))

    def rest_of(self, items: Sequence[bytes]) -> Sequence[bytes]:
        """The items that are still to be written."""
        return [item for begin, end in self.unwritten for item in items[begin:end]]

    def encode(self) -> str:
        """A short line: ``fingerprint:begin-end,…:units:milliseconds``."""
        ranges = ",".join(f"{begin}-{end}" for begin, end in self.unwritten)
        return f"{self.fingerprint:x}:{ranges}:{self.units}:{self.milliseconds}"


def decoded(text: str) -> Progress | None:
    """Decodes what `encode` gave; None for anything else: then nothing is known."""
    try:
        fingerprint, ranges, *used = text.split(":")
        pairs = (pair.split("-") for pair in ranges.split(",") if pair)
        units, milliseconds = map(int, used or (0, 0))
        left = _few((int(begin), int(end)) for begin, end in pairs)
        return Progress(int(fingerprint, 16), left, units, milliseconds)
    except ValueError:
        return None


def is_whole(text: str) -> bool:
    """Whether all items were written, according to an encoded progress."""
    known = decoded(text)
    return known is not None and not known.unwritten


def fingerprint_of(items: Sequence[bytes]) -> int:
    digest = 0
    for item in items:
        digest = crc32(item, digest)
    return digest


def merged(unsorted: Iterable[Range]) -> list[Range]:
    """The ranges in order; those that touch or overlap become one."""
    ranges: list[Range] = []
    for begin, end in sorted(unsorted):
        if ranges and ranges[-1][1] >= begin:
            before = ranges.pop()
            ranges.append((before[0], max(before[1], end)))
        else:
            ranges.append((begin, end))
    return ranges


def _few(unsorted: Iterable[Range]) -> tuple[Range, ...]:
    ranges = merged(unsorted)
    if len(ranges) > _RANGES_MAX:
        ranges[_RANGES_MAX - 1 :] = [(ranges[_RANGES_MAX - 1][0], ranges[-1][1])]
    return tuple(ranges)
