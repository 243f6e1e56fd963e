"""Conditions on the fields of a record, as people type them: FIELD=VALUE, FIELD>=VALUE, FIELD~TEXT, FIELD."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from chalicelib.core.wire.fields import quoted
from chalicelib.pages import BadQueryError

CONDITIONS_MAX: Final = 8
CONDITION_MAX_CHARS: Final = 300
_WRITTEN: Final = re.compile(r"\s*([\w.@$/-]+?)\s*(?:(>=|<=|!=|=|>|<|~)\s*(.*?)\s*)?", re.DOTALL)
_OWN: Final = ("body", "format", "timestamp", "severity_text", "severity_number", "offset", "batch_id")
_ORDERS: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


@dataclass(frozen=True, slots=True)
class Condition:
    """field: an attribute, one within another, or one of the record's own fields. sign: empty if the field only has to
    be present."""

    field: str
    sign: str = ""
    value: str = ""

    @classmethod
    def of(cls, text: str) -> Condition:
        """Raises BadQueryError."""
        match = _WRITTEN.fullmatch(text) if len(text) <= CONDITION_MAX_CHARS else None
        if not match:
            raise BadQueryError(
                f"where is {quoted(text)}: give FIELD=VALUE, or with !=, <, <=, >, >= or ~ (contains), or FIELD alone, such as"
                f" http.response.status_code>=500, in at most {CONDITION_MAX_CHARS} characters"
            )
        return cls(match[1], match[2] or "", match[3] or "")

    def holds(self, record: Mapping[str, Any]) -> bool:
        """record: in the form of the HTTP API. Numbers are compared as numbers, everything else as text. An absent
        field is unequal to everything; a list meets a condition if one of its elements does."""
        own = self.field in _OWN
        values = list(_values(record if own else record.get("attributes") or {}, self.field))
        if self.sign == "!=":
            return not any(self._compares(value, "=") for value in values)
        return any(not self.sign or self._compares(value, self.sign) for value in values)

    def _compares(self, value: Any, sign: str) -> bool:
        if sign == "~":
            return self.value.casefold() in _text(value).casefold()
        order = _ORDERS[sign]
        if isinstance(value, int | float) and not isinstance(value, bool):
            try:
                return order(value, float(self.value))
            except ValueError:
                return False
        return order(_text(value), self.value)


def _values(holder: Mapping[str, Any], name: str) -> Iterator[Any]:
    """The values with that name. Names of attributes contain dots, and attributes may be nested."""
    if (value := holder.get(name)) is not None:
        yield from value if isinstance(value, list) else [value]
    for dot in (at for at, char in enumerate(name) if char == "."):
        if isinstance(inner := holder.get(name[:dot]), dict):
            yield from _values(inner, name[dot + 1 :])


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
