"""How the records and rejects of a file lie in the records table; decided when the file is opened."""

from __future__ import annotations

from enum import StrEnum


class Layout(StrEnum):
    ITEMS = "items"
    """Each entry is an item."""

    PACKED = "packed"
    """The entries of a batch that begin in one MiB of the text are a segment (`segments`)."""


def layout_named(name: str) -> Layout:
    """Of a plan or a message; raises ValueError, with the remedy, for a layout that only newer code knows."""
    try:
        return Layout(name)
    except ValueError:
        known = " and ".join(Layout)
        raise ValueError(f"its layout is {name!r}; this Froe knows {known}: deploy a newer one") from None
