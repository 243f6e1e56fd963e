"""The formats by name, and all of them, in the order in which detection breaks a tie."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Final

from chalicelib.core.formats import (
    applications,
    aws,
    containers,
    databases,
    general,
    security,
    systems,
    web,
)

if TYPE_CHECKING:
    from chalicelib.core.formats import Format

_FAMILIES: Final = (aws, containers, security, systems, web, databases, applications, general)
_MODULES: Final = {
    name: f"{family.__name__}.{module}"
    for family in _FAMILIES
    for module, names in family.MODULES.items()
    for name in names
}

NAMES: Final = tuple(_MODULES)
"""Of every format."""


class UnknownFormatError(KeyError):
    """No format has this name."""

    def __init__(self, name: str) -> None:
        """name: what was asked for."""
        super().__init__(name)
        self.name = name

    def __str__(self) -> str:
        return f"no format is called {self.name!r}; `froe formats` lists those known"


@cache
def by_name(name: str) -> Format:
    """The format of that name; raises UnknownFormatError."""
    if name not in _MODULES:
        raise UnknownFormatError(name)
    known: Format
    for known in import_module(_MODULES[name]).FORMATS:
        if known.name == name:
            return known
    raise AssertionError(f"{_MODULES[name]} has no format {name!r}")


@cache
def all_formats() -> tuple[Format, ...]:
    return tuple(by_name(name) for name in NAMES)


def family_of(name: str) -> str:
    """The family of a format: web, aws, systems …; `custom` for one of the user's."""
    return _MODULES[name].split(".")[-2] if name in _MODULES else "custom"
