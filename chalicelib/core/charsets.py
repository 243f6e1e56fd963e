"""The character sets that a text may be said to be in: those whose characters can be read one by one."""

from __future__ import annotations

import codecs
import re
from typing import Final

_REFUSED: Final = re.compile(
    r"utf-(?:16|32|7)|punycode|idna|(?:raw-)?unicode-escape|iso2022.*|hz|undefined|mbcs|oem"
)
"""Codecs that need a byte order mark, have states, or write one character as several others."""
_OF_CONTENT_TYPE: Final = re.compile(r";[ \t]*charset[ \t]*=[ \t]*\"?([\w.:-]{1,40})", re.IGNORECASE)
EBCDIC: Final = frozenset(("cp037", "cp273", "cp424", "cp500", "cp875", "cp1026", "cp1140"))
"""Character sets of mainframes, whose line end is one of its own (NEL)."""
REMEDY: Final = "latin-1, cp1252, shift_jis or utf-16-le are some"


def charset_named(name: str) -> str | None:
    """The codec of a character set by any of its names; None where there is none that can be read piece by piece."""
    try:
        b"four".decode(name, "replace")  # refuses codecs that are none of text, such as hex
        codec = codecs.lookup(name)
        codecs.getincrementaldecoder(name)("replace").decode(b"a\n", final=True)
    except (LookupError, UnicodeError, ValueError):
        return None
    return None if _REFUSED.fullmatch(codec.name) else codec.name


def charset_in(content_type: str) -> str | None:
    """The codec that a Content-Type names; None where it names none, or one that cannot be read; ASCII is UTF-8."""
    found = _OF_CONTENT_TYPE.search(content_type)
    name = charset_named(found[1]) if found else None
    return None if name == "ascii" else name


def is_utf_8(head: bytes) -> bool:
    """Whether a head has characters beyond ASCII, and is UTF-8 as far as it goes: nothing else looks like that."""
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return False
    return not head.isascii()
