"""JSON for programs: one value, one line, to every reader.

Every control character is escaped: some readers (Python's `str.splitlines`, JavaScript) take NEL, U+2028 and
U+2029 for line ends too, and a terminal obeys others. Integers of any size are written.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import BinaryIO, Final

import click
import orjson

from froe.terminal import harmless

_WRITE_BYTES: Final = 64 * 1024
_MAY_HOLD_SOME = re.compile(rb"[\x7f\xc2\xd8\xe2\xef]")
"""The first bytes of control characters that JSON allows as they are."""


def json_line(value: Mapping[str, object] | Sequence[object]) -> bytes:
    """The value as UTF-8, newline included."""
    try:
        line = orjson.dumps(value, option=orjson.OPT_APPEND_NEWLINE)
    except TypeError:  # an integer of more than 64 bits
        return json.dumps(value, separators=(",", ":")).encode() + b"\n"
    return harmless(line.decode()).encode() if _MAY_HOLD_SOME.search(line) else line


def write_json_lines(values: Iterable[Mapping[str, object]], out: BinaryIO) -> None:
    """Write a line for each, some at once."""
    pending = bytearray()
    for value in values:
        pending += json_line(value)
        if len(pending) > _WRITE_BYTES:
            out.write(pending)
            pending.clear()
    out.write(pending)
    out.flush()


def print_json(value: Mapping[str, object] | Sequence[object], *, err: bool = False) -> None:
    click.echo(json_line(value), nl=False, err=err)
