"""Joins lines of streams to units: lines that are linked, with the entries of their streams.

A line belongs to the entry of the previous line of its stream if that line was cut (a part), or if the text
inside continues it. Lines that surely are entries by themselves are passed over together. Memory: `WINDOW_LINES`
lines beside the open entry, and a block.
"""

from __future__ import annotations

import re
from bisect import insort
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Final, TypeAlias

from chalicelib.core.framing import Entry, Framing, Run, TooLong
from chalicelib.core.framing.colours import COLOUR
from chalicelib.core.framing.line_ends import LineEnds
from chalicelib.core.framing.padding import head_of
from chalicelib.core.framing.parts import Part, ended, part_in
from chalicelib.core.framing.single_lines import SingleLines

WINDOW_LINES: Final = 128
"""How far behind the last line of its stream a line may still belong to it."""
_START_BYTES: Final = 1024
_FEW: Final = 16
"""So many lines that are passed over become units one by one."""
_OTHERS_SHARE_MAX: Final = 0.05
"""Where more lines than that are not entries by themselves, all are taken one by one, …"""
_RUNS_APART: Final = 4
"""… and so are those of so many blocks behind them."""
_MOMENT_SECONDS: Final = 1
"""What is written at once has times that are closer."""
_SECOND: Final = len("2026-09-14T08:00:00")
_OPENS_TRACE: Final = re.compile(rb"(?:panic|fatal error): |Unhandled [Ee]xception")

_BLANKS: Final = (b" ", b"\t")

_Match: TypeAlias = Callable[[bytes], "re.Match[bytes] | None"]


@dataclass(slots=True)
class _Stream:
    """The last line of a stream, and what it says; owner: the first line of its entry. A blank line is one only
    where it belongs to an entry."""

    line: int
    owner: int
    part: Part
    previous: bytes
    is_several: bool = False
    is_trace: bool = False


@dataclass(slots=True)
class Unit:
    """Lines that links join. first: the number of its first line; owners: that of each line's entry."""

    offset: int
    first: int
    length: int
    line_count: int
    entries: int
    pieces: list[bytes]
    owners: list[int]

    def absorb(self, other: Unit) -> None:
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


class Links:
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
        self._singles = SingleLines(framing, self._joins)
        self._streams: dict[bytes, _Stream] = {}
        self._done: list[Unit | Run] = []
        self._units: list[Unit] = []
        self._count = self._runs_apart = 0

    def take_lines(self, lines: Run) -> None:
        """Those that are surely entries by themselves are passed over together, the others taken one by one."""
        data, offset, begins = lines.data, lines.offset, [0, *lines.ends]
        together = None if self._runs_apart else self._singles.streams_and_others(lines)
        if together is None or len(together[1]) > _OTHERS_SHARE_MAX * len(together[0]):
            self._runs_apart = self._runs_apart - 1 if self._runs_apart else _RUNS_APART
            for begin, end in pairwise(begins):
                self.take(offset + begin, data[begin:end])
            return
        names, others = together
        firsts = names[:WINDOW_LINES]
        for name in self._streams.keys() & set(firsts):
            others.add(firsts.index(name))
        queue = sorted(others)
        at = before = 0
        while at < len(queue):
            number = queue[at]
            at += 1
            self._pass(lines, begins, names, before, number)
            before = number + 1
            self.take(offset + begins[number], data[begins[number] : begins[before]])
            stream = self._streams.get(names[number])
            if number in others or (stream is not None and stream.owner != stream.line):
                window = names[before : before + WINDOW_LINES]
                if (
                    names[number] in window
                    and (follower := before + window.index(names[number])) not in others
                ):
                    insort(queue, follower, at)
        self._pass(lines, begins, names, before, len(names))

    def _pass(self, lines: Run, begins: list[int], names: Sequence[bytes], first: int, last: int) -> None:
        """Lines from one number up to another of which each is an entry, and none can belong to another before it."""
        if first == last:
            return
        data, offset, base = lines.data, lines.offset, self._count - first
        self._count += last - first
        earliest = max(first, last - WINDOW_LINES)
        for name, number in dict(zip(names[earliest:last], range(earliest, last), strict=True)).items():
            own_part = self._part_of(data[begins[number] : begins[number + 1]])
            assert own_part is not None, "a line of no stream is asked by itself"
            part = part_in(own_part)
            self._streams[name] = _Stream(base + number, base + number, part, ended(part.text))
        open_from = self._open_from() - base if last - first > _FEW else first
        if open_from > first:
            self._done += self._units
            self._units = []
            begin, end, count = begins[first], begins[open_from], open_from - first
            passed = data[begin:end]
            self._done.append(Run(offset + begin, passed, LineEnds(passed, count), range(1, count + 1)))
        for number in range(max(first, open_from), last):
            begin, end = begins[number], begins[number + 1]
            line, place = data[begin:end], base + number
            self._units.append(Unit(offset + begin, place, end - begin, 1, 1, [line], [place]))

    def take(self, offset: int, line: bytes) -> None:
        number = self._count
        self._count += 1
        unit = Unit(offset, number, len(line), 1, 1, [line], [number])
        own_part = self._part_of(line)
        if own_part is None:
            self._streams.clear()
            self._units.append(unit)
            return
        part = part_in(own_part)
        text = ended(part.text)
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
        self._units.append(Unit(piece.offset, self._count, piece.length, piece.lines, 1, [piece.head], []))
        self._count += piece.lines

    def _continues(self, stream: _Stream, part: Part, text: bytes, *, is_blank: bool) -> bool:
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

    def _is_of_entry(self, traces: _Match, stream: _Stream, part: Part, text: bytes) -> bool:
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

    def _linked(self, line: Unit, stream: _Stream, *, goes_on: bool) -> bool:
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

    def _open_from(self) -> int:
        """The number of the first line that a later line may belong to."""
        bound = self._count
        for name, stream in [*self._streams.items()]:
            if self._count - stream.line > WINDOW_LINES:
                del self._streams[name]
            else:
                bound = min(bound, stream.line)
        return bound

    def finished(self, *, at_end: bool) -> list[Unit | Run]:
        """The units that no later line can belong to; a run of lines that are units by themselves in their place."""
        bound = self._open_from()
        units = self._units
        done = len(units)
        while done and not at_end and units[done - 1].first + units[done - 1].line_count > bound:
            done -= 1
        finished = [*self._done, *units[:done]]
        self._done, self._units = [], units[done:]
        return finished


def _are_apart(first: bytes | None, second: bytes | None) -> bool:
    """Whether two times (ISO 8601) are more than a moment apart."""
    if first is None or second is None or first[:_SECOND] == second[:_SECOND]:
        return False
    try:
        between = datetime.fromisoformat(second.decode()) - datetime.fromisoformat(first.decode())
    except (ValueError, TypeError):
        return False
    return abs(between.total_seconds()) > _MOMENT_SECONDS
