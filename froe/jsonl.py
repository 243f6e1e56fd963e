"""JSON for programs: one value, one line, to every reader.

Every control character is escaped: some readers (Python's `str.splitlines`, JavaScript) take NEL, U+2028 and
U+2029 for line ends too, and a terminal obeys others. Integers of any size are written.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence

import click
import orjson

from froe.terminal import harmless

_MAY_HOLD_SOME = re.compile(rb"[\x7f\xc2\xd8\xe2\xef]")
"""The first bytes of control characters that JSON allows as they are."""


def json_line(shown: Mapping[str, object] | Sequence[object]) -> bytes:
    """The value as UTF-8, newline included."""
    try:
        line = orjson.dumps(shown, option=orjson.OPT_APPEND_NEWLINE)
    except TypeError:  # an integer of more than 64 bits
        return json.dumps(shown, separators=(",", ":")).encode() + b"\n"
    return harmless(line.decode()).encode() if _MAY_HOLD_SOME.search(line) else line


def print_json(shown: Mapping[str, object] | Sequence[object], *, err: bool = False) -> None:
    click.echo(json_line(shown), nl=False, err=err)
