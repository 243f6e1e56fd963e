"""Filters: which entries are counted as skipped, under the name of the rule, instead of being stored."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Final

from chalicelib.core.custom.spec import FLAGS, Condition, FilterSpec
from chalicelib.core.records import Outcome, Record, Reject, Value

_Meets = Callable[[Record | Reject, Callable[[], str]], bool]
_PROBES: Final = [chr(code) * times for code in range(0x21, 0x7F) for times in (1, 40)]


class Filters:
    """The rules of a configuration, applied in the order of the file; the first that drops an entry names it."""

    def __init__(self, specs: Iterable[FilterSpec]) -> None:
        self._rules = [(each, [_meets(condition) for condition in each.conditions]) for each in specs]

    def __bool__(self) -> bool:
        return bool(self._rules)

    def dropped_by(self, outcome: Outcome, format_name: str) -> str | None:
        """The name of the rule that drops a record or a reject; None if none does.

        A reject has no fields: only rules with nothing but a pattern apply to it.
        """
        result = outcome.result
        if not isinstance(result, Record | Reject):
            return None
        texts: list[str] = []

        def text() -> str:
            if not texts:
                texts.append(outcome.raw.decode(errors="replace").rstrip("\r\n"))
            return texts[0]

        for spec, conditions in self._rules:
            if spec.formats and format_name not in spec.formats:
                continue
            if isinstance(result, Reject) and any(each.needs_record for each in spec.conditions):
                continue
            if any(meets(result, text) for meets in conditions) != spec.keeps:
                return spec.name
        return None


def drops_everything(spec: FilterSpec) -> bool:
    """Whether it drops any line of printable text, judging by lines of each character, once and many times."""
    if spec.keeps:
        return False
    return any(
        condition.pattern is not None
        and not condition.needs_record
        and all(re.search(condition.pattern, text, FLAGS) for text in _PROBES)
        for condition in spec.conditions
    )


def _meets(condition: Condition) -> _Meets:
    search = None if condition.pattern is None else re.compile(condition.pattern, FLAGS).search
    name, equals, least, below = condition.field, condition.equals, condition.severity, condition.below

    def meets(result: Record | Reject, text: Callable[[], str]) -> bool:
        if not isinstance(result, Record):
            return search is not None and search(text()) is not None
        number = result.severity_number
        if least is not None and (number is None or number < least):
            return False
        if below is not None and (number is None or number >= below):
            return False
        if name is None:
            return search is None or search(text()) is not None
        values = _values(result, name)
        if search is not None and not any(search(value) for value in values):
            return False
        if equals and not any(value in equals for value in values):
            return False
        return bool(values)

    return meets


def _values(record: Record, name: str) -> list[str]:
    """The values of a field as strings; a list has several."""
    if name == "body":
        value: Value = record.body
    elif name == "severity_text":
        value = record.severity_text
    else:
        value = record.attributes.get(name)
    if value is None:
        return []
    return [_text(each) for each in value] if isinstance(value, list) else [_text(value)]


def _text(value: Value) -> str:
    return ("true" if value else "false") if isinstance(value, bool) else str(value)
