"""A built-in format as a `[[format]]` table of a configuration, ready to be changed.

Limits: only formats whose lines are declared by templates can be written so, and what they find in messages beside is
left out. What is written is a format that explains the samples of the built-in one, at the same times.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from functools import cache
from typing import Final

from chalicelib.core.custom import made_of
from chalicelib.core.custom.config_errors import ConfigError
from chalicelib.core.custom.loading import load
from chalicelib.core.custom.severity_names import number_of
from chalicelib.core.formats import Declaration, Format, ParseContext
from chalicelib.core.formats.notation import NAMES, RECORD, element_end, expression_of
from chalicelib.core.records import Record
from froe.toml_text import basic, literal, sample_lines

_WHEN: Final = datetime(2026, 1, 1, tzinfo=UTC)
_GROUP: Final = re.compile(r"\(\?P<(\w+)>")
_OF_TIME: Final = frozenset(("y", "mo", "d", "h", "mi", "s", "f", "ms", "z", "half"))
_REPEATS_OTHERS: Final = re.compile(r"\(\?(?:P=|\(\w)|\\[1-9]")
_ATOM: Final = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|[^\\\[]", re.DOTALL)
_BODY_OF_A_LINE: Final = re.compile(r"\{body=\[\^\\n\]\*\+?\}\Z|\{body=\[\^\\n\]\+\+?\}\Z")
_LEVELS: Final = ("trace", "debug", "info", "warn", "error", "fatal")
_RANKS: Final = ("", "2", "3", "4")


@cache
def block_of(known: Format) -> str | None:
    """The table, as TOML; None where the format cannot be said in templates alone."""
    declaration = known.declaration
    if declaration is None:
        return None
    templates = [_template(each, declaration) for each in declaration.templates]
    if None in templates:
        return None
    text = _table(known, declaration, [each for each in templates if each is not None])
    records = _records(text, known)
    return None if records is None else _left_out(records) + text


def _table(known: Format, declaration: Declaration, templates: list[str]) -> str:
    lines = [
        "[[format]]",
        f'name = "{known.name}"',
        f"title = {basic(known.title)}",
        f"source = {basic(known.source)}",
    ]
    if len(templates) == 1:
        lines.append(f"template = {literal(templates[0])}")
    else:
        lines += ["template = [", *(f"    {literal(each)}," for each in templates), "]"]
    if words := ", ".join(f"{basic(word)} = {basic(name)}" for word, name in _words(declaration)):
        lines.append(f'severity = {{ field = "level", words = {{ {words} }} }}')
    if known.framing.entry_start is not None:
        lines.append(f"multiline = {{ start = {literal(declaration.start)} }}")
    lines += [f"specificity = {known.specificity}", sample_lines(known.samples)]
    return "\n".join(lines) + "\n"


def _words(declaration: Declaration) -> Iterator[tuple[str, str]]:
    """The format's own words and signs of levels, each with the name of its severity."""
    for word in dict.fromkeys((*declaration.words, *declaration.levels)):
        level = declaration.words.get(word, word)
        number = declaration.levels.get(level) or number_of(level)
        if number:
            yield word, _LEVELS[(number - 1) // 4] + _RANKS[(number - 1) % 4]


def _records(text: str, known: Format) -> list[tuple[Record, Record]] | None:
    """What a table and what the format itself make of each sample; None where the table is refused, or does not explain them
    all, at the same times and of the same severities."""
    try:
        (own,) = made_of(load(text, "the format").rules, "").formats
    except ConfigError:
        return None
    context = ParseContext(_WHEN, decided=True)
    ours, theirs = own.make_parser(context), known.make_parser(context)
    pairs = []
    for sample in known.samples:
        mine, built_in = ours(sample), theirs(sample)
        if not isinstance(mine, Record) or not isinstance(built_in, Record):
            return None
        if (mine.timestamp, mine.severity_number) != (built_in.timestamp, built_in.severity_number):
            return None
        pairs.append((mine, built_in))
    return pairs


def _left_out(records: Iterable[tuple[Record, Record]]) -> str:
    """A comment that names what the format itself finds in its samples beside."""
    names = [
        name for mine, built_in in records for name in built_in.attributes if name not in mine.attributes
    ]
    if not names:
        return ""
    return f"# The built-in format also takes from its messages: {', '.join(dict.fromkeys(names))}.\n"


def _template(template: str, declaration: Declaration) -> str | None:
    """A template in which every group with a name is a field; None where one repeats what another holds."""
    if _REPEATS_OTHERS.search(template):
        return None
    timed = _with_one_time(template)
    if timed is None:
        return None
    made = "".join(_fields(timed, declaration))
    if declaration.entire:
        return made
    # The lines behind the first are of the body, which is the rest where it ends the template.
    whole, count = _BODY_OF_A_LINE.subn("{body}", made)
    return whole if count else made + r"(?:{body=\n.*+})?+"


def _fields(text: str, declaration: Declaration) -> Iterator[str]:
    position = 0
    while position < len(text):
        group = _GROUP.match(text, position)
        if group is None:
            atom = _ATOM.match(text, position)
            end = atom.end() if atom else position + 1
            yield text[position:end]
        else:
            end = element_end(text, position)
            yield _field(group[1], text[group.end() : end - 1], declaration)
        position = end


def _field(group: str, expression: str, declaration: Declaration) -> str:
    if group in RECORD:
        return (
            f"{{{group}}}"
            if expression == expression_of(group)
            else f"{{{group}={''.join(_fields(expression, declaration))}}}"
        )
    name = declaration.names.get(group) or NAMES[group]
    kind = "number" if group in declaration.numbers else "text"
    if NAMES.get(group) == name and expression == expression_of(group) and kind == "text":
        return f"{{{group}}}"
    return f"{{{kind}={''.join(_fields(expression, declaration))}:{name}}}"


def _with_one_time(template: str) -> str | None:
    """A template whose time is one field where it was several, one behind the other; None where others are between them."""
    groups = [(group.start(), group.end(), group[1]) for group in _GROUP.finditer(template)]
    if any(name == "epoch" for _, _, name in groups):
        return None
    parts = [each for each in groups if each[2] in _OF_TIME]
    if not parts:
        return template
    begin, end = parts[0][0], max(element_end(template, each[0]) for each in parts)
    inside = template[begin:end]
    if any(begin <= each[0] < end and each[2] not in _OF_TIME for each in groups) or not _is_whole(inside):
        return None
    return f"{template[:begin]}(?P<time>{_GROUP.sub('(?:', inside)}){template[end:]}"


def _is_whole(expression: str) -> bool:
    try:
        re.compile(expression)
    except re.error:
        return False
    return True
