"""What two configurations say differently, in words."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Final

from chalicelib.core.custom.spec import Config

_KINDS: Final[Mapping[str, tuple[Callable[[Config], Sequence[Any]], Callable[[Any], str]]]] = {
    "format": (lambda config: config.rules.formats, lambda each: each.name),
    "binding": (lambda config: config.bindings, lambda each: each.prefix),
    "collection": (lambda config: config.collections, lambda each: f"{each.field} {each.prefix}".rstrip()),
    "filter": (lambda config: config.rules.filters, lambda each: each.name),
    "redaction": (lambda config: config.rules.redactions, lambda each: each.name),
}
"""What there is of it, and how each is called."""
_WORDS: Final[Mapping[str, str]] = {
    "limits": "pattern",
    "time_field": "time",
    "time_format": "time",
    "zone": "time",
    "severity_field": "severity",
    "severities": "severity",
    "framing": "multiline",
    "keeps": "include or exclude",
    "replacement": "with",
    "hashed": "hash",
    "whole_rejects": "rejects",
}
"""Attribute → the word of `froe.toml`, where it is another one."""
_NO_MATTER: Final = ("source",)
"""Where nothing says it, it is the name of the file."""


@dataclass(frozen=True, slots=True)
class Difference:
    """kind: a format, a binding, …; name: its name or prefix. change: `added`, `removed`, `changed` or `reordered`. what: the
    keys that changed."""

    kind: str
    name: str
    change: str
    what: tuple[str, ...] = ()

    def __str__(self) -> str:
        if self.change == "reordered":
            return f"{self.kind}s: in another order"
        detail = f": {', '.join(self.what)}" if self.what else ""
        return f"{self.kind} {self.name or 'of every key'} {self.change}{detail}"


def differences(before: Config, after: Config) -> list[Difference]:
    """In the order of the kinds and of what comes after."""
    return [difference for kind in _KINDS for difference in _of_kind(kind, before, after)]


def _of_kind(kind: str, before: Config, after: Config) -> Iterator[Difference]:
    parts, name_of = _KINDS[kind]
    old = {name_of(each): each for each in parts(before)}
    new = {name_of(each): each for each in parts(after)}
    yield from (Difference(kind, name, "removed") for name in old if name not in new)
    for name, each in new.items():
        if name not in old:
            yield Difference(kind, name, "added")
        elif what := _changed(old[name], each):
            yield Difference(kind, name, "changed", what)
    if [name for name in old if name in new] != [name for name in new if name in old]:
        yield Difference(kind, "", "reordered")


def _changed(old: Any, new: Any) -> tuple[str, ...]:
    named = (field.name for field in fields(old) if field.name not in _NO_MATTER)
    names = (name for name in named if getattr(old, name) != getattr(new, name))
    return tuple(dict.fromkeys(_WORDS.get(name, name) for name in names))
