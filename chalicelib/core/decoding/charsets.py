"""The character sets that a user may set for a text: those whose characters can be decoded one by one.

If ASCII characters are the same bytes in the character set, and lines can be decoded one by one, the text is the object's
own bytes: its offsets are the object's, and only the content of lines is decoded. In any other character set the whole text
is recoded to UTF-8.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from chalicelib.core.records import Outcome

_REFUSED: Final = re.compile(
    r"utf-(?:16|32|7)|punycode|idna|(?:raw-)?unicode-escape|iso2022.*|hz|undefined|mbcs|oem"
)
"""Codecs that need a byte order mark, have states, or encode one character as several others."""
_OF_CONTENT_TYPE: Final = re.compile(r";[ \t]*charset[ \t]*=[ \t]*\"?([\w.:-]{1,40})", re.IGNORECASE)
EBCDIC: Final = frozenset(("cp037", "cp273", "cp424", "cp500", "cp875", "cp1026", "cp1140"))
"""Character sets of mainframes, which have a line end of their own (NEL)."""
REMEDY: Final = (
    "of Python's codecs these are read: latin-1 and its kin (iso8859-2 … iso8859-16), cp1250 … cp1258, koi8-r, koi8-u, mac-roman,"
    " cp437, cp850, cp866 and their kin, cp874, shift_jis, cp932, euc-jp, gb2312, gbk, gb18030, big5, euc-kr, cp949, utf-8, utf-16-le, utf-16-be,"
    " utf-32-le, utf-32-be, and of EBCDIC cp037, cp273, cp500 and cp1140"
)
_SEVERAL_BYTES: Final = frozenset(
    ("shift_jis", "shift_jis_2004", "cp932", "euc_jp", "euc_jis_2004", "euc_jisx0213", "euc_kr", "cp949", "gb2312", "gbk",
     "gb18030", "big5", "big5hkscs", "cp950")
)  # fmt: skip
"""Character sets whose characters of several bytes have no byte below 0x30 but their first, which is not ASCII. So 0x0A
always ends a line, and 0x22 is always a quote; 0x5C or 0x7C may be half a character."""
_ASCII: Final = bytes(range(128))


def charset_named(name: str) -> str | None:
    """The codec of a character set, by any of its names; None if it is unknown or cannot be read piece by piece."""
    try:
        b"four".decode(name, "replace")  # refuses codecs that are none of text, such as hex
        codec = codecs.lookup(name)
        codecs.getincrementaldecoder(name)("replace").decode(b"a\n", final=True)
    except (LookupError, UnicodeError, ValueError):
        return None
    return None if _REFUSED.fullmatch(codec.name) else codec.name


def charset_in(content_type: str) -> str | None:
    """The codec that a Content-Type names; None if it names none, or one that cannot be read. ASCII counts as UTF-8."""
    match = _OF_CONTENT_TYPE.search(content_type)
    name = charset_named(match[1]) if match else None
    return None if name == "ascii" else name


@lru_cache(64)
def is_by_line(charset: str) -> bool:
    """Whether a text in it can be cut as it is, at 0x0A. Raises LookupError for an unknown codec."""
    name = codecs.lookup(charset).name
    if name.startswith("utf") or _ASCII.decode(name, "replace") != _ASCII.decode():
        return False
    if name in _SEVERAL_BYTES:
        return True
    return all(len(bytes((byte, byte)).decode(name, "replace")) == 2 for byte in range(256))


def in_utf_8(raw: bytes, charset: str | None) -> bytes:
    """A line, or a part of one, recoded. charset: None: it is UTF-8 already."""
    return raw if charset is None else raw.decode(charset, "replace").encode("utf-8", "replace")


def changed_in_utf_8(outcome: Outcome, charset: str, change: Callable[[Outcome], Outcome]) -> Outcome:
    """Apply a change that sees raw bytes as UTF-8. Bytes that it leaves alone stay as they are; others are encoded
    again, with question marks for characters that the charset lacks."""
    raw = outcome.raw.decode(charset, "surrogateescape").encode("utf-8", "surrogateescape")
    is_whole = len(outcome.raw) == outcome.length
    length = len(raw) if is_whole else max(outcome.length, len(raw) + 1)
    changed = change(outcome._replace(raw=raw, length=length))
    if changed.raw == raw:
        own = outcome.raw
    else:
        text = changed.raw.decode("utf-8", "surrogateescape")
        try:
            own = text.encode(charset, "surrogateescape")
        except UnicodeEncodeError:
            own = text.encode(charset, "replace")
    return changed._replace(raw=own, length=outcome.length)


def is_utf_8(head: bytes) -> bool:
    """Whether a head has characters beyond ASCII, and is UTF-8 as far as it goes: nothing else looks like that."""
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return False
    return not head.isascii()
