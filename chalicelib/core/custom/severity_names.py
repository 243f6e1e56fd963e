"""The severities that a configuration may name: fewer than logs use, so that typing errors are noticed."""

from __future__ import annotations

from typing import Final

from chalicelib.core.formats import severity

_NAMES: Final = frozenset(
    (
        "trace", "verbose", "debug", "info", "information", "informational", "notice", "warn", "warning", "error", "err", "critical",
        "severe", "crit", "alert", "emergency", "emerg", "panic", "fatal",
        *(f"{name}{rank}" for name in ("trace", "debug", "info", "warn", "error", "fatal") for rank in (2, 3, 4)),
    )
)  # fmt: skip
REMEDY: Final = "write trace, debug, info, warn, error or fatal"


def number_of(word: object) -> int | None:
    """The number of a severity; None for an unknown name."""
    return severity.of_word(word) if isinstance(word, str) and word.lower() in _NAMES else None
