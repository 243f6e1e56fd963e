"""A line of a log in pieces: times of any shape, levels, addresses, numbers and their units, keys, words, marks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import ip_address
from typing import Final

from chalicelib.core.formats.severity import WORDS
from chalicelib.core.formats.times import ZONE, Times

_CLOCK: Final = r"[0-9]{1,2}:[0-9]{2}(?::[0-9]{2})?(?:[.,][0-9]{1,9})?(?: ?[AaPp]\.?[Mm]\.?)?"
_WEEKDAY: Final = r"(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]{0,6},? )?"
_MONTH: Final = r"[A-Z][a-z]{2,8}\.?"
_TIMES: Final = tuple(
    re.compile(rf"(?:{shape})(?![0-9])")
    for shape in (
        rf"[0-9]{{4}}[-/.][0-9]{{1,2}}[-/.][0-9]{{1,2}}[T _:]{_CLOCK}(?: ?{ZONE})?",
        rf"{_WEEKDAY}[0-9]{{1,2}}[-/ .](?:{_MONTH}|[A-Z]{{3}}|[a-z]{{3}})[-/ .,]{{1,2}}[0-9]{{2,4}}[ T:,]{{1,2}}{_CLOCK}(?: ?{ZONE})?",
        rf"{_WEEKDAY}{_MONTH} {{1,2}}[0-9]{{1,2}},? (?:[0-9]{{4}},? )?(?:at )?{_CLOCK}(?: ?{ZONE})?(?: [0-9]{{4}})?",
        rf"[0-9]{{1,2}}[-/.][0-9]{{1,2}}[-/.](?:[0-9]{{4}}|[0-9]{{2}})[ T_,:]{{1,2}}{_CLOCK}(?: ?{ZONE})?",
        rf"[0-9]{{8}}[T _-](?:[0-9]{{6}}|[0-9]{{1,2}}:[0-9]{{2}}:[0-9]{{2}})(?:[.,][0-9]{{1,9}})?(?:{ZONE})?",
        r"[0-9]{14}(?:[.,][0-9]{1,9})?",
        rf"[0-9]{{6}} {{1,2}}{_CLOCK}",
        r"1[0-9]{9}(?:[0-9]{3}|[0-9]{6}|[0-9]{9})?(?:\.[0-9]{1,9})?",
    )
)
_UNITS: Final = r"ns|us|µs|μs|ms|msec|msecs|s|sec|secs|seconds|m|min|mins|h|hrs?|[KMGT]i?B|[kmgt]b|B|bytes|%"
_TOKEN: Final = re.compile(
    r"(?P<quoted>\"[^\"]*+\")|(?P<single>(?<!\w)'[^']*+'(?!\w))"
    r"|(?P<ip>(?<![\w.])[0-9]{1,3}(?:\.[0-9]{1,3}){3}(?![\w.])|(?<![\w:])[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,7}(?![\w:]))"
    r"|(?P<clock>(?<![\w:])[0-9]{1,2}:[0-9]{2}(?::[0-9]{2})?(?:[.,][0-9]{1,9})?(?![\w:]))"
    r"|(?P<date>(?<![\w.])(?:[0-9]{4}[-/.][0-9]{1,2}[-/.][0-9]{1,2}|[0-9]{1,2}[-/.](?:[0-9]{1,2}|[A-Za-z]{3})[-/.][0-9]{2,4})(?![\w.]))"
    rf"|(?P<quantity>[+-]?[0-9]+(?:\.[0-9]+)?(?:{_UNITS})(?![\w.-]))"
    r"|(?P<number>[+-]?[0-9]+(?:\.[0-9]+)?(?![\w.-]))|(?P<key>[A-Za-z_][\w.-]*+=)|(?P<word>[\w.$/@%#+-]+)"
    r"|(?P<space>\s+)|(?P<mark>.)",
    re.DOTALL,
)
_QUANTITY: Final = re.compile(rf"([+-]?[0-9]+(?:\.[0-9]+)?)({_UNITS})")


@dataclass(frozen=True, slots=True)
class Token:
    """kind: time, clock, date, level, quoted, single, ip, number, quantity, key, word, space or mark."""

    kind: str
    text: str

    @property
    def unit(self) -> str:
        quantity = _QUANTITY.fullmatch(self.text)
        return quantity[2] if quantity else ""


def tokens_of(line: str) -> Iterator[Token]:
    times = Times(datetime(2100, 1, 1, tzinfo=UTC))
    at = 0
    while at < len(line):
        token = _time_at(line, at, times) or _token_at(line, at)
        yield token
        at += len(token.text)


def _time_at(line: str, at: int, times: Times) -> Token | None:
    for pattern in _TIMES:
        match = pattern.match(line, at)
        if match and (times.of_text(match[0]) or times.of_number(match[0])):
            return Token("time", match[0])
    return None


def _token_at(line: str, at: int) -> Token:
    match = _TOKEN.match(line, at)
    assert match is not None, "any character is a mark at least"
    kind, text = str(match.lastgroup), match[0]
    if kind == "ip" and not _is_address(text):
        match = re.compile(r"[\w.:]+").match(line, at)
        text = match[0] if match else text
        kind = "clock" if text.replace(":", "").replace(".", "").isdecimal() else "word"
    is_level = kind == "word" and text.lower() in WORDS
    return Token("level" if is_level else kind, text)


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return len(text) > len("::")
