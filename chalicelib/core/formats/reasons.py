"""Why an entry is a reject: one of a few codes, each with its meaning.

What the entry should look like depends on its format, which the plan of its file names; `froe parse --explain`
shows how far a pattern matches.
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
    "around-array": "it is outside the array of the entries, and is broken or more than an envelope",
    "broken-xml": "its elements are not closed, or it is cut off",
    "field-count": "its number of fields differs from that of its header or format, or its quotes are broken",
    "internal-error": "a bug in Froe: it failed on this entry, and parsed the others of the batch",
    "invalid-json": "it is not JSON: a bracket, a quote or a comma is missing, or there is one too many",
    "invalid-structured-data": "its structured data is broken: a bracket or a quote is missing",
    "invalid-timestamp": "its time does not exist, such as 30 February or 25 o'clock",
    "long-row": "it has more fields than the header has columns; the reason names the first field without a column",
    "no-header": "there is no header before it that names its fields",
    "no-timestamp": "it does not begin with a time, and follows no entry that does",
    "no-usual-key": "none of its keys is a usual name of a time, a level or a message",
    "not-an-object": "it is JSON, but not an object: a number, a string or an array",
    "nothing-carried": "it has the prefix, but no line of a known format follows",
    "open-quote": "a quote before a field is never closed",
    "other-shape": "it does not have the shape of its format's entries",
    "pattern-not-matched": "the pattern of your format does not match the whole entry",
    "short-row": "it has fewer fields than the header has columns; the reason names the first column that it lacks",
    "too-deep": "it is nested deeper than 200 levels",
    "too-large": "even without its attributes it is larger than an item of DynamoDB may be (400 KB)",
    "too-long": "it is longer than ENTRY_MAX_BYTES; its first bytes and its position are kept",
    "too-long-for-pattern": "matching the pattern could take too many steps at this length",
}
"""Code → what is missing or wrong, as the end of "this line is a reject because …"."""


def code_of(reason: str) -> str:
    """The code of a reason, which may name a column after a colon: `short-row:amount`."""
    return reason.partition(":")[0]
