"""Files of one program's syslog lines: what `syslog_rfc3164` says of them, told by the program's name.

A file in which several programs speak is `syslog_rfc3164`. Lines without a syslog header are explained where the
program's words are.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from chalicelib.core.formats import Format, severity
from chalicelib.core.formats.kinds import put
from chalicelib.core.formats.reasons import BAD_TIME, OTHER_SHAPE
from chalicelib.core.formats.systems.programs import program_of, say_of
from chalicelib.core.formats.systems.syslog_rfc3164 import RFC3164
from chalicelib.core.formats.times import MONTH, Times
from chalicelib.core.records import Record, Reject

if TYPE_CHECKING:
    from collections.abc import Callable

    from chalicelib.core.formats import Parse, ParseContext
    from chalicelib.core.formats.systems.phrases import Say
    from chalicelib.core.formats.times import Stamp
    from chalicelib.core.records import Value

_SYSLOG: Final = rf"(?:<[0-9]{{1,3}}>)?+(?:{MONTH} [ 0-9]?[0-9] |[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}T)"
_TIME: Final = (
    r"(?:\[?([0-9]{4}[-/][0-9]{2}[-/][0-9]{2}[ T][0-9]{2}:[0-9]{2}:[0-9]{2}(?:[.,][0-9]{1,9})?(?: ?(?:Z|[+-][0-9]{2}:?[0-9]{2}))?"
    rf"|[A-Z][a-z]{{2}} {MONTH} [ 0-9][0-9] [0-9:]{{8}} [0-9]{{4}}|[0-9]{{1,2}}-{MONTH}-[0-9]{{4}} [0-9:]{{8}}(?:\.[0-9]{{1,6}})?"
    rf"|{MONTH} [ 0-9][0-9] [0-9:]{{8}})\]?:? ++)?+"
)
"""The time at the beginning of a line of a program's own file."""


@dataclass(frozen=True, slots=True)
class Program:
    """Whose lines a format explains.

    names: the programs, as `program_of` gives them. bare: what a line without a syslog header begins with behind its
    time; groups that it names become fields (``__`` is a dot), that of ``message`` holds what the program says.
    needs: what the message of a syslog line holds, where the program's name alone says too little.
    """

    name: str
    title: str
    source: str
    names: frozenset[str]
    samples: tuple[str, ...]
    bare: str | None = None
    bare_say: str | None = None
    needs: str | None = None
    specificity: float = 0.93


def _parser(program: Program) -> Callable[[ParseContext], Parse]:
    needs = program.needs and re.compile(program.needs, re.DOTALL)
    bare = program.bare and re.compile(_TIME + program.bare, re.DOTALL)

    def make(context: ParseContext) -> Parse:
        times = Times(context.last_modified)
        say = say_of(program.bare_say or next(iter(sorted(program.names)), ""))
        known: dict[str, bool] = {}

        def is_of_program(tag: str) -> bool:
            if len(known) > 1000:
                known.clear()
            answer = known[tag] = program_of(tag) in program.names
            return answer

        def explain(line: str, tag: str | None = None, /) -> tuple[str, Record] | None:
            """What other programs say is of no use here."""
            is_own = tag is not None and (known.get(tag) or is_of_program(tag))
            return context.explain(line, tag) if is_own else None

        parse_syslog = RFC3164.make_parser(replace(context, explain=explain) if program.names else context)

        def parse(line: str) -> Record | Reject:
            record = parse_syslog(line)
            if isinstance(record, Record):
                tag = record.attributes.get("service.name")
                named = not program.names or (type(tag) is str and (known.get(tag) or is_of_program(tag)))
                if named and (not needs or needs.search(record.body or "")):
                    return record
            return _parse_bare(line, times, say) if bare else OTHER_SHAPE

        return parse

    def _parse_bare(line: str, times: Times, say: Say | None) -> Record | Reject:
        assert bare
        match = bare.match(line)
        if match is None:
            return OTHER_SHAPE
        stamp: Stamp | tuple[None, None] | None = (
            (None, None) if match[1] is None else times.of_text(match[1])
        )
        if stamp is None:
            return BAD_TIME
        fields: dict[str, Value] = {}
        message = line[match.end(1) :].lstrip("]: ") if match[1] else line
        for name, value in match.groupdict().items():
            if name == "message":
                message = value
            elif name == "when":
                stamp = times.of_text(value) if value else stamp
            elif value:
                put(fields, name.replace("__", "."), value)
        if say is not None:
            say(message, fields)
        if stamp is None:
            return BAD_TIME
        word = fields.pop("log.level", None)
        level = severity.of_word(word) if type(word) is str else None
        text = word if type(word) is str and (level is not None or severity.is_word(word)) else None
        if text is None and word is not None:
            fields["log.level"] = word
        return Record(stamp[0], stamp[1], text, level, message or None, fields)

    return make


def format_of(program: Program) -> Format:
    return Format(
        name=program.name,
        title=program.title,
        source=program.source,
        samples=program.samples,
        make_parser=_parser(program),
        specificity=program.specificity,
        sieve=_SYSLOG if program.bare is None else rf"{_SYSLOG}|{_TIME}{program.bare}",
    )
