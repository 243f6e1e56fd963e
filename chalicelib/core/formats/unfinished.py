"""Whether a head that holds no whole JSON value is the beginning of one: of an object larger than the head."""

from __future__ import annotations

import json
from typing import Final

_TAIL_CHARACTERS: Final = 12
"""An escape or a word that the head's end cuts is refused where it begins."""


def is_unfinished_object(head: bytes) -> bool:
    """Whether the head is an object as far as it goes; an object that ends is none of these."""
    text = head.decode("latin-1").strip()
    if not text.startswith("{"):
        return False
    try:
        json.JSONDecoder(parse_int=str, parse_float=str).raw_decode(text)
    except json.JSONDecodeError as error:
        return error.pos >= len(text) - _TAIL_CHARACTERS or error.msg.startswith("Unterminated string")
    except RecursionError:
        return False
    return False
