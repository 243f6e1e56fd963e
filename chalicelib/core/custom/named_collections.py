"""The member that a configuration names, whose array has the entries of a JSON file: detected in the file's head."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from chalicelib.core.framing import Framing, Kind
from chalicelib.core.framing.json.collections import elements_in
from chalicelib.core.framing.json.paths import path_of

FORMAT: Final = "json_values"
"""The format of such entries if no narrower one explains them."""


def collection_in(head: bytes, fields: Iterable[str]) -> tuple[Framing, bytes] | None:
    """The framing of a text with this head, if it is an object with an array under one of these names, and the first
    elements of the array, one per line. None if it opens no such array."""
    for framing in (each for field in fields for each in _framings(field)):
        elements = elements_in(head, framing)
        if elements is not None:
            return framing, elements
    return None


def _framings(field: str) -> list[Framing]:
    """The framings for a name, which may contain dots, and for a path of several names."""
    path = path_of(field)
    named = [Framing(kind=Kind.JSON, member=field)]
    return named if path == (field,) else [*named, Framing(kind=Kind.JSON, path=path)]
