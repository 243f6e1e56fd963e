"""Which settled files become notices; decided when the file is opened."""

from __future__ import annotations

from enum import StrEnum


class Telling(StrEnum):
    ALL = "all"

    ATTENTION = "attention"
    """Not that it is COMPLETE."""

    NONE = "none"


def telling_named(name: str) -> Telling:
    """Of a plan. What only newer code knows is told: nothing else depends on it."""
    return Telling(name) if name in tuple(Telling) else Telling.ALL
