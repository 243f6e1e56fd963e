"""A source's own severity → the number of the OpenTelemetry log data model (TRACE 1 … FATAL 24).

By name, by syslog code (RFC 5424, table 2), by the numbers of bunyan and pino or by the data model's own
(`WARN2`, 14), by Go's distance from a name (`WARN+2`); what is none of these has no number. Names and syslog codes follow the data model's example mappings:
https://opentelemetry.io/docs/specs/otel/logs/data-model-appendix/#appendix-b-severitynumber-example-mappings
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    pass

_RANGES: Final = {"trace": 1, "debug": 5, "info": 9, "warn": 13, "error": 17, "fatal": 21}
"""https://opentelemetry.io/docs/specs/otel/logs/data-model/#field-severitynumber: four numbers a name."""
_NUMBERS: Final[dict[str, int]] = {
    "trace": 1, "trc": 1, "trce": 1, "trac": 1, "finest": 1, "verbose": 1, "verb": 1, "vrb": 1, "silly": 1, "t": 1, "v": 1,
    "debug": 5, "dbg": 5, "dbug": 5, "debu": 5, "debg": 5, "finer": 5, "d": 5,
    "fine": 6, "config": 7,
    "info": 9, "inf": 9, "information": 9, "informational": 9, "i": 9,
    "success": 9, "notice": 10, "notic": 10, "note": 10, "n": 10,
    "warn": 13, "warning": 13, "warni": 13, "wrn": 13, "w": 13,
    "error": 17, "err": 17, "eror": 17, "erro": 17, "severe": 17, "fail": 17, "failure": 17, "e": 17,
    "crit": 18, "dpanic": 18,
    "alert": 19,
    "fatal": 21, "ftl": 21, "critical": 21, "emerg": 21, "emergency": 21, "panic": 21, "f": 21, "c": 21,
    **{f"{name}{rank}": number + rank - 1 for name, number in _RANGES.items() for rank in (2, 3, 4)},
}  # fmt: skip

_TRANSLATED: Final[dict[str, int]] = {
    "fehlersuche": 5, "débogage": 5, "depuración": 5, "informationen": 9, "información": 9, "informação": 9, "informazioni": 9, "hinweis": 10,
    "warnung": 13, "avertissement": 13, "attention": 13, "advertencia": 13, "aviso": 13, "avviso": 13, "avvertimento": 13,
    "fehler": 17, "erreur": 17, "errore": 17, "erro": 17, "schwerwiegend": 17,
    "kritisch": 21, "critique": 21, "crítico": 21, "critico": 21, "fatale": 21, "notfall": 21,
}  # fmt: skip
"""What a column or a member that is the severity may say in German, French, Spanish, Portuguese and Italian."""

SYSLOG: Final[tuple[tuple[str, int], ...]] = (
    ("emerg", 21), ("alert", 19), ("crit", 18), ("err", 17),
    ("warning", 13), ("notice", 10), ("info", 9), ("debug", 5),
)  # fmt: skip
"""Syslog severity code (0 to 7) → its keyword and its OpenTelemetry number."""

OPENTELEMETRY_MAX: Final = 24
_OFFSET: Final = re.compile(r"(debug|info|warn|error)([+-][0-9]{1,2})", re.ASCII)
"""A level of Go's slog between the named ones, which stand 4 apart there as here:
https://pkg.go.dev/log/slog#Level.String"""
_WORD_MAX: Final = 24
_NAMES_LEVEL: Final = re.compile(r"le?ve?l|sever", re.IGNORECASE)
"""What the name of a level holds; `priority` may be an order's."""
_LEVEL_WORD: Final = re.compile(r"[A-Za-z][A-Za-z0-9_+-]{0,23}", re.ASCII)

_BUNYAN: Final[dict[int, int]] = {10: 1, 20: 5, 30: 9, 40: 13, 50: 17, 60: 21}
"""https://github.com/trentm/node-bunyan#levels, the same in pino; Python's 10 to 50 are not told apart."""

SMALL: Final[frozenset[str]] = frozenset(
    ("trace", "debug", "info", "notice", "warn", "warning", "error", "fatal", "critical", "err", "crit")
)
"""The names that are levels even where they stand bare and in small letters."""
WORDS: Final[frozenset[str]] = frozenset(word for word in _NUMBERS if len(word) > 1)
"""The names, lower case, without the single letters."""


def of_word(word: str) -> int | None:
    """Number of a severity's name in any case (`Warning`, `ERR`, `i`, blanks around it or not); None where it is
    no such name.
    """
    number = _NUMBERS.get(word)
    if number is None and len(word) <= _WORD_MAX:
        word = word.strip().lower()
        number = _NUMBERS.get(word) or _TRANSLATED.get(word)
        if number is None and word[-1:].isdecimal() and (between := _OFFSET.fullmatch(word)):
            number = min(max(_NUMBERS[between[1]] + int(between[2]), 1), OPENTELEMETRY_MAX)
    return number


def is_word(text: str) -> bool:
    """Whether a text that stands where a level belongs may be one that nobody knows: a word and no more."""
    return _LEVEL_WORD.fullmatch(text) is not None


def names_level(name: str) -> bool:
    """Whether what has this name is a level, whatever word it is."""
    return _NAMES_LEVEL.search(name) is not None


def of_number(number: int) -> int | None:
    """Number of a level of which a user's own format says that it is one: 0 to 7 are syslog's, 10, 20 … 60 bunyan's;
    None for any other. Of others see `numeric_levels`."""
    if 0 <= number < len(SYSLOG):
        return SYSLOG[number][1]
    return _BUNYAN.get(number)


def of_syslog(code: int | None) -> tuple[str, int] | tuple[None, None]:
    """The keyword of a syslog code and its number; None twice for any other than 0 to 7."""
    return SYSLOG[code] if code is not None and 0 <= code < len(SYSLOG) else (None, None)
