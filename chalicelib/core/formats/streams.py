"""How the lines of containers' streams are joined: by what the program inside writes.

What joins them is decided from the head of the file: the starts of the format that all streams have inside,
else stack traces alone.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from chalicelib.core.formats.general.stack_traces import STACK_TRACE
from chalicelib.core.formats.starts import INDENTED_LEVEL, MARK, TIMESTAMPED, WELL_KNOWN, without_cut
from chalicelib.core.framing import Framing, Kind
from chalicelib.core.framing.parts import parts_end, texts_of_streams

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
_FRAMES: Final = (
    r"[ \t]++(?:at (?:[\w.$<>/@\[\]`~-]++ ?)++\(|at [^\s()]{1,500}:[0-9]|File \"[^\"\n]{1,500}\", line [0-9]"
    r"|\.\.\. [0-9]{1,9} (?:more|common)|(?:Caused by|Suppressed): |from [^\s:]{1,500}:[0-9]{1,7}:in |[0-9]{1,5}: from "
    r"|--- End of |thrown in |#[0-9]{1,4} 0x|\^+\s*$)|\t[^\s]{1,500}:[0-9]{1,7}(?: \+0x[0-9a-f]{1,16})?\s*$"
    r"|(?:Caused by|Suppressed|Wrapped by): |\.\.\. [0-9]{1,9} (?:more|common)"
    r"|During handling of the above exception|The above exception was the direct cause"
    r"|#[0-9]{1,4} (?:\{main\}|\[internal|[^ \n(]{1,300}\()|goroutine [0-9]{1,19} [^\n]{0,20}\["
)
"""Lines of a trace that nothing but a trace holds."""
_TRACES: Final = (
    rf"(?P<frame>{_FRAMES})|Traceback \(most recent|(?:panic|(?:PHP )?[Ff]atal error): |thread '[^'\n]{{1,200}}' |stack backtrace:"
    r"|[^\s:]{1,300}\.rb:[0-9]{1,7}:in |(?:/|file://|node:|[A-Za-z]:\\)[^\n]{0,500}?:[0-9]{1,7}\s*$"
    r"|[^\n]{0,500}?(?:Error|Exception|Throwable|[a-z]Warning)\b|[^\n]*+(?<=[\[{])$"
)
"""Lines of traces, those before them, and values whose bracket is open: what is indented belongs to them."""


def framing_of_streams(parts: str) -> Framing:
    """Of streams whose lines `parts` matches, before anything is known of what they say."""
    inside = STACK_TRACE.framing
    return Framing(
        f"{without_cut(inside.entry_start or '')}|{INDENTED_LEVEL}",
        kind=Kind.STREAMS,
        joins=f"{inside.joins}|{_BEHIND_LOG_LINE}",
        parts=f"(?:{MARK})?+(?:{parts})",
        traces=_TRACES,
    )


def seen_through(
    framing: Framing, head: bytes, detect: Callable[[bytes], Format], unit_bytes: int
) -> Framing:
    """The framing with the starts of what the streams say. head: of the text, its last line whole or not."""
    framing = replace(framing, unit_bytes=unit_bytes, parts_end=parts_end(head, framing))
    texts = sorted(texts_of_streams(head, framing), key=len, reverse=True)[:_LOOKED_AT]
    starts = {_start_of(detect(text)) for text in texts}
    if not starts or None in starts:
        return framing
    start = starts.pop() if len(starts) == 1 else WELL_KNOWN
    return replace(framing, entry_start=f"{start}|{INDENTED_LEVEL}", joins=None)


def _start_of(known: Format) -> str | None:
    """Of a format that says by itself how its entries begin; None for the others."""
    framing = known.framing
    if framing.kind is not Kind.LINES or framing.has_header or framing.joins is not None or known.prose:
        return None
    return framing.entry_start and without_cut(framing.entry_start)
