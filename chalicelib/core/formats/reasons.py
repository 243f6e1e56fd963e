"""Why an entry is a reject: a code of a few, each with what it means.

What the entry should have looked like depends on its format, which the plan of its file names; `froe parse --explain`
says how far a pattern goes.
"""

from __future__ import annotations

from typing import Final

from chalicelib.core.records import Reject

BAD_TIME: Final = Reject("invalid-timestamp")
FIELD_COUNT: Final = Reject("field-count")
LONG_ROW: Final = Reject("long-row")
NO_HEADER: Final = Reject("no-header")
SHORT_ROW: Final = Reject("short-row")
OTHER_OBJECT: Final = Reject("another-object")
OTHER_SHAPE: Final = Reject("other-shape")

MEANINGS: Final[dict[str, str]] = {
    "another-object": "it is a JSON object without the members that every object of its format has",
    "around-array": "it is around an array that holds the entries, and is more than an envelope says, or broken",
    "broken-xml": "its elements do not close, or it is cut off",
    "field-count": "it has another number of fields than its header or its format, or broken quotes",
    "internal-error": "a fault in Froe: something failed on this entry, and the others of its batch are read",
    "invalid-json": "it is no JSON: a bracket, a quote or a comma is missing or too many",
    "invalid-structured-data": "its structured data is broken: a bracket or a quote is missing",
    "invalid-timestamp": "its time does not exist, such as 30 February or 25 o'clock",
    "long-row": "it has more fields than the header has columns; the first without one is named",
    "no-header": "the header that names its fields does not stand before it",
    "no-timestamp": "it does not begin with a time, and no entry that does stands before it",
    "no-usual-key": "its keys name no time, no level and no message",
    "not-an-object": "it is JSON, but no object: a number, a string or an array",
    "nothing-carried": "the prefix is there, but what follows is no line of a known format",
    "open-quote": "a quote before a field that nobody closes",
    "other-shape": "it does not have the shape of its format's entries",
    "pattern-not-matched": "the pattern of your format does not match it as a whole",
    "short-row": "it has fewer fields than the header has columns; the first that it lacks is named",
    "too-deep": "it nests deeper than 200 levels",
    "too-large": "even without its attributes it is more than DynamoDB takes in an item (400 KB)",
    "too-long": "it is longer than ENTRY_MAX_BYTES; its head is kept, and where it stands",
    "too-long-for-pattern": "the pattern matches it only after more tries than an entry of its length may take",
}
"""Code → what is missing or wrong, as the end of "this line is a reject because …"."""


def code_of(reason: str) -> str:
    """The code of a reason, which may name something behind a colon: `short-row:amount`."""
    return reason.partition(":")[0]
