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
from chalicelib.core.formats.kinds import place_addresses, settle
from chalicelib.core.records import Record

if TYPE_CHECKING:
    from collections.abc import Callable

    from chalicelib.core.formats import Format, Parse, ParseContext
    from chalicelib.core.records import Reject, Value

_FAMILIES: Final = (aws, containers, security, systems, web, databases, applications, general)
_MODULES: Final = {
    name: f"{family.__name__}.{module}"
    for family in _FAMILIES
    for module, names in family.MODULES.items()
    for name in names
}

FAMILIES: Final = (*(family.__name__.rsplit(".", 1)[-1] for family in _FAMILIES), "custom")
"""What `family_of` gives."""

_TAKEN_OVER: Final = frozenset(
    ("aws_cloudtrail", "aws_guardduty", "aws_waf", "aws_network_firewall", "aws_route53_resolver", "aws_api_gateway", "aws_api_gateway_clf",
     "aws_cloudfront", "aws_cloudfront_json", "aws_cloudfront_realtime", "aws_securityhub", "kubernetes_audit", "gcp_log_entry", "azure_records",
     "iptables", "asterisk", "mikrotik", "dovecot", "exim", "windows_event_xml", "windows_event_text", "auditd", "laurel", "journald_json",
     "journald_export", "w3c_extended", "iis", "caddy", "caddy_console", "traefik_json", "nginx_json", "envoy_json", "fastly", "cloudflare", "kong",
     "squid", "postgresql", "postgresql_csv", "postgresql_json", "mysql_slow", "mongodb_json", "elasticsearch", "elasticsearch_json", "db2diag",
     "monolog", "ecs", "gelf", "authentik", "openappsec", "vault_audit", "teleport_audit", "gitlab_api_json", "rails_json", "structlog", "heroku",
     "docker_compose")
)  # fmt: skip
"""Formats that take names of a product over for texts that they do not look at, as all of security do."""

_PLACED: Final = frozenset(("access_common", "access_combined", "aws_vpc_flow"))
"""Formats of many lines that look at addresses themselves."""

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
            if name in _PLACED:
                return known
            settled = name in _TAKEN_OVER or ".security." in _MODULES[name]
            return replace(
                known, make_parser=_settling(known.make_parser, settle if settled else place_addresses)
            )
    raise AssertionError(f"{_MODULES[name]} has no format {name!r}")


def _settling(
    make_parser: Callable[[ParseContext], Parse], settle: Callable[[dict[str, Value]], None]
) -> Callable[[ParseContext], Parse]:
    """The parsers' records with typed attributes that are what their names say."""

    def make(context: ParseContext) -> Parse:
        parse = make_parser(context)

        def settled(entry: str) -> Record | Reject:
            result = parse(entry)
            if type(result) is Record:
                settle(result[5])
            return result

        return settled

    return make


@cache
def all_formats() -> tuple[Format, ...]:
    return tuple(by_name(name) for name in NAMES)


def family_of(name: str) -> str:
    """The family of a format: web, aws, systems …; `custom` for one of the user's."""
    return _MODULES[name].split(".")[-2] if name in _MODULES else FAMILIES[-1]
