r"""The notation of shaped lines: a regular expression in which ``{kind:attribute}`` stands for a typed field.

``{int:shop.items}``: a field of that kind, by the expression that the kind has. ``{int=[0-9]{1,3}:shop.items}``: by an
expression of its own, which may hold other fields. ``{pid}``: one of `NAMES`, whose attribute is known; ``{time}``,
``{level}`` and ``{body}``, or fields with the names ``timestamp``, ``severity`` and ``body``: what every record has.
``{day}``, ``{clock}``, ``{month}``: expressions of `PARTS`, no fields. Any other brace is the regular expression's:
``\{`` or ``{1,8}``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

from chalicelib.core.formats.dates import CLOCK, DAY, ISO, MONTH
from chalicelib.core.formats.kinds import (
    ADDRESSES,
    BEGINS_NOTHING,
    DIGITS_MAX,
    INTEGERS,
    add_integer,
    add_peer,
    figure,
    flag,
    is_nothing,
    numbers,
    texts,
)
from chalicelib.core.formats.web.requests import add_protocol, add_request, add_url, resolved

if TYPE_CHECKING:
    from chalicelib.core.records import Value

Put: TypeAlias = "Callable[[dict[str, Value], str, str], None]"
"""Adds an attribute of a name from its text."""

NAMES: Final[Mapping[str, str]] = MappingProxyType({
    "thread": "thread.name", "tid": "thread.id", "pid": "process.pid", "logger": "log.logger",
    "process": "process.executable.name", "file": "code.file.path", "line": "code.line.number",
    "function": "code.function.name", "host": "host.name", "service": "service.name", "client": "client.address",
    "port": "client.port", "server": "server.address", "server_port": "server.port", "user": "user.name",
    "method": "http.request.method", "path": "url.path", "query": "url.query", "status": "http.response.status_code",
    "size": "http.response.body.size", "request_size": "http.request.body.size", "agent": "user_agent.original",
    "referer": "http.request.header.referer", "version": "network.protocol.version", "event": "event.name",
    "trace": "trace_id", "span": "span_id", "extra": "extra",
})  # fmt: skip
"""Field or group → attribute, where a format says nothing else."""
RECORD: Final = frozenset(("time", "level", "body"))
_ROLES: Final = MappingProxyType({"timestamp": "time", "severity": "level", "body": "body"})
_IP: Final = r"[0-9A-Fa-f.:]{2,45}(?:%[\w.-]{1,32})?"
_WORD: Final = r"[^\s]{1,255}"


def _as(read: Callable[[str], Value]) -> Put:
    def put(fields: dict[str, Value], name: str, text: str) -> None:
        fields[name] = read(text)

    return put


def _add_figure(fields: dict[str, Value], name: str, text: str) -> None:
    fields[name] = (
        int(text) if text.isdecimal() and text.isascii() and len(text) <= DIGITS_MAX else figure(text)
    )


def _add_flag(fields: dict[str, Value], name: str, text: str) -> None:
    value = flag(text)
    fields[name] = text if value is None else value


def add_place(fields: dict[str, Value], name: str, text: str) -> None:
    """An address or a name of a host, unless it says that there is none."""
    if text[0] not in BEGINS_NOTHING or not is_nothing(text):
        fields[name] = text


def _add_target(fields: dict[str, Value], _name: str, text: str) -> None:
    add_url(fields, resolved(text))


def _add_url(fields: dict[str, Value], _name: str, text: str) -> None:
    add_url(fields, text)


def _add_protocol(fields: dict[str, Value], _name: str, text: str) -> None:
    if not add_protocol(fields, text):
        fields["network.protocol.name"] = text.lower()


def _add_request(fields: dict[str, Value], name: str, text: str) -> None:
    fields[name] = text
    add_request(fields, text)


KINDS: Final[Mapping[str, tuple[str, Put | None]]] = MappingProxyType({
    "time": (ISO, None), "level": ("[A-Za-z]{3,12}", None), "body": (".*+", None),
    "word": (_WORD, None), "text": (r"[^\n]{1,256}?", None), "rest": (r"[^\n]++", None), "name": (r"[\w.-]{1,128}", None),
    "ip": (_IP, None), "int": ("[0-9]{1,18}", _add_figure), "number": (r"[0-9.]{1,20}", _add_figure),
    "endpoint": (r"[^\s]{1,128}", add_peer), "escaped": (r'[^"\\]*+(?:\\.[^"\\]*+)*+', _as(resolved)),
    "target": (r"[^ ]++", _add_target), "url": (r"[^ ]++", _add_url), "request": (r"[^\n]++", _add_request), "protocol": (r"[^ ]{1,32}", _add_protocol), "flag": ("true|false", _add_flag),
    "list": (r"[^\s]{1,255}", _as(lambda text: list(text.split(",")))), "lower": (_WORD, _as(str.lower)),
    "numbers": (r"[^\n]{1,255}?", _as(numbers)), "texts": (r"[^\n]{1,255}?", _as(texts)),
})  # fmt: skip
"""Kind → its expression, and how its text becomes a value; None: it is one. A name of `INTEGERS` or `ADDRESSES` is read as such."""
_SHORT: Final = MappingProxyType({
    "thread": r"[^\]\n]{1,256}", "tid": "[0-9]{1,18}", "pid": "[0-9]{1,10}", "file": r"[^\s:()]{1,256}", "line": "[0-9]{1,7}",
    "client": _IP, "server": _IP, "port": "[0-9]{1,5}", "server_port": "[0-9]{1,5}", "method": "[A-Z]{3,16}",
    "path": r"[^\s?]{1,8192}", "query": r"[^\s]{0,8192}", "status": "[0-9]{3}", "version": "[0-9.]{1,5}", "extra": r"[^\n]++",
    "logger": r"[\w./@$-]{1,128}",
})  # fmt: skip
"""The expressions of `NAMES`; a word where none stands here."""

PARTS: Final = MappingProxyType({"day": DAY, "clock": CLOCK, "month": MONTH})

_FIELD: Final = re.compile(r"(?<!\\)(?P<backslashes>(?:\\\\)*)\{(?P<kind>[a-z_]+)")
_ATTRIBUTE: Final = re.compile(r":([a-z][\w.]*)\Z")
_ATOM: Final = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|[^\\\[(]", re.DOTALL)
_TIMES: Final = re.compile(r"(?:[?*+]|\{[0-9]+(?:,[0-9]*)?\})[?+]?")
_GROUP: Final = re.compile(r"\(\?P<\w+>")


class Expanded(NamedTuple):
    """pattern: a regular expression with named groups. fields: group → attribute and kind, for all but `RECORD`."""

    pattern: str
    fields: Mapping[str, tuple[str, str]]


@cache
def expand(template: str) -> Expanded:
    """The regular expression of a template. Raises ValueError for a field that is none."""
    fields: dict[str, tuple[str, str]] = {}
    return Expanded(_expanded(template, fields), MappingProxyType(fields))


def _expanded(template: str, fields: dict[str, tuple[str, str]]) -> str:
    parts: list[str] = []
    position = 0
    while match := _FIELD.search(template, position):
        end = _brace(template, match.end())
        before = template[position : match.end("backslashes")]
        parts += before, _field(match["kind"], template[match.end() : end], fields)
        position = end + 1
    return "".join((*parts, template[position:]))


def _brace(template: str, position: int) -> int:
    """Where the field ends that is open at the position."""
    depth = 1
    while position < len(template):
        character = template[position]
        if character in "{}":
            depth += 1 if character == "{" else -1
            if depth == 0:
                return position
        match = _ATOM.match(template, position)
        position = match.end() if match else position + 1
    raise ValueError(f"a field of the template has no end: {template!r}; write \\{{ for a brace of the text")


def _field(kind: str, rest: str, fields: dict[str, tuple[str, str]]) -> str:
    """The group of a field. rest: what stands behind its kind, ``=EXPRESSION`` and ``:attribute``."""
    named = _ATTRIBUTE.search(rest)
    name = named[1] if named else NAMES.get(kind, kind)
    own = _expanded(rest[1 : named.start() if named else None], fields) if rest[:1] == "=" else None
    if kind in PARTS and not rest:
        return PARTS[kind]
    if rest[:1] == ":" and named is None:
        raise ValueError(
            f"{{{kind}{rest}}} names no attribute; write lower-case letters, digits, dots and underscores"
        )
    if rest[:1] not in ("", "=", ":") or (kind not in KINDS and kind not in NAMES):
        known = ", ".join(sorted({*KINDS, *NAMES, *PARTS}))
        raise ValueError(f"a field of the template is of no kind: {kind!r}; known are {known}")
    group = kind if kind in RECORD else _ROLES.get(name)
    if group is not None:
        kind = group if kind == "text" else kind
    else:
        group = name.replace(".", "__")
        while group in fields:
            group += "_"
        fields[group] = name, kind if kind in KINDS else "text"
    return f"(?P<{group}>{expression_of(kind) if own is None else own})"


def expression_of(kind: str) -> str:
    """What a field matches that has no expression of its own. kind: one of `KINDS` or of `NAMES`."""
    return KINDS[kind][0] if kind in KINDS else _SHORT.get(kind, _WORD)


def put_of(name: str, kind: str) -> Put | None:
    """How an attribute is put: as its name says, else as its kind does; None: as the text that it is."""
    if name in INTEGERS:
        return add_integer
    put = KINDS[kind][1]
    return add_place if put is None and name in ADDRESSES else put


def start_of(pattern: str) -> str:
    """How an entry of a pattern begins: all up to its body, or to what may be left out behind something that may not."""
    taken: list[str] = []
    position = 0
    is_bound = False
    while position < len(pattern) and not pattern.startswith("(?P<body>", position):
        begin, position = position, element_end(pattern, position)
        if repeated := _TIMES.match(pattern, position):
            position = repeated.end()
        if repeated is None or not repeated[0].startswith(("?", "*", "{0,")):
            is_bound = True
        elif is_bound:
            break
        taken.append(pattern[begin:position])
    return _GROUP.sub("(?:", "".join(taken))


def element_end(pattern: str, position: int) -> int:
    """Where the sign, the class or the group ends that begins at the position."""
    if pattern[position] != "(":
        match = _ATOM.match(pattern, position)
        return match.end() if match else position + 1
    position += 1
    while pattern[position] != ")":
        position = element_end(pattern, position)
    return position + 1
