"""What loggers write between the time and the message: level, thread, logger, process id, source line.

Read in the shapes that Log4j, Logback, java.util.logging, Python's logging, .NET, Go and Ruby loggers
give it. What is not recognised stays in the message.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from chalicelib.core.formats import severity
from chalicelib.core.formats.kinds import add_integer, whole

if TYPE_CHECKING:
    from chalicelib.core.records import Value

_PRE_MAX: Final = 4
_PID_DIGITS_MAX: Final = 10
_POST_MAX: Final = 3

_LEVEL: Final = re.compile(
    r"[ \t|:-]*+(?:(?P<open>[\[(<*])[ \t]*+|(?P<channel>[\w-]{1,64})\.(?=[A-Z]+: ))?+"
    r"(?P<word>[A-Za-z]{1,13})(?![\w$./@=-])(?P<pad>[ \t]*+)(?P<close>[\])>*])?+(?P<colon>:)?+"
)
"""A level, in brackets or bare."""
_ITEM: Final = re.compile(
    r"[ \t|:-]*+(?:\[(?P<square>[^\[\]\n]{1,128})\]|\((?P<round>[^()\n]{1,128})\)"
    r"|\{\{?(?P<curly>[^{}\n]{0,128})\}\}?|(?P<word>[^\s\[\](){}|]{1,128})(?=[ \t|]))"
)
_SPRING: Final = re.compile(
    r"[ \t]*+(?P<pid>[0-9]{1,10}) --- (?:\[[^\[\]\n]{0,128}\] )??\[(?P<thread>[^\[\]\n]{1,128})\] "
    r"(?P<logger>\S{1,128})[ \t]*+: ?"
)
_SOURCE: Final = re.compile(
    r"(?P<file>[\w./<>+-]{1,128}\.(?:java|kt|scala|groovy|clj|py|go|rb|rs|js|mjs|ts|php|cs|vb|c|cc|cpp|cxx|c\+\+|h|hpp"
    r"|m|mm|swift|pl|pm|lua|ex|exs|erl|hs|ml|sql|sh)):(?:(?P<function>[\w$<>.]{1,64})[:(])?(?P<line>[0-9]{1,7})\)?"
)
_LOGGER: Final = re.compile(
    r"[ \t|]*+(?P<logger>[A-Za-z_$][\w$.@/<>-]{0,127}(?:::[\w$<>-]{1,64}){0,8}+(?::(?:[\w$<>.]{1,64}:)?[0-9]{1,7})?+)"
    r"(?:[ \t]*+(?P<between>\((?P<source>[^()\n]{1,100}(?:\([0-9]{1,7}\))?)\)))?+(?P<end>[ \t]*+(?:- |--? |: |\||:))"
)
_THREAD_ID: Final = re.compile(r"t?id=([0-9]{1,18})", re.ASCII)
"""As Jenkins writes it."""
_MEASURED: Final = re.compile(r"\+?[0-9]{1,12}(?:\.[0-9]{1,9})?(?:ns|us|µs|μs|ms|s|m|h)")
"""A duration, as some write before the level: neither a thread nor a logger."""
_PLACE: Final = re.compile(r"(?P<logger>[^:]+)(?::(?P<function>[^:]+))?:(?P<line>[0-9]+)")
_USUAL: Final = re.compile(
    r" (?:\[([A-Za-z][^\[\]\n:.]{0,127})\] )?+(TRACE|DEBUG|INFO|WARN|WARNING|ERROR|FATAL) {1,2}"
    r"(?:\[([A-Za-z][\w#-]{0,127})\] {1,2})?+"
    r"(?:([A-Za-z_$][\w$]*+(?:\.[\w$]++)++)(?: - |: )(?=[^\s|:,-])|(?=[A-Za-z]{1,30} [A-Za-z0-9]))"
)
"""Thread, level, logger in the commonest shape; finds what the general way finds, at a fifth of the cost."""
_RARE: Final = tuple(
    re.compile(pattern)
    for pattern in (
        r" (?P<thread>[\w.-]{1,100})(?: operationID=(?P<operation>\S{0,100}))? {1,3}(?P<level>TRACE|DEBUG|INFO|WARN|ERROR|FATAL)"
        r" {1,2}(?P<logger>(?:[\w$]{1,100}\.){2,20}[\w$]{1,100}) (?=[^\s:|-])",
        r" (?P<level>TRACE|DEBUG|INFO|WARN|ERROR|FATAL) {1,2}(?P<service>[\w.-]{1,100})\[(?P<pid>[0-9]{1,10}):(?P<thread>[^\]\n]{1,100})\]"
        r" \[CorId=(?P<operation>[^\]\n]{0,100})\] \[(?P<logger>[\w$.]{1,200})\] ",
        r" (?P<level>TRACE|DEBUG|INFO|WARN|ERROR|FATAL) {1,2}\((?P<thread>[^()\n]{1,200})\) \[(?P<solr> *(?:[a-z]:[^\s\]]{1,128} *){0,8})\]"
        r" (?P<logger>[\w$.]{1,200}) ",
        r" (?P<level>debug|info|warning|error) (?P<logger>[\w-]{1,64}) \[(?P<source>[\w./-]{1,128}\.[a-z]{1,4}:[0-9]{1,7})\] ",
    )
)
"""Shapes of VMware's services and of Solr, where a logger or a source line has no separator behind it."""
_SOLR: Final = {
    "c": "solr.collection", "s": "solr.shard", "r": "solr.replica", "x": "solr.core", "n": "solr.node", "t": "trace_id",
}  # fmt: skip
"""https://solr.apache.org/guide/solr/latest/deployment-guide/configuring-logging.html: letters of its MDC"""
_RARE_NAMES: Final = {
    "operation": "vmware.operation_id",
    "thread": "thread.name",
    "logger": "log.logger",
    "service": "service.name",
}
_NAMED: Final = re.compile(r" - (?P<name>[A-Za-z][\w.-]{1,63}) - ")
"""A name between dashes where there is no level."""
_SEPARATOR: Final = re.compile(r"[:,]?+(?:[ \t]*+(?:\||(?:--?|:)(?=[ \t\n]|$)))*+[ \t]*+")


def split_decorations(
    entry: str, position: int, fields: dict[str, Value], *, leveled: bool
) -> tuple[str | None, str]:
    """The level's own word (None if there is none), and the message, of what follows the time stamp.

    Adds what is typed to `fields`. leveled: the level came before the time stamp.
    """
    usual = None if leveled else _USUAL.match(entry, position)
    if usual is not None:
        before, word, after, logger = usual.groups()
        if before is None or (after is None and severity.of_word(before) is None):
            if before is not None or after is not None:
                fields["thread.name"] = (before or after).strip()
            if logger is not None:
                fields["log.logger"] = logger
            return word, entry[usual.end() :]
    return _split_any(entry, position, fields, leveled=leveled)


def _split_any(
    entry: str, position: int, fields: dict[str, Value], *, leveled: bool
) -> tuple[str | None, str]:
    start = position
    if not leveled and (rare := _rare(entry, position, fields)) is not None:
        return rare
    decoration = None
    items: list[re.Match[str]] = []
    if not leveled or entry.startswith("  ", position):
        decoration = _level(entry, position, first=True)
        while decoration is None and len(items) < _PRE_MAX:
            item = _ITEM.match(entry, position)
            if item is None or not _is_decoration(entry, item):
                break
            items.append(item)
            position = item.end()
            decoration = _level(entry, position, first=False)
    if decoration is None:
        if not leveled:
            named = _NAMED.match(entry, start)
            if named is not None:
                fields.setdefault("thread.name", named["name"])
                return None, entry[named.end() :]
            return None, entry[_SEPARATOR.match(entry, start).end() :]  # type: ignore[union-attr]
        word, boxed, position = None, False, start
    else:
        word, boxed, position = decoration["word"], decoration["close"] is not None, decoration.end()
        for item in items:
            _add_before(fields, item, boxed=boxed)
        if decoration["channel"] is not None:
            fields.setdefault("log.logger", decoration["channel"])
    return word, entry[_after(entry, position, fields, boxed=boxed) :]


def _rare(entry: str, position: int, fields: dict[str, Value]) -> tuple[str, str] | None:
    for shape in _RARE:
        match = shape.match(entry, position)
        if match is None:
            continue
        for group, text in match.groupdict().items():
            if group in _RARE_NAMES and text:
                fields[_RARE_NAMES[group]] = text
            elif group == "pid":
                add_integer(fields, "process.pid", text)
            elif group == "source":
                _add_source(fields, text)
            elif group == "solr" and text:
                for part in text.split():
                    fields[_SOLR.get(part[0], f"solr.{part[0]}")] = part[2:]
        return match["level"], entry[match.end() :]
    return None


def _level(entry: str, position: int, *, first: bool) -> re.Match[str] | None:
    """A level at the position: in brackets in any case, bare in capitals, or bare and first."""
    match = _LEVEL.match(entry, position)
    if match is None:
        return None
    opened, _, word, pad, closed, colon = match.groups()
    if severity.of_word(word) is None or (opened is None) != (closed is None):
        return None
    if opened is not None:
        return match
    if len(word) == 1:
        end = match.end()
        return match if first and entry.startswith((" | ", "| "), end - len(pad)) else None
    if word.isupper():
        return match
    if word.lower() in severity.SMALL and (first or colon is not None):
        return match
    return None


def _is_decoration(entry: str, item: re.Match[str]) -> bool:
    """Whether an item before the level is a thread, a logger, a number …, and not prose."""
    word = item["word"]
    if word is None:
        return True
    if word.isdecimal() or not word.isalpha():
        return "=" not in word and '"' not in word
    return entry.startswith((" - ", " | ", "|"), item.end())


def _add_before(fields: dict[str, Value], item: re.Match[str], *, boxed: bool) -> None:
    """Types an item before the level. A bare word may be a host, a zone or a thread: only brackets or
    dashes around it make it a thread, and only dots or a thread before it a logger."""
    dashed = item.string.startswith(" - ", item.end())
    square, word = item["square"], item["word"]
    if square is not None:
        square = square.strip()
        known = whole(square)
        if known is not None:
            fields.setdefault("process.pid" if boxed else "thread.id", known)
        elif pair := _THREAD_ID.fullmatch(square):
            fields.setdefault("thread.id", whole(pair[1]))
        elif "=" in square:
            fields.setdefault("extra", square)
        elif not _add_source(fields, square) and square:
            fields.setdefault("log.logger" if boxed else "thread.name", square)
    elif word is not None:
        known = whole(word)
        if known is not None:
            if len(word) <= _PID_DIGITS_MAX:
                fields.setdefault("process.pid", known)
        elif not _add_source(fields, word.rstrip(":")):
            name = word.strip("-:")
            if _MEASURED.fullmatch(name):
                fields.setdefault("extra", name)
            elif name and ("thread.name" in fields or "." in name):
                fields.setdefault("log.logger", name)
            elif name:
                fields.setdefault("thread.name" if dashed else "extra", name)
    else:
        _add_bracketed(fields, (item["round"] or item["curly"] or "").strip())


def _after(entry: str, position: int, fields: dict[str, Value], *, boxed: bool) -> int:
    """Adds what follows the level; returns where the message starts."""
    spring = _SPRING.match(entry, position)
    if spring is not None:
        fields["process.pid"] = whole(spring["pid"])
        fields["thread.name"] = spring["thread"].strip()
        fields["log.logger"] = spring["logger"]
        return spring.end()
    known = len(fields)
    for _ in range(_POST_MAX):
        item = _ITEM.match(entry, position)
        if item is None or item["word"] is not None or item["curly"] is not None:
            break
        text = (item["square"] or item["round"]).strip()
        if not _fits(text) or not _add_bracketed(fields, text, boxed=boxed):
            break
        position = item.end()
    logger = _LOGGER.match(entry, position)
    if (
        logger is not None
        and "log.logger" not in fields
        and _is_logger(logger, bracketed=len(fields) > known)
    ):
        if logger["source"] is not None:
            _add_source(fields, logger["source"])
        _add_logger(fields, logger["logger"])
        position = logger.end("between") if logger["between"] else logger.end("logger")
    separator = _SEPARATOR.match(entry, position)
    return position if separator is None else separator.end()


def _add_logger(fields: dict[str, Value], text: str) -> None:
    """Types a source line, or a logger with or without the function and the line in it."""
    if _add_source(fields, text):
        return
    place = _PLACE.fullmatch(text)
    if place is not None:
        fields["code.line.number"] = whole(place["line"])
        if place["function"]:
            fields["code.function.name"] = place["function"]
    fields["log.logger"] = place["logger"] if place is not None else text


def _fits(text: str) -> bool:
    """Whether a bracket after the level looks like a name rather than like part of the message."""
    return bool(text) and text.count(" ") <= 3 and "=" not in text and '"' not in text


def _is_logger(match: re.Match[str], *, bracketed: bool) -> bool:
    name, end = match["logger"], match["end"].strip()
    if match["source"] is not None and _SOURCE.fullmatch(match["source"]) is None:
        return False
    if end in ("-", "--", "|"):
        return True
    if match["end"][0] in " \t":
        return end == ":"
    return bracketed or "." in name or ":" in name


def _add_bracketed(fields: dict[str, Value], text: str, *, boxed: bool = False) -> bool:
    """Types a bracket that is neither level nor time; False where there is no place left for it."""
    if text.isdecimal():
        known = whole(text)
        name, value = ("thread.name", text) if known is None else ("thread.id", known)
        if name in fields:
            return False
        fields[name] = value
        return True
    if _add_source(fields, text):
        return True
    dotted = "." in text and " " not in text
    names = ("log.logger", "thread.name") if dotted or boxed else ("thread.name", "log.logger")
    for name in names:
        if name not in fields:
            fields[name] = text
            return True
    return False


def _add_source(fields: dict[str, Value], text: str) -> bool:
    match = _SOURCE.fullmatch(text)
    if match is None or "code.file.path" in fields:
        return False
    fields["code.file.path"] = match["file"]
    if match["function"]:
        fields["code.function.name"] = match["function"]
    fields["code.line.number"] = whole(match["line"])
    return True
