"""Which settled files become notices; decided when the file is opened."""

from __future__ import annotations

from enum import StrEnum


class Telling(StrEnum):
    ALL = "all"

    ATTENTION = "attention"
    """All settlings but COMPLETE."""

    NONE = "none"


def telling_named(name: str) -> Telling:
    """The value in a plan. One that only newer code knows is read as `all`: nothing else depends on it."""
    return Telling(name) if name in tuple(Telling) else Telling.ALL
