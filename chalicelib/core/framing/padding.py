"""From blocks of text to lines and the padding between them, wherever blocks begin.

Bytes are framed on ``\\n`` only and nothing is decoded. Padding is what a truncated or preallocated file holds where
nothing was written: a run of NULs at the beginning of a line, or one of four and more anywhere. It ends the line
before it, and what follows it begins another. No more is held than a block and an entry; of an entry over its
limit no more than its head, of padding only its length.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from chalicelib.core.framing import TOO_LONG_HEAD_BYTES, Piece, Run, TooLong
from chalicelib.core.framing.line_ends import LineEnds, long_lines

NUL: Final = b"\0"
_RUN_MIN: Final = 4
_RUNS: Final = re.compile(rb"\0{%d,}+|(?<=\n)\0++" % _RUN_MIN)


def is_padding(raw: bytes) -> bool:
    """Whether a piece of text is padding: no other piece begins with a NUL."""
    return raw[:1] == NUL


def head_of(pieces: Iterable[bytes], max_bytes: int) -> bytes:
    """What is stored of an entry over its limit: always shorter than the entry."""
    head, head_bytes = b"", min(TOO_LONG_HEAD_BYTES, max_bytes)
    for piece in pieces:
        head += piece[: head_bytes - len(head)]
        if len(head) == head_bytes:
            break
    return head


class _Lines:
    """Lines of the blocks that it is fed. offset: where the current line begins."""

    def __init__(self, offset: int, max_bytes: int) -> None:
        self.offset = offset
        self._max_bytes = max_bytes
        self._pieces: list[bytes] = []
        self._bytes = 0

    def feed(self, block: bytes) -> Iterator[Piece]:
        last = block.rfind(b"\n") + 1
        if not last:
            if block:
                self._keep(block)
            return
        data = None
        if self._pieces:
            first = block.find(b"\n") + 1
            line_bytes = self._bytes + first
            if line_bytes > self._max_bytes:
                yield TooLong(
                    self.offset, line_bytes, 1, head_of([*self._pieces, block[:first]], self._max_bytes)
                )
                self.offset += line_bytes
                data = block[first:last]
            else:
                data = b"".join((*self._pieces, memoryview(block)[:last]))
        data = block[:last] if data is None else data
        self._pieces, self._bytes = [], 0
        yield from _run_of_lines(self.offset, data, self._max_bytes)
        self.offset += len(data)
        if last < len(block):
            self._keep(block[last:])

    def _keep(self, part: bytes) -> None:
        self._pieces.append(part)
        self._bytes += len(part)
        if self._bytes > self._max_bytes:
            self._pieces = [head_of(self._pieces, self._max_bytes)]

    def end(self, lines: int) -> Iterator[Piece]:
        """End the current line, which has no line end. lines: how many it counts as."""
        if not self._bytes:
            return
        if self._bytes > self._max_bytes:
            yield TooLong(self.offset, self._bytes, lines, head_of(self._pieces, self._max_bytes))
        else:
            yield Run(self.offset, b"".join(self._pieces), [self._bytes], [lines])
        self.offset += self._bytes
        self._pieces, self._bytes = [], 0

    def padding(self, length: int, lines: int) -> Iterator[Piece]:
        """NULs that follow the current line, and end it."""
        yield from self.end(0)
        if length > self._max_bytes:
            yield TooLong(self.offset, length, lines, NUL * min(TOO_LONG_HEAD_BYTES, self._max_bytes))
        else:
            yield Run(self.offset, NUL * length, [length], [lines])
        self.offset += length


def lines_in(blocks: Iterable[bytes], offset: int, max_bytes: int) -> Iterator[Piece]:
    """Lines only: NULs are bytes of a line, as in files that were opened by earlier versions."""
    lines = _Lines(offset, max_bytes)
    for block in blocks:
        yield from lines.feed(block)
    yield from lines.end(1)


def pieces_in(blocks: Iterable[bytes], offset: int, max_bytes: int) -> Iterator[Piece]:
    """Lines, parts of lines, and padding; each padding is a piece of its own."""
    lines = _Lines(offset, max_bytes)
    nuls, before = 0, b"\n"  # those of which it is not known yet what they are, and the byte before them
    for block in blocks:
        if not nuls and NUL not in block:
            yield from lines.feed(block)
            before = block[-1:] or before
            continue
        rest = block
        if nuls or before == b"\n":
            rest = block.lstrip(NUL)
            nuls += len(block) - len(rest)
            if not rest:
                continue
            if nuls:
                yield from lines.padding(nuls, 0) if _is_run(nuls, before) else lines.feed(NUL * nuls)
        unpadded = rest.rstrip(NUL)
        nuls = len(rest) - len(unpadded)
        begin = 0
        for run in _RUNS.finditer(unpadded):
            yield from lines.feed(unpadded[begin : run.start()])
            yield from lines.padding(run.end() - run.start(), 0)
            begin = run.end()
        yield from lines.feed(unpadded[begin:])
        before = unpadded[-1:] or before
    if nuls and _is_run(nuls, before):
        yield from lines.padding(nuls, 1)
        return
    yield from lines.feed(NUL * nuls)
    yield from lines.end(1)


def _is_run(nuls: int, before: bytes) -> bool:
    return nuls >= _RUN_MIN or before == b"\n"


def behind_padding(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """The text without the padding at its beginning and the blank lines in it."""
    blocks = iter(blocks)
    for block in blocks:
        if rest := block.lstrip(NUL + b"\r\n"):
            yield rest
            break
    yield from blocks


def without_padding(head: bytes) -> bytes:
    """A head of a text without its padding, to recognise the text."""
    if NUL not in head:
        return head
    return _RUNS.sub(b"\n", b"\n" + head.rstrip(NUL)).replace(b"\n\n", b"\n")[1:]


def _run_of_lines(offset: int, data: bytes, max_bytes: int) -> Iterator[Piece]:
    """Data ends at a line end. Lines over the limit are given apart."""
    begin = 0
    for first, last in long_lines(data, max_bytes):
        yield from _run(offset, data, begin, first)
        yield TooLong(offset + first, last - first, 1, head_of([data[first:last]], max_bytes))
        begin = last
    yield from _run(offset, data, begin, len(data))


def _run(offset: int, data: bytes, begin: int, end: int) -> Iterator[Run]:
    if begin < end:
        lines = data[begin:end]
        ends = LineEnds(lines)
        yield Run(offset + begin, lines, ends, range(1, len(ends) + 1))
