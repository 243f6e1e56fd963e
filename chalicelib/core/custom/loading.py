"""Loads and checks the text of a configuration file: every name must be known, and every sample must parse.

A mistake is one ConfigError, which names the file, the line and the remedy.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from dataclasses import replace
from typing import Any, Final

import zstandard

from chalicelib.core.custom.compiled import no_key
from chalicelib.core.custom.config_errors import ConfigError, Places
from chalicelib.core.custom.format_table import format_spec, json_spec
from chalicelib.core.custom.proofs import check_search
from chalicelib.core.custom.severity_names import REMEDY, number_of
from chalicelib.core.custom.spec import (
    KEY_MIN_CHARS,
    KINDS,
    Binding,
    Collection,
    Condition,
    Config,
    FilterSpec,
    FormatSpec,
    RedactionSpec,
    Rules,
    encoded,
    key_id_of,
    names_of,
)
from chalicelib.core.custom.tables import Table
from chalicelib.core.decoding.charsets import REMEDY as CHARSETS
from chalicelib.core.decoding.charsets import charset_named
from chalicelib.core.formats.registry import FAMILIES, NAMES
from chalicelib.core.plan.lanes import LanesError, checked
from chalicelib.core.plan.layouts import Layout
from chalicelib.core.plan.notice_scope import NoticeScope

TEXT_MAX_BYTES: Final = 24 * 1024
"""The largest configuration, compressed: it travels with every batch message."""
_REPLACEMENT_MAX_CHARS: Final = 64
_KINDS_OF_TABLES: Final = ("format", "bind", "collection", "filter", "redact")
_FIELD_MAX_CHARS: Final = 200
_CONDITION_KEYS: Final = ("field", "pattern", "equals", "severity", "below")
_RULE_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")

_LONG_NUMBER: Final = re.compile(r"\b[0-9][0-9_]{4000}")


def _deepest_line(text: str) -> int:
    """The line with the most opening brackets."""
    opened = [line.count("[") + line.count("{") for line in text.split("\n")]
    return opened.index(max(opened)) + 1


def load(text: str, file: str, key: str | None = "") -> Config:
    """Read a configuration. file: its name in messages. key: REDACTION_KEY; empty if there is none, None if it is
    unknown, as while the functions are packaged.

    Raises ConfigError.
    """
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        match = re.search(r"line (\d+)", str(error))
        line = int(match[1]) if match else text.count("\n") + 1
        raise ConfigError(
            file, line, f"it is not TOML ({error}); fix the line, or quote its text in '…'"
        ) from error
    except ValueError as error:  # of Python, for numbers without end
        match = _LONG_NUMBER.search(text)
        line = text.count("\n", 0, match.start()) + 1 if match else 1
        raise ConfigError(
            file, line, "it has a number that is too long to be read; write it in quotes"
        ) from error
    except RecursionError as error:
        problem = "it is nested too deeply to be read; write flat tables and lists"
        raise ConfigError(file, _deepest_line(text), problem) from error
    places = Places(text)
    for kind, tables in document.items():
        if kind not in _KINDS_OF_TABLES or not isinstance(tables, list):
            problem = f"there is no `{kind}`; the tables are {', '.join(f'[[{each}]]' for each in _KINDS_OF_TABLES)}"
            raise ConfigError(
                file,
                places.line(kind, 1) if isinstance(tables, dict | list) else places.line("", 0, kind),
                problem,
            )

    def tables_of(kind: str) -> list[Table]:
        return [
            Table(file, places, kind, number, each)
            for number, each in enumerate(document.get(kind, []), start=1)
        ]

    specs = [format_spec(table) for table in tables_of("format")]
    _no_name_twice(tables_of("format"))
    known = [*names_of(specs), *NAMES]
    mapped = [_json_of_binding(table, known) for table in tables_of("bind") if table.has("json")]
    specs += mapped
    known += names_of(mapped)
    bindings = tuple(_binding(table, known) for table in tables_of("bind"))
    _no_prefix_of_two_formats(tables_of("bind"), bindings)
    collections = tuple(_collection(table) for table in tables_of("collection"))
    _no_name_twice(tables_of("filter"))
    filters = tuple(_filter(table, known) for table in tables_of("filter"))
    _no_name_twice(tables_of("redact"))
    redactions = tuple(_redaction(table, known, key) for table in tables_of("redact"))
    hashed = any(each.hashed for each in redactions)
    rules = Rules(tuple(specs), filters, redactions, key_id_of(key or "") if hashed else None)
    rules_text = encoded(rules)
    if rules_text is not None:
        size = len(zstandard.ZstdCompressor(level=3).compress(rules_text.encode()))
        if size > TEXT_MAX_BYTES:
            raise ConfigError(
                file,
                1,
                f"it is {size:,} bytes compressed, and a batch message has room for {TEXT_MAX_BYTES:,}; remove what is unused",
            )
    return Config(rules, bindings, collections, rules_text, key or "")


def _no_name_twice(tables: Iterable[Table]) -> None:
    seen: set[str] = set()
    for table in tables:
        if table.name in seen:
            table.fail("another one has that name; choose a name of its own", "name")
        seen.add(table.name)


def _no_prefix_of_two_formats(tables: Iterable[Table], bindings: Iterable[Binding]) -> None:
    formats: dict[str, str] = {}
    for table, bound in zip(tables, bindings, strict=True):
        if bound.format and formats.setdefault(bound.prefix, bound.format) != bound.format:
            table.name = bound.prefix
            table.fail(
                f"another [[bind]] of that prefix has the format {formats[bound.prefix]!r}; keep one of them",
                "json" if table.has("json") else "format",
            )


def _binding(table: Table, known: list[str]) -> Binding:
    table.knows("prefix", "format", "json", "charset", "layout", "notices", "lane", "family")
    table.name = "" if table.has("family") and not table.has("prefix") else table.needed("prefix")
    charset = table.text("charset")
    codec = None if charset is None else charset_named(charset)
    if charset is not None and codec is None:
        table.fail(f"`charset` is {charset!r}, which cannot be read piece by piece; {CHARSETS}", "charset")
    layout = table.text("layout")
    if layout is not None:
        table.known(layout, [each.value for each in Layout], "layout")
    notices = table.text("notices")
    if notices is not None:
        table.known(notices, [each.value for each in NoticeScope], "notices")
    lane, family = _lane(table)
    bound = Binding(
        table.name,
        charset=codec,
        layout=None if layout is None else Layout(layout),
        notices=None if notices is None else NoticeScope(notices),
        lane=lane,
        family=family,
    )
    if (bound.charset or bound.layout or bound.notices or bound.lane) and not (
        table.has("json") or table.has("format")
    ):
        return bound
    name = _name_of_json(table) if table.has("json") else table.needed("format")
    table.known(name, known, "format")
    return replace(bound, format=name)


def _lane(table: Table) -> tuple[str | None, str | None]:
    """The lane that a binding names, and the family of formats to which it is limited."""
    lane, family = table.text("lane"), table.text("family")
    if lane is not None:
        try:
            checked(lane)
        except LanesError as error:
            table.fail(str(error), "lane")
    if family is not None:
        table.known(family, FAMILIES, "family")
        others = [name for name in ("format", "json", "charset", "layout", "notices") if table.has(name)]
        if lane is None or others:
            table.fail(
                "`family` says which formats take a `lane`; write the other keys in a [[bind]] without it",
                "family",
            )
    return lane, family


def _json_of_binding(table: Table, known: list[str]) -> FormatSpec:
    """The format of a binding that maps members of JSON itself."""
    if table.has("format"):
        table.fail("it has both `format` and `json`; choose one, or write a [[format]] with `json`", "json")
    name = _name_of_json(table)
    if name in known:
        table.fail(
            f"a format is called {name!r} already; write a [[format]] with `json`, and bind it by its name",
            "json",
        )
    return json_spec(table, name)


def _name_of_json(table: Table) -> str:
    slug = re.sub(r"[^a-z0-9]+", "_", table.needed("prefix").lower()).strip("_")
    return f"json_{slug or 'all'}"[:64]


def _collection(table: Table) -> Collection:
    table.knows("field", "prefix")
    table.name = table.needed("field")
    if len(table.name) > _FIELD_MAX_CHARS:
        table.fail(
            f"`field` is longer than {_FIELD_MAX_CHARS} characters; name a member of the object", "field"
        )
    if "[]" in table.name and not all(part.removesuffix("[]") for part in table.name.split(".")):
        table.fail(
            f"`field` is {table.name!r}, where a member has no name; write a name before each `[]`, as in 'a[].b[]'",
            "field",
        )
    return Collection(table.name, table.text("prefix") or "")


def _rule_name(table: Table) -> str:
    name = table.needed("name")
    if not _RULE_NAME.fullmatch(name):
        table.fail("its name is counted in accounts; use up to 64 letters, digits, `-`, `_` and `.`", "name")
    return name


def _filter(table: Table, known: list[str]) -> FilterSpec:
    table.knows("name", "include", "exclude", "formats")
    name = _rule_name(table)
    if table.has("include") == table.has("exclude"):
        table.fail(
            "give it either `include` or `exclude`, as in exclude = { field = 'url.path', pattern = '^/health' }"
        )
    key = "include" if table.has("include") else "exclude"
    conditions = tuple(_condition(table, key, settings) for settings in table.tables(key, _CONDITION_KEYS))
    if not conditions:
        table.fail(f"`{key}` is empty; say what it is about", key)
    return FilterSpec(name, key == "include", conditions, table.texts("formats", known))


def _condition(table: Table, key: str, settings: dict[str, Any]) -> Condition:
    if not settings:
        table.fail(f"`{key}` is empty; say what it is about", key)
    pattern, field = settings.get("pattern"), settings.get("field")
    for name, value in (("pattern", pattern), ("field", field)):
        if value is not None and not (isinstance(value, str) and value):
            table.fail(f"`{name}` is {value!r}; write a text in quotes", key)
    if pattern is not None:
        table.checked(key, f"the pattern {pattern!r} cannot be used:", check_search, pattern)
    equals = settings.get("equals", [])
    if equals != [] and field is None:
        table.fail("`equals` needs a `field`; say which one is to be equal", key)
    equal = tuple(_as_text(each) for each in (equals if isinstance(equals, list) else [equals]))
    return Condition(
        field,
        pattern,
        equal,
        _severity(table, key, settings, "severity"),
        _severity(table, key, settings, "below"),
    )


def _as_text(value: Any) -> str:
    return ("true" if value else "false") if isinstance(value, bool) else str(value)


def _severity(table: Table, key: str, settings: dict[str, Any], name: str) -> int | None:
    word = settings.get(name)
    if word is None:
        return None
    number = number_of(word)
    if number is None:
        table.fail(f"`{name}` is {word!r}; {REMEDY}", key)
    return number


def _redaction(table: Table, known: list[str], key: str | None) -> RedactionSpec:
    table.knows("name", "fields", "patterns", "kinds", "with", "hash", "formats", "rejects")
    name = _rule_name(table)
    fields, patterns = table.texts("fields"), table.texts("patterns")
    kinds = table.texts("kinds", KINDS)
    if not (fields or patterns or kinds):
        table.fail("it hides nothing; give it `fields`, `patterns` or `kinds`, as in kinds = ['ip', 'email']")
    for pattern in patterns:
        table.checked("patterns", f"the pattern {pattern!r} cannot be used:", check_search, pattern)
        if re.search(pattern, ""):
            table.fail(
                f"the pattern {pattern!r} matches the empty text, which is everywhere; write one that takes a character at"
                " least, as `x+` instead of `x*`",
                "patterns",
            )
    replacement, hashed = table.text("with"), table.flag("hash")
    if replacement is not None and hashed:
        table.fail("it has both `with` and `hash`; choose one", "hash")
    if replacement is not None and len(replacement) > _REPLACEMENT_MAX_CHARS:
        table.fail(f"`with` is longer than {_REPLACEMENT_MAX_CHARS} characters; make it shorter", "with")
    if hashed and key is not None and len(key) < KEY_MIN_CHARS:
        table.fail(no_key("`hash`"), "hash")
    rejects = table.text("rejects", "hide" if fields else "search")
    table.known(str(rejects), ("hide", "search"), "rejects")
    return replace(
        RedactionSpec(name, fields, kinds, patterns, replacement, hashed, table.texts("formats", known)),
        whole_rejects=rejects == "hide",
    )
