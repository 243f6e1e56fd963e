"""Who gives dead letters up, and why: checked once, before anything is written, wherever it is asked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from chalicelib.dead_letters.failures import flat
from chalicelib.pages import BadQueryError

_BY_MAX_CHARS: Final = 100
_WHY_MAX_CHARS: Final = 500


@dataclass(frozen=True, slots=True)
class Decision:
    """by, why: each one line of text, without control characters or such as turn the direction of text."""

    by: str
    why: str

    @classmethod
    def of(cls, by: str, why: str) -> Decision:
        """Raises BadQueryError."""
        return cls(_checked("by", by, _BY_MAX_CHARS), _checked("why", why, _WHY_MAX_CHARS))


def _checked(name: str, text: str, max_chars: int) -> str:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise BadQueryError(f"{name} is {text!r}: that is no text in UTF-8") from error
    line = flat(text)
    if not line or len(line) > max_chars:
        raise BadQueryError(f"{name} is {line!r}: say {name}, in 1 to {max_chars} characters")
    return line
