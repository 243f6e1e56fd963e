"""SQL statements, as far as they are checked before they are asked: one statement, of those that read; and which columns
come near one that is not there.

The guard is the policy of the function that asks; this is for a clear refusal.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from typing import Final

from chalicelib.core.wire.fields import quoted
from chalicelib.pages import BadQueryError

SQL_MAX_CHARS: Final = 50_000
KINDS: Final = ("SELECT", "WITH", "EXPLAIN", "SHOW", "DESCRIBE")
_BLANK: Final = r"\s++|--[^\n]*+(?:\n|\Z)|/\*(?:[^*]++|\*(?!/))*+(?:\*/|\Z)"
"""White space or a comment."""
_BLANKS: Final = re.compile(rf"(?:{_BLANK})*+")
_BEFORE_THE_WORD: Final = re.compile(rf"(?:{_BLANK}|\()*+")
_STATEMENT: Final = re.compile(rf"""(?:{_BLANK}|'(?:[^']++|'')*+(?:'|\Z)|"(?:[^"]++|"")*+(?:"|\Z)|[^;])*+""")
"""Up to its semicolon; what is quoted or a comment may contain others."""
_WORD: Final = re.compile(r"[A-Za-z]*")
_COLUMNS_NAMED_MAX: Final = 8
_NEAR_MAX: Final = 4


def checked_sql(sql: str | None) -> str:
    """A statement that reads, without the semicolon at its end. BadQueryError."""
    text = (sql or "").strip()
    match = _STATEMENT.match(text)
    statement = match[0].strip() if match else ""
    if not statement:
        raise BadQueryError(
            "sql is missing: give a statement such as select count(*) from records where file_format = 'json'"
        )
    if len(statement) > SQL_MAX_CHARS:
        raise BadQueryError(f"sql has {len(statement):,} characters: give at most {SQL_MAX_CHARS:,}")
    begin = _BEFORE_THE_WORD.match(statement)
    word = _WORD.match(statement, begin.end() if begin else 0)
    if word is None or word[0].upper() not in KINDS:
        raise BadQueryError(
            f"sql begins with {quoted(word[0] if word and word[0] else statement[:20])}: give a statement that reads,"
            f" which begins with {', '.join(KINDS[:-1])} or {KINDS[-1]}"
        )
    if others := _rest(text[match.end() if match else 0 :]):
        raise BadQueryError(
            f"sql has more than one statement: behind the first one is {quoted(others[:40])}: ask them one by one"
        )
    return statement


def _rest(text: str) -> str:
    """What follows semicolons, white space and comments."""
    while text.startswith(";"):
        blanks = _BLANKS.match(text, 1)
        text = text[blanks.end() if blanks else 1 :]
    return text


def columns_near(columns: Sequence[str], name: str, table: str, listing: str = "") -> str:
    """A sentence: the columns of a table where they are few, else those near a name, and how many there are. listing: what
    lists them all, by default a statement."""
    if len(columns) <= _COLUMNS_NAMED_MAX:
        return f"The columns of {table}: {', '.join(columns)}."
    wrong = name.lower()
    near = difflib.get_close_matches(wrong, columns, _NEAR_MAX, cutoff=0.6)
    near += [each for each in columns if wrong and wrong in each and each not in near]
    listing = listing or f"DESCRIBE {table}"
    if not near:
        return f"{table} has {len(columns)} columns: {listing} lists them."
    return (
        f"The nearest of the {len(columns)} columns of {table}: {', '.join(near[:_NEAR_MAX])}."
        f" {listing} lists them all."
    )
