"""Lines that carry the line of another: one record of both.

The carrier's time stays the record's; severity, body and attributes are the carried line's. Where both
have an attribute of one name the carried one gets ``#2``, ``#3`` … Three attributes say what was done:
`log.record.format` (the format of the carried line), `log.record.timestamp` (its own time), and
`log.record.original` (its text, where the body is not all of it).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from chalicelib.core.formats.kinds import TEXT_SUFFIX, put
from chalicelib.core.formats.traces import add_exception
from chalicelib.core.framing.colours import without_colours
from chalicelib.core.records import Record

if TYPE_CHECKING:
    from chalicelib.core.formats import Explain
    from chalicelib.core.records import Value

When: TypeAlias = "tuple[str | None, str | None]"
"""A record's time stamp and what of it was assumed."""


def carried(
    explain: Explain, text: str, stamp: When, fields: dict[str, Value], program: str | None = None
) -> Record:
    """The record of a carrier with these fields, and of the text that it carries (no line end at its end).

    A text that no format explains is the body. Of several lines that no format explains together, the first is explained
    by itself; the others belong to its body, and a trace in them is typed. program: the one that wrote it, where that is known.
    """
    if "\x1b" in text:
        text = without_colours(text)
    explained = explain(text, program) if text and not text.isspace() else None
    if explained is not None:
        return of_both(explained, text, stamp, fields)
    first, is_longer, rest = text.partition("\n")
    if is_longer:
        explained = explain(first, program) if first and not first.isspace() else None
        if explained is not None:
            return of_both(explained, text, stamp, fields, rest)
        if rest:
            add_exception(fields, text)
    return tuple.__new__(Record, (stamp[0], stamp[1], None, None, text or None, fields))


def of_both(
    explained: tuple[str, Record], text: str, stamp: When, fields: dict[str, Value], rest: str = ""
) -> Record:
    """The record of a carrier and of what its text is explained as. rest: what the text has behind that."""
    name, (timestamp, assumed, word, number, body, inner) = explained
    if rest:
        body = f"{body or ''}\n{rest}"
        add_exception(inner, body)
    add_all(fields, inner)
    fields.setdefault("log.record.format", name)
    if stamp[0] is None:
        stamp = timestamp, assumed
    elif timestamp is not None and timestamp != stamp[0]:
        fields.setdefault("log.record.timestamp", timestamp)
    if body != text:
        fields.setdefault("log.record.original", text)
    return tuple.__new__(Record, (stamp[0], stamp[1], word, number, body, fields))


def add_all(fields: dict[str, Value], more: dict[str, Value]) -> None:
    """Adds attributes; a name that is taken gets ``#2``, ``#3`` …"""
    if fields.keys().isdisjoint(more):
        fields.update(more)
        return
    for name, value in more.items():
        add(fields, {}, name, value)


def add_typed(fields: dict[str, Value], repeats: dict[str, int], name: str, text: str) -> None:
    """Adds a text as its attribute has it (`kinds.put`), under the first name that is free."""
    if name not in fields and name + TEXT_SUFFIX not in fields:
        put(fields, name, text)
        return
    typed: dict[str, Value] = {}
    put(typed, name, text)
    for own, value in typed.items():
        add(fields, repeats, own, value)


def add(fields: dict[str, Value], repeats: dict[str, int], name: str, value: Value) -> None:
    """Adds one attribute, under the first name of ``name``, ``name#2``, ``name#3`` … that is free.

    repeats: how often names were there; it keeps a thousand repetitions linear.
    """
    free = name
    while free in fields:
        repeats[name] = number = repeats.get(name, 1) + 1
        free = f"{name}#{number}"
    fields[free] = value
