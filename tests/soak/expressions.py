"""DynamoDB's expressions over typed items in memory: conditions, updates and key conditions.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.OperatorsAndFunctions.html
What is not understood raises ValueError, so that no condition is ever taken for true by a slip.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from copy import deepcopy
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final, TypeAlias

Item: TypeAlias = dict[str, Any]
Typed: TypeAlias = dict[str, Any]
Test: TypeAlias = Callable[["Scope"], bool]
Term: TypeAlias = Callable[["Scope"], "Typed | None"]
Change: TypeAlias = Callable[["Scope"], Callable[[Item], None]]

_TOKEN: Final = re.compile(r"\s*(<>|<=|>=|[=<>(),+\-]|[#:]?[A-Za-z0-9_]+(?:\.[#A-Za-z0-9_]+|\[\d+\])*)")
_COMPARE: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "=": lambda one, two: one == two,
    "<>": lambda one, two: one != two,
    "<": lambda one, two: one < two,
    "<=": lambda one, two: one <= two,
    ">": lambda one, two: one > two,
    ">=": lambda one, two: one >= two,
}
_FUNCTIONS: Final = ("attribute_exists", "attribute_not_exists", "begins_with", "contains")


class Scope:
    """What an expression is evaluated with: an item, and what its placeholders stand for."""

    def __init__(
        self, item: Item, names: Mapping[str, str] | None, values: Mapping[str, Typed] | None
    ) -> None:
        self.item = item
        self.names = names or {}
        self.values = values or {}

    def path(self, text: str) -> list[str | int]:
        return [self.names[part] if type(part) is str and part[0] == "#" else part for part in _parts(text)]

    def get(self, text: str) -> Typed | None:
        value: Any = {"M": self.item}
        for part in self.path(text):
            inner = value.get("L" if isinstance(part, int) else "M")
            if inner is None:
                return None
            within = not isinstance(part, int) or part < len(inner)
            value = (inner[part] if isinstance(part, int) else inner.get(part)) if within else None
            if value is None:
                return None
        return value  # type: ignore[no-any-return]


@lru_cache(1000)
def _parts(path: str) -> tuple[str | int, ...]:
    parts = re.findall(r"[#A-Za-z0-9_]+|\[\d+\]", path)
    return tuple(int(part[1:-1]) if part[0] == "[" else part for part in parts)


def plain(value: Typed) -> tuple[str, Any]:
    """What compares: values of different types never do."""
    ((kind, content),) = value.items()
    return kind, Decimal(content) if kind == "N" else content


class _Parser:
    def __init__(self, text: str) -> None:
        self._tokens: list[str] = []
        at = 0
        while at < len(text.rstrip()):
            match = _TOKEN.match(text, at)
            if match is None:
                raise ValueError(f"not understood: {text[at:]!r}")
            self._tokens.append(match[1])
            at = match.end()
        self._at = 0

    @property
    def next(self) -> str:
        return self._tokens[self._at] if self._at < len(self._tokens) else ""

    def take(self, expected: str | None = None) -> str:
        token = self.next
        if not token or (expected is not None and token.upper() != expected):
            raise ValueError(f"{token!r} where {expected!r} is awaited in {self._tokens}")
        self._at += 1
        return token

    def took(self, word: str) -> bool:
        if self.next.upper() == word:
            self._at += 1
            return True
        return False

    # Conditions: OR binds least, then AND, then NOT.
    def condition(self) -> Test:
        tests = [self._conjunction()]
        while self.took("OR"):
            tests.append(self._conjunction())
        return tests[0] if len(tests) == 1 else lambda scope: any(test(scope) for test in tests)

    def _conjunction(self) -> Test:
        tests = [self._negation()]
        while self.took("AND"):
            tests.append(self._negation())
        return tests[0] if len(tests) == 1 else lambda scope: all(test(scope) for test in tests)

    def _negation(self) -> Test:
        if self.took("NOT"):
            test = self._negation()
            return lambda scope: not test(scope)
        if self.took("("):
            test = self.condition()
            self.take(")")
            return test
        if self.next in _FUNCTIONS:
            return self._function()
        return self._comparison()

    def _function(self) -> Test:
        name = self.take()
        self.take("(")
        path = self.take()
        if name in ("attribute_exists", "attribute_not_exists"):
            self.take(")")
            exists = name == "attribute_exists"
            return lambda scope: (scope.get(path) is not None) is exists
        self.take(",")
        term = self.term()
        self.take(")")
        begins = name == "begins_with"

        def test(scope: Scope) -> bool:
            value, operand = scope.get(path), term(scope)
            if value is None or operand is None:
                return False
            ((_, text),), ((_, part),) = value.items(), operand.items()
            return text.startswith(part) if begins else part in text

        return test

    def _comparison(self) -> Test:
        left = self.term()
        if self.took("BETWEEN"):
            low = self.term()
            self.take("AND")
            high = self.term()
            return lambda scope: (
                _compared(">=", left(scope), low(scope)) and _compared("<=", left(scope), high(scope))
            )
        if self.took("IN"):
            self.take("(")
            choices = [self.term()]
            while self.took(","):
                choices.append(self.term())
            self.take(")")
            return lambda scope: any(_compared("=", left(scope), each(scope)) for each in choices)
        operator = self.take()
        if operator not in _COMPARE:
            raise ValueError(f"{operator!r} compares nothing")
        right = self.term()
        return lambda scope: _compared(operator, left(scope), right(scope))

    # Terms: a path, a value, a function of them, a sum.
    def term(self) -> Term:
        left = self._factor()
        while self.next in ("+", "-"):
            sign = 1 if self.take() == "+" else -1
            left = _sum(left, self._factor(), sign)
        return left

    def _factor(self) -> Term:
        token = self.take()
        if token == "if_not_exists":
            self.take("(")
            path = self.take()
            self.take(",")
            otherwise = self.term()
            self.take(")")
            return lambda scope: scope.get(path) or otherwise(scope)
        if token == "list_append":
            self.take("(")
            one = self.term()
            self.take(",")
            two = self.term()
            self.take(")")
            return lambda scope: {"L": [*_known(one(scope))["L"], *_known(two(scope))["L"]]}
        if token == "size":
            self.take("(")
            path = self.take()
            self.take(")")
            return lambda scope: _size(scope.get(path))
        if not re.match(r"[#:A-Za-z_]", token):
            raise ValueError(f"{token!r} is no operand in {self._tokens}")
        if token.startswith(":"):
            return lambda scope: scope.values[token]
        return lambda scope: scope.get(token)

    # Updates: every operand is read from the item as it was.
    def update(self) -> list[Change]:
        changes: list[Change] = []
        while self.next:
            clause = self.take().upper()
            parse = {"SET": self._set, "REMOVE": self._remove, "ADD": self._add, "DELETE": self._delete}.get(
                clause
            )
            if parse is None:
                raise ValueError(f"{clause!r} updates nothing")
            changes.append(parse())
            while self.took(","):
                changes.append(parse())
        return changes

    def _set(self) -> Change:
        path = self.take()
        self.take("=")
        term = self.term()

        def change(scope: Scope) -> Callable[[Item], None]:
            value, parts = _known(term(scope)), scope.path(path)
            return lambda item: _assign(item, parts, value)

        return change

    def _remove(self) -> Change:
        path = self.take()

        def change(scope: Scope) -> Callable[[Item], None]:
            parts = scope.path(path)
            return lambda item: _drop(item, parts)

        return change

    def _add(self) -> Change:
        path, term = self.take(), self.term()

        def change(scope: Scope) -> Callable[[Item], None]:
            current, value, parts = scope.get(path), _known(term(scope)), scope.path(path)
            if "N" in value:
                value = {"N": str(Decimal((current or {"N": "0"})["N"]) + Decimal(value["N"]))}
            else:
                ((kind, added),) = value.items()
                value = {kind: sorted({*(current or {kind: []})[kind], *added})}
            return lambda item: _assign(item, parts, value)

        return change

    def _delete(self) -> Change:
        path, term = self.take(), self.term()

        def change(scope: Scope) -> Callable[[Item], None]:
            ((kind, dropped),) = _known(term(scope)).items()
            kept = sorted({*(scope.get(path) or {kind: []})[kind]} - {*dropped})
            parts = scope.path(path)
            return lambda item: _assign(item, parts, {kind: kept}) if kept else _drop(item, parts)

        return change


def _known(value: Typed | None) -> Typed:
    if value is None:
        raise ValueError("an operand of the update does not exist in the item")
    return value


def _compared(operator: str, one: Typed | None, two: Typed | None) -> bool:
    if one is None or two is None:
        return False
    (kind, left), (other_kind, right) = plain(one), plain(two)
    if kind != other_kind:
        return operator == "<>"
    return _COMPARE[operator](left, right)


def _sum(one: Term, two: Term, sign: int) -> Term:
    return lambda scope: {
        "N": str(Decimal(_known(one(scope))["N"]) + sign * Decimal(_known(two(scope))["N"]))
    }


def _size(value: Typed | None) -> Typed | None:
    return None if value is None else {"N": str(len(next(iter(value.values()))))}


def _assign(item: Item, parts: list[str | int], value: Typed) -> None:
    parent: Any = item
    for part in parts[:-1]:
        parent = parent[part]["M"] if isinstance(parent, dict) else parent[part]["L"]
    if isinstance(parent, list) and isinstance(parts[-1], int) and parts[-1] >= len(parent):
        parent.append(value)
    else:
        parent[parts[-1]] = value


def _drop(item: Item, parts: list[str | int]) -> None:
    parent: Any = item
    for part in parts[:-1]:
        parent = parent.get(part, {}).get("M", {})
    parent.pop(parts[-1], None)


@lru_cache(1000)
def condition_of(text: str) -> Test:
    parser = _Parser(text)
    test = parser.condition()
    if parser.next:
        raise ValueError(f"{parser.next!r} is left over in {text!r}")
    return test


@lru_cache(1000)
def changes_of(text: str) -> tuple[Change, ...]:
    return tuple(_Parser(text).update())


def holds(text: str | None, item: Item | None, names: Any, values: Any) -> bool:
    """Whether a condition holds for an item; None: there is no such item."""
    return text is None or condition_of(text)(Scope(item or {}, names, values))


def updated(text: str, item: Item, names: Any, values: Any) -> Item:
    """The item as the update leaves it."""
    scope = Scope(item, names, values)
    applied = [change(scope) for change in changes_of(text)]
    new = deepcopy(item) if "." in text or "[" in text else dict(item)
    for apply in applied:
        apply(new)
    return new
