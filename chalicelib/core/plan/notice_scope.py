"""Which settled files become notices; decided when the file is opened."""

from __future__ import annotations

from enum import StrEnum


class NoticeScope(StrEnum):
    ALL = "all"

    ATTENTION = "attention"
    """All settlings but COMPLETE."""

    NONE = "none"


def notice_scope_named(name: str) -> NoticeScope:
    """The value in a plan. One that only newer code knows is read as `all`: nothing else depends on it."""
    return NoticeScope(name) if name in tuple(NoticeScope) else NoticeScope.ALL
