"""Where the records and rejects of a file are stored, and in which layout; decided when the file is opened.

Its destinations are the records table, unless the layout is `none`, and the sink, if the stage has one. A batch is done
when every destination has it.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TypeVar


class Layout(StrEnum):
    ITEMS = "items"
    """Each entry is an item of the records table."""

    PACKED = "packed"
    """The entries of a batch that begin in one MiB of the text are a segment (`segments`) of the table."""

    NONE = "none"
    """The table has no items of the file; its sink has the rows."""


class Sink(StrEnum):
    NONE = "none"

    PARQUET = "parquet"
    """Each batch is an object in the results bucket (`parquet`)."""


_Named = TypeVar("_Named", Layout, Sink)


def layout_named(name: str) -> Layout:
    """The layout in a plan or a message; raises ValueError, with the remedy, for one that only newer code knows."""
    return _named(Layout, "layout", name)


def sink_named(name: str) -> Sink:
    """The sink in a plan or a message; as `layout_named`."""
    return _named(Sink, "sink", name)


def _named(kind: type[_Named], what: str, name: str) -> _Named:
    try:
        return kind(name)
    except ValueError:
        *others, last = kind
        known = f"{', '.join(others)} and {last}"
        raise ValueError(f"its {what} is {name!r}; this Froe knows {known}: deploy a newer one") from None
