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
"""An entry may be of several lines, and ``.`` takes them all."""
TYPES: Final = ("text", "int", "float", "bool")
KEY_SETTING: Final = "REDACTION_KEY"
KEY_MIN_CHARS: Final = 16
KINDS: Final = ("ip", "email", "card", "token")
"""What redaction finds by itself."""


class PatternError(Exception):
    """What is wrong with a pattern, and the remedy."""


@dataclass(frozen=True, slots=True)
class Field:
    """group: its name in the expression; name: of the attribute; type: one of `TYPES`, ``{kind}`` with one of the kinds of
    `notation`, None where unsaid."""

    group: str
    name: str
    type: str | None = None


@dataclass(frozen=True, slots=True)
class Limits:
    """The longest entries, in characters, that are tried: at first, where each repetition keeps what it
    took, and in full; None for any length. full is 0 where the first try says all there is to say."""

    first: int | None
    full: int | None


@dataclass(frozen=True, slots=True)
class FormatSpec:
    """severities: the source's words → severity names. body: the field that is the record's body.

    json: its entries are objects of JSON, which need no pattern; fields name members that get another name or type."""

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
    """All that is said of it holds. severity: at least this number; below: less than this one."""

    field: str | None = None
    pattern: str | None = None
    equals: tuple[str, ...] = ()
    severity: int | None = None
    below: int | None = None

    @property
    def needs_record(self) -> bool:
        """Whether it says something of fields, which a reject has none of."""
        return self.field is not None or self.severity is not None or self.below is not None


@dataclass(frozen=True, slots=True)
class FilterSpec:
    """keeps: whether what meets a condition is kept and all else is skipped, or the other way round.
    formats: of which entries it speaks; empty: of all."""

    name: str
    keeps: bool
    conditions: tuple[Condition, ...]
    formats: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RedactionSpec:
    """replacement: None: the rule's or the kind's name in brackets. hashed: a keyed hash instead.
    whole_rejects: whether the bytes of rejects go altogether, because its fields cannot be found there."""

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
    """Of objects whose key begins so: their format, character set, layout, notices and lane; None where it says nothing of
    one. family: the lane is only for formats of it."""

    prefix: str
    format: str | None = None
    charset: str | None = None
    layout: Layout | None = None
    notices: NoticeScope | None = None
    lane: str | None = None
    family: str | None = None


@dataclass(frozen=True, slots=True)
class Collection:
    """field: the member of an object of JSON whose array holds the entries, in objects whose key begins so."""

    field: str
    prefix: str = ""


@dataclass(frozen=True, slots=True)
class Rules:
    """What holds for a file. key_id: which key hashes were made with; None where none are."""

    formats: tuple[FormatSpec, ...] = ()
    filters: tuple[FilterSpec, ...] = ()
    redactions: tuple[RedactionSpec, ...] = ()
    key_id: str | None = None


@dataclass(frozen=True, slots=True)
class Config:
    """A whole configuration. text: what a plan carries; None where that is nothing. key: what hashes are
    keyed with; never stored. version: of those that were put for the stage; 0: the deployed one."""

    rules: Rules = field(default_factory=Rules)
    bindings: tuple[Binding, ...] = ()
    collections: tuple[Collection, ...] = ()
    text: str | None = None
    key: str = field(default="", repr=False)
    version: int = 0

    def format_bound_to(self, key: str) -> str | None:
        """The format that the longest prefix of an object's key is bound to."""
        bindings = [each for each in self.bindings if each.format and key.startswith(each.prefix)]
        return max(bindings, key=lambda each: len(each.prefix)).format if bindings else None

    def charset_bound_to(self, key: str) -> str | None:
        """Likewise its character set."""
        bindings = [each for each in self.bindings if each.charset and key.startswith(each.prefix)]
        return max(bindings, key=lambda each: len(each.prefix)).charset if bindings else None

    def layout_bound_to(self, key: str) -> Layout | None:
        """Likewise its layout."""
        bindings = [each for each in self.bindings if each.layout and key.startswith(each.prefix)]
        return max(bindings, key=lambda each: len(each.prefix)).layout if bindings else None

    def notices_bound_to(self, key: str) -> NoticeScope | None:
        """Likewise which of its settlings are told."""
        bindings = [each for each in self.bindings if each.notices and key.startswith(each.prefix)]
        return max(bindings, key=lambda each: len(each.prefix)).notices if bindings else None

    def lane_bound_to(self, key: str, family: str) -> str | None:
        """Likewise its lane; of two with the same prefix that of the format's family."""
        bindings = [
            each
            for each in self.bindings
            if each.lane and key.startswith(each.prefix) and each.family in {None, family}
        ]
        return (
            max(bindings, key=lambda each: (len(each.prefix), bool(each.family))).lane if bindings else None
        )

    def collections_of(self, key: str) -> list[str]:
        """The members that may hold the entries of an object of that key; of the longest prefix first."""
        collections = [each for each in self.collections if key.startswith(each.prefix)]
        return [each.field for each in sorted(collections, key=lambda each: -len(each.prefix))]


def key_id_of(key: str) -> str:
    """Tells keys apart and nothing else of them."""
    return hashlib.sha256(b"froe redaction key\0" + key.encode()).hexdigest()[:8]


def encoded(rules: Rules) -> str | None:
    """The rules as text, always the same for the same rules; None where there are none."""
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
    """Raises ValueError, KeyError or TypeError for a text that is none of ours."""
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
    """Without what is not said."""
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
