"""A [[format]] of a configuration, checked: its patterns, its fields, and that it explains its samples."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, Final

from chalicelib.core.custom.expressions import (
    Expression,
    from_grok,
    from_pattern,
    from_template,
)
from chalicelib.core.custom.formats import format_of
from chalicelib.core.custom.proofs import check_start, limits_of
from chalicelib.core.custom.reach import reach
from chalicelib.core.custom.severity_names import REMEDY, number_of
from chalicelib.core.custom.spec import FLAGS, TYPES, Field, FormatSpec, Limits
from chalicelib.core.custom.stamps import check_time
from chalicelib.core.custom.tables import Table
from chalicelib.core.formats import ParseContext
from chalicelib.core.formats.starts import own_start
from chalicelib.core.framing import Framing, Run
from chalicelib.core.records import Record

_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,63}")
FORMAT_KEYS: Final = (
    "name", "title", "source", "template", "pattern", "grok", "json", "patterns", "types", "rename", "time", "severity", "body", "multiline",
    "header", "samples", "specificity",
)  # fmt: skip
_SPECIFICITY: Final = 0.985
_OF_ANYTHING: Final = 0.3
"""For a format that explains prose: it only takes what no other format explains."""
_PROSE: Final = ("Nothing in this line says more than it says.", "%%% ~~ ;;", "three little words")
_BACKSLASH: Final = r"[^\r\n]*+(?<=\\)\r?\n"
_WHEN: Final = datetime(2026, 1, 1, tzinfo=UTC)


def format_spec(table: Table) -> FormatSpec:
    """Raises ConfigError."""
    table.knows(*FORMAT_KEYS)
    name = table.needed("name")
    if not _NAME.fullmatch(name):
        table.fail("its name stands in every record; use lower-case letters, digits and underscores", "name")
    if table.has("json"):
        return json_spec(table, name)
    expression = _expression(table)
    key = _key(table)
    limits = table.checked(key, f"its `{key}` cannot be used:", limits_of, expression.text)
    fields = _fields(table, expression.fields)
    names = list(dict.fromkeys(each.name for each in fields))
    time_field, time_format, zone = _time(table, names)
    severity_field, severities = _severity(table, names)
    body = table.text("body", "message" if "message" in names else None)
    if key == "template":
        time_field, severity_field, body = (
            given or (name if name in names else None)
            for given, name in ((time_field, "time"), (severity_field, "level"), (body, "body"))
        )
    if body is not None:
        table.known(body, names, "body")
    spec = FormatSpec(
        name=name,
        pattern=expression.text,
        fields=fields,
        limits=limits,
        specificity=table.number("specificity") or _SPECIFICITY,
        time_field=time_field,
        time_format=time_format,
        zone=zone,
        severity_field=severity_field,
        severities=severities,
        body=body,
        framing=_framing(table),
        title=table.text("title") or "",
        source=table.text("source") or table.file,
        samples=tuple(each.rstrip("\n") for each in table.texts("samples")),
    )
    if not table.has("specificity") and _explains_prose(spec):
        object.__setattr__(spec, "specificity", _OF_ANYTHING)
    _check_samples(table, spec, key)
    return spec


_JSON_KEYS: Final = ("template", "pattern", "grok", "patterns", "multiline", "header")
_NO_LIMITS: Final = Limits(0, 0)
_ROLES: Final = ("time", "severity", "body")


def json_spec(table: Table, name: str) -> FormatSpec:
    """A format of JSON, whose members are named in `json`, or next to it like the fields of other formats. Raises
    ConfigError."""
    for key in _JSON_KEYS:
        if table.has(key):
            table.fail(f"`{key}` says nothing of objects of JSON; leave it out, or leave out `json`", key)
    table, renames = table.with_members("json", _ROLES)
    renames |= table.pairs("rename")
    types = table.pairs("types")
    for kind in types.values():
        table.known(kind, TYPES, "types")
    time_field, time_format, zone = _time(table, None)
    severity_field, severities = _severity(table, None)
    body = table.text("body")
    if not (time_field or severity_field or body or renames or types):
        table.fail(
            "`json` names no member; name one, as in { time = 'when', severity = 'sev', body = 'txt' }",
            "json",
        )
    spec = FormatSpec(
        name=name,
        fields=tuple(
            Field(
                member,
                renames.get(member, member),
                types.get(member) or types.get(renames.get(member, member)),
            )
            for member in dict.fromkeys((*renames, *(each for each in types if each not in renames.values())))
        ),
        limits=_NO_LIMITS,
        specificity=table.number("specificity") or _SPECIFICITY,
        json=True,
        time_field=time_field,
        time_format=time_format,
        zone=zone,
        severity_field=severity_field,
        severities=severities,
        body=body,
        title=table.text("title") or "",
        source=table.text("source") or table.file,
        samples=tuple(each.rstrip("\n") for each in table.texts("samples")),
    )
    if spec.samples:
        _check_samples(table, spec, "json")
    return spec


_WAYS: Final = ("template", "pattern", "grok")


def _key(table: Table) -> str:
    keys = [key for key in _WAYS if table.has(key)]
    if len(keys) != 1:
        table.fail(
            "give it a `template`, a `pattern` (a regular expression), a `grok` pattern or `json`, one of them"
        )
    return keys[0]


def _expression(table: Table) -> Expression:
    key = _key(table)
    texts = table.texts(key)
    if not texts:
        table.fail(f"`{key}` is empty; write one", key)
    text = texts[0] if len(texts) == 1 else "|".join(f"(?:{each})" for each in texts)
    problem = f"its `{key}` cannot be used:"
    if key == "grok":
        return table.checked(key, problem, from_grok, text, table.pairs("patterns"))  # type: ignore[no-any-return]
    return table.checked(key, problem, from_template if key == "template" else from_pattern, text)  # type: ignore[no-any-return]


def _fields(table: Table, fields: Iterable[Field]) -> tuple[Field, ...]:
    types, names = table.pairs("types"), table.pairs("rename")
    before = {each.name for each in fields}
    for key, names_given in (("types", types), ("rename", names)):
        for field in names_given:
            known = {*before, *names.values()} if key == "types" else before
            if field not in known:
                table.fail(
                    f"`{key}` speaks of the field {field!r}, which the pattern has not; it has {_listed(before)}",
                    key,
                )
    for kind in types.values():
        table.known(kind, TYPES, "types")
    return tuple(
        Field(
            each.group,
            name := names.get(each.name, each.name),
            types.get(each.name) or types.get(name) or each.type,
        )
        for each in fields
    )


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names)) or "none: name a group, as in (?<status>[0-9]+)"


def _time(table: Table, names: list[str] | None) -> tuple[str | None, str, str | None]:
    settings: dict[str, Any] | None
    if table.has("time") and isinstance(table._values["time"], str):  # noqa: SLF001 - a shorter way to say it
        settings = {"field": table.needed("time")}
    else:
        settings = table.table("time", ("field", "format", "zone"))
    if settings is None:
        return None, "auto", None
    field, form, zone = settings.get("field"), settings.get("format", "auto"), settings.get("zone")
    if not isinstance(field, str) or not isinstance(form, str) or not isinstance(zone, str | None):
        table.fail(
            "`time` needs texts, as in { field = 'time', format = '%d.%m.%Y %H:%M:%S', zone = '+01:00' }",
            "time",
        )
    if names is not None:
        table.known(field, names, "time")
    table.checked("time", "its `time` cannot be used:", check_time, form, zone)
    return field, form, zone


def _severity(table: Table, names: list[str] | None) -> tuple[str | None, tuple[tuple[str, str], ...]]:
    settings: dict[str, Any] | None
    if table.has("severity") and isinstance(table._values["severity"], str):  # noqa: SLF001 - as above
        settings = {"field": table.needed("severity")}
    else:
        settings = table.table("severity", ("field", "words"))
    if settings is None:
        return None, ()
    field, words = settings.get("field"), settings.get("words", {})
    if not isinstance(field, str) or not isinstance(words, dict):
        table.fail("`severity` needs a field, as in { field = 'level', words = { E = 'error' } }", "severity")
    if names is not None:
        table.known(field, names, "severity")
    for word in words.values():
        if number_of(word) is None:
            table.fail(f"{word!r} is no severity; {REMEDY}", "severity")
    return field, tuple(sorted(words.items()))


def _framing(table: Table) -> Framing:
    settings = table.table("multiline", ("start", "continues", "backslash")) or {}
    own = table.pairs("patterns")
    start, continues, backslash = (
        settings.get("start"),
        settings.get("continues"),
        settings.get("backslash", False),
    )
    if start is not None and continues is not None:
        table.fail("`multiline` has both `start` and `continues`; choose one", "multiline")
    if settings and not (start or continues or backslash is True):
        table.fail("`multiline` needs start = '…', continues = '…' or backslash = true", "multiline")
    entry_start = None
    if start or continues:
        entry_start = _line_pattern(table, start or continues, "multiline", own)
        entry_start = own_start(entry_start if start else f"(?!{entry_start})")
    header = table.text("header")
    return Framing(
        entry_start=entry_start,
        joins=_BACKSLASH if backslash is True else None,
        header=None if header is None else _line_pattern(table, header, "header", own),
    )


def _line_pattern(table: Table, pattern: Any, key: str, own: dict[str, str]) -> str:
    """A pattern by which lines are recognised, without names: it sees bytes, so it is ASCII."""
    if not isinstance(pattern, str) or not pattern.isascii():
        table.fail(f"`{key}` is {pattern!r}; write a pattern in quotes, of ASCII characters only", key)
    expression = table.checked(key, f"the pattern {pattern!r} cannot be used:", from_grok, pattern, own)
    text = re.sub(r"\(\?P<g[0-9]+>", "(?:", expression.text)
    text = text.replace("ä", "")
    table.checked(key, f"the pattern {pattern!r} cannot be used:", check_start, text)
    if re.compile(text).groups:
        text = re.sub(r"(?<!\\)((?:\\\\)*)\((?!\?)", r"\1(?:", text)
    return f"(?:{text})"


def _explains_prose(spec: FormatSpec) -> bool:
    parse = format_of(spec).make_parser(ParseContext(_WHEN))
    return any(isinstance(parse(line), Record) for line in _PROSE)


def _check_samples(table: Table, spec: FormatSpec, key: str) -> None:
    if not spec.samples:
        table.fail(
            "it has no `samples`; give it one entry at least, so that the pattern is checked", "samples"
        )
    from chalicelib.core.framing.entries import entries_in  # noqa: PLC0415 - reading needs this package
    from chalicelib.core.framing.headers import Headers  # noqa: PLC0415

    parse = format_of(spec).make_parser(ParseContext(_WHEN))
    for number, sample in enumerate(spec.samples, start=1):
        data = sample.encode() + b"\n"
        headers = Headers(spec.framing, None)
        entries = []
        for piece in entries_in([data], spec.framing, 0, len(data), aligned=True):
            assert isinstance(piece, Run), "no entry is longer than its text"
            begins = [0, *piece.ends]
            entries += [piece.data[begin:end] for begin, end in zip(begins, piece.ends, strict=False)]
        counted = [
            each for each in entries if not (spec.framing.has_header and headers.take(each)) and each.strip()
        ]
        if len(counted) != 1:
            table.fail(
                f"sample {number} is {len(counted)} entries by its `multiline` rule; make it one entry, or fix the rule",
                "samples",
            )
        if spec.framing.entry_start and not re.match(spec.framing.entry_start.encode(), counted[0][:1024]):
            table.fail(
                f"sample {number} does not begin as `multiline` says that an entry does; fix one of the two",
                "multiline",
            )
        entry = counted[0].decode().removesuffix("\n").removesuffix("\r")
        result = parse(entry)
        if not isinstance(result, Record):
            table.fail(
                f"sample {number} is not explained: {_why(spec, entry, result.reason)}; fix `{key}` or the sample",
                "samples",
            )


def _why(spec: FormatSpec, entry: str, reason: str) -> str:
    if reason == "invalid-timestamp":
        return f"the field {spec.time_field!r} is no time of the format {spec.time_format!r}"
    if spec.json:
        return (
            f"it is no object of JSON with a member {spec.time_field or spec.severity_field or spec.body!r}"
        )
    return f"the pattern {reach(spec.pattern, FLAGS, entry).explained(entry)}"
