"""JSON for programs: one value, one line, to every reader.

Some readers (Python's `str.splitlines`, JavaScript) take NEL, U+2028 and U+2029 for line ends too, so
those are escaped. Integers of any size are written.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

import click
import orjson

_LINE_ENDS_TO_SOME = (("\x85", b"\\u0085"), ("\u2028", b"\\u2028"), ("\u2029", b"\\u2029"))
_ESCAPES = tuple((character.encode(), escaped) for character, escaped in _LINE_ENDS_TO_SOME)


def json_line(shown: Mapping[str, object] | Sequence[object]) -> bytes:
    """The value as UTF-8, newline included."""
    try:
        line = orjson.dumps(shown, option=orjson.OPT_APPEND_NEWLINE)
    except TypeError:  # an integer of more than 64 bits
        return json.dumps(shown, separators=(",", ":")).encode() + b"\n"
    for character, escaped in _ESCAPES:
        if character in line:
            line = line.replace(character, escaped)
    return line


def print_json(shown: Mapping[str, object] | Sequence[object], *, err: bool = False) -> None:
    click.echo(json_line(shown), nl=False, err=err)
