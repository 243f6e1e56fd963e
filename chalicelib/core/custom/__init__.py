"""What users configure: custom formats, filters, redaction. This module has what applies to one file."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from chalicelib.core.custom.filters import Filters
from chalicelib.core.custom.spec import Rules, decoded, key_id_of
from chalicelib.core.errors import PermanentError, TransientError
from chalicelib.core.formats import Format
from chalicelib.core.formats.registry import by_name
from chalicelib.core.framing import Kind
from chalicelib.core.records import FILTERED, Outcome, Skip

if TYPE_CHECKING:
    from chalicelib.core.custom.redaction import Redactions


class RedactionKeyError(TransientError):
    """REDACTION_KEY is not the key with which the file was opened; it may be corrected meanwhile."""

    code = "redaction-key"


@dataclass(frozen=True, slots=True)
class Custom:
    """formats: the user's own, which precede the built-in ones; several of one name differ only in their framing."""

    formats: tuple[Format, ...]
    filters: Filters
    redactions: Redactions | None

    def by_name(self, name: str) -> Format:
        """A format of the user's, or a built-in one; raises UnknownFormatError."""
        own = next((each for each in self.formats if each.name == name), None)
        return own or by_name(name)

    def named(self, name: str) -> tuple[Format, ...]:
        """All formats of the name, which differ in their framing; raises UnknownFormatError."""
        return tuple(each for each in self.formats if each.name == name) or (by_name(name),)

    @property
    def listed(self) -> tuple[Format, ...]:
        """One format of each name, as users know them."""
        return tuple({each.name: each for each in reversed(self.formats)}.values())[::-1]

    @property
    def names_of_json(self) -> tuple[str, ...]:
        """The names of the user's formats of JSON."""
        return tuple(each.name for each in self.formats if each.framing.kind is Kind.JSON)

    @property
    def changes_outcomes(self) -> bool:
        return bool(self.filters or self.redactions)

    def applied(self, outcome: Outcome, format_name: str) -> Outcome:
        """The outcome as it may be stored: filtered, then redacted. format_name: the file's."""
        if isinstance(outcome.result, Skip):
            return outcome
        dropped_by = self.filters.dropped_by(outcome, outcome.format or format_name)
        if dropped_by is not None:
            return outcome._replace(result=Skip(f"{FILTERED}{dropped_by}"))
        return self.redacted(outcome, format_name)

    def redacted(self, outcome: Outcome, format_name: str) -> Outcome:
        if self.redactions is None:
            return outcome
        return self.redactions.applied(outcome, outcome.format or format_name, format_name)


NOTHING = Custom((), Filters(()), None)
"""Nothing is configured."""


@lru_cache(16)
def custom_of(text: str | None, key: str) -> Custom:
    """The configuration in a plan. key: REDACTION_KEY, empty if there is none.

    Raises PermanentError for a text that Froe did not write, RedactionKeyError if it needs another key.
    """
    if text is None:
        return NOTHING
    try:
        rules = decoded(text)
    except (ValueError, KeyError, TypeError) as error:
        raise PermanentError(f"the configuration of the file cannot be read: {error}") from error
    if rules.key_id is not None and (not key or rules.key_id != key_id_of(key)):
        raise RedactionKeyError(
            f"REDACTION_KEY is {'another' if key else 'not set'}: the file was opened with the key {rules.key_id};"
            " put that one back until its files are settled"
        )
    return made_of(rules, key)


def made_of(rules: Rules, key: str) -> Custom:
    """Imports only what the rules need; most files need nothing."""
    formats: tuple[Format, ...] = ()
    redactions = None
    if rules.formats:
        from chalicelib.core.custom.formats import formats_of

        formats = tuple(known for each in rules.formats for known in formats_of(each))
    if rules.redactions:
        from chalicelib.core.custom.redaction import Redactions

        redactions = Redactions(rules.redactions, key)
    return Custom(formats, Filters(rules.filters), redactions)
