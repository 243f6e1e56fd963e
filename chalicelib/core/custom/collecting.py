"""The member that a configuration names, whose array holds the entries of a file of JSON: seen in its head."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import orjson

from chalicelib.core.entries import entries_in
from chalicelib.core.framing import Framing, Kind, Run
from chalicelib.core.json_paths import path_of

FORMAT: Final = "json_values"
"""The format of such entries where no narrower one explains them."""


def collection_in(head: bytes, fields: Iterable[str]) -> tuple[Framing, bytes] | None:
    """How a text of this head is framed where it is an object that holds an array of one of these names;
    and the array's first elements, a line each. None where it opens no such array."""
    for framing in (each for field in fields for each in _framings(field)):
        elements = elements_in(head, framing)
        if elements is not None:
            return framing, elements
    return None


def elements_in(head: bytes, framing: Framing) -> bytes | None:
    """The first elements of the array that a framing names, a line each; None where the head opens no such array."""
    elements: list[bytes] = []
    opened = False
    for piece in entries_in([head], framing, 0, max(1, len(head)), aligned=True):
        if not isinstance(piece, Run):
            continue
        opened = opened or (
            piece.context is not None and piece.context.lstrip("\ufeff \t\r\n").startswith("{")
        )
        begins = [0, *piece.ends]
        for number, end in enumerate(piece.ends):
            if opened and number not in (piece.gaps or ()):
                elements += _line(piece.data[begins[number] : end])
    return b"".join(elements) if opened else None


def _framings(field: str) -> list[Framing]:
    """By a name, which may have points in it, and by a way of several names."""
    path = path_of(field)
    named = [Framing(kind=Kind.JSON, member=field)]
    return named if path == (field,) else [*named, Framing(kind=Kind.JSON, path=path)]


def _line(element: bytes) -> list[bytes]:
    """An element as a line; none where it is cut off, or no JSON."""
    try:
        return [orjson.dumps(orjson.loads(element)) + b"\n"]
    except orjson.JSONDecodeError:
        return []
