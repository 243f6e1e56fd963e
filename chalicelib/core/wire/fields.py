"""Fields of JSON from others, accepted only if they have the expected type.

A missing field is a KeyError, a wrong one a TypeError or ValueError that names it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias, TypeVar

T = TypeVar("T")
Take: TypeAlias = Callable[[Mapping[str, Any], str], T]
"""How the value of a field is taken."""

NAME_MAX_CHARS: Final = 1024
"""Characters in the name of an object: https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html"""

_QUOTED_MAX_CHARS: Final = 100
FILE_ID: Final = re.compile(r"[a-z2-7]{26}(~[0-9]{1,9})?")
"""The form of a file's id."""


def file_id_in(fields: Mapping[str, Any]) -> str:
    """The file id, which must match the pattern before it is used as a key of the tables."""
    file_id = text_in(fields, "file_id")
    if not FILE_ID.fullmatch(file_id):
        raise ValueError(f"its file_id is {quoted(file_id)}")
    return file_id


def name_in(fields: Mapping[str, Any], name: str) -> str:
    text = text_in(fields, name)
    if len(text) > NAME_MAX_CHARS:
        raise ValueError(f"its {name} has {len(text):,} characters")
    return text


def text_in(fields: Mapping[str, Any], name: str) -> str:
    text = fields[name]
    if not isinstance(text, str):
        raise TypeError(f"its {name} is {quoted(text)}, which is not a string")
    return text


def number_in(fields: Mapping[str, Any], name: str) -> int:
    number = fields[name]
    if not isinstance(number, int) or isinstance(number, bool):
        raise TypeError(f"its {name} is {quoted(number)}, which is not a whole number")
    return number


def or_none(take: Take[T], fields: Mapping[str, Any], name: str) -> T | None:
    """A field that must be there, and may be null."""
    return None if fields[name] is None else take(fields, name)


def if_any(take: Take[T], fields: Mapping[str, Any], name: str) -> T | None:
    """A field that may be missing or null."""
    return None if fields.get(name) is None else take(fields, name)


def quoted(value: Any) -> str:
    """A value of any size, for a message."""
    return repr(value)[:_QUOTED_MAX_CHARS]
