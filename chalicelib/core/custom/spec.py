"""A checked configuration as plain values, and as the text that travels with a plan.

The text contains expanded expressions, so that a later version's definition of a grok name cannot
change the records of a file. Samples, titles and bindings are left out: an open file does not need them.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any, Final

import orjson

from chalicelib.core.framing import LINES, Framing, framing_of
from chalicelib.core.plan.layouts import Layout
from chalicelib.core.plan.notice_scope import NoticeScope

FLAGS: Final = re.DOTALL
"""An entry may have several lines, and ``.`` matches line ends."""
TYPES: Final = ("text", "int", "float", "bool")
KEY_SETTING: Final = "REDACTION_KEY"
KEY_MIN_CHARS: Final = 16
KINDS: Final = ("ip", "email", "card", "token")
"""Kinds that redaction finds by itself."""


class PatternError(Exception):
    """What is wrong with a pattern, and the remedy."""


@dataclass(frozen=True, slots=True)
class Field:
    """group: its name in the expression; name: of the attribute; type: one of `TYPES`, ``{kind}`` with one of the kinds
    of `notation`, None if not given."""

    group: str
    name: str
    type: str | None = None


@dataclass(frozen=True, slots=True)
class Limits:
    """The longest entries, in characters, that are tried: first in the possessive form, then in full; None for any
    length. full is 0 if the first try decides everything."""

    first: int | None
    full: int | None


@dataclass(frozen=True, slots=True)
class FormatSpec:
    """severities: the source's words → severity names. body: the field that is the record's body.

    json: its entries are JSON objects, which need no pattern; fields name the members that are renamed or typed.
    """

    name: str
    fields: tuple[Field, ...]
    limits: Limits
    specificity: float
    pattern: str = ""
    json: bool = False
    time_field: str | None = None
    time_format: str = "auto"
    zone: str | None = None
    severity_field: str | None = None
    severities: tuple[tuple[str, str], ...] = ()
    body: str | None = None
    framing: Framing = LINES
    title: str = ""
    source: str = ""
    samples: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Condition:
    """All of its conditions must hold. severity: the least number; below: the number that it must not reach."""

    field: str | None = None
    pattern: str | None = None
    equals: tuple[str, ...] = ()
    severity: int | None = None
    below: int | None = None

    @property
    def needs_record(self) -> bool:
        """Whether it has conditions on fields, which a reject does not have."""
        return self.field is not None or self.severity is not None or self.below is not None


@dataclass(frozen=True, slots=True)
class FilterSpec:
    """keeps: whether entries that meet a condition are kept and all others skipped, or the other way round. formats: to
    which it applies; empty: to all."""

    name: str
    keeps: bool
    conditions: tuple[Condition, ...]
    formats: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RedactionSpec:
    """replacement: None: the name of the rule or kind in brackets. hashed: a keyed hash instead. whole_rejects: whether
    the bytes of rejects are removed completely, because its fields cannot be found in them."""

    name: str
    fields: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    patterns: tuple[str, ...] = ()
    replacement: str | None = None
    hashed: bool = False
    formats: tuple[str, ...] = ()
    whole_rejects: bool = False


@dataclass(frozen=True, slots=True)
class Binding:
    """For objects with that prefix of the key: their format, character set, layout, notices and lane, each None if not
    given. family: the lane only applies to its formats."""

    prefix: str
    format: str | None = None
    charset: str | None = None
    layout: Layout | None = None
    notices: NoticeScope | None = None
    lane: str | None = None
    family: str | None = None


@dataclass(frozen=True, slots=True)
class Collection:
    """field: the member of a JSON object whose array has the entries, in objects with that prefix of the key."""

    field: str
    prefix: str = ""


@dataclass(frozen=True, slots=True)
class Rules:
    """What applies to a file. key_id: of the key for hashes; None if there are none."""

    formats: tuple[FormatSpec, ...] = ()
    filters: tuple[FilterSpec, ...] = ()
    redactions: tuple[RedactionSpec, ...] = ()
    key_id: str | None = None


@dataclass(frozen=True, slots=True)
class Config:
    """A whole configuration. text: what a plan carries; None for nothing. key: for hashes; never stored. version: of
    those put for the stage; 0: the deployed one."""

    rules: Rules = field(default_factory=Rules)
    bindings: tuple[Binding, ...] = ()
    collections: tuple[Collection, ...] = ()
    text: str | None = None
    key: str = field(default="", repr=False)
    version: int = 0

    def format_bound_to(self, key: str) -> str | None:
        """The format to which the longest matching prefix of an object's key is bound."""
        bindings = [each for each in self.bindings if each.format and key.startswith(each.prefix)]
        return max(bindings, key=lambda each: len(each.prefix)).format if bindings else None

    def charset_bound_to(self, key: str) -> str | None:
        """The character set, likewise."""
        bindings = [each for each in self.bindings if each.charset and key.startswith(each.prefix)]
        return max(bindings, key=lambda each: len(each.prefix)).charset if bindings else None

    def layout_bound_to(self, key: str) -> Layout | None:
        """The layout, likewise."""
        bindings = [each for each in self.bindings if each.layout and key.startswith(each.prefix)]
        return max(bindings, key=lambda each: len(each.prefix)).layout if bindings else None

    def notices_bound_to(self, key: str) -> NoticeScope | None:
        """Which settlings become notices, likewise."""
        bindings = [each for each in self.bindings if each.notices and key.startswith(each.prefix)]
        return max(bindings, key=lambda each: len(each.prefix)).notices if bindings else None

    def lane_bound_to(self, key: str, family: str) -> str | None:
        """The lane, likewise; of two bindings with the same prefix, the one for the format's family."""
        bindings = [
            each
            for each in self.bindings
            if each.lane and key.startswith(each.prefix) and each.family in {None, family}
        ]
        return (
            max(bindings, key=lambda each: (len(each.prefix), bool(each.family))).lane if bindings else None
        )

    def collections_of(self, key: str) -> list[str]:
        """The members that may have the entries of an object with that key; those of the longest prefix first."""
        collections = [each for each in self.collections if key.startswith(each.prefix)]
        return [each.field for each in sorted(collections, key=lambda each: -len(each.prefix))]


def key_id_of(key: str) -> str:
    """Identifies a key without revealing anything of it."""
    return hashlib.sha256(b"froe redaction key\0" + key.encode()).hexdigest()[:8]


def encoded(rules: Rules) -> str | None:
    """The rules as text, the same for the same rules; None if there are none."""
    if not (rules.formats or rules.filters or rules.redactions):
        return None
    stored = {
        "formats": [_stored_format(each) for each in rules.formats],
        "filters": [_stored(each) for each in rules.filters],
        "redactions": [_stored(each) for each in rules.redactions],
        "key_id": rules.key_id,
    }
    return orjson.dumps(stored, option=orjson.OPT_SORT_KEYS).decode()


def decoded(text: str) -> Rules:
    """Raises ValueError, KeyError or TypeError for a text that Froe did not write."""
    stored = orjson.loads(text)
    return Rules(
        tuple(_format(each) for each in stored["formats"]),
        tuple(_filter(each) for each in stored["filters"]),
        tuple(RedactionSpec(**_tuples(each)) for each in stored["redactions"]),
        stored["key_id"],
    )


def _stored_format(spec: FormatSpec) -> dict[str, Any]:
    stored = _stored(spec)
    for unneeded in ("title", "source", "samples"):
        stored.pop(unneeded, None)
    stored["fields"] = [[each.group, each.name, each.type] for each in spec.fields]
    stored["limits"] = [spec.limits.first, spec.limits.full]
    stored["framing"] = asdict(spec.framing) | {"kind": spec.framing.kind.value}
    return stored


def _stored(spec: Any) -> dict[str, Any]:
    """Without values that are not given."""
    return {
        name: value
        for name, value in asdict(spec).items()
        if value not in (None, (), [], "") and value is not False
    }


def _format(stored: dict[str, Any]) -> FormatSpec:
    severities = tuple((str(word), str(name)) for word, name in stored.pop("severities", ()))
    return FormatSpec(
        **stored
        | {
            "fields": tuple(Field(*each) for each in stored["fields"]),
            "limits": Limits(*stored["limits"]),
            "framing": framing_of(stored["framing"]),
            "severities": severities,
        }
    )


def _filter(stored: dict[str, Any]) -> FilterSpec:
    conditions = tuple(Condition(**_tuples(each)) for each in stored["conditions"])
    return FilterSpec(
        stored["name"], stored.get("keeps", False), conditions, tuple(stored.get("formats", ()))
    )


def _tuples(stored: dict[str, Any]) -> dict[str, Any]:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in stored.items()}


def names_of(specs: Iterable[FormatSpec]) -> list[str]:
    return [each.name for each in specs]
