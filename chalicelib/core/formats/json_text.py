"""The JSON object in a text, read so that nothing in it is lost, and flattened to dotted names.

orjson reads it first. Where that drops a repeated name, rounds a number or refuses an unpaired surrogate, the
text is read again by `load_exact`. What is broken, no object, or nested deeper than 200 levels is a reject.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, TypeAlias, TypeVar

import orjson

from chalicelib.core.formats.flatten import (
    PREFIX_MAX,
    NeedsExact,
    Pairs,
    TooDeep,
    flatten,
    flatten_plain,
    load_exact,
)
from chalicelib.core.records import Reject

if TYPE_CHECKING:
    from chalicelib.core.records import Value

Fields: TypeAlias = "dict[str, Value]"
Made = TypeVar("Made")

INVALID: Final = Reject("invalid-json")
NOT_AN_OBJECT: Final = Reject("not-an-object")
TOO_DEEP: Final = Reject("too-deep")
_IN_NUMBERS: Final = frozenset("0123456789.")
_BEFORE_NUMBERS: Final = frozenset(":[, \t\r\n")
_SPACED_COLON: Final = re.compile(r'"[ \t\r\n]++:')


def flat_line(text: str) -> Fields | Reject:
    """As `flat_object`, but faster if objects nest at most once; then nested members come last."""
    try:
        loaded = orjson.loads(text)
    except orjson.JSONDecodeError:
        return flat_object(text)
    if type(loaded) is dict:
        flat = flatten_plain(loaded, short=len(text) <= PREFIX_MAX)
        if flat is not None and _names_no_more(text, flat[1]):
            return flat[0]
    return flat_object(text)


def flat_object(text: str) -> Fields | Reject:
    """The members of the object in a text under dotted names, in order, or the reason for its reject."""

    def flat(loaded: dict[str, Any]) -> Fields:
        fields, members = flatten(loaded)
        if type(loaded) is not Pairs and not _names_no_more(text, members):
            raise NeedsExact
        return fields

    return made_of(text, flat)


def made_of(text: str, make: Callable[[dict[str, Any]], Made]) -> Made | Reject:
    """What `make` gives for the object in a text, or the reason for its reject.

    make: gets the object as it is usually loaded; if it raises NeedsExact, or the object could not be loaded so, it
    gets `Pairs`. Raises TooDeep for too many levels.
    """
    try:
        loaded = orjson.loads(text)
        return make(loaded) if type(loaded) is dict else NOT_AN_OBJECT
    except (orjson.JSONDecodeError, NeedsExact):
        pass
    except (TooDeep, RecursionError):
        return TOO_DEEP
    try:
        exact = load_exact(text)
        return NOT_AN_OBJECT if exact is None else make(exact)
    except (TooDeep, RecursionError):
        return TOO_DEEP
    except json.JSONDecodeError:
        return INVALID


def _names_no_more(text: str, members: int) -> bool:
    """Whether these are all members that the text names, and no number is so small that orjson made it 0: it keeps the last of repeated names, and then there
    are fewer of them than colons after quotes."""
    if (" :" in text or "\t" in text or "\r" in text or "\n" in text) and _SPACED_COLON.search(text):
        return False
    if ("e-" in text and _may_be_small(text, "e-")) or ("E-" in text and _may_be_small(text, "E-")):
        return False
    colons = text.count('":')
    return members == colons or ('\\\\"' not in text and members == colons - text.count('\\":'))


def _may_be_small(text: str, mark: str) -> bool:
    """Whether a number outside of strings may have an exponent of three digits: its digits, the mark, and digits."""
    at = text.find(mark)
    while at > 0:
        if text[at + 2 : at + 5].isdecimal():
            begin = at - 1
            while begin > 0 and text[begin] in _IN_NUMBERS:
                begin -= 1
            if begin < at - 1 and text[begin - (text[begin] == "-")] in _BEFORE_NUMBERS:
                return True
        at = text.find(mark, at + 2)
    return False
