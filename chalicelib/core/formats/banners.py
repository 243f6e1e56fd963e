"""Tables behind a banner: a few lines about the export, before the line that names the columns."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import islice, pairwise
from typing import TYPE_CHECKING, Final

from chalicelib.core.records import Record

if TYPE_CHECKING:
    from collections.abc import Callable

    from chalicelib.core.formats import Format, Parse

SEPARATOR: Final = re.compile(r"\"?sep=(.)\"?\s*", re.IGNORECASE)
"""Excel's line above a header that names the separator."""
_BANNER_LINES_MAX: Final = 3
_LINE_MAX_CHARACTERS: Final = 2048


def behind_banner(
    known: Format, head: bytes, lines: list[str], parser: Callable[[str], Parse]
) -> Format | None:
    """The format with a framing that looks for this very header, and for these lines before it; None where
    none of the first lines is a header that explains the next.

    head: as it stands in the text. lines: those of the head. parser: the format's, under a header line.
    """
    first_lines = list(islice((line for line in lines if line.strip()), _BANNER_LINES_MAX + 2))
    for number, (header, row) in enumerate(pairwise(first_lines)):
        separated = number == 1 and SEPARATOR.fullmatch(first_lines[0])
        whole_header = f"{first_lines[0]}\n{header}" if separated else header
        if number and isinstance(parser(whole_header)(row), Record):
            before = first_lines[: number + 1]
            if any(len(line) > _LINE_MAX_CHARACTERS or line.encode() not in head for line in before):
                return None
            banner = "|".join(re.escape(line) for line in before[:-1])
            pattern = rf"(?:({banner})|{re.escape(header)})\Z"
            return replace(known, framing=replace(known.framing, header_first=False, header=pattern))
    return None
