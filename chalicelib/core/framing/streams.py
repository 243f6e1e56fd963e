"""Lines of several interleaved streams: joins the parts of lines, and traces with their entry.

A line belongs to the entry of the previous line of its stream if that line was cut (a part), or if the text
inside continues it. The lines that are linked in this way are a unit: it is never cut, and has the entries of its streams. Each
entry owns the bytes from its first line to the first line of the next one. Memory: `WINDOW_LINES`
lines beside the open entry. All of this is part of the framing's kind, and must not change.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import accumulate
from typing import Final, NamedTuple, TypeAlias

import orjson

from chalicelib.core.framing import Entry, Framing, Piece, Run, TooLong
from chalicelib.core.framing.colours import COLOUR
from chalicelib.core.framing.padding import head_of

WINDOW_LINES: Final = 128
"""How far behind the last line of its stream a line may still belong to it."""
_START_BYTES: Final = 1024
_PART_BYTES: Final = 16_000
"""What Docker cuts is longer; its parts of a line have nothing else that says so."""
_ENDED_SHARE_MIN: Final = 0.1
"""Of short lines, so many have their ends where what has none is a part."""
_MOMENT_SECONDS: Final = 1
"""What is written at once has times that are closer."""
_SECOND: Final = len("2026-09-14T08:00:00")
_OPENS_TRACE: Final = re.compile(rb"(?:panic|fatal error): |Unhandled [Ee]xception")

_BLANKS: Final = (b" ", b"\t")

_Match: TypeAlias = Callable[[bytes], "re.Match[bytes] | None"]


class _Part(NamedTuple):
    stream: bytes
    text: bytes
    cut: bool
    """The line goes on."""

    surely: bool
    """… and does so in whatever line of its stream comes next."""

    time: bytes | None


@dataclass(slots=True)
class _Stream:
    """The last line of a stream, and what it says; owner: the first line of its entry. A blank line is one only
    where it belongs to an entry."""

    line: int
    owner: int
    part: _Part
    previous: bytes
    is_several: bool = False
    is_trace: bool = False


@dataclass(slots=True)
class _Unit:
    """Lines that links join. first: the number of its first line; owners: that of each line's entry."""

    offset: int
    first: int
    length: int
    line_count: int
    entries: int
    pieces: list[bytes]
    owners: list[int]

    def absorb(self, other: _Unit) -> None:
        self.length += other.length
        self.line_count += other.line_count
        self.entries += other.entries
        self.pieces += other.pieces
        self.owners += other.owners

    def divided(self) -> Iterator[Entry]:
        """Its entries; each owns the bytes from its first line to that of the next."""
        if len(self.owners) == 1:
            yield Entry(self.offset, self.length, self.line_count, self.pieces[0])
            return
        begin = 0
        begins: dict[int, int] = {}
        texts: dict[int, list[bytes]] = {}
        for line, owner in zip(self.pieces, self.owners, strict=True):
            begins.setdefault(owner, begin)
            texts.setdefault(owner, []).append(line)
            begin += len(line)
        data = b"".join(self.pieces)
        bounds = [*begins.values(), self.length]
        firsts = [*begins, self.first + self.line_count]
        for number, lines in enumerate(texts.values()):
            raw, text = data[bounds[number] : bounds[number + 1]], b"".join(lines)
            line_count = firsts[number + 1] - firsts[number]
            own = None if text == raw else text
            yield Entry(self.offset + bounds[number], len(raw), line_count, raw, text=own)


class _Links:
    """Joins lines to units."""

    def __init__(self, framing: Framing, max_bytes: int) -> None:
        assert framing.parts is not None, "a framing of streams says what its lines are"
        start, joins = framing.entry_start, framing.joins
        self._part_of = re.compile(framing.parts.encode()).match
        self._starts = re.compile(f"(?:{COLOUR})*(?:{start})".encode()).match if start is not None else None
        self._joins = re.compile(joins.encode()).match if joins is not None else None
        traces = framing.traces
        self._traces = re.compile(traces.encode()).match if traces is not None else None
        self._parts_end = framing.parts_end
        self._max_bytes = framing.unit_bytes or max_bytes
        self._streams: dict[bytes, _Stream] = {}
        self._units: list[_Unit] = []
        self._count = 0

    def take(self, offset: int, line: bytes) -> None:
        number = self._count
        self._count += 1
        unit = _Unit(offset, number, len(line), 1, 1, [line], [number])
        own_part = self._part_of(line)
        if own_part is None:
            self._streams.clear()
            self._units.append(unit)
            return
        part = _part_in(own_part)
        text = part.text.rstrip(b"\r\n") + b"\n"
        is_blank = not text.strip()
        stream = self._streams.get(part.stream)
        if stream is not None and number - stream.line <= WINDOW_LINES:
            last = stream.part
            goes_on = last.cut and (
                last.surely
                or self._parts_end is True
                or (self._parts_end is None and (not part.cut or last.time == part.time))
            )
            if (goes_on or self._continues(stream, part, text, is_blank=is_blank)) and self._linked(
                unit, stream, goes_on=goes_on
            ):
                stream.line, stream.part = number, part
                if goes_on:
                    stream.previous = stream.previous.rstrip(b"\n") + text
                    if len(stream.previous) > 2 * _START_BYTES:
                        stream.previous = stream.previous[:_START_BYTES] + text[-_START_BYTES:]
                else:
                    stream.is_several = True
                    stream.previous = stream.previous + b"\n" if is_blank else text
                return
        self._units.append(unit)
        if not is_blank or part.cut:
            self._streams[part.stream] = _Stream(number, number, part, text)

    def too_long(self, piece: TooLong) -> None:
        self._streams.clear()
        self._units.append(_Unit(piece.offset, self._count, piece.length, piece.lines, 1, [piece.head], []))
        self._count += piece.lines

    def _continues(self, stream: _Stream, part: _Part, text: bytes, *, is_blank: bool) -> bool:
        """Whether the text inside belongs to what its stream said before."""
        if is_blank:
            is_open = stream.is_several or _OPENS_TRACE.match(stream.previous) is not None
            return is_open and not stream.previous.endswith(b"\n\n")
        is_start = self._starts is None or self._starts(text[:_START_BYTES]) is not None
        if self._traces is None:
            return not is_start or self._joined(stream, text)
        if not is_start and self._is_of_entry(self._traces, stream, part, text):
            return True
        is_free = stream.previous[:1] not in _BLANKS or self._holds_trace(self._traces, stream)
        return is_free and self._joined(stream, text) and not _are_apart(stream.part.time, part.time)

    def _joined(self, stream: _Stream, text: bytes) -> bool:
        return self._joins is not None and self._joins(stream.previous + text) is not None

    def _is_of_entry(self, traces: _Match, stream: _Stream, part: _Part, text: bytes) -> bool:
        """Whether a line that does not begin an entry belongs to the one before it."""
        match = traces(text)
        if match is not None and match.lastgroup == "frame":
            stream.is_trace = True
            return True
        if _are_apart(stream.part.time, part.time):
            return False
        return self._joins is None or text[:1] not in _BLANKS or self._holds_trace(traces, stream)

    def _holds_trace(self, traces: _Match, stream: _Stream) -> bool:
        """Whether an entry holds a stack trace, so that indented lines, and what is behind them, may be of it."""
        stream.is_trace = stream.is_trace or traces(stream.previous) is not None
        return stream.is_trace

    def _linked(self, line: _Unit, stream: _Stream, *, goes_on: bool) -> bool:
        """Joins a line to the unit of its stream's last, unless that got too long. An entry that is nothing but a
        line cut into parts may: it is one that is over its limit."""
        units = self._units
        at = len(units) - 1
        length, entries = line.length + units[at].length, units[at].entries
        while units[at].first > stream.line:
            at -= 1
            length += units[at].length
            entries += units[at].entries
        if length > self._max_bytes and not (goes_on and entries == 1 and not stream.is_several):
            return False
        line.entries, line.owners = 0, [stream.owner]
        unit = units[at]
        for other in (*units[at + 1 :], line):
            unit.absorb(other)
        del units[at + 1 :]
        if unit.length > self._max_bytes:
            unit.pieces, unit.owners = [head_of(unit.pieces, self._max_bytes)], []
        return True

    def finished(self, *, at_end: bool) -> list[_Unit]:
        """The units that no later line can belong to."""
        bound = self._count
        for name, stream in [*self._streams.items()]:
            if self._count - stream.line > WINDOW_LINES:
                del self._streams[name]
            else:
                bound = min(bound, stream.line)
        units = self._units
        done = len(units)
        while done and not at_end and units[done - 1].first + units[done - 1].line_count > bound:
            done -= 1
        self._units = units[done:]
        return units[:done]


def _are_apart(first: bytes | None, second: bytes | None) -> bool:
    """Whether two times (ISO 8601) are more than a moment apart."""
    if first is None or second is None or first[:_SECOND] == second[:_SECOND]:
        return False
    try:
        between = datetime.fromisoformat(second.decode()) - datetime.fromisoformat(first.decode())
    except (ValueError, TypeError):
        return False
    return abs(between.total_seconds()) > _MOMENT_SECONDS


def _part_in(match: re.Match[bytes]) -> _Part:
    groups = match.groupdict()
    stream, text, cut = groups.get("stream") or b"", groups.get("text"), bool(groups.get("cut"))
    if text is not None:
        return _Part(stream, text, cut, surely=True, time=groups.get("time"))
    quoted = groups["quoted"]
    if b"\\" in quoted:
        try:
            text = orjson.loads(b'"' + quoted + b'"').encode()
        except (orjson.JSONDecodeError, UnicodeEncodeError):
            text = quoted
    else:
        text = quoted
    return _Part(
        stream, text, not text.endswith(b"\n"), surely=len(quoted) >= _PART_BYTES, time=groups.get("time")
    )


def _units_in(pieces: Iterable[Piece], framing: Framing, max_bytes: int) -> Iterator[list[_Unit]]:
    """pieces: the lines of a text."""
    links = _Links(framing, max_bytes)
    for piece in pieces:
        if isinstance(piece, TooLong):
            links.too_long(piece)
        else:
            begin = 0
            for end in piece.ends:
                links.take(piece.offset + begin, piece.data[begin:end])
                begin = end
        yield links.finished(at_end=False)
    yield links.finished(at_end=True)


def units_of_streams(lines: Iterable[Piece], framing: Framing, max_bytes: int) -> Iterator[Piece]:
    """The units of a text, as pieces that say how many entries each holds."""
    for units in _units_in(lines, framing, max_bytes):
        run: list[_Unit] = []
        for unit in units:
            if unit.length <= max_bytes:
                run.append(unit)
                continue
            if run:
                yield _run_of(run)
                run = []
            yield TooLong(unit.offset, unit.length, unit.line_count, head_of(unit.pieces, max_bytes))
        if run:
            yield _run_of(run)


def _run_of(units: list[_Unit]) -> Run:
    return Run(
        units[0].offset,
        b"".join(piece for unit in units for piece in unit.pieces),
        list(accumulate(unit.length for unit in units)),
        list(accumulate(unit.line_count for unit in units)),
        entries=list(accumulate(unit.entries for unit in units)),
    )


def entries_of_streams(lines: Iterable[Piece], framing: Framing, max_bytes: int) -> Iterator[Entry]:
    """The entries of a text that holds no unit over its limit, with the text of those that others interrupt."""
    for units in _units_in(lines, framing, max_bytes):
        for unit in units:
            yield from unit.divided()


def texts_of_streams(head: bytes, framing: Framing) -> list[bytes]:
    """What each stream says in the head of a text, its parts joined."""
    texts: dict[bytes, bytearray] = {}
    for part in _parts_of(head, framing):
        goes_on = part.cut and (part.surely or framing.parts_end is not False)
        text = part.text if goes_on else part.text.rstrip(b"\r\n") + b"\n"
        texts.setdefault(part.stream, bytearray()).extend(text)
    return [bytes(text) for text in texts.values()]


def parts_end(head: bytes, framing: Framing) -> bool | None:
    """What `Framing.parts_end` is for a text with this head; None where it shows neither."""
    short = [part for part in _parts_of(head, framing) if part.time is not None and not part.surely]
    ended = sum(1 for part in short if not part.cut)
    if ended == len(short):
        return True if short else None
    if ended == 0:
        return False if len(short) > 1 else None
    return True if ended >= _ENDED_SHARE_MIN * len(short) else None


def _parts_of(head: bytes, framing: Framing) -> Iterator[_Part]:
    assert framing.parts is not None, "a framing of streams says what its lines are"
    part_of = re.compile(framing.parts.encode()).match
    return (
        _part_in(match) for line in head.splitlines(keepends=True) if (match := part_of(line)) is not None
    )
