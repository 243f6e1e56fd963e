"""Which values a rule of names redacts: attributes, and members of objects anywhere in lists."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any, Final

from chalicelib.core.custom.finders import SECRET_NAME
from chalicelib.core.records import Value

_REPEATED: Final = re.compile(r"(?:#[0-9]{1,9})+(?=\.|\Z)")
"""The suffix that distinguishes a repeated name from the first."""
_NAMES: Final = ("name", "Name", "key", "Key", "header", "Header")
_VALUES: Final = frozenset(("value", "Value", "values", "Values"))
"""Members of a pair that is written as an object, as headers in AWS WAF."""

_Hide = Callable[[Value], Value]


class Hiding:
    """fields: names, or prefixes of names with a final ``*``; secrets: whether names of secrets count too."""

    def __init__(self, fields: Iterable[str], *, secrets: bool) -> None:
        self._exact = frozenset(each for each in fields if not each.endswith("*"))
        self._begins = tuple(each[:-1] for each in fields if each.endswith("*"))
        self._secrets = secrets

    def __bool__(self) -> bool:
        return bool(self._exact or self._begins or self._secrets)

    def hides(self, name: str) -> bool:
        """Whether a value of that name is hidden; ``name#2`` is another ``name``."""
        name = _REPEATED.sub("", name) if "#" in name else name
        return (
            name in self._exact
            or (bool(self._begins) and name.startswith(self._begins))
            or (self._secrets and SECRET_NAME.search(name) is not None)
        )

    def inside(self, value: Any, names: tuple[str, ...], hide: _Hide) -> Value:
        """The value with its hidden parts replaced. names: by which its members may be named, from the record on and
        from each list on: an element of a list is a thing of its own."""
        if isinstance(value, list):
            return [self.inside(each, (*names, ""), hide) for each in value]
        if not isinstance(value, dict):
            return value  # type: ignore[no-any-return]
        of_pair = next((value[name] for name in _NAMES if isinstance(value.get(name), str)), None)
        made: dict[str, Value] = {}
        for name, each in value.items():
            called = _called(names, name)
            if any(map(self.hides, called)) or (
                of_pair is not None and name in _VALUES and any(map(self.hides, _called(names, of_pair)))
            ):
                made[name] = hide(each)
            else:
                made[name] = self.inside(each, called, hide)
        return made


def _called(names: tuple[str, ...], name: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(f"{before}.{name}" if before else name for before in names))
