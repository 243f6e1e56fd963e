"""A template's properties, which record what has been read: what nobody read was not translated."""

from __future__ import annotations

from collections.abc import ItemsView, Iterator
from typing import Any

from froe.terraform.values import NOTHING

_NONE = object()


class Watched(dict[str, Any]):
    """A JSON object; `unread` are the members of it, and of the objects in it, that were never asked for."""

    def __init__(self, members: dict[str, Any]) -> None:
        super().__init__({name: _watched(member) for name, member in members.items()})
        self._all = dict(super().items())
        self._read: set[str] = set()

    def unread(self) -> list[str]:
        actual = [] if self._all == NOTHING else [name for name in self._all if name not in self._read]
        within = (each for member in self._all.values() for each in _objects(member))
        return actual + [f"…{name}" for each in within for name in each.unread()]

    def __getitem__(self, name: str) -> Any:
        self._read.add(name)
        return super().__getitem__(name)

    def pop(self, name: str, default: Any = _NONE) -> Any:
        self._read.add(name)
        return super().pop(name) if default is _NONE else super().pop(name, default)

    def get(self, name: str, default: Any = None) -> Any:
        self._read.add(name)
        return super().get(name, default)

    def items(self) -> ItemsView[str, Any]:  # type: ignore[override]
        self._read |= set(self)
        return super().items()

    def __iter__(self) -> Iterator[str]:
        """Overridden so that `dict(…)` and `**…` ask for each member, which then counts as read."""
        return super().__iter__()


def _watched(node: Any) -> Any:
    if isinstance(node, dict):
        return Watched(node)
    return [_watched(member) for member in node] if isinstance(node, list) else node


def _objects(node: Any) -> Iterator[Watched]:
    if isinstance(node, Watched):
        yield node
    elif isinstance(node, list):
        for member in node:
            yield from _objects(member)
