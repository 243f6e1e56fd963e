"""Lines written by one pattern each: a table of named groups and what they become.

The groups `when`, `level` and `body` are the time stamp, the severity's own word and the message; others become
attributes by the table of their format. A group that did not match, or holds nothing or ``-``, is left out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Final, TypeAlias

from chalicelib.core.formats import severity
from chalicelib.core.formats.any_level import with_any_level
from chalicelib.core.formats.kinds import INTEGERS, add_endpoint, add_integer, number
from chalicelib.core.formats.reasons import BAD_TIME, OTHER_SHAPE
from chalicelib.core.formats.times import Times
from chalicelib.core.records import Record, Reject

if TYPE_CHECKING:
    from chalicelib.core.formats import Parse, ParseContext
    from chalicelib.core.records import Value

NAMES: Final = {
    "thread": "thread.name", "tid": "thread.id", "pid": "process.pid", "file": "code.file.path",
    "line": "code.line.number", "function": "code.function.name", "logger": "log.logger", "host": "host.name",
    "user": "user.name", "db": "db.namespace", "table": "db.collection.name", "sql": "db.query.text",
    "operation": "db.operation.name", "code": "db.response.status_code", "client": "client:", "server": "server:",
    "method": "http.request.method", "path": "url.path", "query": "url.query", "status": "http.response.status_code",
    "size": "http.response.body.size", "agent": "user_agent.original", "referer": "http.request.header.referer",
    "protocol": "network.protocol.version", "service": "service.name", "trace": "exception.stacktrace",
    "exception": "exception.type", "because": "exception.message", "extra": "extra",
}  # fmt: skip
"""What groups of these names become in any format; ``name:`` is an address with its port."""

_BODY_SEARCHED_MAX: Final = 4096
"""How much of a message is searched for fields."""

Taken: TypeAlias = "tuple[tuple[int, str, Callable[[dict[str, Value], str, str], None] | None], ...]"
_Way: TypeAlias = "tuple[Callable[[str], re.Match[str] | None], int, int, int, Taken]"


LOCAL: Final = "[local]"


def add_address(fields: dict[str, Value], side: str, text: str) -> None:
    """Types an address with its port, as `add_endpoint`; a slash before it is Java's, and ``[local]`` is a UNIX socket."""
    if text == LOCAL:
        fields["network.transport"] = "unix"
    else:
        add_endpoint(fields, side, text.removeprefix("/"))


@dataclass(frozen=True, slots=True)
class Shapes:
    """The patterns of a format's entries, tried in order, and what their groups become.

    patterns: each matches a whole entry; no time without one in the `when` group.
    names: group → attribute, beside `NAMES`. Groups not named become attributes as `prefix` and their own
        name. A number at the end of a group's name only tells it from another.
    texts: groups that stay text though they may look like numbers.
    finds: patterns searched in the message; their groups as those of an entry's.
    levels: words of this source that are no severity elsewhere → number; any other word has no number.
    words: sign of a severity → its word.
    """

    patterns: tuple[str, ...]
    names: Mapping[str, str] = field(default_factory=dict)
    prefix: str = ""
    texts: frozenset[str] = frozenset()
    finds: tuple[str, ...] = ()
    levels: Mapping[str, int] = field(default_factory=dict)
    words: Mapping[str, str] = field(default_factory=dict)

    def taken(self, pattern: re.Pattern[str]) -> Taken:
        """Group numbers, attributes and types of a pattern."""
        taken: list[tuple[int, str, Callable[[dict[str, Value], str, str], None] | None]] = []
        for group, index in pattern.groupindex.items():
            if group not in ("when", "level", "body"):
                base = group.rstrip("0123456789")
                name = self.names.get(base) or NAMES.get(base) or self.prefix + base
                text = base in self.texts or base in NAMES
                put = (
                    add_address
                    if name.endswith(":")
                    else add_integer
                    if name in INTEGERS
                    else None
                    if text
                    else _number
                )
                taken.append((index, name.rstrip(":"), put))
        return tuple(taken)

    def _ways(self, patterns: tuple[str, ...]) -> tuple[_Way, ...]:
        """The patterns, compiled, with the numbers of the groups that are the record's own."""
        ways = []
        for text in patterns:
            pattern = _compiled(text)
            groups = pattern.groupindex
            places = groups.get("when", 0), groups.get("level", 0), groups.get("body", 0)
            ways.append((pattern.fullmatch, *places, self.taken(pattern)))
        return tuple(ways)

    def parser(self, context: ParseContext) -> Parse:
        """Makes the parser."""
        times = Times(context.last_modified)
        of_value = times.of_value
        levels, words = self.levels, self.words
        decided = context.decided
        patterns = self._ways(self.patterns)
        finds = [(pattern.search, self.taken(pattern)) for pattern in map(re.compile, self.finds)]

        def parse(line: str) -> Record | Reject:
            result = parse_by(patterns, line)
            return parse_by(wide_ways(), line) if result is OTHER_SHAPE and decided else result

        @cache
        def wide_ways() -> tuple[_Way, ...]:
            return self._ways(tuple(filter(None, map(with_any_level, self.patterns))))

        def parse_by(ways: tuple[_Way, ...], line: str) -> Record | Reject:
            for match, when, level, said, taken in ways:
                found = match(line)
                if found is None:
                    continue
                stamp: tuple[str | None, str | None] = (None, None)
                if when and found[when]:
                    told = of_value(found[when])
                    if told is None:
                        return BAD_TIME
                    stamp = told
                word = (found[level] or None) if level else None
                rank = None
                if word is not None:
                    word = words.get(word, word)
                    rank = levels.get(word)
                    if rank is None:
                        rank = severity.of_word(word)
                    if rank is None and not decided:
                        return OTHER_SHAPE
                body = found[said] if said else line
                fields: dict[str, Value] = {}
                _take(fields, found, taken)
                if body:
                    for search, taken_too in finds:
                        hit = search(body, 0, _BODY_SEARCHED_MAX)
                        if hit is not None:
                            _take(fields, hit, taken_too)
                return tuple.__new__(Record, (*stamp, word, rank, body or None, fields))
            return OTHER_SHAPE

        return parse


@lru_cache(512)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.DOTALL)


def _take(fields: dict[str, Value], found: re.Match[str], taken: Taken) -> None:
    for index, name, put in taken:
        text = found[index]
        if text and text != "-" and name not in fields:
            if put is None:
                fields[name] = text
            else:
                put(fields, name, text)


def _number(fields: dict[str, Value], name: str, text: str) -> None:
    fields[name] = number(text)
