"""The attribute names of object members: by a table, else the product's prefix and the member's own name.

A table's entry is an attribute, or ``kind:attribute`` with a kind of `notation`: then the member's text is read like a
field of a template.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, TypeAlias

from chalicelib.core.formats.kinds import number
from chalicelib.core.formats.nested import add
from chalicelib.core.formats.notation import put_of

if TYPE_CHECKING:
    from chalicelib.core.formats.json_text import Fields
    from chalicelib.core.formats.notation import Put
    from chalicelib.core.records import Value

Target: TypeAlias = "tuple[str, Put | None, str]"
"""The attribute, how a text is put, and the name that this is put under: ``endpoint:client`` is `client.address`."""

_NONE: Final[Mapping[str, str]] = MappingProxyType({})
_NAMES_MAX: Final = 8192
_WORD_ENDS: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_NO_NAME: Final = re.compile(r"[^a-z0-9_.#:/$]++")
_HEADERS: Final = ("http.request.header.", "http.response.header.", "user_agent.original")
_AGENT: Final = "http.request.header.user_agent"


def snake_case(name: str) -> str:
    """eventSource → event_source, x-amz-id-2 → x_amz_id_2; dots stay."""
    return _in_small(_WORD_ENDS.sub("_", name))


def target_of(entry: str | Target) -> Target:
    """The target of a table's entry. Raises KeyError for an unknown kind."""
    if isinstance(entry, tuple):
        return entry
    kind, colon, name = entry.rpartition(":")
    if not colon:
        return entry, put_of(entry, "text"), entry
    return f"{name}.address" if kind == "endpoint" else name, put_of(name, kind), name


class Naming(dict[str, Target]):
    """Member → its target, cached.

    prefixes: prefix of members → prefix of their attributes, for names that are written in many ways, such as headers.
    infers: whether a text without an entry may be a number.
    """

    def __init__(
        self,
        prefix: str,
        table: Mapping[str, str | Target],
        prefixes: Mapping[str, str] = _NONE,
        *,
        infers: bool = False,
    ) -> None:
        self._table = {name: target_of(entry) for name, entry in table.items()}
        super().__init__(self._table)
        self._prefix = prefix
        self._prefixes = prefixes
        self._put = _infer if infers else None

    def __missing__(self, name: str) -> Target:
        if len(self) >= _NAMES_MAX:
            self.clear()
            self.update(self._table)
        target = self[name] = self._target(name)
        return target

    def _target(self, name: str) -> Target:
        for start, prefix in self._prefixes.items():
            if name.startswith(start) and len(name) > len(start):
                attribute = prefix + _in_small(name[len(start) :])
                plain = "user_agent.original" if attribute == _AGENT else attribute
                return plain, put_of(plain, "text") or self._put, plain
        attribute = f"{self._prefix}.{snake_case(name).strip('_') or '_'}"
        return attribute, self._put, attribute

    def fields_of(self, members: Fields) -> Fields:
        """The attributes of members with a value: not null, ``""``, ``-``, ``{}`` or ``[]``. A repeated value counts
        once; another value of the same attribute gets ``#2``, ``#3`` …"""
        fields: Fields = {}
        repeats: dict[str, int] = {}
        for member, value in members.items():
            if (not value and (value is None or type(value) in _MAY_BE_EMPTY)) or value == "-":
                continue
            attribute, put, name = self[member]
            if type(value) is list and len(value) == 1 and attribute.startswith(_HEADERS):
                value = value[0]  # noqa: PLW2901 - the header itself
            if put is None or type(value) is not str:
                if attribute in fields:
                    _set(fields, repeats, attribute, value)
                else:
                    fields[attribute] = value
                continue
            typed: Fields = {}
            put(typed, name, value)
            for attribute, value in typed.items():  # noqa: PLW2901 - those that the text holds
                _set(fields, repeats, attribute, value)
        return fields


_MAY_BE_EMPTY: Final = frozenset((str, list, dict))


def _set(fields: Fields, repeats: dict[str, int], name: str, value: Value) -> None:
    if name not in fields:
        fields[name] = value
    elif fields[name] != value:
        add(fields, repeats, name, value)


def _infer(fields: Fields, name: str, text: str) -> None:
    fields[name] = number(text)


def _in_small(name: str) -> str:
    return _NO_NAME.sub("_", name.lower())
