"""The colours that programs write to terminals (ANSI escape sequences, ECMA-48 section 8.3.117); they are not part of the text."""

from __future__ import annotations

import re
from typing import Final

COLOUR: Final = r"\x1b\[[0-9;]*+m"
"""One of them, for expressions."""
_COLOUR: Final = re.compile(COLOUR)
_COLOUR_BYTES: Final = re.compile(COLOUR.encode())


def without_colours(text: str) -> str:
    return _COLOUR.sub("", text) if "\x1b" in text else text


def bytes_without_colours(text: bytes) -> bytes:
    return _COLOUR_BYTES.sub(b"", text) if b"\x1b" in text else text
