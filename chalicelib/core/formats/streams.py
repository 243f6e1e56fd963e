"""How the lines of containers' streams are joined: by what the program inside writes.

What joins them is decided from the head of the file: the starts of the format that all streams have inside,
else stack traces alone.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from chalicelib.core.formats.general.stack_traces import STACK_TRACE
from chalicelib.core.formats.starts import TIMESTAMPED, WELL_KNOWN
from chalicelib.core.framing import Framing, Kind
from chalicelib.core.streams import parts_end, texts_of_streams

if TYPE_CHECKING:
    from collections.abc import Callable

    from chalicelib.core.formats import Format

_LOOKED_AT: Final = 8
"""How many streams."""
_BEHIND_LOG_LINE: Final = (
    rf"(?:{TIMESTAMPED}|[EF][0-9]{{4}} [0-9:.]{{15}} )[^\n]*+\n"
    r"(?:Traceback \(most recent|(?:[a-z_$][\w$]{0,60}\.){1,12}[A-Z][\w$]{0,100}(?:Error|Exception|Throwable)\b)"
)
"""A log line, and below it a trace that begins with its exception."""
_TRACES: Final = STACK_TRACE.framing


def framing_of_streams(parts: str) -> Framing:
    """Of streams whose lines `parts` matches, before anything is known of what they say."""
    joins = f"{_TRACES.joins}|{_BEHIND_LOG_LINE}"
    return Framing(_TRACES.entry_start, kind=Kind.STREAMS, joins=joins, parts=parts)


def seen_through(
    framing: Framing, head: bytes, detect: Callable[[bytes], Format], unit_bytes: int
) -> Framing:
    """The framing with the starts of what the streams say. head: of the text, its last line whole or not."""
    framing = replace(framing, unit_bytes=unit_bytes, parts_end=parts_end(head, framing))
    texts = sorted(texts_of_streams(head, framing), key=len, reverse=True)[:_LOOKED_AT]
    starts = {_start_of(detect(text)) for text in texts}
    if not starts or None in starts:
        return framing
    return replace(framing, entry_start=starts.pop() if len(starts) == 1 else WELL_KNOWN, joins=None)


def _start_of(known: Format) -> str | None:
    """Of a format that says by itself how its entries begin; None for the others."""
    framing = known.framing
    if framing.kind is not Kind.LINES or framing.has_header or framing.joins is not None or known.prose:
        return None
    return framing.entry_start
