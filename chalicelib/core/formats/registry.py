"""The formats by name, and all of them, in the order in which detection breaks a tie."""

from __future__ import annotations

from dataclasses import replace
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
from chalicelib.core.formats.kinds import settle
from chalicelib.core.records import Record

if TYPE_CHECKING:
    from collections.abc import Callable

    from chalicelib.core.formats import Format, Parse, ParseContext
    from chalicelib.core.records import Reject

_FAMILIES: Final = (aws, containers, security, systems, web, databases, applications, general)
_MODULES: Final = {
    name: f"{family.__name__}.{module}"
    for family in _FAMILIES
    for module, names in family.MODULES.items()
    for name in names
}

_SETTLED: Final = frozenset(
    ("text", "csv", "tsv", "json", "json_values", "logfmt", "key_value", "timestamped", "log4j", "bunyan", "pino", "docker_json", "k8s_cri",
     "syslog", "syslog_rfc3164", "syslog_rfc5424", "access_combined", "access_common", "access_vhost", "aws_alb", "aws_vpc_flow")
)  # fmt: skip
"""Formats that type each value where they find it, or carry others' lines: looking twice would slow them down."""

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
            return known if name in _SETTLED else replace(known, make_parser=_settling(known.make_parser))
    raise AssertionError(f"{_MODULES[name]} has no format {name!r}")


def _settling(make_parser: Callable[[ParseContext], Parse]) -> Callable[[ParseContext], Parse]:
    """The parsers' records with typed attributes that are what their names say."""

    def make(context: ParseContext) -> Parse:
        parse = make_parser(context)

        def settled(entry: str) -> Record | Reject:
            result = parse(entry)
            if isinstance(result, Record):
                settle(result.attributes)
            return result

        return settled

    return make


@cache
def all_formats() -> tuple[Format, ...]:
    return tuple(by_name(name) for name in NAMES)


def family_of(name: str) -> str:
    """The family of a format: web, aws, systems …; `custom` for one of the user's."""
    return _MODULES[name].split(".")[-2] if name in _MODULES else "custom"
