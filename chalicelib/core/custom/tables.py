"""One table of a configuration, read key by key; an error names the line and the remedy."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from typing import Any, Final, NoReturn, TypeVar

from chalicelib.core.custom.config_errors import ConfigError, Places
from chalicelib.core.custom.spec import PatternError

T = TypeVar("T")
_KINDS: Final = {
    str: "a text in quotes",
    bool: "true or false",
    list: "a list",
    dict: "a table",
    float: "a number",
}


class Table:
    """kind, number: which table of the file it is, such as the second [[format]]."""

    def __init__(self, file: str, places: Places, kind: str, number: int, values: Mapping[str, Any]) -> None:
        self.file = file
        self._places = places
        self._kind = kind
        self._number = number
        self._values = values
        self.name = str(values.get("name", f"number {number}"))

    def fail(self, problem: str, key: str = "") -> NoReturn:
        line = self._places.line(self._kind, self._number, key)
        raise ConfigError(self.file, line, f"{self._kind} {self.name!r}: {problem}")

    def knows(self, *keys: str) -> None:
        """Raises ConfigError for a key that is not among these."""
        self._only(self._values, keys, "")

    def _only(self, values: Mapping[str, Any], keys: Iterable[str], inside: str) -> None:
        known = list(keys)
        for key in values:
            if key not in known:
                close = difflib.get_close_matches(key, known, 1)
                remedy = f"write `{close[0]}`" if close else f"the keys are {', '.join(known)}"
                self.fail(
                    f"there is no key `{key}`{f' in `{inside}`' if inside else ''}; {remedy}", inside or key
                )

    def has(self, key: str) -> bool:
        return key in self._values

    def text(self, key: str, default: str | None = None) -> str | None:
        value = self._typed(key, str, default)
        return value if value is None else str(value)

    def needed(self, key: str) -> str:
        value = self.text(key)
        if not value:
            lack = f"its `{key}` is empty" if value == "" else f"it has no `{key}`"
            self.fail(f"{lack}; give it one", key)
        return value

    def flag(self, key: str) -> bool:
        return bool(self._typed(key, bool, default=False))

    def number(self, key: str) -> float | None:
        value = self._values.get(key)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
            self.fail(f"`{key}` is {value!r}; write a number from 0 to 1", key)
        return float(value)

    def texts(self, key: str, known: Iterable[str] | None = None) -> tuple[str, ...]:
        """A list of strings, or one string; among those known, if given."""
        value = self._values.get(key, [])
        values = [value] if isinstance(value, str) else value
        if not isinstance(values, list) or not all(isinstance(each, str) and each for each in values):
            self.fail(f"`{key}` is {value!r}; write a list of texts in quotes", key)
        if known is not None:
            for each in values:
                self.known(each, known, key)
        return tuple(values)

    def known(self, value: str, known: Iterable[str], key: str) -> None:
        names = list(known)
        if value not in names:
            close = difflib.get_close_matches(value, names, 1)
            choices = f"{', '.join(names)}" if len(names) < 20 else "in `froe formats`"
            self.fail(
                f"`{key}` says {value!r}; " + (f"write {close[0]!r}" if close else f"known are {choices}"),
                key,
            )

    def pairs(self, key: str) -> dict[str, str]:
        """A table of strings."""
        value = self._typed(key, dict, {})
        if not all(isinstance(each, str) for each in value.values()):
            self.fail(f"`{key}` is {value!r}; write a table of texts, such as {{ name = 'text' }}", key)
        return dict(value)

    def table(self, key: str, keys: Iterable[str]) -> dict[str, Any] | None:
        value = self._values.get(key)
        if value is None:
            return None
        if not isinstance(value, dict):
            self.fail(f"`{key}` is {value!r}; write a table, such as {{ {next(iter(keys))} = … }}", key)
        self._only(value, keys, key)
        return value

    def tables(self, key: str, keys: Iterable[str]) -> list[dict[str, Any]]:
        """A list of tables, or one table."""
        value = self._values.get(key, [])
        values = value if isinstance(value, list) else [value]
        for each in values:
            if not isinstance(each, dict):
                self.fail(
                    f"`{key}` is {value!r}; write a table, such as {{ field = 'url.path', pattern = '^/health' }}",
                    key,
                )
            self._only(each, keys, key)
        return list(values)

    def with_members(self, key: str, inner: Iterable[str]) -> tuple[Table, dict[str, str]]:
        """This table, with the keys that a table within it has, and the strings under that table's other keys; it may
        also be just true."""
        value = self._values[key]
        table = {} if value is True else value
        if not isinstance(table, dict):
            self.fail(
                f"`{key}` is {value!r}; write a table, such as {{ {next(iter(inner))} = … }}, or true", key
            )
        taken = {name: table[name] for name in inner if name in table}
        for name in taken:
            if name in self._values:
                self.fail(f"`{name}` stands in `{key}` and beside it; leave one of the two out", name)
        others = {name: each for name, each in table.items() if name not in taken}
        for name, each in others.items():
            if not (isinstance(each, str) and each):
                self.fail(
                    f"`{name}` in `{key}` is {each!r}; write the attribute that the member becomes in quotes",
                    key,
                )
        rest = {name: each for name, each in self._values.items() if name != key} | taken
        return Table(self.file, self._places, self._kind, self._number, rest), others

    def checked(self, key: str, what: str, make: Any, *arguments: Any) -> Any:
        """The result of a function that raises PatternError."""
        try:
            return make(*arguments)
        except PatternError as error:
            self.fail(f"{what} {error}" if what else str(error), key)

    def _typed(self, key: str, kind: type, default: Any) -> Any:
        value = self._values.get(key, default)
        if value is not default and not isinstance(value, kind):
            self.fail(f"`{key}` is {value!r}; write {_KINDS[kind]}", key)
        return value
