"""The lines of several interleaved streams: whose a line is, what it says, and whether it goes on."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

import orjson

from chalicelib.core.framing import Framing

PART_BYTES: Final = 16_000
"""What Docker cuts is longer; its parts of a line have nothing else that says so."""
_ENDED_SHARE_MIN: Final = 0.1
"""Of short lines, so many have their ends where what has none is a part."""


class Part(NamedTuple):
    stream: bytes
    text: bytes
    cut: bool
    """The line goes on."""

    surely: bool
    """… and does so in whatever line of its stream comes next."""

    time: bytes | None


def ended(text: bytes) -> bytes:
    """A text with the line end that it may have in another form, or lack."""
    return text.rstrip(b"\r\n") + b"\n"


def part_in(match: re.Match[bytes]) -> Part:
    groups = match.groupdict()
    stream, text, cut = groups.get("stream") or b"", groups.get("text"), bool(groups.get("cut"))
    if text is not None:
        return Part(stream, text, cut, surely=True, time=groups.get("time"))
    quoted = groups["quoted"]
    if b"\\" in quoted:
        try:
            text = orjson.loads(b'"' + quoted + b'"').encode()
        except (orjson.JSONDecodeError, UnicodeEncodeError):
            text = quoted
    else:
        text = quoted
    return Part(
        stream, text, not text.endswith(b"\n"), surely=len(quoted) >= PART_BYTES, time=groups.get("time")
    )


def texts_of_streams(head: bytes, framing: Framing) -> list[bytes]:
    """What each stream says in the head of a text, its parts joined."""
    texts: dict[bytes, bytearray] = {}
    for part in parts_of(head, framing):
        goes_on = part.cut and (part.surely or framing.parts_end is not False)
        text = part.text if goes_on else ended(part.text)
        texts.setdefault(part.stream, bytearray()).extend(text)
    return [bytes(text) for text in texts.values()]


def parts_end(head: bytes, framing: Framing) -> bool | None:
    """What `Framing.parts_end` is for a text with this head; None where it shows neither."""
    short = [part for part in parts_of(head, framing) if part.time is not None and not part.surely]
    ended = sum(1 for part in short if not part.cut)
    if ended == len(short):
        return True if short else None
    if ended == 0:
        return False if len(short) > 1 else None
    return True if ended >= _ENDED_SHARE_MIN * len(short) else None


def parts_of(head: bytes, framing: Framing) -> Iterator[Part]:
    assert framing.parts is not None, "a framing of streams says what its lines are"
    part_of = re.compile(framing.parts.encode()).match
    return (part_in(match) for line in head.splitlines(keepends=True) if (match := part_of(line)) is not None)
