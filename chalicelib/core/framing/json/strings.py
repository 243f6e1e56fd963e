"""The text of a JSON string, as an entry that is an element of an array."""

from __future__ import annotations

import json
from typing import Final

import orjson

_HALF: Final = "surrogatepass"


def text_of_string(raw: str) -> str | None:
    """The text of a whole string, with U+FFFD for an unpaired surrogate. None if it is not a string."""
    try:
        text = orjson.loads(raw)
    except orjson.JSONDecodeError:
        try:
            text = json.loads(raw)
        except (ValueError, RecursionError):
            return None
        if isinstance(text, str):
            text = text.encode("utf-16", _HALF).decode("utf-16", "replace")
    return text if isinstance(text, str) else None
