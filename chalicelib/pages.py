"""Pages of lists, ``{"items": […], "cursor": …}``: each ends at its limit, or before an answer is too large.

Lambda's answer, the body once more escaped as JSON, ends at 6,291,556 bytes
(https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html).
"""

from __future__ import annotations

import json
import re
from datetime import datetime
from typing import Any, Final

from chalicelib.core.wire.fields import FILE_ID, NAME_MAX_CHARS, quoted

MAX_LIMIT: Final = 1000
DEFAULT_LIMIT: Final = 100
PAGE_MAX_BYTES: Final = 4_000_000
"""Bytes of the JSON that a client reads."""

_ANSWER_MAX_BYTES: Final = 6_000_000
_CURSOR_MAX_DIGITS: Final = 16


class BadQueryError(Exception):
    """A parameter is wrong; the message names it and the remedy."""


class Page:
    """Items of a list, as many as the limit and the size of an answer allow. The first item always fits. beside: what else
    the answer has."""

    def __init__(self, limit: int, beside: Any = None) -> None:
        self._limit = checked_limit(limit)
        self._items: list[Any] = []
        self._bytes, self._escaped_bytes = _sizes(beside)

    @property
    def is_full(self) -> bool:
        return len(self._items) == self._limit

    @property
    def is_empty(self) -> bool:
        return not self._items

    @property
    def is_too_large(self) -> bool:
        """Whether its first item alone exceeds the size of an answer."""
        return self._escaped_bytes > _ANSWER_MAX_BYTES

    def add(self, item: Any) -> bool:
        """Add an item. Gives False if there is no room: then it begins the next page."""
        size, escaped = map(int.__add__, (self._bytes, self._escaped_bytes), _sizes(item))
        if self.is_full or (self._items and (size > PAGE_MAX_BYTES or escaped > _ANSWER_MAX_BYTES)):
            return False
        self._bytes, self._escaped_bytes = size, escaped
        self._items.append(item)
        return True

    def listed(self, cursor: str | None) -> dict[str, Any]:
        return {"items": self._items, "cursor": cursor}


def _sizes(value: Any) -> tuple[int, int]:
    """In bytes: as Chalice writes it, in ASCII, and as it is escaped once more."""
    text = "" if value is None else json.dumps(value, default=str)
    return len(text), len(text) + text.count('"') + text.count("\\")


def checked_limit(limit: int) -> int:
    if not 1 <= limit <= MAX_LIMIT:
        raise BadQueryError(f"limit is {limit}: give a number from 1 to {MAX_LIMIT}")
    return limit


def is_number(text: str) -> bool:
    """Whether it is written in the digits 0 to 9."""
    return text.isascii() and text.isdecimal()


def checked_offset(cursor: str) -> int:
    if not is_number(cursor) or len(cursor) > _CURSOR_MAX_DIGITS:
        raise bad_cursor(cursor)
    return int(cursor)


def checked_batch(cursor: str) -> tuple[int, int]:
    split, dash, number = cursor.partition("-")
    if not (dash and is_number(split) and is_number(number)) or len(cursor) > 2 * _CURSOR_MAX_DIGITS:
        raise bad_cursor(cursor)
    return int(split), int(number)


def checked_position(cursor: str, name: re.Pattern[str] = FILE_ID) -> str:
    """The position of an item in a list by time (`ledger.opened_position`); name: the form of the item's name.

    A plus sign that a query holds as it is arrives as a blank."""
    position = cursor.replace(" ", "+")
    time, _, named = position.partition("#")
    try:
        moment = datetime.fromisoformat(time)
    except ValueError:
        raise bad_cursor(cursor) from None
    if moment.isoformat(timespec="microseconds") != time or not moment.tzinfo or not name.fullmatch(named):
        raise bad_cursor(cursor)
    return position


def bad_cursor(cursor: str) -> BadQueryError:
    return BadQueryError(f"cursor is {quoted(cursor)}: give the one of the previous page")


def may_be_key(key: str) -> bool:
    """Whether an object can have that key. The table would refuse a longer text, or invalid text."""
    try:
        return len(key.encode()) <= NAME_MAX_CHARS
    except UnicodeEncodeError:
        return False
